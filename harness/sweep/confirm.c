/*
 * confirm - what was odd once is run again: a baseline, the case, a baseline, each alone on a fresh program.
 *
 * A difference that two baselines show as well joins the masks. One that comes back alone is a finding, "k of
 * n". One that doesn't is counted and told, and accuses nobody. Further cases of the same shape are counted
 * with their finding and not run again, so a sweep in which every case fails costs no more than one in which
 * none does.
 */
#include "harness/sweep/sweep_inside.h"

#include <stdlib.h>
#include <string.h>

enum { BASELINES_UNSTABLE = 4, UNREPEATED_TRIES = 3, MASK_PERCENT_MAX = 20 };

void sweep_suspect(struct sweep *sweep, const struct sweep_case *which, struct record *record, bool guest)
{
    if (sweep->pending_count == sweep->pending_capacity) {
        size_t capacity = sweep->pending_capacity ? 2 * sweep->pending_capacity : 32;
        struct pending *pending = reallocarray(sweep->pending, capacity, sizeof *pending);
        if (!pending) {
            sweep_fail(sweep, RESULT_ERROR, NULL, "out of memory");
            if (record) {
                record_close(record);
            }
            return;
        }
        sweep->pending = pending;
        sweep->pending_capacity = capacity;
    }
    struct pending *one = &sweep->pending[sweep->pending_count++];
    *one = (struct pending){.which = *which, .guest = guest};
    if (record) {
        one->record = *record;
        one->has_record = true;
    }
}

size_t sweep_learn(struct sweep *sweep, const struct record *a, const struct record *b)
{
    size_t learnt = 0;
    for (size_t s = 0; s < a->transcript.stream_count && s < b->transcript.stream_count; s++) {
        enum transcript_stream_kind kind = a->transcript.streams[s].kind;
        if (kind == TRANSCRIPT_RECEIVED || kind == TRANSCRIPT_OUTPUT) {
            learnt += masks_learn(&sweep->masks, a, b, s);
        }
        /* a log may be all times and ids: it is not compared then, which is said; what connections say must
         * be */
        if (kind == TRANSCRIPT_OUTPUT &&
            masks_share(&sweep->masks, &sweep->plain.baseline, s) > MASK_PERCENT_MAX) {
            learnt += masks_hide_stream(&sweep->masks, s);
        }
    }
    if (learnt && sweep->plain.points) { /* what was noted under other masks can't be compared */
        points_free(sweep->plain.points);
        sweep->plain.points = points_new();
    }
    if (learnt && masks_share(&sweep->masks, &sweep->plain.baseline, SIZE_MAX) > MASK_PERCENT_MAX) {
        struct bytes places;
        bytes_init(&places, 4096);
        masks_print(&sweep->masks, &sweep->plain.baseline, &places);
        sweep_fail(
            sweep, RESULT_ERROR, NULL,
            "too unstable to be swept: %u %% of what is said differs between two runs as written (%s); "
            "name what may differ, with named groups in `matches` or \"mask\" in \"sweep\"",
            masks_share(&sweep->masks, &sweep->plain.baseline, SIZE_MAX), bytes_text(&places));
        bytes_free(&places);
    }
    return learnt;
}

/* --- once more, alone
 * ------------------------------------------------------------------------------------------------ */

enum { BASELINE_RETRIES = 2 };

/* The baseline again. False: it did not come about; then nothing can be said. */
static bool learn_from_baseline(struct sweep *sweep, struct subject *subject)
{
    struct record again;
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
    const struct scenario *scenario = subject->baseline_of ? subject->baseline_of : &subject->scenario;
    if (sweep_run_alone(sweep, scenario, NULL, &options, &again) < 0) {
        return false;
    }
    /* what a finding shows, chance may show as written: bytes and a FIN that the program reads together.
     * Without a finding a run that fails is an error. */
    for (int i = 0; again.failed && sweep->finding_count > 0 && i < BASELINE_RETRIES; i++) {
        sweep_note(sweep, "as written it failed once, too: %s", again.message ? again.message : "");
        record_close(&again);
        if (sweep_run_alone(sweep, scenario, NULL, &options, &again) < 0) {
            return false;
        }
    }
    if (again.failed) {
        sweep_fail(sweep, RESULT_ERROR, &again, "the scenario as written passed once and then failed: %s",
                   again.message ? again.message : "");
    } else {
        sweep_learn(sweep, &subject->baseline, &again);
    }
    record_close(&again);
    return !sweep_is_over(sweep);
}

struct once_more {
    struct record odd;
    bool has_odd;
    struct judgement judgement;
    unsigned repeats, tries;
};

/* What is said early is a finding only if another way to the same place says less: one is gone here, alone.
 */
static struct points *note_other_way(struct sweep *sweep, const struct sweep_case *which,
                                     const struct judgement *first, const struct reference *reference,
                                     const struct run_options *options)
{
    struct subject *subject = which->subject;
    struct segmentation other, cut = {0};
    struct points *points = points_new();
    struct record record;
    struct judgement ignored;
    struct reference own = *reference;
    size_t earlier;
    const char *name = subject->layout.names[first->sent_at[0]];
    own.points = points;
    if (!points || segmentation_copy(&subject->plan.lockstep, &other) < 0) {
        return points;
    }
    segmentation_set(&cut, name, CUTS_LISTED, 0, &first->sent_at[1], 1);
    segmentation_combine(&other, &cut);
    if (segmentation_equal(&other, which->segmentation)) {
        segmentation_set(&other, name, CUTS_EVERY_BYTE, 0, NULL, 0);
    }
    if (sweep_run_alone(sweep, &subject->scenario, &other, options, &record) == 0) {
        if (!record.failed) {
            judge(&own, &record, false, 0, &ignored, &earlier);
            judgement_close(&ignored);
        }
        record_close(&record);
    }
    segmentation_close(&other);
    segmentation_close(&cut);
    return points;
}

/* Judges a case against a lockstep run of its own, with timers waited for. */
static enum verdict run_with_progress(struct sweep *sweep, const struct sweep_case *which,
                                      const struct judgement *first, struct once_more *more,
                                      struct record *record)
{
    struct subject *subject = which->subject;
    struct reference reference = sweep_reference(sweep, subject);
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_SILENT);
    struct record lockstep;
    struct due *dues = NULL;
    enum verdict verdict = VERDICT_SAME;
    size_t earlier;
    options.checkpoint_bursts = true;
    if (sweep_run_alone(sweep, &subject->scenario, &subject->plan.lockstep, &options, &lockstep) < 0) {
        return VERDICT_SAME;
    }
    options.checkpoint_bursts = false;
    if (!lockstep.failed) {
        sweep_learn(sweep, &subject->lockstep, &lockstep);
    }
    dues = lockstep.failed || lockstep.trace.unsettled ? NULL : due_table(&subject->layout, &lockstep);
    if (dues && sweep_run_alone(sweep, &subject->scenario, which->segmentation, &options, record) == 0) {
        reference.lockstep = &lockstep;
        reference.dues = dues;
        reference.points =
            first->oddity == ODDITY_EARLY ? note_other_way(sweep, which, first, &reference, &options) : NULL;
        verdict = judge(&reference, record, false, 1, &more->judgement, &earlier);
        verdict = verdict == VERDICT_ODD && earlier != SIZE_MAX ? VERDICT_SAME : verdict;
        points_free(reference.points);
        more->has_odd = true;
    }
    free(dues);
    record_close(&lockstep);
    return verdict;
}

static enum verdict run_plainly(struct sweep *sweep, const struct sweep_case *which, struct once_more *more,
                                struct record *record)
{
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_CALM);
    size_t earlier;
    if (sweep_run_alone(sweep, &which->subject->scenario, which->segmentation, &options, record) < 0) {
        return VERDICT_SAME;
    }
    more->has_odd = true;
    return sweep_judge(sweep, which, record, false, &more->judgement, &earlier);
}

/* One try: is it odd again? */
static bool try_again(struct sweep *sweep, const struct sweep_case *which, const struct judgement *first,
                      struct once_more *more)
{
    struct record record = {.failed_at = SIZE_MAX};
    if (more->has_odd) {
        record_close(&more->odd);
        more->has_odd = false;
    }
    judgement_close(&more->judgement);
    enum verdict verdict = first->oracle == ORACLE_PROGRESS && which->subject->has_lockstep
                               ? run_with_progress(sweep, which, first, more, &record)
                               : run_plainly(sweep, which, more, &record);
    if (more->has_odd) {
        more->odd = record;
    }
    if (verdict == VERDICT_ERROR) {
        sweep_fail(sweep, RESULT_ERROR, &record, "%s (cut %s)",
                   more->judgement.text ? more->judgement.text : "an error", which->id);
    }
    return verdict == VERDICT_ODD;
}

static unsigned *unrepeated_count(struct sweep *sweep, const char *shape)
{
    for (size_t i = 0; i < sweep->unrepeated_count; i++) {
        if (strcmp(sweep->unrepeated[i].shape, shape) == 0) {
            return &sweep->unrepeated[i].count;
        }
    }
    size_t last = sizeof sweep->unrepeated / sizeof sweep->unrepeated[0] - 1;
    size_t at = sweep->unrepeated_count < last ? sweep->unrepeated_count++ : last;
    snprintf(sweep->unrepeated[at].shape, sizeof sweep->unrepeated[at].shape, "%s", shape);
    return &sweep->unrepeated[at].count;
}

unsigned sweep_unrepeated(const struct sweep *sweep)
{
    unsigned count = 0;
    for (size_t i = 0; i < sweep->unrepeated_count; i++) {
        count += sweep->unrepeated[i].count;
    }
    return count;
}

/* Baseline, case, baseline, until it has come back often enough or too many tries were in vain. */
static void confirm(struct sweep *sweep, const struct sweep_case *which, const char *shape,
                    const struct judgement *first)
{
    struct once_more more = {.judgement = {.oracle = first->oracle, .oddity = first->oddity}};
    bool progress = first->oracle == ORACLE_PROGRESS;
    unsigned *failed_before = unrepeated_count(sweep, shape);
    unsigned tries = *failed_before < UNREPEATED_TRIES ? CONFIRM_TRIES_MAX : 1;
    while (more.tries < tries && more.repeats < CONFIRM_REPEATS &&
           learn_from_baseline(sweep, which->subject)) {
        bool odd = try_again(sweep, which, first, &more);
        if (sweep_is_over(sweep)) {
            break;
        }
        more.tries++;
        more.repeats += odd;
        if (more.tries >= 2 && more.repeats == 0) {
            break;
        }
    }
    /* the baseline after it: what differs there, too, was no matter of the cuts; of a program that differs by
     * itself some more are asked */
    for (int i = 0; i < BASELINES_UNSTABLE && more.repeats > 0 && sweep->masks.count > 0; i++) {
        if (!learn_from_baseline(sweep, which->subject)) {
            break;
        }
    }
    if (more.repeats > 0 && learn_from_baseline(sweep, which->subject) && more.has_odd) {
        struct judgement still;
        size_t earlier;
        struct reference reference = sweep_reference(sweep, which->subject);
        reference.lockstep = progress ? reference.lockstep : NULL;
        reference.points = NULL;
        if (!progress &&
            judge(&reference, &more.odd, false, which->number, &still, &earlier) == VERDICT_SAME) {
            more.repeats = 0;
        }
        if (!progress) {
            judgement_close(&still);
        }
    }
    if (more.repeats > 0 && !sweep_stopped(sweep)) {
        char again[80];
        size_t message;
        enum place_kind place;
        finding_shape(sweep, which, again, &message, &place);
        struct finding *like = finding_like(sweep, more.judgement.oracle, again);
        if (like) { /* it showed itself to another oracle this time */
            finding_add_case(like, which);
            map_note(sweep, which, MAP_ODD);
        } else {
            finding_add(sweep, which, again, &more.judgement, more.has_odd ? &more.odd : NULL, more.repeats,
                        more.tries);
            more.has_odd = false;
        }
    } else if (!sweep_is_over(sweep)) {
        map_note(sweep, which, MAP_UNREPEATED);
        ++*failed_before;
    }
    judgement_close(&more.judgement);
    if (more.has_odd) {
        record_close(&more.odd);
    }
}

/* The record is judged once more, for the masks may have grown; one without a record is run first. */
static bool is_still_odd(struct sweep *sweep, struct pending *one, struct judgement *out)
{
    size_t earlier;
    if (!one->has_record) {
        struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_CALM);
        if (sweep_run_alone(sweep, &one->which.subject->scenario, one->which.segmentation, &options,
                            &one->record) < 0) {
            *out = (struct judgement){.stream = SIZE_MAX};
            return false;
        }
        one->has_record = true;
        one->guest = false;
    }
    enum verdict verdict = sweep_judge(sweep, &one->which, &one->record, one->guest, out, &earlier);
    if (verdict == VERDICT_ERROR && !one->guest) {
        sweep_fail(sweep, RESULT_ERROR, &one->record, "%s (cut %s)", out->text ? out->text : "an error",
                   one->which.id);
    }
    return verdict == VERDICT_ODD || (verdict == VERDICT_ERROR && one->guest);
}

void sweep_clear_up(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->pending_count; i++) {
        struct pending *one = &sweep->pending[i];
        struct judgement judgement = {.stream = SIZE_MAX};
        if (!sweep_is_over(sweep) && is_still_odd(sweep, one, &judgement)) {
            char shape[80];
            size_t message;
            enum place_kind place;
            finding_shape(sweep, &one->which, shape, &message, &place);
            struct finding *like = finding_like(sweep, judgement.oracle, shape);
            if (like) {
                finding_add_case(like, &one->which);
                map_note(sweep, &one->which, MAP_ODD);
            } else {
                confirm(sweep, &one->which, shape, &judgement);
            }
        }
        judgement_close(&judgement);
        if (one->has_record) {
            record_close(&one->record);
        }
        /* confirm() may not add to the list: it runs alone */
    }
    sweep->pending_count = 0;
}
