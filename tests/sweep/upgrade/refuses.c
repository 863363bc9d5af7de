/* upgrade_refuses - a control: what came with UPGRADE is refused, and so is the upgrade. Its answers differ
 * when bytes are joined over the barrier, and that is right. */
#include "tests/sweep/upgrade/rot13.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    char *newline;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        if (rot13_is_upgrade(session, session->bytes, line_length)) {
            bool alone = session->length == line_length + 1;
            session->length = 0;
            session->state = alone;
            session_say(session, alone ? "go ahead\n" : "err pipelined\n");
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
