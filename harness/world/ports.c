#include "harness/world/ports.h"

#include "harness/world/proc_tree.h"
#include "harness/world/sock_diag.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All listening sockets of the machine. */
struct listeners {
    struct port_found *items;
    size_t count;
    size_t room;
    bool out_of_memory;
};

static void listeners_add(void *ctx, const struct sockaddr *address, socklen_t address_bytes, uint32_t inode)
{
    struct listeners *listeners = ctx;
    if (inode == 0 || listeners->out_of_memory)
        return;
    if (listeners->count == listeners->room) {
        size_t room = listeners->room == 0 ? 64 : 2 * listeners->room;
        struct port_found *items = realloc(listeners->items, room * sizeof *items);
        if (items == NULL) {
            listeners->out_of_memory = true;
            return;
        }
        listeners->items = items;
        listeners->room = room;
    }
    struct port_found *item = &listeners->items[listeners->count++];
    memset(item, 0, sizeof *item);
    item->inode = inode;
    memcpy(&item->address, address, address_bytes);
    item->port =
        ntohs(address->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)&item->address)->sin6_port
                                             : ((const struct sockaddr_in *)&item->address)->sin_port);
}

static const struct port_found *listeners_find(const struct port_found *items, size_t count,
                                               unsigned long inode)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].inode == inode)
            return &items[i];
    }
    return NULL;
}

/* Adds what one process holds and is not yet found. The kernel lists /proc/PID/fd in ascending order. */
static size_t ports_add_process(const struct listeners *listeners, pid_t pid, struct port_found *found,
                                size_t count, size_t found_max)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *fds = opendir(path);
    if (fds == NULL)
        return count;
    for (struct dirent *entry; count < found_max && (entry = readdir(fds)) != NULL;) {
        char target[64];
        unsigned long inode;
        ssize_t bytes = readlinkat(dirfd(fds), entry->d_name, target, sizeof target - 1);
        if (bytes <= 0)
            continue;
        target[bytes] = '\0';
        if (sscanf(target, "socket:[%lu]", &inode) != 1)
            continue;
        const struct port_found *listener = listeners_find(listeners->items, listeners->count, inode);
        if (listener != NULL && listeners_find(found, count, inode) == NULL)
            found[count++] = *listener;
    }
    closedir(fds);
    return count;
}

ssize_t ports_of_tree(struct sock_diag *diag, const pid_t *roots, size_t roots_count,
                      struct port_found *found, size_t found_max)
{
    struct listeners listeners = {.items = NULL};
    int result = sock_diag_listeners(diag, listeners_add, &listeners);
    if (result == 0 && listeners.out_of_memory)
        result = -ENOMEM;
    size_t count = 0;
    if (result == 0) {
        pid_t pids[PORTS_TREE_PROCESSES_MAX];
        size_t pids_count = proc_tree_walk(roots, roots_count, pids, PORTS_TREE_PROCESSES_MAX);
        for (size_t i = 0; i < pids_count; i++)
            count = ports_add_process(&listeners, pids[i], found, count, found_max);
    }
    free(listeners.items);
    return result == 0 ? (ssize_t)count : result;
}

/*
 * True when nobody is bound to the port in this family. The any-address collides with every address. A family
 * that this machine does not have is free.
 */
static bool port_is_free_in(int family, uint16_t port)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno == EAFNOSUPPORT;
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    int on = 1;
    bool bound;
    if (family == AF_INET6)
        bound = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0 &&
                bind(fd, (struct sockaddr *)&ipv6, sizeof ipv6) == 0;
    else
        bound = bind(fd, (struct sockaddr *)&ipv4, sizeof ipv4) == 0;
    bool is_free = bound || errno == EADDRNOTAVAIL;
    close(fd);
    return is_free;
}

/* The ports that the kernel gives to connections and to bind(0), ip(7). An empty range when it cannot be
 * read. */
static void ephemeral_range(unsigned *low, unsigned *high)
{
    *low = 1;
    *high = 0;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
    if (file == NULL)
        return;
    if (fscanf(file, "%u %u", low, high) != 2)
        *low = 1, *high = 0;
    fclose(file);
}

/* The row of ports to offer: all five-digit ones but those from skip_low to skip_high. */
struct port_row {
    unsigned skip_low;
    unsigned skip_count;
    unsigned count;
};

static struct port_row port_row(void)
{
    enum { PORTS = PORT_FREE_MAX - PORT_FREE_MIN + 1 };
    unsigned low, high;
    ephemeral_range(&low, &high);
    if (low < PORT_FREE_MIN)
        low = PORT_FREE_MIN;
    if (high > PORT_FREE_MAX)
        high = PORT_FREE_MAX;
    unsigned skip = high >= low ? high - low + 1 : 0;
    if (skip == PORTS)
        skip = 0;
    return (struct port_row){.skip_low = low, .skip_count = skip, .count = PORTS - skip};
}

static int port_of_row(const struct port_row *row, unsigned place)
{
    unsigned port = PORT_FREE_MIN + place;
    return (int)(row->skip_count > 0 && port >= row->skip_low ? port + row->skip_count : port);
}

int port_free_five_digits(void)
{
    /* Process-wide because ports are: two runs in one process must not be given the same one. */
    static pid_t seeded_by;
    static unsigned place;
    struct port_row row = port_row();
    if (seeded_by != getpid()) {
        /* Multiples of the golden ratio: the starts of worker processes with neighbouring pids lie far apart.
         */
        seeded_by = getpid();
        place = (unsigned)((uint64_t)((uint32_t)seeded_by * 2654435769U) * row.count >> 32);
    }
    for (unsigned tried = 0; tried < row.count; tried++) {
        int port = port_of_row(&row, place++ % row.count);
        if (port_is_free_in(AF_INET, (uint16_t)port) && port_is_free_in(AF_INET6, (uint16_t)port))
            return port;
    }
    return -1;
}
