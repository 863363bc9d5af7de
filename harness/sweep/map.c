/* map - see map.h. */
#include "harness/sweep/map.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/sweep/sweep_inside.h"

enum { BYTES_TOLD = 4096 };

static const char order[] = " .,o?mjx"; /* from what says least to what is worst */

static uint64_t length_of(const struct layout *layout, size_t connection)
{
    uint64_t end = 0;
    for (size_t i = 0; i < layout->message_count; i++) {
        const struct layout_message *m = &layout->messages[i];
        end = m->connection == connection && m->end > end ? m->end : end;
    }
    return end;
}

/* All places of a connection, none of them tried yet. NULL: nothing is sent there. */
static char *new_cells(const struct layout *layout, size_t connection)
{
    uint64_t length = layout->varied[connection] ? length_of(layout, connection) : 0;
    char *cells = length ? malloc(length + 1) : NULL;
    if (!cells) {
        return NULL;
    }
    memset(cells, ' ', length);
    cells[length] = '\0';
    for (size_t b = 0; b < layout->burst_count; b++) {
        const struct layout_burst *burst = &layout->bursts[b];
        for (uint64_t p = burst->begin + 1; burst->connection == connection && p < burst->end; p++) {
            cells[p] = layout_is_free(layout, burst, p) ? '.' : ' ';
        }
    }
    return cells;
}

static bool open_map(struct sweep_map *map, const struct layout *layout)
{
    if (!map->cells) {
        map->cells = calloc(layout->connection_count + 1, sizeof *map->cells);
        for (size_t c = 0; map->cells && c < layout->connection_count; c++) {
            map->cells[c] = new_cells(layout, c);
            map->connection_count = c + 1;
        }
    }
    return map->cells != NULL;
}

static void mark(struct sweep_map *map, size_t connection, uint64_t place, char letter)
{
    char *cells = map->cells[connection];
    if (cells && place < strlen(cells) && strchr(order, letter) > strchr(order, cells[place])) {
        cells[place] = letter;
    }
}

/* At each place where the segmentation cuts. */
static void mark_all(struct sweep *sweep, const struct segmentation *segmentation, char letter, char if_alone)
{
    const struct layout *layout = &sweep->plain.layout;
    size_t total = 0, count;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t c = 0; c < layout->connection_count; c++) {
            uint64_t *cuts = layout->varied[c] ? plan_effective_cuts(layout, segmentation, c, &count) : NULL;
            for (size_t i = 0; cuts && i < count; i++) {
                if (pass == 1) {
                    mark(&sweep->map, c, cuts[i], total == 1 ? if_alone : letter);
                }
            }
            total += pass == 0 && cuts ? count : 0;
            free(cuts);
        }
    }
}

/* At the places where its message is cut; the ends of messages, where it is cut as well, are no matter. */
static void mark_own(struct sweep *sweep, const struct plan_case *planned, char letter)
{
    const struct layout_message *m = &sweep->plain.layout.messages[planned->message];
    for (size_t i = 0; i < planned->cut_count; i++) {
        mark(&sweep->map, m->connection, planned->cuts[i], letter);
    }
    if (planned->kind == CASE_JOIN) {
        mark(&sweep->map, m->connection, m->end, letter);
    }
}

void map_note(struct sweep *sweep, const struct sweep_case *which, enum map_outcome outcome)
{
    const struct plan_case *planned = which->planned;
    if (which->subject != &sweep->plain || !which->segmentation ||
        !open_map(&sweep->map, &sweep->plain.layout)) {
        return;
    }
    bool own = planned && planned->message != SIZE_MAX;
    bool alone = own && planned->kind == CASE_CUT;
    if (outcome == MAP_SAME) {
        mark_all(sweep, which->segmentation, ',', 'o');
        if (alone) {
            mark_own(sweep, planned, 'o');
        }
    } else if (own) {
        mark_own(sweep, planned,
                 outcome == MAP_UNREPEATED    ? '?'
                 : planned->kind == CASE_JOIN ? 'j'
                 : alone                      ? 'x'
                                              : 'm');
    } else if (sweep->options->only) {
        mark_all(sweep, which->segmentation, outcome == MAP_ODD ? 'm' : '?', outcome == MAP_ODD ? 'x' : '?');
    }
}

static json_t *stream_json(const struct layout *layout, size_t connection, const char *cells)
{
    size_t length = strlen(cells), told = length < BYTES_TOLD ? length : BYTES_TOLD;
    char *hex = calloc(1, 2 * told + 1), *shown = strndup(cells, told);
    json_t *ends = json_array(), *stream = NULL;
    for (size_t i = 0; hex && i < layout->message_count; i++) {
        const struct layout_message *m = &layout->messages[i];
        if (m->connection != connection || m->end > told) {
            continue;
        }
        json_array_append_new(ends, json_integer((json_int_t)m->end));
    }
    size_t bytes = 0;
    for (size_t i = 0; hex && i < layout->message_count; i++) {
        const struct layout_message *m = &layout->messages[i];
        for (uint64_t at = m->begin; m->connection == connection && !m->fin && at < m->end && at < told;
             at++) {
            snprintf(hex + 2 * at, 3, "%02x", (unsigned char)m->data[at - m->begin]);
            bytes = at + 1;
        }
    }
    if (hex && shown) {
        stream = json_pack("{s:s, s:s%, s:s, s:O, s:I}", "connection", layout->names[connection], "hex", hex,
                           2 * bytes, "cells", shown, "ends", ends, "left_out", (json_int_t)(length - told));
    }
    json_decref(ends);
    free(hex);
    free(shown);
    return stream;
}

char *map_json(const struct sweep_map *map, const struct layout *layout)
{
    json_t *json = json_array();
    for (size_t c = 0; c < map->connection_count; c++) {
        if (map->cells[c]) {
            json_array_append_new(json, stream_json(layout, c, map->cells[c]));
        }
    }
    char *text = json_array_size(json) > 0 ? json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref(json);
    return text;
}

void map_close(struct sweep_map *map)
{
    for (size_t c = 0; c < map->connection_count; c++) {
        free(map->cells[c]);
    }
    free(map->cells);
    *map = (struct sweep_map){0};
}
