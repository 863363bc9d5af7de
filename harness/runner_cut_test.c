/* runner_cut_test - when which byte leaves, on the scripted world: proofs, cuts, bursts and gates, closing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "harness/runner_fake.h"

/* --- proofs --- */

static void test_proof_before_next_byte(void **state)
{
    (void)state;
    run_steps("echo",
              CONNECT "{'send': 'a', 'split': ['he', 'l', 'lo\\n']}, {'expect': 'a', 'line': 'hello'}");
    assert_passed();
    assert_words(
        "write0|drained0|read0",
        "write0:2 read0:he drained0 write0:1 read0:l drained0 write0:3 read0:lo\\n drained0 read0:FIN");
    assert_int_equal(ran.result.evidence, EVIDENCE_DRAINED);
    assert_int_equal(ran.result.cuts_proved, 2);
}

static void test_proof_waits_for_slow_reader(void **state)
{
    (void)state;
    run_steps("slow", CONNECT "{'send': 'a', 'split': ['he', 'llo\\n']}, {'expect': 'a', 'line': 'hello'}");
    assert_passed();
    assert_words("write0|drained0|read0",
                 "write0:2 read0:he drained0 write0:4 read0:llo\\n drained0 read0:FIN");
    assert_within_ms(6, 60);
    run_steps("parts",
              CONNECT "{'send': 'a', 'split': ['hello', 'abc\\n']}, {'expect': 'a', 'line': 'helloabc'}");
    assert_passed();
    assert_words("write0|drained0|read0",
                 "write0:5 read0:he read0:ll read0:o drained0 write0:4 read0:ab read0:c\\n drained0 "
                 "read0:FIN");
}

/* The limit bounds a wait in which nothing happens, not a send that goes on: 3 s of chunks under a limit of 1
 * s. */
static void test_limit_is_per_chunk(void **state)
{
    (void)state;
    load_whole(
        "{'seam': 1, 'name': 'long', 'timeout_ms': 1000, "
        "'programs': {'s': {'command': ['slow'], 'listens': true}}, 'steps': [{'connect': 'a', 'to': 's'}, "
        "{'send': 'a', 'split': 1, 'line': {'text': 'x', 'times': 999}}, "
        "{'expect': 'a', 'line': {'text': 'x', 'times': 999}}]}");
    drive(NULL);
    assert_passed();
    assert_within_ms(2900, 4000);
}

/* The proof is demanded by the next byte, not by the end of a send: other connections go on. */
static void test_proof_is_lazy(void **state)
{
    (void)state;
    run_steps("deaf",
              CONNECT "{'connect': 'b', 'to': 's'}, {'send': 'a', 'data': 'x'}, {'send': 'b', 'data': 'y'}");
    assert_passed();
    assert_words("write", "write0:1 write1:1");
    assert_non_null(strstr(ran.result.notes, "\"a\": 1 byte was never read by the program"));
}

static void test_unread_chunk_fails_with_facts(void **state)
{
    (void)state;
    run_steps("deaf", CONNECT "{'send': 'a', 'split': ['abc', 'def']}");
    assert_status(RESULT_FAILED, "chunk 1 of \"a\" unread: 3 of 3 bytes; s sleeps in read without a timer");
    assert_words("write", "write0:3");
    assert_within_ms(0, 100);
    run_steps("absent", CONNECT "{'send': 'a', 'split': ['abc', 'def']}");
    assert_status(RESULT_FAILED, "no program has accepted the connection");
    run_steps("deaf", CONNECT "{'send': 'a', 'split': ['abc', 'def'], 'evidence': 'sent'}");
    assert_passed();
    assert_words("write", "write0:3 write0:3");
    assert_int_equal(ran.result.evidence, EVIDENCE_SENT);
}

/* A waived chunk does not waive the next one. */
static void test_waiver_ends_with_its_send(void **state)
{
    (void)state;
    run_steps("deaf", CONNECT "{'send': 'a', 'data': 'x', 'evidence': 'sent'}, {'send': 'a', 'data': 'y'}, "
                              "{'send': 'a', 'data': 'z'}");
    assert_status(RESULT_FAILED, "chunk 2 of \"a\" unread: 1 of 1 byte");
    assert_words("write", "write0:1 write0:1");
    /* Nor the one before it. */
    run_steps("deaf", CONNECT "{'send': 'a', 'data': 'x'}, {'send': 'a', 'data': 'y', 'evidence': 'sent'}");
    assert_status(RESULT_FAILED, "chunk 1 of \"a\" unread: 1 of 1 byte");
    assert_words("write", "write0:1");
}

static void test_weaker_evidence_is_an_error(void **state)
{
    static const char steps[] =
        CONNECT "{'send': 'a', 'split': ['he', 'llo\\n']}, {'expect': 'a', 'line': 'hello'}";
    (void)state;
    run_steps("blind", steps);
    assert_status(RESULT_ERROR, "the cut behind chunk 1 of \"a\" can't be proved");
    assert_words("write", "write0:2");
    ran.options = (struct run_options){.evidence = EVIDENCE_PACED, .paced_ns = 10 * FAKE_MS};
    run_steps("blind", steps);
    assert_passed();
    assert_int_equal(ran.result.evidence, EVIDENCE_PACED);
    assert_int_equal(ran.result.cuts_proved, 0);
    assert_within_ms(10, 100);
    ran.options = (struct run_options){.evidence = EVIDENCE_SENT};
    run_steps("blind", steps);
    assert_passed();
    assert_int_equal(ran.result.evidence, EVIDENCE_SENT);
    /* Nothing was cut: nothing needs a proof. */
    ran.options = (struct run_options){.evidence = EVIDENCE_DRAINED};
    run_steps("blind", CONNECT "{'send': 'a', 'line': 'hello'}, {'expect': 'a', 'line': 'hello'}");
    assert_status(RESULT_PASSED, "");
}

static void test_write_that_does_not_fit(void **state)
{
    (void)state;
    run_steps("deaf", CONNECT "{'send': 'a', 'data': {'text': 'x', 'times': 5000}}");
    assert_status(RESULT_FAILED, "\"a\" can't send: the program does not read; s sleeps in read");
    assert_within_ms(0, 100);
}

/* --- cuts --- */

#define BURST                                                                                                \
    CONNECT "{'send': 'a', 'data': 'abc'}, {'send': 'a', 'data': 'def'}, {'send': 'a', 'split': ['gh', "     \
            "'i\\n']}, "                                                                                     \
            "{'expect': 'a', 'line': 'abcdefghi'}"

static void assert_cut(const char *command, const char *cut, const char *steps, const char *writes)
{
    run_cut(command, cut, steps);
    assert_passed();
    assert_words("write", writes);
    if (cut) {
        assert_string_equal(ran.result.cut, cut);
    }
}

static void test_cut_rules(void **state)
{
    (void)state;
    assert_cut("echo", NULL, BURST, "write0:3 write0:3 write0:2 write0:2");
    assert_cut("echo", "a@=", BURST, "write0:3 write0:3 write0:2 write0:2");
    assert_cut("echo", "a@", BURST, "write0:10");
    assert_cut("echo", "a@1,3", BURST, "write0:1 write0:2 write0:7");
    assert_cut("echo", "a@9", BURST, "write0:9 write0:1");
    assert_cut("echo", "a@3,6,8", BURST, "write0:3 write0:3 write0:2 write0:2");
    assert_cut("echo", "a@%3", BURST, "write0:3 write0:3 write0:3 write0:1");
    assert_cut("echo", "a@%5", BURST, "write0:5 write0:5");
    assert_cut("echo", "a@%100", BURST, "write0:10");
    assert_cut("echo", "a@*", BURST,
               "write0:1 write0:1 write0:1 write0:1 write0:1 write0:1 write0:1 write0:1 write0:1 write0:1");
}

/* Every chunk of every rule is read apart. */
static void test_reads_follow_cuts(void **state)
{
    (void)state;
    run_cut("echo", "a@1,3", BURST);
    assert_words("read0", "read0:a read0:bc read0:defghi\\n read0:FIN");
    run_cut("slow", "a@*", BURST);
    assert_words(
        "read0",
        "read0:a read0:b read0:c read0:d read0:e read0:f read0:g read0:h read0:i read0:\\n read0:FIN");
}

static void test_gates_cut(void **state)
{
    static const char steps[] =
        CONNECT "{'send': 'a', 'data': 'abc'}, " SETTLE ", {'send': 'a', 'data': 'def'}, "
                "{'send': 'a', 'data': 'g\\n'}, {'expect': 'a', 'line': 'abcdefg'}";
    (void)state;
    assert_cut("echo", "a@", steps, "write0:3 write0:5");
    assert_cut("echo", "a@%2", steps, "write0:2 write0:1 write0:2 write0:2 write0:1");
    assert_cut("echo", "a@1,4,7", steps, "write0:1 write0:2 write0:1 write0:3 write0:1");
    /* A barrier is a gate, a variable is none, and neither is the way a repeat is written. */
    assert_cut(
        "echo", "a@",
        CONNECT
        "{'send': 'a', 'data': 'ab', 'barrier': true}, {'repeat': 2, 'as': 'i', 'steps': [{'send': 'a', "
        "'data': '${i}'}]}, {'send': 'a', 'data': '\\n'}, {'expect': 'a', 'line': 'ab01'}",
        "write0:2 write0:3");
    /* A send on another connection is a gate too. */
    assert_cut("echo", "a@",
               CONNECT "{'connect': 'b', 'to': 's'}, {'send': 'a', 'data': 'x'}, {'send': 'b', 'data': 'y'}, "
                       "{'send': 'a', 'data': "
                       "'z'}",
               "write0:1 write1:1 write0:1");
}

static void test_cuts_of_fin(void **state)
{
    static const char steps[] = CONNECT "{'send': 'a', 'data': 'ab\\n'}, {'close': 'a', 'how': 'write'}, "
                                        "{'expect': 'a', 'line': 'ab', 'eof': true}";
    (void)state;
    assert_cut("echo", NULL, steps, "write0:3 write0:0+fin");
    assert_words("write0|drained0|read0", "write0:3 read0:ab\\n drained0 write0:0+fin read0:FIN drained0");
    assert_cut("echo", "a@", steps, "write0:3+fin");
    assert_cut("echo", "a@3", steps, "write0:3 write0:0+fin");
    assert_cut("echo", "a@2", steps, "write0:2 write0:1+fin");
    assert_cut("echo", "a@*", steps, "write0:1 write0:1 write0:1 write0:0+fin");
    assert_cut("echo", "a@%2", steps, "write0:2 write0:1+fin");
    assert_cut("echo", "a@%3", steps, "write0:3 write0:0+fin");
    /* A gate between them: apart, whatever the rule. */
    assert_cut(
        "echo", "a@",
        CONNECT
        "{'send': 'a', 'data': 'ab\\n'}, {'expect': 'a', 'line': 'ab'}, {'close': 'a', 'how': 'write'}, "
        "{'expect': 'a', 'eof': true}",
        "write0:3 write0:0+fin");
}

static void assert_no_fit(const char *cut, const char *steps)
{
    run_cut("echo", cut, steps);
    assert_status(RESULT_ERROR, "the segmentation does not fit");
}

static void test_cut_that_does_not_fit(void **state)
{
    static const char steps[] =
        CONNECT "{'send': 'a', 'data': 'abc'}, " SETTLE ", {'send': 'a', 'data': 'def\\n'}, "
                "{'expect': 'a', 'line': 'abcdef'}";
    struct seam_error error = {0};
    struct segmentation segmentation = {0};
    (void)state;
    assert_no_fit("a@3", steps); /* a gate: it always cuts */
    assert_no_fit("a@7", steps); /* the end */
    assert_no_fit("a@8", steps); /* behind the end */
    assert_no_fit("a@1,900", steps);
    load_steps("echo", steps);
    assert_int_equal(segmentation_parse("b@1", &segmentation, &error), 0);
    assert_null(run_new(kit_only(ran.file), &segmentation, ran.world, &ran.options, &error));
    assert_non_null(strstr(error.text, "\"b\""));
    segmentation_close(&segmentation);
}

/* The same conversation, whatever the cuts: equal transcripts. */
static void test_transcripts_are_equal(void **state)
{
    static const char *const cuts[] = {"a@=", "a@", "a@*", "a@%2", "a@%3", "a@1,4", "a@2,3,9"};
    struct bytes difference;
    (void)state;
    bytes_init(&difference, 4096);
    load_steps("echo", BURST ", {'send': 'a', 'line': 'bye'}, {'expect': 'a', 'eof': true}");
    enum { CUTS = sizeof cuts / sizeof cuts[0] };
    struct run *runs[CUTS];
    struct segmentation segmentations[CUTS];
    struct seam_error error = {0};
    for (size_t i = 0; i < CUTS; i++) {
        assert_int_equal(segmentation_parse(cuts[i], &segmentations[i], &error), 0);
        ran.options.tmp = ran.tmp;
        runs[i] = run_new(kit_only(ran.file), &segmentations[i], ran.world, &ran.options, &error);
        assert_non_null(runs[i]);
    }
    runs_drive(ran.world, runs, CUTS);
    for (size_t i = 0; i < CUTS; i++) {
        run_result(runs[i], &ran.result);
        assert_passed();
        result_close(&ran.result);
        if (transcript_compare(run_transcript(runs[0]), run_transcript(runs[i]), &difference) != 0) {
            fail_msg("%s: %s", cuts[i], bytes_text(&difference));
        }
    }
    for (size_t i = 0; i < CUTS; i++) {
        run_free(runs[i]);
        segmentation_close(&segmentations[i]);
    }
    ran.result = (struct result){0};
    bytes_free(&difference);
}

/* --- random scripts --- */

/* A conversation of random sends and gates on one connection, and where its bytes may be cut. */
struct script {
    char steps[4096];
    size_t bytes;      /* sent, without the FIN */
    bool written[128]; /* a write of the scenario ends at that offset */
    bool gate[128];    /* a gate stands there */
    bool fin_in_burst;
};

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static void add_step(struct script *script, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_step(struct script *script, const char *format, ...)
{
    size_t length = strlen(script->steps);
    va_list args;
    va_start(args, format);
    vsnprintf(script->steps + length, sizeof script->steps - length, format, args);
    va_end(args);
}

/* Bytes are letters in order, so that a chunk can be told by its content. */
static char letter(size_t offset)
{
    return (char)('a' + offset % 26);
}

static void add_message(struct script *script, unsigned *seed)
{
    size_t n = 1 + next_random(seed) % 6, each = next_random(seed) % 3;
    char text[8] = "";
    for (size_t i = 0; i < n; i++) {
        text[i] = letter(script->bytes + i);
        text[i + 1] = 0;
        script->written[script->bytes + i + 1] = i + 1 == n || (each && (i + 1) % each == 0);
    }
    script->bytes += n;
    add_step(script, ", {'send': 'a', 'data': '%s'", text);
    if (each) {
        add_step(script, ", 'split': %zu", each);
    }
    add_step(script, "}");
}

static void make_script(struct script *script, unsigned *seed)
{
    memset(script, 0, sizeof *script);
    add_step(script, "{'connect': 'a', 'to': 's'}");
    for (size_t i = 2 + next_random(seed) % 6; i > 0; i--) {
        add_message(script, seed);
        if (next_random(seed) % 3 == 0) {
            add_step(script, ", {'settle': 's'}");
            script->gate[script->bytes] = true;
        }
    }
    script->fin_in_burst = !script->gate[script->bytes];
    add_step(script, ", {'close': 'a', 'how': 'write'}, {'expect': 'a', 'eof': true}");
}

/* A random id: of a rule, or of a list of free places. */
static void make_id(const struct script *script, unsigned *seed, char *id, size_t size)
{
    unsigned rule = next_random(seed) % 6;
    size_t last = script->bytes - (script->fin_in_burst ? 0 : 1);
    snprintf(id, size,
             rule == 0   ? "a@="
             : rule == 1 ? "a@*"
             : rule == 2 ? "a@%%%u"
                         : "a@",
             1 + next_random(seed) % 9);
    for (size_t at = 1, listed = 0; rule > 2 && at <= last; at++) {
        if (!script->gate[at] && next_random(seed) % rule == 0) {
            size_t length = strlen(id);
            snprintf(id + length, size - length, "%s%zu", listed++ ? "," : "", at);
        }
    }
}

/* What the program must read under the segmentation, by the definition of a cut; returns whether the FIN is
 * cut off. */
static bool expected_reads(const struct script *script, const struct segmentation_item *item, char *out,
                           size_t size)
{
    size_t burst = 0, length = 0;
    length += (size_t)snprintf(out, size, "read0:");
    for (size_t at = 0; at < script->bytes; at++) {
        bool cut = at > 0 && (script->gate[at] || segmentation_cuts_at(item, burst, at, script->written[at]));
        burst = script->gate[at] ? at : burst;
        length += (size_t)snprintf(out + length, size - length, "%s%c", cut ? " read0:" : "", letter(at));
    }
    snprintf(out + length, size - length, " read0:FIN");
    return !script->fin_in_burst ||
           segmentation_cuts_at(item, burst, script->bytes, script->written[script->bytes]);
}

static void test_random_scripts(void **state)
{
    static const char *const readers[] = {"echo", "slow", "busy"};
    unsigned seed = 7;
    (void)state;
    for (int round = 0; round < 400; round++) {
        struct script script;
        struct segmentation segmentation;
        struct seam_error error = {0};
        char id[512], reads[2048];
        make_script(&script, &seed);
        make_id(&script, &seed, id, sizeof id);
        assert_int_equal(segmentation_parse(id, &segmentation, &error), 0);
        bool fin_apart = expected_reads(&script, &segmentation.items[0], reads, sizeof reads);
        run_cut(readers[round % 3], id, script.steps);
        assert_passed();
        assert_words("read0", reads);
        assert_int_equal(strstr(fake_log(ran.world), "write0:0+fin") != NULL, fin_apart);
        segmentation_close(&segmentation);
    }
}

/* --- closing --- */

static void test_close_kinds(void **state)
{
    (void)state;
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'line': 'x'}, {'close': 'a'}");
    assert_passed();
    assert_words("write|read0:F|read0:R|close|reset", "write0:2 close0 read0:FIN");
    run_steps("echo", CONNECT
              "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'line': 'x'}, {'close': 'a', 'how': 'reset'}");
    assert_passed();
    assert_words("write|read0:F|read0:R|close|reset", "write0:2 reset0 read0:RST");
    run_steps("echo", CONNECT "{'close': 'a', 'how': 'write'}, {'expect': 'a', 'eof': true}, {'close': 'a'}");
    assert_passed();
    assert_words("write|read0:F|close", "write0:0+fin read0:FIN close0");
}

static void test_close_demands_what_was_said(void **state)
{
    (void)state;
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'x'}, {'close': 'a'}");
    assert_status(RESULT_FAILED, "\"a\" received 2 bytes that no step took: \"x\\n\"");
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'x'}");
    assert_status(RESULT_FAILED, "\"a\" received 2 bytes that no step took: \"x\\n\"");
    run_steps("echo",
              "{'connect': 'a', 'to': 's', 'rest': 'ignore'}, {'send': 'a', 'line': 'x'}, {'close': 'a'}");
    assert_passed();
}

/* A FIN or RST leaves only when the chunk before it was read. */
static void test_end_waits_for_proof(void **state)
{
    (void)state;
    run_steps("slow", CONNECT "{'send': 'a', 'data': 'x'}, {'close': 'a', 'how': 'reset'}");
    assert_passed();
    assert_words("write|read0|drained|reset", "write0:1 read0:x drained0 reset0 read0:RST");
    run_steps("deaf", CONNECT "{'send': 'a', 'data': 'x'}, {'close': 'a'}");
    assert_status(RESULT_FAILED, "chunk 1 of \"a\" unread: 1 of 1 byte;");
}

static void test_peer_closes(void **state)
{
    (void)state;
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'bye'}, {'expect': 'a', 'eof': true}");
    assert_passed();
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'reset'}, {'expect': 'a', 'reset': true}");
    assert_passed();
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'bye'}, {'expect': 'a', 'reset': true}");
    assert_status(RESULT_FAILED, "it should be reset, but it was closed in order");
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'reset'}, {'expect': 'a', 'eof': true}");
    assert_status(RESULT_FAILED, "the connection was reset");
    run_steps("echo", CONNECT
              "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'line': 'x'}, {'expect': 'a', 'eof': true}");
    assert_status(RESULT_FAILED, "nothing can come any more");
    assert_within_ms(0, 100);
    /* Bytes that can't leave any more are dropped and told. */
    run_steps("echo", CONNECT
              "{'send': 'a', 'line': 'bye'}, {'send': 'a', 'line': 'more'}, {'expect': 'a', 'eof': true}");
    assert_passed();
    assert_non_null(strstr(ran.result.notes, "5 bytes could not be sent: the program had closed"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_proof_before_next_byte),
        TEST(test_proof_waits_for_slow_reader),
        TEST(test_limit_is_per_chunk),
        TEST(test_proof_is_lazy),
        TEST(test_unread_chunk_fails_with_facts),
        TEST(test_waiver_ends_with_its_send),
        TEST(test_weaker_evidence_is_an_error),
        TEST(test_write_that_does_not_fit),
        TEST(test_cut_rules),
        TEST(test_reads_follow_cuts),
        TEST(test_gates_cut),
        TEST(test_cuts_of_fin),
        TEST(test_cut_that_does_not_fit),
        TEST(test_transcripts_are_equal),
        TEST(test_random_scripts),
        TEST(test_close_kinds),
        TEST(test_close_demands_what_was_said),
        TEST(test_end_waits_for_proof),
        TEST(test_peer_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
