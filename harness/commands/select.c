/*
 * select - walks folders, sorts, filters, shards.
 *
 * Names are compared as bytes, so that the order is the same in every locale. A filter is text first: only
 * what does not contain it is tried as a regular expression (PCRE2, bytes), and a text that is no valid one
 * stays text.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "harness/commands/select.h"

#include <errno.h>
#include <fts.h>
#include <pcre2.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- files
 * ------------------------------------------------------------------------------------------------------ */

struct walk {
    struct selected_files *out;
    bool parts;
    void *known; /* tsearch: the paths so far */
    struct seam_error *error;
};

static const char *without_dot(const char *path)
{
    while (strncmp(path, "./", 2) == 0)
        path += 2 + strspn(path + 2, "/");
    return path;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(without_dot(a), without_dot(b));
}

static void keep_path(void *path)
{
    (void)path; /* the list owns it */
}

/* The list grows by doubling: room is made when the count is a power of two. */
static int add_path(struct walk *walk, const char *path)
{
    struct selected_files *out = walk->out;

    if (tfind(path, &walk->known, compare_paths))
        return 0;
    if ((out->count & (out->count - 1)) == 0) {
        char **paths = reallocarray(out->paths, out->count ? out->count * 2 : 1, sizeof *paths);
        if (!paths)
            return seam_error_set(walk->error, "out of memory");
        out->paths = paths;
    }
    char *copy = strdup(path);
    if (!copy || !tsearch(copy, &walk->known, compare_paths)) {
        free(copy);
        return seam_error_set(walk->error, "out of memory");
    }
    out->paths[out->count++] = copy;
    return 0;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), end_length = strlen(end);
    return length >= end_length && strcmp(name + length - end_length, end) == 0;
}

static bool is_scenario_name(const char *name, bool parts)
{
    return name[0] != '.' && ends_with(name, ".json") && (parts || !ends_with(name, ".part.json"));
}

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int visit(struct walk *walk, FTS *fts, FTSENT *entry)
{
    switch (entry->fts_info) {
    case FTS_D:
        if (entry->fts_level > 0 && entry->fts_name[0] == '.')
            fts_set(fts, entry, FTS_SKIP);
        return 0;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return seam_error_set(walk->error, "can't read %s: %s", entry->fts_path, strerror(entry->fts_errno));
    case FTS_F:
    case FTS_SLNONE: /* leads nowhere: loading it will say so */
        return is_scenario_name(entry->fts_name, walk->parts) ? add_path(walk, without_dot(entry->fts_path))
                                                              : 0;
    default:
        return 0;
    }
}

static int walk_folder(struct walk *walk, const char *folder)
{
    char *path = strdup(folder);
    if (!path)
        return seam_error_set(walk->error, "out of memory");
    for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
        path[length - 1] = '\0';

    char *const roots[] = {path, NULL};
    FTS *fts = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, compare_entries);
    int result = fts ? 0 : seam_error_set(walk->error, "can't read %s: %s", folder, strerror(errno));
    for (FTSENT *entry; result == 0 && (errno = 0, entry = fts_read(fts));)
        result = visit(walk, fts, entry);
    if (result == 0 && errno != 0)
        result = seam_error_set(walk->error, "can't read %s: %s", folder, strerror(errno));
    if (fts)
        fts_close(fts);
    free(path);
    return result;
}

int select_files(char *const *operands, size_t operand_count, bool parts, struct selected_files *out,
                 struct seam_error *error)
{
    struct walk walk = {.out = out, .parts = parts, .error = error};
    int result = 0;

    *out = (struct selected_files){0};
    for (size_t i = 0; result == 0 && i < operand_count; i++) {
        struct stat info;
        if (stat(operands[i], &info) != 0)
            result = seam_error_set(error, "can't read %s: %s", operands[i], strerror(errno));
        else
            result = S_ISDIR(info.st_mode) ? walk_folder(&walk, operands[i]) : add_path(&walk, operands[i]);
    }
    tdestroy(walk.known, keep_path);
    if (result != 0)
        selected_files_close(out);
    return result;
}

void selected_files_close(struct selected_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->paths[i]);
    free(files->paths);
    *files = (struct selected_files){0};
}

/* --- scenarios
 * -------------------------------------------------------------------------------------------------- */

struct filter {
    const char *text;
    pcre2_code *code; /* NULL: text is no regular expression */
    pcre2_match_data *match;
};

static void filter_open(struct filter *filter, const char *text)
{
    int number;
    PCRE2_SIZE offset;

    filter->text = text;
    filter->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &number, &offset, NULL);
    filter->match = filter->code ? pcre2_match_data_create_from_pattern(filter->code, NULL) : NULL;
}

static void filter_close(struct filter *filter)
{
    pcre2_match_data_free(filter->match);
    pcre2_code_free(filter->code);
}

/* A pattern that runs into PCRE2's own limits does not match. */
static bool filter_finds(const struct filter *filter, const char *subject)
{
    if (strstr(subject, filter->text))
        return true;
    return filter->match &&
           pcre2_match(filter->code, (PCRE2_SPTR)subject, strlen(subject), 0, 0, filter->match, NULL) >= 0;
}

static bool is_wanted(const struct filter *filters, size_t count, const struct scenario *scenario)
{
    for (size_t i = 0; i < count; i++) {
        if (filter_finds(&filters[i], scenario->path) || filter_finds(&filters[i], scenario->name))
            return true;
    }
    return count == 0;
}

static int add_case(struct selected_cases *out, const struct scenario *scenario, size_t repeat,
                    struct seam_error *error)
{
    if (repeat > SELECTED_CASES_MAX - out->count)
        return seam_error_set(error, "more than %d runs are selected", SELECTED_CASES_MAX);
    for (size_t round = 0; round < repeat; round++) {
        if ((out->count & (out->count - 1)) == 0) {
            size_t capacity = out->count ? out->count * 2 : 1;
            struct selected_case *items = reallocarray(out->items, capacity, sizeof *items);
            if (!items)
                return seam_error_set(error, "out of memory");
            out->items = items;
        }
        out->items[out->count++] = (struct selected_case){.scenario = scenario, .round = round};
    }
    return 0;
}

int select_cases(struct scenario_file *const *files, size_t file_count, const struct options *options,
                 struct selected_cases *out, struct seam_error *error)
{
    struct filter *filters = calloc(options->filter_count + 1, sizeof *filters);
    size_t wanted = 0;
    int result = filters ? 0 : seam_error_set(error, "out of memory");

    *out = (struct selected_cases){0};
    for (size_t i = 0; filters && i < options->filter_count; i++)
        filter_open(&filters[i], options->filters[i]);
    for (size_t i = 0; result == 0 && i < file_count; i++) {
        if (scenario_file_is_part(files[i]))
            continue;
        for (size_t row = 0; result == 0 && row < scenario_file_count(files[i]); row++) {
            const struct scenario *scenario = scenario_file_at(files[i], row);
            if (is_wanted(filters, options->filter_count, scenario) &&
                wanted++ % options->shard_count == options->shard_index)
                result = add_case(out, scenario, options->repeat, error);
        }
    }
    for (size_t i = 0; filters && i < options->filter_count; i++)
        filter_close(&filters[i]);
    free(filters);
    if (result != 0)
        selected_cases_close(out);
    return result;
}

void selected_cases_close(struct selected_cases *cases)
{
    free(cases->items);
    *cases = (struct selected_cases){0};
}
