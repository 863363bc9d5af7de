/*
 * command - what the subcommands of `seam` are: one line per command in commands/commands.def.
 *
 * Help, man pages and completions are made from that table, from the table of options
 * (commands/options.h) and from exit_codes.def.
 */
#ifndef SEAM_HARNESS_COMMANDS_COMMAND_H
#define SEAM_HARNESS_COMMANDS_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#include "src/error.h"

/* A command prints and returns its exit code (enum result_exit). argv[0] is the name of the command. */
#define COMMAND(name, operands, doc) int command_##name(int argc, char **argv);
#include "harness/commands/commands.def"
#undef COMMAND

struct command {
    const char *name;
    const char *operands; /* as in a usage line; "" for none */
    const char *doc;      /* what it does, one clause */
    int (*run)(int argc, char **argv);
};

extern const struct command commands[];
extern const size_t command_count;
const struct command *command_find(const char *name); /* NULL: none */

void command_print_overview(FILE *out); /* what `seam --help` prints */
void command_print_help(FILE *out, const char *name);
/* "seam run: TEXT" and where to find help, on stderr. Returns the exit code of a usage error. */
int command_usage_error(const char *name, const struct seam_error *error);

#endif
