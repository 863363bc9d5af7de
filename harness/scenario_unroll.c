/*
 * scenario_unroll - the script: what runs, in order, with repeats and includes unrolled.
 *
 * Walks the steps as a run will, with the values that are known before it: vars, rows, counters, what
 * includes hand over. So everything is counted that depends on them (steps, bytes of data, arguments in
 * range), and what happens to connections and programs is followed (scenario_states.c). What depends on a
 * capture is left to the run; a repeat may not.
 */
#include "harness/scenario_unroll.h"

#include <string.h>

enum { MISTAKES_MAX = 100 }; /* then the walk ends: a repeat may make the same one very often */
#define DATA_VISITS_MAX ((uint64_t)1 << 26) /* values looked at while counting, so that counting ends */

static void walk(struct unroll *u, const struct step_list *list);

/* --- counting data
 * --------------------------------------------------------------------------------------------------- */

static bool too_much(struct unroll *u, const struct data *data)
{
    if (!u->ended) {
        tell(u->b->l, data->place, "the data of this scenario expands to more than %zu MiB",
             DATA_EXPANDED_BYTES_MAX >> 20);
        u->ended = true;
    }
    return false;
}

static uint64_t text_bytes(struct unroll *u, const struct text *text)
{
    uint64_t total = 0;
    for (size_t i = 0; i < text->piece_count; i++) {
        const struct text_piece *piece = &text->pieces[i];
        total += piece->expression ? expression_bytes(piece->expression, &u->values) : piece->length;
    }
    return total;
}

/* Adds how long the data is as far as it is known. */
static bool measure(struct unroll *u, const struct data *data, size_t delimiter_bytes, uint64_t *total)
{
    uint64_t once = data->kind == DATA_LITERAL || data->kind == DATA_FILE ? data->literal_length : 0;
    int64_t times = 1;
    struct seam_error error;
    if (++u->visits > DATA_VISITS_MAX) {
        if (!u->ended) {
            tell(u->b->l, data->place,
                 "with its repeats unrolled this file has more than %d million pieces of data",
                 (int)(DATA_VISITS_MAX / 1000000));
            u->ended = true;
        }
        return false;
    }
    once += data->kind == DATA_TEXT ? text_bytes(u, data->text) : 0;
    for (size_t i = 0; i < data->item_count; i++) {
        once += data->kind == DATA_LIST ? 0 : delimiter_bytes;
        if (!measure(u, data->items[i], delimiter_bytes, &once)) {
            return false;
        }
    }
    if (data->times && (data->times->constant || text_is_known(data->times->text, &u->values))) {
        if (number_expand(data->times, &u->values, &times, &error) != 0) {
            unroll_tell(u, &error);
            return false;
        }
        if (times < 0) {
            tell(u->b->l, data->times->place, "%lld is out of range: times is 0 or more", (long long)times);
            return false;
        }
    }
    if (once > DATA_EXPANDED_BYTES_MAX ||
        (times > 0 && once > (DATA_EXPANDED_BYTES_MAX - (*total < DATA_EXPANDED_BYTES_MAX ? *total : 0)) /
                                 (uint64_t)times)) {
        return too_much(u, data);
    }
    *total += once * (uint64_t)times;
    return true;
}

static bool count_data(struct unroll *u, const struct data *data, size_t delimiter_bytes)
{
    uint64_t bytes = 0;
    if (!measure(u, data, delimiter_bytes, &bytes)) {
        return false;
    }
    u->data_bytes += bytes;
    return u->data_bytes <= DATA_EXPANDED_BYTES_MAX || too_much(u, data);
}

/* --- values
 * ----------------------------------------------------------------------------------------------------------
 */

void unroll_tell(struct unroll *u, const struct seam_error *error)
{
    struct place place = {.path = error->path, .line = error->line, .column = error->column};
    tell(u->b->l, place, "%s", error->text);
}

/* Gives the variable the value of the data if that is known, and none if it is not. */
static void assign(struct unroll *u, const struct scenario_var *var)
{
    struct bytes bytes;
    struct seam_error error;
    u->values.slots[var->slot].set = false;
    if (!count_data(u, var->value, u->b->scenario->delimiter.length) ||
        !data_is_known(var->value, &u->values)) {
        return;
    }
    bytes_init(&bytes, VALUE_BYTES_MAX);
    if (data_expand(var->value, &u->values, &u->b->scenario->delimiter, &bytes, &error) != 0) {
        unroll_tell(u, &error);
    } else {
        values_set(&u->values, var->slot, bytes.data, bytes.length);
    }
    bytes_free(&bytes);
}

/* The number, when it is known before the run; its range is checked. */
static bool known_number(struct unroll *u, const struct number *number, int64_t min, int64_t max,
                         int64_t *out)
{
    struct seam_error error;
    if (!number->constant && !text_is_known(number->text, &u->values)) {
        return false;
    }
    if (number_expand(number, &u->values, out, &error) != 0) {
        unroll_tell(u, &error);
        return false;
    }
    if ((min != 0 || max != 0) && (*out < min || *out > max)) {
        tell(u->b->l, number->place, "%lld is out of range: %lld to %lld", (long long)*out, (long long)min,
             (long long)max);
        return false;
    }
    return true;
}

static void check_target(struct unroll *u, const struct connect_target *target, struct place place)
{
    struct bytes bytes;
    struct seam_error error;
    if (!target->is_address || target->address->constant || !text_is_known(target->address, &u->values)) {
        return;
    }
    bytes_init(&bytes, 4096);
    if (text_expand(target->address, &u->values, &bytes, &error) != 0) {
        unroll_tell(u, &error);
    } else {
        struct text_piece piece = {.bytes = bytes_text(&bytes), .length = bytes.length};
        check_address(u->b, &(struct text){.pieces = &piece, .piece_count = 1, .constant = true}, place);
    }
    bytes_free(&bytes);
}

static void check_split(struct unroll *u, const struct split *split, size_t delimiter_bytes)
{
    int64_t size;
    for (size_t i = 0; i < split->item_count; i++) {
        count_data(u, split->items[i], delimiter_bytes);
    }
    if (split->size) {
        known_number(u, split->size, 1, INT32_MAX, &size);
    }
}

/* --- steps
 * -----------------------------------------------------------------------------------------------------------
 */

/* Which delimiter the lines of a step have, in bytes. */
static size_t delimiter_bytes_of(const struct unroll *u, const struct step *step)
{
    const struct step_arg *arg = &step->verb->args[0];
    const void *value = (const char *)step->args + arg->offset;
    if (arg->kind == ARG_CONNECTION) {
        return u->b->connections[*(const size_t *)value].delimiter.length;
    }
    if (arg->kind == ARG_STREAM && ((const struct stream_ref *)value)->kind == STREAM_CONNECTION) {
        return u->b->connections[((const struct stream_ref *)value)->index].delimiter.length;
    }
    return 1;
}

static void check_arg(struct unroll *u, const struct step_arg *arg, const void *value, size_t delimiter_bytes,
                      struct place place)
{
    int64_t number;
    const void *pointer = NULL;
    switch (arg->kind) {
    case ARG_DATA:
    case ARG_LINE:
    case ARG_LINES:
    case ARG_LINE_LIST:
        count_data(u, *(const struct data *const *)value, delimiter_bytes);
        break;
    case ARG_SPLIT:
        check_split(u, *(const struct split *const *)value, delimiter_bytes);
        break;
    case ARG_UNTIL:
        pointer = (*(const struct until *const *)value)->data;
        if (pointer) {
            count_data(u, pointer, delimiter_bytes);
        }
        break;
    case ARG_NUMBER:
        known_number(u, *(const struct number *const *)value, arg->min, arg->max, &number);
        break;
    case ARG_SILENCE:
        pointer = (*(const struct silence *const *)value)->ms;
        if (pointer) {
            known_number(u, pointer, 1, SCENARIO_TIMEOUT_MS_MAX, &number);
        }
        break;
    case ARG_TARGET:
        check_target(u, value, place);
        break;
    default:
        break;
    }
}

static bool emit(struct unroll *u, const struct step *step, int64_t repeat_index)
{
    struct builder *b = u->b;
    if (u->ended) {
        return false;
    }
    if (b->l->script_count >= SCENARIO_SCRIPT_STEPS_MAX) {
        tell(b->l, step->place, "with its repeats unrolled this file has more than %d steps",
             SCENARIO_SCRIPT_STEPS_MAX);
        u->ended = true;
        return false;
    }
    b->l->script_count++;
    u->script = arena_grow(b->arena, u->script, &u->script_count, &u->script_capacity, sizeof *u->script);
    u->script[u->script_count - 1] = (struct script_entry){.step = step, .repeat_index = repeat_index};
    u->ended = u->ended || b->l->mistakes > MISTAKES_MAX;
    return !u->ended;
}

static void walk_repeat(struct unroll *u, const struct step_node *node)
{
    const struct step_verb *verb = node->step.verb;
    const struct number *number = NULL;
    int64_t count;
    size_t as = 0;
    for (size_t i = 0; i < verb->arg_count; i++) {
        const void *value = (const char *)node->step.args + verb->args[i].offset;
        if (verb->args[i].kind == ARG_NUMBER) {
            number = *(const struct number *const *)value;
        } else if (verb->args[i].kind == ARG_NAME_NEW) {
            as = *(const size_t *)value;
        }
    }
    if (!number->constant && !text_is_known(number->text, &u->values)) {
        tell(u->b->l, number->place,
             "how often steps repeat must be known before anything starts; this depends on what a "
             "run captures or chooses");
        return;
    }
    if (!known_number(u, number, 0, SCENARIO_SCRIPT_STEPS_MAX, &count)) {
        return;
    }
    for (int64_t i = 0; i < count && emit(u, &node->step, i); i++) {
        if (as > 0) {
            values_set_number(&u->values, as - 1, i);
        }
        walk(u, &node->body);
    }
}

static void walk_step(struct unroll *u, const struct step_node *node)
{
    const struct step_verb *verb = node->step.verb;
    const struct include_binding *binding = NULL;
    size_t delimiter_bytes = delimiter_bytes_of(u, &node->step);
    for (size_t i = 0; i < verb->arg_count; i++) {
        const void *value = (const char *)node->step.args + verb->args[i].offset;
        if (verb->args[i].kind == ARG_STEPS) {
            walk_repeat(u, node);
            return;
        }
        if (verb->args[i].kind == ARG_VARS) {
            binding = *(const struct include_binding *const *)value;
        } else if (node->arg_places[i].path) {
            check_arg(u, &verb->args[i], value, delimiter_bytes, node->arg_places[i]);
        }
    }
    if (!emit(u, &node->step, 0)) {
        return;
    }
    states_follow(u, node);
    cut_follow(u, node);
    if (node->step.barrier_probe) {
        count_data(u, node->step.barrier_probe, delimiter_bytes);
    }
    for (size_t i = 0; binding && i < binding->count; i++) {
        assign(u, &binding->vars[i]);
    }
    walk(u, &node->body);
}

static void walk(struct unroll *u, const struct step_list *list)
{
    for (size_t i = 0; i < list->count && !u->ended; i++) {
        walk_step(u, list->items[i]);
    }
}

void build_script(struct builder *b)
{
    struct unroll u = {.b = b};
    if (values_open(&u.values, b->slot_count, b->scenario->slot_names) != 0) {
        abort(); /* out of memory, as in the arena */
    }
    u.connections = arena_alloc_array(b->arena, b->connection_count, sizeof *u.connections);
    u.sent = arena_alloc_array(b->arena, b->connection_count, sizeof *u.sent);
    u.programs = arena_alloc_array(b->arena, b->program_count, sizeof *u.programs);
    u.listeners = arena_alloc_array(b->arena, b->listener_count, sizeof *u.listeners);
    for (size_t i = 0; i < b->var_count; i++) {
        assign(&u, &b->vars[i]);
    }
    walk(&u, &b->steps);
    cut_check(&u);
    values_close(&u.values);
    b->scenario->script = u.script;
    b->scenario->script_count = u.script_count;
}
