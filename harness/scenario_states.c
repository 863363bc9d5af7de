/*
 * scenario_states - what becomes of connections and programs as the script runs, as far as it is certain
 * before.
 *
 * A script has no conditions, so what a step closes or stops stays so: to use it later is a mistake that
 * needs no run.
 */
#include "harness/scenario_unroll.h"

#include <string.h>

static bool verb_is(const struct step_node *node, const char *name)
{
    return strcmp(node->step.verb->name, name) == 0;
}

/* The argument's place in the verb's struct; NULL when it was not written. */
static const void *written(const struct step_node *node, const char *name)
{
    const struct step_verb *verb = node->step.verb;
    for (size_t i = 0; i < verb->arg_count; i++) {
        if (strcmp(verb->args[i].name, name) == 0) {
            return node->arg_places[i].path ? (const char *)node->step.args + verb->args[i].offset : NULL;
        }
    }
    return NULL;
}

static bool choice_is(const struct step_node *node, const char *name, const char *word)
{
    const struct step_verb *verb = node->step.verb;
    const int *choice = written(node, name);
    for (size_t i = 0; choice && i < verb->arg_count; i++) {
        if (strcmp(verb->args[i].name, name) == 0) {
            return *choice > 0 && strcmp(verb->args[i].choices[*choice - 1], word) == 0;
        }
    }
    return false;
}

/* --- connections
 * ------------------------------------------------------------------------------------------------------ */

static void make(struct unroll *u, const struct step_node *node, struct life_state *state, const char *what,
                 const char *name)
{
    if (state->life != LIFE_NOT_YET) {
        tell(u->b->l, node->step.verb_place,
             "a repeat would make the %s \"%s\" again: a name is used once per run", what, name);
        return;
    }
    bool refused = written(node, "refused");
    *state = (struct life_state){.life = refused ? LIFE_CLOSED : LIFE_OPEN, .since = node->step.place};
}

static void use_connection(struct unroll *u, const struct step_node *node, size_t index)
{
    struct life_state *state = &u->connections[index];
    const char *name = u->b->connections[index].name;
    bool writes = verb_is(node, "send") || choice_is(node, "how", "write");
    if (state->life == LIFE_NOT_YET) {
        tell(u->b->l, node->step.verb_place, "the connection \"%s\" is not made before this step", name);
    } else if (state->life == LIFE_CLOSED || (state->life == LIFE_WRITE_CLOSED && writes)) {
        tell(u->b->l, node->step.verb_place, "\"%s\" was closed%s at %s:%d:%d", name,
             state->life == LIFE_CLOSED ? "" : " for writing", state->since.path, state->since.line,
             state->since.column);
    } else if (verb_is(node, "close")) {
        *state =
            (struct life_state){.life = choice_is(node, "how", "write") ? LIFE_WRITE_CLOSED : LIFE_CLOSED,
                                .since = node->step.place};
    } else if (written(node, "reset")) {
        *state = (struct life_state){.life = LIFE_CLOSED, .since = node->step.place};
    }
}

/* --- programs
 * ---------------------------------------------------------------------------------------------------------
 */

static void start_program(struct unroll *u, const struct step_node *node, size_t index)
{
    struct life_state *state = &u->programs[index];
    if (state->life != LIFE_NOT_YET) {
        tell(u->b->l, node->step.verb_place,
             "\"%s\" was started at %s:%d:%d already: a program is started once per run",
             u->b->programs[index].name, state->since.path, state->since.line, state->since.column);
        return;
    }
    *state = (struct life_state){.life = LIFE_OPEN, .since = node->step.place};
}

/* reads: of what it has written, which stays when it has ended. */
static void use_program(struct unroll *u, const struct step_node *node, size_t index, bool ends, bool reads)
{
    struct life_state *state = &u->programs[index];
    const struct program *program = &u->b->programs[index];
    if (program->explicit_start && state->life == LIFE_NOT_YET) {
        tell(u->b->l, node->step.verb_place, "\"%s\" is not started before this step, but by a later one",
             program->name);
        return;
    }
    if (state->life == LIFE_CLOSED && !reads) {
        tell(u->b->l, node->step.verb_place, "\"%s\" has ended at %s:%d:%d", program->name, state->since.path,
             state->since.line, state->since.column);
        return;
    }
    if (ends || state->life == LIFE_NOT_YET) {
        *state = (struct life_state){.life = ends ? LIFE_CLOSED : LIFE_OPEN, .since = node->step.place};
    }
}

/* --- all
 * --------------------------------------------------------------------------------------------------------------
 */

static void follow_stream(struct unroll *u, const struct step_node *node, const struct stream_ref *stream)
{
    if (stream->kind == STREAM_CONNECTION) {
        use_connection(u, node, stream->index);
    } else {
        use_program(u, node, stream->index, stream->kind == STREAM_PROGRAM, stream->kind != STREAM_PROGRAM);
    }
}

static void follow_target(struct unroll *u, const struct step_node *node, const struct connect_target *target)
{
    if (!target->is_address && !written(node, "refused")) {
        use_program(u, node, target->program, false, false);
    }
}

void states_follow(struct unroll *u, const struct step_node *node)
{
    const struct step_verb *verb = node->step.verb;
    for (size_t i = 0; i < verb->arg_count; i++) {
        const void *value = (const char *)node->step.args + verb->args[i].offset;
        const size_t *index = value;
        if (!node->arg_places[i].path) {
            continue;
        }
        switch (verb->args[i].kind) {
        case ARG_CONNECTION_NEW:
            make(u, node, &u->connections[*index], "connection", u->b->connections[*index].name);
            break;
        case ARG_LISTENER_NEW:
            make(u, node, &u->listeners[*index], "listener", u->b->listeners[*index].name);
            break;
        case ARG_CONNECTION:
            use_connection(u, node, *index);
            break;
        case ARG_PROGRAM:
            if (verb_is(node, "start")) {
                start_program(u, node, *index);
            } else {
                use_program(u, node, *index, verb_is(node, "stop"), false);
            }
            break;
        case ARG_STREAM:
            follow_stream(u, node, value);
            break;
        case ARG_TARGET:
            follow_target(u, node, value);
            break;
        default:
            break;
        }
    }
}
