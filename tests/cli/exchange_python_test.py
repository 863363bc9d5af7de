#!/usr/bin/env python3
"""`seam export --to python`: the scripts go as the scenarios do, find planted bugs again, and hold what was captured as data only."""

import ast
import csv
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import unittest

from fixture import CliTest, clean_environment

SEAM = os.environ["SEAM_REAL"]
PLANTED = pathlib.Path(os.environ["SEAM_PLANTED"])
ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = [ROOT / f"harness/exchange/python/{part}.py" for part in ("facts", "ends", "cost", "play", "steps")]
FULL = bool(os.environ.get("SEAM_FULL"))
RUNS = "100" if FULL else "5"
HOSTILE = [b"", b"'''\n", b'"""\n', b"\\", b"\\\n", b"\\'", b'\\"', b"\"+__import__('os').abort()+\"", b"\0\0", b"\r\n\r\n", b"# \n}\n", b"${x}",
           "\u2028\u202e\u00e9\U0001f600".encode(), b"\xff\xfe\x80", b"{}{0}%s%n", b"\x1b]0;x\x07", b"\nSCENARIO = {}\n", b"b'", b"\\N{DIGIT ONE}",
           b"\\x41\\101", bytes(range(256))]


def runtime():
    return "".join(part.read_text(encoding="ascii") + "\n\n" for part in PARTS)


class ExportPython(CliTest):
    def seam(self, *args, code=0):
        done = subprocess.run([SEAM, *map(str, args)], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=280, check=False)
        if code is not None:
            self.assertEqual(done.returncode, code, (args, done.stdout[-3000:], done.stderr[-3000:]))
        return done.stdout.decode()

    def export(self, *paths, folder="out", code=0):
        """[paths of scripts], in the order of the export, and what was said."""
        said = self.seam("export", *paths, "--to", "python", "-o", folder, "-v", code=code)
        return [self.folder / path for path in re.findall(r"^(?:written|there) (.*\.py): \d+ bytes of ", said, re.MULTILINE)], said

    def play(self, script, *args, code=0):
        done = subprocess.run([sys.executable, "-I", "-S", str(script), *args], cwd=self.folder, env=clean_environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=280, check=False)
        said = done.stdout.decode() + done.stderr.decode()
        if code is not None:
            self.assertEqual(done.returncode, code, said[-3000:])
        return said

    def read(self, script):
        """The literal in a script. What stands around it is the same in all, and all of it is ASCII."""
        text = script.read_text(encoding="ascii")
        compile(text, str(script), "exec")
        head, tail = runtime().split("\nSCENARIO = {}\n")
        self.assertTrue(text.startswith(head) and text.endswith(tail), script)
        source = text[len(head):len(text) - len(tail)]
        (assigned,) = ast.parse(source).body
        self.assertEqual(ast.unparse(assigned.targets[0]) if hasattr(ast, "unparse") else "SCENARIO", "SCENARIO")
        for node in ast.walk(assigned.value):
            self.assertIsInstance(node, (ast.Dict, ast.List, ast.Tuple, ast.Constant, ast.Load))
        return ast.literal_eval(assigned.value)

    def write(self, name, *steps, programs=None, **keys):
        programs = programs or {"server": {"command": ["cat"], "stdio": True}}
        path = self.folder / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        scenario = {"seam": 1, "name": name, "programs": programs, **keys, "steps": list(steps)}
        path.write_text(json.dumps(scenario), encoding="utf-8")
        return f"{name}.json"

    def script(self, name, *steps, **keys):
        (script,), _ = self.export(self.write(name, *steps, **keys))
        return script


class Scenarios(ExportPython):
    def test_what_can_be_exported(self):
        scripts, said = self.export(ROOT / "scenarios")
        skipped = re.findall(r"^skipped (.*?): (.*)$", said, re.MULTILINE)
        self.assertGreaterEqual(len(scripts), 120, said[-3000:])
        self.assertLessEqual(len(skipped), 12)
        for where, why in skipped:
            self.assertRegex(why, r"\.json:\d+:\d+: ", where)
        for script in scripts:
            self.read(script)

    def test_the_chat_scenarios_pass(self):
        scripts, _ = self.export(ROOT / "scenarios/chat")
        names = ["conversation", "half-close", "both", "backpressure", "client-reset", "chosen-port", "port-in-use", "refused", "end-with-data",
                 "utf8-4-bytes-cut", "signal-term", "typed-ahead", "reset-mid-line", "host-names", "ipv6", "stdout-full"]
        for script in scripts if FULL else [one for one in scripts if any(f"chat-{name}" in one.name for name in names)]:
            self.assertIn("each was seen to be read", self.play(script), script)

    def test_one_export_finds_the_other_there(self):
        first, _ = self.export(ROOT / "scenarios/chat")
        second, said = self.export(ROOT / "scenarios/chat")
        self.assertEqual(first, second)
        self.assertIn(f"0 written to out, {len(first)} there already", said)
        first[0].write_text("mine")
        self.export(ROOT / "scenarios/chat", code=4)
        self.assertEqual(first[0].read_text(), "mine")

    def test_rows_and_same_names_have_files_of_their_own(self):
        rows = self.write("rows", {"connect": "a", "to": "server"}, {"send": "a", "line": "${n}"}, {"expect": "a", "line": "${n}"},
                          each=[{"row": "x", "n": 1}, {"row": "y", "n": 2}])
        self.write("d/ro.ws", {"connect": "a", "to": "server"})
        self.write("d/ro-ws", {"connect": "a", "to": "server"})
        scripts, _ = self.export(rows, "d/ro.ws.json", "d/ro-ws.json")
        self.assertEqual(sorted(one.name for one in scripts), ["d-ro-ws-2.py", "d-ro-ws.py", "rows-1.py", "rows-2.py"])


class Planted(ExportPython):
    """The smallest reproduction of a planted bug fails as a script, too; and the program without the bug does not."""

    def check(self, name, cut=None, options=(), least=int(RUNS)):
        """`cut` spares the sweep where it is known to show the bug; SEAM_FULL searches. least: so many runs must show it."""
        with open(ROOT / "tests/sweep/planted.tsv", encoding="utf-8") as file:
            row = next(row for row in csv.DictReader(file, delimiter="\t") if row["name"] == name)
        source = ROOT / "tests/sweep" / row["file"]
        runner, program = (sys.executable, source) if source.suffix == ".py" else ("env", PLANTED / f"sweep_{name}")
        tries = ["--cut", cut] if cut and not FULL else ["--budget", "200" if FULL else "60"]
        said = self.seam("sweep", "-j", "1", "--color", "never", "--output", f"found-{name}", *tries, "--define", f"runner={runner}",
                         "--define", f"program={program}", ROOT / "tests/sweep" / row["scenario"], code=1)
        repro = re.search(r"shrunk to .*: seam (?:run|sweep) (\S+\.json)$", said, re.MULTILINE).group(1)
        (script,), _ = self.export(repro)
        said = self.play(script, *options, "--runs", RUNS, code=1)
        self.assertGreaterEqual(int(re.search(rf"reproduced (\d+) of {RUNS}$", said, re.MULTILINE).group(1)), least, said)
        good = PLANTED / f"sweep_{name.split('_')[0]}_right"
        text = script.read_text()
        if source.suffix == ".py": # its path is relative to the reproduction
            text = text.replace(f'/{source.name}"', '/right.py"')
        else:
            text = text.replace(f'"{program}"', f'"{good}"')
        self.assertNotEqual(text, script.read_text())
        fixed = self.folder / "fixed.py"
        fixed.write_text(text)
        self.play(fixed, *options)

    def test_answers_too_early(self):
        self.check("crlf_early")

    def test_a_crash(self):
        self.check("payload_crash", "alice@7")

    def test_bytes_with_the_fin(self):
        self.check("eof_hangs_up")

    @unittest.skipUnless(FULL, "SEAM_FULL: sweeps take their time")
    def test_all_sorts(self):
        for name in ("line_whole", "line_late", "two_shared", "upgrade_keeps", "bulk_ignores"):
            with self.subTest(name):
                self.check(name)

    def test_what_a_long_line_costs(self):
        # Time is measured: other work on the machine hides the growth now and then.
        self.check("cost_rescans", options=["--cost"], least=int(RUNS) // 2)

    def test_a_program_that_connects(self):
        self.check("client_message", "peer@11")

    def test_a_program_in_python(self):
        self.check("utf8_chunks")


class Hostile(ExportPython):
    def test_captured_bytes_are_data(self):
        """The program gets just the bytes, and no name or comment gets out of its literal."""
        for number, data in enumerate(HOSTILE):
            name = data.decode("utf-8", "replace").replace("$", "S") + "\n'\"\\"
            script = self.script(f"h{number}", {"connect": "a", "to": "server", "why": name}, {"send": "a", "data": {"hex": data.hex()}, "why": name},
                                 {"expect": "a", "data": {"hex": data.hex()}}, {"close": "a"}, {"expect": "server", "exit": 0}, why=name)
            scenario = self.read(script)
            self.assertEqual([step[3] for step in scenario["steps"] if step[1] == "send"], [[data]])
            self.play(script)

    def test_names_are_data(self):
        for number, name in enumerate(["\n'\"\\", '"""', "'''", "\\", "#\n", "\u2028\U0001f600", "a" * 3000, "\x7f"]):
            path = self.folder / f"n{number}" / (name.replace("/", "")[:50] + ".json")
            path.parent.mkdir()
            path.write_text(json.dumps({"seam": 1, "name": name, "programs": {"server": {"command": ["cat", name], "stdio": True,
                "env": {"X": name}, "files": {"f": name}}}, "steps": [{"connect": "a", "to": "server", "rest": "ignore"}]}))
            (script,), _ = self.export(str(path.relative_to(self.folder)), folder=f"o{number}")
            scenario = self.read(script)
            self.assertEqual(scenario["name"], name)
            self.assertEqual(scenario["programs"]["server"]["command"], [b"cat", name.encode()])
            self.assertRegex(script.name, r"^[A-Za-z0-9_-]+\.py$")

    def test_random_bytes_and_cuts(self):
        pick = random.Random(3)
        for number in range(30 if FULL else 6):
            data = pick.randbytes(pick.randrange(1, 400))
            cuts = sorted(pick.sample(range(1, len(data)), min(5, len(data) - 1))) if len(data) > 1 else []
            for cut, chunks in (("a@" + ",".join(map(str, cuts)), [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)])]),
                                ("a@*", [data[i:i + 1] for i in range(len(data))]), ("a@%7", [data[i:i + 7] for i in range(0, len(data), 7)])):
                half = len(data) // 2
                script = self.script("cut", {"connect": "a", "to": "server"}, {"send": "a", "data": {"hex": data[:half].hex()}},
                                     {"send": "a", "data": {"hex": data[half:].hex()}}, {"expect": "a", "data": {"hex": data.hex()}}, cut=cut)
                self.assertEqual([step[3] for step in self.read(script)["steps"] if step[1] == "send"], [chunks])
                script.unlink()


READS = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0))
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    with connection:
        while True:
            data = connection.recv(65536)
            connection.sendall(b"%d %s\\n" % (len(data), data.hex().encode()))
            if not data:
                break
"""


class Delivery(ExportPython):
    """A server that says what each of its reads gave."""

    def setUp(self):
        super().setUp()
        (self.folder / "reads.py").write_text(READS)
        self.programs = {"server": {"command": [sys.executable, "${here}/reads.py"], "listens": True}}

    def steps(self, *chunks):
        return [{"connect": "a", "to": "server"}, {"send": "a", "split": [{"hex": one.hex()} for one in chunks]},
                {"expect": "a", "lines": [f"{len(one)} {one.hex()}" for one in chunks]}]

    def test_each_chunk_is_a_read(self):
        pick = random.Random(1)
        chunks = [pick.randbytes(pick.choice((1, 1, 2, 100, 5000))) for _ in range(300 if FULL else 60)]
        script = self.script("reads", *self.steps(*chunks), {"close": "a", "how": "write"}, {"expect": "a", "line": "0 "}, {"expect": "a", "eof": True},
                             programs=self.programs)
        self.assertIn(f"{len(chunks)} chunks; before the next one left, each was seen to be read", self.play(script))

    def test_without_netlink_the_tables_are_read(self):
        script = self.script("tables", *self.steps(b"a", b"bc", b"d"), programs=self.programs)
        text = script.read_text()
        script.write_text(text.replace("socket.AF_NETLINK", "9999"))
        self.assertNotEqual(text, script.read_text())
        self.assertIn("3 chunks; before the next one left, each was seen to be read", self.play(script))

    def test_a_wrong_expectation_fails(self):
        script = self.script("wrong", *self.steps(b"a", b"b"), {"send": "a", "data": "c"}, {"expect": "a", "line": "1 64"}, programs=self.programs)
        said = self.play(script, "--runs", "3", code=1)
        self.assertIn("'wrong.json:1': expect: 'a': expected b'1 64\\n', got b'1 63\\n': the bytes differ", said)
        self.assertIn("reproduced 3 of 3", said)

    def test_a_server_that_runs_already(self):
        script = self.script("port", *self.steps(b"a", b"bc"), programs=self.programs)
        server = subprocess.Popen([sys.executable, str(self.folder / "reads.py")], stdout=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        server.stdout.readline()
        inodes = {os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{server.pid}/fd")}
        rows = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()]
        port = next(str(int(row[1].split(":")[1], 16)) for row in rows if f"socket:[{row[9]}]" in inodes)
        self.assertIn("each was seen to be read", self.play(script, "--port", port))
        self.assertIn("reproduced 0 of 2", self.play(script, "--connect", f"localhost:{port}", "--runs", "2"))
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            free = str(nobody.getsockname()[1])
        self.assertIn("could not run", self.play(script, "--port", free, code=4))
        self.play(script, "--connect", "nowhere", code=2)

    def test_elsewhere_it_is_paced_and_says_so(self):
        script = self.script("paced", *self.steps(b"a", b"b", b"c"), programs=self.programs)
        text = script.read_text()
        changed = self.folder / "elsewhere.py"
        changed.write_text(text.replace('LINUX = sys.platform.startswith("linux")', "LINUX = False"))
        self.assertNotEqual(text, changed.read_text())
        self.assertIn("start it yourself, and say --port N", self.play(changed, code=4))
        server = dict(self.programs["server"], command=[sys.executable, "${here}/reads.py", "${server.port}"])
        script = self.script("chosen", *self.steps(b"a", b"b", b"c"), programs={"server": server})
        changed.write_text(script.read_text().replace('LINUX = sys.platform.startswith("linux")', "LINUX = False"))
        said = self.play(changed)
        self.assertIn("WARNING: there is no /proc/net/tcp here", said)
        self.assertIn("PACED, NOT PROVED: 2 times", said)


class Steps(ExportPython):
    def test_captures_and_patterns(self):
        connect = {"connect": "a", "to": "server"}
        script = self.script("captured", connect, {"send": "a", "line": "k=a.c"}, {"expect": "a", "matches": "k=(?<v>.*)"},
                             {"send": "a", "line": "${v}!"}, {"expect": "a", "matches": "${v}\\!"}, {"send": "a", "line": "abc!"},
                             {"expect": "a", "matches": "[a-c]{3}!"}, {"send": "a", "lines": ["x", "y", "ok ${v}"]},
                             {"expect": "a", "until": {"matches": "(?i)OK (?<w>.*)"}}, {"send": "a", "line": "${w}"}, {"expect": "a", "line": "a.c"})
        self.play(script)
        script = self.script("captured2", connect, {"send": "a", "line": "k=a.c"}, {"expect": "a", "matches": "k=(?<v>.*)"},
                             {"send": "a", "line": "abc"}, {"expect": "a", "matches": "${v}"})
        self.assertIn("the line does not match", self.play(script, code=1))

    def test_patterns_mean_the_same_or_are_skipped(self):
        """Random patterns on random lines: where a script is made, it says what `seam run` says."""
        pick = random.Random(int(os.environ.get("SEAM_SEED", "5")))
        atoms = ["a", "b", ".", "\\d", "\\w", "\\s", "[ab]", "[^a]", "[a-c\\d]", "[]x]", "[a\\]-]", "(a|b)", "(?:ab)", "\\x61", "\\.", "^", "$", "(?=a)",
                 "(?!b)", "\\bx", "\\t", "{", "(?<n>a)", "\\Qa\\E", "\\h", "\\R", "(?>a)", "a++", "\\1", "[[:alpha:]]", "(?i:A)", "|", "a{2}", "\\x{62}"]
        alphabet = "aab bx.1{A]-\t"
        total = 400 if FULL else 60
        lines = {}
        for number in range(total):
            pattern = "".join(pick.choice(atoms) + pick.choice(["", "", "", "*", "+", "?", "*?", "{1,2}"]) for _ in range(pick.randrange(1, 5)))
            line = "".join(pick.choices(alphabet, k=pick.randrange(0, 6)))
            name = self.write(f"p/{number}", {"connect": "a", "to": "server"}, {"send": "a", "line": line}, {"expect": "a", "matches": pattern})
            if subprocess.run([SEAM, "check", name], cwd=self.folder, capture_output=True, check=False).returncode == 0:
                lines[name] = (pattern, line)
            else:
                (self.folder / name).unlink() # PCRE2 refuses it
        self.assertGreater(len(lines), total / 4)
        ran = self.seam("run", "-v", "--color", "never", "p", code=None)
        passed = set(re.findall(r"^ok   (p/\d+\.json): ", ran, re.MULTILINE))
        scripts, said = self.export("p")
        self.assertGreater(len(scripts), len(lines) / 4)
        self.assertEqual(len(scripts) + len(re.findall(r"^skipped .*a pattern of PCRE2 has ", said, re.MULTILINE)), len(lines))
        same = [0, 0]
        for script in scripts:
            name = script.name.replace("p-", "p/").replace(".py", ".json")
            self.play(script, code=0 if name in passed else 1)
            same[name in passed] += 1
        self.assertGreater(min(same), 2)

    def test_what_a_script_cannot_say_is_skipped(self):
        connect = {"connect": "a", "to": "server", "rest": "ignore"}
        terminal = {"server": {"command": ["cat"], "terminal": True}}
        for name, what, steps, keys in [
                ("turns", "take turns", [connect], {"cut": "#5"}),
                ("terminal", "a program with a terminal", [{"start": "server"}], {"programs": terminal}),
                ("cut", "known in a run only", [connect, {"send": "a", "line": "${case}"}], {"cut": "a@*"}),
                ("hex", "an expression over", [connect, {"send": "a", "line": "${hex(case)}"}], {}),
                ("split", "known in a run only", [connect, {"send": "a", "line": "${case}", "split": 2}], {}),
                ("pattern", "a pattern of PCRE2 has", [connect, {"expect": "a", "matches": "(a)\\1"}], {}),
                ("ignore", "a pattern of PCRE2 has", [{**connect, "ignore": ["a++"]}], {})]:
            scripts, said = self.export(self.write(name, *steps, **keys), code=77)
            self.assertEqual(scripts, [])
            self.assertRegex(said, rf"skipped {name}\.json: {name}\.json:\d+:\d+: .*{what}")

    def test_the_program_is_judged(self):
        for name, command, steps, said in [
                ("exits", "exit 3", [{"start": "server"}, {"pause": 200}], "ended by itself"),
                ("crashes", "kill -SEGV $$", [{"start": "server"}, {"pause": 200}], "crashed: it was killed by SIGSEGV"),
                ("wrong code", "exit 3", [{"start": "server"}, {"expect": "server", "exit": 4}], "expected exit code 4, but it exited with 3"),
                ("stays", "trap '' TERM; while :; do read x || :; done", [{"start": "server"}, {"stop": "server"}], "did not end after SIGTERM")]:
            script = self.script(name.replace(" ", "-"), *steps, programs={"server": {"command": ["sh", "-c", command]}}, timeout_ms=1000)
            self.assertIn(said, self.play(script, code=1))
        script = self.script("right", {"start": "server"}, {"expect": "server", "exit": 3}, programs={"server": {"command": ["sh", "-c", "exit 3"]}})
        self.play(script)

    def test_unread_bytes_silence_and_stalls_fail(self):
        connect = {"connect": "a", "to": "server"}
        for name, steps, said in [("rest", [{"send": "a", "line": "x"}], "received 2 bytes that no step took"),
                                  ("silence", [{"send": "a", "line": "x"}, {"expect": "a", "silence": True}], "something came"),
                                  ("never", [{"send": "a", "data": "x"}, {"expect": "a", "line": "x"}], "nothing more comes")]:
            self.assertIn(said, self.play(self.script(name, connect, *steps, timeout_ms=60000), code=1))
        self.play(self.script("calm", connect, {"expect": "a", "silence": True}))


if __name__ == "__main__":
    unittest.main()
