/*
 * run_quiet - "can anything still come?", answered by facts.
 *
 * A look asks the world once whether every thread of the run's programs waits for input after all that Seam
 * sent has arrived. When it does, everything the programs had to say has been written, so what an intake
 * reads after the look is all of it until Seam acts again. Looks back off; they never decide by the time that
 * has passed.
 */
#include "harness/run.h"

#define GIVEN_BACK_MAX_NS ((uint64_t)60 * 1000000000) /* per step */
enum { LATE_LOOKS_MAX = 10 };                         /* per step, while the programs are busy at its limit */

/* The first look comes a little later than the first answer of a quick program; then ever more rarely. */
static uint64_t look_gap_ns(unsigned looks)
{
    static const uint64_t gaps_us[] = {150, 150, 300, 500, 1000, 2000, 3000, 5000};
    size_t last = sizeof gaps_us / sizeof gaps_us[0] - 1;
    return gaps_us[looks < last ? looks : last] * 1000;
}

void run_acted(struct run *run)
{
    run->acted_ns = run_now_ns(run);
    run->quiet_looks = 0;
    run->quiet_look_ns = run->acted_ns + look_gap_ns(0);
    run->world->ops->settle_restart(run->stage);
}

/* A program that waits for Seam to read can say nothing more until Seam does. */
static bool somebody_is_not_read(const struct run *run)
{
    for (size_t i = 0; i < run->scenario->connection_count; i++) {
        const struct run_connection *c = &run->connections[i];
        if (c->state == RUN_CONNECTION_OPEN && c->spec->reads_on_expect && !c->reading) {
            return true;
        }
    }
    return false;
}

/* What a look is asked for. A timer that went off twice, and a sleep that ended three times, with nothing
 * said are taken for background; but that a program in a bare sleep will *never* answer is no fact, so an
 * expect waits on. */
enum question { NOTHING_CAN_COME, IS_SILENT, IS_CALM };

static enum run_quiet judge(struct run *run, enum question question)
{
    switch (run->settle) {
    case WORLD_QUIET:
    case WORLD_GONE:
        return RUN_QUIET_YES;
    case WORLD_TIMED:
        if (question != IS_CALM &&
            run->settle_facts.asleep_until_ns > run->step_began_ns + run->step_limit_ns) {
            return RUN_QUIET_YES; /* its next timer lies behind the limit of this step: waiting for that shows
                                     no more */
        }
        if (question == NOTHING_CAN_COME && run->limit_given) {
            return RUN_QUIET_NOT_YET; /* a program that polls may count its wakings: who says how long, waits
                                         so long */
        }
        return question == IS_CALM || run->settle_facts.woken_twice ? RUN_QUIET_YES : RUN_QUIET_NOT_YET;
    case WORLD_SLEEPING:
        return question == IS_CALM || (question == IS_SILENT && run->settle_facts.woken_thrice)
                   ? RUN_QUIET_YES
                   : RUN_QUIET_NOT_YET;
    case WORLD_WRITING:
        return somebody_is_not_read(run) ? RUN_QUIET_YES : RUN_QUIET_NOT_YET;
    case WORLD_BLIND:
        return RUN_QUIET_BLIND;
    case WORLD_BUSY:
        break;
    }
    return RUN_QUIET_NOT_YET;
}

/* A limit is for what the programs do. On a machine with too much to do they may get no processor for
 * seconds: that is no time of theirs. */
static void give_back_time(struct run *run, uint64_t now_ns)
{
    uint64_t before_ns = run->looked_ns > run->step_began_ns ? run->looked_ns : run->step_began_ns;
    if (run->settle == WORLD_BUSY && run->settle_facts.starved && run->given_back_ns < GIVEN_BACK_MAX_NS) {
        run->step_began_ns += now_ns - before_ns;
        run->given_back_ns += now_ns - before_ns;
    }
    run->looked_ns = now_ns;
}

/* The last look at the company's programs answers when it began after this run last acted. */
static enum run_quiet look_in_company(struct run *run, enum question question)
{
    const struct company *company = run->company;
    if (company->looked_ns > run->acted_ns) {
        run->settle = company->settle;
        run->settle_facts = company->facts;
        if (judge(run, question) == RUN_QUIET_YES) {
            run_intake_all(run);
            return RUN_QUIET_YES;
        }
    }
    run->late_looks += run_out_of_time(run);
    run->wishes = true;
    return RUN_QUIET_NOT_YET;
}

static enum run_quiet look(struct run *run, enum question question)
{
    if (run_is_guest(run)) {
        return look_in_company(run, question);
    }
    uint64_t now_ns = run_now_ns(run);
    if (run->quiet_look_ns == 0) {
        run->quiet_look_ns = now_ns;
    }
    if (now_ns < run->quiet_look_ns) {
        run_look_again(run, run->quiet_look_ns);
        return RUN_QUIET_NOT_YET;
    }
    run->settle = run->world->ops->settle(run->stage, &run->settle_facts);
    give_back_time(run, now_ns);
    run->late_looks += run_out_of_time(run);
    enum run_quiet answer = judge(run, question);
    if (answer == RUN_QUIET_YES) {
        run_intake_all(run);
        return answer;
    }
    run->quiet_look_ns = now_ns + look_gap_ns(++run->quiet_looks);
    run_look_again(run, run->quiet_look_ns);
    return answer;
}

enum run_quiet run_quiet_look(struct run *run, bool calm)
{
    return look(run, calm ? IS_CALM : NOTHING_CAN_COME);
}

enum run_quiet run_quiet_silence(struct run *run)
{
    return look(run, IS_SILENT);
}

/* One look may fall just when a thread is awake that sleeps nearly all the time. */
bool run_quiet_is_late(const struct run *run)
{
    return run_out_of_time(run) && (run->settle != WORLD_BUSY || run->late_looks >= LATE_LOOKS_MAX);
}

enum step_result run_settled(struct run *run)
{
    enum step_result proved = run_prove_all(run);
    if (proved != STEP_DONE) {
        return proved;
    }
    switch (run_quiet_silence(run)) {
    case RUN_QUIET_YES:
        return STEP_DONE; /* also one that waits to be read, when the scenario does not read */
    case RUN_QUIET_BLIND:
        return run_fail(run, RESULT_ERROR, NULL, "can't see whether it has settled: %s",
                        run->settle_facts.who);
    case RUN_QUIET_NOT_YET:
        break;
    }
    if (run_quiet_is_late(run)) {
        if (run->settle == WORLD_TIMED || run->settle == WORLD_SLEEPING) {
            run_note(run, "settled as far as can be seen, it may wake later: %s", run->settle_facts.who);
            return STEP_DONE;
        }
        return run_fail(run, RESULT_FAILED, NULL, "it did not settle within %llu ms: %s",
                        (unsigned long long)(run->step_limit_ns / 1000000), run->settle_facts.who);
    }
    return STEP_WAIT;
}
