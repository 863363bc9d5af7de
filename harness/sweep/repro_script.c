/*
 * repro_script - the script of a reproduction: the writes of a specimen, and, as expects, what the program
 * said when each message came alone.
 *
 * What was said up to a point is expected there: before a burst, behind it, and, where progress was odd,
 * between its chunks. So `seam run` fails on it without knowing any other run.
 */
#include "harness/sweep/repro.h"

#include "harness/run.h"
#include "harness/steps/args.h"

#include <stdlib.h>
#include <string.h>

struct scriptor {
    const struct specimen *specimen;
    const struct shown *shown;
    bool alone; /* each message its own write, for a check of the expects */
    struct subject *out;
    struct script_entry *script;
    size_t count, capacity;
    uint64_t *said; /* by stream: expected so far */
    size_t checkpoint;
    size_t steps; /* besides start, connect, greeting, close and stop */
    bool sent;
    bool at_end;
    bool over; /* it has failed by now: only closes and stops follow */
};

static void add_step(struct scriptor *s, const struct step_verb *verb, const void *args, size_t args_bytes)
{
    static const struct place nowhere;
    s->script = arena_grow(s->out->arena, s->script, &s->count, &s->capacity, sizeof *s->script);
    s->script[s->count - 1].step = step_new(s->out->arena, verb, args, args_bytes, &nowhere);
    s->steps += s->sent;
}

static void add_settle(struct scriptor *s)
{
    struct settle_args settle = {.program = 0};
    add_step(s, &step_settle, &settle, sizeof settle);
}

/* --- what is expected
 * ----------------------------------------------------------------------------------------------- */

/* Which stream of the scenario a transcript stream is; false: none that can be expected. */
static bool stream_ref_of(const struct scenario *scenario, size_t stream, struct stream_ref *out)
{
    size_t at = 2 * scenario->connection_count;
    if (stream < at) {
        *out = (struct stream_ref){.kind = STREAM_CONNECTION, .index = stream / 2};
        return stream % 2 == 1;
    }
    for (size_t p = 0; p < scenario->program_count; p++) {
        size_t count = 3 + scenario->programs[p].log_count;
        if (stream < at + count) {
            size_t kind = stream - at;
            *out = (struct stream_ref){.kind = kind == 1   ? STREAM_STDOUT
                                               : kind == 2 ? STREAM_STDERR
                                                           : STREAM_LOG,
                                       .index = p,
                                       .log = kind > 2 ? kind - 3 : 0};
            return kind > 0;
        }
        at += count;
    }
    return false;
}

static struct delimiter delimiter_of(const struct scenario *scenario, const struct stream_ref *ref)
{
    struct delimiter newline = {.bytes = "\n", .length = 1};
    return ref->kind == STREAM_CONNECTION ? scenario->connections[ref->index].delimiter : newline;
}

static void expect_bytes(struct scriptor *s, const struct stream_ref *ref, const char *data, size_t begin,
                         size_t end)
{
    struct delimiter d = delimiter_of(&s->out->scenario, ref);
    struct expect_args expect = {.stream = *ref};
    bool lines = repro_whole_lines(data, begin, end, &d);
    bool one = lines && repro_line_stop(data, begin, end, &d) == end;
    if (one) {
        expect.line = repro_lines(s->out->arena, data, begin, end, &d, DATA_LINE);
    } else if (lines) {
        expect.lines = repro_lines(s->out->arena, data, begin, end, &d, DATA_LINES);
    } else {
        expect.data = data_literal(s->out->arena, data + begin, end - begin);
    }
    add_step(s, &step_expect, &expect, sizeof expect);
}

static void expect_masked(struct scriptor *s, const struct stream_ref *ref, const char *data,
                          const struct canon *canon, size_t begin, size_t end)
{
    struct delimiter d = delimiter_of(&s->out->scenario, ref);
    while (begin < end) {
        size_t stop = repro_line_stop(data, begin, end, &d), content = stop;
        if (repro_whole_lines(data, begin, stop, &d)) {
            content -= d.length;
        }
        if (repro_any_hidden(canon, begin, stop) && content < stop) {
            struct expect_args expect = {.stream = *ref};
            expect.matches = repro_pattern(s->out->arena, data, canon, begin, content);
            add_step(s, &step_expect, &expect, sizeof expect);
        } else {
            expect_bytes(s, ref, data, begin, stop);
        }
        begin = stop;
    }
}

static bool is_slow(const struct scriptor *s)
{
    return s->specimen->slow != SIZE_MAX && !s->alone;
}

/* Everything that was said up to these lengths, and is not expected yet. A slow connection is read at the end
 * only. */
static void expect_up_to(struct scriptor *s, const uint64_t *lengths)
{
    const struct record *record = &s->shown->subject.baseline;
    if (is_slow(s) && !s->at_end) {
        return;
    }
    for (size_t i = 0; i < record->transcript.stream_count; i++) {
        const struct transcript_stream *stream = &record->transcript.streams[i];
        struct stream_ref ref;
        struct canon canon;
        bool wanted = stream->kind == TRANSCRIPT_RECEIVED ||
                      (stream->kind == TRANSCRIPT_OUTPUT && i == s->shown->judgement.stream);
        if (!wanted || lengths[i] <= s->said[i] || !stream_ref_of(&s->out->scenario, i, &ref) ||
            canon_make(&s->shown->masks, record, i, &canon) < 0) {
            continue;
        }
        if (repro_any_hidden(&canon, (size_t)s->said[i], (size_t)lengths[i])) {
            expect_masked(s, &ref, bytes_text(&stream->bytes), &canon, (size_t)s->said[i],
                          (size_t)lengths[i]);
        } else {
            expect_bytes(s, &ref, bytes_text(&stream->bytes), (size_t)s->said[i], (size_t)lengths[i]);
        }
        canon_close(&canon);
        s->said[i] = lengths[i];
    }
}

static void expect_silence(struct scriptor *s, size_t stream)
{
    static const struct silence settled;
    struct expect_args expect = {.silence = &settled};
    if (stream_ref_of(&s->out->scenario, stream, &expect.stream)) {
        add_step(s, &step_expect, &expect, sizeof expect);
    }
}

/* --- writes
 * ---------------------------------------------------------------------------------------------------------
 */

struct burst {
    size_t first, last; /* ops */
    size_t connection;
    char *bytes;
    size_t length;
    size_t *cuts; /* where chunks end, ascending, without the end */
    size_t cut_count;
    bool fin, fin_joined;
};

static void collect_burst(const struct scriptor *s, size_t first, struct burst *out)
{
    const struct specimen *specimen = s->specimen;
    struct arena *arena = s->out->arena;
    size_t total = 0;
    *out = (struct burst){.first = first, .connection = specimen->ops[first].connection};
    for (size_t i = first; i != SIZE_MAX; i = specimen_next_in_burst(specimen, i)) {
        total += specimen->ops[i].length;
        out->last = i;
    }
    total += specimen->probe_at == SIZE_MAX ? 0 : specimen->probe_length;
    out->bytes = arena_alloc(arena, total + 1);
    out->cuts = arena_alloc_array(arena, total + 2, sizeof *out->cuts);
    for (size_t i = first; i != SIZE_MAX; i = specimen_next_in_burst(specimen, i)) {
        const struct op *op = &specimen->ops[i];
        size_t next = specimen_next_in_burst(specimen, i);
        for (size_t k = 0; k < op->cut_count && !s->alone; k++) {
            out->cuts[out->cut_count++] = out->length + op->cuts[k];
        }
        memcpy(out->bytes + out->length, op->length ? op->bytes : "", op->length);
        out->length += op->length;
        if (i == specimen->probe_at && !s->alone) {
            memcpy(out->bytes + out->length, specimen->probe, specimen->probe_length);
            out->length += specimen->probe_length;
        }
        bool before_fin = next != SIZE_MAX && specimen->ops[next].fin;
        out->fin |= op->fin;
        out->fin_joined |= before_fin && op->joined && !s->alone;
        if (next != SIZE_MAX && !before_fin && (!op->joined || s->alone)) {
            out->cuts[out->cut_count++] = out->length;
        }
    }
}

/* One send of bytes [from, to): split where chunks end. */
static void send_chunks(struct scriptor *s, const struct burst *burst, size_t from, size_t to)
{
    struct arena *arena = s->out->arena;
    const struct data **items = NULL;
    size_t count = 0, capacity = 0, at = from;
    for (size_t k = 0; k <= burst->cut_count && at < to; k++) {
        size_t stop = k < burst->cut_count ? burst->cuts[k] : to;
        if (stop <= at) {
            continue;
        }
        stop = stop < to ? stop : to;
        items = arena_grow(arena, items, &count, &capacity, sizeof *items);
        items[count - 1] = data_literal(arena, burst->bytes + at, stop - at);
        at = stop;
    }
    struct send_args send = {.connection = burst->connection};
    struct split split = {.items = items, .item_count = count};
    const struct delimiter *d = &s->out->scenario.connections[burst->connection].delimiter;
    if (count > 1) {
        send.split = arena_copy(arena, &split, sizeof split);
    } else if (repro_whole_lines(burst->bytes, from, to, d) &&
               repro_line_stop(burst->bytes, from, to, d) == to) {
        send.line = repro_lines(arena, burst->bytes, from, to, d, DATA_LINE);
    } else if (repro_whole_lines(burst->bytes, from, to, d)) {
        send.lines = repro_lines(arena, burst->bytes, from, to, d, DATA_LINES);
    } else {
        send.data = data_literal(arena, burst->bytes + from, to - from);
    }
    s->sent = true;
    add_step(s, &step_send, &send, sizeof send);
}

/* Where in the burst the program was seen to be odd, between two chunks; 0: nowhere. */
static size_t odd_place(const struct scriptor *s, const struct burst *burst)
{
    const struct judgement *j = &s->shown->judgement;
    uint64_t begin = specimen_offset(s->specimen, burst->first);
    if (s->alone || j->oracle != ORACLE_PROGRESS || j->sent_at[0] != burst->connection ||
        j->sent_at[1] <= begin || j->sent_at[1] >= begin + burst->length) {
        return 0;
    }
    size_t place = (size_t)(j->sent_at[1] - begin);
    for (size_t k = 0; k < burst->cut_count; k++) {
        if (burst->cuts[k] == place) {
            return place;
        }
    }
    return 0;
}

static bool next_checkpoint(struct scriptor *s, const uint64_t **lengths)
{
    const struct trace *trace = &s->shown->subject.baseline.trace;
    if (s->checkpoint >= trace->checkpoint_count) {
        return false;
    }
    *lengths = trace_lengths(trace, s->checkpoint++);
    return true;
}

/* Writes a burst, with what is due before it, in it where it was odd, and behind it. Returns the last op of
 * it. */
static size_t write_burst(struct scriptor *s, size_t first)
{
    struct burst burst;
    const uint64_t *lengths;
    collect_burst(s, first, &burst);
    if (next_checkpoint(s, &lengths)) { /* before it */
        expect_up_to(s, lengths);
    }
    size_t odd = odd_place(s, &burst), sent = 0;
    const uint64_t *due = NULL, *behind = NULL;
    size_t reached = 0;
    for (size_t i = first; i != SIZE_MAX; i = specimen_next_in_burst(s->specimen, i)) {
        reached += s->specimen->ops[i].length;
        if (next_checkpoint(s, &lengths)) {
            due = reached <= odd && !s->specimen->ops[i].fin ? lengths : due;
            behind = lengths;
        }
    }
    if (odd) {
        send_chunks(s, &burst, 0, odd);
        sent = odd;
        if (due) {
            expect_up_to(s, due);
        }
        if (s->shown->judgement.oddity == ODDITY_EARLY) {
            expect_silence(s, s->shown->judgement.stream);
        }
        s->over = true; /* what comes later shows no more */
        return burst.last;
    }
    if (burst.length > sent) {
        send_chunks(s, &burst, sent, burst.length);
    }
    if (burst.fin) {
        struct close_args close = {.connection = burst.connection, .how = RUN_CLOSE_WRITE};
        add_step(s, &step_close, &close, sizeof close);
    }
    if (behind) {
        expect_up_to(s, behind);
    }
    return burst.last;
}

/* What was said on one connection, all of it. */
static void expect_connection(struct scriptor *s, size_t connection, const uint64_t *lengths)
{
    const struct transcript_stream *stream =
        &s->shown->subject.baseline.transcript.streams[2 * connection + 1];
    struct stream_ref ref = {.kind = STREAM_CONNECTION, .index = connection};
    uint64_t *said = &s->said[2 * connection + 1];
    if (lengths[2 * connection + 1] > *said) {
        expect_bytes(s, &ref, bytes_text(&stream->bytes), (size_t)*said, (size_t)lengths[2 * connection + 1]);
        *said = lengths[2 * connection + 1];
    }
}

/* A message of another connection leaves in the middle of this one, when that half was read. whole: the other
 * half, too, where what the first says does not show it. */
static void write_interrupted(struct scriptor *s, size_t at, bool whole)
{
    const struct op *op = &s->specimen->ops[at], *inside = &s->specimen->ops[op->interrupted_by];
    struct burst own = {.connection = op->connection, .bytes = op->bytes, .length = op->length},
                 other = {.connection = inside->connection, .bytes = inside->bytes, .length = inside->length};
    const struct trace *trace = &s->shown->subject.baseline.trace;
    const uint64_t *lengths = trace_lengths(trace, trace->checkpoint_count - 1);
    send_chunks(s, &own, 0, op->cuts[0]);
    add_settle(s);
    send_chunks(s, &other, 0, inside->length);
    expect_connection(s, inside->connection, lengths);
    s->over = true;
    if (whole) {
        send_chunks(s, &own, op->cuts[0], op->length);
        expect_up_to(s, lengths);
    }
}

/* Ended where it should not, or the other way round. */
static void expect_end(struct scriptor *s)
{
    static const struct number short_time = {.constant = true, .value = 1};
    static const struct silence open_and_silent = {.ms = &short_time};
    const struct judgement *j = &s->shown->judgement;
    struct expect_args expect = {0};
    if (j->oddity != ODDITY_CLOSE || j->stream == SIZE_MAX ||
        !stream_ref_of(&s->out->scenario, j->stream, &expect.stream)) {
        return;
    }
    if (s->shown->subject.baseline.transcript.streams[j->stream].ended) {
        expect.eof = true;
    } else {
        expect.silence = &open_and_silent;
    }
    add_step(s, &step_expect, &expect, sizeof expect);
}

/* What a slow connection has said in all. The program has done what it can before it is read: else it is a
 * race whether it had to wait. */
static void expect_rest(struct scriptor *s, bool gate)
{
    if (gate || (is_slow(s) && s->sent)) {
        add_settle(s);
    }
    const struct trace *trace = &s->shown->subject.baseline.trace;
    s->at_end = true;
    if (is_slow(s) && trace->checkpoint_count > 0) {
        expect_up_to(s, trace_lengths(trace, trace->checkpoint_count - 1));
    }
}

static bool interrupts(const struct specimen *specimen, size_t at)
{
    for (size_t i = 0; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        if (!op->off && op->kind == OP_MESSAGE && op->interrupted_by == at) {
            return true;
        }
    }
    return false;
}

bool repro_script(const struct specimen *specimen, const struct shown *shown, bool alone, bool gates,
                  struct subject *out, struct repro_size *size)
{
    struct scriptor s = {.specimen = specimen, .shown = shown, .alone = alone, .out = out};
    bool ended = false, gate = false;
    subject_plain(specimen->scenario, out);
    s.said =
        arena_alloc_array(out->arena, shown->subject.baseline.transcript.stream_count + 1, sizeof *s.said);
    for (size_t i = 0; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        bool inside = !alone && op->kind == OP_MESSAGE && interrupts(specimen, i);
        if (op->off || inside || (s.over && op->kind != OP_STEP)) {
            continue;
        }
        if (op->kind == OP_GATE) {
            gate = gates && is_slow(&s) && s.sent; /* else expects stand there */
            continue;
        }
        if (gate && op->kind == OP_MESSAGE) {
            add_settle(&s);
            gate = false;
        }
        if (op->kind == OP_MESSAGE && op->interrupted_by != SIZE_MAX && !alone) {
            write_interrupted(&s, i, gates);
            continue;
        }
        if (op->kind == OP_MESSAGE) {
            i = write_burst(&s, i);
            continue;
        }
        bool closes = op->entry.step->verb == &step_close || op->entry.step->verb == &step_stop;
        if (closes && !ended) {
            ended = true;
            expect_rest(&s, gate);
            expect_end(&s);
        }
        s.script = arena_grow(out->arena, s.script, &s.count, &s.capacity, sizeof *s.script);
        s.script[s.count - 1] = op->entry;
        bool setup = op->entry.step->verb == &step_start || op->entry.step->verb == &step_connect ||
                     op->entry.step->verb == &step_accept || op->entry.step->verb == &step_listen || closes;
        s.steps += s.sent && !setup;
    }
    if (!ended) {
        expect_rest(&s, gate);
        expect_end(&s);
    }
    if (is_slow(&s)) {
        out->scenario.script = s.script;
        specimen_make_slow(out, specimen->slow);
    }
    out->scenario.script = s.script;
    out->scenario.script_count = s.count;
    *size = (struct repro_size){.cuts = specimen_cut_count(specimen), .steps = s.steps};
    return s.count > 0;
}
