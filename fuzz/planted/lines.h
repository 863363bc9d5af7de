/*
 * lines - a toy reader of delimited lines, right or with one planted bug.
 *
 * It is a state machine, fed byte by byte, in which the bug is a constant: each parser of lines.c is compiled
 * for its own, so that a fuzzer's instrumentation sees no trace of the others. Where a bug is known from a
 * real program, its place in the list names the program. A line has at most `limit` bytes, a CR before an LF
 * included; an overlong one is told by its length and skipped, or fails the stream.
 */
#ifndef SEAM_FUZZ_PLANTED_LINES_H
#define SEAM_FUZZ_PLANTED_LINES_H

#include "fuzz/planted/planted.h"

#include <stdlib.h>
#include <string.h>

#define INLINED static inline __attribute__((always_inline))

enum { LINE, OVERLONG, PARTIAL };

enum bug {
    NO_BUG,
    CR_IN_EARLIER_CHUNK,    /* vegur */
    REST_LOST,              /* libre: what came behind a message in the same read */
    FULL_AT_CHUNK_START,    /* memcached: a full buffer counts as overlong when more comes */
    FULL_WITH_CR,           /* twisted: a CR that may begin the delimiter counts as content */
    PARTIAL_OF_LAST_CHUNK,  /* Graylog and others lose the end of the stream */
    STALE_AFTER_OVERLONG,   /* netty: the flag is not taken back */
    COUNTED_AGAIN,          /* netty: each fragment counts what is buffered once more */
    TOLD_LATE,              /* stratum-watcher, jboss-remoting */
    EMPTY_ENDS,             /* a read of 0 bytes is the end */
    MORE_AFTER_FAILURE,     /* the error is forgotten */
    LINES_AFTER_FAILURE,    /* the error is remembered, but what follows is handled */
    GROWS,                  /* twisted, ftpserverlib: an overlong line is kept */
    RESCANS,                /* twisted, hyper: what is buffered is searched again */
    POINTER_KEPT,           /* bjoern */
    RESTART_LOST,           /* a byte that ends a false start is not looked at as a new start */
    RESTART_LOST_AT_CHUNK,  /* the same, where the byte comes with the next chunk */
    SWALLOWS_IN_CHUNK_ONLY, /* netty: the LF of a CR LF becomes a line of its own */
};

enum style { PLAIN, CR_TOLERANT, ANY_END };

struct options {
    const char *delimiter;
    size_t delimiter_bytes;
    enum style style;
    bool fails; /* on an overlong line */
    size_t limit;
    enum bug bug;
};

/* The reference: takes the whole stream in one chunk, and looks for one line after the other. */
void *naive_lines_open(struct seam_fuzz_events *events);
enum seam_fuzz_status naive_lines_feed(void *parser, const void *data, size_t length,
                                       const struct options *options);
enum seam_fuzz_status naive_lines_finish(void *parser, const struct options *options);
void naive_lines_close(void *parser);

/* --- the reader --------------------------------------------------------------------------------------- */

struct lines {
    struct seam_fuzz_events *events;
    char *line;
    size_t capacity, length, skipped; /* skipped: bytes of an overlong line, behind the first `length` */
    size_t carried;                   /* bytes of the line that came in earlier chunks than the last */
    size_t matched;                   /* bytes of a delimiter that may have begun */
    bool overlong, swallow_lf, failed;
    uint64_t work;
    /* Of single bugs. */
    bool late, skipped_in_earlier_chunk;
    size_t counted;
    const char *kept;
};

INLINED void *lines_open(struct seam_fuzz_events *events, const struct options *o)
{
    struct lines *p = calloc(1, sizeof *p);
    if (!p) {
        return NULL;
    }
    p->events = events;
    p->capacity = o->limit;
    p->line = malloc(p->capacity);
    if (!p->line) {
        free(p);
        return NULL;
    }
    return p;
}

static inline void lines_close(void *parser)
{
    free(((struct lines *)parser)->line);
    free(parser);
}

static inline size_t lines_memory_used(const void *parser)
{
    return ((const struct lines *)parser)->capacity;
}

static inline uint64_t lines_work_done(const void *parser)
{
    return ((const struct lines *)parser)->work;
}

static inline void keep_skipped(struct lines *p)
{
    if (p->length + p->skipped > p->capacity) {
        char *more = realloc(p->line, 2 * p->capacity);
        if (more) {
            p->line = more;
            p->capacity *= 2;
        }
    }
}

INLINED void add(struct lines *p, const struct options *o, char c)
{
    if (!p->overlong && p->length < o->limit) {
        p->line[p->length++] = c;
        return;
    }
    p->overlong = true;
    p->skipped++;
    if (o->bug == GROWS) {
        keep_skipped(p);
    }
    if (o->fails && !p->failed) {
        p->failed = true;
        seam_fuzz_number(p->events, OVERLONG, o->limit + 1);
    }
}

INLINED void tell_line(struct lines *p, const struct options *o)
{
    size_t length = p->length;
    bool stale = false;
    if (p->overlong && !o->fails) {
        seam_fuzz_number(p->events, OVERLONG, length + p->skipped);
        stale = o->bug == STALE_AFTER_OVERLONG && p->skipped_in_earlier_chunk;
    } else if (!p->overlong) {
        if (o->style == CR_TOLERANT && length && p->line[length - 1] == '\r' &&
            !(o->bug == CR_IN_EARLIER_CHUNK && p->carried == length)) {
            length--;
        }
        seam_fuzz_event(p->events, LINE, p->line, length);
    }
    p->length = p->skipped = p->carried = p->counted = 0;
    p->overlong = stale;
    p->late = p->skipped_in_earlier_chunk = false;
}

INLINED void end_line(struct lines *p, const struct options *o)
{
    if (o->bug == TOLD_LATE && p->carried && !p->overlong) {
        p->late = true;
    } else {
        tell_line(p, o);
    }
}

/* The longest end of the delimiter's first n bytes that is also a start of it. */
INLINED size_t border(const struct options *o, size_t n)
{
    size_t k = n - 1;
    while (k > 0 && memcmp(o->delimiter, o->delimiter + n - k, k) != 0) {
        k--;
    }
    return k;
}

INLINED void step(struct lines *p, const struct options *o, char c, bool first)
{
    p->work++;
    if (o->bug == TOLD_LATE && p->late) {
        tell_line(p, o);
    }
    if (o->style == ANY_END) {
        bool swallowed = p->swallow_lf && c == '\n';
        p->swallow_lf = c == '\r';
        if (c == '\r' || (c == '\n' && !swallowed)) {
            end_line(p, o);
        } else if (!swallowed) {
            add(p, o, c);
        }
        return;
    }
    while (p->matched > 0 && c != o->delimiter[p->matched]) {
        bool lost = o->bug == RESTART_LOST || (o->bug == RESTART_LOST_AT_CHUNK && first);
        size_t begun = p->matched;
        p->matched = lost ? 0 : border(o, begun);
        for (size_t i = 0; i < begun - p->matched; i++) {
            add(p, o, o->delimiter[i]);
        }
        if (lost) {
            add(p, o, c);
            return;
        }
    }
    if (c != o->delimiter[p->matched]) {
        add(p, o, c);
    } else if (++p->matched == o->delimiter_bytes) {
        p->matched = 0;
        end_line(p, o);
    }
}

/* What the bugs do when a chunk comes. */
INLINED void begin_chunk(struct lines *p, const struct options *o, size_t length)
{
    if (o->bug == EMPTY_ENDS && length == 0 && p->length) {
        seam_fuzz_event(p->events, PARTIAL, p->line, p->length);
        p->length = 0;
    }
    if (length == 0) {
        return;
    }
    if (o->bug == TOLD_LATE && p->late) {
        tell_line(p, o);
    }
    if (o->bug == POINTER_KEPT && p->kept) {
        memcpy(p->line, p->kept, p->length);
        p->kept = NULL;
    }
    p->carried = p->length;
    p->skipped_in_earlier_chunk = p->skipped > 0;
    bool full = p->length == o->limit && p->skipped == 0;
    if (full &&
        ((o->bug == FULL_AT_CHUNK_START && p->matched == 0) || (o->bug == FULL_WITH_CR && p->matched > 0))) {
        p->overlong = true;
    }
    if (o->bug == COUNTED_AGAIN) {
        p->counted += p->length;
        p->overlong = p->overlong || p->counted > o->limit;
    }
    if (o->bug == RESCANS) {
        p->work += p->length;
    }
    if (o->bug == SWALLOWS_IN_CHUNK_ONLY) {
        p->swallow_lf = false;
    }
}

INLINED enum seam_fuzz_status lines_feed(void *parser, const void *data, size_t length,
                                         const struct options *o)
{
    struct lines *p = parser;
    const char *bytes = data;
    if (p->failed && o->bug != LINES_AFTER_FAILURE) {
        return o->bug == MORE_AFTER_FAILURE ? SEAM_FUZZ_MORE : SEAM_FUZZ_FAILED;
    }
    begin_chunk(p, o, length);
    bool had_failed = p->failed;
    for (size_t i = 0; i < length; i++) {
        size_t carried = p->carried;
        step(p, o, bytes[i], i == 0);
        if (p->failed && !had_failed) {
            return SEAM_FUZZ_FAILED;
        }
        if (o->bug == REST_LOST && carried && !p->carried) {
            return SEAM_FUZZ_MORE;
        }
    }
    if (o->bug == POINTER_KEPT && length && p->length && !p->overlong && !p->carried) {
        p->kept = bytes + length - p->length;
    }
    return p->failed ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
}

INLINED enum seam_fuzz_status lines_finish(void *parser, const struct options *o)
{
    struct lines *p = parser;
    if (o->bug == TOLD_LATE && p->late) {
        tell_line(p, o);
    }
    if (o->bug == POINTER_KEPT && p->kept) {
        memcpy(p->line, p->kept, p->length);
    }
    for (size_t i = 0; i < p->matched; i++) {
        add(p, o, o->delimiter[i]);
    }
    if (p->overlong && !o->fails && p->length + p->skipped) {
        seam_fuzz_number(p->events, OVERLONG, p->length + p->skipped);
    } else if (!p->overlong && p->length) {
        size_t lost = o->bug == PARTIAL_OF_LAST_CHUNK ? p->carried : 0;
        seam_fuzz_event(p->events, PARTIAL, p->line + lost, p->length - lost);
    }
    return p->failed ? SEAM_FUZZ_FAILED : SEAM_FUZZ_DONE;
}

#endif
