/* line_piece - planted: the limit is asked for the piece of the line in this read, not for the line.
 * Class G, modelled on netty/netty#1288: the length limit holds for one read, and not for two. */
#include "tests/sweep/line/answer.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    while ((newline = memchr(bytes, '\n', length)) != NULL) {
        size_t piece = (size_t)(newline - bytes);
        session_keep(session, bytes, piece);
        if (piece > LINE_BYTES_MAX) { /* the bug: session->length is the length of the line */
            session_say(session, "err too long\n");
        } else if (session->length == 0) {
            session_say(session, "empty\n");
        } else {
            session_answer(session, "ok ", session->bytes, session->length, "\n");
        }
        session->length = 0;
        bytes += piece + 1;
        length -= piece + 1;
    }
    session_keep(session, bytes, length);
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
