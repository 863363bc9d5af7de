/*
 * result - what a run came to, in one set of words that the exit code and every report use.
 *
 * A result is plain data that can cross a process border (result_to_json, result_from_json) and outlives the
 * run. All texts are valid UTF-8 without control characters other than newline: bytes of the wire are made
 * visible before they come here.
 */
#ifndef SEAM_HARNESS_RESULT_H
#define SEAM_HARNESS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum result_exit {
#define EXIT_CODE(name, number, text) RESULT_EXIT_##name = number,
#include "harness/exit_codes.def"
#undef EXIT_CODE
};

enum result_status {
    RESULT_PASSED,
    RESULT_FAILED,  /* an expectation was not met, a program crashed, a pass that xfail did not expect: exit 1
                     */
    RESULT_ERROR,   /* could not run: start, connect, evidence, missing capability: exit 4 */
    RESULT_INVALID, /* the scenario file is wrong: exit 3 */
    RESULT_SKIPPED, /* a requirement is missing: exit 77 when nothing else was selected */
    RESULT_XFAILED, /* failed as `xfail` said it would: exit 0 */
    RESULT_STATUS_COUNT,
};
extern const char *const result_status_words[RESULT_STATUS_COUNT]; /* "passed", "failed", ... */

enum evidence { EVIDENCE_NONE /* nothing was cut */, EVIDENCE_SENT, EVIDENCE_PACED, EVIDENCE_DRAINED };
extern const char *const evidence_words[]; /* "none", "sent", "paced", "drained" */

/* Every char * is owned by the result, NULL when there is nothing to say. */
struct result {
    enum result_status status;
    bool internal;    /* with RESULT_ERROR: Seam itself went wrong: exit 99 */
    char *path;       /* the scenario file */
    char *name;       /* of the scenario, with its row */
    char *file;       /* where line and column are, when that is another file: a part */
    int line, column; /* of the failing step or value; 0: none */
    char *message;    /* one line: what was expected and what came */
    char *why;        /* of the failing step, else of the scenario */
    char *detail;     /* several lines: first difference, the wire, who waits for what, program output */
    char *reason;     /* of a skip or an xfail */
    char *cut;        /* the segmentation id the run had, NULL: as written */
    char *rerun;      /* the command that runs it again */
    char *shown;      /* of a sweep: what it has shown, one line */
    char *notes;      /* lines worth saying though nothing failed: containment, unread bytes, large writes */
    char *wire;       /* the whole wire log, one line per chunk (for -v) */
    char *kept;       /* the folder that was kept */
    char *charts;     /* for a report with pictures: JSON, [{"title": "", "svg": ""}, ...], made by
                         commands/charts.c */
    char *updates; /* of a run that updates, one line each: "! START END FORM DELIMITER BYTES PATH": the value
                      that stands there in that file, a line, lines or data, should have these bytes (in hex);
                      '=': it has them; '+': it should, and what this run said of it before is void;
                      "# TEXT": why something is not to be written */
    char *map;     /* the same, of a sweep: JSON, as harness/sweep/map.c has it */
    enum evidence evidence; /* the weakest of all chunks that had to be told apart */
    uint64_t cuts_proved;   /* boundaries between two writes that were proved */
    uint64_t duration_ns;
};

void result_close(struct result *result);
bool result_is_bad(const struct result *result); /* failed, an error, or invalid */
/* The texts one after another, for what tells all of them: index 0, 1, ... until NULL, which is the name of
 * the field; *text may be NULL, *lines says whether it may have several. */
const char *result_text(const struct result *result, size_t index, const char **text, bool *lines);
/* Brings every text into the form promised above (a newline only where several lines may stand); twice is
 * once. 0, or -1 out of memory. */
int result_make_visible(struct result *result);
/* One line without its newline, caller frees. 0, or -1: out of memory, or a text that is no UTF-8. */
int result_to_json(const struct result *result, char **line_out);
/* 0 and an owned result, or -1 when the line is anything but what result_to_json wrote; out is then empty. */
int result_from_json(const char *line, struct result *out);

/* The exit code of a set of results: 99 over 3, 1, 4, 0; 77 only when all were skipped; 5 for none at all. */
struct result_counts {
    size_t by_status[RESULT_STATUS_COUNT];
    size_t total;
    size_t internal;        /* of the errors */
    enum evidence evidence; /* the weakest of all results that have some */
    uint64_t cuts_proved;
};
void result_counts_add(struct result_counts *counts, const struct result *result);
int result_counts_exit(const struct result_counts *counts);

#endif
