/*
 * scenario_print_values - what the files that print a scenario share; private to scenario_print*.c.
 *
 *   scenario_print.c        top, programs, layout     scenario_print_values.c   texts, numbers, patterns
 *   scenario_print_steps.c  the script, steps         scenario_print_data.c     bytes, data
 *   scenario_print_paths.c  ${here}, ${bin}           scenario_print_expression.c  names, ${...}
 *
 * A text is first taken apart (print_flatten): what was written, what is known by now, and what only a run
 * knows. Mistakes are kept in the printer, the first one wins; after one every function may answer NULL.
 */
#ifndef SEAM_HARNESS_SCENARIO_PRINT_VALUES_H
#define SEAM_HARNESS_SCENARIO_PRINT_VALUES_H

#include <jansson.h>
#include <stdlib.h>

#include "harness/arena.h"
#include "harness/scenario_print.h"

#define PRINT_BYTES_MAX (SIZE_MAX / 4)

/* Half a text is of no use: without memory it ends as the arena does. */
static inline void print_must(enum bytes_result result)
{
    if (result != BYTES_OK) {
        abort();
    }
}

enum print_slot_kind {
    PRINT_SLOT_VARIABLE,
    PRINT_SLOT_RUN /* ${tmp}, ${case} */,
    PRINT_SLOT_PROGRAM,
    PRINT_SLOT_LISTENER
};

struct print_use { /* a capture that a text names, as it was then */
    size_t slot;
    uint64_t generation;
};

enum print_piece_kind {
    PRINT_WRITTEN, /* literal, as the scenario has it */
    PRINT_VALUE,   /* literal, the value of a ${...} that is known */
    PRINT_UNKNOWN  /* "${...}" */
};
struct print_piece {
    enum print_piece_kind kind;
    const char *bytes; /* owned by the arena, or borrowed from the scenario */
    size_t length;
    size_t name_slot; /* PRINT_UNKNOWN: the slot of a bare ${name}; else SIZE_MAX */
    const struct print_use *uses;
    size_t use_count;
};
struct print_flat {
    struct print_piece *items; /* owned by the arena */
    size_t count, capacity;
};

struct print_slot {
    enum print_slot_kind kind;
    size_t index;                   /* of the program or the listener */
    uint64_t generation;            /* how often it was captured */
    bool pinned;                    /* a connection's `ignore` goes on using it */
    const struct print_flat *bound; /* what an include made of captures; NULL: nothing */
};

struct printer {
    const struct scenario *scenario;
    struct arena *arena;
    const char *folder; /* where the file will stand */
    const char *bin;    /* what ${bin} is to the program that runs now; "" when not known */
    struct seam_error *error;
    bool failed;
    struct values values; /* what is known before a run, at the step that is being printed */
    struct print_slot *slots;
    json_t *owners; /* name of a variable: the slot that it means in the printed file by now */
    json_t *taken;  /* names of programs, connections, listeners */
    bool *programs_used, *connections_made, *listeners_made;
    const struct program *program; /* the one that is being printed: its texts hold paths of files */
    bool pinning;                  /* inside `ignore`, whose patterns are expanded later */
};

/* Keeps the first mistake; always NULL. */
void *print_fail(struct printer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes a text apart; names that are used are checked. 0, or -1 after print_fail. */
int print_flatten(struct printer *p, const struct text *text, struct print_flat *out);
/* The same of data, when it is nothing but text; scenario.delimiter ends its lines. */
int print_flatten_data(struct printer *p, const struct data *data, struct print_flat *out);

void print_add_piece(struct printer *p, struct print_flat *out, struct print_piece piece);
/* The pieces of an expression that is not known yet (scenario_print_expression.c). */
int print_expression(struct printer *p, const struct expression *expression, struct print_flat *out);

/* JSON that the caller owns. */
json_t *print_text(struct printer *p, const struct text *text);
json_t *print_flat_text(struct printer *p, const struct print_flat *flat);
/* A path relative to `base`, or one that is absolute. command: without a / it is no path but is looked up. */
json_t *print_path(struct printer *p, const struct text *text, const char *base, bool command);
json_t *print_number(struct printer *p, const struct number *number);
json_t *print_pattern(struct printer *p, const struct pattern *pattern);
json_t *print_data(struct printer *p, const struct data *data);
json_t *print_data_items(struct printer *p, const struct data *const *items, size_t count);

/* A string that is no text: no ${...} in it. */
json_t *print_plain(struct printer *p, const char *text);
/* Adds a member and takes the value over; none is a mistake. */
void print_put(struct printer *p, json_t *object, const char *key, json_t *value);

/* --- steps (scenario_print_steps.c) --- */

/* Gives variables their values as far as they are known. */
void print_bind_vars(struct printer *p, const struct scenario_var *vars, size_t count);
json_t *print_steps(struct printer *p);

/* --- paths (scenario_print_paths.c) --- */

/* The way from one absolute folder to a path, "" when it is the same. Owned by the arena. */
const char *print_relative(struct arena *arena, const char *from, const char *to);
/* Appends literal bytes of a text: ${ escaped, known folders as ${here} and ${bin}. glued, open_end: an
 * unknown value stands right before, right behind. */
void print_literal(const struct printer *p, struct bytes *out, const char *bytes, size_t length, bool glued,
                   bool open_end);
/* Would print_literal write more than the bytes? */
bool print_has_path(const struct printer *p, const char *bytes, size_t length);
/* Makes a relative path that begins the text relative to the printer's folder instead of `base`. */
void print_rebase(const struct printer *p, struct print_flat *flat, const char *base, bool command);

#endif
