/* mutate_test - the encoding, what changes it, and that what comes out is an input again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz/layer/draft.h"

enum { CUTS_MAX = 1 << 16, INPUT_MAX = 1 << 17, ROUNDS = 20000 };

static uint64_t random_state = 1;

static uint32_t draw(void) /* a linear congruential generator (Knuth, MMIX) */
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33);
}

static size_t cuts[CUTS_MAX], other_cuts[CUTS_MAX];
static unsigned char bytes[INPUT_MAX], encoded[INPUT_MAX];

static void assert_same(const struct seam_fuzz_stream *a, const struct seam_fuzz_stream *b)
{
    assert_int_equal(a->length, b->length);
    assert_memory_equal(a->data, b->data, a->length);
    assert_int_equal(a->cut_count, b->cut_count);
    for (size_t i = 0; i < a->cut_count; i++) {
        assert_int_equal(a->cuts[i], b->cuts[i]);
    }
}

static void assert_sound(const struct seam_fuzz_stream *stream)
{
    for (size_t i = 0; i < stream->cut_count; i++) {
        assert_true(stream->cuts[i] <= stream->length);
        assert_true(i == 0 || stream->cuts[i - 1] <= stream->cuts[i]);
    }
}

/* --- encoding
 * ------------------------------------------------------------------------------------------------------ */

static void decode(const char *input, size_t size, struct seam_fuzz_stream *out)
{
    seam_fuzz_decode(input, size, cuts, CUTS_MAX, out);
    assert_sound(out);
}

static void headers_are_read_as_they_are_documented(void **state)
{
    struct seam_fuzz_stream s;
    (void)state;
    decode("", 0, &s);
    assert_int_equal(s.length + s.cut_count, 0);
    decode("\0abc", 4, &s);
    assert_int_equal(s.length, 3);
    assert_int_equal(s.cut_count, 0);
    decode("\x02\x01\x02"
           "abcdef",
           9, &s);
    assert_int_equal(s.cut_count, 2);
    assert_int_equal(s.cuts[0], 1);
    assert_int_equal(s.cuts[1], 3);
    assert_memory_equal(s.data, "abcdef", 6);
    decode("\xf0\x02"
           "abcde",
           7, &s);
    assert_int_equal(s.cut_count, 2);
    assert_int_equal(s.cuts[1], 4);
    decode("\xf0\x00"
           "abc",
           5, &s);
    assert_int_equal(s.cut_count, 2);
    decode("\xf1\x01\x00\x00\x03"
           "abcde",
           10, &s);
    assert_int_equal(s.cut_count, 1);
    assert_int_equal(s.cuts[0], 3);
    decode("\x03\x01\x09\x01"
           "abc",
           7, &s); /* what is past the stream is no cut */
    assert_int_equal(s.cut_count, 1);
    decode("\x07\x01", 2, &s); /* a header that is cut off */
    assert_int_equal(s.length + s.cut_count, 0);
    decode("\x01\xff\xff\xff\xff\xff"
           "a",
           7, &s);
    assert_int_equal(s.cut_count, 0);
    decode("\x0aGET", 4, &s); /* any text is an input: two distances, one byte */
    assert_int_equal(s.length, 1);
}

static void every_byte_string_comes_back(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct seam_fuzz_stream first, second;
        size_t size = draw() % 40;
        for (size_t i = 0; i < size; i++) {
            bytes[i] = draw() % 4 ? (unsigned char)draw() : (unsigned char)(0xf0 | draw());
        }
        decode((char *)bytes, size, &first);
        size_t n = seam_fuzz_encode(&first, encoded, sizeof encoded);
        assert_true(n > 0);
        seam_fuzz_decode(encoded, n, other_cuts, CUTS_MAX, &second);
        assert_same(&first, &second);
        for (size_t room = 0; room < n; room++) {
            assert_int_equal(seam_fuzz_encode(&first, encoded, room), 0);
        }
    }
}

static void long_distances_and_many_cuts_come_back(void **state)
{
    struct seam_fuzz_stream second;
    (void)state;
    static const size_t far[] = {0, 0, 253, 253 + 254, 1000, 66536, 126536, INPUT_MAX / 2 + 65000};
    memset(bytes, 'x', sizeof bytes);
    for (size_t n = 0; n <= sizeof far / sizeof *far; n++) {
        const struct seam_fuzz_stream first = {bytes, INPUT_MAX - 64, far, n};
        size_t size = seam_fuzz_encode(&first, encoded, sizeof encoded);
        assert_true(size > 0);
        seam_fuzz_decode(encoded, size, other_cuts, CUTS_MAX, &second);
        assert_same(&first, &second);
    }
    const struct seam_fuzz_stream begun = {bytes, 10, (const size_t[]){2, 4},
                                           2}; /* no rule: 6 and 8 are missing */
    size_t begun_size = seam_fuzz_encode(&begun, encoded, sizeof encoded);
    seam_fuzz_decode(encoded, begun_size, other_cuts, CUTS_MAX, &second);
    assert_same(&begun, &second);
    for (size_t i = 0; i < 20000; i++) {
        cuts[i] = i + i / 7;
    }
    const struct seam_fuzz_stream many = {bytes, 30000, cuts, 20000};
    size_t size = seam_fuzz_encode(&many, encoded, sizeof encoded);
    assert_true(size > 0);
    seam_fuzz_decode(encoded, size, other_cuts, CUTS_MAX, &second);
    assert_same(&many, &second);
    seam_fuzz_decode(encoded, size, other_cuts, 10, &second);
    assert_int_equal(second.cut_count, 10);
    assert_int_equal(second.length, 30000);
}

/* --- drafts
 * -------------------------------------------------------------------------------------------------------- */

static void cuts_stay_with_their_bytes(void **state)
{
    unsigned char room[10];
    size_t places[4];
    struct draft d = {.data = room, .room = sizeof room, .cuts = places, .cuts_max = 4};
    const struct seam_fuzz_stream start = {(const unsigned char *)"abcdef", 6, (const size_t[]){2, 4}, 2};
    (void)state;
    draft_take(&d, &start);
    assert_int_equal(draft_insert(&d, 3, "XY", 2), 2);
    assert_memory_equal(d.data, "abcXYdef", 8);
    assert_int_equal(d.cuts[0], 2);
    assert_int_equal(d.cuts[1], 6);
    assert_int_equal(draft_insert(&d, 2, "", 0), 0);
    assert_int_equal(draft_fill(&d, 0, '-', 5), 2); /* only two fit */
    assert_memory_equal(d.data, "--abcXYdef", 10);
    assert_int_equal(d.cuts[0], 4);
    draft_cut(&d, 5);
    draft_cut(&d, 6);
    draft_cut(&d, 1); /* no room for a fifth */
    assert_int_equal(d.cut_count, 4);
    draft_erase(&d, 4, 3); /* cuts 4 5 6 8: 5 and 6 fall together */
    assert_memory_equal(d.data, "--abdef", 7);
    assert_int_equal(d.cut_count, 3);
    assert_int_equal(d.cuts[0], 4);
    assert_int_equal(d.cuts[1], 4);
    assert_int_equal(d.cuts[2], 5);
    draft_fill(&d, 5, '+', 1); /* what is put where a cut is comes behind it */
    assert_int_equal(d.cuts[2], 5);
    draft_erase(&d, 5, 1);
    draft_uncut(&d, 0);
    draft_resize(&d, 4);
    assert_int_equal(d.cut_count, 1);
    draft_cut(&d, 9);
    assert_int_equal(d.cut_count, 1);
}

/* --- the mutator
 * --------------------------------------------------------------------------------------------------- */

static const struct seam_fuzz_bytes delimiters[] = {
    SEAM_FUZZ_BYTES("\r\n"), SEAM_FUZZ_BYTES("\0"), {NULL, 0}};
static const struct seam_fuzz_bytes words[] = {SEAM_FUZZ_BYTES("GET "), SEAM_FUZZ_BYTES(""), {NULL, 0}};
static const size_t limits[] = {1, 64, SIZE_MAX, 0};
static const struct seam_fuzz_parser rich = {
    .name = "rich", .delimiters = delimiters, .limits = limits, .words = words};
static const struct seam_fuzz_parser poor = {.name = "poor"};
static const struct seam_fuzz_parser *const both[] = {&rich, &poor};
static uint64_t memory[(1 << 20) / 8];
static const struct seam_fuzz_target targets[] = {{both, 1, {memory, sizeof memory}},
                                                  {both + 1, 1, {memory, sizeof memory}},
                                                  {both, 2, {memory, sizeof memory}}};

static void what_is_made_fits_and_is_an_input(void **state)
{
    static unsigned char made[4096], crossed[4096], with[4096];
    (void)state;
    for (size_t t = 0; t < 3; t++) {
        size_t size = 0, with_size = 0;
        for (unsigned round = 0; round < ROUNDS; round++) {
            size_t max = round % 8 ? sizeof made : 1 + draw() % 64;
            size = size < max ? size : max;
            memset(made + max, 0xee, max < sizeof made ? 1 : 0);
            size = seam_fuzz_mutate(&targets[t], made, size, max, draw());
            assert_true(size <= max);
            assert_true(max == sizeof made || made[max] == 0xee);
            struct seam_fuzz_stream stream;
            decode((char *)made, size, &stream);
            size_t n = seam_fuzz_cross_over(&targets[t], made, size, with, with_size, crossed, max, draw());
            assert_true(n <= max);
            if (round % 16 == 0) {
                memcpy(with, made, size);
                with_size = size;
                size = 0;
            }
        }
    }
}

static void a_seed_gives_the_same_again(void **state)
{
    unsigned char a[512], b[512];
    (void)state;
    for (unsigned seed = 0; seed < 1000; seed++) {
        size_t n = 0, m = 0;
        for (unsigned link = 0; link < 5; link++) {
            n = seam_fuzz_mutate(&targets[0], a, n, sizeof a, seed + link);
        }
        for (unsigned link = 0; link < 5; link++) {
            m = seam_fuzz_mutate(&targets[0], b, m, sizeof b, seed + link);
        }
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
    }
}

/* Of several parsers each gets its turn. */
static void every_parser_is_chosen(void **state)
{
    unsigned char made[512];
    size_t changed_to[2] = {0, 0};
    (void)state;
    for (unsigned seed = 0; seed < 1000; seed++) {
        memset(made, seed % 2, 2);
        seam_fuzz_mutate(&targets[2], made, 2, sizeof made, seed);
        changed_to[made[0] % 2] += made[0] % 2 != seed % 2;
    }
    assert_in_range(changed_to[0], 5, 50); /* of 500, one in 32 */
    assert_in_range(changed_to[1], 5, 50);
}

/* What the language's edges are comes up soon from nothing. */
static void limits_and_cut_delimiters_are_made(void **state)
{
    static unsigned char made[4096];
    size_t exact = 0, inside = 0, empty = 0;
    (void)state;
    for (unsigned seed = 0; seed < 2000; seed++) {
        struct seam_fuzz_stream stream;
        size_t size = 0;
        for (unsigned link = 0; link < 3; link++) {
            size = seam_fuzz_mutate(&targets[0], made, size, sizeof made, 7919 * seed + link);
        }
        decode((char *)made, size, &stream);
        for (size_t i = 0; i + 1 < stream.length; i++) {
            exact += i == 64 && memcmp(stream.data + i, "\r\n", 2) == 0;
            for (size_t c = 0; c < stream.cut_count; c++) {
                inside += stream.cuts[c] == i + 1 && memcmp(stream.data + i, "\r\n", 2) == 0;
            }
        }
        for (size_t c = 1; c < stream.cut_count; c++) {
            empty += stream.cuts[c] == stream.cuts[c - 1];
        }
    }
    assert_true(exact > 20);
    assert_true(inside > 100);
    assert_true(empty > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read_as_they_are_documented),
        cmocka_unit_test(every_byte_string_comes_back),
        cmocka_unit_test(long_distances_and_many_cuts_come_back),
        cmocka_unit_test(cuts_stay_with_their_bytes),
        cmocka_unit_test(what_is_made_fits_and_is_an_input),
        cmocka_unit_test(every_parser_is_chosen),
        cmocka_unit_test(a_seed_gives_the_same_again),
        cmocka_unit_test(limits_and_cut_delimiters_are_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
