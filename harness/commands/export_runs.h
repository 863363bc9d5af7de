/* export_runs - what `seam export` makes of a run: each scenario is run, one after the other, and handed
 * over. */
#ifndef SEAM_HARNESS_COMMANDS_EXPORT_RUNS_H
#define SEAM_HARNESS_COMMANDS_EXPORT_RUNS_H

#include "harness/commands/options.h"
#include "harness/commands/select.h"
#include "harness/exchange/exchange.h"

/* The request's items are the cases, in their order. An exit code: of enum result_exit, with error unless it
 * is PASSED, or 128 + the number of the signal that ended it. */
int export_runs(const struct exporter *exporter, const struct export_request *request,
                const struct selected_cases *cases, const struct options *options, struct seam_error *error);

#endif
