"""sans_io_check - no object of the core may know more of the world than a short list of C functions.

usage: sans_io_check.py NM OBJECT...

Everything that an object needs must be on the list or be defined by another of the objects. A new entry needs a
reason: nothing that touches a descriptor, a clock, the environment or stdio's streams may be here.
"""
import subprocess
import sys

ALLOWED = {
    "malloc", "realloc", "free",
    "memchr", "memcmp", "memcpy", "memmove", "memset", "strlen",
    "vsnprintf", "__vsnprintf_chk",
    "__assert_fail", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_",
    "__memcpy_chk", "__memmove_chk", "__memset_chk",
}


def symbols(nm, obj):
    """(name, section) of every symbol; nm's sysv format is name|value|class|type|size|line|section."""
    lines = subprocess.run([nm, "--format=sysv", obj], check=True, capture_output=True, text=True).stdout.splitlines()
    fields = [[field.strip() for field in line.split("|")] for line in lines]
    return [(f[0], f[6]) for f in fields if len(f) == 7 and f[0] != "Name"]


def is_variable(section):
    """Constants with relocations are in .data.rel.ro: they can't change."""
    return section == "*COM*" or section.startswith((".bss", ".tbss", ".tdata")) or (
        section.startswith(".data") and not section.startswith(".data.rel.ro"))


def main():
    nm, objects = sys.argv[1], sys.argv[2:]
    if not objects:
        sys.exit("no objects to look at")
    all_symbols = {obj: symbols(nm, obj) for obj in objects}
    defined = {name for obj in objects for name, section in all_symbols[obj] if section != "*UND*"}
    problems = []
    for obj in objects:
        for name, section in all_symbols[obj]:
            if is_variable(section):
                problems.append(f"{obj}: has a global variable: {name}")
            if section == "*UND*" and name not in ALLOWED and name not in defined:
                problems.append(f"{obj}: needs {name}")
    print(*problems, f"{len(objects)} objects, {len(problems)} problems", sep="\n")
    sys.exit(bool(problems))


main()
