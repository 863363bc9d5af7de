/*
 * scenario_load - from a file to its scenarios: reads it, builds it once per row of `each`, and hands out
 * what is right.
 *
 * All of it lives in one arena that goes with the struct scenario_file.
 */
#include "harness/loader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/inside.h"

struct scenario_file {
    struct arena *arena;
    bool part;
    struct scenario **scenarios;
    size_t count;
};

/* --- one scenario
 * ---------------------------------------------------------------------------------------------------- */

static void finish(struct builder *b)
{
    struct scenario *scenario = b->scenario;
    const char **names = arena_alloc_array(b->arena, b->slot_count, sizeof *names);
    for (size_t i = 0; i < b->slot_count; i++) {
        names[i] = b->slots[i].name;
    }
    scenario->slot_names = names;
    scenario->slot_count = b->slot_count;
    scenario->vars = b->vars;
    scenario->var_count = b->var_count;
}

static const char *row_name(struct builder *b, struct node row, size_t index)
{
    struct node name = node_get(row, "row");
    const char *text = node_is_absent(name)
                           ? arena_format(b->arena, "%zu", index + 1)
                           : build_plain_string(b->top, name, "a name for the row (a string)");
    return text && b->scenario->name ? arena_format(b->arena, "%s [%s]", b->scenario->name, text) : NULL;
}

/* NULL after telling. lenient: names that nothing defines are made up, and no script is built. */
static struct scenario *build_scenario(struct loader *l, struct node root, struct node row, size_t row_index,
                                       bool lenient)
{
    struct frame frame = {.source = root.source};
    struct scope top = {.delimiter = {.bytes = "\n", .length = 1}};
    struct scenario *scenario = arena_alloc(l->arena, sizeof *scenario);
    struct builder b = {
        .l = l, .arena = l->arena, .scenario = scenario, .top = &top, .root = root, .part_alone = lenient};
    size_t mistakes = l->mistakes;
    top.b = &b;
    l->frame = &frame;
    names_init(&b.shared_names, l->arena);
    names_init(&top.variables, l->arena);
    *scenario = (struct scenario){
        .path = root.source->path, .folder = root.source->folder, .timeout_ms = SCENARIO_TIMEOUT_MS_DEFAULT};
    scenario->slot_tmp = slot_new(&b, "tmp", VARIABLE_FIXED);
    scenario->slot_case = slot_new(&b, "case", VARIABLE_FIXED);
    build_top(&b, row);
    if (json_is_true(node_get(root, "part").json)) {
        check_part_top(&b, root);
    }
    if (!node_is_absent(row)) {
        scenario->name = row_name(&b, row, row_index);
    }
    finish(&b);
    if (l->mistakes == mistakes && !lenient) {
        check_programs_started(&b);
        build_script(&b);
    }
    l->frame = NULL;
    return l->mistakes == mistakes ? scenario : NULL;
}

/* --- the rows of a table
 * --------------------------------------------------------------------------------------------- */

/* Every row gives the same variables: one that lacks any would fail later, with a less helpful text. */
static bool check_row(struct loader *l, struct node first, struct node row)
{
    bool right = true;
    for (struct node_iterator i = node_members(first); node_next(&i);) {
        if (strcmp(i.key, "row") != 0 && !is_comment(i.key) && node_is_absent(node_get(row, i.key))) {
            tell(l, node_place(row), "this row lacks \"%s\", which the first row has", i.key);
            right = false;
        }
    }
    for (struct node_iterator i = node_members(row); node_next(&i);) {
        if (strcmp(i.key, "row") != 0 && !is_comment(i.key) && node_is_absent(node_get(first, i.key))) {
            tell(l, node_key_place(i.node), "the first row has no \"%s\"", i.key);
            right = false;
        }
    }
    return right;
}

static bool check_rows(struct loader *l, struct node each)
{
    struct frame frame = {.source = each.source};
    struct node first = {.json = NULL};
    struct names names;
    bool right = check_list(l, each, "a list with at least one row");
    l->frame = &frame;
    names_init(&names, l->arena);
    if (right && node_count(each) > SCENARIO_ROWS_MAX) {
        tell(l, node_place(each), "more than %d rows", SCENARIO_ROWS_MAX);
        right = false;
    }
    for (struct node_iterator i = node_each(each); right && node_next(&i);) {
        size_t length;
        const char *name = node_text(node_get(i.node, "row"), &length);
        right = check_object(l, i.node, "a row (an object)");
        first = i.index == 0 ? i.node : first;
        if (!right || !check_row(l, first, i.node)) {
            continue;
        }
        if (name && names_find(&names, name, length)) {
            tell(l, node_place(node_get(i.node, "row")), "another row has this name");
        } else if (name) {
            names_add(&names, name, length);
        }
    }
    l->frame = NULL;
    return right;
}

/* --- a file
 * ----------------------------------------------------------------------------------------------------------
 */

/* More rows would only cost more time and memory. */
static bool is_full(const struct loader *l)
{
    return l->steps_built > SCENARIO_SCRIPT_STEPS_MAX || l->mistakes > SCENARIO_ERRORS_KEPT_MAX ||
           (l->mistakes > 0 && l->script_count >= SCENARIO_SCRIPT_STEPS_MAX);
}

static void build_file_scenarios(struct loader *l, struct scenario_file *file, struct node root)
{
    struct node part = node_get(root, "part"), each = node_get(root, "each"), none = {.json = NULL};
    if (!node_is_absent(part) && !json_is_true(part.json)) {
        tell_expected(l, part, "true (leave the key out for false)");
    }
    file->part = json_is_true(part.json);
    size_t rows = 1;
    if (!file->part && !node_is_absent(each)) {
        rows = check_rows(l, each) ? node_count(each) : 0;
    }
    file->scenarios = arena_alloc_array(l->arena, rows + 1, sizeof(struct scenario *));
    if (node_is_absent(each) || file->part || rows == 0) {
        /* A part gets names from its includer; with a table that is wrong its variables are not known. */
        struct scenario *scenario = build_scenario(l, root, none, 0, file->part || rows == 0);
        if (scenario && !file->part) {
            file->scenarios[file->count++] = scenario;
        }
        return;
    }
    for (struct node_iterator i = node_each(each); node_next(&i) && !is_full(l);) {
        struct scenario *scenario = build_scenario(l, root, i.node, i.index, false);
        if (scenario) {
            file->scenarios[file->count++] = scenario;
        }
    }
}

static void complain(void *context, struct place place, const char *message)
{
    tell(context, place, "%s", message);
}

static struct scenario_file *load(struct loader *l, struct source *source)
{
    l->sources =
        arena_grow(l->arena, l->sources, &l->source_count, &l->source_capacity, sizeof(struct source *));
    l->sources[0] = source;
    struct scenario_file *file = arena_alloc(l->arena, sizeof *file);
    file->arena = l->arena;
    if (source_parse(source, l->arena, complain, l)) {
        struct node root = source_root(source);
        if (check_object(l, root, "an object")) {
            build_file_scenarios(l, file, root);
        }
    }
    error_list_sort(l->errors, l->errors_before);
    if (l->mistakes > 0) {
        arena_free(l->arena);
        return NULL;
    }
    return file;
}

static struct scenario_file *fail(struct loader *l, const char *path, const struct seam_error *error)
{
    tell(l, (struct place){.path = path}, "%s", error->text);
    arena_free(l->arena);
    return NULL;
}

struct scenario_file *scenario_load_text(const char *path, const char *text, size_t length,
                                         const struct scenario_options *options, struct error_list *errors)
{
    struct loader l = {
        .arena = arena_new(), .options = options, .errors = errors, .errors_before = errors->count};
    struct seam_error error;
    struct source *source = arena_alloc(l.arena, sizeof *source);
    source->path = arena_copy_text(l.arena, path);
    if (length > SCENARIO_FILE_BYTES_MAX) {
        seam_error_set(&error, "this file is larger than %zu MiB", SCENARIO_FILE_BYTES_MAX >> 20);
        return fail(&l, path, &error);
    }
    const char *slash = strrchr(path, '/');
    const char *folder = !slash          ? "."
                         : slash == path ? "/"
                                         : arena_copy(l.arena, path, (size_t)(slash - path));
    char *real = realpath(folder, NULL);
    source->folder = arena_copy_text(l.arena, real ? real : "/");
    free(real);
    source->text = arena_copy(l.arena, text, length);
    source->length = length;
    return load(&l, source);
}

struct scenario_file *scenario_load(const char *path, const struct scenario_options *options,
                                    struct error_list *errors)
{
    struct loader l = {
        .arena = arena_new(), .options = options, .errors = errors, .errors_before = errors->count};
    struct seam_error error;
    struct source *source = arena_alloc(l.arena, sizeof *source);
    char *real = NULL;
    source->path = arena_copy_text(l.arena, path);
    int fd = inside_open_any(path, &real, &error);
    if (fd < 0) {
        return fail(&l, path, &error);
    }
    source->real_path = arena_copy_text(l.arena, real);
    const char *slash = strrchr(real, '/');
    source->folder = slash == real ? "/" : arena_copy(l.arena, real, (size_t)(slash - real));
    free(real);
    if (source_read(l.arena, fd, &source->text, &source->length, &error) != 0) {
        return fail(&l, path, &error);
    }
    return load(&l, source);
}

void scenario_file_free(struct scenario_file *file)
{
    if (file) {
        arena_free(file->arena);
    }
}

bool scenario_file_is_part(const struct scenario_file *file)
{
    return file->part;
}

size_t scenario_file_count(const struct scenario_file *file)
{
    return file->count;
}

const struct scenario *scenario_file_at(const struct scenario_file *file, size_t index)
{
    return file->scenarios[index];
}

/* --- what a scenario needs
 * -------------------------------------------------------------------------------------------- */

static bool is_in_path(const char *name)
{
    const char *path = getenv("PATH");
    char joined[PATH_MAX];
    if (strchr(name, '/')) {
        return access(name, X_OK) == 0;
    }
    for (const char *folder = path ? path : "/usr/bin:/bin"; *folder;) {
        size_t length = strcspn(folder, ":");
        int n =
            snprintf(joined, sizeof joined, "%.*s/%s", length ? (int)length : 1, length ? folder : ".", name);
        if (n < (int)sizeof joined && access(joined, X_OK) == 0) {
            return true;
        }
        folder += length + (folder[length] == ':');
    }
    return false;
}

const char *scenario_missing(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->requires_count; i++) {
        if (strcmp(scenario->requires[i], "real") != 0 && !is_in_path(scenario->requires[i])) {
            return scenario->requires[i];
        }
    }
    return NULL;
}
