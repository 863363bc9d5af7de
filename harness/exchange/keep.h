/* keep - writes files, and never over what stands in one already. */
#ifndef SEAM_HARNESS_EXCHANGE_KEEP_H
#define SEAM_HARNESS_EXCHANGE_KEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "src/error.h"

enum keep_result {
    KEEP_WRITTEN,
    KEEP_THERE, /* the file has this content already */
    KEEP_OTHER, /* the file has another content, and keeps it */
    KEEP_FAILED,
};

/* error is filled for OTHER and FAILED. A file that could not be written whole is taken away again. */
enum keep_result keep_file(const char *path, const void *data, size_t length, struct seam_error *error);
/* Does a file hold just these bytes? False, too, when it can't be read. */
bool keep_is_same(const char *path, const void *data, size_t length);

#endif
