/*
 * feed - one run of a parser over a stream with its cuts, and the promises that can be judged by that run
 * alone.
 *
 * Each chunk is copied to a place of its own whose surroundings are poisoned, and gone when the call returns:
 * a parser that reads past its end, or keeps a pointer into it, is seen by AddressSanitizer, or by what it
 * tells.
 */
#ifndef SEAM_FUZZ_LAYER_FEED_H
#define SEAM_FUZZ_LAYER_FEED_H

#include "fuzz/layer/events.h"

struct feed_story {
    struct seam_fuzz_events events;
    bool judged; /* false: the parser could not be opened */
    enum seam_fuzz_status status;
    bool came_to_the_end;          /* nothing ended it before the stream did */
    struct events_mark before_end; /* what was told until then */
    enum seam_fuzz_verdict verdict;
    size_t at;             /* of the verdict: offset in the stream behind the chunk */
    uint64_t found, bound; /* of the verdict: bytes of memory, work */
};

/* chunk: room for the whole stream, 8-aligned. kept: memory for the events. Both are borrowed. */
void feed_stream(const struct seam_fuzz_parser *parser, const struct seam_fuzz_stream *stream,
                 unsigned char *chunk, unsigned char *kept, size_t kept_bytes, struct feed_story *out);

/* Do they tell the same, at the same time? CLEAN, INVARIANCE or PROGRESS. */
enum seam_fuzz_verdict feed_compare(const struct seam_fuzz_parser *parser, const struct feed_story *a,
                                    const struct feed_story *b);

#endif
