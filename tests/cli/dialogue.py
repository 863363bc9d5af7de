"""What a scenario that was imported or recorded says, for tests: its data evaluated, by connection."""

import ast
import json
import pathlib
import re


def data_of(value, folder):
    """The bytes of data of the format; nothing in it may be a variable but ${$}."""
    if isinstance(value, str):
        parts = value.split("${$}{") # which is how "${" is written
        assert not any("${" in part for part in parts), value
        return "${".join(parts).encode()
    if isinstance(value, list):
        return b"".join(data_of(item, folder) for item in value)
    (key,) = set(value) - {"times"}
    one = value[key]
    if key == "bytes":
        one = ast.literal_eval('b"' + one.replace('"', '\\"') + '"')
    elif key == "text":
        one = data_of(one, folder)
    elif key == "file":
        assert re.fullmatch(r"[^/]+\.bin", one), one
        one = (folder / one).read_bytes()
    else:
        raise AssertionError(key)
    return one * value.get("times", 1)


class Said:
    """One connection of a scenario: what is sent, in chunks, what is expected, and how it ends."""

    def __init__(self, opening):
        self.delimiter = opening.get("delimiter", "\n").encode()
        self.rest = opening.get("rest")
        self.chunks, self.heard, self.ends, self.patterns = [], b"", [], []

    @property
    def sent(self):
        return b"".join(self.chunks)


def read_scenario(path):
    """({connection: Said}, steps). Steps of another kind than those of a recording are an error."""
    path = pathlib.Path(path)
    scenario = json.loads(path.read_text())
    cuts = {item.split("@")[0]: [int(cut) for cut in item.split("@")[1].split(",")]
            for item in scenario.get("cut", "").split(";") if item}
    said = {}
    for step in scenario["steps"]:
        (verb,) = set(step) & {"connect", "accept", "listen", "start", "send", "expect", "close", "type"}
        name = step[verb]
        if verb in ("connect", "accept"):
            said[name] = Said(step)
        elif verb == "send":
            said[name].chunks += chunks_of(step, said[name], path.parent, cuts.get(name))
        elif verb == "expect" and name in said:
            hear(step, said[name], path.parent)
        elif verb == "close":
            said[name].ends.append(step["how"])
    return said, scenario["steps"]


def content_of(step, said, folder):
    if "line" in step:
        return data_of(step["line"], folder) + said.delimiter
    if "lines" in step:
        return b"".join(data_of(line, folder) + said.delimiter for line in step["lines"])
    return data_of(step["data"], folder) if "data" in step else b""


def chunks_of(step, said, folder, cuts):
    if isinstance(step.get("split"), list):
        return [data_of(part, folder) for part in step["split"]]
    content, at = content_of(step, said, folder), len(said.sent)
    if cuts is not None:
        inside = [cut - at for cut in cuts if at < cut < at + len(content)]
        return [content[a:b] for a, b in zip([0, *inside], [*inside, len(content)])]
    size = step.get("split", len(content))
    return [content[i:i + size] for i in range(0, len(content), size)]


def hear(step, said, folder):
    if "matches" in step:
        said.patterns.append(step["matches"])
    said.heard += content_of(step, said, folder)
    said.ends += [key for key in ("eof", "reset") if key in step]
