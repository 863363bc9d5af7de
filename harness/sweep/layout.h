/*
 * layout - the streams of a scenario as a sweep sees them: messages, bursts and the places where a cut is
 * free.
 *
 * Made from the trace of a run, since offsets depend on what was sent. A burst is a maximal run of adjacent
 * messages of one connection; its FIN, when a `close` of kind write follows, is a message of one byte. A
 * place p of a burst, begin < p < end, parts byte p - 1 from byte p. Adjacent bursts of different connections
 * form a group, which can be interleaved. Knows no world and no verdict.
 */
#ifndef SEAM_HARNESS_SWEEP_LAYOUT_H
#define SEAM_HARNESS_SWEEP_LAYOUT_H

#include "harness/runner.h"

struct layout_message {
    size_t connection;
    uint64_t begin, end;
    size_t step;
    size_t burst;
    bool fin;
    bool waived;      /* no cut in it, nor at its end, can be proved */
    const char *data; /* of its bytes, borrowed from the record; "" for a FIN */
};

struct layout_burst {
    size_t connection;
    uint64_t begin, end; /* FIN counted */
    size_t first_message, message_count;
    size_t group;
    bool barrier;        /* the step behind it is a barrier */
    uint64_t whole_from; /* cuts from here on can't be delivered: the program did not read on */
};

struct layout {
    struct layout_message *messages; /* in the order of the script; without those that have no bytes */
    size_t message_count;
    struct layout_burst *bursts;
    size_t burst_count;
    size_t group_count;
    size_t connection_count;
    const char **names; /* of connections, borrowed from the scenario */
    bool *varied;       /* by connection: may its segmentation change? */
};

/* 0 with an owned layout that borrows from scenario and record; -1: out of memory. */
int layout_make(const struct scenario *scenario, const struct record *record, struct layout *out);
void layout_close(struct layout *layout);

/* Is p a free place of the burst, at which a cut can be proved? */
bool layout_is_free(const struct layout *layout, const struct layout_burst *burst, uint64_t p);
/* How many messages are complete when so many bytes (FIN counted) of each connection were sent; in partial,
 * whether a further one has begun. sent: by connection. */
size_t layout_complete(const struct layout *layout, const uint64_t *sent, bool *partial);
/* The message that holds the byte at the offset, by binary search in one burst; SIZE_MAX: none. */
size_t layout_message_in(const struct layout *layout, const struct layout_burst *burst, uint64_t offset);
/* The same in whichever burst of the connection. */
size_t layout_message_at(const struct layout *layout, size_t connection, uint64_t offset);

/* What a cut at p parts. */
enum place_kind {
    PLACE_MESSAGES,  /* the end of a message */
    PLACE_FIN,       /* before the FIN */
    PLACE_CHARACTER, /* inside a UTF-8 character */
    PLACE_DELIMITER, /* inside CR LF, or another delimiter of several bytes */
    PLACE_BEFORE_DELIMITER,
    PLACE_BEHIND_DELIMITER, /* inside a message */
    PLACE_NUL,              /* before or behind a NUL */
    PLACE_INSIDE,
};
enum place_kind layout_place_kind(const struct layout *layout, const struct scenario *scenario,
                                  size_t message, uint64_t p);
/* "inside a character" and the like: what is cut. */
const char *place_words(enum place_kind kind);

#endif
