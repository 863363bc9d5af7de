/*
 * map - what came of a cut at each place of each stream, for a picture.
 *
 * Of the scenario as it is written, none of its variants. A letter per place, which is before the byte of
 * that number: 'x' a message that is cut there alone is a finding, 'j' one that is not cut there, but joined
 * with the next, 'm' one that is cut there and at one or two places more; '?' odd once and not again, 'o' a
 * cut there alone changed nothing, ',' the same together with others, '.' not tried, ' ' no place. A worse
 * letter stays. A finding of a case with cuts all over, such as each byte alone, tells of no place.
 */
#ifndef SEAM_HARNESS_SWEEP_MAP_H
#define SEAM_HARNESS_SWEEP_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct sweep;
struct sweep_case;
struct layout;

struct sweep_map {
    char **cells; /* by connection, as strings; NULL: nothing was noted */
    size_t connection_count;
};

enum map_outcome { MAP_SAME, MAP_UNREPEATED, MAP_ODD };
/* Notes what came of a case; those of variants are passed over. */
void map_note(struct sweep *sweep, const struct sweep_case *which, enum map_outcome outcome);
/* JSON, or NULL: nothing was cut, or no memory; caller frees. An array of {"connection", "hex": the bytes,
 * "cells": a letter per place, "ends": of messages, "left_out": bytes beyond what is told}. */
char *map_json(const struct sweep_map *map, const struct layout *layout);
void map_close(struct sweep_map *map);

#endif
