/* toy - see toy.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fuzz/toy.h"

static const char *const names[] = {"line", "body", NULL};
struct toy {
    struct seam_fuzz_events *events;
    enum bug bug;
    char line[64 * 1024];
    size_t length;
    uint64_t work;
    size_t held;
    bool failed, told_after;
    const char *kept;
    bool held_line;
};

enum bug bug;

static void *open_toy(struct seam_fuzz_events *events)
{
    struct toy *t = calloc(1, sizeof *t);
    assert_non_null(t);
    t->events = events;
    t->bug = bug;
    return t;
}

static void *open_right(struct seam_fuzz_events *events)
{
    struct toy *t = open_toy(events);
    t->bug = RIGHT;
    return t;
}

static void tell_line(struct toy *t)
{
    const char *text = t->bug == KEEPS_POINTER && t->length      ? t->kept
                       : t->bug == ANSWERS_ALL && t->length == 3 ? "yes"
                                                                 : t->line;
    seam_fuzz_event(t->events, LINE, text, t->length);
    t->length = 0;
}

static enum seam_fuzz_status overlong(struct toy *t)
{
    t->failed = t->bug != FORGIVES;
    t->length = 0;
    return SEAM_FUZZ_FAILED;
}

static enum seam_fuzz_status after_failure(struct toy *t, size_t length)
{
    if (t->bug == TELLS_AFTER_FAIL && length) {
        seam_fuzz_number(t->events, LINE, length);
    }
    return SEAM_FUZZ_FAILED;
}

static enum seam_fuzz_status feed_toy(void *parser, const void *data, size_t length)
{
    struct toy *t = parser;
    const char *bytes = data;
    if (t->failed) {
        return after_failure(t, length);
    }
    if (length == 0 && t->bug == TELLS_OF_NOTHING) {
        seam_fuzz_event(t->events, LINE, NULL, 0);
    }
    if (length == 0 && t->bug == EMPTY_IS_END) {
        return SEAM_FUZZ_DONE;
    }
    if (t->held_line) {
        tell_line(t);
        t->held_line = false;
    }
    if (t->bug == RESCANS) {
        t->work += t->length;
    }
    t->held += t->bug == GROWS ? length : 0;
    bool ended = false;
    for (size_t i = 0; i < length; i++) {
        t->work++;
        if (bytes[i] == '\n') {
            ended = true;
            if (t->bug == HOLDS_BACK && i + 1 == length) {
                t->held_line = true;
                break;
            }
            tell_line(t);
        } else if (t->length == LINE_MAX_BYTES) {
            return overlong(t);
        } else {
            t->kept = t->length ? t->kept : bytes + i;
            t->line[t->length++] = bytes[i];
        }
    }
    if (t->bug == FORGETS_TAIL && !ended && length > 1) {
        t->length = 0;
    }
    if (t->bug == READS_AHEAD && length && bytes[length] == '\n') {
        tell_line(t);
    }
    return SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status finish_toy(void *parser)
{
    struct toy *t = parser;
    if (t->length) {
        tell_line(t);
    }
    return SEAM_FUZZ_DONE;
}

static void close_toy(void *parser)
{
    struct toy *t = parser;
    if (t->bug == TELLS_ON_CLOSE) {
        seam_fuzz_event(t->events, LINE, "bye", 3);
    }
    free(t);
}

static size_t memory_of_toy(const void *parser)
{
    return ((const struct toy *)parser)->held;
}
static uint64_t work_of_toy(const void *parser)
{
    return ((const struct toy *)parser)->work;
}

static const struct seam_fuzz_bytes newline[] = {SEAM_FUZZ_BYTES("\n"), {NULL, 0}};
static const size_t limits[] = {LINE_MAX_BYTES, 0};
static const struct seam_fuzz_parser right = {
    .name = "right", .open = open_right, .feed = feed_toy, .finish = finish_toy, .close = close_toy};
const struct seam_fuzz_parser toy = {.name = "toy",
                                     .open = open_toy,
                                     .feed = feed_toy,
                                     .finish = finish_toy,
                                     .close = close_toy,
                                     .kind_names = names,
                                     .delimiters = newline,
                                     .limits = limits,
                                     .memory_used = memory_of_toy,
                                     .memory_bytes_max = 16,
                                     .work_done = work_of_toy,
                                     .work_per_byte_max = WORK_EACH,
                                     .reference = &right};

static uint64_t memory[(1 << 20) / 8];
const struct seam_fuzz_workspace workspace = {memory, sizeof memory};
char report[REPORT_BYTES];

enum seam_fuzz_verdict check(enum bug which, const struct seam_fuzz_parser *parser, const char *text,
                             size_t cut_count, const size_t *cuts)
{
    const struct seam_fuzz_stream stream = {(const unsigned char *)text, strlen(text), cuts, cut_count};
    bug = which;
    return seam_fuzz_check(parser, &stream, &workspace, report, sizeof report);
}

/* --- a pipe */
bool dropping;

void *open_pipe(struct seam_fuzz_events *events)
{
    return events;
}

enum seam_fuzz_status feed_pipe(void *parser, const void *data, size_t length)
{
    const char *bad = length ? memchr(data, '!', length) : NULL;
    size_t n = bad ? (dropping ? 0 : (size_t)(bad - (const char *)data)) : length;
    if (n) {
        seam_fuzz_event(parser, BODY, data, n);
    }
    return bad ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
}

void close_pipe(void *parser)
{
    (void)parser;
}
