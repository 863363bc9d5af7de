/* subject - see subject.h. */
#include "harness/sweep/subject.h"

#include "harness/run.h"
#include "harness/steps/args.h"

#include <stdlib.h>
#include <string.h>

static void begin(const struct scenario *scenario, enum subject_kind kind, struct subject *out)
{
    *out =
        (struct subject){.kind = kind, .scenario = *scenario, .arena = arena_new(), .connection = SIZE_MAX};
    out->scenario.cut = NULL;
}

void subject_plain(const struct scenario *scenario, struct subject *out)
{
    begin(scenario, SUBJECT_PLAIN, out);
}

void subject_close(struct subject *subject)
{
    if (subject->has_baseline) {
        record_close(&subject->baseline);
    }
    if (subject->has_lockstep) {
        record_close(&subject->lockstep);
    }
    layout_close(&subject->layout);
    plan_close(&subject->plan);
    points_free(subject->points);
    free(subject->dues);
    arena_free(subject->arena);
    *subject = (struct subject){0};
}

const struct data *data_literal(struct arena *arena, const void *bytes, size_t length)
{
    struct data *data = arena_alloc(arena, sizeof *data);
    *data = (struct data){.kind = DATA_LITERAL,
                          .literal = arena_copy(arena, length ? bytes : "", length),
                          .literal_length = length};
    return data;
}

const struct step *step_new(struct arena *arena, const struct step_verb *verb, const void *args,
                            size_t args_bytes, const struct place *place)
{
    struct step *step = arena_alloc(arena, sizeof *step);
    *step = (struct step){.verb = verb, .args = arena_copy(arena, args, args_bytes), .place = *place};
    step->verb_place = *place;
    return step;
}

/* Copies the script with room for one entry more behind `at`; returns the copy. */
static struct script_entry *copy_script(struct subject *subject, size_t at, size_t more)
{
    const struct scenario *s = &subject->scenario;
    struct script_entry *script = arena_alloc_array(subject->arena, s->script_count + more, sizeof *script);
    for (size_t i = 0; i < s->script_count; i++) {
        script[i <= at || at == SIZE_MAX ? i : i + more] = s->script[i];
    }
    subject->scenario.script = script;
    subject->scenario.script_count += more;
    return script;
}

/* --- pipelined
 * ------------------------------------------------------------------------------------------------------ */

static bool captures(const struct pattern *pattern)
{
    return pattern && pattern->group_count > 0;
}

/* Does the data use a variable that the pattern's groups set? */
static bool data_uses(const struct scenario *scenario, const struct data *data, const struct pattern *pattern)
{
    struct values values = {0};
    if (!data || !captures(pattern)) {
        return false;
    }
    if (values_open(&values, scenario->slot_count, scenario->slot_names) < 0) {
        return true;
    }
    for (size_t i = 0; i < values.count; i++) {
        values.slots[i].set = true;
    }
    for (size_t i = 0; i < pattern->group_count; i++) {
        values.slots[pattern->groups[i].slot].set = false;
    }
    bool known = data_is_known(data, &values);
    values_close(&values);
    return !known;
}

static bool send_uses(const struct scenario *scenario, const struct send_args *send,
                      const struct pattern *pattern)
{
    const struct data *message = send->line ? send->line : send->lines ? send->lines : send->data;
    bool uses = data_uses(scenario, message, pattern);
    for (size_t i = 0; send->split && i < send->split->item_count; i++) {
        uses |= data_uses(scenario, send->split->items[i], pattern);
    }
    return uses;
}

/* May the write of this send cross that step? */
static bool may_cross(const struct scenario *scenario, const struct send_args *send, const struct step *step)
{
    if (step->verb != &step_expect || step->barrier) {
        return false;
    }
    const struct expect_args *e = step->args;
    if (e->stream.kind != STREAM_CONNECTION || e->stream.index != send->connection || e->silence || e->eof ||
        e->reset) {
        return false;
    }
    return !send_uses(scenario, send, e->matches) &&
           !(e->until && send_uses(scenario, send, e->until->matches));
}

bool subject_pipelined(const struct scenario *scenario, struct subject *out, size_t *joins)
{
    begin(scenario, SUBJECT_PIPELINED, out);
    struct script_entry *script = copy_script(out, SIZE_MAX, 0);
    *joins = 0;
    for (size_t i = 1; i < scenario->script_count; i++) {
        struct script_entry entry = script[i];
        size_t to = i;
        if (entry.step->verb != &step_send) {
            continue;
        }
        while (to > 0 && may_cross(scenario, entry.step->args, script[to - 1].step)) {
            to--;
        }
        const struct step *before = to > 0 ? script[to - 1].step : NULL;
        bool beside = to < i && before && before->verb == &step_send && !before->barrier &&
                      *(const size_t *)before->args == *(const size_t *)entry.step->args;
        if (!beside) {
            continue; /* nothing to join it with */
        }
        memmove(&script[to + 1], &script[to], (i - to) * sizeof *script);
        script[to] = entry;
        ++*joins;
    }
    snprintf(out->name, sizeof out->name, "pipelined");
    if (*joins == 0) {
        subject_close(out);
        return false;
    }
    return true;
}

/* --- FIN behind the last message
 * ------------------------------------------------------------------------------------ */

static bool speaks_later(const struct scenario *scenario, size_t from, size_t connection)
{
    for (size_t i = from; i < scenario->script_count; i++) {
        const struct step *step = scenario->script[i].step;
        size_t other;
        if (step->verb == &step_send && *(const size_t *)step->args == connection) {
            return true;
        }
        if (step->verb == &step_close && step_close_is_write(step, &other) && other == connection) {
            return true;
        }
        if (step->verb == &step_close && ((const struct close_args *)step->args)->connection == connection &&
            ((const struct close_args *)step->args)->how == RUN_CLOSE_RESET) {
            return true;
        }
    }
    return false;
}

bool subject_fin(const struct subject *plain, size_t connection, struct subject *out)
{
    const struct layout_message *last = NULL;
    for (size_t i = 0; i < plain->layout.message_count; i++) {
        const struct layout_message *m = &plain->layout.messages[i];
        last = m->connection == connection ? m : last;
    }
    if (!last || last->fin || last->waived || speaks_later(&plain->scenario, last->step + 1, connection)) {
        return false;
    }
    begin(&plain->scenario, SUBJECT_FIN, out);
    out->connection = connection;
    struct script_entry *script = copy_script(out, last->step, 1);
    struct close_args close = {.connection = connection, .how = RUN_CLOSE_WRITE};
    script[last->step + 1] = (struct script_entry){
        .step = step_new(out->arena, &step_close, &close, sizeof close, &script[last->step].step->place)};
    snprintf(out->name, sizeof out->name, "FIN behind the last message of \"%s\"",
             plain->scenario.connections[connection].name);
    return true;
}

/* --- a peer that does not read
 * -------------------------------------------------------------------------------------- */

bool subject_slow(const struct subject *plain, size_t connection, struct subject *out)
{
    const struct scenario *s = &plain->scenario;
    bool sends = false, expects = false;
    for (size_t i = 0; i < plain->layout.message_count; i++) {
        sends |= plain->layout.messages[i].connection == connection;
    }
    for (size_t i = 0; i < s->script_count; i++) { /* only an expect reads it */
        const struct expect_args *e = s->script[i].step->args;
        expects |= s->script[i].step->verb == &step_expect && e->stream.kind == STREAM_CONNECTION &&
                   e->stream.index == connection && !e->silence;
    }
    for (size_t i = 0; i < s->script_count; i++) { /* over pipes there is no window to close */
        const struct connect_args *a = s->script[i].step->args;
        if (s->script[i].step->verb == &step_connect && a->connection == connection &&
            (a->to.is_address || s->programs[a->to.program].stdio)) {
            return false;
        }
    }
    if (!sends || !expects || s->connections[connection].rest_ignored ||
        s->connections[connection].reads_on_expect) {
        return false;
    }
    begin(s, SUBJECT_SLOW, out);
    out->connection = connection;
    struct connection *connections = arena_alloc_array(out->arena, s->connection_count, sizeof *connections);
    memcpy(connections, s->connections, s->connection_count * sizeof *connections);
    struct number *bytes = arena_alloc(out->arena, sizeof *bytes);
    *bytes = (struct number){.constant = true, .value = SUBJECT_SLOW_RECEIVE_BYTES};
    connections[connection].reads_on_expect = true;
    connections[connection].receive_buffer = bytes;
    out->scenario.connections = connections;
    snprintf(out->name, sizeof out->name, "\"%s\" does not read until a step waits for it",
             connections[connection].name);
    return true;
}

/* --- across a barrier
 * ------------------------------------------------------------------------------------------------ */

/* The message that leaves last before the step, and the one of the same connection that leaves first behind
 * it. */
static bool find_around(const struct subject *plain, size_t step, const struct layout_message **before,
                        const struct layout_message **after)
{
    const struct layout *layout = &plain->layout;
    *before = *after = NULL;
    for (size_t i = 0; i < layout->message_count; i++) {
        if (layout->messages[i].step <= step && !layout->messages[i].fin) {
            *before = &layout->messages[i];
        }
    }
    for (size_t i = 0; *before && i < layout->message_count; i++) {
        const struct layout_message *m = &layout->messages[i];
        if (m->connection == (*before)->connection && m->step > step && !m->fin) {
            *after = m;
            break;
        }
    }
    return *before != NULL;
}

/* The bytes that ride: the barrier's own, as far as they are known before a run, or the next message. */
static void find_probe(const struct subject *plain, const struct data *probe,
                       const struct layout_message *after, struct subject *out)
{
    struct values none = {0};
    struct bytes bytes;
    struct seam_error ignored = {0};
    if (!probe) {
        out->probe = after->data;
        out->probe_length = (size_t)(after->end - after->begin);
        return;
    }
    bytes_init(&bytes, (size_t)1 << 20);
    if (values_open(&none, plain->scenario.slot_count, plain->scenario.slot_names) == 0 &&
        data_is_known(probe, &none) &&
        data_expand(probe, &none, &plain->scenario.connections[out->connection].delimiter, &bytes,
                    &ignored) == 0) {
        out->probe = arena_copy(out->arena, bytes_text(&bytes), bytes.length);
        out->probe_length = bytes.length;
    }
    values_close(&none);
    bytes_free(&bytes);
}

bool subject_barrier(const struct subject *plain, size_t step, struct subject *out)
{
    const struct scenario *s = &plain->scenario;
    const struct layout_message *before, *after;
    const struct data *probe = s->script[step].step->barrier_probe;
    if (!find_around(plain, step, &before, &after) || (!probe && !after)) {
        return false;
    }
    const struct send_args *from = s->script[before->step].step->args;
    begin(s, SUBJECT_BARRIER, out);
    out->barrier_step = step;
    out->connection = before->connection;
    out->probe_message = (size_t)(before - plain->layout.messages);
    find_probe(plain, probe, after, out);
    const struct data *message = from->line ? from->line : from->lines ? from->lines : from->data;
    bool list = from->split && !from->split->size;
    size_t count = (list ? from->split->item_count : 1) + 1;
    const struct data **items = arena_alloc_array(out->arena, count, sizeof *items);
    for (size_t i = 0; i + 1 < count; i++) {
        items[i] = list ? from->split->items[i] : message;
    }
    items[count - 1] = out->probe ? data_literal(out->arena, out->probe, out->probe_length) : probe;
    struct data *joined = arena_alloc(out->arena, sizeof *joined);
    *joined = (struct data){.kind = DATA_LIST, .items = items, .item_count = count};
    struct send_args send = {.connection = before->connection, .data = joined};
    struct script_entry *script = copy_script(out, SIZE_MAX, 0);
    script[before->step].step =
        step_new(out->arena, &step_send, &send, sizeof send, &script[before->step].step->place);
    snprintf(out->name, sizeof out->name, "injection across the barrier at line %d",
             s->script[step].step->place.line);
    return true;
}
