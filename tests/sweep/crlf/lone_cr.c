/* crlf_lone_cr - planted: a CR at the end of a read ends the line at once, and an LF at the start of the next
 * one is dropped. That is right for every CR LF, but a CR within a line may be the last byte of a read, too.
 * Class O, modelled on nats-io/nats.rs#1612: a lone CR in a value. */
#include "tests/sweep/crlf/smtp.h"

static void take(struct session *session, const char *bytes, size_t length)
{
    if (session->flag && bytes[0] == '\n') {
        bytes++;
        length--;
    }
    session->flag = 0;
    session_keep(session, bytes, length);
    smtp_lines(session);
    if (session->length > 0 && session->bytes[session->length - 1] == '\r') { /* the bug */
        smtp_line(session, session->bytes, session->length - 1);
        session->length = 0;
        session->flag = 1;
    }
}

int main(void)
{
    return serve(&(struct service){.opened = smtp_greet, .read = take});
}
