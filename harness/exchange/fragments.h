/*
 * fragments - puts the fragments of IP datagrams together (RFC 791, 815, 8200). Sans I/O.
 *
 * FRAGMENTS_DATAGRAMS_MAX at a time; a new one takes the place of the oldest. Of bytes that came twice the
 * first ones count.
 */
#ifndef SEAM_HARNESS_EXCHANGE_FRAGMENTS_H
#define SEAM_HARNESS_EXCHANGE_FRAGMENTS_H

#include "harness/exchange/packet.h"

enum { FRAGMENTS_DATAGRAMS_MAX = 64, FRAGMENTS_BYTES_MAX = 65535 };

struct fragments;

struct fragments *fragments_new(void); /* NULL: out of memory */
void fragments_free(void *fragments);  /* NULL is allowed */
/* The datagram that the fragment made whole, borrowed until the next call, and its length; NULL: it is not
 * whole yet. */
const unsigned char *fragments_add(struct fragments *fragments, const struct packet *fragment,
                                   size_t *length);
/* Datagrams that never got whole: given up, or still here. */
size_t fragments_lost(const struct fragments *fragments);

#endif
