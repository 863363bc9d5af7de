/*
 * sent - what a scenario sends on each of its connections, and where the chunks end, without running it.
 *
 * The script is walked as a run would walk it, with the values that are known before one: vars, rows,
 * counters, what includes hand over; ${case} is SENT_CASE. Cuts are those of the scenario's "cut", else those
 * that are written; a gate always cuts. What depends on a run (captures, ports, private folders) can't be
 * told. Files that the scenario names are read; nothing is started.
 */
#ifndef SEAM_HARNESS_EXCHANGE_SENT_H
#define SEAM_HARNESS_EXCHANGE_SENT_H

#include "harness/scenario.h"
#include "harness/segmentation.h"

#define SENT_CASE      "sample"                /* any of those that a run could have */
#define SENT_BYTES_MAX SCENARIO_FILE_BYTES_MAX /* of one connection */

/* What one connection sends. */
struct sent {
    bool sends; /* some step does, though it may be nothing */
    struct bytes bytes;
    size_t *cuts; /* ascending, 0..length; equal ones, 0 and length part chunks that have no bytes */
    size_t cut_count, cut_capacity;
    char why_not[256]; /* it can't be told; "": it can */
};

/* By connection; NULL: out of memory. */
struct sent *sent_collect(const struct scenario *scenario);
void sent_free(struct sent *sent, const struct scenario *scenario);

#endif
