/* fake_settle - what the programs of a stage are doing, as settle tells it; see fake.h. */
#include "harness/world/fake_inside.h"

#include <string.h>

static enum world_settle answer(struct world_settle_facts *facts, enum world_settle settle,
                                const struct world_program *p, const char *what)
{
    snprintf(facts->who, sizeof facts->who, "%s%s%s", p ? p->name : "", p ? " " : "", what);
    return settle;
}

/* What one program does; the busiest of a stage is the stage's answer. */
static enum world_settle settle_program(const struct world_program *p, struct world_settle_facts *facts)
{
    const struct world_stage *stage = p->stage;
    bool starting = !p->begun || (p->role->port_count && !p->listening);
    if (p->ended) {
        return stage->world->now_ns < p->status_ns ? answer(facts, WORLD_BUSY, p, "is ending")
                                                   : answer(facts, WORLD_GONE, p, "has ended");
    }
    if (p->role->spins || p->busy_until_ns > stage->world->now_ns || starting || fake_program_will_read(p)) {
        return answer(facts, WORLD_BUSY, p, "runs");
    }
    if (fake_program_is_blocked(p)) {
        return answer(facts, WORLD_WRITING, p, "waits for its peer to read");
    }
    if (p->timer_ns != FAKE_NEVER) {
        facts->woken_twice &= p->wakes >= p->wakes_marked + 2;
        facts->woken_thrice &= p->wakes >= p->wakes_marked + 3;
        return p->role->sleeps ? answer(facts, WORLD_SLEEPING, p, "sleeps in nanosleep")
                               : answer(facts, WORLD_TIMED, p, "sleeps in poll with a timer");
    }
    return answer(facts, WORLD_QUIET, p, "sleeps in read without a timer");
}

static enum world_settle settle_programs(struct world_stage *stage, struct world_settle_facts *facts)
{
    /* From what weighs least to what weighs most. */
    static const enum world_settle order[] = {WORLD_GONE,     WORLD_QUIET,   WORLD_TIMED,
                                              WORLD_SLEEPING, WORLD_WRITING, WORLD_BUSY};
    size_t worst = 0;
    answer(facts, WORLD_GONE, NULL, "no program runs any more");
    facts->woken_twice = facts->woken_thrice = true;
    for (const struct world_program *p = stage->programs; p; p = p->next) {
        struct world_settle_facts own = *facts;
        enum world_settle settle = settle_program(p, &own);
        size_t rank = 0;
        while (order[rank] != settle) {
            rank++;
        }
        facts->woken_twice = own.woken_twice;
        facts->woken_thrice = own.woken_thrice;
        if (rank > worst) {
            worst = rank;
            memcpy(facts->who, own.who, sizeof facts->who);
        }
    }
    return order[worst];
}

enum world_settle fake_settle(struct world_stage *stage, struct world_settle_facts *facts)
{
    fake_time_passes(stage->world, FAKE_LOOK_NS);
    facts->woken_twice = facts->woken_thrice = false;
    bool blind = stage->attached || !stage->programs;
    for (const struct world_program *p = stage->programs; p; p = p->next) {
        blind |= p->role->blind;
    }
    if (blind) {
        return answer(facts, WORLD_BLIND, NULL, "a program can't be looked into");
    }
    if (fake_stage_flying(stage)) {
        return answer(facts, WORLD_BUSY, NULL, "bytes are on their way");
    }
    enum world_settle settle = settle_programs(stage, facts);
    if ((settle == WORLD_TIMED || settle == WORLD_SLEEPING) && !stage->marked) {
        stage->marked = true;
        facts->woken_twice = facts->woken_thrice = false;
        for (struct world_program *p = stage->programs; p; p = p->next) {
            p->wakes_marked = p->wakes;
        }
    }
    return settle;
}

void fake_settle_restart(struct world_stage *stage)
{
    stage->marked = false;
}
