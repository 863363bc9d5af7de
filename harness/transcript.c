/*
 * transcript - the record of a run: append and compare (transcript_print.c prints it).
 *
 * Knows no sockets and no steps. Appending is all or nothing: an event stands only when its bytes do.
 */
#include "harness/transcript.h"

#include <stdlib.h>
#include <string.h>

void transcript_open(struct transcript *transcript, size_t stream_count, uint64_t now_ns)
{
    *transcript = (struct transcript){.began_ns = now_ns};
    transcript->streams = calloc(stream_count ? stream_count : 1, sizeof *transcript->streams);
    if (!transcript->streams)
        return; /* no stream: every append fails */
    transcript->stream_count = stream_count;
    for (size_t i = 0; i < stream_count; i++)
        bytes_init(&transcript->streams[i].bytes, TRANSCRIPT_STREAM_BYTES_MAX);
}

void transcript_close(struct transcript *transcript)
{
    for (size_t i = 0; i < transcript->stream_count; i++)
        bytes_free(&transcript->streams[i].bytes);
    free(transcript->streams);
    free(transcript->events);
    *transcript = (struct transcript){0};
}

/* Room for one event more, not counted yet; NULL: no memory or no such stream. */
static struct transcript_event *make_room(struct transcript *transcript, size_t stream)
{
    if (stream >= transcript->stream_count)
        return NULL;
    if (transcript->event_count == transcript->event_capacity) {
        size_t capacity = transcript->event_capacity ? transcript->event_capacity * 2 : 64;
        struct transcript_event *events = reallocarray(transcript->events, capacity, sizeof *events);
        if (!events)
            return NULL;
        transcript->events = events;
        transcript->event_capacity = capacity;
    }
    return &transcript->events[transcript->event_count];
}

size_t transcript_chunk(struct transcript *transcript, size_t stream, size_t step, const void *data,
                        size_t length, uint64_t now_ns)
{
    struct transcript_event *event = make_room(transcript, stream);
    if (!event || length > UINT32_MAX)
        return SIZE_MAX;

    struct bytes *bytes = &transcript->streams[stream].bytes;
    uint64_t offset = bytes->length;
    if (bytes_append(bytes, data, length) != BYTES_OK)
        return SIZE_MAX;
    *event = (struct transcript_event){
        .kind = EVENT_CHUNK,
        .stream = (uint32_t)stream,
        .step = (uint32_t)step,
        .offset = offset,
        .length = (uint32_t)length,
        .time_ns = now_ns - transcript->began_ns,
    };
    return transcript->event_count++;
}

size_t transcript_event(struct transcript *transcript, enum event_kind kind, size_t stream, size_t step,
                        int detail, uint64_t now_ns)
{
    struct transcript_event *event = make_room(transcript, stream);
    if (!event)
        return SIZE_MAX;

    struct transcript_stream *at = &transcript->streams[stream];
    if (kind == EVENT_END)
        at->ended = true;
    if (kind == EVENT_RESET)
        at->reset = true;
    *event = (struct transcript_event){
        .kind = kind,
        .stream = (uint32_t)stream,
        .step = (uint32_t)step,
        .offset = at->bytes.length,
        .detail = detail,
        .time_ns = now_ns - transcript->began_ns,
    };
    return transcript->event_count++;
}

/* --- comparing
 * -------------------------------------------------------------------------------------------------- */

enum { EXCERPT_BYTES_AROUND = 16 };

static const char *kind_word(enum transcript_stream_kind kind)
{
    static const char *const words[] = {"sent", "received", "output", "typed"};
    return words[kind];
}

static size_t first_difference(const struct bytes *a, const struct bytes *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    size_t at = 0;

    if (shorter > 0 && memcmp(a->data, b->data, shorter) == 0)
        return shorter;
    while (at < shorter && a->data[at] == b->data[at])
        at++;
    return at;
}

static int excerpt(const struct bytes *bytes, size_t at, struct bytes *out)
{
    size_t left = bytes->length - at;

    if (left == 0)
        return bytes_append_text(out, "nothing more") ? -1 : 0;
    size_t shown = left < EXCERPT_BYTES_AROUND ? left : EXCERPT_BYTES_AROUND;
    if (bytes_append_text(out, "\"") ||
        bytes_append_visible(out, bytes->data + at, shown, BYTES_VISIBLE_QUOTED) ||
        bytes_append_text(out, shown < left ? "\"..." : "\""))
        return -1;
    return 0;
}

/* A difference counts although it could not be told for want of memory: hence always 1. */
static int tell_bytes(const struct transcript_stream *a, const struct transcript_stream *b,
                      struct bytes *difference)
{
    size_t at = first_difference(&a->bytes, &b->bytes);

    if (bytes_append_format(difference, "%s (%s) differs at offset %zu: ", a->name, kind_word(a->kind), at) ==
            BYTES_OK &&
        excerpt(&a->bytes, at, difference) == 0 && bytes_append_text(difference, " against ") == BYTES_OK)
        excerpt(&b->bytes, at, difference);
    return 1;
}

static const char *close_word(const struct transcript_stream *stream)
{
    return stream->reset ? "reset" : stream->ended ? "ended" : "open";
}

static int compare_stream(const struct transcript_stream *a, const struct transcript_stream *b,
                          struct bytes *difference)
{
    if (a->kind != b->kind || strcmp(a->name, b->name) != 0) {
        bytes_append_format(difference, "other streams: %s (%s) against %s (%s)", a->name, kind_word(a->kind),
                            b->name, kind_word(b->kind));
        return 1;
    }
    if (a->bytes.length != b->bytes.length || first_difference(&a->bytes, &b->bytes) != a->bytes.length)
        return tell_bytes(a, b, difference);
    if (strcmp(close_word(a), close_word(b)) != 0) {
        bytes_append_format(difference, "%s (%s) is %s against %s after %zu bytes", a->name,
                            kind_word(a->kind), close_word(a), close_word(b), a->bytes.length);
        return 1;
    }
    return 0;
}

/* What became of a program or of a connection attempt. */
static bool is_fate(const struct transcript_event *event)
{
    return event->kind == EVENT_EXITED || event->kind == EVENT_KILLED || event->kind == EVENT_REFUSED;
}

/* The next fate on that stream, from index on; NULL: none. */
static const struct transcript_event *next_fate(const struct transcript *transcript, size_t stream,
                                                size_t *index)
{
    while (*index < transcript->event_count) {
        const struct transcript_event *event = &transcript->events[(*index)++];
        if (event->stream == stream && is_fate(event))
            return event;
    }
    return NULL;
}

static void print_fate(const struct transcript_event *event, struct bytes *out)
{
    if (!event)
        bytes_append_text(out, "nothing");
    else if (event->kind == EVENT_EXITED)
        bytes_append_format(out, "exit %d", (int)event->detail);
    else if (event->kind == EVENT_KILLED)
        bytes_append_format(out, "killed by signal %d", (int)event->detail);
    else
        bytes_append_text(out, "refused");
}

static int compare_fates(const struct transcript *a, const struct transcript *b, size_t stream,
                         struct bytes *difference)
{
    size_t at_a = 0, at_b = 0;

    for (;;) {
        const struct transcript_event *x = next_fate(a, stream, &at_a), *y = next_fate(b, stream, &at_b);
        if (!x && !y)
            return 0;
        if (x && y && x->kind == y->kind && x->detail == y->detail)
            continue;
        bytes_append_format(difference, "%s: ", a->streams[stream].name);
        print_fate(x, difference);
        bytes_append_text(difference, " against ");
        print_fate(y, difference);
        return 1;
    }
}

int transcript_compare(const struct transcript *a, const struct transcript *b, struct bytes *difference)
{
    if (a->stream_count != b->stream_count) {
        bytes_append_format(difference, "%zu streams against %zu", a->stream_count, b->stream_count);
        return 1;
    }
    for (size_t i = 0; i < a->stream_count; i++) {
        if (compare_stream(&a->streams[i], &b->streams[i], difference) || compare_fates(a, b, i, difference))
            return 1;
    }
    return 0;
}
