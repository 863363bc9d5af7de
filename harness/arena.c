/* arena - see arena.h. Blocks in a list; what is larger than a block gets one of its own. */
#include "harness/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 32 * 1024, ALIGN_BYTES = 16 };

struct block {
    struct block *next;
    size_t used;
    size_t size;
    _Alignas(ALIGN_BYTES) unsigned char bytes[];
};

struct destructor {
    struct destructor *next;
    void (*destroy)(void *object);
    void *object;
};

struct arena {
    struct block *blocks; /* the first is the one that is filled */
    struct destructor *destructors;
};

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena) {
        abort();
    }
    return arena;
}

void arena_free(struct arena *arena)
{
    if (!arena) {
        return;
    }
    for (struct destructor *d = arena->destructors; d; d = d->next) {
        d->destroy(d->object);
    }
    for (struct block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2) {
        abort();
    }
    bytes = (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
    struct block *block = arena->blocks;
    if (!block || block->size - block->used < bytes) {
        size_t size = bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES;
        struct block *fresh = calloc(1, sizeof *fresh + size);
        if (!fresh) {
            abort();
        }
        fresh->size = size;
        if (block && size == bytes) { /* full at once: the block in use stays first */
            fresh->next = block->next;
            block->next = fresh;
        } else {
            fresh->next = block;
            arena->blocks = fresh;
        }
        block = fresh;
    }
    void *result = block->bytes + block->used;
    block->used += bytes;
    return result;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t item_bytes)
{
    if (count == 0) {
        return NULL;
    }
    if (count > SIZE_MAX / 2 / item_bytes) {
        abort();
    }
    return arena_alloc(arena, count * item_bytes);
}

void *arena_copy(struct arena *arena, const void *data, size_t bytes)
{
    char *copy = arena_alloc(arena, bytes + 1);
    if (bytes > 0) {
        memcpy(copy, data, bytes);
    }
    return copy;
}

char *arena_copy_text(struct arena *arena, const char *text)
{
    return arena_copy(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0) {
        abort();
    }
    char *copy = arena_copy(arena, text, (size_t)length);
    free(text);
    return copy;
}

void arena_on_free(struct arena *arena, void (*destroy)(void *object), void *object)
{
    struct destructor *d = arena_alloc(arena, sizeof *d);
    *d = (struct destructor){.next = arena->destructors, .destroy = destroy, .object = object};
    arena->destructors = d;
}

void *arena_grow(struct arena *arena, void *array, size_t *count, size_t *capacity, size_t item_bytes)
{
    if (*count == *capacity) {
        size_t larger = *capacity ? *capacity * 2 : 8;
        void *moved = arena_alloc_array(arena, larger, item_bytes);
        if (*count > 0) {
            memcpy(moved, array, *count * item_bytes);
        }
        array = moved;
        *capacity = larger;
    }
    ++*count;
    return array;
}
