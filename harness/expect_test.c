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

/* How a case ends: all that is taken is needed to know it; a failure comes with the byte that can't be, or
 * with the whole unit. */
#define MATCHED(taken)               .answer = EXPECT_MATCHED, .at = (taken), .needed = (taken)
#define FAILED(offset, bytes_needed) .answer = EXPECT_FAILED, .at = (offset), .needed = (bytes_needed)
#define MORE                         .answer = EXPECT_MORE

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

static void check_cases(enum expect_unit unit, const struct expect_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct expect_case c = cases[i];
        c.unit = unit;
        check_case(&c);
    }
}
#define CHECK(unit, cases) check_cases(unit, cases, sizeof cases / sizeof cases[0])

static void test_literal_strict(void **state)
{
    static const struct expect_case cases[] = {
        {.literal = "hello\n", .input = "hello\nmore", MATCHED(6)},
        {.literal = "hello\n", .input = "hel", MORE},
        {.literal = "hello\n", .input = "hel", .ended = true, MORE},
        {.literal = "hello\n", .input = "", MORE},
        {.literal = "hello\n", .input = "help\n", FAILED(3, 4)},
        {.literal = "hello\n", .input = "xhello\n", FAILED(0, 1)},
        {.literal = "hello\n", .before = "hello\nabc", .input = "hello!", FAILED(5, 6)},
        {.literal = "", .input = "anything", MATCHED(0)},
        {.literal = "", .input = "", MATCHED(0)},
    };
    (void)state;
    CHECK(EXPECT_LITERAL, cases);
}

static void test_literal_searched(void **state)
{
    static const struct expect_case cases[] = {
        {.searched = true, .literal = "aab", .input = "aaab.", MATCHED(4)},
        {.searched = true, .literal = "aab", .input = "aaaa", MORE},
        {.searched = true, .literal = "b", .input = "aaab", MATCHED(4)},
        {.searched = true, .literal = "", .input = "aaab", MATCHED(0)},
        /* What earlier steps took is not found again, nor in part. */
        {.searched = true, .literal = "one", .before = "one on", .input = "e two", MORE},
        {.searched = true, .literal = "one", .before = "one on", .input = "e one", MATCHED(5)},
        /* A line begins at a line's start. */
        {.searched = true, .whole_lines = true, .literal = "ok\n", .input = "not ok\nok\n", MATCHED(10)},
        {.searched = true, .whole_lines = true, .literal = "ok\n", .before = "> ", .input = "ok\n", MORE},
        {.searched = true,
         .whole_lines = true,
         .literal = "ok\n",
         .before = "x\n",
         .input = "ok\n",
         MATCHED(3)},
        {.searched = true, .whole_lines = true, .literal = "a\na\n", .input = "a\nb\na\na\n", MATCHED(8)},
        {.searched = true, .whole_lines = true, .literal = "aa\n", .input = "aaa\naa\n", MATCHED(7)},
    };
    (void)state;
    CHECK(EXPECT_LITERAL, cases);
}

static void test_size(void **state)
{
    static const struct expect_case cases[] = {
        {.size = 0, .input = "", MATCHED(0)},
        {.size = 0, .input = "abc", MATCHED(0)},
        {.size = 3, .input = "abc", MATCHED(3)},
        {.size = 3, .input = "abcd", MATCHED(3)},
        {.size = 3, .input = "ab", MORE},
        {.size = 3, .input = "ab", .ended = true, MORE},
        {.size = 3, .before = "xyz", .input = "ab", MORE},
        {.size = 3, .before = "xyz", .input = "abcd", .searched = true, MATCHED(3)},
    };
    (void)state;
    CHECK(EXPECT_SIZE, cases);
}

static void test_until(void **state)
{
    static const struct expect_case cases[] = {
        {.literal = "\r\n\r\n", .input = "a: b\r\n\r\nbody", MATCHED(8)},
        {.literal = "\r\n\r\n", .input = "a: b\r\n\r", MORE},
        {.literal = "\r\n\r\n", .input = "a: b\r\n\r", .ended = true, MORE},
        {.literal = "\r\n", .input = "a\r\r\n", MATCHED(4)},
        {.literal = "aab", .input = "aaaaab", MATCHED(6)},
        {.literal = "\n", .input = "\n", MATCHED(1)},
        /* Half of the bytes were taken by the step before: they don't count. */
        {.literal = "\r\n", .before = "x\r", .input = "\nabc\r", MORE},
        {.literal = "\r\n", .before = "x\r", .input = "\nabc\r\n", MATCHED(6)},
        {.literal = ">", .searched = true, .input = "SERVER SAYS> ", MATCHED(12)},
    };
    (void)state;
    CHECK(EXPECT_UNTIL, cases);
}

static void test_line(void **state)
{
    static const struct expect_case cases[] = {
        {.input = "one\ntwo\n", MATCHED(4)},
        {.input = "\n", MATCHED(1)},
        {.input = "one", MORE},
        {.input = "one", .ended = true, MORE},
        {.before = "half", .input = " line\nx", MATCHED(6)},
        {.delimiter = "\r\n", .input = "a\nb\r\r\nc\r\n", MATCHED(6)},
        {.delimiter = "aab", .input = "aaaabx", MATCHED(5)},
        {.searched = true, .input = "one\n", MATCHED(4)},
    };
    (void)state;
    CHECK(EXPECT_LINE, cases);
}

static void test_rest(void **state)
{
    static const struct expect_case cases[] = {
        {.input = "anything", .ended = true, MATCHED(8)},
        {.input = "", .ended = true, MATCHED(0)},
        {.input = "anything", MORE},
        {.literal = "bye\n", .input = "bye\n", .ended = true, MATCHED(4)},
        {.literal = "bye\n", .input = "bye\n", MORE},
        {.literal = "bye\n", .input = "by", .ended = true, MORE},
        {.literal = "bye\n", .input = "bye!", FAILED(3, 4)},
        {.literal = "bye\n", .input = "bye\nx", FAILED(4, 5)},
        {.literal = "", .input = "", .ended = true, MATCHED(0)},
        {.literal = "", .input = "x", FAILED(0, 1)},
        {.literal = "bye\n",
         .searched = true,
         .before = "hello\n",
         .input = "xbye\n",
         .ended = true,
         FAILED(0, 1)},
    };
    (void)state;
    CHECK(EXPECT_REST, cases);
}

static void test_unordered(void **state)
{
    static const struct expect_case cases[] = {
        {.unordered = "a|b|c", .input = "c\na\nb\nd\n", MATCHED(6)},
        {.unordered = "a|a", .input = "a\na\n", MATCHED(4)},
        {.unordered = "a|b", .input = "a\na\n", FAILED(2, 3)},
        {.unordered = "a|b", .input = "b\n", MORE},
        {.unordered = "a|ab", .input = "ab\na\n", MATCHED(5)},
        /* The first impossible byte is told before its line is whole. */
        {.unordered = "apple|apply", .input = "apple\nappla", FAILED(10, 11)},
        {.unordered = "ab|a", .input = "ab!", FAILED(2, 3)},
        {.unordered = "ab", .input = "a\n", FAILED(1, 2)},
        {.unordered = "|x", .input = "\nx\n", MATCHED(3)},
        {.unordered = "x\r|y", .delimiter = "\r\n", .input = "x\r\r\ny\r\n", MATCHED(7)},
        {.unordered = "a|b", .before = "a", .input = "a\nb\n", MATCHED(4)},
        /* Searched: other lines are passed over. */
        {.searched = true, .unordered = "a|b", .input = "x\nb\nab\na\nz\n", MATCHED(9)},
    };
    (void)state;
    CHECK(EXPECT_UNORDERED, cases);
}

static void test_patterns(void **state)
{
    static const struct expect_case line[] = {
        {.matches = "220 (?<g>\\S+) .*", .input = "220 host ready\nmore", MATCHED(15), .captured = "host"},
        {.matches = "220 .*", .input = "221 no\n", FAILED(0, 7)},
        {.matches = "2", .input = "22\n", FAILED(0, 3)},
        {.matches = "a|ab", .input = "ab\n", MATCHED(3)},
        {.matches = ".*", .delimiter = "\r\n", .input = "a\r\r\n", MATCHED(4)},
        {.searched = true,
         .matches = "port (?<g>\\d+)",
         .input = "hello\nport 12\nport 13\n",
         MATCHED(14),
         .captured = "12"},
        {.searched = true, .matches = "port (?<g>\\d+)", .input = "hello\nport 12", MORE},
    };
    static const struct expect_case size[] = {
        {.size = 3, .matches = "a(?<g>.)c", .input = "abcd", MATCHED(3), .captured = "b"},
        {.size = 3, .matches = "ab", .input = "abc", FAILED(0, 3)},
    };
    static const struct expect_case until[] = {
        {.literal = ";", .matches = "x=(?<g>\\d+);", .input = "x=41;y=2;", MATCHED(5), .captured = "41"},
        {.literal = ";", .matches = "x=\\d+;", .input = "y=4;", FAILED(0, 4)},
    };
    static const struct expect_case until_match[] = {
        {.until_matches = "250 (?<g>.*)",
         .input = "250-a\n250-b\n250 c\nnext\n",
         MATCHED(18),
         .captured = "c"},
        {.until_matches = "250 .*", .input = "250-a\n250 c", MORE},
        {.until_matches = "\\.",
         .matches = "(?s)(?<g>a.*)\\.\n",
         .input = "a\nb\n.\n",
         MATCHED(6),
         .captured = "a\nb\n"},
        {.until_matches = "\\.", .matches = "b", .input = "a\n.\n", FAILED(0, 4)},
    };
    static const struct expect_case rest[] = {
        {.matches = "a+(?<g>b*)", .input = "aab", .ended = true, MATCHED(3), .captured = "b"},
        {.matches = "a+", .input = "aab", .ended = true, FAILED(0, 3)},
        {.matches = "a+", .input = "aab", MORE},
    };
    (void)state;
    CHECK(EXPECT_LINE, line);
    CHECK(EXPECT_SIZE, size);
    CHECK(EXPECT_UNTIL, until);
    CHECK(EXPECT_UNTIL_MATCH, until_match);
    CHECK(EXPECT_REST, rest);
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
