/*
 * bytes - the same parsers and oracles without the layer's encoding and mutator: what one writes by hand.
 *
 * The first 8 bytes of an input are the sizes of the chunks, in turn, again and again; 0 is an empty chunk,
 * eight zeros are no cut. The rest is the stream. The engine changes bytes, and knows of neither.
 */
#include "fuzz/planted/planted.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIZES = 8, CUTS_MAX = 1 << 16, REPORT_BYTES = 16 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint64_t memory[SEAM_FUZZ_WORKSPACE_BYTES / sizeof(uint64_t)];
    static size_t cuts[CUTS_MAX];
    static char report[REPORT_BYTES];
    const struct seam_fuzz_workspace workspace = {memory, sizeof memory};
    size_t all = 0, cut_count = 0;
    if (size < SIZES) {
        return 0;
    }
    for (size_t i = 0; i < SIZES; i++) {
        all += data[i];
    }
    size_t length = size - SIZES;
    for (size_t i = 0, at = data[0]; all && at < length && cut_count < CUTS_MAX; i++, at += data[i % SIZES]) {
        cuts[cut_count++] = at;
    }
    const struct seam_fuzz_stream stream = {data + SIZES, length, cuts, cut_count};
    if (seam_fuzz_check(&planted_chosen, &stream, &workspace, report, sizeof report) != SEAM_FUZZ_CLEAN) {
        fprintf(stderr, "seam/fuzz: %s", report);
        abort();
    }
    return 0;
}
