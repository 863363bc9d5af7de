/* check_test - each promise, kept and broken by a toy that splits lines; and what is told of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/fuzz/toy.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#elif defined(__has_feature)
#define HAS_ASAN __has_feature(address_sanitizer)
#else
#define HAS_ASAN 0
#endif

/* --- promises
 * -------------------------------------------------------------------------------------------------- */

static void what_is_right_is_clean(void **state)
{
    static const char *const texts[] = {"", "a", "\n", "ab\ncd\n", "ab\ncd", "12345678\n", "123456789\nx\n"};
    (void)state;
    bug = RIGHT;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(
            seam_fuzz_exhaust(&toy, texts[i], strlen(texts[i]), 3, &workspace, report, sizeof report),
            SEAM_FUZZ_CLEAN);
        assert_string_equal(report, "");
    }
}

static void each_broken_promise_is_named(void **state)
{
    (void)state;
    assert_int_equal(check(FORGETS_TAIL, &toy, "abc\n", CUTS(3)), SEAM_FUZZ_INVARIANCE);
    assert_int_equal(check(FORGETS_TAIL, &toy, "abc\n", CUTS(1)), SEAM_FUZZ_CLEAN);
    assert_int_equal(check(ANSWERS_ALL, &toy, "abc\n", CUTS(1)), SEAM_FUZZ_DIFFERENTIAL);
    assert_int_equal(check(EMPTY_IS_END, &toy, "abc\n", CUTS(2, 2)), SEAM_FUZZ_EMPTY_FEED);
    assert_int_equal(check(EMPTY_IS_END, &toy, "abc\n", CUTS(0)), SEAM_FUZZ_EMPTY_FEED);
    assert_int_equal(check(EMPTY_IS_END, &toy, "abc\n", CUTS(4)), SEAM_FUZZ_EMPTY_FEED);
    assert_int_equal(check(TELLS_OF_NOTHING, &toy, "abc\n", CUTS(2, 2)), SEAM_FUZZ_EMPTY_FEED);
    assert_int_equal(check(FORGIVES, &toy, "123456789ab", CUTS(9)), SEAM_FUZZ_STICKY);
    assert_int_equal(check(FORGIVES, &toy, "123456789\n", CUTS(9)), SEAM_FUZZ_AFTER_END);
    assert_int_equal(check(TELLS_AFTER_FAIL, &toy, "123456789\nab\n", CUTS(9)), SEAM_FUZZ_AFTER_END);
    assert_int_equal(check(TELLS_ON_CLOSE, &toy, "a\n", 0, NULL), SEAM_FUZZ_AFTER_END);
    assert_int_equal(check(GROWS, &toy, "aaaaaaa\nbbbbbbb\nc\n", CUTS(8)), SEAM_FUZZ_MEMORY);
    assert_int_equal(check(RESCANS, &toy, "12345678\n", CUTS(1, 2, 3, 4, 5, 6, 7, 8)), SEAM_FUZZ_WORK);
    assert_int_equal(check(RESCANS, &toy, "12345678\n", CUTS(4)), SEAM_FUZZ_CLEAN);
}

/* A line that comes when the next chunk does is the same line in the end. */
static void what_is_held_back_is_seen(void **state)
{
    (void)state;
    struct seam_fuzz_parser alone = toy;
    alone.reference = NULL;
    assert_int_equal(check(HOLDS_BACK, &toy, "ab\n", 0, NULL),
                     SEAM_FUZZ_DIFFERENTIAL); /* the reference does not wait */
    assert_int_equal(check(HOLDS_BACK, &alone, "ab\n", 0, NULL), SEAM_FUZZ_CLEAN);
    assert_int_equal(check(HOLDS_BACK, &alone, "ab\ncd\n", CUTS(3)),
                     SEAM_FUZZ_CLEAN); /* both wait at the end */
    bug = HOLDS_BACK;
    assert_int_equal(check(HOLDS_BACK, &alone, "ab\n", CUTS(3)), SEAM_FUZZ_EMPTY_FEED);
    alone.flags = SEAM_FUZZ_EMPTY_ENDS;
    assert_int_equal(check(HOLDS_BACK, &alone, "ab\n", CUTS(2)), SEAM_FUZZ_CLEAN);
}

/* A pointer into a chunk that is gone: under AddressSanitizer the program dies of it, so it is left out
 * there. */
static void a_chunk_is_gone_after_the_call(void **state)
{
    (void)state;
#if !HAS_ASAN
    assert_int_equal(check(KEEPS_POINTER, &toy, "\nabcd\n", 0, NULL), SEAM_FUZZ_CLEAN);
    assert_int_equal(check(KEEPS_POINTER, &toy, "\nabcd\n", CUTS(5)), SEAM_FUZZ_INVARIANCE);
    assert_non_null(strstr(report, "\\xdb\\xdb\\xdb\\xdb"));
#endif
}

static void flags_waive_promises(void **state)
{
    struct seam_fuzz_parser lax = toy;
    (void)state;
    lax.flags = SEAM_FUZZ_EMPTY_ENDS;
    assert_int_equal(check(EMPTY_IS_END, &lax, "abc\n", CUTS(2, 2)), SEAM_FUZZ_CLEAN);
    lax.flags = SEAM_FUZZ_ENDS_AT_ONCE;
    assert_int_equal(check(FORGIVES, &lax, "123456789\nab\n", CUTS(9)), SEAM_FUZZ_CLEAN);
    assert_int_equal(check(TELLS_AFTER_FAIL, &lax, "123456789\nab\n", CUTS(9)), SEAM_FUZZ_CLEAN);
    lax = toy;
    lax.memory_bytes_max = 0;
    assert_int_equal(check(GROWS, &lax, "aaaaaaa\nbbbbbbb\nc\n", CUTS(8)), SEAM_FUZZ_CLEAN);
}

/* --- merged kinds, late failures */

static void merged_kinds_are_one_event(void **state)
{
    struct seam_fuzz_parser parser = {
        .name = "pipe", .open = open_pipe, .feed = feed_pipe, .close = close_pipe};
    (void)state;
    dropping = false;
    assert_int_equal(check(RIGHT, &parser, "abcdef", CUTS(2)), SEAM_FUZZ_INVARIANCE);
    parser.merged_kinds = 1 << BODY;
    assert_int_equal(check(RIGHT, &parser, "abcdef", CUTS(2)), SEAM_FUZZ_CLEAN);
    parser.flags = SEAM_FUZZ_ENDS_AT_ONCE;
    assert_int_equal(check(RIGHT, &parser, "abc!ef", CUTS(2, 5)), SEAM_FUZZ_CLEAN);
    dropping = true;
    assert_int_equal(check(RIGHT, &parser, "abc!ef", CUTS(2, 5)), SEAM_FUZZ_INVARIANCE);
    parser.flags |= SEAM_FUZZ_FAILURE_DROPS;
    assert_int_equal(check(RIGHT, &parser, "abc!ef", CUTS(2, 5)), SEAM_FUZZ_CLEAN);
    assert_int_equal(check(RIGHT, &parser, "abcdef", CUTS(2, 5)), SEAM_FUZZ_CLEAN);
}

/* Fails when a chunk is of this size; tells at the end, by the kind, how often it was fed. */
static size_t hated, feeds;
static bool tells_feeds;

static void *open_picky(struct seam_fuzz_events *events)
{
    feeds = 0;
    return events;
}

static enum seam_fuzz_status feed_picky(void *parser, const void *data, size_t length)
{
    (void)parser;
    (void)data;
    feeds++;
    return length == hated ? SEAM_FUZZ_FAILED : SEAM_FUZZ_MORE;
}

static enum seam_fuzz_status finish_picky(void *parser)
{
    if (tells_feeds) {
        seam_fuzz_event(parser, (unsigned)feeds, "x", 1);
    }
    return hated == 1 ? SEAM_FUZZ_FAILED : SEAM_FUZZ_DONE;
}

/* Where nothing is told: by how, and when, it ended. And the kind of an event counts. */
static void endings_are_compared(void **state)
{
    const struct seam_fuzz_parser parser = {
        .name = "picky", .open = open_picky, .feed = feed_picky, .finish = finish_picky, .close = close_pipe};
    (void)state;
    tells_feeds = false;
    hated = 5;
    assert_int_equal(check(RIGHT, &parser, "abcde", CUTS(2)), SEAM_FUZZ_INVARIANCE);
    hated = 1; /* failed at the end, or before it */
    assert_int_equal(check(RIGHT, &parser, "abcde", CUTS(2)), SEAM_FUZZ_CLEAN);
    assert_int_equal(check(RIGHT, &parser, "abcde", CUTS(4)), SEAM_FUZZ_PROGRESS);
    hated = SIZE_MAX;
    tells_feeds = true;
    assert_int_equal(check(RIGHT, &parser, "abcde", CUTS(4)), SEAM_FUZZ_INVARIANCE);
}

/* --- every segmentation
 * -------------------------------------------------------------------------------------------- */

/* Counts the runs by their number of chunks. */
static size_t runs_with[8], chunks_now;

static void *open_count(struct seam_fuzz_events *events)
{
    chunks_now = 0;
    return events;
}

static enum seam_fuzz_status feed_count(void *parser, const void *data, size_t length)
{
    (void)parser;
    (void)data;
    chunks_now += length > 0;
    return SEAM_FUZZ_MORE;
}

static void close_count(void *parser)
{
    (void)parser;
    runs_with[chunks_now < 8 ? chunks_now : 7]++;
}

static void all_segmentations_are_tried(void **state)
{
    const struct seam_fuzz_parser parser = {.name = "count",
                                            .open = open_count,
                                            .feed = feed_count,
                                            .close = close_count,
                                            .flags = SEAM_FUZZ_MAY_HOLD_BACK};
    (void)state;
    memset(runs_with, 0, sizeof runs_with);
    assert_int_equal(seam_fuzz_exhaust(&parser, "0123456789", 10, 3, &workspace, report, sizeof report),
                     SEAM_FUZZ_CLEAN);
    assert_int_equal(runs_with[1], 1);
    assert_int_equal(runs_with[2], 9);
    assert_int_equal(runs_with[3], 36);
    assert_int_equal(runs_with[4], 84);
    assert_int_equal(runs_with[7], 2); /* byte by byte, once with empty chunks */
}

static void exhausting_finds_what_one_cut_does_not(void **state)
{
    struct seam_fuzz_parser alone = toy;
    (void)state;
    bug = FORGETS_TAIL;
    assert_int_equal(seam_fuzz_exhaust(&toy, "abc\n", 4, 1, &workspace, report, sizeof report),
                     SEAM_FUZZ_DIFFERENTIAL); /* of the beginning "ab" */
    alone.reference = NULL;
    assert_int_equal(seam_fuzz_exhaust(&alone, "abc\n", 4, 1, &workspace, report, sizeof report),
                     SEAM_FUZZ_INVARIANCE);
    bug = HOLDS_BACK;
    assert_int_equal(seam_fuzz_exhaust(&alone, "ab\n", 3, 1, &workspace, report, sizeof report),
                     SEAM_FUZZ_EMPTY_FEED);
    bug = RESCANS;
    alone.work_per_byte_max = 100;
    assert_int_equal(seam_fuzz_exhaust(&alone, "12345678\n", 9, 3, &workspace, report, sizeof report),
                     SEAM_FUZZ_CLEAN);
    alone.work_per_byte_max = 2;
    assert_int_equal(seam_fuzz_exhaust(&alone, "12345678\n", 9, 3, &workspace, report, sizeof report),
                     SEAM_FUZZ_WORK);
}

/* --- reports
 * ------------------------------------------------------------------------------------------------------- */

static void a_report_shows_the_stream_and_both_stories(void **state)
{
    struct seam_fuzz_parser alone = toy;
    (void)state;
    alone.reference = NULL;
    check(FORGETS_TAIL, &alone, "ab\nabc\n", CUTS(3, 6));
    assert_string_equal(report, "toy: invariance: cut, it tells something else than whole\n"
                                "  stream: \"ab\\n\" | \"abc\" | \"\\n\"\n"
                                "  length: 7 bytes in 3 chunks, cut @3,6\n"
                                "  whole:\n"
                                "       line \"ab\"\n"
                                "    -> line \"abc\"   <- told before the end\n"
                                "       done at the end\n"
                                "  cut:\n"
                                "       line \"ab\"\n"
                                "    -> line \"\"   <- told before the end\n"
                                "       done at the end\n");
}

static void runs_are_told_as_runs(void **state)
{
    char text[600];
    struct seam_fuzz_parser parser = {
        .name = "pipe", .open = open_pipe, .feed = feed_pipe, .close = close_pipe};
    (void)state;
    memset(text, 'a', 512);
    memcpy(text + 512, "\r\n", 3);
    dropping = false;
    check(RIGHT, &parser, text, CUTS(513));
    assert_non_null(strstr(
        report, "  stream: \"a\" x 512 + \"\\r\" | \"\\n\"\n  length: 514 bytes in 2 chunks, cut @513\n"));
    assert_non_null(strstr(report, "-> event 1 \"a\" x 512 + \"\\r\\n\""));
    check(GROWS, &toy, "aaaaaaa\nbbbbbbb\nc\n", CUTS(8));
    assert_non_null(strstr(report, "  held:   18 bytes at offset 18, allowed are 16\n"));
}

/* Any room will do, and the text ends in it. */
static void a_report_fits_its_room(void **state)
{
    char whole[4096];
    (void)state;
    check(FORGETS_TAIL, &toy, "ab\nabc\n", CUTS(3, 6));
    memcpy(whole, report, sizeof whole);
    for (size_t room = 1; room <= strlen(whole) + 1; room++) {
        const struct seam_fuzz_stream stream = {(const unsigned char *)"ab\nabc\n", 7, (const size_t[]){3, 6},
                                                2};
        char *small = malloc(room);
        assert_non_null(small);
        assert_int_equal(seam_fuzz_check(&toy, &stream, &workspace, small, room), SEAM_FUZZ_INVARIANCE);
        assert_int_equal(strlen(small), room - 1);
        assert_memory_equal(small, whole, room - 1);
        free(small);
    }
}

/* --- a story longer than what is kept of it
 * ------------------------------------------------------------------------- */

static void long_stories_are_compared_too(void **state)
{
    static char text[60 * 1024];
    static uint64_t little[SEAM_FUZZ_WORKSPACE_BYTES_MIN / 8];
    const struct seam_fuzz_workspace small = {little, sizeof little};
    struct seam_fuzz_parser alone = toy;
    struct seam_fuzz_stream stream = {(const unsigned char *)text, 6000, (const size_t[]){5999}, 1};
    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i % 2 ? '\n' : 'x';
    }
    alone.memory_bytes_max = 0;
    alone.reference = NULL;
    bug = RIGHT;
    assert_int_equal(seam_fuzz_check(&alone, &stream, &small, report, sizeof report), SEAM_FUZZ_CLEAN);
    memcpy(text + 5996, "xyz\n", 4); /* 2,998 events of some 30 bytes each: more than is kept */
    bug = FORGETS_TAIL;
    const size_t cuts[] = {5996, 5998};
    stream.cuts = cuts;
    stream.cut_count = 2;
    assert_int_equal(seam_fuzz_check(&alone, &stream, &small, report, sizeof report), SEAM_FUZZ_INVARIANCE);
}

/* The start of a stream that is longer than the workspace allows. */
static void a_long_stream_is_judged_as_far_as_it_fits(void **state)
{
    static char text[200 * 1024];
    static uint64_t little[SEAM_FUZZ_WORKSPACE_BYTES_MIN / 8];
    const struct seam_fuzz_workspace small = {little, sizeof little};
    const struct seam_fuzz_parser parser = {
        .name = "pipe", .open = open_pipe, .feed = feed_pipe, .close = close_pipe, .merged_kinds = 1 << BODY};
    const size_t cuts[] = {100, 100 * 1024, 150 * 1024};
    const struct seam_fuzz_stream stream = {(const unsigned char *)text, sizeof text, cuts, 3};
    (void)state;
    dropping = false;
    memset(text, 'b', sizeof text);
    assert_int_equal(seam_fuzz_check(&parser, &stream, &small, report, sizeof report), SEAM_FUZZ_CLEAN);
}

#define TEST(function) cmocka_unit_test(function)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_right_is_clean),
        TEST(each_broken_promise_is_named),
        TEST(what_is_held_back_is_seen),
        TEST(a_chunk_is_gone_after_the_call),
        TEST(flags_waive_promises),
        TEST(merged_kinds_are_one_event),
        TEST(endings_are_compared),
        TEST(all_segmentations_are_tried),
        TEST(exhausting_finds_what_one_cut_does_not),
        TEST(a_report_shows_the_stream_and_both_stories),
        TEST(runs_are_told_as_runs),
        TEST(a_report_fits_its_room),
        TEST(long_stories_are_compared_too),
        TEST(a_long_stream_is_judged_as_far_as_it_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
