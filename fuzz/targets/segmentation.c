/*
 * segmentation - the ids of harness/segmentation.c: read, printed, read again; copied, combined, looked up.
 *
 * Files: harness/segmentation.c harness/segmentation_value.c
 *
 * An input is one id, or two with a newline between them. Reaches: all but running out of memory and the
 * bounds on connections and cuts (the unit tests have those). What two ids make together is held against sets
 * of offsets.
 */
#include "harness/segmentation.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ID_BYTES_MAX = 1 << 20 };

static struct bytes printed(const struct segmentation *segmentation)
{
    struct bytes out;
    bytes_init(&out, ID_BYTES_MAX);
    int result = segmentation_print(segmentation, &out);
    assert(result == 0);
    return out;
}

/* What is printed reads back as the same, and prints the same. An empty one has no id. */
static void check_round_trip(const struct segmentation *segmentation)
{
    struct bytes id = printed(segmentation);
    struct segmentation again = {0};
    struct seam_error error = {0};
    if (id.length) {
        int result = segmentation_parse(bytes_text(&id), &again, &error);
        assert(result == 0);
    }
    assert(segmentation_equal(segmentation, &again) && segmentation_equal(&again, segmentation));
    struct bytes twice = printed(&again);
    assert(strcmp(bytes_text(&id), bytes_text(&twice)) == 0);
    bytes_free(&twice);
    bytes_free(&id);
    segmentation_close(&again);
}

/* Is the id as it would be printed? Numbers have one spelling, so only the place of `#` may differ. */
static void check_canonical(const char *id, const struct segmentation *segmentation)
{
    struct bytes again = printed(segmentation);
    const char *seed = strchr(id, '#');
    assert(again.length == strlen(id));
    if (!seed || !strchr(seed, ';')) {
        assert(strcmp(id, bytes_text(&again)) == 0);
    }
    bytes_free(&again);
}

static bool has(const struct segmentation_item *item, uint64_t offset)
{
    for (size_t i = 0; i < item->cut_count; i++) {
        if (item->cuts[i] == offset) {
            return true;
        }
    }
    return false;
}

static void check_item(const struct segmentation_item *item)
{
    assert(*item->connection >= 'a' && *item->connection <= 'z');
    assert(item->rule == CUTS_LISTED || item->cut_count == 0);
    assert((item->rule == CUTS_CHUNKS) == (item->chunk_bytes > 0));
    for (size_t i = 0; i < item->cut_count; i++) {
        uint64_t cut = item->cuts[i];
        assert(cut > (i ? item->cuts[i - 1] : 0));
        assert(segmentation_cuts_at(item, cut - 1, cut, false));
        assert(segmentation_cuts_at(item, 0, cut + 1, false) == has(item, cut + 1));
        assert(segmentation_cuts_at(item, 0, cut - 1, true) == has(item, cut - 1));
    }
}

static bool same_item(const struct segmentation_item *a, const struct segmentation_item *b)
{
    bool same = strcmp(a->connection, b->connection) == 0 && a->rule == b->rule &&
                a->cut_count == b->cut_count && a->chunk_bytes == b->chunk_bytes;
    for (size_t i = 0; same && i < a->cut_count; i++) {
        same = a->cuts[i] == b->cuts[i];
    }
    return same;
}

static bool both_list(const struct segmentation_item *a, const struct segmentation_item *b)
{
    return a && b && a->rule == CUTS_LISTED && b->rule == CUTS_LISTED;
}

static void check_union(const struct segmentation_item *a, const struct segmentation_item *b,
                        const struct segmentation_item *both)
{
    size_t common = 0;
    for (size_t i = 0; i < a->cut_count; i++) {
        assert(has(both, a->cuts[i]));
        common += has(b, a->cuts[i]);
    }
    for (size_t i = 0; i < b->cut_count; i++) {
        assert(has(both, b->cuts[i]));
    }
    assert(both->cut_count == a->cut_count + b->cut_count - common);
}

static void check_combined(const struct segmentation *a, const struct segmentation *b,
                           const struct segmentation *both)
{
    size_t common = 0;
    for (size_t i = 0; i < both->item_count; i++) {
        const struct segmentation_item *item = &both->items[i],
                                       *in_a = segmentation_find(a, item->connection),
                                       *in_b = segmentation_find(b, item->connection);
        assert(in_a || in_b);
        common += in_a && in_b;
        check_item(item);
        if (both_list(in_a, in_b)) {
            check_union(in_a, in_b, item);
        } else {
            assert(same_item(item, in_b ? in_b : in_a));
        }
    }
    assert(both->item_count == a->item_count + b->item_count - common);
    assert(both->interleaved == (a->interleaved || b->interleaved));
    assert(!both->interleaved ||
           both->interleave_seed == (b->interleaved ? b->interleave_seed : a->interleave_seed));
    check_round_trip(both);
}

static void check_two(const struct segmentation *a, const struct segmentation *b)
{
    struct segmentation both, before;
    int result = segmentation_copy(a, &both);
    assert(result == 0 && segmentation_equal(a, &both));
    result = segmentation_copy(b, &before);
    assert(result == 0);
    result = segmentation_combine(&both, b);
    assert(result == 0 && segmentation_equal(b, &before));
    check_combined(a, b, &both);
    result = segmentation_combine(&both, b); /* again: nothing is new */
    assert(result == 0);
    check_combined(a, b, &both);
    segmentation_close(&before);
    segmentation_close(&both);
}

/* The same value by segmentation_set(), item by item. */
static void check_set(const struct segmentation *segmentation)
{
    struct segmentation made = {.interleaved = segmentation->interleaved,
                                .interleave_seed = segmentation->interleave_seed};
    for (size_t i = 0; i < segmentation->item_count; i++) {
        const struct segmentation_item *item = &segmentation->items[i];
        int result = segmentation_set(&made, item->connection, item->rule, item->chunk_bytes, item->cuts,
                                      item->cut_count);
        assert(result == 0);
    }
    assert(segmentation_equal(segmentation, &made));
    segmentation_close(&made);
}

/* True: it is an id. */
static bool read_id(const char *id, struct segmentation *out)
{
    struct seam_error error = {0};
    if (segmentation_parse(id, out, &error) != 0) {
        assert(error.column >= 1 && (size_t)error.column <= strlen(id) + 1);
        assert(error.text[0] != '\0' && out->items == NULL && out->item_count == 0);
        return false;
    }
    assert(out->item_count > 0 || out->interleaved);
    for (size_t i = 0; i < out->item_count; i++) {
        check_item(&out->items[i]);
    }
    check_canonical(id, out);
    check_round_trip(out);
    check_set(out);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *id = size ? strndup((const char *)data, size) : strdup("");
    struct segmentation a, b;
    if (!id) {
        return 0;
    }
    char *second = strchr(id, '\n');
    if (second) {
        *second++ = '\0';
    }
    bool first = read_id(id, &a);
    if (second && read_id(second, &b)) {
        if (first) {
            check_two(&a, &b);
            check_two(&b, &a);
        }
        segmentation_close(&b);
    }
    if (first) {
        check_two(&a, &a);
        check_two(&a, &(struct segmentation){0});
        check_two(&(struct segmentation){0}, &a);
        segmentation_close(&a);
    }
    free(id);
    return 0;
}
