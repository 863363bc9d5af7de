#!/usr/bin/env python3
"""`seam import pcap`: connections of captures, whatever happened to their segments."""

import itertools
import os
import pathlib
import random
import re
import shutil
import subprocess
import unittest

import capture
from capture import ACK, ETHERNET, FIN, IPV4, IPV6, LOOP, NULL, RAW, RST, SLL, SLL2, SYN, Talk, timed
from dialogue import read_scenario
from fixture import CliTest, clean_environment

SEAM = os.environ["SEAM_REAL"]
BIN = pathlib.Path(SEAM).parent
FULL = bool(os.environ.get("SEAM_FULL"))


class PcapTest(CliTest):
    def seam(self, *args, code=0):
        done = subprocess.run([SEAM, *map(str, args)], cwd=self.folder, env=clean_environment(PATH=f"{BIN}:{os.environ['PATH']}"),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
        if code is not None:
            self.assertEqual(done.returncode, code, (args, done.stdout[-3000:], done.stderr[-3000:]))
        return done

    def read(self, content, *args, code=0):
        """({connection: Said}, what was noted) of a capture."""
        for old in self.folder.glob("c*"):
            old.unlink()
        (self.folder / "c.pcap").write_bytes(content)
        done = self.seam("import", "pcap", "c.pcap", "-o", "c.json", "--to", "127.0.0.1:1", *args, code=code)
        note = done.stderr.decode().replace("seam: note: ", "").strip()
        return (read_scenario(self.folder / "c.json")[0] if done.returncode == 0 else {}), note

    def read_talks(self, *datagrams, **how):
        return self.read(capture.pcap(timed(itertools.chain(*datagrams))), **how)

    def check_said(self, said, chunks, heard, ends):
        self.assertEqual((said.chunks, said.heard, said.ends), (chunks, heard, ends))


def simple():
    talk = Talk()
    talk.segment(0, b"hel")
    talk.segment(0, b"lo\n")
    talk.segment(1, b"HELLO\n")
    return talk


class Formats(PcapTest):
    def test_each_link_and_format(self):
        tried = 0
        for link, version, vlans in itertools.product((ETHERNET, NULL, RAW, LOOP, SLL, SLL2, IPV4, IPV6), (4, 6), (0, 1, 2)):
            if (vlans and link not in (ETHERNET, SLL, SLL2)) or (link, version) in ((IPV4, 6), (IPV6, 4)):
                continue
            talk = Talk(*(("10.0.0.1", "10.0.0.2") if version == 4 else ("fe80::1", "fe80::2")))
            talk.segment(0, b"hel")
            talk.segment(0, b"lo\n")
            talk.segment(1, b"HELLO\n")
            packets = timed(talk.end().packets, link, vlans)
            for content in (capture.pcap(packets, link), capture.pcap(packets, link, ">"), capture.pcap(packets, link, nanoseconds=True),
                            capture.pcapng(packets, link), capture.pcapng(packets, link, ">")):
                said, note = self.read(content)
                self.check_said(said["peer"], [b"hel", b"lo\n"], b"HELLO\n", ["write", "eof"])
                self.assertEqual(note, "", (link, version, vlans))
                tried += 1
        self.assertEqual(tried, 5 * (2 * 3 * 3 + 3 * 2 + 2))

    def test_padding_options_and_extension_headers(self):
        talk = Talk()
        talk.segment(0, b"x\n", options=b"\1" * 8)
        talk.packets[-1] += b"\0" * 6 # what Ethernet pads
        said, note = self.read_talks(talk.packets)
        self.check_said(said["peer"], [b"x\n"], b"", [])
        six = Talk("::1", "::2")
        six.segment(0, b"y\n", extensions=[(0, b"\1\4\0\0\0\0"), (60, b"\1\4\0\0\0\0")])
        said, note = self.read_talks(six.packets)
        self.check_said(said["peer"], [b"y\n"], b"", [])
        self.assertEqual(note, "")

    def test_other_packets_are_counted(self):
        udp = capture.ip("10.0.0.1", "10.0.0.2", b"\0" * 20, protocol=17)
        short = capture.ip("10.0.0.1", "10.0.0.2", b"\0" * 10)
        said, note = self.read_talks(simple().packets, [udp, udp, short])
        self.assertEqual(said["peer"].sent, b"hello\n")
        self.assertIn("2 packets are no TCP", note)
        self.assertIn("1 packet can't be read: its TCP header is not whole", note)

    def test_what_is_no_capture(self):
        for content, text in ((b"", "no capture that libpcap reads"), (b"GIF89a" * 10, "no capture that libpcap reads"),
                              (capture.pcap([]), "there is no TCP in its 0 packets"),
                              (capture.pcap(timed(simple().packets), 147), "its link type is")):
            _, note = self.read(content, code=4)
            self.assertIn(text, note)
        self.assertIn("regular file", self.seam("import", "pcap", "/dev/null", "--to", "127.0.0.1:1", code=4).stderr.decode())

    def test_each_truncated_file(self):
        for whole in (capture.pcap(timed(simple().packets)), capture.pcapng(timed(simple().packets))):
            for length in range(0, len(whole), 1 if FULL else 11):
                said, note = self.read(whole[:length], code=None)
                if not said:
                    self.assertRegex(note, r"^seam: c\.pcap can't be imported: (c\.pcap: it is no capture|packet \d+: |there is no TCP|none of its)")

    def test_each_damaged_byte(self):
        whole, pick = capture.pcap(timed(simple().packets)), random.Random(3)
        for _ in range(2000 if FULL else 60):
            damaged = bytearray(whole)
            for _ in range(pick.randrange(1, 4)):
                damaged[pick.randrange(len(damaged))] ^= 1 << pick.randrange(8)
            (self.folder / "d.pcap").write_bytes(damaged)
            done = self.seam("import", "pcap", "d.pcap", "--to", "127.0.0.1:1", code=None)
            self.assertIn(done.returncode, (0, 4), (bytes(damaged), done.stderr))


class Segments(PcapTest):
    def test_the_sequence_number_wraps(self):
        talk = Talk(isn=(0xfffffff0, 0xfffffffe))
        for word in (b"0123456789", b"abcdefghij", b"end\n"):
            talk.segment(0, word)
            talk.segment(1, word.upper())
        said, note = self.read_talks(talk.end().packets)
        self.check_said(said["peer"], [b"0123456789", b"abcdefghij", b"end\n"], b"0123456789ABCDEFGHIJEND\n", ["write", "eof"])
        self.assertEqual(note, "")

    def test_out_of_order_and_again(self):
        talk = Talk()
        one, two, three = (talk.segment(0, word, keep=False) for word in (b"one ", b"two ", b"three\n"))
        talk.packets += [three, one, one, three, two, two]
        said, note = self.read_talks(talk.end().packets)
        self.check_said(said["peer"], [b"one ", b"two ", b"three\n"], b"", ["write", "eof"])
        self.assertEqual(note, "3 segments came again; 2 segments came out of order")

    def test_an_overlap(self):
        for later, conflicts in ((b"cdef", False), (b"CDef", True)):
            talk = Talk()
            talk.segment(0, b"abcd")
            talk.segment(0, later, at=-2)
            talk.next[0] += 2
            talk.segment(0, b"\n")
            said, note = self.read_talks(talk.packets)
            self.check_said(said["peer"], [b"abcd", b"ef", b"\n"], b"", [])
            self.assertEqual("1 segment has other bytes" in note, conflicts, note)

    def test_a_hole(self):
        talk = Talk()
        talk.segment(0, b"first\n")
        talk.segment(1, b"FIRST\n")
        talk.segment(0, b"never captured\n", keep=False)
        talk.segment(0, b"behind\n")
        talk.segment(1, b"an answer to what nobody knows\n")
        said, note = self.read_talks(talk.end().packets)
        self.check_said(said["peer"], [b"first\n"], b"FIRST\n", [])
        self.assertEqual(said["peer"].rest, "ignore")
        self.assertIn("of connection 1 15 bytes that the client said are missing, from offset 6 on", note)

    def test_a_hole_that_is_filled(self):
        """What the server said while one segment was missing is not lost."""
        talk = Talk()
        late = talk.segment(0, b"late ", keep=False)
        talk.segment(0, b"early\n")
        talk.segment(1, b"greeting\n")
        talk.packets.append(late)
        talk.segment(1, b"answer\n")
        said, note = self.read_talks(talk.end().packets)
        self.check_said(said["peer"], [b"late ", b"early\n"], b"greeting\nanswer\n", ["write", "eof"])

    def test_snaplen(self):
        talk = Talk()
        talk.segment(0, b"whole\n")
        talk.segment(0, b"a longer line that was cut off\n")
        talk.segment(0, b"behind\n")
        said, note = self.read(capture.pcap(timed(talk.packets), snaplen=70))
        self.assertEqual(said["peer"].sent, b"whole\na longer line th")
        self.assertIn("1 segment was not captured whole (snaplen)", note)
        self.assertIn("15 bytes that the client said are missing", note)

    def test_no_begin(self):
        talk = Talk(begin=False)
        talk.segment(1, b"welcome\n")
        talk.segment(0, b"hi\n")
        said, note = self.read_talks(talk.packets)
        self.check_said(said["peer"], [b"hi\n"], b"welcome\n", [])
        self.assertEqual(note, "the begin of connection 1 was not captured, its client is taken to be 10.0.0.1:40000")
        answered = Talk()
        answered.segment(0, b"hi\n")
        said, note = self.read_talks(answered.packets[1:])
        self.check_said(said["peer"], [b"hi\n"], b"", [])
        self.assertEqual(note, "the begin of connection 1 was not captured")

    def test_ends(self):
        talk = simple()
        talk.segment(1, b"bye\n", flags=FIN | ACK)
        talk.segment(0, flags=FIN | ACK)
        said, _ = self.read_talks(talk.packets)
        self.check_said(said["peer"], [b"hel", b"lo\n"], b"HELLO\nbye\n", ["eof", "write"])
        half = simple()
        half.segment(0, flags=FIN | ACK)
        half.segment(1, b"more\n")
        half.segment(1, flags=FIN | ACK)
        said, _ = self.read_talks(half.packets)
        self.check_said(said["peer"], [b"hel", b"lo\n"], b"HELLO\nmore\n", ["write", "eof"])
        for side, ends in ((0, ["reset"]), (1, ["reset"])):
            talk = simple()
            talk.segment(side, flags=RST)
            talk.segment(1, b"late\n")
            said, note = self.read_talks(talk.packets)
            self.check_said(said["peer"], [b"hel", b"lo\n"], b"HELLO\n", ends)
            self.assertEqual(note, "1 segment came behind the end of its connection")

    def test_probes_and_keep_alives(self):
        talk = simple()
        talk.segment(0, b"", at=-1)
        talk.segment(0, b"\0", at=-1) # a keep-alive with a byte of garbage
        talk.segment(0, b"n") # a probe of a window of none
        talk.segment(0, b"next\n", at=-1)
        talk.next[0] += 4
        talk.segment(0, b"last\n")
        said, note = self.read_talks(talk.packets)
        self.assertEqual(said["peer"].sent, b"hello\nnext\nlast\n")
        self.assertEqual(note, "")

    def test_data_in_a_syn(self):
        talk = Talk(begin=False)
        talk.segment(0, b"fast\n", flags=SYN)
        talk.segment(1, flags=SYN | ACK)
        talk.segment(0, b"open\n")
        said, note = self.read_talks(talk.packets)
        self.check_said(said["peer"], [b"fast\n", b"open\n"], b"", [])

    def test_a_port_is_used_again(self):
        first, second = simple().end(), Talk(isn=(77, 88))
        second.segment(0, b"again\n")
        said, note = self.read_talks(first.packets, second.packets)
        self.assertEqual(sorted(said), ["peer1", "peer2"])
        self.check_said(said["peer2"], [b"again\n"], b"", [])
        first = simple()
        first.segment(1, flags=RST)
        second = Talk() # by chance with the same sequence numbers
        second.segment(0, b"again\n")
        said, _ = self.read_talks(first.packets, second.packets)
        self.check_said(said["peer2"], [b"again\n"], b"", [])
        repeated = Talk()
        repeated.packets.insert(1, repeated.packets[0]) # a SYN that was sent again is none
        repeated.segment(0, b"x\n")
        said, _ = self.read_talks(repeated.packets)
        self.check_said(said["peer"], [b"x\n"], b"", [])

    def test_fragments(self):
        for ends in (("10.0.0.1", "10.0.0.2"), ("::1", "::2")):
            talk = Talk(*ends)
            whole = capture.tcp(40000, 80, talk.next[0], ACK, b"0123456789" * 4 + b"\n")
            pieces = [capture.ip(*ends, whole[i:i + 16], 9, i, i + 16 < len(whole)) for i in range(0, len(whole), 16)]
            for order in (pieces, pieces[::-1], pieces + pieces[:1]):
                said, note = self.read_talks(talk.packets, order)
                self.check_said(said["peer"], [b"0123456789" * 4 + b"\n"], b"", [])
            said, note = self.read_talks(talk.packets, simple().end().packets, [pieces[0], *pieces[:-2], pieces[-1]]) # one twice, one never
            self.assertIn("1 IP datagram is not whole", note)
            said, note = self.read_talks(talk.packets, simple().end().packets, pieces[1:])
            self.assertIn("1 IP datagram is not whole", note)

    def test_shuffled(self):
        """However segments are cut, shuffled and repeated, the streams are the same."""
        pick = random.Random(5)
        for round_ in range(200 if FULL else 30):
            streams = [pick.randbytes(pick.randrange(1, 3000)) for _ in range(2)]
            talk = Talk(isn=(pick.randrange(1 << 32), pick.randrange(1 << 32)))
            segments = []
            for side, stream in enumerate(streams):
                at = 0
                while at < len(stream):
                    size = pick.choice((1, 2, 10, 100, 500))
                    for _ in range(pick.choice((1, 1, 1, 2))):
                        back = pick.randrange(min(at, 20) + 1) if pick.random() < 0.2 else 0
                        segments.append(talk.segment(side, stream[at - back:at + size], at=at - back, keep=False))
                    at += size
            pick.shuffle(segments)
            said, note = self.read_talks(talk.packets, segments)
            self.assertEqual((said["peer"].sent, said["peer"].heard), tuple(streams), round_)
            self.assertNotIn("other bytes", note)


class Choice(PcapTest):
    def several(self):
        talks = [Talk(client_port=40000 + i, server_port=80 + i) for i in range(3)]
        for number, talk in enumerate(talks):
            talk.segment(0, b"%d\n" % number)
        refused = Talk(client_port=50000, begin=False)
        refused.segment(0, flags=SYN)
        refused.segment(1, flags=RST | ACK)
        silent = Talk(client_port=50001, begin=False)
        silent.segment(0, flags=SYN)
        return capture.pcap(timed(refused.packets + silent.packets + [data for talk in talks for data in talk.packets]))

    def test_streams_and_ports(self):
        said, note = self.read(self.several())
        self.assertEqual([said[f"peer{i}"].sent for i in (1, 2, 3)], [b"0\n", b"1\n", b"2\n"])
        self.assertIn("1 connection was refused; 1 connection was not answered", note)
        said, _ = self.read(self.several(), "--stream", "4")
        self.assertEqual(said["peer"].sent, b"1\n")
        said, _ = self.read(self.several(), "--port", "82")
        self.assertEqual(said["peer"].sent, b"2\n")
        said, _ = self.read(self.several(), "--port", "40000")
        self.assertEqual(said["peer"].sent, b"0\n")
        _, note = self.read(self.several(), "--port", "9", code=4)
        self.assertIn("none of its connections is that one; there are 1: 10.0.0.1:50000 -> 10.0.0.2:80, 0 and 0 bytes; 2: ", note)
        self.assertIn("; 5: 10.0.0.1:40002 -> 10.0.0.2:82, 2 and 0 bytes", note)

    def test_either_side(self):
        (self.folder / "c.pcap").write_bytes(capture.pcap(timed(simple().end().packets)))
        self.seam("import", "pcap", "c.pcap", "-o", "s.json", "--play", "server", "--program", "chat-client --host 127.0.0.1 --port ${door.port}")
        said, steps = read_scenario(self.folder / "s.json")
        self.check_said(said["peer"], [b"HELLO\n"], b"hello\n", ["eof", "write"])
        self.assertEqual([list(step)[0] for step in steps[:3]], ["listen", "start", "accept"])
        self.seam("check", "s.json")

    def test_hostile_payload(self):
        talk, hostile = Talk(), [b'${bin}"},{"stop":"server"', b"\0\xff\n", b"\x1b[2J${", b"{x}\r\n", b"peer@1\n"]
        for data in hostile:
            talk.segment(0, data)
            talk.segment(1, data)
        said, _ = self.read_talks(talk.packets)
        self.assertEqual(said["peer"].chunks, hostile)
        self.assertEqual(said["peer"].heard, b"".join(hostile))


class Real(PcapTest):
    def test_a_chat_that_was_captured(self):
        tcpdump = shutil.which("tcpdump") or "/usr/sbin/tcpdump"
        if not os.access(tcpdump, os.X_OK):
            self.skipTest("tcpdump is not here")
        server = subprocess.Popen([BIN / "chat-server", "--port", "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, server)
        (self.folder / "say.json").write_text(
            '{"seam": 1, "name": "chat", "vars": {"port": "1"}, "steps": [{"connect": "alice", "to": "127.0.0.1:${port}"},'
            '{"send": "alice", "split": ["caf", {"hex": "c3"}, {"hex": "a9"}, "\\n"]}, {"close": "alice", "how": "write"},'
            '{"expect": "alice", "eof": true}]}')
        port = int(re.search(r":(\d+)\s*$", server.stderr.readline().decode())[1])
        dump = subprocess.Popen([tcpdump, "-i", "lo", "-U", "--immediate-mode", "-w", self.folder / "real.pcap", f"tcp port {port}"],
                                stderr=subprocess.PIPE, cwd=self.folder)
        self.addCleanup(self.end, dump)
        first = dump.stderr.readline().decode()
        while first and "listening on" not in first:
            if "permission" in first.lower() or "Operation not permitted" in first:
                self.skipTest(f"no right to capture: {first.strip()}")
            first = dump.stderr.readline().decode()
        self.assertTrue(first, "tcpdump ended")
        self.seam("run", "say.json", "--define", f"port={port}")
        self.wait_for(lambda: self.fins() >= 2, "the capture is whole")
        dump.send_signal(2)
        dump.communicate(timeout=60)
        self.seam("import", "pcap", "real.pcap", "-o", "real.json", "--program", "chat-server --port 0")
        said, _ = read_scenario(self.folder / "real.json")
        self.check_said(said["peer"], [b"caf", b"\xc3", b"\xa9", b"\n"], b"", ["write", "eof"])
        self.assertIn(b"1 passed", self.seam("run", "real.json").stdout)
        if shutil.which("tshark"):
            followed = subprocess.run(["tshark", "-r", "real.pcap", "-q", "-z", "follow,tcp,raw,0"], cwd=self.folder, capture_output=True,
                                      timeout=120, check=True, env=dict(os.environ, HOME=str(self.folder)))
            self.assertIn(b"\n636166\nc3\na9\n0a\n", followed.stdout)

    def fins(self):
        done = self.seam("import", "pcap", "real.pcap", "--to", "127.0.0.1:1", code=None)
        return done.stdout.count(b'"eof"') + done.stdout.count(b'"how": "write"')


if __name__ == "__main__":
    unittest.main()
