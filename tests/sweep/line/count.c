/* line_count - planted: the length of a line is counted again for all that is buffered, at each read that
 * brings no newline. A line in two pieces is counted right, a long one in more is called too long.
 * Class G, modelled on netty/netty#3460: a size counter that is not set back between fragments. */
#include "tests/sweep/line/answer.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    while ((newline = memchr(bytes, '\n', length)) != NULL) {
        size_t piece = (size_t)(newline - bytes);
        session_keep(session, bytes, piece);
        line_answer(session, session->bytes,
                    session->count + piece > LINE_BYTES_MAX ? LINE_BYTES_MAX + 1 : session->length);
        session->length = session->count = 0;
        bytes += piece + 1;
        length -= piece + 1;
    }
    if (length > 0) {
        session_keep(session, bytes, length);
        session->count += session->length; /* the bug: only `length` is new */
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
