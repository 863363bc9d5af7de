/*
 * plan_kinds - the kinds of cases that share the budget: single cuts, joins, joins with a cut, ends at buffer
 * sizes, three cuts at a delimiter, pairs, all subsets, random ones.
 *
 * Each kind lists its candidates with a rank, most telling first; the seed orders those of one rank. What is
 * too long to be listed is sampled, and counted all the same.
 */
#include "harness/sweep/plan_inside.h"

#include <stdlib.h>

enum { LISTED_MAX = 200000, PAIR_MESSAGE_BYTES_MAX = 512, ALL_PLACES_MAX = 11 };

/* One candidate: up to three places, or a join. */
struct candidate {
    uint64_t key; /* rank in the upper bits, then the seed's order */
    size_t message;
    uint64_t places[PLAN_CUTS_MAX];
    unsigned char count;
    bool joined;    /* with the next message */
    bool coalesced; /* its whole burst */
};

struct candidates {
    struct candidate *items;
    size_t count, capacity;
    uint64_t possible;
    bool failed;
};

static void add(struct plan_maker *maker, struct candidates *list, unsigned rank, struct candidate one)
{
    list->possible++;
    if (list->count == LISTED_MAX || list->failed) {
        return;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 256;
        struct candidate *items = reallocarray(list->items, capacity, sizeof *items);
        if (!items) {
            list->failed = true;
            return;
        }
        list->items = items;
        list->capacity = capacity;
    }
    uint64_t hash = plan_mix(maker->options->seed, one.message * 2 + one.joined);
    for (size_t i = 0; i < one.count; i++) {
        hash = plan_mix(hash, one.places[i]);
    }
    one.key = (uint64_t)rank << 56 | hash >> 8;
    list->items[list->count++] = one;
}

static int by_key(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

/* How telling a cut at p is: 0 most. */
static unsigned rank_of(const struct plan_maker *maker, size_t message, uint64_t p)
{
    const struct layout_message *m = &maker->layout->messages[message];
    enum place_kind kind = layout_place_kind(maker->layout, maker->scenario, message, p);
    bool edge = p == m->begin + 1 || p + 1 == m->end || p == m->begin + (m->end - m->begin) / 2;
    return kind != PLACE_INSIDE ? 0 : edge ? 1 : 2;
}

/* Steps through the places of a message; of a very long one it takes every n-th besides the first and last
 * ones. */
static uint64_t next_place(const struct layout_message *m, uint64_t p)
{
    uint64_t length = m->end - m->begin, stride = 1 + length / 50000, at = p - m->begin;
    bool near_edge = at < 1024 || length - at < 1024;
    return p + (near_edge ? 1 : stride);
}

static bool is_free(const struct plan_maker *maker, size_t message, uint64_t p)
{
    return layout_is_free(maker->layout, &maker->layout->bursts[maker->layout->messages[message].burst], p);
}

static void list_cuts(struct plan_maker *maker, struct candidates *out)
{
    for (size_t i = 0; i < maker->layout->message_count; i++) {
        const struct layout_message *m = &maker->layout->messages[i];
        for (uint64_t p = m->begin + 1, next; p < m->end; p = next) {
            next = next_place(m, p);
            if (is_free(maker, i, p)) {
                add(maker, out, rank_of(maker, i, p),
                    (struct candidate){.message = i, .places = {p}, .count = 1});
                out->possible += next - p - 1; /* passed over, and possible all the same */
            }
        }
    }
}

/* Is the next message in the same burst, and may both leave together? */
static bool can_join(const struct plan_maker *maker, size_t i)
{
    const struct layout *layout = maker->layout;
    return i + 1 < layout->message_count && layout->messages[i].burst == layout->messages[i + 1].burst &&
           is_free(maker, i, layout->messages[i].end);
}

static void list_joins(struct plan_maker *maker, struct candidates *out, bool fin)
{
    for (size_t i = 0; i < maker->layout->message_count; i++) {
        if (can_join(maker, i) && maker->layout->messages[i + 1].fin == fin) {
            add(maker, out, 0, (struct candidate){.message = i, .joined = true});
        }
    }
}

static void list_fins(struct plan_maker *maker, struct candidates *out)
{
    list_joins(maker, out, true);
}

static void list_plain_joins(struct plan_maker *maker, struct candidates *out)
{
    list_joins(maker, out, false);
}

/* Joined with the next, which is cut; and cut itself, with its rest joined to the next. */
static void list_join_cuts(struct plan_maker *maker, struct candidates *out)
{
    for (size_t i = 0; i < maker->layout->message_count; i++) {
        for (size_t k = i; can_join(maker, i) && k <= i + 1; k++) {
            const struct layout_message *m = &maker->layout->messages[k];
            for (uint64_t p = m->begin + 1; p < m->end; p = next_place(m, p)) {
                if (is_free(maker, k, p)) {
                    add(maker, out, rank_of(maker, k, p) + (k == i ? 3 : 0),
                        (struct candidate){.message = i, .places = {p}, .count = 1, .joined = true});
                }
            }
        }
    }
}

static void list_chunk_ends(struct plan_maker *maker, struct candidates *out)
{
    static const uint64_t sizes[] = {64, 128, 256, 512, 1024, 1460, 2048, 4096, 8192, 16384, 32768, 65536};
    const struct layout *layout = maker->layout;
    for (size_t b = 0; b < layout->burst_count; b++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            for (uint64_t p = layout->bursts[b].begin + sizes[s] - 1;
                 p <= layout->bursts[b].begin + sizes[s] + 1; p++) {
                size_t message = layout_message_in(layout, &layout->bursts[b], p - 1);
                if (message != SIZE_MAX && layout_is_free(layout, &layout->bursts[b], p)) {
                    add(maker, out, 0,
                        (struct candidate){.message = message, .places = {p}, .count = 1, .coalesced = true});
                }
            }
        }
    }
}

/* Before, inside and behind each delimiter, whatever it is joined with. */
static void list_triples(struct plan_maker *maker, struct candidates *out)
{
    for (size_t i = 0; i < maker->layout->message_count; i++) {
        const struct layout_message *m = &maker->layout->messages[i];
        for (uint64_t p = m->begin + 2; p < m->end; p = next_place(m, p)) {
            enum place_kind kind = layout_place_kind(maker->layout, maker->scenario, i, p);
            bool inside = kind == PLACE_DELIMITER || kind == PLACE_CHARACTER;
            if ((inside || kind == PLACE_BEFORE_DELIMITER) && is_free(maker, i, p - 1) &&
                is_free(maker, i, p)) {
                bool more = p + 1 < m->end && is_free(maker, i, p + 1);
                add(maker, out, inside ? 0 : 1,
                    (struct candidate){.message = i, .places = {p - 1, p, p + 1}, .count = more ? 3 : 2});
            }
        }
    }
}

/* Pairs in one message. Neighbours, which leave one byte alone, and those with a telling place come first. */
static void list_pairs(struct plan_maker *maker, struct candidates *out)
{
    for (size_t i = 0; i < maker->layout->message_count; i++) {
        const struct layout_message *m = &maker->layout->messages[i];
        uint64_t length = m->end - m->begin;
        if (length > PAIR_MESSAGE_BYTES_MAX) {
            out->possible += (length - 1) * (length - 2) / 2;
            continue;
        }
        for (uint64_t p = m->begin + 1; p < m->end && is_free(maker, i, p); p++) {
            for (uint64_t q = p + 1; q < m->end && is_free(maker, i, q); q++) {
                unsigned rank = rank_of(maker, i, p) < 2 || rank_of(maker, i, q) < 2 ? 1 : 2;
                add(maker, out, q == p + 1 ? 0 : rank,
                    (struct candidate){.message = i, .places = {p, q}, .count = 2});
            }
        }
    }
}

/* --- sharing the budget
 * --------------------------------------------------------------------------------------------- */

struct share {
    enum case_kind kind;
    void (*list)(struct plan_maker *maker, struct candidates *out);
    unsigned weight;
    bool cuts_messages; /* left out of a plan of joins only */
    struct candidates candidates;
    size_t quota;
};

/* Gives each kind its part of what is left by weight, and what one does not need to the others. */
static void share_out(struct share *shares, size_t count, size_t budget)
{
    for (bool again = true; again && budget > 0;) {
        unsigned weights = 0;
        again = false;
        for (size_t i = 0; i < count; i++) {
            weights += shares[i].quota < shares[i].candidates.count ? shares[i].weight : 0;
        }
        size_t left = budget;
        for (size_t i = 0; weights && i < count && budget > 0; i++) {
            size_t wanted = shares[i].candidates.count - shares[i].quota;
            size_t part = left * shares[i].weight / weights;
            part = part ? part : 1;
            part = part < wanted ? part : wanted;
            part = part < budget ? part : budget;
            shares[i].quota += part;
            budget -= part;
            again |= part > 0;
        }
    }
}

static int take(struct plan_maker *maker, struct share *share)
{
    struct candidates *list = &share->candidates;
    maker->plan->possible[share->kind] += list->possible;
    for (size_t i = 0, taken = 0; i < list->count && taken < share->quota; i++) {
        const struct candidate *one = &list->items[i];
        const struct layout_message *m = &maker->layout->messages[one->message];
        struct cut_choice choice = {.connection = m->connection,
                                    .places = one->places,
                                    .count = one->count,
                                    .join = one->joined ? one->message : SIZE_MAX,
                                    .join_all = one->coalesced,
                                    .join_burst = m->burst};
        int added = plan_add_choice(maker, share->kind, one->message, &choice);
        if (added < 0) {
            return -1;
        }
        maker->plan->possible[share->kind] -= added == 0; /* it came before, as another kind */
        taken += (size_t)added;
    }
    return 0;
}

/* --- all subsets, and random ones
 * ------------------------------------------------------------------------------------ */

/* Adds the segmentation that cuts where the function says so. */
static int add_subset(struct plan_maker *maker, enum case_kind kind,
                      bool (*cuts_at)(const void *context, size_t place, bool is_end), const void *context)
{
    const struct layout *layout = maker->layout;
    struct segmentation segmentation = {0};
    size_t place = 0;
    for (size_t c = 0; c < layout->connection_count; c++) {
        uint64_t *cuts = NULL;
        size_t count = 0, capacity = 0;
        for (size_t b = 0; b < layout->burst_count; b++) {
            const struct layout_burst *burst = &layout->bursts[b];
            for (uint64_t p = burst->begin + 1; burst->connection == c && p < burst->end; p++) {
                size_t message = layout_message_in(layout, burst, p);
                bool is_end = message != SIZE_MAX && layout->messages[message].begin == p;
                if (!layout_is_free(layout, burst, p) || !cuts_at(context, place++, is_end)) {
                    continue;
                }
                if (count == capacity) {
                    capacity = capacity ? 2 * capacity : 64;
                    uint64_t *grown = reallocarray(cuts, capacity, sizeof *cuts);
                    if (!grown) {
                        free(cuts);
                        segmentation_close(&segmentation);
                        return -1;
                    }
                    cuts = grown;
                }
                cuts[count++] = p;
            }
        }
        bool item = layout->varied[c] && segmentation_find(&maker->plan->lockstep, layout->names[c]);
        int failed =
            item && segmentation_set(&segmentation, layout->names[c], CUTS_LISTED, 0, cuts, count) < 0;
        free(cuts);
        if (failed) {
            segmentation_close(&segmentation);
            return -1;
        }
    }
    return plan_add(maker, kind, &segmentation, SIZE_MAX, NULL);
}

static bool in_subset(const void *context, size_t place, bool is_end)
{
    (void)is_end;
    return *(const uint64_t *)context >> place & 1;
}

/* Every subset of the free places, where there are few enough. */
static int add_all(struct plan_maker *maker, size_t budget)
{
    size_t places = maker->plan->places;
    if (places > ALL_PLACES_MAX || (size_t)1 << places > budget + maker->plan->count ||
        maker->options->joins_only) {
        return 0;
    }
    for (uint64_t subset = 0; subset < (uint64_t)1 << places; subset++) {
        int added = add_subset(maker, CASE_ALL, in_subset, &subset);
        if (added < 0) {
            return -1;
        }
        maker->plan->possible[CASE_ALL] += (uint64_t)added;
    }
    return 0;
}

struct dice {
    uint64_t seed;
    unsigned inside; /* a place inside a message is cut one time in so many */
    unsigned ends;   /* the end of a message is joined one time in so many */
};

static bool dice_cut(const void *context, size_t place, bool is_end)
{
    const struct dice *dice = context;
    uint64_t throw = plan_mix(dice->seed, place);
    return is_end ? throw % dice->ends != 0 : throw % dice->inside == 0;
}

static int add_random(struct plan_maker *maker, size_t quota)
{
    static const unsigned inside[] = {2, 4, 8, 16, 40}, ends[] = {2, 3, 2, 4, 2};
    for (size_t i = 0, misses = 0; i < quota && misses < quota; i++) {
        struct dice dice = {.seed = plan_mix(maker->options->seed, i),
                            .inside = maker->options->joins_only ? 1000000 : inside[i % 5],
                            .ends = ends[i % 5]};
        int added = add_subset(maker, CASE_RANDOM, dice_cut, &dice);
        if (added < 0) {
            return -1;
        }
        misses += added == 0;
        maker->plan->possible[CASE_RANDOM] += (uint64_t)added;
    }
    return 0;
}

int plan_add_shared_kinds(struct plan_maker *maker)
{
    struct share shares[] = {
        {.kind = CASE_FIN, .list = list_fins, .weight = 4},
        {.kind = CASE_CUT, .list = list_cuts, .weight = 60, .cuts_messages = true},
        {.kind = CASE_JOIN, .list = list_plain_joins, .weight = 20},
        {.kind = CASE_JOIN_CUT, .list = list_join_cuts, .weight = 16},
        {.kind = CASE_CHUNK_END, .list = list_chunk_ends, .weight = 6},
        {.kind = CASE_TRIPLE, .list = list_triples, .weight = 6, .cuts_messages = true},
        {.kind = CASE_PAIR, .list = list_pairs, .weight = 20, .cuts_messages = true},
    };
    size_t count = sizeof shares / sizeof *shares;
    size_t budget =
        maker->options->budget > maker->plan->count ? maker->options->budget - maker->plan->count : 0;
    size_t random = budget / 16 < 64 ? budget / 16 : 64;
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        if (!shares[i].cuts_messages || !maker->options->joins_only) {
            shares[i].list(maker, &shares[i].candidates);
        }
        if (shares[i].candidates.count > 0) {
            qsort(shares[i].candidates.items, shares[i].candidates.count, sizeof(struct candidate), by_key);
        }
        result |= shares[i].candidates.failed ? -1 : 0;
    }
    share_out(shares, count, budget - random);
    for (size_t i = 0; i < count; i++) {
        result |= result == 0 ? take(maker, &shares[i]) : 0;
        free(shares[i].candidates.items);
    }
    budget = maker->options->budget > maker->plan->count ? maker->options->budget - maker->plan->count : 0;
    if (result == 0) {
        result = add_all(maker, budget);
    }
    budget = maker->options->budget > maker->plan->count ? maker->options->budget - maker->plan->count : 0;
    return result == 0 && maker->plan->places > ALL_PLACES_MAX
               ? add_random(maker, budget < random ? budget : random)
               : result;
}
