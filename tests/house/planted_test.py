#!/usr/bin/env python3
"""Proves the house rules: each is broken on purpose in a small tree, and must find exactly what was planted."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import sans_io
from check import RULES, breaches
from tree import functions


def lines(count):
    return "int x;\n" * count


def function(line_count):
    return "static int\nf(void)\n{\n" + "    g();\n" * (line_count - 4) + "}\n"


# Names what test_a_clean_tree_has_no_breach has.
ARCHITECTURE = {
    "docs/architecture.md": "![](architecture.svg) `harness/runner.c` `harness/*.c` `harness/world/` `harness/commands/`\n"
                            "`harness/exchange/` [s](../src/net.c) [w](https://x/y) `and/or not` `x`\n",
    "docs/architecture.svg": '<svg><g data-folder="harness/world"><text>real.c</text></g><g data-folder="harness/commands">'
                             '<text>first run.c</text></g><g data-folder="harness/exchange"/></svg>'}


class Planted(unittest.TestCase):
    def found(self, rule, files, exemptions=""):
        with tempfile.TemporaryDirectory(prefix="seam-house-") as folder:
            for path, text in files.items():
                target = pathlib.Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
            return breaches(rule, folder, exemptions)

    def assert_found(self, rule, path, text, *beginnings):
        found = self.found(rule, {path: text})
        self.assertEqual(len(found), len(beginnings), found)
        for line, beginning in zip(found, beginnings):
            self.assertTrue(line.startswith(beginning), f"{line!r} does not start with {beginning!r}")

    def test_a_clean_tree_has_no_breach(self):
        files = {"src/net.c": '#include "src/net.h"\n#include <sys/socket.h>\n' + function(70),
                 "src/line_reader.c": '#include "src/line_reader.h"\n/* strcpy(a, b) printf */\nchar *s = "sleep(1)";\n',
                 "harness/runner.c": '#include "harness/world/world.h"\n#include "harness/steps/steps.def"\n',
                 "harness/runner_test.c": '#include "harness/reports/text.h"\n#include <poll.h>\n',
                 "harness/commands/run.c": '#include "harness/runner.h"\nvoid f(void)\n{\n    printf("x");\n}\n',
                 "harness/world/real.c": "#include <sys/socket.h>\n",
                 "harness/exchange/export_corpus.c": '#include "fuzz/include/seam/fuzz.h"\n#include "harness/run.h"\n',
                 "fuzz/fuzz_line.c": '#include "src/line_reader.h"\n',
                 "docs/a.schema.json": "{}",
                 "scenarios/a.json": '{"$schema": "../docs/a.schema.json", "seam": 1, "why": "because"}',
                 "tests/bad/syntax.json": "{",
                 "build/x.c": '#include "x.h"\n',
                 "README.md": "TO" "DO(#12) later\n", **ARCHITECTURE}
        for rule in RULES:
            self.assertEqual(self.found(rule, files), [], rule)

    def test_sizes(self):
        self.assert_found("sizes", "src/a.c", lines(500))
        self.assert_found("sizes", "src/a.c", lines(501), "src/a.c:501: a file")
        self.assert_found("sizes", "dev", lines(501), "dev:501: a file")
        self.assert_found("sizes", "src/a.c", "\n" + function(71), "src/a.c:2: f has 71 lines")
        self.assert_found("sizes", "src/a.h", "static int f(int a,\n int b) {\n" + "\n" * 68 + "}\n", "src/a.h:1: f has 71")

    def test_functions_are_found_among_types_macros_and_literals(self):
        text = ("#define F(x) \\\n    {{\nstruct s {\n    int a;\n};\n"
                "static const char open = '{', *brace = \"}{\"; // {\n"
                "int table[] = { 1, 2 };\n"
                "int\nf(int a)\n{\n    if (a) {\n        return 1;\n    }\n    return 0;\n}\n"
                "void g(void) { }\n")
        self.assertEqual(functions(text), [("f", 8, 15), ("g", 16, 16)])

    def test_includes_between_rooms(self):
        for path, header in (("src/a.c", "harness/runner.h"), ("src/a_test.c", "harness/runner.h"),
                             ("src/a.c", "fuzz/x.h"), ("harness/a.c", "fuzz/x.h"),
                             ("harness/world/a.c", "fuzz/x.h"), ("harness/runner.c", "harness/commands/run.h"),
                             ("harness/runner.c", "harness/reports/tap.h"), ("harness/steps/send.c", "harness/reports/tap.h"),
                             ("harness/world/real.c", "harness/steps/send.h"),
                             ("harness/sweep/plan.c", "harness/commands/run.h"), ("harness/steps/send.c", "harness/sweep/plan.h"),
                             ("harness/world/real.c", "harness/sweep/plan.h"), ("harness/exchange/a.c", "fuzz/layer/draft.h"),
                             ("harness/commands/import.c", "fuzz/include/seam/fuzz.h"), ("harness/run.c", "fuzz/include/seam/fuzz.h"),
                             ("harness/exchange/a.c", "harness/commands/options.h"), ("harness/steps/send.c", "harness/exchange/sent.h"),
                             ("harness/sweep/repro.c", "harness/exchange/keep.h"), ("src/a.c", "a.h"), ("tests/x.c", "peer.h")):
            self.assert_found("includes", path, f'\n#include "{header}"\n', f"{path}:2: includes {header}")

    def test_includes_of_sockets_and_terminals(self):
        for path, header in (("src/chat_options.c", "sys/socket.h"), ("src/chat_turns.c", "poll.h"),
                             ("src/line_reader.c", "time.h"), ("src/utf8.h", "unistd.h"), ("src/bytes.c", "termios.h"),
                             ("harness/runner.c", "sys/socket.h"), ("harness/transcript.h", "poll.h"),
                             ("harness/sweep/judge.c", "netinet/tcp.h"), ("harness/exchange/sent.c", "netdb.h")):
            self.assert_found("includes", path, f"#  include <{header}>\n", f"{path}:1: includes {header}")

    def test_calls(self):
        for call in ("strcpy(a, b)", "strcat (a, b)", "sprintf(a, b)", "strtok(a, b)", "gets(a)", "system(a)", "popen(a)",
                     "sleep(1)", "usleep(1)", "nanosleep(a, b)"):
            self.assert_found("calls", "src/a.c", f"void f(void)\n{{\n    {call};\n}}\n",
                              "src/a.c:3: calls " + call.split("(")[0].strip())
        self.assert_found("calls", "src/a.c", "void f(void) { x->sleep(1); seam_sleep(2); snprintf(a, 1, b); }\n")

    def test_printing(self):
        self.assert_found("printing", "harness/runner.c", 'printf("");\nfprintf(stderr, "");\n',
                          "harness/runner.c:1: uses printf", "harness/runner.c:2: uses stderr")
        self.assert_found("printing", "harness/world/real.c", "puts(a);\n", "harness/world/real.c:1: uses puts")
        self.assert_found("printing", "harness/step.h", "void f(char *, ...) __attribute__((format(printf, 1, 2)));\n")
        self.assert_found("printing", "src/chat_turns.c", "fflush(stdout);\n", "src/chat_turns.c:1: uses stdout")

    def test_marks(self):
        self.assert_found("marks", "src/a.c", "// TO" "DO later\n", "src/a.c:1: TO" "DO without")
        self.assert_found("marks", "docs/a.md", "FIX" "ME(12)\n", "docs/a.md:1: FIX" "ME without")

    def test_ctest(self):
        self.assert_found("ctest", "a/CMakeLists.txt", 'set_tests_properties(x PROPERTIES TIMEOUT 3\n ENVIRONMENT "A=1;B=$<TARGET_FILE:b>")\n',
                          "a/CMakeLists.txt:2: ENVIRONMENT")
        self.assert_found("ctest", "a/b.cmake", "set(x ENVIRONMENT A=${CMAKE_BINARY_DIR}/x)\n", "a/b.cmake:1: ENVIRONMENT")
        self.assert_found("ctest", "a/b.cmake", "set(x ENVIRONMENT A=${CMAKE_RUNTIME_OUTPUT_DIRECTORY})\n", "a/b.cmake:1: ENVIRONMENT")
        self.assert_found("ctest", "a/CMakeLists.txt", 'set_tests_properties(x PROPERTIES ENVIRONMENT "A=1;B=")\n')

    def test_scenarios(self):
        self.assert_found("scenarios", "scenarios/a.json", "{", "scenarios/a.json: ")
        self.assert_found("scenarios", "scenarios/a.json", '{"seam": 1, "seam": 1, "why": "x"}', "scenarios/a.json: the key 'seam'")
        self.assert_found("scenarios", "scenarios/a.json", '{"seam": 1, "why": " "}', 'scenarios/a.json: no "why"')
        self.assert_found("scenarios", "scenarios/a.json", '{"seam": 1, "why": "x"}', 'scenarios/a.json: no "$schema"')
        for schema in ("../docs/a.schema.json", "../../docs/a.schema.json", "https://example.org/a.schema.json", ""):
            self.assert_found("scenarios", "scenarios/a.json", json.dumps({"$schema": schema, "seam": 1, "why": "x"}),
                              f'scenarios/a.json: "$schema" is no file of this tree: {schema}')

    def test_architecture(self):
        files = {"harness/runner.c": "", "harness/world/real.c": "", "harness/commands/run.c": "", "harness/exchange/a.c": "",
                 "src/net.c": "", **ARCHITECTURE}
        page, picture = "docs/architecture.md", "docs/architecture.svg"
        self.assertEqual(self.found("architecture", files), [])
        for path, old, new, *wanted in (
                (page, "harness/runner.c", "harness/gone.c", page + ":1: there is no harness/gone.c"),
                (page, "harness/*.c", "harness/*.def", page + ":1: there is no harness/*.def"),
                (page, "../src/net.c", "net.c", page + ":2: there is no docs/net.c"),
                (page, "`x`", "`tap.c`", page + ":2: there is no tap.c"),
                (page, "`harness/world/`", "the world", page + ": does not name harness/world/"),
                (picture, "real.c", "unreal.c", picture + ": there is no harness/world/unreal.c"),
                (picture, '<g data-folder="harness/exchange"/>', "", picture + ": does not name harness/exchange/"),
                (picture, "harness/exchange", "harness/change", picture + ": there is no harness/change",
                 picture + ": does not name harness/exchange/")):
            changed = files | {path: files[path].replace(old, new)}
            self.assertNotEqual(changed, files, old)
            self.assertEqual(self.found("architecture", changed), wanted)
        for path in (page, picture):
            without = {name: text for name, text in files.items() if name != path}
            self.assertEqual(self.found("architecture", without), [path + ": is missing"])
        new_room = files | {"harness/rooms/a.c": ""}
        self.assertEqual(self.found("architecture", new_room),
                         [page + ": does not name harness/rooms/", picture + ": does not name harness/rooms/"])

    def test_exemptions_hold_and_must_be_needed(self):
        files = {"src/a.c": "void f(void) { sleep(1); }\n"}
        self.assertEqual(self.found("calls", files, "# why\n\ncalls src/a.c:sleep a slow peer\n"), [])
        self.assertEqual(self.found("calls", {}, "calls src/a.c:sleep a slow peer\n"),
                         ["tests/house/exemptions.txt:1: unused: nothing at src/a.c:sleep breaks the rule any more"])
        self.assertEqual(self.found("sizes", {}, "calls src/a.c:sleep a slow peer\n"), [])
        self.assertEqual(len(self.found("calls", files, "calls src/a.c:sleep\n")), 2)

    @unittest.skipUnless(shutil.which("gcc"), "gcc is missing")
    def test_sans_io(self):
        with tempfile.TemporaryDirectory(prefix="seam-house-") as folder:
            def build(name, text):
                pathlib.Path(folder, name + ".c").write_text(text)
                subprocess.run(["gcc", "-c", name + ".c", "-o", name + ".o"], cwd=folder, check=True)
                subprocess.run(["ar", "rcs", "lib.a", name + ".o"], cwd=folder, check=True)
                members = sans_io.symbols(folder + "/lib.a")
                return [line for line in sans_io.breaches(members) if line.startswith(name)]
            self.assertEqual(build("a", "void *malloc(unsigned long); int g(int); void *f(void) { return malloc(g(1)); }"),
                             ["a.o: needs g"])
            self.assertEqual(build("b", "int g(int a) { return a; }"), [])
            self.assertEqual(build("c", "long time(long *); extern void *stdout; void *h(void) { time(0); return stdout; }"),
                             ["c.o: needs stdout", "c.o: needs time"])
            self.assertEqual(build("d", "int k(void) { static int calls; return ++calls; } const int n = 1;"),
                             ["d.o: keeps calls.0: the core has no globals"])


if __name__ == "__main__":
    unittest.main()
