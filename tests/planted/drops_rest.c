/* drops_rest - planted: answers the first line of what has come and forgets what follows its newline. */
#include "tests/planted/line_server.h"

#include <string.h>

void session_read(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    if (length > SESSION_BYTES_MAX - session->length) {
        length = SESSION_BYTES_MAX - session->length;
    }
    memcpy(session->bytes + session->length, bytes, length);
    session->length += length;
    newline = memchr(session->bytes, '\n', session->length);
    if (newline) {
        session_answer(session, "ok ", session->bytes, (size_t)(newline - session->bytes));
        session->length = 0; /* the bug */
    }
}

void session_end(struct session *session)
{
    if (session->length > 0) {
        session_answer(session, "rest ", session->bytes, session->length);
    }
}
