#!/usr/bin/env python3
"""`seam export --to pcapng`: a run as a capture. What is in it is checked byte by byte, and, with --tshark, as Wireshark sees it.

With --tshark only the tests that need tshark run; it exits with 77 where there is none.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

from fixture import CliTest, clean_environment
from pcapng_file import Capture

SEAM = os.environ["SEAM_REAL"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
FULL = bool(os.environ.get("SEAM_FULL"))
SERVER = """
import socket, struct, sys, threading
listener = socket.create_server(("127.0.0.1", 0))

def serve(connection):
    with connection, connection.makefile("rb") as lines:
        for line in lines:
            word, _, rest = line.decode("latin-1").rstrip("\\n").partition(" ")
            if word == "echo":
                connection.sendall(line)
            elif word == "give":
                connection.sendall(b"x" * int(rest))
            elif word == "tell":
                print(rest, file=sys.stderr, flush=True)
            elif word == "end":
                connection.shutdown(socket.SHUT_WR)
            elif word == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""
CALLER = """
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.sendall(b"hello\\n")
    while connection.recv(100):
        pass
"""
HOSTILE = [b"a\nb", b"\0", b'"quoted"', b"'", b"]]>", b"<!-- & -->", b"\xff\xfe\x80", b"\xc3", "\u202e\u2028\ufeff\u00e9\U0001f600".encode(), b"\x1b[31m",
           b"${x}", b"%s%n", bytes(range(256)), b"\r\n\r\n", b"\\x41"]


class ExportRun(CliTest):
    form = "pcapng"

    def setUp(self):
        super().setUp()
        (self.folder / "server.py").write_text(SERVER)
        (self.folder / "caller.py").write_text(CALLER)

    def seam(self, *args, code=0):
        done = subprocess.run([SEAM, *map(str, args)], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=250, check=False)
        if code is not None:
            self.assertEqual(done.returncode, code, (args, done.stdout[-3000:], done.stderr[-3000:]))
        return done

    def write(self, name, *steps, programs=None, **keys):
        programs = programs or {"server": {"command": ["python3", "${here}/server.py"], "listens": True}}
        (self.folder / name).write_text(json.dumps({"seam": 1, "name": name, "programs": programs, **keys, "steps": list(steps)}))
        return name

    def export(self, *args, folder="out", code=0):
        done = self.seam("export", *args, "--to", self.form, "-o", folder, "-v", code=code)
        return done.stdout.decode(), [self.folder / path for path in re.findall(r"^(?:written|there) (.*?): \d+ bytes of ", done.stdout.decode(), re.M)]


TO = {"connect": "a", "to": "server"}


class ExportPcapng(ExportRun):
    def capture(self, name, *args, code=0, folder="out"):
        said, (path,) = self.export(name, *args, code=code, folder=folder)
        capture = Capture(path.read_bytes())
        capture.check()
        return capture, said, path

    def run_of(self, name, *steps, args=(), **keys):
        return self.capture(self.write(name, *steps, **keys), *args, folder="of-" + name)[0]

    def kinds(self, capture, connection="a"):
        return [(">" if one.from_seam else "<") + one.kind for one in capture.of(connection)]


HANDSHAKE = [">S", "<SA", ">A"]


class Content(ExportPcapng):
    def test_chunks_and_answers(self):
        capture, said, path = self.capture(self.write(
            "talk.json", TO, {"send": "a", "split": ["echo ", "hi\n"], "why": "two \u00fc\n<pieces>"}, {"expect": "a", "line": "echo hi"},
            {"send": "a", "line": "echo more"}, {"expect": "a", "line": "echo more"}, {"close": "a"}, why="so\nthere"))
        self.assertEqual(path.name, "talk.pcapng")
        self.assertRegex(said, r"\Awritten out/talk.pcapng: \d+ bytes of talk.json\n1 written to out")
        self.assertEqual(self.kinds(capture), HANDSHAKE + [">PA", "<A", ">PA", "<A", "<PA", ">A", ">PA", "<A", "<PA", ">A", ">FA", "<A"])
        self.assertEqual((capture.data("a", True), capture.data("a", False)), ([b"echo ", b"hi\n", b"echo more\n"], [b"echo hi\n", b"echo more\n"]))
        syn, first, second, answer, third = [capture.packets[0], *[one for one in capture.packets if one.data][:4]]
        self.assertEqual(syn.comments[-1], "talk.json:1 connect a (step 1), connected")
        self.assertRegex(syn.comments[0], r"\A0\.\d{6} s, .*, server started\Z")
        self.assertEqual(first.comments, ["talk.json:1 send a (step 2), chunk 1 of 2, bytes [0..5), drained", "why: two \u00fc\\n<pieces>"])
        self.assertEqual(second.comments[0], "talk.json:1 send a (step 2), chunk 2 of 2, bytes [5..8), drained")
        self.assertIn("received: read 1 of 1 of Seam in this step, bytes [0..8)", answer.comments[0])
        self.assertIn("send a (step 4), chunk 1 of 1, bytes [8..18), drained", third.comments[0])
        fin = next(one for one in capture.packets if one.kind == "FA")
        self.assertEqual(fin.comments[0], "talk.json:1 close a (step 6), end by Seam, no proof was due")
        self.assertTrue(any("server was killed by SIGTERM" in text for text in capture.packets[-1].comments), capture.packets[-1].comments)
        (port,) = [one.target[1] for one in capture.packets[:1]]
        self.assertEqual(capture.interfaces, [("a", f"Seam connected to server, port {port}")])
        self.assertNotEqual(port, 60000)
        self.assertRegex(capture.application, r"\ASeam \d")
        self.assertEqual(capture.comments[:4], ["scenario: talk.json", "why: so\\nthere", "result: passed", "again: seam run talk.json"])
        self.assertIn("not captured", capture.comments[-1])

    def test_what_a_program_prints(self):
        capture = self.run_of("t.json", TO, {"send": "a", "line": "tell it"}, {"expect": "server.stderr", "line": "it"})
        self.assertTrue(any(text.endswith('server.stderr: "it\\n"') for one in capture.packets for text in one.comments))

    def test_times_are_those_of_the_clock(self):
        before = time.time_ns()
        capture = self.run_of("t.json", TO, {"pause": 300}, {"send": "a", "line": "echo x"}, {"expect": "a", "line": "echo x"})
        self.assertTrue(before <= capture.packets[0].time_ns <= capture.packets[-1].time_ns <= time.time_ns())
        self.assertGreater(capture.packets[3].time_ns - capture.packets[2].time_ns, 290_000_000)

    def test_closes(self):
        one, end = {"send": "a", "line": "echo 1"}, {"expect": "a", "line": "echo 1"}
        for name, steps, tail in [
                ("open", [], []), ("both", [{"close": "a"}], [">FA", "<A"]), ("reset", [{"close": "a", "how": "reset"}], [">RA"]),
                ("write", [{"close": "a", "how": "write"}, {"expect": "a", "eof": True}], [">FA", "<A", "<FA", ">A"]),
                ("half", [{"send": "a", "line": "end"}, {"expect": "a", "eof": True}, {"send": "a", "line": "more"}, {"settle": "server"}, {"close": "a"}],
                 [">PA", "<A", "<FA", ">A", ">PA", "<A", ">FA", "<A"]),
                ("theirs", [{"send": "a", "line": "reset"}, {"expect": "a", "reset": True}], [">PA", "<A", "<RA"])]:
            capture = self.run_of(f"{name}.json", TO, one, end, *steps)
            self.assertEqual(self.kinds(capture), HANDSHAKE + [">PA", "<A", "<PA", ">A"] + tail, name)
        self.assertIn("theirs.json:1 expect a (step 5), reset by the program", capture.of("a")[-1].comments)

    def test_behind_a_reset_nothing_is_on_the_wire(self):
        capture = self.run_of("behind.json", TO, {"send": "a", "line": "reset"}, {"settle": "server"}, {"close": "a"})
        self.assertEqual(self.kinds(capture), HANDSHAKE + [">PA", "<A", "<RA"])
        told = [text for one in capture.packets for text in one.comments if "close a (step 4), end by Seam" in text]
        self.assertEqual(len(told), 1, [one.comments for one in capture.packets])
        self.assertRegex(told[0], r"\A\d+\.\d{6} s, behind.json:1 close a")

    def test_a_fin_that_rides_with_its_bytes(self):
        steps = [TO, {"send": "a", "line": "no answer"}, {"close": "a", "how": "write"}, {"expect": "a", "eof": True}]
        apart = self.run_of("apart.json", *steps)
        self.assertEqual(self.kinds(apart)[3:7], [">PA", "<A", ">FA", "<A"])
        joined = self.run_of("joined.json", *steps, args=["--cut", "a@"])
        self.assertEqual(self.kinds(joined)[3:5], [">FPA", "<A"])
        self.assertIn("cut: a@", joined.comments)
        self.assertIn("in one write with these bytes", joined.of("a")[3].comments[1])
        self.assertEqual(sum("F" in kind for kind in self.kinds(joined)), 2)

    def test_refused(self):
        capture = self.run_of("no.json", {"listen": "door"}, {"start": "server"}, {"connect": "b", "to": "127.0.0.1:1", "refused": True}, TO)
        self.assertEqual((self.kinds(capture, "b"), self.kinds(capture)), ([">S", "<RA"], HANDSHAKE))
        self.assertEqual((capture.of("b")[0].target[1], capture.interfaces[0][1]), (1, "Seam connected to an address, port 1"))
        self.assertTrue(capture.of("b")[0].comments[-1].endswith("connect b (step 3), refused"))

    def test_the_program_connects(self):
        capture = self.run_of("in.json", {"listen": "door"}, {"start": "caller"}, {"accept": "a", "from": "door"}, {"expect": "a", "line": "hello"},
                              {"close": "a"}, programs={"caller": {"command": ["python3", "${here}/caller.py", "${door.port}"]}})
        self.assertEqual(self.kinds(capture), ["<S", ">SA", "<A", "<PA", ">A", ">FA", "<A"])
        self.assertEqual(capture.interfaces[0][1], f"caller connected to Seam, port {capture.packets[0].target[1]}")
        self.assertTrue(any("caller exited with 0" in text for text in capture.packets[-1].comments))

    def test_stdin_and_stdout(self):
        capture = self.run_of("cat.json", TO, {"send": "a", "line": "x"}, {"expect": "a", "line": "x"}, {"close": "a", "how": "write"},
                              {"expect": "a", "eof": True}, programs={"server": {"command": ["cat"], "stdio": True}})
        self.assertEqual((capture.data("a", True), capture.data("a", False)), ([b"x\n"], [b"x\n"]))
        self.assertIn("no TCP: stdin and stdout of server", capture.interfaces[0][1])
        self.assertEqual(self.kinds(capture)[-4:], [">FA", "<A", "<FA", ">A"])

    def test_large_chunks_are_several_packets(self):
        for size in (65494, 65495, 65496, 200_000):
            name = self.write(f"{size}.json", TO, {"send": "a", "data": {"text": "y", "times": size - 1}}, {"send": "a", "data": "\n"},
                              {"send": "a", "line": "give 70000"}, {"expect": "a", "size": 70000})
            capture, _, _ = self.capture(name, "--cut", f"a@{size}")
            sent = capture.data("a", True)
            self.assertEqual([len(one) for one in sent], [*[65495] * ((size - 1) // 65495), (size - 1) % 65495 + 1, 11])
            self.assertEqual(b"".join(sent), b"y" * (size - 1) + b"\n" + b"give 70000\n")
            self.assertEqual(b"".join(capture.data("a", False)), b"x" * 70000)
            packets = [one for one in capture.packets if one.from_seam and one.data][:-1]
            self.assertEqual([bool(one.flags & 8) for one in packets], [False] * (len(packets) - 1) + [True])
            for number, one in enumerate(packets):
                self.assertEqual(f", packet {number + 1} of {len(packets)}: one holds 65495 bytes at most" in one.comments[0], len(packets) > 1)

    def test_order_between_connections(self):
        names = ["a", "b", "c"]
        steps = [{"connect": name, "to": "server"} for name in names]
        order = [names[(number * number + number // 3) % 3] for number in range(30)]
        for number, name in enumerate(order):
            steps += [{"send": name, "line": f"echo {number}"}, {"expect": name, "line": f"echo {number}"}]
        capture = self.run_of("three.json", *steps)
        self.assertEqual([(one.connection, one.from_seam) for one in capture.packets if one.data], [(name, side) for name in order for side in (True, False)])
        self.assertEqual([name for name, _ in capture.interfaces], names)

    def test_cut_evidence_define(self):
        name = self.write("v.json", TO, {"send": "a", "line": "echo ${v}"}, {"expect": "a", "line": "echo ${v}"}, vars={"v": "q"})
        capture, _, _ = self.capture(name, "--cut", "a@*", "--define", "v=z", folder="all")
        self.assertEqual(capture.data("a", True), [bytes([byte]) for byte in b"echo z\n"])
        self.assertIn("chunk 7 of 7", capture.of("a")[15].comments[0])
        capture, _, _ = self.capture(name, "--cut", "a@2", "--evidence", "sent", folder="sent")
        self.assertTrue(capture.of("a")[3].comments[0].endswith(", sent, not proved to be read alone"), capture.of("a")[3].comments)

    def test_hostile_content(self):
        for number, data in enumerate(HOSTILE):
            text = data.decode("latin-1").replace("\0", "\\0") # a scenario's texts hold no NUL
            name = self.write(f"h{number}.json", TO, {"send": "a", "data": {"bytes": "".join(f"\\x{byte:02x}" for byte in data)}, "why": text + "!"},
                              {"expect": "a", "size": len(data)}, programs={"server": {"command": ["sh", "-c", "tee /dev/stderr"], "stdio": True}},
                              why=text + "!")
            document = json.loads((self.folder / name).read_text())
            document["name"] = text + "!"
            (self.folder / name).write_text(json.dumps(document))
            capture, _, _ = self.capture(name, folder=f"h{number}")
            self.assertEqual((b"".join(capture.data("a", True)), b"".join(capture.data("a", False))), (data, data))
            self.assertTrue(any("server.stderr: " in text for one in capture.packets for text in one.comments))

    def test_many_and_long_comments(self):
        noise = "import sys\nfor i in range(3000):\n    sys.stderr.write('line %d\\n' % i)\n    sys.stderr.flush()\nsys.stdin.read(1)\n"
        (self.folder / "noise.py").write_text(noise)
        capture = self.run_of("noise.json", {"start": "server"}, {"expect": "server.stderr", "until": "line 2999\n"}, TO, why="\u00e9" * 3001,
                              programs={"server": {"command": ["python3", "${here}/noise.py"], "stdio": True}})
        self.assertLessEqual(len(capture.packets[0].comments), 102)
        counted = sum("server.stderr: " in text for text in capture.packets[0].comments)
        more = [int(count) for text in capture.packets[0].comments for count in re.findall(r"\A(\d+) more comments are left out here\Z", text)]
        self.assertEqual(bool(more), counted >= 98, (counted, more))
        long = capture.comments[1]
        self.assertRegex(long, r"\Awhy: \u00e9+ \.\.\. \d+ bytes more\Z")
        kept = long.split(" ... ")[0].encode()
        self.assertLessEqual(len(kept), 4000)
        self.assertEqual(len(kept) + int(long.split(" ... ")[1].split()[0]), len("why: ") + 6002)

    def test_the_scenarios_of_the_chat(self):
        names = "" if FULL else "half-close|both|client-reset|refused|ipv6|end-with-data|utf8-4-bytes-cut|signal-term|stdout-full|reset-mid-line|limit"
        said, paths = self.export(ROOT / "scenarios/chat", "--filter", names or ".")
        self.assertGreater(len(paths), 60 if FULL else 10, said[-2000:])
        for path in paths:
            capture = Capture(path.read_bytes())
            capture.check()
            self.assertIn("result: passed", capture.comments, path)


class Came(ExportPcapng):
    """What is said of runs that do not pass, and what is not written."""

    def test_a_failing_run_is_exported(self):
        name = self.write("bad.json", TO, {"send": "a", "line": "echo 1"}, {"expect": "a", "line": "echo 2"}, {"send": "a", "line": "never"})
        capture, said, _ = self.capture(name)
        why = 'failed: bad.json:1:'
        self.assertIn(f"of bad.json; its run {why}", said)
        self.assertIn('expected "echo 2\\n", got "echo 1\\n"', said)
        self.assertEqual(capture.data("a", True), [b"echo 1\n"])
        (index,) = [i for i, one in enumerate(capture.packets) if any(text.startswith("failed at bad.json:1:") for text in one.comments)]
        self.assertEqual(capture.packets[index - 1].data, b"echo 1\n")
        self.assertFalse(capture.packets[index - 1].from_seam)
        self.assertIn("in bad.json:1 expect a (step 3)", capture.packets[index].comments[0])
        self.assertTrue(any(text.startswith("result: failed at bad.json:1:") for text in capture.comments))
        quiet = self.seam("export", name, "--to", "pcapng", "-o", "quiet", "-q").stdout.decode()
        self.assertIn("its run failed: bad.json:1:", quiet)

    def test_folders_of_a_failing_run_are_not_kept(self):
        tmp = self.folder / "tmp"
        tmp.mkdir()
        name = self.write("left.json", TO, {"expect": "a", "eof": True, "within_ms": 50},
                          programs={"server": {"command": ["sh", "-c", "echo >left; exec python3 ${here}/server.py"], "listens": True}})
        done = subprocess.run([SEAM, "export", name, "--to", "pcapng", "-o", "out"], cwd=self.folder, env=clean_environment(TMPDIR=str(tmp)),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=250, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"its run failed", done.stdout)
        self.assertEqual(list(tmp.iterdir()), [])

    def test_xfail_error_and_skip(self):
        wrong = [TO, {"send": "a", "line": "echo 1"}, {"expect": "a", "line": "echo 2"}]
        capture, said, _ = self.capture(self.write("x.json", *wrong, xfail="known: #7"))
        self.assertIn("its run failed, as xfail says: x.json:1:", said)
        self.assertIn("xfail: known: #7", capture.comments)
        self.assertTrue(any(text.startswith("result: failed, as xfail says at x.json:1:") for text in capture.comments))
        capture, said, _ = self.capture(self.write("pass.json", TO, xfail="known"))
        self.assertIn("passed, but xfail says: known", said)
        self.write("skip.json", *wrong, requires=["no-such-program-anywhere"])
        done = self.seam("export", "skip.json", "--to", "pcapng", "-o", "skips", code=77)
        self.assertIn("skipped skip.json: requires no-such-program-anywhere, which is not here", done.stdout.decode())
        self.write("quiet.json", {"start": "server"}, {"settle": "server"}, programs={"server": {"command": ["cat"], "stdio": True}})
        done = self.seam("export", "quiet.json", "--to", "pcapng", "-o", "quiets", code=77)
        self.assertIn("skipped quiet.json: no connection came about", done.stdout.decode())
        self.write("none.json", TO, programs={"server": {"command": ["./not-here"], "listens": True}})
        done = self.seam("export", "none.json", "--to", "pcapng", "-o", "nones", code=4)
        self.assertRegex(done.stderr.decode(), r"none.json: its run could not be carried out: none.json:1:\d+: .*not-here.*; no connection came about")
        self.assertIn("1 not written", done.stdout.decode())
        self.write("late.json", TO, {"connect": "b", "to": "127.0.0.1:1"})
        capture, said, _ = self.capture("late.json")
        self.assertIn("its run could not be carried out: late.json:1:", said)
        self.assertEqual((self.kinds(capture), self.kinds(capture, "b")), (HANDSHAKE, [">S", "<RA"]))
        done = self.seam("export", "late.json", "--to", "pcapng", "-o", "cuts", "--cut", "nobody@2", code=4)
        self.assertIn('the cut names connection "nobody"', done.stderr.decode())

    def test_usage(self):
        name = self.write("u.json", TO)
        for args, text in [(["--to", "pcapng", "-o", "o", "--target", "utf8"], "--target and --parsers are for --to corpus"),
                           (["--to", "corpus", "-o", "o", "--cut", "a@1"], "--cut is for what is made of a run"),
                           (["--to", "python", "-o", "o", "--cut", "a@1"], "--cut is for what is made of a run"),
                           (["--to", "pcapn", "-o", "o"], "did you mean 'pcapng'?")]:
            self.assertIn(text, self.seam("export", name, *args, code=2).stderr.decode())
        self.assertFalse((self.folder / "o").exists())
        self.assertIn("  pcapng a capture of a run", self.seam("export", "--help").stdout.decode())
        self.assertIn("can't be made", self.seam("export", name, "--to", "pcapng", "-o", "/proc/x", code=4).stderr.decode())

    def test_nothing_is_written_over(self):
        name = self.write("n.json", TO)
        self.capture(name)
        before = (self.folder / "out/n.pcapng").read_bytes()
        self.assertIn(b"with other content", self.seam("export", name, "--to", "pcapng", "-o", "out", code=4).stderr) # another run has other times
        self.assertEqual((self.folder / "out/n.pcapng").read_bytes(), before)

    def test_rows(self):
        name = self.write("rows.json", TO, {"send": "a", "line": "echo ${n}"}, {"expect": "a", "line": "echo ${n}"},
                          each=[{"row": "x", "n": 1}, {"row": "y", "n": 2}])
        _, paths = self.export(name)
        self.assertEqual([path.name for path in paths], ["rows-1.pcapng", "rows-2.pcapng"])
        self.assertEqual([Capture(path.read_bytes()).data("a", True) for path in paths], [[b"echo 1\n"], [b"echo 2\n"]])

    def test_a_signal_ends_it(self):
        tmp = self.folder / "tmp"
        tmp.mkdir()
        self.write("1.json", TO)
        self.write("2.json", TO, {"pause": 60000})
        for number in (signal.SIGINT, signal.SIGTERM):
            out = self.folder / f"out-{number}"
            process = subprocess.Popen([SEAM, "export", "1.json", "2.json", "--to", "pcapng", "-o", out], cwd=self.folder, stdin=subprocess.DEVNULL,
                                       env=clean_environment(TMPDIR=str(tmp)), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       preexec_fn=lambda: [signal.signal(one, signal.SIG_DFL) for one in (signal.SIGINT, signal.SIGTERM)]) # as in no background
            self.addCleanup(self.end, process)
            self.wait_for(lambda out=out: (out / "1.pcapng").exists() and any(tmp.glob("seam-*")), "the second run")
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 128 + number)
            self.assertEqual([line for line in said.decode().splitlines() if "warning" not in line],
                             ["seam: stopped by a signal: what was not run yet was not exported"])
            self.assertEqual([path.name for path in out.iterdir()], ["1.pcapng"])
            self.assertEqual(list(tmp.iterdir()), [])


class Tshark(ExportPcapng):
    def tshark(self, path, *args):
        done = subprocess.run(["tshark", "-n", "-r", path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", *args], capture_output=True,
                              timeout=120, check=True)
        return done.stdout.decode()

    def fields(self, path, *names, only=""):
        lines = self.tshark(path, "-T", "fields", "-E", "aggregator=|", *[word for name in names for word in ("-e", name)],
                            *(["-Y", only] if only else []))
        return [line.split("\t") for line in lines.splitlines()]

    def followed(self, path, stream=0):
        """What each side said, as Wireshark reassembles it: (by the client, by the server)."""
        lines = self.tshark(path, "-q", "-z", f"follow,tcp,raw,{stream}").splitlines()
        body = [line for line in lines if re.fullmatch(r"\t?(?:[0-9a-f]{2})+", line)]
        return (b"".join(bytes.fromhex(line) for line in body if line[0] != "\t"), b"".join(bytes.fromhex(line.strip()) for line in body if line[0] == "\t"))

    def sane(self, path):
        self.assertEqual(self.tshark(path, "-Y", "_ws.malformed || tcp.analysis.flags || tcp.checksum.status != 1 || ip.checksum.status != 1 || "
                                     "_ws.expert.severity == 8388608"), "") # an error
        return self.fields(path, "frame.number", "tcp.flags", "tcp.len", "frame.comment", "frame.interface_name")

    def test_a_conversation(self):
        pieces = ["echo ", "a", "bc\n"]
        name = self.write("talk.json", TO, {"send": "a", "split": pieces, "why": "three"}, {"expect": "a", "line": "echo abc"}, {"close": "a"})
        capture, _, path = self.capture(name)
        rows = self.sane(path)
        self.assertEqual([row[2] for row in rows], [str(len(one.data)) for one in capture.packets])
        self.assertEqual([int(row[1], 16) for row in rows], [one.flags for one in capture.packets])
        self.assertEqual([row[3] for row in rows], ["|".join(one.comments) for one in capture.packets])
        self.assertEqual({row[4] for row in rows}, {"a"})
        self.assertEqual([row[2] for row in rows if row[2] != "0"], ["5", "1", "3", "9"])
        self.assertEqual(self.followed(path), (b"echo abc\n", b"echo abc\n"))
        self.assertIn("talk.json:1 send a (step 2), chunk 2 of 3, bytes [5..6), drained|why: three", [row[3] for row in rows])

    def test_all_forms(self):
        big = {"send": "a", "data": {"text": "y", "times": 300_000}}
        for name, steps, keys, said in [
                ("big", [TO, big, {"send": "a", "line": ""}, {"send": "a", "line": "give 200000"}, {"expect": "a", "size": 200_000}, {"close": "a"}], {},
                 (b"y" * 300_000 + b"\ngive 200000\n", b"x" * 200_000)),
                ("reset", [TO, {"send": "a", "line": "reset"}, {"expect": "a", "reset": True}], {}, (b"reset\n", b"")),
                ("ours", [TO, {"send": "a", "line": "x"}, {"close": "a", "how": "reset"}], {}, (b"x\n", b"")),
                ("half", [TO, {"send": "a", "line": "end"}, {"expect": "a", "eof": True}, {"send": "a", "line": "x"}, {"close": "a", "how": "write"}], {},
                 (b"end\nx\n", b"")),
                ("in", [{"listen": "door"}, {"start": "caller"}, {"accept": "a", "from": "door"}, {"expect": "a", "line": "hello"}, {"send": "a", "line": "x"},
                        {"close": "a"}], {"programs": {"caller": {"command": ["python3", "${here}/caller.py", "${door.port}"]}}}, (b"hello\n", b"x\n")),
                ("hostile", [TO, {"send": "a", "data": {"bytes": "".join(f"\\x{byte:02x}" for byte in range(256))}, "why": "\n\0\"<]]>\u202e"},
                             {"expect": "a", "size": 256}], {"programs": {"server": {"command": ["cat"], "stdio": True}}},
                 (bytes(range(256)), bytes(range(256)))),
                ("failing", [TO, {"send": "a", "line": "echo 1"}, {"expect": "a", "line": "echo 2"}], {}, (b"echo 1\n", b"echo 1\n"))]:
            _, _, path = self.capture(self.write(f"{name}.json", *steps, **keys))
            rows = self.sane(path)
            self.assertEqual(self.followed(path), said, name)
            self.assertEqual(sum(int(row[1], 16) & 4 for row in rows) > 0, name in ("reset", "ours"), name)

    def test_connections_apart(self):
        names = [f"c{number}" for number in range(40)]
        steps = [{"connect": name, "to": "server"} for name in names]
        for turn in range(3):
            for name in names:
                steps += [{"send": name, "line": f"echo {name} {turn}"}, {"expect": name, "line": f"echo {name} {turn}"}]
        _, _, path = self.capture(self.write("many.json", *steps))
        self.sane(path)
        streams = {row[0]: row[1] for row in self.fields(path, "frame.interface_name", "tcp.stream")}
        self.assertEqual(len(set(streams.values())), 40)
        for name in ("c0", "c17", "c39"):
            said = "".join(f"echo {name} {turn}\n" for turn in range(3)).encode()
            self.assertEqual(self.followed(path, streams[name]), (said, said))


if __name__ == "__main__":
    if "--tshark" in sys.argv:
        if not shutil.which("tshark"):
            print("skipped: there is no tshark here, so nobody can say how Wireshark reads the captures")
            sys.exit(77)
        unittest.main(argv=[sys.argv[0], "Tshark"])
    unittest.main(argv=[*sys.argv, *([] if sys.argv[1:] else ["Content", "Came"])])
