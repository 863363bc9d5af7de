"""Runs fuzz targets for a while, and explains what they found.

    run.py BUILD [TARGET] [SECONDS]      without TARGET each in turn; SECONDS (60) for each
    run.py BUILD --merge [TARGET]        adds to corpus/TARGET what earlier runs kept, as far as it reaches more
    run.py BUILD --check [ARGUMENT...]   says only whether the arguments are right; nothing needs to be built

BUILD is a build folder with libFuzzer's targets (preset fuzz). All cores are used (-fork). What is new is kept in
BUILD/corpus/TARGET, which the next run starts from besides corpus/TARGET. Findings are made small, told apart by what their
reports say, named by it, kept in BUILD/findings/TARGET, and explained. An interrupt ends the fuzzing, not the explaining.
Exit: 0 no finding, 1 findings, 2 bad usage, 4 a target could not run, 130 interrupted and nothing found.
"""
import configparser
import difflib
import glob
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCES = ROOT / "fuzz/targets"
FINDING = ("crash-*", "leak-*", "oom-*", "timeout-*")
INPUT_SECONDS = 25  # for one input, as on OSS-Fuzz
SMALLER_RUNS, SMALLER_SECONDS, SLIPS_MAX = 20_000, 20, 5  # for making one finding small
NEVER_SECONDS = 10**6  # poll(2) takes no more
PATIENCE_SECONDS = 2  # with a libFuzzer that was interrupted: with -fork it may not end; what it found is in files
LOOKED_AT_MAX, KINDS_MAX = 100, 10  # of the findings of one run
EXPLAINED_LINES_MAX = 40
# Frames of a stack that do not say where it happened.
RUNTIME = re.compile(r"__sanitizer|__interceptor|__asan|__msan|__ubsan|fuzzer::|__pthread|raise$|abort$|__assert_fail|"
                     r"seam_fuzz_one_input$|LLVMFuzzerTestOneInput$|\(?/")


def environment(scratch):
    """Stacks for all findings, with the symbolizer of Debian's numbered packages where there is no other."""
    there = dict(os.environ, TMPDIR=str(scratch))
    numbered = sorted(glob.glob("/usr/lib/llvm-*/bin/llvm-symbolizer"))
    if numbered and not shutil.which("llvm-symbolizer"):
        for tool in ("ASAN", "UBSAN"):
            there.setdefault(f"{tool}_SYMBOLIZER_PATH", numbered[-1])
    there.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    return there


class Run:
    """A program, and all that it starts, for at most some seconds. code: its exit code, None: it was ended."""

    def __init__(self, command, seconds, scratch, patient=False):
        self.code, self.interrupted = None, False
        with subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              errors="replace", cwd=scratch, env=environment(scratch), start_new_session=True) as child:
            try:
                # Without a timeout it reads in one call, which loses an interrupt that comes between two reads.
                self.told = child.communicate(timeout=seconds or NEVER_SECONDS)[1]
                self.code = child.returncode
            except (subprocess.TimeoutExpired, KeyboardInterrupt) as why:
                self.interrupted = isinstance(why, KeyboardInterrupt)
                os.killpg(child.pid, signal.SIGINT if patient else signal.SIGKILL)
                try:
                    self.told = child.communicate(timeout=PATIENCE_SECONDS)[1]
                except subprocess.TimeoutExpired:
                    os.killpg(child.pid, signal.SIGKILL)
                    self.told = child.communicate()[1]
                if self.interrupted and not patient:
                    raise


def replay(program, path, scratch):
    """What a run of one input says; empty when it is clean."""
    done = Run([program, f"-timeout={INPUT_SECONDS}", path], 4 * INPUT_SECONDS, scratch)
    return "" if done.code == 0 else done.told or "no report"


# --- what a report says ---


def place_of(report):
    """The function of the first stack in which it happened."""
    for frame in re.findall(r"^ +#\d+ 0x[0-9a-f]+ (?:in )?(\S+)", report, re.M):
        if not RUNTIME.match(frame):
            return f" in {frame}"
    return ""


def kind_of(report):
    """(what it is, in a few words; what else tells it from others)"""
    layer = re.search(r"^seam/fuzz: (.+?: .+?): ", report, re.M)
    if layer: # and by the kinds of events at which the two stories part
        parting = re.findall(r"^ +-> ([^\"\n]*)", report[layer.start():], re.M)
        return layer.group(1), tuple(words.strip() for words in parting)
    failed = re.search(r"^\S+?: (?:\S*/)?([^/\s:]+:\d+): .*: Assertion `", report, re.M)
    if failed:
        return f"assertion {failed.group(1)}", ()
    summary = re.search(r"^SUMMARY: (\w+): (.*)$", report, re.M)
    if not summary:
        return "no report", ()
    words = re.sub(r"\s*\(.*?\)|\S*/", "", summary.group(2)).strip()
    return words + (place_of(report) if summary.group(1) == "libFuzzer" else ""), ()


def explanation(report):
    """The part of a report that a person needs."""
    layer = re.search(r"^seam/fuzz: .*?(?=^==|\Z)", report, re.M | re.S)
    if layer:
        return layer.group(0).rstrip()
    lines = [re.sub(r" \(BuildId: .*?\)|(?<=\d )0x[0-9a-f]+ (?=in )", "", line) for line in report.splitlines()
             if not re.match(r"INFO:|Running:|.*: Running \d|NOTE:|      Combine| +#\d+ .*(fuzzer::|libc_start|__sanitizer| _start)", line)]
    more = len(lines) - EXPLAINED_LINES_MAX
    return "\n".join(lines[:EXPLAINED_LINES_MAX] + ([f"... {more} more lines"] if more > 0 else [])).strip()


# --- findings ---


class Finding:
    def __init__(self, kind, data, report):
        self.kind, self.data, self.report, self.alike = kind, data, report, 0

    def name(self):
        words = re.sub(r"[^A-Za-z0-9]+", "-", self.kind[0]).strip("-")[:60]
        return f"{words}-{hashlib.sha256(self.data).hexdigest()[:8]}"


def make_small(program, finding, scratch):
    """libFuzzer's steps to a smaller input, one by one: one that leads to another finding is not taken."""
    small, smaller, slips = scratch / "small", scratch / "smaller", 0
    deadline = time.monotonic() + SMALLER_SECONDS
    while len(finding.data) > 1 and slips < SLIPS_MAX and time.monotonic() < deadline:
        small.write_bytes(finding.data)
        smaller.unlink(missing_ok=True)
        step = Run([program, "-minimize_crash_internal_step=1", f"-runs={SMALLER_RUNS}", f"-seed={slips + 1}",
                    f"-timeout={INPUT_SECONDS}", f"-exact_artifact_path={smaller}", small], SMALLER_SECONDS, scratch)
        if step.code == 0 or not smaller.exists():
            break
        if step.code is not None and kind_of(step.told) == finding.kind and smaller.stat().st_size < len(finding.data):
            finding, slips = Finding(finding.kind, smaller.read_bytes(), step.told), 0
        else:
            slips += 1
    return finding


def sort_findings(program, found, scratch):
    """(different findings, made small; how many files were not looked at)"""
    kept, flaky = {}, []
    paths = sorted((path for pattern in FINDING for path in found.glob(pattern)), key=lambda path: path.stat().st_size)
    for number, path in enumerate(paths[:LOOKED_AT_MAX]):
        report = replay(program, path, scratch)
        if not report:
            flaky.append(Finding(("clean when run again", path.name), path.read_bytes(), ""))
            continue
        finding = Finding(kind_of(report), path.read_bytes(), report)
        if finding.kind in kept:
            kept[finding.kind].alike += 1
        elif len(kept) < KINDS_MAX:
            kept[finding.kind] = make_small(program, finding, scratch)
        else:
            return [*kept.values(), *flaky], len(paths) - number
    return [*kept.values(), *flaky], max(0, len(paths) - LOOKED_AT_MAX)


def near(path):
    """The path as a user would type it in this folder."""
    return os.path.relpath(path) if path.is_relative_to(pathlib.Path.cwd()) else path


def is_spoken(target):
    """Is an input what a peer says, so that it makes a scenario?"""
    known = ROOT / "harness/exchange/targets.def"
    return not known.exists() or f"TARGET_OTHER({target}," not in known.read_text(encoding="utf-8")


def explain(program, target, finding, kept):
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / finding.name()
    path.write_bytes(finding.data)
    print(f"\n{explanation(finding.report) or 'It failed once, and is clean when it is run again.'}\n")
    if finding.alike:
        print(f"  like it:  {finding.alike} other input{'s' * (finding.alike != 1)} of this run")
    print(f"  again:    {near(program)} {near(path)}", flush=True)
    if is_spoken(target):
        print(f"  scenario: seam import crash {near(path)} --target {target}", flush=True)


# --- commands ---


def options_of(target):
    """Flags for libFuzzer: the target's dictionary, and what its .options file says."""
    dictionary, parsed = SOURCES / f"{target}.dict", configparser.ConfigParser()
    parsed.read(SOURCES / f"{target}.options")
    options = dict(parsed["libfuzzer"]) if parsed.has_section("libfuzzer") else {}
    options.pop("dict", None)
    return [f"-{key}={value}" for key, value in options.items()] + ([f"-dict={dictionary}"] if dictionary.exists() else [])


def plural(number, word):
    return f"{number} {word}{'s' * (number != 1)}"


def fuzz(build, target, seconds):
    """The exit code."""
    program, seeds = build / "fuzz" / f"fuzz_{target}", ROOT / "corpus" / target
    corpus, kept = build / "corpus" / target, build / "findings" / target
    corpus.mkdir(parents=True, exist_ok=True)
    before, cores = len(list(corpus.iterdir())), len(os.sched_getaffinity(0))
    print(f"{target}: {seconds} s on {plural(cores, 'core')}", flush=True)
    with tempfile.TemporaryDirectory(prefix="seam-fuzz-") as folder:
        scratch = pathlib.Path(folder)
        found = scratch / "found"
        found.mkdir()
        done = Run([program, f"-fork={cores}", "-ignore_crashes=1", "-ignore_ooms=1", "-ignore_timeouts=1",
                    f"-max_total_time={seconds}", f"-timeout={INPUT_SECONDS}", f"-artifact_prefix={found}/",
                    *options_of(target), corpus, *([seeds] if seeds.is_dir() else [])], None, scratch, patient=True)
        findings, unseen = sort_findings(program, found, scratch)
    runs = re.findall(r"^#(\d+): cov: (\d+)", done.told, re.M)
    if not findings and not done.interrupted and (done.code != 0 or not runs):
        print(f"{target}: libFuzzer ended with {done.code}, and kept no input:\n{done.told[-4000:]}")
        return 4
    executions, edges = runs[-1] if runs else ("?", "?")
    new = len(list(corpus.iterdir())) - before
    print(f"{target}: {executions} executions, {edges} edges, {plural(new, 'new input')}, {plural(len(findings), 'finding')}")
    for finding in findings:
        explain(program, target, finding, kept)
    if unseen:
        print(f"  {plural(unseen, 'more input')} that failed: not looked at, for there were so many; fuzz again when these are mended")
    if new:
        print(f"  to add what is new to corpus/{target}: ./dev fuzz --merge {target}")
    return 1 if findings else 130 if done.interrupted else 0


def merge(build, target):
    """The exit code."""
    program, seeds, corpus = build / "fuzz" / f"fuzz_{target}", ROOT / "corpus" / target, build / "corpus" / target
    if not corpus.is_dir():
        print(f"{target}: nothing was kept")
        return 0
    seeds.mkdir(parents=True, exist_ok=True)
    before = len(list(seeds.iterdir()))
    with tempfile.TemporaryDirectory(prefix="seam-fuzz-") as scratch:
        # By edges alone: for how often each was taken it would keep hundreds.
        done = Run([program, "-merge=1", "-use_counters=0", "-use_cmp=0", f"-timeout={INPUT_SECONDS}",
                    f"-artifact_prefix={scratch}/", seeds, corpus], None, scratch)
    if done.code != 0:
        print(f"{target}: libFuzzer ended with {done.code}:\n{done.told[-4000:]}")
        return 4
    print(f"{target}: {plural(len(list(seeds.iterdir())) - before, 'input')} of {len(list(corpus.iterdir()))} added to corpus/{target}")
    return 0


def names_in(build):
    return sorted(path.name.removeprefix("fuzz_") for path in (build / "fuzz").glob("fuzz_*")
                  if os.access(path, os.X_OK) and path.is_file() and not path.suffix)


def names_in_tree():
    return sorted(path.stem for path in SOURCES.glob("*.c") if (ROOT / "corpus" / path.stem).is_dir())


def bad_usage(problem, names):
    print(f"fuzz: {problem}\nusage: ./dev fuzz [TARGET] [SECONDS], ./dev fuzz --merge [TARGET]; targets: {', '.join(names)}",
          file=sys.stderr)
    sys.exit(2)


def read_arguments(arguments, names):
    """(command, targets, seconds)"""
    command, targets, seconds = fuzz, [], None
    for argument in arguments:
        if argument in names and not targets:
            targets.append(argument)
        elif argument == "--merge":
            command = merge
        elif re.fullmatch(r"[-+.\d]+", argument):
            if not argument.isdecimal() or int(argument) == 0 or seconds:
                bad_usage(f"SECONDS is one whole number above 0, not {argument}", names)
            seconds = argument
        elif targets:
            bad_usage(f"one TARGET, or none for all of them: {targets[0]}, {argument}", names)
        else:
            close = difflib.get_close_matches(argument, names, 1)
            bad_usage(f"no such target: {argument}{'; did you mean ' + close[0] + '?' if close else ''}", names)
    if seconds and command is merge:
        bad_usage("--merge takes no SECONDS", names)
    return command, targets or names, seconds or "60"


def main():
    build, *arguments = sys.argv[1:] or sys.exit(__doc__)
    build = pathlib.Path(build).resolve()
    check = arguments[:1] == ["--check"]
    command, targets, seconds = read_arguments(arguments[check:], names_in_tree() if check else names_in(build))
    if check:
        return
    codes = []
    for target in targets:
        codes.append(fuzz(build, target, seconds) if command is fuzz else merge(build, target))
        if codes[-1] == 130:
            break
    sys.exit(next((code for code in (4, 1, 130) if code in codes), 0) if codes else 4)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
