/*
 * json_place - harness/json_place.c beside jansson: both take the same texts and see the same values.
 *
 * Files: harness/json_place.c
 *
 * Reaches: all of json_place.c. An input is a text. Where json_place finds a value, jansson must read the
 * same one from just these bytes; offsets in strings ascend, and lie in them. Left out of memory sanitizer
 * builds, as jansson is not built with it.
 */
#include "harness/json_place.h"

#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NESTING_MAX = 100 };

static void count(void *context, const struct json_place *first, const struct json_place *second)
{
    assert(strcmp(first->key, second->key) == 0 && first->end <= second->key_start);
    ++*(size_t *)context;
}

static void check_string(const char *text, const struct json_place *place, const json_t *json)
{
    struct json_place_cursor ascending = {.text = text, .start = place->start};
    size_t before = place->start + 1;
    for (size_t i = 0; i <= json_string_length(json) + 1; i++) {
        struct json_place_cursor fresh = {.text = text, .start = place->start};
        size_t at = json_place_in_string(&ascending, i);
        assert(at >= before && at < place->end);
        assert(i > 16 || json_place_in_string(&fresh, i) == at);
        before = at;
    }
    assert(before == place->end - 1);
}

/* Is this place in text the value that jansson has for it? */
static void check_value(const char *text, const struct json_place *place, const json_t *json)
{
    size_t index = 0;
    json_t *alone = json_loadb(text + place->start, place->end - place->start,
                               JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    assert(alone && json_equal(alone, json));
    json_decref(alone);
    if (json_is_string(json)) {
        check_string(text, place, json);
    }
    for (const struct json_place *at = place->child; at; at = at->next, index++) {
        assert((at->key != NULL) == json_is_object(json));
        assert(at->start > place->start && at->end < place->end && at->start < at->end);
        assert(!at->next || at->next->start > at->end);
        const json_t *value = at->key ? json_object_get(json, at->key) : json_array_get(json, index);
        assert(value);
        check_value(text, at, value);
    }
    assert(index == (json_is_object(json) ? json_object_size(json) : json_array_size(json)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct json_place *root = NULL;
    struct json_place_error error = {0};
    size_t duplicates = 0;
    char *text = malloc(size ? size : 1); /* exactly as long, so that a read past its end is seen */
    assert(text);
    if (size) {
        memcpy(text, data, size);
    }
    enum json_place_result result =
        json_place_locate(arena, text, size, NESTING_MAX, count, &duplicates, &root, &error);
    json_t *json = json_loadb(text, size, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
    switch (result) {
    case JSON_PLACE_OK:
        assert(json && root && duplicates == 0);
        check_value(text, root, json);
        break;
    case JSON_PLACE_DUPLICATES:
        assert(!json && duplicates > 0);
        break;
    case JSON_PLACE_SYNTAX:
        assert(!json || memchr(text, '\0', size)); /* jansson loses some NULs */
        assert(error.start <= error.end && error.end <= size && error.text[0]);
        break;
    case JSON_PLACE_TOO_DEEP:
        assert(error.start < size);
        break;
    }
    json_decref(json);
    free(text);
    arena_free(arena);
    return 0;
}
