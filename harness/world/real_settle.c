/*
 * real_settle - one look at all programs of a stage: did everything of ours arrive, do all threads wait for
 * input, did everything of theirs arrive? Only when all three hold is a program silent by fact; see notes in
 * settle.h and delivery.h.
 */
#include "harness/world/real.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOTS_MAX = PROCESS_ROOTS_MAX };

/* A reset is no byte to wait for: it has arrived when the program's socket is no more. */
static bool has_arrived(struct world_connection *c)
{
    if (!c->reset && delivery_arrived(&c->delivery)) {
        return true;
    }
    bool known = delivery_look(&c->delivery, &c->stage->world->diag) != DELIVERY_UNKNOWN;
    return !known || c->delivery.gone || (!c->reset && delivery_arrived(&c->delivery));
}

static bool all_closed_arrived(struct world_stage *stage)
{
    bool arrived = true;
    for (struct world_connection **at = &stage->closing; *at;) {
        struct world_connection *c = *at;
        if (has_arrived(c)) {
            *at = c->next;
            real_connection_free(c);
        } else {
            arrived = false;
            at = &c->next;
        }
    }
    return arrived;
}

static bool all_sent_arrived(struct world_stage *stage)
{
    bool arrived = true;
    for (struct world_connection *c = stage->connections; c; c = c->next) {
        if (c->program || !c->open || c->delivery.gone) {
            continue;
        }
        arrived &= has_arrived(c);
    }
    return all_closed_arrived(stage) && arrived;
}

bool real_ends_arrived(struct world_stage *stage)
{
    for (struct world_connection *c = stage->connections; c; c = c->next) {
        if (c->fin && !c->program && !has_arrived(c)) {
            return false;
        }
    }
    return all_closed_arrived(stage);
}

/* The program has written more than our socket takes as long as nobody reads it: the same bytes stay with it
 * at two looks. */
static bool is_held_back_by_us(struct world_connection *c)
{
    uint32_t before = c->held_back, now = delivery_output_held_back(&c->delivery);
    c->held_back = now;
    return now != 0 && now == before;
}

/* What has come since the last wait is read before each connection is looked at: mostly it is what somebody
 * waits for. */
static bool news_came(struct world_stage *stage)
{
    bool was_active = stage->active;
    stage->active = false;
    stage->world->base.ops->wait(&stage->world->base, 0);
    bool news = stage->active;
    stage->active |= was_active;
    return news;
}

static bool all_said_arrived(struct world_stage *stage)
{
    for (struct world_connection *c = stage->connections; c; c = c->next) {
        if (c->program || !c->open || c->delivery.gone) {
            continue;
        }
        if (delivery_look(&c->delivery, &stage->world->diag) == DELIVERY_UNKNOWN || c->delivery.gone) {
            continue;
        }
        if (!delivery_output_complete(&c->delivery) && !is_held_back_by_us(c)) {
            return false;
        }
    }
    return true;
}

/* What is read from now on is all that was said: every watch must really be tried. */
static void allow_reads(struct world_stage *stage)
{
    for (struct world_connection *c = stage->connections; c; c = c->next) {
        c->socket.readable = true;
    }
    for (struct world_program *p = stage->programs; p; p = p->next) {
        p->out.readable = p->err.readable = true;
    }
}

/* No event tells of these: each look is one at them, too. */
static void allow_silent_reads(struct world_stage *stage)
{
    for (struct world_program *p = stage->programs; p; p = p->next) {
        p->status.readable = true;
        for (size_t i = 0; i < p->log_count; i++) {
            p->logs[i].readable = true;
        }
    }
}

/* A process that has just exited sleeps for ever; before its keeper has said so, it must not pass for one
 * that lives. */
static bool an_end_is_untold(const struct world_stage *stage)
{
    for (const struct world_program *p = stage->programs; p; p = p->next) {
        if (!p->ended && process_has_exited(p->process)) {
            return true;
        }
    }
    return false;
}

static size_t collect_roots(struct world_stage *stage, pid_t *roots)
{
    size_t count = 0;
    for (struct world_program *p = stage->programs; p; p = p->next) {
        count += process_roots(p->process, roots + count, ROOTS_MAX - count);
    }
    for (size_t i = 0; i < stage->owner_count && count < ROOTS_MAX; i++) {
        roots[count++] = stage->owners[i];
    }
    return count;
}

static void describe(const struct settle_facts *f, enum settle_class class, struct world_settle_facts *facts)
{
    char timer[48] = "";
    if (class == SETTLE_GONE) {
        snprintf(facts->who, sizeof facts->who, "no program runs any more");
        return;
    }
    if (class == SETTLE_DENIED) {
        snprintf(facts->who, sizeof facts->who, "a program can't be looked into: %s", strerror(f->error));
        return;
    }
    if (f->timeout_ns >= 0) {
        snprintf(timer, sizeof timer, " with a timer of %lld ms", (long long)(f->timeout_ns / 1000000));
    } else if (class == SETTLE_TIMED) {
        snprintf(timer, sizeof timer, " with a timer");
    } else if (class == SETTLE_QUIET) {
        snprintf(timer, sizeof timer, " without a timer");
    }
    const char *verb = class == SETTLE_BUSY && !f->syscall[0] ? f->state == 'D' ? "waits for a disk" : "runs"
                       : class == SETTLE_SLEEPING && (f->state == 'T' || f->state == 't') ? "is stopped"
                       : class == SETTLE_WRITING ? "waits for its peer to read, in "
                                                 : "sleeps in ";
    bool call = verb[strlen(verb) - 1] == ' ';
    const char *where = call ? (f->syscall[0] ? f->syscall : "a system call") : "";
    if (class == SETTLE_BUSY && f->pid == 0) {
        snprintf(facts->who, sizeof facts->who, "the programs are busy");
        return;
    }
    snprintf(facts->who, sizeof facts->who, "%.16s (pid %d) %s%s%s; %u thread%s in all", f->comm, (int)f->pid,
             verb, where, call ? timer : "", f->threads, f->threads == 1 ? "" : "s");
}

static enum world_settle blind(struct world_settle_facts *facts, const char *why)
{
    snprintf(facts->who, sizeof facts->who, "%s", why);
    return WORLD_BLIND;
}

enum world_settle real_settle(struct world_stage *stage, struct world_settle_facts *facts)
{
    pid_t roots[ROOTS_MAX];
    struct settle_facts thread = {0};
    facts->who[0] = 0;
    facts->woken_twice = facts->woken_thrice = facts->starved = false;
    facts->asleep_until_ns = 0;
    allow_silent_reads(stage);
    if (stage->blind || !stage->world->has_facts) {
        return blind(facts, stage->blind
                                ? "a program runs elsewhere, or as another user: it can't be looked into"
                                : "this kernel does not tell what a program has read (no inet_diag)");
    }
    if (!stage->programs && stage->owner_count == 0) {
        return blind(facts, "Seam started no program: it can't tell who answers");
    }
    if (!all_sent_arrived(stage)) {
        snprintf(facts->who, sizeof facts->who, "bytes are on their way");
        return WORLD_BUSY;
    }
    size_t count = collect_roots(stage, roots);
    enum settle_class class = settle_check(stage->settle, roots, count, &thread);
    describe(&thread, class, facts);
    facts->starved = thread.starved;
    if (class == SETTLE_BUSY) {
        return WORLD_BUSY;
    }
    if (an_end_is_untold(stage)) {
        snprintf(facts->who, sizeof facts->who, "a program is ending");
        return WORLD_BUSY;
    }
    if (class == SETTLE_DENIED) {
        return WORLD_BLIND;
    }
    if (class == SETTLE_GONE) {
        allow_reads(stage);
        return WORLD_GONE;
    }
    if (news_came(stage)) {
        snprintf(facts->who, sizeof facts->who, "bytes came in");
        return WORLD_BUSY;
    }
    if (!all_said_arrived(stage)) {
        snprintf(facts->who, sizeof facts->who, "bytes are on their way");
        return WORLD_BUSY;
    }
    allow_reads(stage);
    if (class == SETTLE_TIMED || class == SETTLE_SLEEPING) {
        if (!stage->marked) {
            settle_mark(stage->settle);
            stage->marked = true;
        }
        facts->asleep_until_ns = settle_asleep_until_ns(stage->settle);
        facts->woken_twice = settle_woken(stage->settle, 2);
        facts->woken_thrice = settle_woken(stage->settle, 3);
    }
    return class == SETTLE_QUIET      ? WORLD_QUIET
           : class == SETTLE_TIMED    ? WORLD_TIMED
           : class == SETTLE_SLEEPING ? WORLD_SLEEPING
                                      : WORLD_WRITING;
}

void real_settle_restart(struct world_stage *stage)
{
    stage->marked = false;
}

/* --- programs that run already
 * ----------------------------------------------------------------------------------------- */

struct owner_search {
    uint16_t port;
    uint32_t inodes[8];
    size_t inode_count;
};

static void note_inode(void *ctx, const struct sockaddr *address, socklen_t bytes, uint32_t inode)
{
    struct owner_search *search = ctx;
    (void)bytes;
    uint16_t port = address->sa_family == AF_INET
                        ? ((const struct sockaddr_in *)(const void *)address)->sin_port
                        : ((const struct sockaddr_in6 *)(const void *)address)->sin6_port;
    if (ntohs(port) == search->port &&
        search->inode_count < sizeof search->inodes / sizeof search->inodes[0]) {
        search->inodes[search->inode_count++] = inode;
    }
}

static bool holds(pid_t pid, const struct owner_search *search)
{
    char path[64], target[64], wanted[64];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *folder = opendir(path);
    for (struct dirent *e; folder && !found && (e = readdir(folder)) != NULL;) {
        ssize_t n = readlinkat(dirfd(folder), e->d_name, target, sizeof target - 1);
        target[n > 0 ? n : 0] = 0;
        for (size_t i = 0; i < search->inode_count && !found; i++) {
            snprintf(wanted, sizeof wanted, "socket:[%u]", search->inodes[i]);
            found = strcmp(target, wanted) == 0;
        }
    }
    if (folder) {
        closedir(folder);
    }
    return found;
}

void real_attach(struct world_stage *stage, uint16_t port)
{
    struct owner_search search = {.port = port};
    size_t before = stage->owner_count;
    if (stage->world->has_facts) {
        sock_diag_listeners(&stage->world->diag, note_inode, &search);
    }
    DIR *proc = search.inode_count ? opendir("/proc") : NULL;
    for (struct dirent *e; proc && (e = readdir(proc)) != NULL;) {
        pid_t pid = atoi(e->d_name);
        if (pid > 0 && stage->owner_count < REAL_OWNERS_MAX && holds(pid, &search)) {
            stage->owners[stage->owner_count++] = pid;
        }
    }
    if (proc) {
        closedir(proc);
    }
    settle_forget(stage->settle);
    stage->blind |= stage->owner_count == before;
}
