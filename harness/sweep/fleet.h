/*
 * fleet - carries out many runs, a few at a time, in one loop; each on programs of its own, or all on a
 * host's.
 *
 * On programs of their own the runs overlap, so that the next ones' programs start while one talks. On a
 * host's they advance in rounds: when no guest has anything to do but wait for the programs to settle, one
 * look serves all.
 */
#ifndef SEAM_HARNESS_SWEEP_FLEET_H
#define SEAM_HARNESS_SWEEP_FLEET_H

#include <signal.h>

#include "harness/runner.h"

struct fleet_job {
    const struct scenario *scenario;
    const struct segmentation *segmentation; /* borrowed until it has ended */
    struct run_options options;
    size_t tag;
};

struct fleet {
    struct world *world;
    struct run *host; /* NULL: programs of their own */
    size_t seats;     /* how many at a time, 1.. */
    const volatile sig_atomic_t *stop;
    void *context;
    bool (*next)(void *context, struct fleet_job *out); /* false: no more */
    /* Takes the record. lost: the host's programs ended while it ran, so it says nothing. */
    void (*ended)(void *context, size_t tag, struct record *record, bool lost);
};

/* 0; -1: stopped, or, with *host_ended, the host's programs did. Runs that could not begin end with an error
 * record. */
int fleet_drive(const struct fleet *fleet, bool *host_ended);

/* Starts the host's programs. NULL with text (a failure of its own, caller frees). */
struct run *fleet_host_open(const struct scenario *scenario, struct world *world,
                            const struct run_options *options, const volatile sig_atomic_t *stop,
                            char **text);
/* Ends its programs in order; record gets what it showed (caller closes). */
void fleet_host_close(struct run *host, struct world *world, struct record *record);

#endif
