/* upgrade_keeps - planted: what came with UPGRADE stays in the buffer, and is read as if it had come behind
 * the answer, by the peer that the upgrade protects.
 * Class K, modelled on Postfix (CVE-2011-0411, dinhvh/libetpan#386) and cyrusimap/cyrus-imapd#1288. */
#include "tests/sweep/upgrade/rot13.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    char *newline;
    session_keep(session, bytes, length);
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        if (rot13_is_upgrade(session, session->bytes, line_length)) {
            session->state = 1; /* the bug: session->length stays */
            session_say(session, "go ahead\n");
        } else {
            if (session->state) {
                rot13(session->bytes, line_length);
            }
            rot13_answer(session, session->bytes, line_length);
        }
        session_drop(session, line_length + 1);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
