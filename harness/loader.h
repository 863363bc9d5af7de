/*
 * loader - what the files that load a scenario share; private to scenario_*.c and step_args.c.
 *
 * A file is read once and built once per row of `each`, each time into a scenario of its own (struct
 * builder). Steps of a part that a step includes are built where they are included, in a scope of their own.
 * Building goes on after a mistake, so that all of them are told; a value that can't be built is NULL, and
 * what needs it is left out.
 *
 *   scenario_load.c      files, rows, the order of things   scenario_names.c     scopes, definitions
 *   scenario_top.c       top-level keys                     scenario_values.c    text, number, pattern
 *   scenario_include.c   parts, cycles, merging             scenario_data.c      data
 *   scenario_programs.c  `programs`                         scenario_streams.c   streams and targets
 *   scenario_steps.c     steps and their keys               step_args.c          arguments by kind
 *   scenario_unroll.c    the script, counting               scenario_states.c    what is open, and when
 *   scenario_cut.c       `cut`                              scenario_errors.c    the list of mistakes
 *   scenario_sweep.c     `sweep`
 */
#ifndef SEAM_HARNESS_LOADER_H
#define SEAM_HARNESS_LOADER_H

#include "harness/arena.h"
#include "harness/format_keys.h"
#include "harness/names.h"
#include "harness/scenario.h"
#include "harness/source.h"
#include "harness/step.h"
#include "harness/suggest.h"
#include "harness/text_compile.h"

enum { SCENARIO_TIMEOUT_MS_MAX = 3600000 };

/* Files that include each other; the innermost first. */
struct frame {
    const struct frame *includer; /* NULL: the file that is loaded */
    const struct source *source;
    struct place from; /* the include in the includer */
    int depth;         /* 0: the file that is loaded */
};

struct loader {
    struct arena *arena;
    const struct scenario_options *options;
    struct error_list *errors;
    size_t errors_before; /* in the list, from earlier loads */
    struct source **sources;
    size_t source_count, source_capacity;
    const struct frame *frame; /* the file that is being looked at */
    size_t mistakes;           /* also those that were told before */
    size_t script_count;       /* of all rows so far */
    size_t steps_built;        /* of all rows so far */
};

/* --- telling (scenario_errors.c) --- */

void tell(struct loader *l, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void tell_warning(struct loader *l, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "expected X, got Y" at the value; the JSON type is named when it explains more than the text. */
void tell_expected(struct loader *l, struct node node, const char *expected);
/* "; did you mean \"x\"?", or "". */
const char *suggestion_text(struct arena *arena, const struct suggestion *suggestion);
void error_list_sort(struct error_list *list, size_t from);
void error_list_vadd(struct error_list *list, size_t from, bool warning, size_t file, struct place place,
                     const char *chain, const char *format, va_list args);

/* --- one scenario under construction --- */

/* How a variable came to be: says who may define it again. */
enum variable_origin { VARIABLE_FIXED, VARIABLE_COUNTER /* of a repeat */, VARIABLE_CAPTURE };

struct scope { /* of one file: the variables that its texts see */
    struct builder *b;
    struct scope *includer;
    struct names variables;
    struct delimiter delimiter;
};

struct slot {
    const char *name;
    enum variable_origin origin;
    bool active; /* a counter inside its repeat */
};

struct pending_capture {
    const char *name;
    size_t slot;
    struct place place;
};

struct step_list {
    struct step_node **items;
    size_t count, capacity;
};

struct step_node {
    struct step step;
    bool usable;              /* built without a mistake */
    struct step_list body;    /* repeat, include */
    struct place *arg_places; /* by argument of the verb; path NULL: not written */
};

struct merged { /* a file whose top level counts: what it includes, then itself */
    const struct frame *frame;
    struct node root;
};

struct builder {
    struct loader *l;
    struct arena *arena;
    struct scenario *scenario;
    struct scope *top;
    struct node root;
    struct merged *merged; /* the file itself is the last */
    size_t merged_count, merged_capacity;
    struct names shared_names; /* programs, connections, listeners */

    struct slot *slots;
    size_t slot_count, slot_capacity;
    struct program *programs;
    size_t program_count, program_capacity;
    struct connection *connections;
    size_t connection_count, connection_capacity;
    struct listener *listeners;
    size_t listener_count, listener_capacity;
    struct scenario_var *vars;
    size_t var_count, var_capacity;
    struct step_list steps;

    struct pending_capture *pending; /* what the current step will define */
    size_t pending_count, pending_capacity;
    size_t
        program_building; /* index + 1 of the program whose texts are being built: its ${x.port} is its own */
    bool vars_building;
    bool steps_over; /* all steps are built */
    bool part_alone; /* a part that is checked by itself: names that its includer would bring are made up */
    size_t made_up;
};

/* --- names (scenario_names.c) --- */

size_t slot_new(struct builder *b, const char *name, enum variable_origin origin);
/* Checks the name and that it is free; tells otherwise. place: of the name. */
bool name_check_new(struct scope *s, const char *text, size_t length, struct place place,
                    enum name_kind kind);
/* Defines a variable in the scope; SIZE_MAX after telling. */
size_t variable_define(struct scope *s, const char *text, size_t length, struct place place,
                       enum variable_origin origin);
/* Adds a group of a pattern to what the step defines at its end; the slot, or SIZE_MAX after telling. */
size_t capture_define(struct scope *s, const char *text, struct place place);
void captures_commit(struct scope *s);
/* A program, connection or listener by name; tells and answers NULL when there is none of that kind. */
struct name *shared_name_find(struct scope *s, struct node node, const char *text, size_t length,
                              enum name_kind kind);
int name_resolve(struct scope *s, const char *name, size_t length, const char *folder, struct text_name *out,
                 struct seam_error *error);
size_t program_add(struct builder *b, const char *text, size_t length, struct place place);
size_t connection_add(struct builder *b, const char *text, size_t length, struct place place);
void listeners_foresee(struct builder *b, struct node steps);
size_t listener_add(struct builder *b, const char *text, size_t length, struct place place);
size_t program_port_find(const struct program *program, const char *name, size_t length); /* SIZE_MAX: none */

/* --- values (scenario_values.c, scenario_data.c): NULL after telling --- */

const struct text *build_text(struct scope *s, struct node node);
const struct text *build_key_text(struct scope *s, struct node member); /* of a member's key */
const struct number *build_number(struct scope *s, struct node node, int64_t min, int64_t max);
const struct pattern *build_pattern(struct scope *s, struct node node, bool captures);
const struct data *build_data(struct scope *s, struct node node);
const struct data *build_data_or_integer(struct scope *s, struct node node); /* of a variable */
const struct data *build_line(struct scope *s, struct node node);            /* DATA_LINE of any data */
/* DATA_LINES or DATA_LIST of a list of data with at least one entry. */
const struct data *build_data_list(struct scope *s, struct node node, enum data_kind kind);
bool build_delimiter(struct scope *s, struct node node, struct delimiter *out);
/* A string without ${...}: not empty, no NUL. */
const char *build_plain_string(struct scope *s, struct node node, const char *expected);
bool build_bool(struct loader *l, struct node node, bool *out);
bool build_integer(struct loader *l, struct node node, int64_t min, int64_t max, int64_t *out);
const char *build_why(struct loader *l, struct node object); /* NULL: none */
bool is_comment(const char *key);                            /* "why", which may stand in every object */
/* Tells of each key of the object that is not in the table. what: "a program". */
void check_keys(struct loader *l, struct node object, const struct format_key *keys, const char *what);
bool check_object(struct loader *l, struct node node, const char *what);
bool check_list(struct loader *l, struct node node, const char *what); /* an array with at least one entry */

/* --- scenario_streams.c --- */

bool build_stream(struct scope *s, struct node node, struct stream_ref *out);
bool build_target(struct scope *s, struct node node, struct connect_target *out);
/* Tells when the address is known and not "host:port", or outside loopback without leave. */
void check_address(struct builder *b, const struct text *address, struct place place);

/* --- parts (scenario_include.c) --- */

/* The part that node names, or NULL after telling. Fills the frame for its inside. */
const struct source *part_open(struct builder *b, struct node node, struct frame *frame);
void collect_merged(struct builder *b, const struct frame *frame, struct node root);
bool build_include(struct scope *s, struct node step, struct step_node *out, struct include_binding *binding);

void build_cut(struct builder *b); /* scenario_cut.c */
void build_sweep(struct builder *b, struct node sweep); /* scenario_sweep.c */

/* --- top level (scenario_top.c), programs (scenario_programs.c) --- */

void build_top(struct builder *b, struct node row);
void check_part_top(struct builder *b, struct node root);
const struct data *build_var(struct scope *s,
                             struct node member); /* of "vars"; --define goes before what is written */
void build_programs(struct builder *b);
void check_programs_started(struct builder *b);

/* --- steps (scenario_steps.c, step_args.c) --- */

void build_steps(struct scope *s, struct node steps, struct step_list *out);
/* Builds argument `arg` into args (the verb's struct). False after telling. */
bool build_arg(struct scope *s, const struct step_verb *verb, const struct step_arg *arg, struct node step,
               struct node value, void *args, struct step_node *out);
bool arg_is_known(const char *name); /* an argument of any verb */

/* --- the script (scenario_unroll.c) --- */

void build_script(struct builder *b);

#endif
