/*
 * sweep_run - the runs of a sweep: baselines, whether cases may share a program, and the cases of a plan.
 *
 * In company, cases share a program and advance in rounds. Nothing that is odd there counts before it has
 * been odd alone on a fresh program (confirm.c); a program that ends takes its guests with it, and each of
 * them is run again alone.
 */
#include "harness/sweep/sweep_inside.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEATS = 24,
    SEATS_TRIED = 8,
    SEATS_FEW = 4,
    UNREPEATED_MAX = 2,
    SEATS_OWN = 3,
    HOST_RESTARTS_MAX = 20,
    LOCKSTEP_TRIES_MAX = 8
};

struct run_options sweep_run_options(const struct sweep *sweep, enum run_checkpoints checkpoints)
{
    return (struct run_options){.evidence = sweep->options->evidence,
                                .paced_ns = sweep->options->paced_ns,
                                .allow_remote = sweep->options->allow_remote,
                                .trace = true,
                                .drop_folders = true,
                                .checkpoints = checkpoints};
}

static const struct segmentation nothing; /* as written, also where the scenario has a "cut" */

/* -1: stopped. Past until_ns the record is of a run that has not ended: *partial. */
static int run_until(struct sweep *sweep, const struct scenario *scenario,
                     const struct segmentation *segmentation, const struct run_options *options,
                     uint64_t until_ns, bool *partial, struct record *out)
{
    struct world *world = sweep->world;
    struct seam_error error = {0};
    struct run *run = run_new(scenario, segmentation ? segmentation : &nothing, world, options, &error);
    *partial = false;
    if (!run) {
        *out = (struct record){.failed = true, .status = RESULT_ERROR, .failed_at = SIZE_MAX};
        out->message = strdup(error.text);
        return 0;
    }
    bool goes_on = true;
    while (!sweep_stopped(sweep) && world->ops->now_ns(world) < until_ns && (goes_on = run_advance(run))) {
        uint64_t due_ns = run_due_ns(run);
        world->ops->wait(world, due_ns < until_ns ? due_ns : until_ns);
    }
    bool stopped = sweep_stopped(sweep);
    *partial = goes_on;
    if (!stopped || !goes_on) {
        run_take_record(run, out);
    }
    run_free(run);
    return stopped && goes_on ? -1 : 0;
}

int sweep_run_alone(struct sweep *sweep, const struct scenario *scenario,
                    const struct segmentation *segmentation, const struct run_options *options,
                    struct record *out)
{
    bool partial;
    return run_until(sweep, scenario, segmentation, options, UINT64_MAX, &partial, out);
}

int sweep_run_bounded(struct sweep *sweep, const struct scenario *scenario,
                      const struct segmentation *segmentation, const struct run_options *options,
                      uint64_t limit_ns, bool *partial, struct record *out)
{
    uint64_t until_ns = sweep->world->ops->now_ns(sweep->world) + limit_ns;
    return run_until(sweep, scenario, segmentation, options, until_ns, partial, out);
}

void sweep_count(struct sweep *sweep, const struct record *record, enum case_kind kind)
{
    sweep->cases_run++;
    sweep->tried[kind]++;
    sweep->cuts_proved += record->cuts_proved;
    if (record->evidence != EVIDENCE_NONE && !record->failed &&
        (sweep->weakest == EVIDENCE_NONE || record->evidence < sweep->weakest)) {
        sweep->weakest = record->evidence;
    }
    if (sweep->options->progress) {
        sweep->options->progress->done = sweep->cases_run;
        sweep->options->progress->findings = sweep->finding_count;
    }
}

struct reference sweep_reference(struct sweep *sweep, const struct subject *subject)
{
    return (struct reference){
        .scenario = &subject->scenario,
        .baseline = &subject->baseline,
        .lockstep = subject->has_lockstep ? &subject->lockstep : NULL,
        .dues = subject->dues,
        .layout = &subject->layout,
        .masks = &sweep->masks,
        .points = subject->points,
        .evidence = sweep->options->evidence,
        .oracle_off = sweep->oracle_off,
    };
}

/* --- what a subject is held against
 * ---------------------------------------------------------------------------------- */

/* The program does not read beyond some place of a burst: cuts behind it can't be delivered. True: one was
 * found. */
static bool note_unread(struct subject *subject, const struct record *record)
{
    for (size_t i = record->transcript.event_count; i-- > 0;) {
        const struct transcript_event *e = &record->transcript.events[i];
        if (!e->proof_due || (e->kind != EVENT_CHUNK && e->kind != EVENT_END)) {
            continue;
        }
        uint64_t end = e->offset + e->length;
        for (size_t b = 0; b < subject->layout.burst_count; b++) {
            struct layout_burst *burst = &subject->layout.bursts[b];
            if (2 * burst->connection == e->stream && burst->begin < end && end < burst->end &&
                burst->whole_from > end) {
                burst->whole_from = end;
                return true;
            }
        }
    }
    return false;
}

static bool is_usable(struct sweep *sweep, struct subject *subject, const struct record *lockstep)
{
    struct judgement difference;
    struct reference reference = sweep_reference(sweep, subject);
    if (lockstep->failed) {
        return false;
    }
    difference = (struct judgement){.stream = SIZE_MAX};
    size_t stream = judge_first_difference(&reference, lockstep, false, &difference);
    judgement_close(&difference);
    return stream == SIZE_MAX;
}

/* Each message alone, settled: the reference of progress. That it fails, or says something else than the run
 * as written, is for the case `each message alone` to tell. */
static void run_lockstep(struct sweep *sweep, struct subject *subject)
{
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_CALM);
    options.checkpoint_bursts = true;
    for (int i = 0; i < LOCKSTEP_TRIES_MAX; i++) {
        struct segmentation lockstep;
        struct record record;
        if (plan_lockstep(&subject->layout, &lockstep) < 0) {
            return;
        }
        int stopped = sweep_run_alone(sweep, &subject->scenario, &lockstep, &options, &record);
        segmentation_close(&lockstep);
        if (stopped) {
            return;
        }
        bool again = record.failed && record.failure == RUN_FAILURE_UNREAD && note_unread(subject, &record);
        bool usable = is_usable(sweep, subject, &record);
        if (usable && !record.trace.unsettled && (subject->dues = due_table(&subject->layout, &record))) {
            subject->lockstep = record;
            subject->has_lockstep = true;
            subject->points = points_new();
            return;
        }
        if (usable && record.trace.unsettled) {
            sweep_note(sweep, "progress not judged: the program never settles: %s", record.who);
        }
        record_close(&record);
        if (!again) {
            return;
        }
    }
}

bool sweep_prepare(struct sweep *sweep, struct subject *subject)
{
    struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
    if (sweep_run_alone(sweep, &subject->scenario, NULL, &options, &subject->baseline) < 0) {
        return false;
    }
    subject->has_baseline = true;
    if (subject->baseline.failed ||
        layout_make(&subject->scenario, &subject->baseline, &subject->layout) < 0) {
        return false;
    }
    if (!sweep->oracle_off[SCENARIO_ORACLE_PROGRESS]) {
        run_lockstep(sweep, subject);
    }
    return !sweep_stopped(sweep);
}

/* --- company
 * -------------------------------------------------------------------------------------------------------- */

struct trial {
    struct sweep *sweep;
    size_t left;
    bool same;
};

static bool trial_next(void *context, struct fleet_job *out)
{
    struct trial *trial = context;
    if (trial->left == 0) {
        return false;
    }
    trial->left--;
    *out = (struct fleet_job){.scenario = &trial->sweep->plain.scenario,
                              .segmentation = &nothing,
                              .options = sweep_run_options(trial->sweep, RUN_CHECKPOINTS_NONE)};
    return true;
}

static bool is_like_baseline(struct sweep *sweep, const struct record *record)
{
    struct reference reference = sweep_reference(sweep, &sweep->plain);
    struct judgement difference = {.stream = SIZE_MAX};
    if (record->failed || record->unread != sweep->plain.baseline.unread) {
        return false;
    }
    size_t stream = judge_first_difference(&reference, record, true, &difference);
    judgement_close(&difference);
    return stream == SIZE_MAX;
}

static void trial_ended(void *context, size_t tag, struct record *record, bool lost)
{
    struct trial *trial = context;
    (void)tag;
    if (!lost && !is_like_baseline(trial->sweep, record)) {
        /* perhaps it is a clock: what a fresh baseline shows decides */
        struct record fresh;
        struct run_options options = sweep_run_options(trial->sweep, RUN_CHECKPOINTS_NONE);
        if (sweep_run_alone(trial->sweep, &trial->sweep->plain.scenario, NULL, &options, &fresh) == 0) {
            if (!fresh.failed) {
                sweep_learn(trial->sweep, &trial->sweep->plain.baseline, &fresh);
            }
            record_close(&fresh);
        }
    }
    trial->same = trial->same && !lost && is_like_baseline(trial->sweep, record);
    record_close(record);
}

/* So many runs as written on the host, so many at a time: is each like the one on a fresh program? */
static bool try_company(struct sweep *sweep, struct run *host, size_t runs, size_t seats)
{
    struct trial trial = {.sweep = sweep, .left = runs, .same = true};
    struct fleet fleet = {.world = sweep->world,
                          .host = host,
                          .seats = seats,
                          .stop = sweep->options->stop,
                          .context = &trial,
                          .next = trial_next,
                          .ended = trial_ended};
    bool host_ended;
    return fleet_drive(&fleet, &host_ended) == 0 && trial.same;
}

/* Between its start and its stop: did a program print anything in the baseline? */
static bool prints_in_between(const struct sweep *sweep)
{
    const struct transcript *t = &sweep->plain.baseline.transcript;
    bool talking = false;
    for (size_t i = 0; i < t->event_count; i++) {
        const struct transcript_event *e = &t->events[i];
        talking |= e->kind == EVENT_OPENED;
        if (e->kind == EVENT_SIGNALLED || e->kind == EVENT_EXITED ||
            e->step >= sweep->scenario->script_count) {
            return false;
        }
        if (talking && e->kind == EVENT_CHUNK && t->streams[e->stream].kind == TRANSCRIPT_OUTPUT) {
            return true;
        }
    }
    return false;
}

#define WHY(sweep, ...) snprintf((sweep)->company_why, sizeof(sweep)->company_why, __VA_ARGS__)

void sweep_choose_company(struct sweep *sweep)
{
    enum sweep_isolate isolate = sweep->scenario->sweep.isolate;
    sweep->seats = 0;
    if (isolate == SWEEP_ISOLATE_PROGRAM) {
        WHY(sweep, "each case has programs of its own: the scenario says so");
    } else if (!scenario_can_share(&sweep->plain.scenario)) {
        WHY(sweep, "each case has programs of its own: steps between the first and the last concern them");
    } else if (isolate == SWEEP_ISOLATE_AUTO && prints_in_between(sweep)) {
        WHY(sweep, "each case has programs of its own: they print while they are spoken to");
    } else {
        struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
        char *text;
        struct run *host =
            fleet_host_open(&sweep->plain.scenario, sweep->world, &options, sweep->options->stop, &text);
        struct record record;
        free(text);
        if (!host) {
            WHY(sweep, "each case has programs of its own: they could not be shared");
            return;
        }
        bool forced = isolate == SWEEP_ISOLATE_CONNECTION;
        bool after = forced || try_company(sweep, host, 3, 1);
        bool beside = after && try_company(sweep, host, 2 * SEATS_TRIED, SEATS_TRIED);
        sweep->seats = beside ? SEATS : after ? 1 : 0;
        WHY(sweep, "%s%s",
            beside  ? "cases share a program, several at once"
            : after ? "cases share a program, one after another"
                    : "each case has programs of its own: a second conversation on one program differs from "
                      "the first",
            forced  ? " (the scenario says so)"
            : after ? " (three baselines on one did not differ)"
                    : "");
        fleet_host_close(host, sweep->world, &record);
        record_close(&record);
    }
}

/* --- the cases of a plan
 * -------------------------------------------------------------------------------------------- */

enum verdict sweep_judge(struct sweep *sweep, const struct sweep_case *which, const struct record *record,
                         bool guest, struct judgement *out, size_t *earlier)
{
    struct reference reference = sweep_reference(sweep, which->subject);
    if (which->segmentation && which->segmentation->interleaved) {
        reference.lockstep = NULL; /* messages are complete in another order */
    }
    return judge(&reference, record, guest, which->number, out, earlier);
}

static struct sweep_case case_at(const struct sweep *sweep, size_t number)
{
    const struct plan_case *planned = &sweep->under_way->plan.cases[number];
    return (struct sweep_case){.subject = sweep->under_way,
                               .kind = planned->kind,
                               .segmentation = &planned->segmentation,
                               .id = planned->id,
                               .planned = planned,
                               .number = number};
}

static bool case_next(void *context, struct fleet_job *out)
{
    struct sweep *sweep = context;
    if (sweep->pending_count > 0 || sweep_is_over(sweep) || sweep->cursor == sweep->under_way->plan.count) {
        return false;
    }
    struct sweep_case which = case_at(sweep, sweep->cursor);
    bool progress = sweep->under_way->has_lockstep && !which.segmentation->interleaved;
    *out = (struct fleet_job){
        .scenario = &sweep->under_way->scenario,
        .segmentation = which.segmentation,
        .options = sweep_run_options(sweep, progress ? RUN_CHECKPOINTS_CALM : RUN_CHECKPOINTS_NONE),
        .tag = sweep->cursor++};
    return true;
}

static void case_ended(void *context, size_t tag, struct record *record, bool lost)
{
    struct sweep *sweep = context;
    struct sweep_case which = case_at(sweep, tag);
    struct judgement judgement;
    size_t earlier;
    if (sweep_stopped(sweep)) {
        record_close(record);
        return;
    }
    sweep_count(sweep, record, which.kind);
    if (lost) {
        record_close(record);
        sweep_suspect(sweep, &which, NULL, true);
        return;
    }
    switch (sweep_judge(sweep, &which, record, sweep->guests, &judgement, &earlier)) {
    case VERDICT_SAME:
        map_note(sweep, &which, MAP_SAME);
        record_close(record);
        break;
    case VERDICT_ERROR:
        if (sweep->guests) {
            sweep_suspect(sweep, &which, record, true); /* alone it may well work */
        } else {
            sweep_fail(sweep, RESULT_ERROR, record, "%s (cut %s)",
                       judgement.text ? judgement.text : "an error", which.id);
            record_close(record);
        }
        break;
    case VERDICT_ODD:
        if (earlier != SIZE_MAX) {
            struct sweep_case before = case_at(sweep, earlier);
            sweep_suspect(sweep, &before, NULL, sweep->guests);
            record_close(record);
        } else {
            sweep_suspect(sweep, &which, record, sweep->guests);
        }
        break;
    }
    judgement_close(&judgement);
}

/* What the programs of a company showed when they were stopped. */
static void host_ended(struct sweep *sweep, const struct record *record, uint64_t cases)
{
    if (record->failed && record->failure == RUN_FAILURE_END && !sweep->oracle_off[SCENARIO_ORACLE_HEALTH]) {
        struct sweep_case which = {.subject = &sweep->plain, .kind = CASE_HEALTH, .id = ""};
        struct judgement judgement = {.oracle = ORACLE_HEALTH, .oddity = ODDITY_END, .stream = SIZE_MAX};
        if (asprintf(&judgement.text, "after %llu conversations on one program: %s",
                     (unsigned long long)cases, record->message ? record->message : "it ended wrongly") < 0) {
            judgement.text = NULL;
        }
        if (!finding_like(sweep, ORACLE_HEALTH, case_kind_words[CASE_HEALTH])) {
            finding_add(sweep, &which, case_kind_words[CASE_HEALTH], &judgement, NULL, 1, 1);
        }
        judgement_close(&judgement);
    }
}

static void drive_cases(struct sweep *sweep, struct run **host, unsigned *restarts)
{
    struct fleet fleet = {.world = sweep->world,
                          .host = *host,
                          .seats = *host ? sweep->seats : SEATS_OWN,
                          .stop = sweep->options->stop,
                          .context = sweep,
                          .next = case_next,
                          .ended = case_ended};
    bool ended;
    sweep->guests = *host != NULL;
    fleet_drive(&fleet, &ended);
    if (ended) {
        struct record record;
        fleet_host_close(*host, sweep->world, &record);
        record_close(&record); /* how it ended is found by those who are run again alone */
        *host = NULL;
        ++*restarts;
    }
}

void sweep_cases(struct sweep *sweep, struct subject *subject, bool in_company)
{
    struct run *host = NULL;
    unsigned restarts = 0;
    uint64_t before = sweep->cases_run;
    sweep->cursor = 0;
    sweep->under_way = subject;
    while (sweep->cursor < subject->plan.count && !sweep_is_over(sweep)) {
        if (in_company && sweep->seats && !host && restarts < HOST_RESTARTS_MAX) {
            struct run_options options = sweep_run_options(sweep, RUN_CHECKPOINTS_NONE);
            char *text;
            host = fleet_host_open(&subject->scenario, sweep->world, &options, sweep->options->stop, &text);
            restarts += host ? 0 : HOST_RESTARTS_MAX;
            free(text);
        }
        unsigned before_them = sweep_unrepeated(sweep);
        drive_cases(sweep, &host, &restarts);
        sweep_clear_up(sweep);
        if (host && sweep->seats > 1 && sweep_unrepeated(sweep) - before_them >= UNREPEATED_MAX) {
            sweep->seats = sweep->seats > SEATS_FEW ? SEATS_FEW : 1; /* too much company makes a difference */
        }
    }
    if (host) {
        struct record record;
        fleet_host_close(host, sweep->world, &record);
        host_ended(sweep, &record, sweep->cases_run - before);
        record_close(&record);
    }
}
