/*
 * run_expect - expects on streams: units, silence, resets; when to give up.
 *
 * Facts before time: an expect fails at the first impossible byte, when its stream has ended, and as soon as
 * nothing can come any more (run_quiet). Only where facts don't tell does the limit of the step decide, and
 * the message says so.
 */
#include "harness/run.h"

#include <string.h>

struct run_stream_view run_stream(struct run *run, const struct stream_ref *ref)
{
    static const struct delimiter newline = {.bytes = "\n", .length = 1};
    if (ref->kind == STREAM_CONNECTION) {
        struct run_connection *c = &run->connections[ref->index];
        return (struct run_stream_view){
            .name = c->spec->name,
            .transcript_stream = c->received,
            .cursor = &c->cursor,
            .delimiter = c->spec->delimiter,
            .connection = c,
            .program = c->peer_program == SIZE_MAX ? NULL : &run->programs[c->peer_program]};
    }
    struct run_program *p = &run->programs[ref->index];
    size_t source = ref->kind == STREAM_STDOUT ? 0 : ref->kind == STREAM_STDERR ? 1 : 2 + ref->log;
    size_t stream = source == 0 ? p->out : source == 1 ? p->err : p->logs + ref->log;
    return (struct run_stream_view){.name = run->transcript.streams[stream].name,
                                    .transcript_stream = stream,
                                    .cursor = &p->cursors[source],
                                    .searched = true,
                                    .delimiter = newline,
                                    .program = p};
}

void run_expect_begin(struct run *run, const struct stream_ref *ref)
{
    struct run_stream_view view = run_stream(run, ref);
    expect_state_close(&run->expect);
    expect_want_close(&run->want);
    run->want = (struct expect_want){.delimiter = view.delimiter, .searched = view.searched};
    bytes_init(&run->want.literal, DATA_EXPANDED_BYTES_MAX);
    run->expect = (struct expect_state){.cursor = *view.cursor};
}

static bool has_ended(const struct run *run, const struct run_stream_view *view)
{
    const struct transcript_stream *stream = &run->transcript.streams[view->transcript_stream];
    return stream->ended || stream->reset;
}

static void set_reading(struct run_stream_view *view, bool reading)
{
    if (view->connection) {
        view->connection->reading = reading;
    }
}

static enum expect_answer look(struct run *run, struct run_stream_view *view, struct expect_outcome *outcome,
                               struct seam_error *error)
{
    const struct transcript_stream *stream = &run->transcript.streams[view->transcript_stream];
    return expect_look(&run->want, &run->expect, stream->bytes.data, stream->bytes.length, stream->ended,
                       &run->values, outcome, error);
}

static enum step_result unit_matched(struct run *run, struct run_stream_view *view,
                                     const struct expect_outcome *outcome)
{
    run_trace_unit(run, view, *view->cursor, outcome->unit_end);
    run_update_matched(run, view);
    *view->cursor = outcome->unit_end;
    set_reading(view, false);
    return STEP_DONE;
}

static const char *out_of_time_text(const struct run *run, char *text, size_t size)
{
    snprintf(text, size, "time ran out after %llu ms", (unsigned long long)(run->step_limit_ns / 1000000));
    return text;
}

static const char *nothing_comes(const struct run *run)
{
    if (run->settle == WORLD_TIMED && !run->settle_facts.woken_twice) {
        return "nothing can come within the limit of this step: the next timer goes off later";
    }
    return run->settle == WORLD_TIMED ? "nothing can come any more, it seems: timers went off twice with "
                                        "nothing said (\"within_ms\" waits longer)"
                                      : "nothing can come any more";
}

enum step_result run_expect_unit(struct run *run, const struct stream_ref *ref)
{
    struct run_stream_view view = run_stream(run, ref);
    struct expect_outcome outcome;
    struct seam_error error = {0};
    char text[64];
    bool final = false;
    set_reading(&view, true);
    run_intake(run);
    for (;;) {
        bool ended = has_ended(run, &view);
        enum expect_answer answer = look(run, &view, &outcome, &error);
        if (answer == EXPECT_MATCHED) {
            return unit_matched(run, &view, &outcome);
        }
        if (answer == EXPECT_ERROR) {
            return run_fail_error(run, RESULT_ERROR, &error);
        }
        bool quiet =
            answer != EXPECT_FAILED && !ended && !final && run_quiet_look(run, false) == RUN_QUIET_YES;
        if (quiet) {
            final = true; /* what came until now has been read, and is looked at once more */
            continue;
        }
        bool given_up = ended || final || run_out_of_time(run);
        if (answer == EXPECT_MORE && !given_up) {
            return STEP_WAIT;
        }
        enum run_update update = run_update_expect(run, &view, given_up);
        if (update != RUN_UPDATE_NONE) {
            set_reading(&view, update == RUN_UPDATE_WAIT);
            return update == RUN_UPDATE_WAIT ? STEP_WAIT : STEP_DONE;
        }
        if (answer == EXPECT_FAILED) {
            return run_fail_expect(run, &view, &outcome);
        }
        if (ended) {
            run->failed_at_an_end = true;
            return run_fail_waiting(run, &view,
                                    run->transcript.streams[view.transcript_stream].reset
                                        ? "the connection was reset"
                                        : "the stream has ended");
        }
        if (final) {
            return run_fail_waiting(run, &view, nothing_comes(run));
        }
        return run_fail_waiting(run, &view, out_of_time_text(run, text, sizeof text));
    }
}

static enum step_result fail_not_silent(struct run *run, const struct run_stream_view *view)
{
    const struct transcript_stream *stream = &run->transcript.streams[view->transcript_stream];
    size_t unread = stream->bytes.length - *view->cursor;
    struct bytes shown;
    bytes_init(&shown, 4096);
    bytes_append_visible(&shown, stream->bytes.data + *view->cursor, unread < 80 ? unread : 80,
                         BYTES_VISIBLE_QUOTED);
    run_fail(run, RESULT_FAILED, NULL, "\"%s\" should be silent, but %zu byte%s came: \"%s\"%s", view->name,
             unread, unread == 1 ? "" : "s", bytes_text(&shown), unread > 80 ? " …" : "");
    bytes_free(&shown);
    return STEP_FAIL;
}

enum step_result run_expect_silence(struct run *run, const struct stream_ref *ref, const struct number *ms)
{
    struct run_stream_view view = run_stream(run, ref);
    const struct transcript_stream *stream = &run->transcript.streams[view.transcript_stream];
    set_reading(&view, true);
    run_intake(run);
    enum step_result proved = run_prove_all(run);
    if (stream->bytes.length > *view.cursor) {
        return fail_not_silent(run, &view);
    }
    if (ms) {
        int64_t length_ms = 0;
        struct seam_error error = {0};
        if (number_expand(ms, &run->values, &length_ms, &error) < 0) {
            return run_fail_error(run, RESULT_FAILED, &error);
        }
        if (has_ended(run, &view)) {
            return run_fail_waiting(run, &view, "it should be open and silent, but it has ended");
        }
        uint64_t until_ns = run->step_began_ns + (uint64_t)length_ms * 1000000;
        if (run_now_ns(run) >= until_ns) {
            set_reading(&view, false);
            return STEP_DONE;
        }
        run->step_limit_ns = until_ns - run->step_began_ns;
        run_look_again(run, until_ns);
        return STEP_WAIT;
    }
    if (proved != STEP_DONE) {
        return proved;
    }
    enum run_quiet quiet = run_quiet_silence(run);
    if (stream->bytes.length > *view.cursor) {
        return fail_not_silent(run, &view);
    }
    if (quiet == RUN_QUIET_YES) {
        set_reading(&view, false);
        return STEP_DONE;
    }
    if (!run_quiet_is_late(run) && quiet != RUN_QUIET_BLIND) {
        return STEP_WAIT;
    }
    if (run->settle == WORLD_TIMED || run->settle == WORLD_SLEEPING) {
        run_note(run, "\"%s\" was silent for %llu ms, but may yet speak: %s", view.name,
                 (unsigned long long)(run->step_limit_ns / 1000000), run->settle_facts.who);
        set_reading(&view, false);
        return STEP_DONE;
    }
    return run_fail(run, RESULT_ERROR, NULL,
                    "silence of \"%s\" can't be shown: %s (a number of milliseconds can be asked for)",
                    view.name, run->settle_facts.who);
}

enum step_result run_expect_reset(struct run *run, const struct stream_ref *ref)
{
    struct run_stream_view view = run_stream(run, ref);
    const struct transcript_stream *stream = &run->transcript.streams[view.transcript_stream];
    char text[64];
    set_reading(&view, true);
    run_intake(run);
    if (stream->bytes.length > *view.cursor) {
        run->want.unit = EXPECT_REST;
        return fail_not_silent(run, &view);
    }
    if (stream->reset) {
        return STEP_DONE;
    }
    if (stream->ended) {
        run->failed_at_an_end = true;
        return run_fail_waiting(run, &view, "it should be reset, but it was closed in order");
    }
    if (run_quiet_look(run, false) == RUN_QUIET_YES && !stream->reset && !stream->ended) {
        return run_fail_waiting(run, &view, "it should be reset, but nothing can come any more");
    }
    return run_out_of_time(run) ? run_fail_waiting(run, &view, out_of_time_text(run, text, sizeof text))
                                : STEP_WAIT;
}
