/* terminal - see terminal.h. */
#include "src/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

void terminal_init(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

static bool terminal_is_ready(int fd, short events)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    return poll(&poll_fd, 1, 0) > 0;
}

enum terminal_result terminal_read(int fd, char *into, size_t room, size_t *n)
{
    *n = 0;
    if (!terminal_is_ready(fd, POLLIN))
        return TERMINAL_AGAIN;
    ssize_t got = read(fd, into, room);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? TERMINAL_AGAIN : TERMINAL_ENDED;
    *n = (size_t)got;
    return got > 0 ? TERMINAL_OK : TERMINAL_ENDED;
}

enum terminal_result terminal_write(int fd, const char *data, size_t n, size_t *written)
{
    *written = 0;
    if (!terminal_is_ready(fd, POLLOUT))
        return TERMINAL_AGAIN;
    ssize_t done = write(fd, data, n < TERMINAL_WRITE_BYTES_MAX ? n : TERMINAL_WRITE_BYTES_MAX);
    if (done < 0)
        return errno == EAGAIN || errno == EINTR ? TERMINAL_AGAIN : TERMINAL_FAILED;
    *written = (size_t)done;
    return TERMINAL_OK;
}
