/* right - the control: keeps what has no newline yet, for each client apart. */
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
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        session_answer(session, "ok ", session->bytes, line_length);
        session->length -= line_length + 1;
        memmove(session->bytes, newline + 1, session->length);
    }
}

void session_end(struct session *session)
{
    if (session->length > 0) {
        session_answer(session, "rest ", session->bytes, session->length);
    }
}
