/* option_values - readers of values, for the table of options. Each answers 0, or -1 with error. */
#ifndef SEAM_HARNESS_COMMANDS_OPTION_VALUES_H
#define SEAM_HARNESS_COMMANDS_OPTION_VALUES_H

#include "harness/commands/options.h"

typedef int option_set(struct options *options, const char *value, struct seam_error *error);
option_set option_set_jobs, option_set_filter, option_set_cut, option_set_seed, option_set_evidence,
    option_set_define, option_set_repeat, option_set_shard, option_set_budget, option_set_output,
    option_set_bundle, option_set_target, option_set_program, option_set_format, option_set_file,
    option_set_parsers, option_set_play, option_set_mask, option_set_send, option_set_line_end, option_set_redact,
    option_set_listen, option_set_verify, option_set_stream, option_set_port, option_set_report,
    option_set_color, option_set_man;

#endif
