/* upgrade_right - the control of the upgrade family: what came with UPGRADE is thrown away. */
#include "tests/sweep/upgrade/rot13.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    char *newline;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        if (rot13_is_upgrade(session, session->bytes, line_length)) {
            session->state = 1;
            session->length = 0;
            session_say(session, "go ahead\n");
            return;
        }
        if (session->state) {
            rot13(session->bytes, line_length);
        }
        rot13_answer(session, session->bytes, line_length);
        session_drop(session, line_length + 1);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
