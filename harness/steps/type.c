/* type - writes to a program's stdin, as a person would. Typed input is never cut. */
#include "harness/run.h"
#include "harness/step.h"

struct type_args {
    size_t program;
    const struct data *line;
    const struct data *lines;
    const struct data *data;
    bool eof;
};

static const struct step_arg args[] = {
    {.name = "type",
     .kind = ARG_PROGRAM,
     .offset = offsetof(struct type_args, program),
     .flags = ARG_REQUIRED,
     .doc = "The program whose stdin is written to.",
     .example = "\"server\""},
    {.name = "line",
     .kind = ARG_LINE,
     .offset = offsetof(struct type_args, line),
     .doc = "A line; \\n is added, whatever the delimiter.",
     .example = "\"hello\""},
    {.name = "lines",
     .kind = ARG_LINES,
     .offset = offsetof(struct type_args, lines),
     .doc = "Lines, in one write.",
     .example = "[\"one\", \"two\"]"},
    {.name = "data",
     .kind = ARG_DATA,
     .offset = offsetof(struct type_args, data),
     .doc = "Exact bytes.",
     .example = "{\"hex\": \"04\"}"},
    {.name = "eof",
     .kind = ARG_BOOL_TRUE,
     .offset = offsetof(struct type_args, eof),
     .doc = "Closes stdin, after the data when there is any.",
     .example = "true"},
};

static void check(struct step_check *check, const void *p)
{
    const struct type_args *a = p;
    const struct program *program = &step_check_scenario(check)->programs[a->program];
    int forms = (a->line != NULL) + (a->lines != NULL) + (a->data != NULL);
    if (program->address) {
        step_check_error(
            check, "type",
            "this program was not started by Seam (it has an \"address\"): it has no stdin here");
    }
    if (program->stdio) {
        step_check_error(check, "type", "a stdio program's stdin belongs to its connection: use send");
    }
    if (forms > 1 || (forms == 0 && !a->eof)) {
        step_check_error(check, NULL,
                         "\"type\" needs exactly one of \"line\", \"lines\" or \"data\", or \"eof\": true");
    }
}

static enum step_result run_type(struct run *run, const struct step *step, const void *p)
{
    const struct type_args *a = p;
    (void)step;
    return run_type_into(run, a->program, a->line ? a->line : a->lines ? a->lines : a->data, a->eof);
}

const struct step_verb step_type = {
    .name = "type",
    .doc = "Writes to a program's stdin.",
    .done = "written, and read where that can be seen",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct type_args),
    .check = check,
    .run = run_type,
};
