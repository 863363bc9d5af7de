"""Ordinary scenarios catch the planted bugs, and find nothing in the control.

    planted_test.py SEAM FOLDER   with FOLDER holding the planted_* programs

Each scenario of this folder runs against each program. A bug is caught when the scenario fails (exit 1); a program that
could not run at all (exit 4) would prove nothing. Every bug passes when each line arrives alone in its own write: it is a
matter of the cuts alone.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SCENARIOS = ["alone", "joined", "tail", "character", "two_clients", "half"]
CAUGHT_BY = {
    "right": [],
    "drops_rest": ["joined", "tail"],
    "loses_tail": ["tail"],
    "cuts_utf8.py": ["character"],
    "shares_buffer": ["two_clients"],
    "answers_early": ["tail", "character", "two_clients", "half"],
    "late_by_one.py": ["joined"],
    "text_file.py": ["joined", "tail"],
}


def run(seam, folder, program, scenario):
    if program.endswith(".py"):
        defines = [f"runner={sys.executable}", f"program={HERE / program}"]
    else:
        defines = ["runner=env", f"program={folder / ('planted_' + program)}"]
    command = [seam, "run", str(HERE / f"{scenario}.json"), "--color", "never"]
    for define in defines:
        command += ["--define", define]
    with tempfile.TemporaryDirectory(prefix="seam-planted-") as kept:  # what failed runs leave behind
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False,
                              env=os.environ | {"TMPDIR": kept})


def main():
    seam, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    wrong = []
    for program, caught_by in CAUGHT_BY.items():
        row = []
        for scenario in SCENARIOS:
            done = run(seam, folder, program, scenario)
            row.append({0: "-", 1: "caught"}.get(done.returncode, f"exit {done.returncode}"))
            if done.returncode != (1 if scenario in caught_by else 0):
                wrong.append(f"{program} under {scenario}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        print(f"{program:16}" + "".join(f"{cell:>12}" for cell in row))
    print(f"{'':16}" + "".join(f"{name:>12}" for name in SCENARIOS))
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
