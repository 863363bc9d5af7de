/* plan_inside - what plan.c and plan_kinds.c share. */
#ifndef SEAM_HARNESS_SWEEP_PLAN_INSIDE_H
#define SEAM_HARNESS_SWEEP_PLAN_INSIDE_H

#include "harness/sweep/plan.h"

/* Each message its own write, but for: the ends that are joined, and further places of one connection. */
struct cut_choice {
    size_t connection;
    const uint64_t *places; /* ascending; at the end of a joined message a place cuts there all the same */
    size_t count;
    size_t join;   /* this message with the next; SIZE_MAX: none */
    bool join_all; /* all messages of join_burst; SIZE_MAX: of every burst */
    size_t join_burst;
};

struct plan_maker {
    const struct layout *layout;
    const struct scenario *scenario;
    const struct plan_options *options;
    struct plan *plan;
};

uint64_t plan_mix(uint64_t state, uint64_t value); /* a hash, also for orders that a seed decides */
int plan_cut_at(const struct layout *layout, const struct cut_choice *choice, struct segmentation *out);
int plan_add(struct plan_maker *maker, enum case_kind kind, struct segmentation *segmentation, size_t message,
             const struct cut_choice *choice);
int plan_add_choice(struct plan_maker *maker, enum case_kind kind, size_t message,
                    const struct cut_choice *choice);
int plan_add_shared_kinds(struct plan_maker *maker); /* plan_kinds.c: the kinds that share the budget */

#endif
