/* chat_help - see chat_help.h. The tables are below and in chat_options.def. */
#include "src/chat_help.h"

#include "src/chat_program.h"
#include "src/roff.h"

#include <string.h>

static const char *const chat_names[] = {[CHAT_SERVER] = "chat-server", [CHAT_CLIENT] = "chat-client"};

static const char *const chat_abouts[] = {
    [CHAT_SERVER] =
        "Listens and chats with one client at a time, in turns; the server speaks first. Clients that come "
        "meanwhile wait.",
    [CHAT_CLIENT] = "Connects to a chat server and chats with it, in turns; the server speaks first.",
};

static const char chat_message_text[] =
    "A message is UTF-8 text that ends with \\n. Prompts and received lines go to stdout, everything else to "
    "stderr.";

static const struct {
    const char *name;
    const char *argument; /* NULL: none */
    const char *docs[2];  /* by role */
} chat_options[] = {
#define CHAT_OPTION(letter, name, argument, server, client)                                                  \
    {name, argument, {[CHAT_SERVER] = server, [CHAT_CLIENT] = client}},
#include "src/chat_options.def"
#undef CHAT_OPTION
};
enum { CHAT_OPTION_COUNT = sizeof chat_options / sizeof chat_options[0] };

/* A newline in what happens is where its help goes on in the next line. */
static const struct {
    const char *when, *then;
} chat_situations[] = {
    {"several lines come at once",
     "they are told one per turn (1 MiB may wait here, the rest waits at the peer)"},
    {"a line is typed out of turn", "it waits for its turn; at the server also for the next client"},
    {"the peer ends its stream",
     "also by half-close: whole lines that wait are told at once, then it is over"},
    {"... in the middle of a line", "the unfinished line is reported on stderr, never told as a line"},
    {"the connection is reset", "as the end of stream, and reported; the client exits with 1"},
    {"the connection is refused", "reported; the client exits with 1"},
    {"a received line is too long", "dropped and reported when its newline comes; it was the peer's turn"},
    {"a received line is not UTF-8", "told, with the invalid bytes as \\xNN, and reported"},
    {"a typed line is either", "not sent, reported, and you are asked again"},
    {"NUL, terminal escapes, bidi",
     "control, bidi and zero-width characters are shown as \\n \\r \\t or \\xNN"},
    {"a line ends with CR LF", "one CR before the newline is dropped; any other CR is shown as \\r"},
    {"a line is empty", "it is a message like any other"},
    {"the peer doesn't read", "the line waits; typed lines wait behind it; signals still work"},
    {"stdin ends", "typed lines are still sent in turn (the last one also without its newline);\n"
                   "the answer to the last is told; then the program ends"},
    {"stdout can't be written", "reported; exit 1"},
};
enum { CHAT_SITUATION_COUNT = sizeof chat_situations / sizeof chat_situations[0] };

static const struct {
    int code;
    const char *when;
} chat_exits[] = {
    {CHAT_EXIT_OK, "conversation over, end of stdin, SIGINT or SIGTERM"},
    {CHAT_EXIT_NETWORK, "network or stdout"},
    {CHAT_EXIT_USAGE, "wrong usage"},
};
enum { CHAT_EXIT_COUNT = sizeof chat_exits / sizeof chat_exits[0] };

/* Each pair: which line does what. Together they are one conversation. */
static const struct {
    const char *about, *line;
} chat_examples[] = {
    [CHAT_SERVER] = {"Says hello to the first client that comes to port 4321, and prints its answer:",
                     "echo hello | chat-server --port 4321"},
    [CHAT_CLIENT] = {"Answers what the server on port 4321 of this machine says first:",
                     "echo hi | chat-client --host 127.0.0.1 --port 4321"},
};

/* --- help
 * -------------------------------------------------------------------------------------------------------- */

static void chat_help_print_lines(FILE *out, const char *text)
{
    for (; *text; text++) {
        fputc(*text, out);
        if (*text == '\n')
            fprintf(out, "%33s", "");
    }
    fputc('\n', out);
}

void chat_help_print(FILE *out, enum chat_role role)
{
    fprintf(out, "usage: %s", chat_names[role]);
    for (size_t i = 0; i < CHAT_OPTION_COUNT; i++) {
        if (chat_options[i].argument)
            fprintf(out, " [--%s %s]", chat_options[i].name, chat_options[i].argument);
    }
    fprintf(out, "\n\n%s\n\n", chat_abouts[role]);
    for (size_t i = 0; i < CHAT_OPTION_COUNT; i++) {
        const char *argument = chat_options[i].argument ? chat_options[i].argument : "";
        fprintf(out, "  --%s %-*s%s\n", chat_options[i].name, (int)(15 - strlen(chat_options[i].name)),
                argument, chat_options[i].docs[role]);
    }
    fprintf(out, "\n%s\nWhat happens when\n", chat_message_text);
    for (size_t i = 0; i < CHAT_SITUATION_COUNT; i++) {
        fprintf(out, "  %-31s", chat_situations[i].when);
        chat_help_print_lines(out, chat_situations[i].then);
    }
    fputs("\nExit:", out);
    for (size_t i = 0; i < CHAT_EXIT_COUNT; i++)
        fprintf(out, "%s %d %s", i ? ";" : "", chat_exits[i].code, chat_exits[i].when);
    fputc('\n', out);
}

/* --- man page
 * ---------------------------------------------------------------------------------------------------- */

static void chat_man_options(FILE *out, enum chat_role role)
{
    roff_section(out, "OPTIONS");
    for (size_t i = 0; i < CHAT_OPTION_COUNT; i++) {
        char form[32];
        snprintf(form, sizeof form, "--%s", chat_options[i].name);
        roff_item(out, form, chat_options[i].argument);
        roff_text(out, chat_options[i].docs[role]);
    }
}

static void chat_man_situations(FILE *out)
{
    roff_section(out, "WHAT HAPPENS WHEN");
    for (size_t i = 0; i < CHAT_SITUATION_COUNT; i++) {
        roff_item(out, chat_situations[i].when, NULL);
        roff_text(out, chat_situations[i].then);
    }
}

static void chat_man_exits(FILE *out)
{
    roff_section(out, "EXIT STATUS");
    for (size_t i = 0; i < CHAT_EXIT_COUNT; i++) {
        char code[8];
        snprintf(code, sizeof code, "%d", chat_exits[i].code);
        roff_item(out, code, NULL);
        roff_text(out, chat_exits[i].when);
    }
}

void chat_help_print_man(FILE *out, enum chat_role role)
{
    const struct roff_page page = {
        .name = chat_names[role],
        .section = 1,
        .version = SEAM_VERSION,
        .about =
            role == CHAT_SERVER ? "chat with one client at a time, in turns" : "chat with a server, in turns",
    };
    char usage[64];
    roff_begin(out, &page);
    roff_section(out, "SYNOPSIS");
    snprintf(usage, sizeof usage, "`%s` [OPTIONS]", chat_names[role]);
    roff_text(out, usage);
    roff_section(out, "DESCRIPTION");
    roff_text(out, chat_abouts[role]);
    roff_paragraph(out, chat_message_text);
    roff_paragraph(out, "An idle chat program has no timers: it sleeps until there is input.");
    chat_man_options(out, role);
    chat_man_situations(out);
    chat_man_exits(out);
    roff_section(out, "EXAMPLES");
    roff_text(out, chat_examples[role].about);
    roff_example(out, chat_examples[role].line);
    roff_section(out, "SEE ALSO");
    roff_text(out, role == CHAT_SERVER ? "`chat-client`(1), `seam`(1)" : "`chat-server`(1), `seam`(1)");
}
