/*
 * chart - the sequence chart of a run, drawn as SVG: who said what to whom, where it was cut, what failed.
 *
 * Pure: from the transcript, the scenario and the result to text. One <svg> element that stands alone or
 * within a page: no script, no reference to anything outside, no id, all classes below "seam-chart", light
 * and dark by a media query. All that was captured or written by people is text with its control characters
 * made visible. What is long is cut in the middle; of more than about CHART_EVENTS_MAX events the first, the
 * last and those around a failure are drawn, of more than CHART_LANES_MAX connections or programs the last
 * lane is shared, and the chart says so.
 */
#ifndef SEAM_HARNESS_EXCHANGE_CHART_H
#define SEAM_HARNESS_EXCHANGE_CHART_H

#include "harness/exchange/exchange.h"

enum { CHART_EVENTS_MAX = 200, CHART_LANES_MAX = 12 };

/* Appends to out. False: there was no memory, or no room in out. */
bool chart_draw(const struct export_run *run, struct bytes *out);

#endif
