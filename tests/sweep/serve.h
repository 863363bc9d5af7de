/*
 * serve - what the programs of the sweep suite share: sockets and loops, and nothing about messages.
 *
 * serve() answers any number of clients (SESSIONS_MAX at once) in one poll loop without a timer;
 * serve_threads() gives each client a thread. Both listen on a free port of 127.0.0.1 until they are killed.
 * Each program adds what it makes of the bytes of a read: that is where its bug is planted.
 */
#ifndef SEAM_TESTS_SWEEP_SERVE_H
#define SEAM_TESTS_SWEEP_SERVE_H

#include <stdbool.h>
#include <stddef.h>

enum { KEPT_BYTES_MAX = 65536, READ_BYTES = 4096, SESSIONS_MAX = 256 };

struct session {
    int fd;                     /* -1: free */
    short events;               /* what poll waits for; POLLIN at first */
    bool finished;              /* close it when the callback returns */
    size_t length;              /* of bytes */
    char bytes[KEPT_BYTES_MAX]; /* what is kept between reads */
    int state, flag;            /* the program's own; all zero at first */
    size_t count, mark;
    void *own; /* freed when the session ends */
};

/* Any of these may be NULL. `ready` takes the place of the read and of `read` and `ended`. */
struct service {
    void (*opened)(struct session *session);
    void (*read)(struct session *session, const char *bytes, size_t length);
    void (*ended)(struct session *session);
    void (*ready)(struct session *session, short revents);
};

/* Returns only when it can't go on: 1. */
int serve(const struct service *service);

/* Each client in a thread of its own: client() reads and writes, and may return; the caller closes fd. */
int serve_threads(void (*client)(int fd));

/* Appends to what is kept; what has no room is dropped. Takes the first `length` kept bytes away. */
void session_keep(struct session *session, const char *bytes, size_t length);
void session_drop(struct session *session, size_t length);

/* Writes all, or gives up when nobody listens any more. */
void write_all(int fd, const char *bytes, size_t length);

/* As printf; at most 1023 bytes. */
void session_say(struct session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes word, the bytes and end in one write. */
void session_answer(struct session *session, const char *word, const char *bytes, size_t length,
                    const char *end);

/* The port of 127.0.0.1 that a client's argument names. -1 when nobody is there. */
int connect_to(const char *port);

#endif
