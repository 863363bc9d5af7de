#!/usr/bin/env python3
"""Tests that the sans-IO library needs nothing of the system but memory and strings: sans_io.py LIBRARY.a

Reads `nm` of each object: what it leaves undefined must be defined by another object of the library, or stand in the
list below. So no file descriptor, clock, stdio stream or environment can come in by any way, whatever is included.
"""

import re
import subprocess
import sys

ALLOWED = {"malloc", "calloc", "realloc", "free", "memchr", "memcmp", "memcpy", "memmem", "memmove", "memrchr", "memset",
           "bcmp", "strlen", "strcmp", "strncmp", "strchr", "vsnprintf", "snprintf", "__assert_fail", "__stack_chk_fail"}


def symbols(library):
    """{object: (defined, undefined)} of a static library. `nm -A` prints `library:object:address type name`."""
    listing = subprocess.run(["nm", "-A", library], check=True, capture_output=True, text=True).stdout
    found = {}
    for line in listing.splitlines():
        match = re.match(r".*:([^:]+\.o):\s*\S* ([A-Za-z]) (\S+)$", line)
        if match:
            member, kind, name = match.groups()
            found.setdefault(member, (set(), set()))[kind in "Uvw"].add(name)
    return found


def breaches(found):
    """Lines of text: what each object needs that it may not."""
    defined = set().union(*(names for names, _ in found.values()))
    for member, (_, undefined) in sorted(found.items()):
        for name in sorted(undefined - defined - ALLOWED):
            if not re.fullmatch(r"__(?:%s)_chk" % "|".join(ALLOWED), name):
                yield f"{member}: needs {name}"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: sans_io.py LIBRARY.a")
    found = symbols(sys.argv[1])
    if not found:
        sys.exit(f"{sys.argv[1]}: no object found")
    problems = list(breaches(found))
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
