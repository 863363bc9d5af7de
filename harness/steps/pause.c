/* pause - lets time pass, for programs with timers only. No verdict of Seam's depends on it. */
#include "harness/run.h"
#include "harness/step.h"

struct pause_args {
    const struct number *ms;
};

static const struct step_arg args[] = {
    {.name = "pause",
     .kind = ARG_NUMBER,
     .offset = offsetof(struct pause_args, ms),
     .flags = ARG_REQUIRED,
     .min = 0,
     .max = 3600000,
     .doc = "How long, in milliseconds.",
     .example = "300"},
};

static void check(struct step_check *check, const void *p)
{
    (void)p;
    step_check_warn(check, "pause",
                    "\"pause\" is for programs with timers only: settle or expect … silence wait for facts");
}

static enum step_result run_pause(struct run *run, const struct step *step, const void *p)
{
    (void)step;
    return run_pause_for(run, ((const struct pause_args *)p)->ms);
}

const struct step_verb step_pause = {
    .name = "pause",
    .doc = "Lets time pass.",
    .done = "the time is over",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct pause_args),
    .check = check,
    .run = run_pause,
};
