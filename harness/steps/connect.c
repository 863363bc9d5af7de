/* connect - opens a connection to a program, or to an address. */
#include "harness/run.h"
#include "harness/steps/args.h"
#include "harness/steps/connection_args.h"

static const struct step_arg args[] = {
    {.name = "connect",
     .kind = ARG_CONNECTION_NEW,
     .offset = offsetof(struct connect_args, connection),
     .flags = ARG_REQUIRED,
     .doc = "The name of the new connection.",
     .example = "\"alice\""},
    {.name = "to",
     .kind = ARG_TARGET,
     .offset = offsetof(struct connect_args, to),
     .flags = ARG_REQUIRED,
     .doc = "A program, one of its named ports (program.port), or \"host:port\".",
     .example = "\"server\""},
    {.name = "refused",
     .kind = ARG_BOOL_TRUE,
     .offset = offsetof(struct connect_args, refused),
     .doc = "The connection must be refused; then the name stands for no connection.",
     .example = "true"},
    CONNECTION_ARGS,
};

static enum step_result run_connect(struct run *run, const struct step *step, const void *p)
{
    const struct connect_args *a = p;
    (void)step;
    return run_connect_to(run, a->connection, &a->to, a->refused);
}

const struct step_verb step_connect = {
    .name = "connect",
    .doc = "Opens a connection to a program under test; to a stdio program: takes its stdin and stdout.",
    .done = "the handshake is done (not: accepted by the program)",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct connect_args),
    .run = run_connect,
};
