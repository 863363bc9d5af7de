/* pattern_compile - checks and compiles the patterns of a scenario at load. */
#ifndef SEAM_HARNESS_PATTERN_COMPILE_H
#define SEAM_HARNESS_PATTERN_COMPILE_H

#include "harness/arena.h"
#include "harness/pattern.h"

struct pattern_problem {
    size_t offset; /* in the text of the pattern; SIZE_MAX: of no one place */
    char text[256];
};

/*
 * Fills pattern->code from pattern->text, and *names with the names of its groups (owned by the arena). The
 * groups' slots are the caller's business. 0, or -1 with problem filled. A text that is not constant is
 * checked with stand-ins: code stays NULL.
 */
int pattern_prepare(struct arena *arena, struct pattern *pattern, const char *const **names,
                    size_t *name_count, struct pattern_problem *problem);

/* Appends the pattern that matches exactly these bytes. For text_compiler.quote. */
enum bytes_result pattern_quote(struct bytes *out, const char *bytes, size_t length);

#endif
