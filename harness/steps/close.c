/* close - ends a connection: FIN (write), FIN and gone (both), or RST (reset). */
#include "harness/run.h"
#include "harness/steps/args.h"

static const char *const how_choices[] = {"both", "write", "reset", NULL};
static const char *const how_docs[] = {"FIN, and Seam reads no more.",
                                       "Half-close: FIN, and Seam still reads.", "RST.", NULL};

static const struct step_arg args[] = {
    {.name = "close",
     .kind = ARG_CONNECTION,
     .offset = offsetof(struct close_args, connection),
     .flags = ARG_REQUIRED,
     .doc = "The connection.",
     .example = "\"alice\""},
    {.name = "how",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct close_args, how),
     .choices = how_choices,
     .choice_docs = how_docs,
     .doc = "\"both\" (default), \"write\": half-close, Seam still reads, or \"reset\": RST.",
     .example = "\"write\""},
};

bool step_close_is_write(const struct step *step, size_t *connection)
{
    const struct close_args *a = step->args;
    *connection = a->connection;
    return a->how == RUN_CLOSE_WRITE;
}

static enum step_result run_close(struct run *run, const struct step *step, const void *p)
{
    const struct close_args *a = p;
    (void)step;
    return run_close_connection(run, a->connection, a->how ? (enum run_close)a->how : RUN_CLOSE_BOTH);
}

const struct step_verb step_close = {
    .name = "close",
    .doc = "Ends a connection. Bytes that no step took fail here, unless rest is \"ignore\".",
    .done = "sent, and its arrival was seen",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct close_args),
    .run = run_close,
};
