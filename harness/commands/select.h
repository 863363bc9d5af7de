/*
 * select - which files and which scenarios of them a command works on, in stable order.
 */
#ifndef SEAM_HARNESS_COMMANDS_SELECT_H
#define SEAM_HARNESS_COMMANDS_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/commands/options.h"
#include "harness/scenario.h"
#include "src/error.h"

struct selected_files {
    char **paths; /* each once, in the order of the operands; below a folder sorted by name */
    size_t count;
};

/* A file counts whatever its name; of a folder, and those below it, every *.json but hidden ones, and
 * *.part.json only with parts. Symbolic links are followed, cycles are not. 0, or -1 with error: an operand
 * does not exist, a folder can't be read. */
int select_files(char *const *operands, size_t operand_count, bool parts, struct selected_files *out,
                 struct seam_error *error);
void selected_files_close(struct selected_files *files);

struct selected_case {
    const struct scenario *scenario; /* borrowed from its file */
    size_t round;                    /* of --repeat: 0.. */
};

struct selected_cases {
    struct selected_case *items;
    size_t count;
};
enum { SELECTED_CASES_MAX = 10000000 };

/* The scenarios that --filter and --shard leave, each --repeat times in a row. 0, or -1 with error: too many.
 */
int select_cases(struct scenario_file *const *files, size_t file_count, const struct options *options,
                 struct selected_cases *out, struct seam_error *error);
void selected_cases_close(struct selected_cases *cases);

#endif
