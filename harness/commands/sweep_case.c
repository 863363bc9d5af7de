/* sweep_case - see sweep_case.h. */
#include "harness/commands/sweep_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "harness/commands/charts.h"
#include "harness/commands/diagnose.h"
#include "harness/commands/run_case.h"
#include "harness/sweep/sweep.h"

void *sweep_case_open(size_t case_count)
{
    void *own = mmap(NULL, (case_count + 1) * sizeof(struct sweep_progress), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return own == MAP_FAILED ? NULL : own;
}

void sweep_case_progress(const void *own, size_t case_count, size_t *total, size_t *done, size_t *failed)
{
    const struct sweep_progress *progress = own;
    uint64_t planned = 0, tried = 0, findings = 0;

    for (size_t i = 0; i < case_count; i++) {
        planned += progress[i].planned > progress[i].done ? progress[i].planned : progress[i].done;
        tried += progress[i].done;
        findings += progress[i].findings;
    }
    *total = planned;
    *done = tried;
    *failed = findings;
}

void sweep_case_close(void *own, size_t case_count)
{
    munmap(own, (case_count + 1) * sizeof(struct sweep_progress));
}

/* Whether it can be swept at all. False with the result filled. */
static bool is_possible(const struct session_case *which, struct result *out)
{
    const struct scenario *scenario = which->selected->scenario;
    const char *missing = scenario_missing(scenario);
    const struct seam_error *error;

    if (missing) {
        out->status = RESULT_SKIPPED;
        if (asprintf(&out->reason, "requires %s, which is not here", missing) < 0)
            out->reason = NULL;
        return false;
    }
    if (scenario->sweep.off || scenario->xfail) {
        out->status = RESULT_SKIPPED;
        if (asprintf(&out->reason, "%s",
                     scenario->sweep.off ? "\"sweep\": false" : "it is known to fail (xfail)") < 0)
            out->reason = NULL;
        return false;
    }
    if (!run_world_of(which->world, &error)) {
        out->status = RESULT_ERROR;
        out->message = strdup(error->text);
        return false;
    }
    return true;
}

static struct sweep_options sweep_options_of(const struct options *options, const volatile sig_atomic_t *stop,
                                             struct sweep_progress *progress, char *options_text)
{
    return (struct sweep_options){
        .budget_cases = options->budget_cases,
        .budget_ns = options->budget_ns,
        .seed = options->seeded ? options->seed : SWEEP_SEED_DEFAULT,
        .pipeline = options->pipeline,
        .keep_going = !options->fail_fast,
        .no_shrink = options->no_shrink,
        .evidence = options->evidence,
        .paced_ns = options->paced_ns,
        .allow_remote = options->allow_remote,
        .only = options->cut ? &options->cuts : NULL,
        .output = options->output ? options->output : "seam-findings",
        .options_text = options_text,
        .stop = stop,
        .progress = progress,
        .draw = options->pictures ? charts_of_record : NULL,
    };
}

typedef void sweep_function(const struct scenario *scenario, struct world *world,
                            const struct sweep_options *options, struct result *out);

static void shrink(const struct scenario *scenario, struct world *world, const struct sweep_options *options,
                   struct result *out)
{
    sweep_shrink(scenario, options->only, world, options, out);
}

static void execute(const char *command, const struct session_case *which, sweep_function *function,
                    struct result *out)
{
    const struct seam_error *error;

    if (is_possible(which, out)) {
        char *text = run_case_options_text(which->options, true),
             *run_text = run_case_options_text(which->options, false);
        struct sweep_progress *progress = which->own;
        struct sweep_options options =
            sweep_options_of(which->options, which->stop, progress ? progress + which->index : NULL, text);
        options.loading = which->loading;
        options.run_text = run_text;
        function(which->selected->scenario, run_world_of(which->world, &error), &options, out);
        free(text);
        free(run_text);
    }
    run_case_begin(command, which->selected, which->options, out);
}

void sweep_case_execute(const struct session_case *which, struct result *out)
{
    execute("sweep", which, sweep_scenario, out);
}

void shrink_case_execute(const struct session_case *which, struct result *out)
{
    execute("shrink", which, shrink, out);
}

/* In this process, one scenario after another: only baselines run. */
int sweep_case_dry_run(const struct selected_cases *cases, const struct options *options)
{
    struct run_world *world = run_world_open();
    struct result_counts counts = {0};

    for (size_t i = 0; i < cases->count; i++) {
        struct session_case which = {.selected = &cases->items[i], .options = options, .world = world};
        struct sweep_options how = sweep_options_of(options, NULL, NULL, NULL);
        struct result result = {0};
        const struct seam_error *error;
        struct bytes text;

        bytes_init(&text, (size_t)1 << 30);
        fputs("# ", stdout);
        diagnose_text(stdout, which.selected->scenario->path);
        fputs(": ", stdout);
        diagnose_text(stdout, which.selected->scenario->name);
        printf(", seed %llu\n", (unsigned long long)how.seed);
        if (is_possible(&which, &result))
            sweep_dry_run(which.selected->scenario, run_world_of(world, &error), &how, &text, &result);
        fputs(bytes_text(&text), stdout);
        if (result.message || result.reason) {
            fputs("# ", stdout);
            diagnose_text(stdout, result.message ? result.message : result.reason);
            fputc('\n', stdout);
        }
        result_counts_add(&counts, &result);
        result_close(&result);
        bytes_free(&text);
    }
    run_world_close(world);
    return result_counts_exit(&counts);
}
