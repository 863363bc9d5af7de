"""What OSS-Fuzz and ClusterFuzzLite do with this tree, on this machine: .clusterfuzzlite/build.sh in their environment.

    oss_fuzz_test.py ROOT

For each engine and sanitizer: a copy of the tree as $SRC/seam, an empty $OUT and $WORK, their variables, no network. Then
$SRC and $WORK are taken away, and what $OUT holds is run from another folder, the only one that can be written to: each
target on its seeds. Short: address and memory with libFuzzer; SEAM_FULL=1 adds undefined and coverage, and address with AFL++.
At last $OUT is spoilt in each way that is looked for, which must be seen. Exits with 77 when afl++ is not here and all else
is well. Where `unshare` is refused, that is said: the network is then there, and the system can be written to.
"""
import configparser
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile

FULL = bool(os.environ.get("SEAM_FULL"))
LEFT_OUT = ("build", ".git", "__pycache__")
COMMON = "-O1 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION"
UNDEFINED = ("array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute,"
             "shift,signed-integer-overflow,unsigned-integer-overflow,unreachable,vla-bound,vptr")
SANITIZERS = {
    "address": "-fsanitize=address -fsanitize-address-use-after-scope",
    "undefined": f"-fsanitize={UNDEFINED} -fno-sanitize-recover={UNDEFINED.replace('unsigned-integer-overflow,', '')}",
    "memory": "-fsanitize=memory -fsanitize-memory-track-origins",
    "coverage": "-fprofile-instr-generate -fcoverage-mapping -pthread -Wl,--no-as-needed -Wl,-ldl -Wl,-lm "
                "-Wno-unused-command-line-argument",
}
CASES = [("libfuzzer", "address"), ("libfuzzer", "memory")]
if FULL:
    CASES += [("libfuzzer", "undefined"), ("libfuzzer", "coverage"), ("afl", "address")]
AFL_DRIVER = pathlib.Path("/usr/lib/afl/libAFLDriver.a")
MAY_LINK = re.compile(r"linux-vdso|lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+)\.so|ld-linux")
EDGES_MIN = 100 # below which OSS-Fuzz takes a target for one that is not instrumented
# Nothing but the folder $1 can be written to.
LOCK = 'mount --bind "$1" "$1" && mount -o remount,bind,ro / && mount --bind "$2" "$2" && mount -o remount,bind,ro "$2"'


def allowed(*ways):
    """The first of these starts of a command line that the system allows."""
    for way in ways:
        if subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0:
            return way
    print(f"{' '.join(ways[0][:2])} is refused here")
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
            "AFL_QUIET": "1", "ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "silence_unsigned_overflow=1",
            "CMAKE_BUILD_PARALLEL_LEVEL": "2"}


class Out:
    """What a build left in $OUT, and how it is run."""

    def __init__(self, engine, sanitizer, scratch):
        self.engine, self.sanitizer, self.path, self.away = engine, sanitizer, scratch / "out", scratch / "away"
        self.seeds = {}  # of each target that the tree has: how many
        self.locked = allowed(["unshare", "-m", "sh", "-ec", f'{LOCK} && shift 2 && exec "$@"', "lock", self.away, self.path],
                              ["unshare", "-rm", "sh", "-ec", f'{LOCK} && shift 2 && exec "$@"', "lock", self.away, self.path])

    def targets(self):
        return sorted(path for path in self.path.iterdir() if os.access(path, os.X_OK))

    def run(self, command, folder=None):
        environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(self.away), "LLVM_PROFILE_FILE": str(self.away / "%p.profraw"),
                       "UBSAN_OPTIONS": "silence_unsigned_overflow=1"}
        return run([*self.locked, *command], environment, folder or self.away)

    def check(self, without=frozenset()):
        """Each target of the tree but `without` is there and runs. Returns how many, and how many seeds they have."""
        before = sorted(path.name for path in self.path.iterdir())
        for target in self.targets():
            assert re.fullmatch(r"[A-Za-z0-9_-]+", target.name), f"{target.name}: not a name that OSS-Fuzz takes"
        names = {path.name.removeprefix("fuzz_") for path in self.targets()}
        missing, strange = set(self.seeds) - names - set(without), names - set(self.seeds)
        assert not missing, f"$OUT lacks {', '.join(sorted(missing))}"
        assert not strange, f"$OUT has {', '.join(sorted(strange))}, which the tree has not"
        for target in self.targets():
            self.check_linked(target)
            self.check_options(target)
            self.check_run(target)
        assert before == sorted(path.name for path in self.path.iterdir()), "a target wrote to $OUT"
        return len(names), sum(self.seeds[name] for name in names)

    def check_linked(self, target):
        libraries = [line.split()[0] for line in run(["ldd", target], None, self.away).splitlines() if line.split()]
        strange = [library for library in libraries if not MAY_LINK.search(library)]
        assert not strange, f"{target.name} is linked with {', '.join(strange)}"

    def check_options(self, target):
        options, parsed = target.with_name(f"{target.name}.options"), configparser.ConfigParser()
        if options.exists():
            parsed.read(options)
            assert parsed.has_section("libfuzzer"), f"{options.name}: no [libfuzzer]"
            dictionary = parsed["libfuzzer"].get("dict")
            assert dictionary is None or target.with_name(dictionary).exists(), f"{options.name}: {dictionary} is not in $OUT"

    def check_run(self, target):
        name, seeds, new = target.name, self.away / f"{target.name}-seeds", self.away / f"{target.name}-new"
        for folder in (seeds, new):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        with zipfile.ZipFile(target.with_name(f"{name}_seed_corpus.zip")) as archive:
            archive.extractall(seeds)
        files = sorted(path for path in seeds.rglob("*") if path.is_file())
        wanted = self.seeds[name.removeprefix("fuzz_")]
        assert len(files) == wanted, f"{name}: {len(files)} seeds of {wanted}"
        if self.engine == "afl": # AFL++'s driver judges the files that it is given
            told = self.run([target, *files[:20]])
            assert told.count("Execution successful") == len(files[:20]), f"{name}: {told}"
            return
        dictionary = target.with_name(f"{name}.dict")
        more = [f"-dict={dictionary}"] if dictionary.exists() else []
        if self.sanitizer == "coverage": # is measured on a corpus, not fuzzed
            self.run([target, "-runs=0", *files])
            assert list(self.away.glob("*.profraw")), f"{name}: no profile was written"
            return
        told = self.run([target, "-runs=100", "-seed=1", f"-artifact_prefix={self.away}/", *more, new, seeds])
        edges = re.search(r"Loaded 1 modules +\((\d+) inline 8-bit counters\)", told)
        assert edges and int(edges.group(1)) >= EDGES_MIN, f"{name}: not instrumented\n{told[:1000]}"


def check_commands(build, environment):
    """Was all compiled as asked?"""
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    flags = environment["CFLAGS"].split()
    for entry in commands:
        words = shlex.split(entry["command"])
        assert pathlib.Path(words[0]).name == environment["CC"], f"not compiled with $CC: {entry['command']}"
        lacking = [flag for flag in flags if flag not in words]
        assert not lacking, f"compiled without {' '.join(lacking)}: {entry['command']}"


def needs_libraries(out):
    """The targets into which more than libc is linked, which no memory sanitizer sees through."""
    found = set()
    for target in out.targets():
        if re.search(r" (json_delete|pcre2_compile_8)$", run(["nm", target], None, out.away), re.M):
            found.add(target.name.removeprefix("fuzz_"))
    return found


def build(root, engine, sanitizer, scratch):
    for name in ("out", "work", "away"):
        (scratch / name).mkdir()
    tree, environment = scratch / "src/seam", environment_of(engine, sanitizer, scratch)
    shutil.copytree(root, tree, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    offline = allowed(["unshare", "-n"], ["unshare", "-rn"])
    run([*offline, "bash", tree / ".clusterfuzzlite/build.sh"], environment, tree)
    check_commands(scratch / "work/seam", environment)
    out = Out(engine, sanitizer, scratch)
    for source in (tree / "fuzz/targets").glob("*.c"):
        corpus = tree / "corpus" / source.stem
        if corpus.is_dir():
            out.seeds[source.stem] = sum(1 for path in corpus.rglob("*") if path.is_file())
    shutil.rmtree(scratch / "src")
    shutil.rmtree(scratch / "work")
    return out


# --- the check, checked ---


def compile_instead(target, text, *libraries):
    subprocess.run(["clang", "-x", "c", "-", "-o", target, *libraries], input=text, text=True, check=True)


def write_zip(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)


# Fails where it can write beside itself.
WRITES = """
#include <fcntl.h>
#include <stdio.h>
int main(int count, char **arguments)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.written", arguments[0]);
    return count && open(path, O_CREAT | O_WRONLY, 0600) < 0 ? 0 : 77;
}
"""


def spoil_ways(target, locked):
    """[(what must be said, how to spoil $OUT)]"""
    of = lambda ending: target.with_name(target.name + ending)
    return [
        ("No such file", of("_seed_corpus.zip").unlink),
        ("0 seeds of", lambda: write_zip(of("_seed_corpus.zip"), {})),
        ("seeds of", lambda: write_zip(of("_seed_corpus.zip"), {str(n): b"" for n in range(10_000)})),
        ("$OUT lacks", target.unlink),
        ("which the tree has not", lambda: shutil.copy(target, of("_too"))),
        ("not a name", lambda: target.rename(of(".bin"))),
        ("no [libfuzzer]", lambda: of(".options").write_text("[honggfuzz]\n", encoding="ascii")),
        ("is not in $OUT", lambda: of(".options").write_text("[libfuzzer]\ndict = other.dict\n", encoding="ascii")),
        ("ParseDictionaryFile: error", lambda: of(".dict").write_text("a = b\n", encoding="ascii")),
        ("is linked with libjansson", lambda: compile_instead(
            target, "#include <jansson.h>\nint main(void) { json_decref(json_null()); }", "-ljansson")),
        ("exit 77", lambda: compile_instead(target, "int main(void) { return 77; }")),
        ("not instrumented" if locked else "exit 77", lambda: compile_instead(target, WRITES)),
    ]


def check_the_check(good):
    """good: an $OUT that is well. Of its smallest target, with one thing spoilt at a time, this must not be said."""
    smallest = min(good.targets(), key=lambda path: path.stat().st_size)
    seen = 0
    for number in range(len(spoil_ways(smallest, good.locked))):
        with tempfile.TemporaryDirectory(prefix="seam-oss-") as folder:
            scratch, name = pathlib.Path(folder), smallest.name.removeprefix("fuzz_")
            (scratch / "out").mkdir()
            (scratch / "away").mkdir()
            for path in good.path.glob(f"{smallest.name}*"):
                shutil.copy2(path, scratch / "out")
            out = Out(good.engine, good.sanitizer, scratch)
            out.seeds[name] = good.seeds[name]
            said, spoil = spoil_ways(scratch / "out" / smallest.name, out.locked)[number]
            spoil()
            try:
                out.check()
            except (AssertionError, OSError) as problem:
                assert said in str(problem), f"spoilt so that it should say {said!r}, it says {problem}"
                seen += 1
                continue
            raise AssertionError(f"spoilt so that it should say {said!r}, it is taken for well")
    print(f"$OUT spoilt in {seen} ways: each was seen")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    wrong, skipped, without = [], False, frozenset()
    for engine, sanitizer in CASES:
        if engine == "afl" and not (AFL_DRIVER.exists() and shutil.which("afl-clang-fast")):
            print("skipped: afl address: afl++ is not here")
            skipped = True
            continue
        with tempfile.TemporaryDirectory(prefix="seam-oss-") as folder:
            try:
                out = build(root, engine, sanitizer, pathlib.Path(folder))
                targets, seeds = out.check(without if sanitizer == "memory" else frozenset())
                print(f"{engine} {sanitizer}: {targets} targets, {seeds} seeds")
                if (engine, sanitizer) == CASES[0]:
                    without = needs_libraries(out)
                    check_the_check(out)
            except (AssertionError, OSError, subprocess.SubprocessError) as problem:
                wrong.append(f"{engine} {sanitizer}: {problem}")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 77 if skipped else 0)


if __name__ == "__main__":
    main()
