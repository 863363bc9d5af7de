/* scenario_top - the keys at the top of a file, and of the parts that it merges. */
#include "harness/loader.h"

#include <string.h>

#define EACH_MERGED(b, m)                                                                                    \
    (size_t m = 0; m < (b)->merged_count && ((b)->l->frame = (b)->merged[m].frame, true); m++)

static struct node top_get(struct builder *b, const char *key)
{
    return node_get(b->root, key);
}

static void check_version(struct builder *b, struct node root)
{
    struct node seam = node_get(root, "seam");
    if (node_is_absent(seam)) {
        tell(b->l, node_place(root), "the key \"seam\" is missing: it says the version of the format, 1");
    } else if (!json_is_integer(seam.json)) {
        tell_expected(b->l, seam, "1, the version of the format");
    } else if (json_integer_value(seam.json) != 1) {
        tell(b->l, node_place(seam), "version %lld of the format is not known here, only 1",
             (long long)json_integer_value(seam.json));
    }
}

/* Of what a sweep may do only the masks are merged. */
static void check_part_sweep(struct builder *b, struct node sweep)
{
    for (struct node_iterator i = node_members(sweep); node_next(&i);) {
        if (strcmp(i.key, "mask") != 0 && !is_comment(i.key)) {
            tell(b->l, node_key_place(i.node), "of \"sweep\" a part can only have \"mask\"");
        }
    }
}

void check_part_top(struct builder *b, struct node root)
{
    static const char *const not_in_part[] = {"each", "timeout_ms", "tags", "xfail", "cut"};
    check_keys(b->l, root, format_top_keys, "a part");
    check_version(b, root);
    for (size_t i = 0; i < sizeof not_in_part / sizeof not_in_part[0]; i++) {
        struct node value = node_get(root, not_in_part[i]);
        if (!node_is_absent(value)) {
            tell(b->l, node_key_place(value), "\"%s\" belongs into the file that is run, not into a part",
                 not_in_part[i]);
        }
    }
    check_part_sweep(b, node_get(root, "sweep"));
}

/* A list of strings that are not empty. */
static const char *const *build_strings(struct builder *b, struct node node, const char *what,
                                        const char *item, const char **out, size_t *count)
{
    if (check_list(b->l, node, what)) {
        for (struct node_iterator i = node_each(node); node_next(&i);) {
            const char *text = build_plain_string(b->top, i.node, item);
            if (text) {
                out[(*count)++] = text;
            }
        }
    }
    return out;
}

static void build_simple(struct builder *b)
{
    struct scenario *scenario = b->scenario;
    struct node node;
    check_keys(b->l, b->root, format_top_keys, "a scenario");
    check_version(b, b->root);
    scenario->why = build_why(b->l, b->root);
    scenario->place = node_place(b->root);
    if (!node_is_absent(node = top_get(b, "name"))) {
        scenario->name = build_plain_string(b->top, node, "a name (a string)");
    } else if (!b->part_alone) {
        tell(b->l, node_place(b->root), "the key \"name\" is missing");
    }
    if (!node_is_absent(node = top_get(b, "$schema")) && !json_is_string(node.json)) {
        tell_expected(b->l, node, "a string");
    }
    if (!node_is_absent(node = top_get(b, "timeout_ms"))) {
        build_integer(b->l, node, 1, SCENARIO_TIMEOUT_MS_MAX, &scenario->timeout_ms);
    }
    if (!node_is_absent(node = top_get(b, "xfail"))) {
        scenario->xfail = build_plain_string(b->top, node, "the reason (a string)");
    }
    if (!node_is_absent(node = top_get(b, "tags"))) {
        const char **tags = arena_alloc_array(b->arena, node_count(node) + 1, sizeof *tags);
        scenario->tags = build_strings(b, node, "a list of words", "a word", tags, &scenario->tag_count);
    }
}

/* --- merged keys
 * ----------------------------------------------------------------------------------------------------- */

static void build_delimiters(struct builder *b)
{
    struct node before = {.json = NULL};
    for
        EACH_MERGED(b, m)
        {
            struct delimiter delimiter;
            struct node node = node_get(b->merged[m].root, "delimiter");
            if (node_is_absent(node) || !build_delimiter(b->top, node, &delimiter)) {
                continue;
            }
            if (!node_is_absent(before) &&
                (delimiter.length != b->top->delimiter.length ||
                 memcmp(delimiter.bytes, b->top->delimiter.bytes, delimiter.length) != 0)) {
                struct place place = node_place(before);
                tell(b->l, node_place(node), "another delimiter is declared at %s:%d:%d", place.path,
                     place.line, place.column);
            }
            b->top->delimiter = delimiter;
            before = node;
        }
    b->scenario->delimiter = b->top->delimiter;
}

static void build_requires(struct builder *b)
{
    size_t most = 1;
    for
        EACH_MERGED(b, m)
        {
            most += node_count(node_get(b->merged[m].root, "requires"));
        }
    const char **requires = arena_alloc_array(b->arena, most, sizeof *requires);
    for
        EACH_MERGED(b, n)
        {
            struct node node = node_get(b->merged[n].root, "requires");
            if (!node_is_absent(node)) {
                build_strings(b, node, "a list of programs", "the name of a program", requires,
                              &b->scenario->requires_count);
            }
        }
    b->scenario->requires = requires;
}

const struct data *build_var(struct scope *s, struct node member)
{
    struct builder *b = s->b;
    const struct data *written = build_data_or_integer(s, member); /* checked even if it is not used */
    for (size_t i = 0; i < b->l->options->define_count; i++) {
        struct scenario_define *define = &b->l->options->defines[i];
        if (strcmp(define->name, member.at->key) == 0) {
            define->used = true;
            struct data *data = arena_alloc(b->arena, sizeof *data);
            *data = (struct data){.kind = DATA_LITERAL,
                                  .literal = arena_copy(b->arena, define->value, strlen(define->value)),
                                  .literal_length = strlen(define->value),
                                  .place = node_place(member)};
            return data;
        }
    }
    return written;
}

static void add_var(struct builder *b, struct node member, const struct data *value)
{
    const char *name = member.at->key;
    size_t slot = variable_define(b->top, name, strlen(name), node_key_place(member), VARIABLE_FIXED);
    if (value && slot != SIZE_MAX) {
        b->vars = arena_grow(b->arena, b->vars, &b->var_count, &b->var_capacity, sizeof *b->vars);
        b->vars[b->var_count - 1] = (struct scenario_var){.slot = slot, .value = value};
    }
}

static void build_vars(struct builder *b, struct node row)
{
    b->vars_building = true;
    for (struct node_iterator i = node_members(row); node_next(&i);) {
        if (strcmp(i.key, "row") != 0 && !is_comment(i.key)) {
            add_var(b, i.node, build_data_or_integer(b->top, i.node));
        }
    }
    for
        EACH_MERGED(b, m)
        {
            struct node vars = node_get(b->merged[m].root, "vars");
            if (!node_is_absent(vars) && check_object(b->l, vars, "an object of variables")) {
                for (struct node_iterator i = node_members(vars); node_next(&i);) {
                    if (!is_comment(i.key)) {
                        add_var(b, i.node, build_var(b->top, i.node));
                    }
                }
            }
        }
    b->vars_building = false;
}

void build_top(struct builder *b, struct node row)
{
    struct loader *l = b->l;
    const struct frame *frame = l->frame;
    build_simple(b);
    collect_merged(b, frame, b->root);
    for (size_t m = 0; m + 1 < b->merged_count; m++) {
        l->frame = b->merged[m].frame;
        check_part_top(b, b->merged[m].root);
    }
    build_delimiters(b);
    build_requires(b);
    build_vars(b, row);
    build_programs(b);
    l->frame = frame;
    struct node steps = top_get(b, "steps");
    if (!node_is_absent(steps)) {
        build_steps(b->top, steps, &b->steps);
    } else if (!b->part_alone) {
        tell(l, node_place(b->root), "the key \"steps\" is missing");
    }
    b->steps_over = true;
    build_cut(b);
    for
        EACH_MERGED(b, m)
        {
            struct node sweep = node_get(b->merged[m].root, "sweep");
            if (!node_is_absent(sweep)) {
                build_sweep(b, sweep);
            }
        }
    l->frame = frame;
}
