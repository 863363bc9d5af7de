/*
 * chat-server - listens, and chats with one client at a time.
 *
 * Knows nothing of lines and turns: it accepts a client when it has none, lets chat_program carry the bytes
 * until the conversation is over, and accepts the next. Clients that come meanwhile wait in the backlog.
 */
#include "src/chat_program.h"
#include "src/net.h"

#include <stdio.h>
#include <unistd.h>

/* Serves until it is stopped or has nothing more to say; returns the exit code. */
static int chat_server_serve(struct chat_program *program, int listening_fd)
{
    struct seam_error error;
    for (;;) {
        bool idle = program->connection_fd < 0;
        if (idle && chat_turns_has_nothing_to_say(&program->turns))
            return CHAT_EXIT_OK;
        bool client_waits = false;
        switch (chat_program_step(program, idle ? listening_fd : -1, POLLIN, &client_waits)) {
        case CHAT_PROGRAM_STOPPED:
            return CHAT_EXIT_OK;
        case CHAT_PROGRAM_FAILED:
            return CHAT_EXIT_NETWORK;
        case CHAT_PROGRAM_GOING:
            break;
        }
        if (client_waits) {
            int fd;
            enum net_result result = net_accept(listening_fd, &fd, &error);
            if (result == NET_FAILED) {
                chat_program_report(program, "%s", error.text);
                return CHAT_EXIT_NETWORK;
            }
            if (result == NET_OK)
                chat_program_begin(program, fd);
        } else if (!idle && chat_turns_state(&program->turns) != CHAT_TALKING) {
            chat_program_hang_up(program);
        }
    }
}

int main(int argc, char **argv)
{
    struct chat_program program;
    struct seam_error error;
    int listening_fd;
    int exit_code = chat_program_init(&program, CHAT_SERVER, argc, argv);
    if (exit_code >= 0)
        return exit_code;
    if (net_listen(program.host ? program.host : CHAT_HOST_DEFAULT,
                   program.port ? program.port : CHAT_PORT_DEFAULT, &listening_fd, &error) == NET_OK) {
        char address[NET_ADDRESS_TEXT_BYTES];
        net_format_address(listening_fd, address);
        dprintf(STDERR_FILENO, "listening on %s\n", address);
        exit_code = chat_server_serve(&program, listening_fd);
        close(listening_fd);
    } else {
        chat_program_report(&program, "%s", error.text);
        exit_code = CHAT_EXIT_NETWORK;
    }
    chat_program_free(&program);
    return exit_code;
}
