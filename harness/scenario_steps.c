/* scenario_steps - a step has exactly one verb; its other keys are that verb's arguments, why and barrier. */
#include "harness/loader.h"

#include <stdlib.h>
#include <string.h>

struct step_check {
    struct scope *scope;
    const struct step_verb *verb;
    struct node step;
};

static struct place check_place(const struct step_check *check, const char *argument)
{
    struct node value = argument ? node_get(check->step, argument) : (struct node){.json = NULL};
    return node_place(node_is_absent(value) ? check->step : value);
}

void step_check_error(struct step_check *check, const char *argument, const char *format, ...)
{
    struct seam_error error;
    va_list args;
    va_start(args, format);
    vsnprintf(error.text, sizeof error.text, format, args);
    va_end(args);
    tell(check->scope->b->l, check_place(check, argument), "%s", error.text);
}

void step_check_warn(struct step_check *check, const char *argument, const char *format, ...)
{
    struct seam_error error;
    va_list args;
    va_start(args, format);
    vsnprintf(error.text, sizeof error.text, format, args);
    va_end(args);
    tell_warning(check->scope->b->l, check_place(check, argument), "%s", error.text);
}

const struct scenario *step_check_scenario(const struct step_check *check)
{
    return check->scope->b->scenario;
}

/* --- the verb
 * -------------------------------------------------------------------------------------------------------- */

static void tell_no_verb(struct builder *b, struct node step)
{
    struct suggestion best = {.best = NULL};
    for (struct node_iterator i = node_members(step); node_next(&i);) {
        struct suggestion suggestion;
        suggest_begin(&suggestion, i.key, strlen(i.key));
        for (size_t v = 0; v < step_verb_count; v++) {
            suggest_offer(&suggestion, step_verbs[v]->name);
        }
        if (suggestion.best && (!best.best || suggestion.best_distance < best.best_distance)) {
            best = suggestion;
        }
    }
    tell(b->l, node_place(step), "this step has no verb%s",
         best.best ? suggestion_text(b->arena, &best) : "; `seam steps` prints them");
}

/* The verb of a step and its value; NULL after telling. */
static const struct step_verb *find_verb(struct builder *b, struct node step, struct node *value)
{
    const struct step_verb *verb = NULL;
    if (!check_object(b->l, step, "a step (an object)")) {
        return NULL;
    }
    for (struct node_iterator i = node_members(step); node_next(&i);) {
        const struct step_verb *found = step_verb_find(i.key);
        if (found && verb) {
            tell(b->l, node_key_place(i.node), "a step has one verb; this one has \"%s\" and \"%s\"",
                 verb->name, found->name);
            return NULL;
        }
        if (found) {
            verb = found;
            *value = i.node;
            if (i.index > 0) {
                tell_warning(b->l, node_key_place(i.node), "write the verb \"%s\" first in its step",
                             verb->name);
            }
        }
    }
    if (!verb) {
        tell_no_verb(b, step);
    }
    return verb;
}

static const struct step_arg *find_arg(const struct step_verb *verb, const char *name)
{
    for (size_t i = 0; i < verb->arg_count; i++) {
        if (strcmp(verb->args[i].name, name) == 0) {
            return &verb->args[i];
        }
    }
    return NULL;
}

bool arg_is_known(const char *name)
{
    for (size_t v = 0; v < step_verb_count; v++) {
        if (find_arg(step_verbs[v], name)) {
            return true;
        }
    }
    return false;
}

/* --- its keys
 * -------------------------------------------------------------------------------------------------------- */

static bool is_step_key(const char *key)
{
    for (const struct format_key *k = format_step_keys; k->name; k++) {
        if (strcmp(k->name, key) == 0) {
            return true;
        }
    }
    return false;
}

static void tell_unknown_key(struct builder *b, const struct step_verb *verb, struct node_iterator *i)
{
    static const char *const reserved[] = {"tls", "framing", "json", NULL};
    for (const char *const *word = reserved; *word; word++) {
        if (strcmp(i->key, *word) == 0) {
            tell(b->l, node_key_place(i->node), "\"%s\" is reserved for a later version", i->key);
            return;
        }
    }
    struct suggestion suggestion;
    suggest_begin(&suggestion, i->key, strlen(i->key));
    for (const struct format_key *k = format_step_keys; k->name; k++) {
        suggest_offer(&suggestion, k->name);
    }
    const char *list = "";
    for (size_t a = 1; a < verb->arg_count; a++) {
        suggest_offer(&suggestion, verb->args[a].name);
        list = arena_format(b->arena, "%s%s%s", list, *list ? ", " : "", verb->args[a].name);
    }
    if (arg_is_known(i->key)) {
        tell(b->l, node_key_place(i->node), "\"%s\" does not go with \"%s\"%s%s", i->key, verb->name,
             *list ? ", which takes " : "", list);
    } else {
        tell(b->l, node_key_place(i->node), "unknown key \"%.100s\" in this \"%s\" step%s", i->key,
             verb->name, suggestion_text(b->arena, &suggestion));
    }
}

static void check_step_keys(struct builder *b, const struct step_verb *verb, struct node step)
{
    for (struct node_iterator i = node_members(step); node_next(&i);) {
        if (!find_arg(verb, i.key) && !is_step_key(i.key)) {
            tell_unknown_key(b, verb, &i);
        }
    }
    for (size_t a = 0; a < verb->arg_count; a++) {
        if (verb->args[a].flags & ARG_REQUIRED && node_is_absent(node_get(step, verb->args[a].name))) {
            tell(b->l, node_place(step), "\"%s\" needs \"%s\"", verb->name, verb->args[a].name);
        }
    }
}

static void build_barrier(struct scope *s, struct node step, struct step *out)
{
    struct node barrier = node_get(step, "barrier");
    if (node_is_absent(barrier)) {
        return;
    }
    if (json_is_true(barrier.json)) {
        out->barrier = true;
    } else if (json_is_boolean(barrier.json) || json_is_number(barrier.json) || json_is_null(barrier.json)) {
        tell_expected(s->b->l, barrier, "true, or the data to probe with");
    } else {
        out->barrier_probe = build_data(s, barrier);
        out->barrier = out->barrier_probe != NULL;
    }
}

/* --- steps
 * -----------------------------------------------------------------------------------------------------------
 */

static void build_args(struct scope *s, const struct step_verb *verb, struct node step, struct step_node *out)
{
    void *args = arena_alloc(s->b->arena, verb->args_bytes + 1);
    out->step.args = args;
    out->arg_places = arena_alloc_array(s->b->arena, verb->arg_count, sizeof *out->arg_places);
    for (size_t a = 0; a < verb->arg_count; a++) {
        struct node value = node_get(step, verb->args[a].name);
        if (!node_is_absent(value)) {
            out->arg_places[a] = node_place(value);
            build_arg(s, verb, &verb->args[a], step, value, args, out);
        }
    }
    for (size_t a = 0; a < verb->arg_count; a++) { /* behind the repeat another one may use its counter */
        size_t slot =
            verb->args[a].kind == ARG_NAME_NEW ? *(size_t *)((char *)args + verb->args[a].offset) : 0;
        if (slot > 0 && slot <= s->b->slot_count) {
            s->b->slots[slot - 1].active = false;
        }
    }
}

static void build_step(struct scope *s, struct node step, struct step_list *list)
{
    struct builder *b = s->b;
    struct node value = {.json = NULL};
    const struct step_verb *verb = find_verb(b, step, &value);
    if (!verb) {
        return;
    }
    struct step_node *out = arena_alloc(b->arena, sizeof *out);
    size_t mistakes = b->l->mistakes, made_up = b->made_up;
    out->step = (struct step){.verb = verb, .place = node_place(step), .verb_place = node_place(value)};
    out->step.why = build_why(b->l, step);
    list->items = arena_grow(b->arena, list->items, &list->count, &list->capacity, sizeof *list->items);
    list->items[list->count - 1] = out;
    check_step_keys(b, verb, step);
    build_barrier(s, step, &out->step);
    build_args(s, verb, step, out);
    out->usable = b->l->mistakes == mistakes;
    if (out->usable && b->made_up == made_up && verb->check) {
        struct step_check check = {.scope = s, .verb = verb, .step = step};
        verb->check(&check, out->step.args);
        out->usable = b->l->mistakes == mistakes;
    }
    if (out->usable && strcmp(verb->name, "start") == 0) {
        b->programs[*(const size_t *)out->step.args].explicit_start = true;
    }
    captures_commit(s);
}

void build_steps(struct scope *s, struct node steps, struct step_list *out)
{
    struct builder *b = s->b;
    if (!check_list(b->l, steps, "a list with at least one step")) {
        return;
    }
    for (struct node_iterator i = node_each(steps); node_next(&i);) {
        if (++b->l->steps_built > SCENARIO_SCRIPT_STEPS_MAX) {
            if (b->l->steps_built == SCENARIO_SCRIPT_STEPS_MAX + 1) {
                tell(b->l, node_place(i.node), "more than %d steps", SCENARIO_SCRIPT_STEPS_MAX);
            }
            return;
        }
        build_step(s, i.node, out);
    }
}
