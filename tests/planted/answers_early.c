/* answers_early - planted: takes every read for a line, or for several, so a part of a line is answered
 * before its newline came. */
#include "tests/planted/line_server.h"

#include <string.h>

void session_read(struct session *session, const char *bytes, size_t length)
{
    while (length > 0) {
        const char *newline = memchr(bytes, '\n', length);
        size_t line_length = newline ? (size_t)(newline - bytes) : length; /* the bug */
        size_t taken = line_length + (newline ? 1 : 0);
        session_answer(session, "ok ", bytes, line_length);
        bytes += taken;
        length -= taken;
    }
}

void session_end(struct session *session)
{
    (void)session;
}
