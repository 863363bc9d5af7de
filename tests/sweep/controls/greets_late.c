/* greets_late - a control: greets GREETING_MS after a client has come, by a timer, and serves lines behind
 * that; what comes before the greeting waits in the socket. */
#include "tests/sweep/serve.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GREETING_MS = 150, LINE_BYTES_MAX = 1024 };

static void client(int fd)
{
    char bytes[LINE_BYTES_MAX], answer[LINE_BYTES_MAX + 8], *newline;
    size_t length = 0;
    ssize_t n;
    poll(NULL, 0, GREETING_MS);
    write_all(fd, "ready\n", 6);
    while ((n = read(fd, bytes + length, sizeof bytes - length)) > 0) {
        length += (size_t)n;
        while ((newline = memchr(bytes, '\n', length)) != NULL) {
            size_t line = (size_t)(newline - bytes);
            int m = snprintf(answer, sizeof answer, "ok %.*s\n", (int)line, bytes);
            write_all(fd, answer, (size_t)m);
            length -= line + 1;
            memmove(bytes, newline + 1, length);
        }
    }
}

int main(void)
{
    return serve_threads(client);
}
