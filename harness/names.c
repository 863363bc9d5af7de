/* names - see names.h. Open addressing, at most half full. */
#include "harness/names.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

void names_init(struct names *names, struct arena *arena)
{
    *names = (struct names){.arena = arena};
}

static size_t hash(const char *text, size_t length)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < length; i++) {
        h = (h ^ (unsigned char)text[i]) * 1099511628211u;
    }
    return (size_t)(h ^ h >> 32);
}

static struct name **bucket_of(const struct names *names, const char *text, size_t length)
{
    size_t i = hash(text, length) & (names->bucket_count - 1);
    while (names->buckets[i] &&
           (names->buckets[i]->length != length || memcmp(names->buckets[i]->text, text, length) != 0)) {
        i = (i + 1) & (names->bucket_count - 1);
    }
    return &names->buckets[i];
}

struct name *names_find(const struct names *names, const char *text, size_t length)
{
    return names->bucket_count ? *bucket_of(names, text, length) : NULL;
}

struct name *names_add(struct names *names, const char *text, size_t length)
{
    if (names->count * 2 >= names->bucket_count) {
        names->bucket_count = names->bucket_count ? names->bucket_count * 2 : 16;
        names->buckets = arena_alloc_array(names->arena, names->bucket_count, sizeof *names->buckets);
        for (size_t i = 0; i < names->count; i++) {
            *bucket_of(names, names->items[i]->text, names->items[i]->length) = names->items[i];
        }
    }
    struct name **bucket = bucket_of(names, text, length);
    assert(!*bucket);
    struct name *name = arena_alloc(names->arena, sizeof *name);
    name->text = arena_copy(names->arena, text, length);
    name->length = length;
    *bucket = name;
    names->items =
        arena_grow(names->arena, names->items, &names->count, &names->capacity, sizeof *names->items);
    names->items[names->count - 1] = name;
    return name;
}

bool name_is_valid(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool letter = text[i] >= 'a' && text[i] <= 'z';
        bool later = (text[i] >= '0' && text[i] <= '9') || text[i] == '_';
        if (!letter && !(later && i > 0)) {
            return false;
        }
    }
    return length > 0;
}

const char *name_kind_word(enum name_kind kind)
{
    switch (kind) {
    case NAME_VARIABLE:
        return "a variable";
    case NAME_PROGRAM:
        return "a program";
    case NAME_CONNECTION:
        return "a connection";
    case NAME_LISTENER:
        return "a listener";
    case NAME_NONE:
        break;
    }
    return "nothing";
}
