/* chat_options - the command line of the chat programs, and their help. */
#include "src/chat_program.h"

#include "src/net.h"
#include "src/terminal.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char chat_server_help[] =
    "usage: chat-server [--host HOST] [--port PORT] [--line-max BYTES]\n"
    "\n"
    "Listens and chats with one client at a time, in turns; the server speaks first. Clients that come "
    "meanwhile wait.\n"
    "\n"
    "  --host HOST       address or name to listen on (default " CHAT_HOST_DEFAULT ")\n"
    "  --port PORT       port to listen on; 0 picks a free one, which is told on stderr "
    "(default " CHAT_PORT_DEFAULT ")\n";

static const char chat_client_help[] =
    "usage: chat-client [--host HOST] [--port PORT] [--line-max BYTES]\n"
    "\n"
    "Connects to a chat server and chats with it, in turns; the server speaks first.\n"
    "\n"
    "  --host HOST       IPv4 or IPv6 address or name of the server (asked for when not given)\n"
    "  --port PORT       its port (asked for when not given)\n";

static const char chat_common_help[] =
    "  --line-max BYTES  longest line, newline not counted (default 65536)\n"
    "  --help, --version\n"
    "\n"
    "A message is UTF-8 text that ends with \\n. Prompts and received lines go to stdout, everything else to "
    "stderr.\n"
    "What happens when\n"
    "  several lines come at once     they are told one per turn (1 MiB may wait here, the rest waits at the "
    "peer)\n"
    "  a line is typed out of turn    it waits for its turn; at the server also for the next client\n"
    "  the peer ends its stream       also by half-close: whole lines that wait are told at once, then it is "
    "over\n"
    "  ... in the middle of a line    the unfinished line is reported on stderr, never told as a line\n"
    "  the connection is reset        as the end of stream, and reported; the client exits with 1\n"
    "  the connection is refused      reported; the client exits with 1\n"
    "  a received line is too long    dropped and reported when its newline comes; it was the peer's turn\n"
    "  a received line is not UTF-8   told, with the invalid bytes as \\xNN, and reported\n"
    "  a typed line is either         not sent, reported, and you are asked again\n"
    "  NUL, terminal escapes, bidi    control, bidi and zero-width characters are shown as \\n \\r \\t or "
    "\\xNN\n"
    "  a line ends with CR LF         one CR before the newline is dropped; any other CR is shown as \\r\n"
    "  a line is empty                it is a message like any other\n"
    "  the peer doesn't read          the line waits; typed lines wait behind it; signals still work\n"
    "  stdin ends                     typed lines are still sent in turn (the last one also without its "
    "newline);\n"
    "                                 the answer to the last is told; then the program ends\n"
    "  stdout can't be written        reported; exit 1\n"
    "\n"
    "Exit: 0 conversation over, end of stdin, SIGINT or SIGTERM; 1 network or stdout; 2 wrong usage\n";

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

int chat_program_init(struct chat_program *program, enum chat_role role, int argc, char **argv)
{
    static const struct option options[] = {
        {"host", required_argument, NULL, 'h'},     {"port", required_argument, NULL, 'p'},
        {"line-max", required_argument, NULL, 'l'}, {"help", no_argument, NULL, 'H'},
        {"version", no_argument, NULL, 'V'},        {0},
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
            printf("%s%s", role == CHAT_SERVER ? chat_server_help : chat_client_help, chat_common_help);
            return CHAT_EXIT_OK;
        case 'V':
            printf("%s %s\n", program->name, SEAM_VERSION);
            return CHAT_EXIT_OK;
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
