#!/usr/bin/env python3
"""`seam import text`: conversations that were written down, in each of the forms."""

import json
import os
import random
import shutil
import subprocess
import unittest

import capture
from dialogue import read_scenario
from fixture import CliTest, clean_environment

SEAM = os.environ["SEAM_REAL"]


class TextTest(CliTest):
    def seam(self, *args, code=0):
        done = subprocess.run([SEAM, *map(str, args)], cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=120, check=False)
        if code is not None:
            self.assertEqual(done.returncode, code, (args, done.stdout[-3000:], done.stderr[-3000:]))
        return done

    def read(self, text, *args):
        for old in self.folder.glob("t*"):
            old.unlink()
        (self.folder / "t.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
        self.seam("import", "text", "t.txt", "-o", "t.json", *(args or ("--to", "127.0.0.1:1")))
        return read_scenario(self.folder / "t.json")[0]

    def check_said(self, text, chunks, heard, ends=(), args=(), name="peer"):
        said = self.read(text, *args)[name]
        self.assertEqual((said.chunks, said.heard, said.ends), (chunks, heard, list(ends)), text)


class Forms(TextTest):
    def test_text(self):
        self.check_said("> hello\n< HELLO\n", [b"hello\n"], b"HELLO\n")
        self.check_said("> hello\r\n< HELLO\r\n", [b"hello\n"], b"HELLO\n") # a file of another system
        self.check_said("> a\n> b\n\n> c\n< x\n", [b"a\nb\n", b"c\n"], b"x\n") # adjacent lines are one chunk
        self.check_said(">\n> \n>  x\n", [b"\n\n x\n"], b"")
        self.check_said("# c\n* c\n> a", [b"a\n"], b"")
        common = ("--to", "127.0.0.1:1", "--line-end")
        self.check_said("> GET / HTTP/1.1\n> \n< HTTP/1.1 200 OK\n", [b"GET / HTTP/1.1\r\n\r\n"], b"HTTP/1.1 200 OK\r\n", args=(*common, "crlf"))
        self.check_said("> a\n\n> b\n", [b"a", b"b"], b"", args=(*common, "none"))

    def test_bytes(self):
        self.check_said(">x 00ff 0A\n<x 63c3 a9\n", [b"\0\xff\n"], b"c\xc3\xa9")
        self.check_said("> 00000000  68 65 6c 6c 6f 0a                                 |hello.|\n< 00000000: 6f6b 0a  ok.\n", [b"hello\n"], b"ok\n")
        self.check_said("> 00000010  68\n", [b"00000010  68\n"], b"") # an offset that does not fit is text
        self.check_said("> 00000000 is a number\n", [b"00000000 is a number\n"], b"")
        self.check_said("> 00000000  61 62\n> 00000002  63 0a\n\n> 00000004  64\n", [b"abc\n", b"d"], b"")

    def test_dumps_of_wireshark_and_tshark(self):
        self.check_said("00000000  61 62 0a                                          ab.\n    00000000  41 42 0a                       AB.\n"
                        "00000003  63 0a                                             c.\n", [b"ab\n", b"c\n"], b"AB\n")
        self.check_said("===================\nFollow: tcp,hex\nFilter: tcp.stream eq 0\nNode 0: 127.0.0.1:1\nNode 1: 127.0.0.1:2\n00000000  61 0a  a.\n"
                        "\t00000000  62 0a  b.\n===================\n", [b"a\n"], b"b\n")

    def test_connections_and_ends(self):
        text = "2> b\n1> a\n>EOF\n1< A\n<EOF\n2<RST\n3> c\n3>RST\n"
        said = self.read(text)
        self.assertEqual({name: (one.sent, one.heard, one.ends) for name, one in said.items()},
                         {"peer1": (b"b\n", b"", ["reset"]), "peer2": (b"a\n", b"A\n", ["write", "eof"]), "peer3": (b"c\n", b"", ["reset"])})
        said = self.read(text, "--play", "server", "--program", "nc 127.0.0.1 ${door.port}")
        self.assertEqual([said[f"peer{i}"].heard for i in (1, 2, 3)], [b"b\n", b"a\n", b"c\n"])
        self.assertEqual(said["peer2"].sent, b"A\n")

    def test_a_line_waits_to_be_whole(self):
        """Half a line of one connection is no reason to expect less than a line, when it is another one that goes on."""
        self.read("1> a\n1<x 68 65\n2> b\n1<x 6c 0a\n")
        steps = json.loads((self.folder / "t.json").read_text())["steps"]
        self.assertEqual([step for step in steps if "expect" in step], [{"expect": "peer1", "line": "hel"}])
        self.read("1> a\n1<x 68 65\n1> b\n1<x 6c 0a\n")
        steps = json.loads((self.folder / "t.json").read_text())["steps"]
        self.assertEqual([step.get("data", step.get("line")) for step in steps if "expect" in step], ["he", "l"])

    def test_what_is_said_is_data(self):
        hostile = ['${bin}"},{"stop":"server"', "\x1b[2J", "../../etc/passwd", "${", "peer@1", "\u202e", '{"file": "/etc/passwd"}']
        said = self.read("".join(f"> {line}\n\n< {line}\n" for line in hostile))
        self.assertEqual(said["peer"].sent, "".join(f"{line}\n" for line in hostile).encode())
        self.assertEqual(said["peer"].heard, said["peer"].sent)
        self.assertEqual(self.read(b"> \xff\xfe\0\n")["peer"].sent, b"\xff\xfe\0\n")

    def test_masks(self):
        said = self.read("> a\n< id 17 at 12:30\n< fixed\n", "--to", "127.0.0.1:1", "--mask", r"\d+:\d+", "--mask", r"id \d+")
        self.assertEqual(said["peer"].patterns, [r"(?<differs>id \d+) at (?<differs2>\d+:\d+)"])
        said = self.read("> a\n< ${x} 17 $\n", "--to", "127.0.0.1:1", "--mask", r"\d+") # no variable of the scenario
        self.assertEqual(said["peer"].patterns, [r"\x24\{x\} (?<differs>\d+) \x24"])
        (self.folder / "t.txt").write_text("> a\n< b\n")
        self.assertIn("--mask '(': missing closing parenthesis",
                      self.seam("import", "text", "t.txt", "--to", "127.0.0.1:1", "--mask", "(", code=2).stderr.decode())

    def test_errors_have_their_place(self):
        for text, error in (("> a\n! b\n", "t.txt:2:1: expected '>'"), (">y a\n", "t.txt:1:2: expected a blank"), (">x 0g\n", "t.txt:1:4: expected two"),
                            (">x 1\n", "t.txt:1:4: expected two"), ("> a\n>EOF\n\n> b\n", "t.txt:4:1: the client of connection 1 goes on behind its end"),
                            ("0> a\n", "t.txt:1:1: the number of a connection"), ("999999> a\n", "t.txt:1:1: the number of a connection"),
                            ("\n   what\n", "t.txt:2:4: expected '>'"), ("", "nothing was said in it"), ("# only\n", "nothing was said in it")):
            (self.folder / "t.txt").write_text(text)
            done = self.seam("import", "text", "t.txt", "--to", "127.0.0.1:1", code=4)
            self.assertIn(error, done.stderr.decode(), text)
        (self.folder / "t.txt").write_text("> a\n")
        for args, error in (([], "whom shall it be said to?"), (["--to", "127.0.0.1:1", "--program", "x"], "only one of them"),
                            (["--play", "server"], "--play server needs the client"), (["--play", "server", "--to", "127.0.0.1:1"], "--to names a server"),
                            (["--to", "127.0.0.1:1", "--stream", "1"], "text takes no --stream"), (["--to", "nobody"], "--to: expected \"host:port\"")):
            self.assertIn(error, self.seam("import", "text", "t.txt", *args, code=2).stderr.decode(), args)

    def test_random_conversations(self):
        """Bytes of any kind, in any number of chunks of either side, come back from either side's point of view."""
        pick = random.Random(12)
        for _ in range(60):
            events, sent = [], [[], []]
            for _ in range(pick.randrange(1, 12)):
                side, data = pick.randrange(2), bytes(pick.choices(b"ab \n\r\0\xc3\xa9\xff${}\"0", k=pick.randrange(1, 40)))
                events.append(f"{'><'[side]}x {data.hex(' ')}\n\n")
                sent[side].append(data)
            said = self.read("".join(events)).get("peer")
            self.assertEqual((said.chunks, said.heard), (sent[0], b"".join(sent[1])))
            said = self.read("".join(events), "--play", "server", "--program", "nc 127.0.0.1 ${door.port}")["peer"]
            self.assertEqual((said.chunks, said.heard), (sent[1], b"".join(sent[0])))

    def test_what_tshark_follows(self):
        if not shutil.which("tshark"):
            self.skipTest("tshark is not here")
        talk = capture.Talk()
        for side, data in ((0, b"hel"), (0, b"lo\n"), (1, bytes(range(256))), (0, b"end\n")):
            talk.segment(side, data)
        (self.folder / "f.pcap").write_bytes(capture.pcap(capture.timed(talk.end().packets)))
        followed = subprocess.run(["tshark", "-r", "f.pcap", "-q", "-z", "follow,tcp,hex,0"], cwd=self.folder, capture_output=True,
                                  timeout=120, check=True, env=dict(os.environ, HOME=str(self.folder)))
        said = self.read(followed.stdout)["peer"]
        self.assertEqual((said.sent, said.heard), (b"hello\nend\n", bytes(range(256))))

    def test_it_runs(self):
        (self.folder / "up.py").write_text("import socket\nlistener = socket.create_server(('127.0.0.1', 0))\nwhile True:\n"
                                           "    connection, _ = listener.accept()\n    with connection:\n"
                                           "        while chunk := connection.recv(1024):\n            connection.sendall(chunk.upper())\n")
        self.read("> one\n< ONE\n> tw\n\n>x 6f 0a\n< TW\n< O\n>EOF\n<EOF\n", "--program", "python3 up.py")
        self.assertEqual(json.loads((self.folder / "t.json").read_text())["programs"]["server"]["listens"], True)
        done = self.seam("run", "t.json", code=None)
        self.assertIn(b"expected \"TW\\nO\\n\", got \"TW\\nO", done.stdout) if done.returncode else self.assertIn(b"1 passed", done.stdout)


if __name__ == "__main__":
    unittest.main()
