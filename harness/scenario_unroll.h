/* scenario_unroll - what scenario_unroll.c and scenario_states.c share. */
#ifndef SEAM_HARNESS_SCENARIO_UNROLL_H
#define SEAM_HARNESS_SCENARIO_UNROLL_H

#include <stdlib.h>

#include "harness/expression.h"
#include "harness/loader.h"

enum life { LIFE_NOT_YET, LIFE_OPEN, LIFE_WRITE_CLOSED, LIFE_CLOSED };

struct life_state {
    enum life life;
    struct place since;
};

struct unroll {
    struct builder *b;
    struct values values; /* as far as they are known before a run */
    struct script_entry *script;
    size_t script_count, script_capacity;
    uint64_t data_bytes;
    uint64_t visits;
    bool ended; /* enough is wrong */
    struct sent {
        uint64_t bytes;
        bool unknown; /* it depends on what a run captures or chooses */
    } * sent;         /* by connection */
    struct life_state *connections, *programs, *listeners;
};

void unroll_tell(struct unroll *u, const struct seam_error *error);

/* Follows what a step does to connections, programs and listeners; tells when that can't be. */
void states_follow(struct unroll *u, const struct step_node *node);

/* Counts what a step sends, when the scenario has a "cut"; at the end: does each cut stand in what is sent?
 */
void cut_follow(struct unroll *u, const struct step_node *node);
void cut_check(struct unroll *u);

#endif
