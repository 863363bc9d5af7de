/* bytes_test - the bound is exact, appends are all or nothing, and nothing stays invisible. */
#include "src/bytes.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <string.h>

/* realloc goes through here (linked with --wrap=realloc). */
void *__real_realloc(void *old, size_t n);
void *__wrap_realloc(void *old, size_t n);
static bool no_memory;

void *__wrap_realloc(void *old, size_t n)
{
    return no_memory ? NULL : __real_realloc(old, n);
}

static void bound_is_exact(void **state)
{
    (void)state;
    for (size_t n = 99; n <= 101; n++) {
        struct bytes bytes;
        bytes_init(&bytes, 100);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(bytes_append(&bytes, "x", 1), i < 100 ? BYTES_OK : BYTES_FULL);
        assert_int_equal(bytes.length, n < 100 ? n : 100);
        assert_int_equal(strlen(bytes_text(&bytes)), bytes.length);
        assert_true(bytes.capacity <= 101);
        bytes_free(&bytes);
        char text[101];
        memset(text, 'x', sizeof text);
        assert_int_equal(bytes_append(&bytes, text, n), n <= 100 ? BYTES_OK : BYTES_FULL);
        bytes_clear(&bytes);
        assert_int_equal(bytes_append_format(&bytes, "%.*s", (int)n, text), n <= 100 ? BYTES_OK : BYTES_FULL);
        bytes_clear(&bytes);
        assert_int_equal(bytes_append_visible(&bytes, text, n, BYTES_VISIBLE_TEXT),
                         n <= 100 ? BYTES_OK : BYTES_FULL);
        bytes_free(&bytes);
    }
}

static void appends_are_all_or_nothing(void **state)
{
    (void)state;
    struct bytes bytes;
    bytes_init(&bytes, 10);
    assert_int_equal(bytes_append_text(&bytes, "12345"), BYTES_OK);
    assert_int_equal(bytes_append_text(&bytes, "123456"), BYTES_FULL);
    assert_int_equal(bytes_append_format(&bytes, "%d", 123456), BYTES_FULL);
    assert_int_equal(bytes_append_visible(&bytes, "ab\x01", 3, BYTES_VISIBLE_TEXT), BYTES_FULL);
    assert_string_equal(bytes_text(&bytes), "12345");
    assert_int_equal(bytes_append_visible(&bytes, "a\x01", 2, BYTES_VISIBLE_TEXT), BYTES_OK);
    assert_string_equal(bytes_text(&bytes), "12345a\\x01");
    bytes_free(&bytes);
    assert_string_equal(bytes_text(&bytes), "");
    no_memory = true;
    assert_int_equal(bytes_append(&bytes, "x", 1), BYTES_NO_MEMORY);
    assert_int_equal(bytes_append_format(&bytes, "x"), BYTES_NO_MEMORY);
    no_memory = false;
    assert_int_equal(bytes.length, 0);
    assert_int_equal(bytes_append(&bytes, "a\0b", 3), BYTES_OK);
    assert_memory_equal(bytes.data, "a\0b", 4);
    bytes_free(&bytes);
    bytes_init(&bytes, 0);
    assert_int_equal(bytes_append(&bytes, NULL, 0), BYTES_OK);
    assert_int_equal(bytes_append(&bytes, "x", 1), BYTES_FULL);
    bytes_free(&bytes);
}

static void every_byte_is_made_visible(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t n;
        const char *quoted, *text;
    } cases[] = {
        {"", 0, "", ""},
        {"plain ~", 7, "plain ~", "plain ~"},
        {"a\n\r\t", 4, "a\\n\\r\\t", "a\\n\\r\\t"},
        {"\"\\", 2, "\\\"\\\\", "\"\\"},
        {"\0\x1b[2J\x7f", 6, "\\x00\\x1b[2J\\x7f", "\\x00\\x1b[2J\\x7f"},
        {"caf\xc3\xa9", 5, "caf\xc3\xa9", "caf\xc3\xa9"},
        {"caf\xc3", 4, "caf\\xc3", "caf\\xc3"},
        {"\xc2\x9b", 2, "\\xc2\\x9b", "\\xc2\\x9b"},
        {"a\xe2\x80\xae"
         "b",
         5,
         "a\\xe2\\x80\\xae"
         "b",
         "a\\xe2\\x80\\xae"
         "b"},
        {"\xff\xf0\x9f\x98\x80\xed\xa0\x80", 8, "\\xff\xf0\x9f\x98\x80\\xed\\xa0\\x80",
         "\\xff\xf0\x9f\x98\x80\\xed\\xa0\\x80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes bytes;
        bytes_init(&bytes, 1000);
        assert_int_equal(bytes_append_visible(&bytes, cases[i].data, cases[i].n, BYTES_VISIBLE_QUOTED),
                         BYTES_OK);
        assert_string_equal(bytes_text(&bytes), cases[i].quoted);
        bytes_clear(&bytes);
        assert_int_equal(bytes_append_visible(&bytes, cases[i].data, cases[i].n, BYTES_VISIBLE_TEXT),
                         BYTES_OK);
        assert_string_equal(bytes_text(&bytes), cases[i].text);
        bytes_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bound_is_exact),
        cmocka_unit_test(appends_are_all_or_nothing),
        cmocka_unit_test(every_byte_is_made_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
