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

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/world/thread_table.h"
#include "harness/world/hidden_timer.h"
#include "harness/world/timer_fd.h"

struct settle {
    struct thread_table table;
    bool last_complete;   /* the last check was neither BUSY nor DENIED */
    uint64_t complete_ns; /* when the last such check began, at first when this was made; 0: forgotten */
};

/* Sanitizers run a thread of their own beside the program's (that of ThreadSanitizer sleeps a tenth of a
 * second, over and over). It blocks every signal, in a process whose shadow memory makes it larger than 1
 * TiB. */
static bool thread_is_runtime(struct thread *thread)
{
    enum { SHADOW_KIB_LOG2 = 30 };
    char status[THREAD_FILE_BYTES_MAX];

    if (thread->tid == thread->pid)
        return false;
    if (thread->runtime == RUNTIME_UNKNOWN) {
        if (!thread_status(thread, status))
            return false;
        uint64_t size_kib = thread_status_field(status, "\nVmSize:", 10);
        uint64_t blocked = thread_status_field(status, "\nSigBlk:", 16);
        /* bits that may be clear: KILL and STOP, which can't be blocked, SYS, and the C library's own two */
        bool all_blocked = blocked != THREAD_COUNT_UNKNOWN && (blocked | 0x00000001c0040100) == UINT64_MAX;
        bool shadow = size_kib != THREAD_COUNT_UNKNOWN && size_kib >> SHADOW_KIB_LOG2 != 0;
        thread->runtime = all_blocked && shadow ? RUNTIME_YES : RUNTIME_NO;
    }
    return thread->runtime == RUNTIME_YES;
}

/* The thread's system call is not told: its state has to do. */
static enum settle_class thread_read_weakly(struct thread_table *table, struct thread *thread)
{
    thread->wait = (struct syscall_wait){.kind = SETTLE_TIMED, .name = "", .fd = -1, .timeout_ns = -1};
    char state = thread_state(table, thread, NULL);
    thread->dead = state == 'Z';
    return thread->dead || strchr("STt", state) ? SETTLE_TIMED : SETTLE_BUSY;
}

/* First pass over one thread: BUSY, or what it waits for (TIMED for a dead one, which nobody counts). */
static enum settle_class thread_pass1(struct thread_table *table, struct thread *thread, bool *weak)
{
    char text[THREAD_FILE_BYTES_MAX], *rest;
    uint64_t args[SYSCALL_ARGS] = {0};

    thread->dead = false;
    thread->wait = (struct syscall_wait){.kind = SETTLE_BUSY, .name = "", .fd = -1, .timeout_ns = -1};
    thread->count = thread_switches(table, thread);
    ssize_t bytes = thread_read(table, thread, THREAD_SYSCALL, text);
    if (bytes == -EACCES || bytes == -EPERM) {
        enum settle_class kind = thread_read_weakly(table, thread);
        *weak = *weak || !thread->dead;
        return kind;
    }
    if (bytes == -EMFILE || bytes == -ENFILE)
        table->error = (int)-bytes;
    if (bytes <= 0)
        return SETTLE_BUSY;
    long number = text[0] == 'r' ? -1 : strtol(text, &rest, 10); /* "running" */
    if (number < 0) {
        thread->dead = thread_state(table, thread, NULL) == 'Z';
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
static bool thread_pass2(struct thread_table *table, struct thread *thread)
{
    char state = thread_state(table, thread, NULL);

    if (thread->dead)
        return state == 'Z';
    if (state == 'T' || state == 't')
        thread->wait.kind = SETTLE_SLEEPING;
    else if (state != 'S')
        return false;
    return thread->count != THREAD_COUNT_UNKNOWN && thread_switches(table, thread) == thread->count;
}

static void facts_tell(struct thread_table *table, struct settle_facts *facts, struct thread *thread)
{
    facts->pid = thread->pid;
    facts->tid = thread->tid;
    facts->state = thread_state(table, thread, facts->comm);
    facts->syscall = thread->wait.name;
    facts->fd = thread->wait.fd;
    facts->timeout_ns = thread->wait.timeout_ns;
}

static void facts_count(const struct thread_table *table, struct settle_facts *facts)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct thread *thread = &table->threads[i];
        facts->threads += !thread->dead;
        facts->processes += !thread->dead && thread->tid == thread->pid;
    }
}

/* The trees' class with *decider set to the thread that decided it (NULL where none did). */
static enum settle_class trees_collect(struct thread_table *table, const pid_t *roots, size_t count,
                                       struct thread **decider, bool *weak)
{
    *decider = NULL;
    thread_table_list(table, roots, count);
    thread_table_drop_vanished(table);
    unsigned first_listing = table->listing;
    for (size_t i = 0; i < table->count && !table->error; i++) {
        *decider = &table->threads[i];
        if (thread_pass1(table, *decider, weak) == SETTLE_BUSY)
            return SETTLE_BUSY;
    }
    *decider = NULL;
    size_t listed = table->count;
    if (thread_table_list(table, roots, count) != 0 || table->count != listed)
        return SETTLE_BUSY;
    enum settle_class strongest = SETTLE_GONE;
    for (size_t i = 0; i < table->count; i++) {
        struct thread *thread = &table->threads[i];
        if (thread->listing == first_listing || !thread_pass2(table, thread)) {
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

/* A wait on descriptors with no limit of its own ends when a timer among them goes off. */
static bool wait_sees_timers(const struct syscall_wait *wait)
{
    return wait->kind == SETTLE_QUIET &&
           (strstr(wait->name, "poll") || strstr(wait->name, "select") || strcmp(wait->name, "read") == 0);
}

static bool wait_receives(const struct syscall_wait *wait)
{
    return wait->kind == SETTLE_QUIET && wait->fd >= 0 &&
           (strncmp(wait->name, "recv", 4) == 0 || strncmp(wait->name, "read", 4) == 0 ||
            strncmp(wait->name, "accept", 6) == 0);
}

/* Does a timer end the wait that its system call does not show? Fills its limit, -1 when it can't be known. A
 * timer that sends a signal is the main thread's. */
static bool wait_has_timer(const struct thread *thread, int64_t timer_fd_ns, bool by_signal,
                           int64_t *limit_ns)
{
    *limit_ns = -1;
    if (thread->wait.kind != SETTLE_QUIET)
        return false;
    if (by_signal && thread->tid == thread->pid)
        return true;
    if (wait_sees_timers(&thread->wait) && timer_fd_ns >= 0)
        *limit_ns = timer_fd_ns;
    else if (wait_receives(&thread->wait))
        *limit_ns = hidden_timer_receive_ns(thread->pid, thread->wait.fd);
    return *limit_ns >= 0;
}

/* A thread that such a timer may wake is TIMED, and its trees are no longer QUIET. */
static enum settle_class timers_collect(struct thread_table *table, enum settle_class class,
                                        struct thread **decider)
{
    int64_t timer_fd_ns = -1, limit_ns;
    bool by_signal = false;
    pid_t pid = 0;

    for (size_t i = 0; i < table->count; i++) {
        struct thread *thread = &table->threads[i];
        if (thread->dead)
            continue;
        if (thread->pid != pid) {
            pid = thread->pid;
            timer_fd_ns = timer_fd_next_ns(pid);
            by_signal = hidden_timer_signals(pid);
        }
        if (!wait_has_timer(thread, timer_fd_ns, by_signal, &limit_ns))
            continue;
        thread->wait.kind = SETTLE_TIMED;
        thread->wait.timeout_ns = limit_ns;
        if (class == SETTLE_QUIET) {
            class = SETTLE_TIMED;
            *decider = thread;
        }
    }
    return class;
}

static uint64_t clock_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A thread that has been on a processor since an earlier check began its wait after that check; one that was
 * not there at the last complete check began it after that one. */
static void waits_date(struct settle *settle, uint64_t now_ns)
{
    for (size_t i = 0; i < settle->table.count; i++) {
        struct thread *thread = &settle->table.threads[i];
        if (thread->dead || thread->count == THREAD_COUNT_UNKNOWN)
            continue;
        if (thread->seen_ns == 0)
            thread->since_ns = settle->complete_ns;
        else if (thread->count != thread->seen_count)
            thread->since_ns = thread->seen_ns;
        thread->seen_count = thread->count;
        thread->seen_ns = now_ns;
    }
}

uint64_t settle_asleep_until_ns(const struct settle *settle)
{
    uint64_t until_ns = UINT64_MAX;

    if (!settle->last_complete)
        return 0;
    for (size_t i = 0; i < settle->table.count; i++) {
        const struct thread *thread = &settle->table.threads[i];
        if (thread->dead || (thread->wait.kind != SETTLE_TIMED && thread->wait.kind != SETTLE_SLEEPING))
            continue;
        if (thread->wait.kind == SETTLE_SLEEPING || thread->wait.timeout_ns < 0 || thread->since_ns == 0)
            return 0;
        uint64_t wakes_ns = thread->since_ns + (uint64_t)thread->wait.timeout_ns;
        until_ns = wakes_ns < until_ns ? wakes_ns : until_ns;
    }
    return until_ns;
}

void settle_forget(struct settle *settle)
{
    settle->complete_ns = 0;
}

enum settle_class settle_check(struct settle *settle, const pid_t *roots, size_t count,
                               struct settle_facts *facts)
{
    struct thread *decider;
    uint64_t now_ns = clock_now_ns();

    *facts = (struct settle_facts){.syscall = "", .fd = -1, .timeout_ns = -1};
    settle->table.error = 0;
    enum settle_class class = trees_collect(&settle->table, roots, count, &decider, &facts->weak);
    if (class == SETTLE_QUIET || class == SETTLE_TIMED || class == SETTLE_SLEEPING)
        class = timers_collect(&settle->table, class, &decider);
    settle->last_complete = class != SETTLE_BUSY && !settle->table.error;
    if (settle->last_complete) {
        waits_date(settle, now_ns);
        settle->complete_ns = now_ns;
    }
    if (settle->table.error) {
        facts->error = settle->table.error;
        return SETTLE_DENIED;
    }
    facts_count(&settle->table, facts);
    if (decider)
        facts_tell(&settle->table, facts, decider);
    if (decider && class == SETTLE_BUSY)
        facts->starved = !thread_has_run(&settle->table, decider) && facts->state == 'R';
    return class;
}

/* ---- waking by itself ---- */

/* How often the thread has gone to sleep so far. Not how often it was put on a processor: one wake may need
 * several turns. */
static uint64_t thread_sleeps(const struct thread *thread)
{
    char status[THREAD_FILE_BYTES_MAX];

    return thread_status(thread, status) ? thread_status_field(status, "\nvoluntary_ctxt_switches:", 10)
                                         : THREAD_COUNT_UNKNOWN;
}

void settle_mark(struct settle *settle)
{
    for (size_t i = 0; i < settle->table.count; i++)
        settle->table.threads[i].mark = thread_sleeps(&settle->table.threads[i]);
}

bool settle_woken(const struct settle *settle, unsigned times)
{
    if (!settle->last_complete)
        return false;
    for (size_t i = 0; i < settle->table.count; i++) {
        const struct thread *thread = &settle->table.threads[i];
        bool wakes = thread->wait.kind == SETTLE_TIMED || thread->wait.kind == SETTLE_SLEEPING;
        if (thread->dead || !wakes)
            continue;
        uint64_t sleeps = thread_sleeps(thread);
        if (thread->mark == THREAD_COUNT_UNKNOWN || sleeps == THREAD_COUNT_UNKNOWN ||
            sleeps - thread->mark < times)
            return false;
    }
    return true;
}

struct settle *settle_new(void)
{
    struct settle *settle = calloc(1, sizeof *settle);

    if (settle) {
        thread_table_init(&settle->table);
        settle->complete_ns = clock_now_ns();
    }
    return settle;
}

void settle_free(struct settle *settle)
{
    if (!settle)
        return;
    thread_table_free(&settle->table);
    free(settle);
}
