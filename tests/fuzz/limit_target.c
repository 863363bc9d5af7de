/* limit_target - a fuzz target with a bug that only lengths reach: a line of exactly the limit, 512 bytes, is
 * refused when a chunk ends behind it. AFL++ alone does not get there; with the layer's mutator it does. */
#include "fuzz/include/seam/fuzz.h"

#include <stdlib.h>

enum { LIMIT = 512 };

struct lines {
    struct seam_fuzz_events *events;
    size_t length;
    bool failed;
};

static void *open_lines(struct seam_fuzz_events *events)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (lines) {
        lines->events = events;
    }
    return lines;
}

static enum seam_fuzz_status feed_lines(void *parser, const void *data, size_t length)
{
    struct lines *lines = parser;
    const char *bytes = data;
    for (size_t i = 0; i < length && !lines->failed; i++) {
        if (bytes[i] == '\n') {
            seam_fuzz_number(lines->events, 0, lines->length);
            lines->length = 0;
        } else {
            lines->failed = ++lines->length > LIMIT;
        }
    }
    lines->failed = lines->failed || lines->length == LIMIT;
    return lines->failed ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
}

static const struct seam_fuzz_bytes ends[] = {SEAM_FUZZ_BYTES("\n"), {NULL, 0}};
static const size_t limits[] = {LIMIT, 0};
static const struct seam_fuzz_parser limit = {.name = "limit",
                                              .open = open_lines,
                                              .feed = feed_lines,
                                              .close = free,
                                              .delimiters = ends,
                                              .limits = limits};
SEAM_FUZZ_TARGET(&limit);
