/* specimen - see specimen.h. */
#include "harness/sweep/specimen.h"

#include "harness/run.h"
#include "harness/steps/args.h"

#include <stdlib.h>
#include <string.h>

/* --- making
 * ---------------------------------------------------------------------------------------------------------
 */

static bool is_binder(const struct step *step)
{
    return step->verb == &step_repeat || step->verb == &step_include;
}

/* A step that only waits or checks: what it stands for is a gate. */
static bool is_check(const struct step *step)
{
    struct step_end end;
    return step->verb == &step_settle || step->verb == &step_pause ||
           (step->verb == &step_expect && !step_expects_end(step, &end));
}

/* The cuts of the segmentation that lie in the message, and whether its end is cut. */
static int take_cuts(const struct subject *subject, const struct segmentation *segmentation, size_t message,
                     struct op *op)
{
    const struct layout_message *m = &subject->layout.messages[message];
    const struct layout_burst *burst = &subject->layout.bursts[m->burst];
    const struct segmentation_item *item =
        segmentation_find(segmentation, subject->layout.names[m->connection]);
    bool written = !item || item->rule == CUTS_AS_WRITTEN;
    op->cuts = calloc(op->length + 1, sizeof *op->cuts);
    if (!op->cuts) {
        return -1;
    }
    for (uint64_t p = m->begin + 1; !written && p < m->end; p++) {
        if (segmentation_cuts_at(item, burst->begin, p, false) &&
            layout_is_free(&subject->layout, burst, p)) {
            op->cuts[op->cut_count++] = (size_t)(p - m->begin);
        }
    }
    bool last = m->end == burst->end;
    op->joined = !last && !written && !segmentation_cuts_at(item, burst->begin, m->end, false);
    return 0;
}

static int add_message(const struct subject *subject, const struct segmentation *segmentation, size_t message,
                       struct specimen *out)
{
    const struct layout_message *m = &subject->layout.messages[message];
    struct op *op = &out->ops[out->count++];
    *op = (struct op){
        .kind = OP_MESSAGE, .connection = m->connection, .fin = m->fin, .interrupted_by = SIZE_MAX};
    op->entry = subject->scenario.script[m->step];
    if (m->fin) {
        return 0;
    }
    op->length = (size_t)(m->end - m->begin);
    op->bytes = malloc(op->length + 1);
    if (!op->bytes) {
        return -1;
    }
    memcpy(op->bytes, m->data, op->length);
    return take_cuts(subject, segmentation, message, op);
}

static void add_gate(struct specimen *out, const struct script_entry *entry)
{
    if (out->count > 0 && out->ops[out->count - 1].kind == OP_GATE) {
        return;
    }
    out->ops[out->count++] = (struct op){.kind = OP_GATE, .entry = *entry};
}

int specimen_make(const struct subject *subject, const struct segmentation *segmentation,
                  struct specimen *out)
{
    const struct scenario *s = &subject->scenario;
    size_t message = 0;
    *out = (struct specimen){.scenario = s, .slow = SIZE_MAX, .probe_at = SIZE_MAX};
    out->ops = calloc(s->script_count + subject->layout.message_count + 1, sizeof *out->ops);
    for (size_t i = 0; out->ops && i < s->script_count; i++) {
        const struct step *step = s->script[i].step;
        bool sends = false;
        for (; message < subject->layout.message_count && subject->layout.messages[message].step == i;
             message++) {
            sends = true;
            if (add_message(subject, segmentation, message, out) < 0) {
                specimen_close(out);
                return -1;
            }
        }
        if (sends || step->verb == &step_send || is_binder(step)) {
            continue;
        }
        if (is_check(step)) {
            add_gate(out, &s->script[i]);
        } else {
            out->ops[out->count++] = (struct op){.kind = OP_STEP, .entry = s->script[i]};
        }
    }
    return out->ops ? 0 : -1;
}

void specimen_close(struct specimen *specimen)
{
    for (size_t i = 0; specimen->ops && i < specimen->count; i++) {
        free(specimen->ops[i].bytes);
        free(specimen->ops[i].cuts);
    }
    free(specimen->ops);
    *specimen = (struct specimen){0};
}

int specimen_copy(const struct specimen *from, struct specimen *out)
{
    *out = *from;
    out->count = 0;
    out->ops = calloc(from->count + 1, sizeof *out->ops);
    for (size_t i = 0; out->ops && i < from->count; i++) {
        struct op *op = &out->ops[out->count++];
        *op = from->ops[i];
        op->bytes = malloc(op->length + 1);
        op->cuts = malloc((op->length + 1) * sizeof *op->cuts);
        if (!op->bytes || !op->cuts) {
            specimen_close(out);
            return -1;
        }
        if (op->length) {
            memcpy(op->bytes, from->ops[i].bytes, op->length);
        }
        if (op->cut_count) {
            memcpy(op->cuts, from->ops[i].cuts, op->cut_count * sizeof *op->cuts);
        }
    }
    return out->ops ? 0 : -1;
}

/* --- looking
 * -------------------------------------------------------------------------------------------------------- */

size_t specimen_next_in_burst(const struct specimen *specimen, size_t at)
{
    for (size_t i = at + 1; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        if (op->off) {
            continue;
        }
        return op->kind == OP_MESSAGE && op->connection == specimen->ops[at].connection ? i : SIZE_MAX;
    }
    return SIZE_MAX;
}

size_t specimen_cut_count(const struct specimen *specimen)
{
    size_t count = 0;
    for (size_t i = 0; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        if (!op->off && op->kind == OP_MESSAGE) {
            count += op->cut_count + (op->joined && specimen_next_in_burst(specimen, i) != SIZE_MAX);
        }
    }
    return count;
}

uint64_t specimen_offset(const struct specimen *specimen, size_t at)
{
    uint64_t offset = 0;
    for (size_t i = 0; i < at; i++) {
        const struct op *op = &specimen->ops[i];
        if (!op->off && op->kind == OP_MESSAGE && op->connection == specimen->ops[at].connection) {
            offset += op->fin ? 1 : op->length;
        }
    }
    return offset;
}

/* --- rendering
 * ------------------------------------------------------------------------------------------------------ */

/* Bytes that nobody takes must not fail it. */
static void ignore_rests(struct subject *subject)
{
    struct scenario *s = &subject->scenario;
    struct connection *connections =
        arena_alloc_array(subject->arena, s->connection_count + 1, sizeof *connections);
    for (size_t i = 0; i < s->connection_count; i++) {
        connections[i] = s->connections[i];
        connections[i].rest_ignored = true;
    }
    s->connections = connections;
}

static const struct step *make_send(struct subject *subject, const struct op *op)
{
    const struct place *place = &op->entry.step->place;
    if (op->fin) {
        struct close_args close = {.connection = op->connection, .how = RUN_CLOSE_WRITE};
        return step_new(subject->arena, &step_close, &close, sizeof close, place);
    }
    struct send_args send = {.connection = op->connection,
                             .data = data_literal(subject->arena, op->bytes, op->length)};
    return step_new(subject->arena, &step_send, &send, sizeof send, place);
}

/* A program that runs by then; SIZE_MAX: none does. */
static size_t started_program(const struct script_entry *script, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        const struct step *step = script[i].step;
        const struct connect_args *connect = step->args;
        if (step->verb == &step_start) {
            return *(const size_t *)step->args;
        }
        if (step->verb == &step_connect && !connect->to.is_address) {
            return connect->to.program;
        }
    }
    return SIZE_MAX;
}

/* Waits until the programs have settled. */
static const struct step *make_settle(struct subject *subject, const struct op *op, size_t program)
{
    struct settle_args settle = {.program = program};
    return step_new(subject->arena, &step_settle, &settle, sizeof settle, &op->entry.step->place);
}

/* Where the specimen cuts a connection; ends of messages are cut unless joined. */
static int segment(const struct specimen *specimen, size_t connection, struct segmentation *out)
{
    uint64_t offset = 0, *cuts = NULL;
    size_t count = 0, capacity = 0;
    bool speaks = false;
    for (size_t i = 0; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        if (op->off || op->kind != OP_MESSAGE || op->connection != connection) {
            continue;
        }
        size_t most = count + op->cut_count + 1;
        if (most > capacity) {
            capacity = 2 * most;
            uint64_t *grown = reallocarray(cuts, capacity, sizeof *cuts);
            if (!grown) {
                free(cuts);
                return -1;
            }
            cuts = grown;
        }
        speaks = true;
        for (size_t k = 0; k < op->cut_count; k++) {
            cuts[count++] = offset + op->cuts[k];
        }
        offset += op->fin ? 1 : op->length;
        bool goes_on = specimen_next_in_burst(specimen, i) != SIZE_MAX;
        if (goes_on && !op->joined) {
            cuts[count++] = offset;
        }
    }
    int result = speaks ? segmentation_set(out, specimen->scenario->connections[connection].name, CUTS_LISTED,
                                           0, cuts, count)
                        : 0;
    free(cuts);
    return result;
}

bool specimen_is_special(const struct specimen *specimen)
{
    bool special = specimen->slow != SIZE_MAX || specimen->probe_at != SIZE_MAX;
    for (size_t i = 0; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        special |= !op->off && op->kind == OP_MESSAGE && op->interrupted_by != SIZE_MAX;
    }
    return special;
}

void specimen_make_slow(struct subject *subject, size_t connection)
{
    struct scenario *s = &subject->scenario;
    struct connection *connections =
        arena_alloc_array(subject->arena, s->connection_count + 1, sizeof *connections);
    struct number *bytes = arena_alloc(subject->arena, sizeof *bytes);
    memcpy(connections, s->connections, s->connection_count * sizeof *connections);
    *bytes = (struct number){.constant = true, .value = SUBJECT_SLOW_RECEIVE_BYTES};
    connections[connection].reads_on_expect = true;
    connections[connection].receive_buffer = bytes;
    s->connections = connections;
}

struct rendering {
    const struct specimen *specimen;
    bool special;
    struct subject *out;
    struct script_entry *script;
    size_t count, messages;
    bool read; /* the slow connection has been */
};

static void put(struct rendering *r, const struct op *op, const struct step *step)
{
    r->script[r->count] = op->entry;
    r->script[r->count++].step = step;
}

/* What a slow connection has to say, all of it, when the program has done what it can unread: else it is a
 * race whether it had to wait. */
static void read_slow(struct rendering *r, const struct op *op)
{
    if (r->read || !r->special || r->specimen->slow == SIZE_MAX) {
        return;
    }
    size_t program = started_program(r->script, r->count);
    if (program != SIZE_MAX) {
        put(r, op, make_settle(r->out, op, program));
    }
    struct number *size = arena_alloc(r->out->arena, sizeof *size);
    *size = (struct number){.constant = true, .value = (int64_t)r->specimen->slow_bytes};
    struct expect_args expect = {.stream = {.kind = STREAM_CONNECTION, .index = r->specimen->slow},
                                 .size = size};
    put(r, op, step_new(r->out->arena, &step_expect, &expect, sizeof expect, &op->entry.step->place));
    r->read = true;
}

static struct op part_of(const struct op *op, size_t from, size_t to)
{
    struct op part = *op;
    part.bytes = op->bytes + from;
    part.length = to - from;
    return part;
}

static void put_message(struct rendering *r, const struct op *op)
{
    r->messages++;
    if (r->special && op->interrupted_by != SIZE_MAX && op->cut_count == 1) {
        struct op first = part_of(op, 0, op->cuts[0]), last = part_of(op, op->cuts[0], op->length);
        put(r, op, make_send(r->out, &first));
        put(r, op, make_send(r->out, &r->specimen->ops[op->interrupted_by]));
        put(r, op, make_send(r->out, &last));
        return;
    }
    const struct step *send = make_send(r->out, op);
    if (r->special &&
        op == &r->specimen->ops[r->specimen->probe_at == SIZE_MAX ? 0 : r->specimen->probe_at] &&
        r->specimen->probe_at != SIZE_MAX) {
        struct op with = *op;
        with.length = op->length + r->specimen->probe_length;
        with.bytes = arena_alloc(r->out->arena, with.length + 1);
        memcpy(with.bytes, op->bytes, op->length);
        memcpy(with.bytes + op->length, r->specimen->probe, r->specimen->probe_length);
        send = make_send(r->out, &with);
    }
    put(r, op, send);
}

static bool is_interruption(const struct specimen *specimen, size_t at)
{
    for (size_t i = 0; i < specimen->count; i++) {
        const struct op *op = &specimen->ops[i];
        if (!op->off && op->kind == OP_MESSAGE && op->interrupted_by == at) {
            return true;
        }
    }
    return false;
}

static void put_op(struct rendering *r, size_t i)
{
    const struct op *op = &r->specimen->ops[i];
    if (op->kind == OP_MESSAGE) {
        if (!r->special || !is_interruption(r->specimen, i)) {
            put_message(r, op);
        }
        return;
    }
    if (op->kind == OP_GATE) {
        size_t program = started_program(r->script, r->count);
        if (program != SIZE_MAX) {
            put(r, op, make_settle(r->out, op, program));
        }
        return;
    }
    if (op->entry.step->verb == &step_close || op->entry.step->verb == &step_stop) {
        read_slow(r, op);
    }
    put(r, op, op->entry.step);
}

bool specimen_render(const struct specimen *specimen, bool special, struct subject *out,
                     struct segmentation *segmentation)
{
    const struct scenario *s = specimen->scenario;
    struct rendering r = {.specimen = specimen, .special = special, .out = out};
    subject_plain(s, out);
    r.script = arena_alloc_array(out->arena, 3 * specimen->count + 3, sizeof *r.script);
    for (size_t i = 0; i < specimen->count; i++) {
        if (!specimen->ops[i].off) {
            put_op(&r, i);
        }
    }
    if (specimen->count > 0) {
        read_slow(&r, &specimen->ops[0]);
    }
    out->scenario.script = r.script;
    out->scenario.script_count = r.count;
    ignore_rests(out);
    if (special && specimen->slow != SIZE_MAX) {
        specimen_make_slow(out, specimen->slow);
    }
    *segmentation = (struct segmentation){0};
    bool good = r.messages > 0;
    for (size_t c = 0; good && c < s->connection_count && !(special && specimen_is_special(specimen)); c++) {
        good = segment(specimen, c, segmentation) == 0;
    }
    if (!good) {
        segmentation_close(segmentation);
        subject_close(out);
    }
    return good;
}
