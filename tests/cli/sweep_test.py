#!/usr/bin/env python3
"""`seam sweep` and `seam shrink` as a user has them: exit codes, what is printed, what is written, and what is left behind.

The programs are the line servers of tests/sweep. Each start of one is noted in a file, so a test can say how many ran.
"""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time
import unittest

from fixture import CliTest, children_of, clean_environment, is_alive
from tap import Tap

SEAM = os.environ["SEAM_REAL"]
SERVERS = pathlib.Path(os.environ["SEAM_PLANTED"])
GRACE_S = 10 # JOBS_GRACE_MS
WHOLE_KINDS = {"each message alone", "all joined", "every byte", "fixed chunks"}
# What a program costs is no matter of these tests, and depends on how it was built.
NO_COST = {"cost": "another test has it"}
STARTS = 'echo >> "$0"; exec "$@"' # notes a start, and becomes the program


def say(*lines):
    """Sends that may be joined, and what a right server answers."""
    return [*({"send": "alice", "line": line} for line in lines),
            {"expect": "alice", "lines": [f"ok {line}" for line in lines]}]


TALK = [*say("one", "two"), *say("end")]


class Sweep(CliTest):
    def setUp(self):
        super().setUp()
        self.tmp = self.folder / "tmp"
        self.tmp.mkdir()
        self.starts = self.folder / "starts.txt"
        self.mark = f"mark-{os.getpid()}-{os.urandom(4).hex()}" # in the arguments of every server

    def write(self, path, program="right", steps=None, command=None, oracles=None, sweep=None, files=None, **keys):
        server = command or [str(SERVERS / f"sweep_line_{program}")]
        started = ["/bin/sh", "-c", STARTS, str(self.starts), *server, self.mark]
        scenario = {"seam": 1, "name": path, "programs": {"server": {"command": started, "listens": True, "files": files or {}}},
                    "sweep": {"oracles": {**NO_COST, **(oracles or {})}} | (sweep or {}), **keys,
                    "steps": [{"connect": "alice", "to": "server"}, *(steps or TALK), {"close": "alice"}]}
        if sweep is False:
            scenario["sweep"] = False
        (self.folder / path).write_text(json.dumps(scenario), encoding="utf-8")

    def environment(self, **more):
        return clean_environment(TMPDIR=str(self.tmp), **more)

    def seam(self, *args, code=None, **more):
        done = subprocess.run([SEAM, *args], cwd=self.folder, env=self.environment(**more), capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=200, check=False, text=True)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def sweep(self, *args, code, **more):
        return self.seam("sweep", "--color", "never", *args, code=code, **more).stdout

    def tap(self, *args, code):
        points = Tap(self.seam("sweep", "--report", "tap=-", *args, code=code).stdout.encode()).points
        return points[0]["block"] if len(points) == 1 else points

    def start_count(self):
        return len(self.starts.read_text().splitlines()) if self.starts.exists() else 0

    def written(self, folder="seam-findings"):
        return sorted((self.folder / folder).glob("*")) if (self.folder / folder).exists() else []

    def assert_each_fails(self, folder="seam-findings"):
        self.assertTrue(self.written(folder))
        for path in self.written(folder):
            self.seam("run", str(path), code=1)

    def marked(self):
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if self.mark.encode() in path.read_bytes() and is_alive(int(path.parent.name)):
                    found.append(int(path.parent.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                pass
        return found


class ExitCodes(Sweep):
    def test_exit_codes(self):
        self.write("clean.json")
        self.write("odd.json", "first")
        self.write("off.json", sweep=False)
        self.write("lacks.json", requires=["no-such-program-anywhere"])
        self.write("foreseen.json", "first", xfail="known")
        self.write("missing.json", command=["./not-here"])
        text = json.loads((self.folder / "missing.json").read_text())
        text["programs"]["server"]["command"] = ["./not-here"]
        (self.folder / "missing.json").write_text(json.dumps(text))
        self.write("invalid.json", steps=[{"expect": "nobody", "line": "x"}])
        for files, code in [(["clean"], 0), (["odd"], 1), (["off"], 77), (["lacks"], 77), (["foreseen"], 77), (["missing"], 4),
                            (["off", "lacks", "foreseen"], 77), (["clean", "off"], 0), (["clean", "missing"], 4),
                            (["odd", "missing"], 1), (["odd", "invalid"], 3)]:
            self.sweep("--no-shrink", *(f"{name}.json" for name in files), code=code)
        self.assertEqual(self.marked(), [])
        self.assertEqual(list(self.tmp.iterdir()), [])

    def test_usage_and_nothing_selected(self):
        self.write("clean.json")
        for command in ("sweep", "shrink"):
            for args, text in [([], "is missing"), (["--bugdet", "3", "clean.json"], "did you mean --budget?"),
                               (["--define", "who=x", "clean.json"], "no scenario declares"), (["not-here.json"], "not-here.json"),
                               (["--cut", "alice@2,1", "clean.json"], "must ascend"), (["--output", "", "clean.json"], "--output: "),
                               (["--repeat", "2", "clean.json"], "unknown option --repeat")]:
                self.assertIn(text, self.seam(command, *args, code=2).stderr, (command, args))
            self.seam(command, "--filter", "nothing has this name", "clean.json", code=5)
        (self.folder / "empty").mkdir()
        self.sweep("empty", code=5)
        self.assertEqual(self.start_count(), 0)

    def test_bad_budgets_are_refused(self):
        self.write("clean.json")
        for budget in ("0", "0s", "-1", "+1", "x", "", " 1", "1 s", "1d", "1.5s", "s", "1000000001", "99999999999999999999", "1s1s"):
            for args, more in ((["--budget", budget], {}), ([], {"SEAM_BUDGET": budget})):
                if args or budget:
                    done = self.seam("sweep", *args, "clean.json", code=2, **more)
                    self.assertIn("--budget: " if args else "SEAM_BUDGET: ", done.stderr)
        self.assertEqual(self.start_count(), 0)

    def test_a_broken_baseline_is_named_as_that(self):
        for program in ("right", "first"): # a bug in the cuts changes nothing about it
            self.write("broken.json", program, steps=[*say("one", "two"), {"send": "alice", "line": "end"},
                                                      {"expect": "alice", "line": "never"}])
            for args in ([], ["--cut", "alice@"]):
                block = self.tap(*args, "broken.json", code=1)
                self.assertTrue(block["message"].startswith("the baseline fails, so nothing was swept: "), block)
                self.assertNotIn("finding", json.dumps(block))
            self.assertIn("the baseline fails", self.sweep("--dry-run", "broken.json", code=1))
            self.seam("shrink", "broken.json", code=1)
        self.assertEqual(self.written(), [])

    def test_xfail_of_a_sweep(self):
        self.write("known.json", "first", sweep={"xfail": "issue 7"})
        self.write("gone.json", "right", sweep={"xfail": "issue 8"})
        self.assertIn("issue 7", self.sweep("--no-shrink", "known.json", code=0))
        points = self.tap("--no-shrink", "known.json", "gone.json", code=1)
        self.assertEqual([point["block"]["status"] for point in points], ["xfailed", "failed"])
        self.assertEqual((points[0]["reason"], points[1]["directive"]), ("issue 7", None))
        self.assertIn("issue 8", points[1]["block"]["message"])

    def test_a_random_program_is_an_error(self):
        (self.folder / "dice.py").write_text("""import os, socket
listener = socket.create_server(("127.0.0.1", 0))
while True:
    connection, _ = listener.accept()
    with connection:
        pending = b""
        while data := connection.recv(4096):
            *lines, pending = (pending + data).split(b"\\n")
            for line in lines:
                connection.sendall(os.urandom(20).hex().encode() + b"\\n")
""")
        self.write("dice.json", command=["python3", str(self.folder / "dice.py")], steps=[
            {"send": "alice", "line": "one"}, {"send": "alice", "line": "two"}, {"expect": "alice", "matches": "[0-9a-f]{40}"},
            {"expect": "alice", "matches": "[0-9a-f]{40}"}])
        block = self.tap("dice.json", code=4)
        self.assertEqual(block["status"], "error")
        self.assertIn("too unstable to be swept", block["message"])
        self.assertEqual(self.written(), [])


    def test_a_log_of_times_is_not_compared(self):
        (self.folder / "log.py").write_text("""import os, socket, sys, time
listener = socket.create_server(("127.0.0.1", 0))
while True:
    connection, _ = listener.accept()
    with connection:
        pending = b""
        while data := connection.recv(4096):
            *lines, pending = (pending + data).split(b"\\n")
            for line in lines:
                print(os.getpid(), time.time_ns(), file=sys.stderr, flush=True)
                connection.sendall(b"ok " + line + b"\\n")
""")
        self.write("log.json", command=["python3", str(self.folder / "log.py")], steps=[
            {"send": "alice", "line": "one"}, {"send": "alice", "line": "two"}, {"expect": "alice", "lines": ["ok one", "ok two"]}])
        self.assertIn("masked, for it differs between two runs as written: server.stderr line 1", self.sweep("log.json", code=0))


class Plan(Sweep):
    def dry(self, *args):
        """[(kind, id)] in the order of the plan."""
        lines = self.sweep("--dry-run", *args, code=0).splitlines()
        self.assertTrue(lines[0].startswith("# talk.json: talk.json, seed "), lines)
        return [tuple(re.split(r"  +", line)) for line in lines[1:]]

    def test_a_dry_run_depends_on_the_seed_alone(self):
        self.write("talk.json", steps=[*say("the first of them", "the second of them"), *say("and the last")])
        first = self.dry("--budget", "60", "talk.json")
        self.assertEqual(self.dry("--budget", "60", "talk.json"), first)
        self.assertEqual(self.dry("--budget", "60", "--seed", "1", "talk.json"), first)
        other = self.dry("--budget", "60", "--seed", "2", "talk.json")
        self.assertNotEqual(other, first)
        self.assertEqual([case for case in other if case[0] in WHOLE_KINDS], [case for case in first if case[0] in WHOLE_KINDS])
        self.assertTrue({"all joined", "every byte", "fixed chunks"} <= {kind for kind, _ in first})
        for cases in (first, other):
            self.assertEqual(len({case_id for _, case_id in cases}), len(cases))
            self.assertLessEqual(len(cases), 60)
        self.assertEqual(self.written(), [])

    def test_a_dry_run_runs_the_scenario_as_written_only(self):
        self.write("talk.json", "first")
        self.dry("talk.json")
        self.assertLessEqual(self.start_count(), 3) # twice as written, and once with each message alone
        self.assertEqual((self.marked(), list(self.tmp.iterdir()), self.written()), ([], [], []))

    def test_a_budget_of_cases(self):
        self.write("talk.json", steps=say("the first of them", "the second of them"))
        for budget in (20, 33):
            planned = self.dry("--budget", str(budget), "talk.json")
            self.assertIn(len(planned), (budget - 1, budget)) # a share may be left over when its case came before as another kind
            out = self.sweep("--budget", str(budget), "talk.json", code=0)
            self.assertIn(f"left out for the budget of {budget} cases: ", out)
            tried = dict((kind, int(count)) for count, kind in
                         re.findall(r"(\d+) ([^,\n]+)", re.search(r"tried: (.*)", out).group(1)))
            for kind in {kind for kind, _ in planned}:
                self.assertEqual(tried[kind], sum(kind == other for other, _ in planned), kind)
        self.assertLess(len(self.dry("--budget", "1", "talk.json")), 10) # the whole kinds come all the same
        self.assertNotIn("left out", self.sweep("--budget", "3000", "talk.json", code=0))

    def test_the_budget_of_the_scenario_gives_way(self):
        self.write("talk.json", steps=say("the first of them", "the second of them"), sweep={"budget": 30})
        self.assertIn(len(self.dry("talk.json")), (29, 30))
        self.assertIn(len(self.dry("--budget", "40", "talk.json")), (39, 40))

    def test_a_budget_of_time(self):
        self.write("talk.json", steps=say(*(f"this is line number {i}" for i in range(20))))
        out = self.sweep("--budget", "1s", "talk.json", code=0)
        left = re.search(r"stopped by --budget: (\d+) planned cases not tried", out)
        self.assertGreater(int(left.group(1)), 0)
        self.assertLess(float(re.search(r"(\d+) ms", out).group(1)), 20000)

    def test_a_shard_has_its_part(self):
        for name in "abcd":
            self.write(f"{name}.json", sweep=False)
        parts = [re.findall(r"skipped (\w)\.json", self.sweep("--shard", f"{i}/2", ".", code=77)) for i in (1, 2)]
        self.assertEqual(sorted(parts[0] + parts[1]), list("abcd"))
        self.assertEqual([len(part) for part in parts], [2, 2])
        self.assertEqual(len(self.sweep("--list", "--shard", "2/4", ".", code=0).splitlines()), 1)


class Cut(Sweep):
    def test_one_case_is_judged(self):
        self.write("talk.json", "first")
        for cut, code in (("alice@", 1), ("alice@4", 0), ("alice@2,4", 0), ("alice@*", 0), ("alice@%8", 1)):
            before = self.start_count()
            block = self.tap("--no-shrink", "--cut", cut, "talk.json", code=code)
            self.assertTrue(block["shown"].startswith("1 segmentation of 1 connection"), block["shown"])
            self.assertLess(self.start_count() - before, 15)
            if code:
                self.assertIn(f"1 case: {cut}", "\n".join(block["detail"]))

    def test_a_cut_that_does_not_fit_is_an_error(self):
        self.write("talk.json")
        for cut in ("alice@8", "alice@4,8", "alice@100", "bob@1"): # a gate, a gate, behind the end, nobody
            block = self.tap("--cut", cut, "talk.json", code=4)
            self.assertEqual(block["status"], "error")
            self.assertIn(cut, block["message"])
        self.assertEqual(self.written(), [])


class Findings(Sweep):
    def test_reproductions_fail_again(self):
        for program in ("whole", "first", "late", "tail"):
            self.write("talk.json", program)
            out = self.sweep("--output", program, "talk.json", code=1)
            self.assert_each_fails(program)
            self.assertEqual(len(self.written(program)), out.count("shrunk to "))
            for path in self.written(program):
                self.assertIn(f"{program}/{path.name}", out)
                self.assertIn("why", json.loads(path.read_text()))
        self.assertEqual((self.written(), list(self.tmp.iterdir())), ([], []))

    def test_a_reproduction_is_small_and_passes_on_the_right_program(self):
        self.write("talk.json", "tail", steps=[*say("a long first line", "and a second one"), *say("more", "and more"), *say("x")])
        self.sweep("talk.json", code=1)
        self.assert_each_fails()
        for path in self.written():
            text = path.read_text()
            self.assertLessEqual(len(json.loads(text)["steps"]), 6, text)
            path.write_text(text.replace("sweep_line_tail", "sweep_line_right"))
            self.seam("run", str(path), code=0)

    def test_the_printed_command_judges_the_case_again(self):
        self.write("talk.json", "first")
        commands = re.findall(r"judged again by: seam (.*)", self.sweep("--no-shrink", "talk.json", code=1))
        self.assertTrue(commands)
        for command in commands:
            self.seam(*shlex.split(command), "--no-shrink", code=1)

    def test_no_folder_is_kept(self):
        self.write("talk.json", "first", files={"note.txt": "of a run that fails this would be kept"})
        self.sweep("talk.json", code=1)
        self.assertEqual(list(self.tmp.iterdir()), [])
        self.assertTrue(self.written())

    def test_no_shrink_writes_nothing(self):
        self.write("talk.json", "first")
        out = self.sweep("--no-shrink", "--output", "found", "talk.json", code=1)
        self.assertNotIn("shrunk", out)
        self.assertEqual((self.written(), self.written("found")), ([], []))
        self.write("clean.json")
        self.sweep("--output", "found", "clean.json", code=0)
        self.assertFalse((self.folder / "found").exists()) # made when there is one

    def test_an_output_that_cannot_be_written_is_said(self):
        self.write("talk.json", "first")
        (self.folder / "taken").write_text("no folder")
        self.assertIn("no reproduction was written", self.sweep("--output", "taken", "talk.json", code=1))

    def test_fail_fast_stops_early(self):
        self.write("a.json", "whole")
        self.write("b.json", "whole")
        cases = r"shown: (\d+) segmentations"
        whole = self.sweep("--no-shrink", "a.json", code=1)
        self.starts.unlink()
        early = self.sweep("--no-shrink", "--fail-fast", "-j1", "a.json", "b.json", code=1)
        self.assertLess(int(re.search(cases, early).group(1)), int(re.search(cases, whole).group(1)))
        self.assertIn("1. ", early)
        self.assertNotIn("    2. ", early)
        self.assertNotIn("b.json", early)
        self.assertIn("stopped by --fail-fast", early)

    def test_tap_carries_the_findings(self):
        self.write("a.json", "first")
        self.write("b.json")
        odd, clean = self.tap("a.json", "b.json", code=1)
        self.assertEqual((odd["ok"], clean["ok"]), (False, True))
        detail = "\n".join(odd["block"]["detail"])
        self.assertRegex(odd["block"]["message"], r"\A\d+ findings?: what the program does depends on how its stream is cut")
        for text in ("1. expectation: ", "repeated alone on a fresh program: ", "looks like class ", "shrunk to ", "seam run "):
            self.assertIn(text, detail)
        self.assertRegex(clean["block"]["shown"], r"\A\d+ segmentations of 1 connection \(3 messages\), "
                                                  r"weakest evidence drained, no difference\Z")

    def test_an_oracle_that_is_off_is_said(self):
        self.write("on.json", "tail")
        self.write("off.json", "tail", oracles={"progress": "we know"})
        self.assertIn("1. progress: ", self.sweep("--no-shrink", "on.json", code=1))
        self.assertIn("oracle progress is off: we know", "\n".join(self.tap("off.json", code=0)["notes"]))

    def test_evidence_sent_is_said(self):
        """Nothing is proved: chunks may come together, so what a case showed is no more than that it passed."""
        self.write("talk.json")
        block = self.tap("--evidence", "sent", "talk.json", code=0)
        self.assertIn("weakest evidence sent", block["shown"])
        self.assertEqual(block["evidence"], "sent")


class Shrink(Sweep):
    def test_a_scenario_with_a_cut_becomes_smaller(self):
        self.write("talk.json", "first", steps=[*say("one line", "and another one"), *say("end")], cut="alice@")
        self.seam("run", "talk.json", code=1)
        out = self.seam("shrink", "--output", "small", "talk.json", code=1).stdout
        self.assertIn("shown: 1 segmentation of", out)
        self.assert_each_fails("small")
        (path,) = self.written("small")
        steps = json.loads(path.read_text())["steps"]
        sent = "".join("".join(step.get("lines", step.get("split", [step.get("line", "")]))) for step in steps if "send" in step)
        self.assertLess(len(sent), 4, path.read_text())
        self.assertLess(len(steps), 5)

    def test_a_cut_that_passes_has_nothing_to_shrink(self):
        self.write("talk.json", "first", cut="alice@4")
        self.seam("shrink", "--output", "small", "talk.json", code=0)
        self.assertEqual(self.written("small"), [])
        self.seam("shrink", "--output", "small", "--cut", "alice@", "talk.json", code=1) # a flag wins over the file
        self.assert_each_fails("small")


class Signals(Sweep):
    def under_way(self, command, *args):
        process = subprocess.Popen([SEAM, command, *args], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(self.end, process)
        self.wait_for(lambda: self.start_count() >= 12 and self.marked(), "cases run")
        return process, children_of(process.pid)

    def test_nothing_is_left_after_a_signal(self):
        self.write("talk.json", steps=say(*(f"this is line number {i}" for i in range(20))), sweep={"isolate": "program"})
        self.write("other.json", "first", steps=say(*(f"this is line number {i}" for i in range(20))),
                   sweep={"isolate": "program"})
        for send, code in ((lambda pid: os.kill(pid, signal.SIGINT), 130), (lambda pid: os.killpg(pid, signal.SIGINT), 130),
                           (lambda pid: os.kill(pid, signal.SIGTERM), 143)):
            self.starts.unlink(missing_ok=True)
            process, workers = self.under_way("sweep", "-j2", "--budget", "1000000", "talk.json", "other.json")
            began_s = time.monotonic()
            send(process.pid)
            out, _ = process.communicate(timeout=60)
            self.assertLess(time.monotonic() - began_s, GRACE_S) # it ended by itself, and was not killed
            self.assertEqual(process.returncode, code)
            self.assertIn(b"2 not run", out)
            self.assertNotIn(b"FAILED", out)
            self.assertEqual([pid for pid in workers if is_alive(pid)], [])
            self.assertEqual((self.marked(), list(self.tmp.iterdir()), self.written()), ([], [], []))

    def test_nothing_is_left_after_a_kill(self):
        self.write("talk.json", steps=say(*(f"this is line number {i}" for i in range(20))), sweep={"isolate": "program"})
        process, workers = self.under_way("sweep", "--budget", "1000000", "talk.json")
        process.kill()
        process.wait()
        self.wait_for(lambda: not self.marked() and not any(map(is_alive, workers)), "all are gone")


if __name__ == "__main__":
    unittest.main()
