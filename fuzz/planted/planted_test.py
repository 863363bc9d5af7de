"""The layer sees every planted bug soon, and the right parsers clean; the short form of bench/fuzz-planted.

    planted_test.py LAYER [BYTES]

LAYER is planted_layer with libFuzzer or the driver, BYTES is planted_bytes. A bug must be reported by an oracle that may
see it, within 2,000 inputs, by two of three seeds; a right parser must be clean for 5,000 (100,000 with SEAM_FULL=1).
BYTES must cut a stream as its head says.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

EXECUTIONS_MAX = 2_000
CLEAN_RUNS = 100_000 if os.environ.get("SEAM_FULL") else 5_000
SEEDS = (1, 2, 3)
BUGS_MIN, RIGHT_MIN = 12, 3  # of the list, so that an empty one proves nothing
# What AddressSanitizer sees before an oracle does.
SANITIZERS = {"pointer_kept": "use-after-poison"}
# Sizes of chunks, stream, parser, and what its report must say of the cuts.
BYTES_INPUTS = [
    ([2, 0, 3, 1, 1, 1, 1, 1], b"abcdefgh", "empty_ends", "8 bytes in 6 chunks, cut @2,2,5,6,7"),
    ([1] * 8, b"a" * 10 + b"\n", "told_late", "11 bytes in 11 chunks, cut @1,2,3,4,5,6,7,8,9,10"),
    ([0] * 8, b"a\r\r\n", "restart_lost", "4 bytes in 1 chunk"),
]


def run(program, name, arguments, folder):
    # Reports of stacks would take longer than all else.
    environment = os.environ | {"SEAM_PLANTED": name, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":symbolize=0"}
    return subprocess.run([program, *arguments], cwd=folder, env=environment, capture_output=True, text=True,
                          errors="replace", timeout=250, check=False)


def seen_by(name, done):
    """The oracle that reported, or the sanitizer; None: it ended clean. Anything else is an error."""
    report = re.search(rf"^seam/fuzz: {name}: ([a-z ]+): ", done.stderr, re.M)
    sanitizer = re.search(r"ERROR: AddressSanitizer: ([a-z-]+)", done.stderr)
    if report and done.returncode != 0:
        return report.group(1)
    if name in SANITIZERS and sanitizer and sanitizer.group(1) == SANITIZERS[name]:
        return sanitizer.group(1)
    if done.returncode != 0:
        sys.exit(f"{name}: exit {done.returncode} without a report\n{done.stderr[-4000:]}")
    return None


def problem_of_bug(layer, name, oracles, folder):
    """What is wrong with how a bug is seen, or None."""
    may = [*oracles, SANITIZERS.get(name)]
    found, missed = 0, 0
    for seed in SEEDS:
        oracle = seen_by(name, run(layer, name, [f"-runs={EXECUTIONS_MAX}", f"-seed={seed}"], folder))
        if oracle and oracle not in may:
            return f"{name}: seed {seed}: seen by {oracle}, not by {' or '.join(oracles)}"
        found, missed = found + bool(oracle), missed + (not oracle)
        if found > len(SEEDS) // 2:
            return None
        if missed > len(SEEDS) // 2:
            break
    return f"{name}: not seen in {EXECUTIONS_MAX} inputs with {missed} of {len(SEEDS)} seeds"


def problems_of_bytes(program, folder):
    for sizes, stream, name, expected in BYTES_INPUTS:
        path = pathlib.Path(folder, "input")
        path.write_bytes(bytes(sizes) + stream)
        done = run(program, name, [path], folder)
        if not seen_by(name, done) or f"length: {expected}\n" not in done.stderr:
            yield f"bytes, {sizes}: no report of {expected}\n{done.stderr[-2000:]}"


def main():
    layer, *rest = sys.argv[1:]
    listed = run(layer, "list", [], None).stdout.splitlines()
    parsers = {name: oracles.split(" or ") if oracles else []
               for name, _, _, oracles, *_ in (line.split("\t") for line in listed)}
    right = [name for name, oracles in parsers.items() if not oracles]
    problems = []
    if len(right) < RIGHT_MIN or len(parsers) - len(right) < BUGS_MIN:
        problems.append(f"only {len(parsers) - len(right)} bugs and {len(right)} right parsers are listed")
    with tempfile.TemporaryDirectory(prefix="seam-planted-") as folder:
        for name, oracles in parsers.items():
            if oracles:
                problems.append(problem_of_bug(layer, name, oracles, folder))
            else:
                done = run(layer, name, [f"-runs={CLEAN_RUNS}", "-seed=1"], folder)
                alarm = seen_by(name, done)
                problems.append(f"{name} is right, but: {alarm}\n{done.stderr[-4000:]}" if alarm else None)
        for program in rest:
            problems += problems_of_bytes(program, folder)
    problems = list(filter(None, problems))
    if problems:
        sys.exit("\n".join(problems))
    print(f"{len(parsers) - len(right)} bugs seen within {EXECUTIONS_MAX} inputs, {len(right)} right parsers clean for "
          f"{CLEAN_RUNS}")


if __name__ == "__main__":
    main()
