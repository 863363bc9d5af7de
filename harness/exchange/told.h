/*
 * told - the events of a run in words, for the comments of a capture and the labels of a chart.
 *
 * Knows the transcript, the scenario that was run and what the run came to. Everything it says is valid UTF-8
 * without control characters: bytes of the wire and texts of the scenario are made visible, long ones
 * shortened in the middle.
 */
#ifndef SEAM_HARNESS_EXCHANGE_TOLD_H
#define SEAM_HARNESS_EXCHANGE_TOLD_H

#include "harness/exchange/exchange.h"

#define TOLD_NONE SIZE_MAX

struct told_connection {
    bool opened;    /* or refused: it is in the transcript */
    bool accepted;  /* the program connected, to a listener of Seam */
    bool stdio;     /* stdin and stdout of a program, no TCP */
    uint16_t port;  /* of who listens; 0: not known */
    size_t program; /* at the other end; TOLD_NONE: not known, or none of the scenario's */
};
struct told {
    const struct export_run *run;
    struct told_connection *connections;
    size_t *connection_of;       /* per stream; TOLD_NONE: a program's */
    uint32_t *ordinals, *totals; /* per chunk: which of how many of its stream in its step, from 1 */
};

/* False: out of memory. Close it in both cases. The run is borrowed. */
bool told_open(struct told *told, const struct export_run *run);
void told_close(struct told *told);

bool told_is_from_seam(const struct told *told, const struct transcript_event *event);
/* The program whose event it is; TOLD_NONE: a connection's. */
size_t told_program(const struct told *told, const struct transcript_event *event);
/* NULL: no step ran. */
const struct step *told_step(const struct told *told, const struct transcript_event *event);
/* "bug.json:12 send alice (step 3)", or "when all steps were done". */
void told_append_place(const struct told *told, size_t step, struct bytes *out);
/* "12 send alice", with the file when it is not the scenario's; "" when no step ran. */
void told_append_step(const struct told *told, size_t step, struct bytes *out);
/* What happened, in one line without the place: `chunk 2 of 3, bytes [6..14), drained`, `server exited with
 * 3`. */
void told_append_event(const struct told *told, const struct transcript_event *event, struct bytes *out);
/* "drained", or what there is to say of it without. */
const char *told_evidence(const struct transcript_event *event);
/* "failed at bug.json:13:5: ..." */
void told_append_result(const struct told *told, struct bytes *out);
void told_append_text(struct bytes *out, const char *text);

#endif
