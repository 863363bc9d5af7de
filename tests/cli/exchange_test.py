#!/usr/bin/env python3
"""`seam import crash` and `seam export --to corpus`: what goes there and back is the same, and what is exported is what a run sends."""

import json
import os
import pathlib
import random
import re
import subprocess
import unittest

from fixture import CliTest, clean_environment
from fuzz_input import chunk_ends, decode, encode, make_input, make_stream

SEAM = os.environ["SEAM_REAL"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
INPUTS = 3000 if os.environ.get("SEAM_FULL") else 100
PARSERS = 12 # of line_reader


class Exchange(CliTest):
    def seam(self, *args, code=0, cwd=None, **more):
        done = subprocess.run([SEAM, *map(str, args)], cwd=cwd or self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=250, check=False, **more)
        if code is not None:
            self.assertEqual(done.returncode, code, (args, done.stdout[-3000:], done.stderr[-3000:]))
        return done

    def put(self, name, data):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def import_crash(self, data, *args, name="in"):
        """The scenario that is made of an input, in a file of its own."""
        self.put(name, data)
        self.seam("import", "crash", name, "-o", f"{name}.json", *args)
        return self.folder / f"{name}.json"

    def export(self, *paths, folder="out", args=(), code=0):
        """{(path of the scenario, row or "", connection): [paths of files]}, in the order of the export."""
        done = self.seam("export", *paths, "--to", "corpus", "-o", folder, "-v", *args, code=code)
        found = {}
        for kind, path, scenario, row, connection in re.findall(
                r'^(written|there|double) (.*): \d+ bytes? of (.*?)(?:, row (\d+))?, "(.*)"$', done.stdout.decode(), re.MULTILINE):
            found.setdefault((scenario, row, connection), []).append(self.folder / path)
            self.assertTrue((self.folder / path).is_file(), (kind, path))
        return found


class RoundTrip(Exchange):
    def test_inputs_come_back(self):
        pick = random.Random(4)
        inputs = {f"in-{number}": make_input(pick) for number in range(INPUTS)}
        inputs |= {"none": b"", "nothing": encode(b"", []), "empties": encode(b"", [0, 0, 0]), "around": encode(b"ab", [0, 0, 1, 1, 2, 2])}
        self.assertGreater(sum(encode(*decode(data)) == data for data in inputs.values()), len(inputs) / 2)
        for name, data in inputs.items():
            self.import_crash(data, "--program", "./server", name=f"s/{name}")
        found = self.export("s")
        self.assertEqual(len(found), len(inputs))
        for name, data in inputs.items():
            (path,) = found[f"s/{name}.json", "", "peer"]
            self.assertEqual(path.read_bytes(), encode(*decode(data)), (name, data[:100]))
            self.assertEqual(decode(path.read_bytes()), decode(data), name)
        checked = self.seam("check", "s").stdout.decode()
        self.assertIn(f"{len(inputs)} scenarios and 0 parts are valid", checked)

    def test_the_byte_that_chooses_a_parser_comes_back(self):
        pick = random.Random(5)
        for number in range(12):
            stream = make_stream(pick)
            data = bytes([number]) + encode(stream, [len(stream) // 2] if len(stream) > 1 else [])
            path = self.import_crash(data, "--target", "line_reader", name=f"{number}")
            self.assertIn(f"parser {number} of 0 to 11", json.loads(path.read_text())["name"])
            found = self.export(path.name, folder=f"out-{number}", args=["--target", "line_reader"])[path.name, "", "peer"]
            self.assertEqual(len(found), PARSERS)
            self.assertEqual([one.read_bytes() for one in found], [bytes([i]) + data[1:] for i in range(PARSERS)])
        for first in (12, 200, 255): # modulo their number
            path = self.import_crash(bytes([first]) + encode(b"x", []), "--target", "line_reader", name=f"far-{first}")
            self.assertIn(f"parser {first % PARSERS} of", json.loads(path.read_text())["name"])
        path = self.import_crash(b"\2\1\1ab", "--program", "./x", "--target", "mine", "--parsers", "3", name="three")
        found = self.export(path.name, folder="three-out", args=["--target", "mine", "--parsers", "3"])
        self.assertEqual([one.read_bytes() for one in found["three.json", "", "peer"]], [b"\0\1\1ab", b"\1\1\1ab", b"\2\1\1ab"])

    def test_scenarios_come_back(self):
        first = self.export(ROOT / "scenarios")
        self.assertGreater(len(first), 80)
        for number, ((scenario, row, connection), (path,)) in enumerate(first.items()):
            self.import_crash(path.read_bytes(), "--program", "./server", name=f"again/{number}")
        second = self.export("again", folder="out-again")
        self.assertEqual(len(second), len(first))
        for number, (whose, (path,)) in enumerate(first.items()):
            (again,) = second[f"again/{number}.json", "", "peer"]
            self.assertEqual(again.read_bytes(), path.read_bytes(), whose)
            self.assertEqual(encode(*decode(path.read_bytes())), path.read_bytes(), whose)

    def test_a_megabyte(self):
        pick = random.Random(6)
        for name, stream in (("noise", pick.randbytes(1 << 20)), ("run", b"a" * (1 << 20)), ("lines", b"${x}\n" * (1 << 18)),
                             ("text", bytes(pick.choices(b"abc ", k=1 << 20)))):
            for cuts in ([], [1, 1 << 19], list(range(1000, len(stream), 1000))):
                data = encode(stream, cuts)
                path = self.import_crash(data, "--program", "./server", name=f"{name}-{len(cuts)}")
                beside = path.with_suffix(".bin")
                self.assertEqual(beside.exists(), name != "run", path)
                self.assertLess(path.stat().st_size, 1 << 16)
                (made,) = self.export(path.name)[path.name, "", "peer"]
                self.assertEqual(made.read_bytes(), data)
        self.assertEqual((self.folder / "noise-0.bin").read_bytes(), random.Random(6).randbytes(1 << 20))
        self.put("cut", encode(b"b" * 5000 + pick.randbytes(1 << 17), [0, 7, 7])) # chunks without bytes keep it in the scenario
        self.seam("import", "crash", "cut", "-o", "cut.json", "--program", "./server")
        self.assertFalse((self.folder / "cut.bin").exists())
        (made,) = self.export("cut.json")["cut.json", "", "peer"]
        self.assertEqual(made.read_bytes(), (self.folder / "cut").read_bytes())


class Wire(Exchange):
    """What is exported is what a run sends, and what is imported is sent as it was."""

    def sent(self, *args):
        """{(path, row number or "", connection): ends of chunks} of scenarios that pass."""
        text = self.seam("run", "-v", "-j1", *args).stdout.decode()
        found, rows = {}, {}
        for path, name, wire in re.findall(r"^ok   (.*?): (.*) \(\d+ ms.*\)\n((?: .*\n)*)", text, re.MULTILINE):
            rows[path] = rows.get(path, 0) + 1
            row = str(rows[path]) if name.endswith("]") else ""
            for connection, begin, end in re.findall(r"^ +[\d.]+ +([a-z0-9_]+) +-> \[(\d+)\.\.(\d+)\)", wire, re.MULTILINE):
                ends = found.setdefault((path, row, connection), [])
                self.assertEqual(int(begin), ends[-1] if ends else 0)
                ends.append(int(end))
        return found

    def compare(self, *paths, least):
        """Of both, those with bytes."""
        exported = {}
        for whose, (path,) in self.export(*paths).items():
            stream, cuts = decode(path.read_bytes())
            if stream:
                exported[whose] = chunk_ends(len(stream), cuts)
        ran = self.sent(*paths)
        self.assertGreaterEqual(len(exported), least)
        self.assertEqual(exported, ran)

    def test_the_chat_scenarios(self):
        self.compare(ROOT / "scenarios/chat", least=80)

    def write(self, name, *steps, **keys):
        programs = {"sink": {"command": ["cat"], "stdio": True},
                    "server": {"command": ["${bin}/chat-server", "--port", "0"], "listens": True}}
        scenario = {"seam": 1, "name": name, "programs": programs, **keys, "steps": list(steps)}
        self.put(f"w/{name}.json", json.dumps(scenario).encode())

    def test_every_way_to_send(self):
        to, server = {"connect": "a", "to": "sink", "rest": "ignore"}, {"connect": "b", "to": "server", "rest": "ignore"}
        part = {"seam": 1, "part": True, "vars": {"who": "nobody"}, "steps": [{"send": "a", "line": "I am ${who}"}]}
        self.put("w/i.part.json", json.dumps(part).encode())
        one, two = {"send": "a", "data": "one"}, {"send": "a", "lines": ["t", "wo"]}
        gate = {"settle": "sink"}
        for number, cut in enumerate([None, "a@", "a@=", "a@*", "a@%2", "a@%4", "a@1,4", "a@5", "#7", "a@%3;#1", "a@2;b@*;#9"]):
            cuts = {"cut": cut} if cut else {}
            self.write(f"joined-{number}", to, server, one, two, {"send": "b", "lines": ["x", "yz"]}, **cuts)
            self.write(f"gates-{number}", to, server, one, two, gate, one, {"send": "a", "data": ""}, one, gate, two, **cuts)
            self.write(f"split-{number}", to, server, {"send": "a", "split": ["o", "", "ne", ["two", "three"]]}, one,
                       {"send": "a", "line": "seven", "split": 4}, {"send": "a", "data": {"text": "ab", "times": 3}, "split": 1}, **cuts)
            self.write(f"turns-{number}", to, server, one, {"send": "b", "split": ["p", "q"]}, two, {"send": "b", "data": "r\n"}, **cuts)
            self.write(f"back-{number}", to, server, {"send": "b", "line": "pq"}, one, {"send": "b", "line": "r"}, two, **cuts)
            self.write(f"repeat-{number}", to, server, {"repeat": 3, "as": "i", "steps": [{"send": "a", "line": "${i * 7}"}]},
                       {"include": "i.part.json"}, {"include": "i.part.json", "vars": {"who": "Ann"}},
                       {"send": "a", "data": "${word}"}, vars={"word": [{"hex": "00ff"}, {"text": "z", "times": 2}]}, **cuts)
            self.write(f"barrier-{number}", to, server, {**one, "barrier": True}, two, **cuts)
            self.write(f"rows-{number}", to, server, {"send": "a", "data": {"text": "w", "times": "${n}"}, "split": "${n - 1}"},
                       each=[{"row": "six", "n": 6}, {"row": "nine", "n": 9}], **cuts)
        for number, cut in enumerate([None, "b@", "b@4", "b@1,4", "b@*", "b@%3"]): # FIN is one more byte
            self.write(f"fin-{number}", server, {"send": "b", "line": "end"}, {"close": "b", "how": "write"}, {"expect": "b", "eof": True},
                       **({"cut": cut} if cut else {}))
        self.compare("w", least=100)

    def test_the_cuts_as_written(self):
        """Also those beside writes without bytes, which no run shows."""
        to, fin = {"connect": "b", "to": "server", "rest": "ignore"}, {"close": "b", "how": "write"}
        for number, (sends, cuts) in enumerate([([{"data": "abcdef", "split": 2}], [2, 4]), ([{"data": "abcde", "split": 2}], [2, 4]),
                                                ([{"data": "abc", "split": 9}], []), ([{"data": ""}], []),
                                                ([{"data": ""}, {"data": "x"}], [0]), ([{"data": "x"}, {"data": ""}], [1]),
                                                ([{"split": ["", "a", "", "b", ""]}], [0, 1, 1, 2]),
                                                ([{"line": "a"}, {"data": "bcd", "split": 1}, {"lines": ["e", "f"]}], [2, 3, 4, 5])]):
            for end in ([], [fin]):
                self.write("cuts", to, *({"send": "b", **send} for send in sends), *end)
                (path,) = self.export("w/cuts.json", folder=f"cuts-{number}")["w/cuts.json", "", "b"]
                self.assertEqual(decode(path.read_bytes())[1], cuts, (sends, end))

    def test_a_cut_that_does_not_fit_is_skipped(self):
        to, gate = {"connect": "a", "to": "sink", "rest": "ignore"}, {"settle": "sink"}
        for cut, free in (("a@2", True), ("a@3", False), ("a@1,3", False), ("a@4", True), ("a@6", False)):
            self.write("one", to, {"send": "a", "data": "one"}, gate, {"send": "a", "data": "two"}, cut=cut)
            self.seam("run", "w/one.json", code=0 if free else 4)
            done = self.seam("export", "w/one.json", "--to", "corpus", "-o", "out" + cut, code=0 if free else 77)
            self.assertEqual(b"which is no free place" in done.stdout, not free, cut)

    def test_what_only_a_run_knows_is_skipped(self):
        to = {"connect": "a", "to": "sink", "rest": "ignore"}
        self.write("case", to, {"send": "a", "line": "nick ${case}"})
        self.write("captured", to, {"send": "a", "line": "k=v"}, {"expect": "a", "matches": "k=(?<v>.*)"}, {"send": "a", "line": "${v}"})
        self.write("port", to, {"start": "server"}, {"send": "a", "line": "${server.port}"})
        self.write("typed", {"type": "server", "line": "x"}, {"settle": "server"})
        self.write("size", to, {"send": "a", "line": "3"}, {"expect": "a", "matches": "(?<n>.*)"},
                   {"send": "a", "data": "abc", "split": "${n}"})
        part = {"seam": 1, "part": True, "vars": {"x": "1"}, "steps": [{"send": "a", "line": "${x}"}]}
        self.put("w/into.part.json", json.dumps(part).encode())
        self.write("into", to, {"send": "a", "line": "k=v"}, {"expect": "a", "matches": "k=(?<v>.*)"},
                   {"include": "into.part.json", "vars": {"x": "<${v}>"}})
        done = self.seam("export", "w", "--to", "corpus", "-o", "out")
        lines = done.stdout.decode().splitlines()
        self.assertEqual(len(lines), 6)
        for line, end in zip(lines, ["captured.json:1 is known in a run only", "into.part.json:1 is known in a run only",
                                     "port.json:1 is known in a run only", "how it is split at w/size.json:1 is known in a run only",
                                     "skipped w/typed.json: it sends nothing",
                                     "1 written to out, 0 there already, 0 double, 5 skipped"]):
            self.assertTrue(line.endswith(end), (line, end))
        self.assertEqual([path.name for path in (self.folder / "out").iterdir()], ["w-case-a"])
        self.assertEqual((self.folder / "out/w-case-a").read_bytes(), encode(b"nick sample\n", []))
        self.sent("w/case.json", "w/captured.json", "w/into.json") # they run

    def test_what_is_captured_is_data(self):
        """The program gets just the bytes of the input, whatever they look like."""
        pick = random.Random(8)
        streams = [b"", b"${here}", b"${nope}\n", b"$\n{x}\n", b"${$}{", b"\0", b"a\0b\n\0", b"\xff\xfe", b"\xc3", b"\\x41\\n", b'"',
                   b"x" * 64, b"\r\n.\r\n", pick.randbytes(3000), pick.randbytes(1 << 17), (b"${env.HOME}" + b"y" * 100) * 900]
        for number, stream in enumerate(streams):
            cuts = sorted(pick.sample(range(1, len(stream)), min(3, len(stream) - 1))) if len(stream) > 1 else []
            got = self.folder / f"got-{number}"
            for name, data in (("a", encode(stream, cuts)), ("b", encode(stream[:5000], [0, *[cut for cut in cuts if cut < 5000]]))):
                path = self.import_crash(data, "--stdio", "--program", f"sh -c 'cat > \"$0\"' {got}", name=f"{name}{number}")
                sent, sent_cuts = decode(data)
                self.assertEqual(list(self.sent(path.name).values()), [chunk_ends(len(sent), sent_cuts)] if sent else [])
                self.assertEqual(got.read_bytes(), sent)

    def test_findings_of_our_own_targets_run(self):
        pick = random.Random(9)
        for number in range(10):
            for target, first in (("line_reader", bytes([pick.randrange(256)])), ("utf8", b"")):
                path = self.import_crash(first + make_input(pick), "--target", target, name=f"{target}-{number}")
                self.seam("run", path.name)
        for target in ("line_reader", "utf8", "chat_turns"): # and their seeds
            for seed in sorted((ROOT / "corpus" / target).iterdir())[:20]:
                path = self.import_crash(seed.read_bytes(), "--target", target, name=f"seed-{target}-{seed.name}")
                self.seam("run", path.name)
        path = self.import_crash(b"\0" + encode(b"one\ntwo\n", [1, 5]), "--target", "line_reader", name="swept")
        self.assertIn(b"no difference", self.seam("sweep", "--budget", "20", path.name).stdout)


if __name__ == "__main__":
    unittest.main()
