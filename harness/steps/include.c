/* include - the steps of a part, replaced at load. An entry of it only binds the variables that it hands
 * over. */
#include "harness/run.h"
#include "harness/step.h"

struct include_args {
    const struct include_binding *vars;
};

static const struct step_arg args[] = {
    {.name = "include",
     .kind = ARG_FILE,
     .flags = ARG_REQUIRED,
     .doc = "A file with \"part\": true, relative to this file's folder.",
     .example = "\"login.part.json\""},
    {.name = "vars",
     .kind = ARG_VARS,
     .offset = offsetof(struct include_args, vars),
     .doc = "Variables for the part, expanded where the include stands.",
     .example = "{\"user\": \"anonymous\"}"},
};

static enum step_result run_include(struct run *run, const struct step *step, const void *p)
{
    const struct include_args *a = p;
    (void)step;
    return a->vars ? run_bind_vars(run, a->vars->vars, a->vars->count) : STEP_DONE;
}

const struct step_verb step_include = {
    .name = "include",
    .doc = "Runs the steps of another file.",
    .done = "replaced at load by that part's steps",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct include_args),
    .run = run_include,
};
