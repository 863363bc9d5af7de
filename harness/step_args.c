/*
 * step_args - builds the arguments of a step by their kind into the verb's own struct.
 *
 * One function per kind that needs more than a line; arg_kind in step.h says which C type each stores.
 */
#include "harness/loader.h"

#include <assert.h>
#include <string.h>

#include "harness/signal_names.h"

#define STORE(type, value) (*(type *)((char *)args + arg->offset) = (value))

static bool build_named(struct scope *s, struct node value, enum name_kind kind, size_t *out)
{
    size_t length;
    const char *text = node_text(value, &length);
    if (!text) {
        tell_expected(s->b->l, value, arena_format(s->b->arena, "the name of %s", name_kind_word(kind)));
        return false;
    }
    const struct name *found = shared_name_find(s, value, text, length, kind);
    *out = found ? found->index : 0;
    return found != NULL;
}

/* A name that this step defines. */
static bool build_new_name(struct scope *s, struct node value, enum name_kind kind, size_t *out)
{
    size_t length;
    const char *text = node_text(value, &length);
    *out = SIZE_MAX;
    if (!text) {
        tell_expected(s->b->l, value, "a name");
        return false;
    }
    if (kind == NAME_VARIABLE) {
        size_t slot = variable_define(s, text, length, node_place(value), VARIABLE_COUNTER);
        if (slot != SIZE_MAX) {
            s->b->slots[slot].active = true;
        }
        *out = slot + 1; /* 0 means none */
        return slot != SIZE_MAX;
    }
    struct name *foreseen = names_find(&s->b->shared_names, text, length);
    if (kind == NAME_LISTENER && foreseen && foreseen->foreseen) {
        foreseen->foreseen = false;
        *out = foreseen->index;
        return true;
    }
    bool right = name_check_new(s, text, length, node_place(value), kind);
    if (!right && names_find(&s->b->shared_names, text, length)) {
        return false;
    }
    /* A bad name is taken all the same: one mistake, not one more at each step that uses it. */
    *out = kind == NAME_LISTENER ? listener_add(s->b, text, length, node_place(value))
                                 : connection_add(s->b, text, length, node_place(value));
    if (kind == NAME_CONNECTION) {
        s->b->connections[*out].delimiter = s->delimiter;
    }
    return right;
}

static const struct split *build_split(struct scope *s, struct node value)
{
    struct split *split = arena_alloc(s->b->arena, sizeof *split);
    if (json_is_array(value.json)) {
        const struct data *list = build_data_list(s, value, DATA_LIST);
        split->items = list ? list->items : NULL;
        split->item_count = list ? list->item_count : 0;
        return list ? split : NULL;
    }
    if (!json_is_integer(value.json) && !json_is_string(value.json)) {
        tell_expected(s->b->l, value, "a list of data, or a number of bytes");
        return NULL;
    }
    split->size = build_number(s, value, 1, INT32_MAX);
    return split->size ? split : NULL;
}

static const struct until *build_until(struct scope *s, struct node value)
{
    struct until *until = arena_alloc(s->b->arena, sizeof *until);
    struct node matches = node_get(value, "matches");
    if (node_is_absent(matches)) {
        until->data = build_data(s, value);
        return until->data ? until : NULL;
    }
    check_keys(s->b->l, value, format_until_keys, "until");
    until->matches = build_pattern(s, matches, true);
    return until->matches ? until : NULL;
}

static const struct silence *build_silence(struct scope *s, struct node value)
{
    struct silence *silence = arena_alloc(s->b->arena, sizeof *silence);
    if (json_is_true(value.json)) {
        return silence;
    }
    if (!json_is_integer(value.json) && !json_is_string(value.json)) {
        tell_expected(s->b->l, value, "true or a number of milliseconds");
        return NULL;
    }
    silence->ms = build_number(s, value, 1, SCENARIO_TIMEOUT_MS_MAX);
    return silence->ms ? silence : NULL;
}

/* Answers 1 + the index of the value among the words, 0 after telling. */
static int build_choice(struct scope *s, struct node value, const char *const *choices)
{
    const char *expected = "";
    for (int i = 0; choices[i]; i++) {
        if (node_is(value, choices[i])) {
            return i + 1;
        }
        expected = arena_format(s->b->arena, "%s%s\"%s\"", expected,
                                i == 0           ? ""
                                : choices[i + 1] ? ", "
                                                 : " or ",
                                choices[i]);
    }
    tell_expected(s->b->l, value, expected);
    return 0;
}

static int build_signal(struct scope *s, struct node value)
{
    size_t length;
    const char *text = node_text(value, &length);
    if (!text) {
        tell_expected(s->b->l, value, "the name of a signal, such as \"HUP\"");
        return 0;
    }
    bool prefixed = length > 3 && memcmp(text, "SIG", 3) == 0;
    struct suggestion suggestion;
    suggest_begin(&suggestion, prefixed ? text + 3 : text, prefixed ? length - 3 : length);
    for (const struct signal_name *signal = signal_names; signal->name; signal++) {
        if (node_is(value, signal->name)) {
            return signal->number;
        }
        suggest_offer(&suggestion, signal->name);
    }
    tell(s->b->l, node_place(value), "there is no signal %s%s", node_shown(s->b->arena, value),
         suggestion_text(s->b->arena, &suggestion));
    return 0;
}

static bool build_true(struct scope *s, struct node value)
{
    if (!json_is_true(value.json)) {
        tell_expected(s->b->l, value, "true (leave the key out for false)");
    }
    return json_is_true(value.json);
}

/* What describes the connection itself goes into struct connection. */
static bool build_connection_arg(struct scope *s, const struct step_arg *arg, struct node value,
                                 struct connection *connection)
{
    const char *expected;
    bool on_expect;
    switch (arg->kind) {
    case ARG_DELIMITER:
        return build_delimiter(s, value, &connection->delimiter);
    case ARG_RECEIVE_BUFFER:
        if (!connection->reads_on_expect) {
            tell(s->b->l, node_key_place(value), "\"receive_buffer\" needs \"reads\": \"on-expect\"");
        }
        connection->receive_buffer = build_number(s, value, arg->min, arg->max);
        return connection->receive_buffer != NULL;
    case ARG_IGNORE:
        break;
    default:
        on_expect = arg->kind == ARG_READS;
        expected = on_expect ? "on-expect" : "ignore";
        if (!node_is(value, expected)) {
            tell_expected(s->b->l, value, arena_format(s->b->arena, "\"%s\"", expected));
            return false;
        }
        *(on_expect ? &connection->reads_on_expect : &connection->rest_ignored) = true;
        return true;
    }
    if (!check_list(s->b->l, value, "a list of patterns")) {
        return false;
    }
    const struct pattern **patterns = arena_alloc_array(s->b->arena, node_count(value), sizeof *patterns);
    bool complete = true;
    for (struct node_iterator i = node_each(value); node_next(&i);) {
        patterns[i.index] = build_pattern(s, i.node, false);
        complete = complete && patterns[i.index];
    }
    connection->ignore = patterns;
    connection->ignore_count = complete ? node_count(value) : 0;
    return complete;
}

/* The kinds that store a pointer; NULL after telling. */
static const void *build_pointer(struct scope *s, const struct step_arg *arg, struct node value)
{
    switch (arg->kind) {
    case ARG_TEXT:
        return build_text(s, value);
    case ARG_DATA:
        return build_data(s, value);
    case ARG_LINE:
        return build_line(s, value);
    case ARG_LINES:
        return build_data_list(s, value, DATA_LINES);
    case ARG_LINE_LIST:
        return build_data_list(s, value, DATA_LIST);
    case ARG_SPLIT:
        return build_split(s, value);
    case ARG_UNTIL:
        return build_until(s, value);
    case ARG_PATTERN:
        return build_pattern(s, value, true);
    case ARG_SILENCE:
        return build_silence(s, value);
    default:
        assert(arg->kind == ARG_NUMBER);
        return build_number(s, value, arg->min, arg->max);
    }
}

static bool is_connection_arg(enum arg_kind kind)
{
    return kind == ARG_DELIMITER || kind == ARG_REST || kind == ARG_IGNORE || kind == ARG_READS ||
           kind == ARG_RECEIVE_BUFFER;
}

static enum name_kind kind_of_name(enum arg_kind kind)
{
    switch (kind) {
    case ARG_PROGRAM:
        return NAME_PROGRAM;
    case ARG_LISTENER:
    case ARG_LISTENER_NEW:
        return NAME_LISTENER;
    case ARG_CONNECTION:
    case ARG_CONNECTION_NEW:
        return NAME_CONNECTION;
    case ARG_NAME_NEW:
        return NAME_VARIABLE;
    default:
        return NAME_NONE;
    }
}

bool build_arg(struct scope *s, const struct step_verb *verb, const struct step_arg *arg, struct node step,
               struct node value, void *args, struct step_node *out)
{
    size_t index = 0;
    int number;
    bool right;
    if (is_connection_arg(arg->kind)) { /* args begin with the connection that the step makes */
        assert(verb->args[0].kind == ARG_CONNECTION_NEW);
        index = *(size_t *)((char *)args + verb->args[0].offset);
        return index < s->b->connection_count &&
               build_connection_arg(s, arg, value, &s->b->connections[index]);
    }
    switch (arg->kind) {
    case ARG_PROGRAM:
    case ARG_LISTENER:
    case ARG_CONNECTION:
        right = build_named(s, value, kind_of_name(arg->kind), &index);
        STORE(size_t, index);
        return right;
    case ARG_LISTENER_NEW:
    case ARG_CONNECTION_NEW:
    case ARG_NAME_NEW:
        right = build_new_name(s, value, kind_of_name(arg->kind), &index);
        STORE(size_t, index);
        return right;
    case ARG_STREAM:
        return build_stream(s, value, (struct stream_ref *)((char *)args + arg->offset));
    case ARG_TARGET:
        return build_target(s, value, (struct connect_target *)((char *)args + arg->offset));
    case ARG_BOOL_TRUE:
        right = build_true(s, value);
        STORE(bool, right);
        return right;
    case ARG_CHOICE:
    case ARG_SIGNAL:
        number = arg->kind == ARG_CHOICE ? build_choice(s, value, arg->choices) : build_signal(s, value);
        STORE(int, number);
        return number != 0;
    case ARG_FILE: {
        struct include_binding *binding = arena_alloc(s->b->arena, sizeof *binding);
        for (size_t i = 0; i < verb->arg_count; i++) {
            if (verb->args[i].kind == ARG_VARS) {
                *(const struct include_binding **)((char *)args + verb->args[i].offset) = binding;
            }
        }
        return build_include(s, step, out, binding);
    }
    case ARG_VARS:
        return true; /* with the file */
    case ARG_STEPS:
        build_steps(s, value, &out->body);
        return true;
    default: {
        const void *pointer = build_pointer(s, arg, value);
        STORE(const void *, pointer);
        return pointer != NULL;
    }
    }
}
