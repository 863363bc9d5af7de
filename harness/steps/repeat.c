/* repeat - steps that run several times; unrolled at load. An entry of it only binds its variable. */
#include "harness/run.h"
#include "harness/step.h"

struct repeat_args {
    const struct number *count;
    size_t as; /* slot + 1; 0: no variable */
};

static const struct step_arg args[] = {
    {.name = "repeat",
     .kind = ARG_NUMBER,
     .offset = offsetof(struct repeat_args, count),
     .flags = ARG_REQUIRED,
     .min = 0,
     .max = SCENARIO_SCRIPT_STEPS_MAX,
     .doc = "How many times; known before anything starts.",
     .example = "100"},
    {.name = "as",
     .kind = ARG_NAME_NEW,
     .offset = offsetof(struct repeat_args, as),
     .doc = "A variable that counts from 0.",
     .example = "\"i\""},
    {.name = "steps",
     .kind = ARG_STEPS,
     .flags = ARG_REQUIRED,
     .doc = "The steps.",
     .example = "[{\"send\": \"alice\", \"line\": \"${i}\"}]"},
};

static enum step_result run_repeat(struct run *run, const struct step *step, const void *p)
{
    const struct repeat_args *a = p;
    (void)step;
    return a->as ? run_bind_number(run, a->as - 1, run_script_entry(run)->repeat_index) : STEP_DONE;
}

const struct step_verb step_repeat = {
    .name = "repeat",
    .doc = "Runs steps several times.",
    .done = "unrolled at load",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct repeat_args),
    .run = run_repeat,
};
