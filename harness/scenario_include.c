/*
 * scenario_include - parts: files that other files include.
 *
 * At the top of a file an include merges what the part declares (collect_merged finds the files, each builder
 * of a key merges it). In the steps it stands for the part's steps, in a scope of their own. A file that
 * includes itself, over however many others, and more than SCENARIO_INCLUDE_DEPTH_MAX files within each other
 * are mistakes.
 */
#include "harness/loader.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/inside.h"

static void complain(void *context, struct place place, const char *message)
{
    tell(context, place, "%s", message);
}

/* The path of a part as messages name it: beside the file that includes it. */
static const char *shown_path(struct arena *arena, const char *includer, const char *path)
{
    const char *slash = strrchr(includer, '/');
    return path[0] == '/' || !slash ? path
                                    : arena_format(arena, "%.*s/%s", (int)(slash - includer), includer, path);
}

static struct source *find_source(struct loader *l, const char *real_path)
{
    for (size_t i = 0; i < l->source_count; i++) {
        if (l->sources[i]->real_path && strcmp(l->sources[i]->real_path, real_path) == 0) {
            return l->sources[i];
        }
    }
    return NULL;
}

/* Reads a part, once per load. NULL after telling. */
static const struct source *open_source(struct loader *l, struct node node, const char *path, size_t length,
                                        const char *limit)
{
    struct seam_error error;
    char *real = NULL;
    int fd = inside_open(node.source->folder, l->options->allow_outside ? NULL : limit, path, length, &real,
                         &error);
    if (fd < 0) {
        tell(l, node_place(node), "%s", error.text);
        return NULL;
    }
    struct source *source = find_source(l, real);
    if (source) {
        free(real);
        close(fd);
        l->mistakes += source->json == NULL; /* told when it was read */
        return source->json ? source : NULL;
    }
    source = arena_alloc(l->arena, sizeof *source);
    source->path = shown_path(l->arena, node.source->path, arena_copy(l->arena, path, length));
    source->real_path = arena_copy_text(l->arena, real);
    source->folder =
        arena_copy(l->arena, real, (size_t)(strrchr(real, '/') - real) + (strrchr(real, '/') == real));
    free(real);
    l->sources =
        arena_grow(l->arena, l->sources, &l->source_count, &l->source_capacity, sizeof(struct source *));
    l->sources[l->source_count - 1] = source;
    if (source_read(l->arena, fd, &source->text, &source->length, &error) != 0) {
        tell(l, node_place(node), "%s", error.text);
        return NULL;
    }
    struct frame inside = {.includer = l->frame, .source = source, .from = node_place(node)};
    l->frame = &inside; /* mistakes say who included it */
    bool parsed = source_parse(source, l->arena, complain, l);
    l->frame = inside.includer;
    return parsed ? source : NULL;
}

static bool check_chain(struct loader *l, struct node node, const struct source *source)
{
    for (const struct frame *f = l->frame; f; f = f->includer) {
        if (f->source == source) {
            tell(l, node_place(node), "a file can't include itself: this is inside %s", source->path);
            return false;
        }
    }
    if (l->frame->depth >= SCENARIO_INCLUDE_DEPTH_MAX) {
        tell(l, node_place(node), "more than %d includes within each other", SCENARIO_INCLUDE_DEPTH_MAX);
        return false;
    }
    return true;
}

/* What is wrong with a part in itself; told once, whoever includes it. */
static bool check_part(struct loader *l, struct node node, const struct source *source)
{
    struct node root = source_root(source);
    if (!json_is_object(root.json) || !json_is_true(node_get(root, "part").json)) {
        tell(l, node_place(node), "%s is no part: only a file with \"part\": true can be included",
             source->path);
        return false;
    }
    return true;
}

const struct source *part_open(struct builder *b, struct node node, struct frame *frame)
{
    struct loader *l = b->l;
    if (!json_is_string(node.json)) {
        tell_expected(l, node, "the name of a file");
        return NULL;
    }
    const struct text *path = build_text(b->top, node);
    if (!path) {
        return NULL;
    }
    if (!path->constant) {
        tell(l, node_place(node), "which file is included can't depend on a variable");
        return NULL;
    }
    const struct text_piece *piece = path->pieces;
    const struct source *source =
        open_source(l, node, piece ? piece->bytes : "", piece ? piece->length : 0, b->scenario->folder);
    if (!source || !check_chain(l, node, source) || !check_part(l, node, source)) {
        return NULL;
    }
    *frame = (struct frame){
        .includer = l->frame, .source = source, .from = node_place(node), .depth = l->frame->depth + 1};
    return source;
}

/* --- at the top
 * ------------------------------------------------------------------------------------------------------ */

static bool is_merged(const struct builder *b, const struct source *source)
{
    for (size_t i = 0; i < b->merged_count; i++) {
        if (b->merged[i].root.source == source) {
            return true;
        }
    }
    return false;
}

void collect_merged(struct builder *b, const struct frame *frame, struct node root)
{
    struct loader *l = b->l;
    struct node include = node_get(root, "include");
    const struct frame *outer = l->frame;
    l->frame = frame;
    if (!node_is_absent(include) && check_list(l, include, "a list of files")) {
        for (struct node_iterator i = node_each(include); node_next(&i);) {
            struct frame *inner = arena_alloc(b->arena, sizeof *inner);
            const struct source *source = part_open(b, i.node, inner);
            if (source && !is_merged(b, source)) {
                collect_merged(b, inner, source_root(source));
            }
        }
    }
    l->frame = outer;
    b->merged = arena_grow(b->arena, b->merged, &b->merged_count, &b->merged_capacity, sizeof *b->merged);
    b->merged[b->merged_count - 1] = (struct merged){.frame = frame, .root = root};
}

/* --- in the steps
 * ---------------------------------------------------------------------------------------------------- */

static void bind(struct builder *b, struct include_binding *binding, size_t *capacity, size_t slot,
                 const struct data *value)
{
    struct scenario_var *vars = (struct scenario_var *)binding->vars; /* ours until the load ends */
    vars = arena_grow(b->arena, vars, &binding->count, capacity, sizeof *vars);
    vars[binding->count - 1] = (struct scenario_var){.slot = slot, .value = value};
    binding->vars = vars;
}

/* Defines in `part` what the include gives (seen from `s`), then what the part has itself and was not given.
 */
static void bind_vars(struct scope *s, struct scope *part, struct node given, struct node own,
                      const struct frame *frame, struct include_binding *binding)
{
    struct builder *b = s->b;
    size_t capacity = 0;
    struct node_iterator i = node_members(given);
    while (node_next(&i)) {
        if (is_comment(i.key)) {
            continue;
        }
        const struct data *value = build_data_or_integer(s, i.node);
        size_t slot = variable_define(part, i.key, strlen(i.key), node_key_place(i.node), VARIABLE_FIXED);
        if (value && slot != SIZE_MAX) {
            bind(b, binding, &capacity, slot, value);
        }
    }
    const struct frame *outer = b->l->frame;
    b->l->frame = frame;
    for (i = node_members(own); node_next(&i);) {
        if (is_comment(i.key) || names_find(&part->variables, i.key, strlen(i.key))) {
            continue;
        }
        const struct data *value = build_var(part, i.node);
        size_t slot = variable_define(part, i.key, strlen(i.key), node_key_place(i.node), VARIABLE_FIXED);
        if (value && slot != SIZE_MAX) {
            bind(b, binding, &capacity, slot, value);
        }
    }
    b->l->frame = outer;
}

static void check_step_part(struct builder *b, struct node include, struct node root)
{
    static const char *const top_only[] = {"programs", "include", "requires", "sweep"};
    for (size_t i = 0; i < sizeof top_only / sizeof top_only[0]; i++) {
        if (!node_is_absent(node_get(root, top_only[i])) && !is_merged(b, root.source)) {
            tell(b->l, node_place(include),
                 "%s has \"%s\": list it in the \"include\" at the top of the file, too", root.source->path,
                 top_only[i]);
            return;
        }
    }
}

bool build_include(struct scope *s, struct node step, struct step_node *out, struct include_binding *binding)
{
    struct builder *b = s->b;
    struct node include = node_get(step, "include"), given = node_get(step, "vars");
    if (!node_is_absent(given) && !check_object(b->l, given, "an object of variables")) {
        return false;
    }
    struct frame *frame = arena_alloc(b->arena, sizeof *frame);
    const struct source *source = part_open(b, include, frame);
    if (!source) {
        return false;
    }
    struct node root = source_root(source), steps = node_get(root, "steps");
    struct scope *part = arena_alloc(b->arena, sizeof *part);
    *part = (struct scope){.b = b, .includer = s, .delimiter = s->delimiter};
    names_init(&part->variables, b->arena);
    check_step_part(b, include, root);

    const struct frame *outer = b->l->frame;
    b->l->frame = frame;
    check_part_top(b, root);
    struct node delimiter = node_get(root, "delimiter");
    if (!node_is_absent(delimiter)) {
        build_delimiter(part, delimiter, &part->delimiter);
    }
    struct node own = node_get(root, "vars");
    if (!node_is_absent(own)) {
        check_object(b->l, own, "an object of variables");
    }
    b->l->frame = outer;
    bind_vars(s, part, given, own, frame, binding);
    b->l->frame = frame;
    if (node_is_absent(steps)) {
        tell(b->l, frame->from, "%s has no \"steps\" to include", source->path);
    } else {
        build_steps(part, steps, &out->body);
    }
    b->l->frame = outer;
    return true;
}
