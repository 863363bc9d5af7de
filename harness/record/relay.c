/* relay - see relay.h. One loop, level-triggered: each event makes at most one read. */
#include "harness/record/relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "src/net.h"

enum { EVENTS_MAX = 256, ACCEPTS_MAX = 64 };

struct link;

struct end { /* one socket of a link */
    struct link *link;
    enum relay_side side;
    int fd;
    uint32_t watched; /* events; 0: not in the epoll set, unless is_watched */
    bool is_watched;
    bool ended;    /* it said its last */
    bool shut;     /* and heard the last of the other */
    char *waiting; /* to be written to it */
    size_t waiting_at, waiting_length;
};

struct link {
    struct end ends[2]; /* by side */
    struct net_connector connector;
    bool connecting;
    bool dead; /* closed; its memory goes when the events at hand are done with */
    size_t connection;
    struct link *previous, *next;
};

struct relay {
    const struct relay_config *config;
    struct relay_counts *counts;
    struct seam_error *error;
    int epoll;
    uint64_t began_ns;
    struct link *links, *graveyard; /* doubly linked; singly */
    size_t link_count;
    size_t waiting_bytes;
    bool listening; /* the listener is in the epoll set */
    bool failed;
    char *buffer; /* RELAY_READ_BYTES_MAX */
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void fail(struct relay *relay, const char *what, int why)
{
    if (!relay->failed) {
        seam_error_set(relay->error, "%s: %s", what, strerror(why));
    }
    relay->failed = true;
}

static struct end *other(const struct end *end)
{
    return &end->link->ends[end->side == RELAY_CLIENT ? RELAY_SERVER : RELAY_CLIENT];
}

static void tell(struct relay *relay, enum relay_kind kind, const struct end *end, const void *data,
                 size_t length)
{
    const struct relay_event event = {.kind = kind,
                                      .side = end->side,
                                      .connection = end->link->connection,
                                      .data = data,
                                      .length = length,
                                      .time_ns = now_ns() - relay->began_ns};
    if (!relay->failed && relay->config->sink(relay->config->context, &event, relay->error) != 0) {
        relay->failed = true;
    }
}

/* --- what is waited for
 * ------------------------------------------------------------------------------------------------- */

static void watch(struct relay *relay, int fd, void *whose, bool is_watched, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = whose};
    if (epoll_ctl(relay->epoll, is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
        fail(relay, "epoll_ctl", errno);
    }
}

/* An end that only waits for the other one is not watched: its hang-up would be told again and again. */
static void update(struct relay *relay, struct end *end)
{
    bool reads = !end->ended && other(end)->waiting_length == 0, writes = end->waiting_length > 0;
    bool wanted = reads || writes || (end->ended && !end->shut);
    uint32_t events = (reads ? (uint32_t)EPOLLIN : 0) | (writes ? (uint32_t)EPOLLOUT : 0);
    if (end->link->dead || end->link->connecting) {
        return;
    }
    if (!wanted && end->is_watched) {
        epoll_ctl(relay->epoll, EPOLL_CTL_DEL, end->fd, NULL);
    } else if (wanted && (!end->is_watched || events != end->watched)) {
        watch(relay, end->fd, end, end->is_watched, events);
    }
    end->is_watched = wanted;
    end->watched = events;
}

static void update_listener(struct relay *relay, bool wanted)
{
    if (wanted && !relay->listening) {
        watch(relay, relay->config->listener, relay, false, EPOLLIN);
    } else if (!wanted && relay->listening) {
        epoll_ctl(relay->epoll, EPOLL_CTL_DEL, relay->config->listener, NULL);
    }
    relay->listening = wanted;
}

/* --- links
 * ----------------------------------------------------------------------------------------------------------
 */

static void close_end(struct relay *relay, struct end *end, bool reset)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (end->fd >= 0) {
        if (reset) {
            setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        close(end->fd);
        end->fd = -1;
    }
    relay->waiting_bytes -= end->waiting_length;
    end->waiting_length = 0;
    free(end->waiting);
    end->waiting = NULL;
}

static void close_link(struct relay *relay, struct link *link, bool reset_client, bool reset_server)
{
    close_end(relay, &link->ends[RELAY_CLIENT], reset_client);
    close_end(relay, &link->ends[RELAY_SERVER], reset_server);
    if (link->connecting) {
        net_connect_take(&link->connector, false);
    }
    *(link->previous ? &link->previous->next : &relay->links) = link->next;
    if (link->next) {
        link->next->previous = link->previous;
    }
    relay->link_count--;
    link->dead = true;
    link->next = relay->graveyard;
    relay->graveyard = link;
    update_listener(relay, true); /* there are descriptors again */
}

static void bury(struct relay *relay)
{
    for (struct link *link = relay->graveyard, *next; link; link = next) {
        next = link->next;
        free(link);
    }
    relay->graveyard = NULL;
}

/* --- passing on
 * ----------------------------------------------------------------------------------------------------- */

/* This end reset the connection. What it said before may still be there to be read. */
static void end_by_reset(struct relay *relay, struct end *end)
{
    for (ssize_t n;
         !end->ended && !relay->failed && (n = recv(end->fd, relay->buffer, RELAY_READ_BYTES_MAX, 0)) > 0;) {
        relay->counts->chunks[end->side]++;
        relay->counts->bytes[end->side] += (uint64_t)n;
        tell(relay, RELAY_CHUNK, end, relay->buffer, (size_t)n);
    }
    relay->counts->resets++;
    tell(relay, RELAY_RESET, end, NULL, 0);
    close_link(relay, end->link, end->side == RELAY_SERVER, end->side == RELAY_CLIENT);
}

/* All that waits was written. */
static void is_drained(struct relay *relay, struct end *end)
{
    struct link *link = end->link;
    if (other(end)->ended && !end->shut) {
        shutdown(end->fd, SHUT_WR);
        end->shut = true;
    }
    if (link->ends[0].shut && link->ends[1].shut) {
        close_link(relay, link, false, false);
    }
}

/* As much as the socket takes. The number of bytes, or -1: this end is gone. */
static ssize_t write_some(struct end *end, const char *data, size_t length)
{
    size_t at = 0;
    while (at < length) {
        ssize_t n = send(end->fd, data + at, length - at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? (ssize_t)at : -1;
        }
        at += (size_t)n;
    }
    return (ssize_t)at;
}

static void flush(struct relay *relay, struct end *end)
{
    ssize_t n = write_some(end, end->waiting + end->waiting_at, end->waiting_length);
    if (n < 0) {
        end_by_reset(relay, end);
        return;
    }
    end->waiting_at += (size_t)n;
    end->waiting_length -= (size_t)n;
    relay->waiting_bytes -= (size_t)n;
    if (end->waiting_length == 0) {
        free(end->waiting);
        end->waiting = NULL;
        is_drained(relay, end);
    }
    update(relay, end);
    update(relay, other(end));
}

/* What this end said stands in the buffer. */
static void pass(struct relay *relay, struct end *from, size_t length)
{
    struct end *to = other(from);
    relay->counts->chunks[from->side]++;
    relay->counts->bytes[from->side] += length;
    tell(relay, RELAY_CHUNK, from, relay->buffer, length);
    if (relay->failed) {
        return;
    }
    ssize_t n = write_some(to, relay->buffer, length);
    if (n < 0) {
        end_by_reset(relay, to);
        return;
    }
    if ((size_t)n < length) {
        to->waiting_length = length - (size_t)n;
        to->waiting_at = 0;
        to->waiting = malloc(to->waiting_length);
        relay->waiting_bytes += to->waiting_length;
        if (!to->waiting) {
            fail(relay, "no memory for what waits", ENOMEM);
            relay->waiting_bytes -= to->waiting_length;
            to->waiting_length = 0;
            return;
        }
        memcpy(to->waiting, relay->buffer + n, to->waiting_length);
        update(relay, to);
        update(relay, from);
    }
}

static size_t read_size(const struct relay *relay)
{
    size_t left =
        relay->waiting_bytes < RELAY_WAITING_BYTES_MAX ? RELAY_WAITING_BYTES_MAX - relay->waiting_bytes : 0;
    size_t size = left / 64;
    return size > RELAY_READ_BYTES_MAX   ? RELAY_READ_BYTES_MAX
           : size < RELAY_READ_BYTES_MIN ? RELAY_READ_BYTES_MIN
                                         : size;
}

static void hear(struct relay *relay, struct end *end)
{
    ssize_t n = recv(end->fd, relay->buffer, read_size(relay), 0);
    if (n > 0) {
        pass(relay, end, (size_t)n);
    } else if (n == 0) {
        end->ended = true;
        tell(relay, RELAY_ENDED, end, NULL, 0);
        update(relay, end);
        if (other(end)->waiting_length == 0) {
            struct link *link = end->link;
            is_drained(relay, other(end));
            if (!link->dead) {
                update(relay, other(end));
                update(relay, end);
            }
        }
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        end_by_reset(relay, end);
    }
}

/* --- new ones
 * ------------------------------------------------------------------------------------------------------- */

static void connected(struct relay *relay, struct link *link)
{
    const int yes = 1;
    link->connecting = false;
    link->ends[RELAY_SERVER].fd = net_connect_take(&link->connector, true);
    link->ends[RELAY_SERVER].is_watched = false; /* closed descriptors of earlier tries left the set */
    epoll_ctl(relay->epoll, EPOLL_CTL_DEL, link->ends[RELAY_SERVER].fd, NULL);
    link->connection = relay->counts->connections++;
    for (int i = 0; i < 2; i++) {
        setsockopt(link->ends[i].fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    tell(relay, RELAY_OPENED, &link->ends[RELAY_CLIENT], NULL, 0);
    update(relay, &link->ends[RELAY_CLIENT]);
    update(relay, &link->ends[RELAY_SERVER]);
}

static void connecting(struct relay *relay, struct link *link, enum net_result result,
                       const struct seam_error *why)
{
    switch (result) {
    case NET_OK:
        connected(relay, link);
        break;
    case NET_AGAIN:
        link->connecting = true;
        watch(relay, link->connector.fd, &link->ends[RELAY_SERVER], link->ends[RELAY_SERVER].is_watched,
              EPOLLOUT);
        link->ends[RELAY_SERVER].is_watched = true;
        break;
    default:
        link->connecting = true; /* there is a connector to be given back */
        relay->counts->refused++;
        snprintf(relay->counts->why_refused, sizeof relay->counts->why_refused, "%.120s", why->text);
        close_link(relay, link, true, false);
        break;
    }
}

static void continue_connecting(struct relay *relay, struct link *link)
{
    struct seam_error why = {0};
    int fd = link->connector.fd;
    enum net_result result = net_connect_continue(&link->connector, &why);
    link->ends[RELAY_SERVER].is_watched = link->connector.fd == fd && result == NET_AGAIN;
    connecting(relay, link, result, &why);
}

static void begin_link(struct relay *relay, int client)
{
    struct link *link = calloc(1, sizeof *link);
    struct seam_error why = {0};
    if (!link) {
        close(client);
        fail(relay, "no memory for a connection", ENOMEM);
        return;
    }
    for (int i = 0; i < 2; i++) {
        link->ends[i] =
            (struct end){.link = link, .side = (enum relay_side)i, .fd = i == RELAY_CLIENT ? client : -1};
    }
    link->next = relay->links;
    if (relay->links) {
        relay->links->previous = link;
    }
    relay->links = link;
    relay->link_count++;
    connecting(relay, link,
               net_connect_start(&link->connector, relay->config->to_host, relay->config->to_port, &why),
               &why);
}

static void accept_some(struct relay *relay)
{
    for (int i = 0; i < ACCEPTS_MAX && !relay->failed; i++) {
        struct seam_error why = {0};
        int fd = -1, spare = dup(relay->config->listener); /* a link needs two */
        enum net_result result = spare < 0 ? NET_FAILED : net_accept(relay->config->listener, &fd, &why);
        if (spare >= 0) {
            close(spare);
        }
        if (result == NET_FAILED && (spare < 0 || relay->link_count > 0)) {
            relay->counts->waited = true;
            update_listener(relay, false); /* until one closes */
            if (relay->link_count == 0) {
                fail(relay, "can't accept a connection", EMFILE);
            }
            return;
        }
        if (result == NET_FAILED) {
            *relay->error = why;
            relay->failed = true;
        }
        if (result != NET_OK) {
            return;
        }
        begin_link(relay, fd);
    }
}

/* --- the loop
 * ------------------------------------------------------------------------------------------------------- */

static void handle(struct relay *relay, struct end *end, uint32_t events)
{
    struct link *link = end->link;
    if (link->dead) {
        return;
    }
    if (link->connecting) {
        continue_connecting(relay, link);
        return;
    }
    if (end->waiting_length > 0 && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) {
        flush(relay, end);
    }
    if (link->dead || relay->failed) {
        return;
    }
    if (!end->ended && other(end)->waiting_length == 0 && (events & (EPOLLIN | EPOLLERR | EPOLLHUP))) {
        hear(relay, end);
    } else if (end->ended && (events & EPOLLERR)) {
        end_by_reset(relay, end);
    }
}

static bool is_over(const struct relay *relay)
{
    return relay->failed ||
           (relay->config->until_closed && relay->counts->connections + relay->counts->refused > 0 &&
            relay->link_count == 0);
}

static void loop(struct relay *relay)
{
    struct epoll_event events[EVENTS_MAX];
    bool stopped = false;
    while (!stopped && !is_over(relay)) {
        int count = epoll_wait(relay->epoll, events, EVENTS_MAX, -1);
        if (count < 0 && errno != EINTR) {
            fail(relay, "epoll_wait", errno);
        }
        for (int i = 0; i < count && !relay->failed; i++) {
            if (events[i].data.ptr == relay) {
                accept_some(relay);
            } else if (!events[i].data.ptr) {
                stopped = true;
            } else {
                handle(relay, events[i].data.ptr, events[i].events);
            }
        }
        bury(relay);
    }
}

int relay_run(const struct relay_config *config, struct relay_counts *counts, struct seam_error *error)
{
    struct relay relay = {.config = config, .counts = counts, .error = error, .began_ns = now_ns()};
    *counts = (struct relay_counts){0};
    relay.epoll = epoll_create1(EPOLL_CLOEXEC);
    relay.buffer = malloc(RELAY_READ_BYTES_MAX);
    if (relay.epoll < 0 || !relay.buffer) {
        fail(&relay, "can't begin to relay", errno);
    } else {
        update_listener(&relay, true);
        if (config->stop >= 0) {
            watch(&relay, config->stop, NULL, false, EPOLLIN);
        }
        loop(&relay);
    }
    counts->open = relay.link_count;
    while (relay.links) {
        close_link(&relay, relay.links, false, false);
    }
    bury(&relay);
    free(relay.buffer);
    if (relay.epoll >= 0) {
        close(relay.epoll);
    }
    return relay.failed ? -1 : 0;
}
