/*
 * sweep_kit - what the tests of the sweep share: scenarios and records made by hand, and layouts of scenarios
 * that ran on the scripted world.
 *
 * By hand there are always two connections, "alice" and "bob", and one program. What is wrong in a scenario
 * or fails in a run fails the test.
 */
#ifndef SEAM_HARNESS_SWEEP_SWEEP_KIT_H
#define SEAM_HARNESS_SWEEP_SWEEP_KIT_H

#include "harness/runner_fake.h"
#include "harness/sweep/layout.h"

enum { ALICE, BOB, HAND_CONNECTIONS };
enum { ALICE_SENT, ALICE_SAID, BOB_SENT, BOB_SAID, SERVER_OUT, SERVER_ERR, HAND_STREAMS };

/* A scenario whose script has a step for each letter: s send, S a send that is a barrier, c close, e expect,
 * E an expect that is a barrier, r repeat, i include. One at a time: the next call takes the last one's
 * place. */
struct scenario *hand_scenario(const char *script);

/* A record without a failure, its cuts drained; record_close frees it. */
void hand_open(struct record *out);
void hand_message(struct record *record, size_t connection, size_t step, const char *text);
void hand_bytes(struct record *record, size_t connection, size_t step, const void *bytes, size_t length);
void hand_fin(struct record *record, size_t connection, size_t step); /* the end of what it is sent */
void hand_say(struct record *record, size_t stream, const char *text);
void hand_end(struct record *record, size_t stream, enum event_kind kind); /* EVENT_END, EVENT_RESET */
/* A checkpoint: so much was sent, and what was said until now had been said. Owned by the record until the
 * next one. */
struct trace_checkpoint *hand_settled(struct record *record, uint64_t alice_sent, uint64_t bob_sent);
void hand_unit(struct record *record, enum trace_unit_kind kind, size_t stream, size_t begin, size_t end);

/* The scenario of these steps (runner_fake.h) run as written on the fake program "echo"; the scenario lives
 * until the next load. */
const struct scenario *kit_trace(const char *steps, struct record *out);
/* The same with a whole scenario, in which /fake/echo is the program. */
const struct scenario *kit_trace_whole(const char *text, struct record *out);
/* Runs what was loaded last once more, under an id. */
void kit_trace_again(const char *cut, struct record *out);

#endif
