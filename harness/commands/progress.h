/* progress - one line on stderr that says how far it is; nothing where stderr is no terminal. */
#ifndef SEAM_HARNESS_COMMANDS_PROGRESS_H
#define SEAM_HARNESS_COMMANDS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool on;
    bool shown; /* stands on the terminal now */
    size_t total;
    uint64_t began_ns;
};

void progress_begin(struct progress *progress, size_t total, bool wanted, uint64_t now_ns);
void progress_show(struct progress *progress, size_t ended, size_t failed, uint64_t now_ns);
void progress_hide(struct progress *progress); /* before anything else is printed */

#endif
