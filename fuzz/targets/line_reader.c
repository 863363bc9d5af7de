/*
 * line_reader - src/line_reader.c with each delimiter and policy, beside a naive reader of the whole stream.
 *
 * Files: src/line_reader.c src/line_scan.c
 *
 * Reaches: all of them but running out of memory (the unit tests have that). Told are the lines and where
 * each began. Bytes come in by reserve/commit and by feed, in turns.
 */
#include "fuzz/include/seam/fuzz.h"
#include "src/line_reader.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { OFFSET, LINE, OVERLONG, PARTIAL };
static const char *const names[] = {"offset", "line", "overlong", "partial", NULL};

/* --- the reader --- */

struct under_test {
    struct line_reader reader;
    struct seam_fuzz_events *events;
    uint64_t feeds;
    bool failed; /* and told */
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
        enum line_reader_result result = line_reader_next(&t->reader, &line);
        if (result != LINE_READER_LINE && result != LINE_READER_PARTIAL && result != LINE_READER_OVERLONG) {
            return true;
        }
        seam_fuzz_number(t->events, OFFSET, line.offset);
        if (result == LINE_READER_OVERLONG) {
            seam_fuzz_number(t->events, OVERLONG, line.length);
        } else {
            seam_fuzz_event(t->events, result == LINE_READER_LINE ? LINE : PARTIAL, line.data,
                            line.length + line.delimiter_bytes);
        }
        t->failed = result == LINE_READER_OVERLONG && t->reader.policy == LINE_READER_OVERLONG_FAILS;
        if (t->failed) {
            return false;
        }
    }
}

/* As recv() would: straight into the reader's buffer. */
static size_t put(struct under_test *t, const char *data, size_t length)
{
    size_t room;
    char *into = line_reader_reserve(&t->reader, length, &room);
    room = room < length ? room : length;
    if (into) {
        memcpy(into, data, room);
        line_reader_commit(&t->reader, room);
    }
    return room;
}

/* After an error: it takes all, says the same again, and reserves nothing. */
static void feed_failed(struct under_test *t, const void *data, size_t length)
{
    struct line_reader_line line;
    size_t room = 1;
    assert(line_reader_feed(&t->reader, data, length) == length);
    assert(line_reader_reserve(&t->reader, 1, &room) == NULL && room == 0);
    assert(line_reader_next(&t->reader, &line) == LINE_READER_OVERLONG);
    assert(line.length == t->reader.line_bytes_max + 1);
}

static enum seam_fuzz_status feed_reader(void *parser, const void *data, size_t length)
{
    struct under_test *t = parser;
    const char *bytes = data;
    if (t->failed) {
        feed_failed(t, data, length);
        return SEAM_FUZZ_FAILED;
    }
    bool puts = t->feeds++ % 2;
    for (size_t at = 0; at < length;) {
        size_t taken =
            puts ? put(t, bytes + at, length - at) : line_reader_feed(&t->reader, bytes + at, length - at);
        assert(taken > 0); /* there is room after each MORE */
        at += taken;
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

/* --- the reference: the whole stream at once, byte by byte --- */

struct naive {
    struct line_reader_options options;
    struct seam_fuzz_events *events;
    const char *delimiter;
    size_t delimiter_bytes, begin, left; /* of the last line, in the stream */
    char *line;                          /* what was left over */
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

static void tell_overlong(struct naive *n, size_t begin, size_t length)
{
    bool fails = n->options.overlong == LINE_READER_OVERLONG_FAILS;
    seam_fuzz_number(n->events, OFFSET, begin);
    seam_fuzz_number(n->events, OVERLONG, fails ? n->options.line_bytes_max + 1 : length);
}

static void tell_bytes(struct naive *n, unsigned kind, size_t begin, const char *line, size_t length)
{
    seam_fuzz_number(n->events, OFFSET, begin);
    seam_fuzz_event(n->events, kind, line, length);
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
            tell_bytes(n, LINE, begin, line, have);
        } else if (end || (fails && !may_fit(n, line, have))) {
            tell_overlong(n, begin, have - end);
            if (fails) {
                return SEAM_FUZZ_FAILED;
            }
        }
        begin = end ? at : begin;
    }
    n->begin = begin;
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
        tell_overlong(n, n->begin, n->left);
        return n->options.overlong == LINE_READER_OVERLONG_FAILS ? SEAM_FUZZ_FAILED : SEAM_FUZZ_DONE;
    }
    if (n->left) {
        tell_bytes(n, PARTIAL, n->begin, n->line, n->left);
    }
    return SEAM_FUZZ_DONE;
}

static void close_naive(void *parser)
{
    free(((struct naive *)parser)->line);
    free(parser);
}

/* --- variants --- */

/* One parser and its reference: name, delimiter, whether a CR before the LF belongs to it, longest line, what
 * the buffer holds at most, policy. */
#define VARIANT(variant, text, ends, cr, longest, holds, policy)                                             \
    static const struct line_reader_options options_##variant = {.delimiter = text,                          \
                                                                 .delimiter_bytes = sizeof ends - 1,         \
                                                                 .cr_tolerant = cr,                          \
                                                                 .line_bytes_max = longest,                  \
                                                                 .buffer_bytes_max = holds,                  \
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
    static const struct seam_fuzz_parser variant = {                                                         \
        .name = "line_reader " #variant,                                                                     \
        .open = open_##variant,                                                                              \
        .feed = feed_reader,                                                                                 \
        .finish = finish_reader,                                                                             \
        .close = close_reader,                                                                               \
        .kind_names = names,                                                                                 \
        .delimiters = delimiters_##variant,                                                                  \
        .limits = limits_##variant,                                                                          \
        .memory_used = memory_of_reader,                                                                     \
        .memory_bytes_max = 2 * ((holds) > (longest) ? (holds) : (longest) + sizeof ends),                   \
        .work_done = work_of_reader,                                                                         \
        .work_per_byte_max = 3,                                                                              \
        .work_per_feed_max = 1,                                                                              \
        .reference = &naive_##variant}

VARIANT(lf_fails, NULL, "\n", false, 64, 0, FAILS);
VARIANT(lf_discards, NULL, "\n", false, 64, 1024, DISCARDS);
VARIANT(lf_empty_only, NULL, "\n", false, 1, 0, DISCARDS);
VARIANT(cr_tolerant_fails, NULL, "\r\n", true, 64, 0, FAILS);
VARIANT(cr_tolerant_discards, NULL, "\r\n", true, 16, 0, DISCARDS);
VARIANT(crlf_fails, "\r\n", "\r\n", false, 64, 0, FAILS);
VARIANT(crlf_discards, "\r\n", "\r\n", false, 512, 0, DISCARDS);
VARIANT(nul_fails, "\0", "\0", false, 64, 0, FAILS);
VARIANT(repeating_fails, "aab", "aab", false, 8, 0, FAILS);
VARIANT(repeating_discards, "aab", "aab", false, 8, 0, DISCARDS);
VARIANT(end_of_mail_fails, "\r\n.\r\n", "\r\n.\r\n", false, 64, 1024, FAILS);
VARIANT(end_of_mail_discards, "\r\n.\r\n", "\r\n.\r\n", false, 512, 0, DISCARDS);

SEAM_FUZZ_TARGET(&lf_fails, &lf_discards, &lf_empty_only, &cr_tolerant_fails, &cr_tolerant_discards,
                 &crlf_fails, &crlf_discards, &nul_fails, &repeating_fails, &repeating_discards,
                 &end_of_mail_fails, &end_of_mail_discards);
