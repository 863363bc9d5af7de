/*
 * record - the protocol of the record family, as far as it is not about framing: a relative of multipart.
 *
 * A record is one or more parts of any bytes, with "\n--B\n" between them and "\n--B--\n" behind the last
 * one; anything else that begins like that is part of a part. A record is answered with the number of its
 * parts and the parts, newlines shown as '|'.
 */
#ifndef SEAM_TESTS_SWEEP_RECORD_RECORD_H
#define SEAM_TESTS_SWEEP_RECORD_RECORD_H

#include "tests/sweep/serve.h"

/* Answers each record that is complete in what is kept, and drops it. */
void record_answer_all(struct session *session);

#endif
