#include "harness/world/proc_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

size_t proc_children_read(int fd, pid_t *pids, size_t pids_max)
{
    char text[1024];
    size_t count = 0;
    pid_t number = 0;
    for (;;) {
        ssize_t got = read(fd, text, sizeof text);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return count;
        /* "12 345 ": each number is followed by a space, and may be cut by the end of the buffer. */
        for (ssize_t i = 0; i < got; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                number = number * 10 + (text[i] - '0');
            } else if (number != 0) {
                if (count < pids_max)
                    pids[count++] = number;
                number = 0;
            }
        }
    }
}

static bool tree_holds(const pid_t *pids, size_t count, pid_t pid)
{
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == pid)
            return true;
    }
    return false;
}

static size_t tree_add_children_file(int fd, pid_t *pids, size_t count, size_t pids_max)
{
    /* Read behind what is there already, then keep what is new. */
    size_t end = count + proc_children_read(fd, pids + count, pids_max - count);
    for (size_t i = count; i < end; i++) {
        if (!tree_holds(pids, count, pids[i]))
            pids[count++] = pids[i];
    }
    return count;
}

static size_t tree_add_children(pid_t pid, pid_t *pids, size_t count, size_t pids_max)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        return count;
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char children[300];
        if (task->d_name[0] == '.')
            continue;
        snprintf(children, sizeof children, "%s/children", task->d_name);
        int fd = openat(dirfd(tasks), children, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        count = tree_add_children_file(fd, pids, count, pids_max);
        close(fd);
    }
    closedir(tasks);
    return count;
}

size_t proc_tree_walk(const pid_t *roots, size_t roots_count, pid_t *pids, size_t pids_max)
{
    size_t count = 0;
    for (size_t i = 0; i < roots_count && count < pids_max; i++) {
        if (!tree_holds(pids, count, roots[i]))
            pids[count++] = roots[i];
    }
    for (size_t done = 0; done < count; done++)
        count = tree_add_children(pids[done], pids, count, pids_max);
    return count;
}
