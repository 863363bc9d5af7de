#!/usr/bin/env python3
"""Options, variables, help, colour and progress."""

import os
import pty
import re
import subprocess
import unittest

from fixture import SEAM, CliTest, clean_environment

BAD_VALUES = {"jobs": ["0", "257", "x", "-1", "", "1 ", "99999999999999999999", "+1"], "cut": ["", "a", "a@2,1"],
              "seed": ["-1", "x", "18446744073709551616"], "evidence": ["", "proved", "paced=0", "paced=x", "paced=60001"],
              "define": ["x", "=1", "X=1", "1a=2"], "repeat": ["0", "1000001", "x"],
              "shard": ["0/3", "4/3", "1", "1/", "/2", "1/0", "x/y", "1/10001"], "report": ["tap", "nope=-", "tap=", "=x"],
              "color": ["red", ""]}
GOOD_VALUES = {"jobs": "2", "filter": "a", "cut": "alice@1", "seed": "7", "evidence": "paced=5", "define": "v=1",
               "repeat": "2", "shard": "1/1", "report": "tap=-", "color": "never", "bundle": "bundles"}


class Options(CliTest):
    def setUp(self):
        super().setUp()
        self.scenario("a.json", variables=["v"])

    def switches_and_values(self):
        names = re.findall(r"--([a-z-]+)(?: ([A-Z/=]+))? ", self.seam("run", "--help").stdout.decode())
        return [name for name, value in names if not value], [name for name, value in names if value]

    def test_usage_errors(self):
        for args, text in [([], b""), (["rum"], b"did you mean 'run'?"), (["run"], b"is missing"), (["--jobs"], b"unknown"),
                           (["run", "--fliter", "x", "a.json"], b"did you mean --filter?"), (["help", "rn"], b"'run'"),
                           (["run", "--zzzzzz", "a.json"], b"unknown option --zzzzzz\n"), (["run", "-z"], b"option -z"),
                           (["run", "a.json", "--jobs"], b"--jobs needs a value: N"), (["run", "-j"], b"-j needs"),
                           (["run", "--list=yes", "a.json"], b"takes no value"), (["version", "x"], b"no operands"),
                           (["run", "--define", "v=1", "--define", "v=2", "a.json"], b"twice"),
                           (["run", "--fil", "x", "a.json"], b"unknown option --fil"), (["sweeep", "."], b"did you mean 'sweep'?"),
                           (["run", "--budget", "3", "."], b"unknown option"), (["run", "\x1b[31m"], b"\\x1b[31m")]:
            done = self.seam(*args)
            self.assertEqual(done.returncode, 2, args)
            self.assertIn(text, done.stderr)
            self.assertEqual(done.stdout, b"")

    def test_bad_values_name_the_option(self):
        for name, values in BAD_VALUES.items():
            for value in values:
                done = self.seam("run", f"--{name}", value, "a.json")
                self.assertEqual(done.returncode, 2, (name, value))
                self.assertIn(f"--{name}: ".encode(), done.stderr)
        self.assertEqual(self.traced(), [])

    def test_limits(self):
        for name, value in (("jobs", "256"), ("seed", "18446744073709551615"), ("evidence", "paced=60000"),
                            ("shard", "1/10000"), ("evidence", "paced"), ("evidence", "sent")):
            self.assertEqual(self.seam("run", f"--{name}", value, "a.json").returncode, 0, (name, value))

    def test_forms(self):
        for args in (["-j2"], ["-j", "2"], ["--jobs=2"], ["--jobs", "2"], ["-qv"], ["-vqj2"], ["--", ]):
            self.assertEqual(self.seam("run", *args, "a.json").returncode, 0, args)
            self.assertEqual(self.seam("run", "a.json", *args).returncode, 0, args)
        self.scenario("-x.json")
        self.assertEqual(self.seam("run", "--", "-x.json").returncode, 0)

    def test_each_option_has_a_variable(self):
        switches, values = self.switches_and_values()
        self.assertEqual(set(values), set(GOOD_VALUES))
        for name in values:
            variable = "SEAM_" + name.upper().replace("-", "_")
            self.assertEqual(self.seam("run", "a.json", environment={variable: GOOD_VALUES[name]}).returncode, 0, name)
            for value in filter(None, BAD_VALUES.get(name, [])):
                done = self.seam("run", "a.json", environment={variable: value})
                self.assertEqual(done.returncode, 2, (name, value))
                self.assertIn(f"{variable}: ".encode(), done.stderr)
        for name in set(switches) - {"help", "version", "update"}:  # no variable rewrites files
            variable = "SEAM_" + name.upper().replace("-", "_")
            for value, code in (("1", 0), ("no", 0), ("", 0), ("maybe", 2)):
                self.assertEqual(self.seam("run", "a.json", environment={variable: value}).returncode, code, name)

    def test_a_flag_wins_over_its_variable(self):
        env = {"SEAM_FILTER": "nothing", "SEAM_REPORT": "tap=-", "SEAM_REPEAT": "x"}
        done = self.seam("run", "a.json", "--filter", "a", "--report", "text=-", "--repeat", "1", environment=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(b"ok "))
        self.assertEqual(self.seam("run", "a.json", environment={"SEAM_LIST": "yes"}).stdout, b"a.json: a.json\n")

    def test_a_list_in_a_variable_has_lines(self):
        self.scenario("b.json")
        self.scenario("c.json")
        done = self.seam("run", "--list", ".", environment={"SEAM_FILTER": "a.json\nc.json\n"})
        self.assertEqual(done.stdout, b"a.json: a.json\nc.json: c.json\n")

    def test_the_last_of_two_counts(self):
        self.assertEqual(self.seam("run", "--list", "--repeat", "3", "--repeat", "1", "a.json").stdout, b"a.json: a.json\n")

    def test_help_and_version(self):
        overview = self.seam("help")
        self.assertEqual((overview.returncode, self.seam("--help").stdout, self.seam("-h").stdout),
                         (0, overview.stdout, overview.stdout))
        self.assertEqual(self.seam("help", "run").stdout, self.seam("run", "--help").stdout)
        self.assertRegex(self.seam("--version").stdout, rb"\Aseam \d+\.\d+\.\d+\n")
        for args in (["version"], ["run", "--version"], ["help", "--version"]):
            self.assertEqual(self.seam(*args).stdout, self.seam("--version").stdout)
        for command in re.findall(r"^  ([a-z]+) ", overview.stdout.decode(), re.MULTILINE):
            text = self.seam("help", command)
            self.assertEqual(text.returncode, 0)
            self.assertTrue(all(len(line) <= 100 for line in text.stdout.decode().splitlines()))


class Terminal(CliTest):
    def setUp(self):
        super().setUp()
        self.scenario("a.json", outcome="fail")

    def on_terminal(self, *args, stdout=False, stderr=False, **environment):
        """What comes out of the terminal that stdout or stderr is."""
        master, slave = pty.openpty()
        process = subprocess.Popen([SEAM, "run", *args], cwd=self.folder, env=clean_environment(**environment),
                                   stdin=subprocess.DEVNULL, stdout=slave if stdout else subprocess.DEVNULL,
                                   stderr=slave if stderr else subprocess.DEVNULL)
        os.close(slave)
        seen = b""
        try:
            while data := os.read(master, 4096):
                seen += data
        except OSError: # the terminal's other end was closed
            pass
        process.wait()
        os.close(master)
        return seen

    def test_colour(self):
        for environment, terminal, plain in [({}, True, False), ({"NO_COLOR": "1"}, False, False),
                                             ({"NO_COLOR": ""}, True, False), ({"CLICOLOR_FORCE": "1"}, True, True),
                                             ({"CLICOLOR_FORCE": "0"}, True, False), ({"CLICOLOR": "0"}, False, False),
                                             ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False, False),
                                             ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, True, True),
                                             ({"TERM": "dumb"}, False, False), ({"SEAM_COLOR": "always"}, True, True),
                                             ({"SEAM_COLOR": "never", "CLICOLOR_FORCE": "1"}, False, False)]:
            self.assertEqual(b"\x1b[" in self.on_terminal("a.json", stdout=True, **environment), terminal, environment)
            self.assertEqual(b"\x1b[" in self.seam("run", "a.json", environment=environment).stdout, plain, environment)
        for when, colored in (("always", True), ("never", False)):
            done = self.seam("run", "a.json", "--color", when, environment={"NO_COLOR": "1"} if colored else {"CLICOLOR_FORCE": "1"})
            self.assertEqual(b"\x1b[" in done.stdout, colored)

    def test_progress_is_for_terminals(self):
        for i in range(5):
            self.scenario(f"{i}.json", busy=1000000)
        self.assertIn(b"/6]", self.on_terminal(".", "-j1", stderr=True, TERM="xterm"))
        self.assertEqual(self.on_terminal(".", "-q", stderr=True, TERM="xterm"), b"")
        self.assertEqual(self.on_terminal(".", stderr=True, TERM="dumb"), b"")
        self.assertEqual(self.seam("run", ".").stderr, b"")


if __name__ == "__main__":
    unittest.main()
