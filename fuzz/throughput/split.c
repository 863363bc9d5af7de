/* split - what the layer costs: a line splitter as a plain target (-DPLAIN), in the layer, and no parser at
 * all (-DEMPTY). */
#include "fuzz/include/seam/fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef EMPTY
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)data;
    (void)size;
    return 0;
}
#else
/* Counts lines and hashes where they end, so that the compiler keeps the work. */
struct splitter {
    struct seam_fuzz_events *events;
    size_t length;
    unsigned sum;
};

static void split(struct splitter *s, const char *data, size_t length)
{
    while (length > 0) {
        const char *newline = memchr(data, '\n', length);
        size_t n = newline ? (size_t)(newline - data) : length;
        s->length += n;
        if (!newline) {
            return;
        }
        if (s->events) {
            seam_fuzz_number(s->events, 0, s->length);
        }
        s->sum = s->sum * 31 + (unsigned)s->length;
        s->length = 0;
        data += n + 1;
        length -= n + 1;
    }
}

#ifdef PLAIN
static volatile unsigned sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct splitter s = {NULL, 0, 0};
    split(&s, (const char *)data, size);
    sink = s.sum;
    return 0;
}
#else
static struct splitter one[3]; /* the layer opens one at a time */
static size_t next;

static void *open_splitter(struct seam_fuzz_events *events)
{
    struct splitter *s = &one[next++ % 3];
    *s = (struct splitter){events, 0, 0};
    return s;
}

static enum seam_fuzz_status feed_splitter(void *s, const void *data, size_t length)
{
    split(s, data, length);
    return SEAM_FUZZ_MORE;
}

static void close_splitter(void *s)
{
    (void)s;
}

static const struct seam_fuzz_parser splitter = {
    .name = "splitter", .open = open_splitter, .feed = feed_splitter, .close = close_splitter};
SEAM_FUZZ_TARGET(&splitter);
#endif
#endif
