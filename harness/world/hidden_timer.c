/*
 * hidden_timer - see hidden_timer.h.
 */
#include "harness/world/hidden_timer.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

int64_t hidden_timer_receive_ns(pid_t pid, int fd)
{
    struct timeval limit = {0};
    socklen_t bytes = sizeof limit;
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    int copy = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, fd, 0);
    bool told = copy >= 0 && getsockopt(copy, SOL_SOCKET, SO_RCVTIMEO, &limit, &bytes) == 0;

    if (copy >= 0)
        close(copy);
    if (process >= 0)
        close(process);
    if (!told || (limit.tv_sec == 0 && limit.tv_usec == 0))
        return -1;
    return (int64_t)limit.tv_sec * 1000000000 + (int64_t)limit.tv_usec * 1000;
}

bool hidden_timer_signals(pid_t pid)
{
    char path[48], byte;

    snprintf(path, sizeof path, "/proc/%d/timers", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool any = fd >= 0 && read(fd, &byte, 1) == 1;
    if (fd >= 0)
        close(fd);
    return any;
}
