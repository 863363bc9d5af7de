/*
 * runner - carries out a scenario under a segmentation in a world: run(scenario, segmentation, world) ->
 * transcript + verdict.
 *
 * A run is a value: any number of them may be in flight in one process, driven by one loop (runs_drive).
 * run_advance never blocks and never prints. The verdict is made from the transcript, and a failure stops the
 * run at once.
 */
#ifndef SEAM_HARNESS_RUNNER_H
#define SEAM_HARNESS_RUNNER_H

#include "harness/result.h"
#include "harness/scenario.h"
#include "harness/segmentation.h"
#include "harness/transcript.h"

struct world;
struct run;

struct run_options {
    enum evidence evidence; /* what a cut must be proved with; EVIDENCE_DRAINED is the default of the tool */
    uint64_t paced_ns;      /* how long EVIDENCE_PACED waits after a write */
    const char *tmp;        /* folder for the private folders of programs; NULL: $TMPDIR or the system's */
    bool keep;              /* keep folders of passing runs too */
    bool allow_remote;
};

/* NULL with error filled when the run can't be set up (a cut that doesn't fit, no folder). Scenario,
 * segmentation and world are borrowed until run_free; segmentation NULL: as written (or the scenario's own
 * "cut"). */
struct run *run_new(const struct scenario *scenario, const struct segmentation *segmentation,
                    struct world *world, const struct run_options *options, struct seam_error *error);
void run_free(struct run *run); /* ends every program, closes everything, also in the middle of a run */

bool run_advance(struct run *run); /* true: goes on; false: has ended */
uint64_t
run_due_ns(const struct run *run); /* on the world's clock: when to advance it though nothing happened */
const struct transcript *run_transcript(const struct run *run); /* borrowed from run */
/* What an ended run came to; out is owned by the caller (result_close). */
void run_result(const struct run *run, struct result *out);

/* Advances all runs until each has ended. */
void runs_drive(struct world *world, struct run *const *runs, size_t count);

#endif
