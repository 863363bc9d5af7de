/*
 * run_case - one selected scenario, from requirement to result, inside a worker.
 */
#ifndef SEAM_HARNESS_COMMANDS_RUN_CASE_H
#define SEAM_HARNESS_COMMANDS_RUN_CASE_H

#include <signal.h>

#include "harness/commands/options.h"
#include "harness/commands/select.h"
#include "harness/result.h"

struct run_world; /* what the cases of one worker share */

struct run_world *
run_world_open(void); /* NULL: no memory. A world that can't be had makes each case an error. */
void run_world_close(struct run_world *shared);

/* NULL: it can't be had, and *error says why (borrowed). */
struct world;
struct world *run_world_of(struct run_world *shared, const struct seam_error **error);

/* The options that change what a run does, as a rerun needs them: " --evidence sent", or "". Caller frees. */
char *run_case_options_text(const struct options *options, bool with_defines);
/* Path, name with its round, and the command that reruns it: what is known of a case before it ran. */
void run_case_begin(const char *command, const struct selected_case *selected, const struct options *options,
                    struct result *out);
/* Sees a run that has ended, with what it came to; both are gone after the call. */
struct run;
struct run_case_viewer {
    void (*see)(void *context, const struct run *run, const struct result *result);
    void *context;
};

/* out is empty before; owned by the caller after. When *stop is set it ends soon, with everything ended and
 * freed, and nobody sees it. viewer may be NULL; with one, folders of failing programs are not kept. */
void run_case_execute(const struct selected_case *selected, const struct options *options,
                      struct run_world *shared, const volatile sig_atomic_t *stop,
                      const struct run_case_viewer *viewer, struct result *out);

#endif
