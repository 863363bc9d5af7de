/*
 * sock_diag - what the kernel knows about one TCP socket of any process on this machine.
 *
 * Asks NETLINK_SOCK_DIAG (sock_diag(7)) for a socket by its address pair, so forks and passed descriptors
 * don't matter and no privilege is needed. It must not know what the facts mean to a delivery: delivery.h
 * does.
 *
 * One look-up is one request and one reply that the kernel queues before send() returns: it does not block
 * and costs about 5 us whatever the number of sockets. The sockets must live in the network namespace in
 * which sock_diag_open() ran. Not thread-safe; one struct per process (a fork shares replies).
 */
#ifndef SEAM_HARNESS_WORLD_SOCK_DIAG_H
#define SEAM_HARNESS_WORLD_SOCK_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct sock_diag {
    int fd;
    uint32_t sequence;
};

/* Address pair and cookie of one socket, as that socket sees it. The cookie is what tells the socket from the
 * listener or the TIME_WAIT entry that the kernel falls back to when the socket is gone; it is learned from
 * the first good reply. */
struct sock_diag_key {
    uint8_t family; /* AF_INET or AF_INET6 */
    bool has_cookie;
    uint16_t local_port, remote_port; /* network byte order */
    uint32_t local[4], remote[4];     /* network byte order */
    uint32_t cookie[2];
};

struct sock_diag_facts {
    uint8_t state;   /* TCP_ESTABLISHED, TCP_CLOSE_WAIT ... of <netinet/tcp.h>; TCP_SYN_RECV before the
                        handshake ends */
    bool has_info;   /* the fields from bytes_received on are known (not in TCP_SYN_RECV) */
    uint32_t rqueue; /* bytes that arrived and were not read; an unread FIN counts as one */
    uint32_t wqueue; /* bytes written and not acknowledged by the other end */
    uint32_t inode;  /* 0 until accept() and after close(): no descriptor refers to the socket */
    uint64_t bytes_received; /* in order; a FIN counts as one */
    uint64_t bytes_sent;     /* payload without the FIN, retransmissions included */
    uint64_t bytes_retrans;
    uint64_t bytes_acked; /* of what this socket sent; SYN and FIN count as one each */
    uint32_t notsent;     /* bytes written and never sent yet */
};

/* Opens the netlink socket. Returns 0 or -errno (-EPROTONOSUPPORT where the kernel has no sock_diag). */
int sock_diag_open(struct sock_diag *diag);
void sock_diag_close(struct sock_diag *diag);

/* Proves on a loopback pair of its own that the kernel tells unread bytes: 1, then 0 once read. Blocks for at
 * most a second. Returns 0, -EOPNOTSUPP when the answers are wrong, or -errno (-ENOENT: no inet_diag for
 * TCP). */
int sock_diag_probe(struct sock_diag *diag);

/* Aims at the other end of the connected TCP socket `fd`. Asks the kernel nothing about that end.
 * Returns 0 or -errno (-ENOTCONN: not connected (any more); -EAFNOSUPPORT: not an internet socket). */
int sock_diag_key_peer(struct sock_diag_key *key, int fd);

/* Aims at the other end of the same connection; no cookie yet. */
struct sock_diag_key sock_diag_key_reversed(const struct sock_diag_key *key);

/* One look-up. Returns 0 with *facts filled; -ENOENT when that very socket is gone (a listener or a TIME_WAIT
 * entry in its place counts as gone); else -errno. */
int sock_diag_look(struct sock_diag *diag, struct sock_diag_key *key, struct sock_diag_facts *facts);

/* True when the address pair of `key` has a TIME_WAIT entry: this end closed first, and in order, without a
 * reset. */
bool sock_diag_time_wait(struct sock_diag *diag, const struct sock_diag_key *key);

/* Calls `found` for each listening TCP socket of the namespace, IPv4 first. A dump: its cost grows with the
 * number of sockets, so it is for start-up only. `address` is borrowed until `found` returns. Returns 0 or
 * -errno. */
int sock_diag_listeners(struct sock_diag *diag,
                        void (*found)(void *ctx, const struct sockaddr *address, socklen_t address_bytes,
                                      uint32_t inode),
                        void *ctx);

#endif
