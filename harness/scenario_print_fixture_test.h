/* scenario_print_fixture_test - prints scenarios and loads them again, in the tests of printing. */
#ifndef SEAM_HARNESS_SCENARIO_PRINT_FIXTURE_TEST_H
#define SEAM_HARNESS_SCENARIO_PRINT_FIXTURE_TEST_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <ftw.h>

#include "harness/scenario_fixture_test.h"
#include "harness/scenario_print.h"

static const struct scenario_options print_options = {.bin = "/opt/bin"};

static inline json_t *print_in(const struct scenario *scenario, const char *folder)
{
    struct seam_error error = {0};
    json_t *json = scenario_print(scenario, folder, &error);
    if (!json) {
        fprintf(stderr, "%s:%d:%d: %s\n", error.path, error.line, error.column, error.text);
    }
    return json;
}

/* NULL when it does not load; the errors are then printed. */
static inline struct scenario_file *print_load(const json_t *json, const char *folder)
{
    struct error_list errors = {0};
    char path[PATH_MAX];
    char *text = scenario_print_text(json);
    snprintf(path, sizeof path, "%s/printed.json", folder);
    struct scenario_file *file = scenario_load_text(path, text, strlen(text), &print_options, &errors);
    for (size_t i = 0; i < errors.count && !file; i++) {
        const struct seam_error *e = &errors.items[i].error;
        fprintf(stderr, "%s:%d:%d: %s\nin %.4000s", e->path, e->line, e->column, e->text, text);
    }
    error_list_close(&errors);
    free(text);
    return file;
}

static inline struct scenario_file *print_steps_of(const char *top, const char *steps)
{
    char text[8192];
    snprintf(text, sizeof text,
             "{\"seam\": 1, \"name\": \"t\", %s \"programs\": {\"s\": {\"command\": [\"cat\"], \"listens\": "
             "true}},"
             " \"steps\": [{\"connect\": \"a\", \"to\": \"s\"}, %s]}",
             top, steps);
    struct scenario_file *file = fixture_load_with(text, &print_options);
    assert_non_null(file);
    return file;
}

static inline char *print_folder_new(void)
{
    char *path = NULL;
    const char *base = getenv("TMPDIR");
    assert_true(asprintf(&path, "%s/seam-print-XXXXXX", base && *base ? base : "/tmp") > 0);
    assert_non_null(mkdtemp(path));
    char *real = realpath(path, NULL);
    assert_non_null(real);
    free(path);
    return real;
}

static inline int print_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static inline void print_folder_remove(char *folder)
{
    nftw(folder, print_remove_one, 16, FTW_PHYS | FTW_DEPTH);
    free(folder);
}

#endif
