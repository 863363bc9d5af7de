/* scenario_values - data in all its forms and patterns with their groups, loaded and then used as a run
 * would. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/scenario_fixture_test.h"

static void test_forms_of_data(void **state)
{
    (void)state;
    static const struct {
        const char *data, *expected;
        size_t length;
    } cases[] = {
        {"\"\"", "", 0},
        {"\"caf\\u00e9 ${v}\"", "caf\xc3\xa9 val", 9},
        {"{\"text\": \"x\\u0000\", \"times\": 3}", "x\0x\0x\0", 6},
        {"{\"text\": \"x\", \"times\": \"${n * 2}\"}", "xxxx", 4},
        {"{\"text\": \"x\", \"times\": 0}", "", 0},
        {"{\"line\": \"${v}\"}", "val\r\n", 5},
        {"{\"line\": {\"hex\": \"ff\"}, \"times\": 2}", "\xff\r\n\xff\r\n", 6},
        {"{\"lines\": [\"a\", [\"b\", \"c\"], {\"hex\": \"\"}]}", "a\r\nbc\r\n\r\n", 9},
        {"{\"hex\": \"00 fF7f\"}", "\0\xff\x7f", 3},
        {"{\"hex\": \"\"}", "", 0},
        {"{\"base64\": \"\"}", "", 0},
        {"{\"base64\": \"Zg==\"}", "f", 1},
        {"{\"base64\": \"Zm8=\"}", "fo", 2},
        {"{\"base64\": \"Zm9v\"}", "foo", 3},
        {"{\"base64\": \"/+8A\"}", "\xff\xef\0", 3},
        {"{\"bytes\": "
         "\"a\\\\x00\\\\xFf\\\\r\\\\n\\\\t\\\\0\\\\012\\\\377\\\\a\\\\b\\\\f\\\\v\\\\\\\\\\\\'\\\\\\\"$\"}",
         "a\0\xff\r\n\t\0\n\xff\a\b\f\v\\'\"$", 17},
        {"{\"bytes\": \"a\\\\\\nb\\\\18\"}",
         "ab\x01"
         "8",
         4},
        {"{\"bytes\": \"${v}\"}", "${v}", 4},
        {"[\"a\", {\"hex\": \"00\"}, [\"b\", {\"line\": \"c\"}]]", "a\0bc\r\n", 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1000];
        snprintf(text, sizeof text,
                 FIXTURE_STEPS("\"delimiter\": \"\\r\\n\", \"vars\": {\"v\": \"val\", \"n\": 2},",
                               "{\"send\": \"a\", \"data\": %s}"),
                 cases[i].data);
        struct scenario_file *file = fixture_load(text);
        assert_non_null(file);
        const struct scenario *scenario = scenario_file_at(file, 0);
        struct values values;
        struct bytes out;
        struct seam_error error;
        bytes_init(&out, 1000);
        assert_int_equal(fixture_values(scenario, &values), 0);
        assert_int_equal(
            data_expand(fixture_data(scenario, 1, "data"), &values, &scenario->delimiter, &out, &error), 0);
        assert_int_equal(out.length, cases[i].length);
        assert_memory_equal(bytes_text(&out), cases[i].expected, cases[i].length);
        bytes_free(&out);
        values_close(&values);
        scenario_file_free(file);
    }
}

static void test_expanded_size_is_bounded(void **state)
{
    (void)state;
    struct scenario_file *file = fixture_load(FIXTURE_STEPS(
        "", "{\"send\": \"a\", \"data\": [{\"text\": \"abc\", \"times\": 33}, {\"line\": \"\"}]}"));
    assert_non_null(file);
    const struct scenario *scenario = scenario_file_at(file, 0);
    struct values values;
    fixture_values(scenario, &values);
    for (size_t max = 99; max <= 101; max++) {
        struct bytes out;
        struct seam_error error;
        bytes_init(&out, max);
        int result =
            data_expand(fixture_data(scenario, 1, "data"), &values, &scenario->delimiter, &out, &error);
        assert_int_equal(result, max >= 100 ? 0 : -1);
        bytes_free(&out);
    }
    values_close(&values);
    scenario_file_free(file);
}

/* A file that is changed, or leads elsewhere, after loading is noticed when it is read. */
static void test_file_is_read_in_the_run(void **state)
{
    (void)state;
    char folder[] = "/tmp/seam-test-XXXXXX", path[64], link[64], text[400];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/t.json", folder);
    snprintf(link, sizeof link, "%s/link", folder);
    FILE *out_file = fopen(path, "w");
    fprintf(out_file, FIXTURE_STEPS("", "{\"send\": \"a\", \"data\": {\"file\": \"link\"}}"));
    fclose(out_file);
    assert_int_equal(symlink("t.json", link), 0);

    struct error_list errors = {0};
    struct scenario_file *file = scenario_load(path, &(struct scenario_options){.bin = "/"}, &errors);
    assert_non_null(file);
    const struct scenario *scenario = scenario_file_at(file, 0);
    const struct data *data = fixture_data(scenario, 1, "data");
    struct values values;
    struct bytes out;
    struct seam_error error;
    fixture_values(scenario, &values);
    bytes_init(&out, 1000);
    snprintf(text, sizeof text, FIXTURE_STEPS("", "{\"send\": \"a\", \"data\": {\"file\": \"link\"}}"));
    assert_int_equal(data_expand(data, &values, &scenario->delimiter, &out, &error), 0);
    assert_string_equal(bytes_text(&out), text);

    unlink(link);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    assert_int_equal(data_expand(data, &values, &scenario->delimiter, &out, &error), -1);
    assert_non_null(strstr(error.text, "outside the scenario's folder"));
    unlink(link);
    assert_int_equal(data_expand(data, &values, &scenario->delimiter, &out, &error), -1);
    assert_non_null(strstr(error.text, "No such file"));
    assert_string_equal(error.path, path);

    bytes_free(&out);
    values_close(&values);
    scenario_file_free(file);
    error_list_close(&errors);
    unlink(path);
    rmdir(folder);
}

/* --- patterns --------------------------------------------------------------------------------------------
 */

static enum pattern_result match(const char *pattern_json, const char *variable, const char *subject,
                                 size_t length, char *captured, struct seam_error *error)
{
    char text[1000];
    snprintf(text, sizeof text,
             FIXTURE_STEPS("\"vars\": {\"v\": \"%s\"},", "{\"expect\": \"a\", \"matches\": %s}"), variable,
             pattern_json);
    struct scenario_file *file = fixture_load(text);
    assert_non_null(file);
    const struct scenario *scenario = scenario_file_at(file, 0);
    const struct pattern *pattern = *(const struct pattern *const *)fixture_arg(scenario, 1, "matches");
    struct values values;
    fixture_values(scenario, &values);
    enum pattern_result result = pattern_match(pattern, &values, subject, length, &values, error);
    captured[0] = '\0';
    if (result == PATTERN_MATCH && pattern->group_count > 0) {
        const struct values_slot *slot = &values.slots[pattern->groups[0].slot];
        assert_true(slot->set);
        snprintf(captured, 100, "%s", bytes_text(&slot->bytes));
    }
    if (result == PATTERN_ERROR) {
        assert_string_equal(error->path, "fixture.json"); /* borrowed from the file */
        assert_int_equal(error->line, 1);
    }
    values_close(&values);
    scenario_file_free(file);
    return result;
}

static void test_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *variable, *subject;
        enum pattern_result expected;
        const char *captured;
    } cases[] = {
        {"\"220 .*\"", "", "220 hi", PATTERN_MATCH, ""},
        {"\"220 .*\"", "", "220 hi\n", PATTERN_NO_MATCH, ""}, /* the whole unit, and $ is its very end */
        {"\"a$\"", "", "a\n", PATTERN_NO_MATCH, ""},
        {"\"b\"", "", "abc", PATTERN_NO_MATCH, ""},
        {"\"a|ab\"", "", "ab", PATTERN_MATCH, ""},
        {"\"(?s).*x.*\"", "", "a\nx\nb", PATTERN_MATCH, ""},
        {"\"n=(?<n>\\\\d+)\"", "", "n=42", PATTERN_MATCH, "42"},
        {"\"(?:(?<n>a)|b)\"", "", "b", PATTERN_MATCH, ""}, /* no part in the match: empty */
        {"\"x${v}y\"", "a.c", "xa.cy", PATTERN_MATCH, ""},
        {"\"x${v}y\"", "a.c", "xabcy", PATTERN_NO_MATCH, ""},
        {"\"${v}+\"", "(", "((", PATTERN_MATCH, ""},
        {"\"[${v}]+\"", "^-]", "]-^", PATTERN_MATCH, ""},
        {"\"a{${v}}\"", "3", "aaa", PATTERN_NO_MATCH, ""}, /* literal: no quantifier */
        {"\"a{${v}}\"", "3", "a{3}", PATTERN_MATCH, ""},
        {"\"(?x) ${v}\"", " ", " ", PATTERN_MATCH, ""},
        {"\"(*UTF)${v}.\"", "\xc3\xa9", "\xc3\xa9\xc3\xa9", PATTERN_MATCH, ""},
        {"\"(*UTF)...\"", "", "a\xc3\xa9z", PATTERN_MATCH, ""},
        {"\"...\"", "", "\xc3\xa9z", PATTERN_MATCH, ""},     /* bytes, unless it says otherwise */
        {"\"(*UTF).*\"", "", "a\xff", PATTERN_NO_MATCH, ""}, /* no UTF-8 */
        {"\"${bin}\"", "", "/opt/bin", PATTERN_MATCH, ""},
        {"\"${$}{1}x\"", "", "${1}x", PATTERN_NO_MATCH, ""}, /* behind the literal $ the pattern goes on */
        {"\"${$}\\\\{1}x\"", "", "${1}x", PATTERN_MATCH, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char captured[100];
        struct seam_error error;
        enum pattern_result result = match(cases[i].pattern, cases[i].variable, cases[i].subject,
                                           strlen(cases[i].subject), captured, &error);
        if (result != cases[i].expected) {
            fail_msg("%s on %s: %d", cases[i].pattern, cases[i].subject, result);
        }
        assert_string_equal(captured, cases[i].captured);
    }
}

static void test_work_of_a_pattern_is_bounded(void **state)
{
    (void)state;
    char captured[100], subject[60];
    struct seam_error error;
    memset(subject, 'a', sizeof subject);
    assert_int_equal(match("\"(a+)+b\"", "", subject, sizeof subject, captured, &error), PATTERN_NO_MATCH);
    assert_int_equal(match("\"(a|a)*(a|a)*(a|a)*[^a]c?\"", "", subject, sizeof subject, captured, &error),
                     PATTERN_ERROR);
    assert_non_null(strstr(error.text, "limit"));
    char *large = malloc(4 << 20);
    memset(large, 'x', 4 << 20);
    assert_int_equal(match("\"(?s).*(?<n>x).*\"", "", large, 4 << 20, captured, &error), PATTERN_MATCH);
    assert_string_equal(captured, "x");
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_of_data),
        cmocka_unit_test(test_expanded_size_is_bounded),
        cmocka_unit_test(test_file_is_read_in_the_run),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_work_of_a_pattern_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
