/*
 * expect_test - the answer of an expect must not depend on when the bytes came.
 *
 * Each case is looked at as a whole, under every cut into two, byte by byte, and with looks that bring
 * nothing new; all must give the same answer at the same offset. Byte by byte it must also come as soon as it
 * can: at the first impossible byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/expect.h"
#include "harness/pattern_compile.h"

struct expect_case {
    enum expect_unit unit;
    const char *literal;                 /* NULL: none */
    const char *unordered;               /* "a|b": two lines; NULL: none */
    const char *matches, *until_matches; /* NULL: none; a named group is kept in `captured` */
    const char *captured;
    size_t size;
    bool searched, whole_lines;
    const char *delimiter; /* NULL: "\n" */
    const char *before;    /* taken by earlier steps */
    const char *input;
    bool ended;
    enum expect_answer answer;
    size_t at;     /* MATCHED: bytes taken; FAILED: offset of the first impossible byte */
    size_t needed; /* bytes after which the answer is known, when they come one by one; not for MORE */
};

static struct arena *arena; /* of the patterns of the running test */

static const struct pattern *make_pattern(const char *regex)
{
    struct text_piece *piece = arena_alloc(arena, sizeof *piece);
    struct text *text = arena_alloc(arena, sizeof *text);
    struct pattern *pattern = arena_alloc(arena, sizeof *pattern);
    struct pattern_group *group = arena_alloc(arena, sizeof *group);
    const char *const *names;
    struct pattern_problem problem;
    if (!regex) {
        return NULL;
    }
    *piece = (struct text_piece){.bytes = regex, .length = strlen(regex)};
    *text = (struct text){.pieces = piece, .piece_count = 1, .constant = true};
    *pattern = (struct pattern){.text = text, .groups = group};
    assert_int_equal(pattern_prepare(arena, pattern, &names, &pattern->group_count, &problem), 0);
    assert_true(pattern->group_count <= 1);
    *group = (struct pattern_group){.name = "g", .slot = 0};
    return pattern;
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct expect_want make_want(const struct expect_case *c)
{
    struct expect_want want = {
        .unit = c->unit, .searched = c->searched, .whole_lines = c->whole_lines, .size = c->size};
    const char *delimiter = c->delimiter ? c->delimiter : "\n";
    bytes_init(&want.literal, 1 << 20);
    if (c->literal) {
        want.has_literal = true;
        bytes_append_text(&want.literal, c->literal);
    }
    want.matches = make_pattern(c->matches);
    want.until_matches = make_pattern(c->until_matches);
    want.delimiter.length = strlen(delimiter);
    memcpy(want.delimiter.bytes, delimiter, want.delimiter.length);
    want.unordered = calloc(8, sizeof *want.unordered);
    for (const char *line = c->unordered; line; line = strchr(line, '|') ? strchr(line, '|') + 1 : NULL) {
        bytes_init(&want.unordered[want.unordered_count], 1 << 20);
        bytes_append(&want.unordered[want.unordered_count++], line, strcspn(line, "|"));
    }
    return want;
}

/* What a run of looks came to. */
struct told {
    enum expect_answer answer;
    struct expect_outcome outcome;
    size_t seen; /* input bytes that had come */
    char captured[32];
};

/* Looks after each of the given lengths of input (ascending, the last is the whole), until there is an
 * answer. */
static struct told look_at(const struct expect_case *c, const size_t *lengths, size_t count)
{
    struct expect_want want = make_want(c);
    size_t before = c->before ? strlen(c->before) : 0, whole = strlen(c->input);
    struct expect_state state = {.cursor = before};
    struct told told = {.answer = EXPECT_MORE};
    struct seam_error error = {0};
    struct values values;
    assert_int_equal(values_open(&values, 1, (const char *const[]){"g"}), 0);
    for (size_t i = 0; i <= count && told.answer == EXPECT_MORE; i++) {
        size_t length = i < count ? lengths[i] : whole;
        char *data = malloc(before + length +
                            1); /* its own allocation each time: nothing may point into it, or past it */
        memcpy(data, c->before ? c->before : "", before);
        memcpy(data + before, c->input, length);
        data = realloc(data, before + length ? before + length : 1);
        told.answer = expect_look(&want, &state, data, before + length, i == count && c->ended, &values,
                                  &told.outcome, &error);
        told.seen = length;
        free(data);
    }
    told.outcome.unit_end -= told.answer == EXPECT_MATCHED ? before : 0;
    told.outcome.difference -= told.answer == EXPECT_FAILED ? before : 0;
    snprintf(told.captured, sizeof told.captured, "%s", bytes_text(&values.slots[0].bytes));
    values_close(&values);
    expect_state_close(&state);
    expect_want_close(&want);
    return told;
}

static void assert_told(const struct expect_case *c, const struct told *told, const char *how, size_t at)
{
    size_t offset = told->answer == EXPECT_MATCHED  ? told->outcome.unit_end
                    : told->answer == EXPECT_FAILED ? told->outcome.difference
                                                    : 0;
    if (told->answer != c->answer || (told->answer != EXPECT_MORE && offset != c->at)) {
        fail_msg("input \"%s\", unit %d, %s %zu: answer %d at %zu, not %d at %zu", c->input, (int)c->unit,
                 how, at, (int)told->answer, offset, (int)c->answer, c->at);
    }
}

static void check_case(const struct expect_case *c)
{
    size_t n = strlen(c->input), lengths[2048] = {0};
    assert_true(2 * n + 2 < sizeof lengths / sizeof lengths[0]);
    struct told told = look_at(c, lengths, 0);
    assert_told(c, &told, "whole", 0);
    for (size_t cut = 0; cut <= n; cut++) {
        lengths[0] = cut;
        told = look_at(c, lengths, 1);
        assert_told(c, &told, "cut at", cut);
    }
    for (size_t i = 0; i <= n; i++) { /* each length twice: a look that brings nothing changes nothing */
        lengths[2 * i] = lengths[2 * i + 1] = i;
    }
    told = look_at(c, lengths, 2 * n + 2);
    assert_told(c, &told, "byte by byte", 0);
    if (c->answer != EXPECT_MORE && told.seen != c->needed) {
        fail_msg("input \"%s\", unit %d: told after %zu bytes, not after %zu", c->input, (int)c->unit,
                 told.seen, c->needed);
    }
}

static void check_cases(const struct expect_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_case(&cases[i]);
    }
}
#define CHECK(cases) check_cases(cases, sizeof cases / sizeof cases[0])

static void test_literal_strict(void **state)
{
    static const struct expect_case cases[] = {
        {.literal = "hello\n", .input = "hello\nmore", .answer = EXPECT_MATCHED, .at = 6, .needed = 6},
        {.literal = "hello\n", .input = "hel", .answer = EXPECT_MORE},
        {.literal = "hello\n", .input = "hel", .ended = true, .answer = EXPECT_MORE},
        {.literal = "hello\n", .input = "", .answer = EXPECT_MORE},
        {.literal = "hello\n", .input = "help\n", .answer = EXPECT_FAILED, .at = 3, .needed = 4},
        {.literal = "hello\n", .input = "xhello\n", .answer = EXPECT_FAILED, .at = 0, .needed = 1},
        {.literal = "hello\n",
         .before = "hello\nabc",
         .input = "hello!",
         .answer = EXPECT_FAILED,
         .at = 5,
         .needed = 6},
        {.literal = "", .input = "anything", .answer = EXPECT_MATCHED, .at = 0, .needed = 0},
        {.literal = "", .input = "", .answer = EXPECT_MATCHED, .at = 0, .needed = 0},
    };
    (void)state;
    CHECK(cases);
}

static void test_literal_searched(void **state)
{
    static const struct expect_case cases[] = {
        {.searched = true,
         .literal = "aab",
         .input = "aaab.",
         .answer = EXPECT_MATCHED,
         .at = 4,
         .needed = 4},
        {.searched = true, .literal = "aab", .input = "aaaa", .answer = EXPECT_MORE},
        {.searched = true, .literal = "b", .input = "aaab", .answer = EXPECT_MATCHED, .at = 4, .needed = 4},
        {.searched = true, .literal = "", .input = "aaab", .answer = EXPECT_MATCHED, .at = 0, .needed = 0},
        /* What earlier steps took is not found again, nor in part. */
        {.searched = true, .literal = "one", .before = "one on", .input = "e two", .answer = EXPECT_MORE},
        {.searched = true,
         .literal = "one",
         .before = "one on",
         .input = "e one",
         .answer = EXPECT_MATCHED,
         .at = 5,
         .needed = 5},
        /* A line begins at a line's start. */
        {.searched = true,
         .whole_lines = true,
         .literal = "ok\n",
         .input = "not ok\nok\n",
         .answer = EXPECT_MATCHED,
         .at = 10,
         .needed = 10},
        {.searched = true,
         .whole_lines = true,
         .literal = "ok\n",
         .before = "> ",
         .input = "ok\n",
         .answer = EXPECT_MORE},
        {.searched = true,
         .whole_lines = true,
         .literal = "ok\n",
         .before = "x\n",
         .input = "ok\n",
         .answer = EXPECT_MATCHED,
         .at = 3,
         .needed = 3},
        {.searched = true,
         .whole_lines = true,
         .literal = "a\na\n",
         .input = "a\nb\na\na\n",
         .answer = EXPECT_MATCHED,
         .at = 8,
         .needed = 8},
        {.searched = true,
         .whole_lines = true,
         .literal = "aa\n",
         .input = "aaa\naa\n",
         .answer = EXPECT_MATCHED,
         .at = 7,
         .needed = 7},
    };
    (void)state;
    CHECK(cases);
}

static void test_size(void **state)
{
    static const struct expect_case cases[] = {
        {.unit = EXPECT_SIZE, .size = 0, .input = "", .answer = EXPECT_MATCHED, .at = 0, .needed = 0},
        {.unit = EXPECT_SIZE, .size = 0, .input = "abc", .answer = EXPECT_MATCHED, .at = 0, .needed = 0},
        {.unit = EXPECT_SIZE, .size = 3, .input = "abc", .answer = EXPECT_MATCHED, .at = 3, .needed = 3},
        {.unit = EXPECT_SIZE, .size = 3, .input = "abcd", .answer = EXPECT_MATCHED, .at = 3, .needed = 3},
        {.unit = EXPECT_SIZE, .size = 3, .input = "ab", .answer = EXPECT_MORE},
        {.unit = EXPECT_SIZE, .size = 3, .input = "ab", .ended = true, .answer = EXPECT_MORE},
        {.unit = EXPECT_SIZE, .size = 3, .before = "xyz", .input = "ab", .answer = EXPECT_MORE},
        {.unit = EXPECT_SIZE,
         .size = 3,
         .before = "xyz",
         .input = "abcd",
         .searched = true,
         .answer = EXPECT_MATCHED,
         .at = 3,
         .needed = 3},
    };
    (void)state;
    CHECK(cases);
}

static void test_until(void **state)
{
    static const struct expect_case cases[] = {
        {.unit = EXPECT_UNTIL,
         .literal = "\r\n\r\n",
         .input = "a: b\r\n\r\nbody",
         .answer = EXPECT_MATCHED,
         .at = 8,
         .needed = 8},
        {.unit = EXPECT_UNTIL, .literal = "\r\n\r\n", .input = "a: b\r\n\r", .answer = EXPECT_MORE},
        {.unit = EXPECT_UNTIL,
         .literal = "\r\n\r\n",
         .input = "a: b\r\n\r",
         .ended = true,
         .answer = EXPECT_MORE},
        {.unit = EXPECT_UNTIL,
         .literal = "\r\n",
         .input = "a\r\r\n",
         .answer = EXPECT_MATCHED,
         .at = 4,
         .needed = 4},
        {.unit = EXPECT_UNTIL,
         .literal = "aab",
         .input = "aaaaab",
         .answer = EXPECT_MATCHED,
         .at = 6,
         .needed = 6},
        {.unit = EXPECT_UNTIL,
         .literal = "\n",
         .input = "\n",
         .answer = EXPECT_MATCHED,
         .at = 1,
         .needed = 1},
        /* Half of the bytes were taken by the step before: they don't count. */
        {.unit = EXPECT_UNTIL, .literal = "\r\n", .before = "x\r", .input = "\nabc\r", .answer = EXPECT_MORE},
        {.unit = EXPECT_UNTIL,
         .literal = "\r\n",
         .before = "x\r",
         .input = "\nabc\r\n",
         .answer = EXPECT_MATCHED,
         .at = 6,
         .needed = 6},
        {.unit = EXPECT_UNTIL,
         .literal = ">",
         .searched = true,
         .input = "SERVER SAYS> ",
         .answer = EXPECT_MATCHED,
         .at = 12,
         .needed = 12},
    };
    (void)state;
    CHECK(cases);
}

static void test_line(void **state)
{
    static const struct expect_case cases[] = {
        {.unit = EXPECT_LINE, .input = "one\ntwo\n", .answer = EXPECT_MATCHED, .at = 4, .needed = 4},
        {.unit = EXPECT_LINE, .input = "\n", .answer = EXPECT_MATCHED, .at = 1, .needed = 1},
        {.unit = EXPECT_LINE, .input = "one", .answer = EXPECT_MORE},
        {.unit = EXPECT_LINE, .input = "one", .ended = true, .answer = EXPECT_MORE},
        {.unit = EXPECT_LINE,
         .before = "half",
         .input = " line\nx",
         .answer = EXPECT_MATCHED,
         .at = 6,
         .needed = 6},
        {.unit = EXPECT_LINE,
         .delimiter = "\r\n",
         .input = "a\nb\r\r\nc\r\n",
         .answer = EXPECT_MATCHED,
         .at = 6,
         .needed = 6},
        {.unit = EXPECT_LINE,
         .delimiter = "aab",
         .input = "aaaabx",
         .answer = EXPECT_MATCHED,
         .at = 5,
         .needed = 5},
        {.unit = EXPECT_LINE,
         .searched = true,
         .input = "one\n",
         .answer = EXPECT_MATCHED,
         .at = 4,
         .needed = 4},
    };
    (void)state;
    CHECK(cases);
}

static void test_rest(void **state)
{
    static const struct expect_case cases[] = {
        {.unit = EXPECT_REST,
         .input = "anything",
         .ended = true,
         .answer = EXPECT_MATCHED,
         .at = 8,
         .needed = 8},
        {.unit = EXPECT_REST, .input = "", .ended = true, .answer = EXPECT_MATCHED, .at = 0, .needed = 0},
        {.unit = EXPECT_REST, .input = "anything", .answer = EXPECT_MORE},
        {.unit = EXPECT_REST,
         .literal = "bye\n",
         .input = "bye\n",
         .ended = true,
         .answer = EXPECT_MATCHED,
         .at = 4,
         .needed = 4},
        {.unit = EXPECT_REST, .literal = "bye\n", .input = "bye\n", .answer = EXPECT_MORE},
        {.unit = EXPECT_REST, .literal = "bye\n", .input = "by", .ended = true, .answer = EXPECT_MORE},
        {.unit = EXPECT_REST,
         .literal = "bye\n",
         .input = "bye!",
         .answer = EXPECT_FAILED,
         .at = 3,
         .needed = 4},
        {.unit = EXPECT_REST,
         .literal = "bye\n",
         .input = "bye\nx",
         .answer = EXPECT_FAILED,
         .at = 4,
         .needed = 5},
        {.unit = EXPECT_REST,
         .literal = "",
         .input = "",
         .ended = true,
         .answer = EXPECT_MATCHED,
         .at = 0,
         .needed = 0},
        {.unit = EXPECT_REST, .literal = "", .input = "x", .answer = EXPECT_FAILED, .at = 0, .needed = 1},
        {.unit = EXPECT_REST,
         .literal = "bye\n",
         .searched = true,
         .before = "hello\n",
         .input = "xbye\n",
         .ended = true,
         .answer = EXPECT_FAILED,
         .at = 0,
         .needed = 1},
    };
    (void)state;
    CHECK(cases);
}

static void test_unordered(void **state)
{
    static const struct expect_case cases[] = {
        {.unit = EXPECT_UNORDERED,
         .unordered = "a|b|c",
         .input = "c\na\nb\nd\n",
         .answer = EXPECT_MATCHED,
         .at = 6,
         .needed = 6},
        {.unit = EXPECT_UNORDERED,
         .unordered = "a|a",
         .input = "a\na\n",
         .answer = EXPECT_MATCHED,
         .at = 4,
         .needed = 4},
        {.unit = EXPECT_UNORDERED,
         .unordered = "a|b",
         .input = "a\na\n",
         .answer = EXPECT_FAILED,
         .at = 2,
         .needed = 3},
        {.unit = EXPECT_UNORDERED, .unordered = "a|b", .input = "b\n", .answer = EXPECT_MORE},
        {.unit = EXPECT_UNORDERED,
         .unordered = "a|ab",
         .input = "ab\na\n",
         .answer = EXPECT_MATCHED,
         .at = 5,
         .needed = 5},
        /* The first impossible byte is told before its line is whole. */
        {.unit = EXPECT_UNORDERED,
         .unordered = "apple|apply",
         .input = "apple\nappla",
         .answer = EXPECT_FAILED,
         .at = 10,
         .needed = 11},
        {.unit = EXPECT_UNORDERED,
         .unordered = "ab|a",
         .input = "ab!",
         .answer = EXPECT_FAILED,
         .at = 2,
         .needed = 3},
        {.unit = EXPECT_UNORDERED,
         .unordered = "ab",
         .input = "a\n",
         .answer = EXPECT_FAILED,
         .at = 1,
         .needed = 2},
        {.unit = EXPECT_UNORDERED,
         .unordered = "|x",
         .input = "\nx\n",
         .answer = EXPECT_MATCHED,
         .at = 3,
         .needed = 3},
        {.unit = EXPECT_UNORDERED,
         .unordered = "x\r|y",
         .delimiter = "\r\n",
         .input = "x\r\r\ny\r\n",
         .answer = EXPECT_MATCHED,
         .at = 7,
         .needed = 7},
        {.unit = EXPECT_UNORDERED,
         .unordered = "a|b",
         .before = "a",
         .input = "a\nb\n",
         .answer = EXPECT_MATCHED,
         .at = 4,
         .needed = 4},
        /* Searched: other lines are passed over. */
        {.unit = EXPECT_UNORDERED,
         .searched = true,
         .unordered = "a|b",
         .input = "x\nb\nab\na\nz\n",
         .answer = EXPECT_MATCHED,
         .at = 9,
         .needed = 9},
    };
    (void)state;
    CHECK(cases);
}

static void test_patterns(void **state)
{
    static const struct expect_case cases[] = {
        {.unit = EXPECT_LINE,
         .matches = "220 (?<g>\\S+) .*",
         .input = "220 host ready\nmore",
         .answer = EXPECT_MATCHED,
         .at = 15,
         .needed = 15,
         .captured = "host"},
        {.unit = EXPECT_LINE,
         .matches = "220 .*",
         .input = "221 no\n",
         .answer = EXPECT_FAILED,
         .at = 0,
         .needed = 7},
        {.unit = EXPECT_LINE, .matches = "2", .input = "22\n", .answer = EXPECT_FAILED, .at = 0, .needed = 3},
        {.unit = EXPECT_LINE,
         .matches = "a|ab",
         .input = "ab\n",
         .answer = EXPECT_MATCHED,
         .at = 3,
         .needed = 3},
        {.unit = EXPECT_LINE,
         .matches = ".*",
         .delimiter = "\r\n",
         .input = "a\r\r\n",
         .answer = EXPECT_MATCHED,
         .at = 4,
         .needed = 4},
        {.unit = EXPECT_LINE,
         .searched = true,
         .matches = "port (?<g>\\d+)",
         .input = "hello\nport 12\nport 13\n",
         .answer = EXPECT_MATCHED,
         .at = 14,
         .needed = 14,
         .captured = "12"},
        {.unit = EXPECT_LINE,
         .searched = true,
         .matches = "port (?<g>\\d+)",
         .input = "hello\nport 12",
         .answer = EXPECT_MORE},
        {.unit = EXPECT_SIZE,
         .size = 3,
         .matches = "a(?<g>.)c",
         .input = "abcd",
         .answer = EXPECT_MATCHED,
         .at = 3,
         .needed = 3,
         .captured = "b"},
        {.unit = EXPECT_SIZE,
         .size = 3,
         .matches = "ab",
         .input = "abc",
         .answer = EXPECT_FAILED,
         .at = 0,
         .needed = 3},
        {.unit = EXPECT_UNTIL,
         .literal = ";",
         .matches = "x=(?<g>\\d+);",
         .input = "x=41;y=2;",
         .answer = EXPECT_MATCHED,
         .at = 5,
         .needed = 5,
         .captured = "41"},
        {.unit = EXPECT_UNTIL,
         .literal = ";",
         .matches = "x=\\d+;",
         .input = "y=4;",
         .answer = EXPECT_FAILED,
         .at = 0,
         .needed = 4},
        {.unit = EXPECT_UNTIL_MATCH,
         .until_matches = "250 (?<g>.*)",
         .input = "250-a\n250-b\n250 c\nnext\n",
         .answer = EXPECT_MATCHED,
         .at = 18,
         .needed = 18,
         .captured = "c"},
        {.unit = EXPECT_UNTIL_MATCH,
         .until_matches = "250 .*",
         .input = "250-a\n250 c",
         .answer = EXPECT_MORE},
        {.unit = EXPECT_UNTIL_MATCH,
         .until_matches = "\\.",
         .matches = "(?s)(?<g>a.*)\\.\n",
         .input = "a\nb\n.\n",
         .answer = EXPECT_MATCHED,
         .at = 6,
         .needed = 6,
         .captured = "a\nb\n"},
        {.unit = EXPECT_UNTIL_MATCH,
         .until_matches = "\\.",
         .matches = "b",
         .input = "a\n.\n",
         .answer = EXPECT_FAILED,
         .at = 0,
         .needed = 4},
        {.unit = EXPECT_REST,
         .matches = "a+(?<g>b*)",
         .input = "aab",
         .ended = true,
         .answer = EXPECT_MATCHED,
         .at = 3,
         .needed = 3,
         .captured = "b"},
        {.unit = EXPECT_REST,
         .matches = "a+",
         .input = "aab",
         .ended = true,
         .answer = EXPECT_FAILED,
         .at = 0,
         .needed = 3},
        {.unit = EXPECT_REST, .matches = "a+", .input = "aab", .answer = EXPECT_MORE},
    };
    (void)state;
    CHECK(cases);
}

static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

/* Small alphabets make partial matches frequent. The whole look is the reference for every other one. */
static void test_random_cuts(void **state)
{
    static const char alphabet[] = "ab\r\n";
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 4000; round++) {
        char input[25], literal[5], lines[8];
        size_t n = next_random(&seed) % 24, m = 1 + next_random(&seed) % 4;
        for (size_t i = 0; i < n; i++) {
            input[i] = alphabet[next_random(&seed) % 4];
        }
        for (size_t i = 0; i < m; i++) {
            literal[i] = alphabet[next_random(&seed) % 4];
        }
        input[n] = literal[m] = 0;
        snprintf(lines, sizeof lines, "%.*s|%.*s", (int)(next_random(&seed) % 3), "ab",
                 (int)(next_random(&seed) % 3), "ba");
        struct expect_case c = {.unit = (enum expect_unit)(next_random(&seed) % 7),
                                .literal = literal,
                                .unordered = lines,
                                .size = next_random(&seed) % 5,
                                .searched = next_random(&seed) % 2,
                                .whole_lines = next_random(&seed) % 2,
                                .delimiter = next_random(&seed) % 2 ? "\r\n" : "\n",
                                .before = next_random(&seed) % 2 ? "a\r" : "",
                                .input = input,
                                .ended = next_random(&seed) % 2};
        if (c.unit == EXPECT_UNTIL_MATCH) {
            continue;
        }
        struct told whole = look_at(&c, NULL, 0);
        c.answer = whole.answer;
        c.at = whole.answer == EXPECT_MATCHED ? whole.outcome.unit_end : whole.outcome.difference;
        for (size_t cut = 0; cut <= n; cut++) {
            size_t lengths[3] = {cut, cut + next_random(&seed) % (n - cut + 1)};
            struct told told = look_at(&c, lengths, 2);
            assert_told(&c, &told, "round", (size_t)round);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_literal_strict), TEST(test_literal_searched),
        TEST(test_size),           TEST(test_until),
        TEST(test_line),           TEST(test_rest),
        TEST(test_unordered),      TEST(test_patterns),
        TEST(test_random_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
