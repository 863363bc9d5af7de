/*
 * delivery - see delivery.h, which has the argument of the proof.
 */
#include "harness/world/delivery.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { /* of <netinet/tcp.h>, which does not mix with <linux/tcp.h> and its longer tcp_info */
       STATE_SYN_RECV = 3,
       STATE_TIME_WAIT = 6,
       STATE_CLOSE = 7,
       STATE_CLOSE_WAIT = 8,
       STATE_LAST_ACK = 9,
       STATE_CLOSING = 11,
};

void delivery_begin(struct delivery *delivery, int fd)
{
    memset(delivery, 0, sizeof *delivery);
    delivery->fd = fd;
    delivery->arrived_seen = delivery->nothing_on_the_way = true; /* nothing was written */
    delivery->error = -sock_diag_key_peer(&delivery->key, fd);
    delivery->aimed = delivery->error == 0;
}

void delivery_wrote(struct delivery *delivery, uint64_t bytes)
{
    if (bytes == 0)
        return;
    delivery->written += bytes;
    delivery->arrived_seen = false;
    delivery->nothing_on_the_way = false;
    delivery->held_back = 0;
}

static bool own_info(int fd, struct tcp_info *info)
{
    socklen_t bytes = sizeof *info;

    memset(info, 0, sizeof *info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &bytes) == 0;
}

static bool own_error_pending(int fd)
{
    struct pollfd own = {.fd = fd}; /* poll, since SO_ERROR would take the error away from the reader */

    return poll(&own, 1, 0) > 0 && (own.revents & POLLERR) != 0;
}

/*
 * The peer's socket has gone. Had it closed over unread bytes, or had more come later, it would have left by
 * a reset. It left in order, having read all, when it acknowledged all and one of the two ends is in
 * TIME_WAIT, which a reset never leaves behind. Without this a program that answers and closes at once would
 * count as read or unread by chance.
 */
static enum delivery_state state_after_close(const struct delivery *delivery, struct sock_diag *diag)
{
    struct tcp_info info; /* taken under the lock of our socket: no packet is half-way through it */
    struct sock_diag_key own = sock_diag_key_reversed(&delivery->key);

    if (!own_info(delivery->fd, &info) || own_error_pending(delivery->fd))
        return DELIVERY_CLOSED;
    bool peer_waits = sock_diag_time_wait(diag, &delivery->key);
    if (info.tcpi_state == STATE_CLOSE)
        return peer_waits || sock_diag_time_wait(diag, &own) ? DELIVERY_DRAINED : DELIVERY_CLOSED;
    if (!peer_waits)
        return DELIVERY_CLOSED; /* its reset is on the way to us */
    bool acknowledged = info.tcpi_unacked == 0 && info.tcpi_notsent_bytes == 0;
    return acknowledged ? DELIVERY_DRAINED : DELIVERY_PENDING;
}

static enum delivery_state look_gone(struct delivery *delivery, struct sock_diag *diag)
{
    delivery->gone = true;
    if (delivery->drained == delivery->written)
        return DELIVERY_DRAINED;
    enum delivery_state state = state_after_close(delivery, diag);
    if (state == DELIVERY_DRAINED)
        delivery->drained = delivery->written;
    return state;
}

/* Bytes that stay in our socket since the peer's window is closed, if they are all that has not arrived; else
 * 0. This count is younger than the peer's, so a byte that left in between makes the sum too small. */
static uint32_t bytes_held_back(const struct delivery *delivery)
{
    struct tcp_info info;

    if (!delivery->facts.has_info || !own_info(delivery->fd, &info))
        return 0;
    bool all = delivery->facts.bytes_received + info.tcpi_notsent_bytes >= delivery->written;
    return all ? info.tcpi_notsent_bytes : 0;
}

enum delivery_state delivery_look(struct delivery *delivery, struct sock_diag *diag)
{
    struct sock_diag_facts facts;

    if (!delivery->aimed)
        return DELIVERY_UNKNOWN;
    if (delivery->gone)
        return look_gone(delivery, diag);
    int rc = sock_diag_look(diag, &delivery->key, &facts);
    delivery->looks++;
    delivery->error = 0;
    if (rc == -ENOENT)
        return look_gone(delivery, diag);
    if (rc != 0) {
        delivery->error = -rc;
        return DELIVERY_UNKNOWN;
    }
    delivery->facts = facts;
    if (delivery->arrived_seen && facts.rqueue == 0)
        delivery->drained = delivery->written;
    delivery->nothing_on_the_way = delivery->arrived_seen;
    /* takes effect from the next reply on: this one's rqueue is older than its bytes_received */
    delivery->arrived_seen = facts.has_info && facts.bytes_received >= delivery->written;
    uint32_t held_back = delivery->arrived_seen ? 0 : bytes_held_back(delivery);
    if (held_back != 0 && held_back == delivery->held_back)
        delivery->nothing_on_the_way = true; /* the same bytes at two looks: none has left in between */
    delivery->held_back = held_back;
    return delivery->drained == delivery->written ? DELIVERY_DRAINED : DELIVERY_PENDING;
}

bool delivery_arrived(const struct delivery *delivery)
{
    return delivery->nothing_on_the_way || delivery->gone;
}

uint64_t delivery_unread_bytes(const struct delivery *delivery)
{
    uint64_t on_the_way = 0;

    if (delivery->written > delivery->facts.bytes_received)
        on_the_way = delivery->written - delivery->facts.bytes_received;
    return on_the_way + delivery->facts.rqueue;
}

bool delivery_accepted(const struct delivery *delivery)
{
    return delivery->facts.inode != 0;
}

uint64_t delivery_peer_sent_bytes(const struct delivery *delivery)
{
    return delivery->facts.bytes_sent - delivery->facts.bytes_retrans;
}

bool delivery_output_complete(const struct delivery *delivery)
{
    struct tcp_info info;

    if (!own_info(delivery->fd, &info))
        return true; /* no connection: nothing can come */
    bool end_came = info.tcpi_state == STATE_CLOSE_WAIT || info.tcpi_state == STATE_LAST_ACK ||
                    info.tcpi_state == STATE_CLOSING || info.tcpi_state == STATE_TIME_WAIT;
    if (end_came || info.tcpi_state == STATE_CLOSE)
        return true; /* its FIN came in order behind all its bytes, or a reset ended it */
    bool known = delivery->facts.has_info || delivery->facts.state == STATE_SYN_RECV;
    return delivery_arrived(delivery) && !delivery->gone && known && delivery->facts.notsent == 0 &&
           delivery_peer_sent_bytes(delivery) == info.tcpi_bytes_received;
}

uint32_t delivery_output_held_back(const struct delivery *delivery)
{
    struct tcp_info info;
    int unread = 0;

    if (delivery->gone || !delivery->facts.has_info || ioctl(delivery->fd, FIONREAD, &unread) < 0 ||
        unread == 0 || !own_info(delivery->fd, &info))
        return 0;
    return delivery_peer_sent_bytes(delivery) == info.tcpi_bytes_received ? delivery->facts.notsent : 0;
}

int delivery_error(const struct delivery *delivery)
{
    return delivery->error;
}
