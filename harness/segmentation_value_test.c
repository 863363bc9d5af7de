/* Tests of segmentations made by programs: equal, copied, set, combined; and that their ids read back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/segmentation.h"

static struct segmentation parsed(const char *id)
{
    struct segmentation out = {0};
    struct seam_error error = {0};
    if (*id && segmentation_parse(id, &out, &error) != 0)
        fail_msg("%s: %s", id, error.text);
    return out;
}

/* Prints it, and reads the id back: it must be the same value. */
static void assert_prints(const struct segmentation *segmentation, const char *expected)
{
    struct bytes id;
    bytes_init(&id, 1 << 20);
    assert_int_equal(segmentation_print(segmentation, &id), 0);
    assert_string_equal(bytes_text(&id), expected);
    struct segmentation again = parsed(bytes_text(&id));
    assert_true(segmentation_equal(segmentation, &again));
    segmentation_close(&again);
    bytes_free(&id);
}

static const char *const ids[] = {
    "",        "a@",    "a@1",       "a@1,2",      "a@*",      "a@%7",
    "a@%8",    "a@=",   "b@1",       "#0",         "#1",       "a@1;b@1",
    "b@1;a@1", "a@;#0", "a@1,2;b@*", "a@1;b@1;#5", "a@=;b@%3", "c@18446744073709551615",
};
enum { IDS = sizeof ids / sizeof *ids };

static void only_the_same_ids_are_equal(void **state)
{
    (void)state;
    for (size_t i = 0; i < IDS; i++) {
        for (size_t k = 0; k < IDS; k++) {
            struct segmentation a = parsed(ids[i]), b = parsed(ids[k]);
            assert_int_equal(segmentation_equal(&a, &b), i == k);
            segmentation_close(&a);
            segmentation_close(&b);
        }
    }
}

static void a_copy_stands_alone(void **state)
{
    static const uint64_t cuts[] = {5};
    (void)state;
    for (size_t i = 0; i < IDS; i++) {
        struct segmentation a = parsed(ids[i]), b;
        assert_int_equal(segmentation_copy(&a, &b), 0);
        assert_true(segmentation_equal(&a, &b));
        assert_int_equal(segmentation_set(&b, "z", CUTS_LISTED, 0, cuts, 1), 0);
        assert_false(segmentation_equal(&a, &b));
        assert_prints(&a, ids[i]);
        segmentation_close(&a);
        assert_int_equal(segmentation_find(&b, "z")->cuts[0], 5);
        segmentation_close(&b);
    }
}

static void setting_adds_or_replaces(void **state)
{
    uint64_t cuts[] = {1, 4, 9};
    struct segmentation s = {0};
    (void)state;
    assert_int_equal(segmentation_set(&s, "b", CUTS_LISTED, 0, cuts, 3), 0);
    cuts[0] = 2; /* it has a copy */
    assert_prints(&s, "b@1,4,9");
    assert_int_equal(segmentation_set(&s, "a", CUTS_CHUNKS, 7, NULL, 0), 0);
    assert_prints(&s, "b@1,4,9;a@%7"); /* in the order in which they came */
    assert_int_equal(segmentation_set(&s, "b", CUTS_EVERY_BYTE, 7, cuts, 3), 0);
    assert_prints(&s, "b@*;a@%7"); /* what the rule does not use is not kept */
    assert_int_equal(segmentation_set(&s, "a", CUTS_AS_WRITTEN, 7, NULL, 0), 0);
    assert_prints(&s, "b@*;a@=");
    assert_int_equal(segmentation_set(&s, "a", CUTS_LISTED, 0, NULL, 0), 0);
    assert_prints(&s, "b@*;a@");
    assert_int_equal(segmentation_set(&s, "a", CUTS_LISTED, 0, cuts + 1, 1), 0);
    assert_int_equal(segmentation_set(&s, "a", CUTS_LISTED, 0, cuts, 3), 0);
    assert_prints(&s, "b@*;a@2,4,9");
    segmentation_close(&s);
}

static void setting_from_its_own_cuts(void **state)
{
    struct segmentation s = parsed("a@1,4,9");
    (void)state;
    assert_int_equal(segmentation_set(&s, "a", CUTS_LISTED, 0, s.items[0].cuts + 1, 2), 0);
    assert_prints(&s, "a@4,9");
    segmentation_close(&s);
}

static void combining(void **state)
{
    static const struct {
        const char *a, *b, *both;
    } cases[] = {
        {"", "", ""},
        {"a@1", "", "a@1"},
        {"", "a@1;#3", "a@1;#3"},
        {"a@1,5", "a@3", "a@1,3,5"},
        {"a@1,5", "a@1,5", "a@1,5"},
        {"a@1,2,3", "a@2,3,4", "a@1,2,3,4"},
        {"a@5,6", "a@1,2", "a@1,2,5,6"},
        {"a@", "a@1", "a@1"},
        {"a@1", "a@", "a@1"},
        {"a@", "a@", "a@"},
        {"a@1,2", "a@*", "a@*"},
        {"a@*", "a@1,2", "a@1,2"},
        {"a@%7", "a@%3", "a@%3"},
        {"a@1", "a@=", "a@="},
        {"a@=", "a@1", "a@1"},
        {"a@1;b@2", "b@3;a@4;c@5", "a@1,4;b@2,3;c@5"},
        {"b@2;a@1", "a@9", "b@2;a@1,9"},
        {"a@1;#4", "a@2", "a@1,2;#4"},
        {"a@1;#4", "#9", "a@1;#9"},
        {"#9", "b@=;#0", "b@=;#0"},
        {"a@18446744073709551615", "a@1", "a@1,18446744073709551615"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct segmentation a = parsed(cases[i].a), b = parsed(cases[i].b), before;
        assert_int_equal(segmentation_copy(&b, &before), 0);
        assert_int_equal(segmentation_combine(&a, &b), 0);
        assert_true(segmentation_equal(&b, &before)); /* the other one is as it was */
        segmentation_close(&b);
        assert_prints(&a, cases[i].both);
        segmentation_close(&a);
        segmentation_close(&before);
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Subsets of 1..60, united in any order: ascending, each once, and what a bit mask says. */
static void unions_are_those_of_sets(void **state)
{
    uint64_t seed = 99;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct segmentation all = {0};
        uint64_t wanted = 0;
        for (int part = 0; part < 4; part++) {
            uint64_t set = next_random(&seed) & next_random(&seed), cuts[64];
            struct segmentation one = {0};
            size_t count = 0;
            for (uint64_t i = 1; i <= 60; i++) {
                if (set >> i & 1)
                    cuts[count++] = i;
            }
            assert_int_equal(segmentation_set(&one, "a", CUTS_LISTED, 0, cuts, count), 0);
            assert_int_equal(segmentation_combine(&all, &one), 0);
            wanted |= set;
            segmentation_close(&one);
        }
        const struct segmentation_item *a = segmentation_find(&all, "a");
        for (uint64_t i = 1; i <= 60; i++)
            assert_int_equal(segmentation_cuts_at(a, 0, i, false), wanted >> i & 1);
        for (size_t k = 1; k < a->cut_count; k++)
            assert_true(a->cuts[k - 1] < a->cuts[k]);
        segmentation_close(&all);
    }
}

static void combining_with_itself_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < IDS; i++) {
        struct segmentation a = parsed(ids[i]), b = parsed(ids[i]);
        assert_int_equal(segmentation_combine(&a, &b), 0);
        assert_true(segmentation_equal(&a, &b));
        segmentation_close(&a);
        segmentation_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_same_ids_are_equal),
        cmocka_unit_test(a_copy_stands_alone),
        cmocka_unit_test(setting_adds_or_replaces),
        cmocka_unit_test(setting_from_its_own_cuts),
        cmocka_unit_test(combining),
        cmocka_unit_test(unions_are_those_of_sets),
        cmocka_unit_test(combining_with_itself_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
