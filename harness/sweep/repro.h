/* repro - the inside of reproductions, for repro.c and repro_script.c. */
#ifndef SEAM_HARNESS_SWEEP_REPRO_H
#define SEAM_HARNESS_SWEEP_REPRO_H

#include "harness/sweep/sweep_inside.h"

struct repro_size {
    size_t cuts;  /* in messages, and joins of two */
    size_t steps; /* besides start, connect, greeting, close and stop */
};

/* A scenario that writes as the specimen says (alone: each message by itself) and expects what was said when
 * each message came alone. gates: where a slow connection is not read, a `settle` stands for the expects. out
 * is to be closed in any case. */
bool repro_script(const struct specimen *specimen, const struct shown *shown, bool alone, bool gates,
                  struct subject *out, struct repro_size *size);

#endif
