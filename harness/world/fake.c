/* fake - clock, stages, settle and Seam's side of connections and programs; see fake.h and, for its inside,
 * fake_inside.h. */
#include "harness/world/fake_inside.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* --- time --- */

static uint64_t fake_now_ns(struct world *base)
{
    return ((struct fake_world *)base)->now_ns;
}

static uint64_t next_due_ns(const struct fake_world *world)
{
    uint64_t due_ns = FAKE_NEVER;
    for (const struct world_stage *stage = world->stages; stage; stage = stage->next) {
        uint64_t stage_due_ns = fake_stage_due_ns(stage);
        due_ns = stage_due_ns < due_ns ? stage_due_ns : due_ns;
    }
    return due_ns;
}

static void fake_wait(struct world *base, uint64_t until_ns)
{
    struct fake_world *world = (struct fake_world *)base;
    uint64_t due_ns = next_due_ns(world), target_ns = due_ns < until_ns ? due_ns : until_ns;
    assert(target_ns != FAKE_NEVER && "nothing will ever end this wait");
    fake_time_passes(world,
                     target_ns > world->now_ns + FAKE_TICK_NS ? target_ns - world->now_ns : FAKE_TICK_NS);
}

void fake_time_passes(struct fake_world *world, uint64_t by_ns)
{
    world->now_ns += by_ns;
    for (struct world_stage *stage = world->stages; stage; stage = stage->next) {
        fake_stage_happen(stage);
    }
}

void fake_logf(struct fake_world *world, const char *format, ...)
{
    char word[160];
    va_list args;
    va_start(args, format);
    vsnprintf(word, sizeof word, format, args);
    va_end(args);
    if (world->log.length) {
        bytes_append_text(&world->log, " ");
    }
    bytes_append_text(&world->log, word);
}

/* --- stages --- */

static struct world_stage *fake_stage_open(struct world *base)
{
    struct fake_world *world = (struct fake_world *)base;
    struct world_stage *stage = calloc(1, sizeof *stage);
    assert(stage);
    stage->world = world;
    stage->active = true;
    stage->next = world->stages;
    world->stages = stage;
    world->open_count++;
    return stage;
}

static void fake_stage_close(struct world_stage *stage)
{
    struct fake_world *world = stage->world;
    for (struct world_stage **at = &world->stages; *at; at = &(*at)->next) {
        if (*at == stage) {
            *at = stage->next;
            break;
        }
    }
    fake_stage_free(stage);
    world->open_count--;
    fake_logf(world, "stage");
}

static bool fake_stage_active(struct world_stage *stage)
{
    bool active = stage->active;
    stage->active = false;
    return active;
}

static void fake_attach(struct world_stage *stage, uint16_t port)
{
    (void)port;
    stage->attached = true;
}

/* --- ports --- */

static int fake_free_port(struct world *base)
{
    return ++((struct fake_world *)base)->last_port;
}

bool fake_port_in_use(struct world *base, uint16_t port)
{
    const struct fake_world *world = (struct fake_world *)base;
    for (size_t i = 0; i < world->taken_count; i++) {
        if (world->taken[i] == port) {
            return true;
        }
    }
    return fake_program_at(world, port) != NULL;
}

/* --- Seam's side of a connection --- */

static struct world_connection *fake_connect_to(struct world_stage *stage, const char *host, uint16_t port,
                                                int64_t receive_buffer, struct seam_error *error)
{
    struct world_connection *c = fake_connection_new(stage, fake_program_at(stage->world, port));
    (void)host;
    (void)error;
    c->receive_buffer = receive_buffer;
    c->opens_ns = stage->world->now_ns + FAKE_LATENCY_NS;
    return c;
}

static struct world_connection *fake_connect_stdio(struct world_program *program)
{
    struct world_connection *c = fake_connection_new(program->stage, program);
    c->stdio = true;
    fake_connection_open(c);
    return c;
}

static struct world_listener *fake_listen(struct world_stage *stage, const char *host, uint16_t port,
                                          struct seam_error *error)
{
    struct world_listener *l = calloc(1, sizeof *l);
    assert(l);
    (void)host;
    if (port && fake_port_in_use(&stage->world->base, port)) {
        seam_error_set(error, "Address already in use");
        free(l);
        return NULL;
    }
    l->stage = stage;
    l->port = port ? port : (uint16_t)fake_free_port(&stage->world->base);
    l->next = stage->listeners;
    stage->listeners = l;
    return l;
}

static uint16_t fake_listener_port(const struct world_listener *listener)
{
    return listener->port;
}

static struct world_connection *fake_accept(struct world_listener *listener, int64_t receive_buffer)
{
    for (struct world_connection *c = listener->stage->connections; c; c = c->next) {
        if (c->listener == listener && c->open && !c->taken) {
            c->taken = true;
            c->receive_buffer = receive_buffer;
            return c;
        }
    }
    return NULL;
}

static enum world_connection_state fake_connection_state(struct world_connection *c, int *error_number)
{
    *error_number = c->refused ? ECONNREFUSED : 0;
    return c->open ? WORLD_OPEN : c->refused ? WORLD_REFUSED : WORLD_CONNECTING;
}

static ssize_t fake_connection_read(struct world_connection *c, void *buffer, size_t size)
{
    struct fake_pipe *pipe = &c->out;
    size_t n = pipe->arrived - pipe->taken;
    n = n < size ? n : size;
    if (n) {
        memcpy(buffer, pipe->bytes.data + pipe->taken, n);
        pipe->taken += n;
        return (ssize_t)n;
    }
    return pipe->rst_arrived ? -ECONNRESET : pipe->fin_arrived ? 0 : -EAGAIN;
}

static ssize_t fake_connection_write(struct world_connection *c, const void *data, size_t length, bool fin)
{
    struct fake_world *world = c->stage->world;
    size_t room = c->program && c->program->role->room_bytes ? c->program->role->room_bytes : FAKE_ROOM_BYTES;
    size_t unread = c->in.bytes.length - c->in.taken;
    if (c->peer_gone) {
        return -EPIPE;
    }
    size_t n = room > unread ? room - unread : 0;
    n = n < length ? n : length;
    if (length && n == 0) {
        return -EAGAIN;
    }
    if (fin && n == length) {
        c->in.fin = true;
    }
    fake_pipe_put(&c->in, data, n, world->now_ns);
    fake_logf(world, "write%d:%zu%s", c->number, n, c->in.fin ? "+fin" : "");
    return (ssize_t)n;
}

static void fake_connection_reset(struct world_connection *c)
{
    c->in.rst = true;
}

/* The program still gets the end: the object stays until the stage goes. */
static void fake_connection_close(struct world_connection *c)
{
    struct fake_world *world = c->stage->world;
    fake_logf(world, c->in.rst ? "reset%d" : "close%d", c->number);
    c->closed = true;
    world->open_count--;
    if (!c->in.fin && !c->in.rst) {
        c->in.fin = true;
    }
    fake_pipe_put(&c->in, NULL, 0, world->now_ns);
}

static enum world_proof tell(struct world_connection *c, enum world_proof proof, const char *word)
{
    fake_logf(c->stage->world, "%s%d", word, c->number);
    return proof;
}

static enum world_proof fake_connection_proof(struct world_connection *c, struct world_proof_facts *facts)
{
    fake_time_passes(c->stage->world, FAKE_LOOK_NS);
    facts->accepted = c->accepted;
    facts->unread = c->in.bytes.length - c->in.taken + (c->in.fin && !c->in.fin_taken);
    if (!c->program || c->program->role->no_proofs) {
        return tell(c, WORLD_PROOF_UNKNOWN, "unknown");
    }
    if (facts->unread == 0) {
        return tell(c, WORLD_PROOF_DRAINED, "drained");
    }
    return c->peer_gone ? tell(c, WORLD_PROOF_CLOSED, "closed") : WORLD_PROOF_PENDING;
}

/* --- Seam's side of a program --- */

static void fake_program_look(struct world_program *p, struct world_program_facts *facts)
{
    bool known = p->ended && p->stage->world->now_ns >= p->status_ns;
    facts->state = !known ? WORLD_PROGRAM_RUNNING : p->killed ? WORLD_PROGRAM_KILLED : WORLD_PROGRAM_EXITED;
    facts->code = known ? p->code : 0;
    facts->core_dumped = false;
}

static size_t fake_program_ports(struct world_program *p, struct world_port *ports, size_t ports_max)
{
    size_t n = 0;
    for (; !p->ended && p->listening && n < p->role->port_count && n < ports_max; n++) {
        ports[n].port = p->ports[n];
        snprintf(ports[n].host, sizeof ports[n].host, "127.0.0.1");
    }
    return n;
}

static ssize_t fake_program_read(struct world_program *p, int source, void *buffer, size_t size)
{
    struct fake_pipe *pipe = &p->outputs[source];
    size_t n = pipe->arrived - pipe->taken;
    n = n < size ? n : size;
    if (n) {
        memcpy(buffer, pipe->bytes.data + pipe->taken, n);
        pipe->taken += n;
        return (ssize_t)n;
    }
    return pipe->fin_arrived && source < WORLD_LOG ? 0 : -EAGAIN;
}

static ssize_t fake_program_type(struct world_program *p, const void *data, size_t length)
{
    size_t room = p->role->room_bytes ? p->role->room_bytes : FAKE_ROOM_BYTES;
    size_t unread = p->typed.bytes.length - p->typed.taken;
    size_t n = room > unread ? room - unread : 0;
    n = n < length ? n : length;
    if (p->ended) {
        return -EPIPE;
    }
    if (n == 0) {
        return -EAGAIN;
    }
    fake_pipe_put(&p->typed, data, n, p->stage->world->now_ns);
    fake_logf(p->stage->world, "type:%zu", n);
    return (ssize_t)n;
}

static void fake_program_type_end(struct world_program *p)
{
    p->typed.fin = true;
    fake_pipe_put(&p->typed, NULL, 0, p->stage->world->now_ns);
}

static int64_t fake_program_typed_unread(struct world_program *p)
{
    return p->role->no_proofs ? -1 : (int64_t)(p->typed.bytes.length - p->typed.taken);
}

static int fake_program_signal(struct world_program *p, int signal)
{
    if (p->ended) {
        errno = ESRCH;
        return -1;
    }
    fake_logf(p->stage->world, "signal:%d", signal);
    p->signal = signal;
    p->signal_ns = p->stage->world->now_ns + FAKE_LATENCY_NS;
    return 0;
}

static size_t fake_program_sanitizer(struct world_program *p, char *report, size_t report_max)
{
    int n = p->report ? snprintf(report, report_max, "%s", p->report) : 0;
    return n < 0 ? 0 : (size_t)n < report_max ? (size_t)n : report_max - 1;
}

static const char *fake_program_containment(struct world_program *p)
{
    (void)p;
    return NULL;
}

/* --- the world --- */

static void fake_free(struct world *base)
{
    struct fake_world *world = (struct fake_world *)base;
    while (world->stages) {
        fake_stage_close(world->stages);
    }
    bytes_free(&world->log);
    free(world);
}

/* Here nothing is ever on its way. */
static bool ends_arrived(struct world_stage *stage)
{
    (void)stage;
    return true;
}

static const struct world_ops fake_ops = {
    .name = "fake",
    .now_ns = fake_now_ns,
    .wait = fake_wait,
    .free = fake_free,
    .stage_open = fake_stage_open,
    .stage_close = fake_stage_close,
    .stage_active = fake_stage_active,
    .settle = fake_settle,
    .settle_restart = fake_settle_restart,
    .ends_arrived = ends_arrived,
    .free_port = fake_free_port,
    .port_in_use = fake_port_in_use,
    .attach = fake_attach,
    .program_start = fake_program_start,
    .program_look = fake_program_look,
    .program_ports = fake_program_ports,
    .program_read = fake_program_read,
    .program_type = fake_program_type,
    .program_type_end = fake_program_type_end,
    .program_typed_unread = fake_program_typed_unread,
    .program_signal = fake_program_signal,
    .program_sanitizer = fake_program_sanitizer,
    .program_containment = fake_program_containment,
    .connect = fake_connect_to,
    .connect_stdio = fake_connect_stdio,
    .listen = fake_listen,
    .listener_port = fake_listener_port,
    .accept = fake_accept,
    .connection_state = fake_connection_state,
    .connection_read = fake_connection_read,
    .connection_write = fake_connection_write,
    .connection_reset = fake_connection_reset,
    .connection_close = fake_connection_close,
    .connection_proof = fake_connection_proof,
};

struct world *fake_world_new(const struct fake_role *roles, size_t role_count)
{
    struct fake_world *world = calloc(1, sizeof *world);
    assert(world);
    world->base.ops = &fake_ops;
    world->roles = roles;
    world->role_count = role_count;
    world->now_ns = 1000000000; /* a clock that begins at 0 would hide mistakes */
    world->last_port = 20000;
    bytes_init(&world->log, 16 << 20);
    return &world->base;
}

const char *fake_log(const struct world *world)
{
    return bytes_text(&((const struct fake_world *)world)->log);
}

size_t fake_open_count(const struct world *world)
{
    return ((const struct fake_world *)world)->open_count;
}

void fake_port_taken(struct world *base, uint16_t port)
{
    struct fake_world *world = (struct fake_world *)base;
    assert(world->taken_count < FAKE_TAKEN_MAX);
    world->taken[world->taken_count++] = port;
}
