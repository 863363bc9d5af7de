/*
 * real - the inside of the real world, shared by its files: real.c (clock, waiting, stages), real_settle.c,
 * real_program.c, real_connection.c. Everybody else uses world.h.
 *
 * Every descriptor is watched edge-triggered by one epoll per world; a watch keeps what was seen, so a read
 * that can't bring anything costs no system call. A look that has settled sets all watches readable again:
 * what is read after it is all there is.
 */
#ifndef SEAM_HARNESS_WORLD_REAL_H
#define SEAM_HARNESS_WORLD_REAL_H

#include "harness/world/delivery.h"
#include "harness/world/process.h"
#include "harness/world/settle.h"
#include "harness/world/sock_diag.h"
#include "harness/world/world.h"

struct real_world {
    struct world base;
    int epoll;
    bool has_facts; /* sock_diag works here */
    struct sock_diag diag;
};

struct watch {
    int fd; /* -1: nothing to watch */
    struct world_stage *stage;
    bool readable;
    bool writable;
};

enum { REAL_OWNERS_MAX = 64 };

struct world_stage {
    struct real_world *world;
    bool active;
    struct world_program *programs; /* newest first */
    struct world_connection *connections;
    struct world_connection *closing; /* closed by Seam, their FIN perhaps still on its way */
    struct world_listener *listeners;
    struct settle *settle;
    bool marked;                   /* settle_mark was called since Seam last acted */
    bool blind;                    /* some program runs elsewhere, or can't be looked into */
    pid_t owners[REAL_OWNERS_MAX]; /* of attached programs */
    size_t owner_count;
};

struct world_program {
    struct world_program *next;
    struct world_stage *stage;
    struct process *process;
    char *name;
    char *folder;
    struct watch status, in, out, err;
    bool terminal;
    bool ended;
    bool in_closed;
    struct process_exit exit;
    struct {
        char *path;
        int fd;
        bool readable;
    } * logs;
    size_t log_count;
};

struct world_connection {
    struct world_connection *next;
    struct world_stage *stage;
    struct world_program *program; /* speaks on its stdin and stdout: no socket */
    struct watch socket;
    bool open;
    bool reset;
    bool fin;
    bool remote; /* the other end is on another machine, or in another network namespace: no facts */
    int error;
    uint32_t held_back; /* bytes that a full socket of ours kept with the program at the last look; 0 after a
                           read */
    struct delivery delivery;
};

struct world_listener {
    struct world_listener *next;
    struct world_stage *stage;
    struct watch socket;
    uint16_t port;
};

int real_watch(struct watch *watch, struct world_stage *stage, int fd, uint32_t events); /* 0 or -errno */
void real_unwatch(struct watch *watch);                                                  /* does not close */

enum world_settle real_settle(struct world_stage *stage, struct world_settle_facts *facts);
void real_settle_restart(struct world_stage *stage);
bool real_stage_usage(struct world_stage *stage, struct world_usage *usage);
bool real_ends_arrived(struct world_stage *stage);
void real_attach(struct world_stage *stage, uint16_t port);

struct world_program *real_program_start(struct world_stage *stage, const struct world_program_spec *spec,
                                         struct seam_error *error);
void real_program_look(struct world_program *program, struct world_program_facts *facts);
size_t real_program_ports(struct world_program *program, struct world_port *ports, size_t ports_max);
ssize_t real_program_read(struct world_program *program, int source, void *buffer, size_t size);
ssize_t real_program_type(struct world_program *program, const void *data, size_t length);
void real_program_type_end(struct world_program *program);
int64_t real_program_typed_unread(struct world_program *program);
int real_program_signal(struct world_program *program, int signal);
size_t real_program_sanitizer(struct world_program *program, char *report, size_t report_max);
const char *real_program_containment(struct world_program *program);
void real_program_free(struct world_program *program);

struct world_connection *real_connect(struct world_stage *stage, const char *host, uint16_t port,
                                      int64_t receive_buffer, struct seam_error *error);
struct world_connection *real_connect_stdio(struct world_program *program);
struct world_listener *real_listen(struct world_stage *stage, const char *host, uint16_t port,
                                   struct seam_error *error);
uint16_t real_listener_port(const struct world_listener *listener);
struct world_connection *real_accept(struct world_listener *listener, int64_t receive_buffer);
enum world_connection_state real_connection_state(struct world_connection *connection, int *error_number);
ssize_t real_connection_read(struct world_connection *connection, void *buffer, size_t size);
ssize_t real_connection_write(struct world_connection *connection, const void *data, size_t length, bool fin);
void real_connection_reset(struct world_connection *connection);
void real_connection_close(struct world_connection *connection);
enum world_proof real_connection_proof(struct world_connection *connection, struct world_proof_facts *facts);
void real_connection_free(struct world_connection *connection);
void real_listener_free(struct world_listener *listener);

#endif
