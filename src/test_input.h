/*
 * test_input - inputs for tests: memory that ends at a guard page, ways to cut it, and pseudo-random bytes.
 *
 * For tests only. A read of one byte past a guarded input ends in SIGSEGV, with or without a sanitizer.
 */
#ifndef SEAM_TEST_INPUT_H
#define SEAM_TEST_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* A copy of n bytes whose end is the end of readable memory. Free with test_input_free(copy, n). */
char *test_input_guard(const void *data, size_t n);
void test_input_free(char *copy, size_t n);

/*
 * How to cut n bytes: cut 0 is the whole, then chunks of 1, 2, 3, 5, 7 bytes, then each of the n - 1 two-way
 * cuts. test_input_chunk() is the length of the chunk that starts at an offset below n.
 */
struct test_input_cut {
    size_t n;
    size_t chunk_bytes; /* 0: one cut, at `at` */
    size_t at;
};
size_t test_input_cut_count(size_t n);
struct test_input_cut test_input_cut(size_t n, size_t index);
size_t test_input_chunk(const struct test_input_cut *cut, size_t offset);

/* xorshift64*: the same bytes for the same seed (never 0) everywhere. */
uint64_t test_input_random(uint64_t *seed);

#endif
