/*
 * utf8 - src/utf8.c beside a decoder of the whole stream.
 *
 * Files: src/utf8.c
 *
 * Reaches: all of utf8.c. Told are the characters, as a caller finds them who keeps an unfinished one between
 * reads, and where the first bad sequence begins. Besides, utf8_decode() is tried at each offset of each
 * chunk, whose end is poisoned, and utf8_may_show() on what it finds.
 */
#include "fuzz/include/seam/fuzz.h"
#include "fuzz/targets/naive_text.h"
#include "src/utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CHARACTER, BAD };
static const char *const names[] = {"character", "bad at", NULL};

/* --- the validator --- */

struct under_test {
    struct utf8 utf8;
    struct seam_fuzz_events *events;
    uint64_t at;           /* in the stream, of the next byte */
    unsigned char held[4]; /* an unfinished character */
    size_t held_bytes;
    bool bad; /* and told */
    uint64_t bad_at;
};

static void *open_utf8(struct seam_fuzz_events *events)
{
    struct under_test *t = calloc(1, sizeof *t);
    if (t) {
        t->events = events;
    }
    return t;
}

static void try_to_decode(const unsigned char *data, size_t n)
{
    for (size_t i = 0; i <= n; i++) {
        uint32_t got = 0, wanted = 0;
        size_t length = 0, decoded = utf8_decode(data + i, n - i, &got);
        bool there = i < n && naive_utf8(data + i, n - i, &length, &wanted) == NAIVE_WELL_FORMED;
        assert(decoded == (there ? length : 0));
        assert(got == wanted);
        assert(!there || utf8_may_show(got) == naive_may_show(got));
    }
}

static enum seam_fuzz_status feed_utf8(void *parser, const void *data, size_t length)
{
    struct under_test *t = parser;
    const unsigned char *bytes = data;
    try_to_decode(bytes, length);
    bool bad = utf8_feed(&t->utf8, data, length) == UTF8_BAD;
    if (t->bad) {
        assert(utf8_bad_offset(&t->utf8) == t->bad_at);
        return bad ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
    }
    uint64_t good = bad ? utf8_bad_offset(&t->utf8) : t->at + length;
    for (size_t i = 0; i < length && t->at < good; i++, t->at++) {
        uint32_t codepoint;
        t->held[t->held_bytes++] = bytes[i];
        if (utf8_decode(t->held, t->held_bytes, &codepoint)) {
            seam_fuzz_number(t->events, CHARACTER, codepoint);
            t->held_bytes = 0;
        }
        assert(t->held_bytes < sizeof t->held);
    }
    t->bad = bad;
    t->bad_at = good;
    if (bad) {
        seam_fuzz_number(t->events, BAD, good);
    }
    return bad ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status finish_utf8(void *parser)
{
    struct under_test *t = parser;
    if (utf8_end(&t->utf8) == UTF8_OK) {
        assert(t->held_bytes == 0);
        return SEAM_FUZZ_DONE;
    }
    seam_fuzz_number(t->events, BAD, utf8_bad_offset(&t->utf8));
    return SEAM_FUZZ_FAILED;
}

/* --- the reference --- */

struct naive {
    struct seam_fuzz_events *events;
    size_t length, bad; /* of the stream; where it goes bad, or its length */
};

static void *open_naive(struct seam_fuzz_events *events)
{
    struct naive *n = calloc(1, sizeof *n);
    if (n) {
        n->events = events;
    }
    return n;
}

static enum seam_fuzz_status feed_naive(void *parser, const void *data, size_t length)
{
    struct naive *n = parser;
    size_t certain = naive_utf8_bad(data, length, false);
    n->length = length;
    n->bad = naive_utf8_bad(data, length, true);
    for (size_t at = 0, bytes; at < n->bad; at += bytes) {
        uint32_t codepoint;
        naive_utf8((const unsigned char *)data + at, length - at, &bytes, &codepoint);
        seam_fuzz_number(n->events, CHARACTER, codepoint);
    }
    if (certain == length) {
        return SEAM_FUZZ_MORE;
    }
    seam_fuzz_number(n->events, BAD, certain);
    return SEAM_FUZZ_FAILED;
}

static enum seam_fuzz_status finish_naive(void *parser)
{
    const struct naive *n = parser;
    if (n->bad == n->length) {
        return SEAM_FUZZ_DONE;
    }
    seam_fuzz_number(n->events, BAD, n->bad);
    return SEAM_FUZZ_FAILED;
}

static const struct seam_fuzz_parser naive = {
    .name = "naive", .open = open_naive, .feed = feed_naive, .finish = finish_naive, .close = free};

/* --- the target --- */

/* What a cut can fall into: the mutator cuts delimiters. */
static const struct seam_fuzz_bytes characters[] = {SEAM_FUZZ_BYTES("\xc3\xa9"),
                                                    SEAM_FUZZ_BYTES("\xe2\x82\xac"),
                                                    SEAM_FUZZ_BYTES("\xf0\x9f\x98\x80"),
                                                    {NULL, 0}};
/* The edges of the rows of table 3-7, and what lies beyond them. */
static const struct seam_fuzz_bytes edges[] = {SEAM_FUZZ_BYTES("\x7f"),
                                               SEAM_FUZZ_BYTES("\xc1\xbf"),
                                               SEAM_FUZZ_BYTES("\xc2\x80"),
                                               SEAM_FUZZ_BYTES("\xdf\xbf"),
                                               SEAM_FUZZ_BYTES("\xe0\x9f\xbf"),
                                               SEAM_FUZZ_BYTES("\xe0\xa0\x80"),
                                               SEAM_FUZZ_BYTES("\xed\x9f\xbf"),
                                               SEAM_FUZZ_BYTES("\xed\xa0\x80"),
                                               SEAM_FUZZ_BYTES("\xee\x80\x80"),
                                               SEAM_FUZZ_BYTES("\xef\xbf\xbf"),
                                               SEAM_FUZZ_BYTES("\xf0\x8f\xbf\xbf"),
                                               SEAM_FUZZ_BYTES("\xf0\x90\x80\x80"),
                                               SEAM_FUZZ_BYTES("\xf4\x8f\xbf\xbf"),
                                               SEAM_FUZZ_BYTES("\xf4\x90\x80\x80"),
                                               SEAM_FUZZ_BYTES("\xe2\x80\x8b"),
                                               SEAM_FUZZ_BYTES("\xe2\x80\xae"),
                                               SEAM_FUZZ_BYTES("\xef\xb8\x8f"),
                                               SEAM_FUZZ_BYTES("\xf3\xa0\x84\x80"),
                                               {NULL, 0}};

static const struct seam_fuzz_parser utf8 = {.name = "utf8",
                                             .open = open_utf8,
                                             .feed = feed_utf8,
                                             .finish = finish_utf8,
                                             .close = free,
                                             .kind_names = names,
                                             .delimiters = characters,
                                             .words = edges,
                                             .reference = &naive};
SEAM_FUZZ_TARGET(&utf8);
