"""What the tests of the command line share: a folder of made-up scenarios, and ways to run seam-fake on them."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from tap import Tap

SEAM = os.environ["SEAM_FAKE"]
DEADLINE_S = 60


def clean_environment(**more):
    keep = {"PATH", "HOME", "LANG", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"}
    environment = {key: value for key, value in os.environ.items() if key in keep}
    environment.update(more)
    return environment


class CliTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seam-cli-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.trace = self.folder / "trace.txt"

    def scenario(self, path, **keys):
        """Writes one; name is that of the file unless given."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        keys.setdefault("name", path)
        keys.setdefault("trace", str(self.trace))
        target.write_text(json.dumps(keys), encoding="utf-8")
        return path

    def traced(self):
        """Names of the scenarios that began, in the order in which they did."""
        return self.trace.read_text().splitlines() if self.trace.exists() else []

    def seam(self, *args, environment=None, stdout=subprocess.PIPE, **more):
        return subprocess.run([SEAM, *args], cwd=self.folder, env=clean_environment(**(environment or {})),
                              stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, timeout=DEADLINE_S,
                              check=False, **more)

    def start(self, *args, **more):
        """Running in the background, in its own process group."""
        process = subprocess.Popen([SEAM, *args], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **more)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=DEADLINE_S)

    def run_tap(self, *args, code=None, environment=None):
        """Runs with TAP on stdout; (exit code, parsed)."""
        done = self.seam("run", "--report", "tap=-", *args, environment=environment)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stderr)
        return done.returncode, Tap(done.stdout)

    def wait_for(self, fact, what):
        deadline = time.monotonic() + DEADLINE_S
        delay_s = 0.001
        while not fact():
            self.assertLess(time.monotonic(), deadline, f"never: {what}")
            time.sleep(delay_s)
            delay_s = min(delay_s * 2, 0.1)


def children_of(pid):
    try:
        return [int(word) for word in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
