/* text - values, expansion and the grammar of ${...}, in front of a made-up table of names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/text.h"
#include "harness/text_compile.h"

/* Slots: n = 7, word = "abc", big = the largest number, empty = "", unset. Known at load: bin = "/b", ten =
 * "10". */
static const char *const slot_names[] = {"n", "word", "big", "empty", "unset"};
enum { SLOT_COUNT = sizeof slot_names / sizeof slot_names[0] };

struct fixture {
    struct arena *arena;
    struct values values;
    int complaints;
    size_t start, end;
    char message[SEAM_ERROR_TEXT_BYTES_MAX];
};

static int resolve(void *context, const char *name, size_t length, struct text_name *out,
                   struct seam_error *error)
{
    (void)context;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (strlen(slot_names[i]) == length && memcmp(slot_names[i], name, length) == 0) {
            out->slot = i;
            return 0;
        }
    }
    bool ten = length == 3 && memcmp(name, "ten", 3) == 0;
    if (ten || (length == 3 && memcmp(name, "bin", 3) == 0)) {
        *out = (struct text_name){.bytes = ten ? "10" : "/b", .length = 2};
        return 0;
    }
    return seam_error_set(error, "no %.*s", (int)length, name);
}

static void complain(void *context, size_t start, size_t end, const char *message)
{
    struct fixture *f = context;
    if (f->complaints++ == 0) {
        f->start = start;
        f->end = end;
        snprintf(f->message, sizeof f->message, "%s", message);
    }
}

static struct place locate(void *context, size_t start, size_t end)
{
    (void)context;
    return (struct place){.path = "t", .line = 1, .column = (int)start + 1, .start = start, .end = end};
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    assert_int_equal(values_open(&f->values, SLOT_COUNT, slot_names), 0);
    values_set(&f->values, 0, "7", 1);
    values_set(&f->values, 1, "abc", 3);
    values_set_number(&f->values, 2, INT64_MAX);
    values_set(&f->values, 3, NULL, 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    values_close(&f->values);
    arena_free(f->arena);
    free(f);
    return 0;
}

static int compile(struct fixture *f, const char *bytes, struct text *text)
{
    const struct text_compiler compiler = {
        .arena = f->arena, .context = f, .resolve = resolve, .complain = complain, .locate = locate};
    f->complaints = 0;
    return text_compile(&compiler, bytes, strlen(bytes), (struct place){.path = "t", .line = 1, .column = 1},
                        text);
}

static void test_expansions(void **state)
{
    static const struct {
        const char *text, *expected;
        bool constant;
    } cases[] = {
        {"", "", true},
        {"plain", "plain", true},
        {"$ {} $x }", "$ {} $x }", true},
        {"${$}{n}", "${n}", true},
        {"a${$}${$}b", "a$$b", true},
        {"${bin}/x", "/b/x", true},
        {"${ten}", "10", true},
        {"${ten * 2}", "20", true},
        {"${len(bin)}${hex(bin)}", "22f62", true},
        {"${1 + 2 * 3 - 4 / 2}", "5", true},
        {"${(1 + 2) * 3}", "9", true},
        {"${-3 + 1}", "-2", true},
        {"${--3}", "3", true},
        {"${-(2 - 5)}", "3", true},
        {"${7 / 2} ${-7 / 2} ${7 % 3} ${-7 % 3}", "3 -3 1 -1", true},
        {"${10 - 3 - 2}", "5", true},
        {"${\t1+1 }", "2", true},
        {"${9223372036854775807}", "9223372036854775807", true},
        {"${-9223372036854775807 - 1}", "-9223372036854775808", true},
        {"${(-9223372036854775807 - 1) % -1}", "0", true},
        {"${n}", "7", false},
        {"<${word}>", "<abc>", false},
        {"${ word }", "abc", false},
        {"${hex(word)}", "616263", false},
        {"${len(word) * n}", "21", false},
        {"${len(empty)}${empty}", "0", false},
        {"${n * 256 + ten}", "1802", false},
        {"${-n}", "-7", false},
        {"${n}${word}${n}", "7abc7", false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text text;
        struct bytes out;
        struct seam_error error;
        bytes_init(&out, 1000);
        assert_int_equal(compile(f, cases[i].text, &text), 0);
        assert_int_equal(text_expand(&text, &f->values, &out, &error), 0);
        assert_string_equal(bytes_text(&out), cases[i].expected);
        assert_int_equal(text.constant, cases[i].constant);
        assert_true(!text.constant || text.piece_count <= 1);
        bytes_free(&out);
    }
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *text, *message;
        size_t start;
    } cases[] = {
        {"a${", "expected a name or a number", 3},
        {"a${n", "this ${ is never closed; a literal ${ is written ${$}{", 1},
        {"${}", "expected a name or a number", 2},
        {"${nope}", "no nope", 2},
        {"${n +}", "expected a name or a number", 5},
        {"${n n}", "expected an operator or \"}\"", 4},
        {"${(n}", "this \"(\" is never closed", 2},
        {"${n)}", "expected an operator or \"}\"", 3},
        {"${foo(n)}", "there is no such function; there are len(x) and hex(x)", 2},
        {"${hex(n) + 1}", "hex(...) is text: nothing can be calculated with it", 2},
        {"${1 + hex(n)}", "hex(...) is text: nothing can be calculated with it", 6},
        {"${len(1)}", "len takes the name of a variable: len(name)", 6},
        {"${bin + 1}", "this is no number: nothing can be calculated with it", 2},
        {"${1 / 0}", "division by zero", 2},
        {"${n % 0}", "division by zero", 2},
        {"${9223372036854775807 * 2}", "the result does not fit 64 bits", 2},
        {"${-(-9223372036854775807 - 1)}", "the result does not fit 64 bits", 2},
        {"${(-9223372036854775807 - 1) / -1}", "the result does not fit 64 bits", 2},
        {"${9223372036854775808}", "this number does not fit 64 bits", 2},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text text;
        assert_int_equal(compile(f, cases[i].text, &text), -1);
        assert_string_equal(f->message, cases[i].message);
        assert_int_equal(f->start, cases[i].start);
        assert_in_range(f->end, f->start, strlen(cases[i].text));
    }
    struct text text;
    assert_int_equal(compile(f, "${x} ${n} ${y}", &text), -1);
    assert_int_equal(f->complaints, 2);
}

static void test_nesting_and_length(void **state)
{
    struct fixture *f = *state;
    struct text text;
    char *long_text = calloc(1, 4000000);
    for (int depth = EXPRESSION_NESTING_MAX - 1; depth <= EXPRESSION_NESTING_MAX + 1; depth++) {
        char nested[2 * EXPRESSION_NESTING_MAX + 10] = "${";
        memset(nested + 2, '(', (size_t)depth);
        nested[depth + 2] = 'n';
        memset(nested + depth + 3, ')', (size_t)depth);
        nested[2 * depth + 3] = '}';
        assert_int_equal(compile(f, nested, &text), depth <= EXPRESSION_NESTING_MAX ? 0 : -1);
    }
    /* Long ones take no stack: neither in a chain nor when nothing can be calculated at load. */
    memcpy(long_text, "${n", 3);
    for (size_t at = 3; at < 3999990; at += 2) {
        memcpy(long_text + at, "+n", 2);
    }
    long_text[strlen(long_text)] = (char)0x7d;
    struct bytes out;
    struct seam_error error;
    bytes_init(&out, 100);
    assert_int_equal(compile(f, long_text, &text), 0);
    assert_int_equal(text_expand(&text, &f->values, &out, &error), 0);
    assert_string_equal(bytes_text(&out), "13999965");
    bytes_free(&out);
    free(long_text);
}

static void test_run_time_mistakes(void **state)
{
    static const struct {
        const char *text, *message;
        int column;
    } cases[] = {
        {"ab ${unset}", "\"unset\" has no value yet", 4},
        {"${len(unset)}", "\"unset\" has no value yet", 1},
        {"${word + 1}", "\"word\" is no number of 64 bits: \"abc\"", 1},
        {"${empty + 1}", "\"empty\" is no number of 64 bits: \"\"", 1},
        {"${big + 1}", "the result does not fit 64 bits", 1},
        {"${1 / (n - 7)}", "division by zero", 1},
        {"${word}${word}${word}", "expands to more than 8 bytes", 15},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text text;
        struct bytes out;
        struct seam_error error;
        bytes_init(&out, 8);
        assert_int_equal(compile(f, cases[i].text, &text), 0);
        assert_int_equal(text_expand(&text, &f->values, &out, &error), -1);
        assert_string_equal(error.text, cases[i].message);
        assert_string_equal(error.path, "t");
        assert_int_equal(error.column, cases[i].column);
        bytes_free(&out);
    }
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        bool right;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x1", false, 0},
        {"1.0", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 0;
        assert_int_equal(text_parse_integer(cases[i].text, strlen(cases[i].text), &value), cases[i].right);
        assert_true(!cases[i].right || value == cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_expansions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nesting_and_length, setup, teardown),
        cmocka_unit_test_setup_teardown(test_run_time_mistakes, setup, teardown),
        cmocka_unit_test(test_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
