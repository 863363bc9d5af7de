#!/usr/bin/env python3
"""`seam record`: what was said through the relay is in the scenario, which passes against the same server; whatever ends the recording,
nothing that a peer got is lost."""

import json
import os
import pathlib
import random
import re
import resource
import selectors
import signal
import socket
import subprocess
import sys
import threading
import unittest

from dialogue import read_scenario
from fixture import CliTest, clean_environment

SEAM = os.environ["SEAM_REAL"]
BIN = pathlib.Path(SEAM).parent
FULL = bool(os.environ.get("SEAM_FULL"))
RESET = b"\1\0\0\0\0\0\0\0" # SO_LINGER: on, 0 s
LIMIT_S = 120


class Server:
    """Upper case comes back, each connection in a thread of its own; `quit` closes, `abort` resets. heard: all that came, in order
    of connections."""

    def __init__(self, greet=b"", answer=bytes.upper):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.port = self.listener.getsockname()[1]
        self.greet, self.answer, self.heard = greet, answer, []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                connection, _ = self.listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.heard.append(bytearray())
                threading.Thread(target=self.serve, args=(connection, self.heard[-1]), daemon=True).start()
        except OSError:
            pass

    def serve(self, connection, heard):
        try:
            with connection:
                connection.sendall(self.greet)
                while chunk := connection.recv(65536):
                    heard += chunk
                    if chunk.endswith(b"quit\n"):
                        return
                    if chunk.endswith(b"abort\n"):
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                        return
                    connection.sendall(self.answer(chunk))
        except ConnectionError:
            pass

    def close(self):
        self.listener.close()


ANSWERS = {
    "upper": bytes.upper,
    "same": lambda data: data,
    "ids": lambda data: b"id %07d for %s at %x.%x\n" % (random.randrange(10 ** 7), data.strip(), random.getrandbits(40), random.getrandbits(40)),
    "none": lambda data: b"",
    "any": lambda data: b"x" * random.randrange(1, 10 ** 4),
}


def serve_apart(kind, greet):
    """What a process of its own does: a scenario is played against it, and Seam looks whether it sleeps."""
    server = Server(greet=greet, answer=ANSWERS[kind])
    print(server.port, flush=True)
    sys.stdin.read()


class RecordTest(CliTest):
    def setUp(self):
        super().setUp()
        self.open = []
        self.addCleanup(lambda: [one.close() for one in self.open])

    def serve(self, **how):
        server = Server(**how)
        self.open.append(server)
        return server

    def serve_apart(self, kind="upper", greet=""):
        """The port of a server in a process of its own."""
        process = subprocess.Popen([sys.executable, __file__, "--serve", kind, greet], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(self.end, process)
        return int(process.stdout.readline())

    def record(self, port, *args, name="r.json", until_closed=True, limits=None, to="127.0.0.1"):
        """A recorder that listens: (process, its port)."""
        process = subprocess.Popen([SEAM, "record", "--listen", "127.0.0.1:0", "--to", f"{to}:{port}", "-o", name,
                                    *(["--until-closed"] if until_closed else []), *map(str, args)],
                                   cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, preexec_fn=limits)
        self.addCleanup(self.end, process)
        first = process.stdout.readline().decode()
        self.assertRegex(first, r"^listening on 127\.0\.0\.1:\d+$", process.stderr.read() if not first else "")
        return process, int(first.rsplit(":", 1)[1])

    def connect(self, port):
        client = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open.append(client)
        return client

    def finish(self, process, code=0):
        out, err = process.communicate(timeout=LIMIT_S)
        self.assertEqual(process.returncode, code, (out, err))
        return out.decode(), err.decode()

    def seam(self, *args, code=0, **more):
        done = subprocess.run([SEAM, *map(str, args)], cwd=self.folder, env=clean_environment(PATH=f"{BIN}:{os.environ['PATH']}"), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=LIMIT_S, check=False, **more)
        if code is not None:
            self.assertEqual(done.returncode, code, (args, done.stdout[-3000:], done.stderr[-3000:]))
        return done

    def say(self, client, data, answer=None):
        """Says it, and waits for the answer: the relay has read it then, as one chunk."""
        client.sendall(data)
        answer = data.upper() if answer is None else answer
        got = b""
        while len(got) < len(answer) and (chunk := client.recv(65536)):
            got += chunk
        self.assertEqual(got, answer)

    def passes(self, name="r.json"):
        done = self.seam("run", name)
        self.assertIn(b"1 passed", done.stdout)
        return done.stdout.decode()


class Conversations(RecordTest):
    def test_all_kinds_of_ends(self):
        process, port = self.record(self.serve_apart(greet="hello\r\n"))
        half, gone, quits, aborts = (self.connect(port) for _ in range(4))
        for client in (half, gone, quits, aborts):
            self.say(client, b"", b"hello\r\n")
        self.say(half, b"one")
        self.say(half, b" line\r\n")
        half.shutdown(socket.SHUT_WR)
        self.assertEqual(half.recv(1), b"")
        self.say(gone, b"x\r\n")
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        gone.close()
        quits.sendall(b"quit\n")
        self.assertEqual(quits.recv(1), b"")
        quits.close()
        aborts.sendall(b"abort\n")
        self.assertRaises(ConnectionResetError, aborts.recv, 1)
        aborts.close()
        half.close()
        out, err = self.finish(process)
        self.assertIn("recorded 4 connections: 24 bytes from the client side in 5 chunks", out)
        self.assertIn("as the relay's reads saw them", out)
        self.assertEqual(err, "")
        said, _ = read_scenario(self.folder / "r.json")
        self.assertEqual([said[f"peer{i}"].chunks for i in range(1, 5)],
                         [[b"one", b" line\r\n"], [b"x\r\n"], [b"quit\n"], [b"abort\n"]])
        self.assertEqual([said[f"peer{i}"].heard for i in range(1, 5)],
                         [b"hello\r\nONE LINE\r\n", b"hello\r\nX\r\n", b"hello\r\n", b"hello\r\n"])
        self.assertEqual([said[f"peer{i}"].ends for i in range(1, 5)], [["write", "eof"], ["reset"], ["eof", "write"], ["reset"]])
        self.assertFalse((self.folder / "r.json.part").exists())
        self.passes()

    def test_what_is_said_is_data(self):
        hostile = [b"${bin} ${env.HOME} ${", b'"},{"stop": "server"', b"\0\xff\xfe\n", b"\x1b[2J\r\n", b"\\x41\\n\n", b"caf\xc3", b"\xa9\n",
                   b"peer@1,2\n", b"../../etc/passwd\n", b'{"file": "/etc/passwd"}\n', "\u202e\u2028\n".encode(), b"[\"]" * 40]
        process, port = self.record(self.serve_apart("same"))
        client = self.connect(port)
        for data in hostile:
            self.say(client, data, data)
        client.close()
        self.finish(process)
        said, steps = read_scenario(self.folder / "r.json")
        self.assertEqual(said["peer"].chunks, hostile)
        self.assertEqual(said["peer"].heard, b"".join(hostile))
        self.assertEqual({verb for step in steps for verb in step if verb in ("connect", "send", "expect", "close", "stop", "start")},
                         {"connect", "send", "expect", "close"})
        self.passes()

    def test_many_chunks_of_many_connections(self):
        pick = random.Random(7)
        process, port = self.record(self.serve_apart())
        clients = [self.connect(port) for _ in range(20)]
        sent = [[] for _ in clients]
        for client in clients:
            self.say(client, b"begin\n")
        for _ in range(2000):
            which = pick.randrange(20)
            chunk = bytes(pick.choices(b"abc \n\r\0\xc3\xa9\xff${}\"", k=pick.choice((1, 2, 3, 10, 100, 3000))))
            chunk += b"." if chunk.endswith(b"\n") and pick.random() < 0.3 else b""
            sent[which].append(chunk)
            self.say(clients[which], chunk)
        for client in clients:
            client.close()
        out, _ = self.finish(process)
        self.assertIn("recorded 20 connections", out)
        self.assertIn("in 2020 chunks", out)
        said, _ = read_scenario(self.folder / "r.json")
        # Accepted in any order: told apart by what they said.
        recorded = sorted((one.chunks, one.heard) for one in said.values())
        self.assertEqual(recorded, sorted(([b"begin\n", *chunks], (b"begin\n" + b"".join(chunks)).upper()) for chunks in sent))
        self.passes()

    def test_long_data_goes_beside(self):
        pick = random.Random(8)
        process, port = self.record(self.serve_apart())
        client = self.connect(port)
        noise = pick.randbytes(300000)
        self.say(client, noise)
        self.say(client, b"end\n")
        client.close()
        self.finish(process)
        self.assertLess((self.folder / "r.json").stat().st_size, 70000)
        self.assertTrue((self.folder / "r.bin").exists())
        said, _ = read_scenario(self.folder / "r.json")
        self.assertEqual(said["peer"].sent, noise + b"end\n")
        self.assertEqual(said["peer"].heard, noise.upper() + b"END\n")
        self.passes()

    def test_interrupted_with_open_connections(self):
        process, port = self.record(self.serve_apart(), until_closed=False)
        client = self.connect(port)
        self.say(client, b"one\n")
        process.send_signal(signal.SIGINT)
        self.assertIn("1 connection was still open", self.finish(process)[1])
        said, _ = read_scenario(self.folder / "r.json")
        self.assertEqual((said["peer"].sent, said["peer"].heard, said["peer"].ends, said["peer"].rest), (b"one\n", b"ONE\n", [], "ignore"))
        self.passes()

    def test_verify_learns_and_masks_say(self):
        server = self.serve_apart("ids")
        process, port = self.record(server, "--verify", "3")
        client = self.connect(port)
        for word in (b"a\n", b"b\n"):
            client.sendall(word)
            self.assertIn(b" for " + word.strip(), client.recv(1000))
        client.close()
        out, _ = self.finish(process)
        self.assertIn("played 3 times to learn what differs, and once more: it passes", out)
        said, _ = read_scenario(self.folder / "r.json")
        self.assertEqual(len(said["peer"].patterns), 2)
        self.assertIn("id (?<differs>\\d+) for a at ", said["peer"].patterns[0])
        self.passes()
        process, port = self.record(server, "--mask", r"id \d+", "--mask", r"at .*", name="m.json")
        client = self.connect(port)
        client.sendall(b"a\n")
        client.recv(1000)
        client.close()
        self.finish(process)
        said, _ = read_scenario(self.folder / "m.json")
        self.assertEqual(said["peer"].patterns, [r"(?<differs>id \d+) for a (?<differs2>at .*)"])
        self.passes("m.json")

    def test_what_can_not_be_learnt_is_said(self):
        process, port = self.record(self.serve_apart("any"), "--verify", "2")
        client = self.connect(port)
        client.sendall(b"a")
        client.recv(10 ** 5)
        client.close()
        _, err = self.finish(process, code=None or process.wait(LIMIT_S))
        self.assertIn(process.returncode, (1, 4), err)
        self.assertRegex(err, "has another length each time|does not go as it was recorded")
        self.assertTrue((self.folder / "r.json.part").exists())
        self.seam("import", "record", "r.json.part", "-o", "again.json")

    def test_a_program_of_ones_own(self):
        server = self.serve()
        (self.folder / "up.py").write_text("import socket\nlistener = socket.create_server(('127.0.0.1', 0))\nwhile True:\n"
                                           "    connection, _ = listener.accept()\n    with connection:\n"
                                           "        while chunk := connection.recv(1024):\n            connection.sendall(chunk.upper())\n")
        process, port = self.record(server.port, "--program", "python3 up.py")
        client = self.connect(port)
        self.say(client, b"one\n")
        client.close()
        self.finish(process)
        server.close()
        self.assertEqual(json.loads((self.folder / "r.json").read_text())["programs"],
                         {"server": {"command": ["python3", "${here}/up.py"], "listens": True}})
        self.passes()


class Trouble(RecordTest):
    def test_nobody_and_nothing(self):
        process, _ = self.record(1, until_closed=False)
        process.send_signal(signal.SIGTERM)
        self.assertIn("nobody connected", self.finish(process, code=5)[1])
        self.assertEqual(list(self.folder.iterdir()), [])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        process, listening = self.record(port) # nobody listens there any more
        self.assertRaises(ConnectionResetError, lambda: self.connect(listening).recv(1))
        _, err = self.finish(process, code=5)
        self.assertIn("1 connection could not be passed on, and was reset: ", err)

    def test_usage(self):
        (self.folder / "there.json").write_text("x")
        (self.folder / "old.json.part").write_text("x")
        common = ["--listen", "127.0.0.1:0", "--to", "127.0.0.1:1"]
        for args, code, text in (([], 2, "--listen HOST:PORT is missing"), (["--listen", "127.0.0.1:0"], 2, "--to HOST:PORT is missing"),
                                 (common, 2, "--output FILE is missing"), ([*common, "-o", "x.json", "y"], 2, "takes no operands"),
                                 (["--listen", "x", "--to", "127.0.0.1:1", "-o", "x.json"], 2, "'x' is not HOST:PORT"),
                                 (["--listen", "127.0.0.1:0", "--to", "127.0.0.1:0", "-o", "x.json"], 2, "from 1 to 65535"),
                                 (["--listen", "0.0.0.0:0", "--to", "127.0.0.1:1", "-o", "x.json"], 2, "--allow-remote"),
                                 (["--listen", "127.0.0.1:0", "--to", "example.com:1", "-o", "x.json"], 2, "--allow-remote"),
                                 ([*common, "-o", "there.json"], 4, "there already"), ([*common, "-o", "old.json"], 4, "import record"),
                                 ([*common, "-o", "no/x.json"], 4, "folder does not exist"),
                                 ([*common, "-o", "x.json", "--verify", "0"], 2, "'0' is no number"),
                                 ([*common, "-o", "x.json", "--stdio"], 2, "unknown option --stdio")):
            done = self.seam("record", *args, code=code)
            self.assertIn(text, done.stderr.decode(), args)
        self.assertEqual((self.folder / "there.json").read_text(), "x")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["old.json.part", "there.json"])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = self.seam("record", "--listen", f"127.0.0.1:{port}", "--to", "127.0.0.1:1", "-o", "x.json", code=4)
            self.assertIn("can't listen on", done.stderr.decode())

    def test_a_journal_that_is_none(self):
        for content, text in ((b"", "it is empty"), (b"{}\n", "no journal"), (b"seam journal 1 127.0.0.1:1", "no journal"),
                              (b"seam journal 1 127.0.0.1:1\n", "nothing was said")):
            (self.folder / "x.part").write_bytes(content)
            self.assertIn(text, self.seam("import", "record", "x.part", code=4).stderr.decode())
        self.assertIn("no.part", self.seam("import", "record", "no.part", code=4).stderr.decode())

    def test_each_torn_end(self):
        """A journal that is cut anywhere gives all records before; one with a byte changed, those before that."""
        server = self.serve()
        process, port = self.record(server.port, until_closed=False)
        client = self.connect(port)
        for word in (b"one\n", b"two\n"):
            self.say(client, word)
        process.kill()
        process.wait()
        journal = (self.folder / "r.json.part").read_bytes()
        head = journal.index(b"\n") + 1
        ends, at = [head], head
        while at < len(journal):
            at += 24 + int.from_bytes(journal[at:at + 4], "little")
            ends.append(at)
        self.assertEqual(ends[-1], len(journal))
        for length in range(head + 24, len(journal) + 1, 1 if FULL else 5):
            (self.folder / "cut.part").write_bytes(journal[:length])
            done = self.seam("import", "record", "cut.part")
            torn = length - max(end for end in ends if end <= length)
            self.assertEqual(f"the last {torn} bytes" in done.stderr.decode(), torn > 0, (length, done.stderr))
        for at in range(head, len(journal), 1 if FULL else 7):
            changed = bytearray(journal)
            changed[at] ^= 0x20
            (self.folder / "bad.part").write_bytes(changed)
            done = self.seam("import", "record", "bad.part", code=None)
            kept = max(end for end in ends if end <= at)
            self.assertIn(done.returncode, (0, 4))
            self.assertIn("nothing was said" if kept == head else f"the last {len(journal) - kept} bytes", done.stderr.decode(), at)

    def test_disk_full(self):
        server = self.serve()
        process, port = self.record(server.port, until_closed=False, limits=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000)))
        client = self.connect(port)
        got = b""
        try:
            for number in range(10 ** 5):
                client.sendall(b"line %06d\n" % number)
                chunk = client.recv(65536)
                if not chunk:
                    break
                got += chunk
        except ConnectionError:
            pass
        _, err = self.finish(process, code=4)
        self.assertIn("can't write r.json.part: File too large", err)
        self.assertIn("seam import record", err)
        self.seam("import", "record", "r.json.part", "-o", "all.json")
        said, _ = read_scenario(self.folder / "all.json")
        self.assertTrue(said["peer"].heard.startswith(got))
        self.assertTrue(said["peer"].sent.startswith(bytes(server.heard[0])))
        self.assertGreater(len(got), 1000)

    def test_killed_at_any_moment(self):
        pick = random.Random(9)
        server = self.serve()
        for moment in range(100):
            process, port = self.record(server.port, until_closed=False, name=f"{moment}.json")
            clients = [self.connect(port) for _ in range(2)]
            got = [b"", b""]
            poll = selectors.DefaultSelector()
            for number, client in enumerate(clients):
                client.setblocking(False)
                poll.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE, number)
            stop_at, line, alive = pick.randrange(1, 60000), 0, set(range(2))
            while alive:
                if process.returncode is None and sum(map(len, got)) >= stop_at:
                    process.kill()
                    process.wait()
                for key, events in poll.select(LIMIT_S):
                    try:
                        if events & selectors.EVENT_READ:
                            chunk = key.fileobj.recv(65536)
                            if not chunk:
                                raise ConnectionError
                            got[key.data] += chunk
                        if events & selectors.EVENT_WRITE and process.returncode is None:
                            line += 1
                            key.fileobj.send(b"line %d of %d\n" % (line, key.data) * pick.randrange(1, 200))
                    except BlockingIOError:
                        pass
                    except ConnectionError:
                        poll.unregister(key.fileobj)
                        alive.discard(key.data)
            self.seam("import", "record", f"{moment}.json.part", "-o", f"{moment}.json")
            said, _ = read_scenario(self.folder / f"{moment}.json")
            heard = [bytes(one) for one in server.heard[-2:]]
            for number in range(2):
                self.assertTrue(any(one.heard.startswith(got[number]) for one in said.values()), moment)
                self.assertTrue(any(one.sent.startswith(heard[number]) for one in said.values()), moment)


def peak_kib(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


class Bounds(RecordTest):
    def test_a_long_stream_to_a_slow_reader(self):
        """The relay's memory does not grow with what passes, nor with what waits."""
        total = (1 << 30) if FULL else (32 << 20)
        server = self.serve(answer=lambda data: b"")
        process, port = self.record(server.port, until_closed=False)
        client = self.connect(port)
        self.say(client, b"x", b"")
        before, block = peak_kib(process.pid), os.urandom(1 << 20)
        for _ in range(total >> 20):
            client.sendall(block)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(client.recv(1), b"")
        after = peak_kib(process.pid)
        self.assertEqual(len(server.heard[0]), total + 1)
        self.assertLess(after - before, 8 << 10, "KiB more")
        client.close()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT_S)
        if process.returncode != 0: # more than a scenario may hold: the journal stays
            self.assertIn("seam import record", err.decode())
            self.assertGreater((self.folder / "r.json.part").stat().st_size, total)

    def test_more_connections_than_descriptors(self):
        """Those that find none wait; none is lost."""
        server = self.serve()
        process, port = self.record(server.port, limits=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)), until_closed=False)
        waiting = [self.connect(port) for _ in range(100)]
        for number, client in enumerate(waiting):
            client.sendall(b"%d\n" % number)
        for number, client in enumerate(waiting):
            self.say(client, b"", b"%d\n" % number)
            client.close()
        process.send_signal(signal.SIGINT)
        out, err = self.finish(process)
        self.assertIn("recorded 100 connections", out)
        self.assertIn("no more descriptors", err)
        said, _ = read_scenario(self.folder / "r.json")
        self.assertEqual(sorted(one.sent for one in said.values()), sorted(b"%d\n" % number for number in range(100)))

    def test_many_connections_at_once(self):
        count = 10000 if FULL else 300
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        try: # the relay, which inherits it, needs two for each
            resource.setrlimit(resource.RLIMIT_NOFILE, (2 * count + 200, max(hard, 2 * count + 200)))
        except ValueError:
            count = hard // 2 - 100
        server = self.serve()
        process, port = self.record(server.port)
        clients = []
        for number in range(count):
            clients.append(self.connect(port))
            self.say(clients[-1], b"%d\n" % number)
        for client in clients:
            client.close()
        out, _ = self.finish(process)
        self.assertIn(f"recorded {count} connections", out)
        self.seam("check", "-q", "r.json")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve_apart(sys.argv[2], sys.argv[3].encode())
    else:
        unittest.main()
