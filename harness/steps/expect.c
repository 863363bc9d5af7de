/* expect - takes a unit from a stream and checks it; or silence, a reset, or the end of a program. */
#include "harness/run.h"
#include "harness/steps/args.h"

#include <stdlib.h>
#include <string.h>

#define AT(field) .offset = offsetof(struct expect_args, field)

static const struct step_arg args[] = {
    {.name = "expect",
     .kind = ARG_STREAM,
     AT(stream),
     .flags = ARG_REQUIRED,
     .doc = "A connection, program.stdout, program.stderr, program.LOG, or a program (with exit or killed).",
     .example = "\"alice\""},
    {.name = "line",
     .kind = ARG_LINE,
     AT(line),
     .doc = "This line, then the delimiter.",
     .example = "\"hello\""},
    {.name = "lines",
     .kind = ARG_LINES,
     AT(lines),
     .doc = "These lines.",
     .example = "[\"ok one\", \"ok two\"]"},
    {.name = "data",
     .kind = ARG_DATA,
     AT(data),
     .doc = "Exactly these bytes.",
     .example = "{\"hex\": \"000aff\"}"},
    {.name = "size",
     .kind = ARG_NUMBER,
     AT(size),
     .min = 0,
     .max = (int64_t)SCENARIO_RECEIVED_BYTES_MAX,
     .doc = "So many bytes.",
     .example = "\"${n}\""},
    {.name = "until",
     .kind = ARG_UNTIL,
     AT(until),
     .doc = "Up to and with these bytes; or {\"matches\": re}: lines up to and with the first that matches.",
     .example = "\"\\r\\n\\r\\n\""},
    {.name = "eof",
     .kind = ARG_BOOL_TRUE,
     AT(eof),
     .doc = "The rest, whatever it is unless a literal or matches says, then the end of the stream.",
     .example = "true"},
    {.name = "matches",
     .kind = ARG_PATTERN,
     AT(matches),
     .doc = "A PCRE2 pattern that must match the whole unit; alone: the next line, without its delimiter. "
            "Named groups become "
            "variables.",
     .example = "\"220 (?<host>\\\\S+) .*\""},
    {.name = "unordered",
     .kind = ARG_LINE_LIST,
     AT(unordered),
     .doc = "As many lines as it has entries, in any order.",
     .example = "[\"a\", \"b\"]"},
    {.name = "silence",
     .kind = ARG_SILENCE,
     AT(silence),
     .doc = "true: settled and nothing more; a number: open and silent for that many milliseconds.",
     .example = "true"},
    {.name = "reset", .kind = ARG_BOOL_TRUE, AT(reset), .doc = "The connection is reset.", .example = "true"},
    {.name = "exit",
     .kind = ARG_NUMBER,
     AT(exit),
     .min = 0,
     .max = 255,
     .doc = "The program ends by itself with this exit code.",
     .example = "0"},
    {.name = "killed",
     .kind = ARG_SIGNAL,
     AT(killed),
     .doc = "The program ends by this signal.",
     .example = "\"SEGV\""},
    {.name = "within_ms",
     .kind = ARG_NUMBER,
     AT(within_ms),
     .min = 1,
     .max = 3600000,
     .doc = "Bounds the wait where facts don't tell; default timeout_ms.",
     .example = "500"},
};

static void check_process(struct step_check *check, const struct expect_args *a, int units)
{
    const struct program *program = &step_check_scenario(check)->programs[a->stream.index];
    if (program->address) {
        step_check_error(
            check, "expect",
            "this program was not started by Seam (it has an \"address\"): its end can't be seen");
    } else if (units || a->matches) {
        step_check_error(check, "expect", "a program has no bytes: name its stream, such as \"%s.stdout\"",
                         program->name);
    } else if (!a->exit == !a->killed) {
        step_check_error(check, NULL, "expecting a program needs exactly one of \"exit\" or \"killed\"");
    }
}

static void check(struct step_check *check, const void *p)
{
    const struct expect_args *a = p;
    int literal = (a->line != NULL) + (a->lines != NULL) + (a->data != NULL);
    int units = literal + (a->size != NULL) + (a->until != NULL) + a->eof + (a->unordered != NULL) +
                (a->silence != NULL) + a->reset;
    if (a->stream.kind == STREAM_PROGRAM) {
        check_process(check, a, units);
        return;
    }
    if (a->exit || a->killed) {
        step_check_error(check, a->exit ? "exit" : "killed",
                         "\"exit\" and \"killed\" are for a program, not for one of its streams");
    }
    if (units == 0 && !a->matches && !a->exit && !a->killed) {
        step_check_error(check, NULL,
                         "\"expect\" needs what to take: line, lines, data, size, until, eof, matches, "
                         "unordered, silence or reset");
    }
    if (units - (literal && a->eof) > 1) {
        step_check_error(check, NULL, "\"expect\" takes one unit, but several are given");
    }
    if (a->matches && (literal || a->unordered || a->silence || a->reset)) {
        step_check_error(
            check, "matches",
            "\"matches\" checks size, until or eof, or stands alone; a literal is its own check");
    }
    if (a->reset && a->stream.kind != STREAM_CONNECTION) {
        step_check_error(check, "reset", "only a connection can be reset");
    }
}

static int fill_unordered(struct run *run, const struct expect_args *a, const struct delimiter *delimiter)
{
    struct seam_error error = {0};
    size_t n = a->unordered->item_count;
    run->want.unordered = calloc(n ? n : 1, sizeof *run->want.unordered);
    if (!run->want.unordered) {
        return -1;
    }
    run->want.unordered_count = n;
    for (size_t i = 0; i < n; i++) {
        bytes_init(&run->want.unordered[i], SCENARIO_RECEIVED_BYTES_MAX);
        if (data_expand(a->unordered->items[i], &run->values, delimiter, &run->want.unordered[i], &error) <
            0) {
            run_fail_error(run, RESULT_FAILED, &error);
            return -1;
        }
    }
    return 0;
}

/* Says what is wanted in run->want; -1 when the run has failed. */
static int fill_want(struct run *run, const struct expect_args *a)
{
    struct seam_error error = {0};
    struct expect_want *want = &run->want;
    const struct data *literal = a->line ? a->line : a->lines ? a->lines : a->data;
    want->matches = a->matches;
    want->whole_lines = a->line || a->lines;
    want->has_literal = literal != NULL;
    want->unit = a->eof              ? EXPECT_REST
                 : literal           ? EXPECT_LITERAL
                 : a->size           ? EXPECT_SIZE
                 : a->unordered      ? EXPECT_UNORDERED
                 : !a->until         ? EXPECT_LINE
                 : a->until->matches ? EXPECT_UNTIL_MATCH
                                     : EXPECT_UNTIL;
    if (a->unordered) {
        return fill_unordered(run, a, &want->delimiter);
    }
    if (a->size) {
        int64_t size = 0;
        if (number_expand(a->size, &run->values, &size, &error) < 0) {
            run_fail_error(run, RESULT_FAILED, &error);
            return -1;
        }
        if (size < 0) {
            run_fail(run, RESULT_FAILED, &a->size->place, "\"size\" is %lld: it can't be negative",
                     (long long)size);
            return -1;
        }
        want->size = (uint64_t)size;
    }
    want->until_matches = a->until ? a->until->matches : NULL;
    const struct data *bytes = literal ? literal : a->until ? a->until->data : NULL;
    if (bytes && data_expand(bytes, &run->values, &want->delimiter, &want->literal, &error) < 0) {
        run_fail_error(run, RESULT_FAILED, &error);
        return -1;
    }
    return 0;
}

static enum step_result run_expect(struct run *run, const struct step *step, const void *p)
{
    const struct expect_args *a = p;
    (void)step;
    bool first = run_step_begins(run);
    if (first && run_limit_ms(run, a->within_ms) < 0) {
        return STEP_FAIL;
    }
    if (a->stream.kind == STREAM_PROGRAM) {
        return run_program_expect_end(run, a->stream.index, a->exit, a->killed, false);
    }
    if (a->silence) {
        return run_expect_silence(run, &a->stream, a->silence->ms);
    }
    if (a->reset) {
        return run_expect_reset(run, &a->stream);
    }
    if (first) {
        run_expect_begin(run, &a->stream);
        if (fill_want(run, a) < 0) {
            return STEP_FAIL;
        }
    }
    return run_expect_unit(run, &a->stream);
}

bool step_expects_end(const struct step *step, struct step_end *wanted)
{
    const struct expect_args *a = step->args;
    *wanted = (struct step_end){a->stream.index, a->exit != NULL, a->killed};
    return a->stream.kind == STREAM_PROGRAM;
}

const struct step_verb step_expect = {
    .name = "expect",
    .doc = "Takes a unit from a stream and checks it. Connections are strict, outputs and logs are searched.",
    .done = "the unit is complete and right",
    .args = args,
    .arg_count = sizeof args / sizeof args[0],
    .args_bytes = sizeof(struct expect_args),
    .check = check,
    .run = run_expect,
};
