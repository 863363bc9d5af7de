/*
 * specimen - a conversation reduced to what shrinking works on: messages with their bytes and cuts, the steps
 * between them, and nothing that is expected.
 *
 * It is made from a subject and one segmentation, and rendered as a scenario again: for trying (every gate
 * waits until the programs have settled, nothing is checked) or as a reproduction (what the program should
 * say stands as expects). Offsets of cuts are those of the message, so messages and bytes can be taken out.
 */
#ifndef SEAM_HARNESS_SWEEP_SPECIMEN_H
#define SEAM_HARNESS_SWEEP_SPECIMEN_H

#include "harness/sweep/subject.h"

enum op_kind { OP_STEP, OP_MESSAGE, OP_GATE };

struct op {
    enum op_kind kind;
    struct script_entry entry; /* OP_STEP, and OP_GATE made of a step */
    size_t connection;
    char *bytes; /* OP_MESSAGE; owned */
    size_t length;
    size_t *cuts; /* ascending, 0 < cut < length; owned */
    size_t cut_count;
    bool joined;           /* with the next message, which is adjacent */
    bool fin;              /* no bytes: the end of the stream */
    bool off;              /* taken out */
    size_t interrupted_by; /* this op, another connection's message, leaves at its only cut; SIZE_MAX: none */
};

struct specimen {
    const struct scenario *scenario; /* programs, connections, variables */
    struct op *ops;
    size_t count;
    size_t slow;         /* this connection is not read before the end; SIZE_MAX: all are */
    uint64_t slow_bytes; /* how much is read of it then */
    size_t probe_at;     /* this op takes the probe across the gate behind it; SIZE_MAX: none does */
    const char *probe;   /* borrowed */
    size_t probe_length;
};

/* 0; -1: out of memory, or the conversation can't be reduced to its bytes. */
int specimen_make(const struct subject *subject, const struct segmentation *segmentation,
                  struct specimen *out);
void specimen_close(struct specimen *specimen);
int specimen_copy(const struct specimen *from, struct specimen *out);

/* Does it differ from each message alone in more than its cuts: slow, with a probe, or interrupted? */
bool specimen_is_special(const struct specimen *specimen);
/* A subject that sends each message by itself and checks nothing, and the segmentation that cuts as the
 * specimen says. special: slow, with the probe, interrupted, too. False: nothing is left to send. */
bool specimen_render(const struct specimen *specimen, bool special, struct subject *out,
                     struct segmentation *segmentation);
/* The steps of a scenario in which this connection is read only when a step waits for it. */
void specimen_make_slow(struct subject *subject, size_t connection);

/* The next message in the same burst; SIZE_MAX: none. */
size_t specimen_next_in_burst(const struct specimen *specimen, size_t at);
size_t specimen_cut_count(
    const struct specimen *specimen); /* cuts and joins: what differs from each message alone */
/* How many bytes of the connection are sent before op `at`. */
uint64_t specimen_offset(const struct specimen *specimen, size_t at);

#endif
