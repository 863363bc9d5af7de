/*
 * terminal - stdin, stdout and stderr (terminals, pipes or files) without ever blocking.
 *
 * The descriptors are shared with other programs (the shell), so they are not made non-blocking: poll() is
 * asked first, and then one read, or one write of at most TERMINAL_WRITE_BYTES_MAX (what a pipe that is ready
 * for writing takes whole: PIPE_BUF, pipe(7)), can't block. What a peer said is made harmless before it comes
 * here, by bytes_append_visible(..., BYTES_VISIBLE_TEXT).
 */
#ifndef SEAM_TERMINAL_H
#define SEAM_TERMINAL_H

#include <stddef.h>

enum { TERMINAL_WRITE_BYTES_MAX = 4096 };

enum terminal_result {
    TERMINAL_OK = 0,
    TERMINAL_AGAIN, /* not ready: wait with poll */
    TERMINAL_ENDED, /* read: end of input, also when the terminal has hung up or the descriptor can't be read
                     */
    TERMINAL_FAILED /* write: errno says why */
};

/* Puts /dev/null in the place of a closed 0, 1 or 2, so that no socket gets such a number. */
void terminal_init(void);

/* Reads up to room bytes; *n of them (at least 1) when TERMINAL_OK. */
enum terminal_result terminal_read(int fd, char *into, size_t room, size_t *n);

/* Writes the first *written bytes of n (n >= 1). */
enum terminal_result terminal_write(int fd, const char *data, size_t n, size_t *written);

#endif
