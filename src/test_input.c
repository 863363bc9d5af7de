/* test_input - see test_input.h. */
#include "src/test_input.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t test_input_readable(size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (n + page - 1) / page * page;
}

char *test_input_guard(const void *data, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), readable = test_input_readable(n);
    char *map = mmap(NULL, readable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + readable, page, PROT_NONE) != 0)
        abort();
    if (n > 0)
        memcpy(map + readable - n, data, n);
    return map + readable - n;
}

void test_input_free(char *copy, size_t n)
{
    size_t readable = test_input_readable(n);
    munmap(copy + n - readable, readable + (size_t)sysconf(_SC_PAGESIZE));
}

static const size_t test_input_chunks[] = {1, 2, 3, 5, 7};
enum { TEST_INPUT_CHUNKS = sizeof test_input_chunks / sizeof test_input_chunks[0] };

size_t test_input_cut_count(size_t n)
{
    return 1 + TEST_INPUT_CHUNKS + (n > 1 ? n - 1 : 0);
}

struct test_input_cut test_input_cut(size_t n, size_t index)
{
    if (index == 0)
        return (struct test_input_cut){.n = n, .at = n};
    if (index <= TEST_INPUT_CHUNKS)
        return (struct test_input_cut){.n = n, .chunk_bytes = test_input_chunks[index - 1]};
    return (struct test_input_cut){.n = n, .at = index - TEST_INPUT_CHUNKS};
}

size_t test_input_chunk(const struct test_input_cut *cut, size_t offset)
{
    size_t left = cut->n - offset;
    size_t length = cut->chunk_bytes;
    if (length == 0)
        length = offset < cut->at ? cut->at - offset : left;
    assert(left > 0);
    return length < left ? length : left;
}

uint64_t test_input_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * 0x2545f4914f6cdd1dULL;
}
