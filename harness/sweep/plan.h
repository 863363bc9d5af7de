/*
 * plan - which segmentations a sweep tries, in which order: the same for the same layout, budget and seed.
 *
 * The cheapest and most telling come first, and none comes twice: two ids that cut the same places are one
 * case. What does not fit into the budget is counted, by kind. notes on each kind: what the classes of real
 * bugs ask for (docs/sweep.md). Knows no world and no verdict.
 */
#ifndef SEAM_HARNESS_SWEEP_PLAN_H
#define SEAM_HARNESS_SWEEP_PLAN_H

#include "harness/sweep/layout.h"

/* In the order in which they are tried. */
enum case_kind {
#define CASE_KIND(name, word, doc) CASE_##name,
#include "harness/sweep/case_kinds.def"
#undef CASE_KIND
    CASE_KIND_COUNT,
};
extern const char *const case_kind_words[CASE_KIND_COUNT]; /* "single cut" */
extern const char *const case_kind_docs[CASE_KIND_COUNT];

enum { PLAN_CUTS_MAX = 3 };

struct plan_case {
    enum case_kind kind;
    struct segmentation segmentation;
    char *id;
    size_t message; /* whose bytes are cut, or which is joined with the next; SIZE_MAX: no single one */
    uint64_t cuts[PLAN_CUTS_MAX]; /* beside the ends of messages */
    size_t cut_count;
};

struct plan {
    struct plan_case *cases;
    size_t count, capacity;
    uint64_t possible[CASE_KIND_COUNT]; /* how many there are, without those that came before */
    uint64_t chosen[CASE_KIND_COUNT];
    struct segmentation lockstep; /* each message its own write: the reference of progress */
    size_t places;                /* free ones, over all bursts */
    struct seen *seen;
};

struct plan_options {
    uint64_t budget; /* cases */
    uint64_t seed;
    bool joins_only; /* of a pipelined scenario: what cuts no message is not there yet */
};

/* baseline: the run as written, whose own cuts need no case. 0, or -1 out of memory. */
int plan_make(const struct layout *layout, const struct scenario *scenario, const struct record *baseline,
              const struct plan_options *options, struct plan *out);
void plan_close(struct plan *plan);
/* The segmentation with each message its own write. 0, or -1 out of memory. */
int plan_lockstep(const struct layout *layout, struct segmentation *out);
/* Lists the places at which a segmentation cuts the bursts of a connection, ascending; caller frees. NULL:
 * none, or out of memory. */
uint64_t *plan_effective_cuts(const struct layout *layout, const struct segmentation *segmentation,
                              size_t connection, size_t *count);

#endif
