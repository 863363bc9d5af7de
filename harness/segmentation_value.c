/* segmentation_value - segmentations made, copied, compared and combined by programs; segmentation.c has the
 * id. */
#include "harness/segmentation.h"

#include <stdlib.h>
#include <string.h>

static bool items_equal(const struct segmentation_item *a, const struct segmentation_item *b)
{
    return strcmp(a->connection, b->connection) == 0 && a->rule == b->rule &&
           a->chunk_bytes == b->chunk_bytes && a->cut_count == b->cut_count &&
           (a->cut_count == 0 || memcmp(a->cuts, b->cuts, a->cut_count * sizeof *a->cuts) == 0);
}

bool segmentation_equal(const struct segmentation *a, const struct segmentation *b)
{
    if (a->item_count != b->item_count || a->interleaved != b->interleaved ||
        a->interleave_seed != b->interleave_seed) {
        return false;
    }
    for (size_t i = 0; i < a->item_count; i++) {
        if (!items_equal(&a->items[i], &b->items[i])) {
            return false;
        }
    }
    return true;
}

int segmentation_set(struct segmentation *segmentation, const char *connection, enum cut_rule rule,
                     uint64_t chunk_bytes, const uint64_t *cuts, size_t cut_count)
{
    struct segmentation_item *item = (struct segmentation_item *)segmentation_find(segmentation, connection);
    uint64_t *copy = malloc((cut_count + 1) * sizeof *copy);
    if (!copy) {
        return -1;
    }
    if (cut_count) {
        memcpy(copy, cuts, cut_count * sizeof *copy);
    }
    if (!item) {
        struct segmentation_item *items =
            reallocarray(segmentation->items, segmentation->item_count + 1, sizeof *items);
        char *name = strdup(connection);
        segmentation->items = items ? items : segmentation->items;
        if (!items || !name) {
            free(name);
            free(copy);
            return -1;
        }
        item = &items[segmentation->item_count++];
        *item = (struct segmentation_item){.connection = name};
    }
    free(item->cuts);
    item->rule = rule;
    item->chunk_bytes = rule == CUTS_CHUNKS ? chunk_bytes : 0;
    item->cuts = copy;
    item->cut_count = rule == CUTS_LISTED ? cut_count : 0;
    return 0;
}

int segmentation_copy(const struct segmentation *from, struct segmentation *out)
{
    *out = (struct segmentation){.interleaved = from->interleaved, .interleave_seed = from->interleave_seed};
    for (size_t i = 0; i < from->item_count; i++) {
        const struct segmentation_item *item = &from->items[i];
        if (segmentation_set(out, item->connection, item->rule, item->chunk_bytes, item->cuts,
                             item->cut_count) < 0) {
            segmentation_close(out);
            return -1;
        }
    }
    return 0;
}

/* Both ascend; so does the union. */
static int unite(struct segmentation *segmentation, const struct segmentation_item *a,
                 const struct segmentation_item *b)
{
    size_t count = 0, i = 0, k = 0;
    uint64_t *cuts = malloc((a->cut_count + b->cut_count + 1) * sizeof *cuts);
    if (!cuts) {
        return -1;
    }
    while (i < a->cut_count || k < b->cut_count) {
        uint64_t next =
            k == b->cut_count || (i < a->cut_count && a->cuts[i] <= b->cuts[k]) ? a->cuts[i] : b->cuts[k];
        i += i < a->cut_count && a->cuts[i] == next;
        k += k < b->cut_count && b->cuts[k] == next;
        cuts[count++] = next;
    }
    int result = segmentation_set(segmentation, a->connection, CUTS_LISTED, 0, cuts, count);
    free(cuts);
    return result;
}

int segmentation_combine(struct segmentation *segmentation, const struct segmentation *other)
{
    for (size_t i = 0; i < other->item_count; i++) {
        const struct segmentation_item *b = &other->items[i],
                                       *a = segmentation_find(segmentation, b->connection);
        int result = a && a->rule == CUTS_LISTED && b->rule == CUTS_LISTED
                         ? unite(segmentation, a, b)
                         : segmentation_set(segmentation, b->connection, b->rule, b->chunk_bytes, b->cuts,
                                            b->cut_count);
        if (result < 0) {
            return -1;
        }
    }
    if (other->interleaved) {
        segmentation->interleaved = true;
        segmentation->interleave_seed = other->interleave_seed;
    }
    return 0;
}
