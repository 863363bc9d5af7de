/*
 * run_send - bursts become chunks: what is queued is cut by the segmentation, and each cut is proved.
 *
 * A send queues its bytes and marks where its own writes end; a close write queues the FIN, which counts as
 * one more byte. The pump writes every chunk whose end is known, and the rest when the burst is over (a gate
 * always cuts). Before the next byte or FIN leaves, the chunk before it must be proved: read whole by the
 * program, by a read that has returned.
 */
#include "harness/run.h"
#include "harness/steps/args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_WHOLE_BYTES_MAX = 65536 };

static uint64_t data_end(const struct run_connection *c)
{
    return c->out_base + c->out.length;
}

uint64_t run_queued_end(const struct run_connection *c)
{
    return data_end(c) + (c->fin_queued ? 1 : 0);
}

static int add_mark(struct run_connection *c, uint64_t offset)
{
    if (c->mark_count && c->marks[c->mark_count - 1] == offset) {
        return 0;
    }
    if (c->mark_count == c->mark_capacity) {
        size_t capacity = c->mark_capacity ? 2 * c->mark_capacity : 16;
        uint64_t *marks = realloc(c->marks, capacity * sizeof *marks);
        if (!marks) {
            return -1;
        }
        c->marks = marks;
        c->mark_capacity = capacity;
    }
    c->marks[c->mark_count++] = offset;
    return 0;
}

/* Does the burst go on with the next step? Binding a variable is no gate; a barrier is one. */
bool run_burst_goes_on(const struct run *run, size_t connection)
{
    const struct scenario *s = run->scenario;
    if (s->script[run->at].step->barrier) {
        return false;
    }
    for (size_t i = run->at + 1; i < s->script_count; i++) {
        const struct step *step = s->script[i].step;
        size_t other = SIZE_MAX;
        if (step->verb == &step_repeat || step->verb == &step_include) {
            continue;
        }
        if (step->verb == &step_send) {
            return *(const size_t *)step->args == connection; /* its first argument is the connection */
        }
        return step->verb == &step_close && step_close_is_write(step, &other) && other == connection;
    }
    return false;
}

static void begin_burst(struct run_connection *c)
{
    if (!c->burst_open) {
        c->burst_open = true;
        c->burst_start = c->written;
        c->mark_count = 0;
        c->mark_next = 0;
        c->burst_due = true;
    }
}

void run_queue_fin(struct run_connection *c)
{
    begin_burst(c);
    c->fin_queued = true;
}

static int queue_split(struct run *run, struct run_connection *c, const struct data *message,
                       const struct split *split, struct seam_error *error)
{
    if (!split->size) {
        for (size_t i = 0; i < split->item_count; i++) {
            if (data_expand(split->items[i], &run->values, &c->spec->delimiter, &c->out, error) < 0 ||
                add_mark(c, data_end(c)) < 0) {
                return -1;
            }
        }
        return 0;
    }
    int64_t size = 0;
    uint64_t start = data_end(c);
    if (number_expand(split->size, &run->values, &size, error) < 0) {
        return -1;
    }
    if (size < 1) {
        error->path = split->size->place.path;
        error->line = split->size->place.line;
        error->column = split->size->place.column;
        return seam_error_set(error, "\"split\" is %lld: chunks have at least 1 byte", (long long)size);
    }
    if (data_expand(message, &run->values, &c->spec->delimiter, &c->out, error) < 0) {
        return -1;
    }
    for (uint64_t at = start + (uint64_t)size; at < data_end(c); at += (uint64_t)size) {
        if (add_mark(c, at) < 0) {
            return seam_error_set(error, "out of memory");
        }
    }
    return 0;
}

static bool is_open(struct run *run, struct run_connection *c)
{
    if (c->state == RUN_CONNECTION_OPEN) {
        return true;
    }
    run_fail(run, RESULT_FAILED, NULL, "\"%s\" is not connected", c->spec->name);
    return false;
}

enum step_result run_queue_message(struct run *run, size_t connection, const struct data *message,
                                   const struct split *split, bool waived)
{
    struct run_connection *c = &run->connections[connection];
    struct seam_error error = {0};
    if (!is_open(run, c)) {
        return STEP_FAIL;
    }
    begin_burst(c);
    uint64_t begins = data_end(c);
    int queued = split ? queue_split(run, c, message, split, &error)
                       : data_expand(message, &run->values, &c->spec->delimiter, &c->out, &error);
    if (queued < 0) {
        return run_fail_error(run, RESULT_FAILED, &error);
    }
    if (data_end(c) > c->burst_start && add_mark(c, data_end(c)) < 0) {
        return run_fail(run, RESULT_ERROR, NULL, "out of memory");
    }
    run_trace_message(run, connection, message, begins, waived);
    if (waived) {
        c->waived_from = c->waived_to == begins ? c->waived_from : begins;
        c->waived_to = data_end(c);
    }
    return STEP_DONE;
}

/* Where the chunk that begins at `written` ends; 0: not known before more of the burst is queued. -1 in *bad:
 * a listed cut is no free place. */
static uint64_t next_cut(struct run_connection *c, bool flush, bool *bad)
{
    uint64_t end = run_queued_end(c), cut = 0;
    const struct segmentation_item *item = c->cuts;
    if (!item || item->rule == CUTS_AS_WRITTEN) {
        while (c->mark_next < c->mark_count && c->marks[c->mark_next] <= c->written) {
            c->mark_next++;
        }
        cut = c->mark_next < c->mark_count ? c->marks[c->mark_next] : 0;
    } else if (item->rule == CUTS_LISTED) {
        while (c->cut_next < item->cut_count && item->cuts[c->cut_next] <= c->written) {
            *bad |= item->cuts[c->cut_next] <= c->burst_start;
            c->cut_next++;
        }
        cut = c->cut_next < item->cut_count ? item->cuts[c->cut_next] : 0;
        *bad |= flush && cut == end;
    } else {
        uint64_t step = item->rule == CUTS_EVERY_BYTE ? 1 : item->chunk_bytes;
        cut = c->burst_start + ((c->written - c->burst_start) / step + 1) * step;
    }
    if (cut && cut <= end) {
        return cut;
    }
    return flush ? end : 0;
}

/* A listed cut that no byte came to belongs to another conversation: nothing was shown about it. */
enum step_result run_check_cuts(struct run *run, const struct run_connection *c)
{
    const struct segmentation_item *item = c->cuts;
    uint64_t sent = c->written - c->unsent_bytes;
    if (!item || item->rule != CUTS_LISTED || item->cut_count == 0 ||
        item->cuts[item->cut_count - 1] < sent) {
        return STEP_DONE;
    }
    run->failure = run->failed ? run->failure : RUN_FAILURE_MISFIT;
    return run_fail(
        run, RESULT_ERROR, &c->spec->place,
        "the segmentation does not fit: it cuts \"%s\" at %llu, but %llu byte%s sent (FIN counted)",
        c->spec->name, (unsigned long long)item->cuts[item->cut_count - 1], (unsigned long long)sent,
        sent == 1 ? " was" : "s were");
}

/* Records the chunk [written, end) as it begins to leave. */
static enum step_result begin_chunk(struct run *run, struct run_connection *c, uint64_t end)
{
    size_t length = (size_t)((end < data_end(c) ? end : data_end(c)) - c->written);
    const char *data =
        bytes_text(&c->out) + (c->written - c->out_base); /* a FIN may leave with no byte before it */
    uint64_t now_ns = run_now_ns(run);
    size_t event = SIZE_MAX;
    if (length) {
        event = transcript_chunk(&run->transcript, c->sent, run->at, data, length, now_ns);
    }
    if ((event != SIZE_MAX || !length) && end > data_end(c)) {
        event = transcript_event(&run->transcript, EVENT_END, c->sent, run->at, 0, now_ns);
    }
    if (event == SIZE_MAX) {
        return run_fail(run, RESULT_ERROR, NULL, "out of memory");
    }
    if (length > CHUNK_WHOLE_BYTES_MAX) {
        run_note(run, "chunk %llu of \"%s\" has %zu bytes: above %d the kernel may hand it over in parts",
                 (unsigned long long)c->chunk_number + 1, c->spec->name, length, CHUNK_WHOLE_BYTES_MAX);
    }
    c->chunk_event = event;
    c->chunk_number++;
    c->chunk_end = end;
    run->transcript.events[event].proof_due = true;
    return STEP_DONE;
}

/* Bytes of ours that can't leave any more. */
static void drop_queue(struct run_connection *c)
{
    c->unsent_bytes += data_end(c) - c->written;
    c->written = c->chunk_end = run_queued_end(c);
    c->fin_written = c->fin_queued;
}

/* Writes on at the chunk that has begun. STEP_DONE: it has left whole. */
static enum step_result write_chunk(struct run *run, struct run_connection *c)
{
    for (bool quiet = false; c->written < c->chunk_end;) {
        uint64_t stop = c->chunk_end < data_end(c) ? c->chunk_end : data_end(c);
        size_t length = (size_t)(stop - c->written);
        bool fin = c->chunk_end > data_end(c);
        const char *data = length ? c->out.data + (c->written - c->out_base) : "";
        ssize_t n = run->world->ops->connection_write(c->world, data, length, fin);
        if (n == -EAGAIN) {
            c->proof_due = false; /* no boundary lies inside a chunk */
            bool stuck = quiet;   /* it went to sleep, and there was still no room after that */
            quiet = !stuck && run_quiet_look(run, false) == RUN_QUIET_YES;
            if (stuck || (!quiet && run_out_of_time(run))) {
                return run_fail(run, RESULT_FAILED, NULL, "\"%s\" can't send: the program does not read; %s",
                                c->spec->name, stuck ? run->settle_facts.who : "time ran out");
            }
            if (quiet) {
                continue;
            }
            return STEP_WAIT;
        }
        quiet = false;
        if (n < 0) {
            run_peer_is_gone(run, c);
            drop_queue(c);
            return STEP_DONE;
        }
        run->step_began_ns = run_now_ns(run); /* the limit is for one wait, not for all chunks of a send */
        run_acted(run);
        c->written += (uint64_t)n;
        if (fin && (size_t)n == length) {
            c->written++;
            c->fin_written = true;
        }
    }
    c->proof_due = true;
    c->proof_looks = 0;
    c->proof_look_ns = 0;
    c->checkpoint_due = run_wants_checkpoint(run, c);
    c->paced_until_ns = run_now_ns(run) + run->options.paced_ns;
    return STEP_DONE;
}

void run_end_burst(struct run_connection *c)
{
    c->burst_open = false;
    c->out_base = data_end(c);
    bytes_clear(&c->out);
    c->mark_count = c->mark_next = 0;
}

static enum step_result fail_misfit(struct run *run, const struct run_connection *c)
{
    run->failure = run->failed ? run->failure : RUN_FAILURE_MISFIT;
    return run_fail(
        run, RESULT_ERROR, NULL,
        "the segmentation does not fit: a cut it lists for \"%s\" is not at a free place of the burst "
        "that begins at byte %llu (gates always cut and are not listed)",
        c->spec->name, (unsigned long long)c->burst_start);
}

/* Writes one chunk, or goes on with it. STEP_DONE: it has left whole, or, with *idle, no chunk is ready.
 * flush: the burst is over, so its rest is a chunk too. */
enum step_result run_pump_chunk(struct run *run, struct run_connection *c, bool flush, bool *idle)
{
    *idle = false;
    if (c->checkpoint_due) {
        enum step_result settled = run_checkpoint(run, c);
        if (settled != STEP_DONE) {
            return settled;
        }
    }
    if (c->peer_closed) {
        drop_queue(c);
    }
    if (c->written >= c->chunk_end) {
        bool bad = false;
        uint64_t end = c->written < run_queued_end(c) ? next_cut(c, flush, &bad) : 0;
        if (bad) {
            return fail_misfit(run, c);
        }
        if (end == 0) {
            *idle = true;
            return STEP_DONE;
        }
        enum step_result proved = run_prove(run, c);
        if (proved != STEP_DONE || c->peer_closed) {
            return proved;
        }
        if (c->burst_due && run->options.checkpoint_bursts &&
            (proved = run_checkpoint_before(run, c)) != STEP_DONE) {
            return proved;
        }
        c->burst_due = false;
        if (begin_chunk(run, c, end) != STEP_DONE) {
            return STEP_FAIL;
        }
    }
    return write_chunk(run, c);
}

enum step_result run_pump_out(struct run *run, size_t connection)
{
    struct run_connection *c = &run->connections[connection];
    bool flush = !run_burst_goes_on(run, connection);
    if (!is_open(run, c)) {
        return STEP_FAIL;
    }
    if (run->segmentation && run->segmentation->interleaved) {
        return run_pump_group(run);
    }
    for (bool idle = false; !idle;) {
        enum step_result result = run_pump_chunk(run, c, flush, &idle);
        if (result != STEP_DONE) {
            return result;
        }
    }
    if (flush) {
        run_end_burst(c);
    }
    return STEP_DONE;
}
