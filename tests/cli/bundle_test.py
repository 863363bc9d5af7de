#!/usr/bin/env python3
"""`seam run --bundle DIR`: what is in a bundle, and that its first line runs it again elsewhere, without what it came from."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from fixture import CliTest, clean_environment

SEAM = os.environ["SEAM_REAL"]
# Answers each line with the text of a file, but the second wrongly. Leaves a file in its folder, and talks on stderr.
SERVER = """
import pathlib, socket, sys
answer = pathlib.Path(sys.argv[1]).read_bytes().strip()
listener = socket.create_server(("127.0.0.1", 0))
print("on stderr", file=sys.stderr, flush=True)
pathlib.Path("left.txt").write_text("left behind")
connection = listener.accept()[0]
for number, line in enumerate(connection.makefile("rb")):
    connection.sendall((answer if number == 0 else b"no") + b" " + line)
"""


class Bundle(CliTest):
    def setUp(self):
        super().setUp()
        self.home = self.folder / "home"
        self.home.mkdir()
        self.server(self.home / "server.py")
        (self.home / "answer.txt").write_text("yes\n", encoding="ascii")

    def server(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SERVER, encoding="ascii")

    def write(self, name="t.json", command=("python3", "${here}/server.py", "${here}/answer.txt"), steps=(), **keys):
        programs = {"server": {"command": list(command), "listens": True}}
        steps = steps or [{"connect": "a", "to": "server"}, {"send": "a", "line": "one"}, {"expect": "a", "line": "yes one"},
                          {"send": "a", "line": "two"}, {"expect": "a", "line": "yes two"}]
        path = self.home / name
        path.write_text(json.dumps({"seam": 1, "name": name, "programs": programs, **keys, "steps": list(steps)}),
                        encoding="utf-8")
        return path

    def seam(self, *args, code=1, cwd=None):
        (self.folder / "tmp").mkdir(exist_ok=True)
        done = subprocess.run([SEAM, "run", "--color", "never", *args], cwd=cwd or self.folder, capture_output=True,
                              env=clean_environment(TMPDIR=str(self.folder / "tmp")), stdin=subprocess.DEVNULL, timeout=120,
                              check=False, encoding="utf-8")
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def bundles(self):
        return sorted(self.folder.glob("out/*"))

    def bundle(self, *args, **how):
        """Of one failure."""
        said = self.seam("--bundle", "out", *args, **how)
        self.assertEqual(len(self.bundles()), 1, said)
        self.assertIn(f"note: bundle: out/{self.bundles()[0].name}/README", said)
        return self.bundles()[0]

    def rerun(self, bundle, code=1):
        """Its first line, in another place, with nothing left of where it comes from."""
        away = self.folder / "away"
        shutil.move(bundle, away)
        shutil.rmtree(self.home)
        shutil.rmtree(self.folder / "out")
        line = (away / "README").read_text(encoding="utf-8").splitlines()[0]
        self.assertTrue(line.startswith("seam run "), line)
        path = pathlib.Path(SEAM).parent
        done = subprocess.run(["sh", "-c", f"{line} --color never"], cwd=away, stdin=subprocess.DEVNULL, capture_output=True,
                              env=clean_environment(TMPDIR=str(self.folder / "tmp"), PATH=f"{path}:{os.environ['PATH']}"),
                              timeout=120, check=False, encoding="utf-8")
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_it_fails_again_from_the_bundle_alone(self):
        self.write()
        bundle = self.bundle("home/t.json")
        self.assertEqual(bundle.name, "home-t-1")
        self.assertEqual((bundle / "server.py").read_text(encoding="ascii"), SERVER)
        self.assertEqual((bundle / "output/server.stderr").read_text(encoding="ascii"), "on stderr\n")
        self.assertEqual([path.read_text(encoding="ascii") for path in (bundle / "kept").glob("**/left.txt")], ["left behind"])
        self.assertIn('"no two\\n"', (bundle / "transcript.txt").read_text(encoding="utf-8"))
        self.assertIn('got "no two\\n"', json.loads((bundle / "result.json").read_text(encoding="utf-8"))["message"])
        self.assertRegex((bundle / "versions.txt").read_text(encoding="utf-8"), r"^seam \d+\.\d+\.\d+\nlibc \d+\.\d+\nLinux ")
        readme = (bundle / "README").read_text(encoding="utf-8")
        self.assertIn("- the program: python3", readme)
        self.assertIn("  from home/t.json:1:", readme)
        self.assertIn('got "no two\\n"', self.rerun(bundle))

    def test_segmentation_and_options_are_kept(self):
        self.write()
        bundle = self.bundle("--cut", "a@1,2", "--evidence", "paced=1", "home/t.json")
        self.assertEqual(json.loads((bundle / "scenario.json").read_text(encoding="utf-8"))["cut"], "a@1,2")
        first = (bundle / "README").read_text(encoding="utf-8").splitlines()[0]
        self.assertEqual(first, "seam run --evidence paced=1 scenario.json")
        self.assertIn("cut: a@1,2", self.rerun(bundle))

    def test_includes_vars_and_rows_are_resolved(self):
        part = {"seam": 1, "part": True, "steps": [{"send": "a", "line": "${word}"}, {"expect": "a", "line": "${answer} ${word}"}]}
        (self.home / "p.part.json").write_text(json.dumps(part), encoding="utf-8")
        steps = [{"connect": "a", "to": "server"}, {"include": "p.part.json", "vars": {"word": "one", "answer": "${answer}"}},
                 {"include": "p.part.json", "vars": {"word": "${last}", "answer": "yes"}}]
        self.write(steps=steps, vars={"answer": "nay"}, each=[{"row": "two", "last": "2"}, {"row": "three", "last": "3"}])
        bundle = self.bundle("--define", "answer=yes", "--filter", "three", "home/t.json")
        self.assertIn('got "no 3\\n"', self.rerun(bundle))

    def test_what_stands_elsewhere_comes_along(self):
        """Two files of one name, from two folders above."""
        self.server(self.folder / "srv/x/server.py")
        (self.folder / "srv/y").mkdir()
        (self.folder / "srv/y/server.py").write_text("yes", encoding="ascii")
        self.write(command=("python3", "${here}/../srv/x/server.py", "${here}/../srv/y/server.py"))
        bundle = self.bundle("home/t.json")
        shutil.rmtree(self.folder / "srv")
        self.assertIn('got "no two\\n"', self.rerun(bundle))

    def test_commands_with_a_slash_and_data_files(self):
        self.server(self.home / "bin/server")
        (self.home / "bin/server").write_text("#!/usr/bin/env python3\n" + SERVER, encoding="ascii")
        (self.home / "bin/server").chmod(0o755)
        (self.home / "data").mkdir()
        long = b"x${here}/no" * 1000 + b"\n"
        (self.home / "data/long.bin").write_bytes(long)
        self.write(command=("bin/server", "${here}/answer.txt"),
                   steps=[{"connect": "a", "to": "server"}, {"send": "a", "data": {"file": "data/long.bin"}},
                          {"expect": "a", "line": "yes"}])
        bundle = self.bundle("home/t.json")
        self.assertEqual((bundle / "data/long.bin").read_bytes(), long)
        self.assertIn("x${here}/no", self.rerun(bundle))

    def test_a_folder_that_is_named_is_copied_without_what_is_no_file(self):
        conf = self.home / "conf"
        (conf / "deep").mkdir(parents=True)
        (conf / "deep/answer.txt").write_text("yes", encoding="ascii")
        (conf / "loop").symlink_to(conf)
        (conf / "gone").symlink_to("nowhere")
        os.mkfifo(conf / "pipe")
        self.write(command=("python3", "${here}/server.py", "${here}/conf/deep/answer.txt", "${here}/conf"))
        bundle = self.bundle("home/t.json")
        self.assertEqual(sorted(path.name for path in (bundle / "conf").iterdir()), ["deep"])
        self.assertRegex((bundle / "README").read_text(encoding="utf-8"), r"(?m)^- No such file or directory: .*/conf/gone$")
        self.assertIn('got "no two\\n"', self.rerun(bundle))

    def test_what_is_too_large_is_named(self):
        with open(self.home / "big", "wb") as file:
            file.truncate(65 << 20)
        self.write(command=("python3", "${here}/server.py", "${here}/answer.txt", "${here}/big"))
        bundle = self.bundle("home/t.json")
        self.assertFalse((bundle / "big").exists())
        self.assertRegex((bundle / "README").read_text(encoding="utf-8"), r"(?m)^- not copied, the bundle is full: .*/big$")

    def test_each_failure_has_its_own(self):
        self.write()
        said = self.seam("--bundle", "out", "-j", "4", "--repeat", "5", "home/t.json")
        self.assertEqual([path.name for path in self.bundles()], [f"home-t-{n}" for n in range(1, 6)], said)
        self.assertEqual(sorted(re.findall(r"bundle: out/home-t-(\d)/README", said)), list("12345"))
        self.assertEqual(len(list(self.folder.glob("out/*/README"))), 5)

    def test_none_is_made_of_what_went_as_foreseen(self):
        steps = [{"connect": "a", "to": "server"}, {"send": "a", "line": "one"}, {"expect": "a", "line": "yes one"}]
        self.write("good.json", steps=steps)
        self.write("known.json", xfail="it says no")
        self.write("skipped.json", requires=["no-such-program"])
        self.seam("--bundle", "out", "home", code=0)
        self.assertEqual(self.bundles(), [])

    def test_an_error_has_one_too(self):
        self.write(command=("${here}/missing",))
        bundle = self.bundle("home/t.json", code=4)
        self.assertIn("missing", self.rerun(bundle, code=4))

    def test_names_are_shown_and_never_obeyed(self):
        name = "a'b\n$(touch oops)\x1b[31m.json"
        self.write(name)
        os.rename(self.home / name, self.home / "x'$(touch oops).json")
        bundle = self.bundle("home/x'$(touch oops).json")
        self.assertEqual(bundle.name, "home-x---touch-oops--1")
        readme = (bundle / "README").read_bytes()
        self.assertNotIn(b"\x1b", readme)
        self.assertIn(b"a'b\\n$(touch oops)", readme)
        self.assertIn('got "no two\\n"', self.rerun(bundle))
        self.assertFalse((self.folder / "away/oops").exists())

    def test_a_folder_that_can_not_be_made_is_told(self):
        self.write()
        (self.folder / "out").write_text("a file", encoding="ascii")
        self.assertIn("note: no bundle: no folder can be made in out: Not a directory", self.seam("--bundle", "out", "home/t.json"))
        self.assertIn("note: no bundle: the folder no/where can't be made", self.seam("--bundle", "no/where", "home/t.json"))
        self.assertEqual(self.seam("--bundle", "", "home/t.json", code=2), "")


if __name__ == "__main__":
    unittest.main()
