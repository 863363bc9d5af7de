/* syscall_wait: one line per call and form of its arguments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/syscall.h>

#include "harness/world/syscall_wait.h"

static void calls_are_told_apart(void **state)
{
    (void)state;
    const struct {
        long number;
        uint64_t args[SYSCALL_ARGS];
        enum settle_class kind;
        const char *name;
    } cases[] = {
        {SYS_epoll_pwait, {5, 0, 0, (uint64_t)-1}, SETTLE_QUIET, "epoll_pwait"},
        {SYS_epoll_pwait, {5, 0, 0, 10}, SETTLE_TIMED, "epoll_pwait"},
        {SYS_epoll_pwait2, {5, 0, 0, 0}, SETTLE_QUIET, "epoll_pwait2"},
        {SYS_epoll_pwait2, {5, 0, 0, 1}, SETTLE_TIMED, "epoll_pwait2"},
        {SYS_ppoll, {0, 1, 0}, SETTLE_QUIET, "ppoll"},
        {SYS_ppoll, {0, 1, 1}, SETTLE_TIMED, "ppoll"},
        {SYS_ppoll, {0, 0, 1}, SETTLE_SLEEPING, "ppoll"},
        {SYS_pselect6, {0, 0, 0, 0, 1}, SETTLE_SLEEPING, "pselect6"},
        {SYS_futex, {0, 0, 0, 0}, SETTLE_QUIET, "futex"},
        {SYS_futex, {0, 0, 0, 1}, SETTLE_TIMED, "futex"},
        {SYS_rt_sigtimedwait, {0, 0, 0}, SETTLE_QUIET, "rt_sigtimedwait"},
        {SYS_mq_timedreceive, {3, 0, 0, 0, 1}, SETTLE_TIMED, "mq_timedreceive"},
        {SYS_wait4, {0}, SETTLE_QUIET, "wait4"},
        {SYS_waitid, {0}, SETTLE_QUIET, "waitid"},
        {SYS_msgrcv, {0}, SETTLE_QUIET, "msgrcv"},
        {SYS_sendto, {4}, SETTLE_WRITING, "sendto"},
        {SYS_sendfile, {4}, SETTLE_WRITING, "sendfile"},
        {SYS_io_uring_enter, {4}, SETTLE_TIMED, "io_uring_enter"},
        {SYS_nanosleep, {0}, SETTLE_SLEEPING, "nanosleep"},
        {SYS_connect, {4}, SETTLE_BUSY, "connect"},
        {SYS_flock, {4}, SETTLE_BUSY, "flock"},
        {SYS_fcntl, {4}, SETTLE_BUSY, "fcntl"},
        {SYS_getpid, {0}, SETTLE_BUSY, ""},
        {-1, {0}, SETTLE_TIMED, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct syscall_wait wait = syscall_wait_of(cases[i].number, cases[i].args);
        assert_string_equal(wait.name, cases[i].name);
        assert_int_equal(wait.kind, cases[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(calls_are_told_apart)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
