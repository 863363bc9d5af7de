/* Tests of jobs with real worker processes and made-up cases: order, deaths, stopping, signals, nothing left
 * behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/commands/jobs.h"

enum { NEVER = 1000000 };

/* What the made-up cases do; a worker sees the state at its fork, the counters are the parent's. */
struct fake {
    size_t die_at, exit_at, hang_at, deaf_at, shout_at;
    size_t stop_after_told, stop_at_ended;
    size_t text_bytes;
    size_t told[1000];
    size_t told_count, ended_count, lost_count;
    char lost_text[256];
};

static struct fake *fake_new(void)
{
    struct fake *fake = calloc(1, sizeof *fake);
    fake->die_at = fake->exit_at = fake->hang_at = fake->deaf_at = fake->shout_at = NEVER;
    fake->stop_after_told = fake->stop_at_ended = NEVER;
    fake->text_bytes = 10;
    return fake;
}

static void *fake_open(void *context)
{
    return context;
}

static void fake_close(void *context, void *shared)
{
    assert_ptr_equal(context, shared);
}

static void wait_for_signal(const volatile sig_atomic_t *stop)
{
    while (!*stop)
        pause(); /* the parent repeats its signal */
}

static void fake_execute(void *context, void *shared, size_t index, const volatile sig_atomic_t *stop,
                         struct result *out)
{
    const struct fake *fake = shared;
    volatile unsigned spin = (unsigned)(index * 7919 % 13) * 20000;
    (void)context;

    while (spin > 0)
        spin--;
    if (index == fake->die_at)
        raise(SIGKILL);
    if (index == fake->exit_at)
        _exit(7);
    if (index == fake->shout_at)
        kill(getppid(), SIGTERM);
    if (index == fake->hang_at || index == fake->shout_at)
        wait_for_signal(stop);
    if (index == fake->deaf_at) {
        kill(getppid(), SIGINT);
        wait_for_signal(stop); /* the parent has understood */
        kill(getppid(), SIGINT);
        for (;;)
            pause();
    }
    char name[32];
    snprintf(name, sizeof name, "case %zu", index);
    out->name = strdup(name);
    out->detail = malloc(fake->text_bytes + 1);
    memset(out->detail, 'x', fake->text_bytes);
    out->detail[fake->text_bytes] = '\0';
}

static bool fake_ended(void *context, size_t index, const struct result *result)
{
    struct fake *fake = context;
    (void)result;
    fake->ended_count++;
    return index != fake->stop_at_ended;
}

static bool fake_told(void *context, size_t index, const struct result *result)
{
    struct fake *fake = context;
    char name[32];

    snprintf(name, sizeof name, "case %zu", index);
    assert_string_equal(result->name, name);
    if (!result->internal)
        assert_int_equal(strlen(result->detail), fake->text_bytes);
    fake->told[fake->told_count++] = index;
    return fake->told_count < fake->stop_after_told;
}

static void fake_lost(void *context, size_t index, const char *text, struct result *out)
{
    struct fake *fake = context;
    char name[32];

    snprintf(name, sizeof name, "case %zu", index);
    out->name = strdup(name);
    out->status = RESULT_ERROR;
    out->internal = true;
    snprintf(fake->lost_text, sizeof fake->lost_text, "%s", text);
    fake->lost_count++;
}

static void fake_tick(void *context, size_t ended_count)
{
    struct fake *fake = context;
    assert_int_equal(ended_count, fake->ended_count);
}

static size_t fd_count(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static struct jobs_outcome run(struct fake *fake, size_t cases, size_t workers)
{
    struct jobs jobs = {
        .case_count = cases,
        .worker_count = workers,
        .context = fake,
        .open = fake_open,
        .execute = fake_execute,
        .close = fake_close,
        .ended = fake_ended,
        .told = fake_told,
        .lost = fake_lost,
        .tick = fake_tick,
    };
    struct jobs_outcome outcome;
    struct seam_error error = {0};
    size_t fds = fd_count();
    sigset_t mask;

    sigprocmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(jobs_run(&jobs, &outcome, &error), 0);
    assert_int_equal(fd_count(), fds);
    if (outcome.signal)
        sigprocmask(SIG_SETMASK, &mask, NULL);        /* left blocked for callers that end then */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    assert_int_equal(errno, ECHILD);
    return outcome;
}

static void assert_all_in_order(const struct fake *fake, size_t cases)
{
    assert_int_equal(fake->told_count, cases);
    for (size_t i = 0; i < cases; i++)
        assert_int_equal(fake->told[i], i);
}

/* What was cut short is left out. */
static void assert_ascending(const struct fake *fake)
{
    for (size_t i = 1; i < fake->told_count; i++)
        assert_true(fake->told[i - 1] < fake->told[i]);
}

static void results_come_in_order(void **state)
{
    static const size_t workers[] = {1, 2, 3, 16};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct fake *fake = fake_new();
        struct jobs_outcome outcome = run(fake, 200, workers[i]);
        assert_all_in_order(fake, 200);
        assert_int_equal(outcome.signal, 0);
        assert_false(outcome.stopped);
        free(fake);
    }
}

static void no_cases_need_no_workers(void **state)
{
    struct fake *fake = fake_new();
    (void)state;
    run(fake, 0, 4);
    assert_int_equal(fake->told_count, 0);
    free(fake);
}

static void large_results_come_whole(void **state)
{
    struct fake *fake = fake_new();
    (void)state;
    fake->text_bytes = 3000000;
    run(fake, 6, 3);
    assert_all_in_order(fake, 6);
    free(fake);
}

static void a_dead_worker_costs_one_case(void **state)
{
    (void)state;
    for (int exits = 0; exits < 2; exits++) {
        struct fake *fake = fake_new();
        fake->die_at = exits ? NEVER : 5;
        fake->exit_at = exits ? 5 : NEVER;
        run(fake, 20, 2);
        assert_all_in_order(fake, 20);
        assert_int_equal(fake->lost_count, 1);
        assert_non_null(strstr(fake->lost_text, exits ? "exit code 7" : "SIGKILL"));
        free(fake);
    }
}

static void a_report_can_stop_it(void **state)
{
    struct fake *fake = fake_new();
    (void)state;
    fake->stop_after_told = 10;
    struct jobs_outcome outcome = run(fake, 1000, 3);
    assert_true(outcome.stopped);
    assert_int_equal(outcome.signal, 0);
    assert_in_range(fake->told_count, 10, 999); /* what had ended by then is told */
    assert_ascending(fake);
    free(fake);
}

/* The failure itself ends first, case 0 hangs: all that had ended is told, case 0 is not. */
static void a_failure_ends_what_runs(void **state)
{
    struct fake *fake = fake_new();
    (void)state;
    fake->hang_at = 0;
    fake->stop_at_ended = 7;
    struct jobs_outcome outcome = run(fake, 500, 2);
    assert_true(outcome.stopped);
    assert_in_range(fake->told_count, 1, 499);
    assert_ascending(fake);
    assert_int_not_equal(fake->told[0], 0);
    assert_int_equal(fake->lost_count, 0);
    free(fake);
}

static void a_signal_stops_it(void **state)
{
    struct fake *fake = fake_new();
    (void)state;
    fake->shout_at = 6;
    struct jobs_outcome outcome = run(fake, 500, 2);
    assert_int_equal(outcome.signal, SIGTERM);
    assert_true(fake->told_count >= 6 - 1 && fake->told_count < 500);
    assert_int_equal(fake->lost_count, 0);
    free(fake);
}

static void a_second_signal_kills(void **state)
{
    struct fake *fake = fake_new();
    (void)state;
    fake->deaf_at = 3;
    struct jobs_outcome outcome = run(fake, 500, 1);
    assert_int_equal(outcome.signal, SIGINT);
    assert_int_equal(fake->told_count, 3);
    free(fake);
}

static void the_caller_keeps_its_signals(void **state)
{
    struct sigaction before, after;
    sigset_t mask_before, mask_after;
    struct fake *fake = fake_new();
    (void)state;
    sigaction(SIGPIPE, NULL, &before);
    sigprocmask(SIG_SETMASK, NULL, &mask_before);
    run(fake, 3, 1);
    sigaction(SIGPIPE, NULL, &after);
    sigprocmask(SIG_SETMASK, NULL, &mask_after);
    assert_ptr_equal(before.sa_handler, after.sa_handler);
    for (int number = 1; number < 32; number++)
        assert_int_equal(sigismember(&mask_before, number), sigismember(&mask_after, number));
    free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_order),
        cmocka_unit_test(no_cases_need_no_workers),
        cmocka_unit_test(large_results_come_whole),
        cmocka_unit_test(a_dead_worker_costs_one_case),
        cmocka_unit_test(a_report_can_stop_it),
        cmocka_unit_test(a_failure_ends_what_runs),
        cmocka_unit_test(a_signal_stops_it),
        cmocka_unit_test(a_second_signal_kills),
        cmocka_unit_test(the_caller_keeps_its_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
