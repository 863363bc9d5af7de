#include "harness/world/program_ends.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool set_nonblocking(int fd)
{
    return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

static bool open_terminal(struct program_ends *ours, struct program_ends *theirs)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0)
        return false;
    ours->stdin_fd = ours->stdout_fd = master;
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    if (grantpt(master) != 0 || unlockpt(master) != 0 || ioctl(master, TIOCSWINSZ, &size) != 0 ||
        !set_nonblocking(master))
        return false;
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    *theirs = (struct program_ends){slave, slave, slave};
    return slave >= 0;
}

static bool open_pipe(int *read_end, int *write_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    *read_end = ends[0];
    *write_end = ends[1];
    return true;
}

bool program_ends_open(bool terminal, bool stdin_pipe, struct program_ends *ours, struct program_ends *theirs)
{
    *ours = *theirs = PROGRAM_ENDS_NONE;
    if (terminal)
        return open_terminal(ours, theirs);
    if (stdin_pipe) {
        if (!open_pipe(&theirs->stdin_fd, &ours->stdin_fd) || !set_nonblocking(ours->stdin_fd))
            return false;
    } else {
        theirs->stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (theirs->stdin_fd < 0)
            return false;
    }
    return open_pipe(&ours->stdout_fd, &theirs->stdout_fd) && set_nonblocking(ours->stdout_fd) &&
           open_pipe(&ours->stderr_fd, &theirs->stderr_fd) && set_nonblocking(ours->stderr_fd);
}

void program_ends_close(struct program_ends *ends)
{
    if (ends->stderr_fd >= 0 && ends->stderr_fd != ends->stdout_fd)
        close(ends->stderr_fd);
    if (ends->stdout_fd >= 0 && ends->stdout_fd != ends->stdin_fd)
        close(ends->stdout_fd);
    if (ends->stdin_fd >= 0)
        close(ends->stdin_fd);
    *ends = PROGRAM_ENDS_NONE;
}
