/*
 * pair_fixture - a TCP connection of the test with itself, for tests of sock_diag and delivery. Failures fail
 * the test.
 */
#ifndef SEAM_HARNESS_WORLD_PAIR_FIXTURE_H
#define SEAM_HARNESS_WORLD_PAIR_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

struct pair {
    int listener, ours, theirs; /* theirs: the end that plays the program, -1 until pair_accept() */
};

/* Listens on loopback and connects. `v4_mapped` connects by IPv4 to a listener of both families. */
void pair_listen(struct pair *pair, int family, bool v4_mapped);
void pair_accept(struct pair *pair);
void pair_open(struct pair *pair); /* both, by IPv4 */
void pair_close(struct pair *pair);

void pair_reset(int fd); /* closes with a reset */
void pair_readable_await(int fd);
void pair_bytes_write(int fd, size_t count); /* at most 1,000 */
void pair_bytes_read(int fd, size_t count);

#endif
