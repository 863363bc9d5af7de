/*
 * transcript_print - the wire of a run for people: one line per event, bytes made visible, long chunks
 * shortened.
 *
 * Reads the transcript and nothing else. Everything it prints is valid UTF-8 without control characters but
 * newline.
 */
#include "harness/transcript.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    RUN_BYTES_MIN = 16,  /* so many equal bytes in a row are printed as "x" x n */
    HEAD_BYTES_MAX = 64, /* printed of a long chunk before ... */
    TAIL_BYTES = 16,     /* ... and after what is left out */
    RUN_COST_BYTES = 12, /* what a run takes of HEAD_BYTES_MAX */
};

static size_t run_length(const unsigned char *data, size_t length)
{
    size_t run = 1;
    while (run < length && data[run] == data[0])
        run++;
    return run;
}

/* Moves back to the first byte of the UTF-8 character that end is inside of, so that none is torn. */
static size_t character_start(const unsigned char *data, size_t start, size_t end, size_t length)
{
    size_t at = end;
    for (int back = 0; back < 3 && at > start && at < length && (data[at] & 0xc0) == 0x80; back++)
        at--;
    return at > start && (at == length || (data[at] & 0xc0) != 0x80) ? at : end;
}

/* The bytes up to the next run, at most limit. */
static size_t literal_length(const unsigned char *data, size_t length, size_t limit)
{
    size_t at = 0;
    while (at < length && at < limit) {
        size_t run = run_length(data + at, length - at);
        if (run >= RUN_BYTES_MIN)
            return at;
        at += run;
    }
    return at < limit ? at : character_start(data, 0, limit, length);
}

static int print_quoted(const unsigned char *data, size_t length, struct bytes *out)
{
    return bytes_append_text(out, "\"") || bytes_append_visible(out, data, length, BYTES_VISIBLE_QUOTED) ||
                   bytes_append_text(out, "\"")
               ? -1
               : 0;
}

int transcript_print_bytes(const void *bytes, size_t length, struct bytes *out)
{
    const unsigned char *data = bytes;
    size_t at = 0, budget = HEAD_BYTES_MAX;

    if (length == 0)
        return print_quoted(data, 0, out);
    while (at < length) {
        size_t run = run_length(data + at, length - at);
        if (at > 0 && bytes_append_text(out, " + "))
            return -1;
        if (budget == 0 && length - at > TAIL_BYTES + RUN_BYTES_MIN) {
            size_t tail = character_start(data, at, length - TAIL_BYTES, length);
            return bytes_append_format(out, "... %zu bytes ... + ", tail - at)
                       ? -1
                       : print_quoted(data + tail, length - tail, out);
        }
        if (run >= RUN_BYTES_MIN) {
            if (print_quoted(data + at, 1, out) || bytes_append_format(out, " x %zu", run))
                return -1;
            at += run;
            budget -= budget < RUN_COST_BYTES ? budget : RUN_COST_BYTES;
            continue;
        }
        size_t limit = budget == 0 ? TAIL_BYTES + RUN_BYTES_MIN : budget < 4 ? 4 : budget;
        size_t literal = literal_length(data + at, length - at, limit);
        if (print_quoted(data + at, literal, out))
            return -1;
        at += literal;
        bool before_run = at < length && run_length(data + at, length - at) >= RUN_BYTES_MIN;
        budget = before_run && budget > literal ? budget - literal : 0;
    }
    return 0;
}

static bool is_from_seam(const struct transcript_stream *stream)
{
    return stream->kind == TRANSCRIPT_SENT || stream->kind == TRANSCRIPT_TYPED;
}

static bool is_of_program(enum event_kind kind)
{
    return kind == EVENT_STARTED || kind == EVENT_EXITED || kind == EVENT_KILLED || kind == EVENT_SIGNALLED ||
           kind == EVENT_SETTLED;
}

/* The name that stands in a line; events of a program stand on its stdout, whose name is "program.stdout". */
static int name_length(const struct transcript *transcript, const struct transcript_event *event)
{
    const char *name = transcript->streams[event->stream].name;
    return (int)(is_of_program(event->kind) ? strcspn(name, ".") : strlen(name));
}

static const char *signal_name(int number, char *buffer, size_t size)
{
    const char *name = sigabbrev_np(number);
    if (name)
        snprintf(buffer, size, "SIG%s", name);
    else
        snprintf(buffer, size, "signal %d", number);
    return buffer;
}

static int print_what(const struct transcript_stream *stream, const struct transcript_event *event,
                      struct bytes *out)
{
    char name[32];

    switch (event->kind) {
    case EVENT_CHUNK:
        return transcript_print_bytes(stream->bytes.data + event->offset, event->length, out);
    case EVENT_END:
        return bytes_append_text(out, stream->kind == TRANSCRIPT_SENT ? "FIN" : "end") ? -1 : 0;
    case EVENT_RESET:
        return bytes_append_text(out, "reset") ? -1 : 0;
    case EVENT_OPENED:
        return bytes_append_text(out, "connected") ? -1 : 0;
    case EVENT_REFUSED:
        return bytes_append_text(out, "refused") ? -1 : 0;
    case EVENT_STARTED:
        return bytes_append_text(out, "started") ? -1 : 0;
    case EVENT_EXITED:
        return bytes_append_format(out, "exit %d", (int)event->detail) ? -1 : 0;
    case EVENT_KILLED:
        return bytes_append_format(out, "killed by %s", signal_name(event->detail, name, sizeof name)) ? -1
                                                                                                       : 0;
    case EVENT_SIGNALLED:
        return bytes_append_format(out, "%s sent", signal_name(event->detail, name, sizeof name)) ? -1 : 0;
    case EVENT_SETTLED:
        return bytes_append_text(out, "settled") ? -1 : 0;
    }
    return -1;
}

/*     0.000412  alice          -> [0..6)      drained  "hello\n"
 * seconds, name, direction (-> from Seam, <- to it), place in the stream, evidence, what */
static int print_event(const struct transcript *transcript, const struct transcript_event *event,
                       int name_width, struct bytes *out)
{
    const struct transcript_stream *stream = &transcript->streams[event->stream];
    int length = name_length(transcript, event);
    bool of_stream = event->kind == EVENT_CHUNK || event->kind == EVENT_END || event->kind == EVENT_RESET;
    const char *direction = !of_stream ? "  " : is_from_seam(stream) ? "->" : "<-";
    bool proved = stream->kind == TRANSCRIPT_SENT && event->evidence != EVIDENCE_NONE && of_stream;
    char range[48] = "";

    if (event->kind == EVENT_CHUNK)
        snprintf(range, sizeof range, "[%" PRIu64 "..%" PRIu64 ")", event->offset,
                 event->offset + event->length);
    else if (of_stream)
        snprintf(range, sizeof range, "[%" PRIu64 "]", event->offset);
    if (bytes_append_format(out, "%4" PRIu64 ".%06" PRIu64 "  %.*s%*s %s %-11s %-8s ",
                            event->time_ns / 1000000000, event->time_ns / 1000 % 1000000, length,
                            stream->name, name_width - length, "", direction, range,
                            proved ? evidence_words[event->evidence] : ""))
        return -1;
    return print_what(stream, event, out) || bytes_append_text(out, "\n") ? -1 : 0;
}

int transcript_print_wire(const struct transcript *transcript, size_t events_max, struct bytes *out)
{
    size_t first =
        events_max > 0 && transcript->event_count > events_max ? transcript->event_count - events_max : 0;
    int name_width = 0;

    for (size_t i = first; i < transcript->event_count; i++) {
        int length = name_length(transcript, &transcript->events[i]);
        name_width = length > name_width ? length : name_width;
    }
    if (first > 0 && bytes_append_format(out, "(%zu earlier events left out)\n", first))
        return -1;
    for (size_t i = first; i < transcript->event_count; i++) {
        if (print_event(transcript, &transcript->events[i], name_width, out) != 0)
            return -1;
    }
    return 0;
}
