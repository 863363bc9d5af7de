/*
 * subject - what is swept: the scenario, or a variant of it that Seam derives.
 *
 * A variant is a shallow copy with another script or other connections; programs, variables and steps are
 * shared with the scenario. Its own runs are its baseline, so a variant that does not suit the program
 * accuses nobody.
 *
 *   plain      the scenario
 *   pipelined  sends stand before the expects of their connection that they do not depend on ("pipeline")
 *   fin        the stream of a connection ends behind its last message
 *   slow       Seam reads a connection only when a step waits for it, through a small receive buffer
 *   barrier    what is sent next rides with what is sent before a barrier
 */
#ifndef SEAM_HARNESS_SWEEP_SUBJECT_H
#define SEAM_HARNESS_SWEEP_SUBJECT_H

#include "harness/arena.h"
#include "harness/sweep/judge.h"
#include "harness/sweep/plan.h"

enum subject_kind { SUBJECT_PLAIN, SUBJECT_PIPELINED, SUBJECT_FIN, SUBJECT_SLOW, SUBJECT_BARRIER };

enum { SUBJECT_SLOW_RECEIVE_BYTES = 4096 };

struct subject {
    enum subject_kind kind;
    struct scenario scenario; /* a copy: its script may be another */
    struct arena *arena;      /* what the copy does not share */
    char name[96];            /* "" for plain; "FIN behind the last message of \"alice\"" */
    size_t connection;        /* fin, slow */
    size_t barrier_step;      /* index into its script */
    size_t probe_message;     /* barrier: of the plain layout, what it rides with */
    const char *probe;        /* and what rides; in the arena, or borrowed from the plain baseline */
    size_t probe_length;
    const struct scenario *baseline_of; /* whose runs its baselines are; NULL: its own */
    struct record baseline, lockstep;
    bool has_baseline, has_lockstep;
    struct layout layout;
    struct due *dues;
    struct points *points;
    struct plan plan;
};

void subject_plain(const struct scenario *scenario, struct subject *out);
/* False: nothing can be lifted; out needs no close. The others alike. joins: how many sends come to stand
 * beside others. */
bool subject_pipelined(const struct scenario *scenario, struct subject *out, size_t *joins);
bool subject_fin(const struct subject *plain, size_t connection, struct subject *out);
bool subject_slow(const struct subject *plain, size_t connection, struct subject *out);
/* step: of a barrier, in the plain script. */
bool subject_barrier(const struct subject *plain, size_t step, struct subject *out);
void subject_close(struct subject *subject);

/* Literal data in an arena. */
const struct data *data_literal(struct arena *arena, const void *bytes, size_t length);
const struct step *step_new(struct arena *arena, const struct step_verb *verb, const void *args,
                            size_t args_bytes, const struct place *place);

#endif
