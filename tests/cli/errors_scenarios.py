"""Scenarios that are wrong. See errors_test.py."""

from errors_case import Case, scenario

CAT = {"c": {"command": ["cat"], "stdio": True}}
OPEN = {"connect": "a", "to": "c"}
PART = scenario({"settle": "c"}, name=None, part=True)
GOOD = scenario(OPEN, {"close": "a"}, programs=CAT)
CHECK = "seam check s.json"


def bad(name, content, say="", line=CHECK, code=3, files=None, **more):
    return Case(name, line, code, {"s.json": content, **(files or {})}, say, **more)


def step(name, *steps, **keys):
    files = keys.pop("files", None)
    return bad(name, scenario(*steps, programs=keys.pop("programs", CAT), **keys), files=files)


TEXTS = [
    bad("an empty file", ""),
    bad("only spaces", "   \n"),
    bad("cut off in the middle", '{"seam": 1, "name": "x", "steps": [\n  {"connect": "a", "to'),
    bad("a comma too many", '{"seam": 1, "name": "x", "steps": [],}\n'),
    bad("a comma too few", '{"seam": 1 "name": "x", "steps": []}\n'),
    bad("a comment", '{"seam": 1, // version\n "name": "x", "steps": []}\n'),
    bad("single quotes", "{'seam': 1, 'name': 'x', 'steps': []}\n"),
    bad("a newline in a string", '{"seam": 1, "name": "x\ny", "steps": []}\n'),
    bad("text behind the end", '{"seam": 1, "name": "x", "steps": []}\n}\n'),
    bad("a list at the top", "[]\n"),
    bad("YAML", "seam: 1\nname: x\n"),
    bad("a BOM", b"\xef\xbb\xbf" + GOOD.encode(), "s.json: a valid scenario behind a byte order mark (EF BB BF)"),
    bad("UTF-16, little end first", b"\xff\xfe" + GOOD.encode("utf-16-le"), "s.json: a valid scenario in UTF-16 LE with its byte order mark"),
    bad("UTF-16, big end first, no mark", GOOD.encode("utf-16-be"), "s.json: a valid scenario in UTF-16 BE without a byte order mark"),
    bad("UTF-32", GOOD.encode("utf-32"), "s.json: a valid scenario in UTF-32 with its byte order mark"),
    bad("a program", bytes([0x7f]) + b"ELF\2\1\1" + bytes(57), 's.json: an ELF file (7f "ELF" 02 01 01, then NUL bytes)'),
    bad("a gzip file", b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "s.json: a gzip file (1f 8b 08 ...)"),
    bad("a NUL byte between tokens", b'{"seam": 1,\0 "name": "x", "steps": []}\n', r's.json: {"seam": 1,\0 "name": "x", "steps": []}'),
    bad("a NUL byte in a string", b'{"seam": 1, "name": "x\0y", "steps": []}\n', r's.json: {"seam": 1, "name": "x\0y", "steps": []}'),
    bad("a NUL byte behind the end", GOOD.encode() + b"\0", r"s.json: a valid scenario, then \0"),
    bad("invalid UTF-8", b'{"seam": 1, "name": "caf\xe9", "steps": []}\n', r's.json: {"seam": 1, "name": "caf\xe9", "steps": []}'),
    bad("100,000 brackets", "[" * 100_000, "s.json: [ 100,000 times"),
    bad("100,000 objects in each other", '{"seam":' * 100_000, 's.json: {"seam": 100,000 times'),
    bad("nested deeper than 100", scenario({"send": "a", "data": []}).replace("[]", "[" * 101 + "]" * 101),
        "s.json: a step whose data is 101 lists in each other"),
    bad("larger than 16 MiB", b" " * ((16 << 20) + 1), "s.json: 16 MiB and a byte of spaces"),
    bad("an endless file", "", "s.json: a link to /dev/zero", files={"z.json -> /dev/zero": ""}, line="seam check z.json", code=3),
    bad("a lone surrogate", r'{"seam": 1, "name": "\ud800", "steps": []}' + "\n"),
    bad("an escape that JSON does not have", r'{"seam": 1, "name": "\x41", "steps": []}' + "\n"),
    bad("a duplicate key", '{"seam": 1, "name": "x", "name": "y", "steps": []}\n'),
    bad("a duplicate key in a step", scenario(OPEN, {"send": "a", "line": "x"}, programs=CAT).replace('"line"', '"line": "y", "line"')),
    bad("a number too large for JSON", '{"seam": 1e999, "name": "x", "steps": []}\n'),
    bad("an integer too large", '{"seam": 99999999999999999999, "name": "x", "steps": []}\n'),
    bad("a thousand mistakes", scenario(*[{"sned": "a"}] * 1500, programs=CAT), "s.json: the same wrong step, 1,500 times", lines=101),
    bad("control characters in a key", '{"seam": 1, "name": "x", "steps": [], "\\u001b[31m\\u202e": 1}\n'),
]

TOPS = [
    bad("an empty object", "{}\n"),
    bad("another version", scenario().replace('"seam": 1', '"seam": 2')),
    bad("the version as text", scenario().replace('"seam": 1', '"seam": "1"')),
    bad("the version as a real number", scenario().replace('"seam": 1', '"seam": 1.0')),
    bad("an unknown key, near to one", scenario(OPEN, program=CAT)),
    bad("an unknown key, far from all", scenario(OPEN, programs=CAT, zzzzzzzz=1)),
    bad("a key in other case", scenario(OPEN, Programs=CAT)),
    bad("steps that are an object", scenario().replace("[]", "{}")),
    bad("no steps", scenario()),
    bad("a name that is a number", scenario(OPEN, programs=CAT, name=7)),
    bad("an empty name", scenario(OPEN, programs=CAT, name="")),
    bad("programs that are a list", scenario(OPEN, programs=["cat"])),
    bad("a program that is a string", scenario(OPEN, programs={"c": "cat"})),
    bad("a command that is a string", scenario(OPEN, programs={"c": {"command": "cat -u", "stdio": True}})),
    bad("a program with an empty command", scenario(OPEN, programs={"c": {"command": [], "stdio": True}})),
    bad("a program without a command", scenario(OPEN, programs={"c": {"stdio": True}})),
    bad("an unknown key of a program", scenario(OPEN, programs={"c": {"comand": ["cat"], "stdio": True}})),
    bad("a program with a bad name", scenario(programs={"My-Cat": {"command": ["cat"], "stdio": True}})),
    bad("a timeout that is negative", scenario(OPEN, programs=CAT, timeout_ms=-1)),
    bad("a timeout as text", scenario(OPEN, programs=CAT, timeout_ms="5s")),
    bad("an address outside this machine", scenario(OPEN, programs={"c": {"address": "192.0.2.1:80"}})),
    bad("an address without a port", scenario(OPEN, programs={"c": {"address": "127.0.0.1"}})),
    bad("an address with a port too large", scenario(OPEN, programs={"c": {"address": "127.0.0.1:65536"}})),
    bad("a cut that is no segmentation", scenario(OPEN, {"send": "a", "line": "x"}, programs=CAT, cut="a@2,1")),
    bad("a cut of an unknown connection", scenario(OPEN, {"send": "a", "line": "x"}, programs=CAT, cut="b@1")),
    bad("a cut without an at sign", scenario(OPEN, {"send": "a", "line": "x"}, programs=CAT, cut="3")),
    bad("a cut that is a number", scenario(OPEN, {"send": "a", "line": "x"}, programs=CAT, cut=3)),
    bad("a table that is empty", scenario(OPEN, programs=CAT, each=[])),
    bad("two rows of one name", scenario(OPEN, programs=CAT, each=[{"row": "r"}, {"row": "r"}])),
    bad("sweep true", scenario(OPEN, programs=CAT, sweep=True)),
    bad("an unknown oracle", scenario(OPEN, programs=CAT, sweep={"oracles": {"coast": "no"}})),
]

STEPS = [
    step("a step that is a string", "connect a"),
    step("an empty step", {}),
    step("a wrong verb, near to one", OPEN, {"sned": "a", "line": "x"}),
    step("a step with two verbs", {"connect": "a", "to": "c", "send": "a"}),
    step("an argument of another verb", OPEN, {"send": "a", "line": "x", "within_ms": 5}),
    step("an argument, near to one", OPEN, {"send": "a", "lien": "x"}),
    step("a send without data", OPEN, {"send": "a"}),
    step("a send with two kinds of data", OPEN, {"send": "a", "line": "x", "data": "y"}),
    step("a connection that is never opened", {"send": "a", "line": "x"}),
    step("a connection used before it is opened", {"send": "a", "line": "x"}, OPEN),
    step("a connection used after it is closed", OPEN, {"close": "a"}, {"send": "a", "line": "x"}),
    step("a connection opened twice", OPEN, OPEN),
    step("an undefined connection, near to one", {"connect": "alice", "to": "c"}, {"expect": "alcie", "line": "x"}),
    step("an undefined program", {"connect": "a", "to": "d"}),
    step("a name that is taken", {"connect": "c", "to": "c"}),
    step("a stream that a program does not have", OPEN, {"expect": "c.stduot", "line": "x"}),
    step("an undefined variable, near to one", OPEN, {"send": "a", "line": "${greting}"}, vars={"greeting": "x"}),
    step("an undefined variable", OPEN, {"send": "a", "line": "${nope}"}),
    step("an expression that is not closed", OPEN, {"send": "a", "line": "${1 + "}),
    step("an expression that is wrong", OPEN, {"send": "a", "line": "${1 +* 2}"}),
    step("a division by zero", OPEN, {"send": "a", "line": "${1 / 0}"}),
    step("an environment variable that is not set", OPEN, {"send": "a", "line": "${env.SEAM_NOT_SET}"}),
    step("a bad escape", OPEN, {"send": "a", "data": {"bytes": r"\xzz"}}),
    step("an escape that bytes do not have", OPEN, {"send": "a", "data": {"bytes": r"\q"}}),
    step("a backslash at the end", OPEN, {"send": "a", "data": {"bytes": "x\\"}}),
    step("hex with an odd digit", OPEN, {"send": "a", "data": {"hex": "abc"}}),
    step("hex that is none", OPEN, {"send": "a", "data": {"hex": "0xzz"}}),
    step("base64 that is none", OPEN, {"send": "a", "data": {"base64": "a*=="}}),
    step("data of an unknown kind", OPEN, {"send": "a", "data": {"hexx": "00"}}),
    step("data that is a number", OPEN, {"send": "a", "data": 7}),
    step("more data than 1 GiB", OPEN, {"send": "a", "data": {"text": "0123456789", "times": 1000000000}}),
    step("times that is negative", OPEN, {"send": "a", "data": {"text": "x", "times": -1}}),
    step("a split that is empty", OPEN, {"send": "a", "split": []}),
    step("a split into chunks of nothing", OPEN, {"send": "a", "split": 0, "data": "x"}),
    step("a bad pattern", OPEN, {"expect": "a", "matches": "(x"}),
    step("a bad pattern in until", OPEN, {"expect": "a", "until": {"matches": "x{2,1}"}}),
    step("a group that is a name of something else", OPEN, {"expect": "a", "matches": "(?<c>x)"}),
    step("an expect without a check", OPEN, {"expect": "a"}),
    step("an expect with two units", OPEN, {"expect": "a", "line": "x", "size": 2}),
    step("a size that is negative", OPEN, {"expect": "a", "size": -1}),
    step("an exit code too large", {"start": "c"}, {"expect": "c", "exit": 256}),
    step("an unknown signal", {"start": "c"}, {"expect": "c", "killed": "SIGTREM"}),
    step("a close of an unknown kind", OPEN, {"close": "a", "how": "wirte"}),
    step("a pause that is text", {"pause": "1s"}),
    step("a pause that is negative", {"pause": -1}),
    step("a step repeated too often", {"repeat": 1000001, "steps": [OPEN]}),
    step("a program that does not listen", {"connect": "a", "to": "c"}, programs={"c": {"command": ["cat"]}}),
    step("an accept from nothing", {"accept": "a", "from": "l"}),
    step("an evidence that there is not", OPEN, {"send": "a", "line": "x", "evidence": "proved"}),
    step("a real number for an integer", {"pause": 1.5}),
]

INCLUDES = [
    step("an include of a missing file", {"include": "part.json"}),
    step("an include of itself", {"include": "s.json"}),
    step("includes in a circle", {"include": "a.part.json"}, files={
        "a.part.json": scenario({"include": "b.part.json"}, name=None, part=True),
        "b.part.json": scenario({"include": "a.part.json"}, name=None, part=True)}),
    step("an include of a folder", {"include": "d"}, files={"d": None}),
    step("an include of a file that is no part", {"include": "t.json"}, files={"t.json": GOOD}),
    step("an include with mistakes", {"include": "a.part.json"}, files={"a.part.json": scenario({"sned": "a"}, name=None, part=True)}),
    step("an include outside the folder", {"include": "/etc/passwd"}),
    step("an include up the tree", {"include": "../x.json"}),
    bad("an include without permission", scenario({"include": "a.part.json"}), line="unprivileged " + CHECK,
        files={"a.part.json mode 000": PART}),
    step("an include deeper than 8", {"include": "0.part.json"}, files={
        f"{i}.part.json": scenario({"include": f"{i + 1}.part.json"}, name=None, part=True) for i in range(9)}),
    step("a file of data that is missing", OPEN, {"send": "a", "data": {"file": "nope.bin"}}),
    step("a file of data that is a folder", OPEN, {"send": "a", "data": {"file": "d"}}, files={"d": None}),
    step("a file of data outside the folder", OPEN, {"send": "a", "data": {"file": "/etc/hostname"}}),
    step("a top include that is missing", OPEN, include=["common.json"]),
    Case("a part that is run", "seam run s.part.json", 5, {"s.part.json": PART}),
]

FILES = [
    Case("a scenario that is missing", "seam check nope.json", 2),
    Case("a scenario that is missing, for run", "seam run nope.json", 2),
    Case("a folder without scenarios", "seam run d", 5, {"d": None}),
    Case("a scenario without permission", "unprivileged seam check s.json", 3, {"s.json mode 000": GOOD}),
    Case("a folder without permission", "chmod 000 d; unprivileged seam check d", 2, {"d/s.json": GOOD}),
    Case("a link to itself", "seam check l.json", 2, {"l.json -> l.json": ""}),
    Case("a link to nowhere in a folder", "seam check d", 3, {"d/l.json -> nowhere": ""}),
    Case("a pipe", "mkfifo p.json; seam check p.json", 3),
    Case("a pipe, found in a folder", "mkdir d; mkfifo d/p.json; seam check d", 5),
    Case("a file in place of a folder", "seam check s.json/x.json", 2, {"s.json": GOOD}),
    Case("a name too long", f"seam check {'x' * 300}.json", 2),
    Case("an empty operand", "seam check ''", 2),
    Case("a name with an escape", r"seam check $'\e[31m.json'", 2),
]

CASES = TEXTS + TOPS + STEPS + INCLUDES + FILES
