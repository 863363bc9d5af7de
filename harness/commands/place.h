/* place - where `seam import` and `seam record` write a scenario, and the files with its data. Nothing is
 * written over. */
#ifndef SEAM_HARNESS_COMMANDS_PLACE_H
#define SEAM_HARNESS_COMMANDS_PLACE_H

#include <limits.h>

#include "harness/commands/options.h"
#include "harness/exchange/exchange.h"

struct place_out {
    const char *path;      /* NULL: stdout */
    char *folder;          /* absolute, canonical; owned */
    char beside[NAME_MAX]; /* begin of the names of files for data */
    size_t folder_length;  /* of path, with its slash */
};

/* output NULL: stdout. An exit code; it has been told what is wrong. */
int place_open(const char *command, const char *output, struct place_out *out);
void place_close(struct place_out *out);
/* Loads what was imported, as `seam check` would, and writes it; tells what was made, and how to run it. An
 * exit code. */
int place_write(const char *command, const struct place_out *place, const struct options *options,
                const struct imported *imported);
void place_options(const struct options *options, struct exchange_options *out);

#endif
