#!/usr/bin/env python3
"""What `seam run` selects, runs, tells and exits with."""

import itertools
import os
import random
import re
import subprocess
import unittest

from fixture import CliTest
from tap import Tap

HOSTILE = ["# SKIP not really", "a \\# b \\\\ c", "ok 1 - x", "not ok", "Bail out! no", "---", "...", " lead", "trail ",
           "line\nbreak", "tab\tcr\r", "esc\x1b[31mred", "bell\x07", "\u202egnp", "zero\u200bwidth", "c1\u0085x",
           "caf\u00e9 \u4e2d \U0001f600", "\"quoted\" 'and'", "1..7", "TODO # TODO x", "$(touch /tmp/never)", "`x`", "*", "~", "-q",
           "#", "\\", "a\ufeffb", "%s%n", "\ufffe"]


class ExitCodes(CliTest):
    CASES = {"pass": {}, "fail": {"outcome": "fail"}, "error": {"outcome": "error"}, "skip": {"requires": "nothing"},
             "xfail": {"outcome": "fail", "xfail": "known"}, "crash": {"outcome": "crash"}}

    def test_every_mixture_has_its_code(self):
        for count in range(1, len(self.CASES) + 1):
            for mixture in itertools.combinations(self.CASES, count):
                paths = [self.scenario(f"{name}.json", **self.CASES[name]) for name in mixture]
                expected = (99 if "crash" in mixture else 1 if "fail" in mixture else 4 if "error" in mixture
                            else 77 if mixture == ("skip",) else 0)
                with self.subTest(mixture):
                    code, tap = self.run_tap("-j2", *paths)
                    self.assertEqual(code, expected)
                    self.assertEqual([point["description"].partition(".")[0] for point in tap.points], list(mixture))

    def test_an_invalid_file_starts_nothing(self):
        self.scenario("a.json")
        self.scenario("b.json", invalid=["first", "second"], outcome="crash")
        self.scenario("c.json", invalid=["third"])
        done = self.seam("run", ".")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(self.traced(), [])
        self.assertEqual(done.stderr.decode().splitlines(), ["b.json:1:3: error: first", "b.json:2:3: error: second",
                                                            "c.json:1:3: error: third"])
        self.assertIn(b"INVALID b.json:1:3: first\n", done.stdout)
        self.assertIn(b"2 invalid, 0 passed" if b"0 passed" in done.stdout else b"2 invalid", done.stdout)
        _, tap = self.run_tap(".", code=3)
        self.assertEqual([point["block"]["status"] for point in tap.points], ["invalid", "invalid"])
        self.assertEqual(tap.points[0]["block"]["detail"], ["b.json:1:3: error: first", "b.json:2:3: error: second"])

    def test_text_that_is_no_json(self):
        (self.folder / "x.json").write_text("{")
        done = self.seam("run", "x.json")
        self.assertEqual(done.returncode, 3)
        self.assertRegex(done.stderr.decode(), r"^x\.json:1:\d+: error: ")

    def test_nothing_selected(self):
        self.scenario("only.part.json", part=True)
        for args in (["."], ["only.part.json"], [".", "--list"]):
            self.assertEqual(self.seam("run", *args).returncode, 5)
        for args, why in ((["."], "no *.json file"), (["only.part.json"], "is a part")):
            self.assertIn(why, self.seam("run", *args).stderr.decode())
        self.scenario("a.json")
        self.assertIn("left none of 1", self.seam("run", "a.json", "--filter", "zzz").stderr.decode())
        (self.folder / "a.json").unlink()
        _, tap = self.run_tap(".", code=5)
        self.assertEqual(tap.plan, 0)

    def test_no_world_is_an_error_of_each(self):
        self.scenario("a.json")
        self.scenario("b.json", requires="x")
        code, tap = self.run_tap(".", environment={"FAKE_NO_WORLD": "1"})
        self.assertEqual(code, 4)
        self.assertEqual([point["block"]["status"] for point in tap.points], ["error", "skipped"])
        self.assertEqual(tap.points[0]["block"]["message"], "no world here")

    def test_what_can_not_be_set_up(self):
        self.scenario("a.json", outcome="setup-error", why="reason")
        _, tap = self.run_tap("a.json", code=4)
        block = tap.points[0]["block"]
        self.assertEqual((block["file"], block["line"], block["column"], block["message"], block["why"]),
                         ("a.json", 4, 2, "the cut does not fit", "reason"))


class Verdicts(CliTest):
    def test_a_pass_that_xfail_did_not_expect(self):
        self.scenario("a.json", xfail="bug 7")
        _, tap = self.run_tap("a.json", code=1)
        self.assertEqual(tap.points[0]["block"]["message"], "passed, but xfail says: bug 7")
        self.assertIsNone(tap.points[0]["directive"])

    def test_errors_stay_errors(self):
        self.scenario("a.json", xfail="bug 7", outcome="error")
        self.run_tap("a.json", code=4)

    def test_failures_are_told_in_full(self):
        self.scenario("a.json", outcome="fail", message="expected x", detail="one\ntwo", why="it matters", cuts=2,
                      evidence="drained", notes="n1\nn2", name="the name")
        done = self.seam("run", "a.json", "--cut", "alice@17")
        self.assertRegex(done.stdout.decode(), re.compile("""\\AFAILED a.json:7:5: expected x
    scenario: the name \\(12 ms, 2 cuts drained\\)
    why: it matters
    one
    two
    cut: alice@17
    rerun: seam run a.json --cut alice@17
    note: n1
          n2
1 failed; 2 cuts drained; \\d+ ms
\\Z"""))

    def test_the_weakest_evidence_is_named(self):
        self.scenario("a.json", cuts=1, evidence="drained")
        self.scenario("b.json", cuts=0, evidence="sent")
        lines = self.seam("run", ".").stdout.decode().splitlines()
        self.assertEqual(lines[0], "ok   a.json: a.json (12 ms, 1 cut drained)")
        self.assertEqual(lines[1], "ok   b.json: b.json (12 ms, 0 cuts drained, weakest evidence sent)")
        self.assertTrue(lines[2].startswith("2 passed; 1 cut drained, weakest evidence sent; "), lines[2])

    def test_a_failure_in_a_part_names_the_part(self):
        self.scenario("a.json", outcome="fail", message="m", part_path="lib/x.part.json")
        done = self.seam("run", "a.json")
        self.assertIn(b"FAILED lib/x.part.json:7:5: m\n    scenario: a.json: a.json (", done.stdout)
        _, tap = self.run_tap("a.json", code=1)
        self.assertEqual(tap.points[0]["description"], "a.json: a.json")
        self.assertEqual(tap.points[0]["block"]["file"], "lib/x.part.json")

    def test_a_crash_costs_one_result_and_names_the_signal(self):
        for i in range(6):
            self.scenario(f"{i}.json", outcome="crash" if i == 2 else "pass")
        code, tap = self.run_tap(".", "-j2")
        self.assertEqual(code, 99)
        self.assertEqual([point["ok"] for point in tap.points], [True, True, False, True, True, True])
        self.assertIn("SIGKILL", tap.points[2]["block"]["message"])
        self.assertIn(b"INTERNAL ERROR 2.json: ", self.seam("run", ".").stdout)

    def test_quiet_and_verbose(self):
        self.scenario("a.json", wire="w1\nw2")
        self.scenario("b.json", outcome="fail")
        self.assertNotIn(b"a.json", self.seam("run", "-q", ".").stdout)
        self.assertIn(b"FAILED b.json", self.seam("run", "-q", ".").stdout)
        self.assertIn(b"    w1\n    w2\n", self.seam("run", "-v", ".").stdout)
        self.assertNotIn(b"w1", self.seam("run", ".").stdout)


class Selection(CliTest):
    def listed(self, *args):
        done = self.seam("run", "--list", *args)
        self.assertEqual(self.traced(), [])
        return [line.partition(": ")[0] for line in done.stdout.decode().splitlines()]

    def test_folders_are_walked_in_order(self):
        for path in ("b/z.json", "b/a.json", "a.json", "b.json", "B.json", "c/d/e.json"):
            self.scenario(path)
        self.scenario("b/part.part.json", part=True)
        self.scenario(".hidden/x.json")
        self.scenario("b/.x.json")
        (self.folder / "b" / "notes.txt").write_text("no scenario")
        wanted = ["B.json", "a.json", "b/a.json", "b/z.json", "b.json", "c/d/e.json"]
        self.assertEqual(self.listed("."), wanted)
        self.assertEqual(self.listed("b/", "a.json"), ["b/a.json", "b/z.json", "a.json"])
        self.assertEqual(self.listed("b", "b/a.json", "./b/a.json", "b"), ["b/a.json", "b/z.json"])

    def test_links(self):
        self.scenario("a/x.json")
        (self.folder / "a" / "loop").symlink_to("..")
        (self.folder / "b").symlink_to("a")
        self.assertEqual(self.listed("a"), ["a/x.json"])
        self.assertEqual(self.listed("b"), ["b/x.json"])
        (self.folder / "a" / "gone.json").symlink_to("nowhere")
        self.assertEqual(self.seam("run", "a").returncode, 3)

    def test_any_name_may_be_given_and_none_must_be_missing(self):
        self.scenario("odd.txt")
        self.assertEqual(self.listed("odd.txt"), ["odd.txt"])
        done = self.seam("run", "odd.txt", "missing.json")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"can't read missing.json", done.stderr)
        self.assertEqual(self.traced(), [])

    def test_filters(self):
        self.scenario("a.json", name="line [limit]")
        self.scenario("b.json", name="over limit")
        self.scenario("sub/c.json", name="third (")
        for filters, wanted in [(["limit"], ["a.json", "b.json"]), (["[limit]"], ["a.json", "b.json", "sub/c.json"]),
                                (["third ("], ["sub/c.json"]), (["^over"], ["b.json"]), (["sub/"], ["sub/c.json"]),
                                (["^over", "third"], ["b.json", "sub/c.json"]), (["nothing at all"], []),
                                (["(a+)+$x"], [])]:
            args = [word for text in filters for word in ("--filter", text)]
            self.assertEqual(self.listed(".", *args), wanted, filters)

    def test_rows_and_rounds(self):
        self.scenario("t.json", name="t", rows=["x", "y"])
        done = self.seam("run", "--list", "--repeat", "2", "t.json")
        self.assertEqual(done.stdout.decode().splitlines(), ["t.json: t [x] (1/2)", "t.json: t [x] (2/2)",
                                                            "t.json: t [y] (1/2)", "t.json: t [y] (2/2)"])
        _, tap = self.run_tap("--repeat", "2", "t.json", code=0)
        self.assertEqual([point["description"] for point in tap.points], done.stdout.decode().splitlines())
        self.assertEqual(sorted(self.traced()), ["t [x]", "t [x]", "t [y]", "t [y]"])

    def test_shards_are_everything_once(self):
        for i in range(23):
            self.scenario(f"{i:02}.json", name=f"n{i:02}", rows=["a", "b"] if i % 5 == 0 else ["a"])
        whole = self.seam("run", "--list", ".").stdout.splitlines()
        for count in (1, 2, 3, 7, 40):
            parts = [self.seam("run", "--list", "--shard", f"{i + 1}/{count}", ".") for i in range(count)]
            lines = [part.stdout.splitlines() for part in parts]
            self.assertEqual(sorted(sum(lines, [])), sorted(whole))
            self.assertLessEqual(max(map(len, lines)) - min(map(len, lines)), 1)
            self.assertTrue(all(part.returncode == (0 if part.stdout else 5) for part in parts))

    def test_defines_must_have_a_variable(self):
        self.scenario("a.json", variables=["port"])
        self.assertEqual(self.seam("run", "a.json", "--define", "port=7").returncode, 0)
        done = self.seam("run", "a.json", "--define", "prot=7")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"'prot'", done.stderr)


class Order(CliTest):
    def test_results_are_in_order_for_any_number_of_workers(self):
        random.seed(5)
        for i in range(40):
            self.scenario(f"{i:02}.json", busy=random.choice([0, 0, 1000, 3000000]),
                          outcome=random.choice(["pass", "pass", "fail", "error"]))
        outputs = set()
        for jobs in ("1", "2", "7", "40", "100"):
            done = self.seam("run", "-j", jobs, ".")
            self.assertEqual(done.returncode, 1)
            outputs.add(re.sub(rb"\d+ ms\n\Z", b"", done.stdout))
        self.assertEqual(len(outputs), 1)

    def test_fail_fast_stops(self):
        for i in range(300):
            self.scenario(f"{i:03}.json", outcome="fail" if i == 5 else "pass")
        code, tap = self.run_tap(".", "--fail-fast", "-j2")
        self.assertEqual(code, 1)
        self.assertLess(len(self.traced()), 300)
        self.assertIn("--fail-fast", tap.bail_out)
        self.assertEqual(len(tap.failures()), 1)

    def test_fail_fast_ends_what_runs(self):
        self.scenario("a.json", outcome="hang")
        self.scenario("b.json", outcome="fail")
        done = self.seam("run", "--fail-fast", "-j2", ".")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"1 failed, 1 not run", done.stdout)


class Reports(CliTest):
    def test_reports_agree_with_each_other_and_with_the_code(self):
        random.seed(11)
        outcomes = [{}, {}, {"outcome": "fail"}, {"outcome": "error"}, {"requires": "x"}, {"xfail": "k"},
                    {"outcome": "fail", "xfail": "k"}, {"outcome": "crash"}]
        for round_number in range(12):
            for i in range(8):
                self.scenario(f"{i}.json", **random.choice(outcomes[:2 + round_number % 7]))
            done = self.seam("run", "-j3", ".", "--report", "tap=out.tap", "--report", "text=out.txt")
            self.assertEqual((self.folder / "out.txt").read_bytes(), done.stdout)
            tap = Tap((self.folder / "out.tap").read_bytes())
            counts = {}
            for point in tap.points:
                counts[point["block"]["status"]] = counts.get(point["block"]["status"], 0) + 1
            summary = done.stdout.decode().splitlines()[-1].partition(";")[0]
            told = {word: int(number) for number, word in (part.split() for part in summary.split(", "))}
            self.assertEqual(told, counts)
            self.assertEqual(bool(tap.failures()), done.returncode in (1, 4, 99))

    def test_hostile_names(self):
        for i, name in enumerate(HOSTILE):
            self.scenario(f"{i:02}.json", name=name, message=name, detail=name, why=name, notes=name,
                          outcome="fail" if i % 3 else "pass", **({"xfail": name} if i % 4 == 0 else {}))
        _, tap = self.run_tap("-j2", ".", code=1)
        self.assertEqual(len(tap.points), len(HOSTILE))
        listed = self.seam("run", "--list", ".").stdout.decode().split("\n")[:-1]
        self.assertEqual([point["description"] for point in tap.points], listed)
        text = self.seam("run", ".").stdout.decode()
        self.assertIsNone(re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e\ufeff]", text))
        self.assertEqual(len(re.findall(r"^(?:ok  |FAILED|xfailed) ", text, re.MULTILINE)), len(HOSTILE))

    def test_hostile_files_can_be_rerun(self):
        for i, name in enumerate([*HOSTILE, b"bytes\xff\xfe".decode(errors="surrogateescape")]):
            if "/" in name or name in (".", ".."):
                continue
            path = self.folder / f"{i:02} {name}.json"
            path.write_text('{"name": "t", "rows": ["it\'s", "b"], "outcome": "fail", "variables": ["v"]}')
        _, tap = self.run_tap(".", "--define", "v=a 'b' $c\n", "--cut", "alice@1;bob@*", code=1)
        self.assertEqual(len(tap.points), tap.plan)
        shell = 'seam() { "$SEAM" "$@" --report tap=-; }; '
        for point in tap.points:
            done = subprocess.run(["bash", "-c", shell + point["block"]["rerun"]], cwd=self.folder, check=False,
                                  env=dict(os.environ, SEAM=os.environ["SEAM_FAKE"]), capture_output=True)
            again = Tap(done.stdout)
            self.assertEqual(done.returncode, 1, point["block"]["rerun"])
            self.assertEqual([each["description"] for each in again.points], [point["description"]])
            self.assertEqual(again.points[0]["block"], point["block"])

    def test_a_report_that_can_not_be_written_starts_nothing(self):
        self.scenario("a.json")
        for path in ("missing/out.tap", ".", "/proc/1/nothing"):
            done = self.seam("run", "a.json", "--report", f"tap={path}")
            self.assertEqual(done.returncode, 2, done.stderr)
        for reports in (["tap=-", "text=-"], ["tap=x", "text=x"], ["tap=x", "text=./x"]):
            args = [word for report in reports for word in ("--report", report)]
            self.assertEqual(self.seam("run", "a.json", *args).returncode, 2)
        self.assertEqual(self.traced(), [])

    def test_a_full_disk_is_an_error(self):
        for i in range(50):
            self.scenario(f"{i:02}.json")
        for args, stdout in ((["--report", "tap=/dev/full"], subprocess.PIPE), ([], open("/dev/full", "wb"))):
            done = self.seam("run", "-j2", ".", *args, stdout=stdout)
            self.assertEqual(done.returncode, 4)
            self.assertIn(b"No space left on device", done.stderr)
            if stdout is not subprocess.PIPE:
                stdout.close()
        self.scenario("00.json", outcome="fail")
        with open("/dev/full", "wb") as full:
            self.assertEqual(self.seam("run", "-j1", ".", stdout=full).returncode, 1)

    def test_a_reader_that_went_away_is_an_error(self):
        for i in range(50):
            self.scenario(f"{i:02}.json")
        reader, writer = os.pipe()
        os.close(reader)
        done = self.seam("run", ".", stdout=writer)
        os.close(writer)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"Broken pipe", done.stderr)

    def test_a_closed_stdout_is_an_error(self):
        self.scenario("a.json")
        for command in ('"$SEAM" run a.json >&-', '"$SEAM" --help >&-', '"$SEAM" run --list a.json >&-',
                        '"$SEAM" --version >/dev/full', '"$SEAM" run a.json --report tap=all.tap <&- >&- 2>&-',
                        '"$SEAM" run a.json --report tap=out.tap >&-', '"$SEAM" run a.json --report tap=err.tap >&- 2>&-'):
            done = subprocess.run(["sh", "-c", command], cwd=self.folder, capture_output=True, check=False,
                                  env=dict(os.environ, SEAM=os.environ["SEAM_FAKE"]))
            self.assertEqual(done.returncode, 4, command)
        for name in ("all.tap", "out.tap", "err.tap"): # none got the number of a standard stream
            self.assertEqual(Tap((self.folder / name).read_bytes()).plan, 1)


if __name__ == "__main__":
    unittest.main()
