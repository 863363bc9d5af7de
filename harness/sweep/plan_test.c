/* plan_test - which cases a sweep tries: none twice, all that should be there, none that can't be delivered.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/sweep/plan.h"
#include "harness/sweep/sweep_kit.h"

#define PROGRAM "{'seam': 1, 'name': 'n', 'programs': {'s': {'command': ['/fake/echo'], 'listens': true}}, "
#define TWO_LINES                                                                                            \
    CONNECT "{'send': 'a', 'line': 'hello'}, {'send': 'a', 'line': 'you'}, {'expect': 'a', 'lines': "        \
            "['hello', 'you']}"
#define SIDE_BY_SIDE                                                                                         \
    CONNECT "{'connect': 'b', 'to': 's'}, {'send': 'a', 'line': 'one'}, {'send': 'b', 'line': 'two'}, "      \
            "{'expect': 'a', 'line': 'one'}, {'expect': 'b', 'line': 'two'}"
#define WITH_FIN                                                                                             \
    CONNECT "{'send': 'a', 'lines': ['one', 'four', 'x']}, {'expect': 'a', 'lines': ['one', 'four', 'x']}, " \
            "{'send': 'a', 'line': 'last'}, {'close': 'a', 'how': 'write'}, {'expect': 'a', 'line': "        \
            "'last'}, {'expect': 'a', 'eof': true}"
#define LONG_LINES                                                                                           \
    CONNECT "{'send': 'a', 'line': {'text': 'ab', 'times': 700}}, {'send': 'a', 'line': 'x'}, {'expect': "   \
            "'a', 'until': 'x\\n'}"

static struct {
    const struct scenario *scenario;
    struct record baseline;
    struct layout layout;
    struct plan plan;
} made;

static void unplan(void)
{
    plan_close(&made.plan);
}

static void forget_all(void)
{
    unplan();
    layout_close(&made.layout);
    record_close(&made.baseline);
}

static void lay_out(const char *steps)
{
    forget_all();
    made.scenario = kit_trace(steps, &made.baseline);
    assert_int_equal(layout_make(made.scenario, &made.baseline, &made.layout), 0);
}

static void plan(uint64_t budget, uint64_t seed)
{
    struct plan_options options = {.budget = budget, .seed = seed};
    unplan();
    assert_int_equal(plan_make(&made.layout, made.scenario, &made.baseline, &options, &made.plan), 0);
}

static int tear_down(void **state)
{
    forget_all();
    return fake_tear_down(state);
}

/* --- what a case does, found out without the planner --- */

enum { KEY_BYTES_MAX = 4096 };

/* Was a write of the baseline's over there? */
static bool is_written(size_t connection, uint64_t p)
{
    const struct transcript *t = &made.baseline.transcript;
    for (size_t i = 0; i < t->event_count; i++) {
        const struct transcript_event *e = &t->events[i];
        if (e->stream == 2 * connection && e->offset == p &&
            (e->kind == EVENT_CHUNK || e->kind == EVENT_END)) {
            return true;
        }
    }
    return false;
}

/* One character for each place of each burst, a cut there or not. Caller frees. */
static char *key_of(const struct segmentation *segmentation)
{
    char *key = calloc(1, KEY_BYTES_MAX);
    size_t n = 0;
    assert_non_null(key);
    for (size_t b = 0; b < made.layout.burst_count; b++) {
        const struct layout_burst *burst = &made.layout.bursts[b];
        size_t c = burst->connection;
        const struct segmentation_item *item = segmentation_find(segmentation, made.layout.names[c]);
        for (uint64_t p = burst->begin + 1; p < burst->end; p++) {
            assert_true(n + 32 < KEY_BYTES_MAX);
            bool cut = item && item->rule != CUTS_AS_WRITTEN
                           ? segmentation_cuts_at(item, burst->begin, p, false)
                           : is_written(c, p);
            key[n++] = cut ? '|' : '.';
        }
        key[n++] = '/';
    }
    if (segmentation->interleaved) {
        snprintf(key + n, KEY_BYTES_MAX - n, "#%llu", (unsigned long long)segmentation->interleave_seed);
    }
    return key;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Keys of all cases, sorted, and one more: of the run as written. Caller frees with free_keys. */
static char **all_keys(size_t *count)
{
    char **keys = calloc(made.plan.count + 1, sizeof *keys);
    assert_non_null(keys);
    for (size_t i = 0; i < made.plan.count; i++) {
        keys[i] = key_of(&made.plan.cases[i].segmentation);
    }
    keys[made.plan.count] = key_of(&(struct segmentation){0});
    *count = made.plan.count + 1;
    qsort(keys, *count, sizeof *keys, by_text);
    return keys;
}

static void free_keys(char **keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(keys[i]);
    }
    free(keys);
}

static void assert_none_twice(void)
{
    size_t count;
    char **keys = all_keys(&count);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(keys[i - 1], keys[i]) == 0) {
            fail_msg("twice: %s", keys[i]);
        }
    }
    free_keys(keys, count);
}

static void assert_planned(const char *id, bool expected)
{
    struct segmentation wanted;
    struct seam_error error = {0};
    size_t count;
    assert_int_equal(segmentation_parse(id, &wanted, &error), 0);
    char **keys = all_keys(&count), *key = key_of(&wanted);
    bool found = bsearch(&key, keys, count, sizeof *keys, by_text) != NULL;
    if (found != expected) {
        fail_msg("%s (%s) is%s planned", id, key, found ? "" : " not");
    }
    free(key);
    free_keys(keys, count);
    segmentation_close(&wanted);
}

static size_t whole_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < made.plan.count; i++) {
        count += made.plan.cases[i].kind <= CASE_INTERLEAVED && made.plan.cases[i].kind != CASE_FIN;
    }
    return count;
}

/* --- tests --- */

static const char *const scenarios[] = {TWO_LINES, SIDE_BY_SIDE, WITH_FIN, LONG_LINES};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static void no_case_comes_twice(void **state)
{
    static const uint64_t budgets[] = {1, 7, 50, 500, 4000};
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        lay_out(scenarios[i]);
        for (size_t b = 0; b < 5; b++) {
            plan(budgets[b], 3 + b);
            assert_none_twice();
        }
    }
}

/* Another order within a kind, other random ones, but the whole kinds alike; the same seed, the same plan. */
static void the_seed_alone_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        lay_out(scenarios[i]);
        plan(60, 1);
        struct plan first = made.plan;
        size_t whole = whole_count(), others = 0;
        made.plan = (struct plan){0};
        for (uint64_t seed = 1; seed <= 2; seed++) {
            plan(60, seed);
            assert_true(seed == 2 || made.plan.count == first.count);
            assert_int_equal(whole_count(), whole);
            for (size_t k = 0; k < first.count && k < made.plan.count; k++) {
                bool same = strcmp(made.plan.cases[k].id, first.cases[k].id) == 0;
                bool may_differ = seed == 2 && first.cases[k].kind >= CASE_INTERLEAVED;
                assert_true(same || may_differ);
                others += !same;
            }
        }
        assert_true(others > 10);
        plan_close(&first);
    }
}

static void a_budget_is_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        lay_out(scenarios[i]);
        for (uint64_t budget = 1; budget < 300; budget += budget < 40 ? 1 : 37) {
            plan(budget, budget);
            size_t most = whole_count() > budget ? whole_count() : (size_t)budget;
            assert_true(made.plan.count <= most);
            uint64_t sum = 0;
            for (int kind = 0; kind < CASE_KIND_COUNT; kind++) {
                assert_true(made.plan.possible[kind] >= made.plan.chosen[kind]);
                sum += made.plan.chosen[kind];
            }
            assert_true(sum == made.plan.count);
        }
    }
}

static void cases_are_in_order_and_mean_what_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        lay_out(scenarios[i]);
        plan(400, 1);
        for (size_t k = 0; k < made.plan.count; k++) {
            const struct plan_case *c = &made.plan.cases[k];
            struct segmentation read;
            struct seam_error error = {0};
            assert_true(k == 0 || made.plan.cases[k - 1].kind <= c->kind);
            assert_int_equal(segmentation_parse(c->id, &read, &error), 0);
            assert_true(segmentation_equal(&read, &c->segmentation));
            segmentation_close(&read);
            bool pair = c->kind == CASE_PAIR, one = c->kind == CASE_CUT || c->kind == CASE_JOIN_CUT;
            assert_true((!pair && !one) || (c->message != SIZE_MAX && c->cut_count == (pair ? 2 : 1)));
            for (size_t n = 0; n < c->cut_count && (pair || c->kind == CASE_CUT); n++) {
                const struct layout_message *m = &made.layout.messages[c->message];
                assert_true(m->begin < c->cuts[n] && c->cuts[n] < m->end);
            }
        }
    }
}

/* "hello\nyou\n" in one burst: 6 ends the first message. Too many places for all subsets, so that each kind
 * has to bring its own. */
static void cuts_and_joins_are_there(void **state)
{
    char id[64];
    (void)state;
    lay_out(CONNECT "{'send': 'a', 'line': 'hello'}, {'send': 'a', 'line': 'your ship'}, "
                    "{'expect': 'a', 'lines': ['hello', 'your ship']}");
    plan(5000, 1);
    assert_int_equal(made.plan.chosen[CASE_ALL], 0);
    assert_planned("a@", true);
    for (int p = 1; p < 16; p++) {
        if (p != 6) {
            snprintf(id, sizeof id, p < 6 ? "a@%d,6" : "a@6,%d", p);
            assert_planned(id, true); /* a single cut */
            snprintf(id, sizeof id, "a@%d", p);
            assert_planned(id, true); /* joined, and a cut in one of both */
        }
        for (int q = p + 1; q < 16; q++) {
            if ((p < 6) == (q < 6) && p != 6 && q != 6) {
                snprintf(id, sizeof id, p < 6 ? "a@%d,%d,6" : "a@6,%d,%d", p, q);
                assert_planned(id, true); /* a pair in one message */
            }
        }
    }
    assert_int_equal(made.plan.chosen[CASE_CUT], 14);
    assert_true(made.plan.chosen[CASE_TRIPLE] > 0);
}

/* Three messages of one burst, joined two by two; then a message and its FIN. */
static void each_two_are_joined(void **state)
{
    (void)state;
    lay_out(WITH_FIN);
    plan(5000, 1);
    assert_planned("a@4,9,16", true);    /* each message alone */
    assert_planned("a@9,16", true);      /* the first two, from 0 to 9 */
    assert_planned("a@4,16", true);      /* the last two */
    assert_planned("a@4,9", true);       /* FIN with the last bytes */
    assert_planned("a@4,9,14", true);    /* FIN with the half of the last message */
    assert_planned("a@4,9,14,16", true); /* FIN apart behind a cut message */
    assert_planned("a@6,9,16", true);    /* the first two, the second one cut */
    assert_true(made.plan.chosen[CASE_FIN] == 1);
}

static void buffer_sizes_are_tried(void **state)
{
    static const int sizes[] = {64, 128, 256, 512, 1024};
    char id[32];
    (void)state;
    lay_out(LONG_LINES); /* 1401 and 2 bytes */
    plan(3000, 1);
    for (size_t i = 0; i < 5; i++) {
        for (int p = sizes[i] - 1; p <= sizes[i] + 1; p++) {
            snprintf(id, sizeof id, "a@%d", p);
            assert_planned(id, true);
        }
    }
    assert_true(made.plan.possible[CASE_PAIR] > made.plan.chosen[CASE_PAIR]); /* too many, but counted */
}

static void actors_take_turns(void **state)
{
    (void)state;
    lay_out(SIDE_BY_SIDE);
    plan(500, 11);
    size_t interleaved = 0;
    for (size_t i = 0; i < made.plan.count; i++) {
        interleaved += made.plan.cases[i].segmentation.interleaved;
    }
    assert_int_equal(interleaved, made.plan.chosen[CASE_INTERLEAVED]);
    assert_true(interleaved >= 4);
    lay_out(TWO_LINES);
    plan(500, 11);
    assert_int_equal(made.plan.chosen[CASE_INTERLEAVED], 0);
}

/* All subsets of the free places where there are at most 11, each once. */
static void few_places_are_tried_in_whole(void **state)
{
    char steps[512];
    (void)state;
    for (int length = 1; length <= 12; length++) { /* and its newline: as many places */
        snprintf(steps, sizeof steps,
                 CONNECT "{'send': 'a', 'line': '%.*s'}, {'expect': 'a', 'line': '%.*s'}", length,
                 "abcdefghijkl", length, "abcdefghijkl");
        lay_out(steps);
        plan(5000, 1);
        assert_int_equal(made.plan.places, length);
        if (length <= 11) {
            assert_int_equal(made.plan.count + 1, (size_t)1 << length); /* the run as written is one */
            assert_none_twice();
        } else {
            assert_int_equal(made.plan.chosen[CASE_ALL], 0);
            assert_true(made.plan.chosen[CASE_RANDOM] > 0);
        }
    }
    lay_out(TWO_LINES); /* 9 places, the end of a message among them */
    plan(5000, 1);
    assert_int_equal(made.plan.count + 1, 512);
    plan(400, 1);
    assert_int_equal(made.plan.chosen[CASE_ALL], 0); /* they do not fit, so no part of them */
}

/* Nothing may be cut from `begin` (excluded) to `end` (included) of the connection. */
static void assert_never_cut(const char *name, uint64_t begin, uint64_t end)
{
    assert_true(made.plan.count > 5);
    for (size_t i = 0; i < made.plan.count; i++) {
        const struct segmentation *s = &made.plan.cases[i].segmentation;
        const struct segmentation_item *item = segmentation_find(s, name);
        for (size_t k = 0; item && k < item->cut_count; k++) {
            assert_false(begin < item->cuts[k] && item->cuts[k] <= end);
        }
    }
}

static void what_is_waived_is_never_cut(void **state)
{
    (void)state;
    lay_out(CONNECT
            "{'send': 'a', 'line': 'first'}, {'send': 'a', 'line': 'waived', 'evidence': 'sent'}, {'send': "
            "'a', 'line': 'behind it'}, {'expect': 'a', 'lines': ['first', 'waived', 'behind it']}");
    for (uint64_t budget = 20; budget < 3000; budget *= 5) {
        plan(budget, 1);
        assert_never_cut("a", 6, 13);
        assert_none_twice();
    }
}

static void what_is_not_read_is_never_cut(void **state)
{
    (void)state;
    lay_out(TWO_LINES);
    made.layout.bursts[0].whole_from = 4;
    plan(2000, 1);
    assert_int_equal(made.plan.places, 3);
    assert_never_cut("a", 3, 10);
    assert_int_equal(made.plan.lockstep.items[0].cut_count, 0);
}

static void only_actors_are_cut(void **state)
{
    (void)state;
    forget_all();
    made.scenario =
        kit_trace_whole(PROGRAM "'sweep': {'actors': ['b']}, 'steps': [" SIDE_BY_SIDE "]}", &made.baseline);
    assert_int_equal(layout_make(made.scenario, &made.baseline, &made.layout), 0);
    plan(500, 1);
    assert_int_equal(made.plan.places, 3);
    for (size_t i = 0; i < made.plan.count; i++) {
        assert_null(segmentation_find(&made.plan.cases[i].segmentation, "a"));
        assert_non_null(segmentation_find(&made.plan.cases[i].segmentation, "b"));
    }
}

static void joins_alone_cut_no_message(void **state)
{
    struct plan_options options = {.budget = 500, .seed = 1, .joins_only = true};
    (void)state;
    lay_out(WITH_FIN);
    assert_int_equal(plan_make(&made.layout, made.scenario, &made.baseline, &options, &made.plan), 0);
    assert_int_equal(made.plan.chosen[CASE_CUT] + made.plan.chosen[CASE_PAIR] +
                         made.plan.chosen[CASE_TRIPLE] + made.plan.chosen[CASE_EVERY_BYTE] +
                         made.plan.chosen[CASE_ALL],
                     0);
    assert_planned("a@4,9", true);
    assert_planned("a@", true);
    assert_planned("a@2,4,9,16", false);
}

/* What is planned can be delivered: the runner refuses a cut at no free place. */
static void every_case_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        lay_out(scenarios[i]);
        plan(i == 3 ? 60 : 150, 9);
        for (size_t k = 0; k < made.plan.count; k++) {
            if (!made.plan.cases[k].segmentation.interleaved) {
                struct record record;
                kit_trace_again(made.plan.cases[k].id, &record);
                record_close(&record);
            }
        }
    }
}

static void nothing_to_cut_makes_no_case(void **state)
{
    (void)state;
    lay_out(CONNECT "{'send': 'a', 'data': '\\n'}, {'expect': 'a', 'line': ''}");
    plan(500, 1);
    assert_int_equal(made.plan.count, 0);
    lay_out(CONNECT SETTLE);
    plan(500, 1);
    assert_int_equal(made.plan.count, 0);
}

/* Ends, and by ctest's limit in time; what is too much to list is counted. */
static void big_messages_are_planned(void **state)
{
    (void)state;
    lay_out(CONNECT "{'send': 'a', 'line': {'text': 'x', 'times': 100000}}, {'send': 'a', 'line': 'y'}, "
                    "{'expect': 'a', 'until': 'y\\n'}");
    plan(500, 1);
    assert_in_range(made.plan.count, 490, 500);
    assert_true(made.plan.possible[CASE_CUT] > 30000);
    assert_true(made.plan.possible[CASE_PAIR] > 1000000000);
    assert_true(made.plan.chosen[CASE_CHUNK_END] > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_case_comes_twice),
        TEST(the_seed_alone_decides),
        TEST(a_budget_is_kept),
        TEST(cases_are_in_order_and_mean_what_they_say),
        TEST(cuts_and_joins_are_there),
        TEST(each_two_are_joined),
        TEST(buffer_sizes_are_tried),
        TEST(actors_take_turns),
        TEST(few_places_are_tried_in_whole),
        TEST(what_is_waived_is_never_cut),
        TEST(what_is_not_read_is_never_cut),
        TEST(only_actors_are_cut),
        TEST(joins_alone_cut_no_message),
        TEST(every_case_fits),
        TEST(nothing_to_cut_makes_no_case),
        TEST(big_messages_are_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
