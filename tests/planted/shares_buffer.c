/* shares_buffer - planted: all clients have one buffer. Right as long as one speaks, in whole lines. */
#include "tests/planted/line_server.h"

#include <string.h>

static char shared[SESSION_BYTES_MAX]; /* the bug */
static size_t shared_length;

void session_read(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    if (length > SESSION_BYTES_MAX - shared_length) {
        length = SESSION_BYTES_MAX - shared_length;
    }
    memcpy(shared + shared_length, bytes, length);
    shared_length += length;
    while ((newline = memchr(shared, '\n', shared_length)) != NULL) {
        size_t line_length = (size_t)(newline - shared);
        session_answer(session, "ok ", shared, line_length);
        shared_length -= line_length + 1;
        memmove(shared, newline + 1, shared_length);
    }
}

void session_end(struct session *session)
{
    if (shared_length > 0) {
        session_answer(session, "rest ", shared, shared_length);
    }
    shared_length = 0;
}
