/*
 * json_place - where each value of a JSON text stands; jansson keeps no positions.
 *
 * Checks the text by jansson's own rules (2.14, flags JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL): both accept
 * the same texts, which a test checks on mutated files. One exception: a NUL byte is refused everywhere,
 * while jansson loses one that stands behind a number or a word. Values are jansson's business; this yields
 * ranges of bytes, keys and syntax errors that have a position. It knows nothing of scenarios, and no file.
 *
 * Limits: texts below 4 GiB; nesting as given.
 */
#ifndef SEAM_HARNESS_JSON_PLACE_H
#define SEAM_HARNESS_JSON_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/arena.h"

struct json_place {
    uint32_t start, end;         /* the value, in bytes of the text */
    uint32_t key_start, key_end; /* of its key with both quotes; equal for a value that has none */
    const char *key;             /* decoded; NULL: no member of an object */
    struct json_place *child;    /* of an object or array: the first value in it */
    struct json_place *next;     /* the next value in the same object or array */
};

enum json_place_result { JSON_PLACE_OK = 0, JSON_PLACE_SYNTAX, JSON_PLACE_TOO_DEEP, JSON_PLACE_DUPLICATES };

struct json_place_error {
    size_t start, end; /* the offending bytes; start may be the length of the text */
    char text[128];
};

/*
 * JSON_PLACE_OK sets *root (owned by the arena), an object or an array. JSON_PLACE_DUPLICATES, too, and tells
 * of each key that its object already had: such a value is left out of the tree. Otherwise error says what is
 * wrong first.
 */
enum json_place_result json_place_locate(
    struct arena *arena, const char *text, size_t length, int nesting_max,
    void (*duplicate)(void *context, const struct json_place *first, const struct json_place *second),
    void *context, struct json_place **root, struct json_place_error *error);

/*
 * Where bytes of a string's value stand in the text. Escapes count as what they decode to; an offset past the
 * end yields the closing quote. Offsets that ascend are looked for from the one before, so that many cost no
 * more than one.
 */
struct json_place_cursor {
    const char *text;
    size_t start;   /* offset of the opening quote */
    size_t decoded; /* how many bytes of the value lie before `at` */
    size_t at;      /* 0: not looked yet */
};
size_t json_place_in_string(struct json_place_cursor *cursor, size_t decoded);

#endif
