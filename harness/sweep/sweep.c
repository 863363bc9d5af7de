/* sweep - the order of things; see sweep.h, and sweep_inside.h for the files that carry it out. */
#include "harness/sweep/sweep_inside.h"

#include "harness/format_keys.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { NOTES_BYTES_MAX = 65536 };

bool sweep_stopped(const struct sweep *sweep)
{
    return sweep->options->stop && *sweep->options->stop;
}

bool sweep_is_over(struct sweep *sweep)
{
    if (sweep->deadline_ns && sweep->world->ops->now_ns(sweep->world) > sweep->deadline_ns) {
        sweep->out_of_time = true;
    }
    return sweep_stopped(sweep) || sweep->status != RESULT_PASSED || sweep->failed_fast || sweep->out_of_time;
}

void sweep_note(struct sweep *sweep, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    if (vasprintf(&text, format, args) >= 0) {
        bytes_append_text(&sweep->notes, text); /* past the bound: what is there already says enough */
        bytes_append_text(&sweep->notes, "\n");
        free(text);
    }
    va_end(args);
}

void sweep_fail(struct sweep *sweep, enum result_status status, const struct record *record,
                const char *format, ...)
{
    va_list args;
    if (sweep->status != RESULT_PASSED) {
        return;
    }
    sweep->status = status;
    va_start(args, format);
    if (vasprintf(&sweep->message, format, args) < 0) {
        sweep->message = NULL;
    }
    va_end(args);
    if (record) {
        sweep->detail = record->detail ? strdup(record->detail) : NULL;
        if (sscanf(record->path_line, "%d:%d", &sweep->line, &sweep->column) != 2) {
            sweep->line = sweep->column = 0;
        }
    }
}

static void open_sweep(struct sweep *sweep, const struct scenario *scenario, struct world *world,
                       const struct sweep_options *options)
{
    *sweep = (struct sweep){
        .scenario = scenario, .world = world, .options = options, .masks = {.scenario = scenario}};
    bytes_init(&sweep->notes, NOTES_BYTES_MAX);
    sweep->budget_cases = options->budget_cases          ? options->budget_cases
                          : scenario->sweep.budget_cases ? scenario->sweep.budget_cases
                                                         : SWEEP_BUDGET_CASES_DEFAULT;
    uint64_t budget_ns = options->budget_ns      ? options->budget_ns
                         : options->budget_cases ? 0
                                                 : scenario->sweep.budget_ns;
    if (budget_ns) {
        sweep->deadline_ns = world->ops->now_ns(world) + budget_ns;
        sweep->budget_cases = options->budget_cases ? options->budget_cases : 1000000;
    }
    for (size_t i = 0; i < SCENARIO_ORACLE_COUNT; i++) {
        sweep->oracle_off[i] = scenario->sweep.oracle_off[i] != NULL;
        if (sweep->oracle_off[i]) {
            sweep_note(sweep, "oracle %s is off: %s", format_oracle_keys[i].name,
                       scenario->sweep.oracle_off[i]);
        }
    }
    subject_plain(scenario, &sweep->plain);
}

static void close_sweep(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->finding_count; i++) {
        finding_close(&sweep->findings[i]);
    }
    for (size_t i = 0; i < sweep->variant_count; i++) {
        subject_close(sweep->variants[i]);
        free(sweep->variants[i]);
    }
    subject_close(&sweep->plain);
    masks_close(&sweep->masks);
    map_close(&sweep->map);
    free(sweep->pending);
    free(sweep->message);
    free(sweep->detail);
    bytes_free(&sweep->notes);
}

/* The baseline twice, so that a clock is known as one from the start. False: there is nothing to hold cases
 * against. */
static bool prepare_plain(struct sweep *sweep)
{
    struct subject *plain = &sweep->plain;
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
    struct record second;
    if (!sweep_prepare(sweep, plain)) {
        if (plain->has_baseline && plain->baseline.failed) {
            sweep_fail(sweep, plain->baseline.status, &plain->baseline,
                       "the baseline fails, so nothing was swept: %s",
                       plain->baseline.message ? plain->baseline.message : "no message");
        }
        return false;
    }
    if (sweep_run_alone(sweep, &plain->scenario, NULL, &options, &second) < 0) {
        return false;
    }
    if (second.failed) {
        sweep_fail(sweep, RESULT_ERROR, &second, "the scenario as written passed once and then failed: %s",
                   second.message ? second.message : "");
    } else {
        sweep_learn(sweep, &plain->baseline, &second);
    }
    record_close(&second);
    sweep->weakest = plain->baseline.evidence;
    return !sweep_is_over(sweep);
}

static bool make_plan(struct sweep *sweep)
{
    struct plan_options options = {.budget = sweep->budget_cases, .seed = sweep->options->seed};
    if (plan_make(&sweep->plain.layout, &sweep->plain.scenario, &sweep->plain.baseline, &options,
                  &sweep->plain.plan) < 0) {
        sweep_fail(sweep, RESULT_ERROR, NULL, "out of memory");
        return false;
    }
    if (sweep->options->progress) {
        sweep->options->progress->planned = sweep->plain.plan.count;
    }
    return true;
}

/* --cut: one segmentation is judged, and no plan is made. */
static void only_this(struct sweep *sweep)
{
    struct plan *plan = &sweep->plain.plan;
    struct bytes id;
    bytes_init(&id, (size_t)1 << 24);
    for (size_t i = 0; i < plan->count; i++) {
        segmentation_close(&plan->cases[i].segmentation);
        free(plan->cases[i].id);
    }
    plan->count = 0;
    if (!plan->cases) {
        plan->cases = calloc(1, sizeof *plan->cases);
        plan->capacity = plan->cases != NULL;
    }
    if (plan->cases && segmentation_copy(sweep->options->only, &plan->cases[0].segmentation) == 0) {
        segmentation_print(sweep->options->only, &id);
        plan->cases[0].id = strdup(bytes_text(&id));
        plan->cases[0].kind = CASE_RANDOM;
        plan->cases[0].message = SIZE_MAX;
        plan->cases[0].cut_count = 0;
        plan->count = 1;
        sweep_cases(sweep, &sweep->plain, false);
    }
    bytes_free(&id);
}

static void carry_out(struct sweep *sweep)
{
    if (!prepare_plain(sweep) || !make_plan(sweep)) {
        if (sweep->out_of_time) {
            sweep_fail(sweep, RESULT_ERROR, NULL,
                       "--budget was over before anything but the baseline had run");
        }
        return;
    }
    if (sweep->options->only) {
        only_this(sweep);
        return;
    }
    if (sweep->plain.plan.count > 0) {
        sweep_choose_company(sweep);
        sweep_cases(sweep, &sweep->plain, true);
    }
    if (sweep->plain.layout.message_count > 0) {
        sweep_variants(sweep);
        sweep_health(sweep);
        sweep_cost(sweep);
    }
}

void sweep_scenario(const struct scenario *scenario, struct world *world, const struct sweep_options *options,
                    struct result *out)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);
    uint64_t began_ns = world->ops->now_ns(world);
    *out = (struct result){0};
    if (!sweep) {
        out->status = RESULT_ERROR;
        out->message = strdup("out of memory");
        return;
    }
    open_sweep(sweep, scenario, world, options);
    carry_out(sweep);
    if (!sweep_stopped(sweep)) {
        sweep_shrink_findings(sweep);
        sweep_tell(sweep, out);
    }
    out->duration_ns = world->ops->now_ns(world) - began_ns;
    close_sweep(sweep);
    free(sweep);
}

int sweep_dry_run(const struct scenario *scenario, struct world *world, const struct sweep_options *options,
                  struct bytes *out, struct result *result)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);
    int failed = -1;
    *result = (struct result){0};
    if (!sweep) {
        result->status = RESULT_ERROR;
        result->message = strdup("out of memory");
        return -1;
    }
    open_sweep(sweep, scenario, world, options);
    if (prepare_plain(sweep) && make_plan(sweep)) {
        failed = 0;
        for (size_t i = 0; i < sweep->plain.plan.count; i++) {
            const struct plan_case *c = &sweep->plain.plan.cases[i];
            bytes_append_format(out, "%-28s %s\n", case_kind_words[c->kind], c->id);
        }
    } else if (!sweep_stopped(sweep)) {
        sweep_tell(sweep, result);
    }
    close_sweep(sweep);
    free(sweep);
    return failed;
}

void sweep_shrink(const struct scenario *scenario, const struct segmentation *segmentation,
                  struct world *world, const struct sweep_options *options, struct result *out)
{
    struct sweep_options only = *options;
    struct segmentation own = {0};
    struct seam_error error = {0};
    only.only = segmentation;
    only.keep_going = true;
    if (!segmentation && scenario->cut && segmentation_parse(scenario->cut, &own, &error) == 0) {
        only.only = &own;
    }
    sweep_scenario(scenario, world, &only, out);
    segmentation_close(&own);
}
