/*
 * names - a table from names to what they stand for; lives in an arena.
 *
 * Lookup is by hash, so files with very many names load in linear time.
 */
#ifndef SEAM_HARNESS_NAMES_H
#define SEAM_HARNESS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/arena.h"
#include "harness/text.h"

enum name_kind { NAME_NONE, NAME_VARIABLE, NAME_PROGRAM, NAME_CONNECTION, NAME_LISTENER };

struct name {
    const char *text; /* borrowed from the arena */
    size_t length;
    enum name_kind kind;
    size_t index;       /* of the program, connection or listener; the slot of a variable */
    struct place place; /* where it was defined; path NULL: on the command line */
    bool foreseen;      /* a listener that a later step opens: only programs may name it yet */
};

struct names {
    struct arena *arena;
    struct name **buckets;
    size_t bucket_count;
    struct name **items; /* in order of definition */
    size_t count;
    size_t capacity;
};

void names_init(struct names *names, struct arena *arena);
struct name *names_find(const struct names *names, const char *text, size_t length); /* NULL: none */
/* The name must not be there yet. Returns the entry, to be filled in by the caller. */
struct name *names_add(struct names *names, const char *text, size_t length);

/* [a-z][a-z0-9_]* */
bool name_is_valid(const char *text, size_t length);
const char *name_kind_word(enum name_kind kind); /* "a variable", "a program", ... */

#endif
