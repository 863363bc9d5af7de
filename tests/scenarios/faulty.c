/*
 * faulty - a line server on a free port of 127.0.0.1 that misbehaves in the way its argument names.
 *
 * Right is: each line is answered with "ok " and the line. One client at a time. Long waits are for ever:
 * whoever started it must end it.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *mode;

static bool mode_is(const char *name)
{
    return strcmp(mode, name) == 0;
}

static void sleep_for_ever(void)
{
    for (;;) {
        pause();
    }
}

static void reset(int fd)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* False: the conversation is over. */
static bool answer(int fd, const char *line)
{
    if (mode_is("segv")) {
        fprintf(stderr, "about to crash\n");
        raise(SIGSEGV);
    } else if (mode_is("abort")) {
        abort();
    } else if (mode_is("kill")) {
        raise(SIGKILL);
    } else if (mode_is("exit")) {
        exit(3);
    } else if (mode_is("mute")) {
        return true;
    } else if (mode_is("reset")) {
        reset(fd);
        return false;
    } else if (mode_is("close")) {
        close(fd);
        return false;
    }
    dprintf(fd, mode_is("wrong") ? "ok hellp, %s\n" : "ok hello, %s\n", line);
    if (mode_is("chatty")) {
        dprintf(fd, "by the way\n");
    }
    return true;
}

static void serve(int fd)
{
    static char bytes[65536];
    size_t length = 0;
    ssize_t n;
    if (mode_is("deaf")) {
        sleep_for_ever();
    }
    while ((n = read(fd, bytes + length, sizeof bytes - length)) > 0) {
        char *newline;
        length += (size_t)n;
        while ((newline = memchr(bytes, '\n', length)) != NULL) {
            *newline = 0;
            if (!answer(fd, bytes)) {
                return;
            }
            length -= (size_t)(newline + 1 - bytes);
            memmove(bytes, newline + 1, length);
        }
    }
    close(fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    mode = argc > 1 ? argv[1] : "right";
    if (mode_is("shy")) {
        sleep_for_ever();
    }
    if (mode_is("early")) {
        fprintf(stderr, "no configuration\n");
        return 7;
    }
    if (mode_is("stubborn")) {
        signal(SIGTERM, SIG_IGN);
    }
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 16) < 0) {
        return 1;
    }
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0) {
            serve(fd);
        }
    }
}
