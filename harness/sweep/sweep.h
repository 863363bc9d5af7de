/*
 * sweep - finds out whether what a program does depends on how its streams were cut, joined, ended or paced.
 *
 * One scenario, one call: baselines, each message alone, the plan, the variants, cost and health; what is odd
 * is repeated alone on fresh programs, grouped by cause and shrunk. The outcome is one result, in the words
 * that all reports use. Deterministic for a seed, but for what the program itself leaves to chance.
 */
#ifndef SEAM_HARNESS_SWEEP_SWEEP_H
#define SEAM_HARNESS_SWEEP_SWEEP_H

#include <signal.h>

#include "harness/runner.h"

#define SWEEP_BUDGET_CASES_DEFAULT 500
#define SWEEP_SEED_DEFAULT         1

/* What others may see of a sweep that goes on; in shared memory, written by one process only. */
struct sweep_progress {
    volatile uint64_t planned, done, findings;
};

struct sweep_options {
    uint64_t budget_cases; /* 0: what the scenario says, else SWEEP_BUDGET_CASES_DEFAULT */
    uint64_t budget_ns;    /* 0: no limit in time, or the scenario's */
    uint64_t seed;
    bool pipeline;
    bool keep_going; /* not: stop at the first finding */
    bool no_shrink;
    enum evidence evidence;
    uint64_t paced_ns;
    bool allow_remote;
    const struct segmentation *only;        /* --cut: this case alone; NULL: the plan */
    const struct scenario_options *loading; /* how scenarios are loaded, for reproductions */
    const char *output;                     /* the folder of reproductions; made when it is needed */
    const char *run_text;     /* what a run of a reproduction needs beside its file: variables are in it */
    const char *options_text; /* what a rerun needs beside the file, for the commands that are printed */
    const volatile sig_atomic_t *stop;
    struct sweep_progress *progress; /* may be NULL */
    /* Draws a run as SVG, which the caller frees; message: what is odd with it, or NULL. NULL: no pictures.
     */
    char *(*draw)(const struct scenario *scenario, const struct record *record, const char *message);
};

/* Fills a result (result_close): path, name and rerun are the caller's business. When *stop was set it says
 * nothing. */
void sweep_scenario(const struct scenario *scenario, struct world *world, const struct sweep_options *options,
                    struct result *out);
/* Writes what would be tried, a line per case ("single cut  alice@17"), to out. 0, or -1: the baseline fails,
 * and result says why. */
int sweep_dry_run(const struct scenario *scenario, struct world *world, const struct sweep_options *options,
                  struct bytes *out, struct result *result);
/* Shrinks the failure of a scenario under a segmentation (NULL: as written, or its own "cut"). */
void sweep_shrink(const struct scenario *scenario, const struct segmentation *segmentation,
                  struct world *world, const struct sweep_options *options, struct result *out);

#endif
