#!/usr/bin/env python3
"""The whole of `seam run` with real programs: exit codes, reruns, folders, and that nothing is left behind."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import unittest

from fixture import CliTest, children_of, clean_environment, is_alive
from tap import Tap

SEAM = os.environ["SEAM_REAL"]


class Real(CliTest):
    def setUp(self):
        super().setUp()
        self.tmp = self.folder / "tmp"
        self.tmp.mkdir()
        self.line_max = str(10_000_000 + os.getpid() * 100 + int.from_bytes(os.urandom(1), "big") % 100) # a mark in argv

    def write(self, path, *steps, **keys):
        programs = {"server": {"command": ["${bin}/chat-server", "--port", "0", "--line-max", self.line_max], "listens": True}}
        (self.folder / path).write_text(json.dumps({"seam": 1, "name": path, "programs": programs, **keys,
                                                    "steps": list(steps)}), encoding="utf-8")

    def environment(self):
        return clean_environment(TMPDIR=str(self.tmp))

    def seam(self, *args):
        return subprocess.run([SEAM, "run", *args], cwd=self.folder, env=self.environment(), capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)

    def marked(self):
        """Processes with our mark in their arguments."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if self.line_max.encode() in path.read_bytes() and is_alive(int(path.parent.name)):
                    found.append(int(path.parent.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                pass
        return found

    TALK = ({"connect": "alice", "to": "server"}, {"type": "server", "line": "hello"},
            {"expect": "alice", "line": "hello"}, {"send": "alice", "line": "answer"},
            {"expect": "server.stdout", "until": "CLIENT SAYS: answer\n"}, {"close": "alice"})
    HANG = ({"connect": "alice", "to": "server"}, {"type": "server", "line": "hello"},
            {"expect": "alice", "line": "hello"}, {"pause": 60000})

    def test_each_command_has_help(self):
        def printed(*args):
            return subprocess.run([SEAM, *args], capture_output=True, text=True, timeout=60, check=True).stdout

        commands = re.findall(r"^  ([a-z]+) ", printed("help"), re.MULTILINE)
        self.assertIn("record", commands)
        for command in commands:
            self.assertIn("--help", printed("help", command))
            self.assertEqual(printed(command, "--help"), printed("help", command))
            self.assertEqual(printed(command, "--version"), printed("version"))

    def test_exit_codes(self):
        self.write("passes.json", *self.TALK)
        self.write("fails.json", *self.TALK[:2], {"expect": "alice", "line": "goodbye"})
        self.write("invalid.json", {"expect": "nobody", "line": "x"})
        self.write("skips.json", *self.TALK, requires=["no-such-program-anywhere"])
        self.write("foreseen.json", *self.TALK[:2], {"expect": "alice", "line": "goodbye"}, xfail="known")
        self.write("missing.json", *self.TALK, programs={"server": {"command": ["./not-here"], "listens": True}})
        for files, code in [(["passes"], 0), (["fails"], 1), (["invalid"], 3), (["missing"], 4), (["skips"], 77),
                            (["foreseen"], 0), (["passes", "skips"], 0), (["passes", "missing"], 4),
                            (["fails", "missing"], 1), (["fails", "missing", "invalid"], 3)]:
            done = self.seam(*(f"{name}.json" for name in files))
            self.assertEqual(done.returncode, code, (files, done.stdout, done.stderr))
        self.assertEqual(self.marked(), [])

    def test_cuts(self):
        self.write("talk.json", *self.TALK)
        done = self.seam("talk.json", "--cut", "alice@*")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, rb"ok   talk.json: talk.json \(\d+ ms, 7 cuts drained\)")
        for cut in ("alice@8", "bob@1", "alice@1,100"):
            done = self.seam("talk.json", "--cut", cut, "--report", "tap=-")
            self.assertEqual(done.returncode, 4, (cut, done.stdout))
            self.assertEqual(Tap(done.stdout).points[0]["block"]["status"], "error")
        for evidence in ("sent", "paced=5"):
            done = self.seam("talk.json", "--cut", "alice@2", "--evidence", evidence)
            self.assertEqual(done.returncode, 0, done.stdout)

    def test_the_rerun_command_fails_alike(self):
        self.write("it's odd.json", *self.TALK[:4], {"expect": "server.stdout", "until": "${said}\n", "within_ms": 3000},
                   vars={"said": "CLIENT SAYS: answer"})
        first = self.seam("it's odd.json", "--cut", "alice@3", "--define", "said=CLIENT SAYS: nothing", "--report", "tap=-")
        self.assertEqual(first.returncode, 1, first.stdout)
        block = Tap(first.stdout).points[0]["block"]
        words = shlex.split(block["rerun"])
        self.assertEqual(words[:2], ["seam", "run"])
        again = self.seam(*words[2:], "--report", "tap=-")
        self.assertEqual(again.returncode, 1)
        self.assertEqual(Tap(again.stdout).points[0]["block"]["message"], block["message"])
        self.assertEqual(Tap(again.stdout).points[0]["block"]["cut"], "alice@3")

    def test_folders_are_kept_when_they_say_something(self):
        program = {"command": ["${bin}/chat-server", "--port", "0"], "listens": True, "files": {"note.txt": "empty ones are not kept"}}
        self.write("passes.json", *self.TALK, programs={"server": program})
        self.write("fails.json", *self.TALK[:2], {"expect": "alice", "line": "goodbye"}, programs={"server": program})
        self.seam("passes.json")
        self.assertEqual(list(self.tmp.iterdir()), [])
        for args in (["--keep", "passes.json"], ["fails.json"]):
            before = set(self.tmp.iterdir())
            done = self.seam(*args, "--report", "tap=-")
            kept = Tap(done.stdout).points[0]["block"]["kept"]
            self.assertEqual(set(self.tmp.iterdir()) - before, {pathlib.Path(kept)})

    def hanging(self):
        self.write("a.json", *self.TALK)
        self.write("b.json", *self.HANG, timeout_ms=120000)
        self.write("c.json", *self.HANG, timeout_ms=120000)
        process = subprocess.Popen([SEAM, "run", "-j2", "."], cwd=self.folder, env=self.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        self.addCleanup(self.end, process)
        self.assertTrue(process.stdout.readline().startswith(b"ok   a.json"))
        self.wait_for(lambda: len(self.marked()) >= 2, "two servers run")
        return process, children_of(process.pid)

    def test_nothing_is_left_after_a_signal(self):
        for send in (lambda pid: os.kill(pid, signal.SIGTERM), lambda pid: os.killpg(pid, signal.SIGINT)):
            process, workers = self.hanging()
            send(process.pid)
            out, _ = process.communicate(timeout=60)
            self.assertIn(process.returncode, (130, 143))
            self.assertIn(b"1 passed, 2 not run", out)
            self.assertEqual([pid for pid in workers if is_alive(pid)], [])
            self.assertEqual(self.marked(), [])
            self.assertEqual(list(self.tmp.iterdir()), [])

    def test_nothing_is_left_after_a_kill(self):
        process, workers = self.hanging()
        process.kill()
        process.wait()
        self.wait_for(lambda: not self.marked() and not any(map(is_alive, workers)), "all are gone")

    def test_nothing_is_left_after_a_worker_died(self):
        process, workers = self.hanging()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 99)
        self.assertEqual(out.count(b"INTERNAL ERROR"), 2)
        self.wait_for(lambda: not self.marked(), "all are gone")


if __name__ == "__main__":
    unittest.main()
