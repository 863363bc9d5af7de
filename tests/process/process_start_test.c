/* Starts that fail are named and leave nothing; the search along PATH; and what a start costs. */
#include "tests/process/process_fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_refused(struct process_spec spec, const char *wanted)
{
    struct seam_error error = {.text = ""};
    size_t fds = fixture_count_fds();
    assert_null(process_start(&spec, &error));
    assert_string_equal(error.text, wanted);
    assert_int_equal(fixture_count_fds(), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

static void write_script(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void test_failed_exec_is_named(void **state)
{
    (void)state;
    char folder[] = "/tmp/seam-process-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    write_script("plain", "not a program", 0600);
    write_script("garbage", "not a program", 0700);
    write_script("orphan", "#!/nonexistent/interpreter\n", 0700);
    static const char *const cases[][2] = {
        {"seam-no-such-program", "cannot run \"seam-no-such-program\": not found in PATH"},
        {"", "cannot run \"\": No such file or directory"},
        {"./missing", "cannot run \"./missing\": No such file or directory"},
        {"./plain/x", "cannot run \"./plain/x\": Not a directory"},
        {"./plain", "cannot run \"./plain\": Permission denied"},
        {"/tmp", "cannot run \"/tmp\": Permission denied"},
        {"./garbage", "cannot run \"./garbage\": Exec format error"},
        {"./orphan", "cannot run \"./orphan\": the interpreter that it names is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *argv[] = {cases[i][0], NULL};
        struct process_spec spec = fixture_spec(argv);
        assert_refused(spec, cases[i][1]);
        spec.terminal = true;
        assert_refused(spec, cases[i][1]);
    }
    const char *argv[] = {"true", NULL};
    struct process_spec spec = fixture_spec(argv);
    spec.cwd = "/nonexistent";
    assert_refused(spec, "cannot run \"true\" in folder \"/nonexistent\": No such file or directory");
    unlink("plain");
    unlink("garbage");
    unlink("orphan");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* The program's PATH counts, not ours; its relative entries from its own folder; a file that can't be run is
 * passed over. */
static void test_path_is_searched(void **state)
{
    (void)state;
    char folder[] = "/tmp/seam-process-XXXXXX", refused[PATH_MAX], found[PATH_MAX];
    assert_non_null(mkdtemp(folder));
    snprintf(refused, sizeof refused, "%s/a", folder);
    snprintf(found, sizeof found, "%s/b", folder);
    assert_true(mkdir(refused, 0700) == 0 && mkdir(found, 0700) == 0);
    snprintf(refused, sizeof refused, "%s/a/seam-subject", folder);
    snprintf(found, sizeof found, "%s/b/seam-subject", folder);
    write_script(refused, "", 0600);
    assert_int_equal(symlink(SUBJECT, found), 0);

    const char *argv[] = {"seam-subject", "exit", "5", NULL};
    const char *envp[] = {"PATH=/nonexistent:/dev/null:a:b", NULL};
    struct process_spec spec = fixture_spec(argv);
    spec.envp = envp;
    spec.cwd = folder;
    struct process *process = fixture_start(&spec);
    assert_int_equal(fixture_wait_end(process).code_or_signal, 5);
    process_free(process);
    envp[0] = "PATH=/nonexistent:a";
    assert_refused(spec, "cannot run \"seam-subject\": Permission denied");
    envp[0] = "PATH=";
    assert_refused(spec, "cannot run \"seam-subject\": not found in PATH");
    unlink(refused);
    unlink(found);
    const char *shell[] = {"sh", "-c", "rmdir a b && rmdir \"$PWD\"", NULL};
    envp[0] = NULL; /* the default PATH */
    spec.argv = shell;
    process = fixture_start(&spec);
    assert_int_equal(fixture_wait_end(process).code_or_signal, 0);
    process_free(process);
}

static int compare_ns(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void test_starts_in_a_row_leak_nothing(void **state)
{
    (void)state;
    enum { STARTS = 500 };
    static int64_t start_ns[STARTS], all_ns[STARTS];
    process_free(FIXTURE_START("exit", "0"));
    size_t fds = fixture_count_fds();
    for (int i = 0; i < STARTS; i++) {
        int64_t before_ns = clock_ns();
        struct process *process = FIXTURE_START("exit", "7");
        start_ns[i] = clock_ns() - before_ns;
        assert_int_equal(fixture_wait_end(process).code_or_signal, 7);
        process_free(process);
        all_ns[i] = clock_ns() - before_ns;
    }
    assert_int_equal(fixture_count_fds(), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
    qsort(start_ns, STARTS, sizeof *start_ns, compare_ns);
    qsort(all_ns, STARTS, sizeof *all_ns, compare_ns);
    print_message("%d starts, median: %lld us until exec, %lld us until freed\n", STARTS,
                  (long long)start_ns[STARTS / 2] / 1000, (long long)all_ns[STARTS / 2] / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_failed_exec_is_named, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_path_is_searched, fixture_kill_leftovers),
        cmocka_unit_test_teardown(test_starts_in_a_row_leak_nothing, fixture_kill_leftovers),
    };
    return fixture_run_in_each_containment("process_start", tests, sizeof tests / sizeof *tests);
}
