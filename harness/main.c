/*
 * main - finds the command and runs it; makes sure that what it printed has arrived.
 *
 * Standard descriptors that are closed are opened in the wrong direction, so that no file gets their number
 * and using them is an error instead of a silence. SIGPIPE is ignored: a reader that went away is an error
 * like a full disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/commands/command.h"
#include "harness/commands/diagnose.h"
#include "harness/result.h"
#include "harness/suggest.h"

static void fill_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            _exit(RESULT_EXIT_INTERNAL);
    }
}

static int refuse(const char *word)
{
    struct suggestion suggestion;

    suggest_begin(&suggestion, word, strlen(word));
    for (size_t i = 0; i < command_count; i++)
        suggest_offer(&suggestion, commands[i].name);
    if (suggestion.best)
        diagnose("unknown command '%s'; did you mean '%s'?", word, suggestion.best);
    else
        diagnose("unknown command '%s'", word);
    fputs("`seam help` prints the commands.\n", stderr);
    return RESULT_EXIT_USAGE;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        command_print_overview(stderr);
        return RESULT_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return command_help(1, argv);
    if (strcmp(argv[1], "--version") == 0)
        return command_version(1, argv);
    const struct command *command = command_find(argv[1]);
    return command ? command->run(argc - 1, argv + 1) : refuse(argv[1]);
}

int main(int argc, char **argv)
{
    fill_standard_descriptors();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file as large as may be is an error like any other */
    int code = dispatch(argc, argv);

    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (code == RESULT_EXIT_PASSED || code == RESULT_EXIT_NOTHING || code == RESULT_EXIT_SKIPPED) {
        diagnose("can't write to stdout: %s", errno ? strerror(errno) : "it failed before");
        code = RESULT_EXIT_ERROR;
    }
    return code;
}
