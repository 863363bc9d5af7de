"""Captures made packet by packet, and written as pcap or pcapng, for tests."""

import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETHERNET, NULL, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = 1, 0, 101, 108, 113, 228, 229, 276


def tcp(source_port, target_port, sequence, flags, payload=b"", ack=0, options=b""):
    head = struct.pack(">HHIIBBHHH", source_port, target_port, sequence & 0xffffffff, ack & 0xffffffff, (20 + len(options)) // 4 << 4,
                       flags, 0xffff, 0, 0) # a sum that is wrong, as those of loopback are
    return head + options + payload


def ip(source, target, payload, number=0, offset=0, more=False, protocol=6, extensions=(), options=b""):
    source, target = ipaddress.ip_address(source), ipaddress.ip_address(target)
    if source.version == 4:
        return struct.pack(">BBHHHBBH4s4s", 0x40 | (20 + len(options)) // 4, 0, 20 + len(options) + len(payload), number,
                           (0x2000 if more else 0) | offset // 8, 64, protocol, 0, source.packed, target.packed) + options + payload
    headers = list(extensions)
    if more or offset:
        headers.append((44, struct.pack(">HI", offset | more, number)))
    body, following = payload, protocol
    for kind, content in reversed(headers):
        body, following = bytes([following, 0 if kind == 44 else (len(content) + 2) // 8 - 1]) + content + body, kind
    return struct.pack(">IHBB16s16s", 0x60000000, len(body), following, 64, source.packed, target.packed) + body


def framed(link, datagram, vlans=0):
    six = datagram[0] >> 4 == 6
    kind = 0x86dd if six else 0x0800
    tags = b"".join(struct.pack(">HH", 7 + i, 0x8100 if i + 1 < vlans else kind) for i in range(vlans))
    first = 0x88a8 if vlans > 1 else 0x8100 if vlans else kind
    if link == ETHERNET:
        return b"\2\0\0\0\0\1\2\0\0\0\0\2" + struct.pack(">H", first) + tags + datagram
    if link == SLL:
        return struct.pack(">HHH8sH", 0, 772, 6, b"", first) + tags + datagram
    if link == SLL2:
        return struct.pack(">HHIHBB8s", first, 0, 1, 772, 0, 6, b"") + tags + datagram
    if link == NULL:
        return struct.pack("<I", 30 if six else 2) + datagram
    if link == LOOP:
        return struct.pack(">I", 30 if six else 2) + datagram
    return datagram


def pcap(packets, link=ETHERNET, order="<", nanoseconds=False, snaplen=262144):
    """packets: (seconds, bytes)."""
    out = struct.pack(order + "IHHiIII", 0xa1b23c4d if nanoseconds else 0xa1b2c3d4, 2, 4, 0, 0, snaplen, link)
    for seconds, data in packets:
        part = round(seconds % 1 * (10 ** 9 if nanoseconds else 10 ** 6))
        out += struct.pack(order + "IIII", int(seconds), part, min(len(data), snaplen), len(data)) + data[:snaplen]
    return out


def pcapng(packets, link=ETHERNET, order="<", snaplen=262144):
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)
    out = block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1)) + block(1, struct.pack(order + "HHI", link, 0, snaplen))
    for seconds, data in packets:
        micros = int(seconds * 10 ** 6)
        kept = data[:snaplen]
        out += block(6, struct.pack(order + "IIIII", 0, micros >> 32, micros & 0xffffffff, len(kept), len(data)) + kept)
    return out


class Talk:
    """One connection: each call makes the next segment of a side, and keeps it in packets as (time, link-less datagram)."""

    def __init__(self, client="10.0.0.1", server="10.0.0.2", client_port=40000, server_port=80, isn=(1000, 5000), begin=True):
        self.ends = ((client, client_port), (server, server_port))
        self.next = list(isn)
        self.packets = []
        if begin:
            self.segment(0, flags=SYN)
            self.segment(1, flags=SYN | ACK)
            self.segment(0)

    def segment(self, side, payload=b"", flags=ACK, at=None, keep=True, **how):
        """at: offset to the side's next byte, which then does not move."""
        (source, source_port), (target, target_port) = self.ends[side], self.ends[1 - side]
        sequence = self.next[side] + (at or 0)
        data = ip(source, target, tcp(source_port, target_port, sequence, flags, payload, self.next[1 - side]), **how)
        if at is None:
            self.next[side] += len(payload) + bool(flags & (SYN | FIN))
        if keep:
            self.packets.append(data)
        return data

    def end(self):
        self.segment(0, flags=FIN | ACK)
        self.segment(1, flags=FIN | ACK)
        self.segment(0)
        return self


def timed(datagrams, link=ETHERNET, vlans=0, step=0.001):
    return [(1000 + i * step, framed(link, data, vlans)) for i, data in enumerate(datagrams)]
