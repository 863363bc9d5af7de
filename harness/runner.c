/*
 * runner - advances runs: the script step by step, then the proofs, then the end of the programs.
 *
 * Phases: SCRIPT until the last step is done; PROVE (the last chunks, unread bytes, connections closed); STOP
 * (TERM, last started first, and wait for the ends); ENDED. A failure goes to AUTOPSY, which waits, bounded,
 * until the programs are calm or dead so that a crash can be told from its consequences, and then ends.
 */
#include "harness/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_PER_ADVANCE_MAX = 256 };
#define AUTOPSY_LIMIT_NS ((uint64_t)3000000000)
#define LATE_NS          ((uint64_t)50000000)
#define LATE_MAX_NS      ((uint64_t)60 * 1000000000) /* per step */

uint64_t run_now_ns(const struct run *run)
{
    return run->world->ops->now_ns(run->world);
}

bool run_step_begins(struct run *run)
{
    bool begins = !run->step_begun;
    if (begins) {
        run->step_began_ns = run_now_ns(run); /* the start of a program just before it was none of its time */
    }
    run->step_begun = true;
    return begins;
}

const struct script_entry *run_script_entry(const struct run *run)
{
    return run->at < run->script_end ? &run->scenario->script[run->at] : NULL;
}

void run_look_again(struct run *run, uint64_t at_ns)
{
    if (at_ns < run->due_ns) {
        run->due_ns = at_ns;
    }
}

int run_limit_ms(struct run *run, const struct number *within_ms)
{
    int64_t ms = run->scenario->timeout_ms;
    struct seam_error error = {0};
    if (within_ms && number_expand(within_ms, &run->values, &ms, &error) < 0) {
        run_fail_error(run, RESULT_FAILED, &error);
        return -1;
    }
    run->step_limit_ns = (uint64_t)(ms > 0 ? ms : 0) * 1000000;
    run->limit_given = within_ms != NULL;
    return 0;
}

bool run_out_of_time(const struct run *run)
{
    return run_now_ns(run) - run->step_began_ns >= run->step_limit_ns;
}

static void next_step(struct run *run)
{
    run->at++;
    run->step_begun = false;
    run->step_began_ns = run_now_ns(run);
    run->step_limit_ns = (uint64_t)run->scenario->timeout_ms * 1000000;
    run->limit_given = false;
    run->given_back_ns = 0;
    run->late_looks = 0;
    run->typed_at = 0;
}

/* One step, or nothing more to run. STEP_WAIT: come back later. */
static enum step_result advance_script(struct run *run)
{
    const struct script_entry *entry = run_script_entry(run);
    if (!entry) {
        run->phase = PHASE_PROVE;
        run->step_begun = false;
        return STEP_DONE;
    }
    if (!run->step_begun) {
        enum step_result ready = run_programs_ready(run, entry);
        if (ready != STEP_DONE) {
            return ready;
        }
    }
    enum step_result result = entry->step->verb->run(run, entry->step, entry->step->args);
    if (result == STEP_DONE) {
        next_step(run);
    }
    return result;
}

/* The last chunks are proved, what nobody took is found, the connections are closed. */
static enum step_result advance_prove(struct run *run)
{
    enum step_result proved = run_prove_all(run);
    if (proved != STEP_DONE) {
        return proved;
    }
    run->restless = run_quiet_look(run, true) == RUN_QUIET_NOT_YET;
    if (run->restless && !run_out_of_time(run)) {
        return STEP_WAIT;
    }
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        struct run_connection *c = &run->connections[i];
        if (c->state == RUN_CONNECTION_OPEN && run_unread(run, c)) {
            return STEP_FAIL;
        }
    }
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        if (run_check_cuts(run, &run->connections[i]) != STEP_DONE) {
            return STEP_FAIL;
        }
        run_connection_drop(run, &run->connections[i]);
    }
    run->phase = PHASE_STOP;
    run->ending = true;
    next_step(run);
    return STEP_DONE;
}

static struct run_program *last_started(struct run *run)
{
    struct run_program *last = NULL;
    for (size_t i = 0; i < run->scenario->program_count; i++) {
        struct run_program *p = &run->programs[i];
        bool lives = p->world && (p->state == RUN_PROGRAM_READY || p->state == RUN_PROGRAM_STARTING);
        if (lives && (!last || p->started_order > last->started_order)) {
            last = p;
        }
    }
    return last;
}

static enum step_result advance_stop(struct run *run)
{
    struct run_program *p = run_is_guest(run) ? NULL : last_started(run);
    if (!p) {
        run->phase = PHASE_ENDED;
        return STEP_DONE;
    }
    if (!p->term_sent) {
        /* What the ends of its connections make it say comes before TERM, in every run. */
        if (!run->restless && run_quiet_look(run, true) == RUN_QUIET_NOT_YET && !run_out_of_time(run)) {
            return STEP_WAIT;
        }
        p->term_sent = true;
        run->step_began_ns = run_now_ns(run);
        run->world->ops->program_signal(p->world, SIGTERM);
    }
    run_quiet_look(run, true); /* says whether it gets to run at all */
    run->world->ops->program_look(p->world, &p->facts);
    if (run_out_of_time(run) &&
        p->facts.state == WORLD_PROGRAM_RUNNING) { /* the look itself may have taken long */
        return run_fail(run, RESULT_FAILED, &p->spec->place,
                        "\"%s\" did not end within %lld ms of SIGTERM and was killed", p->spec->name,
                        (long long)run->scenario->timeout_ms);
    }
    run_look_again(run, run_now_ns(run) + 1000000);
    return STEP_WAIT;
}

/* Waits until the programs have said what they had to say about it. */
static enum step_result advance_autopsy(struct run *run)
{
    enum run_quiet quiet = run_quiet_look(run, true);
    if (quiet == RUN_QUIET_NOT_YET && run_now_ns(run) < run->autopsy_until_ns) {
        run_look_again(run, run->autopsy_until_ns);
        return STEP_WAIT;
    }
    run_intake_all(run);
    run_failure_finish(run);
    run->phase = PHASE_ENDED;
    return STEP_DONE;
}

static enum step_result advance_phase(struct run *run)
{
    switch (run->phase) {
    case PHASE_SCRIPT:
        return run->hosting ? run_host_advance(run) : advance_script(run);
    case PHASE_HOST:
        return run_host_advance(run);
    case PHASE_PROVE:
        return advance_prove(run);
    case PHASE_STOP:
        return advance_stop(run);
    case PHASE_AUTOPSY:
        return advance_autopsy(run);
    case PHASE_ENDED:
        break;
    }
    return STEP_WAIT;
}

static void enter_autopsy(struct run *run)
{
    run->phase = PHASE_AUTOPSY;
    run->autopsy_until_ns = run_now_ns(run) + AUTOPSY_LIMIT_NS;
    run->quiet_looks = 0;
    run->quiet_look_ns = 0;
}

/* Seam itself may get no processor either, or be busy with another run: what it could not see was no wait. */
static void not_looked_in_time(struct run *run)
{
    uint64_t now_ns = run_now_ns(run);
    if (run->due_ns != 0 && now_ns > run->due_ns && now_ns - run->due_ns > LATE_NS &&
        run->given_back_ns < LATE_MAX_NS) {
        run->step_began_ns += now_ns - run->due_ns;
        run->given_back_ns += now_ns - run->due_ns;
    }
}

bool run_advance(struct run *run)
{
    if (run->phase == PHASE_ENDED) {
        return false;
    }
    not_looked_in_time(run);
    run->due_ns = RUN_NEVER;
    run->wishes = false;
    for (int i = 0; i < STEPS_PER_ADVANCE_MAX; i++) {
        run->reads_left = RUN_READS_MAX;
        run_intake(run);
        run_watch_programs(run);
        if (run->failed && run->phase != PHASE_AUTOPSY && run->phase != PHASE_ENDED) {
            enter_autopsy(run);
        }
        enum step_result result = advance_phase(run);
        if (run->phase == PHASE_ENDED) {
            run->ended_ns = run_now_ns(run);
            if (!run->hosting) {
                run_leave_stage(run); /* a host's goes with it: guests may still have connections there */
            }
            run_keep_folder(run);
            return false;
        }
        if (result == STEP_WAIT) {
            uint64_t limit_ns = run->step_began_ns + run->step_limit_ns;
            run_look_again(run, limit_ns > run_now_ns(run) ? limit_ns : run_now_ns(run) + 1000000);
            return true;
        }
    }
    run_look_again(run, 0); /* let the others have their turn */
    return true;
}

uint64_t run_due_ns(const struct run *run)
{
    return run->due_ns;
}

const struct transcript *run_transcript(const struct run *run)
{
    return &run->transcript;
}

bool run_failed_where(const struct run *run, size_t *step, size_t *events)
{
    *step = run->failed_at;
    *events = run->failed_after;
    return run->failed;
}

void runs_drive(struct world *world, struct run *const *runs, size_t count)
{
    for (;;) {
        uint64_t now_ns = world->ops->now_ns(world), due_ns = RUN_NEVER;
        size_t going = 0;
        for (size_t i = 0; i < count; i++) {
            struct run *run = runs[i];
            if (run->phase == PHASE_ENDED) {
                continue;
            }
            if (!world->ops->stage_active(run->stage) && run->due_ns > now_ns) {
                going++;
            } else if (run_advance(run)) {
                going++;
            } else {
                continue;
            }
            due_ns = run->due_ns < due_ns ? run->due_ns : due_ns;
        }
        if (going == 0) {
            return;
        }
        world->ops->wait(world, due_ns);
    }
}

enum step_result run_bind_number(struct run *run, size_t slot, int64_t value)
{
    return values_set_number(&run->values, slot, value) < 0
               ? run_fail(run, RESULT_ERROR, NULL, "out of memory")
               : STEP_DONE;
}

enum step_result run_bind_vars(struct run *run, const struct scenario_var *vars, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct seam_error error = {0};
        struct bytes value;
        bytes_init(&value, DATA_EXPANDED_BYTES_MAX);
        if (data_expand(vars[i].value, &run->values, &run->scenario->delimiter, &value, &error) < 0) {
            bytes_free(&value);
            return run_fail_error(run, RESULT_FAILED, &error);
        }
        int set = values_set(&run->values, vars[i].slot, bytes_text(&value), value.length);
        bytes_free(&value);
        if (set < 0) {
            return run_fail(run, RESULT_ERROR, NULL, "out of memory");
        }
    }
    return STEP_DONE;
}

enum step_result run_pause_for(struct run *run, const struct number *ms)
{
    struct seam_error error = {0};
    int64_t pause_ms = 0;
    if (number_expand(ms, &run->values, &pause_ms, &error) < 0) {
        return run_fail_error(run, RESULT_FAILED, &error);
    }
    run_step_begins(run);
    uint64_t until_ns = run->step_began_ns + (uint64_t)(pause_ms > 0 ? pause_ms : 0) * 1000000;
    if (run_now_ns(run) >= until_ns) {
        return STEP_DONE;
    }
    run->step_limit_ns = RUN_NEVER - run->step_began_ns;
    run_look_again(run, until_ns);
    return STEP_WAIT;
}
