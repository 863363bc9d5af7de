/* sweep - `seam sweep`: tries every segmentation; see harness/sweep/sweep.h. */
#include "harness/commands/command.h"
#include "harness/commands/sweep_case.h"

int command_sweep(int argc, char **argv)
{
    static const struct session_kind kind = {
        .command = "sweep",
        .execute = sweep_case_execute,
        .dry_run = sweep_case_dry_run,
        .open = sweep_case_open,
        .progress = sweep_case_progress,
        .close = sweep_case_close,
    };
    return session_main(&kind, argc, argv);
}
