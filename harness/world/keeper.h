/*
 * keeper - the process between Seam and one program: starts it, reaps it, and leaves nothing of its tree
 * behind.
 *
 * Private to process.c, which is Seam's side; this is the child's side. One keeper per program, a fork of
 * Seam that never execs. It must not know scenarios, and between clone and exec it makes only
 * async-signal-safe calls.
 *
 *     Seam ---control---> keeper ---fork---> program ---> the program's tree
 *
 * The keeper is the parent to which every orphan of the tree falls: as init of a PID namespace, or as a child
 * subreaper. So "my children" finds also what forked twice, called setsid and became a daemon, and "I have no
 * child left" proves that the tree is gone. It ends everything when Seam orders so, and when the control
 * socket says that Seam has ended, however it ended. In a namespace the kernel also does it should the keeper
 * itself be killed.
 *
 * Two socket pairs (SOCK_SEQPACKET) connect the sides:
 *   launch   keeper or program -> Seam: struct keeper_launch, then end of stream once the program has
 * exec'ed; control  keeper -> Seam: one struct keeper_ended, then end of stream when the tree is empty; Seam
 * -> keeper: one byte, an enum keeper_order; end of stream means that Seam is gone.
 */
#ifndef SEAM_HARNESS_WORLD_KEEPER_H
#define SEAM_HARNESS_WORLD_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

enum keeper_order {
    KEEPER_ORDER_REAP = 'r', /* Seam holds a pidfd of the program: from now on its pid may be freed */
    KEEPER_ORDER_KILL = 'k', /* end the whole tree; its status still comes as struct keeper_ended */
};

enum keeper_stage {
    KEEPER_STAGE_PROGRAM,     /* no failure: the sender's credentials name the program's main process */
    KEEPER_STAGE_KEEPER,      /* descriptors, signals or fork of the keeper */
    KEEPER_STAGE_CONTAINMENT, /* this containment is not allowed here */
    KEEPER_STAGE_FOLDER,      /* chdir */
    KEEPER_STAGE_TERMINAL,    /* controlling terminal */
    KEEPER_STAGE_EXEC,        /* execve */
    KEEPER_STAGE_INTERPRETER, /* execve: the file is there, the interpreter it names is not */
};

struct keeper_launch {
    enum keeper_stage stage;
    int error; /* errno */
};

struct keeper_ended {
    int code;        /* si_code of waitid(2): CLD_EXITED, CLD_KILLED, CLD_DUMPED */
    int status;      /* si_status: exit code or signal */
    bool tree_empty; /* nothing outlived it */
};

/* What the keeper has to do; all borrowed, all still valid after the clone because memory is copied. */
struct keeper_plan {
    const char *const *argv;
    const char *const *envp;
    const char *cwd; /* NULL: as Seam's */
    int stdin_fd;    /* the program's ends */
    int stdout_fd;
    int stderr_fd;
    int launch_fd;
    int control_fd;
    bool terminal;       /* stdin_fd becomes the controlling terminal */
    bool namespaced;     /* the keeper is init of a PID namespace */
    const char *uid_map; /* user_namespaces(7); NULL without a user namespace */
    const char *gid_map;
    const char *path; /* folders to search when argv[0] has no '/' */
};

/*
 * clone(2) with the semantics of fork, without the C library's fork handlers. clone_flags holds CLONE_NEW*
 * and the exit signal. Returns the pid (0 in the child) or -1 with errno; *pidfd gets a CLOEXEC pidfd in the
 * parent.
 */
pid_t keeper_clone(unsigned long clone_flags, int *pidfd);

/* The child's whole life. All signals must be blocked since before the clone. */
_Noreturn void keeper_run(const struct keeper_plan *plan);

#endif
