/* mask_test - what is learnt from two runs, what is hidden, and where that leaves offsets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/sweep/mask.h"
#include "harness/sweep/sweep_kit.h"

/* Two runs in which alice hears these texts. */
static struct record one, other;
static struct masks masks;

static void say_both(const char *a, const char *b)
{
    record_close(&one);
    record_close(&other);
    hand_open(&one);
    hand_open(&other);
    hand_say(&one, ALICE_SAID, a);
    hand_say(&other, ALICE_SAID, b);
}

static int tear_down(void **state)
{
    (void)state;
    record_close(&one);
    record_close(&other);
    masks_close(&masks);
    masks.scenario = NULL;
    return 0;
}

/* Forgets what was known. */
static size_t learn(const char *a, const char *b)
{
    masks_close(&masks);
    say_both(a, b);
    return masks_learn(&masks, &one, &other, ALICE_SAID);
}

/* The canonical form with a ? for each hidden part. Checks each offset on the way. */
static void canon_text(const struct record *record, size_t stream, char *out, size_t room)
{
    const struct bytes *raw = &record->transcript.streams[stream].bytes;
    struct canon canon;
    size_t n = 0;
    assert_int_equal(canon_make(&masks, record, stream, &canon), 0);
    assert_int_equal(canon_offset(&canon, 0), 0);
    assert_int_equal(canon_offset(&canon, raw->length), canon.length);
    for (size_t i = 0; i < raw->length; i++) {
        assert_true(canon_offset(&canon, i) <= canon_offset(&canon, i + 1));
        assert_true(canon_offset(&canon, i + 1) <= canon.length);
    }
    for (size_t i = 0; i < canon.length; i++) {
        bool hidden = i + 2 < canon.length && memcmp(canon.bytes + i, "\0?", 3) == 0;
        assert_true(n + 1 < room);
        out[n++] = hidden ? '?' : canon.bytes[i];
        i += hidden ? 2 : 0;
    }
    out[n] = 0;
    canon_close(&canon);
}

static void assert_canon(const struct record *record, const char *expected)
{
    char text[256];
    canon_text(record, ALICE_SAID, text, sizeof text);
    assert_string_equal(text, expected);
}

static bool are_alike(void)
{
    char a[256], b[256];
    canon_text(&one, ALICE_SAID, a, sizeof a);
    canon_text(&other, ALICE_SAID, b, sizeof b);
    return strcmp(a, b) == 0;
}

/* Under what was learnt last. */
static bool would_be_alike(const char *a, const char *b)
{
    say_both(a, b);
    return are_alike();
}

/* --- learning --- */

static void tokens_are_learnt(void **state)
{
    (void)state;
    assert_int_equal(learn("ok\nid 17 is new\n", "ok\nid 18 is new\n"), 1);
    assert_canon(&one, "ok\nid ? is new\n");
    assert_true(are_alike());
    assert_int_equal(masks.places[0].stream, ALICE_SAID);
    assert_int_equal(masks.places[0].line, 1);
    assert_int_equal(masks.places[0].token, 2);
    assert_true(would_be_alike("ok\nid 1 is new\n", "ok\nid some-word is new\n"));
    assert_false(would_be_alike("ok\nid 1 is new\n", "ok\nid 1 is old\n"));
    assert_false(would_be_alike("id 1 is new\n", "id 2 is new\n")); /* another line */
    assert_int_equal(masks_learn(&masks, &one, &other, ALICE_SAID), 1);
    assert_int_equal(masks_learn(&masks, &one, &other, ALICE_SAID), 0);
    assert_int_equal(learn("12:34:56 a\n", "12:35:07 a\n"), 2);
    assert_canon(&one, "12:?:? a\n");
    assert_int_equal(learn("<\xc3\xa4-1>\n", "<\xc3\xb6-1>\n"), 1);
    assert_canon(&one, "<?>\n");
    assert_int_equal(learn("alike\n", "alike\n"), 0);
    assert_int_equal(learn("", ""), 0);
}

/* Lines of other numbers of tokens: from where they part, and never the newline. */
static void the_rest_of_a_line_is_learnt(void **state)
{
    (void)state;
    assert_int_equal(learn("at: one\nx\n", "at: one two three\nx\n"), 1);
    assert_true(masks.places[0].rest);
    assert_int_equal(masks.places[0].token, 4); /* the newline of the shorter one */
    assert_int_equal(learn("a b c\nx\n", "a d\nx\n"), 1);
    assert_true(masks.places[0].rest);
    assert_true(would_be_alike("a 1 2 3\nx\n", "a 4 2 3\nx\n"));
    assert_false(would_be_alike("a b\nx\n", "a b\ny\n"));
    assert_false(would_be_alike("a b\nx\n", "c b\nx\n"));
}

static void lines_that_are_missing(void **state)
{
    (void)state;
    assert_int_equal(learn("a\nb\nc\n", "a\n"), 1);
    assert_int_equal(masks.places[0].line, 1);
    assert_true(masks.places[0].token == SIZE_MAX);
    assert_true(would_be_alike("a\nb\n", "a\nc\n"));
    assert_false(would_be_alike("a\nb\n", "b\nb\n"));
    assert_int_equal(masks_learn(&masks, &other, &one, ALICE_SAID), 1);
    assert_int_equal(learn("a\nb", "a\nbc"), 1); /* no newline yet */
    assert_canon(&one, "a\n?");
}

static void ends_are_learnt(void **state)
{
    (void)state;
    assert_int_equal(learn("a\n", "a\n"), 0);
    hand_end(&other, ALICE_SAID, EVENT_END);
    assert_false(masks_hide_end(&masks, ALICE_SAID));
    assert_int_equal(masks_learn(&masks, &one, &other, ALICE_SAID), 1);
    assert_true(masks_hide_end(&masks, ALICE_SAID));
    assert_false(masks_hide_end(&masks, BOB_SAID));
    assert_int_equal(masks_learn(&masks, &one, &other, ALICE_SAID), 0);
    assert_canon(&one, "a\n"); /* and nothing else of it */
    assert_int_equal(masks_share(&masks, &one, SIZE_MAX), 0);
}

/* A stream's places are its own. */
static void streams_are_told_apart(void **state)
{
    char text[64];
    (void)state;
    learn("id 1\n", "id 2\n");
    hand_say(&one, BOB_SAID, "id 1\nid 1\n");
    canon_text(&one, BOB_SAID, text, sizeof text);
    assert_string_equal(text, "id 1\nid 1\n");
    hand_say(&other, BOB_SAID, "id 1\nid 2\n");
    assert_int_equal(masks_learn(&masks, &one, &other, BOB_SAID), 1);
    canon_text(&one, BOB_SAID, text, sizeof text);
    assert_string_equal(text, "id 1\nid ?\n");
    assert_canon(&one, "id ?\n");
}

/* --- named, unordered, sweep.mask --- */

static void named_values_are_hidden_wherever_they_come(void **state)
{
    char text[64];
    (void)state;
    say_both("hello 4711!\nyou are 4711, not 47110\n", "hello word-2!\nyou are word-2, not 47110\n");
    hand_unit(&one, TRACE_NAMED, ALICE_SAID, 6, 10);
    hand_unit(&other, TRACE_NAMED, ALICE_SAID, 6, 12);
    hand_say(&one, BOB_SAID, "4711 is here\n");
    assert_canon(&one, "hello ?!\nyou are ?, not 47110\n");
    assert_true(are_alike());
    canon_text(&one, BOB_SAID, text, sizeof text);
    assert_string_equal(text, "? is here\n");
    assert_int_equal(masks_learn(&masks, &one, &other, ALICE_SAID), 0); /* what is hidden is not learnt */
    say_both("hello 4711!\nyou are 4712\n", "hello 9!\nyou are 9\n");   /* and what is no repetition stays */
    hand_unit(&one, TRACE_NAMED, ALICE_SAID, 6, 10);
    hand_unit(&other, TRACE_NAMED, ALICE_SAID, 6, 7);
    assert_false(are_alike());
    assert_int_equal(masks_learn(&masks, &one, &other, ALICE_SAID), 1);
    assert_true(are_alike());
}

/* One of a few bytes may stand elsewhere by chance. */
static void short_values_are_hidden_where_they_were_named(void **state)
{
    (void)state;
    say_both("seat 2 of 2\n", "");
    hand_unit(&one, TRACE_NAMED, ALICE_SAID, 5, 6);
    assert_canon(&one, "seat ? of 2\n");
}

/* What was taken without being named hides nothing. */
static void taken_units_hide_nothing(void **state)
{
    (void)state;
    say_both("id 4711\n", "id 4712\n");
    hand_unit(&one, TRACE_TAKEN, ALICE_SAID, 0, 8);
    hand_unit(&other, TRACE_TAKEN, ALICE_SAID, 0, 8);
    assert_canon(&one, "id 4711\n");
    assert_false(are_alike());
}

static void unordered_lines_are_sorted(void **state)
{
    (void)state;
    say_both("first\nc\nbb\nb\na\nlast\n", "first\na\nb\nc\nbb\nlast\n");
    hand_unit(&one, TRACE_UNORDERED, ALICE_SAID, 6, 15);
    hand_unit(&other, TRACE_UNORDERED, ALICE_SAID, 6, 15);
    assert_canon(&one, "first\na\nb\nbb\nc\nlast\n");
    assert_true(are_alike());
    say_both("first\nb\na\nlast\n", "last\nb\na\nfirst\n"); /* what stands around it keeps its place */
    hand_unit(&one, TRACE_UNORDERED, ALICE_SAID, 6, 10);
    hand_unit(&other, TRACE_UNORDERED, ALICE_SAID, 5, 9);
    assert_false(are_alike());
    say_both("a\na\nb\n", "a\nb\nb\n"); /* how often each comes counts */
    hand_unit(&one, TRACE_UNORDERED, ALICE_SAID, 0, 6);
    hand_unit(&other, TRACE_UNORDERED, ALICE_SAID, 0, 6);
    assert_false(are_alike());
}

/* The delimiter of the connection ends a line, not the newline alone: clamd numbers answers that end in a
 * NUL, and gives them in any order. */
static void lines_end_at_the_delimiter(void **state)
{
    static const struct delimiter nul = {.bytes = {0}, .length = 1}, bars = {.bytes = "||", .length = 2};
    (void)state;
    for (int order = 0; order < 2; order++) {
        say_both("1: hi|", order ? "1: hi|" : "1: ho|");
        for (int i = 0; i < 2; i++) {
            struct record *record = i ? &other : &one;
            struct transcript_stream *said = &record->transcript.streams[ALICE_SAID];
            const char *first = i ? "5: PONG" : "4: stream: OK", *second = i ? "4: stream: OK" : "5: PONG";
            said->delimiter = &nul;
            assert_true(transcript_chunk(&record->transcript, ALICE_SAID, 0, first, strlen(first) + 1, 0) !=
                        SIZE_MAX);
            assert_true(transcript_chunk(&record->transcript, ALICE_SAID, 0, second, strlen(second) + 1, 0) !=
                        SIZE_MAX);
            hand_unit(record, TRACE_UNORDERED, ALICE_SAID, 6, said->bytes.length);
        }
        assert_int_equal(are_alike(), order);
    }
    say_both("id 1||same||id 2||", "id 3||same||id 4||");
    one.transcript.streams[ALICE_SAID].delimiter = other.transcript.streams[ALICE_SAID].delimiter = &bars;
    masks_close(&masks);
    assert_int_equal(masks_learn(&masks, &one, &other, ALICE_SAID), 2);
    assert_int_equal(masks.places[1].line, 2); /* not all that follows the first */
    assert_canon(&one, "id ?||same||id ?||");
}

static void lines_that_the_scenario_masks(void **state)
{
    struct scenario_file *file =
        kit_load("{'seam': 1, 'name': 'n', 'programs': {'s': {'command': ['/fake/echo'], 'listens': true}}, "
                 "'sweep': {'mask': ['Date: .*', '# .*']}, 'steps': [{'connect': 'a', 'to': 's'}]}",
                 NULL);
    (void)state;
    masks.scenario = kit_only(file);
    say_both("Date: today\r\nx\n# a\n", "Date: tomorrow\r\nx\n# longer\n");
    assert_canon(&one, "?x\n?");
    assert_true(are_alike());
    assert_int_equal(masks_learn(&masks, &one, &other, ALICE_SAID), 0);
    assert_false(would_be_alike("Date:today\n", "Date:tomorrow\n")); /* whole lines only */
    assert_false(would_be_alike("a Date: b\n", "a Date: c\n"));
    assert_int_equal(learn("Date: a\nid 1\n", "Date: b\nid 2\n"), 1);
    assert_int_equal(masks.places[0].line, 1);
    scenario_file_free(file);
}

/* --- offsets --- */

/* A part that is hidden has no offset of its own: all of it is where it begins, and behind it is behind the
 * placeholder. */
static void offsets_are_those_of_the_canonical_form(void **state)
{
    static const size_t expected[] = {0, 1, 2, 3, 3, 3, 3, 6, 7};
    struct canon canon;
    (void)state;
    learn("id 4711\n", "id 8\n");
    assert_int_equal(canon_make(&masks, &one, ALICE_SAID, &canon), 0);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(canon_offset(&canon, i), expected[i]);
    }
    canon_close(&canon);
    masks_close(&masks);
    assert_int_equal(canon_make(&masks, &one, ALICE_SAID, &canon), 0);
    assert_null(canon.map); /* nothing is hidden: borrowed */
    assert_ptr_equal(canon.bytes, one.transcript.streams[ALICE_SAID].bytes.data);
    assert_int_equal(canon_offset(&canon, 5), 5);
    canon_close(&canon);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Two runs that differ in their words, with as many of them: what was learnt makes them alike, learning again
 * adds nothing, and offsets ascend. */
static void learning_is_enough(void **state)
{
    static const char alphabet[] = "ab1 -:\n\n.\xc3";
    uint64_t seed = 4711;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        char a[40], b[40];
        size_t length = next_random(&seed) % (sizeof a - 1), i = 0;
        for (; i < length; i++) {
            a[i] = b[i] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
            if (next_random(&seed) % 4 == 0 && ((a[i] >= 'a' && a[i] <= 'z') || a[i] == '1')) {
                b[i] = "xy2-"[next_random(&seed) % 4];
            }
        }
        a[i] = b[i] = 0;
        learn(a, b);
        assert_int_equal(masks_learn(&masks, &one, &other, ALICE_SAID), 0);
        if (!are_alike()) {
            fail_msg("not alike: \"%s\", \"%s\"", a, b);
        }
    }
}

/* --- telling --- */

static void the_share_is_that_of_learnt_places(void **state)
{
    struct bytes text;
    (void)state;
    learn("0123456789abcdef 789\n", "0123456789abcdef 123\n");
    assert_int_equal(masks_share(&masks, &one, SIZE_MAX), 14); /* 3 of 21 bytes */
    assert_int_equal(masks_share(&masks, &one, ALICE_SAID), 14);
    hand_say(&one, SERVER_OUT, "twenty-one bytes here"); /* more that is said, and not masked */
    hand_say(&one, ALICE_SENT, "what is sent does not count");
    hand_unit(&one, TRACE_NAMED, ALICE_SAID, 0, 16); /* nor does what the scenario names */
    assert_int_equal(masks_share(&masks, &one, SIZE_MAX), 7);
    assert_int_equal(masks_share(&masks, &one, SERVER_OUT), 0);
    masks_hide_stream(&masks, SERVER_OUT); /* that a log is hidden makes nothing unstable */
    assert_int_equal(masks_share(&masks, &one, SERVER_OUT), 100);
    assert_int_equal(masks_share(&masks, &one, SIZE_MAX), 7);
    bytes_init(&text, 1000);
    assert_int_equal(masks_print(&masks, &one, &text), 0);
    assert_string_equal(bytes_text(&text),
                        "alice line 1 \"789\", s.stdout line 1 and what follows \"twenty-one bytes here\"");
    bytes_free(&text);
    masks_close(&masks);
    assert_int_equal(masks_share(&masks, &one, SIZE_MAX), 0);
    learn("all of it\n", "");
    assert_int_equal(masks_share(&masks, &one, SIZE_MAX), 100);
    say_both("", "");
    assert_int_equal(masks_share(&masks, &one, SIZE_MAX), 0);
}

static void a_stream_may_be_hidden_whole(void **state)
{
    (void)state;
    say_both("one\ntwo\n", "three\n");
    assert_false(are_alike());
    assert_int_equal(masks_hide_stream(&masks, ALICE_SAID), 1);
    assert_true(are_alike());
    assert_int_equal(masks_hide_stream(&masks, ALICE_SAID), 0);
    assert_int_equal(masks_share(&masks, &one, ALICE_SAID), 100);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tokens_are_learnt),
        TEST(the_rest_of_a_line_is_learnt),
        TEST(lines_that_are_missing),
        TEST(ends_are_learnt),
        TEST(streams_are_told_apart),
        TEST(named_values_are_hidden_wherever_they_come),
        TEST(short_values_are_hidden_where_they_were_named),
        TEST(taken_units_hide_nothing),
        TEST(unordered_lines_are_sorted),
        TEST(lines_end_at_the_delimiter),
        TEST(lines_that_the_scenario_masks),
        TEST(offsets_are_those_of_the_canonical_form),
        TEST(learning_is_enough),
        TEST(the_share_is_that_of_learnt_places),
        TEST(a_stream_may_be_hidden_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
