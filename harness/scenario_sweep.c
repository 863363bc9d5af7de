/* scenario_sweep - the key "sweep": what a sweep of the file may do, and what it must not compare. */
#include "harness/loader.h"

#include <stdlib.h>
#include <string.h>

/* A number of cases, or a time with its unit. */
static void build_budget(struct builder *b, struct node node, struct scenario_sweep *out)
{
    static const struct {
        const char *unit;
        uint64_t ns;
    } units[] = {{"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
    size_t length, digits = 0;
    const char *text = node_text(node, &length);
    if (json_is_integer(node.json) && json_integer_value(node.json) > 0) {
        out->budget_cases = (uint64_t)json_integer_value(node.json);
        return;
    }
    while (text && digits < length && text[digits] >= '0' && text[digits] <= '9') {
        digits++;
    }
    for (size_t i = 0; digits > 0 && digits <= 9 && text[0] != '0' && i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + digits, units[i].unit) == 0) {
            out->budget_ns = strtoull(text, NULL, 10) * units[i].ns;
            return;
        }
    }
    tell_expected(b->l, node, "a number of cases, or a time such as \"30s\" (ms, s, m, h)");
}

static void build_actors(struct builder *b, struct node node, struct scenario_sweep *out)
{
    if (!check_list(b->l, node, "a list of connections")) {
        return;
    }
    size_t *actors = arena_alloc_array(b->arena, node_count(node) + 1, sizeof *actors);
    for (struct node_iterator i = node_each(node); node_next(&i);) {
        const char *name = build_plain_string(b->top, i.node, "the name of a connection");
        const struct name *found =
            name ? shared_name_find(b->top, i.node, name, strlen(name), NAME_CONNECTION) : NULL;
        if (found) {
            actors[out->actor_count++] = found->index;
        }
    }
    out->actors = actors;
}

static void build_oracles(struct builder *b, struct node node, struct scenario_sweep *out)
{
    if (!check_object(b->l, node, "an object: oracles to switch off, and why")) {
        return;
    }
    check_keys(b->l, node, format_oracle_keys, "\"oracles\"");
    for (struct node_iterator i = node_members(node); node_next(&i);) { /* "why" is a string, too */
        const char *reason = build_plain_string(b->top, i.node, "the reason why it is off (a string)");
        for (size_t k = 0; k < SCENARIO_ORACLE_COUNT && reason; k++) {
            if (strcmp(i.key, format_oracle_keys[k].name) == 0) {
                out->oracle_off[k] = reason;
            }
        }
    }
}

/* Masks add up: a part may bring some, and so may the file. */
static void build_masks(struct builder *b, struct node node, struct scenario_sweep *out)
{
    if (!check_list(b->l, node, "a list of patterns")) {
        return;
    }
    size_t count = out->mask_count + node_count(node);
    const struct pattern **masks = arena_alloc_array(b->arena, count + 1, sizeof *masks);
    for (size_t i = 0; i < out->mask_count; i++) {
        masks[i] = out->masks[i];
    }
    for (struct node_iterator i = node_each(node); node_next(&i);) {
        const struct pattern *mask = build_pattern(b->top, i.node, false);
        if (mask) {
            masks[out->mask_count++] = mask;
        }
    }
    out->masks = masks;
}

static void build_isolate(struct builder *b, struct node node, struct scenario_sweep *out)
{
    if (node_is(node, "connection")) {
        out->isolate = SWEEP_ISOLATE_CONNECTION;
    } else if (node_is(node, "program")) {
        out->isolate = SWEEP_ISOLATE_PROGRAM;
    } else if (!node_is(node, "auto")) {
        tell_expected(b->l, node, "\"auto\", \"connection\" or \"program\"");
    }
}

void build_sweep(struct builder *b, struct node sweep)
{
    struct scenario_sweep *out = &b->scenario->sweep;
    struct node node;
    if (json_is_false(sweep.json)) {
        out->off = true;
        return;
    }
    if (!check_object(b->l, sweep, "an object, or false")) {
        return;
    }
    check_keys(b->l, sweep, format_sweep_keys, "\"sweep\"");
    if (!node_is_absent(node = node_get(sweep, "pipeline"))) {
        build_bool(b->l, node, &out->pipeline);
    }
    if (!node_is_absent(node = node_get(sweep, "isolate"))) {
        build_isolate(b, node, out);
    }
    if (!node_is_absent(node = node_get(sweep, "actors"))) {
        build_actors(b, node, out);
    }
    if (!node_is_absent(node = node_get(sweep, "budget"))) {
        build_budget(b, node, out);
    }
    if (!node_is_absent(node = node_get(sweep, "mask"))) {
        build_masks(b, node, out);
    }
    if (!node_is_absent(node = node_get(sweep, "oracles"))) {
        build_oracles(b, node, out);
    }
    if (!node_is_absent(node = node_get(sweep, "xfail"))) {
        out->xfail = build_plain_string(b->top, node, "the reason (a string)");
    }
}
