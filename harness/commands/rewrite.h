/*
 * rewrite - puts other bytes in the place of expectations in scenario files; every other byte of a file
 * stays.
 *
 * What is to be rewritten comes as the lines of result.updates, of any number of runs. A value that two runs
 * want different things of is left as it is, and told.
 */
#ifndef SEAM_HARNESS_COMMANDS_REWRITE_H
#define SEAM_HARNESS_COMMANDS_REWRITE_H

#include <stdbool.h>
#include <stddef.h>

struct rewrite_edit {
    char *path; /* canonical */
    size_t start, end;
    bool changed; /* the expectation was not met; else it was, with these bytes */
    char form[8]; /* line, lines or data */
    unsigned char *delimiter, *bytes;
    size_t delimiter_length, length;
    size_t order; /* in which they were told; set when they are sorted */
};
struct rewrite {
    struct rewrite_edit *edits; /* owned */
    size_t count, capacity;
    size_t written; /* by rewrite_apply: values */
};

/* Those of one run. 0, or -1 out of memory, or a line that is none of these. */
int rewrite_add(struct rewrite *rewrite, const char *updates);
/* Writes the files, each as a whole or not at all, and tells on stderr what was done. 0, or -1 when a file
 * could not be read or written: told, too. */
int rewrite_apply(struct rewrite *rewrite);
void rewrite_close(struct rewrite *rewrite);

#endif
