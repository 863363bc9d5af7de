/*
 * trial - does a specimen show the finding? Two runs, and one more where they differ.
 *
 * Each candidate is held against a fresh run of its own, in which every message is a write by itself.
 * Candidates share programs where the sweep's cases did; what ends a program has programs of its own.
 */
#include "harness/sweep/shrink.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES_FLAKY = 4 };

void shown_close(struct shown *shown)
{
    subject_close(&shown->subject);
    segmentation_close(&shown->segmentation);
    record_close(&shown->odd);
    masks_close(&shown->masks);
    judgement_close(&shown->judgement);
}

/* --- where candidates run
 * -------------------------------------------------------------------------------------------- */

struct one_run {
    const struct scenario *scenario;
    const struct segmentation *segmentation;
    const struct run_options *options;
    struct record *out;
    bool given, ended, lost;
};

static bool one_next(void *context, struct fleet_job *job)
{
    struct one_run *one = context;
    bool first = !one->given;
    one->given = true;
    *job = (struct fleet_job){
        .scenario = one->scenario, .segmentation = one->segmentation, .options = *one->options};
    return first;
}

static void one_ended(void *context, size_t tag, struct record *record, bool lost)
{
    struct one_run *one = context;
    (void)tag;
    *one->out = *record;
    one->ended = true;
    one->lost = lost;
}

void trial_close_host(struct shrink *shrink)
{
    if (shrink->host) {
        struct record record;
        fleet_host_close(shrink->host, shrink->sweep->world, &record);
        record_close(&record);
        shrink->host = NULL;
    }
}

/* On programs that candidates share, as the sweep's cases did. -1: on programs of its own, then. */
static int run_as_guest(struct shrink *shrink, const struct subject *subject,
                        const struct segmentation *segmentation, const struct run_options *options,
                        struct record *out)
{
    struct sweep *sweep = shrink->sweep;
    static const struct segmentation as_written;
    struct one_run one = {.scenario = &subject->scenario,
                          .segmentation = segmentation ? segmentation : &as_written,
                          .options = options,
                          .out = out};
    bool host_ended;
    char *text;
    if (shrink->alone || !scenario_can_share(&subject->scenario)) {
        return -1;
    }
    if (!shrink->host) {
        shrink->host =
            fleet_host_open(&sweep->plain.scenario, sweep->world, options, sweep->options->stop, &text);
        free(text);
    }
    struct fleet fleet = {.world = sweep->world,
                          .host = shrink->host,
                          .seats = 1,
                          .stop = sweep->options->stop,
                          .context = &one,
                          .next = one_next,
                          .ended = one_ended};
    if (shrink->host && fleet_drive(&fleet, &host_ended) == 0 && !one.lost) {
        return 0;
    }
    if (one.ended) {
        record_close(out);
    }
    trial_close_host(shrink);
    shrink->alone = true; /* it ends programs, so it can't share them */
    return -1;
}

static int run_it(struct shrink *shrink, const struct subject *subject,
                  const struct segmentation *segmentation, struct record *out)
{
    bool silent = shrink->finding->oracle == ORACLE_PROGRESS && shrink->finding->judgement.timed;
    struct run_options options =
        sweep_run_options(shrink->sweep, silent ? RUN_CHECKPOINTS_SILENT : RUN_CHECKPOINTS_CALM);
    options.checkpoint_bursts = true;
    shrink->runs++;
    if (run_as_guest(shrink, subject, segmentation, &options, out) == 0) {
        return 0;
    }
    return sweep_run_alone(shrink->sweep, &subject->scenario, segmentation, &options, out);
}

/* --- one candidate
 * -------------------------------------------------------------------------------------------------- */

static struct reference own_reference(struct shrink *shrink, struct shown *shown)
{
    static const bool none_off[SCENARIO_ORACLE_COUNT];
    return (struct reference){.scenario = &shown->subject.scenario,
                              .baseline = &shown->subject.baseline,
                              .lockstep = &shown->subject.baseline,
                              .dues = shown->subject.dues,
                              .layout = &shown->subject.layout,
                              .masks = &shown->masks,
                              .points = shown->subject.points,
                              .evidence = shrink->sweep->options->evidence,
                              .oracle_off = none_off};
}

/* An early answer shows when another segmentation, settled at the same place, has said less. */
static void note_other_way(struct shrink *shrink, struct shown *shown)
{
    const struct layout *layout = &shown->subject.layout;
    for (size_t c = 0; c < layout->connection_count; c++) {
        size_t count;
        uint64_t *cuts = plan_effective_cuts(layout, &shown->segmentation, c, &count);
        for (size_t i = 0; cuts && i < count; i++) {
            struct segmentation one;
            struct segmentation extra = {0};
            struct record record;
            struct judgement ignored;
            size_t earlier;
            if (layout_message_at(layout, c, cuts[i]) == SIZE_MAX || plan_lockstep(layout, &one) < 0) {
                continue;
            }
            segmentation_set(&extra, layout->names[c], CUTS_LISTED, 0, &cuts[i], 1);
            segmentation_combine(&one, &extra);
            if (run_it(shrink, &shown->subject, &one, &record) == 0) {
                struct reference reference = own_reference(shrink, shown);
                judge(&reference, &record, shrink->host != NULL, 0, &ignored, &earlier);
                judgement_close(&ignored);
                record_close(&record);
            }
            segmentation_close(&one);
            segmentation_close(&extra);
        }
        free(cuts);
    }
}

static bool is_same_family(const struct finding *finding, const struct judgement *judgement)
{
    bool health = finding->oracle == ORACLE_HEALTH;
    return health == (judgement->oracle == ORACLE_HEALTH);
}

/* Odd against what a second run with each message alone shows as well? */
static bool stays_odd(struct shrink *shrink, struct shown *shown)
{
    struct record again;
    size_t learnt = 0, earlier;
    if (run_it(shrink, &shown->subject, NULL, &again) < 0) {
        return false;
    }
    for (size_t s = 0; !again.failed && s < again.transcript.stream_count; s++) {
        enum transcript_stream_kind kind = again.transcript.streams[s].kind;
        if (kind == TRANSCRIPT_RECEIVED || kind == TRANSCRIPT_OUTPUT) {
            learnt += masks_learn(&shown->masks, &shown->subject.baseline, &again, s);
        }
    }
    bool failed = again.failed;
    record_close(&again);
    if (failed || learnt == 0) {
        return !failed;
    }
    struct reference reference = own_reference(shrink, shown);
    struct judgement still;
    reference.points = NULL;
    reference.lockstep = shown->judgement.oracle == ORACLE_PROGRESS ? reference.lockstep : NULL;
    bool odd = judge(&reference, &shown->odd, shrink->host != NULL, 0, &still, &earlier) == VERDICT_ODD &&
               is_same_family(shrink->finding, &still);
    judgement_close(&still);
    return odd;
}

/* What rode across a gate was acted on: all that was due there was said, and then more than without it. */
static enum verdict judge_probe(struct shrink *shrink, struct shown *shown, const struct specimen *specimen)
{
    struct reference reference = own_reference(shrink, shown);
    const struct subject *subject = &shown->subject;
    size_t complete = 0;
    for (size_t i = 0; i <= specimen->probe_at; i++) {
        complete += !specimen->ops[i].off && specimen->ops[i].kind == OP_MESSAGE;
    }
    size_t due = subject->dues[complete].first;
    shown->judgement = (struct judgement){.stream = SIZE_MAX, .oracle = ORACLE_INJECTION};
    if (due == SIZE_MAX || shown->odd.failed ||
        judge_first_difference(&reference, &shown->odd, shrink->host != NULL, &shown->judgement) ==
            SIZE_MAX) {
        return VERDICT_SAME;
    }
    const struct judgement *j = &shown->judgement;
    const struct transcript_stream *said = &shown->odd.transcript.streams[j->stream];
    bool refused = j->baseline_at < trace_lengths(&subject->baseline.trace, due)[j->stream];
    bool closed = (said->ended || said->reset) && !subject->baseline.transcript.streams[j->stream].ended;
    return refused || closed || j->oddity == ODDITY_LESS || j->oddity == ODDITY_CLOSE ? VERDICT_SAME
                                                                                      : VERDICT_ODD;
}

/* The run that is held against each message alone. */
static enum verdict run_odd(struct shrink *shrink, const struct specimen *specimen, struct shown *shown)
{
    struct reference reference = own_reference(shrink, shown);
    struct subject special;
    struct segmentation as_written;
    size_t earlier;
    if (!specimen_is_special(specimen)) {
        return run_it(shrink, &shown->subject, &shown->segmentation, &shown->odd) < 0
                   ? VERDICT_ERROR
                   : judge(&reference, &shown->odd, shrink->host != NULL, 1, &shown->judgement, &earlier);
    }
    struct specimen whole = *specimen; /* borrows its ops */
    if (whole.slow != SIZE_MAX) {
        whole.slow_bytes = shown->subject.baseline.transcript.streams[2 * whole.slow + 1].bytes.length;
    }
    if (!specimen_render(&whole, true, &special, &as_written)) {
        return VERDICT_ERROR;
    }
    int stopped = run_it(shrink, &special, NULL, &shown->odd);
    subject_close(&special);
    segmentation_close(&as_written);
    if (stopped) {
        return VERDICT_ERROR;
    }
    if (whole.probe_at != SIZE_MAX) {
        return judge_probe(shrink, shown, &whole);
    }
    reference.lockstep = NULL; /* messages are complete in another order, or nobody reads what is said */
    bool unread = shown->odd.failed && shown->odd.failure == RUN_FAILURE_UNREAD;
    return unread ? VERDICT_SAME
                  : judge(&reference, &shown->odd, shrink->host != NULL, 1, &shown->judgement, &earlier);
}

static bool is_odd(struct shrink *shrink, const struct specimen *specimen, struct shown *shown)
{
    unsigned tries = shrink->finding->repeats < shrink->finding->tries ? TRIES_FLAKY : 1;
    for (unsigned i = 0; i < tries; i++) {
        enum verdict verdict = run_odd(shrink, specimen, shown);
        if (verdict == VERDICT_ODD && is_same_family(shrink->finding, &shown->judgement)) {
            return stays_odd(shrink, shown);
        }
        judgement_close(&shown->judgement);
        record_close(&shown->odd);
    }
    return false;
}

bool trial_shows(struct shrink *shrink, const struct specimen *specimen, struct shown *shown)
{
    *shown = (struct shown){.odd = {.failed_at = SIZE_MAX}};
    if (!specimen_render(specimen, false, &shown->subject, &shown->segmentation)) {
        return false;
    }
    struct subject *subject = &shown->subject;
    bool good = run_it(shrink, subject, NULL, &subject->baseline) == 0;
    subject->has_baseline = good;
    good = good && !subject->baseline.failed && !subject->baseline.trace.unsettled &&
           layout_make(&subject->scenario, &subject->baseline, &subject->layout) == 0 &&
           (subject->dues = due_table(&subject->layout, &subject->baseline)) != NULL;
    if (good && shrink->finding->oddity == ODDITY_EARLY) {
        subject->points = points_new();
        note_other_way(shrink, shown);
    }
    good = good && is_odd(shrink, specimen, shown);
    if (!good) {
        shown_close(shown);
    }
    return good;
}
