/* real - the real world: the clock, waiting, stages. See real.h. */
#include "harness/world/real.h"

#include "harness/world/ports.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_EVENTS = 64, SPIN_NS = 2000 };

static uint64_t real_now_ns(struct world *world)
{
    struct timespec t;
    (void)world;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int real_watch(struct watch *watch, struct world_stage *stage, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events | EPOLLET, .data.ptr = watch};
    *watch = (struct watch){.fd = fd, .stage = stage, .readable = true, .writable = true};
    return epoll_ctl(stage->world->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void real_unwatch(struct watch *watch)
{
    if (watch->fd >= 0 && watch->stage) {
        epoll_ctl(watch->stage->world->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    }
    watch->fd = -1;
}

/* epoll_pwait2 has nanoseconds (Linux 5.11); where it is missing a wait is rounded up to a millisecond. */
static int wait_events(int epoll, struct epoll_event *events, uint64_t wait_ns)
{
    if (wait_ns <= SPIN_NS) {
        int n = epoll_wait(epoll, events, WAIT_EVENTS, 0);
        if (n == 0 && wait_ns > 0) {
            sched_yield();
        }
        return n;
    }
    struct timespec t = {.tv_sec = (time_t)(wait_ns / 1000000000u), .tv_nsec = (long)(wait_ns % 1000000000u)};
    int n = epoll_pwait2(epoll, events, WAIT_EVENTS, wait_ns == UINT64_MAX ? NULL : &t, NULL);
    if (n < 0 && errno == ENOSYS) {
        uint64_t ms = wait_ns / 1000000 + 1;
        n = epoll_wait(epoll, events, WAIT_EVENTS, wait_ns == UINT64_MAX ? -1 : ms > 60000 ? 60000 : (int)ms);
    }
    return n;
}

static void real_wait(struct world *base, uint64_t until_ns)
{
    struct real_world *world = (struct real_world *)base;
    struct epoll_event events[WAIT_EVENTS];
    uint64_t now_ns = until_ns == UINT64_MAX ? 0 : real_now_ns(base);
    int n = wait_events(world->epoll, events,
                        until_ns == UINT64_MAX ? UINT64_MAX
                        : until_ns > now_ns    ? until_ns - now_ns
                                               : 0);
    for (int i = 0; i < n; i++) {
        struct watch *watch = events[i].data.ptr;
        watch->readable |= (events[i].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        watch->writable |= (events[i].events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
        watch->stage->active = true;
    }
}

static void real_free(struct world *base)
{
    struct real_world *world = (struct real_world *)base;
    if (world->has_facts) {
        sock_diag_close(&world->diag);
    }
    close(world->epoll);
    free(world);
}

static struct world_stage *real_stage_open(struct world *base)
{
    struct world_stage *stage = calloc(1, sizeof *stage);
    if (!stage) {
        return NULL;
    }
    stage->world = (struct real_world *)base;
    stage->active = true;
    stage->settle = settle_new();
    if (!stage->settle) {
        free(stage);
        return NULL;
    }
    return stage;
}

static void real_stage_close(struct world_stage *stage)
{
    while (stage->connections) {
        struct world_connection *next = stage->connections->next;
        real_connection_free(stage->connections);
        stage->connections = next;
    }
    while (stage->closing) {
        struct world_connection *next = stage->closing->next;
        real_connection_free(stage->closing);
        stage->closing = next;
    }
    while (stage->listeners) {
        struct world_listener *next = stage->listeners->next;
        real_listener_free(stage->listeners);
        stage->listeners = next;
    }
    while (stage->programs) {
        struct world_program *next = stage->programs->next;
        real_program_free(stage->programs);
        stage->programs = next;
    }
    settle_free(stage->settle);
    free(stage);
}

static bool real_stage_active(struct world_stage *stage)
{
    bool active = stage->active;
    stage->active = false;
    return active;
}

static int real_free_port(struct world *world)
{
    (void)world;
    return port_free_five_digits();
}

static void note_listener(void *ctx, const struct sockaddr *address, socklen_t bytes, uint32_t inode)
{
    struct {
        uint16_t port;
        bool found;
    } *wanted = ctx;
    (void)bytes;
    (void)inode;
    uint16_t port = address->sa_family == AF_INET
                        ? ((const struct sockaddr_in *)(const void *)address)->sin_port
                        : ((const struct sockaddr_in6 *)(const void *)address)->sin6_port;
    wanted->found |= ntohs(port) == wanted->port;
}

static bool real_port_in_use(struct world *base, uint16_t port)
{
    struct real_world *world = (struct real_world *)base;
    struct {
        uint16_t port;
        bool found;
    } wanted = {port, false};
    return world->has_facts && sock_diag_listeners(&world->diag, note_listener, &wanted) == 0 && wanted.found;
}

static const struct world_ops real_ops = {
    .name = "real",
    .now_ns = real_now_ns,
    .wait = real_wait,
    .free = real_free,
    .stage_open = real_stage_open,
    .stage_close = real_stage_close,
    .stage_active = real_stage_active,
    .settle = real_settle,
    .settle_restart = real_settle_restart,
    .stage_usage = real_stage_usage,
    .ends_arrived = real_ends_arrived,
    .free_port = real_free_port,
    .port_in_use = real_port_in_use,
    .attach = real_attach,
    .program_start = real_program_start,
    .program_look = real_program_look,
    .program_ports = real_program_ports,
    .program_read = real_program_read,
    .program_type = real_program_type,
    .program_type_end = real_program_type_end,
    .program_typed_unread = real_program_typed_unread,
    .program_signal = real_program_signal,
    .program_sanitizer = real_program_sanitizer,
    .program_containment = real_program_containment,
    .connect = real_connect,
    .connect_stdio = real_connect_stdio,
    .listen = real_listen,
    .listener_port = real_listener_port,
    .accept = real_accept,
    .connection_state = real_connection_state,
    .connection_read = real_connection_read,
    .connection_write = real_connection_write,
    .connection_reset = real_connection_reset,
    .connection_close = real_connection_close,
    .connection_proof = real_connection_proof,
};

struct world *world_real_new(struct seam_error *error)
{
    struct real_world *world = calloc(1, sizeof *world);
    if (!world) {
        seam_error_set(error, "out of memory");
        return NULL;
    }
    world->base.ops = &real_ops;
    world->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (world->epoll < 0) {
        seam_error_set(error, "epoll: %s", strerror(errno));
        free(world);
        return NULL;
    }
    world->has_facts = sock_diag_open(&world->diag) == 0;
    if (world->has_facts && sock_diag_probe(&world->diag) != 0) {
        sock_diag_close(&world->diag);
        world->has_facts = false;
    }
    return &world->base;
}

void world_free(struct world *world)
{
    if (world) {
        world->ops->free(world);
    }
}
