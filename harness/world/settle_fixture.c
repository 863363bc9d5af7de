/* settle_fixture - see settle_fixture.h. */
#include "harness/world/settle_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct settle *settle;

void nap(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

pid_t child_start(void (*body)(int fd), int fd)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        body(fd);
    _exit(0);
}

void child_end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

struct settle_facts class_await(pid_t root, enum settle_class wanted)
{
    struct settle_facts facts;
    enum settle_class class = SETTLE_BUSY;

    for (int i = 0; i < CHECKS_MAX; i++) {
        class = settle_check(settle, &root, 1, &facts);
        if (class == wanted)
            return facts;
        nap(CHECK_NAP_NS);
    }
    assert_int_equal(class, wanted);
    return facts;
}

void class_stays(pid_t root, enum settle_class wanted)
{
    struct settle_facts facts;

    for (int i = 0; i < 50; i++)
        assert_int_equal(settle_check(settle, &root, 1, &facts), wanted);
}

void body_read(int fd)
{
    char byte;

    if (read(fd, &byte, 1) < 0)
        _exit(1);
}

void body_poll_timed(int fd)
{
    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 3600 * 1000);
}

void body_sleep(int fd)
{
    (void)fd;
    for (;;)
        nanosleep(&(struct timespec){.tv_sec = 3600}, NULL);
}

int settle_fixture_open(void **state)
{
    static int pipe_ends[2];

    *state = pipe_ends;
    settle = settle_new();
    return settle ? pipe(pipe_ends) : -1;
}

int settle_fixture_close(void **state)
{
    int *pipe_ends = *state;

    settle_free(settle);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return 0;
}
