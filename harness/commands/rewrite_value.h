/*
 * rewrite_value - the JSON text of an expectation with other bytes in it, written as the old one was: a form
 * such as {"hex": ...} stays one, a list that has one entry a line keeps them there, and entries that stay
 * the same stay as they are. Knows no files.
 */
#ifndef SEAM_HARNESS_COMMANDS_REWRITE_VALUE_H
#define SEAM_HARNESS_COMMANDS_REWRITE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/json_place.h"
#include "src/bytes.h"

struct rewrite_value {
    const char *text; /* the file */
    const struct json_place *at;
    const char *form; /* "line", "lines" or "data" */
    const void *delimiter, *bytes;
    size_t delimiter_length, length;
};

/* Appends the new value. *key: the key that it must stand under, when it is another than the old one (lines
 * in place of a line), else NULL. 0, or -1 out of memory. */
int rewrite_value(const struct rewrite_value *value, struct bytes *out, const char **key);

#endif
