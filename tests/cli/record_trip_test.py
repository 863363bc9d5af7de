#!/usr/bin/env python3
"""`seam record`, there and back: recorded, run, exported as a capture, imported and run again; and what must not be recorded is not."""

import json
import os
import random
import re
import shutil
import socket
import subprocess
import unittest

from dialogue import read_scenario
from record_test import BIN, LIMIT_S, RESET, RecordTest


def listens(port):
    with socket.socket() as trying:
        return trying.connect_ex(("127.0.0.1", port)) == 0


class RoundTrip(RecordTest):
    """Recorded, run, exported as a capture, imported and run: bytes, cuts, kinds of ends and the order are the same."""

    def there_and_back(self, port, *imports, name="r"):
        before, steps = read_scenario(self.folder / f"{name}.json")
        self.passes(f"{name}.json")
        self.seam("export", f"{name}.json", "--to", "pcapng", "-o", "captures")
        self.seam("import", "pcap", f"captures/{name}.pcapng", "-o", "back.json", *(imports or ("--to", f"127.0.0.1:{port}")))
        after, again = read_scenario(self.folder / "back.json")
        self.assertEqual(sorted(after), sorted(before))
        for connection, said in before.items():
            got = after[connection]
            self.assertEqual((got.chunks, got.heard, got.ends), (said.chunks, said.heard, said.ends), connection)
        order = [[(verb, step[verb]) for step in which for verb in ("connect", "send", "close") if verb in step] for which in (steps, again)]
        for which in order: # what one step sends in several chunks may be several steps
            which[:] = [one for one, before_it in zip(which, [None, *which]) if one != before_it]
        self.assertEqual(order[0], order[1])
        self.passes("back.json")

    def test_a_generated_conversation(self):
        pick = random.Random(11)
        server = self.serve_apart()
        process, port = self.record(server)
        clients = []
        for _ in range(20): # one after the other: the relay opens them in this order
            clients.append(self.connect(port))
            self.say(clients[-1], b"begin\n")
        for _ in range(2000):
            client = pick.choice(clients)
            self.say(client, bytes(pick.choices(b"ab \n\r\0\xc3\xa9\xff${}\"", k=pick.choice((1, 2, 3, 10, 100, 2000)))))
        for number, client in enumerate(clients):
            if number % 3 == 0:
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(client.recv(1), b"")
            elif number % 3 == 1:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            else:
                client.sendall(pick.choice((b"quit\n", b"abort\n")))
                try:
                    self.assertEqual(client.recv(1), b"")
                except ConnectionResetError:
                    pass
            client.close()
        self.finish(process)
        self.there_and_back(server)

    def test_cuts_that_nothing_answers(self):
        """Chunks in a row, of which the relay sees each alone because the client waits until it was read."""
        (self.folder / "say.json").write_text(json.dumps({
            "seam": 1, "name": "chunks", "vars": {"port": "1"},
            "steps": [{"connect": "a", "to": "127.0.0.1:${port}"}, {"send": "a", "split": ["he", "l", "lo\n", "two\nthr", "ee\n", {"hex": "00"}, {"hex": "ff"}]},
                      {"close": "a", "how": "write"}, {"expect": "a", "eof": True}]}))
        server = self.serve_apart("none")
        process, port = self.record(server)
        self.seam("run", "say.json", "--define", f"port={port}")
        self.finish(process)
        said, _ = read_scenario(self.folder / "r.json")
        self.assertEqual(said["peer"].chunks, [b"he", b"l", b"lo\n", b"two\nthr", b"ee\n", b"\0", b"\xff"])
        self.assertEqual(json.loads((self.folder / "r.json").read_text())["cut"], "peer@2,3,6,13,16,17,18") # the FIN came alone, too
        self.there_and_back(server)

    def test_the_chat_pair(self):
        """The server's own lines are typed, which no relay sees: steps that type them are all that is added by hand."""
        server = subprocess.Popen([BIN / "chat-server", "--port", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, server)
        port = int(re.search(rb":(\d+)\s*$", server.stderr.readline())[1])
        process, relay = self.record(port, "--program", "chat-server --port 0")
        client = subprocess.Popen([BIN / "chat-client", "--host", "127.0.0.1", "--port", str(relay)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, client)
        for who, line in ((server, "hello\n"), (client, "caf\u00e9\n"), (server, "bye\n")):
            who.stdin.write(line.encode())
            who.stdin.flush()
            other = client if who is server else server
            self.assertIn(line.encode(), other.stdout.readline())
        client.communicate(timeout=LIMIT_S) # closes its stdin
        self.assertEqual(client.returncode, 0)
        self.finish(process)
        said, _ = read_scenario(self.folder / "r.json")
        self.assertEqual((said["peer"].sent, said["peer"].heard, said["peer"].ends[0]), ("caf\u00e9\n".encode(), b"hello\nbye\n", "write"))
        self.type_lines("r.json")
        self.seam("export", "r.json", "--to", "pcapng", "-o", "captures")
        self.seam("import", "pcap", "captures/r.pcapng", "-o", "back.json", "--program", "chat-server --port 0")
        after, _ = read_scenario(self.folder / "back.json")
        self.assertEqual((after["peer"].chunks, after["peer"].heard, after["peer"].ends), (said["peer"].chunks, said["peer"].heard, said["peer"].ends))
        self.type_lines("back.json")

    def type_lines(self, name):
        scenario = json.loads((self.folder / name).read_text())
        (sends,) = [i for i, step in enumerate(scenario["steps"]) if "send" in step]
        scenario["steps"].insert(sends + 1, {"type": "server", "line": "bye"})
        scenario["steps"].insert(1, {"type": "server", "line": "hello"})
        (self.folder / name).write_text(json.dumps(scenario))
        self.passes(name)

    def test_redis(self):
        for tool in ("redis-server", "redis-cli"):
            if not shutil.which(tool):
                self.skipTest(f"{tool} is not here")
        (self.folder / "redis.conf").write_text('save ""\nappendonly no\n')
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = subprocess.Popen(["redis-server", "redis.conf", "--port", str(port), "--bind", "127.0.0.1"], cwd=self.folder, stdout=subprocess.DEVNULL)
        self.addCleanup(self.end, server)
        self.wait_for(lambda: listens(port), "redis listens")
        process, relay = self.record(port, "--verify", "2")
        done = subprocess.run(["redis-cli", "-p", str(relay)], input=b"set k v\nget k\nincr n\ndel k n\nget k\necho ${x}\n", capture_output=True,
                              timeout=LIMIT_S, check=True)
        self.assertIn(b"${x}", done.stdout)
        self.finish(process)
        said, _ = read_scenario(self.folder / "r.json")
        self.assertIn(b"*2\r\n$3\r\nget\r\n$1\r\nk\r\n", said["peer"].sent)
        self.assertIn(b":1\r\n", said["peer"].heard)
        self.passes()
        if not said["peer"].patterns:
            self.there_and_back(port)

    def test_curl_and_nginx(self):
        for tool in ("nginx", "curl"):
            if not shutil.which(tool):
                self.skipTest(f"{tool} is not here")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (self.folder / "index.html").write_bytes(b"<p>caf\xc3\xa9 \xff</p>\n" * 300)
        (self.folder / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {self.folder}/pid; error_log stderr; events {{ }}\nhttp {{ access_log off; "
            f"client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; "
            f"scgi_temp_path {self.folder}/s; server {{ listen 127.0.0.1:{port}; root {self.folder}; }} }}\n")
        server = subprocess.Popen(["nginx", "-p", str(self.folder), "-e", "stderr", "-c", str(self.folder / "nginx.conf")], stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, server)
        self.wait_for(lambda: listens(port), "nginx listens")
        process, relay = self.record(port, "--mask", r"Date: .*")
        subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{relay}/index.html", f"http://127.0.0.1:{relay}/none"], timeout=LIMIT_S, check=True)
        self.finish(process)
        said, _ = read_scenario(self.folder / "r.json")
        self.assertEqual(said["peer"].delimiter, b"\n" if b"\r\n" not in said["peer"].heard else said["peer"].delimiter)
        self.assertIn("(?<differs>Date: .*)", "".join(said["peer"].patterns))
        self.passes()
        self.seam("export", "r.json", "--to", "pcapng", "-o", "captures")
        self.seam("import", "pcap", "captures/r.pcapng", "-o", "back.json", "--to", f"127.0.0.1:{port}", "--mask", r"Date: .*")
        after, _ = read_scenario(self.folder / "back.json")
        self.assertEqual((after["peer"].chunks, after["peer"].ends, after["peer"].patterns), (said["peer"].chunks, said["peer"].ends, said["peer"].patterns))
        self.passes("back.json")


class Secrets(RecordTest):
    def test_secrets_are_nowhere(self):
        server = self.serve_apart("same")
        process, port = self.record(server, "--redact", r"(?<=AUTH )\S+", "--redact", r"key=[0-9a-f]{8,}", "--verify", "2")
        client = self.connect(port)
        for data in (b"AUTH hun", b"ter2\r\n", b"GET key=01234567ab", b"cdef\r\n", b"key=0", b"1zz\r\n", b"AUTH other\r\nAUTH hunter2\r\n", b"x"):
            self.say(client, data, data)
        journal = (self.folder / "r.json.part").read_bytes()
        client.close()
        _, err = self.finish(process)
        text = (self.folder / "r.json").read_bytes()
        for secret in (b"ter2", b"hun\"", b"other", b"0123", b"cdef"):
            self.assertNotIn(secret, journal)
            self.assertNotIn(secret, text)
        scenario = json.loads(text)
        self.assertEqual(scenario["vars"], {"secret1": "REDACTED", "secret2": "REDACTED", "secret3": "REDACTED"})
        sends = [step["data"] if "data" in step else step["line"] for step in scenario["steps"] if "send" in step]
        self.assertIn("${secret1}", str(sends))
        self.assertEqual([step for step in scenario["steps"] if "1zz" in step.get("line", "")][0], {"send": "peer", "line": "1zz"}) # looked like one for a while
        self.assertIn("--define secret1=...", err)
        done = self.seam("run", "r.json", "--define", "secret1=hunter2", "--define", "secret2=key=01234567abcdef", "--define", "secret3=other")
        self.assertIn(b"1 passed", done.stdout)
        (self.folder / "killed.part").write_bytes(journal)
        self.seam("import", "record", "killed.part", "-o", "killed.json")

    def test_a_pattern_that_is_none(self):
        done = self.seam("record", "--listen", "127.0.0.1:0", "--to", "127.0.0.1:1", "-o", "x.json", "--redact", "(", code=2)
        self.assertIn("--redact '(': missing closing parenthesis", done.stderr.decode())
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
