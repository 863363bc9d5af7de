/* layout - see layout.h. */
#include "harness/sweep/layout.h"

#include "harness/steps/args.h"

#include <stdlib.h>
#include <string.h>

static bool is_binder(const struct step *step)
{
    return step->verb == &step_repeat || step->verb == &step_include;
}

/* Nothing but binders between two steps, and no barrier on the first. */
static bool are_adjacent(const struct scenario *scenario, size_t first, size_t second)
{
    if (first == second) {
        return true;
    }
    if (second < first || scenario->script[first].step->barrier) {
        return false;
    }
    for (size_t i = first + 1; i < second; i++) {
        if (!is_binder(scenario->script[i].step)) {
            return false;
        }
    }
    return true;
}

/* The step that follows the burst, when it is a barrier or the burst's own last step is. */
static bool barrier_follows(const struct scenario *scenario, size_t step)
{
    if (scenario->script[step].step->barrier) {
        return true;
    }
    while (++step < scenario->script_count && is_binder(scenario->script[step].step)) {
    }
    return step < scenario->script_count && scenario->script[step].step->barrier;
}

static void note_varied(const struct scenario *scenario, struct layout *out)
{
    for (size_t i = 0; i < scenario->connection_count; i++) {
        out->names[i] = scenario->connections[i].name;
        out->varied[i] = scenario->sweep.actor_count == 0;
    }
    for (size_t i = 0; i < scenario->sweep.actor_count; i++) {
        out->varied[scenario->sweep.actors[i]] = true;
    }
}

static void add_message(const struct scenario *scenario, const struct record *record,
                        const struct trace_message *from, struct layout *out)
{
    struct layout_burst *last = out->burst_count ? &out->bursts[out->burst_count - 1] : NULL;
    const struct layout_message *before = out->message_count ? &out->messages[out->message_count - 1] : NULL;
    bool adjacent = before && are_adjacent(scenario, before->step, from->step);
    if (!adjacent || last->connection != from->connection) {
        if (!adjacent) {
            out->group_count++;
        }
        last = &out->bursts[out->burst_count++];
        *last = (struct layout_burst){.connection = from->connection,
                                      .begin = from->begin,
                                      .first_message = out->message_count,
                                      .group = out->group_count - 1,
                                      .whole_from = UINT64_MAX};
    }
    last->end = from->end;
    last->message_count++;
    last->barrier = barrier_follows(scenario, from->step);
    const struct bytes *bytes = &record->transcript.streams[2 * from->connection].bytes;
    out->messages[out->message_count++] = (struct layout_message){
        .connection = from->connection,
        .begin = from->begin,
        .end = from->end,
        .step = from->step,
        .burst = out->burst_count - 1,
        .fin = from->fin,
        .waived = from->waived,
        .data = from->fin || from->begin >= bytes->length ? "" : bytes->data + from->begin,
    };
}

int layout_make(const struct scenario *scenario, const struct record *record, struct layout *out)
{
    size_t count = record->trace.message_count;
    *out = (struct layout){.connection_count = scenario->connection_count};
    out->messages = calloc(count + 1, sizeof *out->messages);
    out->bursts = calloc(count + 1, sizeof *out->bursts);
    out->names = calloc(scenario->connection_count + 1, sizeof *out->names);
    out->varied = calloc(scenario->connection_count + 1, sizeof *out->varied);
    if (!out->messages || !out->bursts || !out->names || !out->varied) {
        layout_close(out);
        return -1;
    }
    note_varied(scenario, out);
    for (size_t i = 0; i < count; i++) {
        const struct trace_message *from = &record->trace.messages[i];
        uint64_t sent = record->transcript.streams[2 * from->connection].bytes.length;
        bool left = from->fin || from->end <= sent; /* what could not leave is no message */
        if (from->end > from->begin && left) {
            add_message(scenario, record, from, out);
        }
    }
    return 0;
}

void layout_close(struct layout *layout)
{
    free(layout->messages);
    free(layout->bursts);
    free(layout->names);
    free(layout->varied);
    *layout = (struct layout){0};
}

size_t layout_message_in(const struct layout *layout, const struct layout_burst *burst, uint64_t offset)
{
    const struct layout_message *messages = &layout->messages[burst->first_message];
    size_t low = 0, high = burst->message_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (messages[middle].end <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < burst->message_count && messages[low].begin <= offset;
    return found ? burst->first_message + low : SIZE_MAX;
}

size_t layout_message_at(const struct layout *layout, size_t connection, uint64_t offset)
{
    for (size_t b = 0; b < layout->burst_count; b++) {
        const struct layout_burst *burst = &layout->bursts[b];
        if (burst->connection == connection && burst->begin <= offset && offset < burst->end) {
            return layout_message_in(layout, burst, offset);
        }
    }
    return SIZE_MAX;
}

bool layout_is_free(const struct layout *layout, const struct layout_burst *burst, uint64_t p)
{
    if (!layout->varied[burst->connection] || p <= burst->begin || p >= burst->end ||
        p >= burst->whole_from) {
        return false;
    }
    size_t message = layout_message_in(layout, burst, p - 1);
    return message == SIZE_MAX || !layout->messages[message].waived;
}

size_t layout_complete(const struct layout *layout, const uint64_t *sent, bool *partial)
{
    size_t complete = 0;
    *partial = false;
    for (size_t i = 0; i < layout->message_count; i++) {
        const struct layout_message *m = &layout->messages[i];
        complete += sent[m->connection] >= m->end;
        *partial |= sent[m->connection] > m->begin && sent[m->connection] < m->end;
    }
    return complete;
}

static bool is_inside_character(const char *data, uint64_t at, uint64_t length)
{
    return at < length && ((unsigned char)data[at] & 0xc0) == 0x80 && at > 0 &&
           ((unsigned char)data[at - 1] & 0x80);
}

enum place_kind layout_place_kind(const struct layout *layout, const struct scenario *scenario,
                                  size_t message, uint64_t p)
{
    const struct layout_message *m = &layout->messages[message];
    const struct delimiter *delimiter = &scenario->connections[m->connection].delimiter;
    uint64_t length = m->end - m->begin, at = p - m->begin;
    if (p == m->end) {
        bool fin = message + 1 < layout->message_count && layout->messages[message + 1].fin;
        return fin ? PLACE_FIN : PLACE_MESSAGES;
    }
    if (m->fin || at == 0 || at > length) {
        return PLACE_MESSAGES;
    }
    if (is_inside_character(m->data, at, length)) {
        return PLACE_CHARACTER;
    }
    if (m->data[at - 1] == '\r' && m->data[at] == '\n') {
        return PLACE_DELIMITER;
    }
    for (size_t k = 1; k < delimiter->length; k++) {
        if (at >= k && at - k + delimiter->length <= length &&
            memcmp(m->data + at - k, delimiter->bytes, delimiter->length) == 0) {
            return PLACE_DELIMITER;
        }
    }
    if (m->data[at] == 0 || m->data[at - 1] == 0) {
        return PLACE_NUL;
    }
    if (at + delimiter->length <= length && memcmp(m->data + at, delimiter->bytes, delimiter->length) == 0) {
        return PLACE_BEFORE_DELIMITER;
    }
    if (at >= delimiter->length &&
        memcmp(m->data + at - delimiter->length, delimiter->bytes, delimiter->length) == 0) {
        return PLACE_BEHIND_DELIMITER;
    }
    return PLACE_INSIDE;
}

const char *place_words(enum place_kind kind)
{
    static const char *const words[] = {
        [PLACE_MESSAGES] = "between two messages",
        [PLACE_FIN] = "between the last byte and the FIN",
        [PLACE_CHARACTER] = "inside a character",
        [PLACE_DELIMITER] = "inside the delimiter",
        [PLACE_BEFORE_DELIMITER] = "just before the delimiter",
        [PLACE_BEHIND_DELIMITER] = "just behind a delimiter",
        [PLACE_NUL] = "beside a NUL",
        [PLACE_INSIDE] = "inside a message",
    };
    return words[kind];
}
