#!/usr/bin/env python3
"""Tests one house rule on a source tree: check.py RULE [ROOT]. CONTRIBUTING.md has the rules in words.

Prints each breach as `path:line: what` and exits 1; 0 without one. Exemptions stand in exemptions.txt beside this file.
planted_test.py proves each rule by breaking it.
"""

import glob
import json
import os
import pathlib
import posixpath
import re
import sys
import xml.etree.ElementTree

from tree import Exemptions, Tree, blank_comments, functions, line_of, room_of

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

SANS_IO = {"bytes", "line_reader", "line_scan", "utf8", "chat_turns"}
MAY_USE_SOCKETS = {"src/net", "src/loop", "src/terminal", "src/chat_server", "src/chat_client"}
SOCKET_HEADERS = {"sys/socket.h", "sys/un.h", "netinet/in.h", "netinet/tcp.h", "arpa/inet.h", "netdb.h", "poll.h",
                  "sys/poll.h", "sys/epoll.h", "sys/select.h", "termios.h", "sys/ioctl.h"}
IO_HEADERS = SOCKET_HEADERS | {"unistd.h", "fcntl.h", "time.h", "sys/time.h", "signal.h"}
# What a room may include from other rooms; a room covers those below it. Tests and benchmarks may include anything.
MAY_INCLUDE = {"src": ("src",), "harness": ("src", "harness"), "fuzz": ("src", "harness", "fuzz")}
# And single headers beside: seeds and findings of the fuzz layer are encoded as its public interface says.
MAY_INCLUDE_TOO = {"harness/exchange": ("fuzz/include/seam/fuzz.h",)}
# Dependencies in harness/ point from commands and reports to the middle to the world.
HARNESS_ABOVE = {"harness": ("harness/commands", "harness/exchange", "harness/reports"),
                 "harness/steps": ("harness/commands", "harness/exchange", "harness/reports", "harness/sweep"),
                 "harness/sweep": ("harness/commands", "harness/exchange", "harness/reports"),
                 "harness/exchange": ("harness/commands", "harness/reports", "harness/sweep"),
                 "harness/record": ("harness/commands", "harness/exchange", "harness/reports", "harness/steps", "harness/sweep",
                                    "harness/world"),
                 "harness/reports": ("harness/commands", "harness/exchange"),
                 "harness/world": ("harness/commands", "harness/exchange", "harness/reports", "harness/steps",
                                   "harness/sweep")}
HARNESS_MAIN = "harness/main.c"

BANNED_CALLS = {
    "strcpy": "no bound", "strcat": "no bound", "sprintf": "no bound: snprintf", "vsprintf": "no bound: vsnprintf",
    "gets": "no bound", "strtok": "hidden state", "system": "runs a shell", "popen": "runs a shell",
    "sleep": "wait for a fact", "usleep": "wait for a fact", "nanosleep": "wait for a fact",
    "clock_nanosleep": "wait for a fact", "alloca": "unbounded stack"}
PRINTING = re.compile(r"\b(?:(?<!format\()printf|vprintf|puts|putchar|perror|stdout|stderr)\b")
MARK = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b(?!\(#\d+\))")
CODE = ("*.c", "*.h", "*.py", "*.sh", "*.cmake", "CMakeLists.txt", "dev", ".ci/*", "bench/run")


def is_test(path):
    return re.search(r"_test\.[ch]$", path) is not None or path.startswith(("tests/", "bench/"))


def check_sizes(tree, exemptions):
    """Files of code stay at 500 lines, functions on one screen."""
    for path in tree.files(*CODE):
        lines = len(tree.text(path).splitlines())
        if lines > FILE_LINES_MAX and not exemptions.allow("sizes", path):
            yield f"{path}:{lines}: a file of more than {FILE_LINES_MAX} lines"
    for path in tree.c_files():
        for name, first, last in functions(tree.text(path)):
            if last - first + 1 > FUNCTION_LINES_MAX and not exemptions.allow("sizes", f"{path}:{name}"):
                yield f"{path}:{first}: {name} has {last - first + 1} lines, more than {FUNCTION_LINES_MAX}"


def includes_of(tree, path):
    """(line, kind, header) of each #include; kind is `"` or `<`."""
    text = blank_comments(tree.text(path), literals=False)
    for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]*([\"<])([^\">]+)[\">]", text, re.MULTILINE):
        yield line_of(text, match.start()), match.group(1), match.group(2)


def direction_problem(path, header):
    """Why the file may not include this header of the tree, or None."""
    room, target = room_of(path), room_of(header)
    if not target:
        return "a path relative to the root of the tree is needed"
    allowed = MAY_INCLUDE.get(room.split("/")[0])
    if allowed is None or path.startswith("tests/"):
        return None
    if target.split("/")[0] not in allowed and header not in MAY_INCLUDE_TOO.get(room, ()):
        return f"dependencies point down: {room}/ must not know {target}/"
    if path != HARNESS_MAIN and not is_test(path) and target.startswith(HARNESS_ABOVE.get(room, ())):
        return f"dependencies point down: {room}/ must not know {target}/"
    return None


def system_header_problem(path, header):
    """Why the file may not include this system header, or None."""
    room, stem = room_of(path), path.rpartition(".")[0]
    if is_test(path):
        return None
    if room == "src" and stem.rpartition("/")[2] in SANS_IO and header in IO_HEADERS:
        return "sans-IO code has no descriptor and no clock"
    if room == "src" and stem not in MAY_USE_SOCKETS and header in SOCKET_HEADERS:
        return "only net, loop, terminal and the two programs touch sockets and terminals"
    if room in ("harness", "harness/exchange", "harness/sweep") and header in SOCKET_HEADERS and path != HARNESS_MAIN:
        return "the middle of the harness has no sockets: world/ has"
    return None


def check_includes(tree, exemptions):
    """Dependencies point down; sockets and terminals stay in the files that own them."""
    for path in tree.c_files():
        for line, kind, header in includes_of(tree, path):
            problem = direction_problem(path, header) if kind == '"' else system_header_problem(path, header)
            if problem and not exemptions.allow("includes", f"{path}:{header}"):
                yield f"{path}:{line}: includes {header}: {problem}"


def check_calls(tree, exemptions):
    """Calls that have no bound, hide state, run a shell or let time decide."""
    pattern = re.compile(r"(?<![.>\w])(" + "|".join(BANNED_CALLS) + r")\s*\(")
    for path in tree.c_files():
        text = blank_comments(tree.text(path))
        for match in pattern.finditer(text):
            name = match.group(1)
            if not exemptions.allow("calls", f"{path}:{name}"):
                yield f"{path}:{line_of(text, match.start())}: calls {name}: {BANNED_CALLS[name]}"


def check_printing(tree, exemptions):
    """A library returns values: in harness/ only commands and reports print, in src/ never the sans-IO files."""
    for path in tree.c_files():
        room, name = room_of(path), path.rpartition("/")[2].rpartition(".")[0]
        silent = room.split("/")[0] == "harness" and not room.startswith(("harness/commands", "harness/reports"))
        silent = silent or (room == "src" and name in SANS_IO)
        if not silent or is_test(path) or path == HARNESS_MAIN:
            continue
        text = blank_comments(tree.text(path))
        for match in PRINTING.finditer(text):
            if not exemptions.allow("printing", path):
                yield f"{path}:{line_of(text, match.start())}: uses {match.group(0)}: this room does not print"


def check_marks(tree, exemptions):
    """What is left for later names its issue: mark(#12)."""
    for path in tree.files(*CODE, "*.md"):
        text = tree.text(path)
        for match in MARK.finditer(text):
            if not exemptions.allow("marks", path):
                yield f"{path}:{line_of(text, match.start())}: {match.group(0)} without the number of an issue"


def check_ctest(tree, exemptions):
    """No path of a build in ctest's property ENVIRONMENT: `./dev test` runs all builds at once, where tests of a name share it."""
    for path in tree.files("CMakeLists.txt", "*.cmake"):
        text = tree.text(path)
        for match in re.finditer(r"\bENVIRONMENT\s+(\"[^\"]*\"|\S+)", text):
            if re.search(r"\$<|_DIR(ECTORY)?\}", match.group(1)) and not exemptions.allow("ctest", path):
                yield f"{path}:{line_of(text, match.start())}: ENVIRONMENT names a build; say it in the command: cmake -E env"


def reject_duplicates(pairs):
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"the key {key!r} stands twice")
    return dict(pairs)


def scenario_problem(tree, path, scenario):
    """What a scenario lacks, or None. Its schema must be there for an editor that has nothing but this tree."""
    if not str(scenario.get("why", "")).strip():
        return 'no "why"'
    schema = scenario.get("$schema")
    if not isinstance(schema, str):
        return 'no "$schema": the way to docs/scenario.schema.json, relative to this file'
    file = posixpath.normpath(posixpath.join(room_of(path), schema))
    if file.startswith("../") or not (tree.root / file).is_file():
        return f'"$schema" is no file of this tree: {schema}'
    return None


def check_scenarios(tree, exemptions):
    """JSON parses without duplicate keys; a scenario says why it exists and names its schema. Files that tests feed may be broken."""
    for path in tree.files("*.json"):
        if path.startswith("tests/") or "/bad/" in path:
            continue
        try:
            value = json.loads(tree.text(path), object_pairs_hook=reject_duplicates)
        except ValueError as problem:
            if not exemptions.allow("scenarios", path):
                yield f"{path}: {problem}"
            continue
        problem = scenario_problem(tree, path, value) if isinstance(value, dict) and "seam" in value else None
        if problem and not exemptions.allow("scenarios", path):
            yield f"{path}: {problem}"


ARCHITECTURE, PICTURE = "docs/architecture.md", "docs/architecture.svg"
PATH_WORD = re.compile(r"(?=.*/|.*\.(?:c|h|def|py|css|js|json|md|cmake)$)[\w.*-]+(?:/[\w.*-]+)*/?")


def paths_of_page(tree):
    """(line, path from the root) of what the page names: `code` that looks like a path, and where its links lead."""
    for number, line in enumerate(tree.text(ARCHITECTURE).splitlines(), 1):
        for word in re.findall(r"`([^`]+)`", line):
            if PATH_WORD.fullmatch(word):
                yield number, word
        for target in re.findall(r"\]\((?!\w+:|#)([^)#]+)", line):
            yield number, os.path.normpath(os.path.join("docs", target))


def paths_of_picture(element, folder=""):
    """(folder or None, path from the root) of a <g data-folder="..."> and of the words in it, which are relative to it."""
    if "data-folder" in element.attrib:
        folder = element.attrib["data-folder"]
        yield folder, folder
    for word in (element.text or "").split():
        if PATH_WORD.fullmatch(word):
            yield None, os.path.normpath(os.path.join(folder, word))
    for child in element:
        yield from paths_of_picture(child, folder)


def check_architecture(tree, exemptions):
    """What docs/architecture names is there, page and picture, and both name each folder of harness/."""
    del exemptions  # a page can be mended
    files = set(tree.files("*"))
    for path in (ARCHITECTURE, PICTURE):
        if path not in files:
            yield f"{path}: is missing"
    if not {ARCHITECTURE, PICTURE} <= files:
        return

    def is_there(path):
        return bool(glob.glob(str(tree.root / path)))
    page = list(paths_of_page(tree))
    picture = list(paths_of_picture(xml.etree.ElementTree.fromstring(tree.text(PICTURE))))
    yield from (f"{ARCHITECTURE}:{line}: there is no {path}" for line, path in page if not is_there(path))
    yield from (f"{PICTURE}: there is no {path}" for _, path in picture if not is_there(path))
    named = {ARCHITECTURE: {path for _, path in page}, PICTURE: {folder and folder + "/" for folder, _ in picture}}
    for folder in sorted({"/".join(file.split("/")[:2]) + "/" for file in files if re.match(r"harness/[^/]+/", file)}):
        yield from (f"{path}: does not name {folder}" for path in named if folder not in named[path])


RULES = {"sizes": check_sizes, "includes": check_includes, "calls": check_calls, "printing": check_printing,
         "marks": check_marks, "ctest": check_ctest, "scenarios": check_scenarios, "architecture": check_architecture}


def breaches(rule, root, exemptions_text):
    """All that one rule finds below a folder, as lines of text."""
    exemptions = Exemptions(exemptions_text, "tests/house/exemptions.txt")
    found = list(RULES[rule](Tree(root), exemptions))
    return found + exemptions.problems + exemptions.unused(rule)


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in RULES:
        sys.exit("usage: check.py " + "|".join(RULES) + " [ROOT]")
    here = pathlib.Path(__file__).resolve().parent
    root = sys.argv[2] if len(sys.argv) == 3 else here.parent.parent
    found = breaches(sys.argv[1], root, (here / "exemptions.txt").read_text(encoding="utf-8"))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
