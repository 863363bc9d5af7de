/*
 * timer_fd - whether a process holds a timer of timerfd_create(2) that is set.
 *
 * Such a timer ends a wait that shows no time limit itself: epoll_wait without one, over a set with the timer
 * in it. It must not know who waits. Other timers: hidden_timer.h.
 * Costs one readlink per descriptor of the process, about 1 us each.
 */
#ifndef SEAM_HARNESS_WORLD_TIMER_FD_H
#define SEAM_HARNESS_WORLD_TIMER_FD_H

#include <stdint.h>
#include <sys/types.h>

/* Nanoseconds until the first of them goes off, 0 when one has and nobody has read it; -1: none is set, or
 * the process can't be looked into. */
int64_t timer_fd_next_ns(pid_t pid);

#endif
