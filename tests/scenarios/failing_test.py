"""What `seam run` says and exits with when scenarios fail.

    failing_test.py SEAM texts [SKIPPED...]   each *.json here gives what stands in the *.expected beside it
    failing_test.py SEAM at-once              what can't come any more fails at once: no wait for a time limit

An expected file begins with the exit code; then stdout, "--- stderr" and stderr when there is any. `*` stands for anything in
a line, a line `...` for any number of lines.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
AT_ONCE_MS_MAX = 50
ROUNDS = 7


def run(seam, name):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SEAM_")}
    with tempfile.TemporaryDirectory(prefix="seam-failing-") as kept:  # what failed runs leave behind
        return subprocess.run([seam, "run", name, "--color", "never"], cwd=HERE, env=environment | {"TMPDIR": kept},
                              capture_output=True, text=True, timeout=60, check=False)


def pattern_of(expected):
    lines = []
    for line in expected.splitlines():
        if line == "...":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(re.escape(part) for part in line.split("*")) + r"\n")
    return re.compile("".join(lines))


def check_texts(seam, skipped):
    wrong = []
    scenarios = [path for path in sorted(HERE.glob("*.json")) if path.stem not in skipped]
    for path in scenarios:
        done = run(seam, path.name)
        said = f"exit {done.returncode}\n{done.stdout}" + (f"--- stderr\n{done.stderr}" if done.stderr else "")
        expected = path.with_suffix(".expected").read_text(encoding="utf-8")
        if not pattern_of(expected).fullmatch(said):
            wrong.append(f"=== {path.name}: expected\n{expected}=== but it said\n{said}")
    print("\n".join(wrong))
    print("".join(f"skipped: {name}\n" for name in skipped), end="")
    print(f"{len(scenarios)} scenarios, {len(wrong)} with another text than expected")
    return bool(wrong)


def fastest_ms(seam, name, exit_code):
    fastest = float("inf")
    for _ in range(ROUNDS):
        began = time.monotonic()
        done = run(seam, name)
        fastest = min(fastest, 1000 * (time.monotonic() - began))
        if done.returncode != exit_code:
            sys.exit(f"{name}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return fastest


def check_at_once(seam, _):
    """A run that waits for what can't come takes no longer than one that gets it: a fact ends it, not a clock."""
    late = False
    passing_ms = fastest_ms(seam, "passes.json", 0)
    print(f"passes.json: {passing_ms:.1f} ms")
    for name, exit_code in (("never-answers.json", 1), ("never-ends.json", 1), ("nobody-connects.json", 1),
                            ("split-unread.json", 1), ("split-not-accepted.json", 1), ("does-not-read-typing.json", 1),
                            ("ignores-term.json", 1), ("never-listens.json", 4), ("stream-ended.json", 1)):
        took_ms = fastest_ms(seam, name, exit_code)
        verdict = "" if took_ms <= passing_ms + AT_ONCE_MS_MAX else f": more than {AT_ONCE_MS_MAX} ms longer"
        late = late or bool(verdict)
        print(f"{name}: {took_ms:.1f} ms, {took_ms / passing_ms:.1f} times as long{verdict}")
    return late


if __name__ == "__main__":
    sys.exit({"texts": check_texts, "at-once": check_at_once}[sys.argv[2]](sys.argv[1], sys.argv[3:]))
