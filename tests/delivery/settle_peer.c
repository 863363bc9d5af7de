/*
 * settle_peer SEED [sleep] - a server that passes each request on: reader, worker thread, child process, and
 * back to the worker, which replies with one byte. Each hop costs 0 to 300 us of CPU, or with "sleep" a sleep
 * of that length in the child. Between the hops there are moments at which all but one look idle. Prints
 * "PORT n"; ends with its connection.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 3, HOP_US_MAX = 300 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queued = PTHREAD_COND_INITIALIZER;
static unsigned requests;
static uint32_t seed;
static int connection, to_child[2], from_child[2];

static void fail(const char *what)
{
    perror(what);
    _exit(1);
}

static long hop_us(uint32_t *state)
{
    *state = *state * 1103515245u + 12345u;
    return (long)(*state >> 16) % HOP_US_MAX;
}

static void burn(uint32_t *state)
{
    struct timespec begun, now;
    long us = hop_us(state);

    clock_gettime(CLOCK_MONOTONIC, &begun);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000000 + (now.tv_nsec - begun.tv_nsec) / 1000 < us);
}

static void *worker_run(void *ctx)
{
    uint32_t state = seed + (uint32_t)(uintptr_t)ctx;
    char byte = 'r';

    for (;;) {
        pthread_mutex_lock(&mutex);
        while (requests == 0)
            pthread_cond_wait(&queued, &mutex);
        requests--;
        pthread_mutex_unlock(&mutex);
        burn(&state);
        if (write(to_child[1], &byte, 1) != 1 || read(from_child[0], &byte, 1) != 1)
            fail("the child is gone");
        burn(&state);
        if (send(connection, &byte, 1, MSG_NOSIGNAL) != 1)
            fail("send");
    }
    return NULL;
}

static void child_run(bool sleeps)
{
    uint32_t state = seed + 99;
    char byte;

    while (read(to_child[0], &byte, 1) == 1) {
        if (sleeps)
            nanosleep(&(struct timespec){.tv_nsec = hop_us(&state) * 1000}, NULL);
        else
            burn(&state);
        if (write(from_child[1], &byte, 1) != 1)
            break;
    }
    _exit(0);
}

static void reader_run(void)
{
    uint32_t state = seed;
    char bytes[4096];

    while (recv(connection, bytes, sizeof bytes, 0) > 0) {
        burn(&state);
        pthread_mutex_lock(&mutex);
        requests++;
        pthread_cond_signal(&queued);
        pthread_mutex_unlock(&mutex);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    pthread_t worker;
    pid_t parent = getpid();

    if (argc < 2)
        return 2;
    seed = (uint32_t)atoi(argv[1]);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, bytes) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &bytes) != 0 || pipe(to_child) != 0 ||
        pipe(from_child) != 0)
        fail("listen");
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            child_run(argc > 2);
        _exit(1);
    }
    printf("PORT %d\n", ntohs(address.sin_port));
    fflush(stdout);
    connection = accept(listener, NULL, NULL);
    if (connection < 0 || setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        fail("accept");
    for (uintptr_t i = 0; i < WORKERS; i++)
        if (pthread_create(&worker, NULL, worker_run, (void *)i) != 0)
            fail("pthread_create");
    reader_run();
    _exit(0); /* and the child with it */
}
