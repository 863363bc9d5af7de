"""Circumstances that are wrong: programs, ports, permissions, disks, descriptors, folders. See errors_test.py."""

from errors_case import Case, scenario

CAT = {"c": {"command": ["cat"], "stdio": True}}
TALK = ({"connect": "a", "to": "c"}, {"send": "a", "line": "x"}, {"expect": "a", "line": "x"})
GOOD = {"s.json": scenario(*TALK, programs=CAT)}
FAILS = {"s.json": scenario(*TALK[:2], {"expect": "a", "line": "y"}, programs=CAT)}
SAY = "s.json: a valid scenario, which passes"
SAY_FAILS = "s.json: a valid scenario, which fails"


def passing(name, line, code, **more):
    return Case(name, line, code, GOOD, SAY, **more)


def program(name, command, files=None, code=4, steps=TALK, line="seam run s.json", lines=12, **keys):
    keys = keys or {"stdio": True}
    return Case(name, line, code, {"s.json": scenario(*steps, programs={"c": {"command": command, **keys}}), **(files or {})},
                stdout=True, lines=lines)


CONNECT = ({"connect": "a", "to": "c"},)
PROGRAMS = [
    program("a program that is missing", ["./nope"]),
    program("a program that is not in PATH", ["no-such-program"]),
    program("a program that is not executable", ["./p"], {"p": "#!/bin/sh\n"}),
    program("a program whose interpreter is missing", ["./p"], {"p mode 755": "#!/no/such/interpreter\n"}),
    program("a program that is a folder", ["./p"], {"p": None}),
    program("a program that is an empty file", ["./p"], {"p mode 755": ""}),
    program("a program of another machine", ["./p"], {"p mode 755": b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0\xf3\0" + bytes(44)}),
    program("a program in a missing folder", ["cat"], cwd="no/such", stdio=True),
    program("a program that ends at once", ["sh", "-c", "exit 7"], steps=CONNECT, listens=True),
    program("a program that ends at once and says why", ["sh", "-c", "echo no license >&2; exit 1"], steps=CONNECT,
            listens=True),
    program("a program that dies of a signal at once", ["sh", "-c", "kill -SEGV $$"], steps=CONNECT, listens=True),
    program("a program that never listens", ["cat"], steps=CONNECT, listens=True),
    program("a program that dies while it is spoken to", ["sh", "-c", "read line; kill -KILL $$"], code=1),
    program("a program whose port is in use", ["chat-server", "--port", "${l.port}"], code=1,
            steps=({"listen": "l"}, {"start": "c"}, {"expect": "c.stderr", "until": {"matches": "listening on.*"}}), lines=14, stdio=False),
    Case("an address where nobody listens", "seam run s.json", 4,
         {"s.json": scenario({"connect": "a", "to": "c"}, programs={"c": {"address": "127.0.0.1:1"}})}, stdout=True, lines=8),
    Case("a listener on a port that is in use", "seam run s.json", 4,
         {"s.json": scenario({"listen": "l"}, {"listen": "m", "port": "${l.port}"})}, stdout=True, lines=12),
    Case("a listener on another machine's address", "seam run --allow-remote s.json", 4,
         {"s.json": scenario({"listen": "l", "address": "192.0.2.1"})}, stdout=True, lines=8),
    Case("a scenario that needs a missing program", "seam run s.json", 77,
         {"s.json": scenario(*TALK, programs=CAT, requires=["no-such-program"])}, stdout=True),
    passing("a containment that there is not", "seam run s.json", 4, env={"SEAM_CONTAINMENT": "docker"}, stdout=True),
    passing("an empty PATH", "PATH= \"$(command -v seam)\" run s.json", 4, stdout=True, lines=8),
]

OUTPUTS = [
    passing("a full stdout for help", "seam help >/dev/full", 4),
    passing("a full stdout for run", "seam run s.json >/dev/full", 4),
    passing("a full stdout for check", "seam check s.json >/dev/full", 4),
    passing("a full stdout for schema", "seam schema >/dev/full", 4),
    passing("a full stdout for a report", "seam run --report tap=- s.json >/dev/full", 4),
    passing("a full file for a report", "seam run -q --report tap=/dev/full s.json", 4),
    passing("a full file for a report of a web page", "seam run -q --report html=/dev/full s.json", 4),
    passing("a closed stdout for run", "seam run s.json >&-", 4),
    passing("a closed stdout for steps", "seam steps >&-", 4),
    passing("a closed stdout for check", "seam check s.json >&-", 4),
    passing("a closed stdout for import", "echo '> x' >t; seam import text t --program cat --stdio >&-", 4),
    passing("a closed stdin for new", "seam new n.json <&-", 2),
    passing("stdout is a closed pipe, for schema", "exec 3> >(true); wait $!; seam schema >&3", 4),
    passing("stdout is a closed pipe, for run", "exec 3> >(true); wait $!; seam run s.json >&3", 4),
    passing("stdout is a closed pipe, for list", "exec 3> >(true); wait $!; seam run --list s.json >&3", 4),
    passing("all descriptors are closed", "seam check s.json <&- >&- 2>&-; code=$?; echo this line is not of seam >&2; exit $code", 4),
    passing("chat-server: a closed stdout", "chat-server --port 0 >&- 2>&1; echo \"(exit $?)\" >&2; exit 1", 1),
    passing("chat-server: a full stdout for help", "chat-server --help >/dev/full", 1),
    passing("chat-client: a full stdout for the prompt", "chat-client >/dev/full", 2),
]

LIMITS = [
    passing("four descriptors", "ulimit -n 4; seam run s.json", 4, stdout=True, lines=8),
    passing("ten descriptors", "ulimit -n 10; seam run s.json", 4, stdout=True, lines=8),
    passing("twelve descriptors, one job", "ulimit -n 12; seam run -j1 s.json", 4, stdout=True, lines=8),
    passing("files of at most 1 KiB", "ulimit -f 1; seam run -q --report html=r.html s.json", 4),
    passing("files of no bytes", "ulimit -f 0; seam run -q --report tap=r s.json", 4),
    passing("files of no bytes, for import", "echo '> x' >t; ulimit -f 0; seam import text t --program cat --stdio -o t.json", 4),
    passing("files of no bytes, for export", "ulimit -f 0; seam export s.json --to corpus -o d", 4),
]

FOLDERS = [
    passing("TMPDIR is missing", "seam run s.json", 4, env={"TMPDIR": "/no/such/folder"}, stdout=True),
    passing("TMPDIR is a file", "TMPDIR=$PWD/s.json seam run s.json", 4, stdout=True),
    passing("TMPDIR without permission", "mkdir -m 555 d; TMPDIR=$PWD/d unprivileged seam run s.json", 4, stdout=True),
    passing("TMPDIR is missing, for new", "TMPDIR=/no/such/folder seam new n.json --program cat --stdio --send x", 4),
    passing("TMPDIR is missing, for sweep", "TMPDIR=/no/such/folder seam sweep s.json", 4, stdout=True),
    passing("TMPDIR is missing, for record", "TMPDIR=/no/such/folder seam record --listen 127.0.0.1:0 --program cat -o r.json", 2),
    passing("TMPDIR is too long", f"TMPDIR=/{'x' * 5000} seam run s.json", 4, stdout=True),
    passing("the working folder is deleted", "mkdir d; cp s.json d; cd d; rm -r ../d; seam run s.json", 2),
    passing("the working folder is deleted, an absolute name", "f=$PWD/s.json; mkdir d; cd d; rmdir ../d; seam run $f", 0),
    passing("the working folder is deleted, for new", "mkdir d; cd d; rmdir ../d; seam new n.json --program cat --stdio --send x", 4),
    passing("a folder without permission, for new", "mkdir -m 555 d; unprivileged seam new d/n.json --program cat --stdio --send x", 4),
    passing("a folder without permission, for export", "mkdir -m 555 d; unprivileged seam export s.json --to corpus -o d/e", 4),
    passing("a folder without permission, for record",
            "mkdir -m 555 d; unprivileged seam record --listen 127.0.0.1:0 --to 127.0.0.1:1 -o d/r.json", 4),
    passing("a file without permission, for import", ":>t; chmod 000 t; unprivileged seam import text t --program cat --stdio", 4),
    Case("an update without permission", "chmod 444 s.json; chmod 555 .; unprivileged seam run --update s.json; code=$?; chmod 755 .; exit $code",
         4, FAILS, SAY_FAILS, lines=20, stdout=True),
    Case("a bundle that is a file", "seam run -q --bundle s.json s.json", 1, FAILS, SAY_FAILS, lines=20),
    Case("a bundle without permission", "mkdir -m 555 d; unprivileged seam run -q --bundle d/b s.json", 1, FAILS, SAY_FAILS, lines=20),
    Case("GITHUB_STEP_SUMMARY is a folder", "GITHUB_STEP_SUMMARY=. seam run -q --report github=- s.json", 4, GOOD, SAY),
    Case("GITHUB_STEP_SUMMARY is full", "GITHUB_STEP_SUMMARY=/dev/full seam run -q --report github=- s.json", 4, GOOD, SAY),
    Case("SOURCE_DATE_EPOCH is no number", "SOURCE_DATE_EPOCH=yesterday seam run -q --report junit=r.xml s.json", 0, GOOD, SAY),
]

# code: on a full disk, on one that can only be read.
DISKS = [
    Case(f"a {kind} disk, {name}", f"mkdir disk; mounted {option} '{line}'", codes[i], files, say, needs="mount", stdout=stdout, lines=20)
    for i, (kind, option) in enumerate((("full", "size=4k"), ("read-only", "ro")))
    for name, line, codes, files, say, stdout in [
        ("for a report", "seam run -q --report html=disk/r.html s.json", (4, 2), GOOD, SAY, False),
        ("for TMPDIR", "mkdir disk/full 2>&-; TMPDIR=$PWD/disk seam run -q s.json", (0, 4), GOOD, SAY, True),
        ("for a new scenario", "head -c 4096 /dev/zero 2>&- >disk/x 2>&-; seam new disk/n.json --program cat --stdio --send x", (4, 4), GOOD, SAY, False),
        ("for an import", "echo \">  x\" >t; head -c 4096 /dev/zero 2>&- >disk/x 2>&-; seam import text t --program cat --stdio -o disk/n.json", (4, 4), GOOD, SAY, False),
        ("for an export", "head -c 4096 /dev/zero 2>&- >disk/x 2>&-; seam export s.json --to corpus -o disk/d", (4, 4), GOOD, SAY, False),
        ("for a bundle", "seam run -q --bundle disk/b s.json", (1, 1), FAILS, SAY_FAILS, False),
    ]
]

CASES = PROGRAMS + OUTPUTS + LIMITS + FOLDERS + DISKS
