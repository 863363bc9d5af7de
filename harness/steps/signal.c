/* signal - sends a signal to a program's main process. */
#include "harness/run.h"
#include "harness/step.h"

struct signal_args {
    size_t program;
    int name;
};

static const struct step_arg args[] = {
    {.name = "signal",
     .kind = ARG_PROGRAM,
     .offset = offsetof(struct signal_args, program),
     .flags = ARG_REQUIRED,
     .doc = "The program that gets the signal.",
     .example = "\"server\""},
    {.name = "name",
     .kind = ARG_SIGNAL,
     .offset = offsetof(struct signal_args, name),
     .flags = ARG_REQUIRED,
     .doc = "The signal, without SIG.",
     .example = "\"HUP\""},
};

static void check(struct step_check *check, const void *p)
{
    const struct signal_args *a = p;
    if (step_check_scenario(check)->programs[a->program].address) {
        step_check_error(check, "signal",
                         "this program was not started by Seam (it has an \"address\"): it gets no signals");
    }
}

static enum step_result run_signal(struct run *run, const struct step *step, const void *p)
{
    const struct signal_args *a = p;
    (void)step;
    return run_program_signal(run, a->program, a->name, false);
}

const struct step_verb step_signal = {
    .name = "signal",
    .doc = "Sends a signal to a program.",
    .done = "sent",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct signal_args),
    .check = check,
    .run = run_signal,
};
