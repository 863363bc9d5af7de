/*
 * thread_table - see thread_table.h.
 */
#include "harness/world/thread_table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIST_BYTES_MAX = 8192 }; /* of one read of a directory or a list of children */

static const char *const file_names[THREAD_FILES] = {"syscall", "schedstat", "stat"};

/* ---- files of one thread ---- */

static void thread_file_close(struct thread_table *table, struct thread *thread, enum thread_file file)
{
    if (thread->fds[file] < 0)
        return;
    close(thread->fds[file]);
    thread->fds[file] = -1;
    table->fds_open--;
}

static void thread_files_close(struct thread_table *table, struct thread *thread)
{
    for (int file = 0; file < THREAD_FILES; file++)
        thread_file_close(table, thread, (enum thread_file)file);
}

static int thread_open(const struct thread *thread, const char *name)
{
    char path[80];

    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)thread->pid, (int)thread->tid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

ssize_t thread_read(struct thread_table *table, struct thread *thread, enum thread_file file,
                    char text[THREAD_FILE_BYTES_MAX])
{
    int fd = thread->fds[file];

    if (fd < 0) {
        const char *name = file == THREAD_SCHEDSTAT && table->use_status ? "status" : file_names[file];
        if ((fd = thread_open(thread, name)) < 0)
            return -errno;
        table->fds_open++;
        thread->fds[file] = fd;
    }
    ssize_t bytes = pread(fd, text, THREAD_FILE_BYTES_MAX - 1, 0);
    ssize_t result = bytes < 0 ? -errno : bytes;
    text[bytes < 0 ? 0 : bytes] = '\0';
    if (bytes < 0)
        thread_files_close(table, thread); /* that thread is gone, its number may be another's by now */
    else if (table->fds_open > THREAD_TABLE_FDS_MAX)
        thread_file_close(table, thread, file);
    return result;
}

uint64_t thread_status_field(const char *status, const char *name, int base)
{
    const char *at = strstr(status, name);

    return at ? strtoull(at + strlen(name), NULL, base) : THREAD_COUNT_UNKNOWN;
}

bool thread_status(const struct thread *thread, char text[THREAD_FILE_BYTES_MAX])
{
    int fd = thread_open(thread, "status");

    if (fd < 0)
        return false;
    ssize_t bytes = read(fd, text, THREAD_FILE_BYTES_MAX - 1);
    close(fd);
    text[bytes < 0 ? 0 : bytes] = '\0';
    return bytes > 0;
}

uint64_t thread_switches(struct thread_table *table, struct thread *thread)
{
    char text[THREAD_FILE_BYTES_MAX];

    if (thread_read(table, thread, THREAD_SCHEDSTAT, text) <= 0)
        return THREAD_COUNT_UNKNOWN;
    if (table->use_status)
        return thread_status_field(text, "\nvoluntary_ctxt_switches:", 10) +
               thread_status_field(text, "\nnonvoluntary_ctxt_switches:", 10);
    unsigned long long ran, waited, count;
    return sscanf(text, "%llu %llu %llu", &ran, &waited, &count) == 3 ? count : THREAD_COUNT_UNKNOWN;
}

bool thread_has_run(struct thread_table *table, struct thread *thread)
{
    char text[THREAD_FILE_BYTES_MAX];
    uint64_t before = thread->ran_ns;

    if (table->use_status || thread_read(table, thread, THREAD_SCHEDSTAT, text) <= 0)
        return true;
    thread->ran_ns = strtoull(text, NULL, 10); /* a running thread's grows with each tick of the kernel */
    return before == THREAD_COUNT_UNKNOWN || thread->ran_ns != before;
}

char thread_state(struct thread_table *table, struct thread *thread, char *comm)
{
    char text[THREAD_FILE_BYTES_MAX];

    if (thread_read(table, thread, THREAD_STAT, text) <= 0)
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
static struct thread *thread_find(struct thread_table *table, pid_t tid)
{
    for (size_t i = 0; i < table->count; i++) {
        size_t at = table->cursor + i < table->count ? table->cursor + i : table->cursor + i - table->count;
        if (table->threads[at].tid == tid) {
            table->cursor = at + 1;
            return &table->threads[at];
        }
    }
    return NULL;
}

static struct thread *thread_add(struct thread_table *table)
{
    if (table->count >= THREAD_TABLE_MAX ||
        !room_make((void **)&table->threads, &table->room, table->count, sizeof *table->threads)) {
        table->error = table->count >= THREAD_TABLE_MAX ? E2BIG : ENOMEM;
        return NULL;
    }
    struct thread *thread = &table->threads[table->count++];
    memset(thread, 0, sizeof *thread);
    memset(thread->fds, -1, sizeof thread->fds);
    table->cursor = table->count;
    return thread;
}

static bool pid_push(struct thread_table *table, pid_t pid)
{
    if (!room_make((void **)&table->pids, &table->pids_room, table->pids_count, sizeof *table->pids)) {
        table->error = ENOMEM;
        return false;
    }
    table->pids[table->pids_count++] = pid;
    return true;
}

/* Pushes the processes that this thread forked. A list longer than one read goes on with the next. */
static void children_push(struct thread_table *table, struct thread *thread)
{
    char text[LIST_BYTES_MAX];
    pid_t pid = 0;
    int fd = thread_open(thread, "children");

    if (fd < 0) {
        if (errno != ENOENT && errno != ESRCH)
            table->error = errno;
        else if (thread_state(table, thread, NULL) != 'X')
            table->error = EOPNOTSUPP; /* alive, without such a file: no CONFIG_PROC_CHILDREN */
        return;
    }
    for (ssize_t bytes; (bytes = read(fd, text, sizeof text)) > 0;) {
        for (ssize_t i = 0; i < bytes; i++) {
            if (text[i] >= '0' && text[i] <= '9')
                pid = pid * 10 + (text[i] - '0');
            else if (pid > 0 && pid_push(table, pid))
                pid = 0;
        }
    }
    close(fd);
}

/* Notes one thread of the current listing. Returns true when it is new. */
static bool thread_note(struct thread_table *table, pid_t pid, pid_t tid)
{
    struct thread *thread = thread_find(table, tid);
    bool added = false;

    if (thread && thread->listing == table->listing)
        return false;
    if (thread && thread->pid != pid) /* the number was given to another */
        thread_files_close(table, thread);
    if (!thread || thread->pid != pid) {
        if (!thread && !(thread = thread_add(table)))
            return false;
        thread->pid = pid;
        thread->tid = tid;
        thread->mark = thread->ran_ns = thread->seen_count = THREAD_COUNT_UNKNOWN;
        thread->seen_ns = thread->since_ns = 0;
        thread->runtime = RUNTIME_UNKNOWN;
        added = true;
    }
    thread->listing = table->listing;
    children_push(table, thread);
    return added;
}

/* Opens the list of a process's threads. Returns -1 when it is gone, and where /proc hides it with the error
 * set. */
static int process_open(struct thread_table *table, pid_t pid)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        return fd;
    if (errno != ENOENT && errno != ESRCH)
        table->error = errno;
    else if (kill(pid, 0) == 0 || errno == EPERM)
        table->error = EACCES;
    return -1;
}

/* Lists the threads of one process, and pushes its children. Returns how many were new. */
static size_t process_list(struct thread_table *table, pid_t pid)
{
    _Alignas(struct dirent64) char entries[LIST_BYTES_MAX];
    size_t added = 0;
    int fd = process_open(table, pid);

    if (fd < 0)
        return 0;
    for (ssize_t bytes; (bytes = getdents64(fd, entries, sizeof entries)) > 0;) {
        for (ssize_t at = 0; at < bytes;) {
            struct dirent64 *entry = (struct dirent64 *)(entries + at);
            pid_t tid = (pid_t)atoi(entry->d_name); /* "." and ".." give 0 */
            if (tid > 0 && thread_note(table, pid, tid))
                added++;
            at += entry->d_reclen;
        }
    }
    close(fd);
    return added;
}

size_t thread_table_list(struct thread_table *table, const pid_t *roots, size_t roots_count)
{
    size_t added = 0;

    table->listing++;
    table->cursor = 0;
    table->pids_count = 0;
    for (size_t i = 0; i < roots_count; i++) {
        pid_push(table, roots[i]);
        while (table->pids_count > 0)
            added += process_list(table, table->pids[--table->pids_count]);
    }
    return added;
}

void thread_table_drop_vanished(struct thread_table *table)
{
    size_t kept = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (table->threads[i].listing == table->listing)
            table->threads[kept++] = table->threads[i];
        else
            thread_files_close(table, &table->threads[i]);
    }
    table->count = kept;
}

void thread_table_init(struct thread_table *table)
{
    /* Without CONFIG_SCHED_INFO the file is absent or all zero. */
    struct thread self = {.pid = getpid(), .tid = getpid()};

    memset(table, 0, sizeof *table);
    memset(self.fds, -1, sizeof self.fds);
    uint64_t switches = thread_switches(table, &self);
    thread_files_close(table, &self);
    table->use_status = switches == 0 || switches == THREAD_COUNT_UNKNOWN;
}

void thread_table_free(struct thread_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        thread_files_close(table, &table->threads[i]);
    free(table->threads);
    free(table->pids);
}
