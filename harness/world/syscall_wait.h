/*
 * syscall_wait - what the system call in which a thread is blocked says about what it waits for.
 *
 * A table over numbers and arguments as /proc/PID/task/TID/syscall prints them. Arguments behind pointers are
 * not read, so the length of a time limit is known only where it is passed by value. 64-bit numbers only
 * (x86_64, aarch64).
 */
#ifndef SEAM_HARNESS_WORLD_SYSCALL_WAIT_H
#define SEAM_HARNESS_WORLD_SYSCALL_WAIT_H

#include <stdint.h>

#include "harness/world/settle.h"

enum { SYSCALL_ARGS = 6 };

struct syscall_wait {
    enum settle_class kind; /* QUIET, TIMED, SLEEPING, WRITING or BUSY */
    const char *name;       /* static; "" when the number is not in the table */
    int fd;                 /* -1 where the call has none */
    int64_t timeout_ns;     /* -1 when there is none or it is not known */
};

/* `number` -1 means blocked outside any system call (a page fault, a kernel worker). */
struct syscall_wait syscall_wait_of(long number, const uint64_t args[SYSCALL_ARGS]);

#endif
