/*
 * events - what a parser told in one run, in a bounded piece of memory.
 *
 * Two stories are compared by what is counted and hashed as it comes, so one of any length can be; for the
 * report the start of it is kept as it was told. The sink does not see chunks: events of a merged kind that
 * follow one another are one, wherever the parser was when it told them.
 */
#ifndef SEAM_FUZZ_LAYER_EVENTS_H
#define SEAM_FUZZ_LAYER_EVENTS_H

#include "fuzz/include/seam/fuzz.h"

/* How far a story had come. Two of them are equal exactly when what was told until then is (but for
 * collisions of a 64-bit hash). */
struct events_mark {
    uint64_t hash, bytes; /* bytes: of the event at hand */
    uint64_t count;       /* events begun */
};

struct seam_fuzz_events {
    uint64_t merged_kinds;
    struct events_mark now;
    bool open; /* an event has begun, and may go on if its kind is merged */
    unsigned kind;
    bool closed; /* nothing may be told any more */
    bool told_after_close;

    unsigned char *kept; /* records: struct event_head, its bytes */
    size_t kept_bytes, kept_max;
    size_t last_head; /* of the event at hand, in kept */
    bool kept_whole;
};

struct event_head {
    uint64_t length; /* told; kept are the first of them */
    uint32_t kept;
    uint32_t kind;
};

/* memory is borrowed. */
void events_open(struct seam_fuzz_events *events, uint64_t merged_kinds, void *memory, size_t bytes);
/* The story so far, as if the event at hand ended here. */
struct events_mark events_mark(const struct seam_fuzz_events *events);
bool events_mark_equal(struct events_mark a, struct events_mark b);

/* Walks over the kept events: *at from 0; false: no more. */
bool events_next(const struct seam_fuzz_events *events, size_t *at, struct event_head *head,
                 const unsigned char **data);

#endif
