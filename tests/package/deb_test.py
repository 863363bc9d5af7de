#!/usr/bin/env python3
"""The Debian package: what it depends on, what is in it, and that its seam runs: deb_test.py CPACK BUILD_FOLDER SOURCE_FOLDER"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

WANTED = ["usr/bin/seam", "usr/bin/chat-server", "usr/bin/chat-client", "usr/include/seam/fuzz.h", "usr/share/doc/seam/copyright",
          "usr/share/man/man1/seam.1", "usr/share/man/man5/seam-scenario.5", "usr/share/seam/scenario.schema.json"]


def said(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=120, **options).stdout


def main():
    if not shutil.which("dpkg-deb"):
        print("skipped: no dpkg-deb here")
        sys.exit(77)
    cpack, build, source = sys.argv[1:]
    problems = []
    with tempfile.TemporaryDirectory(prefix="seam-deb-") as name:
        folder = pathlib.Path(name)
        said(cpack, "-G", "DEB", "-B", folder / "made", cwd=build)
        (package,) = (folder / "made").glob("*.deb")
        root = folder / "root"
        said("dpkg-deb", "-x", package, root)
        fields = dict(line.split(": ", 1) for line in said("dpkg-deb", "-f", package).decode().splitlines() if line.strip() and line[0] != " ")
        if fields["Package"] != "seam" or fields["Section"] != "devel" or "Seam contributors" not in fields["Maintainer"]:
            problems.append(f"fields: {fields}")
        for library in ("libc6", "libjansson4", "libpcre2-8-0", "libpcap0.8"):
            if library not in fields["Depends"]:
                problems.append(f"{library} is missing in Depends: {fields['Depends']}")
        problems += [f"{path} is missing" for path in WANTED if not (root / path).is_file()]
        for line in said("dpkg-deb", "-c", package).decode().splitlines():
            mode, owner = line.split()[:2]
            if owner != "root/root" or mode[5] == "w" or mode[8] == "w":
                problems.append(f"owner or mode: {line}")
        for path in root.rglob("*"):
            if path.is_file() and path.suffix != ".a" and source.encode() in path.read_bytes():
                problems.append(f"{path.relative_to(root)} names the folder that it was built in")
        scenario = pathlib.Path(source, "scenarios/chat/conversation.json")
        # A scenario finds the chat programs beside seam.
        done = subprocess.run([root / "usr/bin/seam", "run", scenario], cwd=folder, capture_output=True, timeout=120, check=False)
        if done.returncode != 0:
            problems.append(done.stdout.decode() + done.stderr.decode())
        print(f"{package.name}: {package.stat().st_size} bytes; Depends: {fields['Depends']}")
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()
