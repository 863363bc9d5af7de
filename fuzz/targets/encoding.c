/*
 * encoding - the layer's own inputs: a stream and its cuts, read, written, read again; and what the mutator
 * makes.
 *
 * Files: fuzz/layer/encoding.c
 *
 * Reaches: all of encoding.c but streams of more than 4 GiB. Every byte string is an input; what is written
 * of it is never longer than it was, does not fit into less, and says the same.
 */
#include "fuzz/include/seam/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CUTS_MAX = 1 << 16, GROWTH_BYTES = 32 };

static void check_stream(const struct seam_fuzz_stream *stream, const uint8_t *data, size_t size)
{
    assert(stream->length <= size);
    assert(stream->length == 0 ||
           stream->data + stream->length == data + size); /* a header, then the stream */
    for (size_t i = 0; i < stream->cut_count; i++) {
        assert(stream->cuts[i] >= (i ? stream->cuts[i - 1] : 0) && stream->cuts[i] <= stream->length);
    }
}

static bool same(const struct seam_fuzz_stream *a, const struct seam_fuzz_stream *b)
{
    return a->length == b->length && a->cut_count == b->cut_count &&
           (a->length == 0 || memcmp(a->data, b->data, a->length) == 0) &&
           (a->cut_count == 0 || memcmp(a->cuts, b->cuts, a->cut_count * sizeof *a->cuts) == 0);
}

/* With room for fewer cuts it has the first of them. */
static void check_few_cuts(const uint8_t *data, size_t size, const struct seam_fuzz_stream *all)
{
    size_t cuts[4] = {0, 0, 0, SIZE_MAX};
    for (size_t max = 0; max < 4; max++) {
        struct seam_fuzz_stream few;
        seam_fuzz_decode(data, size, cuts, max, &few);
        assert(few.length == all->length && few.cut_count == (all->cut_count < max ? all->cut_count : max));
        assert(max == 0 || few.cut_count == 0 || memcmp(cuts, all->cuts, few.cut_count * sizeof *cuts) == 0);
    }
    assert(cuts[3] == SIZE_MAX);
}

/* The encoding of a stream, exactly as long as it is, so that a read past its end is seen. */
static uint8_t *encoded(const struct seam_fuzz_stream *stream, size_t size_max, size_t *size)
{
    uint8_t *out = malloc(size_max);
    assert(out);
    *size = seam_fuzz_encode(stream, out, size_max);
    assert(*size >= 1 && *size <= size_max);
    uint8_t *exact = malloc(*size);
    assert(exact);
    memcpy(exact, out, *size);
    free(out);
    if (*size > 1) {
        out = malloc(*size - 1);
        assert(out && seam_fuzz_encode(stream, out, *size - 1) == 0);
        free(out);
    }
    return exact;
}

/* How many bytes more than the shortest the layer writes: two for a cut that is a whole number of 254 or 255
 * bytes in, and the only one that chunks of that size make (fuzz/layer/encoding.c writes a rule for two cuts
 * or more). */
static size_t known_excess(const struct seam_fuzz_stream *stream)
{
    size_t cut = stream->cut_count == 1 ? stream->cuts[0] : 0;
    return (cut == 0xfe || cut == 0xff) && (stream->length - 1) / cut == 1 ? 2 : 0;
}

static void check_written(const struct seam_fuzz_stream *stream, size_t size)
{
    size_t size_max = (size ? size : 1) + known_excess(stream);
    static size_t cuts[CUTS_MAX];
    struct seam_fuzz_stream again;
    size_t written;
    uint8_t *bytes = encoded(stream, size_max, &written);
    seam_fuzz_decode(bytes, written, cuts, CUTS_MAX, &again);
    check_stream(&again, bytes, written);
    assert(same(stream, &again));
    free(bytes);
}

/* --- what the mutator makes --- */

static const struct seam_fuzz_bytes delimiters[] = {
    SEAM_FUZZ_BYTES("\r\n"), SEAM_FUZZ_BYTES("\n"), {NULL, 0}};
static const size_t limits[] = {16, 0};
static const struct seam_fuzz_parser parser = {.name = "any", .delimiters = delimiters, .limits = limits};
static const struct seam_fuzz_parser *const parsers[] = {&parser};
static uint64_t memory[SEAM_FUZZ_WORKSPACE_BYTES_MIN / 8];
static const struct seam_fuzz_target target = {parsers, 1, {memory, sizeof memory}};

/* It fits, and is written as shortly as can be: what is read of it is written the same. */
static void check_made(const uint8_t *made, size_t size, size_t size_max)
{
    static size_t cuts[CUTS_MAX];
    struct seam_fuzz_stream stream;
    size_t written;
    assert(size <= size_max);
    if (size) {
        seam_fuzz_decode(made, size, cuts, CUTS_MAX, &stream);
        check_stream(&stream, made, size);
        uint8_t *again = encoded(&stream, size, &written);
        assert(written == size && memcmp(again, made, size) == 0);
        free(again);
    }
}

static void check_mutator(const uint8_t *data, size_t size)
{
    unsigned seed = 1;
    for (size_t i = 0; i < size; i++) {
        seed = seed * 31 + data[i];
    }
    size_t size_max = size + seed % GROWTH_BYTES, made;
    uint8_t *a = malloc(size_max ? size_max : 1), *b = malloc(size_max ? size_max : 1);
    if (a && b && size_max) {
        if (size) {
            memcpy(a, data, size);
        }
        made = seam_fuzz_mutate(&target, a, size, size_max, seed);
        check_made(a, made, size_max);
        made = seam_fuzz_cross_over(&target, data, size, a, made, b, size_max, seed);
        check_made(b, made, size_max);
    }
    free(a);
    free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static size_t cuts[CUTS_MAX];
    struct seam_fuzz_stream stream;
    seam_fuzz_decode(data, size, cuts, CUTS_MAX, &stream);
    check_stream(&stream, data, size);
    check_few_cuts(data, size, &stream);
    if (stream.cut_count < CUTS_MAX) {
        check_written(&stream, size);
    }
    check_mutator(data, size);
    return 0;
}
