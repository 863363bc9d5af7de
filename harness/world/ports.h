/*
 * ports - on which TCP ports a program's process tree listens, and ports that nobody uses.
 *
 * Knows no program and no scenario. A listening socket belongs to a process if /proc/PID/fd of the process
 * has its inode: never if only the port's number fits, as SO_REUSEPORT puts several listeners on one port. A
 * socket in the list takes connections already, so no connect needs to be tried. Reads /proc/PID/fd, which
 * needs the caller's own uid or root.
 */
#ifndef SEAM_HARNESS_WORLD_PORTS_H
#define SEAM_HARNESS_WORLD_PORTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct sock_diag;

enum {
    PORTS_TREE_PROCESSES_MAX = 1024,
    PORT_FREE_MIN = 10000, /* five digits, so that a port's text always has the same length */
    PORT_FREE_MAX = 65535,
};

struct port_found {
    struct sockaddr_storage address; /* where it listens: 0.0.0.0, ::1, ... */
    uint16_t port;                   /* host byte order */
    uint32_t inode;                  /* tells sockets apart */
};

/*
 * Listening TCP sockets of the roots and everything below them (process_roots), each once, also when forks
 * share it. Order: processes as proc_tree_walk lists them, main process first; within a process by descriptor
 * number, which is the order of creation unless the program closed descriptors in between. Returns how many
 * were stored, at most found_max, or -errno of the dump. Costs one dump plus one readlink per descriptor of
 * the tree: for start-up, not for a loop over chunks.
 */
ssize_t ports_of_tree(struct sock_diag *diag, const pid_t *roots, size_t roots_count,
                      struct port_found *found, size_t found_max);

/*
 * A TCP port in PORT_FREE_MIN..PORT_FREE_MAX that nobody is bound to on any IPv4 or IPv6 address, and that
 * the kernel does not hand out to others meanwhile (outside ip_local_port_range where that leaves any). Only
 * a hint: another process may still bind it first. Successive calls give successive ports, and processes
 * start far from one another. Returns the port, or -1 when none is free.
 */
int port_free_five_digits(void);

#endif
