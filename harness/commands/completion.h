/*
 * completion - what the scripts that `seam completion` prints are made of: the tables of commands and
 * options, and what completes a value, by the word that stands for it in the help.
 */
#ifndef SEAM_HARNESS_COMMANDS_COMPLETION_H
#define SEAM_HARNESS_COMMANDS_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/commands/options.h"

enum completion_rest {
    COMPLETION_NOTHING,
    COMPLETION_FILE,
    COMPLETION_FOLDER,
    COMPLETION_PROGRAM, /* a command of the shell */
    COMPLETION_PATH,    /* a word, then = and a file */
};

/* What a value may be. */
struct completion_value {
    const char *argument; /* what stands for it in the help; not ended by a NUL but by length */
    int length;
    const char *const *words; /* NULL: none are known */
    enum completion_rest rest;
    bool repeated; /* an operand: there may be more */
};

struct completion_value completion_of_option(const struct option_spec *spec);
/* The first of the operands, which are as in the table of commands; *operands then is at the next. False:
 * there is none. */
bool completion_next_operand(const char **operands, struct completion_value *value);

/* The script of each shell. */
#define SHELL(name) void completion_##name(FILE *out);
#include "harness/commands/shells.def"
#undef SHELL

#endif
