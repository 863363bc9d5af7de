/*
 * scenario - one test, loaded, checked and unrolled: an immutable value that any number of runs share.
 *
 * Loading (scenario_load) reads one file with everything it includes, reports every mistake at once, and
 * yields one scenario per row of `each` (one when there is none). Nothing here opens a socket, starts a
 * program or prints.
 *
 * `steps` are the steps as written, each once; `script` is what runs, one entry per executed step, with
 * `repeat` and `include` unrolled. An entry of a `repeat` or `include` binds variables and then is done.
 */
#ifndef SEAM_HARNESS_SCENARIO_H
#define SEAM_HARNESS_SCENARIO_H

#include "harness/data.h"
#include "harness/pattern.h"
#include "harness/text.h"

struct step_verb;

#define SCENARIO_FILE_BYTES_MAX     ((size_t)16 << 20)
#define SCENARIO_NESTING_MAX        100
#define SCENARIO_SCRIPT_STEPS_MAX   1000000
#define SCENARIO_INCLUDE_DEPTH_MAX  8
#define SCENARIO_RECEIVED_BYTES_MAX ((size_t)64 << 20) /* kept per connection in a run */
#define SCENARIO_TIMEOUT_MS_DEFAULT 5000
#define SCENARIO_PROGRAM_PORTS_MAX  16
#define SCENARIO_ROWS_MAX           10000 /* of `each` */
#define SCENARIO_ERRORS_KEPT_MAX    100   /* of one file and what it includes; more are counted */

struct program_env {
    const char *name;
    const struct text *value; /* NULL removes the variable */
};
struct program_file {
    const struct text *path; /* relative to the program's folder */
    const struct data *data;
};
struct program_log {
    const char *name;        /* the stream is program.name */
    const struct text *path; /* relative to the program's folder */
};
struct program_port {
    const char *name; /* "port" for the only, unnamed one */
    size_t slot;      /* ${program.port}, or ${program.NAME.port} */
    bool chosen;      /* command, env or files use it: Seam picks it; else it is found */
};

struct program {
    const char *name;
    const char *why;
    struct place place;
    const char *folder; /* of the file that declares it, absolute: command[0] with a / is relative to it */
    const struct text *const *command; /* NULL with `address` */
    size_t command_count;
    const struct program_env *env;
    size_t env_count;
    const struct text *cwd; /* NULL: the program's own folder */
    bool listens;
    const struct program_port *ports; /* at least one when it listens or has an address */
    size_t port_count;
    bool stdio;
    bool terminal;
    const struct text *address; /* runs already: "host:port" */
    const struct program_file *files;
    size_t file_count;
    const struct program_log *logs;
    size_t log_count;
    const char *core;    /* name of an in-process core for the simulated world, or NULL */
    size_t slot_dir;     /* ${program.dir} */
    bool explicit_start; /* some step starts it: then nothing starts it earlier */
};

struct connection {
    const char *name;
    struct delimiter delimiter;
    bool rest_ignored;                   /* rest: "ignore" */
    bool reads_on_expect;                /* reads: "on-expect" */
    const struct number *receive_buffer; /* bytes, NULL: the system's */
    const struct pattern *const *ignore; /* whole lines that are taken out */
    size_t ignore_count;
    struct place place;
};

struct listener {
    const char *name;
    size_t slot_port; /* ${listener.port} */
    struct place place;
};

struct step {
    const struct step_verb *verb;
    const void *args; /* the verb's own struct */
    const char *why;
    bool barrier;
    const struct data *barrier_probe; /* "barrier": data; else NULL */
    struct place place;               /* the step's object */
    struct place verb_place;          /* the value of its verb */
};

struct script_entry {
    const struct step *step;
    int64_t repeat_index; /* for an entry of `repeat`: the value of its variable, from 0 */
};

/* A variable with its value at the start of a run, in order of definition. */
struct scenario_var {
    size_t slot;
    const struct data *value;
};

/* Oracles that a file can switch off, in the order of format_oracle_keys. */
enum scenario_oracle {
    SCENARIO_ORACLE_INVARIANCE,
    SCENARIO_ORACLE_PROGRESS,
    SCENARIO_ORACLE_HEALTH,
    SCENARIO_ORACLE_COST,
    SCENARIO_ORACLE_COUNT,
};
enum sweep_isolate { SWEEP_ISOLATE_AUTO, SWEEP_ISOLATE_CONNECTION, SWEEP_ISOLATE_PROGRAM };

/* What a sweep of the file may do; all zero when it says nothing. */
struct scenario_sweep {
    bool off;      /* "sweep": false */
    bool pipeline; /* writes may cross the expects of their own connection */
    enum sweep_isolate isolate;
    const size_t *actors; /* connections whose segmentation is varied; none: all */
    size_t actor_count;
    uint64_t budget_cases; /* 0: not said */
    uint64_t budget_ns;
    const struct pattern *const *masks; /* whole lines that may differ */
    size_t mask_count;
    const char *oracle_off[SCENARIO_ORACLE_COUNT]; /* the reason; NULL: it is on */
    const char *xfail;                             /* a known finding; NULL: none */
};

struct scenario {
    const char *path;   /* as it was named on the command line */
    const char *folder; /* absolute */
    const char *name;   /* with the row: "line limit [at]" */
    const char *why;    /* NULL: none */
    const char *xfail;  /* reason, or NULL */
    const char *cut;    /* the segmentation id of "cut", or NULL */
    struct place cut_place;
    struct scenario_sweep sweep;
    int64_t timeout_ms;
    struct delimiter delimiter;
    const char *const *tags;
    size_t tag_count;
    const char *const *requires; /* programs that must exist; "real" */
    size_t requires_count;
    const struct program *programs;
    size_t program_count;
    const struct connection *connections;
    size_t connection_count;
    const struct listener *listeners;
    size_t listener_count;
    const struct script_entry *script;
    size_t script_count;
    const struct scenario_var *vars;
    size_t var_count;
    size_t slot_count;
    const char *const *slot_names;
    size_t slot_tmp;  /* ${tmp}: a folder that goes away with the run */
    size_t slot_case; /* ${case}: six characters, unique per run */
    struct place place;
};

/* A file's scenarios: one, or one per row of `each`; none for a part. */
struct scenario_file;

struct scenario_define {
    const char *name;
    const char *value;
    bool used; /* set by loading when a file has that variable */
};

struct scenario_options {
    const char *bin; /* ${bin}, absolute */
    struct scenario_define *defines;
    size_t define_count;
    bool allow_outside;
    bool allow_remote;
};

/* Errors and warnings of one load, in the order of the file. All of it is owned by the list; free with
 * error_list_close. */
struct error_list {
    struct error_list_item {
        struct seam_error error; /* path is owned by the list too */
        bool warning;
        char *path;
        size_t file; /* 0: the file that was loaded; parts follow in the order they were read */
    } * items;
    size_t count;
    size_t capacity;
    size_t error_count; /* without warnings, with those left out */
    size_t left_out;    /* counted, not kept */
};
void error_list_close(struct error_list *list);

/* NULL when the file can't be used; errors says why, all of it at once. Warnings may be there on success too.
 */
struct scenario_file *scenario_load(const char *path, const struct scenario_options *options,
                                    struct error_list *errors);
struct scenario_file *scenario_load_text(const char *path, const char *text, size_t length,
                                         const struct scenario_options *options, struct error_list *errors);
void scenario_file_free(struct scenario_file *file);
bool scenario_file_is_part(const struct scenario_file *file);
size_t scenario_file_count(const struct scenario_file *file);
const struct scenario *scenario_file_at(const struct scenario_file *file,
                                        size_t index); /* borrowed from file */

/* The first of `requires` that this machine lacks ("redis-server"), or NULL. */
const char *scenario_missing(const struct scenario *scenario);

#endif
