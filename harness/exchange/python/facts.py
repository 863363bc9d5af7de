#!/usr/bin/env python3
"""Plays one conversation with a program, cut into the chunks in which it was found, and says whether it goes as expected.

It was made by "seam export --to python" and needs Python 3.8 or later, nothing else. SCENARIO below is all that was
exported: bytes are what is sent or expected, a string inside a list is a value that only a run knows, such as a port.

    python3 SCRIPT                      starts the program as SCENARIO says (change "command" where yours stands elsewhere)
    python3 SCRIPT --port 7000          talks to one that runs already, on this machine
    python3 SCRIPT --connect HOST:7000  ... on any
    python3 SCRIPT --runs 100           says "reproduced K of 100": it failed that often
    python3 SCRIPT --cost               instead: does each byte cost more (time, memory) the longer the first line is?
    -v tells each step, --timeout S bounds a wait (seconds), --pace S is the pause where nothing can be proved

Exit code: 0 all went as expected, 1 it did not (the failure is reproduced), 2 wrong usage, 4 it could not be run.

What it does: before the next chunk leaves, the one before it must have been read. On Linux, with a program on the same
machine, that is seen: nothing of ours is unacknowledged (SIOCOUTQ) and the other end's receive queue is empty (sock_diag(7),
or /proc/net/tcp where that is refused), in two looks one after the other; for a pipe, nothing is left in it (FIONREAD).

What it can't guarantee:
- Anywhere else it only PAUSES between chunks, and says so loudly. Chunks may then join, and a failure may not show.
- The two looks show that the bytes were taken, not that the read that took them has returned: a chunk that is sent at just
  that moment could still join it. Seam itself asks the kernel for more.
- A chunk of more than 64 KiB may be read in parts, and a reader with a small buffer parts any chunk.
- That nothing more comes is taken as shown when every thread of the program has slept for a second in waits without a
  limit. A limit that a socket has (SO_RCVTIMEO), and work that is done outside the program's own processes, are not seen.
- Python's patterns stand for PCRE2's; only those that mean the same are exported.
"""
import argparse
import errno
import os
import platform
import random
import re
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

try:
    import fcntl
except ImportError:  # Windows: only --port and --connect work there
    fcntl = None

SCENARIO = {}

LINUX = sys.platform.startswith("linux") and fcntl is not None and os.access("/proc/net/tcp", os.R_OK)
SIOCOUTQ, FIONREAD = 0x5411, 0x541B
ESTABLISHED = "01"
SPIN_S = 0.001  # so long a fact is looked for without a pause
HELD_S = 1.0  # so long nothing may move before "nothing more comes" is taken as shown
KEPT_BYTES_MAX = 64 << 20
sock_diag = None  # opened when it is needed first
CRASHES = {"SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP"}
SANITIZER = re.compile(rb"==\d+== ?ERROR: \w+Sanitizer.*|WARNING: ThreadSanitizer.*|.*: runtime error: .*")
# Which system calls are waits: for input (None; or the argument that limits them, and whether it is in milliseconds, else a
# pointer), or for somebody to read ("writes").
WAITS = {
    "x86_64": {0: None, 19: None, 43: None, 45: None, 47: None, 61: None, 34: None, 130: None, 247: None, 288: None,
               1: "writes", 20: "writes", 44: "writes", 46: "writes", 7: (2, True), 23: (4, False), 202: (3, False), 232: (3, True), 270: (4, False), 271: (2, False),
               281: (3, True), 441: (3, False)},
    "aarch64": {63: None, 65: None, 95: None, 133: None, 202: None, 207: None, 212: None, 242: None, 260: None,
                64: "writes", 66: "writes", 206: "writes", 211: "writes", 22: (3, True), 72: (4, False), 73: (2, False), 98: (3, False), 441: (3, False)},
}.get(platform.machine(), {})
QUIET, TIMED, WRITING, BUSY, BLIND = "quiet", "timed", "writing", "busy", "blind"


class Failed(Exception):
    """It did not go as expected."""


class CannotRun(Exception):
    """Nothing was shown."""


def show(data, limit=200):
    """Bytes or text in printable ASCII."""
    text = ascii(bytes(data[:limit])) if isinstance(data, (bytes, bytearray)) else ascii(data)
    return text + (f" ... ({len(data)} bytes)" if len(data) > limit and not isinstance(data, str) else "")


# --- what the kernel says


def hex_address(address):
    """All spellings of an address in the kernel's tables: "0100007F:1F90"."""
    host, port = address[0].partition("%")[0], address[1]
    packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    forms = [packed]
    if len(packed) == 4:
        forms.append(bytes(10) + b"\xff\xff" + packed)  # a listener for both families has it so
    elif packed[:12] == bytes(10) + b"\xff\xff":
        forms.append(packed[12:])
    return ["".join("%08X" % word for word in struct.unpack(f"={len(form) // 4}I", form)) + ":%04X" % port for form in forms]


def tcp_tables():
    """The kernel's tables of TCP sockets, as it prints them."""
    return [read_text("/proc/net/tcp"), read_text("/proc/net/tcp6")]


def tcp_fields(line):
    """(local address, state, bytes not acknowledged, bytes not read, inode)"""
    fields = line.split()
    unacknowledged, unread = fields[4].split(":")
    return fields[1], fields[3], int(unacknowledged, 16), int(unread, 16), fields[9]


class SockDiag:
    """Looks at one TCP socket by its addresses, whatever the number of others (sock_diag(7), linux/inet_diag.h)."""

    REQUEST, SOCK_ID, ANSWER = "=IHHIIBBBBI", "=16s16sIII", "=BBBB48sIIIII"
    BY_FAMILY, IS_REQUEST, LISTEN, TIME_WAIT = 20, 1, 10, 6

    def __init__(self):
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
        self.netlink.settimeout(5)

    def look(self, local, remote):
        """As tcp_fields has it; None: there is none (any more)."""
        wide = ":" in local[0] + remote[0]
        hosts = [socket.inet_pton(socket.AF_INET6 if wide else socket.AF_INET, host.partition("%")[0]) for host in (local[0], remote[0])]
        ports = struct.pack("!HH", local[1], remote[1])
        message = struct.pack(self.REQUEST, 72, self.BY_FAMILY, self.IS_REQUEST, 0, 0, socket.AF_INET6 if wide else socket.AF_INET,
                              socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
        message += ports + struct.pack(self.SOCK_ID, *hosts, 0, 0xFFFFFFFF, 0xFFFFFFFF)
        self.netlink.sendto(message, (0, 0))
        answer = self.netlink.recv(8192)
        if struct.unpack_from("=IH", answer)[1] != self.BY_FAMILY:
            code = -struct.unpack_from("=i", answer, 16)[0]
            if code == errno.ENOENT:
                return None
            raise OSError(code, os.strerror(code))
        _, state, _, _, where, _, unread, unacknowledged, _, inode = struct.unpack_from(self.ANSWER, answer, 16)
        if state == self.LISTEN or where[:4] != ports:  # what would take it if it connected anew
            return None
        return None, "%02X" % state, unacknowledged, unread, inode


def tcp_socket(ends):
    """The fields of the socket with this (local, remote) address; None: there is none (any more)."""
    global sock_diag
    try:
        sock_diag = sock_diag or SockDiag()
        return sock_diag.look(*ends)
    except (OSError, struct.error):  # refused here; or an answer came too late, and must not be taken for the next one
        sock_diag = None
    for table in tcp_tables():  # with thousands of sockets: no line but this one is looked into
        for local, remote in zip(*map(hex_address, ends)):
            at = table.find(f" {local} {remote} ")
            if at >= 0:
                return tcp_fields(table[table.rfind("\n", 0, at) + 1:table.find("\n", at)])
    return None


def tcp_listeners():
    for table in tcp_tables():
        for match in re.finditer(r"^ *\d+: [0-9A-F]+:[0-9A-F]{4} 0+:0000 0A .*$", table, re.MULTILINE):
            yield tcp_fields(match.group())


def host_of(spelled):
    """The host to connect to for an address in the kernel's tables: "0100007F:1F90"."""
    words = spelled.partition(":")[0]
    packed = b"".join(struct.pack("=I", int(words[at:at + 8], 16)) for at in range(0, len(words), 8))
    host = socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def queued(fd, request):
    return struct.unpack("=i", fcntl.ioctl(fd, request, bytes(4)))[0]


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def read_text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def tree(pid):
    """A process and all below it."""
    found, todo = [], [pid]
    while todo:
        pid = todo.pop()
        found.append(pid)
        try:
            threads = os.listdir(f"/proc/{pid}/task")
        except OSError:
            continue
        for thread in threads:
            todo += [int(word) for word in read_text(f"/proc/{pid}/task/{thread}/children").split()]
    return found


def threads_of(pids):
    found = []
    for pid in pids:
        try:
            found += [f"/proc/{pid}/task/{thread}" for thread in os.listdir(f"/proc/{pid}/task")]
        except OSError:
            pass
    return sorted(found)


def switches(task):
    return (read_text(task + "/schedstat").split() or ["?"])[-1]


def wait_class(task):
    words = read_text(task + "/syscall").split()
    if not words or words[0] == "running":
        return BUSY if words else TIMED
    if int(words[0]) not in WAITS:
        return TIMED  # a sleep, a write, or what is not known
    limit = WAITS[int(words[0])]
    if limit is None:
        return QUIET
    if limit == "writes":
        return WRITING
    value = int(words[1 + limit[0]], 16)
    return QUIET if (value & 0xFFFFFFFF == 0xFFFFFFFF if limit[1] else value == 0) else TIMED


def look_into(roots):
    """(class, each thread's counter of switches): collected twice, so that all slept at one moment."""
    first = threads_of([pid for root in roots for pid in tree(root)])
    seen = {task: (switches(task), wait_class(task)) for task in first}
    for task in first:
        stat = read_text(task + "/stat").rpartition(")")[2].split()
        if stat and stat[0] == "Z":
            del seen[task]
        elif not stat or stat[0] != "S" or switches(task) != seen[task][0]:
            return BUSY, seen
    kinds = {kind for _, kind in seen.values()}
    if BUSY in kinds or threads_of([pid for root in roots for pid in tree(root)]) != first:
        return BUSY, seen
    return next((kind for kind in (WRITING, TIMED) if kind in kinds), QUIET), seen
