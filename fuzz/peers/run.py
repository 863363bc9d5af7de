"""Fuzzes other people's parsers, and writes what came of it: run.py [-s SECONDS] [-o TABLE.md] [NAME...]

Each NAME.c of this folder is built with clang, libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, together with
its library from the Debian source package, which is built the same way: so that libFuzzer sees its branches, and llvm-cov
its lines. Needs apt-get with sources (a copy of this machine's list with deb-src is used, nothing is installed), dpkg-dev,
clang and llvm. Folders go away, findings stay in build/fuzz/findings/peers/. Exit: 0 no finding; 1 findings; 4 a library
could not be had or built.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]


class Peer:
    """A source package, its C files, what they are compiled with, files that its configure would make, folders by the
    names under which users include them, and edits (file, before, after) that take a known finding out of the way."""

    def __init__(self, package, sources, flags=(), files=None, links=None, edits=()):
        self.package, self.sources, self.flags = package, sources, list(flags)
        self.files, self.links, self.edits = files or {}, links or {}, list(edits)


EXPAT = "#define XML_DTD 1\n#define XML_NS 1\n#define XML_CONTEXT_BYTES 1024\n#define XML_DEV_URANDOM 1\n#define BYTEORDER 1234\n"
PEERS = {
    "expat": Peer("expat", ["**/lib/xmlparse.c", "**/lib/xmltok.c", "**/lib/xmlrole.c"], files={"include/expat_config.h": EXPAT},
                  flags=["-I{source}/expat/lib", "-I{source}/lib"]),
    "hiredis": Peer("hiredis", ["read.c", "sds.c", "hiredis.c", "net.c", "alloc.c"], links={"include/hiredis": "."},
                    edits=[("read.c", "if (elements < -1 || elements > INT_MAX)", "if (elements < -1 || elements > 1 << 16)")]),
    "http_parser": Peer("http-parser", ["http_parser.c"], flags=["-I{source}"]),
    "yajl": Peer("yajl", ["src/yajl*.c"], links={"include/yajl": "src/api"}, flags=["-I{source}/src"],
                 files={"src/api/yajl_version.h": "#define YAJL_MAJOR 2\n#define YAJL_MINOR 1\n#define YAJL_MICRO 0\n"
                        "#define YAJL_VERSION 20100\nextern int yajl_version(void);\n"}),
    "nghttp2": Peer("nghttp2", ["lib/nghttp2_*.c"], flags=["-I{source}/lib/includes", "-DHAVE_ARPA_INET_H=1", "-DNGHTTP2_STATICLIB"],
                    files={"lib/includes/nghttp2/nghttp2ver.h": '#define NGHTTP2_VERSION "debian"\n#define NGHTTP2_VERSION_NUM 0x013400\n'},
                    edits=[("lib/nghttp2_session.h", "DEFAULT_MAX_CONTINUATIONS 8", "DEFAULT_MAX_CONTINUATIONS 1000000")]),
    "evbuffer": Peer("libevent", [f"{name}.c" for name in (
        "buffer bufferevent bufferevent_sock bufferevent_ratelim bufferevent_filter bufferevent_pair event evmap evthread "
        "evutil evutil_rand evutil_time log signal strlcpy select poll epoll listener").split()],
        flags=["-I{source}/include", "-I{source}"]),
}


def run(command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace", check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def apt(scratch, folder, *arguments):
    """apt-get with this machine's sources as deb-src, which leaves its files in a folder and changes nothing else."""
    parts = scratch / "parts"
    if not parts.exists():
        parts.mkdir()
        (scratch / "lists").mkdir()
        for path in [pathlib.Path("/etc/apt/sources.list"), *pathlib.Path("/etc/apt/sources.list.d").glob("*")]:
            if path.suffix in (".list", ".sources") and path.is_file():
                text = re.sub(r"^deb(?=\s)", "deb-src", path.read_text(encoding="utf-8"), flags=re.M)
                (parts / path.name).write_text(re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.M), encoding="utf-8")
        apt(scratch, scratch, "update")
    return run(["apt-get", "-q", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={parts}",
                "-o", f"Dir::State::Lists={scratch / 'lists'}", "-o", "APT::Sandbox::User=root", *arguments], cwd=folder)


def fetch(scratch, name, peer):
    """The unpacked source and its version. Where the archive has lost the Debian part, upstream's alone."""
    folder = scratch / name
    folder.mkdir()
    try:
        apt(scratch, folder, "--download-only", "source", peer.package)
    except RuntimeError as problem:
        if not list(folder.glob("*.orig.tar.*")):
            raise problem
    described = list(folder.glob("*.dsc"))
    if described:
        run(["dpkg-source", "--no-check", "-x", described[0], folder / "source"])
        return folder / "source", re.search(r"^Version: (.*)$", described[0].read_text(errors="replace"), re.M).group(1)
    (folder / "source").mkdir()
    tarball = next(folder.glob("*.orig.tar.*"))
    run(["tar", "xf", tarball, "-C", folder / "source", "--strip-components=1"])
    return folder / "source", tarball.name.split("_")[1].split(".orig")[0] + ", upstream's alone"


def prepare(source, peer):
    for path, text in peer.files.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_text(text, encoding="utf-8")
    for path, before, after in peer.edits:
        text = (source / path).read_text(encoding="utf-8")
        if before not in text:
            raise RuntimeError(f"{path} has no {before!r}: is the finding gone?")
        (source / path).write_text(text.replace(before, after), encoding="utf-8")
    (source / "include").mkdir(exist_ok=True)
    for path, target in peer.links.items():
        (source / path).symlink_to((source / target).resolve())
    if peer.package == "libevent":
        run(["./configure", "--disable-openssl", "--disable-samples", "CC=clang"], cwd=source)
        text = run(["sed", "-f", "make-event-config.sed", "config.h"], cwd=source)
        (source / "include/event2/event-config.h").write_text(text, encoding="utf-8")


def build(source, name, peer, flags, engine, out):
    """The target and its library with these flags."""
    sources = sorted({path for pattern in peer.sources for path in source.glob(pattern)})
    common = ["clang", "-g", "-O1", "-w", "-D_GNU_SOURCE", f"-I{source}/include", *[flag.format(source=source) for flag in peer.flags]]
    out.mkdir()
    for path in sources:
        run([*common, *flags, "-c", path, "-o", out / (path.stem + ".o")])
    layer = [path for path in (ROOT / "fuzz/layer").glob("*.c")]
    for path in layer: # not seen by the engine, nor by llvm-cov
        run(["clang", "-g", "-O2", "-D_GNU_SOURCE", f"-I{ROOT}", "-c", path, "-o", out / f"layer_{path.stem}.o"])
    run([*common, *flags, *engine, f"-I{ROOT}/fuzz/include", HERE / f"{name}.c", *sorted(out.glob("*.o")), "-o", out / name])
    return out / name


def coverage(scratch, source, name, peer, corpus):
    """(lines %, branches %) of the library that the corpus reaches."""
    flags = ["-fprofile-instr-generate", "-fcoverage-mapping"]
    target = build(source, name, peer, flags, [f"-I{ROOT}", ROOT / "fuzz/driver.c"], scratch / f"{name}-coverage")
    raw = scratch / f"{name}.profraw"
    run([target, corpus], env=os.environ | {"LLVM_PROFILE_FILE": str(raw)})
    run([tool("llvm-profdata"), "merge", "-sparse", raw, "-o", raw.with_suffix(".profdata")])
    summary = json.loads(run([tool("llvm-cov"), "export", "-summary-only", target, f"-instr-profile={raw.with_suffix('.profdata')}",
                              f"-ignore-filename-regex={ROOT}/.*"]))
    totals = summary["data"][0]["totals"]
    return totals["lines"]["percent"], totals["branches"]["percent"]


def tool(name):
    return shutil.which(name) or shutil.which(f"{name}-14") or name


def fuzz(scratch, target, name, seconds):
    """(executions, edges, findings)"""
    corpus, found = scratch / f"{name}-corpus", ROOT / "build/fuzz/findings/peers"
    corpus.mkdir()
    found.mkdir(parents=True, exist_ok=True)
    seeds = ROOT / "corpus/peers" / name
    started = time.monotonic()
    done = subprocess.run([target, f"-max_total_time={seconds}", "-timeout=25", "-rss_limit_mb=4096", "-malloc_limit_mb=1024",
                           "-print_final_stats=1", f"-artifact_prefix={found}/{name}-", corpus, *([seeds] if seeds.is_dir() else [])],
                          capture_output=True, text=True, errors="replace", check=False)
    spent = time.monotonic() - started
    executions = int(re.search(r"stat::number_of_executed_units: (\d+)", done.stderr).group(1))
    edges = re.findall(r"cov: (\d+)", done.stderr)
    report = ""
    if done.returncode != 0:
        report = "\n".join(line for line in done.stderr.splitlines()
                           if not re.match(r"\s*#\d+\s|\s+NEW_FUNC|INFO|==|NOTE|0x|MS:|\\\\|artifact|Base64", line))[:3000]
    return executions, int(edges[-1]) if edges else 0, spent, report, corpus


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-s", "--seconds", type=int, default=600)
    parser.add_argument("-o", "--output", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    unknown = set(options.names) - set(PEERS)
    if unknown:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    rows, status = [], 0
    for name in options.names or PEERS:
        with tempfile.TemporaryDirectory(prefix="seam-peer-") as folder:
            scratch = pathlib.Path(folder)
            try:
                source, version = fetch(scratch, name, PEERS[name])
                prepare(source, PEERS[name])
                target = build(source, name, PEERS[name], [*SANITIZE, "-fsanitize=fuzzer-no-link"], ["-fsanitize=fuzzer"], scratch / "fuzz")
                executions, edges, spent, report, corpus = fuzz(scratch, target, name, options.seconds)
                lines, branches = coverage(scratch, source, name, PEERS[name], corpus)
            except (RuntimeError, OSError) as problem:
                print(f"{name}: {problem}", file=sys.stderr)
                status = 4
                continue
        rows.append(f"| {name} | {PEERS[name].package} {version} | {executions:,} | {spent:.0f} s | {edges:,} | {lines:.0f} % | "
                    f"{branches:.0f} % | {'**a finding**' if report else 'none'} |")
        print(rows[-1], flush=True)
        if report:
            print(report)
            status = status or 1
    table = "\n".join(["| target | source package | executions | time | edges | lines | branches | found |",
                       "|---|---|---|---|---|---|---|---|", *rows]) + "\n"
    if options.output:
        options.output.write_text(table, encoding="utf-8")
    sys.exit(status)


if __name__ == "__main__":
    main()
