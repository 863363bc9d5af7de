/* client_message - planted: each read is one line, and its CR LF, if it has one, is cut off.
 * The protocol is that of speak.h. Class A, modelled on espressif/esp-protocols#544 and MCHSL/extools#7: what
 * recv() gives is taken for a message. */
#include "tests/sweep/client/speak.h"
#include "tests/sweep/serve.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    static char bytes[SPEAK_BYTES_MAX];
    int fd = argc == 2 ? connect_to(argv[1]) : -1;
    ssize_t n;
    while (fd >= 0 && (n = read(fd, bytes, sizeof bytes)) > 0) {
        long end = speak_find_end(bytes, (size_t)n); /* the bug: what stands behind it is gone */
        if (!speak_line(fd, bytes, end >= 0 ? (size_t)end : (size_t)n)) {
            return 0;
        }
    }
    return 1;
}
