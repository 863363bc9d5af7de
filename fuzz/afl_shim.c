/*
 * afl_shim - a fuzz target's mutator for AFL++, which does not call LLVMFuzzerCustomMutator by itself.
 *
 *     AFL_CUSTOM_MUTATOR_LIBRARY=fuzz_NAME_afl.so afl-fuzz -i corpus/NAME -o out -- ./fuzz_NAME
 *
 * Linked with the target's own files, to whose mutator and crossover it turns; it runs no input. The
 * interface is that of AFL++ 4.x: afl_custom_init, _fuzz, _deinit. AFL++ also mutates by itself unless
 * AFL_CUSTOM_MUTATOR_ONLY=1. Deterministic for AFL++'s seed. LLVMFuzzerMutate is nowhere here, so that
 * mutators change bytes by themselves.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CROSS_ONE_IN = 8 };

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
__attribute__((weak)) size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                                                       const uint8_t *data2, size_t size2, uint8_t *out,
                                                       size_t max_out, unsigned seed);

struct shim {
    uint64_t random;
    uint8_t *out;
    size_t room;
};

/* All that the library shows: a name of the target's might be one of afl-fuzz, too. */
#define SHOWN __attribute__((visibility("default")))
SHOWN void *afl_custom_init(void *afl, unsigned int seed);
SHOWN size_t afl_custom_fuzz(void *data, uint8_t *input, size_t size, uint8_t **out, uint8_t *other,
                             size_t other_size, size_t max_size);
SHOWN void afl_custom_deinit(void *data);

void *afl_custom_init(void *afl, unsigned int seed)
{
    (void)afl;
    struct shim *shim = calloc(1, sizeof *shim);
    if (shim) {
        shim->random = seed;
    }
    return shim;
}

static unsigned draw(struct shim *shim) /* a linear congruential generator (Knuth, MMIX) */
{
    shim->random = shim->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(shim->random >> 33);
}

/* Returns the size of *out, which belongs to the shim until the next call; 0: nothing was made. */
size_t afl_custom_fuzz(void *data, uint8_t *input, size_t size, uint8_t **out, uint8_t *other,
                       size_t other_size, size_t max_size)
{
    struct shim *shim = data;
    if (shim->room < max_size) {
        uint8_t *room = realloc(shim->out, max_size);
        if (!room) {
            return 0;
        }
        shim->out = room;
        shim->room = max_size;
    }
    *out = shim->out;
    size = size < max_size ? size : max_size;
    bool crosses = LLVMFuzzerCustomCrossOver && other && other_size && draw(shim) % CROSS_ONE_IN == 0;
    if (crosses) {
        return LLVMFuzzerCustomCrossOver(input, size, other, other_size, shim->out, max_size, draw(shim));
    }
    if (size) {
        memcpy(shim->out, input, size);
    }
    return LLVMFuzzerCustomMutator(shim->out, size, max_size, draw(shim));
}

void afl_custom_deinit(void *data)
{
    struct shim *shim = data;
    free(shim->out);
    free(shim);
}
