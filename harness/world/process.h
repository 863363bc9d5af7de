/*
 * process - one program under test: start it, watch it, signal it, and end it with its whole tree.
 *
 * Knows no scenario and reads no stream; the world reads and writes the descriptors that it hands out. A
 * keeper process (keeper.h) stands between Seam and the program, so that nothing is left of the program's
 * tree when Seam frees it, exits, crashes or is killed with SIGKILL, also if the program forked twice and
 * called setsid.
 *
 * Containment, the first that is allowed here unless the specification names one:
 *   namespace  the keeper is init of a PID namespace with a /proc of its own, so the program sees its own
 * small pids and nobody else. With CAP_SYS_ADMIN nothing else changes for it. Without, a user namespace comes
 *              along that has only the caller's own uid and gid: set-uid programs and setgroups(2) do not
 * work in it. subreaper  the keeper collects every orphan of the tree and kills its descendants until none is
 * left. Can be escaped only by killing the keeper, or by a change to a user whom Seam may not signal.
 *
 * For callers:
 * - Ignore SIGPIPE: a program may close its stdin.
 * - Start programs from one thread that lives as long as they do (PR_SET_PDEATHSIG is the thread's). A child
 *   that Seam forks without exec holds copies of the control sockets, and so the keepers' life; fork workers
 * first.
 * - All descriptors are CLOEXEC; the program gets 0, 1 and 2 only, default signal dispositions and an empty
 * mask.
 * - The keeper sends no SIGCHLD and is not seen by waitpid(-1).
 */
#ifndef SEAM_HARNESS_WORLD_PROCESS_H
#define SEAM_HARNESS_WORLD_PROCESS_H

#include "src/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROCESS_ROOTS_MAX = 1024 };

enum process_stdin { PROCESS_STDIN_PIPE, PROCESS_STDIN_NULL };

enum process_containment {
    PROCESS_CONTAINMENT_AUTO, /* SEAM_CONTAINMENT=namespace|subreaper decides if set, else what is allowed */
    PROCESS_CONTAINMENT_NAMESPACE,
    PROCESS_CONTAINMENT_SUBREAPER,
};

enum process_state { PROCESS_RUNNING, PROCESS_ENDED };

/* Everything is borrowed for the time of the call. */
struct process_spec {
    const char *const *argv; /* argv[0] without '/' is searched in the PATH of envp */
    const char *const *envp; /* the complete environment */
    const char *cwd;         /* NULL: the caller's; a relative argv[0] or PATH entry counts from here */
    bool terminal;           /* one pty, 80 x 24, is stdin, stdout, stderr and controlling terminal */
    enum process_stdin stdin_kind;
    enum process_containment containment;
};

struct process_exit {
    bool signalled;
    int code_or_signal;
    bool core_dumped;
};

struct process;

/*
 * Starts a program. Returns when execve has succeeded (about a millisecond, bounded by 10 seconds), or NULL
 * with error->text, such as `cannot run "foo": No such file or directory`. Free with process_free.
 */
struct process *process_start(const struct process_spec *spec, struct seam_error *error);

/*
 * Seam's ends, non-blocking, owned by the process; -1 when there is none. With a terminal, stdin and stdout
 * are both the pty's master (whose read gives EIO when the program has let go of the terminal) and stderr is
 * -1.
 */
int process_stdin_fd(const struct process *process);
int process_stdout_fd(const struct process *process);
int process_stderr_fd(const struct process *process);

/* Ends the program's input: closes the pipe; at a terminal it types ^D. Harmless when done twice. */
void process_stdin_close(struct process *process);

/*
 * Readable when the program has ended, and again when the last process of its tree has. Call process_poll
 * then. Once process_tree_empty is true it stays readable: stop watching it.
 */
int process_status_fd(const struct process *process);

/* State of the main process. *exit is filled when ENDED (may be NULL), and stays the same from then on. */
enum process_state process_poll(struct process *process, struct process_exit *exit);

/* Pid of the main process as Seam and /proc see it; for looking only, it may be reused after ENDED. */
pid_t process_pid(const struct process *process);

/* Has the main process exited? It may be so a moment before process_poll() can tell how. */
bool process_has_exited(const struct process *process);

/*
 * The roots of the program's tree: the main process first, as long as it lives, then what became a child of
 * the keeper because its own parent ended (daemons). proc_tree_walk gets from them to everything that lives
 * in the tree. Returns how many.
 */
size_t process_roots(const struct process *process, pid_t *roots, size_t roots_max);

/* Signals the main process; safe against reuse of its pid. Returns 0, or -1 with errno (ESRCH: it has ended).
 */
int process_signal(struct process *process, int signal);

/*
 * Orders SIGKILL for the whole tree, daemons included; returns at once. The end comes by process_poll and
 * process_tree_empty. Returns 0, or -1 with errno when the keeper could not be told (it has gone already).
 */
int process_kill(struct process *process);

/*
 * True when no process of the tree lives: the main process has ended and no descendant outlives it. False
 * after ENDED means that the program left something running (a daemon). True stays true.
 */
bool process_tree_empty(struct process *process);

/* Kills what is left, waits for its end (usually below a millisecond, at most 10 seconds), closes and frees.
 * NULL is allowed. */
void process_free(struct process *process);

/* What holds this program's tree: "pid namespace", "pid namespace in a user namespace" or "subreaper".
 * Static. */
const char *process_containment_name(const struct process *process);

#endif
