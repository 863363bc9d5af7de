"""A fuzz target judges its corpus clean, and the inputs that its mutator makes of it.

    replay.py ENGINE TARGET CORPUS

ENGINE is "driver" or "libfuzzer". The smoke run has a seed, so it is the same each time. Any exit code but 0 fails:
libFuzzer's 77 is a failure, never a skip.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

RUNS = 100_000 if os.environ.get("SEAM_FULL") else 2_000


def main():
    engine, target, corpus = sys.argv[1:]
    seeds = [path for path in pathlib.Path(corpus).iterdir() if path.is_file()]
    if not seeds:
        sys.exit(f"{corpus}: no seeds")
    with tempfile.TemporaryDirectory(prefix="seam-fuzz-") as scratch:
        if engine == "libfuzzer":
            new = pathlib.Path(scratch, "new")
            new.mkdir()
            runs = [["-runs=0", corpus], [f"-runs={RUNS}", "-seed=1", "-max_len=1024", str(new), corpus]]
        else:
            runs = [[corpus], [f"-runs={RUNS}", "-seed=1", corpus]]
        for arguments in runs:
            done = subprocess.run([target, *arguments], cwd=scratch, capture_output=True, text=True, errors="replace",
                                  timeout=280, check=False)
            if done.returncode != 0:
                sys.exit(f"{' '.join([target, *arguments])}: exit {done.returncode}\n{done.stderr[-20000:]}")
    print(f"{len(seeds)} seeds and {RUNS} made inputs are clean")


if __name__ == "__main__":
    main()
