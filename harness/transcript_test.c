/* Tests of transcript: what is recorded, when two are equal, and how the wire is printed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "harness/transcript.h"

enum { SENT, RECEIVED, OUTPUT, STREAM_COUNT };

static void open_chat(struct transcript *transcript)
{
    transcript_open(transcript, STREAM_COUNT, 1000);
    transcript->streams[SENT].name = "alice";
    transcript->streams[RECEIVED].name = "alice";
    transcript->streams[RECEIVED].kind = TRANSCRIPT_RECEIVED;
    transcript->streams[OUTPUT].name = "server.stdout";
    transcript->streams[OUTPUT].kind = TRANSCRIPT_OUTPUT;
}

static size_t say(struct transcript *transcript, size_t stream, const char *text, uint64_t now_ns)
{
    return transcript_chunk(transcript, stream, 0, text, strlen(text), now_ns);
}

static void chunks_add_up(void **state)
{
    struct transcript transcript;
    (void)state;
    open_chat(&transcript);
    assert_int_equal(say(&transcript, SENT, "hel", 2000), 0);
    assert_int_equal(say(&transcript, RECEIVED, "x", 2500), 1);
    assert_int_equal(say(&transcript, SENT, "lo\n", 3000), 2);
    assert_int_equal(transcript.events[2].offset, 3);
    assert_int_equal(transcript.events[2].length, 3);
    assert_int_equal(transcript.events[2].time_ns, 2000);
    assert_string_equal(bytes_text(&transcript.streams[SENT].bytes), "hello\n");
    transcript_close(&transcript);
}

static void bound_of_a_stream_holds(void **state)
{
    struct transcript transcript;
    (void)state;
    open_chat(&transcript);
    transcript.streams[SENT].bytes.length_max = 8;
    assert_int_equal(say(&transcript, SENT, "1234567", 1000), 0);
    assert_int_equal(say(&transcript, SENT, "8", 1000), 1);
    assert_true(say(&transcript, SENT, "9", 1000) == SIZE_MAX);
    assert_int_equal(transcript.event_count, 2); /* what was refused left no event */
    assert_true(say(&transcript, STREAM_COUNT, "no such stream", 1000) == SIZE_MAX);
    transcript_close(&transcript);
}

static void assert_differ(const struct transcript *a, const struct transcript *b, const char *expected)
{
    struct bytes difference;
    bytes_init(&difference, 4096);
    assert_int_equal(transcript_compare(a, b, &difference), 1);
    assert_string_equal(bytes_text(&difference), expected);
    bytes_free(&difference);
}

static void assert_equal(const struct transcript *a, const struct transcript *b)
{
    struct bytes difference;
    bytes_init(&difference, 4096);
    assert_int_equal(transcript_compare(a, b, &difference), 0);
    assert_int_equal(difference.length, 0);
}

static void times_and_reads_do_not_count(void **state)
{
    struct transcript a, b;
    (void)state;
    open_chat(&a);
    open_chat(&b);
    say(&a, RECEIVED, "hello\n", 5000);
    transcript_event(&a, EVENT_SETTLED, OUTPUT, 0, 1, 6000);
    transcript_event(&a, EVENT_EXITED, OUTPUT, 0, 0, 7000);
    say(&b, RECEIVED, "hel", 1500);
    transcript_event(&b, EVENT_EXITED, OUTPUT, 3, 0, 1600);
    say(&b, RECEIVED, "lo\n", 1700);
    assert_equal(&a, &b);
    transcript_close(&a);
    transcript_close(&b);
}

static void differences_are_told(void **state)
{
    struct transcript a, b;
    (void)state;
    open_chat(&a);
    open_chat(&b);
    say(&a, RECEIVED, "hello\n", 0);
    assert_differ(&a, &b, "alice (received) differs at offset 0: \"hello\\n\" against nothing more");
    say(&b, RECEIVED, "help me, I am a long line\n", 0);
    assert_differ(&a, &b, "alice (received) differs at offset 3: \"lo\\n\" against \"p me, I am a lon\"...");
    transcript_close(&b);

    open_chat(&b);
    say(&b, RECEIVED, "hello\n", 0);
    transcript_event(&b, EVENT_END, RECEIVED, 0, 0, 0);
    assert_differ(&a, &b, "alice (received) is open against ended after 6 bytes");
    transcript_event(&a, EVENT_RESET, RECEIVED, 0, 0, 0);
    assert_differ(&a, &b, "alice (received) is reset against ended after 6 bytes");
    transcript_close(&b);

    open_chat(&b);
    say(&b, RECEIVED, "hello\n", 0);
    transcript_event(&b, EVENT_RESET, RECEIVED, 0, 0, 0);
    transcript_event(&a, EVENT_EXITED, OUTPUT, 0, 0, 0);
    assert_differ(&a, &b, "server.stdout: exit 0 against nothing");
    transcript_event(&b, EVENT_KILLED, OUTPUT, 0, 11, 0);
    assert_differ(&a, &b, "server.stdout: exit 0 against killed by signal 11");
    transcript_close(&a);
    transcript_close(&b);
}

static void assert_bytes_print(const void *bytes, size_t length, const char *expected)
{
    struct bytes out;
    bytes_init(&out, 1 << 20);
    assert_int_equal(transcript_print_bytes(bytes, length, &out), 0);
    assert_string_equal(bytes_text(&out), expected);
    bytes_free(&out);
}

static void bytes_are_shortened(void **state)
{
    char long_text[5000];
    (void)state;
    assert_bytes_print("", 0, "\"\"");
    assert_bytes_print("a\0\"\x1b\xff\n", 6, "\"a\\x00\\\"\\x1b\\xff\\n\"");
    memset(long_text, 'a', 513);
    long_text[512] = '\n';
    assert_bytes_print(long_text, 15, "\"aaaaaaaaaaaaaaa\"");
    assert_bytes_print(long_text, 16, "\"a\" x 16");
    assert_bytes_print(long_text, 513, "\"a\" x 512 + \"\\n\"");
    for (size_t i = 0; i < sizeof long_text; i++)
        long_text[i] = (char)('a' + i % 26);
    assert_bytes_print(long_text, sizeof long_text,
                       "\"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl\" + "
                       "... 4920 bytes ... + \"stuvwxyzabcdefgh\"");
}

/* Every literal is whole characters, whatever the place where the middle is left out. */
static void no_character_is_torn(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        char text[4 * 200];
        size_t length = 0;
        memset(text, 'x', shift);
        for (length = shift; length + 3 <= sizeof text; length += 3)
            memcpy(text + length, "\xe2\x82\xac", 3);
        struct bytes out;
        bytes_init(&out, 1 << 20);
        assert_int_equal(transcript_print_bytes(text, length, &out), 0);
        assert_null(strstr(bytes_text(&out), "\\x"));
        assert_true(out.length < 160);
        bytes_free(&out);
    }
}

static void wire_is_one_line_per_event(void **state)
{
    struct transcript transcript;
    struct bytes out;
    (void)state;
    open_chat(&transcript);
    bytes_init(&out, 1 << 16);
    transcript_event(&transcript, EVENT_STARTED, OUTPUT, 0, 0, 1000);
    transcript_event(&transcript, EVENT_OPENED, SENT, 0, 0, 401000);
    transcript.events[say(&transcript, SENT, "hello\n", 413000)].evidence = EVIDENCE_DRAINED;
    say(&transcript, OUTPUT, "CLIENT SAYS: hello\n", 1000001000);
    transcript_event(&transcript, EVENT_END, SENT, 0, 0, 61000000000);
    transcript_event(&transcript, EVENT_KILLED, OUTPUT, 0, SIGSEGV, 61000001000);
    assert_int_equal(transcript_print_wire(&transcript, 0, &out), 0);
    assert_string_equal(bytes_text(&out),
                        "   0.000000  server                                started\n"
                        "   0.000400  alice                                 connected\n"
                        "   0.000412  alice         -> [0..6)      drained  \"hello\\n\"\n"
                        "   1.000000  server.stdout <- [0..19)              \"CLIENT SAYS: hello\\n\"\n"
                        "  60.999999  alice         -> [6]                  FIN\n"
                        "  61.000000  server                                killed by SIGSEGV\n");
    bytes_clear(&out);
    assert_int_equal(transcript_print_wire(&transcript, 1, &out), 0);
    assert_string_equal(bytes_text(&out), "(5 earlier events left out)\n"
                                          "  61.000000  server                         killed by SIGSEGV\n");
    bytes_free(&out);
    transcript_close(&transcript);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_add_up),
        cmocka_unit_test(bound_of_a_stream_holds),
        cmocka_unit_test(times_and_reads_do_not_count),
        cmocka_unit_test(differences_are_told),
        cmocka_unit_test(bytes_are_shortened),
        cmocka_unit_test(no_character_is_torn),
        cmocka_unit_test(wire_is_one_line_per_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
