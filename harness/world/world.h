/*
 * world - what a run acts on: programs, connections and a clock, behind one table of functions.
 *
 * The runner and the steps know only this. Implementations: real.c (processes, sockets, the system's clock)
 * and a scripted one in memory for tests; a simulated one with virtual time comes with the in-process cores.
 * Nothing here blocks but wait.
 *
 * A stage holds everything of one run: closing it ends every program and connection, at any moment. Handles
 * are owned by their stage. Reads answer n > 0, 0 at the end of the stream, or -errno (-EAGAIN: nothing now,
 * -ECONNRESET: reset).
 */
#ifndef SEAM_HARNESS_WORLD_WORLD_H
#define SEAM_HARNESS_WORLD_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "src/error.h"

struct world;
struct world_stage;
struct world_program;
struct world_connection;
struct world_listener;

enum { WORLD_STDOUT = 0, WORLD_STDERR = 1, WORLD_LOG = 2 /* + index of the log */ };
enum { WORLD_PORTS_MAX = 16, WORLD_FACT_BYTES_MAX = 160 };

struct world_program_spec {
    const char *name;
    const char *const *argv; /* NULL-terminated; copied */
    const char *const *envp; /* the whole environment, NULL-terminated; copied */
    const char *cwd;
    const char *folder; /* the private folder: sanitizer logs go there */
    bool terminal;
    bool stdio;              /* stdin and stdout are for connect_stdio */
    const char *const *logs; /* absolute paths */
    size_t log_count;
};

enum world_program_state { WORLD_PROGRAM_RUNNING, WORLD_PROGRAM_EXITED, WORLD_PROGRAM_KILLED };
struct world_program_facts {
    enum world_program_state state;
    int code; /* exit code or signal */
    bool core_dumped;
};

struct world_port {
    uint16_t port;
    char host[64]; /* where a client reaches it: "127.0.0.1", "::1" */
};

enum world_connection_state { WORLD_CONNECTING, WORLD_OPEN, WORLD_REFUSED, WORLD_FAILED };

enum world_proof {
    WORLD_PROOF_PENDING, /* not yet read whole: unread tells */
    WORLD_PROOF_DRAINED, /* everything written was read, and that read has returned */
    WORLD_PROOF_CLOSED,  /* the peer closed, or ended, without reading all of it */
    WORLD_PROOF_UNKNOWN, /* this channel has no facts */
};
struct world_proof_facts {
    uint64_t unread; /* bytes of ours that the peer has not read; a FIN counts as one */
    bool accepted;   /* the peer's program holds the connection (accept() was called) */
};

enum world_settle {
    WORLD_BUSY,     /* some thread runs, or bytes are on their way */
    WORLD_QUIET,    /* every thread waits for input, with no timer */
    WORLD_TIMED,    /* every thread waits for input, some with a timer */
    WORLD_SLEEPING, /* some thread is in a bare sleep, or stopped: it may go on by itself */
    WORLD_WRITING,  /* some thread waits for a peer to read */
    WORLD_GONE,     /* no program runs any more */
    WORLD_BLIND,    /* a program can't be looked into (remote, other user) */
};
struct world_settle_facts {
    char who[WORLD_FACT_BYTES_MAX]; /* "server (pid 4711): 3 threads, epoll_wait without a timer" */
    bool woken_twice; /* each thread with a timer or in a sleep has woken at least twice since the stage
                         settled first */
    bool woken_thrice;
    uint64_t asleep_until_ns; /* with TIMED: no thread wakes by itself before; 0: not known */
    bool starved; /* BUSY, but it got no processor since the look before: the machine is slow, not the program
                   */
};

/* What the programs of a stage use, all their processes together. */
struct world_usage {
    uint64_t cpu_ns;       /* of the threads that live */
    uint64_t memory_bytes; /* resident */
    uint64_t descriptors;
    unsigned processes;
    bool shadowed; /* a sanitizer's memory counts with the program's */
};

struct world_ops {
    const char *name; /* "real" */
    uint64_t (*now_ns)(struct world *world);
    /* Returns when something happened on any stage, or until_ns has come (<= now: only collects what is
     * there). */
    void (*wait)(struct world *world, uint64_t until_ns);
    void (*free)(struct world *world);

    struct world_stage *(*stage_open)(struct world *world);
    void (*stage_close)(struct world_stage *stage);
    bool (*stage_active)(struct world_stage *stage); /* did something happen since the last call? */
    /* One look at all programs of the stage, after everything that Seam sent has arrived. Never blocks;
     * repeat on BUSY. */
    enum world_settle (*settle)(struct world_stage *stage, struct world_settle_facts *facts);
    void (*settle_restart)(struct world_stage *stage); /* Seam acted: woken_twice counts anew */

    /* False: it can't be known. */
    bool (*stage_usage)(struct world_stage *stage, struct world_usage *usage);

    /* Every FIN and RST that Seam sent has arrived, or can't be followed. Never blocks. */
    bool (*ends_arrived)(struct world_stage *stage);

    int (*free_port)(struct world *world);                   /* five digits, free now; -1: none */
    bool (*port_in_use)(struct world *world, uint16_t port); /* somebody listens there */
    /* A program that runs already: settle looks at it when its owner can be found. */
    void (*attach)(struct world_stage *stage, uint16_t port);

    struct world_program *(*program_start)(struct world_stage *stage, const struct world_program_spec *spec,
                                           struct seam_error *error);
    void (*program_look)(struct world_program *program, struct world_program_facts *facts);
    size_t (*program_ports)(struct world_program *program, struct world_port *ports,
                            size_t ports_max); /* in LISTEN now */
    ssize_t (*program_read)(struct world_program *program, int source, void *buffer, size_t size);
    ssize_t (*program_type)(struct world_program *program, const void *data,
                            size_t length); /* to stdin; -EAGAIN: full */
    void (*program_type_end)(struct world_program *program);
    int64_t (*program_typed_unread)(struct world_program *program); /* bytes; -1: can't be seen */
    int (*program_signal)(struct world_program *program, int signal);
    size_t (*program_sanitizer)(struct world_program *program, char *report,
                                size_t report_max); /* length; 0: none */
    const char *(*program_containment)(
        struct world_program *program); /* what holds its tree; NULL: the best there is */

    /* host: an address or a name; 0 and a handle, or -1 with error. */
    struct world_connection *(*connect)(struct world_stage *stage, const char *host, uint16_t port,
                                        int64_t receive_buffer, struct seam_error *error);
    struct world_connection *(*connect_stdio)(
        struct world_program *program); /* speaks on its stdin and stdout */
    struct world_listener *(*listen)(struct world_stage *stage, const char *host, uint16_t port,
                                     struct seam_error *error);
    uint16_t (*listener_port)(const struct world_listener *listener);
    struct world_connection *(*accept)(struct world_listener *listener,
                                       int64_t receive_buffer); /* NULL: none waits */
    enum world_connection_state (*connection_state)(struct world_connection *connection, int *error_number);
    ssize_t (*connection_read)(struct world_connection *connection, void *buffer, size_t size);
    /* Bytes taken, or -errno. With fin: the FIN leaves in the same segment as the last byte (taken ==
     * length). */
    ssize_t (*connection_write)(struct world_connection *connection, const void *data, size_t length,
                                bool fin);
    void (*connection_reset)(struct world_connection *connection);
    void (*connection_close)(struct world_connection *connection); /* frees the handle */
    enum world_proof (*connection_proof)(struct world_connection *connection,
                                         struct world_proof_facts *facts); /* one look */
};

struct world {
    const struct world_ops *ops;
};

/* The real world: processes, sockets, netlink, /proc. NULL with error when the kernel lacks what it needs. */
struct world *world_real_new(struct seam_error *error);
void world_free(struct world *world);

#endif
