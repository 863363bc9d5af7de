/*
 * shrink - makes what shows a finding small: fewest cuts, then fewest steps, then fewest bytes.
 *
 * Delta debugging (Zeller, Hildebrandt 2002) on a specimen. Each candidate is judged against fresh runs of
 * its own, in which every message is a write by itself, so expectations of the scenario play no part: what
 * was said is. A finding of something flaky is tried a few times. Bounded by runs and by time; what stands
 * then is what is written.
 */
#include "harness/sweep/shrink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 400, SHRUNK_MAX = 12 };
#define SHRINK_NS_MAX ((uint64_t)12 * 1000000000)

static bool is_spent(struct shrink *shrink)
{
    return shrink->runs >= RUNS_MAX ||
           shrink->sweep->world->ops->now_ns(shrink->sweep->world) > shrink->until_ns ||
           sweep_stopped(shrink->sweep);
}

/* Takes a candidate when it still shows it. */
static bool try_instead(struct shrink *shrink, struct specimen *candidate)
{
    struct shown shown;
    if (is_spent(shrink) || !trial_shows(shrink, candidate, &shown)) {
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

static void keep_stage(struct shrink *shrink)
{
    if (specimen_copy(&shrink->best, &shrink->stages[shrink->stage_count]) == 0) {
        shrink->stage_count++;
    }
}

static void write_best(struct shrink *shrink)
{
    struct finding *finding = shrink->finding;
    free(finding->picture);
    finding->picture = picture_of(finding, &shrink->shown);
    picture_draw(shrink->sweep, finding, &shrink->shown.subject, &shrink->shown.odd,
                 shrink->shown.judgement.text);
    finding_reshape(finding, &shrink->best, &shrink->shown);
    repro_write(shrink->sweep, finding, &shrink->best, &shrink->shown);
}

/* The smallest may show it by a hair only (what a socket's buffer just holds), and not when its file is run:
 * then what it was made from is written. Returns whether that shows it. */
static bool back_to_stage(struct shrink *shrink)
{
    struct specimen *stage = &shrink->stages[--shrink->stage_count];
    struct shown shown;
    if (!trial_shows(shrink, stage, &shown)) {
        specimen_close(stage);
        return false;
    }
    specimen_close(&shrink->best);
    shown_close(&shrink->shown);
    shrink->best = *stage;
    shrink->shown = shown;
    return true;
}

static void drop_stages(struct shrink *shrink, size_t keep)
{
    while (shrink->stage_count > keep) {
        specimen_close(&shrink->stages[--shrink->stage_count]);
    }
}

static void reduce(struct shrink *shrink)
{
    keep_stage(shrink);
    fewest_cuts(shrink);
    keep_stage(shrink);
    fewest_steps(shrink);
    keep_stage(shrink);
    fewest_bytes(shrink);
    fewest_cuts(shrink);
    if (!sweep_stopped(shrink->sweep)) {
        write_best(shrink);
    }
}

/* What shows it on a program that has served others may not on a fresh one, on which the file is run: then it
 * is reduced again from the start, on fresh ones. */
static void reduce_alone(struct shrink *shrink)
{
    shrink->alone = true;
    trial_close_host(shrink);
    drop_stages(shrink, 1);
    if (back_to_stage(shrink)) {
        reduce(shrink);
    }
}

static void shrink_reduced(struct shrink *shrink)
{
    const struct finding *finding = shrink->finding;
    reduce(shrink);
    if (!finding->repro_path && !shrink->alone && shrink->stage_count > 0 && !sweep_stopped(shrink->sweep)) {
        reduce_alone(shrink);
    }
    while (shrink->stage_count > 0 && !finding->repro_path && !sweep_stopped(shrink->sweep)) {
        if (back_to_stage(shrink)) {
            write_best(shrink);
        }
    }
    if (!finding->repro_path && !sweep_stopped(shrink->sweep)) {
        repro_write(shrink->sweep, shrink->finding, NULL, NULL);
    }
    drop_stages(shrink, 0);
    specimen_close(&shrink->best);
    shown_close(&shrink->shown);
}

static void shrink_finding(struct sweep *sweep, struct finding *finding)
{
    struct shrink shrink = {.sweep = sweep, .finding = finding};
    shrink.until_ns = sweep->world->ops->now_ns(sweep->world) + SHRINK_NS_MAX;
    shrink.alone = sweep->seats == 0 || finding->oracle == ORACLE_HEALTH;
    if (start(&shrink)) {
        shrink_reduced(&shrink);
    } else if (!sweep_stopped(sweep)) {
        repro_write(sweep, finding, NULL, NULL);
    }
    trial_close_host(&shrink);
    finding->shrink_runs = shrink.runs;
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
