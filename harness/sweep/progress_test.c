/* progress_test - what a program had said each time it had settled: stalls, early answers, and what is
 * neither. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/sweep/judge.h"
#include "harness/sweep/sweep_kit.h"

/* What had been said when so much was sent: `text` in whole is what has come until then. */
struct moment {
    uint64_t sent;
    const char *text;
};

static struct {
    struct record lockstep;
    struct layout layout;
    struct masks masks;
    struct points *points;
    struct due *dues;
    bool off[SCENARIO_ORACLE_COUNT];
    struct reference reference;
    struct judgement judgement; /* of the last case */
    size_t earlier;
} held;

/* alice sends "one\n" and "two\n", and hears what the moments say. */
static void converse(struct record *record, const struct moment *moments, size_t count)
{
    size_t said = 0;
    hand_open(record);
    hand_message(record, ALICE, 0, "one\n");
    hand_message(record, ALICE, 1, "two\n");
    for (size_t i = 0; i < count; i++) {
        hand_say(record, ALICE_SAID, moments[i].text + said);
        said = strlen(moments[i].text);
        hand_settled(record, moments[i].sent, 0);
    }
}

#define MOMENTS(...)                                                                                         \
    (const struct moment[]){__VA_ARGS__}, sizeof((const struct moment[]){__VA_ARGS__}) / sizeof(struct moment)
#define ONE     "ok one\n"
#define ONE_TWO "ok one\nok two\n"

static void hold(const struct moment *moments, size_t count)
{
    converse(&held.lockstep, moments, count);
    struct scenario *scenario = hand_scenario("sse");
    assert_int_equal(layout_make(scenario, &held.lockstep, &held.layout), 0);
    held.points = points_new();
    held.dues = due_table(&held.layout, &held.lockstep);
    held.reference = (struct reference){.scenario = scenario,
                                        .baseline = &held.lockstep,
                                        .lockstep = &held.lockstep,
                                        .dues = held.dues,
                                        .layout = &held.layout,
                                        .masks = &held.masks,
                                        .points = held.points,
                                        .evidence = EVIDENCE_DRAINED,
                                        .oracle_off = held.off};
}

static int set_up(void **state)
{
    (void)state;
    memset(&held, 0, sizeof held);
    hold(MOMENTS({0, ""}, {4, ONE}, {8, ONE_TWO}));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    record_close(&held.lockstep);
    layout_close(&held.layout);
    masks_close(&held.masks);
    points_free(held.points);
    free(held.dues);
    judgement_close(&held.judgement);
    return 0;
}

/* Another lockstep run than the usual one. */
static void hold_other(const struct moment *moments, size_t count)
{
    tear_down(NULL);
    memset(&held, 0, sizeof held);
    hold(moments, count);
}

static enum verdict judge_it(struct record *record, size_t number)
{
    judgement_close(&held.judgement);
    enum verdict verdict = judge(&held.reference, record, false, number, &held.judgement, &held.earlier);
    record_close(record);
    return verdict;
}

static enum verdict try(size_t number, const struct moment *moments, size_t count)
{
    struct record record;
    converse(&record, moments, count);
    return judge_it(&record, number);
}

static void assert_odd(enum verdict verdict, enum oddity oddity, uint64_t sent)
{
    assert_int_equal(verdict, VERDICT_ODD);
    assert_int_equal(held.judgement.oracle, ORACLE_PROGRESS);
    assert_int_equal(held.judgement.oddity, oddity);
    assert_int_equal(held.judgement.stream, ALICE_SAID);
    assert_int_equal(held.judgement.sent_at[0], ALICE);
    assert_int_equal(held.judgement.sent_at[1], sent);
    assert_non_null(held.judgement.text);
}

static void what_is_due_is_no_finding(void **state)
{
    (void)state;
    assert_int_equal(try(0, MOMENTS({4, ONE}, {8, ONE_TWO})), VERDICT_SAME);
    assert_int_equal(try(1, MOMENTS({1, ""}, {3, ""}, {4, ONE}, {6, ONE}, {8, ONE_TWO})), VERDICT_SAME);
    assert_int_equal(try(2, MOMENTS({8, ONE_TWO})), VERDICT_SAME);
    assert_int_equal(try(3, MOMENTS({6, ONE}, {8, ONE_TWO})), VERDICT_SAME);
    assert_false(points_streaming(held.points));
}

/* Two lines in one write, of which the second is answered later. */
static void a_line_that_waits_for_more_is_a_stall(void **state)
{
    (void)state;
    assert_odd(try(0, MOMENTS({8, ONE}, {9, ONE_TWO})), ODDITY_STALL, 8);
    assert_int_equal(held.judgement.baseline_at, 7);
    assert_int_equal(held.judgement.baseline_end, 14);
    assert_int_equal(held.judgement.odd_at, 7);
    assert_false(held.judgement.timed);
    assert_odd(try(1, MOMENTS({8, ONE "ok tw"}, {9, ONE_TWO})), ODDITY_STALL, 8);
    assert_int_equal(held.judgement.baseline_at, 12);
}

/* The beginning of the next message holds back the answer to a complete one. */
static void a_partial_tail_that_holds_back_is_a_stall(void **state)
{
    (void)state;
    assert_odd(try(0, MOMENTS({6, ""}, {8, ONE_TWO})), ODDITY_STALL, 6);
    assert_int_equal(held.judgement.baseline_at, 0);
    assert_int_equal(held.judgement.baseline_end, 7);
}

/* What has been said just before a message begins is due while it is under way: here an answer that came
 * only after a while. */
static void what_came_late_alone_is_due_late(void **state)
{
    (void)state;
    hold_other(MOMENTS({0, ""}, {4, ""}, {4, ONE}, {8, ONE_TWO}));
    assert_int_equal(try(0, MOMENTS({4, ""}, {8, ONE_TWO})), VERDICT_SAME);
    assert_odd(try(1, MOMENTS({6, ""}, {8, ONE_TWO})), ODDITY_STALL, 6);
}

static void what_had_settled_before_a_burst_is_not_judged(void **state)
{
    struct record record;
    (void)state;
    hand_open(&record);
    hand_message(&record, ALICE, 0, "one\n");
    hand_message(&record, ALICE, 1, "two\n");
    hand_settled(&record, 4, 0)->before = true;
    hand_say(&record, ALICE_SAID, ONE_TWO);
    hand_settled(&record, 8, 0);
    assert_int_equal(judge_it(&record, 0), VERDICT_SAME);
}

/* With invariance off, what comes early and is not what comes next is still seen. */
static void an_early_answer_that_does_not_come_next(void **state)
{
    (void)state;
    held.off[SCENARIO_ORACLE_INVARIANCE] = true;
    assert_odd(try(0, MOMENTS({2, "err\n"}, {8, "err\n" ONE_TWO})), ODDITY_EARLY, 2);
    assert_int_equal(held.judgement.baseline_at, 0);
    assert_int_equal(held.judgement.odd_at, 0);
    assert_odd(try(1, MOMENTS({4, ONE}, {6, ONE "??"}, {8, ONE_TWO "??"})), ODDITY_EARLY, 6);
    assert_int_equal(held.judgement.baseline_at, 7);
    held.reference.points = NULL;
    assert_odd(try(2, MOMENTS({2, "err\n"}, {8, "err\n" ONE_TWO})), ODDITY_EARLY, 2);
}

static void an_early_answer_that_another_segmentation_did_not_give(void **state)
{
    (void)state;
    assert_int_equal(try(0, MOMENTS({4, ONE}, {7, ONE}, {8, ONE_TWO})), VERDICT_SAME);
    assert_odd(try(1, MOMENTS({7, ONE_TWO}, {8, ONE_TWO})), ODDITY_EARLY, 7);
    assert_true(held.earlier == SIZE_MAX);
}

/* The same, found out by the case that is right: the earlier one is to blame. */
static void the_earlier_case_is_named(void **state)
{
    (void)state;
    assert_int_equal(try(5, MOMENTS({7, ONE_TWO}, {8, ONE_TWO})), VERDICT_SAME);
    assert_int_equal(try(6, MOMENTS({6, ONE}, {7, ONE}, {8, ONE_TWO})), VERDICT_ODD);
    assert_int_equal(held.judgement.oddity, ODDITY_EARLY);
    assert_int_equal(held.earlier, 5);
}

/* Two that are early in different ways: the later one is odd by itself. */
static void two_early_answers_that_differ(void **state)
{
    (void)state;
    assert_int_equal(try(0, MOMENTS({7, ONE_TWO}, {8, ONE_TWO})), VERDICT_SAME);
    assert_odd(try(1, MOMENTS({7, ONE "ok"}, {8, ONE_TWO})), ODDITY_EARLY, 7);
    assert_true(held.earlier == SIZE_MAX);
}

/* Parts are answered alike under every segmentation, as an echo does. */
static void streaming_is_no_finding(void **state)
{
    (void)state;
    hold_other(MOMENTS({0, ""}, {4, "one\n"}, {8, "one\ntwo\n"}));
    assert_int_equal(try(0, MOMENTS({1, "o"}, {4, "one\n"}, {8, "one\ntwo\n"})), VERDICT_SAME);
    assert_int_equal(try(1, MOMENTS({2, "on"}, {6, "one\ntw"}, {8, "one\ntwo\n"})), VERDICT_SAME);
    assert_int_equal(try(2, MOMENTS({1, "o"}, {2, "on"}, {6, "one\ntw"}, {8, "one\ntwo\n"})), VERDICT_SAME);
    assert_true(points_streaming(held.points));
    held.reference.points = NULL;
    assert_int_equal(try(3, MOMENTS({6, "one\nt"}, {8, "one\ntwo\n"})), VERDICT_SAME);
}

/* Many points: the table grows and still knows each. */
static void every_point_is_remembered(void **state)
{
    (void)state;
    for (uint64_t sent = 1; sent < 8; sent++) { /* each early, and alone there */
        assert_int_equal(try((size_t)sent, MOMENTS({sent, ONE_TWO}, {8, ONE_TWO})), VERDICT_SAME);
    }
    for (uint64_t sent = 9; sent < 1000; sent++) {
        struct record record;
        converse(&record, MOMENTS({8, ONE_TWO}));
        hand_settled(&record, sent, 0);
        assert_int_equal(judge_it(&record, (size_t)sent), VERDICT_SAME);
    }
    for (uint64_t sent = 1; sent < 8; sent++) {
        const char *due = sent < 4 ? "" : ONE;
        assert_int_equal(try(1000, MOMENTS({sent, due}, {8, ONE_TWO})), VERDICT_ODD);
        assert_int_equal(held.earlier, sent);
    }
}

/* A thread may go on by itself: that something came is no proof of anything; that something is missing is
 * told, with a doubt. */
static void timed_checkpoints(void **state)
{
    struct record record;
    (void)state;
    for (int timed = 0; timed < 2; timed++) {
        assert_int_equal(try(0, MOMENTS({7, ONE}, {8, ONE_TWO})), VERDICT_SAME);
        converse(&record, MOMENTS({7, ONE_TWO}, {8, ONE_TWO}));
        record.trace.checkpoints[0].timed = timed;
        assert_int_equal(judge_it(&record, 1), timed ? VERDICT_SAME : VERDICT_ODD);
        converse(&record, MOMENTS({8, ONE}, {9, ONE_TWO}));
        record.trace.checkpoints[0].timed = timed;
        assert_odd(judge_it(&record, 2), ODDITY_STALL, 8);
        assert_int_equal(held.judgement.timed, timed);
        assert_int_equal(strstr(held.judgement.text, "it may come late") != NULL, timed);
    }
}

static void where_nothing_is_known_nothing_is_judged(void **state)
{
    (void)state;
    held.off[SCENARIO_ORACLE_PROGRESS] = true;
    assert_int_equal(try(0, MOMENTS({8, ONE}, {9, ONE_TWO})), VERDICT_SAME);
    held.off[SCENARIO_ORACLE_PROGRESS] = false;
    held.reference.lockstep = NULL;
    assert_int_equal(try(0, MOMENTS({8, ONE}, {9, ONE_TWO})), VERDICT_SAME);
    hold_other(MOMENTS({0, ""}, {4, ONE}, {7, ONE_TWO})); /* no checkpoint behind both messages */
    assert_int_equal(try(0, MOMENTS({8, ONE}, {9, ONE_TWO})), VERDICT_SAME);
}

static void checkpoints_are_found_by_what_was_complete(void **state)
{
    (void)state;
    hold_other(MOMENTS({0, ""}, {0, ""}, {2, ""}, {4, ""}, {4, ONE}, {6, ONE}, {8, ONE_TWO}));
    assert_int_equal(held.dues[0].first, 0);
    assert_int_equal(held.dues[0].latest, 1);
    assert_int_equal(held.dues[1].first, 3);
    assert_int_equal(held.dues[1].latest, 4);
    assert_int_equal(held.dues[2].first, 6);
    assert_int_equal(held.dues[2].latest, 6);
}

/* A clock that is longer in one run than in the other shifts nothing. */
static void offsets_are_those_under_the_masks(void **state)
{
    struct record second;
    (void)state;
    hold_other(MOMENTS({0, ""}, {4, "at 9 one\n"}, {8, "at 9 one\nat 9 two\n"}));
    converse(&second, MOMENTS({8, "at 8 one\nat 8 two\n"}));
    assert_int_equal(masks_learn(&held.masks, &held.lockstep, &second, ALICE_SAID), 2);
    record_close(&second);
    assert_int_equal(try(0, MOMENTS({4, "at 1000 one\n"}, {8, "at 1000 one\nat 1000 two\n"})), VERDICT_SAME);
    assert_int_equal(try(1, MOMENTS({4, "at 7 one\n"}, {8, "at 7 one\nat 1000 two\n"})), VERDICT_SAME);
    assert_false(points_streaming(held.points));
    assert_odd(try(2, MOMENTS({8, "at 1000 one\n"}, {9, "at 1000 one\nat 1000 two\n"})), ODDITY_STALL, 8);
    assert_int_equal(held.judgement.baseline_at, 9);
    assert_int_equal(held.judgement.baseline_end, 18);
}

/* alice speaks, bob hears it. */
static void every_stream_is_looked_at(void **state)
{
    struct record record;
    (void)state;
    hand_say(&held.lockstep, BOB_SAID, "alice: one\n");
    held.lockstep.trace.lengths[1 * HAND_STREAMS + BOB_SAID] = 11;
    held.lockstep.trace.lengths[2 * HAND_STREAMS + BOB_SAID] = 11;
    for (int late = 0; late < 2; late++) {
        hand_open(&record);
        hand_message(&record, ALICE, 0, "one\n");
        hand_message(&record, ALICE, 1, "two\n");
        hand_say(&record, ALICE_SAID, ONE_TWO);
        if (late) {
            hand_settled(&record, 8, 0);
        }
        hand_say(&record, BOB_SAID, "alice: one\n");
        hand_settled(&record, 8, 0);
        assert_int_equal(judge_it(&record, 0), late ? VERDICT_ODD : VERDICT_SAME);
    }
    assert_int_equal(held.judgement.oddity, ODDITY_STALL);
    assert_int_equal(held.judgement.stream, BOB_SAID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_due_is_no_finding),
        TEST(a_line_that_waits_for_more_is_a_stall),
        TEST(a_partial_tail_that_holds_back_is_a_stall),
        TEST(what_came_late_alone_is_due_late),
        TEST(what_had_settled_before_a_burst_is_not_judged),
        TEST(an_early_answer_that_does_not_come_next),
        TEST(an_early_answer_that_another_segmentation_did_not_give),
        TEST(the_earlier_case_is_named),
        TEST(two_early_answers_that_differ),
        TEST(streaming_is_no_finding),
        TEST(every_point_is_remembered),
        TEST(timed_checkpoints),
        TEST(where_nothing_is_known_nothing_is_judged),
        TEST(checkpoints_are_found_by_what_was_complete),
        TEST(offsets_are_those_under_the_masks),
        TEST(every_stream_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
