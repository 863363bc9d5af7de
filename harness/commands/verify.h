/* verify - plays a scenario that was just recorded, to see what it hears. */
#ifndef SEAM_HARNESS_COMMANDS_VERIFY_H
#define SEAM_HARNESS_COMMANDS_VERIFY_H

#include "harness/commands/options.h"
#include "harness/exchange/exchange.h"
#include "harness/result.h"

struct verify_heard {
    struct bytes *said; /* by connection, in the order of the scenario; owned */
    size_t count;
};

/*
 * Runs the scenario of a text once; path: where it stands, or will stand. result is the caller's to close,
 * heard (NULL: not wanted) to close by verify_heard_close. 0, or -1 with error: it can't be loaded, or no run
 * can be set up.
 */
int verify_run(const char *path, const char *text, const struct options *options, struct result *result,
               struct verify_heard *heard, struct seam_error *error);
void verify_heard_close(struct verify_heard *heard);

#endif
