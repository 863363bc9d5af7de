/*
 * exchange - what `seam import` makes scenarios of, and what `seam export` makes of scenarios.
 *
 * Each kind is one file and one line of a table: importers.def, exporters.def. What is made of a run is made
 * of its transcript: whoever calls has run it. The room stands above the middle and below the commands; it
 * starts nothing, connects to nothing and prints nothing. Of the fuzz layer it knows how an input is encoded,
 * seam_fuzz_decode and seam_fuzz_encode, and no more.
 */
#ifndef SEAM_HARNESS_EXCHANGE_EXCHANGE_H
#define SEAM_HARNESS_EXCHANGE_EXCHANGE_H

#include <jansson.h>

#include "harness/arena.h"
#include "harness/result.h"
#include "harness/scenario.h"
#include "harness/transcript.h"

/* What stands on the command line; NULL, 0, false: not given. Borrowed. */
struct exchange_options {
    const char *target;       /* the name of a fuzz target */
    size_t parsers;           /* how many it has */
    const char *program;      /* who is spoken to, as it is typed */
    bool stdio;               /* on its stdin, rather than on a port */
    const char *to;           /* "host:port" of a server that runs already, in place of a program */
    bool play_server;         /* Seam is the side that accepted; else the one that connected */
    const char *const *masks; /* patterns of what differs from run to run, in what the other side says */
    size_t mask_count;
    const char *line_end; /* of a text: what its lines end with on the wire */
    size_t stream;        /* of a capture: that connection only, from 1 */
    uint16_t port;        /* of a capture: connections with that port at either end */
};
enum { EXCHANGE_PARSERS_MAX = 256 }; /* one byte says which */

/* --- import
 * ------------------------------------------------------------------------------------------------------ */

#define IMPORT_INLINE_BYTES_MAX                                                                              \
    ((size_t)64 * 1024) /* of JSON for what is sent; more goes into a file beside */

struct import_replay {        /* what the other side said when the scenario ran once more */
    const struct bytes *said; /* by connection, in the order in which they were opened */
    size_t count;
};

struct import_request {
    const char *path;   /* what is imported */
    const char *folder; /* where the scenario will stand: absolute, canonical */
    const char *beside; /* begin of the names of files there for long data; NULL: there can be none */
    struct exchange_options options;
    bool unchecked; /* of a dialogue: expect as much as was said, whatever it is; for replays */
    const struct import_replay *replays;
    size_t replay_count; /* of a dialogue: where they differ, the scenario has patterns */
};

struct imported_file { /* for long data, beside the scenario, which names it */
    const char *name;  /* beside.bin, beside.2.bin, ... */
    const void *data;
    size_t length;
};
enum { IMPORTED_FILES_MAX = 1000 };

struct imported {
    struct arena *arena; /* where all below lives, but for the scenario */
    json_t *scenario;    /* as scenario_print_text takes it */
    struct imported_file *files;
    size_t file_count, file_capacity;
    const char *note;            /* what no scenario can say of what was imported; NULL: nothing */
    size_t bytes, cuts;          /* what is sent */
    size_t connections, expects; /* of a dialogue; 0: one stream, nothing judged */
};

/* RESULT_EXIT_PASSED, or, with error->text, USAGE: the command line is wrong; ERROR: it can't be done. `out`
 * is open, and the caller's to close. */
typedef enum result_exit import_function(const struct import_request *request, struct imported *out,
                                         struct seam_error *error);
#define IMPORTER(name, operand, options, doc) import_function import_##name;
#include "harness/exchange/importers.def"
#undef IMPORTER
void imported_open(struct imported *imported);
void imported_close(struct imported *imported);
/* Data beside the scenario: {"file": name}, or NULL with error: there can be no file, or there are too many.
 * The data must live as long as imported. */
json_t *imported_put_beside(struct imported *imported, const struct import_request *request, const void *data,
                            size_t length, struct seam_error *error);

/* All of a regular file, up to SCENARIO_FILE_BYTES_MAX, in the arena. NULL with error. */
const char *import_read(struct arena *arena, const char *path, size_t *size, struct seam_error *error);
/* The name of a file without its folders, in bytes that can be seen. */
const char *import_visible_name(struct arena *arena, const char *path);

struct importer {
    const char *name;
    const char *operand; /* as in a usage line */
    const char *options; /* that it takes, between blanks, beside --output */
    const char *doc;     /* what it imports, one clause */
    import_function *run;
};
extern const struct importer importers[];
extern const size_t importer_count;
const struct importer *importer_find(const char *name); /* NULL: none */

/* --- export
 * ------------------------------------------------------------------------------------------------------ */

struct export_item {
    const struct scenario *scenario;
    size_t row; /* of `each`, from 1; 0: there are none */
};

enum export_fate {
    EXPORT_WRITTEN,
    EXPORT_THERE,   /* the file was there, with the same content */
    EXPORT_DOUBLE,  /* another file of this export has the same content */
    EXPORT_SKIPPED, /* nothing can be made of it; text says why */
    EXPORT_REFUSED, /* the file was there, with other content, or it could not be made: text */
    EXPORT_FATE_COUNT,
};
struct export_news {
    enum export_fate fate;
    const struct export_item *item;
    const char *connection; /* NULL: all of the scenario */
    const char *path;       /* of the file; NULL when skipped */
    const char *text; /* of a file that is made of a run: what the run came to, unless it passed; else "" */
    size_t bytes;
};

struct export_request {
    const struct export_item *items;
    size_t count;
    const char *folder; /* made when it is missing */
    struct exchange_options options;
    void (*tell)(void *context, const struct export_news *news); /* what it lends is gone after the call */
    void *context;
};

/* As importing answers; ERROR, too, when a file can't be written. */
typedef enum result_exit export_function(const struct export_request *request, struct seam_error *error);

/* A run of an item that has ended. All borrowed. */
struct export_run {
    const struct export_item *item;
    const struct transcript *transcript;
    const struct result *result;
    bool failed;                      /* then: */
    size_t failed_step, failed_after; /* the step, and how many events there were by then */
    uint64_t began_ns;                /* since 1970 */
    const char *version;              /* of Seam */
};
enum { EXPORT_WHY_NOT_BYTES = 300 };
/* Fills out, which is open, with one file. False, and why_not: it can't be made. */
typedef bool export_run_function(const struct export_run *run, struct bytes *out,
                                 char why_not[EXPORT_WHY_NOT_BYTES]);

#define EXPORTER(name, doc)                   export_function export_##name;
#define EXPORTER_OF_RUN(name, extension, doc) export_run_function export_##name;
#include "harness/exchange/exporters.def"
#undef EXPORTER
#undef EXPORTER_OF_RUN

/* One of both: what is made of scenarios, or what is made of a run of each, which the caller carries out. */
struct exporter {
    const char *name;
    const char *doc; /* what it makes, one clause */
    export_function *of_scenarios;
    export_run_function *of_run;
    const char *extension; /* of a file that is made of a run */
};
extern const struct exporter exporters[];
extern const size_t exporter_count;
const struct exporter *exporter_find(const char *name); /* NULL: none */

#endif
