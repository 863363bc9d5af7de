/*
 * timer_fd - see timer_fd.h. Source: proc_pid_fdinfo(5).
 */
#include "harness/world/timer_fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INFO_BYTES_MAX = 1024 };

static int64_t one_next_ns(pid_t pid, int number)
{
    char path[64], text[INFO_BYTES_MAX];

    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)pid, number);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t bytes = read(fd, text, sizeof text - 1);
    close(fd);
    text[bytes > 0 ? bytes : 0] = '\0';
    const char *ticks = strstr(text, "\nticks: "), *value = strstr(text, "\nit_value: (");
    long long seconds = 0, ns = 0;
    if (ticks && strtoull(ticks + strlen("\nticks: "), NULL, 10) > 0)
        return 0;
    if (!value || sscanf(value, "\nit_value: (%lld, %lld)", &seconds, &ns) != 2 || (seconds == 0 && ns == 0))
        return -1;
    return seconds * 1000000000 + ns;
}

int64_t timer_fd_next_ns(pid_t pid)
{
    static const char name[] = "anon_inode:[timerfd]";
    char path[32], target[sizeof name];
    int64_t first = -1;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *fds = opendir(path);
    for (struct dirent *entry; fds && (entry = readdir(fds)) != NULL;) {
        ssize_t bytes = readlinkat(dirfd(fds), entry->d_name, target, sizeof target);
        if (bytes != sizeof name - 1 || memcmp(target, name, sizeof name - 1) != 0)
            continue;
        int64_t next = one_next_ns(pid, atoi(entry->d_name));
        if (next >= 0 && (first < 0 || next < first))
            first = next;
    }
    if (fds)
        closedir(fds);
    return first;
}
