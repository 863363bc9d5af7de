/* shrink - `seam shrink`: makes a failure that depends on the cuts small; see harness/sweep/sweep.h. */
#include "harness/commands/command.h"
#include "harness/commands/sweep_case.h"

int command_shrink(int argc, char **argv)
{
    static const struct session_kind kind = {
        .command = "shrink",
        .execute = shrink_case_execute,
        .open = sweep_case_open,
        .progress = sweep_case_progress,
        .close = sweep_case_close,
    };
    return session_main(&kind, argc, argv);
}
