/*
 * scenario_print_steps - the script while a scenario is printed: what its entries bind, and its steps by the
 * kinds of their arguments.
 */
#include <string.h>

#include "harness/scenario_print_values.h"
#include "harness/signal_names.h"
#include "harness/step.h"

void print_put(struct printer *p, json_t *object, const char *key, json_t *value)
{
    if (!value || json_object_set_new(object, key, value) != 0) {
        print_fail(p, "out of memory");
    }
}

json_t *print_plain(struct printer *p, const char *text)
{
    json_t *json = json_string(text);
    return json ? json : print_fail(p, "a name or comment that is not UTF-8 can't be written");
}

/* --- what a step binds --- */

static void set_value(struct printer *p, size_t slot, const void *data, size_t length)
{
    const struct values_slot *before = &p->values.slots[slot];
    bool same = before->set && before->bytes.length == length &&
                (length == 0 || memcmp(before->bytes.data, data, length) == 0);
    if (p->slots[slot].pinned && !same) {
        print_fail(p, "an \"ignore\" uses \"%s\", which changes later", p->scenario->slot_names[slot]);
    }
    p->slots[slot].bound = NULL;
    if (!same && values_set(&p->values, slot, data, length) != 0) {
        abort(); /* out of memory, as in the arena */
    }
}

/* What it is made of can be put in its place later; if not, that is only wrong where it is used. */
static const struct print_flat *bind_unknown(struct printer *p, const struct data *data)
{
    struct print_flat *flat = arena_alloc(p->arena, sizeof *flat);
    bool failed = p->failed;
    struct seam_error error = *p->error;
    int result = failed ? -1 : print_flatten_data(p, data, flat);
    p->failed = failed;
    *p->error = error;
    return result == 0 ? flat : NULL;
}

void print_bind_vars(struct printer *p, const struct scenario_var *vars, size_t count)
{
    for (size_t i = 0; i < count && !p->failed; i++) {
        struct bytes value;
        struct seam_error error = {0};
        if (!data_is_known(vars[i].value, &p->values)) {
            const struct print_flat *bound = bind_unknown(p, vars[i].value);
            p->values.slots[vars[i].slot].set = false;
            p->slots[vars[i].slot].bound = bound;
            continue;
        }
        bytes_init(&value, VALUE_BYTES_MAX);
        if (data_expand(vars[i].value, &p->values, &p->scenario->delimiter, &value, &error) != 0) {
            print_fail(p, "%s", error.text);
        } else {
            set_value(p, vars[i].slot, value.data, value.length);
        }
        bytes_free(&value);
    }
}

/* Entries of repeat and include: true when it was one. */
static bool bind_entry(struct printer *p, const struct script_entry *entry)
{
    const struct step_verb *verb = entry->step->verb;
    bool binds = false;
    for (size_t i = 0; i < verb->arg_count; i++) {
        const void *value = (const char *)entry->step->args + verb->args[i].offset;
        const struct include_binding *binding;
        char digits[24];
        switch (verb->args[i].kind) {
        case ARG_NAME_NEW:
            snprintf(digits, sizeof digits, "%lld", (long long)entry->repeat_index);
            if (*(const size_t *)value > 0) {
                set_value(p, *(const size_t *)value - 1, digits, strlen(digits));
            }
            binds = true;
            break;
        case ARG_VARS:
            binding = *(const struct include_binding *const *)value;
            print_bind_vars(p, binding ? binding->vars : NULL, binding ? binding->count : 0);
            binds = true;
            break;
        default:
            break;
        }
    }
    return binds;
}

static void capture(struct printer *p, const struct pattern *pattern)
{
    for (size_t i = 0; pattern && i < pattern->group_count; i++) {
        const char *name = pattern->groups[i].name;
        struct print_slot *slot = &p->slots[pattern->groups[i].slot];
        const json_t *owner = json_object_get(p->owners, name);
        if (json_object_get(p->taken, name)) {
            print_fail(p, "\"%s\" is captured, and the name of a program, connection or listener", name);
        }
        if (owner && (size_t)json_integer_value(owner) != pattern->groups[i].slot &&
            p->slots[json_integer_value(owner)].pinned) {
            print_fail(p, "an \"ignore\" uses \"%s\", and another part captures one of that name later",
                       name);
        }
        slot->generation++;
        print_put(p, p->owners, name, json_integer((json_int_t)pattern->groups[i].slot));
    }
}

/* --- arguments of steps --- */

static const char *connection_name(struct printer *p, size_t index)
{
    const char *name = p->scenario->connections[index].name;
    return p->connections_made[index] ? name
                                      : print_fail(p, "no step makes the connection \"%s\" before", name);
}

static const char *new_name(struct printer *p, bool *made, const char *name)
{
    if (*made) {
        return print_fail(p, "\"%s\" is made twice", name);
    }
    *made = true;
    return name;
}

static const char *program_name(struct printer *p, size_t index)
{
    p->programs_used[index] = true;
    return p->scenario->programs[index].name;
}

static json_t *print_name(struct printer *p, const char *name)
{
    return name ? print_plain(p, name) : NULL;
}

static json_t *print_stream(struct printer *p, const struct stream_ref *ref)
{
    if (ref->kind == STREAM_CONNECTION) {
        return print_name(p, connection_name(p, ref->index));
    }
    const char *program = program_name(p, ref->index);
    const char *stream = ref->kind == STREAM_STDOUT   ? "stdout"
                         : ref->kind == STREAM_STDERR ? "stderr"
                         : ref->kind == STREAM_LOG    ? p->scenario->programs[ref->index].logs[ref->log].name
                                                      : NULL;
    return print_name(p, stream ? arena_format(p->arena, "%s.%s", program, stream) : program);
}

static json_t *print_target(struct printer *p, const struct connect_target *target)
{
    if (target->is_address) {
        return print_text(p, target->address);
    }
    const char *name = program_name(p, target->program);
    const struct program *program = &p->scenario->programs[target->program];
    bool named = program->port_count > 1;
    return print_name(p, named ? arena_format(p->arena, "%s.%s", name, program->ports[target->port].name)
                               : name);
}

static json_t *print_until(struct printer *p, const struct until *until)
{
    if (!until->matches) {
        return print_data(p, until->data);
    }
    json_t *json = json_object();
    print_put(p, json, "matches", print_pattern(p, until->matches));
    return json;
}

static json_t *print_split(struct printer *p, const struct split *split)
{
    return split->size ? print_number(p, split->size) : print_data_items(p, split->items, split->item_count);
}

static json_t *print_signal(struct printer *p, int number)
{
    for (const struct signal_name *signal = signal_names; signal->name; signal++) {
        if (signal->number == number) {
            return json_string(signal->name);
        }
    }
    return print_fail(p, "signal %d has no name", number);
}

static json_t *print_lines(struct printer *p, const struct data *data, enum data_kind kind)
{
    if (data->kind != kind || data->times) {
        return print_fail(p, "this data can't be written as a line or lines");
    }
    return kind == DATA_LINE ? print_data(p, data->items[0])
                             : print_data_items(p, data->items, data->item_count);
}

/* The kinds that store a pointer, and there is one. */
static json_t *print_pointer(struct printer *p, enum arg_kind kind, const void *value)
{
    switch (kind) {
    case ARG_TEXT:
        return print_text(p, value);
    case ARG_DATA:
        return print_data(p, value);
    case ARG_LINE:
        return print_lines(p, value, DATA_LINE);
    case ARG_LINES:
        return print_lines(p, value, DATA_LINES);
    case ARG_LINE_LIST:
        return print_lines(p, value, DATA_LIST);
    case ARG_SPLIT:
        return print_split(p, value);
    case ARG_UNTIL:
        return print_until(p, value);
    case ARG_PATTERN:
        return print_pattern(p, value);
    case ARG_NUMBER:
        return print_number(p, value);
    case ARG_SILENCE:
        return ((const struct silence *)value)->ms ? print_number(p, ((const struct silence *)value)->ms)
                                                   : json_true();
    default:
        return print_fail(p, "this kind of argument can't be written");
    }
}

static void put_connection_arg(struct printer *p, json_t *json, const struct step_arg *arg,
                               const struct connection *connection)
{
    const struct delimiter *usual = &p->scenario->delimiter, *own = &connection->delimiter;
    json_t *list;
    switch (arg->kind) {
    case ARG_DELIMITER:
        if (own->length != usual->length || memcmp(own->bytes, usual->bytes, own->length) != 0) {
            print_put(p, json, arg->name, scenario_print_bytes(own->bytes, own->length));
        }
        break;
    case ARG_REST:
        if (connection->rest_ignored) {
            print_put(p, json, arg->name, json_string("ignore"));
        }
        break;
    case ARG_IGNORE:
        list = connection->ignore_count ? json_array() : NULL;
        p->pinning = true;
        for (size_t i = 0; i < connection->ignore_count && !p->failed; i++) {
            json_array_append_new(list, print_pattern(p, connection->ignore[i]));
        }
        p->pinning = false;
        if (connection->ignore_count) {
            print_put(p, json, arg->name, list);
        }
        break;
    case ARG_READS:
        if (connection->reads_on_expect) {
            print_put(p, json, arg->name, json_string("on-expect"));
        }
        break;
    default:
        if (connection->receive_buffer) {
            print_put(p, json, arg->name, print_number(p, connection->receive_buffer));
        }
        break;
    }
}

static void put_arg(struct printer *p, json_t *json, const struct step_arg *arg, const void *value)
{
    const struct scenario *s = p->scenario;
    const size_t *index = value;
    const void *pointer;
    int number;
    switch (arg->kind) {
    case ARG_PROGRAM:
        print_put(p, json, arg->name, print_name(p, program_name(p, *index)));
        break;
    case ARG_CONNECTION:
        print_put(p, json, arg->name, print_name(p, connection_name(p, *index)));
        break;
    case ARG_CONNECTION_NEW:
        print_put(p, json, arg->name,
                  print_name(p, new_name(p, &p->connections_made[*index], s->connections[*index].name)));
        break;
    case ARG_LISTENER:
        print_put(p, json, arg->name,
                  p->listeners_made[*index]
                      ? print_name(p, s->listeners[*index].name)
                      : print_fail(p, "no step opens \"%s\" before", s->listeners[*index].name));
        break;
    case ARG_LISTENER_NEW:
        print_put(p, json, arg->name,
                  print_name(p, new_name(p, &p->listeners_made[*index], s->listeners[*index].name)));
        break;
    case ARG_STREAM:
        print_put(p, json, arg->name, print_stream(p, value));
        break;
    case ARG_TARGET:
        print_put(p, json, arg->name, print_target(p, value));
        break;
    case ARG_BOOL_TRUE:
        if (*(const bool *)value) {
            print_put(p, json, arg->name, json_true());
        }
        break;
    case ARG_CHOICE:
    case ARG_SIGNAL:
        number = *(const int *)value;
        if (number) {
            print_put(p, json, arg->name,
                      arg->kind == ARG_CHOICE ? json_string(arg->choices[number - 1])
                                              : print_signal(p, number));
        }
        break;
    default:
        pointer = *(const void *const *)value;
        if (pointer) {
            print_put(p, json, arg->name, print_pointer(p, arg->kind, pointer));
        }
        break;
    }
}

static bool is_of_connection(enum arg_kind kind)
{
    return kind == ARG_DELIMITER || kind == ARG_REST || kind == ARG_IGNORE || kind == ARG_READS ||
           kind == ARG_RECEIVE_BUFFER;
}

static json_t *print_step(struct printer *p, const struct step *step)
{
    const struct step_verb *verb = step->verb;
    json_t *json = json_object();
    p->error->line = step->place.line;
    p->error->column = step->place.column;
    for (size_t i = 0; i < verb->arg_count && !p->failed; i++) {
        const void *value = (const char *)step->args + verb->args[i].offset;
        if (is_of_connection(verb->args[i].kind)) {
            size_t made = *(const size_t *)(const void *)((const char *)step->args + verb->args[0].offset);
            put_connection_arg(p, json, &verb->args[i], &p->scenario->connections[made]);
        } else {
            put_arg(p, json, &verb->args[i], value);
        }
    }
    if (step->barrier) {
        print_put(p, json, "barrier", step->barrier_probe ? print_data(p, step->barrier_probe) : json_true());
    }
    if (step->why) {
        print_put(p, json, "why", print_plain(p, step->why));
    }
    for (size_t i = 0; i < verb->arg_count; i++) { /* known to the steps after this one */
        const void *value = (const char *)step->args + verb->args[i].offset;
        if (verb->args[i].kind == ARG_PATTERN) {
            capture(p, *(const struct pattern *const *)value);
        } else if (verb->args[i].kind == ARG_UNTIL && *(const struct until *const *)value) {
            capture(p, (*(const struct until *const *)value)->matches);
        }
    }
    return json;
}

json_t *print_steps(struct printer *p)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < p->scenario->script_count && !p->failed; i++) {
        const struct script_entry *entry = &p->scenario->script[i];
        if (!bind_entry(p, entry) && json_array_append_new(steps, print_step(p, entry->step)) != 0) {
            print_fail(p, "out of memory");
        }
    }
    p->error->line = p->error->column = p->failed ? p->error->line : 0;
    if (json_array_size(steps) == 0) {
        print_fail(p, "there are no steps to write");
    }
    return steps;
}
