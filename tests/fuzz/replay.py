"""A fuzz target judges its corpus clean, and the inputs that a mutator makes of it.

    replay.py ENGINE TARGET CORPUS

ENGINE is "driver", "libfuzzer" or "env"; TARGET is the program fuzz_NAME. Options and a dictionary it may have: they are
fuzz/targets/NAME.options, and the file that this names. The smoke run has a seed, so it is the same each time. Under the
driver a target without a mutator of its own replays its corpus and no more, and so does any under an engine that only
the environment knows; which was done is printed. Any exit code but 0 fails: libFuzzer's 77 is a failure, never a skip.
"""
import configparser
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TARGETS = pathlib.Path(__file__).resolve().parents[2] / "fuzz" / "targets"
# Those that do a lot for each input make fewer.
RUNS, RUNS_FULL, RUNS_FULL_SLOW = 2_000, 100_000, 20_000
SLOW = {"chat_pair", "chat_turns", "codecs", "expect", "scenario"}
DICTIONARY_LINE = re.compile(r'(#.*|(\w+=)?"(\\\\|\\"|\\x[0-9a-fA-F]{2}|[^\\"\x00-\x1f\x7f-\xff])+"|)')


def options_of(name):
    """The flags of NAME.options for libFuzzer, the dictionary with its path; what is wrong with them ends this."""
    path, beside = TARGETS / f"{name}.options", TARGETS / f"{name}.dict"
    parser = configparser.ConfigParser()
    if parser.read(path) and not parser.has_section("libfuzzer"):
        sys.exit(f"{path}: it has no [libfuzzer]")
    options = dict(parser["libfuzzer"]) if parser.has_section("libfuzzer") else {}
    if "dict" not in options:  # the words of the language stand in the parser's struct then
        if beside.exists():
            sys.exit(f"{beside}: nobody uses it, for {path.name} does not name it")
        return [f"-{key}={value}" for key, value in options.items()]
    dictionary = TARGETS / options["dict"]
    if not dictionary.is_file():
        sys.exit(f"{path}: dict must name a file beside it")
    for number, line in enumerate(dictionary.read_text(encoding="latin-1").splitlines(), 1):
        if not DICTIONARY_LINE.fullmatch(line):
            sys.exit(f"{dictionary}:{number}: no entry of a dictionary: {line}")
    options["dict"] = str(dictionary)
    return [f"-{key}={value}" for key, value in options.items()]


def run(scratch, arguments):
    """Runs it in a folder that goes away, and returns what it wrote to stderr."""
    done = subprocess.run(arguments, cwd=scratch, env=dict(os.environ, TMPDIR=scratch), capture_output=True, text=True,
                          errors="replace", timeout=280, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stderr[-20000:]}")
    return done.stderr


def number_in(pattern, text):
    found = re.findall(pattern, text)
    if not found:
        sys.exit(f"it does not say how many inputs it judged ({pattern}):\n{text[-2000:]}")
    return int(found[-1])


def seeds_of(corpus):
    return sorted(path for path in pathlib.Path(corpus).iterdir() if path.is_file())


def replay(engine, target, corpus, scratch):
    """Returns how many seeds and how many made inputs were judged."""
    name = pathlib.Path(target).name.removeprefix("fuzz_")
    options = options_of(name)
    runs = RUNS if not os.environ.get("SEAM_FULL") else RUNS_FULL_SLOW if name in SLOW else RUNS_FULL
    if engine == "env":
        seeds = seeds_of(corpus)
        run(scratch, [target, *map(str, seeds)])
        return len(seeds), 0
    if engine == "driver":
        pattern = r"(\d+) files, \d+ made inputs: clean"
        judged = number_in(pattern, run(scratch, [target, corpus]))
        made = run(scratch, [target, f"-runs={runs}", "-seed=1", corpus])
        return judged, number_in(r"\d+ files, (\d+) made inputs: clean", made)
    new = pathlib.Path(scratch, "new")
    new.mkdir()
    counted = r"stat::number_of_executed_units:\s+(\d+)"
    judged = number_in(counted, run(scratch, [target, "-runs=0", "-print_final_stats=1", corpus]))
    made = run(scratch, [target, *options, f"-runs={runs}", "-seed=1", "-print_final_stats=1", str(new), corpus])
    return judged, number_in(counted, made)


def main():
    engine, target, corpus = sys.argv[1:]
    target, corpus = os.path.abspath(target), os.path.abspath(corpus)
    seeds = seeds_of(corpus)
    if not seeds:
        sys.exit(f"{corpus}: no seeds")
    with tempfile.TemporaryDirectory(prefix="seam-fuzz-") as scratch:
        judged, made = replay(engine, target, corpus, scratch)
    if judged < len(seeds):
        sys.exit(f"{corpus}: {len(seeds)} seeds, of which {judged} were judged")
    print(f"{len(seeds)} seeds are clean, and "
          + (f"{made} inputs that were made of them" if made else "nothing was made of them: no mutator here"))


if __name__ == "__main__":
    main()
