/* runner_kit - what the tests of the runner share: scenarios from text, a folder of their own, counts of what
 * must not grow. */
#ifndef SEAM_HARNESS_RUNNER_KIT_H
#define SEAM_HARNESS_RUNNER_KIT_H

#include "harness/runner.h"

/* The one scenario of a text in which ' stands for ". A mistake in it fails the test. bin: ${bin}, NULL:
 * "/nowhere". */
struct scenario_file *kit_load(const char *text, const char *bin);
const struct scenario *kit_only(const struct scenario_file *file);

char *kit_folder_new(void);                    /* below $TMPDIR; the caller frees it with kit_folder_free */
size_t kit_folder_entries(const char *folder); /* how many things lie in it */
int kit_folder_free(char *folder);             /* 0, or -1 and a line that says so: it is not empty */
size_t kit_descriptors(void);                  /* open in this process */
size_t kit_children(void);                     /* processes below this one */

#endif
