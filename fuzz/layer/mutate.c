/*
 * mutate - changes an input as a network would, and as the language's edges ask for.
 *
 * An operator is one function and one row of the table. What pays was measured (docs/fuzzing.md): delimiters
 * with a cut in them, units of exactly the limit, and a cut beside either.
 */
#include "fuzz/layer/draft.h"
#include "fuzz/layer/target.h"
#include "fuzz/layer/workspace.h"

#include <string.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define WRITTEN_BY_ENGINE(at, length) __msan_unpoison(at, length) /* the engine is not built with it */
#endif
#endif
#ifndef WRITTEN_BY_ENGINE
#define WRITTEN_BY_ENGINE(at, length) ((void)(at), (void)(length))
#endif

/* libFuzzer's; engines without it get change_bytes() alone. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

enum { OPERATORS_LOG2_MAX = 4, LIMIT_BYTES_MAX = 1 << 16, RULE_BYTES_MAX = 8 };

struct mutation {
    const struct seam_fuzz_parser *parser;
    struct draft draft;
    uint64_t random;
};

/* xorshift64* (Vigna, 2016). */
static uint64_t draw(struct mutation *m)
{
    m->random ^= m->random >> 12;
    m->random ^= m->random << 25;
    m->random ^= m->random >> 27;
    return m->random * UINT64_C(0x2545f4914f6cdd1d) >> 11;
}

static size_t below(struct mutation *m, size_t n)
{
    return n ? (size_t)(draw(m) % n) : 0;
}
static bool one_in(struct mutation *m, size_t n)
{
    return below(m, n) == 0;
}

static void seed_random(struct mutation *m, unsigned seed)
{
    m->random = (seed + UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9) | 1;
    draw(m);
}

/* --- what the language has
 * ------------------------------------------------------------------------------------------- */

static size_t count_of(const struct seam_fuzz_bytes *list)
{
    size_t n = 0;
    while (list && list[n].data) {
        n++;
    }
    return n;
}

static struct seam_fuzz_bytes any_delimiter(struct mutation *m)
{
    size_t count = count_of(m->parser->delimiters);
    return count ? m->parser->delimiters[below(m, count)] : (struct seam_fuzz_bytes){"\n", 1};
}

static size_t any_limit(struct mutation *m)
{
    size_t count = 0;
    while (m->parser->limits && m->parser->limits[count]) {
        count++;
    }
    size_t limit = count ? m->parser->limits[below(m, count)] : (size_t)1 << (1 + below(m, 8));
    return limit < LIMIT_BYTES_MAX ? limit : LIMIT_BYTES_MAX;
}

static size_t find(const struct draft *d, size_t from, struct seam_fuzz_bytes what)
{
    for (size_t at = from; what.length && at + what.length <= d->length; at++) {
        if (memcmp(d->data + at, what.data, what.length) == 0) {
            return at;
        }
    }
    return d->length;
}

/* The unit around an offset: from behind the delimiter before it to the next one, or the stream's edges. */
static void unit_around(const struct draft *d, size_t at, struct seam_fuzz_bytes delimiter, size_t *begin,
                        size_t *end)
{
    *begin = 0;
    *end = find(d, 0, delimiter);
    while (*end < at && *end < d->length) {
        *begin = *end + delimiter.length;
        *end = find(d, *begin, delimiter);
    }
}

/* An offset at which a unit may begin: behind a delimiter; or anywhere. */
static size_t seam_of(struct mutation *m, const struct draft *d)
{
    struct seam_fuzz_bytes delimiter = any_delimiter(m);
    size_t at = below(m, d->length + 1), end = find(d, at, delimiter);
    return one_in(m, 3) || end + delimiter.length > d->length ? at : end + delimiter.length;
}

/* --- operators: delimiters and limits
 * -------------------------------------------------------------------------------- */

/* A delimiter, or the start of one, with a cut in it or at an edge. */
static void insert_delimiter(struct mutation *m)
{
    struct seam_fuzz_bytes delimiter = any_delimiter(m);
    size_t at = one_in(m, 3) ? m->draft.length : below(m, m->draft.length + 1);
    size_t length = one_in(m, 3) ? 1 + below(m, delimiter.length) : delimiter.length;
    length = draft_insert(&m->draft, at, delimiter.data, length);
    if (!one_in(m, 4)) {
        draft_cut(&m->draft, at + below(m, length + 1));
    }
    if (one_in(m, 4)) {
        draft_cut(&m->draft, at + below(m, length + 1));
    }
}

static void insert_word(struct mutation *m)
{
    size_t count = count_of(m->parser->words);
    if (count == 0) {
        insert_delimiter(m);
        return;
    }
    struct seam_fuzz_bytes word = m->parser->words[below(m, count)];
    size_t at = one_in(m, 3) ? m->draft.length : one_in(m, 2) ? 0 : seam_of(m, &m->draft);
    size_t length = draft_insert(&m->draft, at, word.data, word.length);
    if (!one_in(m, 3)) {
        draft_cut(&m->draft, at + below(m, length + 1));
    }
}

static void set_length(struct draft *d, size_t begin, size_t end, size_t length, unsigned char filler)
{
    size_t now = end - begin;
    if (length > now) {
        draft_fill(d, end, filler, length - now);
    } else {
        draft_erase(d, begin + length, now - length);
    }
}

/* A unit of exactly the limit, one less or one more, with a cut where a buffer of that size would be full. */
static void stretch_to_limit(struct mutation *m)
{
    struct seam_fuzz_bytes delimiter = any_delimiter(m);
    struct draft *d = &m->draft;
    size_t begin, end, limit = any_limit(m);
    unit_around(d, below(m, d->length + 1), delimiter, &begin, &end);
    bool open = end == d->length;
    static const int nearby[] = {0, 0, 0, -1, 1, 2};
    int by = nearby[below(m, sizeof nearby / sizeof *nearby)];
    size_t length = limit + (size_t)by;
    if (one_in(m, 8)) {
        length = limit + delimiter.length + below(m, 4 * limit);
    }
    set_length(d, begin, end, length, end > begin && one_in(m, 2) ? d->data[end - 1] : 'a');
    size_t stop = begin + length < d->length ? begin + length : d->length;
    if (open && !one_in(m, 4)) {
        delimiter = any_delimiter(m); /* what ends a unit need not be what began it */
        draft_insert(d, stop, delimiter.data, delimiter.length);
    }
    size_t wheres[] = {stop, stop, begin + limit, begin + below(m, length + 1), stop + 1};
    if (!one_in(m, 6)) {
        draft_cut(d, wheres[below(m, sizeof wheres / sizeof *wheres)]);
    }
}

/* A cut before, in or behind a delimiter that is there. */
static void cut_at_delimiter(struct mutation *m)
{
    struct seam_fuzz_bytes delimiter = any_delimiter(m);
    size_t at = find(&m->draft, below(m, m->draft.length + 1), delimiter);
    at = at == m->draft.length ? find(&m->draft, 0, delimiter) : at;
    draft_cut(&m->draft, at + below(m, delimiter.length + 1));
}

/* --- operators: cuts
 * ------------------------------------------------------------------------------------------------- */

static void cut_anywhere(struct mutation *m)
{
    draft_cut(&m->draft, below(m, m->draft.length + 1));
}

static void drop_cut(struct mutation *m)
{
    if (m->draft.cut_count) {
        draft_uncut(&m->draft, below(m, m->draft.cut_count));
    }
}

static void shift_cut(struct mutation *m)
{
    struct draft *d = &m->draft;
    if (d->cut_count) {
        size_t i = below(m, d->cut_count), at = d->cuts[i];
        draft_uncut(d, i);
        draft_cut(d, one_in(m, 2) ? at + 1 : at ? at - 1 : 1);
    }
}

/* The same cut again: an empty chunk. */
static void feed_nothing(struct mutation *m)
{
    struct draft *d = &m->draft;
    draft_cut(d, d->cut_count ? d->cuts[below(m, d->cut_count)] : below(m, d->length + 1));
}

/* All chunks of one size, from any offset on. */
static void cut_by_rule(struct mutation *m)
{
    struct draft *d = &m->draft;
    size_t every = 1 + below(m, RULE_BYTES_MAX), from = one_in(m, 2) ? 0 : below(m, d->length + 1);
    while (d->cut_count > 0 && d->cuts[d->cut_count - 1] > from) {
        d->cut_count--;
    }
    for (size_t at = from + every; at < d->length && d->cut_count < d->cuts_max; at += every) {
        d->cuts[d->cut_count++] = at;
    }
}

static void join_all(struct mutation *m)
{
    m->draft.cut_count = 0;
}

/* --- operators: bytes
 * ------------------------------------------------------------------------------------------------ */

static void change_byte(struct mutation *m)
{
    static const unsigned char edges[] = {0x00, '\r', '\n', ' ',  0x7f, 0x80,
                                          0xc3, 0xe2, 0xf0, 0xff, '0',  '-'};
    struct draft *d = &m->draft;
    if (d->length == 0 || one_in(m, 4)) {
        draft_fill(d, below(m, d->length + 1), edges[below(m, sizeof edges)], 1);
        return;
    }
    size_t at = below(m, d->length);
    if (one_in(m, 3)) {
        d->data[at] = (unsigned char)draw(m);
    } else if (one_in(m, 2)) {
        d->data[at] = edges[below(m, sizeof edges)];
    } else {
        d->data[at] ^= (unsigned char)(1u << below(m, 8));
    }
}

static void change_bytes(struct mutation *m)
{
    struct draft *d = &m->draft;
    if (LLVMFuzzerMutate && d->length) {
        draft_resize(d, LLVMFuzzerMutate(d->data, d->length, d->room));
        WRITTEN_BY_ENGINE(d->data, d->length);
    } else {
        change_byte(m);
    }
}

/* A character of several bytes with a cut in it. */
static void insert_character(struct mutation *m)
{
    static const struct seam_fuzz_bytes characters[] = {
        SEAM_FUZZ_BYTES("\xc3\xa9"), SEAM_FUZZ_BYTES("\xe2\x82\xac"), SEAM_FUZZ_BYTES("\xf0\x9f\x98\x80"),
        SEAM_FUZZ_BYTES("\xed\xa0\x80"), SEAM_FUZZ_BYTES("\xc0\x80")};
    struct seam_fuzz_bytes c = characters[below(m, sizeof characters / sizeof *characters)];
    size_t at = below(m, m->draft.length + 1), length = draft_insert(&m->draft, at, c.data, c.length);
    draft_cut(&m->draft, at + below(m, length + 1));
}

static void erase_piece(struct mutation *m)
{
    struct draft *d = &m->draft;
    size_t at = below(m, d->length), left = d->length - at;
    if (left) {
        draft_erase(d, at, 1 + below(m, one_in(m, 2) ? left : left < 8 ? left : 8));
    }
}

/* A unit twice, or elsewhere too. */
static void copy_unit(struct mutation *m)
{
    struct draft *d = &m->draft;
    struct seam_fuzz_bytes delimiter = any_delimiter(m);
    unsigned char unit[256];
    size_t begin, end;
    unit_around(d, below(m, d->length + 1), delimiter, &begin, &end);
    end = end + delimiter.length < d->length ? end + delimiter.length : d->length;
    size_t length = end - begin < sizeof unit ? end - begin : sizeof unit;
    if (length) {
        memcpy(unit, d->data + begin, length);
    }
    draft_insert(d, one_in(m, 2) ? end : below(m, d->length + 1), unit, length);
}

/* --- the mutator
 * ------------------------------------------------------------------------------------------------------- */

static const struct {
    void (*apply)(struct mutation *m);
    unsigned weight;
} operators[] = {
    {insert_delimiter, 24}, {stretch_to_limit, 14}, {cut_at_delimiter, 12}, {insert_word, 8},
    {cut_anywhere, 6},      {drop_cut, 6},          {shift_cut, 6},         {feed_nothing, 2},
    {cut_by_rule, 3},       {join_all, 1},          {change_bytes, 10},     {change_byte, 8},
    {insert_character, 3},  {erase_piece, 5},       {copy_unit, 6},
};

static void apply_any(struct mutation *m)
{
    size_t all = 0, i = 0;
    for (size_t k = 0; k < sizeof operators / sizeof *operators; k++) {
        all += operators[k].weight;
    }
    for (size_t at = below(m, all); at >= operators[i].weight; i++) {
        at -= operators[i].weight;
    }
    operators[i].apply(m);
}

/* The room for a stream in an input of max_size: with a header of some cuts. */
static struct draft new_draft(const struct workspace *w, size_t max_size)
{
    return (struct draft){.data = w->bytes[0],
                          .room = max_size < w->part_bytes ? max_size : w->part_bytes,
                          .cuts = w->cuts[0],
                          .cuts_max = w->cuts_max};
}

/* Writes which parser and the draft; the draft loses its end where it does not fit. */
static size_t write_input(const struct seam_fuzz_target *target, uint8_t choice, struct draft *draft,
                          uint8_t *out, size_t max_size)
{
    size_t head = target->parser_count > 1, size = 0;
    if (max_size <= head) {
        return 0;
    }
    for (;;) {
        struct seam_fuzz_stream stream = {draft->data, draft->length, draft->cuts, draft->cut_count};
        size = seam_fuzz_encode(&stream, out + head, max_size - head);
        if (size || (draft->length == 0 && draft->cut_count == 0)) {
            break;
        }
        draft->cut_count -= (draft->cut_count + 1) / 2;
        if (draft->length >= max_size - head) {
            draft_resize(draft, max_size - head - 1);
        } else if (draft->cut_count == 0) {
            draft_resize(draft, draft->length ? draft->length - 1 : 0);
        }
    }
    if (head) {
        out[0] = choice;
    }
    return head + size;
}

size_t seam_fuzz_mutate(const struct seam_fuzz_target *target, uint8_t *data, size_t size, size_t max_size,
                        unsigned seed)
{
    struct workspace w = workspace_split(&target->workspace);
    const uint8_t *input = data;
    struct mutation m = {.draft = new_draft(&w, max_size)};
    struct seam_fuzz_stream stream;
    uint8_t choice;
    seed_random(&m, seed);
    m.parser = target_choose(target, &input, &size, &choice);
    if (target->parser_count > 1 && one_in(&m, 16)) {
        choice = (uint8_t)below(&m, target->parser_count);
        m.parser = target->parsers[choice];
    }
    seam_fuzz_decode(input, size, w.cuts[1], w.cuts_max, &stream);
    draft_take(&m.draft, &stream);
    for (size_t left = (size_t)1 << below(&m, OPERATORS_LOG2_MAX + 1); left > 0; left--) {
        apply_any(&m);
    }
    return write_input(target, choice, &m.draft, data, max_size);
}

size_t seam_fuzz_cross_over(const struct seam_fuzz_target *target, const uint8_t *data1, size_t size1,
                            const uint8_t *data2, size_t size2, uint8_t *out, size_t max_out, unsigned seed)
{
    struct workspace w = workspace_split(&target->workspace);
    struct mutation m = {.draft = new_draft(&w, max_out)};
    struct draft tail = {.data = w.bytes[1], .room = m.draft.room, .cuts = w.cuts[1], .cuts_max = w.cuts_max};
    struct seam_fuzz_stream stream;
    uint8_t choice, ignored;
    seed_random(&m, seed);
    target_choose(target, &data2, &size2, &ignored);
    seam_fuzz_decode(data2, size2, w.cuts[0], w.cuts_max, &stream);
    draft_take(&tail, &stream);
    m.parser = target_choose(target, &data1, &size1, &choice);
    size_t *cuts = (void *)w.stories[0];
    seam_fuzz_decode(data1, size1, cuts, w.cuts_max, &stream);
    draft_take(&m.draft, &stream);
    size_t at = seam_of(&m, &m.draft), from = seam_of(&m, &tail);
    draft_resize(&m.draft, at);
    draft_insert(&m.draft, at, tail.data + from, tail.length - from);
    for (size_t i = 0; i < tail.cut_count; i++) {
        if (tail.cuts[i] >= from) {
            draft_cut(&m.draft, tail.cuts[i] - from + at);
        }
    }
    return write_input(target, choice, &m.draft, out, max_out);
}
