"""Every planted bug is found by a sweep of its family's ordinary scenario, and every correct program is clean.

    planted_test.py SEAM FOLDER [NAME...]   with FOLDER holding the sweep_* programs

Short: of each class and oracle the first bug, and the correct program of its family; with SEAM_FULL=1 all.

planted.tsv lists programs, scenarios and the oracle that should see each. A bug counts as found when `seam sweep` exits
with 1, the oracle is the expected one, and the smallest reproduction, run as a user would, fails again, with at most 3
cuts and 5 steps. Prints a table: bug, class, oracle, cases to find, runs to shrink, size.
"""
import concurrent.futures
import csv
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CUTS_MAX, STEPS_MAX = 3, 5
FULL = bool(os.environ.get("SEAM_FULL"))


def budget_of(row):
    """Each run of a client starts programs of its own, 0.1 s."""
    return "500" if FULL else "80" if row["scenario"].startswith("client/") else "200"


# What a planted oracle may be called by the sweep: an expectation of the scenario often sees what invariance would.
SEEN_BY = {
    "invariance": {"expectation", "invariance"},
    "progress-stall": {"progress"},
    "progress-early": {"progress"},
    "health": {"health"},
    "cost": {"cost"},
    "injection": {"injection"},
}
FINDING = re.compile(r"^    \d+\. (\w+): (.*)$", re.M)
SHRUNK = re.compile(r"shrunk to (\d+) cuts? and (\d+) steps? in (\d+) runs: (seam (?:run|sweep).*)$", re.M)


def defines(folder, row):
    file = HERE / row["file"]
    if file.suffix == ".py":
        return ["--define", f"runner={sys.executable}", "--define", f"program={file}"]
    return ["--define", "runner=env", "--define", f"program={folder / ('sweep_' + row['name'])}"]


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False, **more)


def first_case(output):
    """After how many cases the first finding was there, as the sweep says it."""
    found = re.search(r"first found after (\d+) cases?", output)
    return int(found.group(1)) if found else 0


def check_reproduction(seam, folder, row, output, growth):
    """An error text, or None; and (cuts, steps, runs) of the smallest reproduction."""
    shrunk = [(int(c), int(s), int(r), command) for c, s, r, command in SHRUNK.findall(output)]
    if not shrunk:
        return "no reproduction was written", None
    cuts, steps, runs, command = min(shrunk, key=lambda one: (one[0] + one[1], one[2]))
    path = command.split()[-1]
    if growth:
        again = run([seam, "sweep", "--no-shrink", "--budget", "1", path])
    else:
        again = run([seam, "run", path])
    if again.returncode != 1:
        return f"the reproduction does not fail again: exit {again.returncode}\n{again.stdout}", (cuts, steps, runs)
    if cuts > CUTS_MAX or steps > STEPS_MAX:
        return f"{cuts} cuts and {steps} steps are too many", (cuts, steps, runs)
    return None, (cuts, steps, runs)


def judge(seam, folder, row):
    """(row, cells of the table, error or None)"""
    with tempfile.TemporaryDirectory(prefix="seam-planted-") as kept:
        command = [seam, "sweep", "-j", "1", "--color", "never", "--output", f"{kept}/found", "--budget", budget_of(row),
                   *defines(folder, row), str(HERE / row["scenario"])]
        done = run(command, env=os.environ | {"TMPDIR": kept})
        oracles = FINDING.findall(done.stdout)
        if row["class"] == "control":
            error = None if done.returncode == 0 else f"exit {done.returncode}"
            return row, ("", "", "", ""), error and error + "\n" + done.stdout + done.stderr
        named = " ".join(sorted({oracle for oracle, _ in oracles}))
        if done.returncode != 1 or not oracles:
            return row, (named, "", "", ""), f"exit {done.returncode}\n{done.stdout}{done.stderr}"
        wanted = SEEN_BY[row["oracle"]]
        if not wanted & {oracle for oracle, _ in oracles}:
            return row, (named, "", "", ""), f"{row['oracle']} was expected\n{done.stdout}"
        error, size = check_reproduction(seam, folder, row, done.stdout, row["oracle"] == "cost")
        cells = (named, str(first_case(done.stdout)), str(size[2]) if size else "",
                 f"{size[0]} cuts, {size[1]} steps" if size else "")
        return row, cells, error and error + "\n" + done.stdout


def short(rows):
    """Of each class and oracle the first bug, and what is correct beside those."""
    bugs = {}
    for row in rows:
        if row["class"] != "control":
            bugs.setdefault((row["class"], row["oracle"]), row)
    scenarios = {row["scenario"] for row in bugs.values()}
    return [row for row in rows if row in bugs.values() or (row["class"] == "control" and row["scenario"] in scenarios)]


def main():
    seam, folder, only = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    with open(HERE / "planted.tsv", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if not only or row["name"] in only]
    all_rows = rows
    if not only and not FULL:
        rows = short(rows)
    wrong = []
    print(f"{'program':18} {'class':8} {'seen by':24} {'cases':>6} {'shrink':>7}  size")
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(os.environ.get("SEAM_JOBS", "2"))) as pool:
        for row, cells, error in pool.map(lambda row: judge(seam, folder, row), rows):
            mark = "" if error is None else "   <- WRONG"
            print(f"{row['name']:18} {row['class']:8} {cells[0]:24} {cells[1]:>6} {cells[2]:>7}  {cells[3]}{mark}",
                  flush=True)
            if error:
                wrong.append(f"{row['name']}: {error}")
    bugs = [row for row in rows if row["class"] != "control"]
    all_bugs = [row for row in all_rows if row["class"] != "control"]
    classes = {row["class"] for row in bugs}
    print(f"{len(bugs)} bugs of {len(classes)} classes, {len(rows) - len(bugs)} correct programs; {len(wrong)} wrong; {len(all_rows) - len(rows)} left out"
          f"{', which SEAM_FULL=1 has' if len(rows) < len(all_rows) else ''}")
    if not only and (len(all_bugs) < 24 or classes != set("ABCDEFGHIJKLMNO")):
        wrong.append("planted.tsv must have at least 24 bugs, and each class")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
