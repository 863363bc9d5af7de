/*
 * bulk - the protocol of the bulk family, as far as it is not about writing.
 *
 * "BULK\n" is answered with BULK_BYTES digits and a newline, any other line with "pong\n". Sockets don't
 * block, and a send buffer takes one bulk, but not two that nobody reads.
 */
#ifndef SEAM_TESTS_SWEEP_BULK_BULK_H
#define SEAM_TESTS_SWEEP_BULK_BULK_H

#include "tests/sweep/serve.h"

enum { BULK_BYTES = 24000, SEND_BUFFER_BYTES = 16384 };

/* Makes the send buffer small. */
void bulk_open(struct session *session);

/* What poll has told of the socket: reads, and hands each answer to bulk_answer(). */
void bulk_read(struct session *session, short revents);

/* Planted: sends an answer, or puts it behind those that wait. */
void bulk_answer(struct session *session, const char *bytes, size_t length);

/* Sends without waiting. Returns how many bytes were sent. */
size_t bulk_send(const struct session *session, const char *bytes, size_t length);

/* Appends to what waits to be sent, in session->own. Sends what it can of it; true: all. */
void bulk_queue(struct session *session, const char *bytes, size_t length);
bool bulk_flush(struct session *session);

#endif
