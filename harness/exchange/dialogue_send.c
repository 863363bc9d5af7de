/*
 * dialogue_send - what the side that is played said, as `send` steps.
 *
 * A message is what chunks say up to the end of a line. In one chunk it is a send; in several it is split
 * where it stands, so that a person sees the cut in the text. Large messages with uneven chunks can't be read
 * anyway: their connection is cut by id.
 */
#include "harness/exchange/dialogue_inside.h"

#include <string.h>

#include "harness/scenario_print.h"

static bool ends_line(const char *delimiter, const char *data, size_t length)
{
    size_t n = strlen(delimiter);
    return length >= n && memcmp(data + length - n, delimiter, n) == 0;
}

/* The size of all chunks but the last, which is no longer; 0: they differ. */
static size_t even_size(const size_t *ends, size_t count, size_t begin)
{
    size_t size = ends[0] - begin;
    for (size_t i = 0; i < count; i++) {
        size_t from = i == 0 ? begin : ends[i - 1], length = ends[i] - from;
        if (i + 1 < count ? length != size : length > size) {
            return 0;
        }
    }
    return size;
}

/* How many of the chunks, from the first on, are one message. */
static size_t message_chunks(const char *delimiter, const char *data, const size_t *ends, size_t count)
{
    size_t n = 1;
    while (n < count && !ends_line(delimiter, data, ends[n - 1])) {
        n++;
    }
    return n;
}

/* --- which connections are cut by id
 * ---------------------------------------------------------------------------------------- */

struct sizing { /* of the message that is being said */
    size_t chunks, first, last;
    uint64_t bytes;
    bool even;
};

static void size_chunk(struct peer *peer, struct sizing *at, const struct dialogue_event *event)
{
    if (at->chunks == 0) {
        *at = (struct sizing){.first = event->length, .even = true};
    } else {
        at->even = at->even && at->last == at->first && event->length <= at->first;
    }
    at->chunks++;
    at->last = event->length;
    at->bytes += event->length;
    peer->cut_by_id |= at->chunks > 1 && !at->even && at->bytes > DIALOGUE_SPLIT_BYTES_MAX;
    if (ends_line(peer->delimiter, (const char *)event->data, event->length)) {
        at->chunks = 0;
    }
}

void printer_plan_sends(struct printer *printer)
{
    const struct dialogue *d = printer->dialogue;
    struct sizing *sizings = arena_alloc_array(printer->out->arena, d->connection_count, sizeof *sizings);
    for (size_t i = 0; i < d->event_count; i++) {
        const struct dialogue_event *event = &d->events[i];
        if (event->kind == DIALOGUE_CHUNK && event->side == printer->played) {
            size_chunk(&printer->peers[event->connection], &sizings[event->connection], event);
        }
    }
}

/* --- steps
 * ------------------------------------------------------------------------------------------------------ */

static json_t *send_whole(struct printer *printer, const struct peer *peer, const char *data, size_t length)
{
    size_t lines_length = length, lines = printer_lines(peer->delimiter, data, &lines_length);
    json_t *step = json_pack("{s:s}", "send", peer->name);
    if (step && lines > 0 && lines_length == length) {
        if (printer_add_lines(step, peer->delimiter, data, length, lines) != 0) {
            json_decref(step);
            return NULL;
        }
        return step;
    }
    if (step && json_object_set_new(step, "data", printer_data(printer, data, length)) != 0) {
        json_decref(step);
        return NULL;
    }
    return step;
}

/* Every part as data of its own. */
static json_t *send_split(const struct peer *peer, const char *data, const size_t *ends, size_t count,
                          size_t begin)
{
    json_t *parts = json_array();
    int result = parts ? 0 : -1;
    for (size_t i = 0; result == 0 && i < count; i++) {
        size_t from = i == 0 ? begin : ends[i - 1];
        result = json_array_append_new(parts, scenario_print_bytes(data + from, ends[i] - from));
    }
    if (result != 0) {
        json_decref(parts);
        return NULL;
    }
    return json_pack("{s:s, s:o}", "send", peer->name, "split", parts);
}

static json_t *send_message(struct printer *printer, const struct peer *peer, size_t begin,
                            const size_t *ends, size_t count)
{
    const char *data = bytes_text(&printer->run);
    size_t end = ends[count - 1], even = even_size(ends, count, begin);
    bool long_split = count > 4 || end - begin > DIALOGUE_SPLIT_BYTES_MAX;
    if (count > 1 && (!even || !long_split)) {
        return send_split(peer, data, ends, count, begin);
    }
    json_t *step = send_whole(printer, peer, data + begin, end - begin);
    if (step && count > 1 && json_object_set_new(step, "split", json_integer((json_int_t)even)) != 0) {
        json_decref(step);
        return NULL;
    }
    return step;
}

static void note_cuts(struct printer *printer, struct peer *peer)
{
    for (size_t i = 0; i + 1 < printer->run_count; i++) {
        peer->cuts = arena_grow(printer->out->arena, peer->cuts, &peer->cut_count, &peer->cut_capacity,
                                sizeof *peer->cuts);
        peer->cuts[peer->cut_count - 1] = peer->sent + printer->run_ends[i];
    }
}

void printer_send(struct printer *printer)
{
    struct peer *peer = &printer->peers[printer->run_peer];
    size_t begin = 0;
    if (printer->run_count == 0) {
        return;
    }
    printer->out->cuts += printer->run_count - 1;
    printer->out->bytes += printer->run.length;
    if (peer->cut_by_id) {
        note_cuts(printer, peer);
        printer_step(printer, send_whole(printer, peer, bytes_text(&printer->run), printer->run.length),
                     printer->run_ns);
    }
    for (size_t i = 0, count; !peer->cut_by_id && i < printer->run_count && !printer->failed; i += count) {
        const size_t *ends = printer->run_ends + i;
        count = message_chunks(peer->delimiter, bytes_text(&printer->run), ends, printer->run_count - i);
        printer_step(printer, send_message(printer, peer, begin, ends, count), printer->run_ns);
        begin = ends[count - 1];
    }
    peer->sent += printer->run.length;
    bytes_clear(&printer->run);
    printer->run_count = 0;
}
