/* Reports are recognised in texts as they are published, and in what this compiler's sanitizers write into a
 * folder. */
#include "harness/world/sanitizer.h"
#include "tests/process/process_fixture.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_found(const char *text, const char *kind, const char *quote)
{
    struct sanitizer_report report;
    assert_true(sanitizer_find_in_text(text, strlen(text), &report));
    assert_string_equal(report.kind, kind);
    assert_string_equal(report.quote, quote);
}

static void test_reports_are_found_in_text(void **state)
{
    (void)state;
    assert_found("listening\n"
                 "=================================================================\n"
                 "==123==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602 at pc 0x4c\n"
                 "READ of size 1 at 0x602 thread T0\n"
                 "    #0 0x4c in overflow subject.c:22:28\n"
                 "    #1 0x4d in main subject.c:31:16\n"
                 "\n"
                 "SUMMARY: AddressSanitizer: heap-buffer-overflow subject.c:22:28 in overflow\n"
                 "==123==ERROR: AddressSanitizer: another on address 0x1\n",
                 "AddressSanitizer: heap-buffer-overflow",
                 "==123==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602 at pc 0x4c\n"
                 "    #0 0x4c in overflow subject.c:22:28\n"
                 "SUMMARY: AddressSanitizer: heap-buffer-overflow subject.c:22:28 in overflow");
    assert_found("a.c:1:1: runtime error: first\na.c:2:1: runtime error: second\n",
                 "UndefinedBehaviorSanitizer: first", "a.c:1:1: runtime error: first");
    assert_found("==9==ERROR: LeakSanitizer: detected memory leaks\n", "LeakSanitizer: detected memory leaks",
                 "==9==ERROR: LeakSanitizer: detected memory leaks");
    assert_found(
        "==================\nWARNING: ThreadSanitizer: data race (pid=77)\n  Write of size 4\n"
        "    #0 race subject.c:14 (subject+0xd)\nSUMMARY: ThreadSanitizer: data race subject.c:14 in race",
        "ThreadSanitizer: data race",
        "WARNING: ThreadSanitizer: data race (pid=77)\n    #0 race subject.c:14 (subject+0xd)\n"
        "SUMMARY: ThreadSanitizer: data race subject.c:14 in race");
    assert_found("==4==WARNING: MemorySanitizer: use-of-uninitialized-value\n",
                 "MemorySanitizer: use-of-uninitialized-value",
                 "==4==WARNING: MemorySanitizer: use-of-uninitialized-value");
    assert_found(
        "a.c:3:5: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type 'int'",
        "UndefinedBehaviorSanitizer: signed integer overflow: 2147483647 + 1 cannot be represented in type "
        "'int'",
        "a.c:3:5: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented in type "
        "'int'");
}

static void test_other_text_is_no_report(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n\n",
        "ERROR: cannot open file",
        "ERROR: Sanitizer",
        "WARNING: ThreadSanit",
        "WARNING: my Sanitizer: says no",
        "the AddressSanitizer: is a tool",
        "runtime error: of a program that says so at the start of its line",
        "SUMMARY: AddressSanitizer: without an error",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sanitizer_report report;
        for (size_t bytes = 0; bytes <= strlen(texts[i]); bytes++) {
            /* Ends where it ends: an overread is seen by AddressSanitizer. */
            char *exact = malloc(bytes + (bytes == 0));
            memcpy(exact, texts[i], bytes);
            assert_false(sanitizer_find_in_text(exact, bytes, &report));
            free(exact);
        }
    }
}

static void test_long_lines_are_cut(void **state)
{
    (void)state;
    static char text[4 * SANITIZER_QUOTE_BYTES_MAX];
    memset(text, 'x', sizeof text);
    static const char start[] = "==1==ERROR: AddressSanitizer: ";
    memcpy(text, start, sizeof start - 1);
    struct sanitizer_report report;
    assert_true(sanitizer_find_in_text(text, sizeof text, &report));
    assert_int_equal(strlen(report.kind), SANITIZER_KIND_BYTES_MAX - 1);
    assert_int_equal(strlen(report.quote), SANITIZER_QUOTE_BYTES_MAX - 1);
}

static void test_environment_keeps_what_is_there(void **state)
{
    (void)state;
    char *variables[SANITIZER_VARIABLES + 1];
    const char *envp[] = {"HOME=/",         "ASAN_OPTIONS=detect_leaks=0", "TSAN_OPTIONS=log_path=/mine:x=1",
                          "UBSAN_OPTIONS=", "ASAN_OPTIONS_NOT=1",          NULL};
    assert_int_equal(sanitizer_environment("/tmp/a folder:1", envp, variables), 0);
    assert_string_equal(variables[0], "ASAN_OPTIONS=detect_leaks=0:log_path=\"/tmp/a folder:1/sanitizer\"");
    assert_string_equal(variables[1], "LSAN_OPTIONS=log_path=\"/tmp/a folder:1/sanitizer\"");
    assert_string_equal(variables[2], "MSAN_OPTIONS=log_path=\"/tmp/a folder:1/sanitizer\"");
    assert_string_equal(variables[3], "TSAN_OPTIONS=log_path=/mine:x=1");
    assert_string_equal(variables[4], "UBSAN_OPTIONS=log_path=\"/tmp/a folder:1/sanitizer\"");
    assert_null(variables[5]);
    sanitizer_environment_free(variables);
    assert_null(variables[0]);
}

/* Runs a real mistake with its log in a folder whose name needs quoting; the report must come from there, not
 * stderr. */
static void report_of(const char *sanitizer, const char *mistake, int found_wanted,
                      struct sanitizer_report *report)
{
    char parent[] = "/tmp/seam-sanitizer-XXXXXX", folder[64], program[PATH_MAX];
    assert_non_null(mkdtemp(parent));
    snprintf(folder, sizeof folder, "%s/a log:folder", parent);
    const char *const *base = fixture_environment();
    char *variables[SANITIZER_VARIABLES + 1];
    assert_int_equal(sanitizer_environment(folder, base, variables), 0);
    const char *envp[SANITIZER_VARIABLES + 3] = {base[0], base[1]};
    for (int i = 0; i < SANITIZER_VARIABLES; i++)
        envp[2 + i] = variables[i];

    snprintf(program, sizeof program, "mkdir '%s'; exec '%s_%s' %s", folder, SANITIZER_SUBJECT, sanitizer,
             mistake);
    const char *argv[] = {"sh", "-c", program, NULL};
    struct process_spec spec = fixture_spec(argv);
    spec.envp = envp;
    struct process *process = fixture_start(&spec);
    fixture_wait_end(process);
    char text[FIXTURE_OUTPUT_BYTES_MAX] = "";
    fixture_read(process_stderr_fd(process), text, NULL);
    process_free(process);
    sanitizer_environment_free(variables);
    assert_string_equal(text, "");
    assert_int_equal(sanitizer_find_in_folder(folder, report), found_wanted);

    const char *remove[] = {"rm", "-rf", parent, NULL};
    spec = fixture_spec(remove);
    process = fixture_start(&spec);
    fixture_wait_end(process);
    process_free(process);
}

static void test_real_reports_are_found_in_the_folder(void **state)
{
    (void)state;
    struct sanitizer_report report;
    report_of("address", "overflow", 1, &report);
    assert_string_equal(report.kind, "AddressSanitizer: heap-buffer-overflow");
    assert_non_null(strstr(report.quote, "\n    #0 "));
    assert_non_null(strstr(report.quote, "\nSUMMARY: AddressSanitizer: heap-buffer-overflow"));
    report_of("undefined", "signed", 1, &report);
    assert_non_null(strstr(report.kind, "UndefinedBehaviorSanitizer: signed integer overflow"));
    report_of("thread", "race", 1, &report);
    assert_string_equal(report.kind, "ThreadSanitizer: data race");
    report_of("address", "leak", 1, &report);
    assert_string_equal(report.kind, "LeakSanitizer: detected memory leaks");
    report_of("address", "none", 0, &report);
    assert_int_equal(sanitizer_find_in_folder("/nonexistent", &report), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports_are_found_in_text),
        cmocka_unit_test(test_other_text_is_no_report),
        cmocka_unit_test(test_long_lines_are_cut),
        cmocka_unit_test(test_environment_keeps_what_is_there),
        cmocka_unit_test_teardown(test_real_reports_are_found_in_the_folder, fixture_kill_leftovers),
    };
    return fixture_run_in_each_containment("sanitizer", tests, sizeof tests / sizeof *tests);
}
