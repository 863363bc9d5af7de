/*
 * inside - opens files that a scenario names, and sees that they stay inside its folder.
 *
 * Symbolic links count as what they lead to. Only regular files are opened, and opening never blocks (a FIFO
 * would).
 */
#ifndef SEAM_HARNESS_INSIDE_H
#define SEAM_HARNESS_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "src/error.h"

/*
 * Opens `path` (relative to the absolute `folder`, or absolute) for reading and answers the descriptor, or -1
 * with error->text. The file must be below the folder `limit`; NULL: it may be anywhere. real_path (may be
 * NULL) gets its canonical path, malloc'd, on success.
 */
int inside_open(const char *folder, const char *limit, const char *path, size_t path_length, char **real_path,
                struct seam_error *error);

/* Opens a file that the user named. The same, without a folder. */
int inside_open_any(const char *path, char **real_path, struct seam_error *error);

#endif
