#include "tests/process/leftovers.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ENVIRONMENT_BYTES_MAX = 1 << 17, LEFTOVERS_SECONDS_MAX = 10 };

/* The environment is a row of strings, each ended by a NUL. */
static bool environment_has(const char *text, size_t bytes, const char *mark)
{
    for (size_t at = 0; at < bytes; at += strnlen(text + at, bytes - at) + 1) {
        if (strncmp(text + at, mark, bytes - at) == 0)
            return true;
    }
    return false;
}

static bool process_has(const char *pid, const char *mark)
{
    static char text[ENVIRONMENT_BYTES_MAX];
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t bytes = 0;
    for (ssize_t got; bytes < sizeof text && (got = read(fd, text + bytes, sizeof text - bytes)) > 0;)
        bytes += (size_t)got;
    close(fd);
    return environment_has(text, bytes, mark);
}

size_t leftovers_find(const char *mark, pid_t *pids, size_t pids_max)
{
    size_t count = 0;
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        abort();
    for (struct dirent *process; (process = readdir(processes)) != NULL;) {
        if (process->d_name[0] < '0' || process->d_name[0] > '9' || !process_has(process->d_name, mark))
            continue;
        if (count < pids_max)
            pids[count] = atoi(process->d_name);
        count++;
    }
    closedir(processes);
    return count < pids_max ? count : pids_max;
}

void leftovers_back_off(unsigned attempt)
{
    long us = attempt < 100 ? 50L * (1 + (long)attempt) : 5000;
    ppoll(NULL, 0, &(struct timespec){.tv_nsec = us * 1000}, NULL);
}

bool leftovers_wait(const char *mark, size_t wanted)
{
    time_t deadline = time(NULL) + LEFTOVERS_SECONDS_MAX;
    for (unsigned attempt = 0;; attempt++) {
        pid_t pids[64];
        size_t count = leftovers_find(mark, pids, 64);
        if (count == wanted)
            return true;
        if (time(NULL) > deadline) {
            fprintf(stderr, "%zu processes with %s instead of %zu, first pid %d\n", count, mark, wanted,
                    count > 0 ? (int)pids[0] : 0);
            return false;
        }
        leftovers_back_off(attempt);
    }
}
