"""The source tree as the house rules see it: its files, C without comments and strings, functions, exemptions.

Knows no rule. Works without git, so that it runs in an unpacked archive; build folders and dot folders are left out.
"""

import pathlib
import re

LEFT_OUT = {"build", "__pycache__"}


class Tree:
    """The files below a folder. Paths in all answers are relative to it, with forward slashes."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self._texts = {}

    def files(self, *patterns):
        """Sorted relative paths of the files that match one of the glob patterns (`*` stays within a name's folder)."""
        found = set()
        for path in self.root.rglob("*"):
            relative = path.relative_to(self.root)
            folders = relative.parts[:-1]
            if any(part in LEFT_OUT or (part.startswith(".") and part != ".ci") for part in folders):
                continue
            if path.is_file() and not path.is_symlink() and any(relative.match(pattern) for pattern in patterns):
                found.add(relative.as_posix())
        return sorted(found)

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def c_files(self):
        return self.files("*.c", "*.h")


def room_of(path):
    """The folder a file lives in: "src", "harness", "harness/world"; "" at the top."""
    return path.rpartition("/")[0]


_COMMENT_OR_LITERAL = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def blank_comments(text, literals=True):
    """C text with comments, and literals where asked, blanked; every line keeps its number."""
    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] + found[0] if literals else found
        return " " + "\n" * found.count("\n")
    return _COMMENT_OR_LITERAL.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def functions(text):
    """(name, first line, last line) of each function defined in C text. Approximate: it needs ordinary formatting."""
    text = blank_comments(text)
    text = _DIRECTIVE.sub(lambda match: "\n" * match.group(0).count("\n"), text)
    found, depth, head_start, current = [], 0, 0, None
    for match in re.finditer(r"[{};]", text):
        mark = match.group(0)
        if mark == "{":
            head = text[head_start:match.start()]
            # A head that ends in `)` is a function; a type or an initializer ends in a name or `=`.
            if depth == 0 and head.rstrip().endswith(")"):
                name = re.search(r"(\w+)\s*\(", head)
                current = (name.group(1) if name else "?", line_of(text, head_start + len(head) - len(head.lstrip())))
            depth += 1
        elif mark == "}":
            depth -= 1
            if depth == 0 and current:
                found.append((*current, line_of(text, match.start())))
                current = None
        if depth == 0:
            head_start = match.end()
    return found


class Exemptions:
    """Lines `rule place reason...`. One that no finding needed is a finding itself."""

    def __init__(self, text, name):
        self.name = name
        self.problems = []
        self._reasons = {}
        self._used = set()
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = line.split(None, 2)
            if len(parts) < 3:
                self.problems.append(f"{name}:{number}: an exemption is a rule, a place and a reason")
            else:
                self._reasons[tuple(parts[:2])] = number

    def allow(self, rule, place):
        self._used.add((rule, place))
        return (rule, place) in self._reasons

    def unused(self, rule):
        """Problems: exemptions of this rule that were not asked for since."""
        return [f"{self.name}:{number}: unused: nothing at {place} breaks the rule any more"
                for (of_rule, place), number in self._reasons.items()
                if of_rule == rule and (of_rule, place) not in self._used]
