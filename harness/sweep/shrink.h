/* shrink - the inside of shrinking, for shrink.c and trial.c. */
#ifndef SEAM_HARNESS_SWEEP_SHRINK_H
#define SEAM_HARNESS_SWEEP_SHRINK_H

#include "harness/sweep/sweep_inside.h"

enum { SHRINK_STAGES = 3 };

struct shrink {
    struct sweep *sweep;
    struct finding *finding;
    struct specimen best;
    struct shown shown; /* of the best */
    bool has_shown;
    size_t runs;
    uint64_t until_ns;
    struct run *host;                      /* candidates share its programs; NULL: each has its own */
    bool alone;                            /* they may not */
    struct specimen stages[SHRINK_STAGES]; /* the best before each way of making it smaller */
    size_t stage_count;
};

/* trial.c: does the specimen show the finding? shown is owned by the caller then. */
bool trial_shows(struct shrink *shrink, const struct specimen *specimen, struct shown *shown);
void trial_close_host(struct shrink *shrink);

#endif
