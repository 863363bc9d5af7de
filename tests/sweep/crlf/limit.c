/* crlf_limit - planted: what is kept without a CR LF may be as long as a line may be, but a CR may be its
 * last byte. A line of just the greatest length is refused when its CR and its LF come apart. Class G,
 * modelled on twisted/twisted#6556: a line of MAX_LENGTH whose delimiter is split. */
#include "tests/sweep/crlf/smtp.h"

static void take(struct session *session, const char *bytes, size_t length)
{
    session_keep(session, bytes, length);
    smtp_lines(session);
    if (session->length > SMTP_BYTES_MAX) { /* the bug: one more when the last is a CR */
        session_say(session, "500 too long\r\n");
        session->length = 0;
    }
}

int main(void)
{
    return serve(&(struct service){.opened = smtp_greet, .read = take});
}
