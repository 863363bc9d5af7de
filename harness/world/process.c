#include "harness/world/process.h"

#include "harness/world/keeper.h"
#include "harness/world/proc_tree.h"
#include "harness/world/program_ends.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { START_MS_MAX = 60000, /* on a machine with too much to do */ END_MS_MAX = 5000 };

static const char PATH_DEFAULT[] = "/usr/local/bin:/usr/bin:/bin";

enum containment { NAMESPACE, USER_NAMESPACE, SUBREAPER };

static const struct {
    const char *name;
    unsigned long clone_flags;
} containments[] = {
    [NAMESPACE] = {"pid namespace", CLONE_NEWPID | CLONE_NEWNS},
    [USER_NAMESPACE] = {"pid namespace in a user namespace", CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS},
    [SUBREAPER] = {"subreaper", 0},
};

struct process {
    enum containment containment;
    pid_t keeper;
    int keeper_pidfd;
    int control; /* our end of the keeper's control socket */
    pid_t pid;
    int pidfd;
    struct program_ends ours;
    bool terminal;
    bool control_ended;
    bool keeper_reaped;
    bool ended;
    bool tree_empty;
    struct process_exit exit;
};

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static const char *environment_path(const char *const *envp)
{
    for (; *envp != NULL; envp++) {
        if (strncmp(*envp, "PATH=", 5) == 0)
            return *envp + 5;
    }
    return PATH_DEFAULT;
}

/* The keeper starts with all signals blocked: no handler of ours may run in it. */
static bool keeper_spawn(struct process *process, struct keeper_plan *plan)
{
    char uid_map[64], gid_map[64];
    plan->namespaced = process->containment != SUBREAPER;
    plan->uid_map = plan->gid_map = NULL;
    if (process->containment == USER_NAMESPACE) {
        snprintf(uid_map, sizeof uid_map, "%u %u 1", geteuid(), geteuid());
        snprintf(gid_map, sizeof gid_map, "%u %u 1", getegid(), getegid());
        plan->uid_map = uid_map;
        plan->gid_map = gid_map;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    process->keeper = keeper_clone(containments[process->containment].clone_flags, &process->keeper_pidfd);
    if (process->keeper == 0)
        keeper_run(plan);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return process->keeper > 0;
}

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until fd is readable; false after ms_max. */
static bool fd_wait_readable(int fd, int ms_max)
{
    int64_t deadline_ms = clock_ms() + ms_max;
    for (;;) {
        int64_t left_ms = deadline_ms - clock_ms();
        struct pollfd watched = {.fd = fd, .events = POLLIN};
        int ready = poll(&watched, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

/* One record from the launch socket; *sender is the pid of its sender as we see it. Returns bytes, 0 at the
 * end. */
static ssize_t launch_receive(int launch, struct keeper_launch *record, pid_t *sender)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec data = {.iov_base = record, .iov_len = sizeof *record};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (!fd_wait_readable(launch, START_MS_MAX)) {
        errno = ETIMEDOUT;
        return -1;
    }
    ssize_t got = recvmsg(launch, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_CREDENTIALS) {
        struct ucred credentials;
        memcpy(&credentials, CMSG_DATA(header), sizeof credentials);
        *sender = credentials.pid;
    }
    return got;
}

/*
 * Follows the launch to its end: the program's pid is in process->pid once it got so far, and the record of a
 * failure in *failure (stage PROGRAM: none).
 */
static void launch_follow(struct process *process, int launch, struct keeper_launch *failure)
{
    *failure = (struct keeper_launch){.stage = KEEPER_STAGE_PROGRAM};
    for (;;) {
        struct keeper_launch record;
        pid_t sender = -1;
        ssize_t got = launch_receive(launch, &record, &sender);
        if (got == sizeof record && record.stage == KEEPER_STAGE_PROGRAM)
            process->pid = sender;
        else if (got == sizeof record)
            *failure = record;
        else if (got < 0)
            *failure = (struct keeper_launch){.stage = KEEPER_STAGE_KEEPER, .error = errno};
        if (got != sizeof record)
            break;
    }
    if (process->pid < 0 && failure->stage == KEEPER_STAGE_PROGRAM)
        *failure = (struct keeper_launch){.stage = KEEPER_STAGE_KEEPER, .error = ECHILD};
}

static bool socket_pair_open(int pair[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0;
}

/* Ends the keeper, and by it the tree, and waits for both. */
static void keeper_end(struct process *process)
{
    fd_close(&process->control);
    if (process->keeper <= 0)
        return;
    if (!process->keeper_reaped) {
        if (!fd_wait_readable(process->keeper_pidfd, END_MS_MAX)) {
            syscall(SYS_pidfd_send_signal, process->keeper_pidfd, SIGKILL, NULL, 0);
            fd_wait_readable(process->keeper_pidfd, END_MS_MAX);
        }
        waitpid(process->keeper, NULL, WNOHANG | __WALL);
    }
    fd_close(&process->keeper_pidfd);
    process->keeper = -1;
}

/* One attempt with process->containment. On failure nothing of it is left. */
static bool keeper_launch(struct process *process, struct keeper_plan *plan, struct keeper_launch *failure)
{
    int control[2] = {-1, -1}, launch[2] = {-1, -1};
    int on = 1;
    bool cloned = false;
    *failure = (struct keeper_launch){.stage = KEEPER_STAGE_KEEPER};
    if (socket_pair_open(control) && socket_pair_open(launch) &&
        setsockopt(launch[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0) {
        plan->control_fd = control[1];
        plan->launch_fd = launch[1];
        failure->stage = KEEPER_STAGE_CONTAINMENT;
        cloned = keeper_spawn(process, plan);
    }
    failure->error = errno;
    fd_close(&control[1]);
    fd_close(&launch[1]);
    process->control = control[0];
    if (cloned)
        launch_follow(process, launch[0], failure);
    fd_close(&launch[0]);
    if (cloned && failure->stage == KEEPER_STAGE_PROGRAM) {
        /* The keeper has not reaped yet, so this pid is still the program's. */
        process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
        char order = KEEPER_ORDER_REAP;
        if (process->pidfd >= 0 && send(process->control, &order, 1, MSG_NOSIGNAL) == 1)
            return true;
        *failure = (struct keeper_launch){.stage = KEEPER_STAGE_KEEPER, .error = errno};
    }
    keeper_end(process);
    process->pid = -1;
    fd_close(&process->pidfd);
    return false;
}

/* First and last containment to try. */
static bool containment_choose(const struct process_spec *spec, enum containment *first,
                               enum containment *last, struct seam_error *error)
{
    enum process_containment wanted = spec->containment;
    const char *named = wanted == PROCESS_CONTAINMENT_AUTO ? getenv("SEAM_CONTAINMENT") : NULL;
    if (named != NULL && *named != '\0') {
        if (strcmp(named, "namespace") != 0 && strcmp(named, "subreaper") != 0) {
            seam_error_set(error, "SEAM_CONTAINMENT is \"%s\", not namespace or subreaper", named);
            return false;
        }
        wanted = named[0] == 'n' ? PROCESS_CONTAINMENT_NAMESPACE : PROCESS_CONTAINMENT_SUBREAPER;
    }
    *first = wanted == PROCESS_CONTAINMENT_SUBREAPER ? SUBREAPER : NAMESPACE;
    *last = wanted == PROCESS_CONTAINMENT_NAMESPACE ? USER_NAMESPACE : SUBREAPER;
    return true;
}

static void error_describe(struct seam_error *error, const struct process_spec *spec,
                           const struct process *process, const struct keeper_launch *failure)
{
    const char *reason = strerror(failure->error);
    switch (failure->stage) {
    case KEEPER_STAGE_FOLDER:
        seam_error_set(error, "cannot run \"%s\" in folder \"%s\": %s", spec->argv[0], spec->cwd, reason);
        break;
    case KEEPER_STAGE_INTERPRETER:
        seam_error_set(error, "cannot run \"%s\": the interpreter that it names is missing", spec->argv[0]);
        break;
    case KEEPER_STAGE_TERMINAL:
        seam_error_set(error, "cannot run \"%s\": no terminal: %s", spec->argv[0], reason);
        break;
    case KEEPER_STAGE_CONTAINMENT:
        seam_error_set(error, "cannot run \"%s\": containment \"%s\" is not possible here: %s", spec->argv[0],
                       containments[process->containment].name, reason);
        break;
    case KEEPER_STAGE_KEEPER:
        seam_error_set(error, "cannot run \"%s\": its keeper did not start: %s", spec->argv[0], reason);
        break;
    case KEEPER_STAGE_EXEC:
    case KEEPER_STAGE_PROGRAM:
        if (failure->error == ENOENT && spec->argv[0][0] != '\0' && strchr(spec->argv[0], '/') == NULL) {
            reason = "not found in PATH";
        }
        seam_error_set(error, "cannot run \"%s\": %s", spec->argv[0], reason);
        break;
    }
}

static bool process_launch(struct process *process, const struct process_spec *spec, struct seam_error *error)
{
    enum containment first, last;
    if (!containment_choose(spec, &first, &last, error))
        return false;
    struct program_ends ends = PROGRAM_ENDS_NONE;
    struct keeper_launch failure = {.stage = KEEPER_STAGE_TERMINAL};
    bool running = false;
    if (program_ends_open(spec->terminal, spec->stdin_kind == PROCESS_STDIN_PIPE, &process->ours, &ends)) {
        struct keeper_plan plan = {
            .argv = spec->argv,
            .envp = spec->envp,
            .cwd = spec->cwd,
            .stdin_fd = ends.stdin_fd,
            .stdout_fd = ends.stdout_fd,
            .stderr_fd = ends.stderr_fd,
            .terminal = spec->terminal,
            .path = environment_path(spec->envp),
        };
        for (process->containment = first;; process->containment++) {
            running = keeper_launch(process, &plan, &failure);
            if (running || failure.stage != KEEPER_STAGE_CONTAINMENT || process->containment == last)
                break;
        }
    } else {
        failure = (struct keeper_launch){
            .stage = spec->terminal ? KEEPER_STAGE_TERMINAL : KEEPER_STAGE_KEEPER, .error = errno};
    }
    program_ends_close(&ends);
    if (!running)
        error_describe(error, spec, process, &failure);
    return running;
}

struct process *process_start(const struct process_spec *spec, struct seam_error *error)
{
    assert(spec->argv != NULL && spec->argv[0] != NULL && spec->envp != NULL);
    struct process *process = malloc(sizeof *process);
    if (process == NULL) {
        seam_error_set(error, "out of memory");
        return NULL;
    }
    *process = (struct process){.keeper = -1,
                                .keeper_pidfd = -1,
                                .control = -1,
                                .pid = -1,
                                .pidfd = -1,
                                .ours = PROGRAM_ENDS_NONE,
                                .terminal = spec->terminal};
    if (!process_launch(process, spec, error)) {
        process_free(process);
        return NULL;
    }
    return process;
}

int process_stdin_fd(const struct process *process)
{
    return process->ours.stdin_fd;
}

int process_stdout_fd(const struct process *process)
{
    return process->ours.stdout_fd;
}

int process_stderr_fd(const struct process *process)
{
    return process->ours.stderr_fd;
}

void process_stdin_close(struct process *process)
{
    if (!process->terminal) {
        fd_close(&process->ours.stdin_fd);
        return;
    }
    struct termios settings;
    cc_t end_of_file = tcgetattr(process->ours.stdin_fd, &settings) == 0 ? settings.c_cc[VEOF] : 4;
    ssize_t written = write(process->ours.stdin_fd, &end_of_file, 1);
    (void)written; /* no room: then the program does not read, and an end of input means nothing to it */
}

int process_status_fd(const struct process *process)
{
    return process->control;
}

/*
 * The keeper's socket has ended, so the keeper is about to end, which takes microseconds; but only that
 * proves the end of a namespace. Waiting for it here lets the end of the socket be the last event that a
 * caller needs.
 */
static void process_note_keeper_end(struct process *process)
{
    siginfo_t info = {.si_pid = 0};
    fd_wait_readable(process->keeper_pidfd, END_MS_MAX);
    if (waitid(P_PID, (id_t)process->keeper, &info, WEXITED | WNOHANG | __WALL) == 0 && info.si_pid == 0)
        return;
    process->keeper_reaped = true;
    /* A keeper that was killed takes a namespace with it, but as a subreaper it leaves orphans behind. */
    if (process->containment != SUBREAPER || info.si_code == CLD_EXITED)
        process->tree_empty = true;
    if (!process->ended) {
        process->ended = true;
        process->exit = (struct process_exit){.signalled = true, .code_or_signal = SIGKILL};
    }
}

static void process_update(struct process *process)
{
    while (!process->control_ended) {
        struct keeper_ended ended;
        ssize_t got = recv(process->control, &ended, sizeof ended, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got != sizeof ended) {
            process->control_ended = true;
            break;
        }
        process->ended = true;
        process->tree_empty = ended.tree_empty;
        process->exit = (struct process_exit){.signalled = ended.code != CLD_EXITED,
                                              .code_or_signal = ended.status,
                                              .core_dumped = ended.code == CLD_DUMPED};
    }
    if (!process->keeper_reaped)
        process_note_keeper_end(process);
}

enum process_state process_poll(struct process *process, struct process_exit *exit)
{
    process_update(process);
    if (!process->ended)
        return PROCESS_RUNNING;
    if (exit != NULL)
        *exit = process->exit;
    return PROCESS_ENDED;
}

pid_t process_pid(const struct process *process)
{
    return process->pid;
}

bool process_has_exited(const struct process *process)
{
    struct pollfd exited = {.fd = process->pidfd, .events = POLLIN};
    return process->ended || poll(&exited, 1, 0) > 0;
}

size_t process_roots(const struct process *process, pid_t *roots, size_t roots_max)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)process->keeper, (int)process->keeper);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    size_t count = proc_children_read(fd, roots, roots_max);
    close(fd);
    return count;
}

int process_signal(struct process *process, int signal)
{
    return (int)syscall(SYS_pidfd_send_signal, process->pidfd, signal, NULL, 0);
}

int process_kill(struct process *process)
{
    char order = KEEPER_ORDER_KILL;
    return send(process->control, &order, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 ? 0 : -1;
}

bool process_tree_empty(struct process *process)
{
    process_update(process);
    return process->tree_empty;
}

void process_free(struct process *process)
{
    if (process == NULL)
        return;
    keeper_end(process);
    program_ends_close(&process->ours);
    fd_close(&process->pidfd);
    free(process);
}

const char *process_containment_name(const struct process *process)
{
    return containments[process->containment].name;
}
