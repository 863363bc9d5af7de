/* Nothing of a program's tree is left behind, whatever ends first and however; in both containments, as root
 * and as nobody. */
#include "tests/process/leftovers.h"
#include "tests/process/process_fixture.h"

#include "harness/world/proc_tree.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* The parents between the program and its daemon end, and are reaped, a moment after the daemon has spoken.
 */
static void wait_roots(const struct process *process, pid_t *roots, size_t wanted)
{
    enum { ROOTS_MAX = 8, LOOKS_MAX = 2000 };
    for (unsigned look = 0; process_roots(process, roots, ROOTS_MAX) != wanted; look++) {
        if (look == LOOKS_MAX)
            fail_msg("not %zu roots", wanted);
        leftovers_back_off(look);
    }
}

/* A daemon: its main process exits with 0, and it lives on in a session of its own. */
static struct process *start_daemon(void)
{
    struct process *process = FIXTURE_START("daemon");
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(process_stdout_fd(process), text, "daemon");
    struct process_exit exit = fixture_wait_end(process);
    assert_false(exit.signalled);
    assert_int_equal(exit.code_or_signal, 0);
    assert_false(process_tree_empty(process));
    return process;
}

static void test_daemon_is_known(void **state)
{
    (void)state;
    struct process *process = start_daemon();
    pid_t marked[2], roots[8];
    assert_true(leftovers_wait(fixture_mark, 1));
    wait_roots(process, roots, 1);
    assert_int_equal(leftovers_find(fixture_mark, marked, 2), 1);
    assert_int_equal(roots[0], marked[0]);
    assert_int_not_equal(roots[0], process_pid(process));

    process_stdin_close(process); /* it ends by itself, and that is told */
    fixture_wait_empty(process);
    assert_int_equal(process_roots(process, roots, 8), 0);
    process_free(process);
}

static void test_kill_ends_the_daemon(void **state)
{
    (void)state;
    struct process *process = start_daemon();
    assert_int_equal(process_kill(process), 0);
    fixture_wait_empty(process);
    pid_t none[1];
    assert_int_equal(leftovers_find(fixture_mark, none, 1), 0);
    assert_int_equal(fixture_wait_end(process).code_or_signal, 0);
    process_free(process);
}

static struct process *start_tree(void)
{
    struct process *process = FIXTURE_START("tree");
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(process_stdout_fd(process), text, "ttt");
    assert_true(leftovers_wait(fixture_mark, 3));
    return process;
}

static void test_walk_from_roots_finds_the_tree(void **state)
{
    (void)state;
    struct process *process = start_tree();
    pid_t roots[8], pids[16], marked[8];
    wait_roots(process, roots, 2); /* main process and daemon */
    assert_int_equal(roots[0], process_pid(process));
    size_t count = proc_tree_walk(roots, 2, pids, 16);
    /* What is below two roots, or a root twice, is listed once. */
    pid_t all[16];
    assert_int_equal(proc_tree_walk(pids, count, all, 16), count);
    assert_int_equal(proc_tree_walk((pid_t[]){roots[0], roots[0]}, 2, all, 16), count - 1);
    assert_int_equal(proc_tree_walk(pids, count, all, 2), 2);
    assert_int_equal(leftovers_find(fixture_mark, marked, 8), 3);
    for (int i = 0; i < 3; i++) {
        size_t times = 0;
        for (size_t j = 0; j < count; j++)
            times += pids[j] == marked[i];
        assert_int_equal(times, 1);
    }
    process_free(process);
}

static void test_kill_ends_the_tree(void **state)
{
    (void)state;
    struct process *process = start_tree();
    assert_int_equal(process_kill(process), 0);
    struct process_exit exit = fixture_wait_end(process);
    assert_true(exit.signalled);
    assert_int_equal(exit.code_or_signal, SIGKILL);
    fixture_wait_empty(process);
    pid_t none[1];
    assert_int_equal(leftovers_find(fixture_mark, none, 1), 0);
    process_free(process);
}

static void test_free_leaves_nothing(void **state)
{
    (void)state;
    process_free(NULL);
    process_free(start_tree());
    pid_t none[1];
    assert_int_equal(leftovers_find(fixture_mark, none, 1), 0);
    process_free(start_daemon());
    assert_int_equal(leftovers_find(fixture_mark, none, 1), 0);
}

static pid_t keeper_of(const struct process *process)
{
    char path[64], line[256];
    int parent = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)process_pid(process));
    FILE *status = fopen(path, "re");
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL)
        sscanf(line, "PPid: %d", &parent);
    fclose(status);
    assert_true(parent > 1 && parent != getpid());
    return parent;
}

static void test_end_of_the_keeper_is_seen(void **state)
{
    (void)state;
    struct process *process = FIXTURE_START("pid");
    assert_int_equal(kill(keeper_of(process), SIGKILL), 0);
    struct process_exit exit = fixture_wait_end(process);
    assert_true(exit.signalled);
    assert_int_equal(exit.code_or_signal, SIGKILL);
    assert_int_equal(process_tree_empty(process), fixture_containment == PROCESS_CONTAINMENT_NAMESPACE);
    assert_true(leftovers_wait(fixture_mark, 0));
    process_free(process);
}

/* --- Seam itself ends suddenly
 * ------------------------------------------------------------------------------ */

/* Starts the stand-in; its keepers are forks of it and so have the mark too. Returns when its tree is up. */
static pid_t start_stand_in(const char *end)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fixture_environment();
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        setpgid(0, 0);
        putenv(fixture_mark);
        setenv("SEAM_CONTAINMENT",
               fixture_containment == PROCESS_CONTAINMENT_SUBREAPER ? "subreaper" : "namespace", 1);
        dup2(ends[1], 1);
        execl(STAND_IN, STAND_IN, end, SUBJECT, NULL);
        _exit(127);
    }
    close(ends[1]);
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(ends[0], text, "up");
    close(ends[0]);
    return child;
}

static int wait_stand_in(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_exit_without_free_leaves_nothing(void **state)
{
    (void)state;
    int status = wait_stand_in(start_stand_in("exit"));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(leftovers_wait(fixture_mark, 0));
}

static void test_crash_leaves_nothing(void **state)
{
    (void)state;
    int status = wait_stand_in(start_stand_in("crash"));
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_true(leftovers_wait(fixture_mark, 0));
}

/* The whole group, as a terminal's ^C or a CI's kill does: the keeper must not be in it. */
static void test_killed_seam_leaves_nothing(void **state)
{
    (void)state;
    static const int signals[] = {SIGKILL, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        pid_t child = start_stand_in("wait");
        assert_true(leftovers_wait(fixture_mark, 5)); /* it, its keeper and three of the tree */
        assert_int_equal(kill(-child, signals[i]), 0);
        int status = wait_stand_in(child);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signals[i]);
        assert_true(leftovers_wait(fixture_mark, 0));
    }
}

/* The kill falls into any moment of a start or an end; the spread only varies the moment, no verdict hangs on
 * it. */
static void test_kill_in_mid_start_leaves_nothing(void **state)
{
    (void)state;
    enum { KILLS = 40, STEP_US = 97 };
    for (int i = 0; i < KILLS; i++) {
        pid_t child = start_stand_in("loop");
        ppoll(NULL, 0, &(struct timespec){.tv_nsec = i * STEP_US * 1000L}, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        wait_stand_in(child);
        assert_true(leftovers_wait(fixture_mark, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_daemon_is_known, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_kill_ends_the_daemon, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_walk_from_roots_finds_the_tree, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_kill_ends_the_tree, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_free_leaves_nothing, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_end_of_the_keeper_is_seen, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_exit_without_free_leaves_nothing, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_crash_leaves_nothing, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_killed_seam_leaves_nothing, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_kill_in_mid_start_leaves_nothing, fixture_kill_leftovers),
    };
    return fixture_run_in_each_containment("process_tree", tests, sizeof tests / sizeof *tests);
}
