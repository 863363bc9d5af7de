#!/usr/bin/env python3
"""Tests that the sans-IO library needs nothing of the system but memory and strings: sans_io.py LIBRARY.a

Reads `nm` of each object: what it leaves undefined must be defined by another object of the library, or stand in the
list below. So no file descriptor, clock, stdio stream or environment can come in by any way, whatever is included. Nor may it have
variables outside functions.
"""

import re
import subprocess
import sys

ALLOWED = {"malloc", "calloc", "realloc", "free", "memchr", "memcmp", "memcpy", "memmem", "memmove", "memrchr", "memset",
           "bcmp", "strlen", "strcmp", "strncmp", "strchr", "vsnprintf", "snprintf", "__assert_fail", "__stack_chk_fail",
           "_GLOBAL_OFFSET_TABLE_"}


def symbols(library):
    """{object: [(symbol, section)]} of a static library; *UND* is the section of what an object needs."""
    listing = subprocess.run(["nm", "--format=sysv", library], check=True, capture_output=True, text=True).stdout
    found, member = {}, None
    for line in listing.splitlines():
        fields = [field.strip() for field in line.split("|")]
        if line.startswith(("Symbols from ", "Undefined symbols from ")):
            member = line[line.index("[") + 1:line.index("]")]
            found[member] = []
        elif len(fields) == 7 and fields[0] != "Name":
            found[member].append((fields[0], fields[6]))
    return found


def is_variable(section):
    """Constants with relocations are in .data.rel.ro: they can't change."""
    return section == "*COM*" or section.startswith((".bss", ".tbss", ".tdata")) or (
        section.startswith(".data") and not section.startswith(".data.rel.ro"))


def breaches(found):
    """Lines of text: what each object needs that it may not, and what it keeps from one call to the next."""
    defined = {name for members in found.values() for name, section in members if section != "*UND*"}
    for member, names in sorted(found.items()):
        for name, section in sorted(names):
            checked = re.fullmatch(r"__(?:%s)_chk" % "|".join(ALLOWED), name)
            if section == "*UND*" and name not in defined and name not in ALLOWED and not checked:
                yield f"{member}: needs {name}"
            elif is_variable(section) and not name.startswith("."):
                yield f"{member}: keeps {name}: the core has no globals"


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
