/* Tests of segmentation: what is read, what is refused and where, and that printing and reading are inverse.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/segmentation.h"

static void assert_prints(const struct segmentation *segmentation, const char *expected)
{
    struct bytes out;
    bytes_init(&out, (size_t)1 << 30);
    assert_int_equal(segmentation_print(segmentation, &out), 0);
    assert_string_equal(bytes_text(&out), expected);
    bytes_free(&out);
}

static void canonical_ids_are_read_and_printed(void **state)
{
    static const char *const ids[] = {
        "alice@",
        "alice@17,18",
        "alice@*",
        "alice@%7",
        "alice@=",
        "#0",
        "#18446744073709551615",
        "alice@17,18;bob@",
        "a_1@1;b@*;c@%1;d@=;#42",
        "a@1,18446744073709551614,18446744073709551615",
    };
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct segmentation segmentation;
        struct seam_error error = {0};
        assert_int_equal(segmentation_parse(ids[i], &segmentation, &error), 0);
        assert_prints(&segmentation, ids[i]);
        segmentation_close(&segmentation);
    }
}

static void seed_is_printed_last(void **state)
{
    struct segmentation segmentation;
    struct seam_error error = {0};
    (void)state;
    assert_int_equal(segmentation_parse("#7;alice@*", &segmentation, &error), 0);
    assert_prints(&segmentation, "alice@*;#7");
    segmentation_close(&segmentation);
}

static void refusals_name_the_column(void **state)
{
    static const struct {
        const char *id;
        int column;
        const char *text;
    } cases[] = {
        {"", 1, "a connection is missing"},
        {";", 1, "a connection is missing"},
        {"alice", 6, "'@' must follow"},
        {"Alice@1", 1, "a connection is missing"},
        {"al-ice@1", 3, "'@' must follow"},
        {"alice@x", 7, "after '@' come"},
        {"alice@-1", 7, "after '@' come"},
        {"alice@+1", 7, "after '@' come"},
        {"alice@ 1", 7, "after '@' come"},
        {"alice@0", 7, "offset 0"},
        {"alice@01", 7, "leading zero"},
        {"alice@1,", 9, "a number is missing"},
        {"alice@1,,2", 9, "a number is missing"},
        {"alice@5,4", 9, "must ascend"},
        {"alice@5,5", 9, "the same cut twice"},
        {"alice@1 ", 8, "';' or the end"},
        {"alice@1;", 9, "a connection is missing"},
        {"alice@1;bob@2;alice@3", 15, "the same connection twice"},
        {"alice@%", 8, "a number is missing"},
        {"alice@%0", 8, "chunks of 0"},
        {"alice@%7,8", 9, "';' or the end"},
        {"alice@**", 8, "';' or the end"},
        {"alice@=1", 8, "';' or the end"},
        {"#", 2, "a number is missing"},
        {"#x", 2, "a number is missing"},
        {"#1;#2", 4, "a second"},
        {"#18446744073709551616", 2, "64 bits"},
        {"alice@18446744073709551616", 7, "64 bits"},
        {"alice@1,99999999999999999999999999", 9, "64 bits"},
        {"alice@1\n", 8, "';' or the end"},
        {"\xc3\xa4@1", 1, "a connection is missing"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct segmentation segmentation;
        struct seam_error error = {0};
        assert_int_equal(segmentation_parse(cases[i].id, &segmentation, &error), -1);
        if (error.column != cases[i].column || !strstr(error.text, cases[i].text))
            fail_msg("%s: column %d, %s", cases[i].id, error.column, error.text);
        assert_null(segmentation.items);
    }
}

/* An id of count cuts: a@1,2,3,... */
static void write_many_cuts(size_t count, struct bytes *id)
{
    bytes_init(id, 1 << 30);
    bytes_append_text(id, "a@1");
    for (size_t i = 2; i <= count; i++)
        bytes_append_format(id, ",%zu", i);
}

static void cuts_are_bounded(void **state)
{
    (void)state;
    for (int over = -1; over <= 1; over++) {
        struct segmentation segmentation;
        struct seam_error error = {0};
        struct bytes id;
        write_many_cuts((size_t)(SEGMENTATION_CUTS_MAX + over), &id);
        assert_int_equal(segmentation_parse(bytes_text(&id), &segmentation, &error), over > 0 ? -1 : 0);
        if (over > 0)
            assert_non_null(strstr(error.text, "more than 1000000 cuts"));
        segmentation_close(&segmentation);
        bytes_free(&id);
    }
}

static void connections_are_bounded(void **state)
{
    (void)state;
    for (int over = -1; over <= 1; over++) {
        size_t count = (size_t)(SEGMENTATION_CONNECTIONS_MAX + over);
        struct segmentation segmentation;
        struct seam_error error = {0};
        struct bytes id;
        bytes_init(&id, 1 << 20);
        for (size_t i = 0; i < count; i++)
            bytes_append_format(&id, "%sc%zu@", i ? ";" : "", i);
        assert_int_equal(segmentation_parse(bytes_text(&id), &segmentation, &error), over > 0 ? -1 : 0);
        segmentation_close(&segmentation);
        bytes_free(&id);
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void fill_randomly(struct segmentation *out, uint64_t *seed)
{
    *out = (struct segmentation){.item_count = next_random(seed) % 5};
    out->items = calloc(out->item_count + 1, sizeof *out->items);
    for (size_t i = 0; i < out->item_count; i++) {
        struct segmentation_item *item = &out->items[i];
        char name[32];
        snprintf(name, sizeof name, "%c%zu_%" PRIu64, (char)('a' + next_random(seed) % 26), i,
                 next_random(seed) % 100);
        item->connection = strdup(name);
        item->rule = (enum cut_rule)(next_random(seed) % 4);
        if (item->rule == CUTS_CHUNKS)
            item->chunk_bytes = 1 + next_random(seed) % 1000;
        if (item->rule != CUTS_LISTED)
            continue;
        item->cut_count = next_random(seed) % 20;
        item->cuts = calloc(item->cut_count + 1, sizeof *item->cuts);
        for (size_t k = 0; k < item->cut_count; k++)
            item->cuts[k] = (k ? item->cuts[k - 1] : 0) + 1 + next_random(seed) % (1u << (k % 31));
    }
    out->interleaved = out->item_count == 0 || next_random(seed) % 2;
    if (out->interleaved)
        out->interleave_seed = next_random(seed);
}

static void assert_same(const struct segmentation *a, const struct segmentation *b)
{
    assert_int_equal(a->item_count, b->item_count);
    assert_int_equal(a->interleaved, b->interleaved);
    assert_true(a->interleave_seed == b->interleave_seed);
    for (size_t i = 0; i < a->item_count; i++) {
        const struct segmentation_item *x = &a->items[i], *y = &b->items[i];
        assert_string_equal(x->connection, y->connection);
        assert_int_equal(x->rule, y->rule);
        assert_true(x->chunk_bytes == y->chunk_bytes);
        assert_int_equal(x->cut_count, y->cut_count);
        for (size_t k = 0; k < x->cut_count; k++)
            assert_true(x->cuts[k] == y->cuts[k]);
    }
}

static void printing_then_reading_is_identity(void **state)
{
    uint64_t seed = 20240229;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct segmentation wanted, got;
        struct seam_error error = {0};
        struct bytes id;
        fill_randomly(&wanted, &seed);
        bytes_init(&id, 1 << 20);
        assert_int_equal(segmentation_print(&wanted, &id), 0);
        assert_int_equal(segmentation_parse(bytes_text(&id), &got, &error), 0);
        assert_same(&wanted, &got);
        bytes_free(&id);
        segmentation_close(&wanted);
        segmentation_close(&got);
    }
}

/* Whatever the bytes: an answer, a column inside the id, and what is accepted prints to something that reads
 * back. */
static void noise_is_answered(void **state)
{
    static const char alphabet[] = "ab_019@@@,,;;#*%= \x80\n-";
    uint64_t seed = 7;
    size_t accepted = 0;
    (void)state;
    for (int round = 0; round < 200000; round++) {
        char id[13];
        size_t length = next_random(&seed) % sizeof id;
        for (size_t i = 0; i < length; i++)
            id[i] = alphabet[next_random(&seed) % (sizeof alphabet - 1)];
        id[length] = '\0';
        if (length >= 2 && round % 2)
            memcpy(id, "a@", 2); /* else next to nothing is accepted */

        struct segmentation segmentation;
        struct seam_error error = {0};
        if (segmentation_parse(id, &segmentation, &error) != 0) {
            assert_in_range(error.column, 1, length + 1);
            continue;
        }
        accepted++;
        struct bytes printed;
        bytes_init(&printed, 1 << 20);
        assert_int_equal(segmentation_print(&segmentation, &printed), 0);
        assert_int_equal(printed.length, length);
        bytes_free(&printed);
        segmentation_close(&segmentation);
    }
    assert_true(accepted > 1000);
}

static bool cuts(const char *id, const char *connection, uint64_t burst_start, uint64_t offset, bool written)
{
    struct segmentation segmentation;
    struct seam_error error = {0};
    assert_int_equal(segmentation_parse(id, &segmentation, &error), 0);
    bool answer =
        segmentation_cuts_at(segmentation_find(&segmentation, connection), burst_start, offset, written);
    segmentation_close(&segmentation);
    return answer;
}

static void rules_say_where_the_cuts_are(void **state)
{
    (void)state;
    assert_true(cuts("a@3,9", "a", 0, 3, false));
    assert_true(cuts("a@3,9", "a", 0, 9, false));
    assert_false(cuts("a@3,9", "a", 0, 4, true));
    assert_false(cuts("a@", "a", 0, 4, true));
    assert_true(cuts("a@*", "a", 4, 5, false));
    assert_false(cuts("a@*", "a", 4, 4, false)); /* where a burst begins is no cut */
    assert_true(cuts("a@%3", "a", 5, 8, false)); /* chunks count from the start of the burst */
    assert_false(cuts("a@%3", "a", 5, 9, true));
    assert_true(cuts("a@=", "a", 0, 4, true));
    assert_false(cuts("a@=", "a", 0, 4, false));
    assert_true(cuts("a@3", "b", 0, 4, true)); /* left out: as written */
    assert_false(cuts("a@3", "b", 0, 3, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_ids_are_read_and_printed),
        cmocka_unit_test(seed_is_printed_last),
        cmocka_unit_test(refusals_name_the_column),
        cmocka_unit_test(cuts_are_bounded),
        cmocka_unit_test(connections_are_bounded),
        cmocka_unit_test(printing_then_reading_is_identity),
        cmocka_unit_test(noise_is_answered),
        cmocka_unit_test(rules_say_where_the_cuts_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
