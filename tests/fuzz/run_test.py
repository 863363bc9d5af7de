#!/usr/bin/env python3
"""fuzz/run.py (`./dev fuzz`) and replay.py, with a target that has planted bugs and with one that has none.

    run_test.py PLANTED LINE_READER      both libFuzzer programs
"""
import importlib.util
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PLANTED, RIGHT = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
# Inputs of the planted target, by the finding that each is.
CR = [b"\0\1\1\r\n", b"\0\1\4abc\r\n", b"\0\1\2x\r\nabcdefghij\n"]
ZERO = [b"\0\1\1\0a", b"\0\1\4aaa\0bbbbbbb"]
DEADLINE_SECONDS = 1500  # only a hang takes so long, on the busiest machine
ASSERT, CRASH, CLEAN = b"\1\0assert", b"\2\0crash", b"\0\0\r\n"


def load(path):
    spec = importlib.util.spec_from_file_location("run", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Scratch(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="seam-run-")
        self.addCleanup(self.scratch.cleanup)
        self.folder = pathlib.Path(self.scratch.name)


class Findings(Scratch):
    """What is made of libFuzzer's files: run.py's functions, called by themselves."""

    def sort(self, *inputs):
        run, found = load(ROOT / "fuzz/run.py"), self.folder / "found"
        run.SMALLER_SECONDS = 10_000 # a busy machine is no reason for a larger one
        found.mkdir()
        for number, data in enumerate(inputs):
            (found / f"crash-{number}").write_bytes(data)
        findings, unseen = run.sort_findings(PLANTED, found, self.folder)
        return findings, unseen, run

    def test_they_are_told_apart_and_made_small(self):
        findings, unseen, _ = self.sort(*CR, *ZERO, ASSERT, CRASH)
        self.assertEqual(unseen, 0)
        self.assertEqual(sorted((re.sub(r":\d+", "", finding.kind[0]), *finding.kind[1], finding.alike) for finding in findings),
                         [("SEGV planted_target.c in feed_crashes", 0), ("assertion planted_target.c", 0),
                          ("planted: invariance", "newline", "newline", 2), ("planted: invariance", "zero", "wants more", 1)])
        self.assertEqual({finding.data for finding in findings} & {ASSERT, CRASH}, {ASSERT, CRASH}) # no smaller one does it
        self.assertEqual(len({finding.name() for finding in findings}), 4)

    def test_one_of_a_kind_is_kept_and_the_others_are_counted(self):
        (finding,), _, run = self.sort(*CR)
        self.assertRegex(finding.name(), "^planted-invariance-[0-9a-f]{8}$")
        self.assertEqual((finding.alike, finding.kind[1]), (2, ("newline", "newline")))
        self.assertLessEqual(len(finding.data), 5)
        (self.folder / "again").write_bytes(finding.data)
        self.assertEqual(run.kind_of(run.replay(PLANTED, self.folder / "again", self.folder)), finding.kind)

    def test_a_long_one_becomes_short(self):
        (finding,), _, _ = self.sort(b"\0\1\x64" + b"a" * 99 + b"\r\n" + b"b" * 800)
        self.assertLess(len(finding.data), 20)

    def test_one_that_is_clean_the_second_time_is_kept_and_said_so(self):
        (finding,), _, _ = self.sort(CLEAN)
        self.assertRegex(finding.name(), "^clean-when-run-again")
        self.assertEqual(finding.data, CLEAN)

    def test_what_is_not_looked_at_is_counted(self):
        run = load(ROOT / "fuzz/run.py")
        run.LOOKED_AT_MAX = 2
        found = self.folder / "found"
        found.mkdir()
        for number in range(5):
            (found / f"crash-{number}").write_bytes(CR[0])
        findings, unseen = run.sort_findings(PLANTED, found, self.folder)
        self.assertEqual((len(findings), findings[0].alike, unseen), (1, 1, 3))
        run.LOOKED_AT_MAX, run.KINDS_MAX = 10, 1
        (found / "crash-5").write_bytes(b"\1\0assert")
        findings, unseen = run.sort_findings(PLANTED, found, self.folder)
        self.assertEqual((len(findings), unseen), (1, 1))

    def test_a_stack_is_explained_without_the_engine(self):
        (finding,), _, run = self.sort(ASSERT)
        said = run.explanation(finding.report)
        self.assertIn("Assertion `", said)
        self.assertIn(" in feed_asserts ", said)
        self.assertNotIn("fuzzer::", said)
        self.assertNotIn("INFO:", said)


class Run(Scratch):
    def setUp(self):
        super().setUp()
        self.build = self.folder / "build"
        (self.build / "fuzz").mkdir(parents=True)
        (self.build / "fuzz/fuzz_planted").symlink_to(PLANTED)
        (self.build / "fuzz/fuzz_line_reader").symlink_to(RIGHT)

    def start(self, *arguments):
        """It can be interrupted even where these tests are a background job of a shell, which ignores SIGINT."""
        return subprocess.Popen([sys.executable, "-B", ROOT / "fuzz/run.py", self.build, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace",
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def fuzz(self, *arguments, code):
        with self.start(*arguments) as child:
            said = child.communicate(timeout=DEADLINE_SECONDS)[0]
        self.assertEqual(child.returncode, code, said)
        return said

    def fuzz_until(self, pattern, *target):
        """With more seconds while it does not say that: how far a busy machine comes in two is no fact."""
        for seconds in (2, 8, 32, 128):
            with self.start(*target, str(seconds)) as child:
                said = child.communicate(timeout=DEADLINE_SECONDS)[0]
            if re.search(pattern, said, re.M):
                return said, seconds, child.returncode
        return self.fail(said)

    def test_a_finding_is_named_and_explained(self):
        told = r"^planted: (?:\d+|\?) executions, (?:\d+|\?) edges, \d+ new inputs?, ([1-9]\d*) findings?$"
        said, seconds, code = self.fuzz_until(told, "planted")
        self.assertEqual(code, 1)
        self.assertRegex(said, rf"(?m)^planted: {seconds} s on \d+ cores?$")
        self.assertIn("seam/fuzz: planted: invariance: cut, it tells something else than whole", said)
        kept = list((self.build / "findings/planted").iterdir())
        self.assertEqual(len(kept), int(re.search(told, said, re.M).group(1)))
        for path in kept:
            self.assertRegex(path.name, r"^planted-invariance-[0-9a-f]{8}$")
            self.assertIn(f"seam import crash {path} --target planted", said)
        for again in re.findall(r"again: +(.*)$", said, re.M):
            self.assertNotEqual(subprocess.run(again.split(), capture_output=True, check=False).returncode, 0)

    def test_a_right_target_is_clean_and_keeps_what_is_new(self):
        said, _, code = self.fuzz_until(" [1-9][0-9]* new inputs?, 0 findings$", "line_reader")
        self.assertEqual(code, 0)
        self.assertGreater(len(list((self.build / "corpus/line_reader").iterdir())), 0)
        self.assertFalse((self.build / "findings").exists())
        self.assertIn("./dev fuzz --merge line_reader", said)

    def test_without_a_name_all_run(self):
        said, _, code = self.fuzz_until("^planted: .* executions.* [1-9][0-9]* findings?$")
        self.assertEqual(code, 1)
        self.assertRegex(said, r"(?m)^line_reader: .* executions")

    def test_an_interrupt_ends_the_fuzzing_and_what_was_found_is_told(self):
        with self.start("planted", "600") as child:
            self.assertIn("600 s", child.stdout.readline())
            found = self.wait_for_a_finding(child)
            child.send_signal(signal.SIGINT)
            said = child.communicate(timeout=DEADLINE_SECONDS)[0]
        self.assertEqual(child.returncode, 1, said)
        self.assertIn("seam/fuzz: planted: invariance", said)
        self.assertFalse(found.exists())

    def wait_for_a_finding(self, child):
        """Until libFuzzer, below run.py, has written one."""
        while child.poll() is None:
            for arguments in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    prefix = re.search(rb"fuzz_planted\0.*-artifact_prefix=([^\0]*)/", arguments.read_bytes())
                except OSError:
                    continue
                folder = prefix and pathlib.Path(os.fsdecode(prefix.group(1)))
                if folder and str(self.build).encode() in arguments.parent.joinpath("cmdline").read_bytes() and any(folder.glob("crash-*")):
                    return folder
        self.fail("it ended by itself")

    def test_wrong_arguments_are_told(self):
        self.assertIn("did you mean planted?", self.fuzz("plantde", code=2))
        self.assertIn("targets: line_reader, planted", self.fuzz("nothing_like_it", code=2))
        for seconds in (["0"], ["-1"], ["1.5"], ["1", "2"]):
            self.assertIn("SECONDS is one whole number above 0", self.fuzz("planted", *seconds, code=2))
        self.assertIn("one TARGET", self.fuzz("planted", "line_reader", code=2))
        self.assertIn("takes no SECONDS", self.fuzz("--merge", "planted", "5", code=2))

    def test_arguments_are_checked_before_anything_is_built(self):
        nothing = self.folder / "nothing"
        for arguments, code in ((["line_reader", "5"], 0), ([], 0), (["planted"], 2)):
            done = subprocess.run([sys.executable, "-B", ROOT / "fuzz/run.py", nothing, "--check", *arguments],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)

    def test_a_target_that_can_not_run_is_no_clean_one(self):
        broken = self.build / "fuzz/fuzz_broken"
        for code in (0, 3):
            broken.write_text(f"#!/bin/sh\necho no >&2\nexit {code}\n", encoding="utf-8")
            broken.chmod(0o755)
            self.assertIn(f"broken: libFuzzer ended with {code}", self.fuzz("broken", "1", code=4))

    def test_what_reaches_more_is_merged(self):
        """In a tree of its own: it writes to corpus/."""
        tree = self.folder / "tree"
        (tree / "fuzz").mkdir(parents=True)
        (tree / "fuzz/run.py").write_bytes((ROOT / "fuzz/run.py").read_bytes())
        seeds, kept = tree / "corpus/line_reader", self.build / "corpus/line_reader"
        seeds.mkdir(parents=True)
        kept.mkdir(parents=True)
        (seeds / "seed").write_bytes(b"\0\0a\n")
        (kept / "same").write_bytes(b"\0\0a\n")
        (kept / "more").write_bytes(b"\7\1\3aab\0\0\r\n.\r\n")
        done = subprocess.run([sys.executable, "-B", tree / "fuzz/run.py", self.build, "--merge", "line_reader"],
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "line_reader: 1 input of 2 added to corpus/line_reader\n"))
        self.assertEqual(sorted(path.read_bytes() for path in seeds.iterdir()),
                         sorted([b"\0\0a\n", b"\7\1\3aab\0\0\r\n.\r\n"]))


class Replay(Scratch):
    def replay(self, program, seeds):
        target = self.folder / "fuzz_line_reader" # whose options replay.py then reads
        target.unlink(missing_ok=True)
        target.symlink_to(program)
        return subprocess.run([sys.executable, "-B", HERE / "replay.py", "libfuzzer", target, seeds], capture_output=True,
                              text=True, check=False)

    def test_it_takes_no_failure_for_a_skip(self):
        """libFuzzer ends with 77, which ctest may be told to take for "skipped"."""
        seeds = self.folder / "seeds"
        seeds.mkdir()
        for seed, code in ((CLEAN, 0), (CR[0], 77)):
            (seeds / "seed").write_bytes(seed)
            direct = subprocess.run([PLANTED, "-runs=0", seeds], capture_output=True, check=False, cwd=self.folder)
            self.assertEqual(direct.returncode, code)
            done = self.replay(PLANTED, seeds) # the smoke run finds the bug from either seed
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("exit 77", done.stderr)
        (seeds / "seed").unlink()
        self.assertIn("no seeds", self.replay(RIGHT, seeds).stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1]+sys.argv[3:])
