/* scenario_values - texts, numbers, patterns and plain values of a scenario file. */
#include "harness/loader.h"

#include <stdlib.h>
#include <string.h>

#include "harness/pattern_compile.h"

/* --- texts
 * -----------------------------------------------------------------------------------------------------------
 */

/* A string, or a key, that is being compiled. */
struct string_context {
    struct scope *scope;
    const struct source *source;
    struct json_place_cursor cursor;
};

static int resolve_in_string(void *context, const char *name, size_t length, struct text_name *out,
                             struct seam_error *error)
{
    const struct string_context *c = context;
    return name_resolve(c->scope, name, length, c->source->folder, out, error);
}

static struct place locate_in_string(void *context, size_t start, size_t end)
{
    struct string_context *c = context;
    size_t from = json_place_in_string(&c->cursor, start), to = json_place_in_string(&c->cursor, end);
    return source_place(c->source, from, to);
}

static void complain_in_string(void *context, size_t start, size_t end, const char *message)
{
    const struct string_context *c = context;
    tell(c->scope->b->l, locate_in_string(context, start, end), "%s", message);
}

static const struct text *compile(struct scope *s, const struct source *source, size_t quote,
                                  const char *bytes, size_t length, struct place place, bool is_pattern)
{
    struct string_context context = {
        .scope = s, .source = source, .cursor = {.text = source->text, .start = quote}};
    struct text_compiler compiler = {.arena = s->b->arena,
                                     .context = &context,
                                     .resolve = resolve_in_string,
                                     .complain = complain_in_string,
                                     .locate = locate_in_string,
                                     .quote = is_pattern ? pattern_quote : NULL};
    struct text *text = arena_alloc(s->b->arena, sizeof *text);
    return text_compile(&compiler, bytes, length, place, text) == 0 ? text : NULL;
}

const struct text *build_text(struct scope *s, struct node node)
{
    size_t length;
    const char *bytes = node_text(node, &length);
    if (!bytes) {
        tell_expected(s->b->l, node, "a string");
        return NULL;
    }
    return compile(s, node.source, node.at->start, bytes, length, node_place(node), false);
}

const struct text *build_key_text(struct scope *s, struct node member)
{
    return compile(s, member.source, member.at->key_start, member.at->key, strlen(member.at->key),
                   node_key_place(member), false);
}

/* --- numbers
 * ---------------------------------------------------------------------------------------------------------
 */

static bool check_range(struct loader *l, struct place place, int64_t value, int64_t min, int64_t max)
{
    if ((min != 0 || max != 0) && (value < min || value > max)) {
        tell(l, place, "%lld is out of range: %lld to %lld", (long long)value, (long long)min,
             (long long)max);
        return false;
    }
    return true;
}

bool build_integer(struct loader *l, struct node node, int64_t min, int64_t max, int64_t *out)
{
    if (!json_is_integer(node.json)) {
        tell_expected(l, node, "an integer");
        return false;
    }
    *out = json_integer_value(node.json);
    return check_range(l, node_place(node), *out, min, max);
}

static const struct number *build_number_from_string(struct scope *s, struct node node, int64_t min,
                                                     int64_t max)
{
    struct loader *l = s->b->l;
    size_t length;
    const char *bytes = node_text(node, &length);
    if (!memmem(bytes, length, "${", 2)) {
        int64_t ignored;
        bool digits = text_parse_integer(bytes, length, &ignored);
        tell(l, node_place(node), "expected an integer, got the string %s%s", node_shown(l->arena, node),
             digits ? ": leave out the quotes" : "");
        return NULL;
    }
    struct number *number = arena_alloc(s->b->arena, sizeof *number);
    *number = (struct number){.text = build_text(s, node), .place = node_place(node)};
    if (!number->text) {
        return NULL;
    }
    if (number->text->constant) {
        bool has_digits =
            number->text->piece_count == 1 &&
            text_parse_integer(number->text->pieces[0].bytes, number->text->pieces[0].length, &number->value);
        if (!has_digits) {
            tell(l, number->place, "expected an integer, but %s is none", node_shown(l->arena, node));
            return NULL;
        }
        number->constant = true;
        number->text = NULL;
        return check_range(l, number->place, number->value, min, max) ? number : NULL;
    }
    return number;
}

const struct number *build_number(struct scope *s, struct node node, int64_t min, int64_t max)
{
    if (json_is_string(node.json)) {
        return build_number_from_string(s, node, min, max);
    }
    struct number *number = arena_alloc(s->b->arena, sizeof *number);
    number->constant = true;
    number->place = node_place(node);
    return build_integer(s->b->l, node, min, max, &number->value) ? number : NULL;
}

/* --- patterns
 * -------------------------------------------------------------------------------------------------------- */

/* Where the pattern is wrong: inside the string where that is known. */
static struct place problem_place(struct node node, const struct pattern_problem *problem)
{
    size_t length;
    const char *bytes = node_text(node, &length);
    bool as_written = memmem(bytes, length, "${", 2) == NULL;
    return as_written && problem->offset <= length
               ? node_place_in_string(node, problem->offset, problem->offset)
               : node_place(node);
}

const struct pattern *build_pattern(struct scope *s, struct node node, bool captures)
{
    struct builder *b = s->b;
    size_t length, name_count;
    const char *bytes = node_text(node, &length);
    const char *const *names;
    struct pattern_problem problem;
    if (!bytes) {
        tell_expected(b->l, node, "a pattern in a string");
        return NULL;
    }
    struct pattern *pattern = arena_alloc(b->arena, sizeof *pattern);
    pattern->place = node_place(node);
    pattern->text = compile(s, node.source, node.at->start, bytes, length, pattern->place, true);
    if (!pattern->text) {
        return NULL;
    }
    if (pattern_prepare(b->arena, pattern, &names, &name_count, &problem) != 0) {
        tell(b->l, problem_place(node, &problem), "bad pattern: %s", problem.text);
        return NULL;
    }
    if (name_count > 0 && !captures) {
        tell(b->l, pattern->place, "nothing is captured here: \"%s\" can't be a named group", names[0]);
        return NULL;
    }
    struct pattern_group *groups = arena_alloc_array(b->arena, name_count, sizeof *groups);
    for (size_t i = 0; i < name_count; i++) {
        groups[i] =
            (struct pattern_group){.name = names[i], .slot = capture_define(s, names[i], pattern->place)};
        if (groups[i].slot == SIZE_MAX) {
            return NULL;
        }
    }
    pattern->groups = groups;
    pattern->group_count = name_count;
    return pattern;
}

/* --- plain values
 * ---------------------------------------------------------------------------------------------------- */

const char *build_plain_string(struct scope *s, struct node node, const char *expected)
{
    size_t length;
    const char *text = node_text(node, &length);
    if (!text || length == 0) {
        tell_expected(s->b->l, node, expected);
        return NULL;
    }
    if (strlen(text) != length) {
        tell(s->b->l, node_place(node), "a NUL can't be in here");
        return NULL;
    }
    return arena_copy(s->b->arena, text, length);
}

bool build_bool(struct loader *l, struct node node, bool *out)
{
    if (!json_is_boolean(node.json)) {
        tell_expected(l, node, "true or false");
        return false;
    }
    *out = json_is_true(node.json);
    return true;
}

const char *build_why(struct loader *l, struct node object)
{
    struct node node = node_get(object, "why");
    size_t length;
    if (node_is_absent(node)) {
        return NULL;
    }
    const char *text = node_text(node, &length);
    if (!text) {
        tell_expected(l, node, "a string");
        return NULL;
    }
    return arena_copy(l->arena, text, length);
}

bool is_comment(const char *key)
{
    return strcmp(key, "why") == 0;
}

void check_keys(struct loader *l, struct node object, const struct format_key *keys, const char *what)
{
    for (struct node_iterator i = node_members(object); node_next(&i);) {
        struct suggestion suggestion;
        bool known = is_comment(i.key);
        suggest_begin(&suggestion, i.key, strlen(i.key));
        for (const struct format_key *key = keys; key->name && !known; key++) {
            known = strcmp(i.key, key->name) == 0;
            suggest_offer(&suggestion, key->name);
        }
        if (!known) {
            tell(l, node_key_place(i.node), "unknown key \"%.100s\" in %s%s", i.key, what,
                 suggestion_text(l->arena, &suggestion));
        }
    }
    build_why(l, object); /* anywhere, but a string */
}

bool check_object(struct loader *l, struct node node, const char *what)
{
    if (!json_is_object(node.json)) {
        tell_expected(l, node, what);
        return false;
    }
    return true;
}

bool check_list(struct loader *l, struct node node, const char *what)
{
    if (!json_is_array(node.json) || json_array_size(node.json) == 0) {
        tell_expected(l, node, what);
        return false;
    }
    return true;
}
