/*
 * load - every selected file loaded and checked before anything starts; mistakes are told on stderr.
 */
#ifndef SEAM_HARNESS_COMMANDS_LOAD_H
#define SEAM_HARNESS_COMMANDS_LOAD_H

#include <stddef.h>

#include "harness/commands/options.h"
#include "harness/commands/select.h"
#include "harness/result.h"

struct loaded {
    struct scenario_file **files; /* the valid ones, in order */
    size_t count;
    struct result *invalid; /* one per file that is not */
    size_t invalid_count;
    char *bin;
    struct scenario_options options; /* what they were loaded with; must outlive them */
};

/* What the command line says of loading. Returns the folder of seam, which out borrows: the caller frees it
 * after out; NULL: out of memory. */
char *load_options(const struct options *options, struct scenario_options *out);
/* 0, though files may be invalid; -1 out of memory. Close it in both cases. */
int load_files(const struct selected_files *selected, const struct options *options, struct loaded *out);
void loaded_close(struct loaded *loaded);

/* The first --define that no file has a variable for, or NULL. */
const char *loaded_unused_define(const struct loaded *loaded);

#endif
