/*
 * charts - the pictures that a result carries to a report: a JSON array of {"title": "", "svg": ""}.
 *
 * Every function returns text that the caller frees, or NULL: no memory, and then there is no picture.
 */
#ifndef SEAM_HARNESS_COMMANDS_CHARTS_H
#define SEAM_HARNESS_COMMANDS_CHARTS_H

#include "harness/result.h"
#include "harness/runner.h"

/* Of a run that has ended. */
char *charts_of_run(const struct scenario *scenario, const struct run *run, const struct result *result);
/* Of a run of a sweep: the SVG alone. message: what is odd with it; NULL: nothing. */
char *charts_of_record(const struct scenario *scenario, const struct record *record, const char *message);

#endif
