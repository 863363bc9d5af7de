/*
 * pattern - a PCRE2 pattern of a scenario: it must match a whole unit, its named groups become variables.
 *
 * ${...} in a pattern stands for the literal bytes of the value (quoted, never a metacharacter). A pattern
 * without
 * ${...} is compiled at load; one with is checked at load with stand-ins and compiled at each use. Bytes, not
 * UTF, unless the pattern begins with (*UTF). Match and depth limits bound the work; reaching one is an
 * error, never a mismatch.
 */
#ifndef SEAM_HARNESS_PATTERN_H
#define SEAM_HARNESS_PATTERN_H

#include "harness/text.h"

struct pattern_group {
    const char *name;
    size_t slot; /* where a run keeps what the group matched */
};

struct pattern {
    const struct text *text;
    void *code; /* pcre2_code *, compiled at load; NULL when the text is not constant */
    const struct pattern_group *groups;
    size_t group_count;
    struct place place;
};

enum pattern_result { PATTERN_MATCH, PATTERN_NO_MATCH, PATTERN_ERROR };

/* Matches the whole of subject. With values_out not NULL a match stores the named groups there (values and
 * values_out may be the same). PATTERN_ERROR fills error. */
enum pattern_result pattern_match(const struct pattern *pattern, const struct values *values,
                                  const void *subject, size_t length, struct values *values_out,
                                  struct seam_error *error);

/* Where the named groups of a pattern match, in bytes of subject; begin == end: a group took no part. spans
 * has group_count entries. False: no match, or an error. */
struct pattern_span {
    size_t begin, end;
};
bool pattern_spans(const struct pattern *pattern, const struct values *values, const void *subject,
                   size_t length, struct pattern_span *spans);

#endif
