/*
 * delivery_peer MODE LOG - a server of one connection that logs the size of each of its reads, one per line.
 *
 * It knows nothing of Seam: it reads as programs of its kind read. Modes: block, epoll (level), edge (epoll,
 * edge triggered), poll, threads (a reader hands each buffer to a worker), fork (a child per connection),
 * slow (rests 5 ms after each read). Prints "PORT n" when it listens; ends with the connection.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES_MAX = 4096, SLOW_REST_NS = 5000000, QUEUE_SLOTS = 64 };

static FILE *reads_log;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* One read. Returns false at the end of the stream; *would_block tells that there was nothing to read. */
static bool read_once(int fd, bool *would_block)
{
    char bytes[READ_BYTES_MAX];
    ssize_t count = recv(fd, bytes, sizeof bytes, 0);

    *would_block = count < 0 && (errno == EAGAIN || errno == EINTR);
    if (count < 0 && !*would_block)
        die("recv");
    if (count > 0)
        fprintf(reads_log, "%zd\n", count);
    return count != 0;
}

static void serve_blocking(int fd)
{
    for (bool would_block; read_once(fd, &would_block);)
        ;
}

static void serve_slowly(int fd)
{
    for (bool would_block; read_once(fd, &would_block);)
        nanosleep(&(struct timespec){.tv_nsec = SLOW_REST_NS}, NULL);
}

static void serve_poll(int fd)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    bool would_block;

    do {
        if (poll(&readable, 1, -1) != 1)
            die("poll");
    } while (read_once(fd, &would_block));
}

static void epoll_serve(int fd, uint32_t flags)
{
    struct epoll_event event = {.events = EPOLLIN | flags, .data.fd = fd};
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll");
    for (bool open = true; open;) {
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        bool would_block = false;
        do
            open = read_once(fd, &would_block);
        while (open && !would_block && (flags & EPOLLET)); /* edges come once: read until there is nothing */
    }
}

static void serve_epoll(int fd)
{
    epoll_serve(fd, 0);
}

static void serve_edge(int fd)
{
    epoll_serve(fd, EPOLLET);
}

static void serve_fork(int fd)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        serve_blocking(fd);
        exit(0);
    }
    close(fd);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        die("fork");
    _exit(0); /* the log is the child's */
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static ssize_t queue[QUEUE_SLOTS]; /* sizes of reads; 0 is the end */
static unsigned queue_head, queue_tail;

static void *worker_run(void *ctx)
{
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (queue_head == queue_tail)
            pthread_cond_wait(&changed, &mutex);
        ssize_t count = queue[queue_tail++ % QUEUE_SLOTS];
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
        if (count == 0)
            return ctx;
        fprintf(reads_log, "%zd\n", count);
    }
}

static void serve_threads(int fd)
{
    char bytes[READ_BYTES_MAX];
    pthread_t worker;
    ssize_t count;

    if (pthread_create(&worker, NULL, worker_run, NULL) != 0)
        die("pthread_create");
    do {
        if ((count = recv(fd, bytes, sizeof bytes, 0)) < 0)
            die("recv");
        pthread_mutex_lock(&mutex);
        while (queue_head - queue_tail == QUEUE_SLOTS)
            pthread_cond_wait(&changed, &mutex);
        queue[queue_head++ % QUEUE_SLOTS] = count;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    } while (count > 0);
    pthread_join(worker, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*serve)(int fd);
    } modes[] = {
        {"block", serve_blocking},  {"epoll", serve_epoll}, {"edge", serve_edge},   {"poll", serve_poll},
        {"threads", serve_threads}, {"fork", serve_fork},   {"slow", serve_slowly},
    };
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;
    size_t mode = 0;

    while (argc == 3 && mode < sizeof modes / sizeof modes[0] && strcmp(modes[mode].name, argv[1]) != 0)
        mode++;
    if (argc != 3 || mode == sizeof modes / sizeof modes[0])
        return 2;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, bytes) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &bytes) != 0)
        die("listen");
    printf("PORT %d\n", ntohs(address.sin_port));
    fflush(stdout);
    int fd = accept(listener, NULL, NULL);
    reads_log = fopen(argv[2], "w");
    if (fd < 0 || !reads_log)
        die(fd < 0 ? "accept" : argv[2]);
    modes[mode].serve(fd);
    return fclose(reads_log) == 0 ? 0 : 1;
}
