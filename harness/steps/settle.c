/* settle - waits until every thread of a program sleeps on input and all its output has been read. */
#include "harness/run.h"
#include "harness/steps/args.h"

static const struct step_arg args[] = {
    {.name = "settle",
     .kind = ARG_PROGRAM,
     .offset = offsetof(struct settle_args, program),
     .flags = ARG_REQUIRED,
     .doc = "The program that must settle.",
     .example = "\"server\""},
    {.name = "within_ms",
     .kind = ARG_NUMBER,
     .offset = offsetof(struct settle_args, within_ms),
     .min = 1,
     .max = 3600000,
     .doc = "Bounds the wait where facts don't tell; default timeout_ms.",
     .example = "500"},
};

static enum step_result run_settle(struct run *run, const struct step *step, const void *p)
{
    const struct settle_args *a = p;
    (void)step;
    if (run_step_begins(run) && run_limit_ms(run, a->within_ms) < 0) {
        return STEP_FAIL;
    }
    return run_settled(run);
}

const struct step_verb step_settle = {
    .name = "settle",
    .doc = "Waits until a program, and all that it talks to in this run, has nothing more to do without new "
           "input.",
    .done = "every thread is asleep on input and all output was read",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct settle_args),
    .run = run_settle,
};
