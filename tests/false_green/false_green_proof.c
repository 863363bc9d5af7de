/*
 * false_green_proof - how often a test of a split stays green over a bug, by how the split is delivered.
 *
 * One conversation, over and over, with a server that takes each read for a line (planted: answers_early): a
 * line and its answer, then a line in two parts. The right answer to those means that the kernel joined the
 * parts: the bug is missed. Delivered by sleeping between the parts, as tests commonly do, and by `seam run`
 * of split.json, where each run must fail; with a server that reads at once and one that works 5 ms after
 * each read; idle, and with four busy loops beside. Nothing else differs: both write with TCP_NODELAY over
 * loopback.
 *
 * Ends with 1 when exact delivery missed the bug once, when it blames a server without the bug, or when one
 * of the runs told nothing. What sleeping misses is measured, and no verdict; but the whole figures would
 * show nothing at all when it misses nothing.
 *
 *   false_green_proof [--only DELIVERY]    a part of the figures; SEAM_FULL=1 in the environment: the whole
 *
 * ms/run: wall time; a run of Seam, two at once, starts a server of its own.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/delivery/proof_kit.h"

enum { ANSWER_BYTES_MAX = 64, ANSWER_WAIT_S = 60, LINE_BYTES_MAX = 4096 };

#define MS_NS 1000000L

static const struct rule {
    const char *name;
    long sleep_ns; /* 0: exact */
    const char *program;
    size_t runs, runs_full;
} rules[] = {
    {"sleep-1ms", 1 * MS_NS, PEER_BUGGY, 200, 2000},
    {"sleep-10ms", 10 * MS_NS, PEER_BUGGY, 40, 400},
    {"exact", 0, PEER_BUGGY, 100, 2000},
    {"exact/no-bug", 0, PEER_RIGHT, 20, 200},
};

enum { RULES = sizeof rules / sizeof rules[0] };

struct trial {
    const struct rule *rule;
    const char *pace;
    bool busy;
    size_t runs;
    /* results */
    size_t green; /* runs in which all looked right */
    uint64_t took_ns;
};

/* --- by sleeping ---- */

static void part_write(int fd, const char *part)
{
    size_t length = strlen(part);

    if (send(fd, part, length, MSG_NOSIGNAL) != (ssize_t)length)
        proof_die("write failed");
}

/* The next line that the server says, without its newline. Nothing is sent before it has come whole, so what
 * follows it is left for the next call. */
static void answer_read(int fd, char answer[ANSWER_BYTES_MAX])
{
    for (size_t length = 0; length < ANSWER_BYTES_MAX; length++) {
        if (recv(fd, answer + length, 1, 0) != 1)
            proof_die("no answer came");
        if (answer[length] == '\n') {
            answer[length] = '\0';
            return;
        }
    }
    proof_die("an answer is too long");
}

static int server_connect(const struct sockaddr_in *address)
{
    struct timeval wait = {.tv_sec = ANSWER_WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

    if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0)
        proof_die("no connection");
    return fd;
}

/* One test as it is commonly written. True: it passes. */
static bool sleeping_test(const struct sockaddr_in *address, long sleep_ns)
{
    char answer[ANSWER_BYTES_MAX];
    int fd = server_connect(address);

    part_write(fd, "one\n");
    answer_read(fd, answer);
    if (strcmp(answer, "ok one") != 0)
        proof_die("\"one\" was answered by \"%s\"", answer);
    part_write(fd, "hel");
    proof_sleep(sleep_ns);
    part_write(fd, "lo\n");
    answer_read(fd, answer);
    bool right = strcmp(answer, "ok hello") == 0;
    if (!right && strcmp(answer, "ok hel") != 0)
        proof_die("\"hello\" was answered by \"%s\"", answer);
    close(fd);
    return right;
}

static void sleeping_run(struct trial *trial)
{
    const char *const argv[] = {trial->rule->program, trial->pace, NULL};
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;
    struct proof_peer peer;

    proof_peer_start(&peer, argv);
    if (getpeername(peer.fd, (struct sockaddr *)&address, &bytes) != 0)
        proof_die("no address");
    close(peer.fd); /* each test connects by itself */
    for (size_t i = 0; i < trial->runs; i++)
        trial->green += sleeping_test(&address, trial->rule->sleep_ns);
    kill(peer.pid, SIGKILL);
    waitpid(peer.pid, NULL, 0);
}

/* --- exactly ---- */

static pid_t seam_start(const struct trial *trial, int *out)
{
    char program[LINE_BYTES_MAX], pace[32], repeat[32];
    pid_t parent = getpid();
    int ends[2];

    snprintf(program, sizeof program, "program=%s", trial->rule->program);
    snprintf(pace, sizeof pace, "pace=%s", trial->pace);
    snprintf(repeat, sizeof repeat, "%zu", trial->runs);
    const char *const argv[] = {SEAM_PROGRAM, "run",      "-j",     "2",        "--repeat",
                                repeat,       "--report", "tap=-",  "--define", program,
                                "--define",   pace,       SCENARIO, NULL};
    fflush(stdout);
    if (pipe(ends) != 0)
        proof_die("pipe failed");
    pid_t pid = fork();
    if (pid < 0)
        proof_die("fork failed");
    if (pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
            _exit(1);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], (char *const *)argv);
        proof_die("%s can't be run", argv[0]);
    }
    close(ends[1]);
    *out = ends[0];
    return pid;
}

/* A run fails for the answer to half a line, and for nothing else: else it tells nothing of the bug. */
static void exact_run(struct trial *trial)
{
    static const char bug[] =
        "  message: \"\\\"alice\\\": expected \\\"ok hello\\\\n\\\", got \\\"ok hel\\\\n";
    char line[LINE_BYTES_MAX];
    size_t failed = 0, caught = 0;
    int out, status = 0;
    pid_t pid = seam_start(trial, &out);
    FILE *lines = fdopen(out, "r");

    while (lines && fgets(line, sizeof line, lines)) {
        trial->green += strncmp(line, "ok ", 3) == 0 && !strstr(line, "# SKIP");
        failed += strncmp(line, "not ok ", 7) == 0;
        caught += strncmp(line, bug, sizeof bug - 1) == 0;
        if (strncmp(line, "  message: ", 11) == 0 && strncmp(line, bug, sizeof bug - 1) != 0)
            fprintf(stderr, "%s", line);
    }
    if (!lines || waitpid(pid, &status, 0) != pid)
        proof_die("seam could not be waited for");
    fclose(lines);
    errno = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != (failed ? 1 : 0) || failed != caught ||
        trial->green + failed != trial->runs)
        proof_die("%zu runs: %zu passed, %zu failed, %zu of them as they should; status 0x%x", trial->runs,
                  trial->green, failed, caught, (unsigned)status);
}

/* --- all ---- */

static void trial_run(struct trial *trial)
{
    pid_t load[PROOF_BUSY_LOOPS];

    if (trial->busy)
        proof_load_start(load);
    uint64_t began_ns = proof_now_ns();
    if (trial->rule->sleep_ns > 0)
        sleeping_run(trial);
    else
        exact_run(trial);
    trial->took_ns = proof_now_ns() - began_ns;
    if (trial->busy)
        proof_load_end(load);
}

/* Of a server without the bug each run must pass: nothing was there to be missed. */
static bool has_bug(const struct trial *trial)
{
    return strcmp(trial->rule->program, PEER_BUGGY) == 0;
}

static void trial_print(const struct trial *trial)
{
    size_t failed = trial->runs - trial->green, missed = has_bug(trial) ? trial->green : 0;

    printf("%-13s %-6s %-6s %6zu %7zu %7zu %10.2f%% %8.2f\n", trial->rule->name, trial->pace,
           trial->busy ? "4 busy" : "idle", trial->runs, failed, missed,
           100.0 * (double)missed / (double)trial->runs,
           (double)trial->took_ns / (double)MS_NS / (double)trial->runs);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const char *const paces[] = {"quick", "slow"};
    const char *only = argc == 3 && strcmp(argv[1], "--only") == 0 ? argv[2] : NULL;
    size_t exact_missed = 0, exact_runs = 0, sleeping_missed = 0, blamed = 0;
    bool full = proof_full();

    if (argc != 1 && !only)
        return 2;
    printf("%-13s %-6s %-6s %6s %7s %7s %11s %8s\n", "delivery", "server", "load", "runs", "failed", "missed",
           "missed/all", "ms/run");
    for (size_t i = 0; i < 4 * RULES; i++) {
        struct trial trial = {
            .rule = &rules[i % RULES], .pace = paces[i / RULES % 2], .busy = i >= 2 * RULES};
        if (only && strcmp(only, trial.rule->name) != 0)
            continue;
        trial.runs = full ? trial.rule->runs_full : trial.rule->runs;
        trial_run(&trial);
        trial_print(&trial);
        if (!has_bug(&trial)) {
            blamed += trial.runs - trial.green;
        } else if (trial.rule->sleep_ns > 0) {
            sleeping_missed += trial.green;
        } else {
            exact_missed += trial.green;
            exact_runs += trial.runs;
        }
    }
    printf("missed by exact delivery: %zu of %zu\n", exact_missed, exact_runs);
    if (blamed > 0)
        printf("a server without the bug was blamed %zu times\n", blamed);
    bool nothing_shown = full && !only && sleeping_missed == 0;
    if (nothing_shown)
        printf("sleeping missed nothing: nothing was compared\n");
    return exact_missed > 0 || blamed > 0 || nothing_shown;
}
