/* layout_test - messages, bursts, groups and free places of scenarios, by hand and as they ran. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/sweep/sweep_kit.h"

static struct record record;
static struct layout layout;
static const struct scenario *scenario;

static int tear_down(void **state)
{
    layout_close(&layout);
    record_close(&record);
    return state ? fake_tear_down(state) : 0;
}

static void lay_out(const struct scenario *of)
{
    scenario = of;
    layout_close(&layout);
    assert_int_equal(layout_make(of, &record, &layout), 0);
}

/* The steps of the fake world, run. */
static void lay_out_steps(const char *steps)
{
    tear_down(NULL);
    lay_out(kit_trace(steps, &record));
}

/* A message of two bytes for each `s`, `S`: of alice, at an odd place among them of bob where both speak. */
static void lay_out_script(const char *script, bool both)
{
    size_t count = 0;
    tear_down(NULL);
    hand_open(&record);
    for (size_t i = 0; script[i]; i++) {
        if (script[i] == 's' || script[i] == 'S') {
            hand_message(&record, both && count++ % 2 ? BOB : ALICE, i, "x\n");
        }
    }
    lay_out(hand_scenario(script));
}

/* "0:alice[0..4) 1:bob[0..2)barrier": group, connection, bytes. */
static void assert_bursts(const char *expected)
{
    char text[512] = "";
    size_t n = 0;
    for (size_t b = 0; b < layout.burst_count; b++) {
        const struct layout_burst *burst = &layout.bursts[b];
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%zu:%s[%llu..%llu)%s", b ? " " : "", burst->group,
                              layout.names[burst->connection], (unsigned long long)burst->begin,
                              (unsigned long long)burst->end, burst->barrier ? "barrier" : "");
        for (size_t i = 0; i < burst->message_count; i++) {
            const struct layout_message *m = &layout.messages[burst->first_message + i];
            assert_int_equal(m->burst, b);
            assert_int_equal(m->connection, burst->connection);
        }
        assert_true(burst->whole_from == UINT64_MAX);
        assert_true(burst->group < layout.group_count);
    }
    assert_string_equal(text, expected);
}

static void gates_end_bursts(void **state)
{
    (void)state;
    lay_out_script("sss", false);
    assert_bursts("0:alice[0..6)");
    lay_out_script("sses", false);
    assert_bursts("0:alice[0..4) 1:alice[4..6)");
    lay_out_script("scs", false); /* this close sends nothing that was traced */
    assert_bursts("0:alice[0..2) 1:alice[2..4)");
    lay_out_script("eee", false);
    assert_bursts("");
    assert_int_equal(layout.message_count, 0);
}

static void binders_are_no_gates(void **state)
{
    (void)state;
    lay_out_script("srsis", false);
    assert_bursts("0:alice[0..6)");
    lay_out_script("rrsiirrs", false);
    assert_bursts("0:alice[0..4)");
    lay_out_script("sres", false);
    assert_bursts("0:alice[0..2) 1:alice[2..4)");
}

static void barriers_end_bursts(void **state)
{
    (void)state;
    lay_out_script("sSs", false);
    assert_bursts("0:alice[0..4)barrier 1:alice[4..6)");
    lay_out_script("sEs", false);
    assert_bursts("0:alice[0..2)barrier 1:alice[2..4)");
    lay_out_script("sriEs", false); /* binders in between do not hide it */
    assert_bursts("0:alice[0..2)barrier 1:alice[2..4)");
    lay_out_script("seEs", false); /* it is the next step that counts */
    assert_bursts("0:alice[0..2) 1:alice[2..4)");
}

static void adjacent_connections_are_a_group(void **state)
{
    (void)state;
    lay_out_script("ssss", true);
    assert_bursts("0:alice[0..2) 0:bob[0..2) 0:alice[2..4) 0:bob[2..4)");
    lay_out_script("sses", true);
    assert_bursts("0:alice[0..2) 0:bob[0..2) 1:alice[2..4)");
    lay_out_script("sSss", true);
    assert_bursts("0:alice[0..2)barrier 0:bob[0..2)barrier 1:alice[2..4) 1:bob[2..4)");
}

static void scenarios_as_they_ran(void **state)
{
    (void)state;
    lay_out_steps(CONNECT
                  "{'send': 'a', 'lines': ['one', 'two', '']}, {'send': 'a', 'line': 'x'}, {'expect': "
                  "'a', 'lines': ['one', 'two', '', 'x']}");
    assert_int_equal(layout.message_count, 4); /* each line is a message */
    assert_bursts("0:a[0..11)");
    assert_int_equal(layout.messages[2].begin, 8);
    assert_int_equal(layout.messages[2].end, 9);
    assert_int_equal(layout.messages[0].step, layout.messages[2].step);
    assert_memory_equal(layout.messages[1].data, "two\n", 4);
    lay_out_steps(CONNECT "{'send': 'a', 'split': ['he', 'llo\\n']}, {'expect': 'a', 'line': 'hello'}");
    assert_int_equal(layout.message_count, 1); /* its parts are chunks of one */
    lay_out_steps(CONNECT
                  "{'repeat': 3, 'steps': [{'send': 'a', 'line': 'again'}]}, {'expect': 'a', 'lines': "
                  "['again', 'again', 'again']}");
    assert_int_equal(layout.message_count, 3);
    assert_bursts("0:a[0..18)");
    lay_out_steps(CONNECT
                  "{'send': 'a', 'data': ''}, {'send': 'a', 'line': 'x'}, {'expect': 'a', 'line': 'x'}");
    assert_int_equal(layout.message_count, 1); /* without bytes it is none */
}

static void a_fin_is_a_message(void **state)
{
    (void)state;
    lay_out_steps(CONNECT "{'send': 'a', 'line': 'last'}, {'close': 'a', 'how': 'write'}, "
                          "{'expect': 'a', 'line': 'last'}, {'expect': 'a', 'eof': true}");
    assert_int_equal(layout.message_count, 2);
    assert_bursts("0:a[0..6)");
    assert_false(layout.messages[0].fin);
    assert_true(layout.messages[1].fin);
    assert_int_equal(layout.messages[1].begin, 5);
    assert_string_equal(layout.messages[1].data, "");
    assert_true(layout_is_free(&layout, &layout.bursts[0], 5));
    assert_int_equal(layout_place_kind(&layout, scenario, 0, 5), PLACE_FIN);
    lay_out_steps(CONNECT "{'send': 'a', 'line': 'last'}, {'expect': 'a', 'line': 'last'}, {'close': 'a'}");
    assert_int_equal(layout.message_count, 1); /* an end of both ways is a gate */
}

static void what_could_not_leave_is_no_message(void **state)
{
    struct trace_message late = {.connection = ALICE, .begin = 4, .end = 8, .step = 1};
    (void)state;
    tear_down(NULL);
    hand_open(&record);
    hand_message(&record, ALICE, 0, "one\n");
    trace_message_add(&record.trace, &late);
    lay_out(hand_scenario("ss"));
    assert_bursts("0:alice[0..4)");
}

static void free_places(void **state)
{
    struct layout_burst *burst;
    (void)state;
    tear_down(NULL);
    hand_open(&record);
    hand_message(&record, ALICE, 0, "one\n");
    hand_message(&record, ALICE, 1, "two\n");
    hand_message(&record, ALICE, 3, "three\n");
    lay_out(hand_scenario("sses"));
    burst = &layout.bursts[0];
    for (uint64_t p = 0; p <= 14; p++) {
        assert_int_equal(layout_is_free(&layout, burst, p), p > 0 && p < 8);
        assert_int_equal(layout_is_free(&layout, &layout.bursts[1], p), p > 8 && p < 14);
    }
    layout.messages[1].waived = true; /* neither in it nor at its end; before it is well */
    for (uint64_t p = 0; p <= 8; p++) {
        assert_int_equal(layout_is_free(&layout, burst, p), p > 0 && p <= 4);
    }
    layout.messages[0].waived = true;
    layout.messages[1].waived = false;
    for (uint64_t p = 0; p <= 8; p++) {
        assert_int_equal(layout_is_free(&layout, burst, p), p > 4 && p < 8);
    }
    layout.messages[0].waived = false;
    burst->whole_from = 6;
    for (uint64_t p = 0; p <= 8; p++) {
        assert_int_equal(layout_is_free(&layout, burst, p), p > 0 && p < 6);
    }
    layout.varied[ALICE] = false;
    assert_false(layout_is_free(&layout, burst, 3));
}

static void actors_are_varied(void **state)
{
    static const size_t actors[] = {BOB};
    struct scenario *of = hand_scenario("ss");
    (void)state;
    tear_down(NULL);
    hand_open(&record);
    hand_message(&record, ALICE, 0, "x\n");
    hand_message(&record, BOB, 1, "x\n");
    lay_out(of);
    assert_true(layout.varied[ALICE] && layout.varied[BOB]);
    of->sweep.actors = actors;
    of->sweep.actor_count = 1;
    lay_out(of);
    assert_false(layout.varied[ALICE]);
    assert_true(layout.varied[BOB]);
    assert_false(layout_is_free(&layout, &layout.bursts[0], 1));
    assert_true(layout_is_free(&layout, &layout.bursts[1], 1));
}

static void complete_messages_are_counted(void **state)
{
    static const struct {
        uint64_t sent[2];
        size_t complete;
        bool partial;
    } cases[] = {{{0, 0}, 0, false}, {{1, 0}, 0, true},  {{4, 0}, 1, false}, {{5, 0}, 1, true},
                 {{4, 1}, 1, true},  {{4, 3}, 2, false}, {{8, 3}, 3, false}, {{8, 4}, 4, false}};
    bool partial;
    (void)state;
    tear_down(NULL);
    hand_open(&record);
    hand_message(&record, ALICE, 0, "one\n");
    hand_message(&record, BOB, 1, "hi\n");
    hand_message(&record, ALICE, 2, "two\n");
    hand_fin(&record, BOB, 3);
    lay_out(hand_scenario("sssc"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(layout_complete(&layout, cases[i].sent, &partial), cases[i].complete);
        assert_int_equal(partial, cases[i].partial);
    }
    assert_int_equal(layout_message_at(&layout, ALICE, 0), 0);
    assert_int_equal(layout_message_at(&layout, ALICE, 4), 2);
    assert_int_equal(layout_message_at(&layout, BOB, 3), 3);
    assert_true(layout_message_at(&layout, ALICE, 8) == SIZE_MAX);
}

/* One letter for each place of a message, from the first: M end of a message, C inside a character, D inside
 * a delimiter, < before it, > behind it, 0 beside a NUL, . none of these. */
static void assert_places(const char *bytes, size_t length, const char *delimiter, const char *expected)
{
    static const char letters[] = {[PLACE_MESSAGES] = 'M',
                                   [PLACE_FIN] = 'F',
                                   [PLACE_CHARACTER] = 'C',
                                   [PLACE_DELIMITER] = 'D',
                                   [PLACE_BEFORE_DELIMITER] = '<',
                                   [PLACE_BEHIND_DELIMITER] = '>',
                                   [PLACE_NUL] = '0',
                                   [PLACE_INSIDE] = '.'};
    struct scenario *of = hand_scenario("ss");
    struct connection *alice = (struct connection *)&of->connections[ALICE];
    char got[64] = "";
    tear_down(NULL);
    hand_open(&record);
    hand_message(&record, ALICE, 0, "before\n"); /* offsets are not those of the message */
    hand_bytes(&record, ALICE, 1, bytes, length);
    alice->delimiter.length = strlen(delimiter);
    memcpy(alice->delimiter.bytes, delimiter, alice->delimiter.length);
    lay_out(of);
    for (size_t p = 1; p <= length; p++) {
        enum place_kind kind = layout_place_kind(&layout, of, 1, 7 + p);
        assert_non_null(place_words(kind));
        got[p - 1] = letters[kind];
    }
    assert_string_equal(got, expected);
}

#define PLACES(bytes, delimiter, expected) assert_places(bytes, sizeof(bytes) - 1, delimiter, expected)

static void kinds_of_places(void **state)
{
    (void)state;
    PLACES("one\n", "\n", "..<M");
    PLACES("a\nbc\n", "\n", "<>.<M");
    PLACES("one\r\n", "\r\n", "..<DM");
    PLACES("one\r\n", "\n", "...DM"); /* CR LF is one, whatever the delimiter */
    PLACES("a\rb", "\n", "..M");
    PLACES("\n", "\n", "M");
    PLACES("\xc3\xa4\n", "\n", "C<M");
    PLACES("x\xe2\x82\xac\xf0\x9f\x99\x82y", "\n", ".CC.CCC.M");
    PLACES("\xa4\x80", "\n", "CM"); /* no character, but nobody knows that at this place */
    PLACES("a\x80", "\n", ".M");    /* a lone byte behind ASCII belongs to none */
    PLACES("a\0b\n", "\n", "00<M");
    PLACES("ab--=cd--=", "--=", ".<DD>.<DDM");
    PLACES("-=-=-", "-=-", "DDDDM"); /* one that overlaps itself */
    PLACES("ab\0", "\n", ".0M");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gates_end_bursts),
        TEST(binders_are_no_gates),
        TEST(barriers_end_bursts),
        TEST(adjacent_connections_are_a_group),
        TEST(scenarios_as_they_ran),
        TEST(a_fin_is_a_message),
        TEST(what_could_not_leave_is_no_message),
        TEST(free_places),
        TEST(actors_are_varied),
        TEST(complete_messages_are_counted),
        TEST(kinds_of_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
