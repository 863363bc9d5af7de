/*
 * markdown - results as GitHub-flavoured Markdown (https://github.github.com/gfm/), for a file and for a job
 * summary.
 *
 * Texts of results can become no markup: between words they stand with every punctuation mark escaped, lines
 * of a program or of the wire in fenced blocks, indented, so that none begins a line.
 */
#ifndef SEAM_HARNESS_REPORTS_MARKDOWN_H
#define SEAM_HARNESS_REPORTS_MARKDOWN_H

#include "harness/report.h"

/* Adds a result to the state: a row, and what there is to say of it. bytes_max: what all of them may take;
 * what is beyond it is counted. */
void markdown_add(struct report_state *state, const struct result *result, size_t bytes_max);
/* The whole, from what was added. */
void markdown_append(const struct report_state *state, const struct report_summary *summary,
                     struct bytes *out);

#endif
