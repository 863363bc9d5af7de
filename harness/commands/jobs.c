/*
 * jobs - the parent of the workers: hands out case numbers, collects results, survives deaths and signals.
 *
 * One poll() loop. Signals arrive through a signalfd, so every decision is made in one place. That a worker
 * is gone is known from SIGCHLD, not from the end of its pipe, which a process that it started may still
 * hold.
 */
#include "harness/commands/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/commands/jobs_worker.h"
#include "src/bytes.h"

#define IDLE SIZE_MAX
enum { READ_BYTES = 65536 };

struct worker {
    pid_t pid;   /* 0: none */
    int numbers; /* -1: closed, it will end */
    int results;
    size_t index; /* of its case, or IDLE */
    struct bytes line;
};

struct boss {
    const struct jobs *jobs;
    struct jobs_outcome *outcome;
    struct seam_error *error;
    struct worker *workers;
    struct pollfd *polled;
    struct result **results; /* by case: ended and not told yet */
    size_t next;             /* case to hand out */
    size_t ended_count;
    size_t told_next;
    int signals; /* signalfd */
    sigset_t mask_before;
    bool stopping;
    bool hard;
    uint64_t stopping_since_ms;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void stop(struct boss *boss)
{
    if (!boss->stopping)
        boss->stopping_since_ms = now_ms();
    boss->stopping = true;
}

/* --- results
 * ---------------------------------------------------------------------------------------------------- */

static void tell_ready(struct boss *boss, bool with_gaps)
{
    for (; boss->told_next < boss->jobs->case_count; boss->told_next++) {
        struct result *result = boss->results[boss->told_next];
        if (!result && !with_gaps)
            return;
        if (!result)
            continue;
        if (!boss->jobs->told(boss->jobs->context, boss->told_next, result)) {
            boss->outcome->stopped = true;
            stop(boss);
        }
        result_close(result);
        free(result);
        boss->results[boss->told_next] = NULL;
    }
}

/* Takes the content of result. */
static void keep_result(struct boss *boss, size_t index, struct result *result)
{
    struct result *kept = malloc(sizeof *kept);

    if (!kept) { /* the case counts as not run, and that as an error of the set: stop rather than lose it */
        result_close(result);
        boss->outcome->stopped = true;
        stop(boss);
        return;
    }
    *kept = *result;
    boss->results[index] = kept;
    boss->ended_count++;
    if (boss->jobs->ended && !boss->jobs->ended(boss->jobs->context, index, kept)) {
        boss->outcome->stopped = true;
        stop(boss);
    }
    if (!boss->stopping)
        tell_ready(boss, false);
}

static void lose_case(struct boss *boss, struct worker *worker, const char *text)
{
    struct result result = {0};
    size_t index = worker->index;

    worker->index = IDLE;
    boss->jobs->lost(boss->jobs->context, index, text, &result);
    keep_result(boss, index, &result);
}

static void take_line(struct boss *boss, struct worker *worker)
{
    struct result result;
    size_t index = worker->index;

    if (index == IDLE || result_from_json(bytes_text(&worker->line), &result) != 0) {
        if (index != IDLE)
            lose_case(boss, worker, "a worker process sent something that is no result");
    } else {
        worker->index = IDLE;
        keep_result(boss, index, &result);
    }
    bytes_clear(&worker->line);
}

/* Reads what the worker has written; a worker has one case, so a line ends what there is. */
static void read_results(struct boss *boss, struct worker *worker)
{
    char buffer[READ_BYTES];

    for (;;) {
        ssize_t got = read(worker->results, buffer, sizeof buffer);
        if (got <= 0)
            return;
        if (bytes_append(&worker->line, buffer, (size_t)got) != BYTES_OK) {
            if (worker->index != IDLE)
                lose_case(boss, worker, "a result that is too long");
            kill(worker->pid, SIGKILL);
            return;
        }
        if (buffer[got - 1] == '\n')
            take_line(boss, worker);
    }
}

/* --- workers
 * ---------------------------------------------------------------------------------------------------- */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* In the child: what belongs to the parent and to the other workers, whose pipes must end when the parent
 * says so. */
static void drop_inherited(struct boss *boss, const struct worker *own)
{
    close_fd(&boss->signals);
    for (size_t i = 0; i < boss->jobs->worker_count; i++) {
        if (&boss->workers[i] == own)
            continue;
        close_fd(&boss->workers[i].numbers);
        close_fd(&boss->workers[i].results);
    }
}

static int start_worker(struct boss *boss, struct worker *worker)
{
    int numbers[2] = {-1, -1}, results[2] = {-1, -1};
    pid_t parent = getpid();

    if (pipe2(numbers, O_CLOEXEC) != 0 || pipe2(results, O_CLOEXEC) != 0 ||
        fcntl(results[0], F_SETFL, O_NONBLOCK) != 0 || (worker->pid = fork()) < 0) {
        seam_error_set(boss->error, "can't start a worker process: %s", strerror(errno));
        close_fd(&numbers[0]);
        close_fd(&numbers[1]);
        close_fd(&results[0]);
        close_fd(&results[1]);
        worker->pid = 0;
        return -1;
    }
    if (worker->pid == 0) {
        drop_inherited(boss, worker);
        close(numbers[1]);
        close(results[0]);
        jobs_worker_main(boss->jobs, parent, &boss->mask_before, numbers[0], results[1]);
    }
    close(numbers[0]);
    close(results[1]);
    worker->numbers = numbers[1];
    worker->results = results[0];
    worker->index = IDLE;
    bytes_init(&worker->line, (size_t)1 << 30);
    return 0;
}

static void forget_worker(struct worker *worker)
{
    close_fd(&worker->numbers);
    close_fd(&worker->results);
    bytes_free(&worker->line);
    worker->pid = 0;
}

/* True: it died of something else than the parent's wish. */
static bool describe_death(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        snprintf(text, size, "the worker process of Seam was killed by SIG%s", name ? name : "?");
        return WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGTERM;
    }
    snprintf(text, size, "the worker process of Seam ended with exit code %d before the scenario did",
             WEXITSTATUS(status));
    return WEXITSTATUS(status) != 0;
}

static void reap(struct boss *boss)
{
    for (size_t i = 0; i < boss->jobs->worker_count; i++) {
        struct worker *worker = &boss->workers[i];
        int status;
        char text[128];
        if (worker->pid == 0 || waitpid(worker->pid, &status, WNOHANG) != worker->pid)
            continue;
        read_results(boss, worker); /* it may have answered before it died */
        bool unwanted = describe_death(status, text, sizeof text);
        if (worker->index != IDLE && (unwanted || !boss->stopping))
            lose_case(boss, worker, text);
        forget_worker(worker);
    }
}

/* Gives the worker its next case, or lets it end. */
static void hand_out(struct boss *boss, struct worker *worker)
{
    if (worker->index != IDLE || worker->numbers < 0)
        return;
    if (boss->stopping || boss->next == boss->jobs->case_count) {
        close_fd(&worker->numbers);
        return;
    }
    worker->index = boss->next++;
    /* That it may be dead already is found by reap. */
    if (write(worker->numbers, &worker->index, sizeof worker->index) < 0)
        kill(worker->pid, SIGKILL);
}

/* Cases to workers; -1 with error: cases are left and no worker could be started. */
static int keep_busy(struct boss *boss)
{
    size_t alive = 0;

    for (size_t i = 0; i < boss->jobs->worker_count; i++) {
        struct worker *worker = &boss->workers[i];
        if (worker->pid == 0 && !boss->stopping && boss->next < boss->jobs->case_count &&
            start_worker(boss, worker) != 0 && alive == 0 && i + 1 == boss->jobs->worker_count)
            return -1;
        if (worker->pid == 0)
            continue;
        alive++;
        hand_out(boss, worker);
    }
    return 0;
}

static size_t alive_count(const struct boss *boss)
{
    size_t alive = 0;
    for (size_t i = 0; i < boss->jobs->worker_count; i++)
        alive += boss->workers[i].pid != 0;
    return alive;
}

/* --- stopping
 * --------------------------------------------------------------------------------------------------- */

static void read_signals(struct boss *boss)
{
    struct signalfd_siginfo info;

    while (read(boss->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            continue;
        boss->hard = boss->outcome->signal != 0;
        if (boss->outcome->signal == 0)
            boss->outcome->signal = (int)info.ssi_signo;
        stop(boss);
    }
}

static void press_workers(struct boss *boss)
{
    bool hard = boss->hard || now_ms() - boss->stopping_since_ms >= JOBS_GRACE_MS;

    for (size_t i = 0; i < boss->jobs->worker_count; i++) {
        struct worker *worker = &boss->workers[i];
        if (worker->pid == 0)
            continue;
        close_fd(&worker->numbers);
        kill(worker->pid, hard ? SIGKILL : SIGTERM);
    }
}

static void wait_for_news(struct boss *boss)
{
    nfds_t count = 0;

    boss->polled[count++] = (struct pollfd){.fd = boss->signals, .events = POLLIN};
    for (size_t i = 0; i < boss->jobs->worker_count; i++) {
        if (boss->workers[i].pid != 0)
            boss->polled[count++] = (struct pollfd){.fd = boss->workers[i].results, .events = POLLIN};
    }
    poll(boss->polled, count, JOBS_TICK_MS);
}

static int work(struct boss *boss)
{
    for (;;) {
        if (boss->stopping)
            press_workers(boss);
        if (keep_busy(boss) != 0)
            return -1;
        if (alive_count(boss) == 0)
            return 0;
        wait_for_news(boss);
        read_signals(boss);
        for (size_t i = 0; i < boss->jobs->worker_count; i++) {
            if (boss->workers[i].pid != 0)
                read_results(boss, &boss->workers[i]);
        }
        reap(boss);
        if (boss->jobs->tick)
            boss->jobs->tick(boss->jobs->context, boss->ended_count);
    }
}

/* --- the whole
 * -------------------------------------------------------------------------------------------------- */

struct signal_state {
    struct sigaction pipe;
    struct sigaction child;
};

/* SIGINT, SIGTERM, SIGHUP come through a descriptor, but for those that whoever started us has switched off.
 */
static int open_signals(struct boss *boss, struct signal_state *before)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigset_t set;

    sigaction(SIGPIPE, &action, &before->pipe);
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, &before->child);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&set, ending[i]);
    }
    sigprocmask(SIG_BLOCK, &set, &boss->mask_before);
    boss->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return boss->signals >= 0 ? 0 : seam_error_set(boss->error, "can't watch signals: %s", strerror(errno));
}

static void close_signals(struct boss *boss, const struct signal_state *before)
{
    if (boss->signals >= 0)
        read_signals(boss); /* one that came last must not kill us when it is let through */
    close_fd(&boss->signals);
    if (boss->outcome->signal == 0)
        sigprocmask(SIG_SETMASK, &boss->mask_before, NULL);
    sigaction(SIGPIPE, &before->pipe, NULL);
    sigaction(SIGCHLD, &before->child, NULL);
}

int jobs_run(const struct jobs *jobs, struct jobs_outcome *outcome, struct seam_error *error)
{
    struct boss boss = {.jobs = jobs, .outcome = outcome, .error = error, .signals = -1};
    struct signal_state before;
    int result = -1;

    *outcome = (struct jobs_outcome){0};
    boss.workers = calloc(jobs->worker_count, sizeof *boss.workers);
    boss.polled = calloc(jobs->worker_count + 1, sizeof *boss.polled);
    boss.results = calloc(jobs->case_count + 1, sizeof(struct result *));
    if (!boss.workers || !boss.polled || !boss.results) {
        seam_error_set(error, "out of memory");
    } else {
        for (size_t i = 0; i < jobs->worker_count; i++)
            boss.workers[i].numbers = boss.workers[i].results = -1;
        if (open_signals(&boss, &before) == 0)
            result = work(&boss);
        tell_ready(&boss, true);
        close_signals(&boss, &before);
    }
    free(boss.workers);
    free(boss.polled);
    free(boss.results);
    return result;
}
