#!/usr/bin/env python3
"""`seam run --update`: what a program says takes the place of what was expected of it, and every other byte of the file stays."""

import os
import subprocess
import sys
import unittest

from fixture import CliTest, clean_environment

SEAM = os.environ["SEAM_REAL"]
# Says for each line what stands for it in answers.txt, where lines are REQUEST=python bytes literal.
SERVER = r"""
import ast, socket, sys
answers = dict(line.rstrip("\n").split("=", 1) for line in open(sys.argv[1]))
print("serves", len(answers), "answers", flush=True)
listener = socket.create_server(("127.0.0.1", 0))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    with connection, connection.makefile("rb") as lines:
        for line in lines:
            connection.sendall(ast.literal_eval(answers.get(line.decode().strip(), "b''")))
"""
# Odd on purpose: what is not rewritten must stay as it is.
HEAD = """{ "seam":1, "name" :  "x", "why": "\\u0077hy",
  "programs": {"server": {"command": ["%s", "${here}/server.py", "${here}/answers.txt"], "listens": true}},
\t"steps": [ {"connect": "peer", "to": "server"},
""" % sys.executable
TAIL = """
    {"close":"peer"}   ]
}

"""


class Update(CliTest):
    def setUp(self):
        super().setUp()
        (self.folder / "server.py").write_text(SERVER)

    def scenario_file(self, steps, answers, name="x.json", head=HEAD):
        (self.folder / name).write_text(head + steps + TAIL, encoding="utf-8")
        (self.folder / "answers.txt").write_text(answers)

    def update(self, *args, code=0, through=()):
        done = subprocess.run([*through, SEAM, "run", "--update", "x.json", *args], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120, check=False, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def becomes(self, before, answers, after, code=0):
        """Steps before and after; everything else in the file is compared, too."""
        self.scenario_file(before, answers)
        os.chmod(self.folder / "x.json", 0o640)
        said = self.update(code=code)
        self.assertEqual((self.folder / "x.json").read_text(encoding="utf-8"), HEAD + after + TAIL)
        self.assertEqual((self.folder / "x.json").stat().st_mode & 0o7777, 0o640)
        return said

    def test_a_line(self):
        said = self.becomes('{"send": "peer", "line": "a"}, {"expect": "peer",   "line" : "old"},', "a=b'new\\n'",
                            '{"send": "peer", "line": "a"}, {"expect": "peer",   "line" : "new"},')
        self.assertIn("1 expectation rewritten", said)

    def test_all_that_differ_in_one_run(self):
        self.becomes('{"send": "peer", "line": "a"}, {"expect": "peer", "line": "1"},\n {"send": "peer", "line": "b"}, {"expect": "peer", "line": "same"},'
                     '{"send": "peer", "line": "c"}, {"expect": "peer", "line": "3"},', "a=b'one\\n'\nb=b'same\\n'\nc=b'three\\n'",
                     '{"send": "peer", "line": "a"}, {"expect": "peer", "line": "one"},\n {"send": "peer", "line": "b"}, {"expect": "peer", "line": "same"},'
                     '{"send": "peer", "line": "c"}, {"expect": "peer", "line": "three"},')

    def test_a_line_becomes_lines(self):
        self.becomes('{"send": "peer", "line": "a"}, {"expect": "peer", "line": "1"},', "a=b'1\\n2\\n'",
                     '{"send": "peer", "line": "a"}, {"expect": "peer", "lines": ["1", "2"]},')

    def test_of_several_expectations_each_keeps_its_lines(self):
        self.becomes('{"send": "peer", "line": "a"}, {"expect": "peer", "line": "1"}, {"expect": "peer", "lines": ["2"]},', "a=b'x\\ny\\nz\\n'",
                     '{"send": "peer", "line": "a"}, {"expect": "peer", "line": "x"}, {"expect": "peer", "lines": ["y", "z"]},')

    def test_a_list_on_lines_of_its_own_stays_so(self):
        self.becomes('{"send": "peer", "line": "a"}, {"expect": "peer", "lines": [\n      "\\u0031",\n      "2"\n    ]},', "a=b'1\\nb\\nc\\n'",
                     '{"send": "peer", "line": "a"}, {"expect": "peer", "lines": [\n      "\\u0031",\n      "b",\n      "c"\n    ]},')

    def test_fewer_lines(self):
        self.becomes('{"send": "peer", "line": "a"}, {"expect": "peer", "lines": ["1", "2", "3"]},', "a=b'1\\n'",
                     '{"send": "peer", "line": "a"}, {"expect": "peer", "lines": ["1"]},')

    def test_data_in_each_form(self):
        forms = [('"one"', r"b'\xc3\xa9 two'", '"é two"'), ('"one"', r"b'\xff\x00'", '{"bytes": "\\\\xff\\\\x00"}'),
                 ('{"hex": "00 01"}', r"b'\x02\xff'", '{"hex": "02ff"}'), ('{"base64": "AAE="}', r"b'\x02\xff\x03'", '{"base64": "Av8D"}'),
                 ('{"text": "one"}', "b'two'", '{"text": "two"}'), ('["one\\n", "two\\n"]', r"b'one\n2\n3'", '["one\\n", "2\\n", "3"]'),
                 ('{"bytes": "a"}', r"b'\xff'", '{"bytes": "\\\\xff"}')]
        for before, answer, after in forms:
            with self.subTest(before):
                step = '{"send": "peer", "line": "a"}, {"expect": "peer", "data": %s},'
                self.becomes(step % before, f"a={answer}", step % after)

    def test_data_with_an_expectation_behind_it(self):
        step = '{"send": "peer", "line": "a"}, {"expect": "peer", "data": %s}, {"expect": "peer", "data": %s},'
        self.becomes(step % ('"1234"', '"5\\n"'), r"a=b'abcd5\n'", step % ('"abcd"', '"5\\n"'))

    def test_what_came_before_the_end(self):
        step = '{"send": "peer", "line": "a"}, {"close": "peer", "how": "write"}, {"expect": "peer", "data": %s, "eof": true},'
        self.scenario_file(step % '"x\\ny"', "a=b'1\\n2'", head=HEAD)
        self.update()
        self.assertIn(step % '"1\\n2"', (self.folder / "x.json").read_text())

    def test_bytes_that_would_be_a_variable(self):
        step = '{"send": "peer", "line": "a"}, {"expect": "peer", "line": %s},'
        self.becomes(step % '"x"', "a=b'costs ${x}\\n'", step % '"costs ${$}{x}"')

    def test_an_output_is_searched_for_the_most_similar_line(self):
        step = '{"expect": "server.stdout", "line": %s},'
        self.becomes(step % '"serves 3 answers"', "a=b'x\\n'", step % '"serves 1 answers"')

    def test_a_variable_in_it_is_left_alone(self):
        head = HEAD.replace('"programs"', '"vars": {"v": "1"}, "programs"')
        steps = '{"send": "peer", "line": "a"}, {"expect": "peer", "line": "${v}"},'
        self.scenario_file(steps, "a=b'2\\n'", head=head)
        said = self.update(code=1)
        self.assertIn("it has ${...} in it", said)
        self.assertEqual((self.folder / "x.json").read_text(), head + steps + TAIL)

    def test_nothing_came(self):
        steps = '{"send": "peer", "line": "b"}, {"expect": "peer", "line": "1"},'
        self.assertIn("no whole line came", self.becomes(steps, "a=b''", steps, code=1))

    def test_nothing_to_do(self):
        steps = '{"send": "peer", "line": "a"}, {"expect": "peer", "line": "1"},'
        self.scenario_file(steps, "a=b'1\\n'")
        before = os.stat(self.folder / "x.json")
        self.assertIn("no expectation had to be rewritten", self.update())
        after = os.stat(self.folder / "x.json")
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))

    def test_rows_that_need_different_things(self):
        head = HEAD.replace('"programs"', '"each": [{"v": "a"}, {"v": "b"}], "programs"')
        steps = '{"send": "peer", "line": "${v}"}, {"expect": "peer", "line": "1"},'
        for answers in ("a=b'x\\n'\nb=b'y\\n'", "a=b'1\\n'\nb=b'y\\n'"):
            self.scenario_file(steps, answers, head=head)
            said = self.update(code=1)
            self.assertRegex(said, r"x\.json:\d+:\d+: not rewritten: one run needs")
            self.assertEqual((self.folder / "x.json").read_text(), head + steps + TAIL)

    def test_rows_that_agree(self):
        head = HEAD.replace('"programs"', '"each": [{"v": "a"}, {"v": "b"}], "programs"')
        steps = '{"send": "peer", "line": "${v}"}, {"expect": "peer", "line": %s},'
        self.scenario_file(steps % '"1"', "a=b'x\\n'\nb=b'x\\n'", head=head)
        self.update()
        self.assertEqual((self.folder / "x.json").read_text(), head + steps % '"x"' + TAIL)

    def test_a_part(self):
        (self.folder / "part.json").write_text('{"seam": 1, "part": true, "steps": [{"send": "peer", "line": "a"}, {"expect": "peer", "line": "1"}]}')
        self.scenario_file('{"include": "part.json"},', "a=b'x\\n'")
        before = (self.folder / "x.json").read_text()
        self.assertIn("part.json: 1 expectation rewritten", self.update())
        self.assertIn('"line": "x"', (self.folder / "part.json").read_text())
        self.assertEqual((self.folder / "x.json").read_text(), before)

    def test_a_failure_that_is_foreseen_stays(self):
        head = HEAD.replace('"programs"', '"xfail": "not yet", "programs"')
        steps = '{"send": "peer", "line": "a"}, {"expect": "peer", "line": "1"}, {"expect": "peer", "silence": true}, {"send": "peer", "line": "a"}, ' \
                '{"expect": "peer", "matches": "z"},'
        self.scenario_file(steps, "a=b'x\\n'", head=head)
        self.update()
        self.assertEqual((self.folder / "x.json").read_text(), head + steps + TAIL)

    def test_not_with_cuts(self):
        self.scenario_file('{"send": "peer", "line": "a"}, {"expect": "peer", "line": "1"},', "a=b'1\\n'")
        self.assertIn("--update: not with --cut", self.update("--cut", "peer@*", code=2))

    def test_a_read_only_file(self):
        without_power = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []  # root may write everything
        steps = '{"send": "peer", "line": "a"}, {"expect": "peer", "line": "1"},'
        self.scenario_file(steps, "a=b'x\\n'")
        os.chmod(self.folder / "x.json", 0o440)
        self.assertIn("it can't be written", self.update(code=4, through=without_power))
        self.assertIn('"line": "1"', (self.folder / "x.json").read_text())
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["answers.txt", "server.py", "x.json"])


if __name__ == "__main__":
    unittest.main()
