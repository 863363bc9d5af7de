/* picture - what a shrunk finding looks like: the bytes with the cuts in them, and both answers side by side.
 */
#include "harness/sweep/sweep_inside.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 200 };

static void add_bytes(struct bytes *out, const struct transcript_stream *stream, uint64_t begin, uint64_t end)
{
    size_t length = (size_t)(end - begin);
    bytes_append_text(out, "\"");
    bytes_append_visible(out, bytes_text(&stream->bytes) + begin, length < SHOWN_BYTES ? length : SHOWN_BYTES,
                         BYTES_VISIBLE_QUOTED);
    bytes_append_text(out, length > SHOWN_BYTES ? "\"..." : "\"");
}

/* Each chunk that a record sent on a connection: "hel" | "lo\n" | FIN */
static void add_sent(struct bytes *out, const struct record *record, size_t connection)
{
    const struct transcript *t = &record->transcript;
    bool any = false;
    for (size_t i = 0; i < t->event_count; i++) {
        const struct transcript_event *e = &t->events[i];
        if (e->stream != 2 * connection || (e->kind != EVENT_CHUNK && e->kind != EVENT_END)) {
            continue;
        }
        bool with_fin = e->kind == EVENT_END && i > 0 && t->events[i - 1].stream == e->stream &&
                        t->events[i - 1].kind == EVENT_CHUNK && t->events[i - 1].time_ns == e->time_ns;
        bytes_append_text(out, !any ? "" : with_fin ? " + " : " | ");
        if (e->kind == EVENT_CHUNK) {
            add_bytes(out, &t->streams[e->stream], e->offset, e->offset + e->length);
        } else {
            bytes_append_text(out, "FIN");
        }
        any = true;
    }
}

static void add_said(struct bytes *out, const char *who, const struct transcript_stream *stream)
{
    bytes_append_format(out, "%s ", who);
    add_bytes(out, stream, 0, stream->bytes.length);
    bytes_append_text(out, stream->reset ? ", reset\n" : stream->ended ? ", end\n" : "\n");
}

void picture_draw(const struct sweep *sweep, struct finding *finding, const struct subject *subject,
                  const struct record *odd, const char *message)
{
    if (!sweep->options->draw || !subject->has_baseline) {
        return;
    }
    free(finding->charts[0]);
    free(finding->charts[1]);
    finding->charts[0] = sweep->options->draw(&subject->scenario, &subject->baseline, NULL);
    finding->charts[1] = sweep->options->draw(&subject->scenario, odd, message ? message : "");
}

char *picture_of(const struct finding *finding, const struct shown *shown)
{
    struct bytes out;
    const struct layout *layout = &shown->subject.layout;
    const struct judgement *j = &shown->judgement;
    (void)finding;
    bytes_init(&out, 65536);
    for (size_t c = 0; c < layout->connection_count; c++) {
        if (shown->odd.transcript.streams[2 * c].bytes.length > 0) {
            bytes_append_format(&out, "shrunk, \"%s\" is sent ", layout->names[c]);
            add_sent(&out, &shown->odd, c);
            bytes_append_text(&out, "\n");
        }
    }
    if (j->stream != SIZE_MAX && j->stream < shown->odd.transcript.stream_count) {
        add_said(&out, "with each message alone it says",
                 &shown->subject.baseline.transcript.streams[j->stream]);
        add_said(&out, "cut like this it says          ", &shown->odd.transcript.streams[j->stream]);
    }
    bytes_append_format(&out, "%s\n", j->text ? j->text : "");
    char *copy = strdup(bytes_text(&out));
    bytes_free(&out);
    return copy;
}
