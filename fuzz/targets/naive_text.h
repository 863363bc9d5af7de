/*
 * naive_text - UTF-8 and what may be shown of it, decided on whole strings: the reference of several targets.
 *
 * Written from RFC 3629, Unicode's table 3-7 and the property Default_Ignorable_Code_Point, not from
 * src/utf8.c. Knows nothing of chunks.
 */
#ifndef SEAM_FUZZ_TARGETS_NAIVE_TEXT_H
#define SEAM_FUZZ_TARGETS_NAIVE_TEXT_H

#include "src/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum naive_sequence { NAIVE_WELL_FORMED, NAIVE_CUT_OFF /* more bytes could make it one */, NAIVE_ILL_FORMED };

/* What data starts with; n is at least 1. Of a well-formed sequence the length and the code point are stored.
 */
enum naive_sequence naive_utf8(const unsigned char *data, size_t n, size_t *length, uint32_t *codepoint);

/* Where the first ill-formed sequence begins; n: there is none. whole: a sequence that is cut off is
 * ill-formed, too. */
size_t naive_utf8_bad(const unsigned char *data, size_t n, bool whole);

bool naive_may_show(uint32_t codepoint);

/* What bytes_append_visible() promises to append. */
void naive_visible(struct bytes *out, const void *data, size_t n, enum bytes_visible_style style);

#endif
