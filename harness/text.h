/*
 * text - byte strings with ${...} in them, numbers, and the values that fill them in.
 *
 * A scenario's strings are compiled once, at load, into pieces: literal bytes, or a compiled expression. Each
 * name that an expression may use has been resolved to a slot: one place in the run's table of values. So a
 * run needs no names, an unknown name is found before anything starts, and expansion never parses.
 *
 * Immutable after load and shared by all runs; the memory belongs to the scenario's arena.
 * A literal `${` is written `${$}{`. The grammar of expressions is in docs (scenario format, Variables).
 */
#ifndef SEAM_HARNESS_TEXT_H
#define SEAM_HARNESS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/bytes.h"
#include "src/error.h"

/* Where something stands in a file. Line and column count from 1, columns in bytes; start and end are byte
 * offsets. */
struct place {
    const char *path;
    int line;
    int column;
    size_t start;
    size_t end;
};

struct expression; /* compiled ${...}; private to text.c and expression.c */

#define VALUE_BYTES_MAX ((size_t)1 << 30) /* of one variable */

struct text_piece {
    const char *bytes; /* the literal; NULL when the piece is an expression */
    size_t length;
    const struct expression *expression;
};

struct text {
    const struct text_piece *pieces;
    size_t piece_count;
    bool constant; /* no expression in it: at most one piece */
    struct place place;
};

/* An integer argument: written as a number, or as a string that must expand to one. */
struct number {
    bool constant;
    int64_t value;           /* when constant */
    const struct text *text; /* when not */
    struct place place;
};

/* The values of one run, by slot. A slot that is not set yet is an error when it is used. */
struct values_slot {
    bool set;
    struct bytes bytes;
};
struct values {
    struct values_slot *slots;
    size_t count;
    const char *const *names; /* borrowed from the scenario: what to call slot i in a message */
};

int values_open(struct values *values, size_t count, const char *const *names); /* 0, or -1 out of memory */
void values_close(struct values *values);
int values_set(struct values *values, size_t slot, const void *data, size_t length);
int values_set_number(struct values *values, size_t slot, int64_t number);

/* Appends the expansion to out. 0, or -1 with error filled (place of the text, what is wrong). */
int text_expand(const struct text *text, const struct values *values, struct bytes *out,
                struct seam_error *error);
/* Has every slot that the text uses a value? */
bool text_is_known(const struct text *text, const struct values *values);
int number_expand(const struct number *number, const struct values *values, int64_t *out,
                  struct seam_error *error);

#endif
