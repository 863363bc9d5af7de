/*
 * loop - waits for descriptors and for the signals that end a program, with one poll() and no timer.
 *
 * SIGINT and SIGTERM are blocked and read from a signalfd, so they are one more descriptor: nothing is
 * interrupted half-way, and there is no moment in which a signal is missed. SIGPIPE is ignored for good. The
 * set of descriptors is built anew before each wait (loop_clear, loop_watch); a loop keeps no other state.
 */
#ifndef SEAM_LOOP_H
#define SEAM_LOOP_H

#include "src/error.h"

#include <poll.h>
#include <stddef.h>

enum { LOOP_FDS_MAX = 8 };

enum loop_result { LOOP_READY = 0, LOOP_STOP, LOOP_FAILED };

/* Private. fds[0] is the signalfd. */
struct loop {
    struct pollfd fds[LOOP_FDS_MAX];
    size_t count;
};

/* 0, or -1 with the error filled. Changes the signal mask and SIGPIPE of the whole process. */
int loop_init(struct loop *loop, struct seam_error *error);

void loop_free(struct loop *loop);

/* Forgets all descriptors. */
void loop_clear(struct loop *loop);

/*
 * Watches fd (borrowed) for events (poll's bits) in the next wait; returns the index to ask loop_ready()
 * with. With fd < 0 or events 0 it takes an index and watches nothing, so an error on a descriptor nobody
 * waits for can't spin.
 */
size_t loop_watch(struct loop *loop, int fd, short events);

/* Sleeps until something happens. LOOP_STOP: SIGINT or SIGTERM came (it wins over everything else). */
enum loop_result loop_wait(struct loop *loop, struct seam_error *error);

/* What the last wait saw at that index (poll's revents). */
short loop_ready(const struct loop *loop, size_t index);

#endif
