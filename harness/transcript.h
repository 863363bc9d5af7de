/*
 * transcript - what was observable in a run, in order: built as the run goes, read by everything that judges
 * or tells.
 *
 * Streams hold the bytes, one buffer each: what a connection was sent, what it said, what a program wrote to
 * stdout, stderr or a log, what was typed to it. Events point into them. Times and evidence are kept for
 * people and reports; two transcripts are equal (transcript_compare) when streams, closes and exits are,
 * whatever the times and however the reads fell.
 */
#ifndef SEAM_HARNESS_TRANSCRIPT_H
#define SEAM_HARNESS_TRANSCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/result.h"
#include "src/bytes.h"

#define TRANSCRIPT_STREAM_BYTES_MAX                                                                          \
    ((size_t)64 << 20) /* of a stream, unless its bytes.length_max is set otherwise */

struct delimiter; /* harness/data.h */

enum transcript_stream_kind { TRANSCRIPT_SENT, TRANSCRIPT_RECEIVED, TRANSCRIPT_OUTPUT, TRANSCRIPT_TYPED };

enum event_kind {
    EVENT_CHUNK,     /* bytes in a stream: written by Seam (SENT, TYPED) or read by it (RECEIVED, OUTPUT) */
    EVENT_END,       /* SENT: FIN; RECEIVED, OUTPUT: end of stream; TYPED: stdin closed */
    EVENT_RESET,     /* the stream was reset */
    EVENT_OPENED,    /* a connection stands */
    EVENT_REFUSED,   /* a connect was refused */
    EVENT_STARTED,   /* a program runs */
    EVENT_EXITED,    /* detail: exit code */
    EVENT_KILLED,    /* detail: signal */
    EVENT_SIGNALLED, /* Seam sent a signal; detail: its number */
    EVENT_SETTLED,   /* detail: enum settle class of the world */
};

struct transcript_event {
    enum event_kind kind;
    uint32_t stream; /* index into streams; for program events: of the program's stdout */
    uint32_t step;   /* index into the script; the step that was running */
    uint64_t offset; /* in the stream */
    uint32_t length; /* of a chunk */
    int32_t detail;
    enum evidence evidence; /* SENT chunk, END: how the boundary behind it was proved */
    bool proof_due;         /* SENT: nothing after it has needed the proof yet */
    uint16_t port;          /* OPENED, REFUSED: of who listens; 0: nobody does, or the world doesn't say */
    uint64_t time_ns;       /* since the run began */
};

struct transcript_stream {
    const char *name; /* "alice", "server.stdout"; borrowed from the scenario or the transcript */
    enum transcript_stream_kind kind;
    const struct delimiter *delimiter; /* of its lines, borrowed from the scenario; NULL: a newline */
    struct bytes bytes;
    bool ended;
    bool reset;
};

struct transcript {
    struct transcript_stream *streams;
    size_t stream_count;
    struct transcript_event *events;
    size_t event_count;
    size_t event_capacity;
    uint64_t began_ns;
};

/* Streams are empty and have no name yet: the caller names them. Out of memory: no streams, and every append
 * fails. */
void transcript_open(struct transcript *transcript, size_t stream_count, uint64_t now_ns);
void transcript_close(struct transcript *transcript);
/* Appends the bytes to the stream and an event for them; returns the event's index. Out of memory or past the
 * stream's bound: SIZE_MAX. */
size_t transcript_chunk(struct transcript *transcript, size_t stream, size_t step, const void *data,
                        size_t length, uint64_t now_ns);
/* An event without bytes; EVENT_END and EVENT_RESET mark the stream. SIZE_MAX: out of memory. */
size_t transcript_event(struct transcript *transcript, enum event_kind kind, size_t stream, size_t step,
                        int detail, uint64_t now_ns);
/* 0 equal; else 1, and a line that says what differs first (stream, offset). */
int transcript_compare(const struct transcript *a, const struct transcript *b, struct bytes *difference);
/* Visible bytes in double quotes: `"a" x 512 + "\n"` for runs of equal bytes, the middle of what is long left
 * out:
 * `"first" + ... 4000 bytes ... + "last"`. 0, or -1 when out is full. */
int transcript_print_bytes(const void *bytes, size_t length, struct bytes *out);
/* One line per event: time, connection, direction, offset, evidence, visible bytes. Only the last
 * `events_max`; 0: all. */
int transcript_print_wire(const struct transcript *transcript, size_t events_max, struct bytes *out);

#endif
