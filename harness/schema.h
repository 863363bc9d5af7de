/*
 * schema - the JSON Schema (draft-07) of a scenario file, made from the tables that loading itself uses:
 * format_keys and steps/.
 *
 * It is made for editors. Never does it say oneOf over verbs: then every mistake would be "not valid under any
 * of the given schemas". Instead each verb that is there says which keys may stand beside it. Where a value
 * has several types there is one schema for all of them, not an alternative for each, for the same reason; what
 * is an alternative has the one first whose message helps. Keys that only some editors know (errorMessage,
 * patternErrorMessage, doNotSuggest, enumDescriptions, defaultSnippets) change no verdict.
 *
 * What a schema can't say (which names exist, sizes, which arguments exclude each other) is left to loading.
 */
#ifndef SEAM_HARNESS_SCHEMA_H
#define SEAM_HARNESS_SCHEMA_H

#include <jansson.h>

#include "harness/step.h"
#include "src/bytes.h"

json_t *schema_build(void); /* caller owns the reference; NULL: out of memory */

/* What an argument of this kind takes, for people: "the name of a connection". */
const char *arg_kind_text(enum arg_kind kind);
/* Appends what an argument takes, with its choices or its range. */
void arg_describe(const struct step_arg *arg, struct bytes *out);

/* For schema.c alone: JSON of our tables, and what an argument takes. The caller owns both. */
json_t *schema_parse(const char *text);
json_t *schema_of_argument(const struct step_arg *arg);

#endif
