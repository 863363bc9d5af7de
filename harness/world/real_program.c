/* real_program - programs of the real world: a process with its pipes or terminal, logs, ports. */
#include "harness/world/real.h"

#include "harness/world/ports.h"
#include "harness/world/sanitizer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The environment with the variables that send sanitizer reports to the program's folder. NULL: out of
 * memory. */
static const char **join_environment(const char *const *envp, char *const *more)
{
    size_t count = 0, n = 0;
    while (envp[count]) {
        count++;
    }
    const char **joined = calloc(count + SANITIZER_VARIABLES + 1, sizeof *joined);
    for (size_t i = 0; joined && i < count; i++) {
        bool replaced = false;
        for (size_t k = 0; more[k]; k++) {
            size_t name_bytes = strcspn(more[k], "=") + 1;
            replaced |= strncmp(envp[i], more[k], name_bytes) == 0;
        }
        if (!replaced) {
            joined[n++] = envp[i];
        }
    }
    for (size_t k = 0; joined && more[k]; k++) {
        joined[n++] = more[k];
    }
    return joined;
}

static int watch_streams(struct world_program *p)
{
    struct process *process = p->process;
    p->in.fd = p->out.fd = p->err.fd = p->status.fd = -1;
    if (real_watch(&p->status, p->stage, process_status_fd(process), EPOLLIN) < 0) {
        return -1;
    }
    if (p->terminal) {
        return real_watch(&p->out, p->stage, process_stdout_fd(process), EPOLLIN | EPOLLOUT);
    }
    if (real_watch(&p->in, p->stage, process_stdin_fd(process), EPOLLOUT) < 0 ||
        real_watch(&p->out, p->stage, process_stdout_fd(process), EPOLLIN) < 0) {
        return -1;
    }
    return real_watch(&p->err, p->stage, process_stderr_fd(process), EPOLLIN);
}

static int copy_logs(struct world_program *p, const struct world_program_spec *spec)
{
    p->logs = calloc(spec->log_count + 1, sizeof *p->logs);
    if (!p->logs) {
        return -1;
    }
    p->log_count = spec->log_count;
    for (size_t i = 0; i < spec->log_count; i++) {
        p->logs[i].fd = -1;
        p->logs[i].readable = true;
        p->logs[i].path = strdup(spec->logs[i]);
        if (!p->logs[i].path) {
            return -1;
        }
    }
    return 0;
}

static struct process *start_process(const struct world_program_spec *spec, struct seam_error *error)
{
    char *more[SANITIZER_VARIABLES + 1] = {NULL};
    if (sanitizer_environment(spec->folder, spec->envp, more) < 0) {
        seam_error_set(error, "out of memory");
        return NULL;
    }
    const char **envp = join_environment(spec->envp, more);
    struct process *process = NULL;
    if (envp) {
        process = process_start(&(struct process_spec){.argv = spec->argv,
                                                       .envp = envp,
                                                       .cwd = spec->cwd,
                                                       .terminal = spec->terminal,
                                                       .stdin_kind = PROCESS_STDIN_PIPE},
                                error);
    } else {
        seam_error_set(error, "out of memory");
    }
    free(envp);
    sanitizer_environment_free(more);
    return process;
}

struct world_program *real_program_start(struct world_stage *stage, const struct world_program_spec *spec,
                                         struct seam_error *error)
{
    struct world_program *p = calloc(1, sizeof *p);
    if (!p) {
        seam_error_set(error, "out of memory");
        return NULL;
    }
    p->stage = stage;
    p->terminal = spec->terminal;
    p->in.fd = p->out.fd = p->err.fd = p->status.fd = -1;
    p->name = strdup(spec->name);
    p->folder = strdup(spec->folder);
    if (!p->name || !p->folder || copy_logs(p, spec) < 0) {
        seam_error_set(error, "out of memory");
        real_program_free(p);
        return NULL;
    }
    p->process = start_process(spec, error);
    if (!p->process) {
        real_program_free(p);
        return NULL;
    }
    if (watch_streams(p) < 0) {
        seam_error_set(error, "can't watch its streams: %s", strerror(errno));
        real_program_free(p);
        return NULL;
    }
    p->next = stage->programs;
    stage->programs = p;
    stage->active = true;
    return p;
}

void real_program_free(struct world_program *p)
{
    real_unwatch(&p->in);
    real_unwatch(&p->out);
    real_unwatch(&p->err);
    real_unwatch(&p->status);
    process_free(p->process);
    for (size_t i = 0; i < p->log_count; i++) {
        if (p->logs[i].fd >= 0) {
            close(p->logs[i].fd);
        }
        free(p->logs[i].path);
    }
    free(p->logs);
    free(p->name);
    free(p->folder);
    free(p);
}

/* A main process that left in order while its tree lives on is a daemon's way to start: the program runs. */
void real_program_look(struct world_program *p, struct world_program_facts *facts)
{
    facts->state = WORLD_PROGRAM_RUNNING;
    if (!p->ended && p->status.readable) {
        p->status.readable = false;
        p->ended = process_poll(p->process, &p->exit) == PROCESS_ENDED;
    }
    if (!p->ended) {
        return;
    }
    bool in_order = !p->exit.signalled && p->exit.code_or_signal == 0;
    if (in_order && !process_tree_empty(p->process)) {
        return;
    }
    real_unwatch(&p->status);
    for (size_t i = 0; i < p->log_count; i++) {
        p->logs[i].readable = true; /* what was written since the last look */
    }
    facts->state = p->exit.signalled ? WORLD_PROGRAM_KILLED : WORLD_PROGRAM_EXITED;
    facts->code = p->exit.code_or_signal;
    facts->core_dumped = p->exit.core_dumped;
}

/* Where a client on this machine reaches a listening socket. */
static void reachable(const struct sockaddr_storage *address, char host[64])
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        struct in_addr a = in->sin_addr;
        if (a.s_addr == htonl(INADDR_ANY)) {
            a.s_addr = htonl(INADDR_LOOPBACK);
        }
        inet_ntop(AF_INET, &a, host, 64);
    } else {
        const struct sockaddr_in6 *in = (const void *)address;
        struct in6_addr a =
            IN6_IS_ADDR_UNSPECIFIED(&in->sin6_addr) ? (struct in6_addr)IN6ADDR_LOOPBACK_INIT : in->sin6_addr;
        inet_ntop(AF_INET6, &a, host, 64);
    }
}

size_t real_program_ports(struct world_program *p, struct world_port *ports, size_t ports_max)
{
    pid_t roots[PROCESS_ROOTS_MAX];
    struct port_found found[4 * WORLD_PORTS_MAX];
    if (!p->stage->world->has_facts) {
        return 0;
    }
    size_t roots_count = process_roots(p->process, roots, PROCESS_ROOTS_MAX);
    ssize_t count =
        ports_of_tree(&p->stage->world->diag, roots, roots_count, found, sizeof found / sizeof found[0]);
    size_t n = 0;
    for (ssize_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < n && ports[k].port != found[i].port) {
            k++;
        }
        bool is_v4 = found[i].address.ss_family == AF_INET;
        if (k == n && n < ports_max) {
            n++;
        } else if (k == ports_max || !is_v4) {
            continue; /* the same port over IPv6: IPv4 is what most programs mean */
        }
        ports[k].port = found[i].port;
        reachable(&found[i].address, ports[k].host);
    }
    return n;
}

static ssize_t read_log(struct world_program *p, size_t index, void *buffer, size_t size)
{
    if (!p->logs[index].readable) {
        return -EAGAIN;
    }
    if (p->logs[index].fd < 0) {
        p->logs[index].fd = open(p->logs[index].path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    ssize_t n = p->logs[index].fd < 0 ? 0 : read(p->logs[index].fd, buffer, size);
    p->logs[index].readable = n > 0;
    return n > 0 ? n : -EAGAIN;
}

ssize_t real_program_read(struct world_program *p, int source, void *buffer, size_t size)
{
    if (source >= WORLD_LOG) {
        return read_log(p, (size_t)(source - WORLD_LOG), buffer, size);
    }
    struct watch *watch = source == WORLD_STDOUT ? &p->out : &p->err;
    if (watch->fd < 0 || !watch->readable) {
        return -EAGAIN;
    }
    ssize_t n;
    do {
        n = read(watch->fd, buffer, size);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        watch->readable = false;
        return -EAGAIN;
    }
    return n > 0 ? n : 0; /* EIO of a pty is its end */
}

/*
 * A kernel worker carries typed bytes to the terminal's other end; until it has run, the program sleeps as if
 * it had read all. poll(2) there waits for that worker (n_tty_poll), so after this look the program is awake.
 * Returns the bytes it has not read.
 */
static int64_t look_behind_terminal(int master)
{
    int unread = -1;
    struct pollfd other = {.fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC),
                           .events = POLLIN};
    if (other.fd < 0 || poll(&other, 1, 0) < 0 || ioctl(other.fd, FIONREAD, &unread) < 0) {
        unread = -1;
    }
    if (other.fd >= 0) {
        close(other.fd);
    }
    return unread;
}

ssize_t real_program_type(struct world_program *p, const void *data, size_t length)
{
    int fd = process_stdin_fd(p->process);
    if (fd < 0) {
        return -EPIPE;
    }
    ssize_t n = write(fd, data, length);
    if (n < 0) {
        return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
    }
    if (p->terminal) {
        look_behind_terminal(fd);
    }
    return n;
}

void real_program_type_end(struct world_program *p)
{
    if (!p->terminal) {
        real_unwatch(&p->in);
    }
    process_stdin_close(p->process);
    if (p->terminal && process_stdout_fd(p->process) >= 0) {
        look_behind_terminal(process_stdout_fd(p->process));
    }
    p->in_closed = true;
}

int64_t real_program_typed_unread(struct world_program *p)
{
    int unread = 0;
    int fd = process_stdin_fd(p->process);
    if (fd < 0) {
        return -1;
    }
    if (p->terminal) {
        return look_behind_terminal(fd);
    }
    return ioctl(fd, FIONREAD, &unread) < 0 ? -1 : unread;
}

int real_program_signal(struct world_program *p, int signal)
{
    if (!p->ended) {
        return process_signal(p->process, signal);
    }
    pid_t roots[1]; /* a daemon: its main process is the first root that is left */
    if (process_roots(p->process, roots, 1) == 0) {
        errno = ESRCH;
        return -1;
    }
    return kill(roots[0], signal);
}

size_t real_program_sanitizer(struct world_program *p, char *report, size_t report_max)
{
    struct sanitizer_report found;
    if (sanitizer_find_in_folder(p->folder, &found) != 1) {
        return 0;
    }
    int n = snprintf(report, report_max, "%s\n%s", found.kind, found.quote);
    return n < 0 ? 0 : (size_t)n < report_max ? (size_t)n : report_max - 1;
}

const char *real_program_containment(struct world_program *p)
{
    const char *name = process_containment_name(p->process);
    return strstr(name, "namespace") ? NULL : name;
}
