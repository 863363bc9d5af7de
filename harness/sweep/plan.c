/*
 * plan - see plan.h.
 *
 * Kinds that are few are taken whole: each message alone, all joined, every byte, fixed chunks, FIN,
 * interleavings. The rest of the budget is shared by weight; what a kind does not need goes to the others.
 * Within a kind, telling places (a character, a delimiter) come first, the others in an order that the seed
 * decides, so that a small budget is spread over the stream.
 */
#include "harness/sweep/plan.h"
#include "harness/sweep/plan_inside.h"

#include <stdlib.h>
#include <string.h>

const char *const case_kind_words[CASE_KIND_COUNT] = {
#define CASE_KIND(name, word, doc) [CASE_##name] = word,
#include "harness/sweep/case_kinds.def"
#undef CASE_KIND
};
const char *const case_kind_docs[CASE_KIND_COUNT] = {
#define CASE_KIND(name, word, doc) [CASE_##name] = doc,
#include "harness/sweep/case_kinds.def"
#undef CASE_KIND
};

enum { INTERLEAVINGS = 6 };

/* --- no case twice
 * -------------------------------------------------------------------------------------------------- */

struct seen {
    uint64_t *slots; /* 0: free */
    size_t count, capacity;
};

static bool seen_add(struct seen *seen, uint64_t hash)
{
    hash += hash == 0;
    if (2 * seen->count >= seen->capacity) {
        struct seen grown = {.capacity = seen->capacity ? 2 * seen->capacity : 1024};
        grown.slots = calloc(grown.capacity, sizeof *grown.slots);
        if (!grown.slots) {
            return true; /* a case may come twice then: no harm */
        }
        for (size_t i = 0; i < seen->capacity; i++) {
            if (seen->slots[i]) {
                seen_add(&grown, seen->slots[i]);
            }
        }
        free(seen->slots);
        *seen = grown;
    }
    for (size_t i = hash % seen->capacity;; i = (i + 1) % seen->capacity) {
        if (seen->slots[i] == hash) {
            return false;
        }
        if (!seen->slots[i]) {
            seen->slots[i] = hash;
            seen->count++;
            return true;
        }
    }
}

uint64_t plan_mix(uint64_t state, uint64_t value)
{
    uint64_t z = state ^ (value + 0x9e3779b97f4a7c15u + (state << 6) + (state >> 2));
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t *plan_effective_cuts(const struct layout *layout, const struct segmentation *segmentation,
                              size_t connection, size_t *count)
{
    const struct segmentation_item *item = segmentation_find(segmentation, layout->names[connection]);
    uint64_t *cuts = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t b = 0; b < layout->burst_count; b++) {
        const struct layout_burst *burst = &layout->bursts[b];
        for (uint64_t p = burst->begin + 1; burst->connection == connection && p < burst->end; p++) {
            if (!segmentation_cuts_at(item, burst->begin, p, false) || !layout_is_free(layout, burst, p)) {
                continue;
            }
            if (*count == capacity) {
                capacity = capacity ? 2 * capacity : 16;
                uint64_t *grown = reallocarray(cuts, capacity, sizeof *cuts);
                if (!grown) {
                    free(cuts);
                    *count = 0;
                    return NULL;
                }
                cuts = grown;
            }
            cuts[(*count)++] = p;
        }
    }
    return cuts;
}

static uint64_t hash_of(const struct layout *layout, const struct segmentation *segmentation)
{
    uint64_t hash = segmentation->interleaved ? plan_mix(1, segmentation->interleave_seed) : 0;
    for (size_t c = 0; c < layout->connection_count; c++) {
        size_t count;
        uint64_t *cuts = layout->varied[c] ? plan_effective_cuts(layout, segmentation, c, &count) : NULL;
        hash = plan_mix(hash, c);
        for (size_t i = 0; cuts && i < count; i++) {
            hash = plan_mix(hash, cuts[i]);
        }
        free(cuts);
    }
    return hash;
}

/* --- building segmentations
 * ----------------------------------------------------------------------------------------- */

static bool is_chosen(const struct cut_choice *choice, size_t connection, uint64_t p)
{
    for (size_t i = 0; choice->connection == connection && i < choice->count; i++) {
        if (choice->places[i] == p) {
            return true;
        }
    }
    return false;
}

static bool is_joined(const struct cut_choice *choice, const struct layout_message *m, size_t index)
{
    return choice->join_all ? choice->join_burst == SIZE_MAX || choice->join_burst == m->burst
                            : choice->join == index;
}

/* The cuts of one message: the chosen places in it, and its end unless that is joined. Returns how many. */
static size_t cut_message(const struct layout *layout, const struct cut_choice *choice, size_t index,
                          uint64_t *cuts)
{
    const struct layout_message *m = &layout->messages[index];
    const struct layout_burst *burst = &layout->bursts[m->burst];
    size_t count = 0;
    for (size_t i = 0; choice->connection == m->connection && i < choice->count; i++) {
        uint64_t p = choice->places[i];
        if (m->begin < p && p < m->end && layout_is_free(layout, burst, p)) {
            cuts[count++] = p;
        }
    }
    if ((!is_joined(choice, m, index) || is_chosen(choice, m->connection, m->end)) &&
        layout_is_free(layout, burst, m->end)) {
        cuts[count++] = m->end;
    }
    return count;
}

/* Cuts at the ends of messages but those left out, and at the places given. */
int plan_cut_at(const struct layout *layout, const struct cut_choice *choice, struct segmentation *out)
{
    uint64_t *cuts = malloc((layout->message_count + choice->count + 1) * sizeof *cuts);
    int result = cuts ? 0 : -1;
    *out = (struct segmentation){0};
    for (size_t c = 0; result == 0 && c < layout->connection_count; c++) {
        size_t count = 0;
        bool free_place = false;
        for (size_t i = 0; i < layout->message_count; i++) {
            const struct layout_message *m = &layout->messages[i];
            const struct layout_burst *burst = &layout->bursts[m->burst];
            if (m->connection == c && layout->varied[c]) {
                free_place |= burst->end - burst->begin > 1;
                count += cut_message(layout, choice, i, cuts + count);
            }
        }
        if (free_place) {
            result = segmentation_set(out, layout->names[c], CUTS_LISTED, 0, cuts, count);
        }
    }
    free(cuts);
    return result;
}

int plan_lockstep(const struct layout *layout, struct segmentation *out)
{
    return plan_cut_at(layout, &(struct cut_choice){.join = SIZE_MAX, .join_burst = SIZE_MAX}, out);
}

static int all_by_rule(const struct layout *layout, enum cut_rule rule, uint64_t chunk_bytes,
                       struct segmentation *out)
{
    *out = (struct segmentation){0};
    for (size_t c = 0; c < layout->connection_count; c++) {
        bool free_place = false;
        for (size_t b = 0; b < layout->burst_count; b++) {
            const struct layout_burst *burst = &layout->bursts[b];
            free_place |= burst->connection == c && burst->end - burst->begin > 1;
        }
        if (layout->varied[c] && free_place &&
            segmentation_set(out, layout->names[c], rule, chunk_bytes, NULL, 0) < 0) {
            return -1;
        }
    }
    return 0;
}

/* --- adding cases
 * --------------------------------------------------------------------------------------------------- */

/* Takes the segmentation. 1: added, 0: it was there, -1: out of memory. */
int plan_add(struct plan_maker *maker, enum case_kind kind, struct segmentation *segmentation, size_t message,
             const struct cut_choice *choice)
{
    struct plan *plan = maker->plan;
    if (!seen_add(plan->seen, hash_of(maker->layout, segmentation))) {
        segmentation_close(segmentation);
        return 0;
    }
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity ? 2 * plan->capacity : 64;
        struct plan_case *cases = reallocarray(plan->cases, capacity, sizeof *cases);
        if (!cases) {
            segmentation_close(segmentation);
            return -1;
        }
        plan->cases = cases;
        plan->capacity = capacity;
    }
    struct plan_case *out = &plan->cases[plan->count];
    *out = (struct plan_case){.kind = kind, .segmentation = *segmentation, .message = message};
    for (size_t i = 0; choice && i < choice->count && i < PLAN_CUTS_MAX; i++) {
        out->cuts[out->cut_count++] = choice->places[i];
    }
    struct bytes id;
    bytes_init(&id, (size_t)1 << 30);
    out->id = segmentation_print(&out->segmentation, &id) == 0 ? strdup(bytes_text(&id)) : NULL;
    bytes_free(&id);
    if (!out->id) {
        segmentation_close(segmentation);
        return -1;
    }
    plan->count++;
    plan->chosen[kind]++;
    return 1;
}

int plan_add_choice(struct plan_maker *maker, enum case_kind kind, size_t message,
                    const struct cut_choice *choice)
{
    struct segmentation segmentation;
    if (plan_cut_at(maker->layout, choice, &segmentation) < 0) {
        segmentation_close(&segmentation);
        return -1;
    }
    return plan_add(maker, kind, &segmentation, message, choice);
}

static int add_rule(struct plan_maker *maker, enum case_kind kind, enum cut_rule rule, uint64_t chunk_bytes)
{
    struct segmentation segmentation;
    if (all_by_rule(maker->layout, rule, chunk_bytes, &segmentation) < 0) {
        segmentation_close(&segmentation);
        return -1;
    }
    int added = plan_add(maker, kind, &segmentation, SIZE_MAX, NULL);
    maker->plan->possible[kind] += added == 1;
    return added < 0 ? -1 : 0;
}

/* Two connections send side by side: their chunks take turns. */
static int add_interleavings(struct plan_maker *maker)
{
    const struct layout *layout = maker->layout;
    bool side_by_side = false;
    for (size_t b = 1; b < layout->burst_count; b++) {
        side_by_side |= layout->bursts[b].group == layout->bursts[b - 1].group;
    }
    static const uint64_t chunks[INTERLEAVINGS] = {1, 3, 0, 2, 5, 7};
    for (size_t i = 0; side_by_side && i < INTERLEAVINGS; i++) {
        struct segmentation segmentation;
        enum cut_rule rule = chunks[i] == 0   ? CUTS_AS_WRITTEN
                             : chunks[i] == 1 ? CUTS_EVERY_BYTE
                                              : CUTS_CHUNKS;
        if (all_by_rule(layout, rule, chunks[i], &segmentation) < 0) {
            segmentation_close(&segmentation);
            return -1;
        }
        segmentation.interleaved = true;
        segmentation.interleave_seed = maker->options->seed + i;
        int added = plan_add(maker, CASE_INTERLEAVED, &segmentation, SIZE_MAX, NULL);
        if (added < 0) {
            return -1;
        }
        maker->plan->possible[CASE_INTERLEAVED] += (uint64_t)added;
    }
    return 0;
}

/* The cuts of the run as written need no case of their own. */
static void note_as_written(struct plan_maker *maker, const struct record *baseline)
{
    const struct transcript *t = &baseline->transcript;
    struct segmentation segmentation = {0};
    for (size_t c = 0; c < maker->layout->connection_count; c++) {
        uint64_t *cuts = malloc((t->event_count + 1) * sizeof *cuts);
        size_t count = 0;
        for (size_t i = 0; cuts && i < t->event_count; i++) {
            const struct transcript_event *e = &t->events[i];
            if (e->stream == 2 * c && (e->kind == EVENT_CHUNK || e->kind == EVENT_END) && e->offset > 0 &&
                (count == 0 || cuts[count - 1] < e->offset)) {
                cuts[count++] = e->offset;
            }
        }
        if (cuts) {
            segmentation_set(&segmentation, maker->layout->names[c], CUTS_LISTED, 0, cuts, count);
        }
        free(cuts);
    }
    seen_add(maker->plan->seen, hash_of(maker->layout, &segmentation));
    segmentation_close(&segmentation);
}

static void count_places(struct plan_maker *maker)
{
    const struct layout *layout = maker->layout;
    for (size_t b = 0; b < layout->burst_count; b++) {
        for (uint64_t p = layout->bursts[b].begin + 1; p < layout->bursts[b].end; p++) {
            maker->plan->places += layout_is_free(layout, &layout->bursts[b], p);
        }
    }
}

static int add_whole_kinds(struct plan_maker *maker)
{
    static const uint64_t chunks[] = {2, 3, 5, 7};
    bool joins_only = maker->options->joins_only;
    int failed = add_rule(maker, CASE_COALESCED, CUTS_LISTED, 0) < 0;
    if (!joins_only) {
        struct segmentation lockstep;
        failed |= segmentation_copy(&maker->plan->lockstep, &lockstep) < 0;
        int added = failed ? -1 : plan_add(maker, CASE_LOCKSTEP, &lockstep, SIZE_MAX, NULL);
        maker->plan->possible[CASE_LOCKSTEP] += added == 1;
        failed |= added < 0 || add_rule(maker, CASE_EVERY_BYTE, CUTS_EVERY_BYTE, 0) < 0;
    }
    for (size_t i = 0; !failed && i < sizeof chunks / sizeof *chunks; i++) {
        failed |= add_rule(maker, CASE_CHUNKS, CUTS_CHUNKS, chunks[i]) < 0;
    }
    return failed || (!joins_only && add_interleavings(maker) < 0) ? -1 : 0;
}

static int by_kind(const void *a, const void *b)
{
    const struct plan_case *x = a, *y = b;
    return x->kind != y->kind ? (x->kind > y->kind ? 1 : -1) : 0;
}

/* A stable sort: mergesort would do, but qsort of glibc is one only as long as memory allows. */
static void order_by_kind(struct plan *plan)
{
    struct plan_case *sorted = malloc((plan->count + 1) * sizeof *sorted);
    if (!sorted) {
        qsort(plan->cases, plan->count, sizeof *plan->cases, by_kind);
        return;
    }
    size_t n = 0;
    for (int kind = 0; kind < CASE_KIND_COUNT; kind++) {
        for (size_t i = 0; i < plan->count; i++) {
            if (plan->cases[i].kind == (enum case_kind)kind) {
                sorted[n++] = plan->cases[i];
            }
        }
    }
    if (n > 0) {
        memcpy(plan->cases, sorted, n * sizeof *sorted);
    }
    free(sorted);
}

int plan_make(const struct layout *layout, const struct scenario *scenario, const struct record *baseline,
              const struct plan_options *options, struct plan *out)
{
    struct plan_maker maker = {.layout = layout, .scenario = scenario, .options = options, .plan = out};
    *out = (struct plan){.seen = calloc(1, sizeof *out->seen)};
    if (!out->seen || plan_lockstep(layout, &out->lockstep) < 0) {
        plan_close(out);
        return -1;
    }
    note_as_written(&maker, baseline);
    count_places(&maker);
    if (out->places > 0 && (add_whole_kinds(&maker) < 0 || plan_add_shared_kinds(&maker) < 0)) {
        plan_close(out);
        return -1;
    }
    order_by_kind(out);
    return 0;
}

void plan_close(struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        segmentation_close(&plan->cases[i].segmentation);
        free(plan->cases[i].id);
    }
    free(plan->cases);
    segmentation_close(&plan->lockstep);
    if (plan->seen) {
        free(plan->seen->slots);
        free(plan->seen);
    }
    *plan = (struct plan){0};
}
