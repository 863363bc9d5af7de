/* line_late - planted: a fresh read is taken for one line; what stands behind that line is kept, and looked
 * at when the next read comes. Nothing is lost: of two lines in one write the second is answered late.
 * Class E, modelled on achow101/stratum-watcher#2: a buffered line waits for the next packet. */
#include "tests/sweep/line/answer.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    bool fresh = session->length == 0;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        line_answer(session, session->bytes, line_length);
        session_drop(session, line_length + 1);
        if (fresh) {
            break; /* the bug: there may be another */
        }
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
