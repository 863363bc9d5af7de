/* chat_options - the command line of the chat programs, read by the table in chat_options.def. */
#include "src/chat_program.h"

#include "src/chat_help.h"
#include "src/net.h"
#include "src/terminal.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool chat_options_read_size(const char *text, size_t *size)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long long value = strtoull(text, &end, 10);
    *size = (size_t)value;
    return !*end && value >= 1 && value <= CHAT_LINE_BYTES_MAX;
}

static int chat_options_wrong(const struct chat_program *program, const char *what, const char *text)
{
    chat_program_report(program, "%s: '%s' (try --help)", what, text);
    return CHAT_EXIT_USAGE;
}

/* What was asked for has been printed. */
static int chat_options_printed(const struct chat_program *program)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CHAT_EXIT_OK;
    chat_program_report(program, "cannot write to stdout: %s", errno ? strerror(errno) : "it failed before");
    return CHAT_EXIT_NETWORK;
}

int chat_program_init(struct chat_program *program, enum chat_role role, int argc, char **argv)
{
    static const struct option options[] = {
#define CHAT_OPTION(letter, name, argument, server, client)                                                  \
    {name, (argument) ? required_argument : no_argument, NULL, letter},
#include "src/chat_options.def"
#undef CHAT_OPTION
        {0},
    };
    struct seam_error error;
    int option;
    terminal_init();
    *program = (struct chat_program){
        .name = role == CHAT_SERVER ? "chat-server" : "chat-client",
        .line_bytes_max = CHAT_LINE_BYTES_DEFAULT,
        .connection_fd = -1,
    };
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            if (!*optarg || strlen(optarg) >= NET_HOST_BYTES_MAX)
                return chat_options_wrong(program, "not a host", optarg);
            program->host = optarg;
            break;
        case 'p':
            if (!net_is_port(optarg, role == CHAT_SERVER))
                return chat_options_wrong(program, "not a port", optarg);
            program->port = optarg;
            break;
        case 'l':
            if (!chat_options_read_size(optarg, &program->line_bytes_max))
                return chat_options_wrong(program, "not a size from 1 to 67108864", optarg);
            break;
        case 'H':
            chat_help_print(stdout, role);
            return chat_options_printed(program);
        case 'M':
            chat_help_print_man(stdout, role);
            return chat_options_printed(program);
        case 'V':
            printf("%s %s\n", program->name, SEAM_VERSION);
            return chat_options_printed(program);
        default: /* getopt_long has said what is wrong */
            return CHAT_EXIT_USAGE;
        }
    }
    if (optind < argc)
        return chat_options_wrong(program, "unexpected argument", argv[optind]);
    if (loop_init(&program->loop, &error) != 0) {
        chat_program_report(program, "%s", error.text);
        return CHAT_EXIT_NETWORK;
    }
    chat_turns_init(&program->turns, role, program->line_bytes_max);
    return -1;
}
