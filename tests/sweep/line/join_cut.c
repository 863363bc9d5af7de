/* line_join_cut - planted: when lines were taken from the buffer and half a line is left, its length is kept
 * but it is not moved to the front. It needs a whole line and a part of the next in one read.
 * Class I, modelled on syslog-ng/syslog-ng#3892: the start of the buffer is not moved. */
#include "tests/sweep/line/answer.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    size_t start = 0;
    const char *newline;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes + start, '\n', session->length - start)) != NULL) {
        size_t line_end = (size_t)(newline - session->bytes);
        line_answer(session, session->bytes + start, line_end - start);
        start = line_end + 1;
    }
    session->length -= start; /* the bug: no memmove */
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
