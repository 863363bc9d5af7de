/* proof_kit - see proof_kit.h. */
#include "tests/delivery/proof_kit.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/world/backoff.h"

void proof_die(const char *format, ...)
{
    int error = errno;
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, " (%s)\n", strerror(error));
    exit(1);
}

/* fork(), with a child that dies with its parent. */
static pid_t fork_tied(void)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0)
        proof_die("fork failed");
    if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
        _exit(1);
    return pid;
}

static in_port_t port_read(int fd)
{
    FILE *lines = fdopen(fd, "r");
    char line[256];
    int port = 0;

    while (lines && port == 0 && fgets(line, sizeof line, lines))
        if (sscanf(line, "PORT %d", &port) != 1)
            port = 0;
    if (port == 0)
        proof_die("the peer told no port");
    fclose(lines);
    return htons((in_port_t)port);
}

void proof_peer_start(struct proof_peer *peer, const char *const argv[])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int ends[2], on = 1;

    fflush(stdout);
    if (pipe(ends) != 0)
        proof_die("pipe failed");
    peer->pid = fork_tied();
    if (peer->pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[0], (char *const *)argv);
        proof_die("%s can't be run", argv[0]);
    }
    close(ends[1]);
    address.sin_port = port_read(ends[0]);
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer->fd < 0 || connect(peer->fd, (struct sockaddr *)&address, sizeof address) != 0)
        proof_die("no connection to %s", argv[0]);
    if (setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        proof_die("TCP_NODELAY refused");
}

void proof_peer_end(struct proof_peer *peer)
{
    int status = 0;

    close(peer->fd);
    if (waitpid(peer->pid, &status, 0) != peer->pid || status != 0)
        proof_die("the peer ended with status 0x%x", (unsigned)status);
}

void proof_load_start(pid_t pids[PROOF_BUSY_LOOPS])
{
    for (int i = 0; i < PROOF_BUSY_LOOPS; i++) {
        pids[i] = fork_tied();
        for (volatile uint64_t spins = 0; pids[i] == 0;)
            spins = spins + 1;
    }
}

void proof_load_end(const pid_t pids[PROOF_BUSY_LOOPS])
{
    for (int i = 0; i < PROOF_BUSY_LOOPS; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
}

uint64_t proof_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void proof_sleep(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

void proof_wait(unsigned attempt, uint64_t deadline_ns, const char *what)
{
    uint64_t wait_ns = backoff_wait_ns(attempt);

    if (wait_ns == 0)
        return;
    if (proof_now_ns() > deadline_ns) {
        errno = ETIMEDOUT;
        proof_die("%s", what);
    }
    if (wait_ns == BACKOFF_YIELD)
        sched_yield();
    else
        proof_sleep((long)wait_ns);
}

uint64_t proof_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

bool proof_full(void)
{
    const char *full = getenv("SEAM_FULL");

    return full && strcmp(full, "1") == 0;
}
