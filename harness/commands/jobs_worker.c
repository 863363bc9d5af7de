/*
 * jobs_worker - a worker process: one case at a time until there are no more or it is told to stop.
 *
 * SIGTERM asks it to stop: the case is cut short, its programs are ended, nothing is written. The parent
 * repeats the signal and closes the pipe, so none is missed between a look at the flag and a wait. ^C and a
 * hang-up reach the whole process group; here they do nothing, the parent decides.
 */
#include "harness/commands/jobs_worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile sig_atomic_t stop_requested; /* a signal handler can reach nothing else */

static void request_stop(int signal_number)
{
    (void)signal_number;
    stop_requested = 1;
}

static void ignore(int signal_number)
{
    (void)signal_number; /* a handler, not SIG_IGN, which programs would inherit */
}

static void catch_signal(int signal_number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, before;

    sigemptyset(&action.sa_mask);
    if (sigaction(signal_number, NULL, &before) == 0 &&
        (before.sa_handler != SIG_IGN || handler == request_stop))
        sigaction(signal_number, &action, NULL);
}

static bool read_number(int fd, size_t *number)
{
    ssize_t got;
    do
        got = read(fd, number, sizeof *number); /* written at once, shorter than PIPE_BUF */
    while (got < 0 && errno == EINTR && !stop_requested);
    return got == (ssize_t)sizeof *number && !stop_requested;
}

static bool write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, data, length);
        if (put < 0 && errno == EINTR && !stop_requested)
            continue;
        if (put < 0)
            return false;
        data += put;
        length -= (size_t)put;
    }
    return true;
}

/* False: the parent will know the case as lost. */
static bool answer(int fd, struct result *result)
{
    char *line = NULL;
    bool sent = result_make_visible(result) == 0 && result_to_json(result, &line) == 0 &&
                write_all(fd, line, strlen(line)) && write_all(fd, "\n", 1);
    free(line);
    return sent;
}

_Noreturn void jobs_worker_main(const struct jobs *jobs, pid_t parent, const sigset_t *mask, int numbers,
                                int results)
{
    size_t index;
    int exit_code = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    catch_signal(SIGTERM, request_stop, 0);
    catch_signal(SIGINT, ignore, SA_RESTART);
    catch_signal(SIGHUP, ignore, SA_RESTART);
    sigprocmask(SIG_SETMASK, mask, NULL);

    void *shared = jobs->open(jobs->context);
    while (exit_code == 0 && read_number(numbers, &index)) {
        struct result result = {0};
        jobs->execute(jobs->context, shared, index, &stop_requested, &result);
        if (!stop_requested && !answer(results, &result))
            exit_code = RESULT_EXIT_INTERNAL;
        result_close(&result);
    }
    jobs->close(jobs->context, shared);
    _exit(exit_code); /* streams belong to the parent: what they buffer is not written twice */
}
