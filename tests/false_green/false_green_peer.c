/*
 * false_green_peer PACE - a line server that reads as ordinary blocking servers do: one client after another.
 *
 * What it makes of the bytes of a read is planted (tests/planted/line_server.h). PACE: quick, or slow, which
 * works for 5 ms of processor time after each read, as a server that stores or computes something does.
 * Prints "PORT n" when it listens on 127.0.0.1; ends when it is killed.
 */
#include "tests/planted/line_server.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WORK_NS = 5000000 };

static struct session client;

static uint64_t processor_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static void work(void)
{
    for (uint64_t begin_ns = processor_ns(); processor_ns() - begin_ns < WORK_NS;)
        ;
}

void session_answer(struct session *session, const char *word, const char *bytes, size_t length)
{
    char answer[READ_BYTES + 16];
    size_t before = strlen(word);

    if (length > READ_BYTES)
        length = READ_BYTES;
    memcpy(answer, word, before);
    memcpy(answer + before, bytes, length);
    answer[before + length] = '\n';
    send(session->fd, answer, before + length + 1,
         MSG_NOSIGNAL); /* short: the socket's buffer takes it whole */
}

static void serve(int fd, bool slow)
{
    char bytes[READ_BYTES];
    ssize_t count;

    client.fd = fd;
    client.length = 0;
    while ((count = recv(fd, bytes, sizeof bytes, 0)) > 0) {
        session_read(&client, bytes, (size_t)count);
        if (slow)
            work();
    }
    session_end(&client);
    close(fd);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;
    bool slow = argc == 2 && strcmp(argv[1], "slow") == 0;

    if (!slow && (argc != 2 || strcmp(argv[1], "quick") != 0))
        return 2;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, bytes) != 0 ||
        listen(listener, 16) != 0 || getsockname(listener, (struct sockaddr *)&address, &bytes) != 0)
        return 1;
    printf("PORT %d\n", ntohs(address.sin_port));
    fflush(stdout);
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        serve(fd, slow);
    return 1;
}
