/* trace - see trace.h. */
#include "harness/trace.h"

#include <stdlib.h>

void trace_open(struct trace *trace, size_t stream_count)
{
    *trace = (struct trace){.stream_count = stream_count};
}

void trace_close(struct trace *trace)
{
    free(trace->messages);
    free(trace->units);
    free(trace->checkpoints);
    free(trace->lengths);
    *trace = (struct trace){0};
}

/* Room for one item more; false marks the trace as incomplete. */
static bool grow(struct trace *trace, void **items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity ? 2 * *capacity : 32;
    void *grown = reallocarray(*items, wanted, item_bytes);
    if (!grown) {
        trace->incomplete = true;
        return false;
    }
    *items = grown;
    *capacity = wanted;
    return true;
}

void trace_message_add(struct trace *trace, const struct trace_message *message)
{
    if (grow(trace, (void **)&trace->messages, trace->message_count, &trace->message_capacity,
             sizeof *message)) {
        trace->messages[trace->message_count++] = *message;
    }
}

void trace_unit_add(struct trace *trace, const struct trace_unit *unit)
{
    if (grow(trace, (void **)&trace->units, trace->unit_count, &trace->unit_capacity, sizeof *unit)) {
        trace->units[trace->unit_count++] = *unit;
    }
}

uint64_t *trace_checkpoint_add(struct trace *trace, const struct trace_checkpoint *checkpoint)
{
    size_t capacity = trace->checkpoint_capacity;
    if (!grow(trace, (void **)&trace->checkpoints, trace->checkpoint_count, &capacity, sizeof *checkpoint)) {
        return NULL;
    }
    if (capacity != trace->checkpoint_capacity) {
        uint64_t *lengths =
            reallocarray(trace->lengths, capacity, trace->stream_count * sizeof *trace->lengths);
        if (!lengths) {
            trace->incomplete = true;
            return NULL;
        }
        trace->lengths = lengths;
        trace->checkpoint_capacity = capacity;
    }
    trace->checkpoints[trace->checkpoint_count] = *checkpoint;
    return trace->lengths + trace->checkpoint_count++ * trace->stream_count;
}

const uint64_t *trace_lengths(const struct trace *trace, size_t checkpoint)
{
    return trace->lengths + checkpoint * trace->stream_count;
}
