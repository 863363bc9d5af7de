/* shell_quote - words of a command that a person can copy into a shell. */
#ifndef SEAM_HARNESS_COMMANDS_SHELL_QUOTE_H
#define SEAM_HARNESS_COMMANDS_SHELL_QUOTE_H

#include "src/bytes.h"

/* Appends a blank, if anything stands there, and the word: as it is where no shell minds, else in '...', or
 * in $'...' (bash, zsh, ksh) when it holds bytes that can't be seen. */
enum bytes_result shell_quote_append(struct bytes *out, const char *word);

#endif
