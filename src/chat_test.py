"""chat_test - the two chat programs over real sockets, pipes and a terminal.

usage: chat_test.py BIN_FOLDER [unittest arguments]

Either end is also replaced by the smallest program that speaks the protocol (PythonPeer) and by nc. Standard library
only.
"""
import os
import pty
import shutil
import signal
import socket
import sys
import time
import unittest

import chat_peers
from chat_peers import Listener, Program, Stream, TIMEOUT_S, closed_port, connect, has_ipv6, start_client, start_server


class ServerWithPythonClient(unittest.TestCase):
    def test_conversation_in_turns(self):
        server = start_server(self)
        alice = connect(self, server)
        server.out.until(b"SERVER SAYS: ")
        server.type(b"hello\n")
        self.assertEqual(alice.hear(), b"hello")
        alice.say("café".encode())
        self.assertEqual(server.out.until(b"SERVER SAYS: "), "CLIENT SAYS: café\nSERVER SAYS: ".encode())
        server.type(b"again\n")
        self.assertEqual(alice.hear(), b"again")
        alice.connection.close()
        server.err.until(b"chat-server: the client left\n")

    def test_lines_in_one_write_are_told_one_per_turn(self):
        server = start_server(self)
        alice = connect(self, server)
        server.type(b"hello\n")
        self.assertEqual(alice.hear(), b"hello")
        alice.say(b"one\ntwo\nthree")
        for told in (b"one", b"two", b"three"):
            self.assertEqual(server.out.until(b"\n"), b"SERVER SAYS: CLIENT SAYS: " + told + b"\n")
            server.type(b"next\n")
            self.assertEqual(alice.hear(), b"next")

    def test_line_over_many_reads(self):
        server = start_server(self)
        alice = connect(self, server)
        alice.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.type(b"hello\n")
        alice.hear()
        for byte in "größer\n".encode():
            alice.connection.sendall(bytes([byte]))
        self.assertEqual(server.out.until(b"\n"), "SERVER SAYS: CLIENT SAYS: größer\n".encode())

    def test_second_client_waits_and_gets_unused_lines(self):
        server = start_server(self)
        alice, bob = connect(self, server), connect(self, server)
        server.type(b"for alice\nfor bob\n")
        self.assertEqual(alice.hear(), b"for alice")
        bob.say(b"early")
        alice.connection.close()
        server.err.until(b"the client left\n")
        self.assertEqual(bob.hear(), b"for bob")
        server.out.until(b"CLIENT SAYS: early\nSERVER SAYS: ")

    def test_end_in_the_middle_of_a_line(self):
        server = start_server(self)
        alice = connect(self, server)
        server.type(b"hello\n")
        alice.hear()
        alice.connection.sendall(b"one\ntwo\nthr\x1bee")
        alice.connection.close()
        server.err.until(b'chat-server: the client ended in the middle of a line, after 6 bytes: "thr\\x1bee"\n')
        server.err.until(b"the client left\n")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.exit(), 0)
        self.assertEqual(server.out.rest(), b"SERVER SAYS: CLIENT SAYS: one\nSERVER SAYS: \nCLIENT SAYS: two\n")

    def test_half_close_ends_the_conversation(self):
        server = start_server(self)
        alice = connect(self, server)
        server.type(b"hello\n")
        self.assertEqual(alice.hear(), b"hello")
        alice.connection.sendall(b"bye\n")
        alice.connection.shutdown(socket.SHUT_WR)
        server.out.until(b"CLIENT SAYS: bye\n")
        self.assertEqual(alice.connection.recv(1024), b"")

    def test_reset_then_the_next_client(self):
        server = start_server(self)
        alice = connect(self, server)
        server.type(b"hello\n")
        alice.hear()
        alice.say(b"one")
        server.out.until(b"CLIENT SAYS: one\n")
        alice.connection.sendall(b"half")
        alice.reset()
        server.err.until(b"chat-server: lost the client: Connection reset by peer\n")
        bob = connect(self, server)
        server.type(b"hello bob\n")
        self.assertEqual(bob.hear(), b"hello bob")

    def test_write_to_a_client_that_is_gone(self):
        """No SIGPIPE: the client sent RST while a line that it never read was on its way."""
        for _ in range(5):
            server = start_server(self)
            alice = connect(self, server)
            server.out.until(b"SERVER SAYS: ")
            server.type(b"x" * 60000 + b"\n")
            alice.connection.recv(1)
            alice.say(b"one\ntwo")
            alice.connection.close()  # with unread bytes: a reset
            server.type(b"y\nz\n")
            server.err.until(b"client")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.exit(), 0)

    def test_odd_lines(self):
        server = start_server(self, "--line-max", "8")
        alice = connect(self, server)
        server.out.until(b"SERVER SAYS: ")
        for said, told, log in (
            (b"crlf\r", b"CLIENT SAYS: crlf\n", b""),
            (b"a\rb\r\r", b"CLIENT SAYS: a\\rb\\r\n", b""),
            (b"", b"CLIENT SAYS: \n", b""),
            (b"a\0b", b"CLIENT SAYS: a\\x00b\n", b""),
            (b"\x1b[2J\t", b"CLIENT SAYS: \\x1b[2J\\t\n", b""),
            (b"a\xe2\x80\xaeb", b"CLIENT SAYS: a\\xe2\\x80\\xaeb\n", b""),
            (b"a\xffb", b"CLIENT SAYS: a\\xffb\n", b"the client's line is not UTF-8 at byte 1: shown escaped\n"),
            (b"1234567", b"CLIENT SAYS: 1234567\n", b""),
            (b"12345678", b"CLIENT SAYS: 12345678\n", b""),
            (b"123456789", b"", b"dropped a line of 9 bytes from the client, the limit is 8\n"),
            (b"x" * 1000000, b"", b"dropped a line of 1000000 bytes from the client, the limit is 8\n"),
            (b"next", b"CLIENT SAYS: next\n", b""),
        ):
            server.type(b"go\n")
            self.assertEqual(alice.hear(), b"go")
            alice.say(said)
            self.assertEqual(server.out.until(b"SERVER SAYS: "), told + b"SERVER SAYS: ")
            if log:
                self.assertEqual(server.err.until(b"\n"), b"chat-server: " + log)

    def test_odd_typed_lines_are_not_sent(self):
        server = start_server(self, "--line-max", "8")
        alice = connect(self, server)
        server.type(b"123456789\n\xc3\n12345678\n")
        self.assertEqual(alice.hear(), b"12345678")
        server.err.until(b"chat-server: not sent: the line has 9 bytes, the limit is 8\n")
        server.err.until(b"chat-server: not sent: the line is not UTF-8 at byte 0\n")

    def test_peer_that_does_not_read(self):
        """Loses nothing when the peer reads after all."""
        server = start_server(self, "--line-max", str(64 << 20))
        alice = connect(self, server)
        line = b"x" * (24 << 20)
        server.type(line + b"\n")
        server.type(b"after it\n")
        alice.say(b"i speak but do not read")
        server.out.until(b"CLIENT SAYS: i speak but do not read\nSERVER SAYS: ")
        heard = Stream(alice.connection.fileno())
        self.assertEqual(heard.until(b"x\n"), line + b"\n")
        self.assertEqual(heard.until(b"\n"), b"after it\n")

    def test_signals_end_it_while_the_peer_does_not_read(self):
        server = start_server(self, "--line-max", str(64 << 20))
        alice = connect(self, server)
        server.type(b"x" * (24 << 20) + b"\n")
        alice.say(b"i speak but do not read")
        server.out.until(b"CLIENT SAYS: i speak but do not read\nSERVER SAYS: ")
        server.signal(signal.SIGINT)
        self.assertEqual(server.exit(), 0)

    def test_signals_end_it_while_nobody_reads_stdout(self):
        server = start_server(self, "--line-max", str(1 << 20))
        alice = connect(self, server)
        server.type(b"go\n")
        alice.hear()
        alice.say(b"x" * (1 << 20))
        server.out.until(b"CLIENT SAYS: xxx")  # the pipe is full again at once, and stays so
        server.signal(signal.SIGTERM)
        self.assertEqual(server.exit(), 0)

    def test_stopped_and_continued(self):
        server = start_server(self)
        alice = connect(self, server)
        server.stop()
        server.signal(signal.SIGCONT)
        server.type(b"hello\n")
        self.assertEqual(alice.hear(), b"hello")

    def test_idle_program_waits_in_poll_without_a_timeout(self):
        server = start_server(self)
        alice = connect(self, server)
        server.type(b"hello\n")
        alice.hear()
        deadline, waiting = time.monotonic() + TIMEOUT_S, ["running"]
        while waiting[0] == "running" and time.monotonic() < deadline:
            with open(f"/proc/{server.process.pid}/syscall") as f:
                waiting = f.read().split()
            os.sched_yield()
        if os.uname().machine == "x86_64":
            self.assertEqual(waiting[0], "7")  # poll
            self.assertEqual(int(waiting[3], 16) & 0xFFFFFFFF, 0xFFFFFFFF)
        timers = f"/proc/{server.process.pid}/timers"
        if os.path.exists(timers):
            with open(timers) as f:
                self.assertEqual(f.read(), "")

    def test_stdin_ends(self):
        server = start_server(self)
        server.type(b"a\nb")
        server.end_input()
        alice = connect(self, server)
        for line in (b"a", b"b"):
            self.assertEqual(alice.hear(), line)
            alice.say(b"re " + line)
        self.assertEqual(server.exit(), 0)
        self.assertEqual(server.out.rest(),
                         b"SERVER SAYS: CLIENT SAYS: re a\nSERVER SAYS: CLIENT SAYS: re b\nSERVER SAYS: \n")
        self.assertEqual(alice.connection.recv(1024), b"")

    def test_stdin_ends_and_lines_are_left_for_the_next_client(self):
        server = start_server(self)
        server.type(b"a\nb\n")
        server.end_input()
        self.assertEqual(self.heard_by_a_client_that_leaves(server), b"a")
        self.assertEqual(self.heard_by_a_client_that_leaves(server), b"b")
        self.assertEqual(server.exit(), 0)

    def heard_by_a_client_that_leaves(self, server):
        client = connect(self, server)
        line = client.hear()
        client.connection.close()
        return line

    def test_line_typed_while_the_client_leaves_is_for_the_next(self):
        server = start_server(self)
        alice = connect(self, server)
        server.out.until(b"SERVER SAYS: ")
        server.stop()
        server.type(b"hello\n")
        alice.connection.close()
        server.signal(signal.SIGCONT)
        self.assertEqual(connect(self, server).hear(), b"hello")

    def test_leaving_over_unread_bytes_loses_nothing_sent(self):
        """Closing a socket over unread bytes resets it and throws away what the peer has not yet taken."""
        server = start_server(self, "--line-max", "1000000")
        alice = connect(self, server)
        line = b"x" * 300000  # more than alice's window, less than the server's send buffer
        server.type(line + b"\n")
        server.end_input()
        alice.connection.recv(1)
        server.stop()
        alice.say(b"one\n" + b"y" * 50000)  # more than one read
        server.signal(signal.SIGCONT)
        self.assertEqual(server.exit(), 0)
        heard = Stream(alice.connection.fileno())
        self.assertEqual(heard.rest(), line[1:] + b"\n")

    def test_hosts(self):
        for host, shown in (("127.0.0.1", b"127.0.0.1:"), ("::1", b"[::1]:"), ("[::1]", b"[::1]:"), ("localhost", b"")):
            if "::1" in host and not has_ipv6():
                print("SKIPPED: no IPv6 loopback here", file=sys.stderr)
                continue
            server = Program(self, "chat-server", "--port", "0", "--host", host)
            self.assertTrue(server.err.until(b"\n").startswith(b"listening on " + shown))
            server.signal(signal.SIGTERM)
            self.assertEqual(server.exit(), 0)

    def test_port_is_free_again_at_once(self):
        server = start_server(self)
        alice = connect(self, server)
        server.type(b"bye\n")
        alice.hear()
        server.signal(signal.SIGTERM)  # the server closes first: TIME_WAIT stays at its port
        self.assertEqual(server.exit(), 0)
        again = Program(self, "chat-server", "--port", str(server.port))
        again.err.until(b"listening on ")
        second = Program(self, "chat-server", "--port", str(server.port))
        self.assertEqual(second.exit(), 1)
        self.assertIn(b"cannot listen on 127.0.0.1:%d: Address already in use" % server.port, second.err.rest())


class ClientWithPythonServer(unittest.TestCase):
    def test_conversation_in_turns(self):
        client, server = start_client(self)
        client.type(b"too early\nlater\n")
        server.say(b"hello")
        self.assertEqual(server.hear(), b"too early")
        server.say(b"one\ntwo")
        self.assertEqual(server.hear(), b"later")
        self.assertEqual(client.out.until(b"one\n"), b"SERVER SAYS: hello\nCLIENT SAYS: SERVER SAYS: one\n")
        client.type(b"last\n")
        self.assertEqual(server.hear(), b"last")
        client.out.until(b"SERVER SAYS: two\nCLIENT SAYS: ")
        server.connection.close()
        self.assertEqual(client.exit(), 0)
        self.assertEqual(client.err.rest(), b"chat-client: the server left\n")
        self.assertEqual(client.out.rest(), b"")

    def test_asks_where_the_server_is(self):
        listener = Listener(self)
        client = Program(self, "chat-client")
        self.assertEqual(client.out.until(b": "), b"Enter IPv4 address of server: ")
        client.type(b"127.0.0.1\n")
        self.assertEqual(client.out.until(b": "), b"Enter port number of server: ")
        client.type(listener.port.encode() + b"\nfirst words\n")
        server = listener.accept()
        server.say(b"hello")
        self.assertEqual(server.hear(), b"first words")

    def test_asks_only_for_what_is_missing(self):
        listener = Listener(self)
        client = Program(self, "chat-client", "--port", listener.port)
        client.type(b"127.0.0.1\nfirst\n")
        server = listener.accept()
        server.say(b"hello")
        self.assertEqual(server.hear(), b"first")
        self.assertEqual(client.out.until(b"hello\n"), b"Enter IPv4 address of server: SERVER SAYS: hello\n")

    def test_bad_answers(self):
        for typed, message in ((b"", b"no answer"), (b"127.0.0.1\n", b"no answer"), (b"\n", b"no answer"),
                               (b"127.0.0.1\n70000\n", b"not a port"), (b"127.0.0.1\n0\n", b"not a port")):
            client = Program(self, "chat-client")
            client.type(typed)
            client.end_input()
            self.assertEqual(client.exit(), 2, typed)
            self.assertIn(message, client.err.rest())

    def test_refused(self):
        client = Program(self, "chat-client", "--host", "127.0.0.1", "--port", closed_port())
        self.assertEqual(client.exit(), 1)
        self.assertIn(b"Connection refused", client.err.rest())
        self.assertEqual(client.out.rest(), b"")

    def test_reset(self):
        client, server = start_client(self)
        server.say(b"hello")
        client.out.until(b"CLIENT SAYS: ")
        server.connection.sendall(b"half")
        server.reset()
        self.assertEqual(client.exit(), 1)
        self.assertIn(b"chat-client: lost the server: Connection reset by peer\n", client.err.rest())

    def test_server_that_leaves_at_once(self):
        client, server = start_client(self)
        server.connection.close()
        self.assertEqual(client.exit(), 0)
        self.assertEqual(client.out.rest(), b"")

    def test_stdin_ends(self):
        client, server = start_client(self)
        client.type(b"only this")
        client.end_input()
        server.say(b"hello")
        self.assertEqual(server.hear(), b"only this")
        server.say(b"the answer")
        self.assertEqual(client.exit(), 0)
        self.assertEqual(client.out.rest(),
                         b"SERVER SAYS: hello\nCLIENT SAYS: SERVER SAYS: the answer\nCLIENT SAYS: \n")

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            client, server = start_client(self)
            server.say(b"hello")
            client.out.until(b"CLIENT SAYS: ")
            client.signal(number)
            self.assertEqual(client.exit(), 0)
            asking = Program(self, "chat-client")
            asking.out.until(b": ")
            asking.signal(number)
            self.assertEqual(asking.exit(), 0)

    def test_person_at_a_terminal(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        listener = Listener(self)
        client = Program(self, "chat-client", "--host", "localhost", "--port", listener.port, stdin=slave, stdout=slave,
                         stderr=slave)
        os.close(slave)
        screen, server = Stream(master), listener.accept()
        server.say(b"hello\x1b]0;evil\x07")
        screen.until(b"SERVER SAYS: hello\\x1b]0;evil\\x07\r\nCLIENT SAYS: ")
        os.write(master, b"hi\n")
        self.assertEqual(server.hear(), b"hi")
        server.say(b"bye")
        screen.until(b"SERVER SAYS: bye\r\nCLIENT SAYS: ")
        os.write(master, b"\x04")  # ^D
        self.assertEqual(client.exit(), 0)


class BothPrograms(unittest.TestCase):
    def test_pipes(self):
        server = start_server(self)
        server.type(b"s1\ns2\n")
        server.end_input()
        client = Program(self, "chat-client", "--host", "localhost", "--port", str(server.port))
        client.type(b"c1\nc2\n")
        client.end_input()
        self.assertEqual(client.exit(), 0)
        self.assertEqual(server.exit(), 0)
        self.assertEqual(client.out.rest().split(b"CLIENT SAYS: ")[:2], [b"SERVER SAYS: s1\n", b"SERVER SAYS: s2\n"])
        self.assertEqual(server.out.rest(),
                         b"SERVER SAYS: CLIENT SAYS: c1\nSERVER SAYS: CLIENT SAYS: c2\nSERVER SAYS: \n")

    def test_command_line(self):
        for name in ("chat-server", "chat-client"):
            for arguments, code, words in (
                (["--help"], 0, b"Exit: 0 "), (["--version"], 0, name.encode() + b" "), (["--bogus"], 2, b"bogus"),
                (["--port", "70000"], 2, b"70000"), (["--port", ""], 2, b"port"), (["--port"], 2, b"port"),
                (["--line-max", "0"], 2, b"size"), (["--line-max", "67108865"], 2, b"size"),
                (["--line-max", "1k"], 2, b"size"), (["--host", ""], 2, b"host"), (["extra"], 2, b"extra"),
            ):
                program = Program(self, name, *arguments)
                self.assertEqual(program.exit(), code, arguments)
                self.assertIn(words, program.out.rest() + program.err.rest())

    def test_stdout_that_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            server = start_server(self, stdout=full)
            connect(self, server)
            self.assertEqual(server.exit(), 1)
            self.assertIn(b"cannot write to stdout", server.err.rest())

    def test_stdout_that_nobody_reads_any_more(self):
        """A pipe whose reader has gone: EPIPE, and no death by SIGPIPE."""
        server = start_server(self, restore_signals=True)
        server.process.stdout.close()
        connect(self, server)
        self.assertEqual(server.exit(), 1)
        self.assertIn(b"cannot write to stdout: Broken pipe", server.err.rest())

    def test_closed_standard_descriptors(self):
        """No socket may get the number of stdin, stdout or stderr."""
        listener = Listener(self)
        client = Program(self, "/bin/sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', os.path.join(chat_peers.BIN, "chat-client"), "--host",
                         "127.0.0.1", "--port", listener.port)
        server = listener.accept()
        server.say(b"hello")
        self.assertEqual(server.connection.recv(1024), b"")  # stdin has ended: it leaves, having said nothing
        self.assertEqual(client.exit(), 0)


class Nc(unittest.TestCase):
    def setUp(self):
        self.nc = shutil.which("nc")
        if not self.nc:
            print("SKIPPED, LOUDLY: nc is not installed, so the chat programs were not tried against it", file=sys.stderr)
            self.skipTest("nc is not installed")

    def test_nc_as_client(self):
        server = start_server(self)
        nc = Program(self, self.nc, "127.0.0.1", str(server.port))
        server.type(b"hello\nagain\n")
        nc.out.until(b"hello\n")
        nc.type(b"one\ntwo\n")
        nc.out.until(b"again\n")
        server.out.until(b"CLIENT SAYS: one\nSERVER SAYS: CLIENT SAYS: two\nSERVER SAYS: ")
        server.end_input()
        self.assertEqual(server.exit(), 0)

    def test_nc_as_server(self):
        nc = client = None
        for _ in range(20):  # nc can't pick a port, so one that was free a moment ago may be taken
            port = closed_port()
            nc = Program(self, self.nc, "-v", "-n", "-l", "127.0.0.1", port)
            if b"istening" in nc.err.until(b"\n"):
                client = Program(self, "chat-client", "--host", "127.0.0.1", "--port", port)
                break
        self.assertIsNotNone(client, "nc -l never listened")
        nc.type(b"hello\n")
        client.type(b"one\n")
        nc.out.until(b"one\n")
        self.assertEqual(client.out.until(b"CLIENT SAYS: "), b"SERVER SAYS: hello\nCLIENT SAYS: ")
        client.end_input()
        nc.type(b"bye\n")
        self.assertEqual(client.exit(), 0)


if __name__ == "__main__":
    chat_peers.BIN = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
