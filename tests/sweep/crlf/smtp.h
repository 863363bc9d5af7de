/*
 * smtp - the protocol of the crlf family, as far as it is not about framing: a tiny relative of SMTP.
 *
 * A line ends with CR LF; a CR or an LF alone is a byte like any other. It has at most SMTP_BYTES_MAX bytes,
 * the CR LF not counted. "NOOP text" is answered with the number of bytes of the text; behind DATA come the
 * lines of a mail up to a line that is a dot.
 */
#ifndef SEAM_TESTS_SWEEP_CRLF_SMTP_H
#define SEAM_TESTS_SWEEP_CRLF_SMTP_H

#include "tests/sweep/serve.h"

enum { SMTP_BYTES_MAX = 40 };
enum smtp_state { SMTP_COMMANDS = 0, SMTP_DATA };

void smtp_greet(struct session *session);

/* Answers a line without its CR LF; session->state says what it is a line of. */
void smtp_line(struct session *session, const char *line, size_t length);

/* Answers each line of what is kept, and drops it. What has no CR LF yet stays. */
void smtp_lines(struct session *session);

/* The dot has come: the answer to the mail. */
void smtp_mail_ends(struct session *session);

#endif
