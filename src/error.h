/*
 * error - one value that says what went wrong and where, filled without allocation.
 *
 * The caller provides the struct; a module fills it and returns a failure. `path` is borrowed from whoever
 * named the file (it must outlive the error); line and column count from 1, 0 means "no position". Columns
 * count bytes of the line. The text is one line without a final newline and is cut at
 * SEAM_ERROR_TEXT_BYTES_MAX - 1.
 */
#ifndef SEAM_ERROR_H
#define SEAM_ERROR_H

#include <stdarg.h>
#include <stdio.h>

enum { SEAM_ERROR_TEXT_BYTES_MAX = 512 };

struct seam_error {
    const char *path;
    int line;
    int column;
    char text[SEAM_ERROR_TEXT_BYTES_MAX];
};

/* Fills the text; keeps path, line and column. Returns -1, so that a caller can `return seam_error_set(...)`.
 */
static inline __attribute__((format(printf, 2, 3))) int seam_error_set(struct seam_error *error,
                                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return -1;
}

#endif
