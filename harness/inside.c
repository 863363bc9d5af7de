/* inside - see inside.h. The path is resolved first and the result opened, so both speak of the same file. */
#include "harness/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_below(const char *folder, const char *path)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') {
        length--;
    }
    if (length == 1 && folder[0] == '/') {
        return true;
    }
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int open_regular(const char *real_path, const char *shown, struct seam_error *error)
{
    struct stat st; /* looked at before it is opened: opening a device may do something */
    if (stat(real_path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return seam_error_set(error, "\"%s\" is %s", shown,
                              S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
    }
    int fd = open(real_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return seam_error_set(error, "can't read \"%s\": %s", shown, strerror(errno));
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return seam_error_set(error, "\"%s\" is no regular file", shown);
    }
    return fd;
}

int inside_open(const char *folder, const char *limit, const char *path, size_t path_length, char **real_path,
                struct seam_error *error)
{
    char joined[PATH_MAX], *real, *real_limit = NULL;
    int fd = -1;
    if (path_length == 0) {
        return seam_error_set(error, "an empty path names no file");
    }
    if (memchr(path, '\0', path_length)) {
        return seam_error_set(error, "a path can't hold a NUL");
    }
    if (snprintf(joined, sizeof joined, "%s%s%.*s", path[0] == '/' ? "" : folder, path[0] == '/' ? "" : "/",
                 (int)(path_length < INT_MAX ? path_length : INT_MAX), path) >= (int)sizeof joined) {
        return seam_error_set(error, "this path is too long");
    }
    const char *shown = path[0] == '/' ? joined : joined + strlen(folder) + 1;
    real = realpath(joined, NULL);
    if (!real) {
        return seam_error_set(error, "can't read \"%s\": %s", shown, strerror(errno));
    }
    if (limit) {
        real_limit = realpath(limit, NULL);
    }
    if (limit && (!real_limit || !is_below(real_limit, real))) {
        seam_error_set(error, "\"%s\" is outside the scenario's folder; --allow-outside permits that", shown);
    } else {
        fd = open_regular(real, shown, error);
    }
    free(real_limit);
    if (fd >= 0 && real_path) {
        *real_path = real;
    } else {
        free(real);
    }
    return fd;
}

int inside_open_any(const char *path, char **real_path, struct seam_error *error)
{
    char *real = realpath(path, NULL);
    if (!real) {
        return seam_error_set(error, "can't read this file: %s", strerror(errno));
    }
    int fd = open_regular(real, path, error);
    if (fd >= 0 && real_path) {
        *real_path = real;
    } else {
        free(real);
    }
    return fd;
}
