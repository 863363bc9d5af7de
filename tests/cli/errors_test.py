#!/usr/bin/env python3
"""Wrong inputs, and what Seam and the chat programs say to each: compared with errors.txt, and held to the rules of all messages.

SEAM_UPDATE_SNAPSHOT=1 writes errors.txt anew: read the difference as somebody who made that mistake, then commit it.
"""

import concurrent.futures
import difflib
import os
import pathlib
import re
import subprocess
import sys
import unittest

import errors_scenarios
import errors_system
import errors_usage
from errors_case import run, section
from fixture import clean_environment

HERE = pathlib.Path(__file__).resolve().parent
SNAPSHOT = HERE / "errors.txt"
CASES = errors_scenarios.CASES + errors_usage.CASES + errors_system.CASES
HEAD = """Each wrong input that tests/cli/errors_test.py makes: its name, the files and variables, the line, the exit code, and the message
(! stderr, > stdout). Ports and paths are replaced by PORT, FOLDER, BIN. Made by the test with SEAM_UPDATE_SNAPSHOT=1.

"""
EXIT_CODES = re.compile(r"^EXIT_CODE\(\w+, (\d+),", re.MULTILINE)
# What is no mistake to Seam: it does what was asked for.
HARMLESS = {"quiet and verbose", "update and list", "list and dry run", "a bundle in a file", "the working folder is deleted, an absolute name",
            "SOURCE_DATE_EPOCH is no number", "a full disk, for TMPDIR"}
# What begins with a usage, a question or the shell's own words.
NOT_ITS_OWN = {"no command", "a new scenario of nothing", "a closed stdin for new", "all descriptors are closed", "chat-server: a closed stdout"}
PREFIX = re.compile(r"seam( [a-z]+)?: |chat-(server|client): |[^:\n]+(:\d+:\d+)?: (error|warning): |`seam ")


def can_mount():
    flags = "-m" if os.geteuid() == 0 else "-Urm"
    done = subprocess.run(["unshare", flags, "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr.strip()


def read_snapshot():
    if not SNAPSHOT.exists():
        return {}
    parts = re.split(r"^(?=== )", SNAPSHOT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0][3:]: part.rstrip("\n") + "\n" for part in parts}


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mounts, why = can_mount()
        if not cls.mounts:
            print(f"not tested here, as no file system can be mounted in a namespace ({why}): ",
                  ", ".join(case.name for case in CASES if case.needs == "mount"), file=sys.stderr)
        here = [case for case in CASES if case.needs != "mount" or cls.mounts]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            cls.outcomes = dict(zip([case.name for case in here], pool.map(run, here)))

    def of_each(self):
        return [(case, self.outcomes[case.name]) for case in CASES if case.name in self.outcomes]

    def test_names(self):
        names = [case.name for case in CASES]
        self.assertEqual(len(names), len(set(names)))
        self.assertGreaterEqual(len(names), 60)

    def test_snapshot(self):
        known = read_snapshot()
        now = {case.name: section(case, self.outcomes[case.name]) for case in CASES if case.name in self.outcomes}
        if os.environ.get("SEAM_UPDATE_SNAPSHOT") == "1":
            texts = [now.get(case.name) or known.get(case.name, "") for case in CASES]
            SNAPSHOT.write_text(HEAD + "\n".join(filter(None, texts)), encoding="utf-8")
            return
        diff = []
        for name in dict.fromkeys([*known, *(case.name for case in CASES)]):
            if name in now or name not in {case.name for case in CASES}:
                diff += difflib.unified_diff(known.get(name, "").splitlines(), now.get(name, "").splitlines(),
                                             "errors.txt", "now", lineterm="", n=20)
        self.assertEqual(diff, [], "\n" + "\n".join(diff) + "\nIf that is what they should say: SEAM_UPDATE_SNAPSHOT=1 and this test "
                         "again, then `git diff tests/cli/errors.txt`.")

    def test_exit_codes(self):
        known = {int(code) for code in EXIT_CODES.findall((HERE.parents[1] / "harness/exit_codes.def").read_text(encoding="utf-8"))}
        for case, outcome in self.of_each():
            with self.subTest(case.name):
                self.assertEqual(outcome.code, case.code, outcome.stderr)
                self.assertIn(outcome.code, known - {99})
        self.assertEqual({case.name for case in CASES if case.code == 0}, HARMLESS)

    def test_messages(self):
        for case, outcome in self.of_each():
            with self.subTest(case.name):
                self.judge(case, outcome)

    def judge(self, case, outcome):
        text = (outcome.stderr + (outcome.stdout if case.stdout or not outcome.stderr else b"")).decode("utf-8", "backslashreplace")
        self.assertTrue(text.strip(), "nothing is said")
        self.assertTrue(outcome.stderr.endswith(b"\n") or not outcome.stderr, "the message does not end in a newline")
        self.assertNotIn("Success", text)
        self.assertNotIn("(null)", text)
        self.assertNotRegex(text, r"Sanitizer|runtime error:|Assertion|core dumped")
        self.assertNotRegex(text, r"[^\n -~\u00a0-\U0010ffff]", "a control character")
        self.assertLessEqual(len(outcome.stderr.splitlines()), case.lines)
        if outcome.stderr and case.name not in NOT_ITS_OWN:
            self.assertRegex(outcome.stderr.decode().splitlines()[0], PREFIX)


if __name__ == "__main__":
    unittest.main()
