/* settle against single children in states that the test knows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "harness/world/settle_fixture.h"

/* Runs `body` in a child, awaits the class, and tells which system call decided it. */
static struct settle_facts class_of(void (*body)(int fd), int fd, enum settle_class wanted)
{
    pid_t pid = child_start(body, fd);
    struct settle_facts facts = class_await(pid, wanted);

    class_stays(pid, wanted);
    assert_int_equal(facts.pid, pid);
    assert_false(facts.weak);
    assert_string_equal(facts.comm, "settle_test");
    child_end(pid);
    return facts;
}

static void body_epoll(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    epoll_wait(epoll, &event, 1, -1);
}

static void body_select_nothing(int fd)
{
    (void)fd;
    select(0, NULL, NULL, NULL, &(struct timeval){.tv_sec = 3600});
}

static void body_pause(int fd)
{
    (void)fd;
    pause();
}

static void body_spin(int fd)
{
    (void)fd;
    for (;;)
        getppid(); /* a call that doesn't block is still running */
}

static void body_write(int fd)
{
    static const char bytes[65536];

    while (write(fd, bytes, sizeof bytes) > 0)
        ;
}

static void waiting_for_input_is_quiet(void **state)
{
    int *pipe_ends = *state;
    struct settle_facts facts = class_of(body_read, pipe_ends[0], SETTLE_QUIET);

    assert_string_equal(facts.syscall, "read");
    assert_int_equal(facts.fd, pipe_ends[0]);
    assert_int_equal(facts.timeout_ns, -1);
    assert_int_equal(facts.processes, 1);
    assert_int_equal(facts.threads, 1);
    facts = class_of(body_epoll, pipe_ends[0], SETTLE_QUIET);
    assert_int_equal(strncmp(facts.syscall, "epoll_", 6), 0);
    assert_true(facts.fd > 0);
    class_of(body_pause, -1, SETTLE_QUIET);
}

static void a_time_limit_is_timed(void **state)
{
    int *pipe_ends = *state;
    struct settle_facts facts = class_of(body_poll_timed, pipe_ends[0], SETTLE_TIMED);

#ifdef __x86_64__
    assert_string_equal(facts.syscall, "poll");
    assert_int_equal(facts.timeout_ns, 3600 * (int64_t)1000000000);
#else
    assert_string_equal(facts.syscall, "ppoll");
#endif
}

static void body_epoll_timer(int fd)
{
    struct itimerspec hour = {.it_value.tv_sec = 3600};
    int timer = timerfd_create(CLOCK_MONOTONIC, 0), epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
    timerfd_settime(timer, 0, &hour, NULL);
    epoll_wait(epoll, &event, 1, -1);
}

static void body_epoll_timer_unset(int fd)
{
    timerfd_create(CLOCK_MONOTONIC, 0);
    body_epoll(fd);
}

static void a_timer_that_is_set_is_timed(void **state)
{
    int *pipe_ends = *state;
    struct settle_facts facts = class_of(body_epoll_timer, pipe_ends[0], SETTLE_TIMED);

    assert_int_equal(strncmp(facts.syscall, "epoll_", 6), 0);
    assert_in_range(facts.timeout_ns, 3000 * (int64_t)1000000000, 3600 * (int64_t)1000000000);
    class_of(body_epoll_timer_unset, pipe_ends[0], SETTLE_QUIET);
}

static void body_receive_timed(int fd)
{
    struct timeval hour = {.tv_sec = 3600};
    char byte;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &hour, sizeof hour);
    recv(fd, &byte, 1, 0);
}

static void body_receive(int fd)
{
    char byte;

    recv(fd, &byte, 1, 0);
}

static void body_signal_timer(int fd)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    timer_t timer;

    timer_create(CLOCK_MONOTONIC, &event, &timer);
    body_receive(fd);
}

static void timers_that_no_call_shows_are_timed(void **state)
{
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    class_of(body_receive, pair[0], SETTLE_QUIET);
    class_of(body_signal_timer, pair[0], SETTLE_TIMED);
    struct settle_facts facts = class_of(body_receive_timed, pair[0], SETTLE_TIMED);
    assert_string_equal(facts.syscall, "recvfrom");
    assert_int_equal(facts.timeout_ns, 3600 * (int64_t)1000000000);
    close(pair[0]);
    close(pair[1]);
}

static void sleeping_is_not_waiting(void **state)
{
    (void)state;
    assert_string_equal(class_of(body_sleep, -1, SETTLE_SLEEPING).syscall, "clock_nanosleep");
    class_of(body_select_nothing, -1, SETTLE_SLEEPING);
}

static void running_is_busy(void **state)
{
    (void)state;
    pid_t pid = child_start(body_spin, -1);
    struct settle_facts facts;

    for (int i = 0; i < 200; i++)
        assert_int_equal(settle_check(settle, &pid, 1, &facts), SETTLE_BUSY);
    assert_int_equal(facts.tid, pid);
    assert_int_equal(facts.state, 'R');
    child_end(pid);
}

static void blocked_writing_is_told(void **state)
{
    (void)state;
    int full[2];

    assert_int_equal(pipe(full), 0);
    struct settle_facts facts = class_of(body_write, full[1], SETTLE_WRITING);
    assert_string_equal(facts.syscall, "write");
    assert_int_equal(facts.fd, full[1]);
    close(full[0]);
    close(full[1]);
}

static void zombies_are_gone(void **state)
{
    int *pipe_ends = *state;
    pid_t pid = child_start(body_read, pipe_ends[0]);

    class_await(pid, SETTLE_QUIET);
    kill(pid, SIGKILL);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    class_await(pid, SETTLE_GONE);
    class_stays(pid, SETTLE_GONE);
    child_end(pid);
    class_await(pid, SETTLE_GONE);
}

static void stopped_is_not_waiting(void **state)
{
    int *pipe_ends = *state;
    pid_t pid = child_start(body_read, pipe_ends[0]);

    class_await(pid, SETTLE_QUIET);
    kill(pid, SIGSTOP);
    struct settle_facts facts = class_await(pid, SETTLE_SLEEPING);
    assert_int_equal(facts.state, 'T');
    class_stays(pid, SETTLE_SLEEPING);
    kill(pid, SIGCONT);
    class_await(pid, SETTLE_QUIET);
    child_end(pid);
}

static void body_poll_often(int fd)
{
    for (;;)
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 2);
}

static void waking_is_counted(void **state)
{
    int *pipe_ends = *state;
    pid_t often = child_start(body_poll_often, pipe_ends[0]);
    pid_t seldom = child_start(body_poll_timed, pipe_ends[0]);
    pid_t both[2] = {often, seldom};
    struct settle_facts facts;

    class_await(seldom, SETTLE_TIMED);
    class_await(often, SETTLE_TIMED);
    settle_mark(settle);
    assert_true(settle_woken(settle, 0));
    assert_false(settle_woken(settle, 1000));
    int checks = 0;
    while (!settle_woken(settle, 2) && checks++ < CHECKS_MAX) {
        nap(CHECK_NAP_NS);
        settle_check(settle, &often, 1, &facts);
    }
    assert_true(checks < CHECKS_MAX);
    while (settle_check(settle, both, 2, &facts) != SETTLE_TIMED)
        nap(CHECK_NAP_NS);
    settle_mark(settle);
    for (int i = 0; i < 100; i++) { /* a long timer keeps it false */
        nap(CHECK_NAP_NS);
        settle_check(settle, both, 2, &facts);
        assert_false(settle_woken(settle, 1));
    }
    child_end(often);
    child_end(seldom);
    pid_t quiet = child_start(body_read, pipe_ends[0]);
    class_await(quiet, SETTLE_QUIET);
    assert_true(settle_woken(settle, 2)); /* nobody waits with a limit */
    child_end(quiet);
}

/* Waits for a byte or an hour, over and over. */
static void body_poll_hour(int fd)
{
    char byte;

    while (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 3600 * 1000) > 0 && read(fd, &byte, 1) == 1)
        ;
}

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void the_next_timer_is_known_from_when_a_wait_began(void **state)
{
    int *pipe_ends = *state;
    const uint64_t hour_ns = (uint64_t)3600 * 1000000000;
    struct settle_facts facts;

    settle_forget(settle);
    pid_t pid = child_start(body_poll_hour, pipe_ends[0]);
    class_await(pid, SETTLE_TIMED);
    assert_int_equal(settle_asleep_until_ns(settle), 0); /* it may have waited for long before it was seen */
    uint64_t before_ns = clock_ns();
    assert_int_equal(settle_check(settle, &pid, 1, &facts), SETTLE_TIMED);
    assert_int_equal(settle_asleep_until_ns(settle), 0);
    assert_int_equal(write(pipe_ends[1], "x", 1), 1); /* it wakes, and waits anew */
    int checks = 0;
    while (settle_asleep_until_ns(settle) == 0 && checks++ < CHECKS_MAX) {
        nap(CHECK_NAP_NS);
        settle_check(settle, &pid, 1, &facts);
    }
    assert_in_range(settle_asleep_until_ns(settle), before_ns + hour_ns, clock_ns() + hour_ns);
    child_end(pid);
}

static void body_hidden(int fd)
{
    prctl(PR_SET_DUMPABLE, 0);
    body_read(fd);
}

/* As root the right to trace is never denied, so root steps down to nobody in between. */
static void denied_system_calls_are_weak(void **state)
{
    int *pipe_ends = *state;
    bool root = geteuid() == 0;

    if (root && (setegid(65534) != 0 || seteuid(65534) != 0))
        skip();
    pid_t pid = child_start(body_hidden, pipe_ends[0]);
    struct settle_facts facts = {.weak = false};
    enum settle_class class = SETTLE_BUSY;
    for (int i = 0; i < CHECKS_MAX && !(facts.weak && class == SETTLE_TIMED); i++) {
        class = settle_check(settle, &pid, 1, &facts);
        nap(CHECK_NAP_NS);
    }
    bool settled = facts.weak && class == SETTLE_TIMED;
    if (root && (seteuid(0) != 0 || setegid(0) != 0))
        abort();
    child_end(pid);
    assert_true(settled);
    assert_string_equal(facts.syscall, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_for_input_is_quiet),
        cmocka_unit_test(a_time_limit_is_timed),
        cmocka_unit_test(a_timer_that_is_set_is_timed),
        cmocka_unit_test(timers_that_no_call_shows_are_timed),
        cmocka_unit_test(sleeping_is_not_waiting),
        cmocka_unit_test(running_is_busy),
        cmocka_unit_test(blocked_writing_is_told),
        cmocka_unit_test(zombies_are_gone),
        cmocka_unit_test(stopped_is_not_waiting),
        cmocka_unit_test(waking_is_counted),
        cmocka_unit_test(the_next_timer_is_known_from_when_a_wait_began),
        cmocka_unit_test(denied_system_calls_are_weak),
    };
    return cmocka_run_group_tests(tests, settle_fixture_open, settle_fixture_close);
}
