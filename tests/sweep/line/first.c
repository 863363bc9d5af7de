/* line_first - planted: the buffer is emptied behind the first line that it holds.
 * Class D, modelled on Clever/amazon-kinesis-client-go#12: what was read ahead of the next message is lost.
 */
#include "tests/sweep/line/answer.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    session_keep(session, bytes, length);
    const char *newline = memchr(session->bytes, '\n', session->length);
    if (newline) {
        line_answer(session, session->bytes, (size_t)(newline - session->bytes));
        session->length = 0; /* the bug */
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
