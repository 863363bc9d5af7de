"""Makes and keeps the seed corpora of the fuzz targets (corpus/TARGET/).

    seeds.py scenarios OUT                 writes OUT/TARGET/NAME from the scenarios of this tree
    seeds.py keep PROGRAM CORPUS FOLDER... adds to CORPUS what of the folders' files reaches edges that it does not

What a scenario sends on a connection is a stream; where it splits, and where one send ends, are its cuts. What only a
run knows, and what is included or repeated, is left out.

PROGRAM is a target built for libFuzzer, which decides: -merge=1, by edges alone, for counts of them would keep
hundreds. Files that are kept have the name of the seed, or found-HASH. corpus/ was made so: seeds by hand, one for each
thing that a target is about; `scenarios`; three minutes of fuzzing from those; `keep` of both.
"""
import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED_BYTES_MAX = 1500
FEW, TWO_BYTES = 7, 0xFE

# Parsers of a target, by the number of their variant: see the ends of fuzz/targets/NAME.c.
LINES_LF, LINES_CR_TOLERANT, LINES_CRLF = (0, 1), (3, 4), (5, 6)
CHAT_SERVER, CHAT_CLIENT = (0, 2, 4), (1, 3, 5)
KEYBOARD_SWITCH = b"\xfe"


class Unknown(Exception):
    """Only a run knows these bytes."""


# --- data of scenarios ---------------------------------------------------------------------------------------------


def bytes_of(data, ends):
    """The bytes of data; ends: the delimiter."""
    if isinstance(data, list):
        return b"".join(bytes_of(item, ends) for item in data)
    if isinstance(data, str):
        if re.search(r"\$\{(?!\$\})", data):
            raise Unknown
        return data.replace("${$}", "$").encode()
    times = data.get("times", 1)
    if not isinstance(times, int) or "file" in data:
        raise Unknown
    return once(data, ends) * times


def once(data, ends):
    if "hex" in data:
        return bytes.fromhex(data["hex"])
    if "base64" in data:
        return base64.b64decode(data["base64"])
    if "bytes" in data:
        return literal(data["bytes"])
    if "line" in data:
        return bytes_of(data["line"], ends) + ends
    if "lines" in data:
        return b"".join(bytes_of(item, ends) + ends for item in data["lines"])
    return bytes_of(data["text"], ends)


def literal(text):
    """What a Python bytes literal means."""
    return text.encode("ascii").decode("unicode_escape").encode("latin-1")


def writes_of(step, ends):
    """What a send or type step writes, write by write."""
    split = step.get("split")
    if isinstance(split, list):
        return [bytes_of(item, ends) for item in split]
    whole = b"".join(bytes_of({key: step[key]} if key != "data" else step[key], ends)
                     for key in ("line", "lines", "data") if key in step)
    if isinstance(split, int):
        return [whole[at:at + split] for at in range(0, len(whole), split)]
    if split is not None:
        raise Unknown
    return [whole]


# --- inputs -------------------------------------------------------------------------------------------------------


def encode(writes):
    """The stream of these writes, cut where they end (seam/fuzz.h has the encoding)."""
    sizes = [len(write) for write in writes][:-1]
    sizes = [size for size in sizes if size][:0xFFFFFF]
    head = bytes([len(sizes)]) if len(sizes) <= FEW else b"\xf1" + len(sizes).to_bytes(3, "little")
    for size in sizes:
        head += bytes([size]) if size < TWO_BYTES else b"\xfe" + size.to_bytes(2, "little")
    return head + b"".join(writes)


def streams_of(scenario):
    """(connection, is it the other side of a client, delimiter, writes) of each connection."""
    top = bytes_of(scenario.get("delimiter", "\n"), b"\n")
    connections = {}
    for step in scenario.get("steps", []):
        for verb in ("connect", "accept"):
            if verb in step:
                ends = bytes_of(step["delimiter"], b"\n") if "delimiter" in step else top
                connections[step[verb]] = (verb == "accept", ends, [])
        if "send" in step and step["send"] in connections:
            accepted, ends, writes = connections[step["send"]]
            writes += writes_of(step, ends)
    return [(name, *rest) for name, rest in connections.items() if any(rest[2])]


def typed_of(scenario):
    """What two chat programs are typed, as an input of chat_pair."""
    writes, at = [], "server"
    for step in scenario.get("steps", []):
        if "type" in step and step["type"] in ("server", "client"):
            if step["type"] != at:
                writes.append(KEYBOARD_SWITCH)
                at = step["type"]
            writes += writes_of(step, b"\n")
    return writes


def stem_of(path):
    return path.relative_to(ROOT / "scenarios").as_posix().removesuffix(".json").replace("/", "-").replace(".", "-")


def seeds_of(path, scenario):
    """(target, name, input) of a scenario."""
    stem = stem_of(path)
    chat = path.parent.name == "chat"
    for connection, accepted, ends, writes in streams_of(scenario):
        name, stream = f"{stem}-{connection}", encode(writes)
        for variant in LINES_CRLF + LINES_CR_TOLERANT if ends == b"\r\n" else LINES_LF:
            yield "line_reader", f"{name}-{variant}", bytes([variant]) + stream
        yield "utf8", name, stream
        yield "encoding", name, stream
        for variant in (CHAT_CLIENT if accepted else CHAT_SERVER) if chat else ():
            yield "chat_turns", f"{name}-{variant}", bytes([variant]) + stream
    typed = typed_of(scenario) if {"server", "client"} <= set(scenario.get("programs", {})) else []
    for variant in (0, 1) if typed else ():
        yield "chat_pair", f"{stem}-{variant}", bytes([variant]) + encode(typed)
    if "cut" in scenario:
        yield "segmentation", stem, scenario["cut"].encode()


def codecs_of(text):
    """(name, input) for each value of hex, base64 or bytes in the text of a scenario."""
    for mode, form in enumerate(("hex", "base64", "bytes")):
        for value in re.findall(rf'"{form}": ("(?:[^"\\]|\\.)*")', text):
            value = json.loads(value)
            yield f"{form}-{hashlib.sha1(value.encode()).hexdigest()[:6]}", bytes([mode]) + value.encode()


def scenarios(out):
    count = 0
    for path in sorted(ROOT.glob("scenarios/**/*.json")):
        text = path.read_text(encoding="utf-8")
        scenario = json.loads(text)
        name = stem_of(path)  # without .json: house rules are for scenarios that are run
        made = [("scenario", name, text.encode()), ("json_place", name, text.encode())]
        made += [("codecs", *codec) for codec in codecs_of(text)]
        try:
            made += seeds_of(path, scenario)
        except Unknown:
            pass
        for target, seed, data in made:
            if len(data) <= SEED_BYTES_MAX:
                folder = pathlib.Path(out, target)
                folder.mkdir(parents=True, exist_ok=True)
                (folder / seed).write_bytes(data)
                count += 1
    print(f"{count} seeds in {out}")


# --- keeping ------------------------------------------------------------------------------------------------------


def keep(program, corpus, folders):
    corpus = pathlib.Path(corpus)
    names = {}
    for folder in reversed(folders):  # the first that has a content names it
        for path in sorted(pathlib.Path(folder).iterdir()):
            if path.is_file():
                names[hashlib.sha1(path.read_bytes()).hexdigest()] = path.name
    with tempfile.TemporaryDirectory(prefix="seam-seeds-") as scratch:
        merged = shutil.copytree(corpus, pathlib.Path(scratch, "merged"))
        before = set(merged.iterdir())
        subprocess.run([program, "-merge=1", "-use_counters=0", "-use_cmp=0", merged, *folders], check=True,
                       cwd=scratch, env=dict(os.environ, TMPDIR=scratch), stderr=subprocess.DEVNULL)
        added = sorted(set(merged.iterdir()) - before)
        for path in added:
            name = names[path.name]
            name = f"found-{name[:8]}" if re.fullmatch(r"[0-9a-f]{40}", name) else name
            shutil.copy(path, corpus / name)
    files = [path.stat().st_size for path in corpus.iterdir()]
    print(f"{corpus.name}: {len(added)} added; {len(files)} files, {sum(files)} bytes")


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "scenarios":
        scenarios(sys.argv[2])
    elif len(sys.argv) >= 5 and sys.argv[1] == "keep":
        keep(*(pathlib.Path(argument).resolve() for argument in sys.argv[2:4]),
             [pathlib.Path(folder).resolve() for folder in sys.argv[4:]])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
