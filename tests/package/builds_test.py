#!/usr/bin/env python3
"""The same source makes the same programs wherever it lies, and static ones run: builds_test.py CMAKE COMPILER BUILD_FOLDER SOURCE_FOLDER

A copy of the tree in another folder is built, and what it makes compared with what BUILD_FOLDER has, byte by byte. Short: the chat
programs and the fuzz layer. SEAM_FULL=1: also seam, and then a static build (SEAM_STATIC) of all three, whose seam runs the scenarios
of the chat, and whose programs need no library.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FULL = bool(os.environ.get("SEAM_FULL"))
PROGRAMS = ["chat-server", "chat-client", "seam"] if FULL else ["chat-server", "chat-client"]


def said(*command, **options):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1200, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout.decode(errors='replace')[-4000:]}")
    return done.stdout.decode()


def build(cmake, compiler, source, folder, targets, *options):
    said(cmake, "-S", source, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo", f"-DCMAKE_C_COMPILER={compiler}",
         "-DBUILD_TESTING=OFF", *options)
    said(cmake, "--build", folder, "--parallel", "2", "--target", *targets)


def main():
    cmake, compiler, built, source = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
    problems = []
    with tempfile.TemporaryDirectory(prefix="seam-builds-") as name:
        copy = pathlib.Path(name, "a folder of another name")
        copy.mkdir()
        for part in source.iterdir():
            if part.name not in ("build", ".git"):
                (shutil.copytree if part.is_dir() else shutil.copy)(part, copy / part.name)
        build(cmake, compiler, copy, copy / "build", [*PROGRAMS, "seam_fuzz"])
        for path in [f"bin/{program}" for program in PROGRAMS] + ["fuzz/libseam_fuzz.a"]:
            if (built / path).read_bytes() != (copy / "build" / path).read_bytes():
                problems.append(f"{path} is another one when it is built in another folder")
        if FULL:
            static = pathlib.Path(name, "static")
            build(cmake, compiler, source, static, PROGRAMS, "-DSEAM_STATIC=ON")
            for program in PROGRAMS:
                if "INTERP" in said("readelf", "--program-headers", static / "bin" / program):
                    problems.append(f"{program} needs libraries")
            print(said(static / "bin/seam", "run", "-q", source / "scenarios/chat", cwd=name).strip())
        print(f"{', '.join(PROGRAMS)} and libseam_fuzz.a: the same in another folder")
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()
