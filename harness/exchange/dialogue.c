/* dialogue - collects what was said, see dialogue.h. */
#include "harness/exchange/dialogue.h"

#include <stdlib.h>
#include <string.h>

void dialogue_open(struct dialogue *dialogue, struct arena *arena)
{
    *dialogue = (struct dialogue){.arena = arena};
}

static const char *side_name(enum dialogue_side side)
{
    return side == DIALOGUE_CLIENT ? "client" : "server";
}

static void append(struct dialogue *dialogue, const struct dialogue_event *event)
{
    dialogue->events = arena_grow(dialogue->arena, dialogue->events, &dialogue->event_count,
                                  &dialogue->event_capacity, sizeof *dialogue->events);
    dialogue->events[dialogue->event_count - 1] = *event;
}

int dialogue_add(struct dialogue *dialogue, const struct dialogue_event *event, struct seam_error *error)
{
    if (event->connection >= DIALOGUE_CONNECTIONS_MAX) {
        return seam_error_set(error, "it has more than %d connections", DIALOGUE_CONNECTIONS_MAX);
    }
    while (dialogue->connection_count <= event->connection) {
        dialogue->over = arena_grow(dialogue->arena, dialogue->over, &dialogue->connection_count,
                                    &dialogue->connection_capacity, sizeof *dialogue->over);
    }
    struct dialogue_state *over = &dialogue->over[event->connection];
    bool first = !over->opened;
    over->opened = true;
    if (dialogue->event_count + first >= DIALOGUE_EVENTS_MAX) {
        return seam_error_set(error, "it has more than %d events", DIALOGUE_EVENTS_MAX);
    }
    if (event->kind == DIALOGUE_OPENED && !first) {
        return seam_error_set(error, "connection %zu is opened twice", event->connection + 1);
    }
    bool late = over->ended[event->side] && event->kind != DIALOGUE_RESET;
    if (event->kind != DIALOGUE_OPENED && (over->reset || late)) {
        return seam_error_set(error, "the %s of connection %zu goes on behind %s", side_name(event->side),
                              event->connection + 1, over->reset ? "a reset" : "its end");
    }
    if (first && event->kind != DIALOGUE_OPENED) {
        append(dialogue, &(struct dialogue_event){.kind = DIALOGUE_OPENED,
                                                  .connection = event->connection,
                                                  .time_ns = event->time_ns});
    }
    over->reset = event->kind == DIALOGUE_RESET;
    over->ended[event->side] |= event->kind == DIALOGUE_END;
    if (event->kind != DIALOGUE_CHUNK || event->length > 0) {
        append(dialogue, event);
    }
    return 0;
}

static int compare_holes(const void *a, const void *b)
{
    const struct dialogue_hole *x = a, *y = b;
    if (x->connection != y->connection) {
        return x->connection < y->connection ? -1 : 1;
    }
    return x->begin < y->begin ? -1 : x->begin > y->begin;
}

void dialogue_sort_holes(struct dialogue *dialogue)
{
    size_t kept = 0;
    if (dialogue->hole_count > 0) {
        qsort(dialogue->holes, dialogue->hole_count, sizeof *dialogue->holes, compare_holes);
    }
    for (size_t i = 0; i < dialogue->hole_count; i++) {
        struct dialogue_hole *hole = &dialogue->holes[i], *last = kept ? &dialogue->holes[kept - 1] : NULL;
        if (last && last->connection == hole->connection && hole->begin < last->end) {
            continue; /* the first one has the place */
        }
        dialogue->holes[kept++] = *hole;
    }
    dialogue->hole_count = kept;
}

void dialogue_add_hole(struct dialogue *dialogue, const struct dialogue_hole *hole)
{
    dialogue->holes = arena_grow(dialogue->arena, dialogue->holes, &dialogue->hole_count,
                                 &dialogue->hole_capacity, sizeof *dialogue->holes);
    dialogue->holes[dialogue->hole_count - 1] = *hole;
}

struct bytes *dialogue_said(const struct dialogue *dialogue, enum dialogue_side side)
{
    struct bytes *said = calloc(dialogue->connection_count + 1, sizeof *said);
    if (!said) {
        abort(); /* as an arena does */
    }
    for (size_t i = 0; i < dialogue->connection_count; i++) {
        bytes_init(&said[i], SIZE_MAX / 4);
    }
    for (size_t i = 0; i < dialogue->event_count; i++) {
        const struct dialogue_event *event = &dialogue->events[i];
        if (event->kind == DIALOGUE_CHUNK && event->side == side &&
            bytes_append(&said[event->connection], event->data, event->length) != BYTES_OK) {
            abort();
        }
    }
    return said;
}

void dialogue_said_free(const struct dialogue *dialogue, struct bytes *said)
{
    for (size_t i = 0; said && i < dialogue->connection_count; i++) {
        bytes_free(&said[i]);
    }
    free(said);
}
