/*
 * sock_diag - see sock_diag.h. Requests and replies of linux/inet_diag.h over one netlink socket.
 *
 * What the kernel does with a request (net/ipv4/inet_diag.c, tcp_diag.c): it looks the address pair up,
 * samples rqueue without a lock, then fills INET_DIAG_INFO under the lock of the socket. Delivery proofs rest
 * on that order.
 */
#include "harness/world/sock_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum {
    TCP_STATE_TIME_WAIT = 6, /* <linux/tcp.h> and <netinet/tcp.h>, which has the states, don't mix */
    TCP_STATE_CLOSE = 7,
    TCP_STATE_LISTEN = 10,
    TIMER_TIME_WAIT = 3, /* idiag_timer of a TIME_WAIT entry, also while it stands for FIN_WAIT2 */
    REPLY_BYTES_MAX = 4096,
    DUMP_BYTES_MAX = 32768,
    PROBE_WAIT_MS = 1000,
};

struct request {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

int sock_diag_open(struct sock_diag *diag)
{
    diag->sequence = 0;
    diag->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    return diag->fd < 0 ? -errno : 0;
}

void sock_diag_close(struct sock_diag *diag)
{
    if (diag->fd >= 0)
        close(diag->fd);
    diag->fd = -1;
}

/* Takes a socket address apart. The kernel itself finds IPv4 sockets by IPv4-mapped addresses. */
static int address_split(const struct sockaddr_storage *address, uint32_t words[4], uint16_t *port)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

    if (address->ss_family == AF_INET) {
        words[0] = in->sin_addr.s_addr;
        *port = in->sin_port;
    } else if (address->ss_family == AF_INET6) {
        memcpy(words, &in6->sin6_addr, sizeof in6->sin6_addr);
        *port = in6->sin6_port;
    } else {
        return -EAFNOSUPPORT;
    }
    return 0;
}

int sock_diag_key_peer(struct sock_diag_key *key, int fd)
{
    struct sockaddr_storage own, peer;
    socklen_t own_bytes = sizeof own, peer_bytes = sizeof peer;

    memset(key, 0, sizeof *key);
    if (getsockname(fd, (struct sockaddr *)&own, &own_bytes) != 0)
        return -errno;
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_bytes) != 0)
        return -errno;
    key->family = (uint8_t)peer.ss_family;
    int rc = address_split(&peer, key->local, &key->local_port);
    return rc != 0 ? rc : address_split(&own, key->remote, &key->remote_port);
}

struct sock_diag_key sock_diag_key_reversed(const struct sock_diag_key *key)
{
    struct sock_diag_key reversed = {
        .family = key->family, .local_port = key->remote_port, .remote_port = key->local_port};

    memcpy(reversed.local, key->remote, sizeof reversed.local);
    memcpy(reversed.remote, key->local, sizeof reversed.remote);
    return reversed;
}

static int request_send(struct sock_diag *diag, struct request *request, uint16_t flags)
{
    request->header.nlmsg_len = sizeof *request;
    request->header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    request->header.nlmsg_seq = ++diag->sequence;
    request->body.sdiag_protocol = IPPROTO_TCP;
    while (send(diag->fd, request, sizeof *request, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

/* Bytes of the next datagram, or -errno. Replies are queued before send() returns, so an empty queue is an
 * error. */
static ssize_t reply_receive(struct sock_diag *diag, void *buffer, size_t bytes_max)
{
    for (;;) {
        ssize_t bytes = recv(diag->fd, buffer, bytes_max, MSG_DONTWAIT);
        if (bytes >= 0)
            return bytes;
        if (errno != EINTR)
            return -errno;
    }
}

static void facts_take_info(struct sock_diag_facts *facts, const struct rtattr *attribute)
{
    /* Old kernels send a shorter struct: they lack the counters that a proof needs. */
    struct tcp_info info;
    size_t bytes = RTA_PAYLOAD(attribute);
    if (bytes < offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof info.tcpi_bytes_retrans)
        return;
    memset(&info, 0, sizeof info);
    memcpy(&info, RTA_DATA(attribute), bytes < sizeof info ? bytes : sizeof info);
    facts->has_info = true;
    facts->bytes_received = info.tcpi_bytes_received;
    facts->bytes_sent = info.tcpi_bytes_sent;
    facts->bytes_retrans = info.tcpi_bytes_retrans;
    facts->bytes_acked = info.tcpi_bytes_acked;
    facts->notsent = info.tcpi_notsent_bytes;
}

/* Asks for the socket of `key`; on success `reply` holds the answer and *message points into it. */
static int key_ask(struct sock_diag *diag, const struct sock_diag_key *key, char *reply,
                   struct inet_diag_msg **message)
{
    struct request request = {.body = {.sdiag_family = key->family, .idiag_states = ~0u}};
    struct inet_diag_sockid *id = &request.body.id;

    request.body.idiag_ext = 1 << (INET_DIAG_INFO - 1);
    id->idiag_sport = key->local_port;
    id->idiag_dport = key->remote_port;
    memcpy(id->idiag_src, key->local, sizeof id->idiag_src);
    memcpy(id->idiag_dst, key->remote, sizeof id->idiag_dst);
    id->idiag_cookie[0] = key->has_cookie ? key->cookie[0] : INET_DIAG_NOCOOKIE;
    id->idiag_cookie[1] = key->has_cookie ? key->cookie[1] : INET_DIAG_NOCOOKIE;
    int rc = request_send(diag, &request, 0);
    if (rc != 0)
        return rc;
    for (;;) {
        ssize_t bytes = reply_receive(diag, reply, REPLY_BYTES_MAX);
        if (bytes < 0)
            return (int)bytes;
        struct nlmsghdr *header = (struct nlmsghdr *)reply;
        if (!NLMSG_OK(header, (size_t)bytes))
            return -EBADMSG;
        if (header->nlmsg_seq != request.header.nlmsg_seq)
            continue; /* left over from a request that failed half-way */
        if (header->nlmsg_type == NLMSG_ERROR)
            return ((struct nlmsgerr *)NLMSG_DATA(header))->error;
        if (header->nlmsg_len < NLMSG_LENGTH(sizeof **message))
            return -EBADMSG;
        *message = NLMSG_DATA(header);
        return 0;
    }
}

int sock_diag_look(struct sock_diag *diag, struct sock_diag_key *key, struct sock_diag_facts *facts)
{
    _Alignas(struct nlmsghdr) char reply[REPLY_BYTES_MAX];
    struct inet_diag_msg *message;
    int rc = key_ask(diag, key, reply, &message);

    memset(facts, 0, sizeof *facts);
    if (rc != 0)
        return rc == -ESTALE ? -ENOENT : rc;
    uint8_t state = message->idiag_state;
    if (state == TCP_STATE_LISTEN || state == TCP_STATE_TIME_WAIT || state == TCP_STATE_CLOSE ||
        message->idiag_timer == TIMER_TIME_WAIT)
        return -ENOENT;
    if (!key->has_cookie) {
        memcpy(key->cookie, message->id.idiag_cookie, sizeof key->cookie);
        key->has_cookie = true;
    }
    facts->state = state;
    facts->rqueue = message->idiag_rqueue;
    facts->wqueue = message->idiag_wqueue;
    facts->inode = message->idiag_inode;
    int left = (int)(((struct nlmsghdr *)reply)->nlmsg_len - NLMSG_LENGTH(sizeof *message));
    for (struct rtattr *at = (struct rtattr *)(message + 1); RTA_OK(at, left); at = RTA_NEXT(at, left))
        if (at->rta_type == INET_DIAG_INFO)
            facts_take_info(facts, at);
    return 0;
}

bool sock_diag_time_wait(struct sock_diag *diag, const struct sock_diag_key *key)
{
    _Alignas(struct nlmsghdr) char reply[REPLY_BYTES_MAX];
    struct inet_diag_msg *message;
    struct sock_diag_key any = *key;

    any.has_cookie = false; /* the entry has a cookie of its own */
    return key_ask(diag, &any, reply, &message) == 0 && message->idiag_timer == TIMER_TIME_WAIT;
}

static void listener_tell(const struct inet_diag_msg *message,
                          void (*found)(void *, const struct sockaddr *, socklen_t, uint32_t), void *ctx)
{
    if (message->idiag_family == AF_INET) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = message->id.idiag_sport};
        in.sin_addr.s_addr = message->id.idiag_src[0];
        found(ctx, (struct sockaddr *)&in, sizeof in, message->idiag_inode);
    } else if (message->idiag_family == AF_INET6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = message->id.idiag_sport};
        memcpy(&in6.sin6_addr, message->id.idiag_src, sizeof in6.sin6_addr);
        found(ctx, (struct sockaddr *)&in6, sizeof in6, message->idiag_inode);
    }
}

static int listeners_dump(struct sock_diag *diag, uint8_t family,
                          void (*found)(void *, const struct sockaddr *, socklen_t, uint32_t), void *ctx)
{
    struct request request = {.body = {.sdiag_family = family, .idiag_states = 1u << TCP_STATE_LISTEN}};
    _Alignas(struct nlmsghdr) char reply[DUMP_BYTES_MAX];
    int rc = request_send(diag, &request, NLM_F_DUMP);

    if (rc != 0)
        return rc;
    for (;;) {
        ssize_t bytes = reply_receive(diag, reply, sizeof reply);
        if (bytes < 0)
            return (int)bytes;
        size_t left = (size_t)bytes;
        for (struct nlmsghdr *at = (struct nlmsghdr *)reply; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            if (at->nlmsg_seq != request.header.nlmsg_seq)
                continue;
            if (at->nlmsg_type == NLMSG_DONE)
                return 0;
            if (at->nlmsg_type == NLMSG_ERROR)
                return ((struct nlmsgerr *)NLMSG_DATA(at))->error;
            listener_tell(NLMSG_DATA(at), found, ctx);
        }
    }
}

int sock_diag_listeners(struct sock_diag *diag,
                        void (*found)(void *ctx, const struct sockaddr *address, socklen_t address_bytes,
                                      uint32_t inode),
                        void *ctx)
{
    int rc = listeners_dump(diag, AF_INET, found, ctx);
    return rc != 0 ? rc : listeners_dump(diag, AF_INET6, found, ctx);
}

/* A loopback pair: pair[0] connected to pair[1]. Returns 0, or -errno with nothing left open. */
static int pair_open(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;
    struct sockaddr *any = (struct sockaddr *)&address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    pair[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pair[1] = -1;
    if (listener >= 0 && pair[0] >= 0 && bind(listener, any, bytes) == 0 && listen(listener, 1) == 0 &&
        getsockname(listener, any, &bytes) == 0 && connect(pair[0], any, bytes) == 0)
        pair[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    int rc = pair[1] < 0 ? -errno : 0;
    if (listener >= 0)
        close(listener);
    if (rc != 0 && pair[0] >= 0)
        close(pair[0]);
    return rc;
}

static int pair_probe(struct sock_diag *diag, int pair[2])
{
    struct sock_diag_key key;
    struct sock_diag_facts facts;
    struct pollfd readable = {.fd = pair[1], .events = POLLIN};
    char byte = 'x';
    int rc = sock_diag_key_peer(&key, pair[0]);

    if (rc != 0)
        return rc;
    if (send(pair[0], &byte, 1, MSG_NOSIGNAL) != 1 || poll(&readable, 1, PROBE_WAIT_MS) != 1)
        return -EOPNOTSUPP;
    if ((rc = sock_diag_look(diag, &key, &facts)) != 0)
        return rc;
    if (!facts.has_info || facts.rqueue != 1 || facts.bytes_received != 1)
        return -EOPNOTSUPP;
    if (recv(pair[1], &byte, 1, 0) != 1)
        return -EOPNOTSUPP;
    if ((rc = sock_diag_look(diag, &key, &facts)) != 0)
        return rc;
    return facts.rqueue == 0 ? 0 : -EOPNOTSUPP;
}

int sock_diag_probe(struct sock_diag *diag)
{
    int pair[2];
    int rc = pair_open(pair);

    if (rc != 0)
        return rc;
    rc = pair_probe(diag, pair);
    close(pair[0]);
    close(pair[1]);
    return rc;
}
