/*
 * planted_target - a fuzz target with bugs, for the tests of what runs targets.
 *
 * `planted` sees a CR before an LF only in the same chunk, and loses a NUL that ends a chunk: two findings of
 * one oracle. `asserts` fails an assertion and `crashes` follows a null pointer, when fed
 * "assert" and "crash": what the layer does not report itself.
 */
#include "fuzz/include/seam/fuzz.h"

#include <assert.h>
#include <stdlib.h>

static void *open_bytes(struct seam_fuzz_events *events)
{
    return events;
}

static void close_bytes(void *events)
{
    (void)events;
}

enum { NEWLINE, ZERO };
static const char *const names[] = {"newline", "zero", NULL};

static enum seam_fuzz_status feed_planted(void *events, const void *data, size_t length)
{
    const char *bytes = data;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            seam_fuzz_event(events, NEWLINE, "crlf", i > 0 && bytes[i - 1] == '\r' ? 4 : 2);
        } else if (bytes[i] == '\0' && i + 1 < length) {
            seam_fuzz_event(events, ZERO, NULL, 0);
        }
    }
    return SEAM_FUZZ_MORE;
}

/* Is this the word? Nothing leads a fuzzer there. */
static bool says(const void *data, size_t length, uint32_t hash)
{
    uint32_t h = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < length; i++) {
        h = (h ^ ((const unsigned char *)data)[i]) * 16777619U;
    }
    return h == hash;
}

static enum seam_fuzz_status feed_asserts(void *events, const void *data, size_t length)
{
    (void)events;
    assert(!says(data, length, UINT32_C(0xa5655c7b)));
    return SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status feed_crashes(void *events, const void *data, size_t length)
{
    volatile int *null = NULL;
    (void)events;
    return says(data, length, UINT32_C(0x1a4d55d8)) && *null ? SEAM_FUZZ_DONE : SEAM_FUZZ_MORE;
}

static const struct seam_fuzz_bytes ends[] = {SEAM_FUZZ_BYTES("\r\n"), SEAM_FUZZ_BYTES("\0"), {NULL, 0}};
static const struct seam_fuzz_parser planted = {.name = "planted",
                                                .open = open_bytes,
                                                .feed = feed_planted,
                                                .close = close_bytes,
                                                .delimiters = ends,
                                                .kind_names = names};
static const struct seam_fuzz_parser asserts = {
    .name = "asserts", .open = open_bytes, .feed = feed_asserts, .close = close_bytes};
static const struct seam_fuzz_parser crashes = {
    .name = "crashes", .open = open_bytes, .feed = feed_crashes, .close = close_bytes};
SEAM_FUZZ_TARGET(&planted, &asserts, &crashes);
