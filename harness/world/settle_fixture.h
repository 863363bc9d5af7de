/*
 * settle_fixture - children of the test in states that it knows, and one settle to look at them. Failures
 * fail the test.
 */
#ifndef SEAM_HARNESS_WORLD_SETTLE_FIXTURE_H
#define SEAM_HARNESS_WORLD_SETTLE_FIXTURE_H

#include <sys/types.h>

#include "harness/world/settle.h"

enum { CHECKS_MAX = 20000, CHECK_NAP_NS = 200000 };

extern struct settle *settle;

/* Group set-up: *state is an int[2], a pipe into which nobody writes. */
int settle_fixture_open(void **state);
int settle_fixture_close(void **state);

void nap(long ns);

/* Forks a child that runs `body` and dies with the test; ends it. */
pid_t child_start(void (*body)(int fd), int fd);
void child_end(pid_t pid);

/* Checks until the class is the wanted one; and that it stays: a state that holds is told at each look. */
struct settle_facts class_await(pid_t root, enum settle_class wanted);
void class_stays(pid_t root, enum settle_class wanted);

/* What a child may do. */
void body_read(int fd);       /* blocks for ever in read() */
void body_poll_timed(int fd); /* polls with an hour's limit */
void body_sleep(int fd);

#endif
