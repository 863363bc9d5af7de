#!/usr/bin/env python3
"""^C, TERM, KILL: what ended is told, what runs is freed, nothing is left behind."""

import os
import signal
import time
import unittest

from fixture import CliTest, children_of, is_alive
from tap import Tap

GRACE_S = 10 # JOBS_GRACE_MS


class Signals(CliTest):
    def started(self, *args, hanging=2):
        """A run of which one result is in and `hanging` scenarios hang; (process, pids of its workers)."""
        self.scenario("0.json")
        self.markers = [self.folder / f"marker{i}" for i in range(hanging)]
        for i, marker in enumerate(self.markers):
            self.scenario(f"{i + 1}.json", outcome="hang", marker=str(marker))
        self.scenario("9.json")
        process = self.start("run", "-j", str(hanging), ".", *args)
        self.wait_for(lambda: all(marker.exists() for marker in self.markers), "all hang")
        return process, children_of(process.pid)

    def assert_gone(self, workers):
        self.assertTrue(workers)
        self.wait_for(lambda: not any(map(is_alive, workers)), "workers are gone")

    def test_an_ending_signal_is_told(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process, workers = self.started()
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 128 + number)
            self.assertEqual(err, b"")
            self.assertTrue(out.startswith(b"ok   0.json"))
            self.assertIn(f"1 passed, 3 not run; ".encode(), out)
            self.assertIn(f"stopped by {number.name}\n".encode(), out)
            self.assertFalse(any(marker.exists() for marker in self.markers)) # each run was freed
            self.assert_gone(workers)

    def test_a_signal_to_the_whole_group_is_the_same(self):
        process, workers = self.started("--report", "tap=-")
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        tap = Tap(out)
        self.assertEqual((tap.plan, len(tap.points)), (4, 1))
        self.assertIn("SIGINT", tap.bail_out)
        self.assertFalse(any(marker.exists() for marker in self.markers))
        self.assert_gone(workers)

    def test_the_second_signal_kills(self):
        marker = self.folder / "marker"
        self.scenario("a.json", outcome="deaf", marker=str(marker))
        process = self.start("run", "a.json")
        self.wait_for(marker.exists, "it runs")
        workers = children_of(process.pid)
        began_s = time.monotonic()

        def pressed_again(): # two pending signals are one: press until it ends
            process.send_signal(signal.SIGINT)
            return process.poll() is not None
        self.wait_for(pressed_again, "it ends")
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertLess(time.monotonic() - began_s, GRACE_S) # not by waiting until patience ends
        self.assert_gone(workers)

    def test_no_worker_outlives_its_parent(self):
        process, workers = self.started()
        process.kill()
        process.communicate(timeout=60)
        self.assert_gone(workers)

    def test_an_ignored_signal_stays_ignored(self):
        self.scenario("a.json", outcome="hang", marker=str(self.folder / "marker"))
        process = self.start("run", "a.json", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.wait_for((self.folder / "marker").exists, "it runs")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
