/* two_right - the control of the two family: each client has a buffer and a count of its own. A line is
 * answered with how many lines this client has sent, and the line. */
#include "tests/sweep/serve.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    const char *newline;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        session_say(session, "%zu %.*s\n", ++session->count, (int)line_length, session->bytes);
        session_drop(session, line_length + 1);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
