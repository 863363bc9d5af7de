/*
 * same_script - do two scenarios do the same, as far as is known before a run?
 *
 * Both scripts are walked side by side: verbs, barriers, connections, and every argument whose bytes or
 * number is known. What only a run knows must be unknown in both.
 */
#ifndef SEAM_FUZZ_TARGETS_SAME_SCRIPT_H
#define SEAM_FUZZ_TARGETS_SAME_SCRIPT_H

#include "harness/scenario.h"

/* Aborts, after a line on stderr, where they differ. */
void same_script_check(const struct scenario *a, const struct scenario *b);

#endif
