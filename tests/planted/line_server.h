/*
 * line_server - what the planted line servers share: sockets and a loop, and nothing about lines.
 *
 * The protocol: each line is answered with "ok " and the line; what the stream ends with behind its last
 * newline is answered with "rest ", those bytes and a newline. Several clients at once. Each program adds
 * what it makes of the bytes of a read; that is where its bug is planted, or none in line_server_right.
 */
#ifndef SEAM_TESTS_PLANTED_LINE_SERVER_H
#define SEAM_TESTS_PLANTED_LINE_SERVER_H

#include <stddef.h>

enum { SESSION_BYTES_MAX = 65536, READ_BYTES = 1024 };

struct session {
    int fd; /* -1: free */
    char bytes[SESSION_BYTES_MAX];
    size_t length;
};

/* Writes word, the bytes and a newline. */
void session_answer(struct session *session, const char *word, const char *bytes, size_t length);

/* Planted: a read has brought these bytes; the stream has ended. */
void session_read(struct session *session, const char *bytes, size_t length);
void session_end(struct session *session);

#endif
