/*
 * arena - memory that is given back all at once: everything that a loaded scenario consists of.
 *
 * Memory is zeroed and aligned for any object. Running out of memory ends the process with a message of the C
 * library (abort): a scenario that is half in memory is of no use to anyone, and each caller is spared a
 * check. Objects that own something outside (a compiled pattern, a JSON tree) are given back by
 * arena_on_free.
 */
#ifndef SEAM_HARNESS_ARENA_H
#define SEAM_HARNESS_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is allowed */

void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_alloc_array(struct arena *arena, size_t count, size_t item_bytes); /* NULL for none */
void *arena_copy(struct arena *arena, const void *data,
                 size_t bytes); /* with a NUL after it that is not counted */
char *arena_copy_text(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Calls destroy(object) when the arena is freed, the last one first. */
void arena_on_free(struct arena *arena, void (*destroy)(void *object), void *object);

/*
 * Room for one more item at the end of an array that lives in the arena: returns where the array is now; the
 * new item at
 * [*count] is zeroed and *count is one more. The array moves when it grows: keep no pointer into it
 * meanwhile.
 */
void *arena_grow(struct arena *arena, void *array, size_t *count, size_t *capacity, size_t item_bytes);

#endif
