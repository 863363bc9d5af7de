/* command - the table of commands, and the help that is made from it. */
#include "harness/commands/command.h"

#include <string.h>

#include "harness/commands/diagnose.h"
#include "harness/commands/options.h"
#include "harness/result.h"

const struct command commands[] = {
#define COMMAND(name, operands, doc) {#name, operands, doc, command_##name},
#include "harness/commands/commands.def"
#undef COMMAND
};
const size_t command_count = sizeof commands / sizeof *commands;

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

void command_print_overview(FILE *out)
{
    fputs(
        "usage: seam COMMAND [OPTIONS] [OPERANDS]\n\n"
        "Scripted conversations with a program over byte streams, cut exactly where you say, with proof.\n\n",
        out);
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].doc);
    fputs("\n`seam help COMMAND` or `seam COMMAND --help` prints what a command takes; `seam --version` the "
          "version.\n",
          out);
}

static void print_exit_codes(FILE *out)
{
    static const struct {
        int number;
        const char *text;
    } codes[] = {
#define EXIT_CODE(name, number, text) {number, text},
#include "harness/exit_codes.def"
#undef EXIT_CODE
    };
    fputs("\nExit codes:\n", out);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        fprintf(out, "  %-6d %s\n", codes[i].number, codes[i].text);
    fputs("  128+N  ended by signal N\n", out);
}

void command_print_help(FILE *out, const char *name)
{
    const struct command *command = command_find(name);

    fprintf(out, "usage: seam %s [OPTIONS]%s%s\n\n", name, *command->operands ? " " : "", command->operands);
    fprintf(out, "seam %s: %s.\n\nOptions, with the environment variable that stands for each:\n", name,
            command->doc);
    options_print_help(out, name);
    if (strcmp(name, "run") != 0 && strcmp(name, "sweep") != 0 && strcmp(name, "shrink") != 0)
        return;
    fputs("\nReport formats:\n", out);
    for (size_t i = 0; i < report_format_count; i++)
        fprintf(out, "  %-6s %s\n", report_formats[i]->name, report_formats[i]->doc);
    print_exit_codes(out);
}

int command_usage_error(const char *name, const struct seam_error *error)
{
    fprintf(stderr, "seam %s: ", name);
    diagnose_text(stderr, error->text);
    fprintf(stderr, "\n`seam %s --help` prints what it takes.\n", name);
    return RESULT_EXIT_USAGE;
}
