/*
 * python_send - what a Python script sends, and where its chunks end: as sent.c and run_send.c have it.
 *
 * As written each send is a step of the script, with its own chunks. Under any other rule a burst is one: its
 * bytes are collected until it is over, and must be known by then.
 */
#include <string.h>

#include "harness/exchange/python_script.h"
#include "harness/exchange/sent.h"
#include "harness/run.h"
#include "harness/steps/args.h"

static bool is_written(const struct script_flow *flow)
{
    return !flow->item || flow->item->rule == CUTS_AS_WRITTEN;
}

static void begin_chunks(struct script *s, const struct step *step, size_t connection)
{
    script_begin_step(s, step, "send");
    script_say_text(s, s->scenario->connections[connection].name);
    script_say(s, ", [");
}

/* --- as written
 * ------------------------------------------------------------------------------------------------------ */

static void say_sized(struct script *s, const struct send_args *args, const struct data *message)
{
    const struct delimiter *delimiter = &s->scenario->connections[args->connection].delimiter;
    struct python_parts parts = {0};
    int64_t size = script_number(s, args->split->size);
    script_flatten(s, message, delimiter, &parts);
    if (!script_refused(s) && size < 1) {
        script_refuse(s, "\"split\" is no number of bytes");
    } else if (!python_parts_known(&parts)) {
        script_refuse(s, "what is split into chunks of equal size is known in a run only");
    }
    const char *at = !script_refused(s) && parts.count ? bytes_text(&parts.items[0].known) : "";
    for (size_t left = script_refused(s) ? 0 : parts.bytes; left > 0;) {
        size_t length = left < (uint64_t)size ? left : (size_t)size;
        python_append_bytes(s->out, at, length);
        script_say(s, ", ");
        at += length;
        left -= length;
    }
    python_parts_close(&parts);
}

static void send_as_written(struct script *s, const struct send_args *args, const struct step *step)
{
    const struct delimiter *delimiter = &s->scenario->connections[args->connection].delimiter;
    const struct data *message = args->line ? args->line : args->lines ? args->lines : args->data;
    begin_chunks(s, step, args->connection);
    if (args->split && args->split->size) {
        say_sized(s, args, message);
    } else if (args->split) {
        for (size_t i = 0; i < args->split->item_count; i++) {
            script_say_data(s, args->split->items[i], delimiter);
            script_say(s, ", ");
        }
    } else {
        script_say_data(s, message, delimiter);
    }
    script_say(s, args->evidence ? "], {\"unproved\": True}),\n" : "], {}),\n");
}

/* --- bursts
 * ------------------------------------------------------------------------------------------------------ */

static void collect(struct script *s, struct script_flow *flow, const struct data *data,
                    const struct delimiter *delimiter)
{
    struct python_parts parts = {0};
    script_flatten(s, data, delimiter, &parts);
    if (!python_parts_known(&parts)) {
        script_refuse(s, "what is cut by \"cut\" is known in a run only");
    } else if (parts.count &&
               bytes_append(&flow->bytes, bytes_text(&parts.items[0].known), parts.bytes) != BYTES_OK) {
        script_refuse(s, "more data than fits into a script");
    }
    python_parts_close(&parts);
}

static void add_to_burst(struct script *s, struct script_flow *flow, const struct send_args *args,
                         const struct step *step)
{
    const struct delimiter *delimiter = &s->scenario->connections[args->connection].delimiter;
    const struct data *message = args->line ? args->line : args->lines ? args->lines : args->data;
    if (!flow->open) {
        flow->open = true;
        flow->unproved = flow->proved = false;
        flow->first = step;
        bytes_clear(&flow->bytes);
    }
    flow->unproved |= args->evidence != 0;
    flow->proved |= args->evidence == 0;
    for (size_t i = 0; args->split && !args->split->size && i < args->split->item_count; i++) {
        collect(s, flow, args->split->items[i], delimiter);
    }
    if (!args->split || args->split->size) {
        collect(s, flow, message, delimiter);
    }
}

/* Where the chunk that begins at `at` ends; `end`: with the burst. Offsets of the connection. */
static uint64_t next_cut(struct script *s, struct script_flow *flow, uint64_t at, uint64_t end)
{
    const struct segmentation_item *item = flow->item;
    if (item->rule != CUTS_LISTED) {
        uint64_t size = item->rule == CUTS_EVERY_BYTE ? 1 : item->chunk_bytes;
        return end - at > size ? at + size : end;
    }
    if (flow->next == item->cut_count || item->cuts[flow->next] >= end) {
        return end;
    }
    if (item->cuts[flow->next] <= flow->begin) {
        script_refuse(s, "its \"cut\" lists %llu, which is no free place",
                      (unsigned long long)item->cuts[flow->next]);
    }
    return item->cuts[flow->next++];
}

/* fin: it belongs to the burst. True: it left with the last bytes. */
static bool end_burst(struct script *s, struct script_flow *flow, size_t connection, bool fin)
{
    uint64_t end = flow->begin + flow->bytes.length, last = end + fin;
    bool joins = false;
    if (flow->unproved && flow->proved) {
        script_refuse(s, "a burst of which a part must be proved, and a part need not");
    }
    begin_chunks(s, flow->first, connection);
    for (uint64_t at = flow->begin; at < end && !script_refused(s);) {
        uint64_t cut = next_cut(s, flow, at, last);
        joins = cut > end;
        cut = cut < end ? cut : end;
        python_append_bytes(s->out, bytes_text(&flow->bytes) + (at - flow->begin), (size_t)(cut - at));
        script_say(s, ", ");
        at = cut;
    }
    script_say(s, "], {%s%s%s}),\n", flow->unproved ? "\"unproved\": True" : "",
               flow->unproved && joins ? ", " : "", joins ? "\"fin_joins\": True" : "");
    flow->begin = last;
    flow->open = false;
    return joins;
}

/* Which step is next, binders left out; NULL: none. */
static const struct step *next_step(const struct scenario *scenario, size_t at)
{
    while (++at < scenario->script_count) {
        const struct step *step = scenario->script[at].step;
        if (step->verb != &step_repeat && step->verb != &step_include) {
            return step;
        }
    }
    return NULL;
}

static bool goes_on(const struct script *s, size_t at, size_t connection)
{
    const struct step *next = next_step(s->scenario, at);
    size_t other = SIZE_MAX;
    if (!next || s->scenario->script[at].step->barrier) {
        return false;
    }
    if (next->verb == &step_send) {
        return ((const struct send_args *)next->args)->connection == connection;
    }
    return next->verb == &step_close && step_close_is_write(next, &other) && other == connection;
}

void script_send(struct script *s, size_t at)
{
    const struct step *step = s->scenario->script[at].step;
    const struct send_args *args = step->args;
    struct script_flow *flow = &s->flows[args->connection];
    if (is_written(flow)) {
        send_as_written(s, args, step);
        return;
    }
    add_to_burst(s, flow, args, step);
    if (!goes_on(s, at, args->connection)) {
        end_burst(s, flow, args->connection, false);
    }
}

bool script_close_write(struct script *s, size_t at, size_t connection)
{
    struct script_flow *flow = &s->flows[connection];
    (void)at;
    if (is_written(flow)) {
        return false;
    }
    if (flow->open) {
        return end_burst(s, flow, connection, true);
    }
    flow->begin++;
    return false;
}

void script_check_cuts(struct script *s)
{
    for (size_t i = 0; i < s->scenario->connection_count; i++) {
        const struct script_flow *flow = &s->flows[i];
        const struct segmentation_item *item = flow->item;
        if (item && item->rule == CUTS_LISTED && flow->next < item->cut_count) {
            script_refuse(s, "its \"cut\" lists %llu, which is no free place",
                          (unsigned long long)item->cuts[flow->next]);
        }
    }
}
