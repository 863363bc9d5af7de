/* nul_right - the control of the nul family: a line is answered with "line" and its length, whatever bytes it
 * has; a line that is one NUL is a heartbeat and answered with "beat". */
#include "tests/sweep/serve.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        if (line_length == 1 && session->bytes[0] == 0) {
            session_say(session, "beat\n");
        } else {
            session_say(session, "line %zu\n", line_length);
        }
        session_drop(session, line_length + 1);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
