/* settle against children of this test in states that it knows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/world/settle.h"
#include "harness/world/syscall_wait.h"

enum { CHECKS_MAX = 20000, CHECK_NAP_NS = 200000 };

static struct settle *settle;

static void nap(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

/* Forks a child that runs `body` and dies with the test. */
static pid_t child_start(void (*body)(int fd), int fd)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        body(fd);
    _exit(0);
}

static void child_end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Checks until the class is the wanted one, and then that it stays: a state that holds is told each time it
 * is looked at. */
static struct settle_facts class_await(pid_t root, enum settle_class wanted)
{
    struct settle_facts facts;
    enum settle_class class = SETTLE_BUSY;

    for (int i = 0; i < CHECKS_MAX; i++) {
        class = settle_check(settle, &root, 1, &facts);
        if (class == wanted)
            return facts;
        nap(CHECK_NAP_NS);
    }
    assert_int_equal(class, wanted);
    return facts;
}

static void class_stays(pid_t root, enum settle_class wanted)
{
    struct settle_facts facts;

    for (int i = 0; i < 50; i++)
        assert_int_equal(settle_check(settle, &root, 1, &facts), wanted);
}

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

static void body_read(int fd)
{
    char byte;

    if (read(fd, &byte, 1) < 0)
        _exit(1);
}

static void body_epoll(int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(0);

    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    epoll_wait(epoll, &event, 1, -1);
}

static void body_poll_timed(int fd)
{
    poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 3600 * 1000);
}

static void body_select_nothing(int fd)
{
    (void)fd;
    select(0, NULL, NULL, NULL, &(struct timeval){.tv_sec = 3600});
}

static void body_sleep(int fd)
{
    (void)fd;
    for (;;)
        sleep(3600);
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

static void body_wait_for_reader(int fd)
{
    pid_t pid = child_start(body_read, fd);

    waitpid(pid, NULL, 0);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

static void *thread_wait(void *ctx)
{
    (void)ctx;
    pthread_mutex_lock(&mutex);
    for (;;)
        pthread_cond_wait(&never, &mutex);
    return NULL;
}

static void body_threads(int fd)
{
    pthread_t threads[5];

    for (int i = 0; i < 5; i++)
        pthread_create(&threads[i], NULL, thread_wait, NULL);
    body_read(fd);
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

static void threads_and_children_count(void **state)
{
    int *pipe_ends = *state;
    pid_t pid = child_start(body_threads, pipe_ends[0]);
    struct settle_facts facts;

    for (int i = 0; i < CHECKS_MAX; i++)
        if (settle_check(settle, &pid, 1, &facts) == SETTLE_QUIET && facts.threads == 6)
            break;
    assert_int_equal(facts.threads, 6);
    assert_int_equal(facts.processes, 1);
    child_end(pid);
    pid = child_start(body_wait_for_reader, pipe_ends[0]);
    for (int i = 0; i < CHECKS_MAX; i++)
        if (settle_check(settle, &pid, 1, &facts) == SETTLE_QUIET && facts.processes == 2)
            break;
    assert_int_equal(facts.processes, 2);
    child_end(pid);
}

/* The strongest thread decides, wherever it is in the trees. */
static void several_roots_are_one(void **state)
{
    int *pipe_ends = *state;
    pid_t roots[3] = {child_start(body_read, pipe_ends[0]), child_start(body_sleep, -1),
                      child_start(body_poll_timed, pipe_ends[0])};
    struct settle_facts facts;

    for (int i = 0; i < 3; i++)
        class_await(roots[i], i == 0 ? SETTLE_QUIET : i == 1 ? SETTLE_SLEEPING : SETTLE_TIMED);
    assert_int_equal(settle_check(settle, roots, 3, &facts), SETTLE_SLEEPING);
    assert_int_equal(facts.pid, roots[1]);
    assert_int_equal(facts.processes, 3);
    child_end(roots[1]);
    assert_int_equal(settle_check(settle, roots, 3, &facts), SETTLE_TIMED);
    child_end(roots[2]);
    assert_int_equal(settle_check(settle, roots, 3, &facts), SETTLE_QUIET);
    child_end(roots[0]);
    assert_int_equal(settle_check(settle, roots, 3, &facts), SETTLE_GONE);
    assert_int_equal(settle_check(settle, roots, 0, &facts), SETTLE_GONE);
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

static void *thread_read_for_ever(void *ctx)
{
    body_read(*(int *)ctx);
    return NULL;
}

static void body_leader_exits(int fd)
{
    pthread_t thread;

    pthread_create(&thread, NULL, thread_read_for_ever, &fd);
    pthread_exit(NULL);
}

static void a_dead_main_thread_is_no_dead_process(void **state)
{
    int *pipe_ends = *state;
    pid_t pid = child_start(body_leader_exits, pipe_ends[0]);
    struct settle_facts facts;

    for (int i = 0; i < CHECKS_MAX; i++)
        if (settle_check(settle, &pid, 1, &facts) == SETTLE_QUIET && facts.tid != pid)
            break;
    assert_int_equal(facts.threads, 1);
    assert_int_not_equal(facts.tid, pid);
    child_end(pid);
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

static void *thread_tick(void *ctx)
{
    (void)ctx;
    for (;;)
        nap(100 * 1000 * 1000);
    return NULL;
}

/* As a program that ThreadSanitizer watches: huge, and with a thread beside that ticks. */
static void ticker_start(int fd, bool signals_blocked)
{
    sigset_t all, before;
    pthread_t thread;

    if (mmap(NULL, (size_t)2 << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) ==
        MAP_FAILED)
        _exit(1);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, signals_blocked ? &all : NULL, &before);
    pthread_create(&thread, NULL, thread_tick, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    body_read(fd);
}

static void body_sanitized(int fd)
{
    ticker_start(fd, true);
}

static void body_ticking(int fd)
{
    ticker_start(fd, false);
}

static void a_sanitizers_thread_is_not_the_programs(void **state)
{
    int *pipe_ends = *state;
    struct settle_facts facts = {.threads = 0};

    for (int sanitized = 0; sanitized < 2; sanitized++) {
        pid_t pid = child_start(sanitized ? body_sanitized : body_ticking, pipe_ends[0]);
        enum settle_class class = SETTLE_BUSY;
        for (int i = 0; i < CHECKS_MAX && (facts.threads != 2 || class == SETTLE_BUSY); i++)
            class = settle_check(settle, &pid, 1, &facts);
        assert_int_equal(class, sanitized ? SETTLE_QUIET : SETTLE_SLEEPING);
        child_end(pid);
    }
}

static void *thread_end(void *ctx)
{
    return ctx;
}

static void body_thread_storm(int fd)
{
    pthread_t thread;

    (void)fd;
    for (;;)
        if (pthread_create(&thread, NULL, thread_end, NULL) == 0)
            pthread_join(thread, NULL);
}

static void body_fork_storm(int fd)
{
    (void)fd;
    for (;;) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
    }
}

static int fds_count(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* Threads and processes that come and go are busy, never gone or quiet, and leave no descriptor behind. */
static void storms_are_busy_and_leave_nothing(void **state)
{
    (void)state;
    void (*const storms[])(int) = {body_thread_storm, body_fork_storm};
    struct settle_facts facts;

    for (int storm = 0; storm < 2; storm++) {
        pid_t pid = child_start(storms[storm], -1);
        int before = 0, class_counts[SETTLE_DENIED + 1] = {0};
        for (int i = 0; i < 10000; i++) {
            class_counts[settle_check(settle, &pid, 1, &facts)]++;
            if (i == 100)
                before = fds_count();
        }
        int after = fds_count();
        assert_in_range(after, 0, before + 12); /* a thread or three more at this moment, three files each */
        assert_int_equal(class_counts[SETTLE_GONE] + class_counts[SETTLE_DENIED], 0);
        assert_true(class_counts[SETTLE_BUSY] > 5000);
        child_end(pid);
    }
}

static void descriptors_are_given_back(void **state)
{
    int *pipe_ends = *state;
    int before = fds_count();
    struct settle *own = settle_new();
    pid_t pid = child_start(body_threads, pipe_ends[0]);
    struct settle_facts facts;

    for (int i = 0; i < CHECKS_MAX; i++)
        if (settle_check(own, &pid, 1, &facts) == SETTLE_QUIET && facts.threads == 6)
            break;
    assert_int_equal(fds_count(), before + 18);
    child_end(pid);
    assert_int_equal(settle_check(own, &pid, 1, &facts), SETTLE_GONE);
    assert_int_equal(fds_count(), before);
    settle_free(own);
    settle_free(NULL);
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

static int pipe_make(void **state)
{
    static int pipe_ends[2];

    *state = pipe_ends;
    settle = settle_new();
    return settle ? pipe(pipe_ends) : -1;
}

static int pipe_end(void **state)
{
    int *pipe_ends = *state;

    settle_free(settle);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_for_input_is_quiet),
        cmocka_unit_test(a_time_limit_is_timed),
        cmocka_unit_test(sleeping_is_not_waiting),
        cmocka_unit_test(running_is_busy),
        cmocka_unit_test(blocked_writing_is_told),
        cmocka_unit_test(threads_and_children_count),
        cmocka_unit_test(several_roots_are_one),
        cmocka_unit_test(zombies_are_gone),
        cmocka_unit_test(a_dead_main_thread_is_no_dead_process),
        cmocka_unit_test(stopped_is_not_waiting),
        cmocka_unit_test(a_sanitizers_thread_is_not_the_programs),
        cmocka_unit_test(storms_are_busy_and_leave_nothing),
        cmocka_unit_test(descriptors_are_given_back),
        cmocka_unit_test(waking_is_counted),
        cmocka_unit_test(denied_system_calls_are_weak),
        cmocka_unit_test(calls_are_told_apart),
    };
    return cmocka_run_group_tests(tests, pipe_make, pipe_end);
}
