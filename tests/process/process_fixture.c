#include "tests/process/process_fixture.h"

#include "tests/process/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS_MAX = 10000 };

enum process_containment fixture_containment;
char fixture_mark[64];

const char *const *fixture_environment(void)
{
    static const char *environment[3];
    if (fixture_mark[0] == '\0')
        snprintf(fixture_mark, sizeof fixture_mark, "SEAM_TEST_MARK=%d-%u", (int)getpid(), geteuid());
    environment[0] = fixture_mark;
    environment[1] = "PATH=/usr/bin:/bin";
    return environment;
}

struct process_spec fixture_spec(const char *const *argv)
{
    return (struct process_spec){
        .argv = argv, .envp = fixture_environment(), .containment = fixture_containment};
}

struct process *fixture_start(const struct process_spec *spec)
{
    struct seam_error error = {.text = ""};
    struct process *process = process_start(spec, &error);
    if (process == NULL)
        fail_msg("%s", error.text);
    return process;
}

static void wait_readable(int fd)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    int ready;
    while ((ready = poll(&watched, 1, WAIT_MS_MAX)) < 0 && errno == EINTR)
        continue;
    if (ready == 0)
        fail_msg("nothing came for %d ms", WAIT_MS_MAX);
}

void fixture_read(int fd, char text[FIXTURE_OUTPUT_BYTES_MAX], const char *until)
{
    size_t bytes = strlen(text);
    while (until == NULL || strstr(text, until) == NULL) {
        ssize_t got = read(fd, text + bytes, FIXTURE_OUTPUT_BYTES_MAX - 1 - bytes);
        if (got < 0 && errno == EAGAIN) {
            wait_readable(fd);
            continue;
        }
        if (got <= 0 && until != NULL)
            fail_msg("the stream ended with \"%s\" instead of \"%s\"", text, until);
        if (got <= 0)
            return;
        bytes += (size_t)got;
        text[bytes] = '\0';
    }
}

struct process_exit fixture_wait_end(struct process *process)
{
    struct process_exit exit;
    while (process_poll(process, &exit) == PROCESS_RUNNING)
        wait_readable(process_status_fd(process));
    return exit;
}

void fixture_wait_empty(struct process *process)
{
    while (!process_tree_empty(process))
        wait_readable(process_status_fd(process));
}

size_t fixture_count_fds(void)
{
    size_t count = 0;
    DIR *fds = opendir("/proc/self/fd");
    assert_non_null(fds);
    for (struct dirent *entry; (entry = readdir(fds)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(fds);
    return count - 1;
}

int fixture_kill_leftovers(void **state)
{
    (void)state;
    pid_t marked[64];
    size_t count = leftovers_find(fixture_mark, marked, 64);
    for (size_t i = 0; i < count; i++)
        kill(marked[i], SIGKILL);
    return count == 0 || leftovers_wait(fixture_mark, 0) ? 0 : -1;
}

/* What unshare(1) is allowed to do here, process_start must be able to do as well. */
static bool unshare_makes_namespace(void)
{
    const char *as_root[] = {"unshare", "-pf", "--mount-proc", "true", NULL};
    const char *as_user[] = {"unshare", "-Ucpf", "--mount-proc", "true", NULL};
    struct process_spec spec = fixture_spec(geteuid() == 0 ? as_root : as_user);
    spec.containment = PROCESS_CONTAINMENT_SUBREAPER;
    struct seam_error error;
    struct process *process = process_start(&spec, &error);
    if (process == NULL)
        return false;
    struct process_exit exit;
    while (process_poll(process, &exit) == PROCESS_RUNNING)
        poll(&(struct pollfd){.fd = process_status_fd(process), .events = POLLIN}, 1, WAIT_MS_MAX);
    process_free(process);
    return !exit.signalled && exit.code_or_signal == 0;
}

enum containment_trial { TRIAL_WORKS, TRIAL_NOT_ALLOWED, TRIAL_BROKEN };

static enum containment_trial containment_try(void)
{
    const char *argv[] = {SUBJECT, "exit", "0", NULL};
    struct process_spec spec = fixture_spec(argv);
    struct seam_error error = {.text = ""};
    struct process *process = process_start(&spec, &error);
    bool refused = process == NULL && strstr(error.text, "is not possible here") != NULL;
    process_free(process);
    if (!refused)
        return TRIAL_WORKS;
    bool broken = fixture_containment == PROCESS_CONTAINMENT_SUBREAPER || unshare_makes_namespace();
    print_message("%s: %s\n", broken ? "FAILED, though unshare can do it" : "not tested", error.text);
    return broken ? TRIAL_BROKEN : TRIAL_NOT_ALLOWED;
}

static int run_as_nobody(void)
{
    char self[PATH_MAX] = "";
    if (geteuid() != 0 || getenv("SEAM_TEST_NOBODY") != NULL)
        return 0;
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    pid_t child = fork();
    if (child == 0) {
        setenv("SEAM_TEST_NOBODY", "1", 1);
        execlp("setpriv", "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", self, NULL);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 99;
    if (code == 126 || code == 127) {
        print_message("not run as nobody: setpriv or this program can't be executed by nobody\n");
        return 0;
    }
    return code;
}

int fixture_run_in_each_containment(const char *name, const struct CMUnitTest *tests, size_t tests_count)
{
    static const char *const names[] = {
        [PROCESS_CONTAINMENT_NAMESPACE] = "namespace",
        [PROCESS_CONTAINMENT_SUBREAPER] = "subreaper",
    };
    int failures = 0;
    for (int i = PROCESS_CONTAINMENT_NAMESPACE; i <= PROCESS_CONTAINMENT_SUBREAPER; i++) {
        char group[128];
        fixture_containment = (enum process_containment)i;
        enum containment_trial trial = containment_try();
        failures += trial == TRIAL_BROKEN;
        if (trial != TRIAL_WORKS)
            continue;
        snprintf(group, sizeof group, "%s in a %s%s", name, names[i], geteuid() == 0 ? " as root" : "");
        failures += _cmocka_run_group_tests(group, tests, tests_count, NULL, NULL);
    }
    return failures + run_as_nobody();
}
