"""Users' C and C++ programs build with the layer as it is installed, and find what they should.

    consumer_test.py BUILD_FOLDER

Installs into a folder, moves it, and builds consumer.c and consumer.cc with each compiler that is here: with the library's path, with
pkg-config, and as a CMake project that says find_package(Seam).
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


PROJECT = """cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES {language})
find_package(Seam 0.1 REQUIRED)
add_executable(consumer {source})
target_link_libraries(consumer PRIVATE Seam::fuzz)
"""


def with_cmake(folder, prefix, compiler, source):
    language = "CXX" if source.suffix == ".cc" else "C"
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(PROJECT.format(language=language, source=source), encoding="utf-8")
    run(["cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build", f"-DCMAKE_{language}_COMPILER={compiler}", f"-DCMAKE_PREFIX_PATH={prefix}"])
    run(["cmake", "--build", folder / "build"])
    run([folder / "build/consumer"])


def main():
    tried = set()
    with tempfile.TemporaryDirectory(prefix="seam-consumer-") as name:
        scratch = pathlib.Path(name)
        prefix = scratch / "moved"
        run(["cmake", "--install", sys.argv[1], "--prefix", scratch / "seam"], env=os.environ | {"DESTDIR": ""})
        (scratch / "seam").rename(prefix)
        run([prefix / "bin/seam", "--version"])
        library = next(prefix.rglob("libseam_fuzz.a"))
        found = subprocess.run(["pkg-config", "--cflags", "--libs", "seam-fuzz"], env=os.environ | {"PKG_CONFIG_PATH": str(library.parent / "pkgconfig")},
                               capture_output=True, text=True, check=True).stdout.split()
        for compiler, standard, source in BUILDS:
            if shutil.which(compiler):
                for how in (["-I", prefix / "include", HERE / source, library], [HERE / source, *found]):
                    run([compiler, *standard, *WARNINGS, "-g", *how, "-o", scratch / compiler])
                    run([scratch / compiler])
                with_cmake(scratch / f"cmake-{compiler}", prefix, compiler, HERE / source)
                tried.add(compiler)
    print("built and run with", ", ".join(sorted(tried)))
    if not {"gcc", "clang", "clang++"} <= tried:
        sys.exit("gcc, clang and clang++ are needed")


if __name__ == "__main__":
    main()
