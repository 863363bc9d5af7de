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
#include "harness/trace.h"
#include "harness/transcript.h"

struct world;
struct run;

enum run_checkpoints {
    RUN_CHECKPOINTS_NONE,
    RUN_CHECKPOINTS_CALM, /* after each chunk wait until the programs have settled, and note what was said */
    RUN_CHECKPOINTS_SILENT, /* the same, and timers must have gone off twice with nothing said */
};

struct run_options {
    enum evidence evidence; /* what a cut must be proved with; EVIDENCE_DRAINED is the default of the tool */
    uint64_t paced_ns;      /* how long EVIDENCE_PACED waits after a write */
    const char *tmp;        /* folder for the private folders of programs; NULL: $TMPDIR or the system's */
    bool keep;              /* keep folders of passing runs too */
    bool allow_remote;
    bool drop_folders; /* also those of failing runs */
    bool update;       /* an expectation of literal bytes that is not met takes what came instead */
    bool trace;        /* for run_take_record */
    enum run_checkpoints checkpoints;
    bool checkpoint_bursts; /* also before the first chunk of each burst */
    uint64_t
        checkpoint_bytes; /* not 0: only each time so many more were sent, and note what the programs use */
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
/* Where an ended run failed: the step, an index into the script or its end, and how many events there were by
 * then. False: it did not. */
bool run_failed_where(const struct run *run, size_t *step, size_t *events);
/* What an ended run came to; out is owned by the caller (result_close). */
void run_result(const struct run *run, struct result *out);

/* How a run failed. */
enum run_failure {
    RUN_FAILURE_STEP, /* an expectation, a limit, or it could not be carried out: whatever is none of these */
    RUN_FAILURE_END,  /* a program ended wrongly, crashed, or left a sanitizer report */
    RUN_FAILURE_UNREAD, /* a chunk that had to be read before the next was not */
    RUN_FAILURE_MISFIT, /* a listed cut that is no free place, or was never reached */
};

/* What an ended run showed, for a sweep: owned, outlives the run, needs its scenario for names only. */
struct record {
    struct transcript transcript; /* names of streams are owned by the record */
    struct trace trace;
    bool failed;
    enum run_failure failure;
    enum result_status status; /* RESULT_PASSED, RESULT_FAILED or RESULT_ERROR */
    char *message;             /* of a failure */
    char *detail;
    char *notes;
    char path_line[64]; /* "12:5" of the failing step; "" when there is none */
    size_t failed_at;   /* index into the script; SIZE_MAX: none */
    enum evidence evidence;
    uint64_t cuts_proved;
    bool unread;           /* of some connection the last bytes were never read */
    uint64_t unsent_bytes; /* of ours that could not leave: the program had closed */
    char who[160];         /* what the programs waited in when it was last looked at them */
};
/* Moves it out of an ended run that had options.trace. The run is good for nothing but run_free then. */
void run_take_record(struct run *run, struct record *out);
void record_close(struct record *record);

/* --- several runs on the same programs
 * ------------------------------------------------------------------------------ */

/* Can runs of it share programs: are those started first and stopped last, and is all between on connections?
 */
bool scenario_can_share(const struct scenario *scenario);
/* A run that starts the programs and holds them. Advance it as any other: run_is_hosting tells when guests
 * may come. It ends, false from run_advance, when a program did or after run_dismiss; then all guests must
 * have been freed. */
struct run *run_new_host(const struct scenario *scenario, struct world *world,
                         const struct run_options *options, struct seam_error *error);
bool run_is_hosting(const struct run *host);
void run_dismiss(struct run *host);
/* A run on the host's programs; scenario may be another with the same programs, connections and slots. Free
 * it before the host. */
struct run *run_new_guest(const struct scenario *scenario, const struct segmentation *segmentation,
                          struct run *host, const struct run_options *options, struct seam_error *error);
/* A guest can't tell alone whether the programs have settled: it wishes for a look, and whoever drives the
 * company looks when no guest has anything else to do. False: they are busy. */
bool run_wishes_look(const struct run *run);
bool run_company_look(struct run *host);
/* What the programs of a run use now. False: it can't be known. */
struct world_usage;
bool run_usage(const struct run *run, struct world_usage *usage);
/* Did something happen on its stage since the last call? The stage is the company's for all who share it. */
bool run_is_active(struct run *run);

/* Advances all runs until each has ended. */
void runs_drive(struct world *world, struct run *const *runs, size_t count);

#endif
