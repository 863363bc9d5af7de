/*
 * settle_proof - counts the silences that were declared while a reply was still owed.
 *
 * Each round writes one request to settle_peer, proves that it was read, waits until settle finds the whole
 * tree asleep on input and the output complete, and then the reply must be there to read without waiting.
 * Ends with 1 when one was not.
 *
 *   settle_proof [--full] [--rounds N] [--rule RULE]
 *
 * Four trials of 20,000 rounds each with --full or SEAM_FULL=1, else of 500.
 *
 * Rules other than "settle" are for comparison: sleep-1ms, sleep-10ms, and sleeping, which takes a sleep for
 * a wait.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "harness/world/delivery.h"
#include "harness/world/settle.h"
#include "tests/delivery/proof_kit.h"

enum { ROUNDS_FULL = 20000, ROUNDS_SHORT = 500 };

static const uint64_t deadline_in_ns = 60ull * 1000000000;

static const struct rule {
    const char *name;
    long sleep_ns; /* 0: settle */
    bool sleeping_is_quiet;
} rules[] = {
    {"settle", 0, false},
    {"sleeping", 0, true},
    {"sleep-1ms", 1000000, false},
    {"sleep-10ms", 10000000, false},
};

struct trial {
    const struct rule *rule;
    bool peer_sleeps, busy;
    size_t rounds;
    /* results */
    size_t false_silences, checks, on_the_way, classes[SETTLE_DENIED + 1];
    unsigned threads;
    uint64_t took_ns;
};

static void read_await(struct delivery *delivery, struct sock_diag *diag)
{
    uint64_t deadline_ns = proof_now_ns() + deadline_in_ns;
    enum delivery_state state;

    for (unsigned attempt = 0; (state = delivery_look(delivery, diag)) != DELIVERY_DRAINED; attempt++) {
        if (state != DELIVERY_PENDING)
            proof_die("delivery ended in state %d", (int)state);
        proof_wait(attempt, deadline_ns, "a request was never read");
    }
}

static void silence_await(struct trial *trial, struct settle *settle, pid_t pid, struct delivery *delivery,
                          struct sock_diag *diag)
{
    uint64_t deadline_ns = proof_now_ns() + deadline_in_ns;
    struct settle_facts facts;

    for (unsigned attempt = 0;; attempt++) {
        enum settle_class class = settle_check(settle, &pid, 1, &facts);
        trial->checks++;
        trial->classes[class]++;
        if (class == SETTLE_GONE || class == SETTLE_DENIED)
            proof_die("settle answered %d, error %d", (int)class, facts.error);
        bool quiet = class == SETTLE_QUIET || class == SETTLE_TIMED;
        if (quiet || (class == SETTLE_SLEEPING && trial->rule->sleeping_is_quiet)) {
            trial->threads = facts.threads;
            if (delivery_look(delivery, diag) == DELIVERY_DRAINED && delivery_output_complete(delivery))
                return;
            trial->on_the_way++;
        }
        proof_wait(attempt, deadline_ns, "the program never settled");
    }
}

static void trial_run(struct trial *trial, struct sock_diag *diag)
{
    const char *const argv[] = {PEER_PROGRAM, "7", trial->peer_sleeps ? "sleep" : NULL, NULL};
    struct settle *settle = settle_new();
    struct proof_peer peer;
    struct delivery delivery;
    pid_t load[PROOF_BUSY_LOOPS];
    char reply[8];

    if (!settle)
        proof_die("no memory");
    proof_peer_start(&peer, argv);
    if (trial->busy)
        proof_load_start(load);
    delivery_begin(&delivery, peer.fd);
    uint64_t began_ns = proof_now_ns();
    for (size_t i = 0; i < trial->rounds; i++) {
        if (send(peer.fd, "req", 3, MSG_NOSIGNAL) != 3)
            proof_die("write failed");
        delivery_wrote(&delivery, 3);
        if (trial->rule->sleep_ns > 0) {
            proof_sleep(trial->rule->sleep_ns);
        } else {
            read_await(&delivery, diag);
            silence_await(trial, settle, peer.pid, &delivery, diag);
        }
        if (recv(peer.fd, reply, sizeof reply, MSG_DONTWAIT) == 1)
            continue;
        trial->false_silences++;
        if (recv(peer.fd, reply, sizeof reply, 0) != 1)
            proof_die("the peer owes a reply for ever");
    }
    trial->took_ns = proof_now_ns() - began_ns;
    if (trial->busy)
        proof_load_end(load);
    shutdown(peer.fd, SHUT_WR);
    proof_peer_end(&peer);
    settle_free(settle);
}

static void trial_print(const struct trial *trial)
{
    double rounds = (double)trial->rounds;

    printf("%-10s %-6s %-6s %7zu %6zu %8.3f%% %9.1f %6.2f %9zu %9zu %7u\n", trial->rule->name,
           trial->peer_sleeps ? "sleep" : "cpu", trial->busy ? "4 busy" : "idle", trial->rounds,
           trial->false_silences, 100.0 * (double)trial->false_silences / rounds,
           (double)trial->took_ns / 1e3 / rounds, (double)trial->checks / rounds,
           trial->classes[SETTLE_SLEEPING], trial->on_the_way, trial->threads);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const struct rule *rule = &rules[0];
    size_t rounds = proof_full() ? ROUNDS_FULL : ROUNDS_SHORT, false_silences = 0;
    struct sock_diag diag;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--full") == 0) {
            rounds = ROUNDS_FULL;
        } else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            rounds = strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--rule") == 0 && i + 1 < argc) {
            i++;
            for (rule = rules; rule < rules + sizeof rules / sizeof rules[0]; rule++)
                if (strcmp(rule->name, argv[i]) == 0)
                    break;
        }
    }
    if (rule == rules + sizeof rules / sizeof rules[0])
        return 2;
    if ((errno = -sock_diag_open(&diag)) != 0 || (errno = -sock_diag_probe(&diag)) != 0)
        proof_die("this kernel doesn't tell unread bytes");
    printf("%-10s %-6s %-6s %7s %6s %9s %9s %6s %9s %9s %7s\n", "rule", "hop", "load", "rounds", "false",
           "false/all", "us/round", "checks", "sleeping", "on-way", "threads");
    for (int i = 0; i < 4; i++) {
        struct trial trial = {.rule = rule, .peer_sleeps = i >= 2, .busy = i % 2 == 1, .rounds = rounds};
        trial_run(&trial, &diag);
        trial_print(&trial);
        false_silences += trial.false_silences;
    }
    sock_diag_close(&diag);
    printf("false silences: %zu\n", false_silences);
    return false_silences != 0;
}
