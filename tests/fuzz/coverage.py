"""Measures what the seed corpora of the fuzz targets reach, and writes docs/fuzzing-coverage.md.

    coverage.py [BUILD]     builds the preset `coverage` in BUILD (build/coverage), replays each corpus, writes the page
    coverage.py --check     is each target, with each of its files, in the page?

Corpora are replayed, nothing is fuzzed: it takes seconds beside building. The files that a target is for stand behind
"Files:" in the head of fuzz/targets/NAME.c. Needs clang, llvm-profdata and llvm-cov of one version.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "fuzzing-coverage.md"
FLAGS = "-fprofile-instr-generate -fcoverage-mapping"
HEAD = """# What the fuzz targets' corpora reach

Lines and branches of the files that a target is for, when its seeds in `corpus/` are replayed, each once. That is where
fuzzing starts, not where it ends. What is not reached has its reason in the head of `fuzz/targets/NAME.c`: mostly that
memory runs out, which unit tests have. A file may stand at several targets: each reaches its part of it. Measured with
llvm-cov {version}; branches count both ways of each condition.

<!-- not run: it builds everything once more, and writes this page -->
```sh
python3 -B tests/fuzz/coverage.py
```

| target | file | lines | of | branches | of |
|---|---|--:|--:|--:|--:|
"""


def targets():
    """(name, files) of each target."""
    for path in sorted((ROOT / "fuzz" / "targets").glob("*.c")):
        head = path.read_text(encoding="utf-8").split("*/")[0]
        found = re.search(r"^ \* Files: (.*?)\n \*\n", head, re.MULTILINE | re.DOTALL)
        if found:
            yield path.stem, re.findall(r"\S+\.c", found.group(1))


def clang_version():
    said = subprocess.run(["clang", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"version (\d+)", said).group(1)


def tool(name):
    """The tool of clang's version: its plain name may belong to another."""
    version = clang_version()
    path = shutil.which(f"{name}-{version}") or shutil.which(name)
    if not path:
        sys.exit(f"{name} is missing: it comes with llvm-{version}")
    return path


def build(folder, names):
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                    "-DCMAKE_C_COMPILER=clang", f"-DCMAKE_C_FLAGS={FLAGS}"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder, "--target", *(f"fuzz_{name}" for name in names)], check=True,
                   stdout=subprocess.DEVNULL)


def measure(program, corpus, files, scratch):
    """The summaries of the files, as llvm-cov has them: [(file, lines, branches)]."""
    raw, merged = pathlib.Path(scratch, "raw"), pathlib.Path(scratch, "merged")
    subprocess.run([program, corpus], check=True, stderr=subprocess.DEVNULL, cwd=scratch,
                   env=dict(os.environ, LLVM_PROFILE_FILE=str(raw), TMPDIR=scratch))
    subprocess.run([tool("llvm-profdata"), "merge", "-o", merged, raw], check=True)
    report = subprocess.run([tool("llvm-cov"), "export", "-summary-only", f"-instr-profile={merged}", program,
                             *(ROOT / file for file in files)], check=True, capture_output=True, text=True)
    summaries = {pathlib.Path(file["filename"]).resolve(): file["summary"]
                 for file in json.loads(report.stdout)["data"][0]["files"]}
    missing = [file for file in files if (ROOT / file) not in summaries]
    if missing:
        sys.exit(f"{program.name} does not link {', '.join(missing)}")
    return [(file, summaries[ROOT / file]["lines"], summaries[ROOT / file]["branches"]) for file in files]


def percent(parts):
    covered, count = sum(part["covered"] for part in parts), sum(part["count"] for part in parts)
    return f"{100 * covered / count:.1f} %" if count else "-", count


def rows(name, summaries):
    """One row for each file; where there are several a first one for all."""
    yield_all = [("all", [lines for _, lines, _ in summaries], [branches for _, _, branches in summaries])]
    each = [(f"`{file}`", [lines], [branches]) for file, lines, branches in summaries]
    for place, lines, branches in (yield_all if len(each) > 1 else []) + each:
        covered, count = percent(lines)
        both, ways = percent(branches)
        yield f"| {name} | {place} | {covered} | {count} | {both} | {ways} |"


def check():
    page = PAGE.read_text(encoding="utf-8")
    wanted = {(name, file) for name, files in targets() for file in files}
    there = set(re.findall(r"^\| (\w+) \| `([^`]+)` \|", page, re.MULTILINE))
    for what, places in (("lacks", wanted - there), ("has, and no target is for,", there - wanted)):
        for name, file in sorted(places):
            print(f"{PAGE.name} {what} {name}: {file}")
    return 1 if wanted != there else 0


def main():
    if sys.argv[1:] == ["--check"]:
        sys.exit(check())
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "coverage").resolve()
    all_targets = dict(targets())
    build(folder, all_targets)
    page = HEAD.format(version=clang_version())
    with tempfile.TemporaryDirectory(prefix="seam-coverage-") as scratch:
        for name, files in all_targets.items():
            summaries = measure(folder / "fuzz" / f"fuzz_{name}", ROOT / "corpus" / name, files, scratch)
            for row in rows(name, summaries):
                page += row + "\n"
            lines, branches = percent([s[1] for s in summaries])[0], percent([s[2] for s in summaries])[0]
            print(f"{name}: lines {lines}, branches {branches}")
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
