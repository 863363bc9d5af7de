/*
 * args - the arguments of the verbs, for whoever looks into steps or makes some: the sweep does both.
 *
 * Loading fills these structs by the tables of the verbs (step.h); absent arguments are zero.
 */
#ifndef SEAM_HARNESS_STEPS_ARGS_H
#define SEAM_HARNESS_STEPS_ARGS_H

#include "harness/step.h"

struct connect_args {
    size_t connection;
    struct connect_target to;
    bool refused;
};

struct accept_args {
    size_t connection;
    size_t from;
};

struct send_args {
    size_t connection;
    const struct data *line;
    const struct data *lines;
    const struct data *data;
    const struct split *split;
    int evidence; /* not 0: "sent" */
};

struct close_args {
    size_t connection;
    int how; /* 0: both; else enum run_close */
};

struct expect_args {
    struct stream_ref stream;
    const struct data *line;
    const struct data *lines;
    const struct data *data;
    const struct number *size;
    const struct until *until;
    bool eof;
    const struct pattern *matches;
    const struct data *unordered;
    const struct silence *silence;
    bool reset;
    const struct number *exit;
    int killed;
    const struct number *within_ms;
};

struct settle_args {
    size_t program;
    const struct number *within_ms;
};

extern const struct step_verb step_accept, step_close, step_connect, step_expect, step_include, step_listen,
    step_pause, step_repeat, step_send, step_settle, step_signal, step_start, step_stop, step_type;

#endif
