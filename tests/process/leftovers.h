/*
 * leftovers - finds processes by a mark in their environment, as /proc shows it.
 *
 * A mark is a whole "NAME=value" that was in the environment at the process's exec; a fork keeps it.
 */
#ifndef SEAM_TESTS_PROCESS_LEFTOVERS_H
#define SEAM_TESTS_PROCESS_LEFTOVERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Stores up to pids_max living processes (zombies have no environment) with the mark; returns how many. */
size_t leftovers_find(const char *mark, pid_t *pids, size_t pids_max);

/* Looks with back-off until exactly `wanted` processes have the mark; false after ten seconds. */
bool leftovers_wait(const char *mark, size_t wanted);

/* Back-off between two looks at a fact: grows from 50 us to 5 ms. */
void leftovers_back_off(unsigned attempt);

#endif
