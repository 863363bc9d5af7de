/* runner_fake_test - what counts as silence, how programs and runs end, on the scripted world. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/runner_fake.h"

/* --- silence, timers --- */

static void test_silence(void **state)
{
    (void)state;
    run_steps("echo", CONNECT "{'send': 'a', 'data': 'x'}, {'expect': 'a', 'silence': true}");
    assert_passed();
    assert_within_ms(0, 20);
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'silence': true}");
    assert_status(RESULT_FAILED, "\"a\" should be silent, but 2 bytes came: \"x\\n\"");
    run_steps("slow", CONNECT "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'silence': true}");
    assert_status(RESULT_FAILED, "\"a\" should be silent, but 2 bytes came: \"x\\n\"");
    run_steps("echo", CONNECT "{'expect': 'a', 'silence': 900}");
    assert_passed();
    assert_within_ms(900, 920);
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'bye'}, {'expect': 'a', 'silence': 900}");
    assert_status(RESULT_FAILED, "it should be open and silent, but it has ended");
    run_steps(
        "echo", CONNECT
        "{'send': 'a', 'line': 'later'}, {'expect': 'a', 'silence': 2900}, {'expect': 'a', 'line': 'now'}");
    assert_passed();
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'later'}, {'expect': 'a', 'silence': 3100}");
    assert_status(RESULT_FAILED, "should be silent");
}

/* An answer that comes at any moment of a look, or just before or after it, is no silence. */
static void test_answer_during_a_look(void **state)
{
    (void)state;
    for (fake_works_ns = 130000; fake_works_ns < 330000; fake_works_ns += FAKE_LOOK_NS - 100) {
        run_steps("worker", CONNECT "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'silence': true}");
        assert_status(RESULT_FAILED, "should be silent, but 5 bytes came");
        run_steps("worker", CONNECT "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'line': 'done'}");
        assert_passed();
    }
}

static void test_silence_of_programs_with_timers(void **state)
{
    (void)state;
    run_steps("tick", CONNECT "{'expect': 'a', 'silence': true}");
    assert_passed();
    assert_within_ms(150, 400); /* it woke twice */
    run_steps("tick-talk", CONNECT "{'expect': 'a', 'silence': true}");
    assert_status(RESULT_FAILED, "should be silent, but 5 bytes came");
    run_steps("tick", CONNECT "{'expect': 'a', 'line': 'never'}");
    assert_status(RESULT_FAILED, "nothing can come any more");
    assert_within_ms(150, 400);
    /* A program that polls: who says how long it may take, waits so long. */
    run_steps("fifth-tick", CONNECT "{'expect': 'a', 'line': 'tick'}");
    assert_status(RESULT_FAILED, "nothing can come any more");
    run_steps("fifth-tick", CONNECT "{'expect': 'a', 'line': 'tick', 'within_ms': 2000}");
    assert_passed();
    /* What Seam sends makes the counting begin anew: the answer comes with the next wake. */
    run_steps("tick-answer", CONNECT
              "{'expect': 'a', 'silence': true}, {'send': 'a', 'line': 'x'}, {'expect': 'a', 'line': 'x'}");
    assert_passed();
    run_steps("long-timer", CONNECT "{'expect': 'a', 'silence': true, 'within_ms': 700}");
    assert_passed();
    assert_within_ms(700, 800);
    assert_non_null(
        strstr(ran.result.notes, "was silent for 700 ms, but may yet speak: s sleeps in poll with a timer"));
    /* A limit may end just when a thread is awake that mostly sleeps: that look does not decide. */
    run_steps("late-worker", CONNECT "{'expect': 'a', 'silence': true, 'within_ms': 700}");
    assert_passed();
    assert_within_ms(715, 760);
    run_steps("spinner", CONNECT "{'expect': 'a', 'silence': true, 'within_ms': 700}");
    assert_status(RESULT_ERROR, "can't be shown: s runs");
    /* A bare sleep is background when it has ended three times; but an expect does not conclude anything from
     * it. */
    run_steps("napper", CONNECT "{'expect': 'a', 'silence': true}");
    assert_passed();
    assert_within_ms(250, 500);
    run_steps("napper", CONNECT "{'expect': 'a', 'line': 'x'}");
    assert_status(RESULT_FAILED, "time ran out after 5000 ms");
    run_steps("sleeper", CONNECT "{'expect': 'a', 'silence': true}");
    assert_passed();
    assert_within_ms(5000, 5100);
    assert_non_null(
        strstr(ran.result.notes, "was silent for 5000 ms, but may yet speak: s sleeps in nanosleep"));
    run_steps("blind", CONNECT "{'expect': 'a', 'silence': true}");
    assert_status(RESULT_ERROR, "can't be shown");
}

static void test_expect_waits_for_timers_and_no_longer(void **state)
{
    (void)state;
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'later'}, {'expect': 'a', 'line': 'now'}");
    assert_passed();
    assert_within_ms(3000, 3100);
    run_steps("echo",
              CONNECT "{'send': 'a', 'line': 'later'}, {'expect': 'a', 'line': 'now', 'within_ms': 1000}");
    assert_status(RESULT_FAILED, "time ran out after 1000 ms");
    run_steps("spinner", CONNECT "{'expect': 'a', 'line': 'x'}");
    assert_status(RESULT_FAILED, "time ran out after 5000 ms");
    run_steps("echo", CONNECT "{'expect': 'a', 'line': 'x'}");
    assert_status(RESULT_FAILED, "\"a\": expected \"x\\n\", but nothing can come any more");
    assert_within_ms(0, 20);
    assert_non_null(strstr(ran.result.detail, "waits for: s sleeps in read without a timer"));
}

static void test_first_impossible_byte_fails(void **state)
{
    (void)state;
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'help'}, {'expect': 'a', 'line': 'hello'}");
    assert_status(RESULT_FAILED, "\"a\": expected \"hello\\n\", got \"help\\n\"");
    assert_non_null(strstr(ran.result.detail, "^ byte 3"));
    assert_within_ms(0, 20);
}

static void test_settle(void **state)
{
    (void)state;
    run_steps("slow", CONNECT "{'send': 'a', 'data': 'x'}, " SETTLE);
    assert_passed();
    assert_words("read0:x|drained0", "read0:x drained0");
    run_steps("spinner", CONNECT SETTLE);
    assert_status(RESULT_FAILED, "it did not settle within 5000 ms: s runs");
    run_steps("blind", CONNECT SETTLE);
    assert_status(RESULT_ERROR, "can't see whether it has settled");
}

static void test_backpressure(void **state)
{
    (void)state;
    run_steps("flood", "{'connect': 'a', 'to': 's', 'reads': 'on-expect'}, {'expect': 'a', 'data': {'text': "
                       "'0123456789\\n', "
                       "'times': 1000}}");
    assert_passed();
    run_steps(
        "flood",
        "{'connect': 'a', 'to': 's', 'reads': 'on-expect', 'rest': 'ignore'}, {'send': 'a', 'data': 'x'}, "
        "{'send': 'a', 'data': 'y'}");
    assert_status(RESULT_FAILED, "chunk 1 of \"a\" unread: 1 of 1 byte; s waits for its peer to read");
    assert_within_ms(0, 100);
}

/* --- programs --- */

static void test_ends_of_programs(void **state)
{
    (void)state;
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'quit'}, {'expect': 's', 'exit': 3}");
    assert_passed();
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'quit'}, {'expect': 's', 'exit': 0}");
    assert_status(RESULT_FAILED, "\"s\" should exit with 0, but it exited with 3");
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'quit'}, {'expect': 'a', 'line': 'x'}");
    assert_status(RESULT_FAILED, "\"s\" ended by itself, and no step expects it: it exited with 3");
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'crash'}, {'expect': 's', 'killed': 'SEGV'}");
    assert_passed();
    run_steps("echo", CONNECT "{'send': 'a', 'line': 'crash'}, {'expect': 's', 'exit': 0}");
    assert_status(RESULT_FAILED, "crashed: it was killed by SIGSEGV");
    run_steps("echo", CONNECT "{'expect': 's', 'exit': 0}");
    assert_status(RESULT_FAILED, "\"s\" does not end: s sleeps in read without a timer");
    assert_within_ms(0, 20);
    run_steps("term", CONNECT "{'stop': 's', 'exit': 0}");
    assert_passed();
    run_steps("term", CONNECT "{'signal': 's', 'name': 'HUP'}, {'stop': 's', 'exit': 0}");
    assert_passed();
    assert_words("signal", "signal:1 signal:15");
    run_steps("echo", CONNECT "{'stop': 's', 'killed': 'TERM'}");
    assert_passed();
    run_steps("stubborn", CONNECT "{'stop': 's'}");
    assert_status(RESULT_FAILED, "\"s\" does not end on SIGTERM");
    run_steps("stubborn", CONNECT SETTLE);
    assert_status(RESULT_FAILED, "\"s\" did not end within 5000 ms of SIGTERM and was killed");
}

/* A crash comes first in the message, also when its consequence is seen before it. */
static void test_crash_comes_first(void **state)
{
    (void)state;
    run_steps("late-status", CONNECT "{'send': 'a', 'line': 'crash'}, {'expect': 'a', 'line': 'x'}");
    assert_status(RESULT_FAILED, "\"s\" crashed: it was killed by SIGSEGV");
    assert_non_null(
        strstr(ran.result.detail, "seen first: \"a\": expected \"x\\n\", but the stream has ended"));
    assert_non_null(strstr(ran.result.detail, "about to crash"));
    run_steps("asan", CONNECT "{'send': 'a', 'line': 'x'}, {'expect': 's', 'exit': 1}");
    assert_status(RESULT_FAILED,
                  "\"s\" left a sanitizer report: AddressSanitizer: heap-use-after-free in handle_line");
    assert_non_null(strstr(ran.result.detail, "#0 handle_line chat.c:12"));
}

static void test_ports(void **state)
{
    (void)state;
    run_steps("late-listener", CONNECT "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'line': 'x'}");
    assert_passed();
    assert_within_ms(40, 80);
    run_steps("never-listens", CONNECT "{'send': 'a', 'line': 'x'}");
    assert_status(RESULT_ERROR, "\"s\" does not listen: s sleeps in read without a timer");
    assert_within_ms(0, 100);
    run_steps("nowhere", CONNECT "{'send': 'a', 'line': 'x'}");
    assert_status(RESULT_ERROR, "can't start \"s\": cannot run \"/fake/nowhere\"");
    load_whole("{'seam': 1, 'name': 'n', 'programs': {'s': {'command': ['/fake/port', '${s.port}'], "
               "'listens': true}}, "
               "'steps': [{'connect': 'a', 'to': 's'}]}");
    fake_port_taken(ran.world, 20001);
    fake_port_taken(ran.world, 20002);
    drive(NULL);
    assert_passed();
    assert_non_null(strstr(ran.result.notes, "was taken by somebody else"));
    load_whole("{'seam': 1, 'name': 'n', 'programs': {'s': {'command': ['/fake/echo'], 'listens': true}}, "
               "'steps': [{'connect': 'a', 'to': '127.0.0.1:9', 'refused': true}, {'start': 's'}]}");
    drive(NULL);
    assert_passed();
}

static void test_client_and_listener(void **state)
{
    (void)state;
    load_whole("{'seam': 1, 'name': 'n', 'programs': {'c': {'command': ['/fake/client', '${door.port}']}}, "
               "'steps': [{'listen': "
               "'door'}, {'start': 'c'}, {'accept': 'a', 'from': 'door'}, {'expect': 'a', 'line': 'hello'}, "
               "{'send': 'a', "
               "'split': ['x', 'y\\n']}, {'expect': 'a', 'line': 'xy'}, {'send': 'a', 'line': 'bye'}, "
               "{'expect': 'c', 'exit': 0}]}");
    drive(NULL);
    assert_passed();
    assert_words("write|drained|read",
                 "write0:1 read0:x drained0 write0:2 read0:y\\n drained0 write0:4 read0:bye\\n drained0");
    load_whole("{'seam': 1, 'name': 'n', 'programs': {'c': {'command': ['/fake/echo-stdio']}}, 'steps': "
               "[{'listen': 'door'}, "
               "{'start': 'c'}, {'accept': 'a', 'from': 'door'}]}");
    drive(NULL);
    assert_status(RESULT_FAILED, "no program connects, and none will");
    assert_within_ms(0, 20);
}

static void test_stdio_and_typing(void **state)
{
    (void)state;
    run_cut("echo-stdio", "a@%2",
            CONNECT "{'send': 'a', 'line': 'abcd'}, {'expect': 'a', 'line': 'abcd'}, {'close': 'a', 'how': "
                    "'write'}, {'expect': 'a', 'eof': true}, {'stop': 's'}");
    assert_passed();
    assert_words("write|read",
                 "write0:2 read0:ab write0:2 read0:cd write0:1 read0:\\n write0:0+fin read0:FIN");
    run_steps(
        "echo",
        "{'start': 's'}, {'type': 's', 'lines': ['one', 'two']}, {'expect': 's.stdout', 'line': 'two'}");
    assert_passed();
    assert_words("type", "type:8");
    run_steps("deaf", "{'start': 's'}, {'type': 's', 'data': {'text': 'x', 'times': 5000}}");
    assert_status(RESULT_FAILED, "\"s\" does not read what is typed: s sleeps in read");
}

/* Drops a run after each number of advances; the last time it has ended by itself. Returns how many advances
 * that were. */
static size_t free_at_every_advance(const char *command, const char *steps)
{
    size_t advances = 0;
    for (bool ended = false; !ended; advances++) {
        struct seam_error error = {0};
        load_steps(command, steps);
        ran.options.tmp = ran.tmp;
        ran.run = run_new(kit_only(ran.file), NULL, ran.world, &ran.options, &error);
        assert_non_null(ran.run);
        for (size_t i = 0; i < advances && !ended; i++) {
            ended = !run_advance(ran.run);
            if (!ended) {
                ran.world->ops->wait(ran.world, run_due_ns(ran.run));
            }
        }
        forget(); /* checks that all is closed */
        assert_int_equal(kit_folder_entries(ran.tmp), 0);
    }
    return advances;
}

/* A run may be dropped at any moment: nothing is left of it. */
static void test_free_at_every_step(void **state)
{
    (void)state;
    assert_true(
        free_at_every_advance("slow", CONNECT
                              "{'send': 'a', 'split': ['he', 'llo\\n']}, {'expect': 'a', 'line': 'hello'}, "
                              "{'type': 's', 'line': 'x'}, {'expect': 's.stdout', 'line': 'x'}, {'close': "
                              "'a', 'how': 'write'}, {'expect': 'a', 'eof': true}, {'stop': 's'}") > 50);
    assert_true(free_at_every_advance("slow", CONNECT
                                      "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'line': 'y'}") > 10);
    assert_true(free_at_every_advance("late-status", CONNECT
                                      "{'send': 'a', 'line': 'crash'}, {'expect': 'a', 'line': 'y'}") > 10);
    assert_true(free_at_every_advance("deaf", CONNECT "{'send': 'a', 'split': ['x', 'y']}") > 10);
    assert_true(free_at_every_advance("never-listens", CONNECT SETTLE) > 5);
    assert_true(free_at_every_advance("echo-stdio", CONNECT
                                      "{'send': 'a', 'line': 'x'}, {'expect': 'a', 'unordered': ['x']}") > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, fake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_silence),
        TEST(test_answer_during_a_look),
        TEST(test_silence_of_programs_with_timers),
        TEST(test_expect_waits_for_timers_and_no_longer),
        TEST(test_first_impossible_byte_fails),
        TEST(test_settle),
        TEST(test_backpressure),
        TEST(test_ends_of_programs),
        TEST(test_crash_comes_first),
        TEST(test_ports),
        TEST(test_client_and_listener),
        TEST(test_stdio_and_typing),
        TEST(test_free_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
