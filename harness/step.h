/*
 * step - what a verb of the scenario format is: its arguments as data, and a function that carries it out.
 *
 * One file per verb under steps/, one line in steps/steps.def. Loading, `seam steps`, the JSON Schema and the
 * reference are all made from these declarations. A step never blocks: it is called again whenever something
 * happened, and answers done, wait or fail.
 *
 * The first argument of a verb is the value under the verb's own key. The generic loader fills the verb's
 * struct by kind and offset; the C type that a kind stores is given beside it. What is absent stays zero:
 * NULL, false, 0.
 */
#ifndef SEAM_HARNESS_STEP_H
#define SEAM_HARNESS_STEP_H

#include "harness/scenario.h"

struct run;

enum stream_kind {
    STREAM_CONNECTION,
    STREAM_STDOUT,
    STREAM_STDERR,
    STREAM_LOG,
    STREAM_PROGRAM /* the process itself */
};
struct stream_ref {
    enum stream_kind kind;
    size_t index; /* of the connection or the program */
    size_t log;   /* with STREAM_LOG */
};
struct connect_target {
    bool is_address;
    size_t program;             /* of the scenario, when not an address */
    size_t port;                /* index into program.ports */
    const struct text *address; /* "host:port" */
};
struct split {
    const struct number *size;       /* chunks of so many bytes; then `whole` is the message */
    const struct data *const *items; /* or one write per item */
    size_t item_count;
};
struct until {
    const struct data *data;       /* up to and with these bytes */
    const struct pattern *matches; /* or lines up to and with the first that matches */
};
struct silence {
    const struct number *ms; /* NULL: settled and nothing more */
};

enum arg_kind {
    ARG_PROGRAM,        /* size_t: index of a program */
    ARG_CONNECTION,     /* size_t: index of a connection that a step before made */
    ARG_CONNECTION_NEW, /* size_t: the connection that this step makes */
    ARG_LISTENER,       /* size_t */
    ARG_LISTENER_NEW,   /* size_t */
    ARG_STREAM,         /* struct stream_ref */
    ARG_TARGET,         /* struct connect_target */
    ARG_TEXT,           /* const struct text * */
    ARG_DATA,           /* const struct data *: any data */
    ARG_LINE,           /* const struct data * of kind DATA_LINE */
    ARG_LINES,          /* const struct data * of kind DATA_LINES */
    ARG_LINE_LIST,      /* const struct data * of kind DATA_LIST: lines without their delimiter */
    ARG_SPLIT,          /* const struct split * */
    ARG_UNTIL,          /* const struct until * */
    ARG_PATTERN,        /* const struct pattern * */
    ARG_NUMBER,         /* const struct number *, in min..max */
    ARG_BOOL_TRUE,      /* bool; only `true` may be written */
    ARG_CHOICE,         /* int: 1 + index into choices; 0 when absent */
    ARG_SIGNAL,         /* int: the number of a signal, written "HUP" */
    ARG_SILENCE,        /* const struct silence * */
    ARG_FILE,           /* load time only: the part that `include` names */
    ARG_VARS,           /* const struct include_binding *: variables that `include` binds */
    ARG_NAME_NEW,       /* size_t: 1 + slot of the variable that `as` defines */
    ARG_STEPS,          /* load time only: nested steps */
    /* kept in struct connection, not in the verb's struct (offset unused): */
    ARG_DELIMITER,
    ARG_REST,
    ARG_IGNORE,
    ARG_READS,
    ARG_RECEIVE_BUFFER,
};

struct include_binding {
    const struct scenario_var *vars;
    size_t count;
};

enum { ARG_REQUIRED = 1 };

struct step_arg {
    const char *name;
    enum arg_kind kind;
    size_t offset;
    unsigned flags;
    int64_t min, max;               /* ARG_NUMBER; both 0: any */
    const char *const *choices;     /* ARG_CHOICE: NULL-terminated */
    const char *const *choice_docs; /* one for each */
    const char *doc;                /* one sentence */
    const char *example;            /* JSON */
};

/* What a verb's check may complain with; argument NULL: the step as a whole. */
struct step_check;
void step_check_error(struct step_check *check, const char *argument, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void step_check_warn(struct step_check *check, const char *argument, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const struct scenario *step_check_scenario(const struct step_check *check); /* programs, connections so far */

enum step_result { STEP_DONE, STEP_WAIT, STEP_FAIL };

struct step_verb {
    const char *name;
    const char *doc;  /* one or two sentences */
    const char *done; /* when the step is done: one clause */
    const struct step_arg *args;
    size_t arg_count;
    size_t args_bytes;
    void (*check)(struct step_check *check, const void *args); /* impossible combinations; may be NULL */
    enum step_result (*run)(struct run *run, const struct step *step, const void *args);
};

extern const struct step_verb *const step_verbs[]; /* in the order of steps.def */
extern const size_t step_verb_count;
const struct step_verb *step_verb_find(const char *name); /* NULL: none */

#endif
