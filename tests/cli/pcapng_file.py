"""A reader of pcapng files that trusts nothing: every length, every padding, every checksum, every sequence number is checked."""

import struct
import unicodedata

SECTION, INTERFACE, PACKET = 0x0A0D0D0A, 1, 6
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Packet:
    def __init__(self, **keys):
        self.__dict__.update(keys)

    @property
    def kind(self):
        return "".join(letter for bit, letter in ((SYN, "S"), (FIN, "F"), (RST, "R"), (PSH, "P"), (ACK, "A")) if self.flags & bit)


def need(fact, *what):
    if not fact:
        raise AssertionError(what)


def read_options(data):
    options, at = [], 0
    while at < len(data):
        code, length = struct.unpack_from("<HH", data, at)
        end = at + 4 + length
        need(end <= len(data), "an option is longer than its block", code, length)
        padded = end + -end % 4
        need(data[end:padded] == bytes(padded - end), "padding of an option", data[end:padded])
        options.append((code, data[at + 4:end]))
        at = padded
        if code == 0:
            need(length == 0 and at == len(data), "the end of options is not the end", length, at, len(data))
    need(options and options[-1][0] == 0, "options do not end")
    return options[:-1]


def texts(options, code):
    found = [value.decode("utf-8") for number, value in options if number == code]
    for text in found:
        need(text and not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text), "not visible", text)
    return found


def ones_sum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def read_packet(data, **keys):
    need(data[0] == 0x45 and data[9] == 6, "IPv4 without options, TCP", data[:20])
    need(struct.unpack_from(">H", data, 2)[0] == len(data), "length of the IP packet")
    need(ones_sum(data[:20]) == 0xFFFF, "checksum of IP")
    tcp = data[20:]
    need(ones_sum(data[12:20] + struct.pack(">HH", 6, len(tcp)) + tcp) == 0xFFFF, "checksum of TCP")
    source_port, target_port, seq, ack, offset, flags, window = struct.unpack_from(">HHLLBBH", tcp)
    head = offset >> 4 << 2
    need(window == 65535 and head == (24 if flags & SYN else 20), "window, options", window, head)
    return Packet(source=(data[12:16], source_port), target=(data[16:20], target_port), seq=seq, ack=ack, flags=flags, data=tcp[head:], **keys)


class Capture:
    """application, comments (of the section), interfaces [(name, description)], packets."""

    def __init__(self, data):
        self.interfaces, self.packets, at, first = [], [], 0, True
        while at < len(data):
            kind, total = struct.unpack_from("<LL", data, at)
            need(total >= 12 and total % 4 == 0 and at + total <= len(data), "length of a block", kind, total)
            need(struct.unpack_from("<L", data, at + total - 4)[0] == total, "both lengths of a block are the same", kind, total)
            self.block(kind, data[at + 8:at + total - 4], first)
            first = False
            at += total

    def block(self, kind, body, first):
        need((kind == SECTION) == first, "one section, in front", kind)
        if kind == SECTION:
            need(struct.unpack_from("<LHHq", body) == (0x1A2B3C4D, 1, 0, -1), "section header")
            options = read_options(body[16:])
            self.comments, (self.application,) = texts(options, 1), texts(options, 4)
        elif kind == INTERFACE:
            need(not self.packets, "interfaces stand before packets")
            need(struct.unpack_from("<HHL", body) == (228, 0, 65535), "interface", body[:8])
            options = read_options(body[8:])
            need((9, b"\x09") in options, "nanoseconds")
            self.interfaces.append((*texts(options, 2), *texts(options, 3)))
        else:
            need(kind == PACKET, "an unknown block", kind)
            interface, high, low, caught, length = struct.unpack_from("<LLLLL", body)
            need(caught == length and interface < len(self.interfaces), "a packet's lengths and interface", caught, length, interface)
            padded = 20 + caught + -caught % 4
            need(body[20 + caught:padded] == bytes(padded - 20 - caught), "padding of a packet")
            options = read_options(body[padded:])
            (flags,) = [struct.unpack("<L", value)[0] for code, value in options if code == 2]
            need(flags in (1, 2), "direction", flags)
            self.packets.append(read_packet(body[20:20 + caught], connection=self.interfaces[interface][0], from_seam=flags == 2,
                                            time_ns=high << 32 | low, comments=texts(options, 1)))

    def of(self, connection):
        return [one for one in self.packets if one.connection == connection]

    def data(self, connection, from_seam):
        """[payload of each packet that has some]"""
        return [one.data for one in self.of(connection) if one.from_seam == from_seam and one.data]

    def check(self):
        """Times never go back; each connection is TCP as it should be, and answers for every byte and FIN before the other side's next."""
        need([one.time_ns for one in self.packets] == sorted(one.time_ns for one in self.packets), "times")
        pairs = {}
        for name, _ in self.interfaces:
            packets = self.of(name)
            if packets:
                self.check_connection(packets)
                pair = frozenset((packets[0].source, packets[0].target))
                need(len(pair) == 2 and pair not in pairs, "two connections with the same ends", name, pairs.get(pair))
                pairs[pair] = name

    @staticmethod
    def check_connection(packets):
        syn = packets[0]
        need(syn.flags == SYN and syn.seq == 0 and syn.ack == 0, "begins with SYN", syn.kind)
        ends = {syn.source: 0, syn.target: 0}
        owed, reset, client_is_seam = {syn.source: 0, syn.target: 0}, False, syn.from_seam
        for number, one in enumerate(packets):
            need(not reset, "behind a reset")
            need(one.source in ends and one.target in ends and (one.source == syn.source) == (one.from_seam == client_is_seam), "ends")
            need(one.seq == ends[one.source], "sequence number", number, one.seq, ends)
            need(one.flags == SYN or (one.flags & ACK and one.ack == ends[one.target]), "acknowledges all", number, one.kind, one.ack, ends)
            need((number < 2) == bool(one.flags & SYN) or one.flags & RST, "handshake", number, one.kind)
            need(one.flags != ACK or one.data or ends[one.target] > owed[one.source] or number == 2, "an ACK for nothing", number)
            owed[one.source] = ends[one.target]
            ends[one.source] += len(one.data) + bool(one.flags & (SYN | FIN))
            reset = bool(one.flags & RST)
