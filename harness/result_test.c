/* Tests of result: the way over the border and back, and the exit code of every mixture. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "harness/result.h"

static void a_result_crosses_the_border(void **state)
{
    struct result wanted = {
        .status = RESULT_FAILED,
        .path = (char *)"a \"b\"\\.json",
        .name = (char *)"line\nbreak \xc3\xa9",
        .file = (char *)"part.json",
        .line = 7,
        .column = 9,
        .message = (char *)"",
        .detail = (char *)"one\ntwo\n",
        .cut = (char *)"alice@17;#4",
        .evidence = EVIDENCE_PACED,
        .cuts_proved = 1234567890123,
        .duration_ns = 9876543210987,
    };
    struct result got;
    char *line;
    (void)state;
    assert_int_equal(result_to_json(&wanted, &line), 0);
    assert_null(strchr(line, '\n'));
    assert_int_equal(result_from_json(line, &got), 0);
    assert_int_equal(got.status, RESULT_FAILED);
    assert_string_equal(got.path, wanted.path);
    assert_string_equal(got.name, wanted.name);
    assert_string_equal(got.message, "");
    assert_string_equal(got.detail, wanted.detail);
    assert_string_equal(got.cut, wanted.cut);
    assert_string_equal(got.file, wanted.file);
    assert_null(got.why);
    assert_int_equal(got.line, 7);
    assert_int_equal(got.column, 9);
    assert_int_equal(got.evidence, EVIDENCE_PACED);
    assert_true(got.cuts_proved == wanted.cuts_proved && got.duration_ns == wanted.duration_ns);
    assert_false(got.internal);
    free(line);
    result_close(&got);
}

static void hostile_texts_become_visible(void **state)
{
    struct result result = {.name = strdup("a\xff\nb\x1b[31m"), .detail = strdup("one\r\ntwo \\ \"x\"\n")};
    (void)state;
    for (int round = 0; round < 2; round++) { /* twice is once */
        assert_int_equal(result_make_visible(&result), 0);
        assert_string_equal(result.name, "a\\xff\\nb\\x1b[31m");
        assert_string_equal(result.detail, "one\\r\ntwo \\ \"x\"\n");
    }
    result_close(&result);
}

static void a_text_that_is_no_utf8_does_not_cross(void **state)
{
    struct result result = {.name = (char *)"a\xff"};
    char *line;
    (void)state;
    assert_int_equal(result_to_json(&result, &line), -1);
    assert_null(line);
}

static void anything_else_is_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "null",
        "{}",
        "{\"status\":1",
        "{\"status\":6,\"internal\":false,\"line\":0,\"column\":0,\"evidence\":0,\"cuts_proved\":0,"
        "\"duration_ns\":0}",
        "{\"status\":0,\"internal\":false,\"line\":0,\"column\":0,\"evidence\":4,\"cuts_proved\":0,"
        "\"duration_ns\":0}",
        "{\"status\":0,\"internal\":false,\"line\":0,\"column\":0,\"evidence\":0,\"cuts_proved\":-1,"
        "\"duration_ns\":0}",
        "{\"status\":0,\"internal\":false,\"line\":0,\"column\":0,\"evidence\":0,\"cuts_proved\":0,"
        "\"duration_ns\":0,"
        "\"path\":\"x\",\"name\":7}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct result got;
        assert_int_equal(result_from_json(lines[i], &got), -1);
        assert_null(got.path);
    }
}

/* Every mixture of statuses: 99 over 3, 1, 4, 0; 77 for skips alone; 5 for nothing. */
static void exit_codes_have_an_order(void **state)
{
    (void)state;
    for (unsigned mask = 0; mask < 1u << (RESULT_STATUS_COUNT + 1); mask++) {
        struct result_counts counts = {0};
        for (int status = 0; status < RESULT_STATUS_COUNT; status++) {
            if (mask & 1u << status)
                result_counts_add(&counts, &(struct result){.status = (enum result_status)status});
        }
        bool internal = mask & 1u << RESULT_STATUS_COUNT;
        if (internal)
            result_counts_add(&counts, &(struct result){.status = RESULT_ERROR, .internal = true});
        int expected = internal                       ? 99
                       : mask & 1u << RESULT_INVALID  ? 3
                       : mask & 1u << RESULT_FAILED   ? 1
                       : mask & 1u << RESULT_ERROR    ? 4
                       : mask == 0                    ? 5
                       : mask == 1u << RESULT_SKIPPED ? 77
                                                      : 0;
        assert_int_equal(result_counts_exit(&counts), expected);
    }
}

static void the_weakest_evidence_counts(void **state)
{
    struct result_counts counts = {0};
    (void)state;
    result_counts_add(&counts, &(struct result){.evidence = EVIDENCE_NONE});
    assert_int_equal(counts.evidence, EVIDENCE_NONE);
    result_counts_add(&counts, &(struct result){.evidence = EVIDENCE_DRAINED, .cuts_proved = 3});
    result_counts_add(&counts, &(struct result){.evidence = EVIDENCE_NONE});
    assert_int_equal(counts.evidence, EVIDENCE_DRAINED);
    result_counts_add(&counts, &(struct result){.evidence = EVIDENCE_SENT});
    result_counts_add(&counts, &(struct result){.evidence = EVIDENCE_PACED});
    assert_int_equal(counts.evidence, EVIDENCE_SENT);
    assert_int_equal(counts.cuts_proved, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_crosses_the_border),
        cmocka_unit_test(hostile_texts_become_visible),
        cmocka_unit_test(a_text_that_is_no_utf8_does_not_cross),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(exit_codes_have_an_order),
        cmocka_unit_test(the_weakest_evidence_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
