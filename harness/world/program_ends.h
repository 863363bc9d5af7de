/*
 * program_ends - the pipes or the pty between Seam and one program. Private to process.c.
 *
 * stdin and stdout may be one descriptor (a pty's end), then stderr is that one too, or -1 on Seam's side.
 */
#ifndef SEAM_HARNESS_WORLD_PROGRAM_ENDS_H
#define SEAM_HARNESS_WORLD_PROGRAM_ENDS_H

#include <stdbool.h>

struct program_ends {
    int stdin_fd; /* -1: none */
    int stdout_fd;
    int stderr_fd;
};

#define PROGRAM_ENDS_NONE ((struct program_ends){-1, -1, -1})

/*
 * Opens both sides, CLOEXEC; ours are non-blocking. A terminal is one pty of 80 x 24 with the kernel's
 * default settings. Without stdin_pipe the program's stdin is /dev/null. On failure returns false with errno;
 * what was opened is in the structs, for program_ends_close.
 */
bool program_ends_open(bool terminal, bool stdin_pipe, struct program_ends *ours,
                       struct program_ends *theirs);

void program_ends_close(struct program_ends *ends);

#endif
