/* fake_program - the programs' side of the scripted world: what happens when, and what a role's function can
 * do. */
#include "harness/world/fake_inside.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* --- pipes --- */

void fake_pipe_put(struct fake_pipe *pipe, const void *data, size_t length, uint64_t now_ns)
{
    if (pipe->bytes.length_max == 0) {
        bytes_init(&pipe->bytes, (size_t)1 << 30);
    }
    enum bytes_result put = bytes_append(&pipe->bytes, data, length);
    assert(put == BYTES_OK);
    (void)put;
    if (pipe->arrives_ns == 0 || pipe->arrives_ns == FAKE_NEVER) {
        pipe->arrives_ns = now_ns + FAKE_LATENCY_NS;
    }
}

static bool pipe_is_blocked(const struct fake_pipe *pipe)
{
    return pipe->room && pipe->arrived - pipe->taken >= pipe->room && pipe->arrived < pipe->bytes.length;
}

static uint64_t pipe_due_ns(const struct fake_pipe *pipe)
{
    return pipe->arrives_ns == 0 || pipe_is_blocked(pipe) ? FAKE_NEVER : pipe->arrives_ns;
}

static bool pipe_arrive(struct fake_pipe *pipe, uint64_t now_ns)
{
    if (pipe_due_ns(pipe) > now_ns) {
        return false;
    }
    size_t arrives = pipe->bytes.length - pipe->arrived, unread = pipe->arrived - pipe->taken;
    if (pipe->room && arrives > pipe->room - unread) {
        arrives = pipe->room - unread;
    }
    pipe->arrived += arrives;
    if (pipe->arrived == pipe->bytes.length) {
        pipe->arrives_ns = FAKE_NEVER;
        pipe->fin_arrived = pipe->fin;
        pipe->rst_arrived = pipe->rst;
    }
    return true;
}

static bool pipe_is_readable(const struct fake_pipe *pipe)
{
    return pipe->arrived > pipe->taken || (pipe->fin_arrived && !pipe->fin_taken) ||
           (pipe->rst_arrived && !pipe->rst_taken);
}

static void pipe_free(struct fake_pipe *pipe)
{
    bytes_free(&pipe->bytes);
}

/* --- programs --- */

static void happens(struct world_program *p, struct fake_event event)
{
    p->stage->active = true;
    if (p->role->on && !p->ended) {
        p->role->on(p, &event);
    }
}

struct world_program *fake_program_start(struct world_stage *stage, const struct world_program_spec *spec,
                                         struct seam_error *error)
{
    struct fake_world *world = stage->world;
    const char *slash = strrchr(spec->argv[0], '/'), *command = slash ? slash + 1 : spec->argv[0];
    size_t role = 0, last = 0;
    while (role < world->role_count && strcmp(world->roles[role].command, command) != 0) {
        role++;
    }
    if (role == world->role_count) {
        seam_error_set(error, "cannot run \"%s\": No such file or directory", spec->argv[0]);
        return NULL;
    }
    struct world_program *p = calloc(1, sizeof *p);
    assert(p && 2 + spec->log_count <= FAKE_OUTPUTS_MAX);
    while (spec->argv[last + 1]) {
        last++;
    }
    p->stage = stage;
    p->role = &world->roles[role];
    p->name = strdup(spec->name);
    p->argument = strdup(spec->argv[last]);
    p->begins_ns = world->now_ns + FAKE_LATENCY_NS;
    p->listens_ns = p->begins_ns + p->role->listen_after_ns;
    p->timer_ns = p->signal_ns = p->type_ns = FAKE_NEVER;
    for (size_t i = 0; i < p->role->port_count; i++) {
        p->ports[i] = p->role->asked_port ? fake_argument_port(p) : (uint16_t)++world->last_port;
    }
    bytes_init(&p->kept, (size_t)1 << 30);
    p->next = stage->programs;
    stage->programs = p;
    stage->active = true;
    world->open_count++;
    return p;
}

struct world_program *fake_program_at(const struct fake_world *world, uint16_t port)
{
    for (struct world_stage *stage = world->stages; stage; stage = stage->next) {
        for (struct world_program *p = stage->programs; p; p = p->next) {
            for (size_t i = 0; p->listening && !p->ended && i < p->role->port_count; i++) {
                if (p->ports[i] == port) {
                    return p;
                }
            }
        }
    }
    return NULL;
}

bool fake_program_is_blocked(const struct world_program *p)
{
    for (const struct world_connection *c = p->stage->connections; c; c = c->next) {
        if (c->program == p && !c->closed && pipe_is_blocked(&c->out)) {
            return true;
        }
    }
    return false;
}

static bool will_read(const struct world_connection *c)
{
    return c->accepted && !c->peer_gone && pipe_is_readable(&c->in) &&
           (!c->program->role->never_reads || c->in.rst_arrived);
}

static bool will_read_typed(const struct world_program *p)
{
    return pipe_is_readable(&p->typed) && !p->role->never_reads_stdin;
}

bool fake_program_will_read(const struct world_program *p)
{
    bool will = will_read_typed(p);
    for (const struct world_connection *c = p->stage->connections; c; c = c->next) {
        will |= c->program == p && will_read(c);
    }
    return will && !fake_program_is_blocked(p);
}

/* --- connections --- */

struct world_connection *fake_connection_new(struct world_stage *stage, struct world_program *program)
{
    struct world_connection *c = calloc(1, sizeof *c), **at = &stage->connections;
    assert(c);
    c->stage = stage;
    c->program = program;
    c->number = stage->world->connection_count++;
    c->opens_ns = c->read_ns = FAKE_NEVER;
    bytes_init(&c->in.bytes, (size_t)1 << 30);
    bytes_init(&c->out.bytes, (size_t)1 << 30);
    if (program) {
        c->out.room = program->role->say_room_bytes ? program->role->say_room_bytes : FAKE_ROOM_BYTES;
    }
    while (*at) {
        at = &(*at)->next;
    }
    *at = c;
    stage->world->open_count++;
    return c;
}

void fake_connection_open(struct world_connection *c)
{
    c->opens_ns = FAKE_NEVER;
    c->stage->active = true;
    if (!c->program || c->program->ended) {
        c->refused = true;
        return;
    }
    c->open = true;
    fake_logf(c->stage->world, "open%d", c->number);
    if (!c->program->role->never_accepts) {
        c->accepted = true;
        happens(c->program, (struct fake_event){.kind = FAKE_OPENED, .connection = c});
    }
}

static void read_once(struct world_connection *c)
{
    struct fake_world *world = c->stage->world;
    struct world_program *p = c->program;
    size_t n = c->in.arrived - c->in.taken;
    if (c->in.rst_arrived) {
        c->in.rst_taken = true;
        c->in.taken = c->in.arrived;
        fake_logf(world, "read%d:RST", c->number);
        happens(p, (struct fake_event){.kind = FAKE_READ_RST, .connection = c});
        c->peer_gone = true;
    } else if (n) {
        n = p->role->read_bytes && n > p->role->read_bytes ? p->role->read_bytes : n;
        char *copy = calloc(1, n + 1);
        assert(copy);
        memcpy(copy, c->in.bytes.data + c->in.taken, n);
        c->in.taken += n;
        struct bytes shown;
        bytes_init(&shown, 128);
        bytes_append_visible(&shown, copy, n < 24 ? n : 24, BYTES_VISIBLE_QUOTED);
        fake_logf(world, "read%d:%s%s", c->number, bytes_text(&shown), n > 24 ? "..." : "");
        bytes_free(&shown);
        happens(p, (struct fake_event){.kind = FAKE_READ, .connection = c, .data = copy, .length = n});
        free(copy);
    } else {
        c->in.fin_taken = true;
        fake_logf(world, "read%d:FIN", c->number);
        happens(p, (struct fake_event){.kind = FAKE_READ_FIN, .connection = c});
    }
}

static void read_typed(struct world_program *p)
{
    size_t n = p->typed.arrived - p->typed.taken;
    if (n == 0) {
        p->typed.fin_taken = true;
        happens(p, (struct fake_event){.kind = FAKE_TYPED_END});
        return;
    }
    char *copy = calloc(1, n + 1);
    assert(copy);
    memcpy(copy, p->typed.bytes.data + p->typed.taken, n);
    p->typed.taken += n;
    happens(p, (struct fake_event){.kind = FAKE_TYPED, .data = copy, .length = n});
    free(copy);
}

/* --- what happens when --- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* When a program that has something to read reads it. */
static void plan_read(const struct world_program *p, bool will, uint64_t *read_ns)
{
    uint64_t now_ns = p->stage->world->now_ns;
    if (!will || p->ended) {
        *read_ns = FAKE_NEVER;
    } else if (*read_ns == FAKE_NEVER) {
        uint64_t free_ns = p->busy_until_ns > now_ns ? p->busy_until_ns : now_ns;
        *read_ns = free_ns + p->role->read_gap_ns;
    } else if (*read_ns < p->busy_until_ns) {
        *read_ns = p->busy_until_ns + p->role->read_gap_ns;
    }
}

static uint64_t program_due_ns(struct world_program *p)
{
    uint64_t due_ns = p->begun ? FAKE_NEVER : p->begins_ns;
    for (size_t i = 0; i < FAKE_OUTPUTS_MAX; i++) {
        due_ns = earlier(due_ns, pipe_due_ns(&p->outputs[i]));
    }
    if (p->ended) {
        return p->status_ns > p->stage->world->now_ns ? earlier(due_ns, p->status_ns) : due_ns;
    }
    bool blocked = fake_program_is_blocked(p);
    due_ns = earlier(due_ns, pipe_due_ns(&p->typed));
    due_ns = earlier(due_ns, p->signal_ns);
    due_ns = p->listening || p->role->port_count == 0 ? due_ns : earlier(due_ns, p->listens_ns);
    due_ns = blocked ? due_ns : earlier(due_ns, p->timer_ns);
    plan_read(p, will_read_typed(p) && !blocked, &p->type_ns);
    return earlier(due_ns, p->type_ns);
}

static uint64_t connection_due_ns(struct world_connection *c)
{
    uint64_t due_ns = earlier(c->opens_ns, pipe_due_ns(&c->out));
    if (!c->program || c->program->ended) {
        return due_ns;
    }
    plan_read(c->program, will_read(c) && !fake_program_is_blocked(c->program), &c->read_ns);
    return earlier(earlier(due_ns, pipe_due_ns(&c->in)), c->read_ns);
}

uint64_t fake_stage_due_ns(const struct world_stage *stage)
{
    uint64_t due_ns = FAKE_NEVER;
    for (struct world_program *p = stage->programs; p; p = p->next) {
        due_ns = earlier(due_ns, program_due_ns(p));
    }
    for (struct world_connection *c = stage->connections; c; c = c->next) {
        due_ns = earlier(due_ns, connection_due_ns(c));
    }
    return due_ns;
}

static void program_happen(struct world_program *p, uint64_t now_ns)
{
    for (size_t i = 0; i < FAKE_OUTPUTS_MAX; i++) {
        p->stage->active |= pipe_arrive(&p->outputs[i], now_ns);
    }
    if (p->ended) {
        p->stage->active |= p->status_ns <= now_ns;
        return;
    }
    if (!p->begun && p->begins_ns <= now_ns) {
        p->begun = true;
        happens(p, (struct fake_event){.kind = FAKE_STARTED});
    }
    if (p->begun && !p->listening && p->role->port_count && p->listens_ns <= now_ns && !p->ended) {
        p->listening = true;
        p->stage->active = true;
    }
    pipe_arrive(&p->typed, now_ns);
    if (p->signal_ns <= now_ns && !p->ended) {
        p->signal_ns = FAKE_NEVER;
        if (p->role->catches_signals && p->signal != SIGKILL) {
            happens(p, (struct fake_event){.kind = FAKE_SIGNAL, .signal = p->signal});
        } else {
            fake_die(p, p->signal);
        }
    }
    if (p->timer_ns <= now_ns && !p->ended && !fake_program_is_blocked(p)) {
        p->timer_ns = FAKE_NEVER;
        p->wakes++;
        happens(p, (struct fake_event){.kind = FAKE_TIMER});
    }
    if (p->type_ns <= now_ns && !p->ended) {
        p->type_ns = FAKE_NEVER;
        read_typed(p);
    }
}

static void connection_happen(struct world_connection *c, uint64_t now_ns)
{
    if (c->opens_ns <= now_ns) {
        fake_connection_open(c);
    }
    c->stage->active |= pipe_arrive(&c->out, now_ns);
    pipe_arrive(&c->in, now_ns);
    if (c->read_ns <= now_ns && c->program && !c->program->ended) {
        c->read_ns = FAKE_NEVER;
        read_once(c);
    }
}

void fake_stage_happen(struct world_stage *stage)
{
    uint64_t now_ns = stage->world->now_ns;
    for (int round = 0; fake_stage_due_ns(stage) <= now_ns; round++) {
        assert(round < 1000000 && "a role goes on for ever without time passing");
        for (struct world_program *p = stage->programs; p; p = p->next) {
            program_happen(p, now_ns);
        }
        for (struct world_connection *c = stage->connections; c; c = c->next) {
            connection_happen(c, now_ns);
        }
    }
}

bool fake_stage_flying(const struct world_stage *stage)
{
    for (const struct world_program *p = stage->programs; p; p = p->next) {
        for (size_t i = 0; i < FAKE_OUTPUTS_MAX; i++) {
            if (pipe_due_ns(&p->outputs[i]) != FAKE_NEVER) {
                return true;
            }
        }
        if (!p->ended && (pipe_due_ns(&p->typed) != FAKE_NEVER || p->signal_ns != FAKE_NEVER)) {
            return true;
        }
    }
    for (const struct world_connection *c = stage->connections; c; c = c->next) {
        bool lives = c->program && !c->program->ended;
        if (c->opens_ns != FAKE_NEVER || pipe_due_ns(&c->out) != FAKE_NEVER ||
            (lives && pipe_due_ns(&c->in) != FAKE_NEVER)) {
            return true;
        }
    }
    return false;
}

void fake_stage_free(struct world_stage *stage)
{
    struct fake_world *world = stage->world;
    while (stage->connections) {
        struct world_connection *c = stage->connections;
        stage->connections = c->next;
        world->open_count -= !c->closed;
        pipe_free(&c->in);
        pipe_free(&c->out);
        free(c);
    }
    while (stage->programs) {
        struct world_program *p = stage->programs;
        stage->programs = p->next;
        world->open_count--;
        for (size_t i = 0; i < FAKE_OUTPUTS_MAX; i++) {
            pipe_free(&p->outputs[i]);
        }
        pipe_free(&p->typed);
        bytes_free(&p->kept);
        free(p->name);
        free(p->argument);
        free(p->report);
        free(p);
    }
    while (stage->listeners) {
        struct world_listener *l = stage->listeners;
        stage->listeners = l->next;
        free(l);
    }
    free(stage);
}
