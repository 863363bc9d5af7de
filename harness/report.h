/*
 * report - how results are told: one file per format under reports/, one line in reports/reports.def.
 *
 * A report gets every result in stable order (that of the files, then of the rows), never in the order in
 * which they ended, and sees nothing but results: two reports can't disagree. A format writes to its stream
 * and never looks whether that worked: report_set does, after every result, so that no failure is lost on a
 * full disk or a closed pipe.
 */
#ifndef SEAM_HARNESS_REPORT_H
#define SEAM_HARNESS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/result.h"
#include "src/bytes.h"
#include "src/error.h"

struct report_options {
    bool color;
    bool verbose; /* -v: the wire log too */
    bool quiet;   /* -q: failures and the summary only */
};

/* A scenario that --repeat showed to pass in some rounds and not in others. */
struct report_flaky {
    char *path, *name;  /* owned by the summary's maker */
    size_t bad, rounds; /* of the rounds that ran */
};

/* How it ended. */
struct report_summary {
    struct result_counts counts; /* of the results told */
    size_t planned;              /* more than counts.total: it was stopped */
    const char *stopped;         /* by what ("SIGINT", "--fail-fast"), or NULL */
    const struct report_flaky *flaky;
    size_t flaky_count;
    uint64_t duration_ns;
};

/* What a format keeps from one result to the next. */
struct report_state {
    struct bytes held, rows; /* what can be written at the end only */
    struct bytes last;       /* what is written when all reports have ended */
    struct bytes scratch;
    size_t told, left_out;
    bool styled;      /* the style sheet of charts, which stands once, is there */
    const char *lost; /* why it could not be written, when that is no error of the stream; NULL: it could */
};

struct report {
    const struct report_format *format;
    FILE *out;
    const char *path; /* "-": stdout */
    struct report_options options;
    struct report_state *state; /* never NULL */
};

struct report_format {
    const char *name; /* as in --report FORMAT=PATH */
    const char *doc;
    bool only_last; /* it writes nothing but report_state.last, so that it can share a stream with another */
    bool pictures;  /* it shows charts and maps, which cost time and are made only then */
    void (*begin)(const struct report *report, size_t planned);
    /* number counts from 1, in the order of the plan; it skips those that were not run. */
    void (*result)(const struct report *report, size_t number, const struct result *result);
    void (*end)(const struct report *report, const struct report_summary *summary);
};

/* "2026-11-27T12:00:00Z", of now or of SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/). */
enum { REPORT_TIME_BYTES = 32 };
void report_time(char out[REPORT_TIME_BYTES]);
/* "x.json:12:5" of a result: where it failed, else its file. */
void report_append_place(const struct result *result, struct bytes *out);

extern const struct report_format *const report_formats[];
extern const size_t report_format_count;
const struct report_format *report_format_find(const char *name, size_t length); /* NULL: none */

/* Several reports on the same results. */
enum { REPORTS_MAX = 16 };
struct report_set {
    struct report reports[REPORTS_MAX];
    size_t count;
};

/* Opens the file; path "-" is stdout. format and path are borrowed. 0, or -1 with error: it can't be written,
 * is asked for twice, or there are too many. */
int report_set_add(struct report_set *set, const struct report_format *format, const char *path,
                   const struct report_options *options, struct seam_error *error);
/* Each tells and flushes all. 0, or -1 with error: something could not be written. */
int report_set_begin(struct report_set *set, size_t planned, struct seam_error *error);
int report_set_result(struct report_set *set, size_t number, const struct result *result,
                      struct seam_error *error);
int report_set_end(struct report_set *set, const struct report_summary *summary, struct seam_error *error);
/* Closes the files, never stdout. 0, or -1 with error when the last bytes could not be written. */
int report_set_close(struct report_set *set, struct seam_error *error);

#endif
