/* real_connection - connection ends that Seam plays: TCP in either role, or the stdin and stdout of a
 * program. */
#include "harness/world/real.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 128 };

static int resolve(const char *host, uint16_t port, bool passive, struct addrinfo **out,
                   struct seam_error *error)
{
    char service[8];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)};
    snprintf(service, sizeof service, "%u", port);
    int rc = getaddrinfo(host, service, &hints, out);
    return rc ? seam_error_set(error, "%s: %s", host, gai_strerror(rc)) : 0;
}

static struct world_connection *add_connection(struct world_stage *stage)
{
    struct world_connection *c = calloc(1, sizeof *c);
    if (c) {
        c->stage = stage;
        c->socket.fd = -1;
        c->next = stage->connections;
        stage->connections = c;
    }
    return c;
}

static void set_up(int fd, int64_t receive_buffer)
{
    int on = 1, bytes = (int)receive_buffer;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
}

/* On one machine both ends of a connection are on the loopback interface, or have the same address. */
static bool is_remote(int fd)
{
    struct sockaddr_storage own, peer;
    socklen_t own_bytes = sizeof own, peer_bytes = sizeof peer;
    if (getsockname(fd, (struct sockaddr *)&own, &own_bytes) < 0 ||
        getpeername(fd, (struct sockaddr *)&peer, &peer_bytes) < 0) {
        return false; /* it has gone already: the proof will say so */
    }
    if (own.ss_family == AF_INET) {
        uint32_t a = ntohl(((struct sockaddr_in *)&own)->sin_addr.s_addr),
                 b = ntohl(((struct sockaddr_in *)&peer)->sin_addr.s_addr);
        return a != b && b >> 24 != 127;
    }
    const struct in6_addr *a = &((struct sockaddr_in6 *)&own)->sin6_addr,
                          *b = &((struct sockaddr_in6 *)&peer)->sin6_addr;
    return !IN6_ARE_ADDR_EQUAL(a, b) && !(IN6_IS_ADDR_V4MAPPED(b) && b->s6_addr[12] == 127);
}

static void opened(struct world_connection *c, int fd)
{
    c->open = true;
    c->remote = is_remote(fd);
    c->stage->blind |= c->remote;
    delivery_begin(&c->delivery, fd);
}

struct world_connection *real_connect(struct world_stage *stage, const char *host, uint16_t port,
                                      int64_t receive_buffer, struct seam_error *error)
{
    struct addrinfo *address = NULL;
    if (resolve(host, port, false, &address, error) < 0) {
        return NULL;
    }
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct world_connection *c = fd < 0 ? NULL : add_connection(stage);
    if (!c) {
        seam_error_set(error, "%s", strerror(fd < 0 ? errno : ENOMEM));
        if (fd >= 0) {
            close(fd);
        }
        freeaddrinfo(address);
        return NULL;
    }
    set_up(fd, receive_buffer);
    if (connect(fd, address->ai_addr, address->ai_addrlen) < 0 && errno != EINPROGRESS) {
        c->error = errno;
    }
    freeaddrinfo(address);
    int watched = real_watch(&c->socket, stage, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    if (watched < 0) {
        c->error = -watched;
    }
    stage->active = true;
    return c;
}

struct world_connection *real_connect_stdio(struct world_program *program)
{
    struct world_connection *c = add_connection(program->stage);
    if (c) {
        c->program = program;
        c->open = true;
    }
    return c;
}

struct world_listener *real_listen(struct world_stage *stage, const char *host, uint16_t port,
                                   struct seam_error *error)
{
    struct addrinfo *address = NULL;
    struct world_listener *l = calloc(1, sizeof *l);
    struct sockaddr_storage bound;
    socklen_t bytes = sizeof bound;
    int on = 1;
    if (!l || resolve(host, port, true, &address, error) < 0) {
        free(l);
        return NULL;
    }
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (fd < 0 || bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, LISTEN_BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&bound, &bytes) < 0 ||
        real_watch(&l->socket, stage, fd, EPOLLIN) < 0) {
        seam_error_set(error, "%s", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        freeaddrinfo(address);
        free(l);
        return NULL;
    }
    freeaddrinfo(address);
    l->stage = stage;
    l->port = ntohs(bound.ss_family == AF_INET ? ((struct sockaddr_in *)&bound)->sin_port
                                               : ((struct sockaddr_in6 *)&bound)->sin6_port);
    l->next = stage->listeners;
    stage->listeners = l;
    return l;
}

uint16_t real_listener_port(const struct world_listener *listener)
{
    return listener->port;
}

struct world_connection *real_accept(struct world_listener *listener, int64_t receive_buffer)
{
    int fd = accept4(listener->socket.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct world_connection *c = fd < 0 ? NULL : add_connection(listener->stage);
    if (!c) {
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    set_up(fd, receive_buffer);
    if (real_watch(&c->socket, listener->stage, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP) < 0) {
        c->error = errno;
    }
    opened(c, fd);
    return c;
}

enum world_connection_state real_connection_state(struct world_connection *c, int *error_number)
{
    int error = c->error;
    socklen_t bytes = sizeof error;
    if (c->open) {
        return WORLD_OPEN;
    }
    if (error == 0) {
        struct sockaddr_storage peer;
        socklen_t peer_bytes = sizeof peer;
        if (getsockopt(c->socket.fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 && error == 0) {
            if (getpeername(c->socket.fd, (struct sockaddr *)&peer, &peer_bytes) < 0) {
                return WORLD_CONNECTING;
            }
            opened(c, c->socket.fd);
            return WORLD_OPEN;
        }
        c->error = error;
    }
    *error_number = error;
    return error == ECONNREFUSED ? WORLD_REFUSED : WORLD_FAILED;
}

ssize_t real_connection_read(struct world_connection *c, void *buffer, size_t size)
{
    if (c->program) {
        return real_program_read(c->program, WORLD_STDOUT, buffer, size);
    }
    if (!c->socket.readable) {
        return -EAGAIN;
    }
    ssize_t n;
    do {
        n = recv(c->socket.fd, buffer, size, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        c->socket.readable = false;
        return -EAGAIN;
    }
    c->held_back = 0;
    if (n > 0) {
        int on =
            1; /* else a program without TCP_NODELAY waits 40 ms for our ACK before it sends its next line */
        setsockopt(c->socket.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    }
    return n < 0 ? -errno : n;
}

static ssize_t write_stdio(struct world_connection *c, const void *data, size_t length, bool fin)
{
    ssize_t n = length ? real_program_type(c->program, data, length) : 0;
    if (n >= 0 && (size_t)n == length && fin) {
        real_program_type_end(c->program);
        c->fin = true;
    }
    return n;
}

/* The FIN rides with the last bytes: MSG_MORE holds them until shutdown sends both. */
ssize_t real_connection_write(struct world_connection *c, const void *data, size_t length, bool fin)
{
    if (c->program) {
        return write_stdio(c, data, length, fin);
    }
    ssize_t n = 0;
    if (length) {
        n = send(c->socket.fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT | (fin ? MSG_MORE : 0));
        if (n < 0) {
            return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
        }
        delivery_wrote(&c->delivery, (uint64_t)n);
    }
    if (fin && (size_t)n == length) {
        if (shutdown(c->socket.fd, SHUT_WR) < 0) {
            return -errno;
        }
        delivery_wrote(&c->delivery, 1);
        c->fin = true;
    }
    return n;
}

void real_connection_reset(struct world_connection *c)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (!c->program) {
        setsockopt(c->socket.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        c->reset = true;
    }
}

void real_connection_free(struct world_connection *c)
{
    int fd = c->socket.fd;
    real_unwatch(&c->socket);
    if (fd >= 0) {
        close(fd);
    }
    free(c);
}

void real_listener_free(struct world_listener *l)
{
    int fd = l->socket.fd;
    real_unwatch(&l->socket);
    close(fd);
    free(l);
}

/* The handle goes, but the end of the connection is followed until it has arrived: settle waits for that. */
void real_connection_close(struct world_connection *c)
{
    struct world_stage *stage = c->stage;
    for (struct world_connection **at = &stage->connections; *at; at = &(*at)->next) {
        if (*at == c) {
            *at = c->next;
            break;
        }
    }
    if (c->program) {
        if (!c->fin) {
            real_program_type_end(c->program);
        }
        real_connection_free(c);
        return;
    }
    bool follow = c->open && !c->delivery.gone && !c->remote;
    if (c->open && !c->fin && !c->reset) {
        follow &= shutdown(c->socket.fd, SHUT_WR) == 0;
        delivery_wrote(&c->delivery, 1);
    }
    int fd = c->socket.fd;
    real_unwatch(&c->socket);
    close(fd);
    c->delivery.fd = -1;
    if (!follow) {
        free(c);
        return;
    }
    c->next = stage->closing;
    stage->closing = c;
}

enum world_proof real_connection_proof(struct world_connection *c, struct world_proof_facts *facts)
{
    if (c->program) {
        int64_t unread = c->fin ? 0 : real_program_typed_unread(c->program);
        facts->accepted = true;
        facts->unread = unread > 0 ? (uint64_t)unread : 0;
        if (c->program->ended) {
            return unread == 0 ? WORLD_PROOF_DRAINED : WORLD_PROOF_CLOSED;
        }
        return unread < 0 ? WORLD_PROOF_UNKNOWN : unread == 0 ? WORLD_PROOF_DRAINED : WORLD_PROOF_PENDING;
    }
    if (!c->stage->world->has_facts || c->remote) {
        return WORLD_PROOF_UNKNOWN;
    }
    enum delivery_state state = delivery_look(&c->delivery, &c->stage->world->diag);
    facts->unread = delivery_unread_bytes(&c->delivery);
    facts->accepted = delivery_accepted(&c->delivery);
    switch (state) {
    case DELIVERY_PENDING:
        return WORLD_PROOF_PENDING;
    case DELIVERY_DRAINED:
        return WORLD_PROOF_DRAINED;
    case DELIVERY_CLOSED:
        return WORLD_PROOF_CLOSED;
    case DELIVERY_UNKNOWN:
        break;
    }
    return WORLD_PROOF_UNKNOWN;
}
