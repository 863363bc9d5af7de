/* crlf_extra - planted: CR LF, an LF, and a CR behind which nothing stands, each end a line. Of a CR LF cut
 * in two each half ends one, and the second is empty. Class B, modelled on netty/netty#13088: the delimiters
 * CR, LF and CR LF, and a split CR LF. */
#include "tests/sweep/crlf/smtp.h"

static void take(struct session *session, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && !session->finished; i++) {
        bool cr =
            bytes[i] == '\r' && (i + 1 == length || bytes[i + 1] == '\n'); /* the bug: i + 1 == length */
        if (!cr && bytes[i] != '\n') {
            session_keep(session, bytes + i, 1);
            continue;
        }
        smtp_line(session, session->bytes, session->length);
        session->length = 0;
        if (cr && i + 1 < length) {
            i++;
        }
    }
}

int main(void)
{
    return serve(&(struct service){.opened = smtp_greet, .read = take});
}
