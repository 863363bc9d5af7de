/*
 * run_failure - what a failure says: one line first, then the first difference, the wire, who waits for what,
 * and the programs.
 *
 * The first failure of a run stands. Its one line names what was expected and what came; run_failure_finish
 * adds the rest after the autopsy, and puts a crash or a sanitizer report first when one came to light, since
 * the failed step is then its consequence.
 */
#include "harness/run.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 48, WIRE_EVENTS = 16, OUTPUT_LINES = 12, OUTPUT_LINE_BYTES = 160, SENT_CHUNKS_MAX = 12 };

enum step_result run_fail(struct run *run, enum result_status status, const struct place *place,
                          const char *format, ...)
{
    if (run->failed) {
        return STEP_FAIL;
    }
    const struct script_entry *entry = run_script_entry(run);
    const struct place *at = place ? place : entry ? &entry->step->place : &run->scenario->place;
    va_list args;
    char *message = NULL;
    va_start(args, format);
    if (vasprintf(&message, format, args) < 0) {
        message = NULL;
    }
    va_end(args);
    run->failed = true;
    run->failed_at = run->at;
    run->failed_after = run->transcript.event_count;
    run->verdict.status = status;
    run->verdict.path = strdup(at->path ? at->path : run->scenario->path);
    run->verdict.line = at->line;
    run->verdict.column = at->column;
    run->verdict.message = message;
    if (entry && entry->step->why) {
        run->verdict.why = strdup(entry->step->why);
    }
    return STEP_FAIL;
}

enum step_result run_fail_error(struct run *run, enum result_status status, const struct seam_error *error)
{
    struct place place = {.path = error->path, .line = error->line, .column = error->column};
    return run_fail(run, status, error->line ? &place : NULL, "%s",
                    error->text[0] ? error->text : "out of memory");
}

static void append_args(struct bytes *out, const char *format, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, format, args) >= 0) {
        bytes_append_text(out, text); /* past the bound: what is there already says enough */
        free(text);
    }
}

void run_detail(struct run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    append_args(&run->detail, format, args);
    va_end(args);
}

void run_note(struct run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    append_args(&run->notes, format, args);
    va_end(args);
    bytes_append_text(&run->notes, "\n");
}

static void append_quoted(struct bytes *out, const char *data, size_t length, size_t shown)
{
    bytes_append_text(out, "\"");
    bytes_append_visible(out, data ? data : "", length < shown ? length : shown, BYTES_VISIBLE_QUOTED);
    bytes_append_text(out, length > shown ? "\" …" : "\"");
}

void run_describe_want(const struct run *run, struct bytes *out)
{
    const struct expect_want *want = &run->want;
    struct bytes pattern;
    bytes_init(&pattern, 4096);
    const struct pattern *matches = want->unit == EXPECT_UNTIL_MATCH ? want->until_matches : want->matches;
    for (size_t i = 0; matches && i < matches->text->piece_count; i++) {
        const struct text_piece *piece = &matches->text->pieces[i];
        bytes_append_visible(&pattern, piece->bytes ? piece->bytes : "${…}", piece->bytes ? piece->length : 6,
                             BYTES_VISIBLE_TEXT);
    }
    switch (want->unit) {
    case EXPECT_LITERAL:
        append_quoted(out, want->literal.data, want->literal.length, SHOWN_BYTES);
        break;
    case EXPECT_LINE:
        bytes_append_text(out, "a line");
        break;
    case EXPECT_SIZE:
        bytes_append_format(out, "%llu bytes", (unsigned long long)want->size);
        break;
    case EXPECT_UNTIL:
        bytes_append_text(out, "bytes up to ");
        append_quoted(out, want->literal.data, want->literal.length, SHOWN_BYTES);
        break;
    case EXPECT_UNTIL_MATCH:
        bytes_append_text(out, "lines up to one");
        break;
    case EXPECT_REST:
        if (want->has_literal) {
            append_quoted(out, want->literal.data, want->literal.length, SHOWN_BYTES);
            bytes_append_text(out, ", then the end");
        } else {
            bytes_append_text(out, "the end of the stream");
        }
        break;
    case EXPECT_UNORDERED:
        bytes_append_format(out, "%zu more line%s in any order, such as ", run->expect.unordered_left,
                            run->expect.unordered_left == 1 ? "" : "s");
        append_quoted(out, bytes_text(&want->unordered[0]), want->unordered[0].length, SHOWN_BYTES);
        break;
    }
    if (pattern.length) {
        bytes_append_format(out, " that matches /%s/", bytes_text(&pattern));
    }
    bytes_free(&pattern);
}

/* How wide visible bytes are on a terminal: one column per character that is not a UTF-8 continuation. */
static size_t columns(const char *text)
{
    size_t n = 0;
    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

/* `label "…bytes…"` with the bytes around `mark` and, below, a caret under it. */
static void show_marked(struct run *run, const char *label, const char *data, size_t length, size_t mark)
{
    size_t from = mark > SHOWN_BYTES / 2 ? mark - SHOWN_BYTES / 2 : 0;
    size_t to = from + SHOWN_BYTES < length ? from + SHOWN_BYTES : length;
    struct bytes line, head;
    bytes_init(&line, 8192);
    bytes_init(&head, 8192);
    bytes_append_visible(&head, data + from, mark - from, BYTES_VISIBLE_QUOTED);
    bytes_append_visible(&line, data + from, to - from, BYTES_VISIBLE_QUOTED);
    run_detail(run, "%-9s %s\"%s\"%s\n", label, from ? "… " : "", bytes_text(&line), to < length ? " …" : "");
    run_detail(run, "%*s^ byte %zu\n", (int)(10 + (from ? 2 : 0) + 1 + columns(bytes_text(&head))), "", mark);
    bytes_free(&line);
    bytes_free(&head);
}

enum step_result run_fail_expect(struct run *run, const struct run_stream_view *view,
                                 const struct expect_outcome *outcome)
{
    const struct bytes *bytes = &run->transcript.streams[view->transcript_stream].bytes;
    const char *data = bytes_text(bytes) + outcome->unit_start;
    size_t length = (outcome->has_unit ? outcome->unit_stop : bytes->length) - outcome->unit_start;
    struct bytes message;
    bytes_init(&message, 8192);
    bytes_append_format(&message, "\"%s\": expected ", view->name);
    run_describe_want(run, &message);
    bytes_append_text(&message, ", got ");
    append_quoted(&message, data, length, SHOWN_BYTES);
    if (outcome->has_unit) {
        bytes_append_format(&message, ": %s", outcome->why);
    }
    run_fail(run, RESULT_FAILED, NULL, "%s", bytes_text(&message));
    bytes_free(&message);
    if (run->want.has_literal || run->want.unit == EXPECT_LITERAL) {
        size_t mark = outcome->literal_difference;
        show_marked(run, "expected", bytes_text(&run->want.literal), run->want.literal.length,
                    mark < run->want.literal.length ? mark : run->want.literal.length);
        show_marked(run, "got", data, length, outcome->difference - outcome->unit_start);
    }
    return STEP_FAIL;
}

enum step_result run_fail_waiting(struct run *run, const struct run_stream_view *view, const char *because)
{
    struct bytes message;
    bytes_init(&message, 8192);
    if (!view) {
        bytes_append_text(&message, because);
    } else {
        const struct bytes *bytes = &run->transcript.streams[view->transcript_stream].bytes;
        size_t left = bytes->length - *view->cursor;
        const char *tail = bytes_text(bytes) + *view->cursor;
        bytes_append_format(&message, "\"%s\": ", view->name);
        const struct script_entry *entry = run_script_entry(run);
        if (run->expect.begun && entry) {
            bytes_append_text(&message, "expected ");
            run_describe_want(run, &message);
            bytes_append_text(&message, ", but ");
        }
        bytes_append_text(&message, because);
        if (left) {
            bytes_append_text(&message,
                              view->searched ? "; the output so far ends with " : "; all that came is ");
            size_t skip = view->searched && left > SHOWN_BYTES ? left - SHOWN_BYTES : 0;
            append_quoted(&message, tail + skip, left - skip, SHOWN_BYTES);
        }
    }
    run_fail(run, RESULT_FAILED, NULL, "%s", bytes_text(&message));
    bytes_free(&message);
    if (run->settle_facts.who[0] && !run->failed_at_an_end) {
        run_detail(run, "waits for: %s\n", run->settle_facts.who);
    }
    return STEP_FAIL;
}

static void show_output(struct run *run, const struct transcript_stream *stream)
{
    const char *data = bytes_text(&stream->bytes);
    size_t end = stream->bytes.length, from = end;
    for (int lines = 0; from > 0 && end - from < 4096; from--) {
        if (data[from - 1] == '\n' && from < end && ++lines == OUTPUT_LINES) {
            break;
        }
    }
    if (end == 0) {
        return;
    }
    run_detail(run, "%s%s:\n", stream->name, from ? " (its end)" : "");
    struct bytes shown;
    bytes_init(&shown, 4 * 8192);
    while (from < end) {
        const char *newline = memchr(data + from, '\n', end - from);
        size_t stop = newline ? (size_t)(newline - data) : end;
        bytes_append_text(&shown, "  ");
        size_t show = stop - from < OUTPUT_LINE_BYTES ? stop - from : OUTPUT_LINE_BYTES;
        bytes_append_visible(&shown, data + from, show, BYTES_VISIBLE_TEXT);
        if (show < stop - from) {
            bytes_append_format(&shown, " … %zu bytes more", stop - from - show);
        }
        bytes_append_text(&shown, "\n");
        from = stop + 1;
    }
    run_detail(run, "%s", bytes_text(&shown));
    bytes_free(&shown);
}

/* The cause that came to light in the autopsy: a sanitizer's report, a crash, or the exit behind a stream
 * that ended too early. NULL: what failed first stands. */
static char *find_cause(struct run *run, struct run_program *p)
{
    char report[2048], *cause = NULL;
    size_t length = run_find_report(run, p, report, sizeof report);
    if (length) {
        int made = asprintf(&cause, "\"%s\" left a sanitizer report: %.*s", p->spec->name,
                            (int)strcspn(report, "\n"), report);
        return made < 0 ? NULL : cause;
    }
    bool killed = p->facts.state == WORLD_PROGRAM_KILLED && !p->signalled;
    return p->state == RUN_PROGRAM_ENDED && (killed || run->failed_at_an_end) ? run_wrong_end(run, p) : NULL;
}

/* The cause stands first; what failed before it was seen is its consequence. */
static void put_cause_first(struct run *run)
{
    char *message = run->verdict.message;
    for (size_t i = 0; message && !strstr(message, "sanitizer report") && i < run->scenario->program_count;
         i++) {
        char *cause = find_cause(run, &run->programs[i]);
        if (!cause || strcmp(cause, message) == 0) {
            free(cause);
            continue;
        }
        run_detail(run, "seen first: %s\n", message);
        free(message);
        run->verdict.message = cause;
        run->verdict.status = RESULT_FAILED;
        run->failure = RUN_FAILURE_END;
        return;
    }
}

static bool is_sent_chunk(const struct run *run, const struct transcript_event *event)
{
    return event->kind == EVENT_CHUNK && run->transcript.streams[event->stream].kind == TRANSCRIPT_SENT;
}

/* The send that was last, where it left in several chunks, with the cuts in its bytes: "good mor" | "ning\n"
 */
static void show_cuts(struct run *run)
{
    const struct transcript *t = &run->transcript;
    const struct transcript_event *chunks[SENT_CHUNKS_MAX];
    struct bytes line;
    size_t count = 0;
    for (size_t i = t->event_count; i-- > 0 && count < SENT_CHUNKS_MAX;) {
        const struct transcript_event *event = &t->events[i];
        if (is_sent_chunk(run, event) &&
            (count == 0 || (event->stream == chunks[0]->stream && event->step == chunks[0]->step))) {
            chunks[count++] = event;
        }
    }
    if (count < 2) {
        return;
    }
    bytes_init(&line, RUN_TEXT_BYTES_MAX);
    while (count-- > 0) {
        const struct transcript_event *event = chunks[count];
        bytes_append_text(&line, line.length ? " | " : "");
        transcript_print_bytes(bytes_text(&t->streams[event->stream].bytes) + event->offset, event->length,
                               &line);
    }
    run_detail(run, "sent      %s\n", bytes_text(&line));
    bytes_free(&line);
}

void run_failure_finish(struct run *run)
{
    put_cause_first(run);
    run_count_unread(run);
    show_cuts(run);
    if (run->transcript.event_count) {
        struct bytes wire;
        bytes_init(&wire, RUN_TEXT_BYTES_MAX);
        transcript_print_wire(&run->transcript, WIRE_EVENTS, &wire);
        run_detail(run, "the last of the wire:\n%s", bytes_text(&wire));
        bytes_free(&wire);
    }
    for (size_t i = 0; i < run->scenario->program_count; i++) {
        const struct run_program *p = &run->programs[i];
        if (!p->world) {
            continue;
        }
        for (size_t k = 0; k < 2 + p->spec->log_count; k++) {
            show_output(run, &run->transcript.streams[p->out + k]);
        }
    }
}
