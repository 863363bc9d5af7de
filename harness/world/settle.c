/*
 * settle - see settle.h, which has the argument of the double collect.
 *
 * Order matters. Pass 1: list the threads; of each read the count first, then the system call. Pass 2: list
 * again; of each read the state first, then the count. The system call file is no use in pass 2: a thread
 * whose wakeup is still queued for another processor is shown there as blocked, but as running in `stat`.
 * Zombies are members of the listings, so a process that was forked and ended between them changes the set as
 * long as nobody has waited for it.
 */
#include "harness/world/settle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/world/syscall_wait.h"

enum {
    FILE_BYTES_MAX = 4096, /* of a /proc file of one thread */
    LIST_BYTES_MAX = 8192, /* of one read of a directory or a list of children */
};

#define COUNT_UNKNOWN UINT64_MAX

/* The files of a thread that are kept open from check to check. Not so `children`: of a thread that is gone
 * it is empty where the others fail, so a stale descriptor would hide processes. */
enum thread_file { FILE_SYSCALL, FILE_SCHEDSTAT, FILE_STAT, FILES };

static const char *const file_names[FILES] = {"syscall", "schedstat", "stat"};

enum runtime { RUNTIME_UNKNOWN, RUNTIME_YES, RUNTIME_NO };

struct thread {
    pid_t pid, tid;
    unsigned listing; /* the last listing that showed it */
    int fds[FILES];   /* -1: not open */
    uint64_t count;   /* in pass 1 */
    uint64_t mark;    /* sleeps at settle_mark(), COUNT_UNKNOWN without */
    struct syscall_wait wait;
    char state;
    bool dead;            /* a zombie, or a dead thread not collected yet */
    enum runtime runtime; /* a helper thread of a sanitizer: none of the program's business */
};

struct settle {
    struct thread *threads;
    size_t count, room, cursor;
    pid_t *pids; /* processes still to be listed */
    size_t pids_count, pids_room;
    unsigned listing;
    unsigned fds_open;
    bool use_status;    /* the kernel keeps no schedstat */
    bool last_complete; /* the last check was not BUSY */
    int error;          /* errno value that made the current check impossible */
};

/* ---- files of one thread ---- */

static void thread_file_close(struct settle *settle, struct thread *thread, enum thread_file file)
{
    if (thread->fds[file] < 0)
        return;
    close(thread->fds[file]);
    thread->fds[file] = -1;
    settle->fds_open--;
}

static void thread_files_close(struct settle *settle, struct thread *thread)
{
    for (int file = 0; file < FILES; file++)
        thread_file_close(settle, thread, (enum thread_file)file);
}

static int thread_open(const struct thread *thread, const char *name)
{
    char path[80];

    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)thread->pid, (int)thread->tid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Reads a whole small file; *text ends with a NUL. Returns bytes, or -errno (-ESRCH, -ENOENT: the thread is
 * gone). */
static ssize_t thread_read(struct settle *settle, struct thread *thread, enum thread_file file, char *text)
{
    int fd = thread->fds[file];

    if (fd < 0) {
        const char *name = file == FILE_SCHEDSTAT && settle->use_status ? "status" : file_names[file];
        if ((fd = thread_open(thread, name)) < 0)
            return -errno;
        settle->fds_open++;
        thread->fds[file] = fd;
    }
    ssize_t bytes = pread(fd, text, FILE_BYTES_MAX - 1, 0);
    ssize_t result = bytes < 0 ? -errno : bytes;
    text[bytes < 0 ? 0 : bytes] = '\0';
    if (bytes < 0)
        thread_files_close(settle, thread); /* that thread is gone, its number may be another's by now */
    else if (settle->fds_open > SETTLE_FDS_MAX)
        thread_file_close(settle, thread, file);
    return result;
}

static uint64_t status_field(const char *status, const char *name, int base)
{
    const char *at = strstr(status, name);

    return at ? strtoull(at + strlen(name), NULL, base) : COUNT_UNKNOWN;
}

/* Reads /proc/PID/task/TID/status, which is not kept open. Returns false when the thread is gone. */
static bool thread_status(const struct thread *thread, char text[FILE_BYTES_MAX])
{
    int fd = thread_open(thread, "status");

    if (fd < 0)
        return false;
    ssize_t bytes = read(fd, text, FILE_BYTES_MAX - 1);
    close(fd);
    text[bytes < 0 ? 0 : bytes] = '\0';
    return bytes > 0;
}

/* How often the thread was put on a processor. */
static uint64_t thread_count(struct settle *settle, struct thread *thread)
{
    char text[FILE_BYTES_MAX];

    if (thread_read(settle, thread, FILE_SCHEDSTAT, text) <= 0)
        return COUNT_UNKNOWN;
    if (settle->use_status)
        return status_field(text, "\nvoluntary_ctxt_switches:", 10) +
               status_field(text, "\nnonvoluntary_ctxt_switches:", 10);
    unsigned long long ran, waited, count;
    return sscanf(text, "%llu %llu %llu", &ran, &waited, &count) == 3 ? count : COUNT_UNKNOWN;
}

/* State letter of the thread, 'X' when it is gone; fills its name where `comm` is not NULL. */
static char thread_state(struct settle *settle, struct thread *thread, char *comm)
{
    char text[FILE_BYTES_MAX];

    if (thread_read(settle, thread, FILE_STAT, text) <= 0)
        return 'X';
    char *open_paren = strchr(text, '('), *close_paren = strrchr(text, ')');
    if (!open_paren || !close_paren || close_paren[1] != ' ')
        return 'X';
    if (comm) {
        *close_paren = '\0';
        snprintf(comm, SETTLE_COMM_BYTES, "%s", open_paren + 1);
    }
    return close_paren[2];
}

/* ---- the listing ---- */

static bool room_make(void **items, size_t *room, size_t count, size_t item_bytes)
{
    if (count < *room)
        return true;
    size_t wanted = *room ? *room * 2 : 32;
    void *moved = realloc(*items, wanted * item_bytes);
    if (!moved)
        return false;
    *items = moved;
    *room = wanted;
    return true;
}

/* Listings come in the same order as a rule, so the search starts behind the last hit. */
static struct thread *thread_find(struct settle *settle, pid_t tid)
{
    for (size_t i = 0; i < settle->count; i++) {
        size_t at =
            settle->cursor + i < settle->count ? settle->cursor + i : settle->cursor + i - settle->count;
        if (settle->threads[at].tid == tid) {
            settle->cursor = at + 1;
            return &settle->threads[at];
        }
    }
    return NULL;
}

static struct thread *thread_add(struct settle *settle)
{
    if (settle->count >= SETTLE_THREADS_MAX ||
        !room_make((void **)&settle->threads, &settle->room, settle->count, sizeof *settle->threads)) {
        settle->error = settle->count >= SETTLE_THREADS_MAX ? E2BIG : ENOMEM;
        return NULL;
    }
    struct thread *thread = &settle->threads[settle->count++];
    memset(thread, 0, sizeof *thread);
    memset(thread->fds, -1, sizeof thread->fds);
    settle->cursor = settle->count;
    return thread;
}

static bool pid_push(struct settle *settle, pid_t pid)
{
    if (!room_make((void **)&settle->pids, &settle->pids_room, settle->pids_count, sizeof *settle->pids)) {
        settle->error = ENOMEM;
        return false;
    }
    settle->pids[settle->pids_count++] = pid;
    return true;
}

/* Pushes the processes that this thread forked. A list longer than one read goes on with the next. */
static void children_push(struct settle *settle, struct thread *thread)
{
    char text[LIST_BYTES_MAX];
    pid_t pid = 0;
    int fd = thread_open(thread, "children");

    if (fd < 0) {
        if (errno != ENOENT && errno != ESRCH)
            settle->error = errno;
        else if (thread_state(settle, thread, NULL) != 'X')
            settle->error = EOPNOTSUPP; /* alive, without such a file: no CONFIG_PROC_CHILDREN */
        return;
    }
    for (ssize_t bytes; (bytes = read(fd, text, sizeof text)) > 0;) {
        for (ssize_t i = 0; i < bytes; i++) {
            if (text[i] >= '0' && text[i] <= '9')
                pid = pid * 10 + (text[i] - '0');
            else if (pid > 0 && pid_push(settle, pid))
                pid = 0;
        }
    }
    close(fd);
}

/* Notes one thread of the current listing. Returns 1 when it is new, else 0. */
static int thread_note(struct settle *settle, pid_t pid, pid_t tid)
{
    struct thread *thread = thread_find(settle, tid);
    int added = 0;

    if (thread && thread->listing == settle->listing)
        return 0;
    if (thread && thread->pid != pid) /* the number was given to another */
        thread_files_close(settle, thread);
    if (!thread || thread->pid != pid) {
        if (!thread && !(thread = thread_add(settle)))
            return 0;
        thread->pid = pid;
        thread->tid = tid;
        thread->mark = COUNT_UNKNOWN;
        thread->runtime = RUNTIME_UNKNOWN;
        added = 1;
    }
    thread->listing = settle->listing;
    children_push(settle, thread);
    return added;
}

/* Lists the threads of one process, and pushes its children. Returns how many were new, -1 without such a
 * process. */
static int process_list(struct settle *settle, pid_t pid)
{
    _Alignas(struct dirent64) char entries[LIST_BYTES_MAX];
    char path[40];
    int added = 0;

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT && errno != ESRCH)
            settle->error = errno;
        return -1;
    }
    for (ssize_t bytes; (bytes = getdents64(fd, entries, sizeof entries)) > 0;) {
        for (ssize_t at = 0; at < bytes;) {
            struct dirent64 *entry = (struct dirent64 *)(entries + at);
            pid_t tid = (pid_t)atoi(entry->d_name); /* "." and ".." give 0 */
            if (tid > 0)
                added += thread_note(settle, pid, tid);
            at += entry->d_reclen;
        }
    }
    close(fd);
    return added;
}

/* Lists all trees. Returns how many threads the last listing didn't have. */
static int trees_list(struct settle *settle, const pid_t *roots, size_t count)
{
    int added = 0;

    settle->listing++;
    settle->cursor = 0;
    for (size_t i = 0; i < count; i++) {
        int found = process_list(settle, roots[i]);
        if (found < 0 && (kill(roots[i], 0) == 0 || errno == EPERM) && process_list(settle, roots[i]) < 0)
            settle->error = EACCES; /* it lives, but /proc hides it */
        added += found > 0 ? found : 0;
        while (settle->pids_count > 0) {
            found = process_list(settle, settle->pids[--settle->pids_count]);
            added += found > 0 ? found : 0;
        }
    }
    return added;
}

/* Forgets the threads that the last listing didn't show. */
static void vanished_drop(struct settle *settle)
{
    size_t kept = 0;

    for (size_t i = 0; i < settle->count; i++) {
        if (settle->threads[i].listing == settle->listing)
            settle->threads[kept++] = settle->threads[i];
        else
            thread_files_close(settle, &settle->threads[i]);
    }
    settle->count = kept;
}

/* ---- the two passes ---- */

/* Sanitizers run a thread of their own beside the program's (that of ThreadSanitizer sleeps a tenth of a
 * second, over and over). It blocks every signal, in a process whose shadow memory makes it larger than 1
 * TiB. */
static bool thread_is_runtime(struct thread *thread)
{
    enum { SHADOW_KIB_LOG2 = 30 };
    char status[FILE_BYTES_MAX];

    if (thread->tid == thread->pid)
        return false;
    if (thread->runtime == RUNTIME_UNKNOWN) {
        if (!thread_status(thread, status))
            return false;
        uint64_t size_kib = status_field(status, "\nVmSize:", 10);
        uint64_t blocked = status_field(status, "\nSigBlk:", 16);
        /* not blocked: KILL and STOP, which can't be, and the two of the C library's own */
        bool all_blocked = blocked != COUNT_UNKNOWN && (blocked | 0x0000000180040100) == UINT64_MAX;
        bool shadow = size_kib != COUNT_UNKNOWN && size_kib >> SHADOW_KIB_LOG2 != 0;
        thread->runtime = all_blocked && shadow ? RUNTIME_YES : RUNTIME_NO;
    }
    return thread->runtime == RUNTIME_YES;
}

/* The thread's system call is not told: its state has to do. */
static enum settle_class thread_read_weakly(struct settle *settle, struct thread *thread)
{
    thread->wait = (struct syscall_wait){.kind = SETTLE_TIMED, .name = "", .fd = -1, .timeout_ns = -1};
    thread->state = thread_state(settle, thread, NULL);
    thread->dead = thread->state == 'Z';
    return thread->dead || strchr("STt", thread->state) ? SETTLE_TIMED : SETTLE_BUSY;
}

/* First pass over one thread: BUSY, or what it waits for (TIMED for a dead one, which nobody counts). */
static enum settle_class thread_pass1(struct settle *settle, struct thread *thread, bool *weak)
{
    char text[FILE_BYTES_MAX], *rest;
    uint64_t args[SYSCALL_ARGS] = {0};

    thread->dead = false;
    thread->wait = (struct syscall_wait){.kind = SETTLE_BUSY, .name = "", .fd = -1, .timeout_ns = -1};
    thread->count = thread_count(settle, thread);
    ssize_t bytes = thread_read(settle, thread, FILE_SYSCALL, text);
    if (bytes == -EACCES || bytes == -EPERM) {
        enum settle_class kind = thread_read_weakly(settle, thread);
        *weak = *weak || !thread->dead;
        return kind;
    }
    if (bytes == -EMFILE || bytes == -ENFILE)
        settle->error = (int)-bytes;
    if (bytes <= 0)
        return SETTLE_BUSY;
    long number = text[0] == 'r' ? -1 : strtol(text, &rest, 10); /* "running" */
    if (number < 0) {
        thread->state = thread_state(settle, thread, NULL);
        thread->dead = thread->state == 'Z';
        if (!thread->dead && text[0] == 'r')
            return SETTLE_BUSY;
    }
    for (int i = 0; number >= 0 && i < SYSCALL_ARGS; i++)
        args[i] = strtoull(rest, &rest, 16);
    thread->wait = syscall_wait_of(number, args);
    if (thread->wait.kind == SETTLE_SLEEPING && thread_is_runtime(thread))
        thread->wait.kind = SETTLE_QUIET;
    return thread->wait.kind;
}

/* Second pass over one thread: did it sleep all the time since the first? */
static bool thread_pass2(struct settle *settle, struct thread *thread)
{
    thread->state = thread_state(settle, thread, NULL);
    if (thread->dead)
        return thread->state == 'Z';
    if (thread->state == 'T' || thread->state == 't')
        thread->wait.kind = SETTLE_SLEEPING;
    else if (thread->state != 'S')
        return false;
    return thread->count != COUNT_UNKNOWN && thread_count(settle, thread) == thread->count;
}

static void facts_tell(struct settle *settle, struct settle_facts *facts, struct thread *thread)
{
    facts->pid = thread->pid;
    facts->tid = thread->tid;
    facts->state = thread_state(settle, thread, facts->comm);
    facts->syscall = thread->wait.name;
    facts->fd = thread->wait.fd;
    facts->timeout_ns = thread->wait.timeout_ns;
}

static void facts_count(const struct settle *settle, struct settle_facts *facts)
{
    pid_t last = 0;

    for (size_t i = 0; i < settle->count; i++) {
        const struct thread *thread = &settle->threads[i];
        if (thread->dead)
            continue;
        facts->threads++;
        facts->processes += thread->pid != last; /* a process is listed in one piece */
        last = thread->pid;
    }
}

/* The trees' class with *decider set to the thread that decided it (NULL where none did). */
static enum settle_class trees_collect(struct settle *settle, const pid_t *roots, size_t count,
                                       struct thread **decider, bool *weak)
{
    *decider = NULL;
    trees_list(settle, roots, count);
    vanished_drop(settle);
    unsigned first_listing = settle->listing;
    for (size_t i = 0; i < settle->count && !settle->error; i++) {
        *decider = &settle->threads[i];
        if (thread_pass1(settle, *decider, weak) == SETTLE_BUSY)
            return SETTLE_BUSY;
    }
    *decider = NULL;
    size_t listed = settle->count;
    if (trees_list(settle, roots, count) != 0 || settle->count != listed)
        return SETTLE_BUSY;
    enum settle_class strongest = SETTLE_GONE;
    for (size_t i = 0; i < settle->count; i++) {
        struct thread *thread = &settle->threads[i];
        if (thread->listing == first_listing || !thread_pass2(settle, thread)) {
            *decider = thread;
            return SETTLE_BUSY;
        }
        if (!thread->dead && (strongest == SETTLE_GONE || thread->wait.kind > strongest)) {
            strongest = thread->wait.kind;
            *decider = thread;
        }
    }
    return strongest;
}

enum settle_class settle_check(struct settle *settle, const pid_t *roots, size_t count,
                               struct settle_facts *facts)
{
    struct thread *decider;

    *facts = (struct settle_facts){.syscall = "", .fd = -1, .timeout_ns = -1};
    settle->error = 0;
    settle->pids_count = 0;
    enum settle_class class = trees_collect(settle, roots, count, &decider, &facts->weak);
    settle->last_complete = class != SETTLE_BUSY && !settle->error;
    if (settle->error) {
        facts->error = settle->error;
        return SETTLE_DENIED;
    }
    facts_count(settle, facts);
    if (decider)
        facts_tell(settle, facts, decider);
    return class;
}

/* ---- waking by itself ---- */

/* How often the thread has gone to sleep so far. Not how often it was put on a processor: one wake may need
 * several turns. */
static uint64_t thread_sleeps(const struct thread *thread)
{
    char status[FILE_BYTES_MAX];

    return thread_status(thread, status) ? status_field(status, "\nvoluntary_ctxt_switches:", 10)
                                         : COUNT_UNKNOWN;
}

void settle_mark(struct settle *settle)
{
    for (size_t i = 0; i < settle->count; i++)
        settle->threads[i].mark = thread_sleeps(&settle->threads[i]);
}

bool settle_woken(const struct settle *settle, unsigned times)
{
    if (!settle->last_complete)
        return false;
    for (size_t i = 0; i < settle->count; i++) {
        const struct thread *thread = &settle->threads[i];
        if (thread->dead || thread->wait.kind != SETTLE_TIMED)
            continue;
        uint64_t sleeps = thread_sleeps(thread);
        if (thread->mark == COUNT_UNKNOWN || sleeps == COUNT_UNKNOWN || sleeps - thread->mark < times)
            return false;
    }
    return true;
}

struct settle *settle_new(void)
{
    struct settle *settle = calloc(1, sizeof *settle);
    if (!settle)
        return NULL;
    /* Without CONFIG_SCHED_INFO the file is absent or all zero. */
    struct thread self = {.pid = getpid(), .tid = getpid()};
    memset(self.fds, -1, sizeof self.fds);
    uint64_t count = thread_count(settle, &self);
    thread_files_close(settle, &self);
    settle->use_status = count == 0 || count == COUNT_UNKNOWN;
    return settle;
}

void settle_free(struct settle *settle)
{
    if (!settle)
        return;
    for (size_t i = 0; i < settle->count; i++)
        thread_files_close(settle, &settle->threads[i]);
    free(settle->threads);
    free(settle->pids);
    free(settle);
}
