"""Runs fuzz targets for a while, and explains what they found: run.py BUILD [TARGET] [SECONDS]

BUILD is a build folder with libFuzzer's targets (preset fuzz); without TARGET each in turn; SECONDS (60) for each. All
cores are used (-fork). What is new is kept in BUILD/corpus/TARGET, which the next run starts from besides corpus/TARGET.
Findings are made small, told apart by what their report says first, named by that, kept in BUILD/findings/TARGET, and
explained. Exit: 0 no finding, 1 findings, 2 bad usage, 4 a target could not run.
"""
import configparser
import difflib
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FINDING = ("crash-*", "leak-*", "oom-*", "timeout-*")
SMALLER_RUNS, SMALLER_SECONDS = 20_000, 30
FINDINGS_MAX = 20  # that are made small and explained; the others of a run are most likely the same


def options_of(target):
    """Flags for libFuzzer: the target's dictionary, and what its .options file says."""
    flags = []
    dictionary = ROOT / "fuzz/targets" / f"{target}.dict"
    if dictionary.exists():
        flags.append(f"-dict={dictionary}")
    parsed = configparser.ConfigParser()
    parsed.read(ROOT / "fuzz/targets" / f"{target}.options")
    if parsed.has_section("libfuzzer"):
        flags += [f"-{key}={value}" for key, value in parsed["libfuzzer"].items() if key != "dict"]
    return flags


def replay(program, path):
    """What a run of one input says on stderr; empty when it is clean."""
    done = subprocess.run([program, "-timeout=25", path], capture_output=True, text=True, errors="replace", check=False)
    return done.stderr if done.returncode != 0 else ""


def first_line(report):
    """What tells findings apart: the layer's verdict, or the sanitizer's summary."""
    layer = re.search(r"^seam/fuzz: (.*?: .*?): ", report, re.M)
    summary = re.search(r"^SUMMARY: (.*)$", report, re.M)
    return layer.group(1) if layer else re.sub(r"\s*\(.*?\)", "", summary.group(1)) if summary else "no report"


def explanation(report):
    """The part of a replay's output that a person needs."""
    layer = re.search(r"^seam/fuzz: .*?(?=^==|\Z)", report, re.M | re.S)
    if layer:
        return layer.group(0).rstrip()
    lines = [line for line in report.splitlines() if not re.match(r"INFO:|Running:|\S+: Running", line)]
    return "\n".join(lines[:30])


def make_small(program, path, scratch):
    """A smaller input that fails too, or the same one."""
    small = scratch / "small"
    subprocess.run([program, "-minimize_crash=1", f"-runs={SMALLER_RUNS}", f"-max_total_time={SMALLER_SECONDS}",
                    f"-exact_artifact_path={small}", path], capture_output=True, check=False, cwd=scratch)
    if small.exists() and small.stat().st_size < path.stat().st_size and replay(program, small):
        return small.read_bytes()
    return path.read_bytes()


def sort_findings(program, found, kept, scratch):
    """Small inputs of different findings, named, in kept. Returns [(path, report)]."""
    best = {}
    paths = sorted((path for pattern in FINDING for path in found.glob(pattern)), key=lambda path: path.stat().st_size)
    for path in paths[:FINDINGS_MAX]:
        report = replay(program, path)
        if not report:
            print(f"  {path.name} is clean when it is run again: it is kept as it is")
            best[f"flaky {path.name}"] = path.read_bytes()
            continue
        data = path.read_bytes() if first_line(report) in best else make_small(program, path, scratch)
        best.setdefault(first_line(report), data)
    named = []
    for line, data in sorted(best.items()):
        name = re.sub(r"[^A-Za-z0-9]+", "-", line).strip("-")[:60] + "-" + hashlib.sha256(data).hexdigest()[:8]
        kept.mkdir(parents=True, exist_ok=True)
        (kept / name).write_bytes(data)
        named.append((kept / name, replay(program, kept / name)))
    return named


def fuzz(build, target, seconds):
    """How many findings; -1: it could not run."""
    program, seeds = build / "fuzz" / f"fuzz_{target}", ROOT / "corpus" / target
    corpus, kept = build / "corpus" / target, build / "findings" / target
    corpus.mkdir(parents=True, exist_ok=True)
    before = len(list(corpus.iterdir()))
    with tempfile.TemporaryDirectory(prefix="seam-fuzz-") as folder:
        scratch = pathlib.Path(folder)
        found = scratch / "found"
        found.mkdir()
        command = [program, f"-fork={os.cpu_count()}", "-ignore_crashes=1", "-ignore_ooms=1", "-ignore_timeouts=1",
                   f"-max_total_time={seconds}", "-timeout=25", f"-artifact_prefix={found}/", *options_of(target), corpus,
                   *([seeds] if seeds.is_dir() else [])]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, cwd=scratch)
        runs = re.findall(r"^#(\d+): cov: (\d+)", done.stderr, re.M)
        findings = sort_findings(program, found, kept, scratch)
    if done.returncode != 0 and not findings:
        print(f"{target}: libFuzzer ended with {done.returncode}, and kept no input:\n{done.stderr[-4000:]}")
        return -1
    executions, edges = runs[-1] if runs else ("?", "?")
    new = len(list(corpus.iterdir())) - before
    print(f"{target}: {executions} executions, {edges} edges, {new} new inputs, {len(findings)} finding{'s' * (len(findings) != 1)}")
    for path, report in findings:
        print(f"\n{explanation(report)}\n\n  again:    {program} {path}\n  scenario: seam import crash {path} --target {target}")
    if new:
        print(f"  to keep what is new: {program} -merge=1 {seeds} {corpus}")
    return len(findings)


def main():
    build, *rest = sys.argv[1:] or sys.exit(__doc__)
    build = pathlib.Path(build).resolve()
    there = sorted(path.name.removeprefix("fuzz_") for path in (build / "fuzz").glob("fuzz_*") if os.access(path, os.X_OK) and not path.suffix)
    seconds, names = "60", []
    for argument in rest:
        if argument.isdigit() and int(argument) > 0:
            seconds = argument
        elif argument in there:
            names.append(argument)
        else:
            close = difflib.get_close_matches(argument, there, 1)
            print(f"fuzz: no such target: {argument}{'; did you mean ' + close[0] + '?' if close else ''}\n"
                  f"usage: ./dev fuzz [TARGET] [SECONDS]; targets: {', '.join(there)}", file=sys.stderr)
            sys.exit(2)
    counts = [fuzz(build, name, seconds) for name in names or there]
    sys.exit(4 if -1 in counts or not counts else 1 if any(counts) else 0)


if __name__ == "__main__":
    main()
