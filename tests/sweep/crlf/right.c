/* crlf_right - the control of the crlf family: CR LF is looked for in all that is kept. A line without an end
 * is kept up to KEPT_BYTES_MAX, which no scenario reaches. */
#include "tests/sweep/crlf/smtp.h"

static void take(struct session *session, const char *bytes, size_t length)
{
    session_keep(session, bytes, length);
    smtp_lines(session);
}

int main(void)
{
    return serve(&(struct service){.opened = smtp_greet, .read = take});
}
