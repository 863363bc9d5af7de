/*
 * delivery_proof - counts the boundaries between writes that a program's reads did not keep.
 *
 * For each kind of peer it writes chunks of 1 to 512 pseudo-random bytes, demands the proof of each before
 * the next, and compares with the sizes of the reads that the peer logged: a boundary is kept when some read
 * ended there. Idle, and with four busy loops beside. Ends with 1 when one boundary is lost.
 *
 *   delivery_proof [--full] [--peer NAME]    the proof; a tenth of it without --full or SEAM_FULL=1
 *   delivery_proof --bench                   splits per second and boundaries lost, beside sleeping
 *   delivery_proof --rule RULE               the same with another rule, to see it fail
 *
 * Rules to compare with: rqueue-only (one look, which takes no lock, shows nothing unread), arrived (all
 * bytes are in the peer's socket: what an acknowledgement tells), none, sleep-1ms, sleep-10ms.
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/world/delivery.h"
#include "tests/delivery/proof_kit.h"

enum {
    CHUNK_BYTES_MAX = 512,
    SPLITS_FULL = 20000,
    SPLITS_FULL_SLOW = 2000,
    SHORT_DIVISOR = 10,
};

static const uint64_t deadline_in_ns = 60ull * 1000000000;

enum rule_kind { RULE_EXACT, RULE_RQUEUE_ONLY, RULE_ARRIVED, RULE_SLEEP };

static const struct rule {
    const char *name;
    enum rule_kind kind;
    long sleep_ns;
} rules[] = {
    {"exact", RULE_EXACT, 0}, {"rqueue-only", RULE_RQUEUE_ONLY, 0}, {"arrived", RULE_ARRIVED, 0},
    {"none", RULE_SLEEP, 0},  {"sleep-1ms", RULE_SLEEP, 1000000},   {"sleep-10ms", RULE_SLEEP, 10000000},
};

static const char *const peers[] = {"block", "epoll", "edge", "poll", "threads", "fork", "slow", "python"};

struct trial {
    const char *peer;
    const struct rule *rule;
    bool busy;
    size_t splits;
    /* results */
    size_t lost;
    uint64_t looks, took_ns;
};

static char log_dir[] = "/tmp/seam-delivery-XXXXXX";
static char log_path[sizeof log_dir + 8];

static void log_remove(void)
{
    unlink(log_path);
    rmdir(log_dir);
}

static void chunk_write(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = send(fd, bytes, count, MSG_NOSIGNAL);
        if (written < 0)
            proof_die("write failed");
        bytes += written;
        count -= (size_t)written;
    }
}

/* Unread bytes of the peer's socket as a plain look-up tells them. Not sock_diag_look(): that asks for
 * TCP_INFO too, which the kernel fills under the lock of the socket, and that lock alone already hides most
 * of what this rule does wrong. */
static uint32_t unread_plainly(struct sock_diag *diag, const struct sock_diag_key *key)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 body;
    } request = {
        .header = {sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, ++diag->sequence, 0},
        .body = {.sdiag_family = key->family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u},
    };
    struct {
        struct nlmsghdr header;
        struct inet_diag_msg body;
        char more[256];
    } reply;

    request.body.id.idiag_sport = key->local_port;
    request.body.id.idiag_dport = key->remote_port;
    request.body.id.idiag_src[0] = key->local[0];
    request.body.id.idiag_dst[0] = key->remote[0];
    request.body.id.idiag_cookie[0] = request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (send(diag->fd, &request, sizeof request, 0) < 0 || recv(diag->fd, &reply, sizeof reply, 0) < 0 ||
        reply.header.nlmsg_type == NLMSG_ERROR)
        proof_die("no plain look-up");
    return reply.body.idiag_rqueue;
}

static enum delivery_state rule_look(enum rule_kind rule, struct delivery *delivery, struct sock_diag *diag)
{
    if (rule == RULE_RQUEUE_ONLY) {
        delivery->looks++;
        return unread_plainly(diag, &delivery->key) == 0 ? DELIVERY_DRAINED : DELIVERY_PENDING;
    }
    enum delivery_state state = delivery_look(delivery, diag);
    if (rule == RULE_ARRIVED && state == DELIVERY_PENDING && delivery_arrived(delivery))
        return DELIVERY_DRAINED;
    return state;
}

/* Waits until the rule takes the chunk for read. */
static void chunk_prove(const struct rule *rule, struct delivery *delivery, struct sock_diag *diag)
{
    uint64_t deadline_ns = proof_now_ns() + deadline_in_ns;
    enum delivery_state state;

    if (rule->kind == RULE_SLEEP) {
        if (rule->sleep_ns > 0)
            proof_sleep(rule->sleep_ns);
        return;
    }
    for (unsigned attempt = 0; (state = rule_look(rule->kind, delivery, diag)) != DELIVERY_DRAINED;
         attempt++) {
        if (state != DELIVERY_PENDING)
            proof_die("no facts: state %d, error %d", (int)state, delivery_error(delivery));
        proof_wait(attempt, deadline_ns, "a chunk was never read");
    }
}

/* How many of the boundaries after each chunk no logged read ended on. */
static size_t boundaries_lost(const uint16_t *chunks, size_t count)
{
    FILE *reads = fopen(log_path, "r");
    uint64_t written = 0, read = 0, size;
    size_t lost = 0;

    if (!reads)
        proof_die("%s is missing", log_path);
    for (size_t i = 0; i < count; i++) {
        written += chunks[i];
        while (read < written && fscanf(reads, "%lu", &size) == 1)
            read += size;
        lost += read != written;
    }
    if (read != written || fscanf(reads, "%lu", &size) == 1)
        proof_die("the peer logged other bytes than were written");
    fclose(reads);
    return lost;
}

static void trial_run(struct trial *trial, struct sock_diag *diag)
{
    bool python = strcmp(trial->peer, "python") == 0;
    const char *const native[] = {PEER_PROGRAM, trial->peer, log_path, NULL};
    const char *const script[] = {PEER_PYTHON, PEER_SCRIPT, log_path, NULL};
    char bytes[CHUNK_BYTES_MAX];
    uint64_t chance = 88172645463325252u;
    uint16_t *chunks = calloc(trial->splits, sizeof *chunks);
    pid_t load[PROOF_BUSY_LOOPS];
    struct proof_peer peer;
    struct delivery delivery;

    if (!chunks)
        proof_die("no memory");
    proof_peer_start(&peer, python ? script : native);
    if (trial->busy)
        proof_load_start(load);
    delivery_begin(&delivery, peer.fd);
    uint64_t began_ns = proof_now_ns();
    for (size_t i = 0; i < trial->splits; i++) {
        chunks[i] = (uint16_t)(1 + proof_random(&chance) % CHUNK_BYTES_MAX);
        memset(bytes, (int)(chance >> 32), sizeof bytes);
        chunk_write(peer.fd, bytes, chunks[i]);
        delivery_wrote(&delivery, chunks[i]);
        chunk_prove(trial->rule, &delivery, diag);
    }
    trial->took_ns = proof_now_ns() - began_ns;
    trial->looks = delivery.looks;
    shutdown(peer.fd, SHUT_WR);
    delivery_wrote(&delivery, 1);
    chunk_prove(&rules[0], &delivery, diag);
    if (trial->busy)
        proof_load_end(load);
    proof_peer_end(&peer);
    trial->lost = boundaries_lost(chunks, trial->splits);
    free(chunks);
}

static void trial_print(const struct trial *trial)
{
    double us = (double)trial->took_ns / 1e3 / (double)trial->splits;

    printf("%-12s %-8s %-6s %7zu %7zu %8.3f%% %9.1f %8.0f %7.2f\n", trial->rule->name, trial->peer,
           trial->busy ? "4 busy" : "idle", trial->splits, trial->lost,
           100.0 * (double)trial->lost / (double)trial->splits, us, 1e6 / us,
           (double)trial->looks / (double)trial->splits);
    fflush(stdout);
}

static void table_head(void)
{
    printf("%-12s %-8s %-6s %7s %7s %9s %9s %8s %7s\n", "rule", "peer", "load", "splits", "lost", "lost/all",
           "us/split", "splits/s", "looks/split");
}

/* Runs the peers (all, or one by name) idle and busy. Returns how many boundaries were lost. */
static size_t proof_run(struct sock_diag *diag, const struct rule *rule, const char *only, bool full)
{
    size_t lost = 0;

    table_head();
    for (size_t i = 0; i < 2 * sizeof peers / sizeof peers[0]; i++) {
        struct trial trial = {.peer = peers[i / 2], .rule = rule, .busy = i % 2 == 1};
        if (only && strcmp(only, trial.peer) != 0)
            continue;
        trial.splits = strcmp(trial.peer, "slow") == 0 ? SPLITS_FULL_SLOW : SPLITS_FULL;
        trial.splits /= full ? 1 : SHORT_DIVISOR;
        trial_run(&trial, diag);
        trial_print(&trial);
        lost += trial.lost;
    }
    return lost;
}

static void bench_run(struct sock_diag *diag)
{
    static const struct {
        const char *rule;
        size_t splits;
    } rows[] = {{"none", 20000}, {"sleep-1ms", 4000}, {"sleep-10ms", 1000}, {"exact", 20000}};
    static const char *const bench_peers[] = {"block", "python", "slow"};

    table_head();
    for (size_t peer = 0; peer < sizeof bench_peers / sizeof bench_peers[0]; peer++)
        for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++)
            for (int busy = 0; busy < 2; busy++) {
                struct trial trial = {.peer = bench_peers[peer], .busy = busy, .splits = rows[row].splits};
                for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
                    if (strcmp(rules[i].name, rows[row].rule) == 0)
                        trial.rule = &rules[i];
                if (strcmp(trial.peer, "slow") == 0)
                    trial.splits = 1000;
                trial_run(&trial, diag);
                trial_print(&trial);
            }
}

static const struct rule *rule_named(const char *name)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (name && strcmp(rules[i].name, name) == 0)
            return &rules[i];
    fprintf(stderr, "no such rule\n");
    exit(2);
}

int main(int argc, char **argv)
{
    const struct rule *rule = &rules[0];
    const char *only = NULL;
    bool full = proof_full(), bench = false;
    struct sock_diag diag;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--full") == 0)
            full = true;
        else if (strcmp(argv[i], "--bench") == 0)
            bench = true;
        else if (strcmp(argv[i], "--peer") == 0 && i + 1 < argc)
            only = argv[++i];
        else if (strcmp(argv[i], "--rule") == 0)
            rule = rule_named(argv[++i]);
        else
            return 2;
    }
    if ((errno = -sock_diag_open(&diag)) != 0 || (errno = -sock_diag_probe(&diag)) != 0)
        proof_die("this kernel doesn't tell unread bytes");
    if (!mkdtemp(log_dir))
        proof_die("no folder for the log");
    snprintf(log_path, sizeof log_path, "%s/reads", log_dir);
    atexit(log_remove);
    size_t lost = 0;
    if (bench) {
        bench_run(&diag);
    } else {
        lost = proof_run(&diag, rule, only, full);
        printf("boundaries lost: %zu\n", lost);
    }
    sock_diag_close(&diag);
    return lost != 0;
}
