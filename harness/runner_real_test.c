/*
 * runner_real_test - runs against the real chat server: many at once, under many segmentations, ended at any
 * moment.
 *
 * One parsed scenario serves all runs. Their transcripts must be equal, and nothing may grow or stay:
 * descriptors, memory, processes, folders. SEAM_FULL=1 makes 1,000 runs, else a tenth.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/runner_kit.h"
#include "harness/world/world.h"

enum { IN_FLIGHT = 16, RUNS_FULL = 1000, RUNS_SHORT = 96, ROUNDS = 9, GROWTH_BYTES_MAX = 1024 };

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define SERVER "'programs': {'s': {'command': ['${bin}/chat-server', '--port', '0'], 'listens': true}}"

static const char talk[] =
    "{'seam': 1, 'name': 'talk', 'timeout_ms': 30000, " SERVER ", 'steps': ["
    "{'connect': 'a', 'to': 's'}, {'type': 's', 'line': 'hello'}, {'expect': 'a', 'line': 'hello'},"
    "{'send': 'a', 'lines': ['one', 'two']}, {'send': 'a', 'data': 'thr'}, {'send': 'a', 'data': 'ee\\n'},"
    "{'expect': 's.stdout', 'until': 'CLIENT SAYS: one\\n'}, {'type': 's', 'line': 'again'}, {'expect': 'a', "
    "'line': 'again'},"
    "{'expect': 's.stdout', 'until': 'CLIENT SAYS: two\\n'}, {'type': 's', 'line': 'more'}, {'expect': 'a', "
    "'line': 'more'},"
    "{'expect': 's.stdout', 'until': 'CLIENT SAYS: three\\n'}, {'type': 's', 'line': 'last'}, {'expect': "
    "'a', 'line': 'last'},"
    "{'send': 'a', 'split': ['caf', {'hex': 'c3'}, {'hex': 'a9'}, '\\n']}, {'close': 'a', 'how': 'write'},"
    "{'expect': 's.stdout', 'until': 'CLIENT SAYS: caf\\u00e9\\n'}, {'expect': 'a', 'eof': true},"
    "{'stop': 's', 'exit': 0}]}";

static struct world *world;
static char *tmp;

static int set_up(void **state)
{
    struct seam_error error = {0};
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    tmp = kit_folder_new();
    world = world_real_new(&error);
    return world ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    return kit_folder_free(tmp);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct run *begin(const struct scenario *scenario, const struct segmentation *segmentation)
{
    struct run_options options = {.evidence = EVIDENCE_DRAINED, .tmp = tmp};
    struct seam_error error = {0};
    struct run *run = run_new(scenario, segmentation, world, &options, &error);
    if (!run) {
        fail_msg("%s", error.text);
    }
    return run;
}

static void assert_passed(const struct run *run)
{
    struct result result;
    run_result(run, &result);
    if (result.status != RESULT_PASSED) {
        fail_msg("cut %s: %s\n%s", result.cut ? result.cut : "as written", result.message,
                 result.detail ? result.detail : "");
    }
    result_close(&result);
}

static bool is_full(void)
{
    const char *full = getenv("SEAM_FULL");
    return full && strcmp(full, "1") == 0;
}

/* --- segmentations --- */

/* Where a cut may be listed: in a burst, not at its ends. */
struct places {
    uint64_t offsets[256];
    size_t count;
};

/* A run without a cut at a free place shows the bursts: what it wrote at once. */
static struct places find_places(const struct scenario *scenario)
{
    struct places places = {.count = 0};
    struct segmentation none;
    struct seam_error error = {0};
    assert_int_equal(segmentation_parse("a@", &none, &error), 0);
    struct run *run = begin(scenario, &none);
    runs_drive(world, &run, 1);
    assert_passed(run);
    const struct transcript *t = run_transcript(run);
    for (size_t i = 0; i < t->event_count; i++) {
        const struct transcript_event *event = &t->events[i];
        if (event->kind != EVENT_CHUNK || t->streams[event->stream].kind != TRANSCRIPT_SENT) {
            continue;
        }
        bool fin_rides = i + 1 < t->event_count && t->events[i + 1].kind == EVENT_END &&
                         t->events[i + 1].stream == event->stream;
        for (uint64_t at = 1; at < event->length + fin_rides; at++) {
            assert_true(places.count < sizeof places.offsets / sizeof places.offsets[0]);
            places.offsets[places.count++] = event->offset + at;
        }
    }
    run_free(run);
    segmentation_close(&none);
    assert_true(places.count > 10);
    return places;
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static void make_segmentation(size_t index, const struct places *places, unsigned *seed,
                              struct segmentation *out)
{
    static const char *const fixed[] = {"a@=", "a@*", "a@%2", "a@"};
    struct seam_error error = {0};
    char id[2048] = "a@";
    if (index % 8 < 4) {
        snprintf(id, sizeof id, "%s", fixed[index % 8]);
    } else {
        unsigned rarity = 1u << next_random(seed) % 5;
        for (size_t i = 0, length = 2; i < places->count; i++) {
            if (next_random(seed) % rarity == 0) {
                length += (size_t)snprintf(id + length, sizeof id - length, "%s%llu", length > 2 ? "," : "",
                                           (unsigned long long)places->offsets[i]);
            }
        }
    }
    assert_int_equal(segmentation_parse(id, out, &error), 0);
}

/* Each run's server has its own port, which it prints: that is no difference. */
static void hide_ports(const struct run *run)
{
    const struct transcript *t = run_transcript(run);
    for (size_t i = 0; i < t->stream_count; i++) {
        if (strcmp(t->streams[i].name, "s.stderr") == 0) {
            for (size_t k = 0; k < t->streams[i].bytes.length; k++) {
                char *byte = &t->streams[i].bytes.data[k];
                *byte = *byte >= '0' && *byte <= '9' ? '0' : *byte;
            }
        }
    }
}

static void assert_equal_runs(const struct run *a, const struct run *b)
{
    struct bytes difference;
    bytes_init(&difference, 4096);
    if (transcript_compare(run_transcript(a), run_transcript(b), &difference) != 0) {
        struct result result;
        run_result(b, &result);
        fail_msg("under %s: %s", result.cut, bytes_text(&difference));
    }
    bytes_free(&difference);
}

/* --- many at once --- */

/* Runs a batch at once and holds each transcript against the reference. */
static void run_batch(const struct scenario *scenario, size_t first, const struct places *places,
                      unsigned *seed, const struct run *reference)
{
    struct segmentation segmentations[IN_FLIGHT];
    struct run *runs[IN_FLIGHT];
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        make_segmentation(first + i, places, seed, &segmentations[i]);
        runs[i] = begin(scenario, &segmentations[i]);
    }
    runs_drive(world, runs, IN_FLIGHT);
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        assert_passed(runs[i]);
        hide_ports(runs[i]);
        assert_equal_runs(reference, runs[i]);
        run_free(runs[i]);
        segmentation_close(&segmentations[i]);
    }
}

static void test_many_runs_at_once(void **state)
{
    size_t wanted = is_full() ? RUNS_FULL : RUNS_SHORT, done = 0, used_bytes = 0;
    unsigned seed = 1;
    (void)state;
    struct scenario_file *file = kit_load(talk, SEAM_BIN);
    const struct scenario *scenario = kit_only(file);
    struct places places = find_places(scenario);
    struct run *reference = begin(scenario, NULL);
    runs_drive(world, &reference, 1);
    assert_passed(reference);
    hide_ports(reference);
    size_t descriptors = kit_descriptors();
    uint64_t began_ns = now_ns();
    while (done < wanted) {
        run_batch(scenario, done, &places, &seed, reference);
        done += IN_FLIGHT;
        if (done <= 2 * IN_FLIGHT) { /* what is kept for the next run is there by now */
            used_bytes = mallinfo2().uordblks;
        }
        assert_int_equal(kit_descriptors(), descriptors);
        assert_int_equal(kit_children(), 0);
        assert_int_equal(kit_folder_entries(tmp), 1); /* of the reference */
    }
    double seconds = (double)(now_ns() - began_ns) / 1e9;
    size_t used_now_bytes = mallinfo2().uordblks;
    print_message(
        "%zu runs, %d at once: %.0f scenarios per second; memory grew by %lld bytes over %zu runs\n", done,
        IN_FLIGHT, (double)done / seconds, (long long)used_now_bytes - (long long)used_bytes,
        done - 2 * IN_FLIGHT);
    if (!SANITIZED) {
        assert_true(used_now_bytes < used_bytes + GROWTH_BYTES_MAX);
    }
    run_free(reference);
    scenario_file_free(file);
}

/* --- facts before time --- */

static uint64_t time_run_ns(const struct scenario *scenario, enum result_status status)
{
    struct result result;
    uint64_t began_ns = now_ns();
    struct run *run = begin(scenario, NULL);
    runs_drive(world, &run, 1);
    uint64_t took_ns = now_ns() - began_ns;
    run_result(run, &result);
    assert_int_equal(result.status, status);
    result_close(&result);
    run_free(run);
    return took_ns;
}

static int compare_times(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* An expect that can't be met ends the run as soon as that is known: far below its limit of 20 seconds. */
static void test_failing_takes_no_longer(void **state)
{
    static const char *const ends[] = {
        "{'expect': 'a', 'line': 'never'}",                                 /* nothing comes */
        "{'type': 's', 'line': 'other'}, {'expect': 'a', 'line': 'never'}", /* something else comes */
        "{'expect': 's.stdout', 'until': 'never'}",                         /* searched */
        "{'type': 's', 'eof': true}, {'expect': 'a', 'line': 'never'}",     /* the end comes */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        static const char start[] =
            "{'seam': 1, 'name': 'n', 'timeout_ms': 20000, " SERVER ", 'steps': [{'connect': 'a', 'to': 's'}";
        char good[1024], bad[1024];
        uint64_t good_ns[ROUNDS], bad_ns[ROUNDS];
        snprintf(good, sizeof good, "%s, {'type': 's', 'line': 'never'}, {'expect': 'a', 'line': 'never'}]}",
                 start);
        snprintf(bad, sizeof bad, "%s, %s]}", start, ends[i]);
        struct scenario_file *good_file = kit_load(good, SEAM_BIN), *bad_file = kit_load(bad, SEAM_BIN);
        for (size_t k = 0; k < ROUNDS; k++) {
            good_ns[k] = time_run_ns(kit_only(good_file), RESULT_PASSED);
            bad_ns[k] = time_run_ns(kit_only(bad_file), RESULT_FAILED);
        }
        qsort(good_ns, ROUNDS, sizeof *good_ns, compare_times);
        qsort(bad_ns, ROUNDS, sizeof *bad_ns, compare_times);
        double good_ms = (double)good_ns[ROUNDS / 2] / 1e6, bad_ms = (double)bad_ns[ROUNDS / 2] / 1e6;
        print_message("passing %.1f ms, failing %.1f ms: %.1f times, limit 20000 ms\n", good_ms, bad_ms,
                      bad_ms / good_ms);
        assert_true(bad_ns[0] <
                    good_ns[0] + 50000000); /* the quickest of each: what the machine's load can't spoil */
        assert_true(bad_ms < good_ms + 2000);
        scenario_file_free(good_file);
        scenario_file_free(bad_file);
    }
}

/* --- ended at any moment --- */

/* Frees a run after so many advances; false when it had ended by itself before. */
static bool free_after(const struct scenario *scenario, size_t advances)
{
    struct run *run = begin(scenario, NULL);
    bool goes_on = true;
    for (size_t i = 0; i < advances && goes_on; i++) {
        goes_on = run_advance(run);
        if (goes_on) {
            world->ops->wait(world, run_due_ns(run));
        }
    }
    run_free(run);
    return goes_on;
}

static void test_free_at_any_moment(void **state)
{
    (void)state;
    struct scenario_file *file = kit_load(talk, SEAM_BIN);
    const struct scenario *scenario = kit_only(file);
    size_t descriptors = kit_descriptors(), freed = 0, sparing = is_full() ? SIZE_MAX : 16;
    for (size_t advances = 0; free_after(scenario, advances); advances += 1 + advances / sparing) {
        freed++;
        assert_int_equal(kit_descriptors(), descriptors);
        assert_int_equal(kit_children(), 0);
        assert_int_equal(kit_folder_entries(tmp), 0);
    }
    print_message("freed at %zu moments\n", freed);
    assert_true(freed > 10);
    scenario_file_free(file);
}

/* A run that is freed must not take along those beside it. */
static void test_free_beside_others(void **state)
{
    (void)state;
    struct scenario_file *file = kit_load(talk, SEAM_BIN);
    struct run *runs[4];
    for (size_t i = 0; i < 4; i++) {
        runs[i] = begin(kit_only(file), NULL);
    }
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < 4; i++) {
            run_advance(runs[i]);
        }
        world->ops->wait(world, world->ops->now_ns(world) + 200000);
    }
    run_free(runs[1]);
    run_free(runs[3]);
    runs[1] = runs[2];
    runs_drive(world, runs, 2);
    assert_passed(runs[0]);
    assert_passed(runs[1]);
    run_free(runs[0]);
    run_free(runs[1]);
    scenario_file_free(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* glibc counts what its per-thread caches hold as used, so memory seems to grow a little: count without them.
 */
static void without_caches(char **argv)
{
    if (!SANITIZED && !getenv("GLIBC_TUNABLES") &&
        setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0", 1) == 0) {
        execv("/proc/self/exe", argv);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    without_caches(argv);
    const struct CMUnitTest tests[] = {
        TEST(test_many_runs_at_once),
        TEST(test_failing_takes_no_longer),
        TEST(test_free_at_any_moment),
        TEST(test_free_beside_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
