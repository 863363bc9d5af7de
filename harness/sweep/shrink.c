/*
 * shrink - makes what shows a finding small: fewest cuts, then fewest steps, then fewest bytes.
 *
 * Delta debugging (Zeller, Hildebrandt 2002) on a specimen. Each candidate is judged against fresh runs of
 * its own, in which every message is a write by itself, so expectations of the scenario play no part: what
 * was said is. A finding of something flaky is tried a few times. Bounded by runs and by time; what stands
 * then is what is written.
 */
#include "harness/sweep/sweep_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 400, TRIES_FLAKY = 4, SHRUNK_MAX = 12 };
#define SHRINK_NS_MAX ((uint64_t)12 * 1000000000)

struct shrink {
    struct sweep *sweep;
    struct finding *finding;
    struct specimen best;
    struct shown shown; /* of the best */
    bool has_shown;
    size_t runs;
    uint64_t until_ns;
    struct run *host; /* candidates share its programs; NULL: each has its own */
    bool alone;       /* they may not */
};

void shown_close(struct shown *shown)
{
    subject_close(&shown->subject);
    segmentation_close(&shown->segmentation);
    record_close(&shown->odd);
    masks_close(&shown->masks);
    judgement_close(&shown->judgement);
}

static bool is_spent(struct shrink *shrink)
{
    return shrink->runs >= RUNS_MAX ||
           shrink->sweep->world->ops->now_ns(shrink->sweep->world) > shrink->until_ns ||
           sweep_stopped(shrink->sweep);
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

static void close_host(struct shrink *shrink)
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
    close_host(shrink);
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

/* Does the specimen show the finding? shown is owned by the caller then. */
static bool shows(struct shrink *shrink, const struct specimen *specimen, struct shown *shown)
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

/* Takes a candidate when it still shows it. */
static bool try_instead(struct shrink *shrink, struct specimen *candidate)
{
    struct shown shown;
    if (is_spent(shrink) || !shows(shrink, candidate, &shown)) {
        specimen_close(candidate);
        return false;
    }
    if (shrink->has_shown) {
        shown_close(&shrink->shown);
        specimen_close(&shrink->best);
    }
    shrink->best = *candidate;
    shrink->shown = shown;
    shrink->has_shown = true;
    return true;
}

/* --- fewest cuts
 * ---------------------------------------------------------------------------------------------------- */

static void drop_cut(struct op *op, size_t index)
{
    memmove(&op->cuts[index], &op->cuts[index + 1], (op->cut_count - index - 1) * sizeof *op->cuts);
    op->cut_count--;
}

/* Takes the differences [first, first + count) away: cuts go, joins become cuts. */
static void drop_differences(struct specimen *specimen, size_t first, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < specimen->count; i++) {
        struct op *op = &specimen->ops[i];
        if (op->off || op->kind != OP_MESSAGE) {
            continue;
        }
        for (size_t k = 0; k < op->cut_count; at++) {
            if (at >= first && at < first + count) {
                drop_cut(op, k);
            } else {
                k++;
            }
        }
        if (op->joined && specimen_next_in_burst(specimen, i) != SIZE_MAX) {
            op->joined = !(at >= first && at < first + count);
            at++;
        }
    }
}

static void fewest_cuts(struct shrink *shrink)
{
    for (size_t size = specimen_cut_count(&shrink->best); size > 0 && !is_spent(shrink);) {
        bool dropped = false;
        for (size_t first = 0; first < specimen_cut_count(&shrink->best) && !is_spent(shrink);) {
            struct specimen candidate;
            size_t total = specimen_cut_count(&shrink->best);
            if (specimen_is_special(&shrink->best)) {
                return; /* its cuts are what it is about, or there are none */
            }
            size_t count = size < total - first ? size : total - first;
            if (count == total || specimen_copy(&shrink->best, &candidate) < 0) {
                break; /* with none it is each message alone */
            }
            drop_differences(&candidate, first, count);
            if (try_instead(shrink, &candidate)) {
                dropped = true;
            } else {
                first += count;
            }
        }
        size = dropped && size > 1 ? specimen_cut_count(&shrink->best) / 2 : size / 2;
        size = size || !dropped ? size : 1;
    }
}

/* --- fewest steps
 * --------------------------------------------------------------------------------------------------- */

/* Messages without a cut of their own may go, also many at a time; so may steps, one by one. */
static bool may_go(const struct specimen *specimen, size_t i)
{
    const struct op *op = &specimen->ops[i];
    bool held = i == specimen->probe_at;
    for (size_t k = 0; k < specimen->count; k++) {
        const struct op *other = &specimen->ops[k];
        held |= other->kind == OP_MESSAGE && !other->off && other->interrupted_by == i;
    }
    return !held && !op->off && op->kind != OP_GATE &&
           (op->kind == OP_STEP || (!op->joined && op->cut_count == 0));
}

static void drop_range(struct shrink *shrink, size_t from, size_t to)
{
    struct specimen candidate;
    bool any = false;
    if (specimen_copy(&shrink->best, &candidate) < 0) {
        return;
    }
    for (size_t i = from; i < to; i++) {
        if (candidate.ops[i].kind != OP_STEP && may_go(&candidate, i)) {
            candidate.ops[i].off = any = true;
        }
    }
    if (any) {
        try_instead(shrink, &candidate);
    } else {
        specimen_close(&candidate);
    }
}

/* Gates that part nothing any more. */
static void drop_idle_gates(struct specimen *specimen)
{
    struct op *gate = NULL;
    for (size_t i = 0; i < specimen->count; i++) {
        struct op *op = &specimen->ops[i];
        if (op->off) {
            continue;
        }
        if (op->kind == OP_GATE) {
            if (gate) {
                op->off = true;
            } else {
                gate = op;
            }
        } else {
            gate = op->kind == OP_MESSAGE ? NULL : gate;
        }
    }
}

static void fewest_steps(struct shrink *shrink)
{
    size_t count = shrink->best.count, first = count, last = 0;
    for (size_t i = 0; i < count; i++) {
        const struct op *op = &shrink->best.ops[i];
        if (!op->off && op->kind == OP_MESSAGE &&
            (op->cut_count || op->joined || i == shrink->best.probe_at)) {
            first = first < i ? first : i;
            last = i + 1;
        }
    }
    drop_range(shrink, last, count);
    drop_range(shrink, 0, first);
    for (size_t i = count; i-- > 0 && !is_spent(shrink);) {
        struct specimen candidate;
        if (!may_go(&shrink->best, i) || specimen_copy(&shrink->best, &candidate) < 0) {
            continue;
        }
        candidate.ops[i].off = true;
        try_instead(shrink, &candidate);
    }
    struct specimen candidate;
    if (specimen_copy(&shrink->best, &candidate) == 0) {
        drop_idle_gates(&candidate);
        try_instead(shrink, &candidate);
    }
}

/* --- fewest bytes
 * --------------------------------------------------------------------------------------------------- */

/* Takes bytes [from, from + length) out of a message; cuts behind them move, cuts in them go to where they
 * were. False: two cuts would fall together, or one to the edge. */
static bool cut_out(struct op *op, size_t from, size_t length)
{
    memmove(op->bytes + from, op->bytes + from + length, op->length - from - length);
    op->length -= length;
    size_t before = 0;
    for (size_t k = 0; k < op->cut_count; k++) {
        size_t cut = op->cuts[k];
        cut = cut >= from + length ? cut - length : cut > from ? from : cut;
        if (cut <= before || cut >= op->length) {
            return false;
        }
        op->cuts[k] = before = cut;
    }
    return op->length > 0;
}

static void fewest_bytes_of(struct shrink *shrink, size_t at)
{
    size_t delimiter = shrink->best.scenario->connections[shrink->best.ops[at].connection].delimiter.length;
    for (size_t size = shrink->best.ops[at].length / 2; size > 0 && !is_spent(shrink);) {
        bool dropped = false;
        for (size_t from = 0; from + size + delimiter <= shrink->best.ops[at].length && !is_spent(shrink);) {
            struct specimen candidate;
            if (specimen_copy(&shrink->best, &candidate) < 0) {
                return;
            }
            if (cut_out(&candidate.ops[at], from, size)) {
                if (try_instead(shrink, &candidate)) {
                    dropped = true;
                    continue;
                }
            } else {
                specimen_close(&candidate);
            }
            from += size;
        }
        size = dropped && size > 1 && shrink->best.ops[at].length / 2 < size ? shrink->best.ops[at].length / 2
                                                                             : size / 2;
    }
}

static void fewest_bytes(struct shrink *shrink)
{
    for (size_t i = 0; i < shrink->best.count && !is_spent(shrink); i++) {
        const struct op *op = &shrink->best.ops[i];
        if (!op->off && op->kind == OP_MESSAGE && !op->fin) {
            fewest_bytes_of(shrink, i);
        }
    }
}

/* --- where to start
 * ------------------------------------------------------------------------------------------------- */

/* The op of a message of the plain layout. */
static size_t op_of_message(const struct specimen *specimen, size_t message)
{
    for (size_t i = 0; i < specimen->count; i++) {
        if (specimen->ops[i].kind == OP_MESSAGE && message-- == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* An interleaving comes down to one message inside another, where that shows it. */
static bool start_interrupted(struct shrink *shrink, const struct specimen *plain)
{
    for (size_t a = 0; a < plain->count; a++) {
        const struct op *whole = &plain->ops[a];
        for (size_t b = 0; b < plain->count && !is_spent(shrink); b++) {
            const struct op *other = &plain->ops[b];
            struct specimen candidate;
            bool fit = whole->kind == OP_MESSAGE && other->kind == OP_MESSAGE && whole->length > 1 &&
                       other->length > 0 && whole->connection != other->connection;
            if (!fit || specimen_copy(plain, &candidate) < 0) {
                continue;
            }
            candidate.ops[a].cuts[0] = whole->length / 2;
            candidate.ops[a].cut_count = 1;
            candidate.ops[a].interrupted_by = b;
            if (try_instead(shrink, &candidate)) {
                return true;
            }
        }
    }
    return false;
}

/* A specimen that shows the finding; false: it can't be reduced to its bytes. */
static bool start(struct shrink *shrink)
{
    const struct finding *f = shrink->finding;
    struct subject *plain = &shrink->sweep->plain;
    bool special = f->subject->kind == SUBJECT_SLOW || f->subject->kind == SUBJECT_BARRIER ||
                   f->segmentation.interleaved;
    struct specimen whole;
    if (f->oddity == ODDITY_GROWTH || (special ? specimen_make(plain, &plain->plan.lockstep, &whole)
                                               : specimen_make(f->subject, &f->segmentation, &whole)) < 0) {
        return false;
    }
    if (f->segmentation.interleaved) {
        bool found = start_interrupted(shrink, &whole);
        specimen_close(&whole);
        return found;
    }
    whole.slow = f->subject->kind == SUBJECT_SLOW ? f->subject->connection : SIZE_MAX;
    if (f->subject->kind == SUBJECT_BARRIER) {
        whole.probe_at = op_of_message(&whole, f->subject->probe_message);
        whole.probe = f->subject->probe;
        whole.probe_length = f->subject->probe_length;
        if (whole.probe_at == SIZE_MAX || !whole.probe) {
            specimen_close(&whole);
            return false;
        }
    }
    return try_instead(shrink, &whole);
}

/* --- all of it
 * ------------------------------------------------------------------------------------------------------ */

static void shrink_finding(struct sweep *sweep, struct finding *finding)
{
    struct shrink shrink = {.sweep = sweep, .finding = finding};
    shrink.until_ns = sweep->world->ops->now_ns(sweep->world) + SHRINK_NS_MAX;
    shrink.alone = sweep->seats == 0 || finding->oracle == ORACLE_HEALTH;
    bool reduced = start(&shrink);
    if (reduced) {
        fewest_cuts(&shrink);
        fewest_steps(&shrink);
        fewest_bytes(&shrink);
        fewest_cuts(&shrink);
        finding->picture = picture_of(finding, &shrink.shown);
        finding_reshape(finding, &shrink.best, &shrink.shown);
    }
    close_host(&shrink);
    finding->shrink_runs = shrink.runs;
    if (!sweep_stopped(sweep)) {
        repro_write(sweep, finding, reduced ? &shrink.best : NULL, reduced ? &shrink.shown : NULL);
    }
    if (reduced) {
        specimen_close(&shrink.best);
        shown_close(&shrink.shown);
    }
}

/* Two findings that shrink to the same shape of bytes and cuts have one cause: the first keeps it. */
static void merge(struct sweep *sweep, size_t index)
{
    struct finding *f = &sweep->findings[index];
    for (size_t i = 0; i < index && f->key; i++) {
        struct finding *before = &sweep->findings[i];
        if (before->same_as == 0 && before->key && strcmp(before->key, f->key) == 0) {
            f->same_as = i + 1;
            before->cases += f->cases;
            if (f->repro_path) {
                remove(f->repro_path);
            }
            return;
        }
    }
}

static int by_simplicity(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    int cx = x->kind == CASE_CUT ? 0 : x->kind == CASE_JOIN || x->kind == CASE_FIN ? 1 : 2 + (int)x->kind;
    int cy = y->kind == CASE_CUT ? 0 : y->kind == CASE_JOIN || y->kind == CASE_FIN ? 1 : 2 + (int)y->kind;
    return cx != cy ? cx - cy : (int)(x->place > y->place) - (int)(x->place < y->place);
}

void sweep_shrink_findings(struct sweep *sweep)
{
    if (sweep->finding_count > 1) {
        qsort(sweep->findings, sweep->finding_count, sizeof *sweep->findings, by_simplicity);
    }
    for (size_t i = 0; i < sweep->finding_count && !sweep->options->no_shrink && !sweep_stopped(sweep); i++) {
        if (i < SHRUNK_MAX) {
            shrink_finding(sweep, &sweep->findings[i]);
            merge(sweep, i);
        } else {
            sweep->findings[i].note = strdup("not shrunk: there are too many findings");
        }
    }
}
