/*
 * run_group - bursts of several connections that stand side by side in the script, with their chunks
 * interleaved.
 *
 * Under an interleaving (#S in a segmentation) a send only queues while the next step is another connection's
 * send; behind the last of them the chunks leave one by one, each proved before the next, in an order that
 * the seed decides.
 */
#include "harness/run.h"
#include "harness/steps/args.h"

/* Does another send, of whatever connection, follow? */
static bool group_goes_on(const struct run *run)
{
    const struct scenario *s = run->scenario;
    if (s->script[run->at].step->barrier) {
        return false;
    }
    for (size_t i = run->at + 1; i < run->script_end; i++) {
        const struct step *step = s->script[i].step;
        size_t connection;
        if (step->verb == &step_repeat || step->verb == &step_include) {
            continue;
        }
        return step->verb == &step_send ||
               (step->verb == &step_close && step_close_is_write(step, &connection));
    }
    return false;
}

/* splitmix64 (Steele, Lea, Flood 2014): any seed will do, also 0. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static bool has_chunk(const struct run_connection *c)
{
    return c->state == RUN_CONNECTION_OPEN && c->burst_open && c->written < run_queued_end(c);
}

/* SIZE_MAX: all have left. */
static size_t choose(struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        count += has_chunk(&run->connections[i]);
    }
    size_t left = count ? (size_t)(next_random(&run->random) % count) : 0;
    for (size_t i = 0; count && i < run->scenario->connection_count; i++) {
        if (has_chunk(&run->connections[i]) && left-- == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

enum step_result run_pump_group(struct run *run)
{
    if (group_goes_on(run)) {
        return STEP_DONE;
    }
    for (;;) {
        if (run->group_at == SIZE_MAX && (run->group_at = choose(run)) == SIZE_MAX) {
            break;
        }
        struct run_connection *c = &run->connections[run->group_at];
        if (!run->group_wrote) {
            bool idle;
            enum step_result wrote = run_pump_chunk(run, c, true, &idle);
            if (wrote != STEP_DONE) {
                return wrote;
            }
            run->group_wrote = true;
        }
        enum step_result known = c->checkpoint_due ? run_checkpoint(run, c) : run_prove(run, c);
        if (known != STEP_DONE) {
            return known;
        }
        run->group_wrote = false;
        run->group_at = SIZE_MAX;
    }
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        if (run->connections[i].burst_open) {
            run_end_burst(&run->connections[i]);
        }
    }
    return STEP_DONE;
}
