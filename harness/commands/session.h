/*
 * session - what `seam run`, `sweep` and `shrink` have in common: they select scenarios, carry each out in a
 * worker process, tell the results to every report, and exit with what those come to.
 *
 * Nothing starts before every file is valid and every report can be written. All results pass through one
 * place, which counts them and hands them to all reports, so the exit code and the reports agree.
 */
#ifndef SEAM_HARNESS_COMMANDS_SESSION_H
#define SEAM_HARNESS_COMMANDS_SESSION_H

#include <signal.h>

#include "harness/commands/options.h"
#include "harness/commands/select.h"
#include "harness/result.h"

struct run_world;

/* One selected scenario, in a worker process. */
struct session_case {
    const struct selected_case *selected;
    const struct options *options;
    const struct scenario_options *loading; /* how the scenario was loaded */
    struct run_world *world;                /* what the cases of this worker share */
    const volatile sig_atomic_t *stop;
    size_t index;
    void *own; /* what open returned */
};

struct session_kind {
    const char *command;
    /* Fills a result that the caller closes; when *stop is set it returns soon, and what it filled is thrown
     * away. */
    void (*execute)(const struct session_case *which, struct result *out);
    int (*dry_run)(const struct selected_cases *cases,
                   const struct options *options); /* --dry-run: the exit code */
    /* Memory that workers and parent share, for progress; all three or none. */
    void *(*open)(size_t case_count);
    void (*progress)(const void *own, size_t case_count, size_t *total, size_t *done, size_t *failed);
    void (*close)(void *own, size_t case_count);
};

int session_main(const struct session_kind *kind, int argc, char **argv);

#endif
