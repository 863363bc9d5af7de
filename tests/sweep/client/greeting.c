/* client_greeting - planted: the greeting has a buffer of its own, so what came with it in one read is lost
 * when the talk begins.
 * The protocol is that of speak.h. Class K, modelled on sta/websocket-sharp#669: the first frame behind the
 * 101 is lost. */
#include "tests/sweep/client/speak.h"
#include "tests/sweep/serve.h"

#include <string.h>
#include <unistd.h>

struct buffer {
    size_t length;
    char bytes[SPEAK_BYTES_MAX];
};

/* Reads until a line is whole and answers it. 1: go on, 0: that was the good bye, -1: there is no line. */
static int speak_one(int fd, struct buffer *buffer)
{
    long end;
    while ((end = speak_find_end(buffer->bytes, buffer->length)) < 0) {
        ssize_t n = read(fd, buffer->bytes + buffer->length, sizeof buffer->bytes - buffer->length);
        if (n <= 0) {
            return -1;
        }
        buffer->length += (size_t)n;
    }
    bool more = speak_line(fd, buffer->bytes, (size_t)end);
    buffer->length -= (size_t)end + 2;
    memmove(buffer->bytes, buffer->bytes + end + 2, buffer->length);
    return more;
}

int main(int argc, char **argv)
{
    static struct buffer greeting, talk;
    int fd = argc == 2 ? connect_to(argv[1]) : -1;
    int more = fd >= 0 ? speak_one(fd, &greeting) : -1; /* the bug: greeting may have more than a greeting */
    while (more > 0) {
        more = speak_one(fd, &talk);
    }
    return more == 0 ? 0 : 1;
}
