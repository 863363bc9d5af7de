/*
 * run_share - several runs on the same programs: a host starts and holds them, guests come, talk and go.
 *
 * A guest runs the part of its script that opens, speaks on and closes connections; what starts and stops
 * programs is the host's. What programs print is read by the host, so that no pipe fills up, and belongs to
 * no guest.
 *
 * One look at the programs serves all guests: it says that everything sent before it was handled and
 * everything said was read, so it answers each guest that has not acted since it began (company->looked_ns).
 */
#include "harness/run.h"
#include "harness/steps/args.h"

#include <stdlib.h>
#include <string.h>

bool run_is_guest(const struct run *run)
{
    return run->company && !run->hosting;
}

bool run_is_hosting(const struct run *run)
{
    return run->hosting && run->phase == PHASE_HOST;
}

void run_dismiss(struct run *host)
{
    host->dismissed = true;
    host->due_ns = 0;
}

bool run_wishes_look(const struct run *run)
{
    return run->wishes;
}

/* --- which scenarios can share
 * -------------------------------------------------------------------------------------- */

static bool is_binder(const struct step *step)
{
    return step->verb == &step_repeat || step->verb == &step_include;
}

static bool ends_program(const struct step *step)
{
    struct step_end end;
    return step->verb == &step_stop || (step->verb == &step_expect && step_expects_end(step, &end));
}

/* A step that concerns connections to programs alone. */
static bool is_conversation(const struct scenario *scenario, const struct step *step)
{
    if (step->verb == &step_connect) {
        const struct connect_args *a = step->args;
        return !a->refused && !a->to.is_address && !scenario->programs[a->to.program].stdio;
    }
    if (step->verb == &step_expect) {
        return ((const struct expect_args *)step->args)->stream.kind == STREAM_CONNECTION;
    }
    return step->verb == &step_send || step->verb == &step_settle || step->verb == &step_close ||
           step->verb == &step_pause;
}

/* Index behind the last step of the conversation; 0: programs can't be shared. */
static size_t conversation_end(const struct scenario *scenario)
{
    size_t i = 0, end;
    while (i < scenario->script_count &&
           (is_binder(scenario->script[i].step) || scenario->script[i].step->verb == &step_start)) {
        i++;
    }
    while (i < scenario->script_count &&
           (is_binder(scenario->script[i].step) || is_conversation(scenario, scenario->script[i].step))) {
        i++;
    }
    end = i;
    while (i < scenario->script_count && ends_program(scenario->script[i].step)) {
        i++;
    }
    return i == scenario->script_count ? end : 0;
}

bool scenario_can_share(const struct scenario *scenario)
{
    if (scenario->listener_count || !scenario->program_count || !conversation_end(scenario)) {
        return false;
    }
    for (size_t i = 0; i < scenario->program_count; i++) {
        const struct program *program = &scenario->programs[i];
        if (program->address || program->stdio || program->terminal || !program->listens) {
            return false;
        }
    }
    return true;
}

/* --- the host
 * ------------------------------------------------------------------------------------------------------- */

/* Starts every program that the conversation needs, in the order in which it names them; then holds them. */
enum step_result run_host_advance(struct run *run)
{
    if (run->phase == PHASE_SCRIPT) {
        size_t end = conversation_end(run->scenario);
        for (; run->at < end; run->at++) {
            const struct script_entry *entry = run_script_entry(run);
            run->step_begun = true;
            if (run->step_began_ns == 0) {
                run->step_began_ns = run_now_ns(run);
            }
            enum step_result ready = STEP_DONE;
            if (entry->step->verb == &step_start) {
                ready = run_program_ready(run, *(const size_t *)entry->step->args);
            } else if (entry->step->verb == &step_connect) {
                ready = run_programs_ready(run, entry);
            }
            if (ready != STEP_DONE) {
                return ready;
            }
            run->step_began_ns = run_now_ns(run);
        }
        run->phase = PHASE_HOST;
    }
    if (!run->dismissed) {
        run->step_limit_ns = RUN_NEVER - run->step_began_ns;
        return STEP_WAIT;
    }
    run->at = run->script_end;
    run->phase = PHASE_STOP;
    run->ending = true;
    run->step_begun = false;
    run->step_began_ns = run_now_ns(run);
    run->step_limit_ns = (uint64_t)run->scenario->timeout_ms * 1000000;
    return STEP_DONE;
}

struct run *run_new_host(const struct scenario *scenario, struct world *world,
                         const struct run_options *options, struct seam_error *error)
{
    static const struct segmentation as_written;
    struct run *run = run_new(scenario, &as_written, world, options, error);
    struct company *company = run ? calloc(1, sizeof *company) : NULL;
    if (!company) {
        if (run) {
            seam_error_set(error, "out of memory");
        }
        run_free(run);
        return NULL;
    }
    company->host = run;
    run->company = company;
    run->hosting = true;
    return run;
}

/* --- guests
 * ---------------------------------------------------------------------------------------------------------
 */

/* The programs as the host has them, and the variables that name their ports and folders. */
int run_join(struct run *run, struct run *host)
{
    run->company = host->company;
    run->script_end = conversation_end(run->scenario);
    for (size_t i = 0; i < run->scenario->program_count; i++) {
        struct run_program *p = &run->programs[i];
        const struct run_program *shared = &host->programs[i];
        p->world = shared->world;
        p->state = shared->state;
        p->facts = shared->facts;
        p->has_ports = shared->has_ports;
        memcpy(p->ports, shared->ports, sizeof p->ports);
        for (size_t k = 0; p->has_ports && k < p->spec->port_count; k++) {
            if (values_set_number(&run->values, p->spec->ports[k].slot, p->ports[k].port) < 0) {
                return -1;
            }
        }
        if (values_set(&run->values, p->spec->slot_dir, shared->folder, strlen(shared->folder)) < 0) {
            return -1;
        }
    }
    return values_set(&run->values, run->scenario->slot_tmp, host->tmp, strlen(host->tmp));
}

/* --- looks
 * ----------------------------------------------------------------------------------------------------------
 */

bool run_company_look(struct run *host)
{
    struct company *company = host->company;
    uint64_t now_ns = run_now_ns(host);
    company->settle = host->world->ops->settle(host->stage, &company->facts);
    if (company->settle == WORLD_BUSY) {
        return false;
    }
    company->looked_ns = now_ns;
    return true;
}

bool run_usage(const struct run *run, struct world_usage *usage)
{
    const struct world_ops *ops = run->world->ops;
    return run->stage && ops->stage_usage && ops->stage_usage(run->stage, usage);
}

bool run_is_active(struct run *run)
{
    return run->stage && run->world->ops->stage_active(run->stage);
}
