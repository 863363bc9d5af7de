/*
 * run_case - skips what lacks a requirement, runs the rest, turns what `xfail` foresaw round, and completes
 * the result.
 *
 * The runner knows the scenario; what only the command line knows (rounds, options of the rerun command) is
 * added here.
 */
#include "harness/commands/run_case.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/commands/charts.h"
#include "harness/commands/shell_quote.h"
#include "harness/exchange/bundle.h"
#include "harness/runner.h"
#include "harness/world/world.h"

struct run_world {
    struct world *world; /* NULL: error says why */
    struct seam_error error;
};

struct run_world *run_world_open(void)
{
    struct run_world *shared = calloc(1, sizeof *shared);
    if (shared)
        shared->world = world_real_new(&shared->error);
    return shared;
}

void run_world_close(struct run_world *shared)
{
    if (shared && shared->world)
        world_free(shared->world);
    free(shared);
}

struct world *run_world_of(struct run_world *shared, const struct seam_error **error)
{
    static const struct seam_error no_memory = {.text = "out of memory"};

    *error = shared ? &shared->error : &no_memory;
    return shared ? shared->world : NULL;
}

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = text ? strdup(text) : NULL;
}

static __attribute__((format(printf, 2, 3))) void set_format(char **to, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    free(*to);
    *to = text;
}

static void append_option(struct bytes *out, const char *name, const char *value)
{
    shell_quote_append(out, name);
    if (value)
        shell_quote_append(out, value);
}

static void append_number(struct bytes *out, const char *name, uint64_t number, const char *unit)
{
    char text[64];
    snprintf(text, sizeof text, "%llu%s", (unsigned long long)number, unit);
    append_option(out, name, text);
}

/* Everything that changes what a run of any kind does. */
static void append_run_options(const struct options *options, bool with_defines, struct bytes *out)
{
    char text[64];

    if (options->evidence == EVIDENCE_SENT)
        append_option(out, "--evidence", "sent");
    if (options->evidence == EVIDENCE_PACED) {
        snprintf(text, sizeof text, "paced=%llu", (unsigned long long)(options->paced_ns / 1000000));
        append_option(out, "--evidence", text);
    }
    for (size_t i = 0; with_defines && i < options->define_count; i++) {
        char *define = NULL;
        if (asprintf(&define, "%s=%s", options->defines[i].name, options->defines[i].value) >= 0)
            append_option(out, "--define", define);
        free(define);
    }
    if (options->allow_remote)
        append_option(out, "--allow-remote", NULL);
    if (options->allow_outside)
        append_option(out, "--allow-outside", NULL);
}

char *run_case_options_text(const struct options *options, bool with_defines)
{
    struct bytes out;
    char *text = NULL;

    bytes_init(&out, (size_t)1 << 24);
    append_run_options(options, with_defines, &out);
    if (asprintf(&text, "%s%s", out.length > 0 ? " " : "", bytes_text(&out)) < 0)
        text = NULL;
    bytes_free(&out);
    return text;
}

/* Everything that changes what it does, and nothing that changes how much is told of it. */
static char *rerun_command(const char *name, const struct selected_case *selected,
                           const struct options *options)
{
    const char *row = strrchr(selected->scenario->name, '[');
    struct bytes out;

    bytes_init(&out, (size_t)1 << 24);
    append_option(&out, "seam", name);
    shell_quote_append(&out, selected->scenario->path);
    if (row && strchr(row, ']')) /* of a table: this row only */
        append_option(&out, "--filter", selected->scenario->name);
    if (options->cut)
        append_option(&out, "--cut", options->cut);
    if (options->seeded)
        append_number(&out, "--seed", options->seed, "");
    if (options->budget_cases)
        append_number(&out, "--budget", options->budget_cases, "");
    else if (options->budget_ns)
        append_number(&out, "--budget", options->budget_ns / 1000000, "ms");
    if (options->pipeline)
        append_option(&out, "--pipeline", NULL);
    append_run_options(options, true, &out);
    char *command = strdup(bytes_text(&out));
    bytes_free(&out);
    return command;
}

void run_case_begin(const char *command, const struct selected_case *selected, const struct options *options,
                    struct result *out)
{
    const struct scenario *scenario = selected->scenario;

    set_text(&out->path, scenario->path);
    if (options->repeat > 1)
        set_format(&out->name, "%s (%zu/%zu)", scenario->name, selected->round + 1, options->repeat);
    else
        set_text(&out->name, scenario->name);
    free(out->rerun);
    out->rerun = rerun_command(command, selected, options);
}

static void fail_to_run(struct result *out, const struct scenario *scenario, const struct seam_error *error)
{
    out->status = RESULT_ERROR;
    out->line = error->line;
    out->column = error->column;
    if (error->line > 0 && error->path && strcmp(error->path, scenario->path) != 0)
        set_text(&out->file, error->path);
    set_text(&out->message, error->text);
    set_text(&out->why, scenario->why);
}

/* What stands in a part names the part; the result belongs to the scenario. */
static void keep_place(struct result *out, const struct scenario *scenario)
{
    if (out->path && strcmp(out->path, scenario->path) != 0)
        set_text(&out->file, out->path);
}

/* What came of it is said among the notes. */
static void write_bundle(const struct scenario *scenario, const struct options *options,
                         const struct run *run, struct result *out)
{
    char *path = NULL, *plain = run_case_options_text(options, false),
         *defines = run_case_options_text(options, true);
    struct seam_error error = {0};
    const struct bundle_request request = {
        .folder = options->bundle,
        .scenario = scenario,
        .transcript = run_transcript(run),
        .result = out,
        .options = plain ? plain : "",
        .defines = defines ? defines : "",
        .version = SEAM_VERSION,
    };
    if (bundle_write(&request, &path, &error) == 0)
        set_format(&out->notes, "%sbundle: %s/README\n", out->notes ? out->notes : "", path);
    else
        set_format(&out->notes, "%sno bundle: %s\n", out->notes ? out->notes : "", error.text);
    free(path);
    free(plain);
    free(defines);
}

static void apply_xfail(const struct scenario *scenario, struct result *out)
{
    if (!scenario->xfail)
        return;
    if (out->status == RESULT_FAILED) {
        out->status = RESULT_XFAILED;
        set_text(&out->reason, scenario->xfail);
    } else if (out->status == RESULT_PASSED) {
        out->status = RESULT_FAILED;
        out->line = scenario->place.line;
        out->column = scenario->place.column;
        set_format(&out->message, "passed, but xfail says: %s", scenario->xfail);
        set_text(&out->why, scenario->why);
    }
}

static void run_in_world(const struct selected_case *selected, const struct options *options,
                         struct world *world, const volatile sig_atomic_t *stop,
                         const struct run_case_viewer *viewer, struct result *out)
{
    const struct scenario *scenario = selected->scenario;
    struct run_options run_options = {
        .evidence = options->evidence,
        .paced_ns = options->paced_ns,
        .keep = options->keep,
        .allow_remote = options->allow_remote,
        .drop_folders = viewer != NULL || options->update,
        .update = options->update,
    };
    struct seam_error error = {0};
    struct run *run = run_new(scenario, options->cut ? &options->cuts : NULL, world, &run_options, &error);

    if (!run) {
        fail_to_run(out, scenario, &error);
        return;
    }
    bool goes_on = true;
    while (!*stop && (goes_on = run_advance(run)))
        world->ops->wait(world, run_due_ns(run));
    if (!goes_on) {
        run_result(run, out);
        keep_place(out, scenario);
        if (options->bundle && out->status != RESULT_PASSED &&
            !(out->status == RESULT_FAILED && scenario->xfail))
            write_bundle(scenario, options, run, out);
        apply_xfail(scenario, out);
        run_case_begin("run", selected, options, out);
        if (options->pictures)
            out->charts = charts_of_run(scenario, run, out);
        if (viewer)
            viewer->see(viewer->context, run, out);
    }
    run_free(run);
}

void run_case_execute(const struct selected_case *selected, const struct options *options,
                      struct run_world *shared, const volatile sig_atomic_t *stop,
                      const struct run_case_viewer *viewer, struct result *out)
{
    const struct scenario *scenario = selected->scenario;
    const char *missing = scenario_missing(scenario);
    const struct seam_error *error;

    if (missing) {
        out->status = RESULT_SKIPPED;
        set_format(&out->reason, "requires %s, which is not here", missing);
    } else if (!run_world_of(shared, &error)) {
        fail_to_run(out, scenario, error);
    } else {
        run_in_world(selected, options, shared->world, stop, viewer, out);
    }
    run_case_begin("run", selected, options, out);
    if (!options->verbose)
        set_text(&out->wire, NULL); /* long, and nobody will print it */
}
