/*
 * schema - the JSON Schema (draft-07) of a scenario file, made from the tables that loading itself uses:
 * format_keys and steps/.
 *
 * It never says oneOf over verbs: then every mistake would be "not valid under any of the given schemas".
 * Instead each verb that is there says which keys may stand beside it. What a schema can't say (names,
 * patterns, sizes) is left to loading.
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

#endif
