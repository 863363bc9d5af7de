/*
 * mask - what may differ between two runs of a program that behaves alike: clocks, ids, an order.
 *
 * Three sources: what named groups of the scenario's patterns matched (compared by name), lines that
 * `unordered` took (compared sorted) and whole lines that match a pattern of sweep.mask; and places that were
 * seen to differ between two baselines. A place is a token of a line of a stream: a run of letters, digits, -
 * and non-ASCII bytes, or one other byte. A stream's canonical form has a placeholder for each masked part;
 * two streams are alike when those are equal.
 */
#ifndef SEAM_HARNESS_SWEEP_MASK_H
#define SEAM_HARNESS_SWEEP_MASK_H

#include "harness/runner.h"

struct mask_place {
    size_t stream;
    size_t line;  /* from 0; SIZE_MAX: how the stream ended */
    size_t token; /* from 0; SIZE_MAX: this line and all behind it */
    bool rest;    /* this token and the others of the line */
};

struct masks {
    const struct scenario *scenario; /* for sweep.mask */
    struct mask_place *places;
    size_t count, capacity;
};

void masks_close(struct masks *masks);

/* Adds the places at which a stream of two records differs. Returns how many were added; 0: none, they were
 * alike, or differ in how they ended, which no mask can cover. */
size_t masks_learn(struct masks *masks, const struct record *a, const struct record *b, size_t stream);
/* Did two baselines end this stream differently? */
bool masks_hide_end(const struct masks *masks, size_t stream);
/* Which share of a stream is masked by learnt places, in per cent. SIZE_MAX: of all streams, by those places
 * of what connections are told. */
unsigned masks_share(const struct masks *masks, const struct record *record, size_t stream);
/* The stream is not compared at all. Returns how many places were added. */
size_t masks_hide_stream(struct masks *masks, size_t stream);
/* "alice line 1, \"56\"": for the report. */
int masks_print(const struct masks *masks, const struct record *record, struct bytes *out);

struct canon {
    const char *bytes;
    size_t length;
    size_t *map; /* raw offset -> canonical offset, raw length + 1 entries; NULL: the same */
    char *owned;
};
/* 0, or -1 out of memory. Borrows from the record where nothing is masked. */
int canon_make(const struct masks *masks, const struct record *record, size_t stream, struct canon *out);
void canon_close(struct canon *canon);
size_t canon_offset(const struct canon *canon, size_t raw); /* of a raw offset */

#endif
