/* line_two_cuts - planted: the part of a line that waits for its end is replaced by the next part. A line in
 * two pieces is right; of one in three the first is lost, so a single cut never shows it.
 * Class F, modelled on escalier-lang/escalier#267: a message over several chunks is not joined. */
#include "tests/sweep/line/answer.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *end = bytes + length, *newline;
    while ((newline = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
        session_keep(session, bytes, (size_t)(newline - bytes));
        line_answer(session, session->bytes, session->length);
        session->length = 0;
        bytes = newline + 1;
    }
    if (bytes < end) {
        session->length = 0; /* the bug: there may be a part already */
        session_keep(session, bytes, (size_t)(end - bytes));
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
