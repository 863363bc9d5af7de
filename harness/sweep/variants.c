/*
 * variants - what a plan of cuts can't reach: the end of the stream, a peer that does not read, a barrier,
 * pipelining.
 *
 * Each is a scenario derived from the plain one (subject.h) with baselines of its own; one that does not suit
 * the program is left out, and said.
 */
#include "harness/sweep/sweep_inside.h"

#include <stdlib.h>
#include <string.h>

static struct subject *keep(struct sweep *sweep, const struct subject *subject)
{
    struct subject *kept = malloc(sizeof *kept);
    if (kept && sweep->variant_count < sizeof sweep->variants / sizeof sweep->variants[0]) {
        *kept = *subject;
        sweep->variants[sweep->variant_count++] = kept;
        return kept;
    }
    free(kept);
    return NULL;
}

static struct subject *keep_or_close(struct sweep *sweep, struct subject *subject)
{
    struct subject *kept = keep(sweep, subject);
    if (!kept) {
        subject_close(subject);
    }
    return kept;
}

/* One run of a variant. What it showed, judged by the caller's reference; odd: held against it once more. */
static void one_case(struct sweep *sweep, struct subject *subject, enum case_kind kind,
                     const struct segmentation *segmentation, const char *id)
{
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_CALM);
    struct sweep_case which = {
        .subject = subject, .kind = kind, .segmentation = segmentation, .id = id, .number = SIZE_MAX};
    struct record record;
    struct judgement judgement;
    size_t earlier;
    if (sweep_is_over(sweep) ||
        sweep_run_alone(sweep, &subject->scenario, segmentation, &options, &record) < 0) {
        return;
    }
    sweep_count(sweep, &record, kind);
    bool unsuited =
        record.failed && (record.failure == RUN_FAILURE_UNREAD || record.failure == RUN_FAILURE_MISFIT);
    if (subject->kind == SUBJECT_SLOW && unsuited) {
        record_close(&record); /* it reads no more while it can't write: as it may */
        return;
    }
    enum verdict verdict = sweep_judge(sweep, &which, &record, false, &judgement, &earlier);
    if (verdict == VERDICT_ERROR) {
        sweep_fail(sweep, RESULT_ERROR, &record, "%s (%s, cut %s)",
                   judgement.text ? judgement.text : "an error", subject->name, id);
    }
    judgement_close(&judgement);
    if (verdict == VERDICT_ODD) {
        sweep_suspect(sweep, &which, &record, false);
        sweep_clear_up(sweep);
    } else {
        record_close(&record);
    }
}

/* --- FIN
 * ------------------------------------------------------------------------------------------------------------
 */

static void sweep_fin(struct sweep *sweep, size_t connection)
{
    struct subject made;
    if (!subject_fin(&sweep->plain, connection, &made)) {
        return;
    }
    struct subject *subject = keep_or_close(sweep, &made);
    if (!subject || !sweep_prepare(sweep, subject)) {
        if (subject && subject->has_baseline && subject->baseline.failed) {
            sweep_note(sweep,
                       "not tried: %s, for with the FIN apart the program already says something else (%s)",
                       subject->name, subject->baseline.message ? subject->baseline.message : "it failed");
        }
        return;
    }
    struct plan_options options = {.budget = 4096, .seed = sweep->options->seed, .joins_only = true};
    if (plan_make(&subject->layout, &subject->scenario, &subject->baseline, &options, &subject->plan) < 0) {
        return;
    }
    for (size_t i = 0; i < subject->plan.count; i++) {
        struct plan_case *c = &subject->plan.cases[i];
        if (c->kind == CASE_FIN) {
            one_case(sweep, subject, CASE_FIN, &c->segmentation, c->id);
        }
    }
}

/* --- a peer that does not read
 * -------------------------------------------------------------------------------------- */

/* Cut like this it is odd also when it is read at once: then that is the cause. */
static bool is_odd_anyway(struct sweep *sweep, const struct segmentation *segmentation)
{
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
    struct reference reference = sweep_reference(sweep, &sweep->plain);
    struct judgement judgement = {.stream = SIZE_MAX};
    struct record record;
    size_t earlier;
    if (sweep_run_alone(sweep, &sweep->plain.scenario, segmentation, &options, &record) < 0) {
        return true;
    }
    bool odd = judge(&reference, &record, false, SIZE_MAX, &judgement, &earlier) != VERDICT_SAME;
    judgement_close(&judgement);
    record_close(&record);
    return odd;
}

static void slow_case(struct sweep *sweep, struct subject *subject, const struct segmentation *segmentation)
{
    struct bytes id;
    bytes_init(&id, (size_t)1 << 24);
    segmentation_print(segmentation, &id);
    if (!is_odd_anyway(sweep, segmentation)) {
        one_case(sweep, subject, CASE_SLOW, segmentation, bytes_text(&id));
    }
    bytes_free(&id);
}

static void sweep_slow(struct sweep *sweep, size_t connection)
{
    struct subject made;
    if (!subject_slow(&sweep->plain, connection, &made)) {
        return;
    }
    struct subject *subject = keep_or_close(sweep, &made);
    if (!subject) {
        return;
    }
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
    subject->baseline_of = &sweep->plain.scenario; /* which is read at once */
    if (sweep_run_alone(sweep, subject->baseline_of, NULL, &options, &subject->baseline) < 0) {
        return;
    }
    subject->has_baseline = true;
    if (subject->baseline.failed ||
        layout_make(&subject->scenario, &subject->baseline, &subject->layout) < 0) {
        return;
    }
    struct segmentation joined = {0}, lockstep;
    for (size_t c = 0; c < subject->layout.connection_count; c++) {
        segmentation_set(&joined, subject->layout.names[c], CUTS_LISTED, 0, NULL, 0);
    }
    if (plan_lockstep(&subject->layout, &lockstep) == 0) {
        slow_case(sweep, subject, &joined);
        slow_case(sweep, subject, &lockstep);
    }
    segmentation_close(&joined);
    segmentation_close(&lockstep);
}

/* --- across a barrier
 * ------------------------------------------------------------------------------------------------ */

static bool injection_is_odd(struct sweep *sweep, struct subject *subject, struct record *record,
                             struct judgement *judgement)
{
    struct reference reference = sweep_reference(sweep, &sweep->plain);
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_CALM);
    *judgement = (struct judgement){.stream = SIZE_MAX};
    if (sweep_run_alone(sweep, &subject->scenario, NULL, &options, record) < 0) {
        *record = (struct record){.failed_at = SIZE_MAX};
        return false;
    }
    enum verdict verdict = judge_injection(&reference, record, subject->barrier_step, judgement);
    if (verdict == VERDICT_ERROR) {
        sweep_note(sweep, "%s could not be tried: %s", subject->name, judgement->text ? judgement->text : "");
    }
    return verdict == VERDICT_ODD;
}

static void sweep_barrier(struct sweep *sweep, size_t step)
{
    struct subject made;
    struct record record;
    struct judgement judgement;
    unsigned repeats = 0, tries = 0;
    if (!subject_barrier(&sweep->plain, step, &made)) {
        return;
    }
    struct subject *subject = keep_or_close(sweep, &made);
    if (!subject) {
        return;
    }
    struct sweep_case which = {.subject = subject, .kind = CASE_BARRIER, .id = "", .number = SIZE_MAX};
    bool odd = injection_is_odd(sweep, subject, &record, &judgement);
    sweep_count(sweep, &record, CASE_BARRIER);
    while (odd && repeats < CONFIRM_REPEATS && tries < CONFIRM_TRIES_MAX && !sweep_is_over(sweep)) {
        struct record baseline;
        struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
        record_close(&record);
        judgement_close(&judgement);
        if (sweep_run_alone(sweep, &sweep->plain.scenario, NULL, &options, &baseline) == 0) {
            if (!baseline.failed) {
                sweep_learn(sweep, &sweep->plain.baseline, &baseline);
            }
            record_close(&baseline);
        }
        tries++;
        bool again = injection_is_odd(sweep, subject, &record, &judgement);
        repeats += again;
        odd = again || repeats > 0;
    }
    if (repeats > 0 && judgement.text && !sweep_stopped(sweep)) {
        char shape[80];
        snprintf(shape, sizeof shape, "%s, line %d", case_kind_words[CASE_BARRIER],
                 sweep->scenario->script[step].step->place.line);
        finding_add(sweep, &which, shape, &judgement, &record, repeats, tries);
    } else {
        record_close(&record);
    }
    judgement_close(&judgement);
}

/* --- pipelined
 * ------------------------------------------------------------------------------------------------------ */

static void sweep_pipelined(struct sweep *sweep, size_t joins)
{
    struct subject made;
    if (!subject_pipelined(sweep->scenario, &made, &joins)) {
        return;
    }
    struct subject *subject = keep_or_close(sweep, &made);
    if (!subject || !sweep_prepare(sweep, subject)) {
        if (subject && subject->has_baseline && subject->baseline.failed) {
            sweep_note(
                sweep,
                "pipelined joins not tried: sent one by one before the replies came, the program already "
                "says something else (%s)",
                subject->baseline.message ? subject->baseline.message : "it failed");
        }
        return;
    }
    struct reference plain = sweep_reference(sweep, &sweep->plain);
    struct judgement difference = {.stream = SIZE_MAX};
    if (judge_first_difference(&plain, &subject->baseline, false, &difference) != SIZE_MAX) {
        sweep_note(sweep, "sent one by one before the replies came, the program says something else: %s",
                   difference.text ? difference.text : "");
    }
    judgement_close(&difference);
    uint64_t left = sweep->budget_cases > sweep->cases_run ? sweep->budget_cases - sweep->cases_run : 0;
    struct plan_options options = {
        .budget = left > 64 ? left : 64, .seed = sweep->options->seed, .joins_only = true};
    if (plan_make(&subject->layout, &subject->scenario, &subject->baseline, &options, &subject->plan) == 0) {
        sweep_cases(sweep, subject, false);
    }
}

void sweep_variants(struct sweep *sweep)
{
    const struct scenario *s = sweep->scenario;
    bool pipeline = sweep->options->pipeline || s->sweep.pipeline;
    struct subject made;
    size_t joins = 0;
    for (size_t c = 0; c < s->connection_count && !sweep_is_over(sweep); c++) {
        if (sweep->plain.layout.varied[c]) {
            sweep_fin(sweep, c);
            sweep_slow(sweep, c);
        }
    }
    for (size_t i = 0; i < s->script_count && !sweep_is_over(sweep); i++) {
        if (s->script[i].step->barrier) {
            sweep_barrier(sweep, i);
        }
    }
    if (pipeline && !sweep_is_over(sweep)) {
        sweep_pipelined(sweep, joins);
    } else if (subject_pipelined(s, &made, &joins)) {
        sweep_note(sweep, "joins not tried: %zu sends have expects in between; --pipeline joins them", joins);
        subject_close(&made);
    }
}
