/* fake_role - what a role's function can do; see fake.h. */
#include "harness/world/fake_inside.h"

#include <stdlib.h>
#include <string.h>

void fake_say_bytes(struct world_connection *c, const void *data, size_t length)
{
    if (!c->peer_gone && !c->out.fin) {
        fake_pipe_put(&c->out, data, length, c->stage->world->now_ns);
    }
}

void fake_say(struct world_connection *c, const char *text)
{
    fake_say_bytes(c, text, strlen(text));
}

void fake_half_close(struct world_connection *c)
{
    c->out.fin = true;
    fake_pipe_put(&c->out, NULL, 0, c->stage->world->now_ns);
}

void fake_close(struct world_connection *c)
{
    if (c->in.taken < c->in.arrived) {
        fake_reset(c);
    } else if (!c->peer_gone) {
        fake_half_close(c);
        c->peer_gone = true;
    }
}

void fake_reset(struct world_connection *c)
{
    if (!c->peer_gone) {
        c->out.rst = true;
        c->peer_gone = true;
        fake_pipe_put(&c->out, NULL, 0, c->stage->world->now_ns);
    }
}

void fake_print(struct world_program *p, int source, const char *text)
{
    fake_pipe_put(&p->outputs[source], text, strlen(text), p->stage->world->now_ns);
}

void fake_timer(struct world_program *p, uint64_t after_ns)
{
    p->timer_ns = p->stage->world->now_ns + after_ns;
}

void fake_busy(struct world_program *p, uint64_t for_ns)
{
    p->busy_until_ns = p->stage->world->now_ns + for_ns;
}

static void end_program(struct world_program *p, bool killed, int code)
{
    uint64_t now_ns = p->stage->world->now_ns;
    if (p->ended) {
        return;
    }
    for (struct world_connection *c = p->stage->connections; c; c = c->next) {
        if (c->program == p && c->open) {
            fake_close(c);
        }
    }
    for (int source = 0; source < FAKE_OUTPUTS_MAX; source++) {
        p->outputs[source].fin = true;
        fake_pipe_put(&p->outputs[source], NULL, 0, now_ns);
    }
    p->ended = true;
    p->killed = killed;
    p->code = code;
    p->status_ns = now_ns + p->role->status_after_ns;
    p->stage->active = true;
}

void fake_exit(struct world_program *p, int code)
{
    end_program(p, false, code);
}

void fake_die(struct world_program *p, int signal)
{
    end_program(p, true, signal);
}

void fake_report(struct world_program *p, const char *sanitizer_report)
{
    free(p->report);
    p->report = strdup(sanitizer_report);
}

struct world_connection *fake_connect(struct world_program *p, uint16_t port)
{
    for (struct world_listener *l = p->stage->listeners; l; l = l->next) {
        if (l->port == port) {
            struct world_connection *c = fake_connection_new(p->stage, p);
            c->listener = l;
            c->accepted = true;
            c->opens_ns = p->stage->world->now_ns + FAKE_LATENCY_NS;
            return c;
        }
    }
    return NULL;
}

uint16_t fake_argument_port(const struct world_program *p)
{
    return (uint16_t)strtoul(p->argument, NULL, 10);
}

bool fake_is_port_taken(const struct world_program *p, uint16_t port)
{
    struct fake_world *world = p->stage->world;
    for (size_t i = 0; i < world->taken_count; i++) {
        if (world->taken[i] == port) {
            return true;
        }
    }
    return false;
}

void fake_keep(struct world_program *p, const void *data, size_t length)
{
    bytes_append(&p->kept, data, length);
}

struct bytes *fake_kept(struct world_program *p)
{
    return &p->kept;
}

struct world_connection *fake_first_connection(struct world_program *p)
{
    for (struct world_connection *c = p->stage->connections; c; c = c->next) {
        if (c->program == p && c->open && !c->peer_gone && !c->closed) {
            return c;
        }
    }
    return NULL;
}

unsigned fake_count(struct world_program *p)
{
    return p->counted++;
}
