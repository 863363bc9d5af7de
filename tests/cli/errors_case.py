"""A wrong input: what lies in the folder, the line that is typed, and what must come out. See errors_test.py."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

from fixture import clean_environment

SEAM = os.environ["SEAM_REAL"]
BIN = pathlib.Path(SEAM).resolve().parent
DEADLINE_S = 120

# What the lines may call. Root passes permissions, so it gives that up; a mount needs a namespace of its own.
PRELUDE = """
unprivileged() {
  if [ "$(id -u)" = 0 ]; then setpriv --bounding-set -dac_override,-dac_read_search -- "$@"; else "$@"; fi
}
mounted() { # mounted OPTIONS LINE: with a file system in memory on the folder disk
  if [ "$(id -u)" = 0 ]; then set -- -m "$@"; else set -- -Urm "$@"; fi
  unshare "$1" sh -c 'mount -t tmpfs -o "$0" none disk && eval "$1"' "$2" "$3"
}
"""


@dataclasses.dataclass
class Case:
    """files: text, bytes, or None for a folder; a path that ends in ' -> x' is a link. say: shown in place of their content."""
    name: str
    line: str
    code: int
    files: dict = dataclasses.field(default_factory=dict)
    say: str = ""
    env: dict = dataclasses.field(default_factory=dict)
    lines: int = 6 # at most
    stdout: bool = False # is part of the message
    needs: str = "" # "mount": a namespace with a file system of one's own


def scenario(*steps, **keys):
    """What all have stands in the first line, all else has a line of its own."""
    top = {"seam": 1, "name": "x", "programs": None, **keys}
    pairs = {key: f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in top.items() if value is not None}
    common = [pairs.pop(key) for key in ("seam", "name", "programs") if key in pairs]
    body = ",\n  ".join(json.dumps(step, ensure_ascii=False) for step in steps)
    steps_text = f'"steps": [\n  {body}]' if steps else '"steps": []'
    return "{" + ",\n ".join([", ".join(common), *pairs.values()]) + ", " + steps_text + "}\n"


def put(folder, files):
    for path, content in files.items():
        path, arrow, target = path.partition(" -> ")
        path, _, mode = path.partition(" mode ")
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if arrow:
            place.symlink_to(target)
        elif content is None:
            place.mkdir()
        elif isinstance(content, bytes):
            place.write_bytes(content)
        else:
            place.write_text(content, encoding="utf-8")
        if mode:
            place.chmod(int(mode, 8))


def normalise(text, folder):
    """What differs from run to run and from machine to machine."""
    for path, name in ((str(folder), "FOLDER"), (str(folder.resolve()), "FOLDER"), (str(BIN), "BIN")):
        text = text.replace(path, name)
    text = re.sub(r"seam-[A-Za-z0-9]{6}\b(?=[/: ,\n']|$)", "seam-XXXXXX", text)
    text = re.sub(r"(?<!\")\b(127\.0\.0\.1|\[::1\]):\d{4,5}\b", r"\1:PORT", text)
    text = re.sub(r"\bport \d{5}\b", "port PORT", text)
    text = re.sub(r"\b\d+(\.\d+)? (ms|s)\b", r"N \2", text)
    # Two streams, or a stream and the program's end, come in any order.
    text = re.sub(r"(?m)^ +(\d\.\d{6}  |seen first: ).*\n", "", text)
    return re.sub(r"\bpid \d+", "pid PID", text)


@dataclasses.dataclass
class Outcome:
    code: int
    stdout: bytes
    stderr: bytes
    folder: pathlib.Path


def run(case):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cli-errors-"))
    try:
        (folder / "tmp").mkdir()
        put(folder, case.files)
        env = clean_environment(TMPDIR=str(folder / "tmp"), LC_ALL="C", **{}) | case.env
        env["PATH"] = f"{BIN}:{env['PATH']}"
        process = subprocess.Popen(["bash", "-c", PRELUDE + case.line], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            stdout, stderr = process.communicate(timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            stderr += b"(it hung, and was killed)\n"
        return Outcome(process.returncode, stdout, stderr, folder)
    finally:
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=True)
        shutil.rmtree(folder)


def shown(path, content):
    """How a file is made, as lines."""
    if content is None:
        return [f"{path}: a folder"]
    if " -> " in path:
        return [f"{path}: a link"]
    if isinstance(content, bytes):
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = None
        if text is None or not text.isprintable():
            return [f"{path}: bytes {content!r}"]
        content = text
    if "\n" not in content.rstrip("\n"):
        return [f"{path}: {content.rstrip(chr(10))}" + ("" if content.endswith("\n") else " (no newline)" if content else "(empty)")]
    return [f"{path}:", *("    " + line for line in content.splitlines())]


def section(case, outcome):
    """As it stands in the snapshot."""
    lines = [f"== {case.name}"]
    if case.say:
        lines.append(case.say)
    else:
        for path, content in case.files.items():
            lines += shown(path, content)
    lines += [f"{key}={value}" for key, value in case.env.items()]
    lines += [f"$ {case.line}", f"exit {outcome.code}"]
    streams = [(outcome.stderr, "! ")] + ([(outcome.stdout, "> ")] if case.stdout or not outcome.stderr else [])
    for data, mark in streams:
        text = normalise(data.decode("utf-8", "backslashreplace"), outcome.folder)
        lines += [(mark + line).rstrip() for line in text.splitlines()]
    return "\n".join(lines) + "\n"
