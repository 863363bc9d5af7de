/*
 * process_fixture - what the process tests share: start the subject, read what it says, wait for facts.
 *
 * Every wait is bounded by ten seconds and fails the running cmocka test when that is over.
 */
#ifndef SEAM_TESTS_PROCESS_FIXTURE_H
#define SEAM_TESTS_PROCESS_FIXTURE_H

#include "harness/world/process.h"

/* Paths of the helper programs, from the build. */
#define SUBJECT           PROCESS_SUBJECT
#define STAND_IN          PROCESS_STAND_IN
#define SANITIZER_SUBJECT PROCESS_SANITIZER_SUBJECT /* plus _address, _undefined, _thread */

enum { FIXTURE_OUTPUT_BYTES_MAX = 4096 };

/* The containment that the running group tests, and a mark in the environment of all that it starts. */
extern enum process_containment fixture_containment;
extern char fixture_mark[64];

/* Environment with the mark and PATH. */
const char *const *fixture_environment(void);

/* A specification with all defaults of this fixture; argv is borrowed. */
struct process_spec fixture_spec(const char *const *argv);

/* process_start that must succeed. */
struct process *fixture_start(const struct process_spec *spec);

#define FIXTURE_START(...)                                                                                   \
    fixture_start(&(struct process_spec){.argv = (const char *const[]){SUBJECT, __VA_ARGS__, NULL},          \
                                         .envp = fixture_environment(),                                      \
                                         .containment = fixture_containment})

/* Appends what fd says to text (NUL-terminated) until it holds `until`, or, with NULL, to the end of the
 * stream. */
void fixture_read(int fd, char text[FIXTURE_OUTPUT_BYTES_MAX], const char *until);

/* Waits for the end of the main process / of the whole tree, on process_status_fd. */
struct process_exit fixture_wait_end(struct process *process);
void fixture_wait_empty(struct process *process);

/* Descriptors that this process has open. */
size_t fixture_count_fds(void);

/* cmocka teardown: a test that failed half-way must not fail the next ones with what it started. */
int fixture_kill_leftovers(void **state);

struct CMUnitTest;

/*
 * Runs the tests in each containment that is allowed here, and, if we are
 * root, runs the whole program once more as nobody. Returns main's exit code: the number of failures.
 */
int fixture_run_in_each_containment(const char *name, const struct CMUnitTest *tests, size_t tests_count);

#endif
