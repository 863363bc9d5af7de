#!/usr/bin/env python3
"""All reports of one run: each is read by a parser that is not ours, and they say the same, whatever the texts are."""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as XML

import jsonschema

from fixture import CliTest
from run_test import HOSTILE
from tap import Tap

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = json.loads((HERE.parents[1] / "harness/reports/ndjson.schema.json").read_text(encoding="utf-8"))
MARKUP = ["::error::x", "  ::warning file=x::y", "##[add-mask]x", "::stop-commands::x", "<script>alert(1)</script>", "]]>", "&amp;", "| a | b |",
          "```", "``````\nx", "</details>", "![x](http://example.invalid/x)", "@someone", "\uffff\ufffe", "\"'<>&", "# Title", "- item", "    code",
          "<!--", "a%0A::error::b", "\n\n::error::c", "<b>bold</b>", "&#60;b&#62;", "\\", "*a* _b_ ~c~ [d](e)", "=====", "\n\n<div>\n\n# x"]
TEXTS = HOSTILE + MARKUP
WORDS = {"failed": "failure", "error": "error", "invalid": "error", "skipped": "skipped", "xfailed": "skipped"}


def fit_for_xml(text):
    return text.replace("\uffff", "\\xef\\xbf\\xbf").replace("\ufffe", "\\xef\\xbf\\xbe")


class Runner:
    """Which lines of a log GitHub's runner takes for commands: leading blanks don't matter, and a token stops all."""

    def __init__(self, log):
        self.commands, stopped = [], None
        for line in log.split("\n"):
            command = re.match(r"^::([^\s:]+)(?: ([^:]*(?:(?!::).)*))?::(.*)$", line.strip())
            if stopped:
                stopped = None if command and command.group(1) == stopped else stopped
            elif command and command.group(1) == "stop-commands":
                stopped = command.group(3)
            elif command:
                pairs = [pair.partition("=") for pair in (command.group(2) or "").split(",")]
                self.commands.append((command.group(1), {key: self.plain(value) for key, _, value in pairs}, self.plain(command.group(3))))
        self.unfinished = stopped

    @staticmethod
    def plain(text):
        return re.sub(r"%(0A|0D|3A|2C|25)", lambda code: chr(int(code.group(1), 16)), text)


class ReportTest(CliTest):
    FORMATS = ("tap", "junit", "ndjson", "github", "markdown", "text")

    def reports(self, *args, code=None, summary=True, **environment):
        """{format: text}, with GitHub's job summary as "summary"."""
        if summary:
            environment["GITHUB_STEP_SUMMARY"] = str(self.folder / "summary.md")
        words = [word for name in self.FORMATS for word in ("--report", f"{name}=out.{name}")]
        self.done = self.seam("run", *words, *args, environment=environment)
        if code is not None:
            self.assertEqual(self.done.returncode, code, self.done.stderr)
        told = {name: (self.folder / f"out.{name}").read_text(encoding="utf-8") for name in self.FORMATS}
        told["summary"] = (self.folder / "summary.md").read_text(encoding="utf-8") if summary else ""
        return told

    def xml(self, text):
        (self.folder / "check.xml").write_text(text, encoding="utf-8")
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", HERE / "junit.xsd", self.folder / "check.xml"],
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode()[:2000])
        return XML.fromstring(text)

    def events(self, text):
        events = [json.loads(line) for line in text.splitlines()]
        for event in events:
            jsonschema.validate(event, SCHEMA)
        self.assertEqual([events[0]["event"], events[-1]["event"]], ["begin", "end"])
        return events

    def html_of(self, markdown):
        """As GitHub's own parser has it, with raw HTML left in."""
        done = subprocess.run(["cmark-gfm", "-e", "table", "-e", "autolink", "--unsafe"], input=markdown.encode(), capture_output=True, check=True)
        return done.stdout.decode()

    def mixed(self, count):
        for i in range(count):
            text = TEXTS[i % len(TEXTS)]
            outcome = ("pass", "fail", "error", "fail", "pass")[i % 5]
            keys = {"xfail": text} if i % 7 == 3 else {"requires": text} if i % 11 == 10 else {}
            self.scenario(f"{i:03}.json", name=text, message=text, detail=f"{text}\n{text}", why=text, notes=text, outcome=outcome,
                          evidence=("sent", "paced", "drained")[i % 3], cuts=i, **keys)
        return count


class Agreement(ReportTest):
    def test_hostile_texts_everywhere(self):
        count = self.mixed(3 * len(TEXTS))
        told = self.reports("-j2", "-v", ".", code=1)
        events = self.events(told["ndjson"])
        results = events[1:-1]
        self.assertEqual(len(results), count)
        tap = Tap(told["tap"].encode())
        self.assertEqual([point["block"]["status"] for point in tap.points], [one["status"] for one in results])
        suite = self.xml(told["junit"]).find("testsuite")
        cases = suite.findall("testcase")
        self.assertEqual([case.get("name") for case in cases], [fit_for_xml(one["name"]) for one in results])
        for case, one in zip(cases, results):
            outcome = [child for child in case if child.tag in ("failure", "error", "skipped")]
            self.assertEqual([child.tag for child in outcome], [WORDS[one["status"]]] if one["status"] in WORDS else [])
            self.assertEqual(case.get("classname"), one["path"][:-5])
            for child in outcome:
                if child.tag != "skipped":
                    self.assertEqual(child.get("message"), fit_for_xml(one["message"]))
                    self.assertIn(one["rerun"], child.text)
                    self.assertTrue(child.text.startswith(f"{one['path']}:{one['line']}:{one['column']}: "))
        counts = events[-1]["counts"]
        self.assertEqual({key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")},
                         {"tests": count, "failures": counts["failed"], "errors": counts["error"], "skipped": counts["skipped"] + counts["xfailed"]})
        last = [line for line in told["text"].splitlines() if "; " in line][-1].partition(";")[0]
        self.assertEqual({word: int(number) for number, word in (part.split() for part in last.split(", "))},
                         {word: number for word, number in counts.items() if number})
        self.assertEqual(events[-1]["exit"], self.done.returncode)

    def test_any_mixture_agrees_with_the_exit_code(self):
        pick = random.Random(5)
        outcomes = [{}, {"outcome": "fail"}, {"outcome": "error"}, {"requires": "x"}, {"outcome": "fail", "xfail": "k"}, {"xfail": "k"}, {"outcome": "crash"}]
        for number in range(8):
            for i in range(5):
                self.scenario(f"{i}.json", **pick.choice(outcomes[:number + 1]))
            told = self.reports("-j2", ".")
            end = self.events(told["ndjson"])[-1]
            self.assertEqual(end["exit"], self.done.returncode)
            root = self.xml(told["junit"])
            bad = int(root.get("failures")) + int(root.get("errors"))
            self.assertEqual(bad > 0, self.done.returncode in (1, 4, 99))
            self.assertEqual(len([one for one in Runner(told["github"]).commands if one[0] == "error"]), bad)
            self.assertIn(f"# Seam: {'' if not end['counts']['failed'] else str(end['counts']['failed']) + ' failed'}", told["markdown"])
            (self.folder / "summary.md").unlink()

    def test_invalid_files_and_nothing_at_all(self):
        self.scenario("a.json", invalid=["m & <1>", "m2"])
        told = self.reports("a.json", code=3)
        self.assertEqual(self.xml(told["junit"]).get("errors"), "1")
        self.assertEqual(self.events(told["ndjson"])[-1]["exit"], 3)
        self.assertEqual(Runner(told["github"]).commands[0][0], "error")
        self.scenario("b.json")
        told = self.reports("b.json", "--filter", "nothing", code=5)
        self.assertEqual(self.events(told["ndjson"])[-1]["total"], 0)
        self.assertIn("nothing was run", told["markdown"])
        self.assertEqual(self.xml(told["junit"]).get("tests"), "0")

    def test_rounds_that_differ_are_flaky_in_each(self):
        """Which come out differently: a marker that the first round makes."""
        self.scenario("a.json", outcome="flaky", name="tosses & turns")
        self.scenario("b.json")
        told = self.reports("--repeat", "3", "-j1", ".", code=1)
        flaky = self.events(told["ndjson"])[-1]["flaky"]
        self.assertEqual(flaky, [{"path": "a.json", "name": "tosses & turns", "bad": 2, "rounds": 3}])
        self.assertIn("flaky a.json: tosses & turns: not passed in 2 of 3 rounds", told["text"])
        self.assertIn("# flaky: a.json", told["tap"])
        (one,) = self.xml(told["junit"]).findall("testsuite/properties/property")
        self.assertEqual((one.get("name"), one.get("value")), ("flaky", "a.json: tosses & turns: not passed in 2 of 3 rounds"))
        self.assertIn("**flaky**, not passed in 2 of 3 rounds", told["markdown"])
        self.assertTrue([one for one in Runner(told["github"]).commands if one[0] == "warning" and "2 of 3" in one[2]])

    def test_what_was_not_run_is_told(self):
        for i in range(6):
            self.scenario(f"{i}.json", outcome="fail")
        told = self.reports("-j1", "--fail-fast", ".", code=1)
        end = self.events(told["ndjson"])[-1]
        self.assertEqual((end["stopped"], end["planned"] > end["total"]), ("--fail-fast", True))
        (one,) = self.xml(told["junit"]).findall("testsuite/properties/property")
        self.assertIn("stopped by --fail-fast", one.get("value"))
        self.assertIn("not run", told["markdown"])

    def test_times_come_from_source_date_epoch(self):
        self.scenario("a.json")
        told = self.reports("a.json", code=0, SOURCE_DATE_EPOCH="86400")
        self.assertEqual(self.events(told["ndjson"])[0]["time"], "1970-01-02T00:00:00Z")
        self.assertEqual(self.xml(told["junit"]).find("testsuite").get("timestamp"), "1970-01-02T00:00:00Z")
        for wrong in ("", "x", "-5", "99999999999999999999", "86400x"):
            began = self.events(self.reports("a.json", code=0, SOURCE_DATE_EPOCH=wrong)["ndjson"])[0]["time"]
            self.assertNotEqual(began, "1970-01-02T00:00:00Z")


class GitHub(ReportTest):
    def test_annotations(self):
        self.scenario("d/a,b:c.json", name="n, 100%: x", outcome="fail", message="m % %0A x\ny", detail="d1\nd2")
        told = self.reports("d", code=1)
        (one,) = Runner(told["github"]).commands
        self.assertEqual(one[0], "error")
        self.assertEqual(one[1], {"file": "d/a,b:c.json", "line": "7", "col": "5", "title": "n, 100%: x"})
        self.assertTrue(one[2].startswith("m % %0A x\\ny\nd1\nd2\nagain: seam run "), one[2])

    def test_no_text_is_a_command(self):
        """Neither in the annotations nor in the log that people read, nor does a line of the summary begin with any."""
        self.mixed(2 * len(TEXTS))
        told = self.reports("-v", ".", code=1)
        self.assertLessEqual({name for name, _, _ in Runner(told["github"]).commands}, {"error", "warning"})
        for line in told["github"].splitlines():
            self.assertRegex(line, "^::(error|warning) ")
        log = self.seam("run", "-v", ".", environment={"GITHUB_ACTIONS": "true"}).stdout.decode()
        runner = Runner(log)
        self.assertEqual((runner.commands, runner.unfinished), ([], None))
        bare = self.seam("run", "-v", ".").stdout.decode()
        self.assertTrue(Runner(bare.replace("::stop-commands::", "")).commands) # this is what it is good for
        again = self.seam("run", "-v", ".", environment={"GITHUB_ACTIONS": "true"}).stdout.decode()
        self.assertNotEqual(log.split("\n")[0], again.split("\n")[0]) # no program can know the token

    def test_text_and_annotations_share_a_log(self):
        """Behind the report for people commands hold again; before, what a program says is none."""
        self.mixed(2 * len(TEXTS))
        told = self.reports("-v", ".", code=1)
        log = self.seam("run", "-v", ".", "--report", "github=-", environment={"GITHUB_ACTIONS": "true"}).stdout.decode()
        runner = Runner(log)
        self.assertEqual((runner.commands, runner.unfinished), (Runner(told["github"]).commands, None))
        self.assertIn("    rerun: seam run ", log)
        for pair in (["github=-", "github=-"], ["text=-", "tap=-"]):
            self.assertEqual(self.seam("run", ".", *[word for one in pair for word in ("--report", one)]).returncode, 2)

    def test_ten_annotations_and_the_others_counted(self):
        for i in range(25):
            self.scenario(f"{i:02}.json", outcome="fail", detail="x" * 9000 + "\n" + "y" * 9000)
        told = self.reports(".", code=1)
        commands = Runner(told["github"]).commands
        self.assertEqual([name for name, _, _ in commands], ["error"] * 10 + ["warning"])
        self.assertIn("15 more failures", commands[-1][2])

    def test_the_summary_is_appended_and_has_a_bound(self):
        (self.folder / "summary.md").write_text("before\n")
        for i in range(60):
            self.scenario(f"{i:03}.json", outcome="fail", detail="\n".join(["z" * 100] * 400))
        told = self.reports(".", code=1)
        self.assertTrue(told["summary"].startswith("before\n# Seam: 60 failed"))
        self.assertLess(len(told["summary"].encode()), 1 << 20)
        self.assertRegex(told["summary"], r"[0-9]+ results are not, or not whole, in this page")
        self.assertNotIn("not whole", told["markdown"]) # a file may be as long as it likes
        shutil.rmtree(self.folder / "summary.md", ignore_errors=True)

    def test_a_summary_that_can_not_be_written(self):
        self.scenario("a.json")
        done = self.seam("run", "a.json", "--report", "github=x", environment={"GITHUB_STEP_SUMMARY": "/proc/1/nothing"})
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"GITHUB_STEP_SUMMARY can't be written", done.stderr)


class Markdown(ReportTest):
    def test_texts_become_no_markup(self):
        self.mixed(3 * len(TEXTS))
        html = self.html_of(self.reports(".", code=1)["markdown"])
        tags = set(re.findall(r"<(/?[a-zA-Z][a-zA-Z0-9]*)", html))
        self.assertLessEqual(tags, {mark + tag for mark in ("", "/") for tag in (
            "h1", "h3", "p", "strong", "pre", "code", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "ul", "li")})
        self.assertNotIn("<!--", html)
        cells = re.findall(r"<tr>\n((?:<td.*?</td>\n)+)</tr>", html, re.DOTALL)
        self.assertEqual(len(cells), 3 * len(TEXTS))
        self.assertEqual({row.count("<td") for row in cells}, {5})

    def test_blocks_keep_their_text(self):
        text = "a\n```\nb\n~~~~\n   c"
        self.scenario("a.json", outcome="fail", detail=text)
        html = self.html_of(self.reports("a.json", code=1)["markdown"])
        self.assertIn("<pre><code class=\"language-text\">" + "".join(f"  {line}\n" for line in text.split("\n")) + "</code></pre>", html)


if __name__ == "__main__":
    for tool in ("xmllint", "cmark-gfm"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is missing: libxml2-utils, cmark-gfm")
    unittest.main(failfast=bool(os.environ.get("SEAM_FAILFAST")))
