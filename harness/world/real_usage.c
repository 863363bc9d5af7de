/* real_usage - what the programs of a stage use: processor time, memory, descriptors, read from /proc. */
#include "harness/world/real.h"

#include "harness/world/proc_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIDS_MAX = 1024, FILE_BYTES = 256 };
#define SHADOW_PAGES ((uint64_t)1 << 28) /* 1 TiB of address space: only shadow memory is that large */

static bool read_small(const char *path, char text[FILE_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, FILE_BYTES - 1);
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* Calls add(path of an entry) for each; returns how many there are. */
static size_t each_entry(const char *folder, void (*add)(const char *folder, const char *name, void *ctx),
                         void *ctx)
{
    DIR *open_folder = opendir(folder);
    size_t count = 0;
    for (struct dirent *e; open_folder && (e = readdir(open_folder)) != NULL;) {
        if (e->d_name[0] != '.') {
            count++;
            if (add) {
                add(folder, e->d_name, ctx);
            }
        }
    }
    if (open_folder) {
        closedir(open_folder);
    }
    return count;
}

/* schedstat (proc(5), kernel doc sched-stats): nanoseconds on a processor come first. */
static void add_thread(const char *folder, const char *tid, void *ctx)
{
    char path[96], text[FILE_BYTES];
    uint64_t *cpu_ns = ctx;
    snprintf(path, sizeof path, "%.32s/%.16s/schedstat", folder, tid);
    if (read_small(path, text)) {
        *cpu_ns += strtoull(text, NULL, 10);
    }
}

bool real_stage_usage(struct world_stage *stage, struct world_usage *usage)
{
    pid_t roots[PROCESS_ROOTS_MAX], pids[PIDS_MAX];
    size_t root_count = 0;
    *usage = (struct world_usage){0};
    for (struct world_program *p = stage->programs; p; p = p->next) {
        root_count += process_roots(p->process, roots + root_count, PROCESS_ROOTS_MAX - root_count);
    }
    size_t count = proc_tree_walk(roots, root_count, pids, PIDS_MAX);
    for (size_t i = 0; i < count; i++) {
        char path[64], text[FILE_BYTES], *rest;
        snprintf(path, sizeof path, "/proc/%d/statm", (int)pids[i]);
        if (!read_small(path, text)) {
            continue;
        }
        usage->shadowed |= strtoull(text, &rest, 10) > SHADOW_PAGES;
        usage->memory_bytes += strtoull(rest, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
        usage->processes++;
        snprintf(path, sizeof path, "/proc/%d/task", (int)pids[i]);
        each_entry(path, add_thread, &usage->cpu_ns);
        snprintf(path, sizeof path, "/proc/%d/fd", (int)pids[i]);
        usage->descriptors += each_entry(path, NULL, NULL);
    }
    return usage->processes > 0;
}
