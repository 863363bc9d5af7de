#!/usr/bin/env python3
"""`seam new`: asks, listens to a server, and writes a scenario that passes and would notice what changes."""

import json
import os
import subprocess
import sys
import unittest

from fixture import CliTest, clean_environment

SEAM = os.environ["SEAM_REAL"]
SERVER = """
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"hello, it is %d\\n" % time.time_ns())
        for line in lines:
            connection.sendall(b"you said " + line)
            if line.startswith(b"quit"):
                break
"""


class New(CliTest):
    def setUp(self):
        super().setUp()
        (self.folder / "server.py").write_text(SERVER)

    def new(self, *args, answers=None, code=0):
        done = subprocess.run([SEAM, "new", *args], cwd=self.folder, env=clean_environment(), input=answers or "", capture_output=True, timeout=120,
                              check=False, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def runs(self, path, code=0):
        done = subprocess.run([SEAM, "run", path], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                              check=False, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def steps(self, path):
        return json.loads((self.folder / path).read_text())["steps"]

    def test_with_flags(self):
        said = self.new("first.json", "--program", f"{sys.executable} server.py", "--send", "hi", "--send", "a ${b}")
        self.assertIn("seam run first.json", said)
        self.assertEqual(self.steps("first.json"), [
            {"connect": "peer", "to": "server"}, {"expect": "peer", "matches": "hello, it is (?<differs>\\d+)"},
            {"send": "peer", "line": "hi"}, {"expect": "peer", "line": "you said hi"},
            {"send": "peer", "line": "a ${$}{b}"}, {"expect": "peer", "line": "you said a ${$}{b}"}, {"close": "peer"}])
        self.runs("first.json")

    def test_it_can_be_swept(self):
        """What differs from run to run has a name, so that a sweep doesn't compare it."""
        self.new("first.json", "--program", f"{sys.executable} server.py", "--send", "hi")
        done = subprocess.run([SEAM, "sweep", "-j1", "--budget", "40", "first.json"], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120, check=False, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_changes_is_noticed(self):
        self.new("first.json", "--program", f"{sys.executable} server.py", "--send", "hi")
        (self.folder / "server.py").write_text(SERVER.replace("you said", "you say"))
        self.assertIn('expected "you said hi\\n"', self.runs("first.json", code=1))
        (self.folder / "server.py").write_text(SERVER.replace('you said " + line', 'you said " + line + b"more\\n"'))
        self.assertIn("more", self.runs("first.json", code=1))

    def test_with_questions(self):
        said = self.new("first.json", answers=f"{sys.executable} server.py\n\nquit\n")
        self.assertIn("How is your server started?", said)
        self.assertEqual(self.steps("first.json")[2], {"send": "peer", "line": "quit"})
        self.runs("first.json")

    def test_stdin_and_stdout_and_crlf(self):
        self.new("cat.json", "--line-end", "crlf", answers="cat\nstdio\nx\n")
        self.assertEqual(json.loads((self.folder / "cat.json").read_text())["programs"], {"server": {"command": ["cat"], "stdio": True}})
        self.runs("cat.json")

    def test_a_server_that_runs(self):
        server = subprocess.Popen([sys.executable, "server.py"], cwd=self.folder, stdout=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        server.stdout.readline()
        inodes = {os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{server.pid}/fd")}
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table]
        port = next(int(row[1].split(":")[1], 16) for row in rows if f"socket:[{row[9]}]" in inodes)
        self.new("a.json", answers=f"{port}\nhi\n")
        self.new("b.json", "--to", f"127.0.0.1:{port}", "--send", "hi")
        self.assertEqual((self.folder / "a.json").read_text(), (self.folder / "b.json").read_text())
        self.runs("b.json")

    def test_what_can_not_be(self):
        self.assertIn("FILE is missing", self.new(code=2, answers="x\n"))
        self.assertIn("there is no answer", self.new("a.json", answers="cat\n", code=2))
        self.assertIn("does not listen: it exited with 3", self.new("a.json", "--program", "sh -c 'echo no such thing >&2; exit 3'", "--send", "x", code=4))
        self.assertIn("nobody listens on 127.0.0.1 port 1", self.new("a.json", "--to", "127.0.0.1:1", "--send", "x", code=4))
        self.assertFalse((self.folder / "a.json").exists())
        (self.folder / "a.json").write_text("mine")
        self.assertIn("is there already", self.new("a.json", "--program", "cat", "--stdio", "--send", "x", code=4))
        self.assertEqual((self.folder / "a.json").read_text(), "mine")
        self.assertIn("only one of them", self.new("b.json", "--program", "cat", "--to", "127.0.0.1:1", "--send", "x", code=2))

    def test_a_server_that_never_answers_the_same_is_not_written_wrongly(self):
        """What comes differs in length and kind each time: either a scenario passes, or none is written."""
        (self.folder / "server.py").write_text(SERVER.replace('connection.sendall(b"you said " + line)',
                                                              'connection.sendall(bytes(97 + time.time_ns() % 26 for _ in range(time.time_ns() % 50)) + b"\\n")'))
        done = subprocess.run([SEAM, "new", "a.json", "--program", f"{sys.executable} server.py", "--send", "x"], cwd=self.folder, env=clean_environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False, text=True)
        self.assertEqual(done.returncode == 0, (self.folder / "a.json").exists(), done.stderr)


if __name__ == "__main__":
    unittest.main()
