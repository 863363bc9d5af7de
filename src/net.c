/* net - see net.h. */
#include "src/net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool net_is_port(const char *text, bool zero_allowed)
{
    unsigned value = 0;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9' || value > 65535)
            return false;
        value = value * 10 + (unsigned)(*c - '0');
    }
    return *text && value <= 65535 && (value > 0 || zero_allowed);
}

static enum net_result net_fail(struct seam_error *error, const char *what, const char *host,
                                const char *port, const char *why)
{
    bool bare_ipv6 = strchr(host, ':') && host[0] != '[';
    seam_error_set(error, "%s %s%s%s:%s: %s", what, bare_ipv6 ? "[" : "", host, bare_ipv6 ? "]" : "", port,
                   why);
    return NET_FAILED;
}

/* 0 or a getaddrinfo error. The caller frees the list. */
static int net_look_up(const char *host, const char *port, int flags, struct addrinfo **addresses)
{
    char name[NET_HOST_BYTES_MAX];
    size_t length = strlen(host);
    if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
        host++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof name)
        return EAI_NONAME;
    memcpy(name, host, length);
    name[length] = '\0';
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    return getaddrinfo(name, port, &hints, addresses);
}

enum net_result net_listen(const char *host, const char *port, int *fd, struct seam_error *error)
{
    struct addrinfo *addresses;
    int failure = net_look_up(host, port, AI_PASSIVE, &addresses);
    if (failure)
        return net_fail(error, "cannot listen on", host, port, gai_strerror(failure));
    int why = 0;
    *fd = -1;
    for (struct addrinfo *a = addresses; a && *fd < 0; a = a->ai_next) {
        int one = 1;
        *fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (*fd >= 0 && setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
            bind(*fd, a->ai_addr, a->ai_addrlen) == 0 && listen(*fd, NET_BACKLOG) == 0)
            break;
        why = errno;
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
    }
    freeaddrinfo(addresses);
    return *fd >= 0 ? NET_OK : net_fail(error, "cannot listen on", host, port, strerror(why));
}

/* A line is one write, and nothing follows it before the answer: never hold it back. */
static void net_set_no_delay(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

enum net_result net_accept(int listening_fd, int *fd, struct seam_error *error)
{
    *fd = accept4(listening_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (*fd >= 0) {
        net_set_no_delay(*fd);
        return NET_OK;
    }
    switch (errno) {
    case EBADF: /* errors of this side: going on would spin. accept(2) hands through errors of the network,
                   too */
    case EFAULT:
    case EINVAL:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case ENOTSOCK:
        seam_error_set(error, "cannot accept a connection: %s", strerror(errno));
        return NET_FAILED;
    default:
        return NET_AGAIN;
    }
}

void net_format_address(int fd, char text[NET_ADDRESS_TEXT_BYTES])
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    char host[64], port[8];
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0 ||
        getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        memcpy(text, "?", 2);
        return;
    }
    bool ipv6 = address.ss_family == AF_INET6;
    snprintf(text, NET_ADDRESS_TEXT_BYTES, "%s%s%s:%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
}

/* Tries addresses from `next` on until one connects or is under way. errno of the last one when none is left.
 */
static enum net_result net_connect_next(struct net_connector *connector)
{
    int why = errno;
    for (; connector->next; connector->next = connector->next->ai_next) {
        struct addrinfo *a = connector->next;
        connector->fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (connector->fd >= 0 && connect(connector->fd, a->ai_addr, a->ai_addrlen) == 0)
            return NET_OK;
        if (connector->fd >= 0 && (errno == EINPROGRESS || errno == EINTR))
            return NET_AGAIN;
        why = errno;
        if (connector->fd >= 0)
            close(connector->fd);
        connector->fd = -1;
    }
    errno = why;
    return NET_FAILED;
}

enum net_result net_connect_start(struct net_connector *connector, const char *host, const char *port,
                                  struct seam_error *error)
{
    *connector = (struct net_connector){.fd = -1};
    int failure = net_look_up(host, port, 0, &connector->addresses);
    if (failure) {
        seam_error_set(error, "%s", failure == EAI_SYSTEM ? strerror(errno) : gai_strerror(failure));
        return NET_FAILED;
    }
    connector->next = connector->addresses;
    enum net_result result = net_connect_next(connector);
    if (result == NET_FAILED)
        seam_error_set(error, "%s", strerror(errno));
    return result;
}

enum net_result net_connect_continue(struct net_connector *connector, struct seam_error *error)
{
    int why = 0;
    socklen_t length = sizeof why;
    if (getsockopt(connector->fd, SOL_SOCKET, SO_ERROR, &why, &length) != 0)
        why = errno;
    if (why == 0)
        return NET_OK;
    close(connector->fd);
    connector->fd = -1;
    connector->next = connector->next->ai_next;
    errno = why;
    enum net_result result = net_connect_next(connector);
    if (result == NET_FAILED)
        seam_error_set(error, "%s", strerror(errno));
    return result;
}

int net_connect_take(struct net_connector *connector, bool connected)
{
    int fd = connector->fd;
    if (connected)
        net_set_no_delay(fd);
    else if (fd >= 0) {
        close(fd);
        fd = -1;
    }
    if (connector->addresses)
        freeaddrinfo(connector->addresses);
    *connector = (struct net_connector){.fd = -1};
    return fd;
}

enum net_result net_receive(int fd, char *into, size_t room, size_t *n, struct seam_error *error)
{
    *n = 0;
    ssize_t got = recv(fd, into, room, MSG_DONTWAIT);
    if (got > 0) {
        *n = (size_t)got;
        return NET_OK;
    }
    if (got == 0)
        return NET_ENDED;
    if (errno == EAGAIN || errno == EINTR)
        return NET_AGAIN;
    seam_error_set(error, "%s", strerror(errno));
    return NET_FAILED;
}

enum net_result net_send(int fd, const char *data, size_t n, size_t *sent, struct seam_error *error)
{
    *sent = 0;
    ssize_t done = send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done >= 0) {
        *sent = (size_t)done;
        return NET_OK;
    }
    if (errno == EAGAIN || errno == EINTR)
        return NET_AGAIN;
    seam_error_set(error, "%s", strerror(errno));
    return NET_FAILED;
}

void net_close(int fd)
{
    char leftover[4096];
    size_t taken = 0;
    ssize_t n;
    shutdown(fd, SHUT_WR);
    while (taken < NET_LEFTOVER_BYTES_MAX && (n = recv(fd, leftover, sizeof leftover, MSG_DONTWAIT)) > 0)
        taken += (size_t)n;
    close(fd);
}
