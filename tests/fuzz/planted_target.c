/* planted_target - a fuzz target with a bug, for the tests of what runs targets: it sees a CR before the LF only in the
 * same chunk. */
#include "fuzz/include/seam/fuzz.h"

#include <stdlib.h>

static void *open_lines(struct seam_fuzz_events *events)
{
    return events;
}

static enum seam_fuzz_status feed_lines(void *events, const void *data, size_t length)
{
    const char *bytes = data;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            seam_fuzz_event(events, 0, "newline", i > 0 && bytes[i - 1] == '\r' ? 7 : 3);
        }
    }
    return SEAM_FUZZ_MORE;
}

static void close_lines(void *events)
{
    (void)events;
}

static const struct seam_fuzz_bytes ends[] = {SEAM_FUZZ_BYTES("\r\n"), {NULL, 0}};
static const struct seam_fuzz_parser planted = {
    .name = "planted", .open = open_lines, .feed = feed_lines, .close = close_lines, .delimiters = ends};
SEAM_FUZZ_TARGET(&planted);
