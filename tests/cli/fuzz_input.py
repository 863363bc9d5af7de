"""Inputs of fuzz targets, encoded and decoded as fuzz/include/seam/fuzz.h says, and made at random.

Written from that description alone: what `seam import` and `seam export` do by the layer's own code is held against it.
"""

EVERY, MANY, TWO, FOUR = 0xf0, 0xf1, 0xfe, 0xff


def decode(data):
    """(stream, cuts)."""
    at, cuts, cut = 0, [], 0

    def number(count):
        nonlocal at
        if len(data) - at < count:
            at = len(data)
            return None
        at += count
        return int.from_bytes(data[at - count:at], "little")

    first = number(1)
    if first == EVERY:
        size = number(1) or 1 if at < len(data) else 0
        stream = data[at:]
        return stream, list(range(size, len(stream), size)) if size else []
    left = (number(3) if first == MANY else first & 7 if first is not None else 0) or 0
    while left > 0:
        distance = number(1)
        if distance in (TWO, FOUR):
            distance = number(2 if distance == TWO else 4)
        if distance is None:
            break
        cut += distance
        cuts.append(cut)
        left -= 1
    return data[at:], [cut for cut in cuts if cut <= len(data) - at]


def encode(stream, cuts):
    """The shortest form."""
    size = cuts[0] if len(cuts) > 1 else 0
    if 0 < size <= 255 and cuts == list(range(size, len(stream), size)):
        return bytes([EVERY, size]) + stream
    out = bytearray([len(cuts)] if len(cuts) <= 7 else [MANY, *len(cuts).to_bytes(3, "little")])
    before = 0
    for cut in cuts:
        distance, before = cut - before, cut
        if distance < TWO:
            out.append(distance)
        elif distance < 1 << 16:
            out += bytes([TWO]) + distance.to_bytes(2, "little")
        else:
            out += bytes([FOUR]) + distance.to_bytes(4, "little")
    return bytes(out) + stream


WORDS = [b"\n", b"\r\n", b"\r", b"hello", b"${here}", b"${$}{", b"${env.HOME}", b"$", b"{", b"}", b"\0", b"\xff", b"\xc3", b"\xa9",
         "caf\u00e9".encode(), "\U0001f600".encode(), b"\\", b'"', b"\\x00", b"a" * 70, b"\0" * 64, b"x" * 300, b"\x1b[2J", b"\t", b" ",
         "\u202e".encode(), b"\xed\xa0\x80", b"QUIT", b"one\n", b"two\nthree\n"]


def make_stream(random):
    kind = random.randrange(5)
    if kind == 0:
        return random.randbytes(random.randrange(40))
    if kind == 1: # lines
        return b"".join(random.choice([b"one", b"two words", b"", b"3\r", b"${x}"]) + b"\n" for _ in range(random.randrange(6)))
    if kind == 2: # one byte, often
        return random.choice([b"a", b"\0", b"\n", b"\xff"]) * random.choice([1, 2, 63, 64, 65, 1000, 70000])
    return b"".join(random.choice(WORDS) for _ in range(random.randrange(9)))


def make_cuts(random, length):
    kind = random.randrange(6)
    if kind == 0 or length == 0:
        return sorted(random.randrange(length + 1) for _ in range(random.randrange(4)))
    if kind == 1: # chunks of one size
        size = random.choice([1, 2, 3, 7, 255, 256])
        return list(range(size, length, size))
    if kind == 2: # chunks of one size, but for one
        cuts = list(range(2, length, 2))
        return cuts[:-1] if random.randrange(2) else [1, *cuts]
    if kind == 3: # no chunk without bytes
        return sorted(random.sample(range(1, length), min(random.randrange(12), length - 1)))
    if kind == 4: # many, and at the ends
        return sorted([0] * random.randrange(2) + [length] * random.randrange(2) +
                      [random.randrange(length + 1) for _ in range(random.randrange(20))])
    return []


def make_input(random):
    """Canonical three times of four; else whatever bytes."""
    if random.randrange(4) == 0:
        header = random.choice([b"", bytes([EVERY]), bytes([MANY]), bytes([MANY, 3, 0]), bytes([MANY, 3, 0, 0]), bytes([FOUR]), b"\x0a"])
        return header + random.randbytes(random.randrange(24))
    stream = make_stream(random)
    return encode(stream, make_cuts(random, len(stream)))


def chunk_ends(length, cuts):
    """Of the chunks that have bytes."""
    return sorted({*cuts, length} - {0})
