"""AFL++ takes the layer's mutator: with fuzz/afl_shim.c it finds what only a length reaches.

    afl_test.py ROOT

Builds limit_target.c with afl-clang-fast and its mutator library with clang, runs afl-fuzz until the first crash, which must
come soon, and prints after how many executions that was. Then without the mutator, for as many executions as were allowed,
where nothing must be found. SEAM_FULL=1: five seeds, and 300,000 executions. Exits with 77 when afl++ is not here.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

DRIVER = pathlib.Path("/usr/lib/afl/libAFLDriver.a")
FOUND_MAX = 10_000
SEEDS, ALONE = (5, 300_000) if os.environ.get("SEAM_FULL") else (1, FOUND_MAX)
SECONDS_MAX = 240


def run(command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace", timeout=SECONDS_MAX,
                          check=False, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")


def build(root, scratch):
    layer = sorted((root / "fuzz/layer").glob("*.c"))
    common = ["-std=c17", "-D_GNU_SOURCE", "-O1", "-g", f"-I{root}"]
    target = root / "tests/fuzz/limit_target.c"
    run(["clang", *common, "-shared", "-fPIC", root / "fuzz/afl_shim.c", target, *layer, "-o", scratch / "mutator.so"])
    objects = []
    for path in layer: # the layer is not what is fuzzed
        objects.append(scratch / f"layer_{path.stem}.o")
        run(["clang", *common, "-c", path, "-o", objects[-1]])
    environment = os.environ | {"AFL_QUIET": "1"}
    run(["afl-clang-fast", *common, "-c", target, "-o", scratch / "target.o"], env=environment)
    run(["afl-clang-fast++", scratch / "target.o", *objects, DRIVER, "-o", scratch / "target"], env=environment)


def fuzz(scratch, name, executions, seed, mutator):
    """(executions, crashes)"""
    seeds, out = scratch / "seeds", scratch / name
    seeds.mkdir(exist_ok=True)
    (seeds / "line").write_bytes(b"\0hello\n")
    environment = os.environ | {"AFL_SKIP_CPUFREQ": "1", "AFL_NO_AFFINITY": "1", "AFL_NO_UI": "1", "AFL_BENCH_UNTIL_CRASH": "1",
                                "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_FAST_CAL": "1", "AFL_TRY_AFFINITY": "0"}
    if mutator:
        environment["AFL_CUSTOM_MUTATOR_LIBRARY"] = str(scratch / "mutator.so")
    run(["afl-fuzz", "-s", seed, "-i", seeds, "-o", out, "-E", executions, "-V", SECONDS_MAX - 40, "--", scratch / "target"],
        env=environment, cwd=scratch)
    stats = (out / "default/fuzzer_stats").read_text(encoding="utf-8")
    return (int(re.search(r"execs_done\s*: (\d+)", stats).group(1)),
            len(list((out / "default/crashes").glob("id*"))))


def main():
    if not (DRIVER.exists() and shutil.which("afl-fuzz")):
        print("skipped: afl++ is not here")
        sys.exit(77)
    root = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="seam-afl-") as folder:
        scratch = pathlib.Path(folder)
        build(root, scratch)
        wrong = False
        for seed in range(1, SEEDS + 1):
            done, crashes = fuzz(scratch, f"with-{seed}", FOUND_MAX, seed, True)
            print(f"with the layer's mutator, seed {seed}: {'a crash' if crashes else 'no crash'} after {done} executions")
            wrong = wrong or not crashes
        done, crashes = fuzz(scratch, "without", ALONE, 1, False)
        print(f"without: {'a crash' if crashes else 'no crash'} after {done} executions")
        wrong = wrong or crashes or done < ALONE
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
