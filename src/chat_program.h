/*
 * chat_program - what chat-server and chat-client have in common: options, and one turn of the loop.
 *
 * It carries bytes between chat_turns and stdin, stdout, stderr and one connection, and decides nothing of
 * the conversation. It waits only for what can happen: input is read while chat_turns has room for it, an
 * output is waited for while something is to be written. An idle program sleeps in poll() without a timeout.
 */
#ifndef SEAM_CHAT_PROGRAM_H
#define SEAM_CHAT_PROGRAM_H

#include "src/chat_turns.h"
#include "src/error.h"
#include "src/loop.h"

#include <stdbool.h>

enum { CHAT_EXIT_OK = 0, CHAT_EXIT_NETWORK = 1, CHAT_EXIT_USAGE = 2 };

#define CHAT_HOST_DEFAULT       "127.0.0.1"
#define CHAT_PORT_DEFAULT       "1234"
#define CHAT_LINE_BYTES_DEFAULT 65536
#define CHAT_LINE_BYTES_MAX     (64u * 1024 * 1024)

struct chat_program {
    const char *name; /* "chat-server" */
    const char *host; /* borrowed from argv; NULL: not given */
    const char *port; /* checked to be one; NULL: not given */
    size_t line_bytes_max;
    int connection_fd; /* owned; -1: none */
    bool log_broken;   /* stderr can't be written: what goes there is dropped */
    struct loop loop;
    struct chat_turns turns;
};

enum chat_program_result {
    CHAT_PROGRAM_GOING = 0,
    CHAT_PROGRAM_STOPPED, /* SIGINT or SIGTERM: exit with CHAT_EXIT_OK */
    CHAT_PROGRAM_FAILED,  /* reported: exit with CHAT_EXIT_NETWORK */
};

/*
 * Reads the command line and starts the loop. Returns -1 to go on, else the code to exit with (--help,
 * --version, wrong usage).
 */
int chat_program_init(struct chat_program *program, enum chat_role role, int argc, char **argv);

/* Closes the connection if there is one, and gives everything back. */
void chat_program_free(struct chat_program *program);

/* One line on stderr: "chat-server: text". */
void chat_program_report(const struct chat_program *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes the connection (owned from now on) and begins a conversation. */
void chat_program_begin(struct chat_program *program, int connection_fd);

/* The conversation is over: closes the connection. */
void chat_program_hang_up(struct chat_program *program);

/*
 * Writes what can be written; then, unless that ended the conversation, sleeps until something happens and
 * reads what came. One more descriptor may be watched (other_fd < 0: none); *other_ready says whether it was
 * ready.
 */
enum chat_program_result chat_program_step(struct chat_program *program, int other_fd, short other_events,
                                           bool *other_ready);

#endif
