/* specimen_test - what is rendered sends the same bytes with the same cuts, also when parts were taken out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/steps/args.h"
#include "harness/sweep/specimen.h"
#include "harness/sweep/sweep_kit.h"

#define TALK                                                                                                 \
    CONNECT "{'send': 'a', 'line': 'one'}, {'send': 'a', 'line': 'four'}, {'expect': 'a', 'lines': ['one', " \
            "'four']}, {'repeat': 2, 'steps': [{'send': 'a', 'line': 'again'}]}, {'close': 'a', 'how': "     \
            "'write'}, {'expect': 'a', 'lines': ['again', 'again']}, {'expect': 'a', 'eof': true}"
#define TWO                                                                                                  \
    CONNECT "{'connect': 'b', 'to': 's'}, {'send': 'a', 'line': 'one'}, {'send': 'b', 'line': 'two'}, "      \
            "{'expect': 'a', 'line': 'one'}, {'expect': 'b', 'line': 'two'}, {'close': 'b'}"
/* Ops of TALK: connect, one, four, gate, again, again, FIN, gate. */
enum { OP_ONE = 1, OP_FOUR, OP_WAIT, OP_AGAIN, OP_AGAIN_TOO, OP_FIN, TALK_OPS = 8 };

static struct subject subject;
static struct specimen specimen;
static struct record as_sent; /* what the subject sent under the segmentation of the specimen */

static int tear_down(void **state)
{
    specimen_close(&specimen);
    record_close(&as_sent);
    subject_close(&subject);
    return state ? fake_tear_down(state) : 0;
}

static void make(const char *steps, const char *id)
{
    struct segmentation segmentation;
    struct seam_error error = {0};
    tear_down(NULL);
    struct record baseline;
    const struct scenario *scenario = kit_trace(steps, &baseline);
    subject_plain(scenario, &subject);
    subject.baseline = baseline;
    subject.has_baseline = true;
    assert_int_equal(layout_make(scenario, &subject.baseline, &subject.layout), 0);
    kit_trace_again(id, &as_sent);
    assert_int_equal(segmentation_parse(id, &segmentation, &error), 0);
    assert_int_equal(specimen_make(&subject, &segmentation, &specimen), 0);
    segmentation_close(&segmentation);
}

/* --- what was sent, as text: "one|\nfour" with | between two writes of a connection, + for its FIN --- */

static void sent_text(const struct record *record, size_t connection, char *out, size_t room)
{
    const struct transcript *t = &record->transcript;
    size_t n = 0;
    for (size_t i = 0; i < t->event_count; i++) {
        const struct transcript_event *e = &t->events[i];
        if (e->stream != 2 * connection || (e->kind != EVENT_CHUNK && e->kind != EVENT_END)) {
            continue;
        }
        bool with_fin = e->kind == EVENT_END && i > 0 && t->events[i - 1].stream == e->stream &&
                        t->events[i - 1].kind == EVENT_CHUNK && !t->events[i - 1].proof_due &&
                        t->events[i - 1].evidence == EVIDENCE_NONE;
        assert_true(n + e->length + 3 < room);
        if (e->kind == EVENT_CHUNK || !with_fin) {
            out[n++] = '|';
        }
        if (e->kind == EVENT_CHUNK) {
            memcpy(out + n, t->streams[e->stream].bytes.data + e->offset, e->length);
            n += e->length;
        } else {
            out[n++] = '+';
        }
    }
    out[n] = 0;
}

/* Runs what the specimen is rendered to; the subject is to be closed. */
static void render(bool special, struct subject *out, struct record *record)
{
    struct segmentation segmentation;
    struct seam_error error = {0};
    assert_true(specimen_render(&specimen, special, out, &segmentation));
    ran.options.trace = true;
    struct run *run = run_new(&out->scenario, &segmentation, ran.world, &ran.options, &error);
    if (!run) {
        fail_msg("%s", error.text);
    }
    runs_drive(ran.world, &run, 1);
    run_take_record(run, record);
    run_free(run);
    segmentation_close(&segmentation);
    if (record->failed) {
        fail_msg("%s\n%s", record->message, record->detail);
    }
}

static void assert_sends(const char *expected)
{
    char text[512];
    struct subject rendered;
    struct record record;
    render(false, &rendered, &record);
    sent_text(&record, 0, text, sizeof text);
    assert_string_equal(text, expected);
    record_close(&record);
    subject_close(&rendered);
}

static void assert_round_trip(const char *steps, const char *id)
{
    char wanted[512], got[512];
    struct subject rendered;
    struct record record;
    make(steps, id);
    render(false, &rendered, &record);
    for (size_t c = 0; c < subject.scenario.connection_count; c++) {
        sent_text(&as_sent, c, wanted, sizeof wanted);
        sent_text(&record, c, got, sizeof got);
        if (strcmp(wanted, got) != 0) {
            fail_msg("%s: %s is sent, not %s", id, got, wanted);
        }
    }
    record_close(&record);
    subject_close(&rendered);
}

/* --- tests --- */

static void what_is_rendered_sends_the_same(void **state)
{
    static const char *const ids[] = {"a@",   "a@*",     "a@%2",   "a@%3",
                                      "a@4",  "a@1,4,7", "a@4,15", "a@21",
                                      "a@15", "a@12",    "a@4,21", "a@2,3,4,5,8,10,14,15,16,20,21"};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        assert_round_trip(TALK, ids[i]);
    }
    assert_round_trip(TWO, "a@2;b@1,3");
    assert_round_trip(TWO, "a@*;b@");
    assert_round_trip(CONNECT "{'send': 'a', 'data': {'hex': 'ff0a80'}}, {'expect': 'a', 'size': 2}, "
                              "{'send': 'a', 'data': '\\n'}, {'expect': 'a', 'size': 2}",
                      "a@1,2");
}

static void ops_are_messages_gates_and_steps(void **state)
{
    static const enum op_kind kinds[TALK_OPS] = {OP_STEP,    OP_MESSAGE, OP_MESSAGE, OP_GATE,
                                                 OP_MESSAGE, OP_MESSAGE, OP_MESSAGE, OP_GATE};
    (void)state;
    make(TALK, "a@2,21");
    assert_int_equal(specimen.count, TALK_OPS);
    for (size_t i = 0; i < TALK_OPS; i++) {
        assert_int_equal(specimen.ops[i].kind, kinds[i]);
    }
    assert_int_equal(specimen.ops[OP_FOUR].length, 5);
    assert_memory_equal(specimen.ops[OP_FOUR].bytes, "four\n", 5);
    assert_int_equal(specimen.ops[OP_ONE].cut_count, 1);
    assert_int_equal(specimen.ops[OP_ONE].cuts[0], 2);
    assert_true(specimen.ops[OP_ONE].joined);
    assert_false(specimen.ops[OP_FOUR].joined); /* a gate comes */
    assert_true(specimen.ops[OP_AGAIN].joined);
    assert_false(specimen.ops[OP_AGAIN_TOO].joined); /* 21: the FIN apart */
    assert_true(specimen.ops[OP_FIN].fin);
    assert_false(specimen_is_special(&specimen));
}

static void cuts_and_offsets_are_counted(void **state)
{
    static const uint64_t offsets[TALK_OPS] = {0, 0, 4, 0, 9, 15, 21};
    (void)state;
    make(TALK, "a@2,5,7,21"); /* one join, cuts at 2, 5, 7; then a join, and the FIN apart */
    assert_int_equal(specimen_cut_count(&specimen), 5);
    for (size_t i = OP_ONE; i <= OP_FIN; i++) {
        assert_true(i == OP_WAIT || specimen_offset(&specimen, i) == offsets[i]);
    }
    assert_int_equal(specimen_next_in_burst(&specimen, OP_ONE), OP_FOUR);
    assert_true(specimen_next_in_burst(&specimen, OP_FOUR) == SIZE_MAX);
    assert_int_equal(specimen_next_in_burst(&specimen, OP_AGAIN_TOO), OP_FIN);
    specimen.ops[OP_WAIT].off = true; /* without the gate there is one burst */
    assert_int_equal(specimen_next_in_burst(&specimen, OP_FOUR), OP_AGAIN);
    assert_int_equal(specimen_cut_count(&specimen), 5); /* the end of "four" is cut: that is no join */
    specimen.ops[OP_FOUR].off = true;
    assert_int_equal(specimen_next_in_burst(&specimen, OP_ONE), OP_AGAIN);
    assert_int_equal(specimen_offset(&specimen, OP_AGAIN), 4);
    assert_int_equal(specimen_cut_count(&specimen), 3);
    make(TALK, "a@4,15,21");
    assert_int_equal(specimen_cut_count(&specimen), 0); /* each message alone */
}

static void what_is_taken_out_is_not_sent(void **state)
{
    (void)state;
    make(TALK, "a@4,15");
    assert_sends("|one\n|four\n|again\n|again\n+"); /* the FIN with the last bytes */
    make(TALK, "a@2,5,7,21");
    assert_sends("|on|e\nf|ou|r\n|again\nagain\n|+");
    specimen.ops[OP_ONE].off = true;
    assert_sends("|f|ou|r\n|again\nagain\n|+");
    specimen.ops[OP_AGAIN].off = true;
    assert_sends("|f|ou|r\n|again\n|+");
    specimen.ops[OP_FIN].off = true;
    specimen.ops[OP_FIN + 1].off = true;
    assert_sends("|f|ou|r\n|again\n");
    specimen.ops[OP_FOUR].cut_count = 1;
    specimen.ops[OP_AGAIN_TOO].length = 3;
    assert_sends("|f|our\n|aga");
    specimen.ops[OP_WAIT].off = true; /* the two come side by side: apart, unless they are joined */
    assert_sends("|f|our\n|aga");
    specimen.ops[OP_FOUR].joined = true;
    assert_sends("|f|our\naga");
    specimen.ops[OP_FOUR].off = specimen.ops[OP_AGAIN_TOO].off = true;
    struct subject rendered;
    struct segmentation segmentation;
    assert_false(specimen_render(&specimen, false, &rendered, &segmentation));
}

static void a_copy_stands_alone(void **state)
{
    struct specimen copy;
    (void)state;
    make(TALK, "a@2,5,7,21");
    assert_int_equal(specimen_copy(&specimen, &copy), 0);
    assert_int_equal(copy.count, specimen.count);
    for (size_t i = 0; i < copy.count; i++) {
        const struct op *a = &specimen.ops[i], *b = &copy.ops[i];
        assert_int_equal(a->kind, b->kind);
        assert_int_equal(a->length, b->length);
        assert_int_equal(a->cut_count, b->cut_count);
        assert_true(a->length == 0 || (a->bytes != b->bytes && memcmp(a->bytes, b->bytes, a->length) == 0));
        assert_true(a->cut_count == 0 || memcmp(a->cuts, b->cuts, a->cut_count * sizeof *a->cuts) == 0);
    }
    copy.ops[OP_ONE].bytes[0] = 'X';
    copy.ops[OP_ONE].cuts[0] = 1;
    copy.ops[OP_FOUR].off = true;
    assert_sends("|on|e\nf|ou|r\n|again\nagain\n|+");
    specimen_close(&specimen);
    specimen = copy;
    assert_sends("|X|ne\n|again\nagain\n|+");
}

/* --- special ones --- */

static void a_slow_one_is_read_at_its_end(void **state)
{
    struct subject rendered;
    struct record record;
    size_t expects = 0;
    (void)state;
    make(TALK, "a@");
    specimen.slow = 0;
    specimen.slow_bytes = 21;
    assert_true(specimen_is_special(&specimen));
    render(true, &rendered, &record);
    assert_true(rendered.scenario.connections[0].reads_on_expect);
    assert_int_equal(rendered.scenario.connections[0].receive_buffer->value, SUBJECT_SLOW_RECEIVE_BYTES);
    assert_false(subject.scenario.connections[0].reads_on_expect); /* the scenario's own are as they were */
    for (size_t i = 0; i < rendered.scenario.script_count; i++) {
        expects += rendered.scenario.script[i].step->verb == &step_expect;
    }
    assert_true(expects >= 1);
    assert_int_equal(record.transcript.streams[1].bytes.length, 21);
    record_close(&record);
    subject_close(&rendered);
    render(false, &rendered, &record); /* it may be rendered as if it were none, too */
    assert_false(rendered.scenario.connections[0].reads_on_expect);
    record_close(&record);
    subject_close(&rendered);
}

static void a_probe_rides_with_its_message(void **state)
{
    struct subject rendered;
    struct record record;
    (void)state;
    for (int special = 0; special < 2; special++) {
        make(TALK, "a@4,15,21");
        specimen.probe_at = OP_FOUR;
        specimen.probe = "evil\n";
        specimen.probe_length = 5;
        assert_true(specimen_is_special(&specimen));
        render(special, &rendered, &record);
        assert_string_equal(bytes_text(&record.transcript.streams[0].bytes),
                            special ? "one\nfour\nevil\nagain\nagain\n" : "one\nfour\nagain\nagain\n");
        record_close(&record);
        subject_close(&rendered);
    }
}

/* bob's message leaves where alice's is cut. */
static void one_is_interrupted_by_another(void **state)
{
    struct subject rendered;
    struct record record;
    char order[64] = "";
    size_t n = 0;
    (void)state;
    make(TWO, "a@2;b@");
    specimen.ops[2].interrupted_by = 3;
    assert_true(specimen_is_special(&specimen));
    render(true, &rendered, &record);
    for (size_t i = 0; i < record.transcript.event_count; i++) {
        const struct transcript_event *e = &record.transcript.events[i];
        if (e->kind == EVENT_CHUNK && e->stream % 2 == 0 && e->stream < 4) {
            n += (size_t)snprintf(order + n, sizeof order - n, "%c%u ", 'a' + (char)(e->stream / 2),
                                  e->length);
        }
    }
    assert_string_equal(order, "a2 b4 a2 ");
    record_close(&record);
    subject_close(&rendered);
    specimen.ops[2].off = true; /* what is taken out interrupts nothing */
    assert_false(specimen_is_special(&specimen));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_rendered_sends_the_same),
        TEST(ops_are_messages_gates_and_steps),
        TEST(cuts_and_offsets_are_counted),
        TEST(what_is_taken_out_is_not_sent),
        TEST(a_copy_stands_alone),
        TEST(a_slow_one_is_read_at_its_end),
        TEST(a_probe_rides_with_its_message),
        TEST(one_is_interrupted_by_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
