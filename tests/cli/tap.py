"""A strict parser of TAP 14 as Seam may write it, made from the specification and not from Seam's source.

Everything is an error that the specification does not demand or allow: a plan that is not first, numbers out of order, an
unescaped `#` that is no directive, a line outside of a YAML block that is no test point, a control character.
"""

import re


class TapError(Exception):
    pass


def unescape(text):
    out, at = [], 0
    while at < len(text):
        if text[at] == "\\":
            if at + 1 == len(text) or text[at + 1] not in "\\#":
                raise TapError(f"a stray backslash in {text!r}")
            at += 1
        elif text[at] == "#":
            raise TapError(f"a stray # in {text!r}")
        out.append(text[at])
        at += 1
    return "".join(out)


def split_directive(text):
    """(description, directive, reason); the directive begins at the first # that is not escaped."""
    at = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == "#":
            match = re.fullmatch(r"# (SKIP|TODO) (.*)", text[at:])
            if not match or text[at - 1] != " ":
                raise TapError(f"no directive: {text[at:]!r}")
            return unescape(text[:at - 1]), match.group(1), unescape(match.group(2))
        at += 1
    return unescape(text), None, None


def scalar(text):
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text) if "." in text else int(text)
    if not re.fullmatch(r'"(?:[^"\\]|\\["\\])*"', text):
        raise TapError(f"no scalar: {text!r}")
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def parse_block(lines):
    """The lines between --- and ..., without their indent."""
    block, key = {}, None
    for line in lines:
        item = re.fullmatch(r"  - (.*)", line)
        pair = re.fullmatch(r"([a-z_]+):(?: (.*))?", line)
        if item and key and isinstance(block[key], list):
            block[key].append(scalar(item.group(1)))
        elif pair and pair.group(1) not in block:
            key = pair.group(1)
            block[key] = [] if pair.group(2) is None else scalar(pair.group(2))
        else:
            raise TapError(f"no YAML: {line!r}")
    return block


class Tap:
    """plan, points ({number, ok, description, directive, reason, block}), bail_out (text or None)."""

    def __init__(self, data):
        text = data.decode("utf-8")
        if re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text):
            raise TapError("a control character")
        if not text.endswith("\n"):
            raise TapError("no newline at the end")
        lines = text.split("\n")[:-1]
        if lines[0] != "TAP version 14":
            raise TapError(f"no version: {lines[0]!r}")
        plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
        if not plan:
            raise TapError(f"no plan: {lines[1]!r}")
        self.plan, self.points, self.bail_out = int(plan.group(1)), [], None
        at = 2
        while at < len(lines):
            at = self.take(lines, at)
        if self.bail_out is None and len(self.points) != self.plan:
            raise TapError(f"{len(self.points)} points of {self.plan}")

    def take(self, lines, at):
        if self.bail_out is not None:
            raise TapError(f"after the end: {lines[at]!r}")
        bail = re.fullmatch(r"Bail out!(?: (.*))?", lines[at])
        if bail:
            self.bail_out = bail.group(1) or ""
            return at + 1
        match = re.fullmatch(r"(not )?ok (\d+) - (.*)", lines[at])
        if not match:
            raise TapError(f"no test point: {lines[at]!r}")
        description, directive, reason = split_directive(match.group(3))
        point = {"number": int(match.group(2)), "ok": not match.group(1), "description": description,
                 "directive": directive, "reason": reason, "block": {}}
        last = self.points[-1]["number"] if self.points else 0
        if not last < point["number"] <= self.plan:
            raise TapError(f"number {point['number']} after {last}")
        self.points.append(point)
        at += 1
        if at < len(lines) and lines[at] == "  ---":
            end = lines.index("  ...", at)
            if any(not line.startswith("  ") for line in lines[at:end]):
                raise TapError("a line of a block without its indent")
            point["block"] = parse_block([line[2:] for line in lines[at + 1:end]])
            at = end + 1
        return at

    def failures(self):
        return [point for point in self.points if not point["ok"] and point["directive"] != "TODO"]
