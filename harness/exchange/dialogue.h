/*
 * dialogue - what peers said to one another, as it was recorded: any number of connections, both directions,
 * in the order in which it was seen; and the scenario that says it again.
 *
 * Everything that imports a conversation (text, pcap, record) fills one and has it printed. What was said is
 * data, whatever it looks like: nothing in it becomes a variable, a path or a step. "Client" is who
 * connected, "server" who accepted.
 */
#ifndef SEAM_HARNESS_EXCHANGE_DIALOGUE_H
#define SEAM_HARNESS_EXCHANGE_DIALOGUE_H

#include "harness/exchange/exchange.h"

enum dialogue_side { DIALOGUE_CLIENT, DIALOGUE_SERVER };

enum dialogue_kind {
    DIALOGUE_OPENED, /* the connection stands; implied by its first event when it is missing */
    DIALOGUE_CHUNK,  /* the side said this in one piece: a segment, a read, a line of a text */
    DIALOGUE_END,    /* the side ended its direction (FIN) */
    DIALOGUE_RESET,  /* the side reset the connection */
};

struct dialogue_event {
    enum dialogue_kind kind;
    enum dialogue_side side;
    size_t connection;
    size_t begin, length; /* of a chunk: in dialogue.data */
    uint64_t time_ns;     /* since the first event; only ever a comment. UINT64_MAX: unknown */
};

struct dialogue {
    const char *name, *why; /* UTF-8, borrowed; of the scenario */
    struct bytes data;      /* what was said, in the order of the events */
    struct dialogue_event *events;
    size_t event_count, event_capacity;
    size_t connection_count; /* one more than the highest that an event named */
};

void dialogue_open(struct dialogue *dialogue, size_t bytes_max);
void dialogue_close(struct dialogue *dialogue);
/* Appends an event; data is copied, and not looked at unless it is a chunk. An empty chunk is none. Behind
 * the end or the reset of a side its chunks are refused. 0, or -1 with error. */
int dialogue_add(struct dialogue *dialogue, enum dialogue_kind kind, enum dialogue_side side,
                 size_t connection, const void *data, size_t length, uint64_t time_ns,
                 struct seam_error *error);

/*
 * Fills out. request->options.play says which side Seam is; the other is the program of
 * request->options.program (required when it plays the server: a program has to connect).
 *
 * Adjacent chunks of the side that is played become one `send` with their cuts; what the other side said in
 * between becomes `expect`: lines where it is whole lines of text, `bytes` where not. Ends and resets become
 * `close`, or an `expect` of the end. A scenario of one connection calls it "peer", of several "peer1",
 * "peer2", ... As import_function.
 */
enum result_exit dialogue_print(const struct dialogue *dialogue, const struct import_request *request,
                                struct imported *out, struct seam_error *error);

#endif
