/* line_tail - planted: lines are answered when the buffer ends with a newline, so the beginning of the next
 * line holds back the finished ones before it. The answers are the same in the end.
 * Class E, modelled on valyala/fasthttp#1043: half a pipelined request blocks replies that are ready. */
#include "tests/sweep/line/answer.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    session_keep(session, bytes, length);
    if (bytes[length - 1] != '\n') {
        return; /* the bug: lines before the last one are complete */
    }
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        line_answer(session, session->bytes, line_length);
        session_drop(session, line_length + 1);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
