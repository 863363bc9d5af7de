/* A user's parser in C11, with <seam/fuzz.h> as it is installed. */
#include <seam/fuzz.h>

#include <stdio.h>

static void *open_counter(struct seam_fuzz_events *events)
{
    return events;
}

/* Right, as long as nobody asks how often it was fed. */
static enum seam_fuzz_status feed_counter(void *parser, const void *data, size_t length)
{
    const char *bytes = data;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            seam_fuzz_event(parser, 0, "newline", 7);
        }
    }
    return SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status feed_chunks(void *parser, const void *data, size_t length)
{
    (void)data;
    seam_fuzz_number(parser, 0, length);
    return SEAM_FUZZ_MORE;
}

static void close_counter(void *parser)
{
    (void)parser;
}

static const struct seam_fuzz_parser right = {
    .name = "newlines", .open = open_counter, .feed = feed_counter, .close = close_counter};
static const struct seam_fuzz_parser wrong = {
    .name = "chunks", .open = open_counter, .feed = feed_chunks, .close = close_counter};

SEAM_FUZZ_TARGET(&right);

int main(void)
{
    char report[1024];
    const char stream[] = "a\nb\n";
    const struct seam_fuzz_workspace *workspace = &seam_fuzz_target_here->workspace;
    if (seam_fuzz_exhaust(&right, stream, 4, 3, workspace, report, sizeof report) != SEAM_FUZZ_CLEAN ||
        seam_fuzz_exhaust(&wrong, stream, 4, 3, workspace, report, sizeof report) == SEAM_FUZZ_CLEAN) {
        puts(report);
        return 1;
    }
    return LLVMFuzzerTestOneInput((const uint8_t *)"\1\2a\nb\n", 6);
}
