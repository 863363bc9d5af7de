/*
 * run_update - `--update`: an expectation of literal bytes that is not met takes what came in its place, and
 * the run goes on; what it would have to say is kept for whoever rewrites the file.
 *
 * What came is known when nothing can come any more, or the stream has ended. An expectation behind which the
 * same stream is expected from again takes as many lines (or, of bytes without a delimiter at their end, as
 * many bytes) as it had; otherwise all that came is its own. On outputs and logs, which are searched, it is
 * the lines most like those that were expected.
 */
#include "harness/run.h"

#include <stdlib.h>
#include <string.h>

#include "harness/steps/args.h"

static const struct data *literal_of(const struct expect_args *a)
{
    return a->line ? a->line : a->lines ? a->lines : a->data;
}

/* NULL: it is literal, and can be written anew. */
static const char *why_not_literal(const struct data *data)
{
    if (data->times) {
        return "it is counted with \"times\"";
    }
    if (data->kind == DATA_FILE) {
        return "its bytes stand in a file of their own";
    }
    if (data->text && !data->text->constant) {
        return "it has ${...} in it";
    }
    const char *reason = NULL;
    for (size_t i = 0; i < data->item_count && !reason; i++) {
        reason = why_not_literal(data->items[i]);
    }
    return reason;
}

/* Does a later step take bytes from the same stream, before anything else is sent on it? */
static bool is_followed(const struct run *run, const struct stream_ref *stream)
{
    for (size_t i = run->at + 1; i < run->scenario->script_count; i++) {
        const struct step *step = run->scenario->script[i].step;
        if (step->verb == &step_expect) {
            const struct expect_args *a = step->args;
            if (a->stream.kind == stream->kind && a->stream.index == stream->index &&
                a->stream.log == stream->log) {
                return !a->silence && !a->reset && !a->exit && !a->killed && !(a->eof && !literal_of(a));
            }
        } else if (stream->kind == STREAM_CONNECTION &&
                   ((step->verb == &step_send &&
                     ((const struct send_args *)step->args)->connection == stream->index) ||
                    (step->verb == &step_close &&
                     ((const struct close_args *)step->args)->connection == stream->index))) {
            return false;
        }
    }
    return false;
}

static bool ends_with(const char *data, size_t length, const struct delimiter *delimiter)
{
    return length >= delimiter->length &&
           memcmp(data + length - delimiter->length, delimiter->bytes, delimiter->length) == 0;
}

/* Behind the first delimiter; SIZE_MAX: there is none. */
static size_t after_line(const char *data, size_t length, const struct delimiter *delimiter)
{
    const char *hit = length ? memmem(data, length, delimiter->bytes, delimiter->length) : NULL;
    return hit ? (size_t)(hit - data) + delimiter->length : SIZE_MAX;
}

/* How many bytes the first n lines have, n as many as there are at most. */
static size_t lines_bytes(const char *data, size_t length, const struct delimiter *delimiter, size_t n)
{
    size_t at = 0, line;
    for (; n > 0 && (line = after_line(data + at, length - at, delimiter)) != SIZE_MAX; n--) {
        at += line;
    }
    return at;
}

static size_t count_lines(const struct bytes *bytes, const struct delimiter *delimiter)
{
    size_t n = 0, at = 0, line;
    while ((line = after_line(bytes_text(bytes) + at, bytes->length - at, delimiter)) != SIZE_MAX) {
        at += line;
        n++;
    }
    return n;
}

/* Bytes that two texts have in common at their begin and end. */
static size_t likeness(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t most = a_length < b_length ? a_length : b_length, head = 0, tail = 0;
    while (head < most && a[head] == b[head]) {
        head++;
    }
    while (tail < most - head && a[a_length - 1 - tail] == b[b_length - 1 - tail]) {
        tail++;
    }
    return head + tail;
}

/* Of a searched stream: where those `lines` lines begin that are most like the literal. */
static size_t most_alike(const struct expect_want *want, const char *data, size_t length, size_t lines)
{
    size_t best = 0, best_likeness = 0, line;
    for (size_t at = 0; (line = after_line(data + at, length - at, &want->delimiter)) != SIZE_MAX;
         at += line) {
        size_t bytes = lines_bytes(data + at, length - at, &want->delimiter, lines);
        size_t alike = likeness(data + at, bytes, bytes_text(&want->literal), want->literal.length);
        if (alike > best_likeness) {
            best = at;
            best_likeness = alike;
        }
    }
    return best;
}

/* The bytes that take the literal's place, behind the cursor. */
struct unit {
    size_t start, length;
};

/* NULL, or why there is none. */
static const char *choose_unit(const struct run *run, const struct run_stream_view *view,
                               const struct expect_args *a, struct unit *out)
{
    const struct transcript_stream *stream = &run->transcript.streams[view->transcript_stream];
    const struct expect_want *want = &run->want;
    const char *data = bytes_text(&stream->bytes) + *view->cursor;
    size_t length = stream->bytes.length - *view->cursor;
    bool lines =
        want->whole_lines || ends_with(bytes_text(&want->literal), want->literal.length, &want->delimiter);
    size_t n = count_lines(&want->literal, &want->delimiter);
    *out = (struct unit){0, length};
    if (want->searched && a->data) {
        return "which of the bytes of an output are meant can't be known";
    }
    if (want->searched) {
        out->start = most_alike(want, data, length, n);
        out->length = lines_bytes(data + out->start, length - out->start, &want->delimiter, n);
    } else if (!a->eof && is_followed(run, &a->stream)) {
        out->length = lines ? lines_bytes(data, length, &want->delimiter, n)
                            : (want->literal.length < length ? want->literal.length : length);
    } else if (want->whole_lines) {
        out->length = lines_bytes(data, length, &want->delimiter, SIZE_MAX);
    }
    if (want->whole_lines && out->length < length && a->eof) {
        return "what came does not end with a whole line";
    }
    return out->length         ? NULL
           : want->whole_lines ? "no whole line came in its place"
                               : "nothing came in its place";
}

static int append_hex(struct bytes *out, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    int failed = 0;
    for (size_t i = 0; i < length && !failed; i++) {
        failed = (int)bytes_append_format(out, "%02x", bytes[i]);
    }
    return failed;
}

/* One line of `run->updates`, as result.h has them, with its state. What is too large for them is left out.
 */
static void keep_update(struct run *run, const struct step *step, const struct delimiter *delimiter,
                        char state, const char *data, size_t length)
{
    const struct expect_args *a = step->args;
    const struct data *literal = literal_of(a);
    struct bytes *out = &run->updates;
    size_t before = out->length;
    if (bytes_append_format(out, "%c %zu %zu %s ", state, literal->place.start, literal->place.end,
                            a->line    ? "line"
                            : a->lines ? "lines"
                                       : "data") ||
        append_hex(out, delimiter->bytes, delimiter->length) || bytes_append_text(out, " ") ||
        append_hex(out, data, length) || bytes_append_format(out, " %s\n", literal->place.path)) {
        bytes_shorten(out, before);
    }
}

static void keep_unit(struct run *run, const struct run_stream_view *view, char state, const char *data,
                      size_t length)
{
    const struct step *step = run_script_entry(run)->step;
    keep_update(run, step, &view->delimiter, state, data, length);
    if (view->connection) {
        view->connection->update_step = step;
        view->connection->update_from = *view->cursor;
    }
}

/* The step's literal, if it is to be updated at all. */
static const struct data *updated_literal(const struct run *run)
{
    const struct script_entry *entry = run_script_entry(run);
    return run->options.update && entry && entry->step->verb == &step_expect ? literal_of(entry->step->args)
                                                                             : NULL;
}

void run_update_matched(struct run *run, const struct run_stream_view *view)
{
    const struct data *literal = updated_literal(run);
    if (view->connection) {
        view->connection->update_step = NULL;
    }
    if (literal && !why_not_literal(literal)) {
        keep_unit(run, view, '=', bytes_text(&run->want.literal), run->want.literal.length);
    }
}

enum run_update run_update_expect(struct run *run, struct run_stream_view *view, bool complete)
{
    const struct data *literal = updated_literal(run);
    if (!literal) {
        return RUN_UPDATE_NONE;
    }
    if (!complete && run_quiet_look(run, false) != RUN_QUIET_YES && !run_out_of_time(run)) {
        return RUN_UPDATE_WAIT;
    }
    struct unit unit;
    const char *reason = why_not_literal(literal);
    reason = reason ? reason : choose_unit(run, view, run_script_entry(run)->step->args, &unit);
    if (reason) {
        bytes_append_format(&run->updates, "# %s:%d:%d: not rewritten: %s\n", literal->place.path,
                            literal->place.line, literal->place.column, reason);
        return RUN_UPDATE_NONE;
    }
    const struct bytes *bytes = &run->transcript.streams[view->transcript_stream].bytes;
    keep_unit(run, view, '!', bytes_text(bytes) + *view->cursor + unit.start, unit.length);
    *view->cursor += unit.start + unit.length;
    return RUN_UPDATE_TAKEN;
}

bool run_update_unread(struct run *run, struct run_connection *c)
{
    const struct bytes *bytes = &run->transcript.streams[c->received].bytes;
    const char *data = bytes_text(bytes) + c->update_from;
    size_t length = bytes->length - c->update_from;
    if (!c->update_step) {
        return false;
    }
    const struct expect_args *a = c->update_step->args;
    if (!a->data && !ends_with(data, length, &c->spec->delimiter)) {
        return false;
    }
    keep_update(run, c->update_step, &c->spec->delimiter, '+', data, length);
    c->update_step = NULL;
    c->cursor = bytes->length;
    return true;
}
