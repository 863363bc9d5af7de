/* crlf_early - planted: a read of one dot, at the start of a line of a mail, is taken for the end of the
 * mail, which is answered before its CR LF has come. The bytes are the same in the end, only the moment is
 * wrong; a dot that shares its read with what stands before it is treated right. Class C, modelled on
 * Http-Multipart-Data-Parser/HttpMultipartParser#31: the rest of a boundary is in the next buffer. */
#include "tests/sweep/crlf/smtp.h"

static void take(struct session *session, const char *bytes, size_t length)
{
    size_t rest = 0;
    if (session->state == SMTP_DATA && session->length == 0 && length == 1 && bytes[0] == '.') {
        smtp_mail_ends(session); /* the bug */
        session->flag = 2;
        return;
    }
    while (session->flag > 0 && rest < length && (bytes[rest] == '\r' || bytes[rest] == '\n')) {
        session->flag--;
        rest++;
    }
    session_keep(session, bytes + rest, length - rest);
    smtp_lines(session);
}

int main(void)
{
    return serve(&(struct service){.opened = smtp_greet, .read = take});
}
