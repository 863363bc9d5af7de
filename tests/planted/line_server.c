/* line_server - see line_server.h. Listens on a free port of 127.0.0.1 until it is killed. */
#include "tests/planted/line_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SESSIONS_MAX = 16 };

static struct session sessions[SESSIONS_MAX];

static void write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n <= 0) {
            return;
        }
        bytes += n;
        length -= (size_t)n;
    }
}

void session_answer(struct session *session, const char *word, const char *bytes, size_t length)
{
    char answer[SESSION_BYTES_MAX + 16];
    size_t word_length = strlen(word);
    memcpy(answer, word, word_length);
    memcpy(answer + word_length, bytes, length);
    answer[word_length + length] = '\n';
    write_all(session->fd, answer, word_length + length + 1);
}

static void accept_one(int listener)
{
    int fd = accept(listener, NULL, NULL);
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (sessions[i].fd < 0) {
            sessions[i].fd = fd;
            sessions[i].length = 0;
            return;
        }
    }
    close(fd);
}

static void read_one(struct session *session)
{
    char bytes[READ_BYTES];
    ssize_t n = read(session->fd, bytes, sizeof bytes);
    if (n > 0) {
        session_read(session, bytes, (size_t)n);
        return;
    }
    if (n == 0) {
        session_end(session);
    }
    close(session->fd);
    session->fd = -1;
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGPIPE, SIG_IGN);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 16) < 0) {
        return 1;
    }
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        sessions[i].fd = -1;
    }
    for (;;) {
        struct pollfd fds[SESSIONS_MAX + 1];
        for (size_t i = 0; i < SESSIONS_MAX; i++) {
            fds[i] = (struct pollfd){.fd = sessions[i].fd, .events = POLLIN};
        }
        fds[SESSIONS_MAX] = (struct pollfd){.fd = listener, .events = POLLIN};
        if (poll(fds, SESSIONS_MAX + 1, -1) < 0) {
            return 1;
        }
        for (size_t i = 0; i < SESSIONS_MAX; i++) {
            if (fds[i].revents) {
                read_one(&sessions[i]);
            }
        }
        if (fds[SESSIONS_MAX].revents) {
            accept_one(listener);
        }
    }
}
