/*
 * store - the protocol of the payload family, as far as it is not about framing: a relative of memcached.
 *
 * "P n\n", n bytes of any kind and a newline store these bytes; the answer is "stored" and them. "G\n" is
 * answered with "value" and them, anything else with "err". No payload is longer than STORE_BYTES_MAX.
 */
#ifndef SEAM_TESTS_SWEEP_PAYLOAD_STORE_H
#define SEAM_TESTS_SWEEP_PAYLOAD_STORE_H

#include "tests/sweep/serve.h"

enum { STORE_BYTES_MAX = 1000 };

/* True: the line, without its newline, is a P; *size is what it says. Other lines are answered. */
bool store_header(struct session *session, const char *line, size_t length, size_t *size);

/* Stores the payload of a P and answers. */
void store_payload(struct session *session, const char *payload, size_t size);

#endif
