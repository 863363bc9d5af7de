/*
 * sweep_case - one selected scenario that is swept or shrunk, from requirement to result, inside a worker;
 * and what both commands share.
 */
#ifndef SEAM_HARNESS_COMMANDS_SWEEP_CASE_H
#define SEAM_HARNESS_COMMANDS_SWEEP_CASE_H

#include "harness/commands/session.h"

void sweep_case_execute(const struct session_case *which, struct result *out);
void shrink_case_execute(const struct session_case *which, struct result *out);
int sweep_case_dry_run(const struct selected_cases *cases, const struct options *options);
/* Counters in memory that parent and workers share: one struct sweep_progress per scenario. */
void *sweep_case_open(size_t case_count);
void sweep_case_progress(const void *own, size_t case_count, size_t *total, size_t *done, size_t *failed);
void sweep_case_close(void *own, size_t case_count);

#endif
