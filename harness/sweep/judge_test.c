/* judge_test - each oddity by records made by hand: what is odd, where it is, and what is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/sweep/judge.h"
#include "harness/sweep/sweep_kit.h"

/* What a case is held against: alice sends "one\n" and "two\n" side by side, and gets a line for each. */
struct held {
    struct record baseline;
    struct layout layout;
    struct masks masks;
    struct points *points;
    bool off[SCENARIO_ORACLE_COUNT];
    struct reference reference;
};

static void send_both(struct record *record)
{
    hand_open(record);
    hand_message(record, ALICE, 0, "one\n");
    hand_message(record, ALICE, 1, "two\n");
}

static struct held *held_open(void)
{
    struct held *held = calloc(1, sizeof *held);
    assert_non_null(held);
    send_both(&held->baseline);
    hand_say(&held->baseline, ALICE_SAID, "ok one\nok two\n");
    assert_int_equal(layout_make(hand_scenario("sse"), &held->baseline, &held->layout), 0);
    held->points = points_new();
    held->reference = (struct reference){.scenario = hand_scenario("sse"),
                                         .baseline = &held->baseline,
                                         .layout = &held->layout,
                                         .masks = &held->masks,
                                         .points = held->points,
                                         .evidence = EVIDENCE_DRAINED,
                                         .oracle_off = held->off};
    return held;
}

static void held_close(struct held *held)
{
    record_close(&held->baseline);
    layout_close(&held->layout);
    masks_close(&held->masks);
    points_free(held->points);
    free(held);
}

/* Judges a record, and takes it. */
static enum verdict judged(struct held *held, struct record *record, bool guest, struct judgement *out)
{
    size_t earlier;
    enum verdict verdict = judge(&held->reference, record, guest, 0, out, &earlier);
    assert_true(earlier == SIZE_MAX);
    assert_true((verdict == VERDICT_SAME) == (out->text == NULL));
    record_close(record);
    judgement_close(out);
    return verdict;
}

static void assert_said(const char *said, enum oddity oddity, size_t baseline_at, size_t odd_at)
{
    struct held *held = held_open();
    struct record record;
    struct judgement judgement;
    send_both(&record);
    hand_say(&record, ALICE_SAID, said);
    assert_int_equal(judged(held, &record, false, &judgement), oddity ? VERDICT_ODD : VERDICT_SAME);
    if (oddity) {
        assert_int_equal(judgement.oracle, ORACLE_INVARIANCE);
        assert_int_equal(judgement.oddity, oddity);
        assert_int_equal(judgement.stream, ALICE_SAID);
        assert_int_equal(judgement.baseline_at, baseline_at);
        assert_int_equal(judgement.odd_at, odd_at);
    }
    held_close(held);
}

static void bytes_are_compared(void **state)
{
    (void)state;
    assert_said("ok one\nok two\n", ODDITY_NONE, 0, 0);
    assert_said("ok one\nok twO\n", ODDITY_OTHER, 12, 12);
    assert_said("Ok one\nok two\n", ODDITY_OTHER, 0, 0);
    assert_said("ok one\n", ODDITY_LESS, 7, 7);
    assert_said("ok one\nok two", ODDITY_LESS, 13, 13);
    assert_said("", ODDITY_LESS, 0, 0);
    assert_said("ok one\nok two\n\n", ODDITY_MORE, 14, 14);
}

static void what_is_sent_and_typed_is_not_judged(void **state)
{
    struct held *held = held_open();
    struct record record;
    struct judgement judgement;
    (void)state;
    send_both(&record);
    hand_say(&record, ALICE_SENT, "more");
    hand_end(&record, ALICE_SENT, EVENT_END);
    hand_say(&record, ALICE_SAID, "ok one\nok two\n");
    assert_int_equal(judged(held, &record, false, &judgement), VERDICT_SAME);
    held_close(held);
}

/* kind: EVENT_CHUNK for none. */
static void assert_ends(enum event_kind baseline, enum event_kind odd, bool by_chance, bool is_odd)
{
    struct held *held = held_open();
    struct record record;
    struct judgement judgement;
    send_both(&record);
    hand_say(&record, ALICE_SAID, "ok one\nok two\n");
    if (baseline != EVENT_CHUNK) {
        hand_end(&held->baseline, ALICE_SAID, baseline);
    }
    if (odd != EVENT_CHUNK) {
        hand_end(&record, ALICE_SAID, odd);
    }
    record.unsent_bytes = by_chance ? 3 : 0;
    assert_int_equal(judged(held, &record, false, &judgement), is_odd ? VERDICT_ODD : VERDICT_SAME);
    assert_int_equal(judgement.oddity, is_odd ? ODDITY_CLOSE : ODDITY_NONE);
    held_close(held);
}

static void ends_are_compared(void **state)
{
    (void)state;
    assert_ends(EVENT_CHUNK, EVENT_END, false, true);
    assert_ends(EVENT_END, EVENT_CHUNK, false, true);
    assert_ends(EVENT_END, EVENT_RESET, false, true);
    assert_ends(EVENT_RESET, EVENT_RESET, false, false);
    assert_ends(EVENT_END, EVENT_END, false, false);
    /* Who closes over unread bytes resets or ends by chance; but it does close. */
    assert_ends(EVENT_END, EVENT_RESET, true, false);
    assert_ends(EVENT_CHUNK, EVENT_RESET, true, true);
}

static void outputs_and_fates_are_the_own_ones_of_no_guest(void **state)
{
    (void)state;
    for (int guest = 0; guest < 2; guest++) {
        for (int fate = 0; fate < 2; fate++) {
            struct held *held = held_open();
            struct record record;
            struct judgement judgement;
            send_both(&record);
            hand_say(&record, ALICE_SAID, "ok one\nok two\n");
            if (fate) {
                transcript_event(&held->baseline.transcript, EVENT_EXITED, SERVER_OUT, 0, 0, 0);
                transcript_event(&record.transcript, EVENT_EXITED, SERVER_OUT, 0, 3, 0);
            } else {
                hand_say(&record, SERVER_ERR, "careful\n");
            }
            assert_int_equal(judged(held, &record, guest, &judgement), guest ? VERDICT_SAME : VERDICT_ODD);
            if (!guest) {
                assert_int_equal(judgement.oddity, fate ? ODDITY_END : ODDITY_MORE);
                assert_int_equal(judgement.stream, fate ? SERVER_OUT : SERVER_ERR);
            }
            held_close(held);
        }
    }
}

static void failures_are_told_apart(void **state)
{
    static const struct {
        enum run_failure failure;
        enum result_status status;
        const char *said;
        uint64_t unsent_bytes;
        enum verdict verdict;
        enum oracle oracle;
        enum oddity oddity;
    } cases[] = {
        {RUN_FAILURE_STEP, RESULT_FAILED, "ok one\n", 0, VERDICT_ODD, ORACLE_EXPECTATION, ODDITY_LESS},
        {RUN_FAILURE_STEP, RESULT_FAILED, "ok one\nno\n", 0, VERDICT_ODD, ORACLE_EXPECTATION, ODDITY_OTHER},
        {RUN_FAILURE_STEP, RESULT_FAILED, "ok one\nok two\n", 0, VERDICT_ODD, ORACLE_EXPECTATION,
         ODDITY_OTHER},
        {RUN_FAILURE_END, RESULT_FAILED, "ok one\n", 0, VERDICT_ODD, ORACLE_HEALTH, ODDITY_END},
        {RUN_FAILURE_UNREAD, RESULT_FAILED, "ok one\n", 0, VERDICT_ODD, ORACLE_EXPECTATION, ODDITY_UNREAD},
        {RUN_FAILURE_MISFIT, RESULT_ERROR, "ok one\n", 4, VERDICT_ODD, ORACLE_EXPECTATION, ODDITY_CLOSE},
        {RUN_FAILURE_MISFIT, RESULT_ERROR, "ok one\nok two\n", 4, VERDICT_SAME, 0, 0}, /* it had said all */
        {RUN_FAILURE_MISFIT, RESULT_ERROR, "ok one\n", 0, VERDICT_ERROR, 0, 0},
        {RUN_FAILURE_STEP, RESULT_ERROR, "ok one\n", 4, VERDICT_ERROR, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct held *held = held_open();
        struct record record;
        struct judgement judgement;
        send_both(&record);
        hand_say(&record, ALICE_SAID, cases[i].said);
        record.failed = true;
        record.failure = cases[i].failure;
        record.status = cases[i].status;
        record.unsent_bytes = cases[i].unsent_bytes;
        assert_int_equal(judged(held, &record, false, &judgement), cases[i].verdict);
        if (cases[i].verdict == VERDICT_ODD) {
            assert_int_equal(judgement.oracle, cases[i].oracle);
            assert_int_equal(judgement.oddity, cases[i].oddity);
        }
        held_close(held);
    }
}

static void oracles_that_are_off_say_nothing(void **state)
{
    struct held *held = held_open();
    struct record record;
    struct judgement judgement;
    (void)state;
    for (int off = 0; off < 2; off++) {
        held->off[SCENARIO_ORACLE_INVARIANCE] = off;
        send_both(&record);
        hand_say(&record, ALICE_SAID, "no\n");
        assert_int_equal(judged(held, &record, false, &judgement), off ? VERDICT_SAME : VERDICT_ODD);
        held->off[SCENARIO_ORACLE_HEALTH] = off;
        send_both(&record);
        record.failed = true;
        record.failure = RUN_FAILURE_END;
        record.status = RESULT_FAILED;
        assert_int_equal(judged(held, &record, false, &judgement), off ? VERDICT_SAME : VERDICT_ODD);
    }
    held_close(held);
}

static void weak_evidence_is_an_error(void **state)
{
    static const struct {
        enum evidence asked, baseline, got;
        enum verdict verdict;
    } cases[] = {
        {EVIDENCE_DRAINED, EVIDENCE_DRAINED, EVIDENCE_DRAINED, VERDICT_SAME},
        {EVIDENCE_DRAINED, EVIDENCE_DRAINED, EVIDENCE_SENT, VERDICT_ERROR},
        {EVIDENCE_DRAINED, EVIDENCE_DRAINED, EVIDENCE_PACED, VERDICT_ERROR},
        {EVIDENCE_DRAINED, EVIDENCE_NONE, EVIDENCE_SENT, VERDICT_ERROR},
        {EVIDENCE_DRAINED, EVIDENCE_DRAINED, EVIDENCE_NONE, VERDICT_SAME}, /* nothing was cut */
        {EVIDENCE_DRAINED, EVIDENCE_SENT, EVIDENCE_SENT, VERDICT_SAME},    /* the scenario itself waives it */
        {EVIDENCE_SENT, EVIDENCE_DRAINED, EVIDENCE_SENT, VERDICT_SAME},
        {EVIDENCE_PACED, EVIDENCE_PACED, EVIDENCE_SENT, VERDICT_ERROR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct held *held = held_open();
        struct record record;
        struct judgement judgement;
        send_both(&record);
        hand_say(&record, ALICE_SAID, "ok one\nok two\n");
        held->reference.evidence = cases[i].asked;
        held->baseline.evidence = cases[i].baseline;
        record.evidence = cases[i].got;
        assert_int_equal(judged(held, &record, false, &judgement), cases[i].verdict);
        held_close(held);
    }
}

static void a_trace_that_is_not_whole_is_an_error(void **state)
{
    struct held *held = held_open();
    struct record record;
    struct judgement judgement;
    (void)state;
    send_both(&record);
    hand_say(&record, ALICE_SAID, "ok one\nok two\n");
    record.trace.incomplete = true;
    assert_int_equal(judged(held, &record, false, &judgement), VERDICT_ERROR);
    held_close(held);
}

/* Two baselines say "id 17" and "id 18": the number is masked, what stands around it is not. */
static void masks_are_respected(void **state)
{
    static const struct {
        const char *said;
        enum oddity oddity;
        size_t baseline_at, odd_at;
    } cases[] = {{"id 4711 ok\nok two\n", ODDITY_NONE, 0, 0},
                 {"id 19 no\nok two\n", ODDITY_OTHER, 6, 6},
                 {"id 4711 ok\nok twO\n", ODDITY_OTHER, 14, 16},
                 {"id 4711 ok\n", ODDITY_LESS, 9, 11},
                 {"19 id ok\nok two\n", ODDITY_OTHER, 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct held *held = held_open();
        struct record record, second;
        struct judgement judgement;
        record_close(&held->baseline);
        send_both(&held->baseline);
        hand_say(&held->baseline, ALICE_SAID, "id 17 ok\nok two\n");
        send_both(&second);
        hand_say(&second, ALICE_SAID, "id 18 ok\nok two\n");
        assert_int_equal(masks_learn(&held->masks, &held->baseline, &second, ALICE_SAID), 1);
        send_both(&record);
        hand_say(&record, ALICE_SAID, cases[i].said);
        assert_int_equal(judged(held, &record, false, &judgement),
                         cases[i].oddity ? VERDICT_ODD : VERDICT_SAME);
        assert_int_equal(judgement.oddity, cases[i].oddity);
        if (cases[i].oddity) {
            assert_int_equal(judgement.baseline_at, cases[i].baseline_at);
            assert_int_equal(judgement.odd_at, cases[i].odd_at);
        }
        record_close(&second);
        held_close(held);
    }
}

static void an_end_that_two_baselines_differ_in_is_masked(void **state)
{
    struct held *held = held_open();
    struct record second, record;
    struct judgement judgement;
    (void)state;
    send_both(&second);
    hand_say(&second, ALICE_SAID, "ok one\nok two\n");
    hand_end(&second, ALICE_SAID, EVENT_RESET);
    assert_int_equal(masks_learn(&held->masks, &held->baseline, &second, ALICE_SAID), 1);
    assert_int_equal(masks_learn(&held->masks, &held->baseline, &second, ALICE_SAID), 0);
    send_both(&record);
    hand_say(&record, ALICE_SAID, "ok one\nok two\n");
    hand_end(&record, ALICE_SAID, EVENT_END);
    assert_int_equal(judged(held, &record, false, &judgement), VERDICT_SAME);
    record_close(&second);
    held_close(held);
}

/* --- what rides across a barrier --- */

/* The barrier is step 1. said: what the run in which "two" rode with "one" said. */
static enum verdict injected(const char *said, enum event_kind end, enum result_status status,
                             enum run_failure failure, size_t failed_at, struct judgement *out)
{
    struct held *held = held_open();
    struct record record;
    send_both(&record);
    hand_say(&record, ALICE_SAID, said);
    if (end != EVENT_CHUNK) {
        hand_end(&record, ALICE_SAID, end);
    }
    record.failed = status != RESULT_PASSED;
    record.status = status;
    record.failure = failure;
    record.failed_at = failed_at;
    enum verdict verdict = judge_injection(&held->reference, &record, 1, out);
    record_close(&record);
    held_close(held);
    judgement_close(out);
    return verdict;
}

static void an_injection_is_right_when_it_is_not_acted_on(void **state)
{
    const size_t none = SIZE_MAX;
    struct judgement j;
    (void)state;
    /* passed over, in whole or with what came behind */
    assert_int_equal(injected("ok one\nok two\n", EVENT_CHUNK, RESULT_PASSED, 0, none, &j), VERDICT_SAME);
    assert_int_equal(injected("ok one\n", EVENT_CHUNK, RESULT_FAILED, RUN_FAILURE_STEP, 3, &j), VERDICT_SAME);
    /* refused before the barrier or at it, or closed */
    assert_int_equal(injected("no\n", EVENT_CHUNK, RESULT_FAILED, RUN_FAILURE_STEP, 1, &j), VERDICT_SAME);
    assert_int_equal(injected("no\n", EVENT_END, RESULT_FAILED, RUN_FAILURE_STEP, 3, &j), VERDICT_SAME);
    assert_int_equal(injected("no\n", EVENT_RESET, RESULT_FAILED, RUN_FAILURE_STEP, 3, &j), VERDICT_SAME);
    assert_int_equal(injected("ok one\nok two\n", EVENT_END, RESULT_PASSED, 0, none, &j), VERDICT_SAME);
}

static void an_injection_that_is_acted_on_is_odd(void **state)
{
    struct judgement j;
    (void)state;
    assert_int_equal(injected("ok one\nok two\nok two\n", EVENT_CHUNK, RESULT_PASSED, 0, SIZE_MAX, &j),
                     VERDICT_ODD);
    assert_int_equal(j.oracle, ORACLE_INJECTION);
    assert_int_equal(j.oddity, ODDITY_MORE);
    assert_int_equal(injected("ok one\nok evil\n", EVENT_CHUNK, RESULT_FAILED, RUN_FAILURE_STEP, 2, &j),
                     VERDICT_ODD);
    assert_int_equal(j.oracle, ORACLE_INJECTION);
    assert_int_equal(j.oddity, ODDITY_OTHER);
    assert_int_equal(injected("ok one\n", EVENT_CHUNK, RESULT_FAILED, RUN_FAILURE_END, 0, &j), VERDICT_ODD);
    assert_int_equal(j.oracle, ORACLE_HEALTH);
    assert_int_equal(j.oddity, ODDITY_END);
    assert_int_equal(injected("ok one\n", EVENT_CHUNK, RESULT_ERROR, RUN_FAILURE_STEP, 0, &j), VERDICT_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_compared),
        cmocka_unit_test(what_is_sent_and_typed_is_not_judged),
        cmocka_unit_test(ends_are_compared),
        cmocka_unit_test(outputs_and_fates_are_the_own_ones_of_no_guest),
        cmocka_unit_test(failures_are_told_apart),
        cmocka_unit_test(oracles_that_are_off_say_nothing),
        cmocka_unit_test(weak_evidence_is_an_error),
        cmocka_unit_test(a_trace_that_is_not_whole_is_an_error),
        cmocka_unit_test(masks_are_respected),
        cmocka_unit_test(an_end_that_two_baselines_differ_in_is_masked),
        cmocka_unit_test(an_injection_is_right_when_it_is_not_acted_on),
        cmocka_unit_test(an_injection_that_is_acted_on_is_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
