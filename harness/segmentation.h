/*
 * segmentation - the set of cuts of a run, as a value: parse, print, look up.
 *
 * Its id is what --cut takes, what "cut" in a file holds and what every report prints:
 *   alice@17,18   exactly these cuts at the free places (gates always cut and are not listed)
 *   alice@        no cut at a free place        alice@*   every byte
 *   alice@%7      chunks of 7 bytes             alice@=   as written
 *   #42           a seeded interleaving of actors
 * joined by `;`. Offsets count the bytes sent on that connection. FIN is one more byte. Connections left out
 * are as written.
 */
#ifndef SEAM_HARNESS_SEGMENTATION_H
#define SEAM_HARNESS_SEGMENTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/bytes.h"
#include "src/error.h"

enum {
    SEGMENTATION_CUTS_MAX = 1000000, /* in one id, over all its connections */
    SEGMENTATION_CONNECTIONS_MAX = 4096,
};

enum cut_rule { CUTS_AS_WRITTEN, CUTS_LISTED, CUTS_EVERY_BYTE, CUTS_CHUNKS };

struct segmentation_item {
    char *connection;
    enum cut_rule rule;
    uint64_t *cuts; /* CUTS_LISTED: ascending, no duplicates, each > 0 */
    size_t cut_count;
    uint64_t chunk_bytes; /* CUTS_CHUNKS: 1.. */
};

struct segmentation {
    struct segmentation_item *items; /* in the order of the id; a connection at most once */
    size_t item_count;
    bool interleaved;
    uint64_t interleave_seed;
};

/* 0 and an owned value, or -1 with error->text and error->column (1 = first byte of the id). */
int segmentation_parse(const char *id, struct segmentation *out, struct seam_error *error);
void segmentation_close(struct segmentation *segmentation);
int segmentation_print(const struct segmentation *segmentation, struct bytes *out); /* the id, canonical */
const struct segmentation_item *segmentation_find(const struct segmentation *segmentation,
                                                  const char *connection);

/* Equal ids in canonical form: the same items in the same order, the same interleaving. */
bool segmentation_equal(const struct segmentation *a, const struct segmentation *b);
/* 0, or -1 out of memory; out is then empty. */
int segmentation_copy(const struct segmentation *from, struct segmentation *out);
/* Gives the connection this rule, with a copy of the cuts (ascending, each > 0) where the rule lists them; an item that
 * it has already is replaced. 0, or -1 out of memory. */
int segmentation_set(struct segmentation *segmentation, const char *connection, enum cut_rule rule,
                     uint64_t chunk_bytes, const uint64_t *cuts, size_t cut_count);
/* Adds what the other one says: listed cuts of a connection that both list are united, every other item of the other
 * one replaces, and so does its interleaving. 0, or -1 out of memory. */
int segmentation_combine(struct segmentation *segmentation, const struct segmentation *other);

/* Is offset (bytes sent before it, counted on the connection) a cut? burst_start: where the current burst
 * began; as_written: whether a write of the scenario ends there. item NULL (the id leaves the connection
 * out): as written. */
bool segmentation_cuts_at(const struct segmentation_item *item, uint64_t burst_start, uint64_t offset,
                          bool as_written);

#endif
