/*
 * chat-client - asks where the server is unless it was told, connects, and chats until the conversation is
 * over.
 *
 * Knows nothing of lines and turns; the answers to its two questions are the first lines typed.
 */
#include "src/chat_program.h"
#include "src/net.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHAT_CLIENT_GOING = -1 };

/* One step of the loop as an exit code, or CHAT_CLIENT_GOING. */
static int chat_client_step(struct chat_program *program, int other_fd, short other_events, bool *other_ready)
{
    switch (chat_program_step(program, other_fd, other_events, other_ready)) {
    case CHAT_PROGRAM_STOPPED:
        return CHAT_EXIT_OK;
    case CHAT_PROGRAM_FAILED:
        return CHAT_EXIT_NETWORK;
    case CHAT_PROGRAM_GOING:
        break;
    }
    return CHAT_CLIENT_GOING;
}

/* Shows the question and takes the next typed line as the answer. An exit code, or CHAT_CLIENT_GOING. */
static int chat_client_ask(struct chat_program *program, const char *question,
                           char answer[NET_HOST_BYTES_MAX])
{
    struct line_reader_line line;
    enum line_reader_result result;
    bool unused;
    dprintf(STDOUT_FILENO, "%s", question);
    while ((result = chat_turns_next_typed(&program->turns, &line)) == LINE_READER_MORE) {
        int exit_code = chat_client_step(program, -1, 0, &unused);
        if (exit_code != CHAT_CLIENT_GOING)
            return exit_code;
    }
    bool answered = (result == LINE_READER_LINE || result == LINE_READER_PARTIAL) && line.length > 0 &&
                    line.length < NET_HOST_BYTES_MAX && !memchr(line.data, '\0', line.length);
    if (!answered) {
        chat_program_report(program, "no answer to \"%s\"", question);
        return CHAT_EXIT_USAGE;
    }
    memcpy(answer, line.data, line.length);
    answer[line.length] = '\0';
    return CHAT_CLIENT_GOING;
}

/* Finds out where the server is. An exit code, or CHAT_CLIENT_GOING with both stored. */
static int chat_client_find_server(struct chat_program *program, char host[NET_HOST_BYTES_MAX],
                                   char port[NET_HOST_BYTES_MAX])
{
    int exit_code = CHAT_CLIENT_GOING;
    if (program->host)
        snprintf(host, NET_HOST_BYTES_MAX, "%s", program->host);
    else
        exit_code = chat_client_ask(program, "Enter IPv4 address of server: ", host);
    if (exit_code != CHAT_CLIENT_GOING)
        return exit_code;
    if (program->port)
        snprintf(port, NET_HOST_BYTES_MAX, "%s", program->port);
    else
        exit_code = chat_client_ask(program, "Enter port number of server: ", port);
    if (exit_code == CHAT_CLIENT_GOING && !net_is_port(port, false)) {
        chat_program_report(program, "not a port number (1 to 65535)");
        return CHAT_EXIT_USAGE;
    }
    return exit_code;
}

/* Connects and begins the conversation. An exit code, or CHAT_CLIENT_GOING. */
static int chat_client_connect(struct chat_program *program, const char *host, const char *port)
{
    struct net_connector connector;
    struct seam_error error;
    int exit_code = CHAT_CLIENT_GOING;
    enum net_result result = net_connect_start(&connector, host, port, &error);
    while (result == NET_AGAIN && exit_code == CHAT_CLIENT_GOING) {
        bool ready = false;
        exit_code = chat_client_step(program, connector.fd, POLLOUT, &ready);
        if (ready && exit_code == CHAT_CLIENT_GOING)
            result = net_connect_continue(&connector, &error);
    }
    int fd = net_connect_take(&connector, result == NET_OK && exit_code == CHAT_CLIENT_GOING);
    if (fd >= 0) {
        chat_program_begin(program, fd);
    } else if (exit_code == CHAT_CLIENT_GOING) {
        chat_program_report(program, "cannot connect to %s port %s: %s", host, port, error.text);
        exit_code = CHAT_EXIT_NETWORK;
    }
    return exit_code;
}

static int chat_client_run(struct chat_program *program)
{
    char host[NET_HOST_BYTES_MAX], port[NET_HOST_BYTES_MAX];
    bool unused;
    int exit_code = chat_client_find_server(program, host, port);
    if (exit_code == CHAT_CLIENT_GOING)
        exit_code = chat_client_connect(program, host, port);
    while (exit_code == CHAT_CLIENT_GOING && chat_turns_state(&program->turns) == CHAT_TALKING)
        exit_code = chat_client_step(program, -1, 0, &unused);
    if (exit_code != CHAT_CLIENT_GOING)
        return exit_code;
    return chat_turns_state(&program->turns) == CHAT_BROKEN ? CHAT_EXIT_NETWORK : CHAT_EXIT_OK;
}

int main(int argc, char **argv)
{
    struct chat_program program;
    int exit_code = chat_program_init(&program, CHAT_CLIENT, argc, argv);
    if (exit_code >= 0)
        return exit_code;
    exit_code = chat_client_run(&program);
    chat_program_free(&program);
    return exit_code;
}
