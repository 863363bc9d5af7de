/*
 * progress - had the program said what was due, each time it had settled?
 *
 * What is due: what had been said when the same messages were complete, each in a write of its own (the
 * lockstep run); once a further message has begun, what had been said just before its first byte left.
 * Offsets are those of canonical forms, so a clock of another length does not shift what follows.
 */
#include "harness/sweep/judge.h"
#include "harness/sweep/judge_inside.h"

#include <stdlib.h>
#include <string.h>

/* --- what was said at each point
 * ------------------------------------------------------------------------------------ */

struct point {
    uint64_t sent; /* a hash of how much each connection was sent */
    uint64_t said; /* and of how much each stream had */
    size_t number; /* of the case that was first there */
    bool early;    /* more than was due */
};

struct points {
    struct point *items; /* open addressing; sent 0: free */
    size_t count, capacity;
    bool streaming;
};

struct points *points_new(void)
{
    return calloc(1, sizeof(struct points));
}

void points_free(struct points *points)
{
    if (points) {
        free(points->items);
        free(points);
    }
}

bool points_streaming(const struct points *points)
{
    return points && points->streaming;
}

static struct point *find_slot(struct point *items, size_t capacity, uint64_t sent)
{
    size_t i = sent % capacity;
    while (items[i].sent != 0 && items[i].sent != sent) {
        i = (i + 1) % capacity;
    }
    return &items[i];
}

/* NULL: out of memory. A new point has sent 0. */
static struct point *point_at(struct points *points, uint64_t sent)
{
    if (2 * points->count >= points->capacity) {
        size_t capacity = points->capacity ? 2 * points->capacity : 256;
        struct point *items = calloc(capacity, sizeof *items);
        if (!items) {
            return NULL;
        }
        for (size_t i = 0; i < points->capacity; i++) {
            if (points->items[i].sent) {
                *find_slot(items, capacity, points->items[i].sent) = points->items[i];
            }
        }
        free(points->items);
        points->items = items;
        points->capacity = capacity;
    }
    return find_slot(points->items, points->capacity, sent);
}

/* --- the reference
 * -------------------------------------------------------------------------------------------------- */

static void sent_of(const struct record *record, size_t checkpoint, size_t connection_count, uint64_t *sent)
{
    const uint64_t *lengths = trace_lengths(&record->trace, checkpoint);
    for (size_t c = 0; c < connection_count; c++) {
        sent[c] = lengths[2 * c];
    }
}

struct due *due_table(const struct layout *layout, const struct record *lockstep)
{
    struct due *dues = malloc((layout->message_count + 1) * sizeof *dues);
    uint64_t *sent = calloc(layout->connection_count + 1, sizeof *sent);
    if (!dues || !sent) {
        free(dues);
        free(sent);
        return NULL;
    }
    for (size_t i = 0; i <= layout->message_count; i++) {
        dues[i] = (struct due){SIZE_MAX, SIZE_MAX};
    }
    for (size_t i = 0; i < lockstep->trace.checkpoint_count; i++) {
        bool begun;
        sent_of(lockstep, i, layout->connection_count, sent);
        struct due *due = &dues[layout_complete(layout, sent, &begun)];
        if (!begun) {
            due->first = due->first == SIZE_MAX ? i : due->first;
            due->latest = i;
        }
    }
    free(sent);
    return dues;
}

/* --- one checkpoint
 * ------------------------------------------------------------------------------------------------- */

struct stream_pair {
    struct canon odd, due;
    size_t common;
};

struct progress {
    const struct reference *reference;
    const struct record *record;
    bool guest;
    size_t number;
    struct stream_pair *pairs; /* by stream */
    size_t stream_count;
    uint64_t *sent;
    struct judgement *out;
    size_t *earlier;
};

static void describe(struct progress *p, size_t s, size_t checkpoint, size_t due_begin, size_t due_end,
                     size_t got)
{
    const struct transcript_stream *stream = &p->record->transcript.streams[s];
    const struct transcript_stream *due = &p->reference->lockstep->transcript.streams[s];
    struct judgement *out = p->out;
    char *excerpt =
        out->oddity == ODDITY_STALL ? judge_excerpt(due, due_begin) : judge_excerpt(stream, due_end);
    const struct trace_checkpoint *at = &p->record->trace.checkpoints[checkpoint];
    size_t connection = 0;
    for (size_t i = 0; i < p->record->trace.message_count; i++) {
        const struct trace_message *m = &p->record->trace.messages[i];
        if (p->sent[m->connection] > m->begin) {
            connection = m->connection; /* the last that has sent something */
        }
    }
    out->oracle = ORACLE_PROGRESS;
    out->stream = s;
    out->timed = at->timed;
    out->sent_at[0] = connection;
    out->sent_at[1] = p->sent[connection];
    if (out->oddity == ODDITY_STALL) {
        out->text =
            judge_format("\"%s\" has stalled after byte %llu of \"%s\": it has said %zu bytes, where %zu are "
                         "due; %s is missing%s",
                         stream->name, (unsigned long long)p->sent[connection],
                         p->reference->layout->names[connection], got, due_end, excerpt ? excerpt : "?",
                         at->timed ? " (a thread waits with a timer: it may come late)" : "");
    } else {
        out->text =
            judge_format("\"%s\" answers early, after byte %llu of \"%s\": it says %s, which is not due yet",
                         stream->name, (unsigned long long)p->sent[connection],
                         p->reference->layout->names[connection], excerpt ? excerpt : "?");
    }
    free(excerpt);
}

/* How much of stream s a record of the pair had said at a checkpoint: raw and canonical. */
static size_t said_at(const struct record *record, const struct canon *canon, size_t checkpoint, size_t s,
                      size_t *raw)
{
    *raw = (size_t)trace_lengths(&record->trace, checkpoint)[s];
    return canon_offset(canon, *raw);
}

/* Too little, or something else? Fills *early when it is more. */
static bool stream_is_odd(struct progress *p, size_t s, size_t checkpoint, size_t due, size_t latest,
                          bool *early)
{
    const struct record *lockstep = p->reference->lockstep;
    struct stream_pair *pair = &p->pairs[s];
    size_t raw, raw_due, raw_latest;
    size_t got = said_at(p->record, &pair->odd, checkpoint, s, &raw);
    size_t least = said_at(lockstep, &pair->due, due, s, &raw_due);
    size_t most = said_at(lockstep, &pair->due, latest, s, &raw_latest);
    if (got < least) {
        p->out->oddity = ODDITY_STALL;
        p->out->odd_at = raw;
        p->out->baseline_at = judge_raw_offset(&pair->due, got < pair->common ? got : pair->common,
                                               lockstep->transcript.streams[s].bytes.length);
        p->out->baseline_end = raw_due;
        describe(p, s, checkpoint, p->out->baseline_at, raw_due, raw);
        return true;
    }
    if (got > most) {
        *early = true;
        if (got > pair->common) { /* and it is not what comes next */
            p->out->oddity = ODDITY_EARLY;
            p->out->odd_at =
                judge_raw_offset(&pair->odd, most, p->record->transcript.streams[s].bytes.length);
            p->out->baseline_at = raw_latest;
            describe(p, s, checkpoint, raw_latest, p->out->odd_at, raw);
            return true;
        }
    }
    return false;
}

static uint64_t hash_step(uint64_t hash, uint64_t value)
{
    hash ^= value + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
    hash *= 0xff51afd7ed558ccdu;
    return hash ^ hash >> 32;
}

/* Said the same amount as every other run that has settled here? */
static bool point_is_odd(struct progress *p, size_t checkpoint, bool early)
{
    struct points *points = p->reference->points;
    uint64_t sent = 1, said = 1;
    if (!points || p->record->trace.checkpoints[checkpoint].timed) {
        return false;
    }
    for (size_t c = 0; c < p->reference->layout->connection_count; c++) {
        sent = hash_step(sent, p->sent[c]);
    }
    for (size_t s = 0; s < p->stream_count; s++) {
        size_t raw;
        if (judge_compares(&p->record->transcript.streams[s], true)) {
            said = hash_step(said, said_at(p->record, &p->pairs[s].odd, checkpoint, s, &raw));
        }
    }
    sent += sent == 0;
    points->streaming |= early;
    struct point *point = point_at(points, sent);
    if (point && point->sent == 0) {
        *point = (struct point){.sent = sent, .said = said, .number = p->number, .early = early};
        points->count++;
        return false;
    }
    if (!point || point->said == said) {
        return false;
    }
    if (point->early && !early) {
        *p->earlier = point->number; /* this one is as it should be: that one was not */
    }
    return early || point->early;
}

static bool checkpoint_is_odd(struct progress *p, size_t checkpoint)
{
    bool partial, early = false;
    sent_of(p->record, checkpoint, p->reference->layout->connection_count, p->sent);
    size_t complete = layout_complete(p->reference->layout, p->sent, &partial);
    size_t latest = p->reference->dues[complete].latest;
    size_t due = partial ? latest : p->reference->dues[complete].first;
    if (due == SIZE_MAX) {
        return false;
    }
    for (size_t s = 0; s < p->stream_count; s++) {
        if (judge_compares(&p->record->transcript.streams[s], p->guest) &&
            stream_is_odd(p, s, checkpoint, due, latest, &early)) {
            return true;
        }
    }
    if (!point_is_odd(p, checkpoint, early)) {
        return false;
    }
    for (size_t s = 0; s < p->stream_count; s++) {
        size_t raw, raw_latest;
        if (judge_compares(&p->record->transcript.streams[s], true) &&
            said_at(p->record, &p->pairs[s].odd, checkpoint, s, &raw) !=
                said_at(p->reference->lockstep, &p->pairs[s].due, latest, s, &raw_latest)) {
            p->out->oddity = ODDITY_EARLY;
            p->out->odd_at = p->out->baseline_at = raw_latest;
            describe(p, s, checkpoint, raw_latest, raw_latest < raw ? raw_latest : raw, raw);
            return true;
        }
    }
    p->out->oddity = ODDITY_EARLY; /* the earlier case's: told when that one is run again */
    p->out->oracle = ORACLE_PROGRESS;
    p->out->text = judge_format("an earlier case has said more at the same place");
    return true;
}

static void close_pairs(struct progress *p)
{
    for (size_t s = 0; p->pairs && s < p->stream_count; s++) {
        canon_close(&p->pairs[s].odd);
        canon_close(&p->pairs[s].due);
    }
    free(p->pairs);
    free(p->sent);
}

static bool open_pairs(struct progress *p)
{
    p->stream_count = p->record->transcript.stream_count;
    p->pairs = calloc(p->stream_count + 1, sizeof *p->pairs);
    p->sent = calloc(p->reference->layout->connection_count + 1, sizeof *p->sent);
    bool good = p->pairs && p->sent;
    for (size_t s = 0; good && s < p->stream_count; s++) {
        struct stream_pair *pair = &p->pairs[s];
        if (judge_compares(&p->record->transcript.streams[s], p->guest)) {
            good = canon_make(p->reference->masks, p->record, s, &pair->odd) == 0 &&
                   canon_make(p->reference->masks, p->reference->lockstep, s, &pair->due) == 0;
            pair->common = good ? judge_common(&pair->odd, &pair->due) : 0;
        }
    }
    return good;
}

bool judge_progress(const struct reference *reference, const struct record *record, bool guest, size_t number,
                    struct judgement *out, size_t *earlier)
{
    struct progress p = {.reference = reference,
                         .record = record,
                         .guest = guest,
                         .number = number,
                         .out = out,
                         .earlier = earlier};
    bool odd = false;
    if (open_pairs(&p)) {
        for (size_t i = 0; !odd && i < record->trace.checkpoint_count; i++) {
            odd = !record->trace.checkpoints[i].before && checkpoint_is_odd(&p, i);
        }
    }
    close_pairs(&p);
    return odd;
}
