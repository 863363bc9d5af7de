"""chat_peers - what chat_test talks with: the programs under test, and the smallest that speak their protocol.

Nothing sleeps: every wait is for a fact (bytes, an exit) and ends in an error after TIMEOUT_S seconds. Ports are
chosen by the kernel.
"""
import os
import select
import signal
import socket
import struct
import subprocess
import time

TIMEOUT_S = 30
BIN = ""  # where the programs are; set by the test


class Stream:
    """Bytes of a descriptor, read until what is waited for is there."""

    def __init__(self, fd):
        self.fd, self.seen, self.ended = fd, bytearray(), False

    def more(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing more came after {bytes(self.seen[-300:])!r}")
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # a pty whose other side is closed
            data = b""
        self.ended = self.ended or not data
        self.seen += data

    def until(self, text):
        """Waits for text; returns everything up to and with it, and takes it off."""
        deadline, searched = time.monotonic() + TIMEOUT_S, 0
        while (found := self.seen.find(text, searched)) < 0:
            if self.ended:
                raise AssertionError(f"ended after {bytes(self.seen[-300:])!r}, without {text!r}")
            searched = max(0, len(self.seen) - len(text))
            self.more(deadline)
        return self.take(found + len(text))

    def rest(self):
        deadline = time.monotonic() + TIMEOUT_S
        while not self.ended:
            self.more(deadline)
        return self.take(len(self.seen))

    def take(self, n):
        taken = bytes(self.seen[:n])
        del self.seen[:n]
        return taken


class Program:
    """chat-server or chat-client (or nc) with three pipes."""

    def __init__(self, case, name, *arguments, **popen):
        command = [name if "/" in name else os.path.join(BIN, name), *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **popen}
        self.process = subprocess.Popen(command, bufsize=0, **pipes)
        case.addCleanup(self.clean_up)
        self.out = Stream(self.process.stdout.fileno()) if self.process.stdout else None
        self.err = Stream(self.process.stderr.fileno()) if self.process.stderr else None

    def type(self, data):
        self.process.stdin.write(data)

    def end_input(self):
        self.process.stdin.close()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Returns when it has stopped: what happens until SIGCONT happens at once for it."""
        self.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def exit(self):
        return self.process.wait(TIMEOUT_S)

    def clean_up(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(TIMEOUT_S)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


def start_server(case, *arguments, **popen):
    server = Program(case, "chat-server", "--port", "0", *arguments, **popen)
    server.err.until(b"listening on ")
    server.port = int(server.err.until(b"\n").decode().rsplit(":", 1)[1])
    return server


class PythonPeer:
    """The small program that either end can be swapped for."""

    def __init__(self, case, connection):
        self.connection = connection
        connection.settimeout(TIMEOUT_S)
        case.addCleanup(connection.close)

    def say(self, line):
        self.connection.sendall(line + b"\n")

    def hear(self):
        line = b""
        while not line.endswith(b"\n"):
            data = self.connection.recv(1024)
            if not data:
                raise EOFError(line)
            line += data
        return line[:-1]

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def connect(case, server, host="127.0.0.1"):
    return PythonPeer(case, socket.create_connection((host, server.port), TIMEOUT_S))


class Listener:
    """A Python chat server's passive socket."""

    def __init__(self, case):
        self.case, self.socket = case, socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(TIMEOUT_S)
        self.port = str(self.socket.getsockname()[1])
        case.addCleanup(self.socket.close)

    def accept(self):
        return PythonPeer(self.case, self.socket.accept()[0])


def start_client(case, *arguments):
    listener = Listener(case)
    client = Program(case, "chat-client", "--host", "127.0.0.1", "--port", listener.port, *arguments)
    return client, listener.accept()


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return str(s.getsockname()[1])


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False
