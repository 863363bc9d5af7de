/*
 * utf8 - is a stream of bytes UTF-8, wherever it is cut?
 *
 * Sans-IO: no fd, no clock, no global, no allocation. Well-formed means RFC 3629 (Unicode table 3-7): no
 * overlong forms, no surrogates, nothing above U+10FFFF. The state of an unfinished sequence is kept between
 * feeds, so the answer and the position never depend on the chunks.
 */
#ifndef SEAM_UTF8_H
#define SEAM_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum utf8_result { UTF8_OK = 0, UTF8_BAD };

/* Zero-initialised (`struct utf8 u = {0}`) it is a fresh validator. The fields are private. */
struct utf8 {
    uint64_t offset;         /* bytes accepted so far */
    uint64_t sequence_start; /* where the sequence at hand began */
    unsigned char missing;   /* continuation bytes still to come */
    unsigned char low, high; /* range of the next continuation byte */
    bool bad;
};

/* Looks at n more bytes. UTF8_BAD is sticky: later bytes are not looked at. */
enum utf8_result utf8_feed(struct utf8 *utf8, const void *data, size_t n);

/* The stream has ended: UTF8_BAD when it ended inside a sequence (or was bad before). */
enum utf8_result utf8_end(struct utf8 *utf8);

/*
 * Where it went bad: the absolute offset of the first byte of the first ill-formed sequence, counted from the
 * first byte fed. For "a\xe2\x28" that is 1, not 2. Only meaningful after UTF8_BAD.
 */
uint64_t utf8_bad_offset(const struct utf8 *utf8);

/*
 * The length in bytes (1 to 4) of the well-formed sequence at the start of data, whose code point is stored;
 * 0 when there is none (ill-formed, cut off, or n is 0).
 */
size_t utf8_decode(const void *data, size_t n, uint32_t *codepoint);

/*
 * May a terminal be given this code point as it is? No for what moves, hides or reorders text: C0, DEL, C1,
 * line and paragraph separators, bidi controls, zero-width and other default-ignorable characters (Unicode
 * 15, DerivedCoreProperties.txt, Default_Ignorable_Code_Point). Combining marks are text and may be shown.
 */
bool utf8_may_show(uint32_t codepoint);

#endif
