/* tell - see tell.h. */
#include "fuzz/layer/tell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    RUN_BYTES_MIN = 12,   /* equal bytes in a row that are told as a run */
    SHOWN_BYTES_MAX = 80, /* of one literal; then its middle is left out */
    SHOWN_CHUNKS_MAX = 40,
    EVENTS_BEFORE = 2,
    EVENTS_AFTER = 3,
};

static const char *const promises[][2] = {
    [SEAM_FUZZ_CLEAN] = {"clean", "nothing is wrong"},
    [SEAM_FUZZ_INVARIANCE] = {"invariance", "cut, it tells something else than whole"},
    [SEAM_FUZZ_DIFFERENTIAL] = {"differential", "whole, it tells something else than the reference"},
    [SEAM_FUZZ_PROGRESS] = {"progress", "when the stream pauses at its end, not the same has been told"},
    [SEAM_FUZZ_EMPTY_FEED] = {"empty feed", "it was fed nothing, and told something or ended"},
    [SEAM_FUZZ_STICKY] = {"sticky", "fed again after its end, it answered otherwise"},
    [SEAM_FUZZ_AFTER_END] = {"after end", "it told something after its end"},
    [SEAM_FUZZ_MEMORY] = {"memory", "it holds more memory than its bound"},
    [SEAM_FUZZ_WORK] = {"work", "it worked more than its bound"},
};

const char *seam_fuzz_verdict_name(enum seam_fuzz_verdict verdict)
{
    return promises[verdict][0];
}

struct text {
    char *at, *end; /* end: the last byte, kept for the NUL */
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text->at, (size_t)(text->end - text->at) + 1, format, arguments);
    va_end(arguments);
    if (n > 0) {
        text->at += n < text->end - text->at ? n : text->end - text->at;
    }
}

/* --- bytes
 * ---------------------------------------------------------------------------------------------------------
 */

static void add_byte(struct text *text, unsigned char c)
{
    static const char named[] = "\nn\rr\tt\"\"\\\\";
    for (size_t i = 0; i + 1 < sizeof named; i += 2) {
        if (c == (unsigned char)named[i]) {
            add(text, "\\%c", named[i + 1]);
            return;
        }
    }
    add(text, c >= ' ' && c < 0x7f ? "%c" : "\\x%02x", c);
}

static void add_literal(struct text *text, const unsigned char *data, size_t length)
{
    add(text, "\"");
    for (size_t i = 0; i < length; i++) {
        if (length > SHOWN_BYTES_MAX && i == SHOWN_BYTES_MAX / 2) {
            size_t left_out = length - SHOWN_BYTES_MAX;
            add(text, "\" + ... %zu bytes ... + \"", left_out);
            i += left_out;
        }
        add_byte(text, data[i]);
    }
    add(text, "\"");
}

static size_t run_length(const unsigned char *data, size_t length)
{
    size_t n = 1;
    while (n < length && data[n] == data[0]) {
        n++;
    }
    return n;
}

/* "GET " + "a" x 512 + "\r\n" */
static void add_bytes(struct text *text, const unsigned char *data, size_t length)
{
    size_t from = 0, at = 0;
    if (length == 0) {
        add(text, "\"\"");
    }
    while (at < length) {
        size_t run = run_length(data + at, length - at);
        if (run >= RUN_BYTES_MIN) {
            if (at > from) {
                add_literal(text, data + from, at - from);
                add(text, " + ");
            }
            add_literal(text, data + at, 1);
            add(text, " x %zu%s", run, at + run < length ? " + " : "");
            from = at + run;
        }
        at += run;
    }
    if (at > from) {
        add_literal(text, data + from, at - from);
    }
}

static void add_stream(struct text *text, const struct seam_fuzz_stream *stream)
{
    add(text, "  stream: ");
    for (size_t i = 0, from = 0; i <= stream->cut_count; i++) {
        size_t to = i < stream->cut_count ? stream->cuts[i] : stream->length;
        if (i == SHOWN_CHUNKS_MAX) {
            add(text, " | ... %zu more chunks", stream->cut_count + 1 - i);
            break;
        }
        add(text, "%s", i ? " | " : "");
        add_bytes(text, stream->data + from, to - from);
        from = to;
    }
    add(text, "\n  length: %zu bytes in %zu chunk%s", stream->length, stream->cut_count + 1,
        stream->cut_count ? "s, cut @" : "");
    for (size_t i = 0; i < stream->cut_count && i < SHOWN_CHUNKS_MAX; i++) {
        add(text, "%s%zu", i ? "," : "", stream->cuts[i]);
    }
    add(text, "%s\n", stream->cut_count > SHOWN_CHUNKS_MAX ? ",..." : "");
}

/* --- stories
 * ------------------------------------------------------------------------------------------------------- */

static void add_event(struct text *text, const struct seam_fuzz_parser *parser, const struct event_head *head,
                      const unsigned char *data)
{
    size_t named = 0;
    while (parser->kind_names && named <= head->kind && parser->kind_names[named]) {
        named++;
    }
    if (named > head->kind) {
        add(text, "%s ", parser->kind_names[head->kind]);
    } else {
        add(text, "event %u ", (unsigned)head->kind);
    }
    add_bytes(text, data, head->kept);
    if (head->kept < head->length) {
        add(text, " + ... %llu bytes", (unsigned long long)(head->length - head->kept));
    }
}

static const char *status_text(const struct feed_story *story)
{
    return story->status == SEAM_FUZZ_FAILED ? (story->came_to_the_end ? "failed at the end" : "failed")
           : story->status == SEAM_FUZZ_DONE ? (story->came_to_the_end ? "done at the end" : "done")
                                             : "wants more";
}

/* Of the kept events, the first at which the two part; the number of kept events of the shorter: none. */
static uint64_t find_parting(const struct seam_fuzz_events *a, const struct seam_fuzz_events *b)
{
    struct event_head x, y;
    const unsigned char *dx, *dy;
    size_t at = 0, other = 0;
    uint64_t i = 0;
    while (events_next(a, &at, &x, &dx) && events_next(b, &other, &y, &dy) && x.kind == y.kind &&
           x.length == y.length && memcmp(dx, dy, x.kept < y.kept ? x.kept : y.kept) == 0) {
        i++;
    }
    return i;
}

static void add_story(struct text *text, const struct seam_fuzz_parser *parser, const char *label,
                      const struct feed_story *story, uint64_t parting)
{
    struct event_head head;
    const unsigned char *data;
    uint64_t first = parting > EVENTS_BEFORE ? parting - EVENTS_BEFORE : 0, i = 0;
    add(text, "  %s:\n", label);
    if (first) {
        add(text, "       ... %llu events alike\n", (unsigned long long)first);
    }
    for (size_t at = 0; events_next(&story->events, &at, &head, &data); i++) {
        if (i > parting + EVENTS_AFTER) {
            break;
        }
        if (i >= first) {
            add(text, "    %s ", i == parting ? "->" : "  ");
            add_event(text, parser, &head, data);
            bool paused = i + 1 == story->before_end.count && story->came_to_the_end;
            add(text, "%s\n", paused ? "   <- told before the end" : "");
        }
    }
    if (i < story->events.now.count) {
        add(text, "       ... %llu more events\n", (unsigned long long)(story->events.now.count - i));
    }
    add(text, "    %s %s\n", story->events.now.count == parting ? "->" : "  ", status_text(story));
}

static void add_detail(struct text *text, const struct tell_failure *failure)
{
    const struct feed_story *story = failure->first;
    if (failure->verdict == SEAM_FUZZ_MEMORY) {
        add(text, "  held:   %llu bytes at offset %zu, allowed are %llu\n", (unsigned long long)story->found,
            story->at, (unsigned long long)story->bound);
    } else if (failure->verdict == SEAM_FUZZ_WORK) {
        add(text, "  work:   %llu, allowed are %llu\n", (unsigned long long)story->found,
            (unsigned long long)story->bound);
    } else if (!failure->second) {
        add(text, "  seen:   behind the chunk that ends at offset %zu\n", story->at);
    }
}

void tell_failure(const struct tell_failure *failure, char *out, size_t bytes)
{
    if (!out || bytes == 0) {
        return;
    }
    struct text text = {out, out + bytes - 1};
    const struct feed_story *first = failure->first, *second = failure->second;
    add(&text, "%s: %s: %s\n", failure->parser->name, promises[failure->verdict][0],
        promises[failure->verdict][1]);
    add_stream(&text, failure->stream);
    add_detail(&text, failure);
    if (!second) {
        add_story(&text, failure->parser, "told", first, first->events.now.count);
        return;
    }
    uint64_t parting = find_parting(&first->events, &second->events);
    if (failure->verdict == SEAM_FUZZ_PROGRESS) {
        parting = first->before_end.count < second->before_end.count ? first->before_end.count
                                                                     : second->before_end.count;
    }
    add_story(&text, failure->parser, "whole", first, parting);
    add_story(&text, failure->parser, failure->second_is_reference ? "the reference" : "cut", second,
              parting);
}
