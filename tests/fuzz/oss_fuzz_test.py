"""What OSS-Fuzz and ClusterFuzzLite do with this tree, on this machine: .clusterfuzzlite/build.sh in their environment.

    oss_fuzz_test.py ROOT

For each engine and sanitizer: a copy of the tree as $SRC/seam, an empty $OUT and $WORK, their variables, no network; then
what $OUT holds is run from another folder, with nothing of the tree there: each target on its seeds. Short: address and
memory with libFuzzer, address with AFL++; SEAM_FULL=1 adds undefined and coverage. Exits with 77 when afl++ is not here
and all else is well.
"""
import configparser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

FULL = bool(os.environ.get("SEAM_FULL"))
LEFT_OUT = ("build", ".git", "__pycache__")
COMMON = "-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
SANITIZERS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": "-fsanitize=array-bounds,bool,builtin,enum,integer-divide-by-zero,null,object-size,return,"
                 "returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound "
                 "-fno-sanitize-recover=array-bounds,bool,builtin,enum,integer-divide-by-zero,null,object-size,return,"
                 "returns-nonnull-attribute,shift,signed-integer-overflow,unreachable,vla-bound",
    "memory": "-fsanitize=memory -fsanitize-memory-track-origins",
    "coverage": "-fprofile-instr-generate -fcoverage-mapping",
}
CASES = [("libfuzzer", "address"), ("libfuzzer", "memory"), ("afl", "address")]
if FULL:
    CASES += [("libfuzzer", "undefined"), ("libfuzzer", "coverage")]
AFL_DRIVER = pathlib.Path("/usr/lib/afl/libAFLDriver.a")
NEEDS_LIBRARIES = {"scenario", "codecs"}  # of targets that may be left out for memory
MAY_LINK = re.compile(r"linux-vdso|lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)\.so|ld-linux")


def offline():
    """The start of a command line that has no network; empty where the system does not allow that."""
    for start in (["unshare", "-n"], ["unshare", "-rn"]):
        if subprocess.run([*start, "true"], capture_output=True, check=False).returncode == 0:
            return start
    print("unshare is refused here: the build has a network")
    return []


def run(command, environment, folder, seconds=600):
    done = subprocess.run([str(part) for part in command], env=environment, cwd=folder, capture_output=True, text=True,
                          errors="replace", timeout=seconds, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{(done.stdout + done.stderr)[-6000:]}")
    return done.stdout + done.stderr


def environment_of(engine, sanitizer, scratch):
    """The variables that their images set."""
    flags = f"{COMMON} {SANITIZERS[sanitizer]}"
    if engine == "libfuzzer" and sanitizer != "coverage":
        flags += " -fsanitize=fuzzer-no-link"
    compilers = {"libfuzzer": ("clang", "clang++"), "afl": ("afl-clang-fast", "afl-clang-fast++")}[engine]
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(scratch), "LC_ALL": "C",
            "CC": compilers[0], "CXX": compilers[1], "CCC": compilers[1], "CFLAGS": flags, "CXXFLAGS": flags,
            "LIB_FUZZING_ENGINE": "-fsanitize=fuzzer" if engine == "libfuzzer" else str(AFL_DRIVER),
            "OUT": str(scratch / "out"), "SRC": str(scratch / "src"), "WORK": str(scratch / "work"),
            "SANITIZER": sanitizer, "FUZZING_ENGINE": engine, "FUZZING_LANGUAGE": "c", "ARCHITECTURE": "x86_64",
            "AFL_QUIET": "1", "ASAN_OPTIONS": "detect_leaks=0"}


def check_target(target, engine, sanitizer, away):
    """Runs one target of $OUT from a folder that knows nothing of the tree. Returns how many seeds it had."""
    name = target.name
    assert re.fullmatch(r"[A-Za-z0-9_-]+", name), f"{name}: not a name that OSS-Fuzz takes"
    libraries = run(["ldd", target], None, away)
    strange = [line.split()[0] for line in libraries.splitlines() if line.split() and not MAY_LINK.search(line.split()[0])]
    assert not strange, f"{name} is linked with {', '.join(strange)}"
    seeds = away / f"{name}-seeds"
    with zipfile.ZipFile(target.with_name(f"{name}_seed_corpus.zip")) as archive:
        archive.extractall(seeds)
    count = sum(1 for path in seeds.rglob("*") if path.is_file())
    assert count > 0, f"{name}: no seeds"
    options = target.with_name(f"{name}.options")
    if options.exists():
        parsed = configparser.ConfigParser()
        parsed.read(options)
        assert parsed.has_section("libfuzzer"), f"{options.name}: no [libfuzzer]"
        dictionary = parsed["libfuzzer"].get("dict")
        assert dictionary is None or target.with_name(dictionary).exists(), f"{options.name}: {dictionary} is not in $OUT"
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(away), "LLVM_PROFILE_FILE": str(away / "%p.profraw")}
    if engine == "afl": # AFL++'s driver judges the files that it is given
        files = sorted(path for path in seeds.rglob("*") if path.is_file())[:20]
        told = run([target, *files], environment, away)
        assert told.count("Execution successful") == len(files), f"{name}: {told}"
    else:
        dictionary = target.with_name(f"{name}.dict")
        run([target, "-runs=100", "-seed=1", f"-artifact_prefix={away}/",
             *([f"-dict={dictionary}"] if dictionary.exists() else []), seeds], environment, away)
    if sanitizer == "coverage":
        assert list(away.glob("*.profraw")), f"{name}: no profile was written"
    return count


def check_case(root, engine, sanitizer):
    with tempfile.TemporaryDirectory(prefix="seam-oss-") as folder:
        scratch = pathlib.Path(folder)
        for name in ("out", "work", "away"):
            (scratch / name).mkdir()
        shutil.copytree(root, scratch / "src/seam", symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
        environment = environment_of(engine, sanitizer, scratch)
        run([*offline(), "bash", scratch / "src/seam/.clusterfuzzlite/build.sh"], environment, scratch / "src/seam")
        shutil.rmtree(scratch / "src")
        shutil.rmtree(scratch / "work")
        out = scratch / "out"
        targets = sorted(path for path in out.iterdir() if os.access(path, os.X_OK) and not path.suffix)
        sources = {path.stem for path in (root / "fuzz/targets").glob("*.c") if (root / "corpus" / path.stem).is_dir()}
        missing = sources - {path.name.removeprefix("fuzz_") for path in targets}
        if sanitizer == "memory":
            missing -= NEEDS_LIBRARIES
        assert not missing, f"$OUT lacks {', '.join(sorted(missing))}"
        seeds = sum(check_target(target, engine, sanitizer, scratch / "away") for target in targets)
        print(f"{engine} {sanitizer}: {len(targets)} targets, {seeds} seeds")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    wrong, skipped = [], False
    for engine, sanitizer in CASES:
        if engine == "afl" and not (AFL_DRIVER.exists() and shutil.which("afl-clang-fast")):
            print("skipped: afl address: afl++ is not here")
            skipped = True
            continue
        try:
            check_case(root, engine, sanitizer)
        except (AssertionError, OSError, subprocess.TimeoutExpired) as problem:
            wrong.append(f"{engine} {sanitizer}: {problem}")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 77 if skipped else 0)


if __name__ == "__main__":
    main()
