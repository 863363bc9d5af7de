/* listen - Seam listens, so that a client under test can connect to it. */
#include "harness/run.h"
#include "harness/step.h"

struct listen_args {
    size_t listener;
    const struct text *address;
    const struct number *port;
};

static const struct step_arg args[] = {
    {.name = "listen",
     .kind = ARG_LISTENER_NEW,
     .offset = offsetof(struct listen_args, listener),
     .flags = ARG_REQUIRED,
     .doc = "The name of the new listener; its port is ${name.port}.",
     .example = "\"door\""},
    {.name = "address",
     .kind = ARG_TEXT,
     .offset = offsetof(struct listen_args, address),
     .doc = "The address to listen on, 127.0.0.1 when absent.",
     .example = "\"::1\""},
    {.name = "port",
     .kind = ARG_NUMBER,
     .offset = offsetof(struct listen_args, port),
     .min = 0,
     .max = 65535,
     .doc = "The port; 0 or absent: a free one.",
     .example = "0"},
};

static enum step_result run_listen(struct run *run, const struct step *step, const void *p)
{
    const struct listen_args *a = p;
    (void)step;
    return run_listen_on(run, a->listener, a->address, a->port);
}

const struct step_verb step_listen = {
    .name = "listen",
    .doc = "Opens a listening socket for programs that connect.",
    .done = "listening",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct listen_args),
    .run = run_listen,
};
