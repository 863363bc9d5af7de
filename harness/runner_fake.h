/*
 * runner_fake - runs on the scripted world for tests of the runner: the programs, and how to run steps with
 * them.
 *
 * Time is virtual: a test says how long a run may take in the world, whatever it takes on this machine. The
 * log of the world (world/fake.h) is what proves an order: the drained0 must stand between one write0 and the
 * next.
 */
#ifndef SEAM_HARNESS_RUNNER_FAKE_H
#define SEAM_HARNESS_RUNNER_FAKE_H

#include "harness/runner_kit.h"
#include "harness/world/fake.h"

#define CONNECT "{'connect': 'a', 'to': 's'},"
#define SETTLE  "{'settle': 's'}"

/* What the last run came to. All of it goes with the next one. */
struct fake_ran {
    struct scenario_file *file;
    struct world *world;
    struct run *run;
    struct result result;
    uint64_t took_ns;
    char *tmp;
    struct run_options options; /* of the next run; a test begins with evidence drained */
};
extern struct fake_ran ran;
extern uint64_t fake_works_ns; /* how long a "worker" works before it answers */

int fake_set_up(void **state); /* of each test */
int fake_tear_down(void **state);

/* One program `s`; its command decides what it does: "echo", "slow" ... (see roles in runner_fake.c). */
void load_steps(const char *command, const char *steps);
void load_whole(const char *text);
void drive(const char *cut); /* runs what was loaded; NULL: as written */
void forget(void);           /* frees all of it, and checks that the world is empty then */
void run_steps(const char *command, const char *steps);
void run_cut(const char *command, const char *cut, const char *steps);

void assert_status(enum result_status status, const char *message); /* message: a part of what it says */
void assert_passed(void);
void assert_within_ms(uint64_t least_ms, uint64_t most_ms); /* of virtual time */
/* The words of the log that begin with one of the given beginnings ("write0|read0"), a blank between two. */
void assert_words(const char *beginnings, const char *expected);

#endif
