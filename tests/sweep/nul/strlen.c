/* nul_strlen - planted: a read is made a string. A heartbeat is a read that begins with NUL; in other reads a
 * NUL ends the string, so what follows it in the same read is never seen.
 * The protocol is that of right.c. Class O, modelled on analogdevicesinc/libtinyiiod#46 and
 * FreeRADIUS/freeradius-server#5667: a NUL that is no part of the text has a say in where it ends. */
#include "tests/sweep/serve.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    char text[READ_BYTES + 1], *newline;
    memcpy(text, bytes, length);
    text[length] = 0;
    if (text[0] == 0 && session->length == 0) {
        session_say(session, "beat\n");
        return; /* the bug: more may stand behind it */
    }
    session_keep(session, text, strlen(text)); /* the bug: `length` */
    while ((newline = memchr(session->bytes, '\n', session->length)) != NULL) {
        size_t line_length = (size_t)(newline - session->bytes);
        session_say(session, "line %zu\n", line_length);
        session_drop(session, line_length + 1);
    }
}

int main(void)
{
    return serve(&(struct service){.read = take});
}
