/*
 * trace - what a sweep needs to know of a run beside its transcript: which bytes were which message, what the
 * expects took, and how much had been said each time the programs had settled.
 *
 * Plain data, filled by the runner when run_options.trace is set, read by harness/sweep/. Offsets count the
 * bytes of a transcript stream; of a SENT stream the FIN is one byte more.
 */
#ifndef SEAM_HARNESS_TRACE_H
#define SEAM_HARNESS_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One `send`, one element of its `lines`, or the FIN of a `close` of kind write. */
struct trace_message {
    size_t connection;
    uint64_t begin, end; /* begin == end: it has no bytes */
    size_t step;         /* index into the script */
    bool fin;
    bool waived; /* "evidence": "sent": nobody needs to read it before more is sent */
};

enum trace_unit_kind {
    TRACE_TAKEN,     /* what an expect took */
    TRACE_UNORDERED, /* lines that may stand in any order */
    TRACE_NAMED,     /* what a named group matched: compared by name, not by value */
};
struct trace_unit {
    enum trace_unit_kind kind;
    size_t stream;
    size_t begin, end;
    size_t step;
};

/* The programs had settled: everything they would say without new input had been read. */
struct trace_checkpoint {
    size_t step;
    bool before;                   /* a burst, with nothing of it written yet; else behind a chunk */
    bool timed;                    /* some thread may go on by itself: it waits with a timer, or sleeps */
    uint64_t cpu_ns, memory_bytes; /* of the programs, with run_options.checkpoint_bytes; else 0 */
};

struct trace {
    size_t stream_count;
    struct trace_message *messages;
    size_t message_count, message_capacity;
    struct trace_unit *units;
    size_t unit_count, unit_capacity;
    struct trace_checkpoint *checkpoints;
    uint64_t *lengths; /* checkpoint_count rows of stream_count: the length of each stream, FIN counted in
                          SENT ones */
    size_t checkpoint_count, checkpoint_capacity;
    char timed_by[160]; /* who waited with a timer, or slept, at the first checkpoint that is timed; "" */
    bool unsettled;  /* a checkpoint is missing: the programs never came to rest, or can't be looked into */
    bool incomplete; /* out of memory: nothing may be concluded from it */
};

void trace_open(struct trace *trace, size_t stream_count);
void trace_close(struct trace *trace);
void trace_message_add(struct trace *trace, const struct trace_message *message);
void trace_unit_add(struct trace *trace, const struct trace_unit *unit);
/* Returns the new row, to be filled in by the caller; NULL: out of memory. */
uint64_t *trace_checkpoint_add(struct trace *trace, const struct trace_checkpoint *checkpoint);
/* Row of a checkpoint. */
const uint64_t *trace_lengths(const struct trace *trace, size_t checkpoint);

#endif
