#!/usr/bin/env python3
"""`seam import` and `seam export`: what is refused and how, what is written and what never is, and who is spoken to."""

import json
import os
import re
import resource
import stat
import unittest

from exchange_test import PARSERS, ROOT, Exchange
from fuzz_input import encode

HELLO = encode(b"hello\n", [2])
CAT = ["--stdio", "--program", "cat"]


class Refused(Exchange):
    def setUp(self):
        super().setUp()
        self.put("in", HELLO)
        self.put("one.json", json.dumps({"seam": 1, "name": "one", "programs": {"c": {"command": ["cat"], "stdio": True}},
                                         "vars": {"v": "x"}, "steps": [{"connect": "a", "to": "c"}, {"send": "a", "line": "${v}"},
                                                                       {"expect": "a", "line": "${v}"}]}).encode())
        self.before = self.tree()

    def tree(self):
        return {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def refuse(self, args, code, *texts):
        done = self.seam(*args, code=code)
        for text in texts:
            self.assertIn(text, done.stderr.decode(), args)
        self.assertEqual(self.tree(), self.before, args)
        if code == 2:
            self.assertEqual(done.stdout, b"", args)
            self.assertIn(f"`seam {args[0]} --help` prints what it takes.", done.stderr.decode(), args)

    def test_import(self):
        for args, *texts in [
                ([], "a KIND is missing"), (["crush", "in"], "did you mean 'crash'?"), (["zzzzz", "in"], "there are: crash"),
                (["crash"], "takes one FILE, not 0"), (["crash", "in", "in"], "takes one FILE, not 2"), (["crash", "in"], "--target NAME"),
                (["crash", "in", "--target", "line_raeder"], "did you mean 'line_reader'?", "--program"),
                (["crash", "in", "--target", "mine"], "no target 'mine'", "--program"), (["crash", "in", "--stdio"], "whose input"),
                (["crash", "in", "--stdio", "--target", "utf8"], "--stdio: of which --program?"),
                (["crash", "in", "--target", ""], "--target: "),
                (["crash", "in", "--target", "utf8", "--parsers", "2"], "utf8 has 1, not 2"),
                (["crash", "in", "--program", "x", "--parsers", "0"], "--parsers: "),
                (["crash", "in", "--program", "x", "--parsers", "257"], "256"),
                (["crash", "in", "--program", ""], "--program: "), (["crash", "in", "--program", "  "], "--program: the command is empty"),
                (["crash", "in", "--program", "a 'b"], "a ' is missing"), (["crash", "in", "--program", 'a "b'], 'a " is missing'),
                (["crash", "in", "--program", "a ${nope}"], "--program: there is no variable", "nope"),
                (["crash", "in", "--program", "a ${"], "--program: "), (["crash", "in", "--program", "\udcff"], "--program: "),
                (["crash", "in", "--progam", "x"], "did you mean --program?"), (["crash", "in", "--to", "corpus"], "crash takes no --to"),
                (["crash", "not-here", *CAT], "not-here: ", "No such file"), (["crash", ".", *CAT], "is a folder"),
                (["crash", "/dev/zero", *CAT], "no regular file"), (["crash", "in", *CAT, "-o", ""], "-o: an empty text"),
                (["crash", "in", *CAT, "-o", "./"], "--output: the name of a folder"),
                (["crash", "in", *CAT, "-o", "x" * 251], "--output: a name that is too long"),
                (["crash", "in", *CAT, "-o", "x" * 251 + ".json"], "--output: a name that is too long")]:
            self.refuse(["import", *args], 2, *texts)
        for args, *texts in [([*CAT, "-o", "no/such.json"], "no/such.json"), ([*CAT, "-o", "/proc/x.json"], "can't write /proc/x.json"),
                             ([*CAT, "-o", "one.json"], "one.json is there already, with other content"),
                             ([*CAT, "-o", "/dev/full"], "/dev/full"), ([*CAT, "-o", self.folder], "is there already")]:
            self.refuse(["import", "crash", "in", *args], 4, *texts)

    def test_what_is_too_large(self):
        (self.folder / "far").write_bytes(b"\0" + b"a" * (16 << 20))
        os.truncate(self.put("most", b""), 16 << 20) # a stream without cuts
        self.put("cuts", encode(b"\xee" * 1_100_000, [*range(1, 1_050_001)]))
        self.put("empties", encode(b"\xee\xef" * 2_200_000, [0]))
        self.put("long", encode(bytes(range(256)) * 400, []))
        self.before = self.tree()
        self.refuse(["import", "crash", "far", *CAT], 2, "larger than 16 MiB")
        self.refuse(["import", "crash", "cuts", *CAT, "-o", "x.json"], 4, "1050000 cuts")
        self.refuse(["import", "crash", "empties", *CAT, "-o", "x.json"], 4, "larger than 16 MiB")
        self.refuse(["import", "crash", "long", *CAT], 2, "-o FILE")
        self.assertIn('"times": 16777215', self.seam("import", "crash", "most", *CAT).stdout.decode())

        def bound(): # as a full disk; its signal is ignored, as Python does
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
        done = self.seam("import", "crash", "long", *CAT, "-o", "x.json", code=4, preexec_fn=bound, restore_signals=False)
        self.assertIn(b"can't write x.bin", done.stderr)
        self.assertEqual(self.tree(), self.before)

    def test_export(self):
        out = ["--to", "corpus", "-o", "out"]
        for args, *texts in [([*out], "is missing"), (["one.json"], "--to FORMAT"), (["one.json", "--to", "corpus"], "-o DIR"),
                             (["one.json", "--to", "corpsu", "-o", "out"], "did you mean 'corpus'?"),
                             (["one.json", "--to", "morse", "-o", "out"], "there are: corpus python"), (["nope.json", *out], "nope.json"),
                             (["one.json", *out, "--target", "line-reader"], "did you mean 'line_reader'?", "--parsers N"),
                             (["one.json", *out, "--target", "line_reader", "--parsers", "3"], "has 12, not 3"),
                             (["one.json", *out, "--define", "w=1"], "no scenario declares"),
                             (["one.json", *out, "--program", "x"], "unknown option")]:
            self.refuse(["export", *args], 2, *texts)
        (self.folder / "empty").mkdir()
        self.refuse(["export", "empty", *out], 5, "no scenario is selected")
        self.refuse(["export", "one.json", *out, "--filter", "nothing"], 5, "no scenario is selected")
        self.refuse(["export", "one.json", "--to", "corpus", "-o", "/proc/x"], 4, "/proc/x can't be made")
        self.refuse(["export", "one.json", "--to", "corpus", "-o", "in"], 4, "can't write in/")
        self.put("bad.json", b'{"seam": 1}')
        self.before = self.tree()
        self.refuse(["export", ".", *out], 3, "bad.json", "the key \"name\" is missing")
        self.assertFalse((self.folder / "out").exists())

    def test_targets_that_no_peer_speaks_to(self):
        others = re.findall(r'^TARGET_OTHER\((\w+),', (ROOT / "harness/exchange/targets.def").read_text(), re.MULTILINE)
        self.assertIn("segmentation", others)
        for target in others:
            why = f"an input of {target} is nothing that a peer says: "
            for more in ([], CAT):
                self.refuse(["import", "crash", "in", "--target", target, *more], 2, why)
            self.refuse(["export", "one.json", "--to", "corpus", "-o", "out", "--target", target], 2, why)


class Table(unittest.TestCase):
    def test_it_names_each_target_with_its_parsers(self):
        targets = re.findall(r"^ *seam_fuzz_target\((\w+)", (ROOT / "fuzz/CMakeLists.txt").read_text(), re.MULTILINE)
        parsers = {}
        for name in targets:
            uses = re.findall(r"^SEAM_FUZZ_TARGET\(([^)]*)\)", (ROOT / f"fuzz/targets/{name}.c").read_text(), re.MULTILINE)
            parsers[name] = "".join(uses).count("&")
        table = (ROOT / "harness/exchange/targets.def").read_text()
        streams = {name: int(count) for name, count in re.findall(r"^TARGET_STREAM\((\w+), (\d+),", table, re.MULTILINE)}
        others = re.findall(r"^TARGET_OTHER\((\w+),", table, re.MULTILINE)
        self.assertEqual(sorted([*streams, *others]), sorted(targets))
        self.assertEqual(streams, {name: count for name, count in parsers.items() if name in streams})
        self.assertEqual(streams["line_reader"], PARSERS)


class Written(Exchange):
    def test_nothing_is_written_over(self):
        path = self.import_crash(HELLO, "--target", "utf8")
        first = path.read_bytes()
        self.seam("import", "crash", "in", "-o", path, "--target", "utf8") # the same: no matter
        for other in (HELLO + b"more", HELLO[:-2] + b"0\n", HELLO[:-2]): # also one of the same length
            self.put("in", other)
            self.assertIn(b"other content", self.seam("import", "crash", "in", "-o", path, "--target", "utf8", code=4).stderr)
            self.assertEqual(path.read_bytes(), first)

    def test_data_beside_is_not_written_over_and_goes_with_a_failure(self):
        self.put("in", encode(bytes(range(256)) * 400, []))
        self.put("x.bin", b"mine")
        self.seam("import", "crash", "in", "-o", "x.json", *CAT, code=4)
        self.assertEqual((self.folder / "x.bin").read_bytes(), b"mine")
        self.assertFalse((self.folder / "x.json").exists())
        for args, code in ((["--program", "a ${nope}"], 2), (CAT, 4)):
            self.put("y.json", b"{}")
            self.seam("import", "crash", "in", "-o", "y.json", *args, code=code)
            self.assertFalse((self.folder / "y.bin").exists())
        self.seam("import", "crash", "in", "-o", "z ${x}", *CAT)
        self.assertEqual((self.folder / "z ${x}.bin").read_bytes(), bytes(range(256)) * 400)
        self.seam("check", "z ${x}")

    def test_an_export_writes_each_content_once_and_over_nothing(self):
        for name, line in (("a/t", "x"), ("a/u", "x"), ("b/a/t", "y"), ("c", "y")):
            steps = [{"connect": "al", "to": "c", "rest": "ignore"}, {"send": "al", "line": line}]
            programs = {"c": {"command": ["cat"], "stdio": True}}
            self.put(f"{name}.json", json.dumps({"seam": 1, "name": name, "programs": programs, "steps": steps}).encode())
        export = ["export", "a", "b", "c.json", "--to", "corpus", "-o", "out"]
        self.assertEqual(self.seam(*export).stdout, b"2 written to out, 0 there already, 2 double, 0 skipped\n")
        self.assertEqual({path.name: path.read_bytes() for path in (self.folder / "out").iterdir()},
                         {"a-t-al": b"\0x\n", "a-t-al-2": b"\0y\n"})
        self.assertEqual(self.seam(*export, "-q").stdout, b"0 written to out, 2 there already, 2 double, 0 skipped\n")
        self.put("out/a-t-al", b"mine")
        done = self.seam(*export, code=4)
        self.assertEqual(done.stdout, b"1 written to out, 1 there already, 1 double, 0 skipped, 1 not written\n")
        self.assertIn(b"out/a-t-al is there already, with other content", done.stderr)
        self.assertEqual({path.name: path.read_bytes() for path in (self.folder / "out").iterdir()}, # the double takes its place
                         {"a-t-al": b"mine", "a-u-al": b"\0x\n", "a-t-al-2": b"\0y\n"})
        self.seam(*export, "--target", "line_reader", "--parsers", PARSERS, "-o", "out3") # said twice, and the same
        self.assertEqual(len(list((self.folder / "out3").iterdir())), 2 * PARSERS)
        told = self.seam("export", "c.json", "--to", "corpus", "-o", "out2", "-v").stdout.decode()
        self.assertEqual(told, 'written out2/c-al: 3 bytes of c.json, "al"\n1 written to out2, 0 there already, 0 double, 0 skipped\n')

    def test_an_export_is_the_same_each_time(self):
        for folder in ("one", "two"):
            self.seam("export", ROOT / "scenarios/chat", "--to", "corpus", "-o", folder, "--target", "chat_turns")
        one, two = ({path.name: path.read_bytes() for path in (self.folder / name).iterdir()} for name in ("one", "two"))
        self.assertEqual(one, two)
        self.assertTrue(all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in one))
        self.assertEqual(len(set(one.values())), len(one))

    def test_names_are_plain(self):
        programs = {"c": {"command": ["cat"], "stdio": True}}
        steps = [{"connect": "a", "to": "c"}, {"send": "a", "data": ""}]
        text = json.dumps({"seam": 1, "name": "n", "programs": programs, "steps": steps})
        for name in ("..json", "\u00fc \x1b[2J'.json", "x" * 250, b"\xff.json"):
            path = os.path.join(os.fsencode(self.folder), os.fsencode(name))
            with open(path, "wb") as file:
                file.write(text.encode())
            done = self.seam("export", os.fsdecode(path), "--to", "corpus", "-o", "out", "-v")
            self.assertRegex(done.stdout.decode(), r"\A(written|there) out/[A-Za-z0-9_-]+: 1 byte of ")
            self.assertNotIn("--", done.stdout.decode().split(":")[0])
        self.put("in", HELLO)
        for name in ("\u00fc \x1b[2J'", "${x}", b"\xff"):
            path = os.path.join(os.fsencode(self.folder), os.fsencode(name))
            with open(path, "wb") as file:
                file.write(HELLO)
            made = self.seam("import", "crash", os.fsdecode(path), *CAT).stdout
            self.put("made.json", made)
            self.assertNotIn(b"\x1b", made)
            self.seam("run", "made.json")

    def test_summary_and_notes(self):
        self.put("in", HELLO)
        done = self.seam("import", "crash", "in", "-o", "it's.json", "--target", "utf8")
        self.assertEqual((done.stdout.decode(), done.stderr), (
            "it's.json: 6 bytes in 2 chunks\n    as it is: seam run 'it'\\''s.json'\n"
            "    and under every other segmentation: seam sweep 'it'\\''s.json'\n", b""))
        self.assertEqual(self.seam("import", "crash", "in", "-q", "-o", "q.json", "--target", "utf8").stdout, b"")
        self.put("in", encode(b"ab", [0, 1, 1]))
        done = self.seam("import", "crash", "in", "--target", "utf8")
        self.assertEqual(done.stderr.decode(), "seam: note: 2 of its 4 chunks are empty: no socket carries such a chunk, so a run "
                         "can't show what it does\n")
        self.assertEqual(json.loads(done.stdout)["steps"][1], {"send": "peer", "split": ["", "a", "", "b"]})
        self.assertIn("2 of its chunks are empty", json.loads(done.stdout)["why"])
        self.assertEqual(self.seam("import", "crash", "in", "--target", "utf8", "-o", "-").stdout, done.stdout)
        done = self.seam("import", "crash", "in", "--target", "chat_turns")
        self.assertIn("types a script beside this stream", done.stderr.decode())
        self.assertIn("types a script beside this stream", json.loads(done.stdout)["why"])


class Spoken(Exchange):
    """What is said, and who is spoken to."""

    def test_forms(self):
        for stream, form in [
                (b"hi\n", {"line": "hi"}), (b"\n", {"line": ""}), (b"a\r\n\nb\n", {"lines": ["a\r", "", "b"]}), (b"a\nb", {"data": "a\nb"}),
                (b"", {"data": ""}), (b"\xff\na\n", {"data": {"bytes": "\\xff\\na\\n"}}), (b"\0", {"data": {"bytes": "\\x00"}}),
                ("\u00e9${x}\n".encode(), {"line": "\u00e9${$}{x}"}), (b"x" * 64, {"data": {"text": "x", "times": 64}}),
                (b"a" + b"x" * 64 + b"\n", {"data": ["a", {"text": "x", "times": 64}, "\n"]}),
                (b"x" * 63 + b"\n", {"line": "x" * 63}), (b"l\n" * 1000, {"lines": ["l"] * 1000}),
                (b"l\n" * 1001, {"data": "l\n" * 1001}), (b"$\n{\n", {"lines": ["$", "{"]})]:
            self.put("in", encode(stream, []))
            made = json.loads(self.seam("import", "crash", "in", *CAT).stdout)
            self.assertEqual(made["steps"][1], {"send": "peer", **form})
            self.assertNotIn("cut", made)
        for cuts, cut in [([3], "peer@3"), ([1], "peer@1"), ([1, 2, 3, 4, 5, 6], "peer@*"), ([2, 4, 6], "peer@%2"), ([3, 6], "peer@%3"),
                          ([2, 4], "peer@2,4"), ([2, 4, 5], "peer@2,4,5")]:
            self.put("in", encode(b"abcdefg", cuts))
            self.assertEqual(json.loads(self.seam("import", "crash", "in", *CAT).stdout)["cut"], cut)

    def program(self, command, *args, stdio=True):
        self.put("in", HELLO)
        text = self.seam("import", "crash", "in", "--program", command, *(["--stdio"] if stdio else []), *args).stdout
        return json.loads(text)["programs"]["server"]

    def test_words(self):
        for command, words in [
                ("a", ["a"]), ("  a\tb\n c ", ["a", "b", "c"]), ("a 'b c' \"d e\"", ["a", "b c", "d e"]), ("a ''", ["a", ""]),
                (r"a \' \" \\ \a", ["a", "'", '"', "\\", "a"]), (r"""a 'b\c' "d\e" "f\"g\\h" """, ["a", r"b\c", r"d\e", 'f"g\\h']),
                (r"""a 'i"j\\\"'""", ["a", r'i"j\\\"']), ("a b'c'd\"e\"", ["a", "bcde"]), ("a $HOME *", ["a", "$HOME", "*"]),
                ("a ${env.PATH}", ["a", "${env.PATH}"])]:
            self.assertEqual(self.program(command)["command"], words, command)
        self.assertEqual(self.program("a"), {"command": ["a"], "stdio": True})
        self.assertEqual(self.program("a ${server.port}", stdio=False), {"command": ["a", "${server.port}"], "listens": True})

    def test_files_are_found_from_the_scenario(self):
        server = self.put("d/my server.py", b"import sys\nprint(len(sys.stdin.buffer.read()))\n")
        link = self.folder / "d/python"
        link.symlink_to("/usr/bin/env")
        (self.folder / "out/${x}").mkdir(parents=True)
        self.put("in", HELLO)
        for output, here, up in [("x.json", self.folder, ""), ("out/x.json", self.folder, "../"),
                                 ("../out/${x}/x.json", self.folder / "d", "../../")]:
            below = "" if here.name == "d" else "d/"
            command = f"./{below}python python3 '{below}my server.py' not-here.py"
            self.seam("import", "crash", self.folder / "in", "-o", output, "--stdio", "--program", command, cwd=here)
            self.assertEqual(json.loads((here / output).read_text())["programs"]["server"]["command"],
                             [f"{up}d/python", "python3", f"${{here}}/{up}d/my server.py", "not-here.py"])
            self.seam("run", here / output)
        self.put("in", HELLO)
        self.seam("import", "crash", "../in", "-o", "here.json", "--stdio", "--program", "./python cat", cwd=self.folder / "d")
        self.assertEqual(json.loads((self.folder / "d/here.json").read_text())["programs"]["server"]["command"], ["./python", "cat"])
        self.seam("run", "d/here.json")
        self.assertEqual(self.program(f"{link} '{server}'")["command"], [str(link), str(server)]) # absolute ones stay
        self.put("cat", b"not this one")
        self.assertEqual(self.program("cat")["command"], ["cat"]) # looked up in PATH
        self.seam("import", "crash", "in", "-o", "out/y.json", "--stdio", "--program", "./not-built-yet cat")
        self.assertEqual(json.loads((self.folder / "out/y.json").read_text())["programs"]["server"]["command"],
                         ["../not-built-yet", "${here}/../cat"])
        self.assertTrue(stat.S_ISLNK(link.lstat().st_mode))

    def test_one_that_serves_one_connection_and_one_that_goes_on(self):
        code = ("import socket\nlistener = socket.create_server(('127.0.0.1', 0))\nwhile True:\n    connection, _ = listener.accept()\n"
                "    while connection.recv(100):\n        pass\n    connection.close()\n")
        for name, text in (("goes-on", code), ("once", code + "    break\n"), ("crashes", code + "    import os\n    os.abort()\n"),
                           ("fails", code + "    raise SystemExit(3)\n")):
            self.put(f"{name}.py", text.encode())
            path = self.import_crash(HELLO, "--program", f"python3 {name}.py", name=f"{name}-in")
            done = self.seam("run", path.name, code=name in ("crashes", "fails"))
            if name == "crashes":
                self.assertIn(b"killed by SIGABRT", done.stdout)

    def test_chat_programs_by_role(self):
        for first, program in [(0, "chat-server"), (1, "chat-client"), (2, "chat-server"), (5, "chat-client"), (6, "chat-server"),
                               (7, "chat-client")]:
            path = self.import_crash(bytes([first]) + encode(b"one\ntwo\nhalf", [1, 5, 9]), "--target", "chat_turns", name=f"chat-{first}")
            (command,) = [one["command"] for one in json.loads(path.read_text())["programs"].values()]
            self.assertEqual(command[0], "${bin}/" + program)
            done = self.seam("run", "-v", path.name)
            for text in (b"one", b"two", b"ended in the middle of a line"):
                self.assertIn(text, done.stdout)
        path = self.import_crash(b"\1" + HELLO, "--target", "chat_turns", *CAT, name="other") # or another program
        self.assertEqual(json.loads(path.read_text())["programs"], {"server": {"command": ["cat"], "stdio": True}})
        self.seam("run", path.name)


if __name__ == "__main__":
    unittest.main()
