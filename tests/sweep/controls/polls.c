/* polls - a control: looks every POLL_MS whether something came, and never waits for it. Its answers are
 * right, only later. */
#include "tests/sweep/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { POLL_MS = 20, LINE_BYTES_MAX = 1024 };

static void client(int fd)
{
    char bytes[LINE_BYTES_MAX], answer[LINE_BYTES_MAX + 8], *newline;
    size_t length = 0;
    for (;;) {
        ssize_t n = recv(fd, bytes + length, sizeof bytes - length, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            return;
        }
        length += n > 0 ? (size_t)n : 0;
        while ((newline = memchr(bytes, '\n', length)) != NULL) {
            size_t line = (size_t)(newline - bytes);
            int m = snprintf(answer, sizeof answer, "ok %.*s\n", (int)line, bytes);
            write_all(fd, answer, (size_t)m);
            length -= line + 1;
            memmove(bytes, newline + 1, length);
        }
        poll(NULL, 0, POLL_MS);
    }
}

int main(void)
{
    return serve_threads(client);
}
