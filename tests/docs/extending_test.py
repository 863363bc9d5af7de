#!/usr/bin/env python3
"""Are the changes that docs/extending.md shows right, and is each as small as it says? extending_test.py COMPILER

In a copy of the tree, from top to bottom: a ```diff is applied by `git apply`, a `<!-- file: NAME -->` is written, and the
commands, which docs_commands.py leaves alone, are run as it would run them; COMPILER builds. Each change may add one file,
and one line to each table that is named for it below: when an extension takes more, the tree has lost its shape.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/house"))
import docs_commands  # noqa: E402, its folder has just been added

DOCUMENT = ROOT / "docs/extending.md"
MARK = "not run: tests/docs/extending_test.py applies the changes, and runs this"
# By change, in order: the folder of its one new file, and the tables that get one line.
CHANGES = [("harness/steps", {"harness/steps/steps.def"}),
           ("harness/reports", {"harness/reports/reports.def"}),
           ("fuzz/targets", {"fuzz/CMakeLists.txt", "harness/exchange/targets.def"})]


def files_of(change):
    """What a change does: ({new file}, {file that was there: lines added, or -1 when it loses one})."""
    new, old, path, is_new = set(), {}, None, False
    for line in change.splitlines():
        if line.startswith("--- "):
            is_new = line == "--- /dev/null"
        elif line.startswith("+++ b/"):
            path = line[len("+++ b/"):]
            new |= {path} if is_new else set()
            old |= {} if is_new else {path: 0}
        elif line.startswith("-"):
            old[path] = -1
        elif line.startswith("+") and not is_new and old[path] >= 0:
            old[path] += 1
    return new, old


def size_problem(number, change):
    """Why the change is more than an extension may be, or None."""
    if number >= len(CHANGES):
        return "a change that this test does not know"
    folder, tables = CHANGES[number]
    new, old = files_of(change)
    if len(new) != 1 or not next(iter(new)).startswith(folder + "/"):
        return f"adds {', '.join(sorted(new)) or 'no file'}, not one file in {folder}/"
    if old != dict.fromkeys(tables, 1):
        return f"touches {old}, not one line each of {', '.join(sorted(tables))}"
    return None


def apply(block, folder):
    """What `git apply` has against the change, as a list of problems."""
    done = subprocess.run(["git", "apply", "-"], cwd=folder, input="\n".join(block.lines) + "\n", text=True,
                          env=os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}, capture_output=True, check=False)
    return [(block.line, f"git apply: {done.stderr.strip()}")] if done.returncode != 0 else []


def check_blocks(blocks, folder, environment):
    """Problems, as (line, text), up to and with the first block that has some: what follows would only repeat them."""
    changes = 0
    for block in blocks:
        problems = []
        if block.language == "diff":
            too_much = size_problem(changes, "\n".join(block.lines))
            problems = [(block.line, too_much)] if too_much else apply(block, folder)
            changes += 1
        elif block.comment == MARK:
            block.comment = ""
            problems = docs_commands.check_block(block, folder, environment)
        elif block.language in ("sh", "console"):
            problems = [(block.line, f"commands here need a line before them: <!-- {MARK} -->")]
        else:
            problems = docs_commands.check_block(block, folder, environment)
        if problems:
            return problems
    return [] if changes == len(CHANGES) else [(1, f"{changes} changes, not {len(CHANGES)}")]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: extending_test.py COMPILER")
    with tempfile.TemporaryDirectory(prefix="seam-extending-") as temporary:
        folder = pathlib.Path(temporary).resolve() / "seam"
        shutil.copytree(ROOT, folder, symlinks=True, ignore=shutil.ignore_patterns(*docs_commands.LEFT_OUT))
        (folder / "build").mkdir()
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": temporary, "TMPDIR": temporary, "LC_ALL": "C.UTF-8",
                       "TERM": "dumb", "CC": sys.argv[1]}
        problems = check_blocks(docs_commands.blocks(DOCUMENT.read_text(encoding="utf-8")), folder, environment)
    for line, text in problems:
        print(f"docs/extending.md:{line}: {text}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
