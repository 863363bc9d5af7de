/*
 * options - the flags that commands share, declared once.
 *
 * The table is data: parsing, the environment variables (SEAM_NAME for --name) and the help are made from it.
 * A flag wins over its variable; of a flag given twice the last counts, but for those that say they may be
 * repeated.
 */
#ifndef SEAM_HARNESS_COMMANDS_OPTIONS_H
#define SEAM_HARNESS_COMMANDS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/report.h"
#include "harness/scenario.h"
#include "harness/segmentation.h"
#include "src/error.h"

enum {
    OPTIONS_JOBS_MAX = 256,
    OPTIONS_REPEAT_MAX = 1000000,
    OPTIONS_SHARDS_MAX = 10000,
    OPTIONS_PARSERS_MAX = 256, /* one byte says which */
    OPTIONS_STREAM_MAX = 100000,
    OPTIONS_VERIFY_MAX = 1000,
    OPTIONS_PACED_MS_MAX = 60000,
    OPTIONS_PACED_MS_DEFAULT = 20,
};

enum option_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct option_report {
    const struct report_format *format;
    const char *path;
};

/* Texts are borrowed from argv and the environment, unless said otherwise. */
struct options {
    size_t jobs;          /* 1.. */
    const char **filters; /* owned array */
    size_t filter_count;
    const char *cut; /* the id, or NULL; then cuts is it, parsed (owned) */
    struct segmentation cuts;
    bool seeded;
    uint64_t seed;
    enum evidence evidence;
    uint64_t paced_ns;
    struct scenario_define *defines; /* owned, with their names */
    size_t define_count;
    size_t repeat;      /* 1.. */
    size_t shard_index; /* 0.. */
    size_t shard_count; /* 1.. */
    bool fail_fast, list, keep, allow_remote, allow_outside, verbose, quiet, help, version;
    bool pipeline, dry_run, no_shrink;
    bool update;
    bool pictures; /* of the reports: one of them shows charts */
    uint64_t budget_cases, budget_ns; /* 0: not given */
    const char *output;               /* NULL: not given */
    const char *bundle;               /* the folder for bundles; NULL: not given */
    bool json, markdown;
    const char *man;                       /* a word of words_page; NULL: not given */
    const char *target, *program, *format; /* of import and export; NULL: not given */
    size_t parsers;                        /* 0: not given */
    bool stdio;
    bool play_server;
    const char **masks; /* owned array */
    size_t mask_count;
    const char **sends; /* owned array */
    size_t send_count;
    const char **redactions; /* owned array */
    size_t redaction_count;
    const char *listen; /* NULL: not given */
    bool until_closed;
    size_t verify;                 /* how often; 0: not given */
    const char *line_end;          /* the bytes; NULL: not given */
    size_t stream;                 /* 0: not given */
    uint16_t port;                 /* 0: not given */
    struct option_report *reports; /* owned array */
    size_t report_count;
    enum option_color color;
    char **operands; /* owned array, texts of argv, in order */
    size_t operand_count;
    char **texts; /* owned copies that other fields point into */
    size_t text_count;
};

struct option_spec {
    const char *name;         /* without -- */
    char letter;              /* the short form, or 0 */
    const char *argument;     /* what stands for the value in the help; NULL: a switch */
    const char *commands;     /* the commands that take it, between spaces: " run check "; NULL: every one */
    const char *const *words; /* what the value may be, where these are words; NULL ends it */
    const char *doc;          /* one sentence or clause */
    bool no_variable;         /* has no SEAM_NAME */
    bool repeatable;          /* adds to a list; in the variable, one value per line */
    size_t switch_offset;     /* of the bool, for a switch */
    int (*set)(struct options *options, const char *value, struct seam_error *error);
};

extern const struct option_spec option_specs[];
extern const size_t option_spec_count;

bool option_is_of(const struct option_spec *spec, const char *command);
enum { OPTION_VARIABLE_BYTES_MAX = 64 };
/* SEAM_FAIL_FAST for fail-fast. */
void option_variable(const struct option_spec *spec, char name[OPTION_VARIABLE_BYTES_MAX]);

/* Reads argv[1..] and the environment for a command. 0, or -1 with error->text; options_close in both cases.
 */
int options_parse(struct options *options, const char *command, int argc, char **argv,
                  struct seam_error *error);
void options_close(struct options *options);

/* The options of a command, one per line with its doc and variable. */
void options_print_help(FILE *out, const char *command);
/* May this stream be coloured? --color, then NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM=dumb, then: is it a
 * terminal. */
bool options_color(const struct options *options, FILE *out);

#endif
