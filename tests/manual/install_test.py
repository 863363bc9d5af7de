#!/usr/bin/env python3
"""What the build made of man pages, completions and the schema goes where man, bash and zsh look: install_test.py CMAKE BUILD_FOLDER"""

import pathlib
import subprocess
import sys
import tempfile

from pages import said

FILES = {"share/man/man1/seam.1": ("seam", "help", "--man", "seam"),
         "share/man/man5/seam-scenario.5": ("seam", "help", "--man", "seam-scenario"),
         "share/man/man1/chat-server.1": ("chat-server", "--man"), "share/man/man1/chat-client.1": ("chat-client", "--man"),
         "share/bash-completion/completions/seam": ("seam", "completion", "bash"),
         "share/zsh/site-functions/_seam": ("seam", "completion", "zsh"),
         "share/seam/scenario.schema.json": ("seam", "schema")}


def undated(text):
    """The first line of a page has the date of the build."""
    return text.partition("\n")[2] if text.startswith(".TH") else text


def main():
    cmake, build = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([cmake, "--install", build, "--component", "man", "--prefix", folder], check=True, timeout=50,
                       stdout=subprocess.DEVNULL)
        there = {str(path.relative_to(folder)): path for path in pathlib.Path(folder).rglob("*") if path.is_file()}
        if set(there) != set(FILES):
            sys.exit(f"installed: {sorted(there)}")
        for name, command in FILES.items():
            if undated(there[name].read_text(encoding="utf-8")) != undated(said(*command)):
                sys.exit(f"{name} is not what `{' '.join(command)}` prints")


if __name__ == "__main__":
    main()
