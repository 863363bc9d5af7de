/*
 * syscall_wait - see syscall_wait.h.
 */
#include "harness/world/syscall_wait.h"

#include <stdbool.h>
#include <sys/syscall.h>

enum limit_form { LIMIT_NONE, LIMIT_MS, LIMIT_POINTER };

enum { NO_ARG = -1 };

struct rule {
    long number;
    const char *name;
    enum settle_class kind; /* without a time limit */
    int8_t fd_arg;
    enum limit_form limit;
    int8_t limit_arg;
    int8_t count_arg; /* how many descriptors are waited for; none and a time limit is a bare sleep */
};

#define INPUT(call)                                                                                          \
    {                                                                                                        \
        SYS_##call, #call, SETTLE_QUIET, 0, LIMIT_NONE, 0, NO_ARG                                            \
    }
#define INPUT_UNTIL(call, limit_at)                                                                          \
    {                                                                                                        \
        SYS_##call, #call, SETTLE_QUIET, 0, LIMIT_POINTER, limit_at, NO_ARG                                  \
    }
#define WAIT(call)                                                                                           \
    {                                                                                                        \
        SYS_##call, #call, SETTLE_QUIET, NO_ARG, LIMIT_NONE, 0, NO_ARG                                       \
    }
#define WAIT_UNTIL(call, limit_at)                                                                           \
    {                                                                                                        \
        SYS_##call, #call, SETTLE_QUIET, NO_ARG, LIMIT_POINTER, limit_at, NO_ARG                             \
    }
#define WAIT_MANY(call, form, limit_at, n)                                                                   \
    {                                                                                                        \
        SYS_##call, #call, SETTLE_QUIET, NO_ARG, form, limit_at, n                                           \
    }
#define EPOLL(call)                                                                                          \
    {                                                                                                        \
        SYS_##call, #call, SETTLE_QUIET, 0, LIMIT_MS, 3, NO_ARG                                              \
    }
#define OUTPUT(call)                                                                                         \
    {                                                                                                        \
        SYS_##call, #call, SETTLE_WRITING, 0, LIMIT_NONE, 0, NO_ARG                                          \
    }
#define OTHER(call, kind)                                                                                    \
    {                                                                                                        \
        SYS_##call, #call, kind, NO_ARG, LIMIT_NONE, 0, NO_ARG                                               \
    }
#define OTHER_FD(call, kind)                                                                                 \
    {                                                                                                        \
        SYS_##call, #call, kind, 0, LIMIT_NONE, 0, NO_ARG                                                    \
    }

static const struct rule rules[] = {
    INPUT(read),
    INPUT(readv),
    INPUT(pread64),
    INPUT(preadv),
    INPUT(preadv2),
    INPUT(recvfrom),
    INPUT(recvmsg),
    INPUT_UNTIL(recvmmsg, 4),
    INPUT(accept),
    INPUT(accept4),
    INPUT_UNTIL(mq_timedreceive, 4),
    WAIT(wait4),
    WAIT(waitid),
    WAIT(rt_sigsuspend),
    WAIT_UNTIL(rt_sigtimedwait, 2),
    WAIT_UNTIL(futex, 3),
    WAIT(msgrcv),
#ifdef SYS_semop
    WAIT(semop),
#endif
    WAIT_UNTIL(semtimedop, 3),
    WAIT_UNTIL(io_getevents, 4),
    WAIT_MANY(ppoll, LIMIT_POINTER, 2, 1),
    WAIT_MANY(pselect6, LIMIT_POINTER, 4, 0),
    EPOLL(epoll_pwait),
#ifdef SYS_epoll_wait
    EPOLL(epoll_wait),
#endif
#ifdef SYS_epoll_pwait2
    INPUT_UNTIL(epoll_pwait2, 3),
#endif
#ifdef SYS_poll
    WAIT_MANY(poll, LIMIT_MS, 2, 1),
#endif
#ifdef SYS_select
    WAIT_MANY(select, LIMIT_POINTER, 4, 0),
#endif
#ifdef SYS_pause
    WAIT(pause),
#endif
#ifdef SYS_futex_waitv
    WAIT_UNTIL(futex_waitv, 3),
#endif
#ifdef SYS_futex_wait
    WAIT_UNTIL(futex_wait, 4),
#endif
    OTHER(nanosleep, SETTLE_SLEEPING),
    OTHER(clock_nanosleep, SETTLE_SLEEPING),
    OUTPUT(write),
    OUTPUT(writev),
    OUTPUT(pwrite64),
    OUTPUT(pwritev),
    OUTPUT(pwritev2),
    OUTPUT(sendto),
    OUTPUT(sendmsg),
    OUTPUT(sendmmsg),
    OUTPUT(sendfile),
    OUTPUT(mq_timedsend),
    OTHER(msgsnd, SETTLE_WRITING),
    OTHER_FD(io_uring_enter, SETTLE_TIMED), /* what is in flight is not to be seen; a timer may be */
    OTHER(restart_syscall, SETTLE_TIMED),   /* some wait with a limit that a stop interrupted */
    /* named for the facts; BUSY like every call that is not listed */
    OTHER_FD(connect, SETTLE_BUSY),
    OTHER_FD(flock, SETTLE_BUSY),
    OTHER_FD(fcntl, SETTLE_BUSY),
    OTHER_FD(fsync, SETTLE_BUSY),
    OTHER_FD(close, SETTLE_BUSY),
    OTHER(splice, SETTLE_BUSY),
    OTHER(openat, SETTLE_BUSY),
    OTHER(execve, SETTLE_BUSY),
    OTHER(clone, SETTLE_BUSY),
#ifdef SYS_vfork
    OTHER(vfork, SETTLE_BUSY),
#endif
};

static const struct rule *rule_find(long number)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].number == number)
            return &rules[i];
    return NULL;
}

struct syscall_wait syscall_wait_of(long number, const uint64_t args[SYSCALL_ARGS])
{
    const struct rule *rule = rule_find(number);
    struct syscall_wait wait = {.kind = SETTLE_BUSY, .name = "", .fd = -1, .timeout_ns = -1};

    if (number < 0)
        wait.kind = SETTLE_TIMED;
    if (!rule)
        return wait;
    wait.name = rule->name;
    wait.kind = rule->kind;
    if (rule->fd_arg != NO_ARG)
        wait.fd = (int)args[rule->fd_arg];
    bool limited = false;
    if (rule->limit == LIMIT_POINTER)
        limited = args[rule->limit_arg] != 0;
    if (rule->limit == LIMIT_MS && (int)args[rule->limit_arg] >= 0) {
        limited = true;
        wait.timeout_ns = (int64_t)(int)args[rule->limit_arg] * 1000000;
    }
    if (limited)
        wait.kind = rule->count_arg != NO_ARG && args[rule->count_arg] == 0 ? SETTLE_SLEEPING : SETTLE_TIMED;
    return wait;
}
