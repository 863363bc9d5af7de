/*
 * runner_fake_test - the runner on the scripted world: when which byte leaves, what counts as silence, how
 * runs end.
 *
 * Time is virtual: a test says how long a run may take in the world, whatever it takes on this machine. The
 * log of the world (world/fake.h) is what proves an order: the drained0 must stand between one write0 and the
 * next.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/runner_kit.h"
#include "harness/world/fake.h"

/* --- programs
 * ----------------------------------------------------------------------------------------------------------
 */

/* Answers each whole line with itself. "bye": closes; "quit": exits; "crash": dies; "later": answers after 3
 * s. */
static void answer_line(struct world_program *p, struct world_connection *c, const char *line)
{
    if (strcmp(line, "bye\n") == 0) {
        fake_close(c);
    } else if (strcmp(line, "reset\n") == 0) {
        fake_reset(c);
    } else if (strcmp(line, "quit\n") == 0) {
        fake_exit(p, 3);
    } else if (strcmp(line, "crash\n") == 0) {
        fake_print(p, WORLD_STDERR, "about to crash\n");
        fake_die(p, SIGSEGV);
    } else if (strcmp(line, "later\n") == 0) {
        fake_timer(p, 3000 * FAKE_MS);
    } else {
        fake_say(c, line);
        fake_print(p, WORLD_STDOUT, line);
    }
}

static void on_echo(struct world_program *p, const struct fake_event *event)
{
    struct bytes *kept = fake_kept(p);
    char *newline;
    if (event->kind == FAKE_READ_FIN) {
        fake_close(event->connection);
    } else if (event->kind == FAKE_TIMER && fake_first_connection(p)) {
        fake_say(fake_first_connection(p), "now\n");
    } else if (event->kind == FAKE_TYPED) {
        fake_print(p, WORLD_STDOUT, event->data);
    } else if (event->kind == FAKE_READ) {
        fake_keep(p, event->data, event->length);
        while ((newline = strchr(bytes_text(kept), '\n')) != NULL) {
            char *line = strndup(kept->data, (size_t)(newline + 1 - kept->data));
            char *rest = strdup(newline + 1);
            bytes_clear(kept);
            fake_keep(p, rest, strlen(rest));
            answer_line(p, event->connection, line);
            free(line);
            free(rest);
        }
    }
}

/* Says "tick" to nobody: wakes every 100 ms. */
static void on_tick(struct world_program *p, const struct fake_event *event)
{
    if (event->kind == FAKE_STARTED || event->kind == FAKE_TIMER) {
        fake_timer(p, 100 * FAKE_MS);
    }
}

/* Wakes every 100 ms, and speaks the second time. */
static void on_tick_talk(struct world_program *p, const struct fake_event *event)
{
    on_tick(p, event);
    if (event->kind == FAKE_TIMER && fake_first_connection(p) && fake_count(p) == 1) {
        fake_say(fake_first_connection(p), "tick\n");
    }
}

/* Wakes every 100 ms, and answers what it has read when it wakes. */
static void on_tick_answer(struct world_program *p, const struct fake_event *event)
{
    on_tick(p, event);
    if (event->kind == FAKE_READ) {
        fake_keep(p, event->data, event->length);
    } else if (event->kind == FAKE_TIMER && fake_kept(p)->length && fake_first_connection(p)) {
        fake_say(fake_first_connection(p), bytes_text(fake_kept(p)));
        bytes_clear(fake_kept(p));
    }
}

static uint64_t works_ns;

/* Works for works_ns on what it has read, then answers. */
static void on_worker(struct world_program *p, const struct fake_event *event)
{
    if (event->kind == FAKE_READ) {
        fake_busy(p, works_ns);
        fake_timer(p, works_ns);
    } else if (event->kind == FAKE_TIMER) {
        fake_say(fake_first_connection(p), "done\n");
    }
}

static void on_long_timer(struct world_program *p, const struct fake_event *event)
{
    if (event->kind == FAKE_STARTED) {
        fake_timer(p, 60000 * FAKE_MS);
    }
}

/* A client: connects to the port in its last argument, says hello, repeats what it hears; leaves when that
 * says bye. */
static void on_client(struct world_program *p, const struct fake_event *event)
{
    if (event->kind == FAKE_STARTED && !fake_connect(p, fake_argument_port(p))) {
        fake_exit(p, 1);
    } else if (event->kind == FAKE_OPENED) {
        fake_say(event->connection, "hello\n");
    } else if (event->kind == FAKE_READ && strcmp(event->data, "bye\n") == 0) {
        fake_exit(p, 0);
    } else if (event->kind == FAKE_READ) {
        fake_say_bytes(event->connection, event->data, event->length);
    }
}

/* Says a long text at once; its receiver has to read before it goes on. */
static void on_flood(struct world_program *p, const struct fake_event *event)
{
    (void)p;
    for (int i = 0; event->kind == FAKE_OPENED && i < 1000; i++) {
        fake_say(event->connection, "0123456789\n");
    }
}

static void on_term(struct world_program *p, const struct fake_event *event)
{
    if (event->kind == FAKE_SIGNAL && event->signal == SIGTERM) {
        fake_exit(p, 0);
    }
}

static void on_stubborn(struct world_program *p, const struct fake_event *event)
{
    (void)p;
    (void)event;
}

static void on_asan(struct world_program *p, const struct fake_event *event)
{
    if (event->kind == FAKE_READ) {
        fake_report(p, "AddressSanitizer: heap-use-after-free in handle_line\n#0 handle_line chat.c:12");
        fake_exit(p, 1);
    }
}

/* Exits at once when somebody else has its port. */
static void on_port(struct world_program *p, const struct fake_event *event)
{
    if (event->kind == FAKE_STARTED && fake_is_port_taken(p, fake_argument_port(p))) {
        fake_exit(p, 1);
    }
}

static const struct fake_role roles[] = {
    {.command = "echo", .on = on_echo, .port_count = 1},
    {.command = "echo-stdio", .on = on_echo},
    {.command = "slow", .on = on_echo, .port_count = 1, .read_gap_ns = 3 * FAKE_MS},
    {.command = "parts", .on = on_echo, .port_count = 1, .read_bytes = 2, .read_gap_ns = 20000},
    {.command = "deaf", .port_count = 1, .never_reads = true, .never_reads_stdin = true, .room_bytes = 4096},
    {.command = "absent", .port_count = 1, .never_accepts = true},
    {.command = "blind", .on = on_echo, .port_count = 1, .blind = true, .no_proofs = true},
    {.command = "tick", .on = on_tick, .port_count = 1},
    {.command = "tick-talk", .on = on_tick_talk, .port_count = 1},
    {.command = "tick-answer", .on = on_tick_answer, .port_count = 1},
    {.command = "worker", .on = on_worker, .port_count = 1},
    {.command = "long-timer", .on = on_long_timer, .port_count = 1},
    {.command = "sleeper", .on = on_long_timer, .port_count = 1, .sleeps = true},
    {.command = "napper", .on = on_tick, .port_count = 1, .sleeps = true},
    {.command = "spinner", .port_count = 1, .spins = true},
    {.command = "client", .on = on_client},
    {.command = "flood", .on = on_flood, .port_count = 1, .say_room_bytes = 100},
    {.command = "term", .on = on_term, .port_count = 1, .catches_signals = true},
    {.command = "stubborn", .on = on_stubborn, .port_count = 1, .catches_signals = true},
    {.command = "asan", .on = on_asan, .port_count = 1},
    {.command = "port", .on = on_port, .port_count = 1, .asked_port = true},
    {.command = "never-listens"},
    {.command = "late-status", .on = on_echo, .port_count = 1, .status_after_ns = 2 * FAKE_MS},
    {.command = "late-listener", .on = on_echo, .port_count = 1, .listen_after_ns = 40 * FAKE_MS},
};

/* --- running
 * -------------------------------------------------------------------------------------------------------------
 */

/* What the last run came to. */
static struct {
    struct scenario_file *file;
    struct world *world;
    struct run *run;
    struct result result;
    uint64_t took_ns;
    char *tmp;
} ran;

static struct run_options options = {.evidence = EVIDENCE_DRAINED};

static void forget(void)
{
    run_free(ran.run);
    if (ran.world) {
        assert_int_equal(fake_open_count(ran.world), 0);
        ran.world->ops->free(ran.world);
    }
    result_close(&ran.result);
    scenario_file_free(ran.file);
    ran.file = NULL;
    ran.world = NULL;
    ran.run = NULL;
}

static void load(const char *command, const char *steps)
{
    char *text = NULL;
    bool listens = strcmp(command, "echo-stdio") != 0;
    int made = asprintf(
        &text,
        "{'seam': 1, 'name': 'n', 'programs': {'s': {'command': ['/fake/%s'], '%s': true}}, 'steps': [%s]}",
        command, listens ? "listens" : "stdio", steps);
    assert_true(made > 0);
    forget();
    ran.file = kit_load(text, NULL);
    ran.world = fake_world_new(roles, sizeof roles / sizeof roles[0]);
    free(text);
}

static void load_whole(const char *text)
{
    forget();
    ran.file = kit_load(text, NULL);
    ran.world = fake_world_new(roles, sizeof roles / sizeof roles[0]);
}

static void drive(const char *cut)
{
    struct segmentation segmentation = {0};
    struct seam_error error = {0};
    uint64_t began_ns = ran.world->ops->now_ns(ran.world);
    assert_int_equal(cut ? segmentation_parse(cut, &segmentation, &error) : 0, 0);
    options.tmp = ran.tmp;
    ran.run = run_new(kit_only(ran.file), cut ? &segmentation : NULL, ran.world, &options, &error);
    if (!ran.run) {
        fail_msg("%s", error.text);
    }
    runs_drive(ran.world, &ran.run, 1);
    ran.took_ns = ran.world->ops->now_ns(ran.world) - began_ns;
    run_result(ran.run, &ran.result);
    segmentation_close(&segmentation);
}

static void run_cut(const char *command, const char *cut, const char *steps)
{
    load(command, steps);
    drive(cut);
}

static void run_steps(const char *command, const char *steps)
{
    run_cut(command, NULL, steps);
}

static void assert_status(enum result_status status, const char *message)
{
    const char *said = ran.result.message ? ran.result.message : "";
    if (ran.result.status != status || !strstr(said, message)) {
        fail_msg("%s: %s\n%s\nlog: %s", result_status_words[ran.result.status], said,
                 ran.result.detail ? ran.result.detail : "", fake_log(ran.world));
    }
}

static void assert_passed(void)
{
    assert_status(RESULT_PASSED, "");
}

static void assert_within_ms(uint64_t least_ms, uint64_t most_ms)
{
    if (ran.took_ns < least_ms * FAKE_MS || ran.took_ns > most_ms * FAKE_MS) {
        fail_msg("took %llu us", (unsigned long long)(ran.took_ns / 1000));
    }
}

/* The words of the log that begin with one of the given beginnings ("write0|read0"), a blank between two. */
static const char *words_of(const char *beginnings)
{
    static char out[8192];
    size_t length = 0;
    out[0] = 0;
    for (const char *word = fake_log(ran.world); *word; word += strcspn(word, " "), word += *word == ' ') {
        for (const char *b = beginnings; b; b = strchr(b, '|') ? strchr(b, '|') + 1 : NULL) {
            size_t n = strcspn(b, "|"), w = strcspn(word, " ");
            if (w >= n && strncmp(word, b, n) == 0 && length + w + 2 < sizeof out) {
                length += (size_t)snprintf(out + length, sizeof out - length, "%s%.*s", length ? " " : "",
                                           (int)w, word);
                break;
            }
        }
    }
    return out;
}
#define assert_words(beginnings, expected) assert_string_equal(words_of(beginnings), expected)

static int set_up(void **state)
{
    (void)state;
    ran.tmp = kit_folder_new();
    options = (struct run_options){.evidence = EVIDENCE_DRAINED};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    forget();
    return kit_folder_free(ran.tmp);
}

#define CONNECT "{'connect': 'a', 'to': 's'},"
#define SETTLE  "{'settle': 's'}"

/* --- proofs
 * -------------------------------------------------------------------------------------------------------------
 */

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
}

static void test_weaker_evidence_is_an_error(void **state)
{
    static const char steps[] =
        CONNECT "{'send': 'a', 'split': ['he', 'llo\\n']}, {'expect': 'a', 'line': 'hello'}";
    (void)state;
    run_steps("blind", steps);
    assert_status(RESULT_ERROR, "the cut behind chunk 1 of \"a\" can't be proved");
    assert_words("write", "write0:2");
    options = (struct run_options){.evidence = EVIDENCE_PACED, .paced_ns = 10 * FAKE_MS};
    run_steps("blind", steps);
    assert_passed();
    assert_int_equal(ran.result.evidence, EVIDENCE_PACED);
    assert_int_equal(ran.result.cuts_proved, 0);
    assert_within_ms(10, 100);
    options = (struct run_options){.evidence = EVIDENCE_SENT};
    run_steps("blind", steps);
    assert_passed();
    assert_int_equal(ran.result.evidence, EVIDENCE_SENT);
    /* Nothing was cut: nothing needs a proof. */
    options = (struct run_options){.evidence = EVIDENCE_DRAINED};
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

/* --- cuts
 * ------------------------------------------------------------------------------------------------------------------
 */

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
    load("echo", steps);
    assert_int_equal(segmentation_parse("b@1", &segmentation, &error), 0);
    assert_null(run_new(kit_only(ran.file), &segmentation, ran.world, &options, &error));
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
    load("echo", BURST ", {'send': 'a', 'line': 'bye'}, {'expect': 'a', 'eof': true}");
    enum { CUTS = sizeof cuts / sizeof cuts[0] };
    struct run *runs[CUTS];
    struct segmentation segmentations[CUTS];
    struct seam_error error = {0};
    for (size_t i = 0; i < CUTS; i++) {
        assert_int_equal(segmentation_parse(cuts[i], &segmentations[i], &error), 0);
        options.tmp = ran.tmp;
        runs[i] = run_new(kit_only(ran.file), &segmentations[i], ran.world, &options, &error);
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

/* --- closing
 * ------------------------------------------------------------------------------------------------------------
 */

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

/* --- silence, timers
 * ------------------------------------------------------------------------------------------------------- */

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
    for (works_ns = 130000; works_ns < 330000; works_ns += FAKE_LOOK_NS - 100) {
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
    /* What Seam sends makes the counting begin anew: the answer comes with the next wake. */
    run_steps("tick-answer", CONNECT
              "{'expect': 'a', 'silence': true}, {'send': 'a', 'line': 'x'}, {'expect': 'a', 'line': 'x'}");
    assert_passed();
    run_steps("long-timer", CONNECT "{'expect': 'a', 'silence': true, 'within_ms': 700}");
    assert_passed();
    assert_within_ms(700, 800);
    assert_non_null(
        strstr(ran.result.notes, "was silent for 700 ms, but may yet speak: s sleeps in poll with a timer"));
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

/* --- programs
 * ---------------------------------------------------------------------------------------------------------------
 */

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

/* A run may be dropped at any moment: nothing is left of it. */
static void test_free_at_every_step(void **state)
{
    static const char steps[] = CONNECT "{'send': 'a', 'split': ['he', 'llo\\n']}, {'expect': 'a', 'line': "
                                        "'hello'}, {'type': 's', 'line': 'x'}, "
                                        "{'expect': 's.stdout', 'line': 'x'}, {'close': 'a', 'how': "
                                        "'write'}, {'expect': 'a', 'eof': true}, {'close': 'a'}, "
                                        "{'stop': 's'}";
    size_t advances = 0;
    (void)state;
    for (bool ended = false; !ended; advances++) {
        struct seam_error error = {0};
        load("slow", steps);
        options.tmp = ran.tmp;
        ran.run = run_new(kit_only(ran.file), NULL, ran.world, &options, &error);
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
    assert_true(advances > 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_proof_before_next_byte),
        TEST(test_proof_waits_for_slow_reader),
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
        TEST(test_close_kinds),
        TEST(test_close_demands_what_was_said),
        TEST(test_end_waits_for_proof),
        TEST(test_peer_closes),
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
