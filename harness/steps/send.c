/* send - writes to a connection: one write, or one per element of split; delivered by the burst's
 * segmentation. */
#include "harness/run.h"
#include "harness/steps/args.h"

static const char *const evidence_choices[] = {"sent", NULL};
static const char *const evidence_docs[] = {"Nobody needs to read this before more is sent.", NULL};

static const struct step_arg args[] = {
    {.name = "send",
     .kind = ARG_CONNECTION,
     .offset = offsetof(struct send_args, connection),
     .flags = ARG_REQUIRED,
     .doc = "The connection to write to.",
     .example = "\"alice\""},
    {.name = "line",
     .kind = ARG_LINE,
     .offset = offsetof(struct send_args, line),
     .doc = "Data; the delimiter is added.",
     .example = "\"hello\""},
    {.name = "lines",
     .kind = ARG_LINES,
     .offset = offsetof(struct send_args, lines),
     .doc = "Lines that leave in one write.",
     .example = "[\"one\", \"two\"]"},
    {.name = "data",
     .kind = ARG_DATA,
     .offset = offsetof(struct send_args, data),
     .doc = "Exact bytes.",
     .example = "{\"hex\": \"00ff\"}"},
    {.name = "split",
     .kind = ARG_SPLIT,
     .offset = offsetof(struct send_args, split),
     .doc = "A list: one write per element. A number, beside line, lines or data: chunks of so many bytes.",
     .example = "[\"hel\", \"lo\\n\"]"},
    {.name = "evidence",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct send_args, evidence),
     .choices = evidence_choices,
     .choice_docs = evidence_docs,
     .doc = "\"sent\": nobody needs to read this before more is sent; waives the proof by name.",
     .example = "\"sent\""},
};

static void check(struct step_check *check, const void *p)
{
    const struct send_args *a = p;
    int forms = (a->line != NULL) + (a->lines != NULL) + (a->data != NULL);
    bool list = a->split && !a->split->size;
    if (forms + list == 0) {
        step_check_error(check, NULL,
                         "\"send\" needs exactly one of \"line\", \"lines\", \"data\" or \"split\"");
    } else if (forms > 1 || (forms == 1 && list)) {
        step_check_error(check, list ? "split" : NULL,
                         "\"send\" takes exactly one of \"line\", \"lines\", \"data\" or a "
                         "list in \"split\"");
    }
}

static enum step_result run_send(struct run *run, const struct step *step, const void *p)
{
    const struct send_args *a = p;
    (void)step;
    const struct data *message = a->line ? a->line : a->lines ? a->lines : a->data;
    if (run_step_begins(run)) {
        enum step_result queued = run_queue_message(run, a->connection, message, a->split, a->evidence != 0);
        if (queued != STEP_DONE) {
            return queued;
        }
    }
    return run_pump_out(run, a->connection);
}

const struct step_verb step_send = {
    .name = "send",
    .doc =
        "Writes to a connection. One send is one write; split is one write per element, each proved apart.",
    .done = "written; the proof of a chunk is demanded before the next byte leaves",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct send_args),
    .check = check,
    .run = run_send,
};
