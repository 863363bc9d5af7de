/*
 * net - TCP sockets: listen, accept, connect, send, receive. The only file of src/ that knows of sockets.
 *
 * All descriptors are non-blocking and close-on-exec; the caller owns them. Hosts are IPv4 or IPv6 addresses
 * (the latter with or without brackets) or names; ports are decimal text. Looking up a name may block.
 */
#ifndef SEAM_NET_H
#define SEAM_NET_H

#include "src/error.h"

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    NET_BACKLOG = 128,        /* connections that wait while one is served (capped by net.core.somaxconn) */
    NET_HOST_BYTES_MAX = 256, /* longest host name that is looked up, final NUL included */
    NET_ADDRESS_TEXT_BYTES = 100, /* "[address%interface]:port" */
    NET_LEFTOVER_BYTES_MAX = 1 << 20
};

enum net_result {
    NET_OK = 0,
    NET_AGAIN,  /* nothing to be done now: wait with poll */
    NET_ENDED,  /* receive: the peer has ended its stream */
    NET_FAILED, /* the error is filled */
};

/* Is it a port: decimal, at most 65535? 0 counts when `zero_allowed` ("choose one"). */
bool net_is_port(const char *text, bool zero_allowed);

/* Binds the first address of host that works, with SO_REUSEADDR, and listens. NET_OK or NET_FAILED. */
enum net_result net_listen(const char *host, const char *port, int *fd, struct seam_error *error);

/* Takes a waiting connection. NET_AGAIN: none, or it was gone before it could be taken. */
enum net_result net_accept(int listening_fd, int *fd, struct seam_error *error);

/* The socket's own address as text, "127.0.0.1:80" or "[::1]:80". */
void net_format_address(int fd, char text[NET_ADDRESS_TEXT_BYTES]);

/* A connection being made to one of the addresses of a host. Private, but for fd: borrowed, to wait for
 * POLLOUT. */
struct net_connector {
    struct addrinfo *addresses, *next;
    int fd;
};

/* Looks the host up and starts. NET_OK: connected, see net_connect_take; NET_AGAIN: wait until fd can be
 * written. */
enum net_result net_connect_start(struct net_connector *connector, const char *host, const char *port,
                                  struct seam_error *error);

/* Goes on when fd can be written; tries the next address when one fails, NET_FAILED with the last error. */
enum net_result net_connect_continue(struct net_connector *connector, struct seam_error *error);

/* After NET_OK: gives the descriptor away. In any other state: -1. Frees the rest, always. */
int net_connect_take(struct net_connector *connector, bool connected);

/* At most room bytes into `into`; *n of them, at least 1, when NET_OK. */
enum net_result net_receive(int fd, char *into, size_t room, size_t *n, struct seam_error *error);

/* Sends the first *sent bytes, maybe not all. Never raises SIGPIPE. */
enum net_result net_send(int fd, const char *data, size_t n, size_t *sent, struct seam_error *error);

/*
 * Ends the stream and closes. What the peer had said and nobody read is taken off first (at most
 * NET_LEFTOVER_BYTES_MAX): closing over unread bytes would reset the connection and could lose what was sent
 * last.
 */
void net_close(int fd);

#endif
