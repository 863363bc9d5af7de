#!/usr/bin/env python3
"""Is the table of verbs in docs/scenario-format.md what `seam steps` says? SEAM is the program.

With --update it is written there. Exits 77 when SEAM does not say which program to ask.
"""

import difflib
import json
import os
import pathlib
import re
import subprocess
import sys

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/scenario-format.md"
PART = re.compile(r"(<!-- what `seam steps` says, begin;[^\n]*-->\n)(.*?)(<!-- what `seam steps` says, end -->\n)", re.DOTALL)


def cell(text):
    return text.replace("|", "\\|")


def takes(argument):
    words = " ".join([argument["takes"], ", ".join(f'"{word}"' for word in argument.get("choices", []))]).strip()
    return words + (f" of {argument['minimum']} to {argument['maximum']}" if "minimum" in argument else "")


def rows(verb):
    """One row per argument; the first is the verb itself, and says what it does and when it is done."""
    first, *others = verb["arguments"]
    yield f"**`{first['name']}`**", takes(first), f"{verb['doc']} {first['doc']} Done when {verb['done']}.", first["example"]
    for argument in others:
        name = f"`{argument['name']}`" + (" (required)" if argument["required"] else "")
        yield name, takes(argument), argument["doc"], argument["example"]


def table(verbs):
    lines = ["| verb, key | takes | meaning | example |", "|---|---|---|---|"]
    for verb in verbs:
        for name, what, meaning, example in rows(verb):
            lines.append(f"| {name} | {cell(what)} | {cell(meaning)} | `{cell(example)}` |")
    return "\n" + "\n".join(lines) + "\n\n"


def main():
    seam = os.environ.get("SEAM")
    if not seam:
        print("SEAM is not set: which program should be asked?")
        sys.exit(77)
    printed = subprocess.run([seam, "steps", "--json"], check=True, stdout=subprocess.PIPE, timeout=60).stdout
    wanted = table(json.loads(printed))
    text = DOCUMENT.read_text(encoding="utf-8")
    parts = PART.findall(text)
    if len(parts) != 1:
        sys.exit(f"{DOCUMENT}: the table of verbs stands between one pair of markers, not {len(parts)}")
    if sys.argv[1:] == ["--update"]:
        DOCUMENT.write_text(PART.sub(lambda match: match[1] + wanted + match[3], text), encoding="utf-8")
    elif parts[0][1] != wanted:
        print("".join(difflib.unified_diff(parts[0][1].splitlines(True), wanted.splitlines(True),
                                           DOCUMENT.name, "seam steps")))
        sys.exit("the table of verbs is not what the program says; --update writes it")


if __name__ == "__main__":
    main()
