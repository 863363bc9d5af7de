#!/usr/bin/env python3
"""fuzz/run.py (`./dev fuzz`) and replay.py, with a target that has a planted bug and with one that has none.

    run_test.py PLANTED LINE_READER      both libFuzzer programs
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PLANTED, RIGHT = (pathlib.Path(path).resolve() for path in sys.argv[1:3])


class Run(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="seam-run-")
        self.addCleanup(self.scratch.cleanup)
        self.build = pathlib.Path(self.scratch.name, "build")
        (self.build / "fuzz").mkdir(parents=True)
        (self.build / "fuzz/fuzz_planted").symlink_to(PLANTED)
        (self.build / "fuzz/fuzz_line_reader").symlink_to(RIGHT)

    def fuzz(self, *arguments, code):
        done = subprocess.run([sys.executable, "-B", ROOT / "fuzz/run.py", self.build, *arguments], capture_output=True,
                              text=True, errors="replace", timeout=240, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_a_finding_is_named_small_and_explained(self):
        said = self.fuzz("planted", "2", code=1)
        self.assertRegex(said, r"(?m)^planted: \d+ executions, \d+ edges, \d+ new inputs, 1 finding$")
        self.assertIn("seam/fuzz: planted: invariance: cut, it tells something else than whole", said)
        self.assertRegex(said, r'stream: .*\\r" \| "\\n"')
        kept = list((self.build / "findings/planted").iterdir())
        self.assertEqual(len(kept), 1)
        self.assertRegex(kept[0].name, r"^planted-invariance-[0-9a-f]{8}$")
        self.assertLessEqual(kept[0].stat().st_size, 8)
        self.assertIn(f"seam import crash {kept[0]} --target planted", said)
        again = re.search(r"again: +(.*)$", said, re.M).group(1).split()
        self.assertNotEqual(subprocess.run(again, capture_output=True, check=False).returncode, 0)

    def test_a_right_target_is_clean_and_keeps_what_is_new(self):
        said = self.fuzz("line_reader", "2", code=0)
        self.assertIn("0 findings", said)
        self.assertGreater(len(list((self.build / "corpus/line_reader").iterdir())), 0)
        self.assertFalse((self.build / "findings").exists())

    def test_without_a_name_all_run(self):
        said = self.fuzz("1", code=1)
        self.assertRegex(said, r"(?m)^line_reader: ")
        self.assertRegex(said, r"(?m)^planted: ")

    def test_a_wrong_name_is_told(self):
        self.assertIn("did you mean planted?", self.fuzz("plantde", code=2))
        self.assertIn("targets: line_reader, planted", self.fuzz("0", code=2))

    def test_a_target_that_can_not_run_is_no_clean_one(self):
        broken = self.build / "fuzz/fuzz_broken"
        broken.write_text("#!/bin/sh\necho no >&2\nexit 3\n", encoding="utf-8")
        broken.chmod(0o755)
        self.assertIn("broken: libFuzzer ended with 3", self.fuzz("broken", "1", code=4))

    def test_replay_takes_no_failure_for_a_skip(self):
        """libFuzzer ends with 77, which ctest may be told to take for "skipped"."""
        seeds = pathlib.Path(self.scratch.name, "seeds")
        seeds.mkdir()
        for seed, clean in ((b"\0\r\n", True), (b"\1\1\r\n", False)):
            (seeds / "seed").write_bytes(seed)
            direct = subprocess.run([PLANTED, "-runs=0", seeds], capture_output=True, check=False, cwd=self.scratch.name)
            self.assertEqual(direct.returncode, 0 if clean else 77)
            # The smoke run finds the bug from either seed.
            done = subprocess.run([sys.executable, "-B", HERE / "replay.py", "libfuzzer", PLANTED, seeds],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
            self.assertIn("exit 77", done.stderr)
        (seeds / "seed").unlink()
        self.assertIn("no seeds", subprocess.run([sys.executable, "-B", HERE / "replay.py", "libfuzzer", RIGHT, seeds],
                                                 capture_output=True, text=True, check=False).stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
