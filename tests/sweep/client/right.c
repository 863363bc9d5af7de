/* client_right - the control of the client family: CR LF is looked for in all that is kept. */
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
        long end;
        length += (size_t)n;
        while ((end = speak_find_end(bytes, length)) >= 0) {
            if (!speak_line(fd, bytes, (size_t)end)) {
                return 0;
            }
            length -= (size_t)end + 2;
            memmove(bytes, bytes + end + 2, length);
        }
    }
    return 1;
}
