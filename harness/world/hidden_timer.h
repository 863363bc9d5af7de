/*
 * hidden_timer - timers that the system call of a thread does not show: a receive timeout of its socket,
 * timers that end in a signal.
 *
 * Without them a thread in recv() looks as if only input could wake it. Costs a few system calls a process;
 * the caller asks only for threads that look quiet.
 */
#ifndef SEAM_HARNESS_WORLD_HIDDEN_TIMER_H
#define SEAM_HARNESS_WORLD_HIDDEN_TIMER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* SO_RCVTIMEO (socket(7)) of descriptor `fd` of a process, in nanoseconds, by a duplicate that is closed at
 * once (pidfd_getfd(2), Linux 5.6; needs the right to trace). -1: none, no socket, or not to be known. */
int64_t hidden_timer_receive_ns(pid_t pid, int fd);

/* True when the process has timers of timer_create(2), by proc_pid_timers(5). Those of alarm(2) and
 * setitimer(2) can't be seen: a handler for SIGALRM says little, since many programs catch it to clean up. */
bool hidden_timer_signals(pid_t pid);

#endif
