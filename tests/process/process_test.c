/* What one program sees and what Seam sees of it, in both containments, as root and as nobody. */
#include "tests/process/leftovers.h"
#include "tests/process/process_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_said(struct process *process, const char *wanted)
{
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(process_stdout_fd(process), text, NULL);
    assert_string_equal(text, wanted);
}

static void test_exit_codes_arrive(void **state)
{
    (void)state;
    static const char *const codes[] = {"0", "1", "42", "127", "255"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct process *process = FIXTURE_START("exit", codes[i]);
        struct process_exit exit = fixture_wait_end(process);
        assert_false(exit.signalled);
        assert_false(exit.core_dumped);
        assert_int_equal(exit.code_or_signal, atoi(codes[i]));
        assert_true(process_tree_empty(process));
        process_free(process);
    }
}

static void test_deadly_signals_arrive(void **state)
{
    (void)state;
    static const char *const signals[] = {"1", "6", "9", "11", "13", "15"};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct process *process = FIXTURE_START("die", signals[i], "plain");
        struct process_exit exit = fixture_wait_end(process);
        assert_true(exit.signalled);
        assert_false(exit.core_dumped);
        assert_int_equal(exit.code_or_signal, atoi(signals[i]));
        process_free(process);
    }
}

/* Whether a core is dumped is the machine's policy; a plain child of this test tells. */
static void test_dumped_core_is_told(void **state)
{
    (void)state;
    char folder[] = "/tmp/seam-process-XXXXXX";
    assert_non_null(mkdtemp(folder));
    pid_t child = fork();
    if (child == 0) {
        if (chdir(folder) == 0)
            execl(SUBJECT, SUBJECT, "die", "11", "core", NULL);
        _exit(99);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));

    const char *argv[] = {SUBJECT, "die", "11", "core", NULL};
    struct process_spec spec = fixture_spec(argv);
    spec.cwd = folder;
    struct process *process = fixture_start(&spec);
    struct process_exit exit = fixture_wait_end(process);
    assert_int_equal(exit.code_or_signal, SIGSEGV);
    assert_int_equal(exit.core_dumped, WCOREDUMP(status) != 0);
    process_free(process);
    const char *remove[] = {"rm", "-rf", folder, NULL};
    spec = fixture_spec(remove);
    process = fixture_start(&spec);
    assert_int_equal(fixture_wait_end(process).code_or_signal, 0);
    process_free(process);
}

static void test_pipes_carry_each_stream(void **state)
{
    (void)state;
    struct process *process = FIXTURE_START("say", "to out", "to err");
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(process_stderr_fd(process), text, NULL);
    assert_string_equal(text, "to err");
    assert_said(process, "to out");
    process_free(process);

    process = FIXTURE_START("cat");
    assert_int_equal(write(process_stdin_fd(process), "hello\n", 6), 6);
    text[0] = '\0';
    fixture_read(process_stdout_fd(process), text, "hello\n");
    assert_int_equal(process_poll(process, NULL), PROCESS_RUNNING);
    process_stdin_close(process);
    process_stdin_close(process);
    assert_int_equal(process_stdin_fd(process), -1);
    assert_said(process, "END");
    assert_int_equal(fixture_wait_end(process).code_or_signal, 0);
    process_free(process);
}

static void test_our_ends_do_not_block(void **state)
{
    (void)state;
    struct process *process = FIXTURE_START("pid");
    char byte, text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(process_stdout_fd(process), text, "\n");
    assert_int_equal(read(process_stdout_fd(process), &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(read(process_stderr_fd(process), &byte, 1), -1);
    assert_int_equal(errno, EAGAIN);
    while (write(process_stdin_fd(process), text, sizeof text) > 0)
        continue;
    assert_int_equal(errno, EAGAIN);
    process_free(process);
}

static void test_closed_output_is_seen_while_the_program_lives(void **state)
{
    (void)state;
    struct process *process = FIXTURE_START("mute");
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(process_stderr_fd(process), text, NULL);
    assert_said(process, "");
    assert_int_equal(process_poll(process, NULL), PROCESS_RUNNING);
    process_stdin_close(process);
    assert_int_equal(fixture_wait_end(process).code_or_signal, 0);
    process_free(process);
}

static void test_null_stdin_is_at_its_end(void **state)
{
    (void)state;
    const char *argv[] = {SUBJECT, "cat", NULL};
    struct process_spec spec = fixture_spec(argv);
    spec.stdin_kind = PROCESS_STDIN_NULL;
    struct process *process = fixture_start(&spec);
    assert_int_equal(process_stdin_fd(process), -1);
    assert_said(process, "END");
    process_free(process);
}

static void test_terminal_is_the_programs_own(void **state)
{
    (void)state;
    const char *argv[] = {SUBJECT, "terminal", NULL};
    struct process_spec spec = fixture_spec(argv);
    spec.terminal = true;
    struct process *process = fixture_start(&spec);
    int master = process_stdin_fd(process);
    assert_int_equal(process_stdout_fd(process), master);
    assert_int_equal(process_stderr_fd(process), -1);
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(master, text, "tty 111 80x24 controlling 1 leader 1\r\n");
    assert_int_equal(write(master, "typed\n", 6), 6);
    text[0] = '\0';
    /* Once from the terminal's echo, once from the program. */
    fixture_read(master, text, "typed\r\ntyped\r\n");
    process_stdin_close(process);
    fixture_read(master, text, "END");
    assert_int_equal(fixture_wait_end(process).code_or_signal, 0);
    process_free(process);
}

static void test_interrupt_key_reaches_the_program(void **state)
{
    (void)state;
    const char *argv[] = {SUBJECT, "terminal", NULL};
    struct process_spec spec = fixture_spec(argv);
    spec.terminal = true;
    struct process *process = fixture_start(&spec);
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(process_stdout_fd(process), text, "\r\n");
    assert_int_equal(write(process_stdin_fd(process), "\003", 1), 1);
    struct process_exit exit = fixture_wait_end(process);
    assert_true(exit.signalled);
    assert_int_equal(exit.code_or_signal, SIGINT);
    process_free(process);
}

static void test_environment_is_exactly_the_given(void **state)
{
    (void)state;
    const char *argv[] = {SUBJECT, "environment", NULL};
    const char *envp[] = {"B=2", "A=with space", "EMPTY=", NULL};
    struct process_spec spec = fixture_spec(argv);
    spec.envp = envp;
    spec.cwd = "/usr";
    struct process *process = fixture_start(&spec);
    assert_said(process, "cwd=/usr\nB=2\nA=with space\nEMPTY=\n");
    process_free(process);
}

static void test_program_inherits_only_three_descriptors(void **state)
{
    (void)state;
    int stray = fcntl(1, F_DUPFD, 40); /* without CLOEXEC, as from a careless parent */
    struct process *process = FIXTURE_START("fds");
    assert_said(process, "0 1 2 ");
    process_free(process);
    close(stray);
}

/* A copy of a connection in the keeper or the program would keep it open after Seam closed it. */
static void test_keeper_holds_nothing_of_ours(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    struct process *process = FIXTURE_START("pid");
    close(ends[1]);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    process_free(process);
}

static void test_signals_are_at_their_defaults(void **state)
{
    (void)state;
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old_pipe, old_child;
    sigaction(SIGPIPE, &ignore, &old_pipe);
    sigaction(SIGCHLD, &ignore, &old_child);
    struct process *process = FIXTURE_START("signals");
    assert_said(process, "SigBlk 0 SigIgn 0 ");
    /* Our own settings, and the status in spite of an ignored SIGCHLD. */
    assert_int_equal(fixture_wait_end(process).code_or_signal, 0);
    process_free(process);
    sigset_t now;
    sigprocmask(SIG_SETMASK, &before, &now);
    assert_true(sigismember(&now, SIGUSR1) && sigismember(&now, SIGTERM) && !sigismember(&now, SIGUSR2));
    sigaction(SIGPIPE, &old_pipe, NULL);
    sigaction(SIGCHLD, &old_child, NULL);
}

static void test_keeper_is_not_our_ordinary_child(void **state)
{
    (void)state;
    struct process *process = FIXTURE_START("exit", "3");
    fixture_wait_end(process);
    fixture_wait_empty(process);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    process_free(process);
}

static void test_pid_is_the_outer_one(void **state)
{
    (void)state;
    struct process *process = FIXTURE_START("pid");
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "", path[64], target[PATH_MAX] = "", wanted[PATH_MAX];
    fixture_read(process_stdout_fd(process), text, "\n");
    int inner = 0, by_proc = 0, is_itself = 0;
    assert_int_equal(sscanf(text, "%d %d %d", &inner, &by_proc, &is_itself), 3);
    assert_int_equal(by_proc, inner);
    assert_int_equal(is_itself, 1);
    if (fixture_containment == PROCESS_CONTAINMENT_NAMESPACE)
        assert_int_equal(inner, 2); /* and never 1, for which signals have no default action */
    else
        assert_int_equal(inner, process_pid(process));
    snprintf(path, sizeof path, "/proc/%d/exe", (int)process_pid(process));
    assert_true(readlink(path, target, sizeof target - 1) > 0);
    assert_non_null(realpath(SUBJECT, wanted));
    assert_string_equal(target, wanted);
    process_free(process);
}

static void test_signal_reaches_the_main_process(void **state)
{
    (void)state;
    struct process *process = FIXTURE_START("cat");
    assert_int_equal(process_poll(process, NULL), PROCESS_RUNNING);
    struct pollfd watched = {.fd = process_status_fd(process), .events = POLLIN};
    assert_int_equal(poll(&watched, 1, 0), 0);
    assert_int_equal(process_signal(process, SIGTERM), 0);
    assert_int_equal(poll(&watched, 1, 10000), 1);
    struct process_exit exit;
    assert_int_equal(process_poll(process, &exit), PROCESS_ENDED);
    assert_true(exit.signalled);
    assert_int_equal(exit.code_or_signal, SIGTERM);
    assert_int_equal(process_signal(process, SIGTERM), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(process_poll(process, &exit), PROCESS_ENDED);
    assert_int_equal(exit.code_or_signal, SIGTERM);
    process_free(process);
}

static void test_containment_is_named(void **state)
{
    (void)state;
    struct process *process = FIXTURE_START("pid");
    const char *wanted = geteuid() == 0 ? "pid namespace" : "pid namespace in a user namespace";
    if (fixture_containment == PROCESS_CONTAINMENT_SUBREAPER)
        wanted = "subreaper";
    assert_string_equal(process_containment_name(process), wanted);
    process_free(process);

    assert_int_equal(setenv("SEAM_CONTAINMENT",
                            fixture_containment == PROCESS_CONTAINMENT_SUBREAPER ? "subreaper" : "namespace",
                            1),
                     0);
    const char *argv[] = {SUBJECT, "pid", NULL};
    struct process_spec spec = fixture_spec(argv);
    spec.containment = PROCESS_CONTAINMENT_AUTO;
    process = fixture_start(&spec);
    assert_string_equal(process_containment_name(process), wanted);
    process_free(process);
    setenv("SEAM_CONTAINMENT", "jail", 1);
    struct seam_error error = {.text = ""};
    assert_null(process_start(&spec, &error));
    assert_string_equal(error.text, "SEAM_CONTAINMENT is \"jail\", not namespace or subreaper");
    unsetenv("SEAM_CONTAINMENT");
}

static void test_many_programs_at_once(void **state)
{
    (void)state;
    enum { MANY = 20 };
    struct process *processes[MANY];
    for (int i = 0; i < MANY; i++) {
        char code[12];
        snprintf(code, sizeof code, "%d", i);
        processes[i] = i % 2 == 0 ? FIXTURE_START("cat") : FIXTURE_START("exit", code);
    }
    for (int i = 1; i < MANY; i += 2)
        assert_int_equal(fixture_wait_end(processes[i]).code_or_signal, i);
    for (int i = 0; i < MANY; i += 2) {
        assert_int_equal(process_poll(processes[i], NULL), PROCESS_RUNNING);
        process_stdin_close(processes[i]);
        assert_said(processes[i], "END");
    }
    for (int i = 0; i < MANY; i++)
        process_free(processes[i]);
    assert_true(leftovers_wait(fixture_mark, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_exit_codes_arrive, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_deadly_signals_arrive, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_dumped_core_is_told, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_pipes_carry_each_stream, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_our_ends_do_not_block, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_closed_output_is_seen_while_the_program_lives, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_null_stdin_is_at_its_end, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_terminal_is_the_programs_own, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_interrupt_key_reaches_the_program, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_environment_is_exactly_the_given, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_program_inherits_only_three_descriptors, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_keeper_holds_nothing_of_ours, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_signals_are_at_their_defaults, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_keeper_is_not_our_ordinary_child, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_pid_is_the_outer_one, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_signal_reaches_the_main_process, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_containment_is_named, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_many_programs_at_once, fixture_kill_leftovers),
    };
    return fixture_run_in_each_containment("process", tests, sizeof tests / sizeof *tests);
}
