/* stop - sends TERM to a program, waits for its end and checks how it ended. */
#include <signal.h>

#include "harness/run.h"
#include "harness/step.h"

struct stop_args {
    size_t program;
    const struct number *exit;
    int killed;
};

static const struct step_arg args[] = {
    {.name = "stop",
     .kind = ARG_PROGRAM,
     .offset = offsetof(struct stop_args, program),
     .flags = ARG_REQUIRED,
     .doc = "The program to end.",
     .example = "\"server\""},
    {.name = "exit",
     .kind = ARG_NUMBER,
     .offset = offsetof(struct stop_args, exit),
     .min = 0,
     .max = 255,
     .doc = "The exit code that it must end with.",
     .example = "0"},
    {.name = "killed",
     .kind = ARG_SIGNAL,
     .offset = offsetof(struct stop_args, killed),
     .doc = "The signal that it must end by.",
     .example = "\"TERM\""},
};

static void check(struct step_check *check, const void *p)
{
    const struct stop_args *a = p;
    if (step_check_scenario(check)->programs[a->program].address) {
        step_check_error(check, "stop",
                         "this program was not started by Seam (it has an \"address\"): it can't be stopped");
    }
    if (a->exit && a->killed) {
        step_check_error(check, "killed", "\"exit\" and \"killed\" exclude each other");
    }
}

static enum step_result run_stop(struct run *run, const struct step *step, const void *p)
{
    const struct stop_args *a = p;
    const struct run_program *program = &run->programs[a->program];
    (void)step;
    run_step_begins(run);
    if (!program->term_sent) {
        /* What earlier steps make it say comes before TERM, in every run. */
        if (program->state == RUN_PROGRAM_READY && run_quiet_look(run, true) == RUN_QUIET_NOT_YET &&
            !run_out_of_time(run)) {
            return STEP_WAIT;
        }
        enum step_result sent = run_program_signal(run, a->program, SIGTERM, true);
        run->step_began_ns = run_now_ns(run);
        if (sent != STEP_DONE || !program->world) {
            return sent;
        }
    }
    return run_program_expect_end(run, a->program, a->exit, a->killed, true);
}

void step_stops(const struct step *step, struct step_end *wanted)
{
    const struct stop_args *a = step->args;
    *wanted = (struct step_end){a->program, a->exit != NULL, a->killed};
}

const struct step_verb step_stop = {
    .name = "stop",
    .doc = "Sends TERM to a program and waits for its end. Without exit or killed it may exit with any code, "
           "or die of that TERM.",
    .done = "its end was seen",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct stop_args),
    .check = check,
    .run = run_stop,
};
