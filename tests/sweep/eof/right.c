/* eof_right - the control of the eof family: a line is answered with "ok" and the line; what the stream ends
 * with behind the last newline is answered with "rest" and these bytes. Then it hangs up. */
#include "tests/sweep/serve.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        session_answer(session, "ok ", session->bytes, line_length, "\n");
        session_drop(session, line_length + 1);
    }
}

static void end(struct session *session)
{
    if (session->length > 0) {
        session_answer(session, "rest ", session->bytes, session->length, "\n");
    }
}

int main(void)
{
    return serve(&(struct service){.read = take, .ended = end});
}
