/*
 * proc_tree - which processes live below a process, read from /proc/PID/task/TID/children.
 *
 * Knows nothing of programs, keepers or namespaces: process ids are those of the mounted /proc. A walk is no
 * snapshot: a tree that forks or loses members meanwhile may be seen in parts, so a caller that needs a fact
 * walks twice and compares. Needs a kernel with CONFIG_PROC_CHILDREN (all large distributions).
 */
#ifndef SEAM_HARNESS_WORLD_PROC_TREE_H
#define SEAM_HARNESS_WORLD_PROC_TREE_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Direct children listed in the open file /proc/PID/task/TID/children (proc(5)), zombies included, in the
 * order of their arrival. Returns how many were stored; those past pids_max are left out. Async-signal-safe.
 */
size_t proc_children_read(int fd, pid_t *pids, size_t pids_max);

/*
 * The roots (in the given order), then everything below them, breadth first, each once. Roots are
 * stored whether they are alive or not. Returns how many were stored, at most pids_max.
 */
size_t proc_tree_walk(const pid_t *roots, size_t roots_count, pid_t *pids, size_t pids_max);

#endif
