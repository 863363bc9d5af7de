/*
 * sent - see sent.h.
 *
 * As written, each send and each element of a split is a chunk, also one without bytes. Under any other rule
 * the chunks are those that a run would write: the pieces of each burst.
 */
#include "harness/exchange/sent.h"

#include <stdlib.h>
#include <string.h>

#include "harness/run.h"
#include "harness/steps/args.h"

struct flow { /* one connection on the walk */
    struct sent *sent;
    const struct segmentation_item *item; /* NULL: as written */
    size_t next;                          /* of its listed cuts */
    bool open;                            /* a burst is */
    size_t begin;                         /* of the burst */
    bool fin;                             /* ends the burst */
    size_t pieces;                        /* chunks as written so far */
};

struct walk {
    const struct scenario *scenario;
    struct values values;
    struct segmentation cut;
    struct flow *flows;
    struct sent *sent;
    bool no_memory;
};

static void refuse(struct flow *flow, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void refuse(struct flow *flow, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!flow->sent->why_not[0]) {
        vsnprintf(flow->sent->why_not, sizeof flow->sent->why_not, format, args);
    }
    va_end(args);
}

static void add_cut(struct walk *w, struct sent *sent, size_t at)
{
    if (sent->cut_count == sent->cut_capacity) {
        size_t capacity = sent->cut_capacity ? 2 * sent->cut_capacity : 16;
        size_t *cuts = reallocarray(sent->cuts, capacity, sizeof *cuts);
        if (!cuts) {
            w->no_memory = true;
            return;
        }
        sent->cuts = cuts;
        sent->cut_capacity = capacity;
    }
    sent->cuts[sent->cut_count++] = at;
}

/* --- values
 * ------------------------------------------------------------------------------------------------------ */

static void bind(struct walk *w, const struct scenario_var *vars, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct seam_error ignored = {0}; /* loading has told */
        struct bytes value;
        if (!data_is_known(vars[i].value, &w->values)) {
            continue;
        }
        bytes_init(&value, VALUE_BYTES_MAX);
        if (data_expand(vars[i].value, &w->values, &w->scenario->delimiter, &value, &ignored) == 0 &&
            values_set(&w->values, vars[i].slot, value.data, value.length) != 0) {
            w->no_memory = true;
        }
        bytes_free(&value);
    }
}

static bool is_binder(const struct step *step)
{
    return step->verb == &step_repeat || step->verb == &step_include;
}

static void bind_entry(struct walk *w, const struct script_entry *entry)
{
    const struct step_verb *verb = entry->step->verb;
    for (size_t i = 0; i < verb->arg_count; i++) {
        const void *value = (const char *)entry->step->args + verb->args[i].offset;
        if (verb->args[i].kind == ARG_NAME_NEW && *(const size_t *)value > 0) {
            w->no_memory |=
                values_set_number(&w->values, *(const size_t *)value - 1, entry->repeat_index) != 0;
        } else if (verb->args[i].kind == ARG_VARS) {
            const struct include_binding *binding = *(const struct include_binding *const *)value;
            bind(w, binding ? binding->vars : NULL, binding ? binding->count : 0);
        }
    }
}

/* --- chunks
 * ------------------------------------------------------------------------------------------------------ */

static void add_piece(struct walk *w, struct flow *flow, const struct data *data,
                      const struct delimiter *delimiter, const struct step *step)
{
    struct seam_error error = {0};
    size_t before = flow->sent->bytes.length;
    if (flow->sent->why_not[0]) {
        return;
    }
    if (!data_is_known(data, &w->values)) {
        refuse(flow, "what it sends at %.120s:%d is known in a run only", step->place.path, step->place.line);
    } else if (data_expand(data, &w->values, delimiter, &flow->sent->bytes, &error) != 0) {
        refuse(flow, "what it sends at %.80s:%d: %.130s", step->place.path, step->place.line, error.text);
    } else if ((!flow->item || flow->item->rule == CUTS_AS_WRITTEN) && flow->pieces++ > 0) {
        add_cut(w, flow->sent, before);
    }
}

static void add_sized_pieces(struct walk *w, struct flow *flow, const struct data *data,
                             const struct number *number, const struct delimiter *delimiter,
                             const struct step *step)
{
    struct seam_error error = {0};
    int64_t size = 0;
    size_t at = flow->sent->bytes.length;
    add_piece(w, flow, data, delimiter, step);
    if (!number->constant && !text_is_known(number->text, &w->values)) {
        refuse(flow, "how it is split at %.120s:%d is known in a run only", step->place.path,
               step->place.line);
    } else if (number_expand(number, &w->values, &size, &error) != 0 || size < 1) {
        refuse(flow, "its \"split\" at %.120s:%d is no number of bytes", step->place.path, step->place.line);
    }
    if (flow->sent->why_not[0] || (flow->item && flow->item->rule != CUTS_AS_WRITTEN)) {
        return;
    }
    for (; flow->sent->bytes.length - at > (uint64_t)size; at += (size_t)size) {
        add_cut(w, flow->sent, at + (size_t)size);
    }
}

static void add_send(struct walk *w, const struct send_args *args, const struct step *step)
{
    struct flow *flow = &w->flows[args->connection];
    const struct delimiter *delimiter = &w->scenario->connections[args->connection].delimiter;
    const struct data *message = args->line ? args->line : args->lines ? args->lines : args->data;
    if (!flow->open) {
        flow->open = true;
        flow->begin = flow->sent->bytes.length;
    }
    flow->sent->sends = true;
    if (args->split && args->split->size) {
        add_sized_pieces(w, flow, message, args->split->size, delimiter, step);
    } else if (args->split) {
        for (size_t i = 0; i < args->split->item_count; i++) {
            add_piece(w, flow, args->split->items[i], delimiter, step);
        }
    } else {
        add_piece(w, flow, message, delimiter, step);
    }
}

/* The burst is over: where the rule cuts it, and at its beginning, which is a gate. */
static void end_burst(struct walk *w, struct flow *flow)
{
    const struct segmentation_item *item = flow->item;
    size_t begin = flow->begin, end = flow->sent->bytes.length;
    bool fin = flow->fin;
    flow->open = flow->fin = false;
    if (!item || item->rule == CUTS_AS_WRITTEN || flow->sent->why_not[0]) {
        return;
    }
    if (begin > 0 && begin < end) {
        add_cut(w, flow->sent, begin);
    }
    if (item->rule != CUTS_LISTED) {
        uint64_t size = item->rule == CUTS_EVERY_BYTE ? 1 : item->chunk_bytes;
        for (uint64_t left = end - begin; left > size; left -= size) {
            add_cut(w, flow->sent, end - (size_t)left + (size_t)size);
        }
        return;
    }
    for (; flow->next < item->cut_count && item->cuts[flow->next] < end + fin; flow->next++) {
        if (item->cuts[flow->next] <= begin) {
            refuse(flow, "its \"cut\" lists %llu, which is no free place",
                   (unsigned long long)item->cuts[flow->next]);
        } else if (item->cuts[flow->next] < end) { /* at the end: the FIN apart, which is no byte */
            add_cut(w, flow->sent, (size_t)item->cuts[flow->next]);
        }
    }
}

/* Which step is next, binders left out; NULL: none. */
static const struct step *next_step(const struct scenario *scenario, size_t at)
{
    while (++at < scenario->script_count) {
        if (!is_binder(scenario->script[at].step)) {
            return scenario->script[at].step;
        }
    }
    return NULL;
}

/* Does the burst go on behind the send at `at`? As in run_send.c and run_group.c. */
static bool goes_on(const struct walk *w, size_t at, size_t connection)
{
    const struct step *next = next_step(w->scenario, at);
    size_t other = SIZE_MAX;
    if (!next || w->scenario->script[at].step->barrier) {
        return false;
    }
    if (next->verb == &step_send) {
        other = ((const struct send_args *)next->args)->connection;
    } else if (next->verb != &step_close || !step_close_is_write(next, &other)) {
        return false;
    }
    return w->cut.interleaved || other == connection;
}

static void walk_step(struct walk *w, size_t at)
{
    const struct step *step = w->scenario->script[at].step;
    size_t connection = SIZE_MAX;
    if (is_binder(step)) {
        bind_entry(w, &w->scenario->script[at]);
        return;
    }
    if (step->verb == &step_send) {
        connection = ((const struct send_args *)step->args)->connection;
        add_send(w, step->args, step);
    } else if (step->verb == &step_close && step_close_is_write(step, &connection)) {
        w->flows[connection].fin = w->flows[connection].open;
    } else {
        return;
    }
    bool over = !goes_on(w, at, connection);
    size_t first = w->cut.interleaved ? 0 : connection;
    size_t last = w->cut.interleaved ? w->scenario->connection_count : connection + 1;
    for (size_t i = first; over && i < last; i++) { /* interleaved ones end together */
        if (w->flows[i].open) {
            end_burst(w, &w->flows[i]);
        }
    }
}

/* Listed cuts that no burst came to. */
static void check_cuts(struct flow *flow)
{
    const struct segmentation_item *item = flow->item;
    if (item && item->rule == CUTS_LISTED && flow->next < item->cut_count) {
        refuse(flow, "its \"cut\" lists %llu, which is no free place",
               (unsigned long long)item->cuts[flow->next]);
    }
}

static bool open_walk(struct walk *w)
{
    const struct scenario *s = w->scenario;
    struct seam_error ignored = {0}; /* loading has read it */
    w->sent = calloc(s->connection_count + 1, sizeof *w->sent);
    w->flows = calloc(s->connection_count + 1, sizeof *w->flows);
    if (!w->sent || !w->flows || values_open(&w->values, s->slot_count, s->slot_names) != 0 ||
        (s->cut && segmentation_parse(s->cut, &w->cut, &ignored) != 0)) {
        return false;
    }
    if (values_set(&w->values, s->slot_case, SENT_CASE, strlen(SENT_CASE)) != 0) {
        return false;
    }
    for (size_t i = 0; i < s->connection_count; i++) {
        bytes_init(&w->sent[i].bytes, SENT_BYTES_MAX);
        w->flows[i].sent = &w->sent[i];
        w->flows[i].item = segmentation_find(&w->cut, s->connections[i].name);
    }
    return true;
}

struct sent *sent_collect(const struct scenario *scenario)
{
    struct walk w = {.scenario = scenario};
    w.no_memory = !open_walk(&w);
    if (!w.no_memory) {
        bind(&w, scenario->vars, scenario->var_count);
    }
    for (size_t i = 0; !w.no_memory && i < scenario->script_count; i++) {
        walk_step(&w, i);
    }
    for (size_t i = 0; !w.no_memory && i < scenario->connection_count; i++) {
        check_cuts(&w.flows[i]);
    }
    if (w.no_memory) {
        sent_free(w.sent, scenario);
        w.sent = NULL;
    }
    values_close(&w.values);
    segmentation_close(&w.cut);
    free(w.flows);
    return w.sent;
}

void sent_free(struct sent *sent, const struct scenario *scenario)
{
    for (size_t i = 0; sent && i < scenario->connection_count; i++) {
        bytes_free(&sent[i].bytes);
        free(sent[i].cuts);
    }
    free(sent);
}
