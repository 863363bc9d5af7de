/*
 * delivery - proof that the program read what was written to it, whole, before the next byte leaves.
 *
 * One struct per connection end that Seam plays. It holds no loop, never blocks, and knows nothing of
 * scenarios, processes or clocks: the caller tells it what it wrote and looks again as often as it likes
 * (backoff.h), until an answer or its own deadline.
 *
 * The proof takes two look-ups of the *program's* socket (sock_diag.h). The first must show that every byte
 * has arrived; in a later one nothing may be unread. The later reply is made under the lock of that socket,
 * after its count of unread bytes was taken, so the recv() that took the last byte has let go of the socket
 * too: what is written next cannot slip into it. One look-up that shows "nothing unread" proves nothing,
 * since bytes on their way are not counted. A FIN counts as one byte in both counters, so "the program has
 * read the end of the stream" is proved in the same way.
 *
 * What is proved: no read saw bytes of two chunks. Not: that one read took the whole chunk. Above 64 KiB the
 * kernel may itself hand over a chunk in parts.
 */
#ifndef SEAM_HARNESS_WORLD_DELIVERY_H
#define SEAM_HARNESS_WORLD_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/world/sock_diag.h"

enum delivery_state {
    DELIVERY_PENDING, /* no proof yet: look again */
    DELIVERY_DRAINED, /* all that was written has been read; stays so until more is written, also when the
                         peer is gone */
    DELIVERY_CLOSED,  /* the peer closed or reset before reading all */
    DELIVERY_UNKNOWN, /* no facts to be had; delivery_error() says why */
};

struct delivery {
    int fd; /* borrowed: the connection end that Seam plays */
    int error;
    bool aimed;              /* key is valid */
    bool arrived_seen;       /* an earlier reply showed all of `written` in the peer's socket */
    bool nothing_on_the_way; /* see delivery_arrived() */
    bool gone;               /* the peer's socket is no more */
    uint64_t written;        /* bytes, FIN included */
    uint64_t drained;        /* of these, proved to be read */
    uint32_t held_back;      /* bytes that a closed window kept in our socket at the last look */
    uint64_t looks;          /* look-ups made */
    struct sock_diag_key key;
    struct sock_diag_facts facts; /* of the last look-up that found the socket */
};

/* Begins with a connected TCP socket on which nothing was written yet. `fd` is borrowed for the life of the
 * struct. If it has no peer (any more), the first look answers DELIVERY_UNKNOWN with ENOTCONN. */
void delivery_begin(struct delivery *delivery, int fd);

/* Counts bytes that the kernel took; a FIN (shutdown for writing) is one. What came before need not be
 * drained. */
void delivery_wrote(struct delivery *delivery, uint64_t bytes);

/* One look-up of the peer's socket, never more than one step of the proof: a chunk takes at least two calls.
 * Two more look-ups follow in the single case that the peer's socket has just gone: a peer that read
 * everything and then closed in order has drained it, one that closed over unread bytes has not. */
enum delivery_state delivery_look(struct delivery *delivery, struct sock_diag *diag);

/* True when the last look proved that nothing of what was written is on its way any more and that the wakeups
 * for it have been issued: what settle.h needs before "asleep" means "has seen it". Bytes that the peer's
 * full buffer keeps in our socket are not on their way, as long as they stay there from look to look; nor is
 * anything once the peer has gone. A connection that the peer's full backlog keeps in TCP_SYN_RECV stays
 * false: the kernel drops and repeats what is sent. */
bool delivery_arrived(const struct delivery *delivery);

/* From the last look-up that found the peer's socket (0 and false before). */
uint64_t
delivery_unread_bytes(const struct delivery *delivery);  /* written and not read, on their way included */
bool delivery_accepted(const struct delivery *delivery); /* a descriptor of some process refers to it */
uint64_t delivery_peer_sent_bytes(const struct delivery *delivery);

/* True when all that the peer wrote before the last look has arrived in our socket, so a read until EAGAIN
 * after this gets all of it, and when delivery_arrived() still holds. Call it after a look that came after
 * the program was found asleep. */
bool delivery_output_complete(const struct delivery *delivery);

/* Bytes that the peer has written and that stay in its socket since ours is full: at the last look, all that
 * it has sent was here and some of it not read. 0: none, or bytes may be on their way. The same number twice,
 * with no read in between, means that they stay. */
uint32_t delivery_output_held_back(const struct delivery *delivery);

/* errno value of the last DELIVERY_UNKNOWN, else 0. */
int delivery_error(const struct delivery *delivery);

#endif
