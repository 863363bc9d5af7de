/*
 * jobs_worker - the inside of a worker process, for jobs.c alone.
 *
 * It reads a case number (size_t), carries the case out, writes one line of JSON, until the pipe of numbers
 * ends.
 */
#ifndef SEAM_HARNESS_COMMANDS_JOBS_WORKER_H
#define SEAM_HARNESS_COMMANDS_JOBS_WORKER_H

#include <sys/types.h>

#include "harness/commands/jobs.h"

/* Called in the child just after fork(), with SIGINT, SIGTERM and SIGHUP blocked; mask is what to go back to.
 * The descriptors are those of this worker only. Does not return. */
_Noreturn void jobs_worker_main(const struct jobs *jobs, pid_t parent, const sigset_t *mask, int numbers,
                                int results);

#endif
