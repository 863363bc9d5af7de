/* See runner_kit.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/runner_kit.h"

struct scenario_file *kit_load(const char *text, const char *bin)
{
    struct scenario_options options = {.bin = bin ? bin : "/nowhere"};
    struct error_list errors = {0};
    char *json = strdup(text);
    assert_non_null(json);
    for (char *at = json; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    struct scenario_file *file =
        scenario_load_text("/test/scenario.json", json, strlen(json), &options, &errors);
    for (size_t i = 0; i < errors.count; i++) {
        const struct seam_error *error = &errors.items[i].error;
        print_error("%s:%d:%d: %s\n", error->path, error->line, error->column, error->text);
    }
    assert_non_null(file);
    error_list_close(&errors);
    free(json);
    return file;
}

const struct scenario *kit_only(const struct scenario_file *file)
{
    assert_int_equal(scenario_file_count(file), 1);
    return scenario_file_at(file, 0);
}

char *kit_folder_new(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = NULL;
    int made = asprintf(&folder, "%s/seam-test-XXXXXX", base && *base ? base : "/tmp");
    assert_true(made > 0 && mkdtemp(folder));
    return folder;
}

static size_t count_entries(const char *path, bool numbers_only)
{
    DIR *folder = opendir(path);
    size_t count = 0;
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        bool number = e->d_name[0] >= '0' && e->d_name[0] <= '9';
        count += e->d_name[0] != '.' && (number || !numbers_only);
    }
    closedir(folder);
    return count;
}

size_t kit_folder_entries(const char *folder)
{
    return count_entries(folder, false);
}

int kit_folder_free(char *folder)
{
    int removed = rmdir(folder);
    if (removed != 0) {
        print_error("something was left behind in %s\n", folder);
    }
    free(folder);
    return removed;
}

size_t kit_descriptors(void)
{
    return count_entries("/proc/self/fd", true) - 1; /* without the one that looks */
}

size_t kit_children(void)
{
    char path[64], pids[4096];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "re");
    size_t count = 0;
    assert_non_null(file);
    while (fscanf(file, "%4095s", pids) == 1) {
        count++;
    }
    fclose(file);
    return count;
}
