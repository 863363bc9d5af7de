/*
 * line_reader - src/line_reader.c with each delimiter and policy, beside a naive reader of the whole stream.
 *
 * Reaches: all of line_reader.c and line_scan.c but growth beyond the longest line and running out of memory
 * (the unit tests have those).
 */
#include "fuzz/include/seam/fuzz.h"
#include "src/line_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LINE, OVERLONG, PARTIAL };
static const char *const names[] = {"line", "overlong", "partial", NULL};

struct variant {
    struct line_reader_options options;
    struct seam_fuzz_events *events;
};

/* --- the reader
 * ------------------------------------------------------------------------------------------------------ */

struct under_test {
    struct line_reader reader;
    struct seam_fuzz_events *events;
    uint64_t next_offset;
};

static void *open_reader(struct seam_fuzz_events *events, const struct line_reader_options *options)
{
    struct under_test *t = calloc(1, sizeof *t);
    if (t) {
        line_reader_init(&t->reader, options);
        t->events = events;
    }
    return t;
}

/* Tells what has come; false when the stream is in error. */
static bool tell_lines(struct under_test *t)
{
    struct line_reader_line line;
    for (;;) {
        switch (line_reader_next(&t->reader, &line)) {
        case LINE_READER_LINE:
            seam_fuzz_event(t->events, LINE, line.data, line.length + line.delimiter_bytes);
            assert(line.offset >= t->next_offset);
            t->next_offset = line.offset + line.length + line.delimiter_bytes;
            break;
        case LINE_READER_PARTIAL:
            seam_fuzz_event(t->events, PARTIAL, line.data, line.length);
            break;
        case LINE_READER_OVERLONG:
            seam_fuzz_number(t->events, OVERLONG, line.length);
            if (t->reader.policy == LINE_READER_OVERLONG_FAILS) {
                return false;
            }
            break;
        default:
            return true;
        }
    }
}

static enum seam_fuzz_status feed_reader(void *parser, const void *data, size_t length)
{
    struct under_test *t = parser;
    if (t->reader.failed) {
        return SEAM_FUZZ_FAILED;
    }
    for (size_t at = 0; at < length;) {
        at += line_reader_feed(&t->reader, (const char *)data + at, length - at);
        if (!tell_lines(t)) {
            return SEAM_FUZZ_FAILED;
        }
    }
    return SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status finish_reader(void *parser)
{
    struct under_test *t = parser;
    line_reader_end(&t->reader);
    return tell_lines(t) ? SEAM_FUZZ_DONE : SEAM_FUZZ_FAILED;
}

static void close_reader(void *parser)
{
    struct under_test *t = parser;
    line_reader_free(&t->reader);
    free(t);
}

static size_t memory_of_reader(const void *parser)
{
    return ((const struct under_test *)parser)->reader.capacity;
}

static uint64_t work_of_reader(const void *parser)
{
    const struct line_reader *reader = &((const struct under_test *)parser)->reader;
    return reader->scan.scanned_bytes + reader->moved_bytes;
}

/* --- the reference: the whole stream at once, byte by byte
 * ------------------------------------------------------------- */

struct naive {
    struct line_reader_options options;
    struct seam_fuzz_events *events;
    const char *delimiter;
    size_t delimiter_bytes, left;
    char *line; /* what was left over */
};

static void *open_naive(struct seam_fuzz_events *events, const struct line_reader_options *options)
{
    struct naive *n = calloc(1, sizeof *n);
    if (n) {
        n->options = *options;
        n->events = events;
        n->delimiter = options->delimiter ? options->delimiter : "\n";
        n->delimiter_bytes = options->delimiter ? options->delimiter_bytes : 1;
    }
    return n;
}

/* How many of the last bytes of a line belong to its delimiter; 0: it is not whole. */
static size_t ending(const struct naive *n, const char *line, size_t length)
{
    size_t d = n->delimiter_bytes;
    if (length < d || memcmp(line + length - d, n->delimiter, d) != 0) {
        return 0;
    }
    return n->options.cr_tolerant && length >= 2 && line[length - 2] == '\r' ? 2 : d;
}

/* Can what has come of a line still become one within the limit? */
static bool may_fit(const struct naive *n, const char *line, size_t length)
{
    size_t max = n->options.line_bytes_max;
    if (length <= max || (n->options.cr_tolerant && length == max + 1 && line[max] == '\r')) {
        return true;
    }
    for (size_t begun = length - max; begun < n->delimiter_bytes; begun++) {
        if (begun <= length && memcmp(line + length - begun, n->delimiter, begun) == 0) {
            return true;
        }
    }
    return false;
}

static enum seam_fuzz_status feed_naive(void *parser, const void *data, size_t length)
{
    struct naive *n = parser;
    const char *bytes = data;
    bool fails = n->options.overlong == LINE_READER_OVERLONG_FAILS;
    size_t begin = 0;
    for (size_t at = 1; at <= length; at++) {
        const char *line = bytes + begin;
        size_t have = at - begin, end = ending(n, line, have);
        if (end && have - end <= n->options.line_bytes_max) {
            seam_fuzz_event(n->events, LINE, line, have);
        } else if (fails && (end || !may_fit(n, line, have))) {
            seam_fuzz_number(n->events, OVERLONG, n->options.line_bytes_max + 1);
            return SEAM_FUZZ_FAILED;
        } else if (end) {
            seam_fuzz_number(n->events, OVERLONG, have - end);
        }
        begin = end ? at : begin;
    }
    n->left = length - begin;
    n->line = malloc(n->left + 1);
    if (n->line && n->left) {
        memcpy(n->line, bytes + begin, n->left);
    }
    return SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status finish_naive(void *parser)
{
    struct naive *n = parser;
    if (n->left > n->options.line_bytes_max) {
        bool fails = n->options.overlong == LINE_READER_OVERLONG_FAILS;
        seam_fuzz_number(n->events, OVERLONG, fails ? n->options.line_bytes_max + 1 : n->left);
        return fails ? SEAM_FUZZ_FAILED : SEAM_FUZZ_DONE;
    }
    if (n->left) {
        seam_fuzz_event(n->events, PARTIAL, n->line, n->left);
    }
    return SEAM_FUZZ_DONE;
}

static void close_naive(void *parser)
{
    free(((struct naive *)parser)->line);
    free(parser);
}

/* --- variants
 * ----------------------------------------------------------------------------------------------------------
 */

/* One parser and its reference: name, delimiter, whether a CR before the LF belongs to it, longest line,
 * policy. */
#define VARIANT(variant, text, ends, cr, longest, policy)                                                    \
    static const struct line_reader_options options_##variant = {.delimiter = text,                          \
                                                                 .delimiter_bytes = sizeof ends - 1,         \
                                                                 .cr_tolerant = cr,                          \
                                                                 .line_bytes_max = longest,                  \
                                                                 .overlong = LINE_READER_OVERLONG_##policy}; \
    static const struct seam_fuzz_bytes delimiters_##variant[] = {SEAM_FUZZ_BYTES(ends), {NULL, 0}};         \
    static const size_t limits_##variant[] = {longest, 0};                                                   \
    static void *open_##variant(struct seam_fuzz_events *e)                                                  \
    {                                                                                                        \
        return open_reader(e, &options_##variant);                                                           \
    }                                                                                                        \
    static void *open_naive_##variant(struct seam_fuzz_events *e)                                            \
    {                                                                                                        \
        return open_naive(e, &options_##variant);                                                            \
    }                                                                                                        \
    static const struct seam_fuzz_parser naive_##variant = {.name = "naive",                                 \
                                                            .open = open_naive_##variant,                    \
                                                            .feed = feed_naive,                              \
                                                            .finish = finish_naive,                          \
                                                            .close = close_naive};                           \
    static const struct seam_fuzz_parser variant = {.name = "line_reader " #variant,                         \
                                                    .open = open_##variant,                                  \
                                                    .feed = feed_reader,                                     \
                                                    .finish = finish_reader,                                 \
                                                    .close = close_reader,                                   \
                                                    .kind_names = names,                                     \
                                                    .delimiters = delimiters_##variant,                      \
                                                    .limits = limits_##variant,                              \
                                                    .memory_used = memory_of_reader,                         \
                                                    .memory_bytes_max =                                      \
                                                        2 * ((longest) + sizeof ends + 4096),                \
                                                    .work_done = work_of_reader,                             \
                                                    .work_per_byte_max = 3,                                  \
                                                    .work_per_feed_max = 1,                                  \
                                                    .reference = &naive_##variant}

VARIANT(lf_fails, NULL, "\n", false, 64, FAILS);
VARIANT(lf_discards, NULL, "\n", false, 64, DISCARDS);
VARIANT(lf_empty_only, NULL, "\n", false, 1, DISCARDS);
VARIANT(cr_tolerant_fails, NULL, "\r\n", true, 64, FAILS);
VARIANT(cr_tolerant_discards, NULL, "\r\n", true, 16, DISCARDS);
VARIANT(crlf_fails, "\r\n", "\r\n", false, 64, FAILS);
VARIANT(crlf_discards, "\r\n", "\r\n", false, 512, DISCARDS);
VARIANT(nul_fails, "\0", "\0", false, 64, FAILS);
VARIANT(repeating_fails, "aab", "aab", false, 8, FAILS);
VARIANT(repeating_discards, "aab", "aab", false, 8, DISCARDS);
VARIANT(end_of_mail_fails, "\r\n.\r\n", "\r\n.\r\n", false, 64, FAILS);
VARIANT(end_of_mail_discards, "\r\n.\r\n", "\r\n.\r\n", false, 512, DISCARDS);

SEAM_FUZZ_TARGET(&lf_fails, &lf_discards, &lf_empty_only, &cr_tolerant_fails, &cr_tolerant_discards,
                 &crlf_fails, &crlf_discards, &nul_fails, &repeating_fails, &repeating_discards,
                 &end_of_mail_fails, &end_of_mail_discards);
