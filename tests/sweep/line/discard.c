/* line_discard - planted: a line that is too long before its newline has come sets a flag, drops what comes
 * up to the newline, and leaves the flag set: every later line is too long.
 * Class H, modelled on netty/netty#1287: the discarding flag is never set back. */
#include "tests/sweep/line/answer.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        if (session->flag) { /* the bug: the flag stays */
            session_say(session, "err too long\n");
        } else {
            line_answer(session, session->bytes, line_length);
        }
        session_drop(session, line_length + 1);
    }
    if (session->length > LINE_BYTES_MAX) {
        session->flag = 1;
        session->length = 0;
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
