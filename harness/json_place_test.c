/* json_place - positions, and the same texts accepted as by jansson: on chosen texts and on mutated ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "harness/json_place.h"

enum { ROUNDS = 200000, TEXT_BYTES_MAX = 400, NESTING_MAX = 100 };

static void ignore_duplicate(void *context, const struct json_place *first, const struct json_place *second)
{
    (void)first;
    (void)second;
    ++*(int *)context;
}

struct located {
    struct arena *arena;
    struct json_place *root;
    enum json_place_result result;
    struct json_place_error error;
    int duplicates;
};

static struct located locate(const char *text, size_t length)
{
    struct located l = {.arena = arena_new()};
    l.result = json_place_locate(l.arena, text, length, NESTING_MAX, ignore_duplicate, &l.duplicates, &l.root,
                                 &l.error);
    return l;
}

static bool jansson_accepts(const char *text, size_t length)
{
    json_error_t error;
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    json_decref(json);
    return json != NULL;
}

/* Fails with the text when the two differ. */
static void compare(const char *text, size_t length)
{
    struct located l = locate(text, length);
    bool accepted = jansson_accepts(text, length);
    arena_free(l.arena);
    if (memchr(text, '\0', length)) { /* jansson loses one behind a number or a word */
        assert_int_not_equal(l.result, JSON_PLACE_OK);
        return;
    }
    if (l.result != JSON_PLACE_TOO_DEEP && accepted != (l.result == JSON_PLACE_OK)) {
        fail_msg("jansson %s, json_place %s (%s at %zu): %.*s", accepted ? "accepts" : "refuses",
                 l.result == JSON_PLACE_OK ? "accepts" : "refuses", l.error.text, l.error.start, (int)length,
                 text);
    }
}

static const char *const texts[] = {
    "{}",
    "[]",
    " \t\r\n[1]\n",
    "{\"a\": [true, false, null], \"b\": {\"c\": -0.5e+10, \"d\": \"\\u00e9\\ud83d\\ude00\\n\\\\\\\"\\/\"}}",
    "[\"caf\xc3\xa9\", \"\xf0\x9f\x98\x80\", \"\xef\xbf\xbf\", \"\\u0000\"]",
    "[9223372036854775807, -9223372036854775808, 0, -0, 1e308, 1e-999]",
    "{\"seam\":1,\"name\":\"x\",\"steps\":[{\"send\":\"a\",\"line\":\"hello\",\"times\":12},[]]}",
    "{\"\": 1, \"a\": 2, \"\\u0061b\": 3, \"ab c\": 4}",
    "[[[[[[[[]]]]]]]]",
    "{\"a\":1,\"a\":2}",
    "[\"\\udc00\"]",
    "[01]",
};

/* What a parser may be too kind or too strict with. */
static const char *const odd[] = {
    "",
    " ",
    "{",
    "}",
    "[",
    "]",
    "[,]",
    "[1,]",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "[1 2]",
    "[1]]",
    "1",
    "\"a\"",
    "true",
    "[tru]",
    "[truee]",
    "[True]",
    "[nul]",
    "[+1]",
    "[-]",
    "[--1]",
    "[-01]",
    "[00]",
    "[1.]",
    "[.5]",
    "[1e]",
    "[1e+]",
    "[1E5]",
    "[1.0e-5]",
    "[0x1]",
    "[1_0]",
    "[NaN]",
    "[Infinity]",
    "[1e309]",
    "[-1e309]",
    "[1e99999]",
    "[\"]",
    "[\"\\]",
    "[\"\\\"]",
    "['a']",
    "[\"\t\"]",
    "[\"\n\"]",
    "[\"\x7f\"]",
    "[\"\\x41\"]",
    "[\"\\u12\"]",
    "[\"\\u12G4\"]",
    "[\"\\uD800\"]",
    "[\"\\uD800\\u0041\"]",
    "[\"\\uD800\\uD800\"]",
    "[\"\\uDBFF\\uDFFF\"]",
    "[\"\\ud83d\\\\ude00\"]",
    "[\"\x80\"]",
    "[\"\xc0\x80\"]",
    "[\"\xc3\"]",
    "[\"\xe0\x80\x80\"]",
    "[\"\xed\xa0\x80\"]",
    "[\"\xf4\x90\x80\x80\"]",
    "[\"\xf5\x80\x80\x80\"]",
    "[\"\xe2\x82\"]",
    "[9223372036854775808]",
    "[-9223372036854775809]",
    "{\"a\\u0000\":1}",
    "{\"\\u0061\":1,\"a\":2}",
    "\xef\xbb\xbf[]",
    "[]\x0c",
    "// x\n[]",
    "[1] 2",
    "{1:2}",
    "{\"a\":1 \"b\":2}",
    "[\"a\" \"b\"]",
    "{\"a\" 1}",
    "[1]\xff",
    "[\xc3\xa9]",
};

static void test_same_texts_as_jansson(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t length = 0; length <= strlen(texts[i]); length++) {
            compare(texts[i], length);
        }
    }
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        compare(odd[i], strlen(odd[i]));
    }
    compare("[1\0]", 4);
    compare("[\"a\0b\"]", 7);
    compare("[]\0", 3);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13; /* xorshift32 */
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* One change: a byte replaced, put in or taken out, or a piece copied elsewhere. */
static size_t mutate(char *text, size_t length, uint32_t *seed)
{
    static const char bytes[] = "{}[]\",:\\ud8c0123456789abtrfnue.+-E \t\n\0\x80\xc3\xa9\xed\xf0\x9f\xff/'x";
    char byte = bytes[next_random(seed) % (sizeof bytes - 1)];
    size_t at = length ? next_random(seed) % length : 0, from, n;
    switch (next_random(seed) % 4) {
    case 0:
        if (length > 0) {
            text[at] = byte;
        }
        return length;
    case 1:
        if (length < TEXT_BYTES_MAX) {
            memmove(text + at + 1, text + at, length - at);
            text[at] = byte;
            return length + 1;
        }
        return length;
    case 2:
        if (length > 0) {
            memmove(text + at, text + at + 1, length - at - 1);
            return length - 1;
        }
        return length;
    default:
        from = length ? next_random(seed) % length : 0;
        n = length ? next_random(seed) % 12 : 0;
        n = n > length - from ? length - from : n;
        n = n > length - at ? length - at : n;
        memmove(text + at, text + from, n);
        return length;
    }
}

static void test_mutated_texts_as_jansson(void **state)
{
    (void)state;
    uint32_t seed = 20260501;
    int rounds = getenv("SEAM_FULL") ? 20 * ROUNDS : ROUNDS;
    for (int round = 0; round < rounds; round++) {
        char text[TEXT_BYTES_MAX + 1];
        const char *base = texts[next_random(&seed) % (sizeof texts / sizeof texts[0])];
        size_t length = strlen(base);
        memcpy(text, base, length);
        for (uint32_t changes = 1 + next_random(&seed) % 3; changes > 0; changes--) {
            length = mutate(text, length, &seed);
        }
        compare(text, length);
    }
}

static void assert_range(const char *text, const struct json_place *place, const char *expected)
{
    assert_int_equal(place->end - place->start, strlen(expected));
    assert_memory_equal(text + place->start, expected, strlen(expected));
}

static void test_places(void **state)
{
    (void)state;
    static const char text[] = " {\"a\": [1, \"x\\ny\" , {}], \n \"\\u0062\":-2.5e3 ,\"c\":true} ";
    struct located l = locate(text, strlen(text));
    assert_int_equal(l.result, JSON_PLACE_OK);
    struct json_place *a = l.root->child, *b = a->next, *c = b->next;
    assert_int_equal(l.root->start, 1);
    assert_int_equal(l.root->end, strlen(text) - 1);
    assert_string_equal(a->key, "a");
    assert_int_equal(a->key_start, 2);
    assert_int_equal(a->key_end, 5);
    assert_range(text, a, "[1, \"x\\ny\" , {}]");
    assert_range(text, a->child, "1");
    assert_null(a->child->key);
    assert_range(text, a->child->next, "\"x\\ny\"");
    assert_range(text, a->child->next->next, "{}");
    assert_string_equal(b->key, "b");
    assert_range(text, b, "-2.5e3");
    assert_range(text, c, "true");
    assert_null(c->next);
    arena_free(l.arena);
}

static void test_duplicates_leave_the_last(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":1,\"b\":2,\"a\":3,\"\\u0061\":4,\"c\":{\"d\":5,\"d\":6}}";
    struct located l = locate(text, strlen(text));
    assert_int_equal(l.result, JSON_PLACE_DUPLICATES);
    assert_int_equal(l.duplicates, 3);
    assert_string_equal(l.root->child->key, "b");
    assert_range(text, l.root->child->next, "4");
    assert_range(text, l.root->child->next->next->child, "6");
    assert_null(l.root->child->next->next->child->next);
    arena_free(l.arena);
}

static void test_nesting(void **state)
{
    (void)state;
    char text[2 * (NESTING_MAX + 1)];
    for (int depth = NESTING_MAX - 1; depth <= NESTING_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        struct located l = locate(text, 2 * (size_t)depth);
        assert_int_equal(l.result, depth <= NESTING_MAX ? JSON_PLACE_OK : JSON_PLACE_TOO_DEEP);
        arena_free(l.arena);
    }
}

static void test_error_places(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t start;
        const char *message;
    } cases[] = {
        {"{\"a\" 1}", 5, "expected \":\" after the key"},
        {"{\"a\":1,}", 7, "no comma before \"}\""},
        {"[1 2]", 3, "expected \",\" or \"]\""},
        {"[[1]", 0, "this \"[\" is never closed"},
        {"[\"ab\\qc\"]", 4, "no such escape in a JSON string; a backslash is written \\\\"},
        {"[\"\\ud800x\"]", 2, "lone surrogate \\ud800: no character"},
        {"[/* x */]", 1, "JSON has no comments; \"why\" is one"},
        {"[1 // x\n]", 3, "JSON has no comments; \"why\" is one"},
        {"[1] x", 4, "nothing may follow the object"},
        {"[", 1, "the file ends where a value must stand"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct located l = locate(cases[i].text, strlen(cases[i].text));
        assert_int_equal(l.result, JSON_PLACE_SYNTAX);
        assert_string_equal(l.error.text, cases[i].message);
        assert_int_equal(l.error.start, cases[i].start);
        arena_free(l.arena);
    }
}

static void test_offsets_in_a_string(void **state)
{
    (void)state;
    /* decoded: a \n é(2) 😀(4) z */
    struct json_place_cursor ascending = {.start = 1};
    static const char text[] = "x\"a\\n\\u00e9\\ud83d\\ude00z\"";
    static const struct {
        size_t decoded, offset;
    } cases[] = {{0, 2}, {1, 3}, {2, 5}, {3, 5}, {4, 11}, {7, 11}, {8, 23}, {9, 24}, {99, 24}};
    ascending.text = text;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_place_cursor fresh = {.text = text, .start = 1};
        assert_int_equal(json_place_in_string(&fresh, cases[i].decoded), cases[i].offset);
        assert_int_equal(json_place_in_string(&ascending, cases[i].decoded), cases[i].offset);
    }
    assert_int_equal(json_place_in_string(&ascending, 1), 3); /* and back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_texts_as_jansson),
        cmocka_unit_test(test_mutated_texts_as_jansson),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_duplicates_leave_the_last),
        cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_error_places),
        cmocka_unit_test(test_offsets_in_a_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
