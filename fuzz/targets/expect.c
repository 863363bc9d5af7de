/*
 * expect - harness/expect.c: a script of expects eats a stream, whichever looks bring its bytes.
 *
 * Files: harness/expect.c
 *
 * Each look sees all bytes that came so far, in memory of just that length that moved since the last look.
 * Told are the units, what a group of a pattern captured, and the first impossible byte. Beside it go looks
 * that start from nothing each time. Reaches all of expect.c but errors of PCRE2's limits.
 *
 * Parsers: connection (strict, ends in LF, then the rest), crlf (strict, ends in CR LF, then a literal rest),
 * output (searched, over and over).
 */
#include "fuzz/include/seam/fuzz.h"
#include "harness/expect.h"
#include "harness/pattern_compile.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CURSOR, UNIT, CAPTURED, IMPOSSIBLE };
static const char *const names[] = {"from", "unit", "captured", "impossible at", NULL};

struct step {
    enum expect_unit unit;
    const char *literal; /* NULL: none; UNORDERED: lines with a `|` between them */
    const char *matches, *until_matches;
    size_t size;
    bool whole_lines;
};

struct script {
    const struct step *steps;
    size_t step_count;
    const char *delimiter;
    bool searched; /* and over and over */
};

static const struct step connection_steps[] = {
    {.unit = EXPECT_LITERAL, .literal = ""},
    {.unit = EXPECT_LITERAL, .literal = "hi\n"},
    {.unit = EXPECT_LINE},
    {.unit = EXPECT_SIZE, .size = 5},
    {.unit = EXPECT_UNTIL, .literal = "aab"},
    {.unit = EXPECT_LINE, .matches = "n=(?<g>[0-9]+)"},
    {.unit = EXPECT_UNORDERED, .literal = "one|two|two"},
    {.unit = EXPECT_UNTIL_MATCH, .until_matches = "250 (?<g>.*)"},
    {.unit = EXPECT_SIZE, .size = 3, .matches = "[a-z]*"},
    {.unit = EXPECT_REST, .matches = "(?s).*"},
};
static const struct step crlf_steps[] = {
    {.unit = EXPECT_UNORDERED, .literal = "a||ab"},
    {.unit = EXPECT_UNTIL, .literal = "\r\n\r\n"},
    {.unit = EXPECT_LINE, .matches = "(?<g>[^ ]*).*"},
    {.unit = EXPECT_UNTIL_MATCH, .until_matches = "\\.", .matches = "(?s)(?<g>.)?.*"},
    {.unit = EXPECT_UNTIL, .literal = "", .matches = ""},
    {.unit = EXPECT_REST, .literal = "bye\r\n"},
};
static const struct step output_steps[] = {
    {.unit = EXPECT_LITERAL, .literal = "ready\n", .whole_lines = true},
    {.unit = EXPECT_LITERAL, .literal = "aab"},
    {.unit = EXPECT_UNTIL, .literal = "\n"},
    {.unit = EXPECT_LINE, .matches = "port (?<g>[0-9]+)"},
    {.unit = EXPECT_UNORDERED, .literal = "one|two"},
    {.unit = EXPECT_UNTIL_MATCH, .until_matches = "ok"},
};
#define COUNT(steps) (sizeof(steps) / sizeof *(steps))

/* --- what a step wants --- */

enum { PATTERNS_MAX = 16 };
static struct {
    const char *regex;
    const struct pattern *pattern;
} patterns[PATTERNS_MAX]; /* compiled once */

static const struct pattern *pattern_of(const char *regex)
{
    static struct arena *arena;
    size_t i = 0;
    while (regex && patterns[i].regex && patterns[i].regex != regex) {
        i++;
        assert(i < PATTERNS_MAX);
    }
    if (!regex || patterns[i].regex) {
        return regex ? patterns[i].pattern : NULL;
    }
    arena = arena ? arena : arena_new();
    struct text_piece *piece = arena_alloc(arena, sizeof *piece);
    struct text *text = arena_alloc(arena, sizeof *text);
    struct pattern *pattern = arena_alloc(arena, sizeof *pattern);
    struct pattern_group *group = arena_alloc(arena, sizeof *group);
    const char *const *groups;
    struct pattern_problem problem;
    *piece = (struct text_piece){.bytes = regex, .length = strlen(regex)};
    *text = (struct text){.pieces = piece, .piece_count = 1, .constant = true};
    *group = (struct pattern_group){.name = "g", .slot = 0};
    *pattern = (struct pattern){.text = text, .groups = group};
    int result = pattern_prepare(arena, pattern, &groups, &pattern->group_count, &problem);
    assert(result == 0 && pattern->group_count <= 1);
    patterns[i].regex = regex;
    patterns[i].pattern = pattern;
    return pattern;
}

static struct expect_want want_of(const struct script *script, const struct step *step)
{
    struct expect_want want = {.unit = step->unit,
                               .whole_lines = step->whole_lines,
                               .size = step->size,
                               .matches = pattern_of(step->matches),
                               .until_matches = pattern_of(step->until_matches),
                               .searched = script->searched};
    want.delimiter.length = strlen(script->delimiter);
    memcpy(want.delimiter.bytes, script->delimiter, want.delimiter.length);
    bytes_init(&want.literal, 1 << 10);
    if (step->unit != EXPECT_UNORDERED && step->literal) {
        want.has_literal = true;
        bytes_append_text(&want.literal, step->literal);
    }
    const char *line = step->unit == EXPECT_UNORDERED ? step->literal : NULL;
    want.unordered = calloc(4, sizeof *want.unordered);
    for (; line && want.unordered; line = strchr(line, '|') ? strchr(line, '|') + 1 : NULL) {
        bytes_init(&want.unordered[want.unordered_count], 1 << 10);
        bytes_append(&want.unordered[want.unordered_count++], line, strcspn(line, "|"));
    }
    return want;
}

/* --- looks from nothing --- */

static bool is_at(const char *data, size_t length, size_t at, const void *what, size_t n)
{
    return length >= n && at <= length - n && memcmp(data + at, what, n) == 0;
}

/* Where it first stands behind `from`; SIZE_MAX: nowhere. */
static size_t where(const char *data, size_t length, size_t from, const void *what, size_t n)
{
    for (size_t at = from; at + n <= length; at++) {
        if (is_at(data, length, at, what, n)) {
            return at;
        }
    }
    return SIZE_MAX;
}

struct look {
    struct expect_want *want;
    const char *data;
    size_t length, cursor;
    struct values *values;
    struct expect_outcome *outcome;
};

static enum expect_answer impossible(const struct look *l, size_t at)
{
    l->outcome->difference = at;
    return EXPECT_FAILED;
}

static bool fits(const struct look *l, const struct pattern *pattern, size_t from, size_t to)
{
    struct seam_error error;
    return !pattern ||
           pattern_match(pattern, l->values, l->data + from, to - from, l->values, &error) == PATTERN_MATCH;
}

static enum expect_answer unit_is(const struct look *l, size_t from, size_t to, size_t end)
{
    l->outcome->unit_end = end;
    return fits(l, l->want->matches, from, to) ? EXPECT_MATCHED : impossible(l, from);
}

static enum expect_answer naive_literal(const struct look *l)
{
    const struct bytes *literal = &l->want->literal;
    const struct delimiter *d = &l->want->delimiter;
    size_t at = l->cursor;
    if (literal->length == 0) {
        return unit_is(l, at, at, at);
    }
    if (!l->want->searched) {
        for (size_t i = 0; i < literal->length && at + i < l->length; i++) {
            if (l->data[at + i] != literal->data[i]) {
                return impossible(l, at + i);
            }
        }
        return l->length - at < literal->length ? EXPECT_MORE : unit_is(l, at, at, at + literal->length);
    }
    for (; (at = where(l->data, l->length, at, literal->data, literal->length)) != SIZE_MAX; at++) {
        if (!l->want->whole_lines || at == 0 ||
            (at >= d->length && is_at(l->data, l->length, at - d->length, d->bytes, d->length))) {
            l->outcome->unit_end = at + literal->length;
            return EXPECT_MATCHED;
        }
    }
    return EXPECT_MORE;
}

/* The line from `from` on; false: it is not whole. */
static bool line_from(const struct look *l, size_t from, size_t *content_end, size_t *end)
{
    *content_end = where(l->data, l->length, from, l->want->delimiter.bytes, l->want->delimiter.length);
    *end = *content_end + l->want->delimiter.length;
    return *content_end != SIZE_MAX;
}

static enum expect_answer naive_lines(const struct look *l)
{
    size_t content_end, end;
    for (size_t from = l->cursor; line_from(l, from, &content_end, &end); from = end) {
        if (l->want->unit == EXPECT_UNTIL_MATCH) {
            if (fits(l, l->want->until_matches, from, content_end)) {
                return unit_is(l, l->cursor, end, end);
            }
        } else if (!l->want->searched || fits(l, l->want->matches, from, content_end)) {
            return unit_is(l, from, content_end, end);
        }
    }
    return EXPECT_MORE;
}

static enum expect_answer naive_rest(const struct look *l, bool ended)
{
    const struct bytes *literal = &l->want->literal;
    size_t have = l->length - l->cursor;
    for (size_t i = 0; l->want->has_literal && i < have; i++) {
        if (i == literal->length || l->data[l->cursor + i] != literal->data[i]) {
            return impossible(l, l->cursor + i);
        }
    }
    if (!ended || (l->want->has_literal && have < literal->length)) {
        return EXPECT_MORE;
    }
    return unit_is(l, l->cursor, l->length, l->length);
}

/* How far the bytes from `from` on go along with the line and its delimiter. */
static size_t agrees(const struct look *l, size_t from, const struct bytes *line)
{
    size_t n = 0;
    for (; from + n < l->length && n < line->length + l->want->delimiter.length; n++) {
        int wanted =
            n < line->length ? (unsigned char)line->data[n] : l->want->delimiter.bytes[n - line->length];
        if ((unsigned char)l->data[from + n] != wanted) {
            break;
        }
    }
    return n;
}

static enum expect_answer naive_unordered(const struct look *l)
{
    const struct bytes *lines = l->want->unordered;
    size_t count = l->want->unordered_count, from = l->cursor, left = count, content_end, end;
    bool seen[4] = {false};
    for (bool whole = true; whole && left > 0;) {
        size_t hit = count, best = 0;
        whole = line_from(l, from, &content_end, &end);
        for (size_t i = 0; i < count; i++) {
            size_t n = seen[i] ? 0 : agrees(l, from, &lines[i]);
            best = n > best ? n : best;
            hit = !seen[i] && hit == count && n == lines[i].length + l->want->delimiter.length ? i : hit;
        }
        if (hit == count && !l->want->searched && (whole || best < l->length - from)) {
            return impossible(l, from + best);
        }
        if (hit < count && whole) {
            seen[hit] = true;
            left--;
            l->outcome->unit_end = end;
        }
        from = whole ? end : from;
    }
    return left ? EXPECT_MORE : EXPECT_MATCHED;
}

static enum expect_answer naive_look(struct expect_want *want, struct expect_state *state, const char *data,
                                     size_t length, bool ended, struct values *values,
                                     struct expect_outcome *outcome, struct seam_error *error)
{
    const struct look l = {want, data, length, state->cursor, values, outcome};
    (void)error;
    *outcome = (struct expect_outcome){.difference = length};
    size_t at;
    switch (want->unit) {
    case EXPECT_LITERAL:
        return naive_literal(&l);
    case EXPECT_SIZE:
        at = l.cursor + want->size;
        return at > length ? EXPECT_MORE : unit_is(&l, l.cursor, at, at);
    case EXPECT_UNTIL:
        at = where(data, length, l.cursor, want->literal.data, want->literal.length);
        return at == SIZE_MAX ? EXPECT_MORE
                              : unit_is(&l, l.cursor, at + want->literal.length, at + want->literal.length);
    case EXPECT_REST:
        return naive_rest(&l, ended);
    case EXPECT_UNORDERED:
        return naive_unordered(&l);
    default:
        return naive_lines(&l);
    }
}

/* --- the parser: a script over a stream --- */

struct reading {
    const struct script *script;
    enum expect_answer (*look)(struct expect_want *want, struct expect_state *state, const char *data,
                               size_t length, bool ended, struct values *values,
                               struct expect_outcome *outcome, struct seam_error *error);
    struct seam_fuzz_events *events;
    char *data;
    size_t length;
    size_t step, cursor;
    struct expect_want want;
    struct expect_state state;
    struct values values;
    bool failed;
};

static void begin_step(struct reading *r, size_t step, size_t cursor)
{
    expect_state_close(&r->state);
    expect_want_close(&r->want);
    r->step = step;
    r->cursor = cursor;
    r->state = (struct expect_state){.cursor = cursor};
    r->want =
        step < r->script->step_count ? want_of(r->script, &r->script->steps[step]) : (struct expect_want){0};
}

/* Looks for as long as there is an answer. */
static enum seam_fuzz_status look_on(struct reading *r, bool ended)
{
    while (r->step < r->script->step_count) {
        struct expect_outcome outcome;
        struct seam_error error;
        size_t from = r->cursor; /* the state's own moves inside a unit */
        r->values.slots[0].set = false;
        enum expect_answer answer = r->look(&r->want, &r->state, r->data ? r->data : "", r->length, ended,
                                            &r->values, &outcome, &error);
        if (answer == EXPECT_MORE) {
            return SEAM_FUZZ_MORE;
        }
        seam_fuzz_number(r->events, CURSOR, from);
        if (answer != EXPECT_MATCHED) {
            assert(answer == EXPECT_FAILED);
            seam_fuzz_number(r->events, IMPOSSIBLE, outcome.difference);
            r->failed = true;
            return SEAM_FUZZ_FAILED;
        }
        seam_fuzz_event(r->events, UNIT, r->data ? r->data + from : NULL, outcome.unit_end - from);
        if (r->values.slots[0].set) {
            seam_fuzz_event(r->events, CAPTURED, r->values.slots[0].bytes.data,
                            r->values.slots[0].bytes.length);
        }
        size_t next = r->step + 1;
        begin_step(r, r->script->searched ? next % r->script->step_count : next, outcome.unit_end);
    }
    return SEAM_FUZZ_DONE;
}

static void *open_reading(struct seam_fuzz_events *events, const struct script *script, bool naive)
{
    static const char *const slots[] = {"g"};
    struct reading *r = calloc(1, sizeof *r);
    if (r && values_open(&r->values, 1, slots) == 0) {
        r->script = script;
        r->look = naive ? naive_look : expect_look;
        r->events = events;
        begin_step(r, 0, 0);
        look_on(r, false); /* the first may want nothing */
    }
    return r;
}

static enum seam_fuzz_status feed_reading(void *parser, const void *data, size_t length)
{
    struct reading *r = parser;
    if (r->failed) {
        return SEAM_FUZZ_FAILED;
    }
    char *moved = malloc(r->length + length ? r->length + length : 1);
    assert(moved);
    if (r->length) {
        memcpy(moved, r->data, r->length);
    }
    if (length) {
        memcpy(moved + r->length, data, length);
    }
    free(r->data);
    r->data = moved;
    r->length += length;
    return look_on(r, false);
}

static enum seam_fuzz_status finish_reading(void *parser)
{
    enum seam_fuzz_status status = look_on(parser, true);
    return status == SEAM_FUZZ_MORE ? SEAM_FUZZ_DONE : status;
}

static void close_reading(void *parser)
{
    struct reading *r = parser;
    expect_state_close(&r->state);
    expect_want_close(&r->want);
    values_close(&r->values);
    free(r->data);
    free(r);
}

/* --- variants --- */

static const struct seam_fuzz_bytes ends[] = {
    SEAM_FUZZ_BYTES("\n"), SEAM_FUZZ_BYTES("\r\n"), SEAM_FUZZ_BYTES("aab"), {NULL, 0}};
static const struct seam_fuzz_bytes words[] = {SEAM_FUZZ_BYTES("hi\n"),       SEAM_FUZZ_BYTES("n=42\n"),
                                               SEAM_FUZZ_BYTES("one\n"),      SEAM_FUZZ_BYTES("two\n"),
                                               SEAM_FUZZ_BYTES("250 done\n"), SEAM_FUZZ_BYTES("a\r\n"),
                                               SEAM_FUZZ_BYTES("ab\r\n"),     SEAM_FUZZ_BYTES("\r\n\r\n"),
                                               SEAM_FUZZ_BYTES(".\r\n"),      SEAM_FUZZ_BYTES("bye\r\n"),
                                               SEAM_FUZZ_BYTES("\nready\n"),  SEAM_FUZZ_BYTES("port 80\n"),
                                               SEAM_FUZZ_BYTES("ok\n"),       {NULL, 0}};

#define VARIANT(variant, steps, ending, searches)                                                            \
    static const struct script script_##variant = {steps, COUNT(steps), ending, searches};                   \
    static void *open_##variant(struct seam_fuzz_events *e)                                                  \
    {                                                                                                        \
        return open_reading(e, &script_##variant, false);                                                    \
    }                                                                                                        \
    static void *open_naive_##variant(struct seam_fuzz_events *e)                                            \
    {                                                                                                        \
        return open_reading(e, &script_##variant, true);                                                     \
    }                                                                                                        \
    static const struct seam_fuzz_parser naive_##variant = {.name = "naive",                                 \
                                                            .open = open_naive_##variant,                    \
                                                            .feed = feed_reading,                            \
                                                            .finish = finish_reading,                        \
                                                            .close = close_reading};                         \
    static const struct seam_fuzz_parser variant = {.name = "expect " #variant,                              \
                                                    .open = open_##variant,                                  \
                                                    .feed = feed_reading,                                    \
                                                    .finish = finish_reading,                                \
                                                    .close = close_reading,                                  \
                                                    .kind_names = names,                                     \
                                                    .delimiters = ends,                                      \
                                                    .words = words,                                          \
                                                    .reference = &naive_##variant}

VARIANT(connection, connection_steps, "\n", false);
VARIANT(crlf, crlf_steps, "\r\n", false);
VARIANT(output, output_steps, "\n", true);

SEAM_FUZZ_TARGET(&connection, &crlf, &output);
