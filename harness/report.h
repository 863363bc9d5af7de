/*
 * report - how results are told: one file per format under reports/, one line in reports/reports.def.
 *
 * A report gets every result in stable order (that of the files, then of the rows), never in the order in which they
 * ended, and sees nothing but results: two reports can't disagree.
 */
#ifndef SEAM_HARNESS_REPORT_H
#define SEAM_HARNESS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/result.h"

struct report_options {
    bool color;
    bool verbose; /* -v: the wire log too */
    bool quiet;   /* -q: failures and the summary only */
};

struct report_format {
    const char *name; /* as in --report FORMAT=PATH */
    const char *doc;
    void (*begin)(FILE *out, const struct report_options *options, size_t planned);
    void (*result)(FILE *out, const struct report_options *options, size_t number, const struct result *result);
    void (*end)(FILE *out, const struct report_options *options, const struct result_counts *counts, uint64_t duration_ns);
};

extern const struct report_format *const report_formats[];
extern const size_t report_format_count;
const struct report_format *report_format_find(const char *name);

#endif
