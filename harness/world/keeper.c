#include "harness/world/keeper.h"

#include "harness/world/proc_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the keeper keeps its descriptors; everything else that it inherited from Seam is closed. */
enum keeper_fd {
    FD_CONTROL = 3,
    FD_LAUNCH,
    FD_STDIN,
    FD_STDOUT,
    FD_STDERR,
    FD_FIRST_FREE,
};

enum { KEEPER_KILL_AT_ONCE_MAX = 512 };

struct keeper {
    const struct keeper_plan *plan;
    pid_t program; /* as the keeper sees it */
    int control;   /* -1 once Seam is gone */
    int signals;   /* signalfd for SIGCHLD */
    bool reaping;
    bool killing;
};

pid_t keeper_clone(unsigned long clone_flags, int *pidfd)
{
    /* The first three arguments have the same place on every architecture but s390 and cris. */
    return (pid_t)syscall(SYS_clone, clone_flags | CLONE_PIDFD, NULL, pidfd, NULL, NULL);
}

/* Past the C library's and the sanitizers' exit code: this process is a copy of Seam and none of theirs. */
static _Noreturn void keeper_exit(int code)
{
    for (;;)
        syscall(SYS_exit_group, code);
}

static _Noreturn void launch_fail(enum keeper_stage stage, int error)
{
    struct keeper_launch failure = {.stage = stage, .error = error};
    send(FD_LAUNCH, &failure, sizeof failure, MSG_NOSIGNAL);
    keeper_exit(127);
}

/* Seam's sockets must not live on in the keeper: a connection that Seam closes would stay open. */
static void keeper_take_descriptors(const struct keeper_plan *plan)
{
    int fds[FD_FIRST_FREE] = {-1,
                              -1,
                              -1,
                              [FD_CONTROL] = plan->control_fd,
                              [FD_LAUNCH] = plan->launch_fd,
                              [FD_STDIN] = plan->stdin_fd,
                              [FD_STDOUT] = plan->stdout_fd,
                              [FD_STDERR] = plan->stderr_fd};
    /* First out of the way of the numbers that they are to get. */
    for (int i = FD_CONTROL; i < FD_FIRST_FREE; i++)
        fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FD_FIRST_FREE);
    bool done = true;
    for (int i = FD_LAUNCH; i < FD_FIRST_FREE; i++)
        done = dup3(fds[i], i, O_CLOEXEC) == i && done;
    done = dup3(fds[FD_CONTROL], FD_CONTROL, O_CLOEXEC) == FD_CONTROL && done;
    if (!done || syscall(SYS_close_range, FD_FIRST_FREE, ~0U, 0) != 0)
        launch_fail(KEEPER_STAGE_KEEPER, errno);

    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; null >= 0 && i <= 2; i++)
        dup2(null, i);
    if (null > 2)
        close(null);
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t written = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return written == (ssize_t)strlen(text);
}

static void keeper_contain(const struct keeper_plan *plan)
{
    if (plan->uid_map != NULL &&
        !(write_file("/proc/self/setgroups", "deny") && write_file("/proc/self/uid_map", plan->uid_map) &&
          write_file("/proc/self/gid_map", plan->gid_map)))
        launch_fail(KEEPER_STAGE_CONTAINMENT, errno);
    /* Without a /proc of its own, what a program reads about its own pid there is about a stranger.
     * LeakSanitizer then sees no threads and reports false leaks. A slave, or the mount would show in
     * everybody's /proc. */
    if (plan->namespaced && (mount(NULL, "/proc", NULL, MS_SLAVE, NULL) != 0 ||
                             mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0))
        launch_fail(KEEPER_STAGE_CONTAINMENT, errno);
    if (plan->namespaced) {
        /* Second cause beside the end of the control socket. Should Seam be gone already, that one tells. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    } else if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || access("/proc/thread-self/children", R_OK) != 0) {
        launch_fail(KEEPER_STAGE_CONTAINMENT, errno);
    }
    setsid(); /* ^C at Seam's terminal is for Seam alone */
    prctl(PR_SET_NAME, "seam-keeper");
}

/* Handlers of Seam must never run here, and ignored signals would stay ignored in the program. */
static void keeper_reset_signals(struct keeper *keeper)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    keeper->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (keeper->signals < 0)
        launch_fail(KEEPER_STAGE_KEEPER, errno);
}

/* ENOENT of execve has two meanings; a missing interpreter is the one nobody thinks of. */
static void program_exec_at(const char *path, const struct keeper_plan *plan)
{
    execve(path, (char *const *)plan->argv, (char *const *)plan->envp);
    int error = errno;
    if (error == ENOENT && access(path, F_OK) == 0)
        launch_fail(KEEPER_STAGE_INTERPRETER, error);
    errno = error;
}

/* The search of execvp(3), but along the program's PATH instead of Seam's, and without its detour through sh.
 */
static _Noreturn void program_exec(const struct keeper_plan *plan)
{
    const char *name = plan->argv[0];
    if (strchr(name, '/') != NULL) {
        program_exec_at(name, plan);
        launch_fail(KEEPER_STAGE_EXEC, errno);
    }
    size_t name_bytes = strlen(name);
    int error = ENOENT;
    for (const char *folder = plan->path; name_bytes > 0 && folder != NULL;) {
        char path[PATH_MAX];
        size_t folder_bytes = strcspn(folder, ":");
        if (folder_bytes + name_bytes + 2 <= sizeof path) {
            memcpy(path, folder, folder_bytes);
            size_t slash = folder_bytes > 0 ? 1 : 0; /* an empty entry is the current folder */
            path[folder_bytes] = '/';
            memcpy(path + folder_bytes + slash, name, name_bytes + 1);
            program_exec_at(path, plan);
            if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
                launch_fail(KEEPER_STAGE_EXEC, errno);
            if (errno == EACCES)
                error = EACCES;
        }
        folder = folder[folder_bytes] == ':' ? folder + folder_bytes + 1 : NULL;
    }
    launch_fail(KEEPER_STAGE_EXEC, error);
}

static _Noreturn void program_run(const struct keeper_plan *plan, pid_t keeper_pid)
{
    setsid(); /* a signal that the program sends to its group must not reach the keeper */
    if (!plan->namespaced) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != keeper_pid)
            keeper_exit(127);
    }
    if (plan->terminal && ioctl(FD_STDIN, TIOCSCTTY, 0) != 0)
        launch_fail(KEEPER_STAGE_TERMINAL, errno);
    if (dup2(FD_STDIN, 0) < 0 || dup2(FD_STDOUT, 1) < 0 || dup2(FD_STDERR, 2) < 0)
        launch_fail(KEEPER_STAGE_KEEPER, errno);
    if (plan->cwd != NULL && chdir(plan->cwd) != 0)
        launch_fail(KEEPER_STAGE_FOLDER, errno);
    struct keeper_launch here = {.stage = KEEPER_STAGE_PROGRAM};
    if (send(FD_LAUNCH, &here, sizeof here, MSG_NOSIGNAL) < 0)
        keeper_exit(127);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    program_exec(plan);
}

static void keeper_start_program(struct keeper *keeper)
{
    pid_t keeper_pid = getpid();
    int pidfd = -1;
    keeper->program = keeper_clone(SIGCHLD, &pidfd);
    if (keeper->program < 0)
        launch_fail(KEEPER_STAGE_KEEPER, errno);
    if (keeper->program == 0)
        program_run(keeper->plan, keeper_pid);
    close(pidfd);
    /* The ends of the streams and of the launch must be seen when the program, not the keeper, lets go. */
    syscall(SYS_close_range, FD_LAUNCH, FD_STDERR, 0);
}

/*
 * One round over the direct children is enough to get all in the end: what a dying child leaves behind falls
 * to the keeper before the child's SIGCHLD comes, and each SIGCHLD leads to another round.
 */
static void keeper_kill_tree(const struct keeper *keeper)
{
    if (keeper->plan->namespaced) {
        kill(-1, SIGKILL);
        return;
    }
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    pid_t children[KEEPER_KILL_AT_ONCE_MAX];
    size_t count = proc_children_read(fd, children, KEEPER_KILL_AT_ONCE_MAX);
    close(fd);
    for (size_t i = 0; i < count; i++)
        kill(children[i], SIGKILL);
}

/* Returns false when there is no child left, which means: no process of the tree is left. */
static bool keeper_reap(const struct keeper *keeper)
{
    struct keeper_ended ended;
    bool told = true;
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        bool childless = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | __WALL) != 0;
        if (childless && errno == EINTR)
            continue;
        if (!childless && info.si_pid == keeper->program) {
            ended = (struct keeper_ended){.code = info.si_code, .status = info.si_status};
            told = false;
        }
        if (!childless && info.si_pid != 0)
            continue;
        if (!told) {
            ended.tree_empty = childless;
            send(keeper->control, &ended, sizeof ended, MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        return !childless;
    }
}

static void keeper_obey(struct keeper *keeper)
{
    char order = 0;
    ssize_t got = recv(keeper->control, &order, 1, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    keeper->reaping = true;
    if (got == 1 && order == KEEPER_ORDER_REAP)
        return;
    keeper->killing = true;
    if (got != 1) {
        /* Seam is gone. Stop watching: the end of its socket would wake us for ever. */
        close(keeper->control);
        keeper->control = -1;
    }
}

_Noreturn void keeper_run(const struct keeper_plan *plan)
{
    struct keeper keeper = {.plan = plan, .control = FD_CONTROL};
    keeper_take_descriptors(plan);
    keeper_reset_signals(&keeper);
    keeper_contain(plan);
    keeper_start_program(&keeper);
    for (;;) {
        struct pollfd watched[] = {{.fd = keeper.control, .events = POLLIN},
                                   {.fd = keeper.signals, .events = POLLIN}};
        poll(watched, 2, -1);
        if (watched[0].revents != 0)
            keeper_obey(&keeper);
        struct signalfd_siginfo seen;
        while (read(keeper.signals, &seen, sizeof seen) > 0)
            continue;
        if (keeper.reaping && !keeper_reap(&keeper))
            keeper_exit(0);
        if (keeper.killing)
            keeper_kill_tree(&keeper);
    }
}
