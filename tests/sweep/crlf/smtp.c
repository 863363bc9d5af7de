/* smtp - see smtp.h. session->count counts the lines of a mail, session->mark their bytes. */
#include "tests/sweep/crlf/smtp.h"

#include <string.h>

void smtp_greet(struct session *session)
{
    session_say(session, "220 ready\r\n");
}

void smtp_mail_ends(struct session *session)
{
    session_say(session, "250 queued %zu lines, %zu bytes\r\n", session->count, session->mark);
    session->state = SMTP_COMMANDS;
}

static bool begins(const char *line, size_t length, const char *verb)
{
    return length >= strlen(verb) && memcmp(line, verb, strlen(verb)) == 0;
}

void smtp_line(struct session *session, const char *line, size_t length)
{
    if (length > SMTP_BYTES_MAX) {
        session_say(session, "500 too long\r\n");
    } else if (session->state == SMTP_DATA && length == 1 && line[0] == '.') {
        smtp_mail_ends(session);
    } else if (session->state == SMTP_DATA) {
        session->count++;
        session->mark += length;
    } else if (begins(line, length, "HELO ")) {
        session_answer(session, "250 hello ", line + 5, length - 5, "\r\n");
    } else if (begins(line, length, "NOOP ")) {
        session_say(session, "250 ok %zu\r\n", length - 5);
    } else if (begins(line, length, "DATA")) {
        session->state = SMTP_DATA;
        session->count = session->mark = 0;
        session_say(session, "354 go on\r\n");
    } else if (begins(line, length, "QUIT")) {
        session_say(session, "221 bye\r\n");
        session->finished = true;
    } else {
        session_say(session, "500 what\r\n");
    }
}

void smtp_lines(struct session *session)
{
    const char *end;
    while ((end = memmem(session->bytes, session->length, "\r\n", 2)) != NULL && !session->finished) {
        size_t length = (size_t)(end - session->bytes);
        smtp_line(session, session->bytes, length);
        session_drop(session, length + 2);
    }
}
