/* keep - see keep.h. */
#include "harness/exchange/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool keep_is_same(const char *path, const void *data, size_t length)
{
    const char *at = data;
    char chunk[16 * 1024];
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a FIFO would block */
    bool same =
        fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (size_t)status.st_size == length;
    while (same) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || (size_t)n > length || memcmp(chunk, at, (size_t)n) != 0) {
            same = n == 0 && length == 0;
            break;
        }
        at += n;
        length -= (size_t)n;
    }
    if (fd >= 0) {
        close(fd);
    }
    return same;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        data += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

enum keep_result keep_file(const char *path, const void *data, size_t length, struct seam_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST) {
        if (keep_is_same(path, data, length)) {
            return KEEP_THERE;
        }
        seam_error_set(error, "%s is there already, with other content, and was left as it is", path);
        return KEEP_OTHER;
    }
    if (fd < 0) {
        seam_error_set(error, "can't write %s: %s", path, strerror(errno));
        return KEEP_FAILED;
    }
    bool written = write_all(fd, data, length) == 0;
    int why = errno;
    if (close(fd) != 0 && written) {
        written = false;
        why = errno;
    }
    if (!written) {
        seam_error_set(error, "can't write %s: %s", path, strerror(why));
        unlink(path);
    }
    return written ? KEEP_WRITTEN : KEEP_FAILED;
}
