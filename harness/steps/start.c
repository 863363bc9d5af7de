/* start - starts a program and waits until its named ports are in LISTEN. */
#include "harness/run.h"
#include "harness/step.h"

struct start_args {
    size_t program;
};

static const struct step_arg args[] = {
    {.name = "start",
     .kind = ARG_PROGRAM,
     .offset = offsetof(struct start_args, program),
     .flags = ARG_REQUIRED,
     .doc = "The program to start. Client programs always have a start; others start just before the first "
            "step that names "
            "them.",
     .example = "\"client\""},
};

static void check(struct step_check *check, const void *p)
{
    const struct start_args *a = p;
    if (step_check_scenario(check)->programs[a->program].address) {
        step_check_error(check, "start",
                         "this program runs already (it has an \"address\"): it can't be started");
    }
}

static enum step_result run_start(struct run *run, const struct step *step, const void *p)
{
    (void)step;
    return run_program_start(run, ((const struct start_args *)p)->program);
}

const struct step_verb step_start = {
    .name = "start",
    .doc = "Starts a program.",
    .done = "its named ports are in LISTEN",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct start_args),
    .check = check,
    .run = run_start,
};
