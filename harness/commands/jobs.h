/*
 * jobs - numbered cases carried out by worker processes, told in the order of their numbers.
 *
 * Knows results, and neither scenarios nor worlds: what a worker does is given as functions. Each worker is
 * forked from here with everything that the functions need already in memory, has one case at a time, and
 * answers with one line of JSON. A worker that dies costs its case, which becomes an internal error, and is
 * replaced.
 *
 * No worker outlives jobs_run, nor this process: they get SIGKILL when it dies (PR_SET_PDEATHSIG).
 */
#ifndef SEAM_HARNESS_COMMANDS_JOBS_H
#define SEAM_HARNESS_COMMANDS_JOBS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/result.h"
#include "src/error.h"

struct jobs {
    size_t case_count;
    size_t worker_count; /* 1.. */
    void *context;       /* handed to every function */

    /* In the worker. open: once, what the cases of this worker share, handed to execute and close; may return
     * NULL. execute fills a result that is closed by the caller; when *stop is set it returns soon, and what
     * it filled is thrown away. */
    void *(*open)(void *context);
    void (*execute)(void *context, void *shared, size_t index, const volatile sig_atomic_t *stop,
                    struct result *out);
    void (*close)(void *context, void *shared);

    /* Here. False: stop. ended: as soon as a case has ended; told: in the order of the cases. lost: fills the
     * result of a case whose worker died, with its text. tick: now and then, at least every TICK_MS while
     * something runs. ended and tick may be NULL. */
    bool (*ended)(void *context, size_t index, const struct result *result);
    bool (*told)(void *context, size_t index, const struct result *result);
    void (*lost)(void *context, size_t index, const char *text, struct result *out);
    void (*tick)(void *context, size_t ended_count);
};

struct jobs_outcome {
    int signal;   /* that ended it, or 0 */
    bool stopped; /* ended or told said so */
};

/* 0, or -1 with error: no worker could be started. Once stopped, workers are asked to end (SIGTERM), and
 * killed after JOBS_GRACE_MS or at the second signal; what had ended is told, with gaps. */
enum { JOBS_TICK_MS = 100, JOBS_GRACE_MS = 10000 };
int jobs_run(const struct jobs *jobs, struct jobs_outcome *outcome, struct seam_error *error);

#endif
