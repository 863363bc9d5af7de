/*
 * subject - a program under test for the process tests: each command is one behaviour that Seam has to cope
 * with.
 *
 * Knows nothing of Seam. Reports what it finds on stdout; a failure of its own ends it with 99.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static void must(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "subject: %s\n", what);
        _exit(99);
    }
}

static int run_exit(char **args)
{
    return atoi(args[0]);
}

static int run_die(char **args)
{
    struct rlimit cores = {.rlim_cur = 0, .rlim_max = 0};
    must(strcmp(args[1], "core") == 0 || setrlimit(RLIMIT_CORE, &cores) == 0, "setrlimit");
    if (strcmp(args[1], "core") == 0) {
        must(getrlimit(RLIMIT_CORE, &cores) == 0, "getrlimit");
        cores.rlim_cur = cores.rlim_max;
        must(setrlimit(RLIMIT_CORE, &cores) == 0, "setrlimit");
    }
    raise(atoi(args[0]));
    return 99;
}

/* Copies stdin to stdout until its end, then "END". */
static int run_cat(char **args)
{
    (void)args;
    char bytes[4096];
    for (ssize_t got; (got = read(0, bytes, sizeof bytes)) > 0;)
        must(write(1, bytes, (size_t)got) == got, "write");
    must(write(1, "END", 3) == 3, "write");
    return 0;
}

static int run_say(char **args)
{
    must(write(1, args[0], strlen(args[0])) >= 0 && write(2, args[1], strlen(args[1])) >= 0, "write");
    return 0;
}

/* Closes its outputs and lives on until the end of its input. */
static int run_mute(char **args)
{
    (void)args;
    char byte;
    close(1);
    close(2);
    while (read(0, &byte, 1) > 0)
        continue;
    return 0;
}

static int run_fds(char **args)
{
    (void)args;
    DIR *fds = opendir("/proc/self/fd");
    must(fds != NULL, "opendir");
    int own = dirfd(fds);
    for (int fd = 0; fd < 1024; fd++) {
        if (fd != own && fcntl(fd, F_GETFD) >= 0)
            printf("%d ", fd);
    }
    return 0;
}

/* Blocked and ignored signals, as the kernel sees them. */
static int run_signals(char **args)
{
    (void)args;
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    must(status != NULL, "status");
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "SigBlk", 6) == 0 || strncmp(line, "SigIgn", 6) == 0)
            printf("%.6s %llx ", line, strtoull(line + 7, NULL, 16));
    }
    fclose(status);
    return 0;
}

extern char **environ;

static int run_environment(char **args)
{
    (void)args;
    char folder[4096];
    must(getcwd(folder, sizeof folder) != NULL, "getcwd");
    printf("cwd=%s\n", folder);
    for (char **variable = environ; *variable != NULL; variable++)
        printf("%s\n", *variable);
    return 0;
}

/* Says what kind of terminal it has, then copies. */
static int run_terminal(char **args)
{
    struct winsize size = {0};
    must(ioctl(0, TIOCGWINSZ, &size) == 0, "winsize");
    int tty = open("/dev/tty", O_RDWR);
    printf("tty %d%d%d %ux%u controlling %d leader %d\n", isatty(0), isatty(1), isatty(2), size.ws_col,
           size.ws_row, tty >= 0, getsid(0) == getpid());
    fflush(stdout);
    return run_cat(args);
}

static int run_pid(char **args)
{
    (void)args;
    /* Both must be about this very process. */
    char path[64], by_pid[4096] = "", by_self[4096] = "", pid[32] = "";
    snprintf(path, sizeof path, "/proc/%d/exe", (int)getpid());
    must(readlink(path, by_pid, sizeof by_pid - 1) > 0 &&
             readlink("/proc/self/exe", by_self, sizeof by_self - 1) > 0,
         "exe");
    must(readlink("/proc/self", pid, sizeof pid - 1) > 0, "self");
    printf("%d %s %d\n", (int)getpid(), pid, strcmp(by_pid, by_self) == 0);
    fflush(stdout);
    pause();
    return 0;
}

static void listen_on(int family, const char *address)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    int fd = socket(family, SOCK_STREAM, 0);
    int on = 1;
    must(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0, "socket");
    if (family == AF_INET) {
        must(inet_pton(AF_INET, address, &ipv4.sin_addr) == 1, "address");
        must(bind(fd, (struct sockaddr *)&ipv4, sizeof ipv4) == 0, "bind");
    } else {
        must(inet_pton(AF_INET6, address, &ipv6.sin6_addr) == 1, "address");
        must(bind(fd, (struct sockaddr *)&ipv6, sizeof ipv6) == 0, "bind");
    }
    must(listen(fd, 8) == 0, "listen");
}

/* Listens on the given addresses (a free port each), then waits for ever; "fork" in between moves on into a
 * child. */
static int run_listen(char **args)
{
    for (; *args != NULL; args++) {
        if (strcmp(*args, "fork") == 0) {
            if (fork() > 0)
                pause();
        } else {
            listen_on(strchr(*args, ':') != NULL ? AF_INET6 : AF_INET, *args);
        }
    }
    must(write(1, "up", 2) == 2, "write");
    pause();
    return 0;
}

/* Goes on in a child, and only when its parent has gone: so who tests us need not wait for stragglers. */
static void go_on_in_child(void)
{
    pid_t parent = getpid();
    pid_t child = fork();
    must(child >= 0, "fork");
    if (child > 0)
        _exit(0);
    while (getppid() == parent)
        sched_yield();
}

/* Leaves the caller's session by two forks; returns in the daemon only. */
static void become_daemon(void)
{
    go_on_in_child();
    must(setsid() > 0, "setsid");
    go_on_in_child();
}

/* The main process ends with 0 while a daemon says "daemon" and then reads stdin to its end. */
static int run_daemon(char **args)
{
    become_daemon();
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    must(write(1, "daemon", 6) == 6, "write");
    return run_cat(args);
}

/* The main process, a child in its own session, and a daemon, all deaf to everything but SIGKILL; "ttt" when
 * they are up. */
static int run_tree(char **args)
{
    (void)args;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (fork() == 0)
        setsid();
    else if (fork() == 0)
        become_daemon();
    must(write(1, "t", 1) == 1, "write");
    pause();
    return 99;
}

static const struct {
    const char *name;
    int args;
    int (*run)(char **args);
} commands[] = {
    {"exit", 1, run_exit},         {"die", 2, run_die},
    {"cat", 0, run_cat},           {"say", 2, run_say},
    {"mute", 0, run_mute},         {"fds", 0, run_fds},
    {"signals", 0, run_signals},   {"environment", 0, run_environment},
    {"terminal", 0, run_terminal}, {"pid", 0, run_pid},
    {"listen", 0, run_listen},     {"daemon", 0, run_daemon},
    {"tree", 0, run_tree},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].args)
            return commands[i].run(argv + 2);
    }
    fprintf(stderr, "subject: unknown command\n");
    return 99;
}
