/* answer - see answer.h. */
#include "tests/sweep/line/answer.h"

void line_answer(struct session *session, const char *line, size_t length)
{
    if (length == 0) {
        session_say(session, "empty\n");
    } else if (length > LINE_BYTES_MAX) {
        session_say(session, "err too long\n");
    } else {
        session_answer(session, "ok ", line, length, "\n");
    }
}
