#!/usr/bin/env python3
"""Runs what README.md and docs/*.md tell readers to type: docs_commands.py BIN_FOLDER [DOCUMENT...]

Each document gets a copy of the tree as its working folder, with the built programs in build/release/bin and in PATH.
Its blocks run from top to bottom, by the rules that CONTRIBUTING.md states under "Commands in documents":

  ```sh         a script for `bash -eu`; it must exit 0
  ```console    lines `$ command` (continued by `> `), each followed by what it prints (stdout and stderr as they come);
                `...` stands for any text in a line, alone in a line for any lines; `# exit N` ends what exits with N
  <!-- file: NAME -->         before a block of any kind: the block's text is written to that file
  <!-- not run: REASON -->    before a block of commands: it is listed, and not run

Exits 1 when something differs, after naming all of it. What a command leaves running is killed with its process group.
"""

import difflib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

COMMAND_SECONDS_MAX = 120
LEFT_OUT = ("build", ".git", "__pycache__")


class Block:
    """One fenced block: where its text starts, its language, its lines, and the comment that stands before it."""

    def __init__(self, line, language, lines, comment):
        self.line, self.language, self.lines, self.comment = line, language, lines, comment


def blocks(text):
    found, comment, start = [], "", None
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        fence = re.match(r"\s*```+\s*(\S*)", line)
        if start is None and fence:
            start, language, indent = number, fence.group(1), len(line) - len(line.lstrip())
        elif start is not None and fence and not fence.group(1):
            body = [inner[indent:] if not inner[:indent].strip() else inner for inner in lines[start:number - 1]]
            found.append(Block(start, language, body, comment))
            start, comment = None, ""
        elif start is None and line.strip():
            match = re.fullmatch(r"\s*<!--\s*(.*?)\s*-->\s*", line)
            comment = match.group(1) if match else ""
    if start is not None:
        found.append(Block(start, "unclosed", [], comment))
    return found


class Step:
    """One command, what it must print, and its exit status."""

    def __init__(self, line, command, expected=None, status=0):
        self.line, self.command, self.expected, self.status = line, command, expected, status


def steps_of(block):
    if block.language == "sh":
        return [Step(block.line, "\n".join(block.lines))]
    steps = []
    for number, line in enumerate(block.lines, block.line + 1):
        exits = re.fullmatch(r"# exit (\d+)", line)
        if line.startswith("$ "):
            steps.append(Step(number, line[2:], []))
        elif not steps:
            raise ValueError(f"line {number}: output before the first command")
        elif line.startswith("> ") and not steps[-1].expected:
            steps[-1].command += "\n" + line[2:]
        elif exits:
            steps[-1].status = int(exits.group(1))
        else:
            steps[-1].expected.append(line)
    for step in steps:
        while step.expected and not step.expected[-1].strip():
            step.expected.pop()
    return steps


def matches(expected, actual):
    """Whether the lines printed are those written down, `...` being any text or any lines."""
    pattern = ""
    for line in expected:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += r"[^\n]*".join(re.escape(part) for part in line.rstrip().split("...")) + r"\n"
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in actual)) is not None


def run(command, folder, environment):
    """(exit status, output lines) of a command in a process group of its own, which does not outlive it."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment,
                                   stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        try:
            status = process.wait(timeout=COMMAND_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            status = None
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        output.seek(0)
        return status, output.read().decode("utf-8", "replace").splitlines()


def difference(step, status, printed):
    """What a reader would see otherwise, as text; empty if nothing."""
    text = ""
    if status != step.status:
        text += f"  exit {status}, not {step.status}\n" if status is not None else "  did not end in time\n"
    if step.expected is not None and not matches(step.expected, printed):
        lines = difflib.unified_diff(step.expected, printed, "document", "printed", lineterm="")
        text += "".join(f"  {line}\n" for line in lines)
    elif text:
        text += "".join(f"  | {line}\n" for line in printed)
    return text


def check_block(block, folder, environment):
    """Problems of one block, as (line, text); prints what is not run."""
    note, _, value = block.comment.partition(": ")
    if block.language == "unclosed":
        return [(block.line, "the block does not end")]
    if note == "file":
        target = (folder / value).resolve()
        if folder not in target.parents:
            return [(block.line, f"{value} is outside the working folder")]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(block.lines) + "\n", encoding="utf-8")
        return []
    if block.language in ("bash", "shell", "shell-session", "zsh"):
        return [(block.line, f"commands stand in ```sh or ```console, not in ```{block.language}")]
    if block.language not in ("sh", "console"):
        return []
    if note == "not run" and value:
        print(f"  line {block.line} is not run: {value}")
        return []
    try:
        steps = steps_of(block)
    except ValueError as problem:
        return [(block.line, str(problem))]
    problems = []
    for step in steps:
        text = difference(step, *run(step.command, folder, environment))
        if text:
            problems.append((step.line, f"{step.command}\n{text}"))
    return problems


def check_document(root, document, bin_folder):
    """Problems of one document, as lines of text."""
    with tempfile.TemporaryDirectory(prefix="seam-docs-") as temporary:
        folder = pathlib.Path(temporary).resolve() / "seam"
        shutil.copytree(root, folder, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (folder / "build/release").mkdir(parents=True)
        (folder / "build/release/bin").symlink_to(bin_folder)
        environment = {"PATH": f"{bin_folder}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": temporary, "LC_ALL": "C.UTF-8",
                       "TERM": "dumb"}
        name = document.relative_to(root)
        print(f"{name}:")
        return [f"{name}:{line}: {text}" for block in blocks(document.read_text(encoding="utf-8"))
                for line, text in check_block(block, folder, environment)]


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: docs_commands.py BIN_FOLDER [DOCUMENT...]")
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    bin_folder = pathlib.Path(sys.argv[1]).resolve()
    documents = [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    documents = documents or [path for path in [root / "README.md", *sorted(root.glob("docs/*.md"))] if path.exists()]
    problems = [problem for document in documents for problem in check_document(root, document, bin_folder)]
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
