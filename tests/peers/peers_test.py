"""Other people's servers don't depend on how their streams are cut, but where docs/servers.md says so.

    peers_test.py SEAM

Sweeps scenarios/SERVER, which must be clean, and the scenarios of differences/, each of which must have a finding. A server
that is not in PATH is skipped and named; `./dev test --peers` fetches all of them, and then none may be missing. Short by
default, whole with SEAM_FULL=1. Exits with 77 when no server is there.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SCENARIOS = HERE.parent.parent / "scenarios"
SLOW = ["memcached", "dovecot", "mpd"]  # they start or end slowly, so they go first
SERVERS = [*SLOW, "beanstalkd", "clamd", "mosquitto", "nginx", "postfix", "redis", "vsftpd"]
FULL = bool(os.environ.get("SEAM_FULL"))
PEERS = bool(os.environ.get("SEAM_PEERS"))


def sweep(seam, path, budget, extra=()):
    with tempfile.TemporaryDirectory(prefix="seam-peers-") as kept:
        return subprocess.run(
            [seam, "sweep", "--color", "never", "-j", "1", "--budget", str(budget), "--output", f"{kept}/found", *extra,
             str(path)], capture_output=True, text=True, timeout=1500, check=False, env=os.environ | {"TMPDIR": kept})


def sweep_server(seam, server):
    budget = 500 if FULL else 20 if server in SLOW else 60
    return server, sweep(seam, SCENARIOS / server, budget)


def sweep_difference(seam, path):
    """That there is a finding is enough, but with SEAM_FULL."""
    return path, sweep(seam, path, 60, ["--no-shrink", *([] if FULL else ["--fail-fast"])])


def main():
    seam = sys.argv[1]
    wrong, skipped = [], []
    differences = sorted((HERE / "differences").glob("*.json"))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        done_by = dict(pool.map(lambda server: sweep_server(seam, server), SERVERS))
        differ_by = dict(pool.map(lambda path: sweep_difference(seam, path), differences))
    for server, done in done_by.items():
        shown = re.findall(r": (\d+ segmentations .*)$", done.stdout, re.M)
        if done.returncode == 77:
            skipped.append(server)
        elif done.returncode != 0:
            wrong.append(f"{server}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        for line in shown:
            print(f"{server:12} {line}")
    for path, done in differ_by.items():
        if done.returncode == 77:
            skipped.append(path.stem)
            continue
        seen = sorted(set(re.findall(r"^    \d+\. (\w+): ", done.stdout, re.M)))
        print(f"{path.stem:28} differs, as it should: {', '.join(seen)}")
        if done.returncode != 1 or not seen:
            wrong.append(f"{path.stem}: exit {done.returncode}, where a finding was expected\n{done.stdout}{done.stderr}")
    if skipped:
        print("skipped, for their programs are not here:", ", ".join(skipped))
        if PEERS:
            wrong.append(f"--peers fetches all servers, but these are missing: {', '.join(skipped)}")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 77 if len(skipped) == len(SERVERS) + len(differences) else 0)


if __name__ == "__main__":
    main()
