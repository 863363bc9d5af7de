/* fake_inside - the inside of the scripted world, shared by fake.c (Seam's side) and fake_program.c (the
 * programs' side). */
#ifndef SEAM_HARNESS_WORLD_FAKE_INSIDE_H
#define SEAM_HARNESS_WORLD_FAKE_INSIDE_H

#include <assert.h>

#include "harness/world/fake.h"

#define FAKE_NEVER UINT64_MAX
enum { FAKE_TAKEN_MAX = 8, FAKE_OUTPUTS_MAX = 6 };

struct fake_world {
    struct world base;
    const struct fake_role *roles;
    size_t role_count;
    uint64_t now_ns;
    struct world_stage *stages;
    int last_port;
    uint16_t taken[FAKE_TAKEN_MAX];
    size_t taken_count;
    int connection_count;
    size_t open_count;
    struct bytes log;
};

struct world_stage {
    struct world_stage *next;
    struct fake_world *world;
    bool active;
    bool attached;
    bool marked;
    struct world_program *programs;
    struct world_connection *connections; /* oldest first */
    struct world_listener *listeners;
};

/* One direction: everything ever put into it; what has arrived, and what of that was taken. */
struct fake_pipe {
    struct bytes bytes;
    size_t arrived, taken;
    size_t room; /* so many arrived and untaken bytes at most; 0: any */
    bool fin, fin_arrived, fin_taken;
    bool rst, rst_arrived, rst_taken;
    uint64_t arrives_ns; /* what flies; FAKE_NEVER: nothing */
};

struct world_connection {
    struct world_connection *next;
    struct world_stage *stage;
    struct world_program *program;   /* NULL: nobody listens there */
    struct world_listener *listener; /* the program connected to it */
    int number;
    bool stdio;
    int64_t receive_buffer;
    uint64_t opens_ns; /* FAKE_NEVER: done */
    bool open, refused, accepted, taken;
    bool closed;              /* by Seam */
    bool peer_gone;           /* closed, reset or left by the program */
    struct fake_pipe in, out; /* to the program, to Seam */
    uint64_t read_ns;         /* when the program reads next; FAKE_NEVER: it has no reason to */
};

struct world_program {
    struct world_program *next;
    struct world_stage *stage;
    const struct fake_role *role;
    char *name;
    char *argument; /* the last of argv */
    uint16_t ports[FAKE_PORTS_MAX];
    bool begun, listening;
    uint64_t begins_ns, listens_ns, timer_ns, busy_until_ns, signal_ns, status_ns;
    int signal;
    unsigned wakes, wakes_marked;
    unsigned counted;
    bool ended, killed;
    int code;
    struct fake_pipe typed;
    uint64_t type_ns;
    struct fake_pipe outputs[FAKE_OUTPUTS_MAX];
    struct bytes kept;
    char *report;
};

struct world_listener {
    struct world_listener *next;
    struct world_stage *stage;
    uint16_t port;
};

void fake_logf(struct fake_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fake_time_passes(struct fake_world *world, uint64_t by_ns); /* and what is due happens */
void fake_pipe_put(struct fake_pipe *pipe, const void *data, size_t length, uint64_t now_ns);
uint64_t fake_stage_due_ns(const struct world_stage *stage);
void fake_stage_happen(struct world_stage *stage); /* all that is due */
bool fake_stage_flying(const struct world_stage *stage);
void fake_stage_free(struct world_stage *stage);
struct world_connection *fake_connection_new(struct world_stage *stage, struct world_program *program);
void fake_connection_open(struct world_connection *connection);
struct world_program *fake_program_at(const struct fake_world *world, uint16_t port);
bool fake_program_will_read(const struct world_program *program);
bool fake_program_is_blocked(const struct world_program *program);
enum world_settle fake_settle(struct world_stage *stage, struct world_settle_facts *facts);
void fake_settle_restart(struct world_stage *stage);
bool fake_port_in_use(struct world *world, uint16_t port);
struct world_program *fake_program_start(struct world_stage *stage, const struct world_program_spec *spec,
                                         struct seam_error *error);

#endif
