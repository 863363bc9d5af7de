/* feed - see feed.h. */
#include "fuzz/layer/feed.h"

#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(HAS_ASAN)
#include <sanitizer/asan_interface.h>
#define POISON(at, length)   __asan_poison_memory_region(at, length)
#define UNPOISON(at, length) __asan_unpoison_memory_region(at, length)
#else
#define POISON(at, length)   ((void)(at), (void)(length))
#define UNPOISON(at, length) ((void)(at), (void)(length))
#endif

enum { GONE = 0xdb, RED_ZONE_BYTES = 32 };

static void spoil(struct feed_story *story, enum seam_fuzz_verdict verdict, size_t at, uint64_t found,
                  uint64_t bound)
{
    if (story->verdict == SEAM_FUZZ_CLEAN) {
        story->verdict = verdict;
        story->at = at;
        story->found = found;
        story->bound = bound;
    }
}

static enum seam_fuzz_status feed_chunk(const struct seam_fuzz_parser *parser, void *state,
                                        const unsigned char *data, size_t length, unsigned char *chunk)
{
    UNPOISON(chunk, length);
    if (length) {
        memcpy(chunk, data, length);
    }
    POISON(chunk + length, RED_ZONE_BYTES);
    enum seam_fuzz_status status = parser->feed(state, chunk, length);
    memset(chunk, GONE, length);
    POISON(chunk, length);
    return status;
}

/* Was it right to take this chunk so? */
static void judge_feed(struct feed_story *story, bool had_ended, enum seam_fuzz_status status,
                       struct events_mark before, size_t length, size_t at)
{
    bool told = !events_mark_equal(before, events_mark(&story->events));
    if (had_ended) {
        if (told) {
            spoil(story, SEAM_FUZZ_AFTER_END, at, 0, 0);
        } else if (status != story->status) {
            spoil(story, SEAM_FUZZ_STICKY, at, status, story->status);
        }
    } else if (length == 0 && (told || status != SEAM_FUZZ_MORE)) {
        spoil(story, SEAM_FUZZ_EMPTY_FEED, at, 0, 0);
    }
}

static void judge_memory(const struct seam_fuzz_parser *parser, const void *state, struct feed_story *story,
                         size_t at)
{
    size_t used = parser->memory_used && parser->memory_bytes_max ? parser->memory_used(state) : 0;
    if (used > parser->memory_bytes_max) {
        spoil(story, SEAM_FUZZ_MEMORY, at, used, parser->memory_bytes_max);
    }
}

/* Returns how many feeds it took; *fed: how many bytes. */
static size_t feed_chunks(const struct seam_fuzz_parser *parser, void *state,
                          const struct seam_fuzz_stream *stream, unsigned char *chunk,
                          struct feed_story *story, size_t *fed)
{
    size_t feeds = 0, from = 0;
    for (size_t i = 0; i <= stream->cut_count; i++) {
        size_t to = i < stream->cut_count ? stream->cuts[i] : stream->length;
        bool had_ended = story->status != SEAM_FUZZ_MORE;
        if (had_ended && parser->flags & SEAM_FUZZ_ENDS_AT_ONCE) {
            break;
        }
        if (to == from && (parser->flags & SEAM_FUZZ_EMPTY_ENDS || stream->length == 0)) {
            continue;
        }
        struct events_mark before = events_mark(&story->events);
        enum seam_fuzz_status status = feed_chunk(parser, state, stream->data + from, to - from, chunk);
        judge_feed(story, had_ended, status, before, to - from, to);
        story->status = had_ended ? story->status : status;
        judge_memory(parser, state, story, to);
        feeds++;
        *fed += to - from;
        from = to;
    }
    return feeds;
}

void feed_stream(const struct seam_fuzz_parser *parser, const struct seam_fuzz_stream *stream,
                 unsigned char *chunk, unsigned char *kept, size_t kept_bytes, struct feed_story *out)
{
    *out = (struct feed_story){.status = SEAM_FUZZ_MORE};
    events_open(&out->events, parser->merged_kinds, kept, kept_bytes);
    void *state = parser->open(&out->events);
    if (!state) {
        return;
    }
    out->judged = true;
    size_t fed = 0, feeds = feed_chunks(parser, state, stream, chunk, out, &fed);
    out->came_to_the_end = out->status == SEAM_FUZZ_MORE;
    out->before_end = events_mark(&out->events);
    if (out->came_to_the_end && parser->finish) {
        out->status = parser->finish(state);
    }
    if (parser->work_done) {
        uint64_t work = parser->work_done(state);
        uint64_t bound = parser->work_per_byte_max * fed + parser->work_per_feed_max * (feeds + 1);
        if (work > bound) {
            spoil(out, SEAM_FUZZ_WORK, stream->length, work, bound);
        }
    }
    out->events.closed = true;
    parser->close(state);
    if (out->events.told_after_close) {
        spoil(out, SEAM_FUZZ_AFTER_END, stream->length, 0, 0);
    }
}

/* --- comparing
 * ----------------------------------------------------------------------------------------------------- */

/* Does the shorter story begin the longer one, as far as they are kept? Its last event may be a part of the
 * other's. */
static bool begins(const struct seam_fuzz_events *shorter, const struct seam_fuzz_events *longer)
{
    struct event_head a, b;
    const unsigned char *x, *y;
    size_t at = 0, other = 0;
    for (uint64_t i = 1; events_next(shorter, &at, &a, &x); i++) {
        bool last = i == shorter->now.count;
        if (!events_next(longer, &other, &b, &y)) {
            return !longer->kept_whole;
        }
        size_t n = a.kept < b.kept ? a.kept : b.kept;
        if (a.kind != b.kind || memcmp(x, y, n) != 0 || (last ? a.length > b.length : a.length != b.length)) {
            return false;
        }
    }
    return true;
}

static bool is_shorter(const struct seam_fuzz_events *a, const struct seam_fuzz_events *b)
{
    return a->now.count != b->now.count ? a->now.count < b->now.count : a->now.bytes < b->now.bytes;
}

enum seam_fuzz_verdict feed_compare(const struct seam_fuzz_parser *parser, const struct feed_story *a,
                                    const struct feed_story *b)
{
    if (a->status != b->status) {
        return SEAM_FUZZ_INVARIANCE;
    }
    if (!events_mark_equal(events_mark(&a->events), events_mark(&b->events))) {
        bool drops = parser->flags & SEAM_FUZZ_FAILURE_DROPS && a->status == SEAM_FUZZ_FAILED;
        bool a_shorter = is_shorter(&a->events, &b->events);
        return drops && begins(&(a_shorter ? a : b)->events, &(a_shorter ? b : a)->events)
                   ? SEAM_FUZZ_CLEAN
                   : SEAM_FUZZ_INVARIANCE;
    }
    if (parser->flags & SEAM_FUZZ_MAY_HOLD_BACK) {
        return SEAM_FUZZ_CLEAN;
    }
    return a->came_to_the_end == b->came_to_the_end && events_mark_equal(a->before_end, b->before_end)
               ? SEAM_FUZZ_CLEAN
               : SEAM_FUZZ_PROGRESS;
}
