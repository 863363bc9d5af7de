/*
 * sum - the protocol of the cost family, as far as it is not about framing.
 *
 * A line of at most COST_BYTES_MAX bytes is answered with its length and a checksum: the CRC-32 of the line
 * with each byte SUM_ROUNDS times. Bit by bit: there is no hurry here, and a byte that is looked at shall be
 * felt.
 */
#ifndef SEAM_TESTS_SWEEP_COST_SUM_H
#define SEAM_TESTS_SWEEP_COST_SUM_H

#include "tests/sweep/serve.h"

#include <stdint.h>

enum { COST_BYTES_MAX = KEPT_BYTES_MAX - 1, SUM_ROUNDS = 8 };

/* Carries a checksum on; 0 at first. */
uint32_t sum_more(uint32_t sum, const char *bytes, size_t length);

#endif
