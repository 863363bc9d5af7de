/* loop - see loop.h. */
#include "src/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

int loop_init(struct loop *loop, struct seam_error *error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return seam_error_set(error, "signalfd: %s", strerror(errno));
    loop->fds[0] = (struct pollfd){.fd = fd, .events = POLLIN};
    loop_clear(loop);
    return 0;
}

void loop_free(struct loop *loop)
{
    close(loop->fds[0].fd);
    loop->fds[0].fd = -1;
}

void loop_clear(struct loop *loop)
{
    loop->count = 1;
}

size_t loop_watch(struct loop *loop, int fd, short events)
{
    assert(loop->count < LOOP_FDS_MAX);
    loop->fds[loop->count] = (struct pollfd){.fd = events ? fd : -1, .events = events};
    return loop->count++;
}

enum loop_result loop_wait(struct loop *loop, struct seam_error *error)
{
    int ready;
    do
        ready = poll(loop->fds, loop->count, -1);
    while (ready < 0 && errno == EINTR); /* stopped and continued, or traced */
    if (ready < 0) {
        seam_error_set(error, "poll: %s", strerror(errno));
        return LOOP_FAILED;
    }
    return loop->fds[0].revents ? LOOP_STOP : LOOP_READY;
}

short loop_ready(const struct loop *loop, size_t index)
{
    assert(index < loop->count);
    return loop->fds[index].revents;
}
