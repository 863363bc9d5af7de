/* diagnose - what commands say on stderr: made visible, so that no file name and no value can drive a
 * terminal. */
#ifndef SEAM_HARNESS_COMMANDS_DIAGNOSE_H
#define SEAM_HARNESS_COMMANDS_DIAGNOSE_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/scenario.h"

/* "seam: TEXT" and a newline, on stderr. */
void diagnose(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* file:line:col: error: TEXT, one line each; warnings only where wanted. */
void diagnose_list(FILE *out, const struct error_list *list, bool warnings);

/* Prints text visibly. */
void diagnose_text(FILE *out, const char *text);

#endif
