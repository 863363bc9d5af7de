/* json_mutator - see json_mutator.h. */
#include "fuzz/targets/json_mutator.h"

#include <assert.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's; other engines get change_byte() alone. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

enum { CHANGES_MAX = 3, STRING_BYTES_MAX = 1 << 12 };

struct change {
    const struct json_mutator *mutator;
    json_t *root;
    uint64_t random;
};

/* xorshift64* (Vigna, 2016). */
static size_t below(struct change *c, size_t n)
{
    c->random ^= c->random >> 12;
    c->random ^= c->random << 25;
    c->random ^= c->random >> 27;
    return n ? (size_t)((c->random * UINT64_C(0x2545f4914f6cdd1d) >> 11) % n) : 0;
}

/* --- places: a value with what holds it --- */

struct place {
    json_t *parent; /* NULL: the root */
    const char *key;
    size_t index;
    json_t *value;
};

/* The n-th value in it, itself the first; *n is what is left to skip. */
static bool find(struct place from, size_t *n, struct place *out)
{
    if ((*n)-- == 0) {
        *out = from;
        return true;
    }
    const char *key;
    json_t *value;
    size_t index;
    json_array_foreach(from.value, index, value)
    {
        if (find((struct place){from.value, NULL, index, value}, n, out)) {
            return true;
        }
    }
    json_object_foreach(from.value, key, value)
    {
        if (find((struct place){from.value, key, 0, value}, n, out)) {
            return true;
        }
    }
    return false;
}

static size_t count(const json_t *value)
{
    size_t n = 1, index;
    const char *key;
    json_t *child;
    json_array_foreach(value, index, child)
    {
        n += count(child);
    }
    json_object_foreach((json_t *)value, key, child)
    {
        n += count(child);
    }
    return n;
}

/* One with a parent, where there is one. */
static struct place any_place(struct change *c)
{
    size_t all = count(c->root), skip = all > 1 ? 1 + below(c, all - 1) : 0;
    struct place place = {NULL, NULL, 0, c->root};
    bool found = find(place, &skip, &place);
    assert(found);
    return place;
}

static const char *any_of(struct change *c, const char *const *list)
{
    size_t n = 0;
    while (list[n]) {
        n++;
    }
    return list[below(c, n)];
}

/* A new value: of the language, or one that stands elsewhere in the text. */
static json_t *any_value(struct change *c)
{
    return below(c, 3) ? json_loads(any_of(c, c->mutator->values), JSON_DECODE_ANY, NULL)
                       : json_deep_copy(any_place(c).value);
}

/* --- changes; values are taken over, NULL (no memory) changes nothing --- */

static void replace(struct place place, json_t *value)
{
    if (json_is_array(place.parent)) {
        json_array_set_new(place.parent, place.index, value);
    } else if (place.parent) {
        json_object_set_new(place.parent, place.key, value);
    } else {
        json_decref(value);
    }
}

static void take_out(struct place place)
{
    if (json_is_array(place.parent)) {
        json_array_remove(place.parent, place.index);
    } else if (place.parent) {
        json_object_del(place.parent, place.key);
    }
}

static void put_beside(struct change *c, struct place place, json_t *value)
{
    json_t *into = place.parent ? place.parent : c->root;
    if (json_is_array(into)) {
        json_array_insert_new(into, below(c, json_array_size(into) + 1), value);
    } else {
        json_object_set_new(into, any_of(c, c->mutator->keys), value);
    }
}

static void rename_key(struct change *c, struct place place)
{
    if (place.key) {
        json_t *value = json_incref(place.value);
        json_object_del(place.parent, place.key);
        json_object_set_new(place.parent, any_of(c, c->mutator->keys), value);
    }
}

static size_t change_byte(struct change *c, uint8_t *data, size_t size, size_t max_size)
{
    static const char bytes[] = "{}[]\",:\\$()%*+-/.0129aAzZ_@#;? \n\t\x80\xc3\xff";
    size_t at = below(c, size + 1);
    if (below(c, 3) == 0 && at < size) {
        memmove(data + at, data + at + 1, size - at - 1);
        return size - 1;
    }
    if ((below(c, 2) == 0 || at == size) && size < max_size) {
        memmove(data + at + 1, data + at, size - at);
        size++;
    }
    if (at < size) {
        data[at] = (uint8_t)bytes[below(c, sizeof bytes - 1)];
    }
    return size;
}

static size_t change_bytes(struct change *c, uint8_t *data, size_t size, size_t max_size)
{
    return LLVMFuzzerMutate ? LLVMFuzzerMutate(data, size, max_size) : change_byte(c, data, size, max_size);
}

/* A string or number becomes one that is near; of others nothing. */
static void change_scalar(struct change *c, struct place place)
{
    static const json_int_t edges[] = {0,    1,     -1,      2,         16,        17,       100,
                                       4096, 65536, 1000000, INT32_MAX, INT64_MAX, INT64_MIN};
    if (json_is_integer(place.value)) {
        json_int_t now = json_integer_value(place.value);
        bool edge = below(c, 2) || now == INT64_MAX;
        replace(place, json_integer(edge ? edges[below(c, sizeof edges / sizeof *edges)] : now + 1));
    } else if (json_is_string(place.value) && json_string_length(place.value) < STRING_BYTES_MAX) {
        static uint8_t string[STRING_BYTES_MAX + 16]; /* one thread at a time, as engines promise */
        size_t length = json_string_length(place.value);
        memcpy(string, json_string_value(place.value), length);
        length = change_bytes(c, string, length, sizeof string);
        replace(place, json_stringn((const char *)string, length));
    }
}

static void change_any(struct change *c)
{
    struct place place = any_place(c);
    switch (below(c, 7)) {
    case 0:
        take_out(place);
        break;
    case 1:
        put_beside(c, place, any_value(c));
        break;
    case 2:
        put_beside(c, place, json_deep_copy(place.value)); /* twice */
        break;
    case 3:
        rename_key(c, place);
        break;
    case 4:
        replace(place, any_value(c));
        break;
    default:
        change_scalar(c, place);
        break;
    }
}

size_t json_mutator_change(const struct json_mutator *mutator, uint8_t *data, size_t size, size_t max_size,
                           unsigned seed)
{
    struct change c = {.mutator = mutator, .random = (seed + UINT64_C(0x9e3779b97f4a7c15)) | 1};
    c.root = below(&c, 4) ? json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL) : NULL;
    if (!c.root) {
        return change_bytes(&c, data, size, max_size);
    }
    for (size_t left = 1 + below(&c, CHANGES_MAX); left > 0; left--) {
        change_any(&c);
    }
    size_t length = json_dumpb(c.root, (char *)data, max_size, JSON_COMPACT);
    if (length > max_size) { /* then it wrote what fits of it: no JSON, so not that */
        length = size < max_size ? size : max_size;
    }
    json_decref(c.root);
    return length;
}
