/*
 * fake - a scripted world in memory, for tests of the runner: programs are small C functions, time is
 * virtual.
 *
 * It implements all of world_ops. Nothing here is a process, a socket or a sleep: waiting jumps to the next
 * event, so five seconds of the world take no time at all, and a wait that nothing could end is an assertion.
 * Every wait takes at least FAKE_TICK_NS, or the looks without a pause in between would never see time pass.
 *
 * Bytes take latency_ns each way. A program reads when bytes have come, at most read_bytes at a time,
 * read_gap_ns apart; what comes before it reads is in the same read, as in a kernel. So a runner that lets
 * the next chunk leave too early shows in the reads.
 *
 * What Seam did and what the programs read is written to a log (fake_log), one word each:
 *   open0 write0:3 write0:2+fin drained0 closed0 unknown0 unread0:3 close0 reset0 (0: the connection, in
 * order of opening) read0:hel read0:FIN read0:RST (a program's read) type:5 typed:hello signal:15 stage
 * (closed) A look that answers "not yet" is not written.
 */
#ifndef SEAM_HARNESS_WORLD_FAKE_H
#define SEAM_HARNESS_WORLD_FAKE_H

#include "harness/world/world.h"
#include "src/bytes.h"

enum { FAKE_TICK_NS = 500, FAKE_LOOK_NS = 2000, FAKE_ROOM_BYTES = 1 << 20, FAKE_PORTS_MAX = 4 };
#define FAKE_LATENCY_NS ((uint64_t)5000)
#define FAKE_MS         ((uint64_t)1000000)

enum fake_event_kind {
    FAKE_STARTED,
    FAKE_OPENED,   /* connection: accepted, or connected to Seam's listener */
    FAKE_READ,     /* connection, data */
    FAKE_READ_FIN, /* connection */
    FAKE_READ_RST, /* connection */
    FAKE_TYPED,    /* data: read from stdin */
    FAKE_TYPED_END,
    FAKE_TIMER,
    FAKE_SIGNAL, /* signal; only with catches_signals */
};

struct fake_event {
    enum fake_event_kind kind;
    struct world_connection *connection;
    const char *data; /* NUL behind it, for tests that know there is none in it */
    size_t length;
    int signal;
};

/* How a program behaves; picked by the last part of argv[0]. Zero is a program that takes all it gets at once
 * and says nothing. */
struct fake_role {
    const char *command;
    void (*on)(struct world_program *program, const struct fake_event *event); /* may be NULL */
    size_t port_count;        /* how many sockets it listens on */
    uint64_t listen_after_ns; /* since its start */
    bool asked_port;          /* listens on the port that its last argument names */
    size_t read_bytes;        /* at most so many in a read; 0: any */
    uint64_t read_gap_ns;     /* before each read */
    uint64_t status_after_ns; /* how long after its end Seam can know of it */
    bool never_accepts;
    bool never_reads;
    bool never_reads_stdin;
    bool catches_signals; /* on() gets them; else they kill it */
    size_t room_bytes; /* so many unread bytes fit before Seam's write says "not now"; 0: FAKE_ROOM_BYTES */
    size_t say_room_bytes; /* so many that Seam has not read, before it waits for Seam; 0: FAKE_ROOM_BYTES */
    bool blind;            /* settle can't look into it */
    bool no_proofs;        /* its channels have no facts */
    bool sleeps;           /* between its timers it looks like a bare sleep */
    bool spins;            /* always busy */
};

struct world *fake_world_new(const struct fake_role *roles, size_t role_count);
const char *fake_log(
    const struct world *world); /* words, a blank between two; borrowed until the next call on the world */
size_t fake_open_count(const struct world *world); /* stages, programs and connections that were not closed */
void fake_port_taken(struct world *world, uint16_t port); /* somebody else listens there */

/* For a role's function. */
void fake_say(struct world_connection *connection, const char *text);
void fake_say_bytes(struct world_connection *connection, const void *data, size_t length);
void fake_half_close(struct world_connection *connection);
void fake_close(struct world_connection *connection); /* a reset when bytes are unread, as Linux does it */
void fake_reset(struct world_connection *connection);
void fake_print(struct world_program *program, int source, const char *text);
void fake_timer(struct world_program *program, uint64_t after_ns); /* one timer; set again it is moved */
void fake_busy(struct world_program *program,
               uint64_t for_ns); /* reads nothing in that time and looks busy */
void fake_exit(struct world_program *program, int code);
void fake_die(struct world_program *program, int signal);
void fake_report(struct world_program *program, const char *sanitizer_report);
struct world_connection *fake_connect(struct world_program *program,
                                      uint16_t port);             /* to a listener of Seam; NULL: refused */
uint16_t fake_argument_port(const struct world_program *program); /* the number in its last argument */
bool fake_is_port_taken(const struct world_program *program, uint16_t port);
void fake_keep(struct world_program *program, const void *data,
               size_t length); /* a buffer for what it has read */
struct bytes *fake_kept(struct world_program *program);
struct world_connection *
fake_first_connection(struct world_program *program); /* the oldest open connection; NULL: none */
unsigned fake_count(struct world_program *program);   /* 0, 1, 2, ...: how often it was called */

#endif
