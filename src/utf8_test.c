/* utf8_test - the validator against a reference that knows only code points, at every cut. */
#include "src/test_input.h"
#include "src/utf8.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

enum { NEVER_BAD = 1000 };

/* Encodes a scalar value; 0 when it is none. */
static size_t encode(uint32_t c, unsigned char out[4])
{
    if (c < 0x80) {
        out[0] = (unsigned char)c;
        return 1;
    }
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (unsigned char)(0x80 | (c & 0x3f));
    out[0] = (unsigned char)(lead[n] | c);
    return n;
}

/* Well-formed is exactly what some scalar value encodes to: so try what the bytes would decode to, and encode
 * it. */
static size_t reference_length(const unsigned char *data, size_t n)
{
    for (size_t length = 1; length <= 4 && length <= n; length++) {
        uint32_t c = length == 1 ? data[0] : data[0] & (0x7fu >> length);
        for (size_t i = 1; i < length; i++)
            c = c << 6 | (data[i] & 0x3f);
        unsigned char again[4];
        if (encode(c, again) == length && memcmp(again, data, length) == 0)
            return length;
    }
    return 0;
}

static size_t reference_bad_offset(const unsigned char *data, size_t n)
{
    for (size_t i = 0, length; i < n; i += length)
        if ((length = reference_length(data + i, n - i)) == 0)
            return i;
    return NEVER_BAD;
}

static size_t bad_offset(const unsigned char *data, const struct test_input_cut *cut)
{
    struct utf8 utf8 = {0};
    enum utf8_result result = UTF8_OK;
    for (size_t offset = 0, n; offset < cut->n; offset += n) {
        n = test_input_chunk(cut, offset);
        utf8_feed(&utf8, data + offset, n);
        result = utf8_feed(&utf8, data, 0); /* feeding nothing changes nothing */
    }
    if (utf8_end(&utf8) == UTF8_OK) {
        assert_int_equal(result, UTF8_OK);
        return NEVER_BAD;
    }
    return (size_t)utf8_bad_offset(&utf8);
}

static void check_whole(const unsigned char *data, size_t n)
{
    struct test_input_cut whole = test_input_cut(n, 0);
    size_t want = reference_bad_offset(data, n), got = bad_offset(data, &whole);
    uint32_t codepoint = 0;
    if (want != got || utf8_decode(data, n, &codepoint) != reference_length(data, n)) {
        print_error("%zu bytes %02x %02x %02x: bad at %zu, not %zu\n", n, data[0], data[1], data[2], got,
                    want);
        fail();
    }
}

static void all_of_one_to_three_bytes(void **state)
{
    (void)state;
    unsigned char data[3] = {0};
    for (uint32_t v = 0; v < 1u << 24; v++) {
        data[0] = (unsigned char)(v >> 16);
        data[1] = (unsigned char)(v >> 8);
        data[2] = (unsigned char)v;
        check_whole(data, 3);
        if ((v & 0xff) == 0)
            check_whole(data, 2);
        if ((v & 0xffff) == 0)
            check_whole(data, 1);
    }
}

static void all_scalar_values(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x120000; c++) {
        unsigned char data[4];
        uint32_t decoded = 0;
        size_t n = encode(c, data);
        if (n == 0)
            continue;
        assert_int_equal(utf8_decode(data, n, &decoded), n);
        assert_int_equal(decoded, c);
        assert_int_equal(utf8_decode(data, n - 1, &decoded), 0);
    }
}

static void every_cut_of_mixed_text(void **state)
{
    (void)state;
    uint64_t seed = 77;
    for (int round = 0; round < 20000; round++) {
        unsigned char text[40];
        size_t n = 0;
        while (n + 4 < sizeof text && test_input_random(&seed) >> 60 != 0)
            n += encode((uint32_t)(test_input_random(&seed) >> 43) >> (test_input_random(&seed) >> 60),
                        text + n);
        if (n > 0 && round % 2) /* damage one byte, or cut the end off */
            text[test_input_random(&seed) % n] = (unsigned char)(test_input_random(&seed) >> 56);
        if (n > 0 && round % 3 == 0)
            n -= test_input_random(&seed) % n;
        char *data = test_input_guard(text, n);
        size_t want = reference_bad_offset((unsigned char *)data, n);
        for (size_t i = 0; i < test_input_cut_count(n); i++) {
            struct test_input_cut cut = test_input_cut(n, i);
            assert_int_equal(bad_offset((unsigned char *)data, &cut), want);
        }
        test_input_free(data, n);
    }
}

static void position_is_where_the_bad_sequence_starts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t bad_offset;
    } cases[] = {
        {"", NEVER_BAD},
        {"caf\xc3\xa9", NEVER_BAD},
        {"a\xe2\x28", 1},
        {"a\xe2\x82", 1},
        {"\x80", 0},
        {"ab\xc0\xaf", 2},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90", 0},
        {"\xf5", 0},
        {"\xff", 0},
        {"\xf0\x9f\x98\x80\xf0", 4},
        {"\xe0\x9f\xbf", 0},
        {"\xf0\x8f\xbf", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct test_input_cut whole = test_input_cut(strlen(cases[i].text), 0);
        assert_int_equal(bad_offset((const unsigned char *)cases[i].text, &whole), cases[i].bad_offset);
    }
    struct utf8 utf8 = {0};
    assert_int_equal(utf8_feed(&utf8, "ab\xff", 3), UTF8_BAD);
    assert_int_equal(utf8_feed(&utf8, "fine", 4), UTF8_BAD); /* sticky, and the position stays */
    assert_int_equal(utf8_bad_offset(&utf8), 2);
}

static void what_a_terminal_may_be_given(void **state)
{
    (void)state;
    static const uint32_t harmful[] = {0,      7,      0x1b,   0x1f,   0x7f,    0x80,    0x9b,
                                       0x9f,   0xad,   0x61c,  0x200b, 0x200c,  0x200d,  0x200e,
                                       0x200f, 0x2028, 0x2029, 0x202a, 0x202e,  0x2060,  0x2066,
                                       0x2069, 0xfe0f, 0xfeff, 0xfff9, 0xe0001, 0xe007f, 0xe01ef};
    static const uint32_t harmless[] = {' ',    '~',    0xa0,   0xe9,    0x301,   0x200a,
                                        0x2010, 0x2027, 0x2030, 0x20ac,  0x4e00,  0xac00,
                                        0xfdff, 0xfe10, 0xfffd, 0x1f600, 0x10ffff};
    for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
        assert_false(utf8_may_show(harmful[i]));
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        assert_true(utf8_may_show(harmless[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_one_to_three_bytes),
        cmocka_unit_test(all_scalar_values),
        cmocka_unit_test(every_cut_of_mixed_text),
        cmocka_unit_test(position_is_where_the_bad_sequence_starts),
        cmocka_unit_test(what_a_terminal_may_be_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
