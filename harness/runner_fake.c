/* See runner_fake.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/runner_fake.h"

/* --- programs --- */

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

/* Wakes every 100 ms, and speaks the fifth time. */
static void on_fifth_tick(struct world_program *p, const struct fake_event *event)
{
    on_tick(p, event);
    if (event->kind == FAKE_TIMER && fake_first_connection(p) && fake_count(p) == 4) {
        fake_say(fake_first_connection(p), "tick\n");
    }
}

uint64_t fake_works_ns;

/* Works for fake_works_ns on what it has read, then answers. */
static void on_worker(struct world_program *p, const struct fake_event *event)
{
    if (event->kind == FAKE_READ) {
        fake_busy(p, fake_works_ns);
        fake_timer(p, fake_works_ns);
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

/* Works a little when 690 ms are over, and else waits for a timer. */
static void on_late_worker(struct world_program *p, const struct fake_event *event)
{
    if (event->kind == FAKE_STARTED) {
        fake_timer(p, 690 * FAKE_MS);
    } else if (event->kind == FAKE_TIMER) {
        fake_busy(p, 25 * FAKE_MS);
        on_long_timer(p, &(struct fake_event){.kind = FAKE_STARTED});
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

/* Takes 40 us for everything that it reads. */
static void on_busy(struct world_program *p, const struct fake_event *event)
{
    fake_busy(p, 40000);
    on_echo(p, event);
}

static const struct fake_role roles[] = {
    {.command = "echo", .on = on_echo, .port_count = 1},
    {.command = "echo-stdio", .on = on_echo},
    {.command = "slow", .on = on_echo, .port_count = 1, .read_gap_ns = 3 * FAKE_MS},
    {.command = "busy", .on = on_busy, .port_count = 1},
    {.command = "parts", .on = on_echo, .port_count = 1, .read_bytes = 2, .read_gap_ns = 20000},
    {.command = "deaf", .port_count = 1, .never_reads = true, .never_reads_stdin = true, .room_bytes = 4096},
    {.command = "absent", .port_count = 1, .never_accepts = true},
    {.command = "blind", .on = on_echo, .port_count = 1, .blind = true, .no_proofs = true},
    {.command = "tick", .on = on_tick, .port_count = 1},
    {.command = "tick-talk", .on = on_tick_talk, .port_count = 1},
    {.command = "fifth-tick", .on = on_fifth_tick, .port_count = 1},
    {.command = "tick-answer", .on = on_tick_answer, .port_count = 1},
    {.command = "worker", .on = on_worker, .port_count = 1},
    {.command = "long-timer", .on = on_long_timer, .port_count = 1},
    {.command = "late-worker", .on = on_late_worker, .port_count = 1},
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

/* --- running --- */

struct fake_ran ran;

void forget(void)
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

void load_steps(const char *command, const char *steps)
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

void load_whole(const char *text)
{
    forget();
    ran.file = kit_load(text, NULL);
    ran.world = fake_world_new(roles, sizeof roles / sizeof roles[0]);
}

void drive(const char *cut)
{
    struct segmentation segmentation = {0};
    struct seam_error error = {0};
    uint64_t began_ns = ran.world->ops->now_ns(ran.world);
    assert_int_equal(cut ? segmentation_parse(cut, &segmentation, &error) : 0, 0);
    ran.options.tmp = ran.tmp;
    ran.run = run_new(kit_only(ran.file), cut ? &segmentation : NULL, ran.world, &ran.options, &error);
    if (!ran.run) {
        fail_msg("%s", error.text);
    }
    runs_drive(ran.world, &ran.run, 1);
    ran.took_ns = ran.world->ops->now_ns(ran.world) - began_ns;
    run_result(ran.run, &ran.result);
    segmentation_close(&segmentation);
}

void run_cut(const char *command, const char *cut, const char *steps)
{
    load_steps(command, steps);
    drive(cut);
}

void run_steps(const char *command, const char *steps)
{
    run_cut(command, NULL, steps);
}

void assert_status(enum result_status status, const char *message)
{
    const char *said = ran.result.message ? ran.result.message : "";
    if (ran.result.status != status || !strstr(said, message)) {
        fail_msg("%s: %s\n%s\nlog: %s", result_status_words[ran.result.status], said,
                 ran.result.detail ? ran.result.detail : "", fake_log(ran.world));
    }
}

void assert_passed(void)
{
    assert_status(RESULT_PASSED, "");
}

void assert_within_ms(uint64_t least_ms, uint64_t most_ms)
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

void assert_words(const char *beginnings, const char *expected)
{
    assert_string_equal(words_of(beginnings), expected);
}

int fake_set_up(void **state)
{
    (void)state;
    ran.tmp = kit_folder_new();
    ran.options = (struct run_options){.evidence = EVIDENCE_DRAINED};
    return 0;
}

int fake_tear_down(void **state)
{
    (void)state;
    forget();
    return kit_folder_free(ran.tmp);
}
