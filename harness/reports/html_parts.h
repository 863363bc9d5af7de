/* html_parts - pieces of the HTML report that take some making: a source, charts, the map of a stream. */
#ifndef SEAM_HARNESS_REPORTS_HTML_PARTS_H
#define SEAM_HARNESS_REPORTS_HTML_PARTS_H

#include "harness/report.h"

/* The lines around where it failed, with their numbers and a caret; nothing when the file can't be read. */
void html_append_source(struct bytes *out, const struct result *result);
/* The charts. Their style sheet stands in the first of the page only: then *styled is set. */
void html_append_charts(struct bytes *out, const char *charts, bool *styled);
/* A cell for each place between two bytes, coloured by what came of a cut there, the bytes underneath. */
void html_append_map(struct bytes *out, const char *map);
#endif
