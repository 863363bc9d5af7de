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

#include "harness/arena.h"
#include "harness/exchange/exchange.h"

#define DIALOGUE_TIME_UNKNOWN UINT64_MAX
enum {
    DIALOGUE_EVENTS_MAX = 1000000, /* a scenario has no more steps */
    DIALOGUE_CONNECTIONS_MAX = 100000,
};

enum dialogue_side { DIALOGUE_CLIENT, DIALOGUE_SERVER };

enum dialogue_kind {
    DIALOGUE_OPENED, /* the connection stands; implied by its first event when it is missing */
    DIALOGUE_CHUNK,  /* the side said this in one piece: a segment, a read, a line of a text */
    DIALOGUE_END,    /* the side ended its direction (FIN) */
    DIALOGUE_RESET,  /* the side reset the connection */
    DIALOGUE_SECRET, /* the side said something that was kept out of the recording */
};

struct dialogue_event {
    enum dialogue_kind kind;
    enum dialogue_side side;
    size_t connection;         /* from 0, in any order */
    const unsigned char *data; /* of a chunk */
    size_t length;
    unsigned secret;  /* equal ones have the same number; 0: not known which */
    uint64_t time_ns; /* since the first event; only ever a comment */
};

/* Where what the side that is not played said is not to be taken literally. */
struct dialogue_hole {
    size_t connection;
    uint64_t begin, end; /* in what the side said on that connection */
    const char *pattern; /* that it must match, PCRE2 */
};

struct dialogue_state {
    bool opened, reset, ended[2]; /* by side */
};

struct dialogue {
    struct arena *arena;    /* borrowed */
    const char *name, *why; /* UTF-8, of the scenario; borrowed */
    struct dialogue_event *events;
    size_t event_count, event_capacity;
    struct dialogue_state *over;                  /* by connection */
    size_t connection_count, connection_capacity; /* count: one more than the highest that an event named */
    struct dialogue_hole *holes;                  /* see dialogue_sort_holes */
    size_t hole_count, hole_capacity;
};

/* Everything of it lives in the arena: that of struct imported, for importers. */
void dialogue_open(struct dialogue *dialogue, struct arena *arena);
/*
 * Appends an event. The data of a chunk is borrowed, and must live as long as the dialogue: a copy can live
 * in its arena. A chunk without bytes is none; what a side does behind its end or a reset of its connection
 * is refused. 0, or -1 with error: that, or there are DIALOGUE_EVENTS_MAX.
 */
int dialogue_add(struct dialogue *dialogue, const struct dialogue_event *event, struct seam_error *error);

/* What a side said, one buffer for each connection; dialogue_said_free gives them back. */
struct bytes *dialogue_said(const struct dialogue *dialogue, enum dialogue_side side);
void dialogue_said_free(const struct dialogue *dialogue, struct bytes *said); /* NULL is allowed */

void dialogue_add_hole(struct dialogue *dialogue, const struct dialogue_hole *hole);
/* In the order of connections and offsets; of two that overlap the one that begins first stays. */
void dialogue_sort_holes(struct dialogue *dialogue);
/* Holes where PCRE2 patterns match what a side said. They are borrowed as long as the dialogue lives. 0, or
 * -1 with error. (dialogue_mask.c) */
int dialogue_mask(struct dialogue *dialogue, enum dialogue_side side, const char *const *patterns,
                  size_t count, struct seam_error *error);

/* Holes where replays differ from what a side said. 0, or -1 with error: none can be found that would do.
 * (dialogue_learn.c) */
int dialogue_learn(struct dialogue *dialogue, enum dialogue_side side, const struct import_replay *replays,
                   size_t count, struct seam_error *error);

/* Adds what a text says, see dialogue_text.c; its lines end with line_end on the wire. 0, or -1 with error,
 * and its line and column. (dialogue_text.c) */
int dialogue_read_text(struct dialogue *dialogue, const char *text, size_t size, const char *line_end,
                       struct seam_error *error);

/*
 * Fills out. request->options.play_server says which side Seam is; the other one is the program of
 * request->options.program, which a server can't be without: somebody has to connect.
 *
 * Adjacent chunks of the side that is played become one `send` with their cuts; what the other side said in
 * between becomes `expect`: lines where it is whole lines of text, bytes where not. Ends and resets become
 * `close`, or an `expect` of the end. A scenario of one connection calls it "peer", one of several "peer1",
 * "peer2", ... in the order in which they were opened. Where request->options.masks match, where
 * request->replays differ, and where the dialogue has holes, lines become patterns. As import_function.
 */
enum result_exit dialogue_print(struct dialogue *dialogue, const struct import_request *request,
                                struct imported *out, struct seam_error *error);

#endif
