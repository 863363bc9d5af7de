/* draft - a stream and its cuts that are being changed: cuts stay with the bytes around them. */
#ifndef SEAM_FUZZ_LAYER_DRAFT_H
#define SEAM_FUZZ_LAYER_DRAFT_H

#include "fuzz/include/seam/fuzz.h"

struct draft {
    unsigned char *data;
    size_t length, room;
    size_t *cuts;
    size_t cut_count, cuts_max;
};

/* A copy, as far as there is room. */
void draft_take(struct draft *draft, const struct seam_fuzz_stream *stream);
/* What does not fit any more is left out. data must not lie in the draft. Returns how many bytes were put in.
 */
size_t draft_insert(struct draft *draft, size_t at, const void *data, size_t length);
/* The same with one byte, many times. */
size_t draft_fill(struct draft *draft, size_t at, unsigned char byte, size_t length);
/* Cuts in the range fall together at its start; only one of them stays. */
void draft_erase(struct draft *draft, size_t at, size_t length);
/* The first draft length bytes are new ones: cuts behind them are gone. */
void draft_resize(struct draft *draft, size_t length);
/* Nothing happens when there is no room, or the offset is past the end. */
void draft_cut(struct draft *draft, size_t at);
void draft_uncut(struct draft *draft, size_t index);

#endif
