/* run - `seam run`: carries scenarios out and judges them. */
#include "harness/commands/command.h"
#include "harness/commands/run_case.h"
#include "harness/commands/session.h"

static void execute(const struct session_case *which, struct result *out)
{
    run_case_execute(which->selected, which->options, which->world, which->stop, NULL, out);
}

int command_run(int argc, char **argv)
{
    static const struct session_kind kind = {.command = "run", .execute = execute};
    return session_main(&kind, argc, argv);
}
