/* suggest, names and arena: the small helpers of loading. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "harness/names.h"
#include "harness/suggest.h"

static const char *best(const char *word)
{
    static const char *const known[] = {"send", "expect", "settle", "line", "lines", "to", "within_ms"};
    struct suggestion suggestion;
    suggest_begin(&suggestion, word, strlen(word));
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        suggest_offer(&suggestion, known[i]);
    }
    return suggestion.best;
}

static void test_suggestions(void **state)
{
    (void)state;
    assert_string_equal(best("sned"), "send");
    assert_string_equal(best("lien"), "line");
    assert_string_equal(best("linnes"), "lines");
    assert_string_equal(best("exepct"), "expect");
    assert_string_equal(best("withn_ms"), "within_ms");
    assert_string_equal(best("ot"), "to");
    assert_null(best("x"));
    assert_null(best(""));
    assert_null(best("disconnect"));
    assert_null(best("a word that is far longer than every word that is known here"));
}

static void test_names(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct names names;
    names_init(&names, arena);
    assert_null(names_find(&names, "a", 1));
    for (size_t i = 0; i < 10000; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "n%zu", i);
        names_add(&names, text, (size_t)length)->index = i;
    }
    for (size_t i = 0; i < 10000; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "n%zu", i);
        struct name *name = names_find(&names, text, (size_t)length);
        assert_non_null(name);
        assert_int_equal(name->index, i);
        assert_ptr_equal(names.items[i], name);
    }
    assert_null(names_find(&names, "n10000", 6));
    assert_null(names_find(&names, "n1", 1));
    arena_free(arena);
}

static void test_valid_names(void **state)
{
    (void)state;
    static const char *const right[] = {"a", "alice", "a_1", "z9_"};
    static const char *const wrong[] = {"", "A", "1a", "_a", "a-b", "a.b", "a b", "\xc3\xa9"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_true(name_is_valid(right[i], strlen(right[i])));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(name_is_valid(wrong[i], strlen(wrong[i])));
    }
    assert_false(name_is_valid("a\0", 2));
}

static void note(void *object)
{
    char **out = object;
    *(*out)++ = 'x';
}

static void test_arena(void **state)
{
    (void)state;
    char noted[4] = "", *out = noted;
    struct arena *arena = arena_new();
    for (size_t bytes = 0; bytes < 100000; bytes = bytes * 2 + 1) {
        unsigned char *p = arena_alloc(arena, bytes);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < bytes; i++) {
            assert_int_equal(p[i], 0);
        }
        memset(p, 0xff, bytes);
    }
    size_t *numbers = NULL, count = 0, capacity = 0;
    for (size_t i = 0; i < 1000; i++) {
        numbers = arena_grow(arena, numbers, &count, &capacity, sizeof *numbers);
        numbers[count - 1] = i;
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(numbers[i], i);
    }
    assert_string_equal(arena_format(arena, "%s-%d", "a", 5), "a-5");
    assert_null(arena_alloc_array(arena, 0, 8));
    arena_on_free(arena, note, &out);
    arena_on_free(arena, note, &out);
    arena_free(arena);
    assert_string_equal(noted, "xx");
    arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_valid_names),
        cmocka_unit_test(test_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
