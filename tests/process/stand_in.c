/*
 * stand_in - stands in for Seam in the tests of its sudden end: stand_in END SUBJECT.
 *
 * Starts `SUBJECT tree`, tells "up" on stdout when its three processes are, and then ends as END says: "exit"
 * without freeing anything, "crash" by SIGSEGV, "wait" until somebody kills it. "loop" starts and frees
 * programs until it is killed, so that the kill may fall into the middle of a start.
 */
#include "harness/world/process.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static struct process *start(const char *subject)
{
    const char *argv[] = {subject, "tree", NULL};
    struct process_spec spec = {.argv = argv, .envp = (const char *const *)environ};
    struct seam_error error;
    struct process *process = process_start(&spec, &error);
    if (process == NULL) {
        fprintf(stderr, "%s\n", error.text);
        exit(98);
    }
    return process;
}

static void wait_for_tree(const struct process *process)
{
    for (int up = 0; up < 3;) {
        struct pollfd watched = {.fd = process_stdout_fd(process), .events = POLLIN};
        char bytes[8];
        poll(&watched, 1, -1);
        ssize_t got = read(watched.fd, bytes, sizeof bytes);
        if (got <= 0)
            exit(97);
        up += (int)got;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 96;
    static struct process *process; /* static: what is not freed on purpose is no leak */
    process = start(argv[2]);
    wait_for_tree(process);
    if (write(1, "up", 2) != 2)
        return 95;
    if (strcmp(argv[1], "exit") == 0)
        exit(0);
    if (strcmp(argv[1], "crash") == 0) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    while (strcmp(argv[1], "loop") == 0) {
        process_free(process);
        process = start(argv[2]);
    }
    for (;;)
        pause();
}
