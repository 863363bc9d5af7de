/*
 * json_mutator - changes an input that is JSON so that it stays JSON: values, members and items move, come
 * and go.
 *
 * A text that is no JSON, and one in four that is, is changed as bytes.
 */
#ifndef SEAM_FUZZ_TARGETS_JSON_MUTATOR_H
#define SEAM_FUZZ_TARGETS_JSON_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

struct json_mutator {
    const char *const *keys;   /* of the language */
    const char *const *values; /* JSON that means something in it; both end in NULL */
};

/* As LLVMFuzzerCustomMutator. */
size_t json_mutator_change(const struct json_mutator *mutator, uint8_t *data, size_t size, size_t max_size,
                           unsigned seed);

#endif
