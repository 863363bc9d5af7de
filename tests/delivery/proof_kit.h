/*
 * proof_kit - what the proofs of delivery and settling share: a peer as a process of its own, load beside it,
 * chance.
 *
 * Failures of set-up end the program with a message: a proof that could not run proves nothing.
 */
#ifndef SEAM_TESTS_DELIVERY_PROOF_KIT_H
#define SEAM_TESTS_DELIVERY_PROOF_KIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROOF_BUSY_LOOPS = 4 };

struct proof_peer {
    pid_t pid;
    int fd; /* our end of a connection to it, TCP_NODELAY */
};

/* Prints the message and the errno text, and exits with 1. */
__attribute__((noreturn, format(printf, 1, 2))) void proof_die(const char *format, ...);

/* Starts a program that prints "PORT n" on its stdout, and connects to it on 127.0.0.1. It dies with the
 * caller. */
void proof_peer_start(struct proof_peer *peer, const char *const argv[]);

/* Closes the connection and waits for the peer's end. Dies if it didn't end with 0. */
void proof_peer_end(struct proof_peer *peer);

/* Processes that do nothing but spin. */
void proof_load_start(pid_t pids[PROOF_BUSY_LOOPS]);
void proof_load_end(const pid_t pids[PROOF_BUSY_LOOPS]);

uint64_t proof_now_ns(void);

/* For the rules to compare with, that trust to time. */
void proof_sleep(long ns);

/* Waits as backoff.h says after look number `attempt`; dies when `deadline_ns` (of proof_now_ns) has passed.
 */
void proof_wait(unsigned attempt, uint64_t deadline_ns, const char *what);

/* The next pseudo-random number; *state is not 0. */
uint64_t proof_random(uint64_t *state);

/* True when the environment asks for the full figures: SEAM_FULL=1. */
bool proof_full(void);

#endif
