"""Users' C and C++ programs build with the layer as it is installed, and find what they should.

    consumer_test.py BUILD_FOLDER

Installs into a folder that goes away; builds consumer.c and consumer.cc with each compiler that is here.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILDS = [("gcc", ["-std=c11"], "consumer.c"), ("clang", ["-std=c11"], "consumer.c"),
          ("g++", ["-std=c++11"], "consumer.cc"), ("clang++", ["-std=c++11"], "consumer.cc")]
WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wpedantic", "-Werror"]


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}{done.stderr}")


def main():
    tried = set()
    with tempfile.TemporaryDirectory(prefix="seam-consumer-") as scratch:
        run(["cmake", "--install", sys.argv[1], "--prefix", f"{scratch}/seam"], env=os.environ | {"DESTDIR": ""})
        library = next(pathlib.Path(scratch, "seam").rglob("libseam_fuzz.a"))
        for compiler, standard, source in BUILDS:
            if shutil.which(compiler):
                run([compiler, *standard, *WARNINGS, "-g", "-I", f"{scratch}/seam/include", HERE / source, library,
                     "-o", f"{scratch}/{compiler}"])
                run([f"{scratch}/{compiler}"])
                tried.add(compiler)
    print("built and run with", ", ".join(sorted(tried)))
    if not {"gcc", "clang", "clang++"} <= tried:
        sys.exit("gcc, clang and clang++ are needed")


if __name__ == "__main__":
    main()
