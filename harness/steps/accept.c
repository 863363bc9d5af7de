/* accept - takes a connection that a program under test made to one of Seam's listeners. */
#include "harness/run.h"
#include "harness/steps/args.h"
#include "harness/steps/connection_args.h"

static const struct step_arg args[] = {
    {.name = "accept",
     .kind = ARG_CONNECTION_NEW,
     .offset = offsetof(struct accept_args, connection),
     .flags = ARG_REQUIRED,
     .doc = "The name of the new connection.",
     .example = "\"client\""},
    {.name = "from",
     .kind = ARG_LISTENER,
     .offset = offsetof(struct accept_args, from),
     .flags = ARG_REQUIRED,
     .doc = "The listener.",
     .example = "\"door\""},
    CONNECTION_ARGS,
};

static enum step_result run_accept(struct run *run, const struct step *step, const void *p)
{
    const struct accept_args *a = p;
    (void)step;
    return run_accept_from(run, a->connection, a->from);
}

const struct step_verb step_accept = {
    .name = "accept",
    .doc = "Takes the next connection that a program makes to a listener.",
    .done = "a connection is taken",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct accept_args),
    .run = run_accept,
};
