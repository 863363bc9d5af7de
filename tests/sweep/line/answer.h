/*
 * answer - the protocol of the line family, as far as it is not about framing.
 *
 * A line ends with LF and has at most LINE_BYTES_MAX bytes. It is answered with "ok " and the line, an empty
 * one with "empty", a longer one with "err too long", all of them behind the newline. A line that the end of
 * the stream cuts off is not answered.
 */
#ifndef SEAM_TESTS_SWEEP_LINE_ANSWER_H
#define SEAM_TESTS_SWEEP_LINE_ANSWER_H

#include "tests/sweep/serve.h"

enum { LINE_BYTES_MAX = 64 };

/* Answers a line without its newline. */
void line_answer(struct session *session, const char *line, size_t length);

#endif
