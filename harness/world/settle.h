/*
 * settle - whether every thread of some process trees is asleep waiting for input, at one common instant.
 *
 * A double collect over /proc: the first pass reads of each thread how often it was put on a processor and in
 * which system call it is blocked; the second that it is asleep, and that the count did not move. The same
 * threads with the same counts, asleep both times, slept together between the passes. One pass proves
 * nothing: a thread seen asleep may have been woken by one not looked at yet.
 *
 * It must not know what was delivered. "Asleep" means "has nothing to do" only if everything written to the
 * program has arrived before (delivery_arrived), and "has nothing more to say" only if its output has arrived
 * after (delivery_output_complete).
 *
 * Limits: Linux, the same machine, /proc of the pid namespace that the pids come from, CONFIG_PROC_CHILDREN.
 * A receive timeout set on a socket, timers that send signals, and work in other processes (a database, a
 * resolver) are not seen. The system call of a thread needs the right to trace the process (ptrace(2)): same
 * user and dumpable. Costs about 50 to 110 us per thread; never blocks. Keeps at most SETTLE_FDS_MAX
 * descriptors open. Not thread-safe.
 */
#ifndef SEAM_HARNESS_WORLD_SETTLE_H
#define SEAM_HARNESS_WORLD_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SETTLE_COMM_BYTES = 16 }; /* name of a thread with its final NUL, as the kernel cuts it */

/* In rising order, from QUIET to WRITING, the class of the trees is that of their strongest thread. */
enum settle_class {
    SETTLE_BUSY,  /* some thread runs, or waits for something that comes without input (a lock, a disk, a
                     connect) */
    SETTLE_QUIET, /* all asleep on input, on each other or on children, with no time limit */
    SETTLE_TIMED, /* as QUIET, but some thread wakes by itself after a time, or can't be told to not do so */
    SETTLE_SLEEPING, /* a thread is in a bare sleep, or stopped by a signal: not waiting for input */
    SETTLE_WRITING,  /* a thread is blocked writing: its reader doesn't read */
    SETTLE_GONE,     /* no thread is alive */
    SETTLE_DENIED,   /* /proc does not tell; facts.error says why */
};

/* About the trees, and about the thread that decided the class. */
struct settle_facts {
    unsigned processes, threads; /* alive; processes by their main threads */
    pid_t pid, tid;              /* 0 when no thread decided (GONE, DENIED) */
    char comm[SETTLE_COMM_BYTES];
    char state;          /* of proc_pid_stat(5): R S D T ...; T and t: stopped */
    const char *syscall; /* "epoll_wait"; "" when it runs or is not known. Static */
    int fd;              /* the descriptor it waits on (of an epoll: the epoll's), -1 where there is none */
    int64_t timeout_ns;  /* as given to the call, -1 when there is none or it is not known */
    bool weak; /* of some thread the system call was denied: asleep, but a sleep can't be told from a wait */
    bool starved; /* with BUSY: that thread could run, but got no processor since the check before */
    int error;    /* errno value with DENIED, else 0 */
};

struct settle;

/* Returns NULL when memory is short. The roots of its checks are to be started later than this, else see
 * settle_forget. */
struct settle *settle_new(void);
void settle_free(struct settle *settle); /* NULL is fine */

/* One double collect over the trees below `roots` (the roots themselves included). Zombies count as gone. A
 * tree is what /proc/PID/task/TID/children shows: daemons that left it must be roots, or have a root as
 * subreaper. BUSY may be a mere change between the passes: look again. *facts is filled in every case. */
enum settle_class settle_check(struct settle *settle, const pid_t *roots, size_t count,
                               struct settle_facts *facts);

/* Remembers how often each thread of the last check has gone to sleep so far. */
void settle_mark(struct settle *settle);

/* True when each thread that waits with a time limit or sleeps (by the last check, which must not have been
 * BUSY) has woken, done its work and gone to sleep again at least `times` times since settle_mark(): what it
 * does by itself, it has done. A thread with a long timer keeps this false, and so does one that was started
 * after the mark: the caller needs a deadline of its own. True when no thread waits with a limit. */
bool settle_woken(const struct settle *settle, unsigned times);

/* By the last check, when it was complete: the moment (CLOCK_MONOTONIC) before which no thread wakes by
 * itself, known from the limit of each wait and from the check after which it began. 0: not known.
 * UINT64_MAX: no thread waits with a limit. */
uint64_t settle_asleep_until_ns(const struct settle *settle);

/* Threads that are new to the next check may be old: call it when a root was added that ran before. */
void settle_forget(struct settle *settle);

#endif
