"""What the tests of man pages share: a page read back, and the programs that read pages."""

import os
import pathlib
import re
import shutil
import subprocess

BIN = pathlib.Path(os.environ["SEAM_BIN"])
ESCAPES = {"e": "\\", "-": "-", "&": "", "(aq": "'", "(dq": '"', "(ga": "`", "(ha": "^", "(ti": "~"}
DAY = "1700000000" # 2023-11-14


def said(*command, **environment):
    """What a built program prints on stdout."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SEAM_") and key != "SOURCE_DATE_EPOCH"}
    done = subprocess.run([BIN / command[0], *command[1:]], env={**kept, **environment}, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL, check=False, text=True)
    assert done.returncode == 0 and not done.stderr, (command, done)
    return done.stdout


def plain(line):
    """A line of roff as a reader sees it."""
    line = re.sub(r"\\f[BIR]", "", line)
    return re.sub(r"\\(\(..|.)", lambda match: ESCAPES[match[1]], line)


class Page:
    """The sections of a page, in order: {title: lines of roff}."""

    def __init__(self, text):
        self.text = text
        self.sections = {}
        for line in text.splitlines():
            if line.startswith(".SH "):
                lines = self.sections[line[4:]] = []
            elif self.sections:
                lines.append(line)

    def items(self, title, subsection=None):
        """[(the line of its own, the text below it)] of the paragraphs that have one, of a section before its first subsection,
        or of a subsection."""
        found = []
        parts = re.split(r'^\.SS "(.*)"\n', "\n".join(self.sections[title]), flags=re.MULTILINE)
        lines = iter((parts[parts.index(subsection) + 1] if subsection else parts[0]).splitlines())
        for line in lines:
            if line == ".TP":
                found.append([plain(next(lines)), ""])
            elif re.match(r"\.(PP|RS)", line):
                found.append(["", ""])
            elif found:
                found[-1][1] += (" " if found[-1][1] else "") + plain(line)
        return [(form, text) for form, text in found if form]

    def examples(self):
        """What stands in the blocks of a page that are printed as they are, each as text."""
        return [plain(block) for block in re.findall(r"^\.EX\n(.*?)^\.EE$", self.text, re.MULTILINE | re.DOTALL)]


def complaints(text):
    """What mandoc and groff have to say about a page; and the names of those that were asked."""
    found, asked = "", []
    for command in (["mandoc", "-Tlint", "-Wwarning"], ["groff", "-man", "-ww", "-z", "-Tutf8"]):
        if shutil.which(command[0]):
            asked.append(command[0])
            done = subprocess.run(command, input=text, capture_output=True, timeout=60, check=False, text=True)
            found += done.stdout + done.stderr
    return found, asked


def long_options(text):
    """Every --option that stands in a help before its description."""
    return re.findall(r"^ +(?:-., )?--([a-z-]+)(?: (\S+))?(?:  |$)", text, re.MULTILINE)
