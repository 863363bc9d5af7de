/* settle against trees of several threads and processes, also such that come and go. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/world/settle_fixture.h"

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

static void body_wait_for_reader(int fd)
{
    pid_t pid = child_start(body_read, fd);

    waitpid(pid, NULL, 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_children_count),
        cmocka_unit_test(several_roots_are_one),
        cmocka_unit_test(storms_are_busy_and_leave_nothing),
        cmocka_unit_test(descriptors_are_given_back),
        cmocka_unit_test(a_sanitizers_thread_is_not_the_programs),
        cmocka_unit_test(a_dead_main_thread_is_no_dead_process),
    };
    return cmocka_run_group_tests(tests, settle_fixture_open, settle_fixture_close);
}
