/* crlf_split - planted: CR LF is looked for in what the last read brought, so one that is cut in two is never
 * found, and the line waits, and swallows the next.
 * Class B, modelled on nats-io/nats.c#958: strstr(CRLF) over the new bytes only. */
#include "tests/sweep/crlf/smtp.h"

#include <string.h>

static void take(struct session *session, const char *bytes, size_t length)
{
    size_t from = session->length;
    const char *end;
    session_keep(session, bytes, length);
    while ((end = memmem(session->bytes + from, session->length - from, "\r\n", 2)) != NULL) { /* the bug */
        size_t line_length = (size_t)(end - session->bytes);
        smtp_line(session, session->bytes, line_length);
        session_drop(session, line_length + 2);
        from = 0;
    }
}

int main(void)
{
    return serve(&(struct service){.opened = smtp_greet, .read = take});
}
