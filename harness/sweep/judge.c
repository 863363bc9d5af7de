/* judge - see judge.h: failures, invariance, injection; progress.c has the rest. */
#include "harness/sweep/judge.h"
#include "harness/sweep/judge_inside.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *const oracle_words[ORACLE_COUNT] = {[ORACLE_EXPECTATION] = "expectation",
                                                [ORACLE_INVARIANCE] = "invariance",
                                                [ORACLE_PROGRESS] = "progress",
                                                [ORACLE_HEALTH] = "health",
                                                [ORACLE_COST] = "cost",
                                                [ORACLE_INJECTION] = "injection"};
const char *const oddity_words[ODDITY_COUNT] = {
    [ODDITY_NONE] = "nothing",       [ODDITY_OTHER] = "other bytes",     [ODDITY_LESS] = "missing bytes",
    [ODDITY_MORE] = "more bytes",    [ODDITY_CLOSE] = "ended otherwise", [ODDITY_STALL] = "stall",
    [ODDITY_EARLY] = "early answer", [ODDITY_UNREAD] = "unread bytes",   [ODDITY_END] = "wrong end",
    [ODDITY_GROWTH] = "growth"};

void judgement_close(struct judgement *judgement)
{
    free(judgement->text);
    judgement->text = NULL;
}

char *judge_format(const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    va_end(args);
    return text;
}

size_t judge_common(const struct canon *a, const struct canon *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length, at = 0;
    if (shorter && memcmp(a->bytes, b->bytes, shorter) == 0) {
        return shorter;
    }
    while (at < shorter && a->bytes[at] == b->bytes[at]) {
        at++;
    }
    return at;
}

size_t judge_raw_offset(const struct canon *canon, size_t canonical, size_t raw_length)
{
    size_t low = 0, high = raw_length;
    if (!canon->map) {
        return canonical;
    }
    while (low < high) { /* the last raw offset that is not behind it */
        size_t middle = low + (high - low + 1) / 2;
        if (canon->map[middle] <= canonical) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* What a guest's programs print, and what is typed, is not judged. */
bool judge_compares(const struct transcript_stream *stream, bool guest)
{
    return stream->kind == TRANSCRIPT_RECEIVED || (stream->kind == TRANSCRIPT_OUTPUT && !guest);
}

char *judge_excerpt(const struct transcript_stream *stream, size_t at)
{
    enum { SHOWN = 40 };
    struct bytes out;
    size_t left = at < stream->bytes.length ? stream->bytes.length - at : 0;
    if (left == 0) {
        return strdup(stream->reset ? "a reset" : stream->ended ? "the end" : "nothing");
    }
    bytes_init(&out, 4096);
    bytes_append_text(&out, "\"");
    bytes_append_visible(&out, stream->bytes.data + at, left < SHOWN ? left : SHOWN, BYTES_VISIBLE_QUOTED);
    bytes_append_text(&out, left > SHOWN ? "\"..." : "\"");
    char *copy = strdup(bytes_text(&out));
    bytes_free(&out);
    return copy;
}

static const char *end_words(const struct transcript_stream *stream)
{
    return stream->reset ? "was reset" : stream->ended ? "was closed" : "stayed open";
}

/* How a program ended: its last fate on the stream of its stdout. NULL: it did not. */
static const struct transcript_event *fate(const struct record *record, size_t stream)
{
    const struct transcript_event *last = NULL;
    for (size_t i = 0; i < record->transcript.event_count; i++) {
        const struct transcript_event *e = &record->transcript.events[i];
        if (e->stream == stream && (e->kind == EVENT_EXITED || e->kind == EVENT_KILLED)) {
            last = e;
        }
    }
    return last;
}

/* A program that closes over bytes it has not read sends a reset or an end as chance has it: then both are
 * one. */
static bool end_differs(const struct reference *reference, const struct record *record,
                        const struct transcript_stream *a, const struct transcript_stream *b)
{
    bool by_chance = record->unsent_bytes || record->unread || reference->baseline->unsent_bytes ||
                     reference->baseline->unread;
    bool closed_a = a->ended || a->reset, closed_b = b->ended || b->reset;
    return by_chance ? closed_a != closed_b : a->ended != b->ended || a->reset != b->reset;
}

static bool compare_stream(const struct reference *reference, const struct record *record, size_t s,
                           struct judgement *out)
{
    const struct transcript_stream *a = &reference->baseline->transcript.streams[s],
                                   *b = &record->transcript.streams[s];
    struct canon ca, cb;
    if (canon_make(reference->masks, reference->baseline, s, &ca) < 0) {
        return false;
    }
    if (canon_make(reference->masks, record, s, &cb) < 0) {
        canon_close(&ca);
        return false;
    }
    size_t common = judge_common(&ca, &cb);
    bool differs = common < ca.length || common < cb.length;
    bool ends_differ = a->kind == TRANSCRIPT_RECEIVED && end_differs(reference, record, a, b) &&
                       !masks_hide_end(reference->masks, s);
    if (differs || ends_differ) {
        out->stream = s;
        out->oddity = !differs              ? ODDITY_CLOSE
                      : common == cb.length ? ODDITY_LESS
                      : common == ca.length ? ODDITY_MORE
                                            : ODDITY_OTHER;
        out->baseline_at = judge_raw_offset(&ca, common, a->bytes.length);
        out->odd_at = judge_raw_offset(&cb, common, b->bytes.length);
    }
    canon_close(&ca);
    canon_close(&cb);
    return differs || ends_differ;
}

static void describe_difference(const struct reference *reference, const struct record *record,
                                struct judgement *out)
{
    const struct transcript_stream *a = &reference->baseline->transcript.streams[out->stream],
                                   *b = &record->transcript.streams[out->stream];
    if (out->oddity == ODDITY_CLOSE) {
        out->text =
            judge_format("\"%s\" %s, where it %s in the baseline", a->name, end_words(b), end_words(a));
        return;
    }
    char *wanted = judge_excerpt(a, out->baseline_at), *got = judge_excerpt(b, out->odd_at);
    out->text = judge_format("\"%s\": the baseline says %s at byte %zu, this run %s", a->name,
                             wanted ? wanted : "?", out->baseline_at, got ? got : "?");
    free(wanted);
    free(got);
}

static bool fates_differ(const struct reference *reference, const struct record *record, size_t s,
                         struct judgement *out)
{
    const struct transcript_event *a = fate(reference->baseline, s), *b = fate(record, s);
    if ((!a && !b) || (a && b && a->kind == b->kind && a->detail == b->detail)) {
        return false;
    }
    out->stream = s;
    out->oddity = ODDITY_END;
    out->text = judge_format("%s: %s %d, in the baseline %s %d", record->transcript.streams[s].name,
                             !b                        ? "no end"
                             : b->kind == EVENT_EXITED ? "exit"
                                                       : "killed by signal",
                             b ? b->detail : 0,
                             !a                        ? "no end"
                             : a->kind == EVENT_EXITED ? "exit"
                                                       : "killed by signal",
                             a ? a->detail : 0);
    return true;
}

size_t judge_first_difference(const struct reference *reference, const struct record *record, bool guest,
                              struct judgement *out)
{
    size_t count = reference->baseline->transcript.stream_count;
    for (size_t s = 0; s < count && s < record->transcript.stream_count; s++) {
        const struct transcript_stream *stream = &record->transcript.streams[s];
        if (judge_compares(stream, guest) && compare_stream(reference, record, s, out)) {
            describe_difference(reference, record, out);
            return s;
        }
        if (stream->kind == TRANSCRIPT_OUTPUT && !guest && fates_differ(reference, record, s, out)) {
            return s;
        }
    }
    return SIZE_MAX;
}

/* A run that failed by itself. */
static enum verdict judge_failure(const struct reference *reference, const struct record *record, bool guest,
                                  struct judgement *out)
{
    struct judgement difference = {.stream = SIZE_MAX};
    bool closed_early = record->failure == RUN_FAILURE_MISFIT && record->unsent_bytes > 0;
    if (record->status == RESULT_ERROR && !closed_early) {
        out->text = judge_format("%s", record->message ? record->message : "it could not run");
        return VERDICT_ERROR;
    }
    judge_first_difference(reference, record, guest, &difference);
    if (closed_early && difference.stream == SIZE_MAX) {
        return VERDICT_SAME; /* it had said all it says, and did not need the rest */
    }
    *out = difference;
    out->oracle = record->failure == RUN_FAILURE_END ? ORACLE_HEALTH : ORACLE_EXPECTATION;
    switch (record->failure) {
    case RUN_FAILURE_END:
        out->oddity = ODDITY_END;
        break;
    case RUN_FAILURE_UNREAD:
        out->oddity = ODDITY_UNREAD;
        break;
    case RUN_FAILURE_MISFIT:
        out->oddity = ODDITY_CLOSE;
        break;
    case RUN_FAILURE_STEP:
        out->oddity = difference.stream == SIZE_MAX ? ODDITY_OTHER : difference.oddity;
        break;
    }
    free(out->text);
    out->text = judge_format("%s", closed_early      ? "the program closed before all was sent"
                                   : record->message ? record->message
                                                     : "it failed");
    return VERDICT_ODD;
}

static bool evidence_is_weak(const struct reference *reference, const struct record *record)
{
    return record->evidence != EVIDENCE_NONE && record->evidence < reference->evidence &&
           (reference->baseline->evidence == EVIDENCE_NONE ||
            record->evidence < reference->baseline->evidence);
}

enum verdict judge(const struct reference *reference, const struct record *record, bool guest, size_t number,
                   struct judgement *out, size_t *earlier)
{
    const bool *off = reference->oracle_off;
    *out = (struct judgement){.stream = SIZE_MAX};
    *earlier = SIZE_MAX;
    if (record->trace.incomplete) {
        out->text = judge_format("out of memory");
        return VERDICT_ERROR;
    }
    if (record->failed) {
        bool ignored = record->failure == RUN_FAILURE_END && off[SCENARIO_ORACLE_HEALTH];
        return ignored ? VERDICT_SAME : judge_failure(reference, record, guest, out);
    }
    out->oracle = ORACLE_INVARIANCE;
    if (!off[SCENARIO_ORACLE_INVARIANCE] &&
        judge_first_difference(reference, record, guest, out) != SIZE_MAX) {
        return VERDICT_ODD;
    }
    if (evidence_is_weak(reference, record)) {
        out->text = judge_format("weakest evidence %s, where %s is asked for",
                                 evidence_words[record->evidence], evidence_words[reference->evidence]);
        return VERDICT_ERROR;
    }
    if (!off[SCENARIO_ORACLE_PROGRESS] && reference->lockstep &&
        judge_progress(reference, record, guest, number, out, earlier)) {
        return VERDICT_ODD;
    }
    return VERDICT_SAME;
}

enum verdict judge_injection(const struct reference *reference, const struct record *record,
                             size_t barrier_step, struct judgement *out)
{
    *out = (struct judgement){.stream = SIZE_MAX, .oracle = ORACLE_INJECTION};
    if (record->failed && record->status == RESULT_ERROR && record->failure != RUN_FAILURE_MISFIT) {
        out->text = judge_format("%s", record->message ? record->message : "it could not run");
        return VERDICT_ERROR;
    }
    if (record->failed && record->failure == RUN_FAILURE_END) {
        out->oracle = ORACLE_HEALTH;
        out->oddity = ODDITY_END;
        out->text = judge_format("%s", record->message ? record->message : "a program ended");
        return VERDICT_ODD;
    }
    if (record->failed && record->failed_at <= barrier_step) {
        return VERDICT_SAME; /* it refused, or closed */
    }
    if (judge_first_difference(reference, record, false, out) == SIZE_MAX) {
        return VERDICT_SAME;
    }
    const struct transcript_stream *said = &record->transcript.streams[out->stream];
    bool closed = (said->ended || said->reset) && !reference->baseline->transcript.streams[out->stream].ended;
    if (out->oddity == ODDITY_CLOSE || out->oddity == ODDITY_LESS || closed) {
        judgement_close(out);
        return VERDICT_SAME;
    }
    return VERDICT_ODD;
}
