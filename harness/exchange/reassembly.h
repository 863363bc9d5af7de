/*
 * reassembly - the TCP connections of a capture, put together from their segments, as a dialogue. Sans I/O.
 *
 * A chunk of the dialogue is what a segment brought that was new, when it fitted: a segment that came too
 * early waits, one that came again brings nothing. Where bytes are missing for good the connection ends for
 * us: what both sides did after that can't be understood, and is left out. Of bytes that came twice the first
 * ones count. A SYN where there was a connection already is a new one.
 *
 * Bounds: DIALOGUE_CONNECTIONS_MAX connections, REASSEMBLY_WAITING_BYTES_MAX that wait for what is missing,
 * REASSEMBLY_BYTES_MAX in all. The work is n log n.
 */
#ifndef SEAM_HARNESS_EXCHANGE_REASSEMBLY_H
#define SEAM_HARNESS_EXCHANGE_REASSEMBLY_H

#include "harness/exchange/dialogue.h"
#include "harness/exchange/packet.h"

#define REASSEMBLY_BYTES_MAX         DATA_EXPANDED_BYTES_MAX
#define REASSEMBLY_WAITING_BYTES_MAX ((size_t)64 << 20)

struct reassembly;

struct reassembly_counts {
    size_t packets, others, broken, fragments; /* others: no TCP; broken: can't be taken apart */
    const char *why_broken;                    /* of the first one */
    size_t lost_fragments;                     /* of datagrams that never got whole */
    size_t cut;                                /* segments that were not captured whole */
    size_t retransmitted, out_of_order;        /* segments */
    size_t conflicting; /* segments with other bytes than came before at the same place */
    size_t late;        /* segments behind the end or the reset of their connection */
    size_t refused;     /* connections that were */
    size_t unanswered;  /* SYNs that nobody answered */
};

struct reassembly_stream { /* a connection, in the order of their first packets */
    struct packet_address client, server;
    uint64_t bytes[2];   /* by side */
    bool opened;         /* refused and unanswered ones are not */
    bool begin_missing;  /* its SYN was not captured */
    bool client_guessed; /* and who connected is a guess */
    uint64_t missing[2]; /* bytes before the first that waits, where some are missing for good */
    uint64_t missing_at[2];
};

struct reassembly *reassembly_new(struct arena *arena);
/* The next packet. 0, or -1 with error: it is more than the bounds allow. data is copied as far as it is
 * needed. */
int reassembly_add(struct reassembly *reassembly, int link, const unsigned char *data, size_t length,
                   size_t original, uint64_t time_ns, struct seam_error *error);
/* There are no more packets. */
void reassembly_end(struct reassembly *reassembly);

const struct reassembly_counts *reassembly_counts(const struct reassembly *reassembly);
size_t reassembly_stream_count(const struct reassembly *reassembly);
const struct reassembly_stream *reassembly_stream(const struct reassembly *reassembly, size_t index);
/* Adds what happened on those streams whose place in `wanted` is true, after reassembly_end. 0, or -1 with
 * error. */
int reassembly_fill(const struct reassembly *reassembly, const bool *wanted, struct dialogue *dialogue,
                    struct seam_error *error);

#endif
