/*
 * relay - passes what is said on the connections of a listener on to a server, and back, and tells each read
 * of it.
 *
 * Knows sockets, nothing of scenarios or files. A chunk is handed to the sink before any of it is passed on:
 * what a peer got, the sink had. Chunks are as the relay's own reads saw them; the kernel may have joined or
 * cut what was written.
 *
 * Memory is bounded: one read for each direction waits to be passed on, and reads get smaller, down to
 * RELAY_READ_BYTES_MIN, as what waits nears RELAY_WAITING_BYTES_MAX in all. Who does not read holds up who
 * writes to it, and nobody else. When there are no more descriptors new connections wait in the kernel's
 * queue.
 */
#ifndef SEAM_HARNESS_RECORD_RELAY_H
#define SEAM_HARNESS_RECORD_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/error.h"

#define RELAY_WAITING_BYTES_MAX ((size_t)64 << 20)
enum { RELAY_READ_BYTES_MAX = 64 * 1024, RELAY_READ_BYTES_MIN = 1024 };

enum relay_side { RELAY_CLIENT, RELAY_SERVER };
enum relay_kind { RELAY_OPENED, RELAY_CHUNK, RELAY_ENDED, RELAY_RESET };

struct relay_event {
    enum relay_kind kind;
    enum relay_side side; /* who did it; of OPENED: the client */
    size_t connection;    /* from 0, in the order in which they were opened */
    const void *data;     /* of a chunk; borrowed during the call */
    size_t length;
    uint64_t time_ns; /* since relay_run began */
};

struct relay_config {
    int listener;                  /* listens, non-blocking; stays the caller's */
    const char *to_host, *to_port; /* as net_connect_start takes them */
    int stop;                      /* a descriptor that can be read when it is over; -1: none */
    bool until_closed; /* it is over, too, when somebody connected and nobody is connected any more */
    /* 0, or -1 with error: then nothing of the event is passed on, and it is over. */
    int (*sink)(void *context, const struct relay_event *event, struct seam_error *error);
    void *context;
};

struct relay_counts {
    size_t connections; /* that were passed on */
    size_t refused;     /* that could not be: the server did not take them; their clients were reset */
    size_t open;        /* when it was over */
    size_t resets;
    size_t chunks[2]; /* by side */
    uint64_t bytes[2];
    bool waited;           /* for descriptors */
    char why_refused[128]; /* of the last one */
};

/* 0 when it was stopped or all was closed; -1 with error when the sink or the system failed. Everything but
 * the listener is closed. */
int relay_run(const struct relay_config *config, struct relay_counts *counts, struct seam_error *error);

#endif
