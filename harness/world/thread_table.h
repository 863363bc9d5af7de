/*
 * thread_table - the threads of some process trees, found and read through /proc.
 *
 * It knows files and lists, not what they mean: settle.h does. Files that are read at every check stay open
 * from one to the next, for a thread that is gone answers ESRCH for ever, also when its number was given to
 * another. At most THREAD_TABLE_FDS_MAX stay open; further files are opened each time.
 */
#ifndef SEAM_HARNESS_WORLD_THREAD_TABLE_H
#define SEAM_HARNESS_WORLD_THREAD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/world/syscall_wait.h"

enum {
    THREAD_TABLE_FDS_MAX = 256,
    THREAD_TABLE_MAX = 65536,    /* threads of all trees together */
    THREAD_FILE_BYTES_MAX = 4096 /* of a /proc file of one thread, its final NUL included */
};

#define THREAD_COUNT_UNKNOWN UINT64_MAX

/* Not among them is `children`: of a thread that is gone it is empty where the others fail, so a stale
 * descriptor would hide processes. */
enum thread_file { THREAD_SYSCALL, THREAD_SCHEDSTAT, THREAD_STAT, THREAD_FILES };

enum thread_runtime { RUNTIME_UNKNOWN, RUNTIME_YES, RUNTIME_NO };

struct thread {
    pid_t pid, tid;
    unsigned listing;      /* the last listing that showed it */
    int fds[THREAD_FILES]; /* -1: not open */
    /* what settle keeps of it */
    uint64_t count;      /* in pass 1 */
    uint64_t mark;       /* sleeps at settle_mark(), THREAD_COUNT_UNKNOWN without */
    uint64_t ran_ns;     /* on a processor, at the last call of thread_has_run */
    uint64_t seen_count; /* at the check before, THREAD_COUNT_UNKNOWN at the first */
    uint64_t seen_ns;    /* when that check began */
    uint64_t since_ns;   /* its wait began after this; 0: not known */
    struct syscall_wait wait;
    bool dead;                   /* a zombie, or a dead thread not collected yet */
    enum thread_runtime runtime; /* whether it is a sanitizer's: none of the program's business */
};

struct thread_table {
    struct thread *threads;
    size_t count, room, cursor;
    pid_t *pids; /* processes still to be listed */
    size_t pids_count, pids_room;
    unsigned listing;
    unsigned fds_open;
    bool use_status; /* the kernel keeps no schedstat */
    int error;       /* errno value that made a listing or a reading impossible; the caller clears it */
};

void thread_table_init(struct thread_table *table);
void thread_table_free(struct thread_table *table);

/* Lists the trees below `roots`, zombies included. Returns how many threads the last listing didn't have.
 * Threads that it doesn't show stay in the table, with an older `listing`, until
 * thread_table_drop_vanished(). */
size_t thread_table_list(struct thread_table *table, const pid_t *roots, size_t roots_count);
void thread_table_drop_vanished(struct thread_table *table);

/* Reads a whole small file; *text ends with a NUL. Returns bytes, or -errno (-ESRCH, -ENOENT: the thread is
 * gone). */
ssize_t thread_read(struct thread_table *table, struct thread *thread, enum thread_file file,
                    char text[THREAD_FILE_BYTES_MAX]);

/* How often the thread was put on a processor, THREAD_COUNT_UNKNOWN when it is gone. */
uint64_t thread_switches(struct thread_table *table, struct thread *thread);

/* Has it been on a processor since the last call? True also when that is not known. */
bool thread_has_run(struct thread_table *table, struct thread *thread);

/* State letter (proc_pid_stat(5)), 'X' when the thread is gone. Fills `comm` (SETTLE_COMM_BYTES) where it is
 * not NULL. */
char thread_state(struct thread_table *table, struct thread *thread, char *comm);

/* Reads /proc/PID/task/TID/status, which is not kept open. Returns false when the thread is gone. */
bool thread_status(const struct thread *thread, char text[THREAD_FILE_BYTES_MAX]);

/* The number behind "\nName:", THREAD_COUNT_UNKNOWN without such a line. */
uint64_t thread_status_field(const char *status, const char *name, int base);

#endif
