/*
 * format_keys - the keys of a scenario file outside its steps, as data: loading knows no others, and the
 * schema and the reference are made from them. Those of steps are in steps/.
 */
#ifndef SEAM_HARNESS_FORMAT_KEYS_H
#define SEAM_HARNESS_FORMAT_KEYS_H

struct format_key {
    const char *name;   /* NULL ends a table */
    const char *schema; /* of the value: a JSON Schema (draft-07), with references into "definitions" */
    const char *doc;
    const char *examples; /* a JSON array of values */
};

/* The names of programs, connections, listeners and variables. */
#define FORMAT_NAME_PATTERN "^[a-z][a-z0-9_]*$"
#define FORMAT_NAME_TEXT    "a name has lower-case letters, digits and _, and begins with a letter"

extern const struct format_key format_top_keys[];
extern const struct format_key format_program_keys[];
extern const struct format_key format_sweep_keys[];
extern const struct format_key format_oracle_keys[];
extern const struct format_key format_data_keys[];  /* exactly one, beside times and why */
extern const struct format_key format_step_keys[];  /* of every step */
extern const struct format_key format_until_keys[]; /* {"matches": ...} */

#endif
