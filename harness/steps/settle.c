/* settle - waits until every thread of a program sleeps on input and all its output has been read. */
#include "harness/run.h"
#include "harness/step.h"

struct settle_args {
    size_t program;
};

static const struct step_arg args[] = {
    {.name = "settle",
     .kind = ARG_PROGRAM,
     .offset = offsetof(struct settle_args, program),
     .flags = ARG_REQUIRED,
     .doc = "The program that must settle.",
     .example = "\"server\""},
};

static enum step_result run_settle(struct run *run, const struct step *step, const void *p)
{
    (void)p;
    (void)step;
    return run_settled(run);
}

const struct step_verb step_settle = {
    .name = "settle",
    .doc = "Waits until a program, and all that it talks to in this run, has nothing more to do without new input.",
    .done = "every thread is asleep on input and all output was read",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct settle_args),
    .run = run_settle,
};
