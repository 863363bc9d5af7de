/* chat_program - see chat_program.h. The command line is in chat_options.c. */
#include "src/chat_program.h"

#include "src/net.h"
#include "src/terminal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHAT_READ_BYTES = 16384 };

void chat_program_free(struct chat_program *program)
{
    chat_program_hang_up(program);
    chat_turns_free(&program->turns);
    loop_free(&program->loop);
}

void chat_program_report(const struct chat_program *program, const char *format, ...)
{
    char text[SEAM_ERROR_TEXT_BYTES_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    dprintf(STDERR_FILENO, "%s: %s\n", program->name, text);
}

void chat_program_begin(struct chat_program *program, int connection_fd)
{
    program->connection_fd = connection_fd;
    chat_turns_begin(&program->turns);
}

void chat_program_hang_up(struct chat_program *program)
{
    if (program->connection_fd >= 0)
        net_close(program->connection_fd);
    program->connection_fd = -1;
}

/* Sends what the peer is to get. True when something changed. */
static bool chat_program_send(struct chat_program *program)
{
    struct seam_error error;
    size_t n, sent;
    const char *data = chat_turns_output(&program->turns, CHAT_TO_PEER, &n);
    if (n == 0 || program->connection_fd < 0)
        return false;
    enum net_result result = net_send(program->connection_fd, data, n, &sent, &error);
    if (result == NET_FAILED)
        chat_turns_break(&program->turns, error.text);
    else if (sent > 0)
        chat_turns_take(&program->turns, CHAT_TO_PEER, sent);
    return result != NET_AGAIN;
}

/* Writes what goes to stdout or stderr. 1: something changed, 0: nothing, -1: stdout can't be written
 * (reported). */
static int chat_program_write(struct chat_program *program, enum chat_output to)
{
    int fd = to == CHAT_TO_SCREEN ? STDOUT_FILENO : STDERR_FILENO;
    size_t n, written;
    const char *data = chat_turns_output(&program->turns, to, &n);
    if (n == 0)
        return 0;
    enum terminal_result result = TERMINAL_OK;
    written = n;
    if (to != CHAT_TO_LOG || !program->log_broken)
        result = terminal_write(fd, data, n, &written);
    if (result == TERMINAL_FAILED && to == CHAT_TO_LOG) {
        program->log_broken = true;
        written = n;
    } else if (result == TERMINAL_FAILED) {
        chat_program_report(program, "cannot write to stdout: %s", strerror(errno));
        return -1;
    }
    if (written > 0)
        chat_turns_take(&program->turns, to, written);
    return written > 0;
}

/* Writes all that can be written now, and what that makes possible. False: stdout is gone. */
static bool chat_program_flush(struct chat_program *program)
{
    for (;;) {
        int log = chat_program_write(program, CHAT_TO_LOG);
        int screen = chat_program_write(program, CHAT_TO_SCREEN);
        bool sent = chat_program_send(program);
        if (screen < 0)
            return false;
        if (!log && !screen && !sent)
            return true;
    }
}

static void chat_program_receive(struct chat_program *program)
{
    struct seam_error error;
    size_t room, n;
    char *into = chat_turns_reserve(&program->turns, CHAT_FROM_PEER, CHAT_READ_BYTES, &room);
    if (!into)
        return;
    switch (net_receive(program->connection_fd, into, room, &n, &error)) {
    case NET_OK:
        chat_turns_commit(&program->turns, CHAT_FROM_PEER, n);
        break;
    case NET_FAILED:
        chat_turns_break(&program->turns, error.text);
        chat_turns_end(&program->turns, CHAT_FROM_PEER);
        break;
    case NET_ENDED:
        chat_turns_end(&program->turns, CHAT_FROM_PEER);
        break;
    case NET_AGAIN:
        break;
    }
}

static void chat_program_read_keyboard(struct chat_program *program)
{
    size_t room, n;
    char *into = chat_turns_reserve(&program->turns, CHAT_FROM_KEYBOARD, CHAT_READ_BYTES, &room);
    if (!into)
        return;
    enum terminal_result result = terminal_read(STDIN_FILENO, into, room, &n);
    if (result == TERMINAL_OK)
        chat_turns_commit(&program->turns, CHAT_FROM_KEYBOARD, n);
    else if (result == TERMINAL_ENDED)
        chat_turns_end(&program->turns, CHAT_FROM_KEYBOARD);
}

static short chat_program_events(const struct chat_program *program, enum chat_output to)
{
    size_t n;
    chat_turns_output(&program->turns, to, &n);
    return n > 0 ? POLLOUT : 0;
}

enum chat_program_result chat_program_step(struct chat_program *program, int other_fd, short other_events,
                                           bool *other_ready)
{
    struct loop *loop = &program->loop;
    struct chat_turns *turns = &program->turns;
    struct seam_error error;
    *other_ready = false;
    if (!chat_program_flush(program))
        return CHAT_PROGRAM_FAILED;
    if (program->connection_fd >= 0 && chat_turns_state(turns) != CHAT_TALKING)
        return CHAT_PROGRAM_GOING;

    short connection_events = chat_program_events(program, CHAT_TO_PEER);
    if (chat_turns_wants(turns, CHAT_FROM_PEER))
        connection_events |= POLLIN;
    loop_clear(loop);
    size_t keyboard =
        loop_watch(loop, STDIN_FILENO, chat_turns_wants(turns, CHAT_FROM_KEYBOARD) ? POLLIN : 0);
    size_t connection = loop_watch(loop, program->connection_fd, connection_events);
    size_t other = loop_watch(loop, other_fd, other_events);
    loop_watch(loop, STDOUT_FILENO, chat_program_events(program, CHAT_TO_SCREEN));
    loop_watch(loop, STDERR_FILENO, chat_program_events(program, CHAT_TO_LOG));
    switch (loop_wait(loop, &error)) {
    case LOOP_STOP:
        return CHAT_PROGRAM_STOPPED;
    case LOOP_FAILED:
        chat_program_report(program, "%s", error.text);
        return CHAT_PROGRAM_FAILED;
    case LOOP_READY:
        break;
    }
    /* The peer first: if it has left, what was typed belongs to the next conversation. */
    if (loop_ready(loop, connection))
        chat_program_receive(program);
    if (loop_ready(loop, keyboard))
        chat_program_read_keyboard(program);
    *other_ready = loop_ready(loop, other) != 0;
    return CHAT_PROGRAM_GOING;
}
