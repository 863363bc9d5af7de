/* client_crlf - planted: CR LF is looked for in each read alone, and what has none is put aside; a CR LF that
 * is cut in two is not found, and the client waits for ever. The protocol is that of speak.h. Class B,
 * modelled on redis/redis-py#615 and redis/redis-py#153. */
#include "tests/sweep/client/speak.h"
#include "tests/sweep/serve.h"

#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char bytes[SPEAK_BYTES_MAX];
    size_t length = 0;
    int fd = argc == 2 ? connect_to(argv[1]) : -1;
    ssize_t n;
    while (fd >= 0 && (n = read(fd, bytes + length, sizeof bytes - length)) > 0) {
        long end = speak_find_end(bytes + length, (size_t)n); /* the bug: the CR may stand before */
        end += end >= 0 ? (long)length : 0;
        length += (size_t)n;
        while (end >= 0) {
            if (!speak_line(fd, bytes, (size_t)end)) {
                return 0;
            }
            length -= (size_t)end + 2;
            memmove(bytes, bytes + end + 2, length);
            end = speak_find_end(bytes, length);
        }
    }
    return 1;
}
