/* serve - see serve.h. */
#include "tests/sweep/serve.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct session sessions[SESSIONS_MAX];

void write_all(int fd, const char *bytes, size_t length)
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

void session_keep(struct session *session, const char *bytes, size_t length)
{
    if (length > KEPT_BYTES_MAX - session->length) {
        length = KEPT_BYTES_MAX - session->length;
    }
    memcpy(session->bytes + session->length, bytes, length);
    session->length += length;
}

void session_drop(struct session *session, size_t length)
{
    session->length -= length;
    memmove(session->bytes, session->bytes + length, session->length);
}

void session_say(struct session *session, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    write_all(session->fd, text, strlen(text));
}

void session_answer(struct session *session, const char *word, const char *bytes, size_t length,
                    const char *end)
{
    static char answer[KEPT_BYTES_MAX + 64];
    size_t before = strlen(word), behind = strlen(end);
    memcpy(answer, word, before);
    memcpy(answer + before, bytes, length);
    memcpy(answer + before + length, end, behind);
    write_all(session->fd, answer, before + length + behind);
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGPIPE, SIG_IGN);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 128) < 0) {
        return -1;
    }
    return listener;
}

static void finish(struct session *session)
{
    close(session->fd);
    free(session->own);
    session->own = NULL;
    session->fd = -1;
}

static void accept_one(int listener, const struct service *service)
{
    int fd = accept(listener, NULL, NULL);
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *s = &sessions[i];
        if (s->fd < 0) {
            s->fd = fd;
            s->events = POLLIN;
            s->finished = false;
            s->length = s->count = s->mark = 0;
            s->state = s->flag = 0;
            if (service->opened) {
                service->opened(s);
            }
            return;
        }
    }
    close(fd);
}

static void attend(struct session *session, const struct service *service, short revents)
{
    char bytes[READ_BYTES];
    if (service->ready) {
        service->ready(session, revents);
    } else {
        ssize_t n = read(session->fd, bytes, sizeof bytes);
        if (n > 0) {
            service->read(session, bytes, (size_t)n);
        } else {
            if (n == 0 && service->ended) {
                service->ended(session);
            }
            session->finished = true;
        }
    }
    if (session->finished) {
        finish(session);
    }
}

int serve(const struct service *service)
{
    struct pollfd fds[SESSIONS_MAX + 1];
    int listener = listen_somewhere();
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        sessions[i].fd = -1;
    }
    while (listener >= 0) {
        for (size_t i = 0; i < SESSIONS_MAX; i++) {
            fds[i] = (struct pollfd){.fd = sessions[i].fd, .events = sessions[i].events};
        }
        fds[SESSIONS_MAX] = (struct pollfd){.fd = listener, .events = POLLIN};
        if (poll(fds, SESSIONS_MAX + 1, -1) < 0) {
            break;
        }
        for (size_t i = 0; i < SESSIONS_MAX; i++) {
            if (fds[i].revents) {
                attend(&sessions[i], service, fds[i].revents);
            }
        }
        if (fds[SESSIONS_MAX].revents) {
            accept_one(listener, service);
        }
    }
    return 1;
}

struct visitor {
    int fd;
    void (*client)(int fd);
};

static void *visit(void *argument)
{
    struct visitor visitor = *(struct visitor *)argument;
    free(argument);
    visitor.client(visitor.fd);
    close(visitor.fd);
    return NULL;
}

int serve_threads(void (*client)(int fd))
{
    int listener = listen_somewhere(), fd;
    while (listener >= 0 && (fd = accept(listener, NULL, NULL)) >= 0) {
        pthread_t thread;
        struct visitor *visitor = malloc(sizeof *visitor);
        if (!visitor) {
            return 1;
        }
        *visitor = (struct visitor){fd, client};
        if (pthread_create(&thread, NULL, visit, visitor) != 0) {
            return 1;
        }
        pthread_detach(thread);
    }
    return 1;
}

int connect_to(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    signal(SIGPIPE, SIG_IGN);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}
