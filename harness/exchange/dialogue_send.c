/*
 * dialogue_send - what the side that is played said, as `send` steps.
 *
 * A message is what chunks say up to the end of a line: one send. Where a message came in several chunks, the
 * connection is cut by the id of a segmentation, "cut" of the scenario: so a sweep or `seam shrink` has the
 * messages as its baseline.
 */
#include "harness/exchange/dialogue_inside.h"

#include <string.h>

static bool ends_line(const char *delimiter, const char *data, size_t length)
{
    size_t n = strlen(delimiter);
    return length >= n && memcmp(data + length - n, delimiter, n) == 0;
}

/* How many of the chunks, from the first on, are one message. */
static size_t message_chunks(const char *delimiter, const char *data, size_t begin, const size_t *ends,
                             size_t count)
{
    size_t n = 1;
    while (n < count && (ends[n - 1] == begin || !ends_line(delimiter, data, ends[n - 1]))) {
        n++;
    }
    return n;
}

/* --- which connections are cut by id
 * ---------------------------------------------------------------------------------------- */

void printer_plan_sends(struct printer *printer)
{
    const struct dialogue *d = printer->dialogue;
    bool *inside =
        arena_alloc_array(printer->out->arena, d->connection_count, sizeof *inside); /* a message */
    for (size_t i = 0; i < d->event_count; i++) {
        const struct dialogue_event *event = &d->events[i];
        struct peer *peer = &printer->peers[event->connection];
        if (event->kind == DIALOGUE_SECRET && event->side == printer->played) {
            peer->has_secrets = true;
            inside[event->connection] = true;
        } else if (event->kind == DIALOGUE_CHUNK && event->side == printer->played) {
            peer->cut_by_id |= inside[event->connection];
            inside[event->connection] = !ends_line(peer->delimiter, (const char *)event->data, event->length);
        }
    }
    for (size_t i = 0; i < d->connection_count; i++) {
        printer->peers[i].cut_by_id = printer->peers[i].cut_by_id && !printer->peers[i].has_secrets;
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

/* A message with secrets in it: chunks from..to of the run. */
static json_t *send_secrets(struct printer *printer, const struct peer *peer, size_t begin, size_t from,
                            size_t to)
{
    json_t *parts = json_array();
    int result = parts ? 0 : -1;
    for (size_t i = from; result == 0 && i < to; i++) {
        size_t end = printer->run_ends[i];
        if (end > begin) {
            result = json_array_append_new(
                parts, printer_data(printer, bytes_text(&printer->run) + begin, end - begin));
            begin = end;
        }
        if (printer->run_secrets[i] > 0) {
            unsigned number = printer->run_secrets[i] - 1;
            printer->secrets_sent = true;
            printer->secret_unknown = printer->secret_unknown || number == 0;
            printer->secret_max = number > printer->secret_max ? number : printer->secret_max;
            result = json_array_append_new(parts, json_sprintf("${secret%u}", number));
        }
    }
    if (result != 0) {
        json_decref(parts);
        return NULL;
    }
    return json_pack("{s:s, s:o}", "send", peer->name, "data", parts);
}

static bool some_secret(const struct printer *printer, size_t from, size_t to)
{
    bool some = false;
    for (size_t i = from; i < to; i++) {
        some = some || printer->run_secrets[i] > 0;
    }
    return some;
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
    }
    for (size_t i = 0, count; i < printer->run_count && !printer->failed; i += count) {
        const size_t *ends = printer->run_ends + i;
        count =
            message_chunks(peer->delimiter, bytes_text(&printer->run), begin, ends, printer->run_count - i);
        printer_step(
            printer,
            some_secret(printer, i, i + count)
                ? send_secrets(printer, peer, begin, i, i + count)
                : send_whole(printer, peer, bytes_text(&printer->run) + begin, ends[count - 1] - begin),
            printer->run_ns);
        begin = ends[count - 1];
    }
    peer->sent += printer->run.length;
    bytes_clear(&printer->run);
    printer->run_count = printer->secrets_count = 0;
}
