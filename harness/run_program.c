/*
 * run_program - programs under test: what they say, when they start, their ports, when they are ready.
 *
 * A program starts just before the first step that names it, unless a step starts it. Ready means: its named
 * ports are in LISTEN, seen in the kernel's table as sockets of its process tree. A program that ends with no
 * step that expects it fails the run.
 */
#include "harness/run.h"
#include "harness/steps/args.h"

#include <errno.h>
#include <string.h>

enum { START_TRIES_MAX = 5 };

static size_t source_stream(const struct run_program *p, int source)
{
    return source == WORLD_STDOUT   ? p->out
           : source == WORLD_STDERR ? p->err
                                    : p->logs + (size_t)(source - WORLD_LOG);
}

static void intake_source(struct run *run, struct run_program *p, int source)
{
    size_t index = source_stream(p, source);
    struct transcript_stream *stream = &run->transcript.streams[index];
    while (!stream->ended && run_may_read(run)) {
        ssize_t n = run->world->ops->program_read(p->world, source, run->scratch, sizeof run->scratch);
        if (n == -EAGAIN) {
            return;
        }
        run->moved = true;
        run->reads_left--;
        if (n <= 0) {
            transcript_event(&run->transcript, EVENT_END, index, run->at, 0, run_now_ns(run));
        } else if (transcript_chunk(&run->transcript, index, run->at, run->scratch, (size_t)n,
                                    run_now_ns(run)) == SIZE_MAX) {
            run_fail(run, RESULT_ERROR, NULL, "\"%s\" wrote more than the %zu MiB that are kept",
                     stream->name, SCENARIO_RECEIVED_BYTES_MAX >> 20);
            return;
        }
    }
}

void run_intake_program(struct run *run, struct run_program *p)
{
    if (!p->world || run_is_guest(run)) {
        return;
    }
    if (!p->spec->stdio) { /* else stdout belongs to its connection */
        intake_source(run, p, WORLD_STDOUT);
    }
    intake_source(run, p, WORLD_STDERR);
    for (size_t i = 0; i < p->spec->log_count; i++) {
        intake_source(run, p, WORLD_LOG + (int)i);
    }
}

/* Matches what listens to the program's named ports. -1: not all are there yet. */
static int map_ports(struct run *run, struct run_program *p)
{
    struct world_port found[WORLD_PORTS_MAX];
    const struct program *spec = p->spec;
    size_t count = run->world->ops->program_ports(p->world, found, WORLD_PORTS_MAX);
    size_t unnamed = 0;
    for (size_t i = 0; i < spec->port_count; i++) {
        if (spec->ports[i].chosen) {
            size_t k = 0;
            while (k < count && found[k].port != p->ports[i].port) {
                k++;
            }
            if (k == count) {
                return -1;
            }
            p->ports[i] = found[k];
            found[k] = found[--count];
        } else {
            unnamed++;
        }
    }
    if (unnamed > count) {
        return -1;
    }
    size_t next = 0;
    for (size_t i = 0; i < spec->port_count; i++) {
        if (!spec->ports[i].chosen) {
            p->ports[i] = found[next++];
            values_set_number(&run->values, spec->ports[i].slot, p->ports[i].port);
        }
    }
    if (unnamed == 1 && spec->port_count == 1 && count > 1) {
        /* No error: whether the others are there already is a matter of time. */
        run_note(run,
                 "\"%s\" listens on %zu ports (%u, %u …), %u is taken: name them, \"listens\": [\"one\", "
                 "\"two\"], or use "
                 "${%s.port} in its command",
                 spec->name, count, found[0].port, found[1].port, found[0].port, spec->name);
    }
    p->has_ports = true;
    return 0;
}

static enum step_result fail_not_listening(struct run *run, struct run_program *p, const char *because)
{
    struct world_port found[WORLD_PORTS_MAX] = {{0}};
    bool picked = p->spec->port_count == 1 && p->spec->ports[0].chosen;
    char where[64] = "";
    if (picked && p->facts.state == WORLD_PROGRAM_RUNNING &&
        run->world->ops->program_ports(p->world, found, WORLD_PORTS_MAX) > 0 &&
        found[0].port != p->ports[0].port) {
        snprintf(where, sizeof where, " on port %u, but on port %u", p->ports[0].port, found[0].port);
    } else if (picked) {
        snprintf(where, sizeof where, " on port %u", p->ports[0].port);
    }
    return run_fail(run, RESULT_ERROR, &p->spec->place, "\"%s\" does not listen%s: %s", p->spec->name, where,
                    because);
}

/* It ended before it listened: perhaps because its port was taken in the meantime. */
static enum step_result start_again(struct run *run, struct run_program *p)
{
    bool chosen = false;
    for (size_t i = 0; i < p->spec->port_count; i++) {
        chosen |= p->spec->ports[i].chosen && run->world->ops->port_in_use(run->world, p->ports[i].port);
    }
    if (chosen && ++p->start_tries < START_TRIES_MAX) {
        run_note(run, "the port picked for \"%s\" was taken by somebody else: started again with another",
                 p->spec->name);
        p->world = NULL; /* the stage still owns it */
        return run_program_launch(run, p) < 0 ? STEP_FAIL : STEP_WAIT;
    }
    char how[64];
    snprintf(how, sizeof how,
             p->facts.state == WORLD_PROGRAM_EXITED ? "it exited with %d first"
                                                    : "it was killed by signal %d first",
             p->facts.code);
    return fail_not_listening(run, p, how);
}

static enum step_result wait_for_ports(struct run *run, struct run_program *p)
{
    run->world->ops->program_look(p->world, &p->facts);
    if (p->facts.state != WORLD_PROGRAM_RUNNING) {
        run->reads_left = SIZE_MAX;
        run_intake_program(run, p);
        return start_again(run, p);
    }
    uint64_t now_ns = run_now_ns(run);
    if (now_ns < p->look_ns) {
        run_look_again(run, p->look_ns);
        return STEP_WAIT;
    }
    if (map_ports(run, p) == 0) {
        p->state = RUN_PROGRAM_READY;
        return run->failed ? STEP_FAIL : STEP_DONE;
    }
    if (run_out_of_time(run)) {
        char because[sizeof run->settle_facts.who + 32];
        snprintf(because, sizeof because, "time ran out%s%s", run->settle_facts.who[0] ? "; " : "",
                 run->settle_facts.who);
        return fail_not_listening(run, p, because);
    }
    if (p->looks > 8 && run_quiet_look(run, false) == RUN_QUIET_YES && run->settle == WORLD_QUIET &&
        map_ports(run, p) < 0) {
        return fail_not_listening(run, p, run->settle_facts.who);
    }
    p->look_ns = now_ns + (p->looks < 20 ? 250000 : 2000000);
    p->looks++;
    run_look_again(run, p->look_ns);
    return STEP_WAIT;
}

static enum step_result attach(struct run *run, struct run_program *p)
{
    if (run_parse_address(run, p->spec->address, p->ports[0].host, &p->ports[0].port) < 0) {
        return STEP_FAIL;
    }
    values_set_number(&run->values, p->spec->ports[0].slot, p->ports[0].port);
    run->world->ops->attach(run->stage, p->ports[0].port);
    p->has_ports = true;
    p->state = RUN_PROGRAM_READY;
    return STEP_DONE;
}

enum step_result run_program_ready(struct run *run, size_t program)
{
    struct run_program *p = &run->programs[program];
    if (p->state == RUN_PROGRAM_READY || p->state == RUN_PROGRAM_ENDED) {
        return STEP_DONE;
    }
    if (p->spec->address) {
        return attach(run, p);
    }
    if (p->state == RUN_PROGRAM_NONE && run_program_launch(run, p) < 0) {
        return STEP_FAIL;
    }
    if (!p->spec->listens) {
        p->state = RUN_PROGRAM_READY;
        return STEP_DONE;
    }
    return wait_for_ports(run, p);
}

enum step_result run_program_start(struct run *run, size_t program)
{
    if (run_is_guest(run)) {
        return STEP_DONE; /* its host has started it */
    }
    if (run_step_begins(run) && run->programs[program].state != RUN_PROGRAM_NONE) {
        return run_fail(run, RESULT_FAILED, NULL, "\"%s\" was started before",
                        run->programs[program].spec->name);
    }
    return run_program_ready(run, program);
}

/* Starts the programs that a step names, just before it. */
enum step_result run_programs_ready(struct run *run, const struct script_entry *entry)
{
    const struct step_verb *verb = entry->step->verb;
    for (size_t i = 0; i < verb->arg_count && verb != &step_start; i++) {
        const char *at = (const char *)entry->step->args + verb->args[i].offset;
        size_t program = SIZE_MAX;
        if (verb->args[i].kind == ARG_PROGRAM) {
            program = *(const size_t *)(const void *)at;
        } else if (verb->args[i].kind == ARG_STREAM) {
            const struct stream_ref *ref = (const void *)at;
            program = ref->kind == STREAM_CONNECTION ? SIZE_MAX : ref->index;
        } else if (verb->args[i].kind == ARG_TARGET) {
            const struct connect_target *to = (const void *)at;
            program = to->is_address ? SIZE_MAX : to->program;
        }
        if (program == SIZE_MAX) {
            continue;
        }
        struct run_program *p = &run->programs[program];
        if (p->state == RUN_PROGRAM_NONE && p->spec->explicit_start) {
            return run_fail(run, RESULT_FAILED, NULL, "\"%s\" has not been started: its start comes later",
                            p->spec->name);
        }
        enum step_result ready = run_program_ready(run, program);
        if (ready != STEP_DONE) {
            return ready;
        }
    }
    return STEP_DONE;
}
