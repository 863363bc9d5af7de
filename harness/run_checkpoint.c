/*
 * run_checkpoint - what a sweep asks of a run beside its verdict: which bytes were which message, what
 * expects took, and, after each chunk, what had been said when the programs had settled.
 *
 * A checkpoint waits until the chunk was read, or will not be read, and every thread sleeps. That it can't
 * come about (a program that never rests, or can't be looked into) is no failure: the trace says so, and
 * nothing is concluded.
 */
#include "harness/run.h"
#include "harness/world/backoff.h"

#include <stdlib.h>
#include <string.h>

/* --- checkpoints
 * ---------------------------------------------------------------------------------------------------- */

bool run_wants_checkpoint(struct run *run, struct run_connection *c)
{
    if (run->options.checkpoints == RUN_CHECKPOINTS_NONE) {
        return false;
    }
    if (run->options.checkpoint_bytes && c->written - c->checkpoint_at < run->options.checkpoint_bytes) {
        return false;
    }
    c->checkpoint_at = c->written;
    return true;
}

static void record_checkpoint(struct run *run, bool before)
{
    struct world_usage usage = {0};
    if (run->options.checkpoint_bytes) {
        run_usage(run, &usage);
    }
    const struct transcript *t = &run->transcript;
    uint64_t *lengths =
        trace_checkpoint_add(&run->trace, &(struct trace_checkpoint){.step = run->at,
                                                                     .before = before,
                                                                     .cpu_ns = usage.cpu_ns,
                                                                     .memory_bytes = usage.shadowed ? 0 : usage.memory_bytes,
                                                                     .timed = run->settle == WORLD_TIMED ||
                                                                              run->settle == WORLD_SLEEPING});
    bool timed = run->settle == WORLD_TIMED || run->settle == WORLD_SLEEPING;
    if (timed && !run->trace.timed_by[0]) {
        snprintf(run->trace.timed_by, sizeof run->trace.timed_by, "%s", run->settle_facts.who);
    }
    for (size_t i = 0; lengths && i < t->stream_count; i++) {
        bool fin = t->streams[i].kind == TRANSCRIPT_SENT && t->streams[i].ended;
        lengths[i] = t->streams[i].bytes.length + fin;
    }
}

/* STEP_DONE: read whole, or nothing can be known or hoped for. */
static enum step_result chunk_is_read(struct run *run, struct run_connection *c)
{
    struct world_proof_facts facts = {0};
    if (!c->proof_due || c->peer_closed) {
        return STEP_DONE;
    }
    if (run_now_ns(run) < c->proof_look_ns) {
        run_look_again(run, c->proof_look_ns);
        return STEP_WAIT;
    }
    switch (run->world->ops->connection_proof(c->world, &facts)) {
    case WORLD_PROOF_DRAINED:
        run_note_evidence(run, c, EVIDENCE_DRAINED);
        return STEP_DONE;
    case WORLD_PROOF_CLOSED:
        run_peer_is_gone(run, c);
        return STEP_DONE;
    case WORLD_PROOF_UNKNOWN:
        return STEP_DONE;
    case WORLD_PROOF_PENDING:
        break;
    }
    c->proof_look_ns = run_now_ns(run) + backoff_wait_ns(c->proof_looks++);
    run_look_again(run, c->proof_look_ns);
    return STEP_WAIT;
}

/* STEP_DONE: noted, or given up. silent: timers must have gone off, too. */
static enum step_result settle(struct run *run, bool before, bool silent)
{
    enum run_quiet quiet = silent ? run_quiet_silence(run) : run_quiet_look(run, true);
    if (quiet == RUN_QUIET_NOT_YET && !run_out_of_time(run)) {
        return STEP_WAIT;
    }
    if (quiet == RUN_QUIET_YES) {
        record_checkpoint(run, before);
    } else {
        run->trace.unsettled = true;
    }
    return STEP_DONE;
}

enum step_result run_checkpoint(struct run *run, struct run_connection *c)
{
    enum { LOOKS_BEFORE_QUIET = 64 };
    bool read = chunk_is_read(run, c) == STEP_DONE;
    if (!read && c->proof_looks < LOOKS_BEFORE_QUIET && !run_out_of_time(run)) {
        return STEP_WAIT;
    }
    /* a program that polls has not read it before its timer has gone off */
    enum step_result settled =
        settle(run, false, !read || run->options.checkpoints == RUN_CHECKPOINTS_SILENT);
    c->checkpoint_due = settled == STEP_WAIT;
    return settled;
}

enum step_result run_checkpoint_before(struct run *run, struct run_connection *c)
{
    enum step_result settled = settle(run, true, run->options.checkpoints == RUN_CHECKPOINTS_SILENT);
    c->burst_due = settled == STEP_WAIT;
    return settled;
}

/* --- messages
 * ------------------------------------------------------------------------------------------------------- */

static uint64_t length_of(const struct run *run, const struct run_connection *c, const struct data *data)
{
    struct bytes bytes;
    struct seam_error ignored = {0};
    bytes_init(&bytes, DATA_EXPANDED_BYTES_MAX);
    int failed = data_expand(data, &run->values, &c->spec->delimiter, &bytes, &ignored);
    uint64_t length = bytes.length;
    bytes_free(&bytes);
    return failed ? 0 : length;
}

/* The elements of `lines` are messages of their own; whatever else a send sends is one. */
void run_trace_message(struct run *run, size_t connection, const struct data *message, uint64_t begin,
                       bool waived)
{
    const struct run_connection *c = &run->connections[connection];
    uint64_t end = c->out_base + c->out.length, at = begin;
    struct trace_message one = {.connection = connection, .step = run->at, .waived = waived};
    if (!run->options.trace) {
        return;
    }
    while (message && message->kind == DATA_LINES && message->item_count > 1 && at < end) {
        for (size_t i = 0; i < message->item_count && at < end; i++) {
            one.begin = at;
            at += length_of(run, c, message->items[i]) + c->spec->delimiter.length;
            one.end = at < end ? at : end;
            trace_message_add(&run->trace, &one);
        }
    }
    if (at < end || begin == end) {
        one.begin = at;
        one.end = end;
        trace_message_add(&run->trace, &one);
    }
}

void run_trace_fin(struct run *run, size_t connection, uint64_t offset)
{
    if (run->options.trace) {
        trace_message_add(
            &run->trace,
            &(struct trace_message){
                .connection = connection, .begin = offset, .end = offset + 1, .step = run->at, .fin = true});
    }
}

/* --- units
 * ----------------------------------------------------------------------------------------------------------
 */

/* Where named groups matched; the unit is matched once more to see where. */
static void trace_groups(struct run *run, const struct run_stream_view *view, const struct pattern *pattern,
                         size_t begin, size_t end)
{
    const char *data = bytes_text(&run->transcript.streams[view->transcript_stream].bytes);
    struct pattern_span *spans = calloc(pattern->group_count, sizeof *spans);
    if (spans && pattern_spans(pattern, &run->values, data + begin, end - begin, spans)) {
        for (size_t i = 0; i < pattern->group_count; i++) {
            if (spans[i].end > spans[i].begin) {
                trace_unit_add(&run->trace, &(struct trace_unit){.kind = TRACE_NAMED,
                                                                 .stream = view->transcript_stream,
                                                                 .begin = begin + spans[i].begin,
                                                                 .end = begin + spans[i].end,
                                                                 .step = run->at});
            }
        }
    }
    free(spans);
}

/* The last line of a unit, without its delimiter. */
static void last_line(const struct run_stream_view *view, const char *data, size_t *begin, size_t *end)
{
    size_t d = view->delimiter.length;
    if (*end - *begin >= d && memcmp(data + *end - d, view->delimiter.bytes, d) == 0) {
        *end -= d;
    }
    for (size_t at = *end; at >= *begin + d; at--) {
        if (memcmp(data + at - d, view->delimiter.bytes, d) == 0) {
            *begin = at;
            return;
        }
    }
}

void run_trace_unit(struct run *run, const struct run_stream_view *view, size_t begin, size_t end)
{
    const struct expect_want *want = &run->want;
    const char *data = bytes_text(&run->transcript.streams[view->transcript_stream].bytes);
    if (!run->options.trace) {
        return;
    }
    trace_unit_add(&run->trace, &(struct trace_unit){.kind = want->unit == EXPECT_UNORDERED ? TRACE_UNORDERED
                                                                                            : TRACE_TAKEN,
                                                     .stream = view->transcript_stream,
                                                     .begin = begin,
                                                     .end = end,
                                                     .step = run->at});
    if (want->matches && want->matches->group_count) {
        size_t from = begin, to = end;
        if (want->unit == EXPECT_LINE) {
            last_line(view, data, &from, &to);
        }
        trace_groups(run, view, want->matches, from, to);
    }
    if (want->until_matches && want->until_matches->group_count) {
        size_t from = begin, to = end;
        last_line(view, data, &from, &to);
        trace_groups(run, view, want->until_matches, from, to);
    }
}
