"""seam check over files that are wrong, one rule each, and over files that are right.

What it prints is compared with the .expected beside each file; a file that is right and has none prints nothing. With --update the
.expected files are written anew: read the difference before committing it. SEAM names the program.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SEAM = os.environ["SEAM"]
FILE_BYTES_MAX = 16 << 20


def check(folder, *arguments):
    """Exit code and what stands on stderr, of `seam check` in a folder."""
    done = subprocess.run([SEAM, "check", *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    return done.returncode, done.stderr.decode()


def expected_of(path):
    expected = path.with_suffix(".expected")
    return expected.read_text() if expected.exists() else ""


class Files(unittest.TestCase):
    maxDiff = None

    def test_wrong_files(self):
        files = sorted((HERE / "invalid").glob("*.json"))
        self.assertGreaterEqual(len(files), 80)
        for path in files:
            with self.subTest(path.name):
                self.assertEqual((3, expected_of(path)), check(path.parent, path.name))

    def test_right_files(self):
        for path in sorted((HERE / "valid").glob("*.json")):
            with self.subTest(path.name):
                self.assertEqual((0, expected_of(path)), check(path.parent, path.name))

    def test_each_expected_has_its_file(self):
        for path in HERE.glob("*/*.expected"):
            self.assertTrue(path.with_suffix(".json").exists(), path)

    def test_parts_of_right_files_are_right_alone(self):
        for path in sorted((HERE / "valid" / "parts").glob("*.json")):
            with self.subTest(path.name):
                self.assertEqual((0, ""), check(path.parent, path.name))

    def test_folders(self):
        code, text = check(HERE, "valid")
        self.assertEqual(0, code)
        code, text = check(HERE, "valid", "invalid")
        self.assertEqual(3, code)
        self.assertIn("\ninvalid/parts/each.part.json:1:28: error: ", text)


SCENARIO = """{ "seam": 1, "name": "x", "vars": { "v": "a" }, "programs": { "s": { "command": ["cat"], "listens": true } },
  "steps": [ { "connect": "a", "to": "s" }, { "send": "a", "data": %s } ] }
"""
REMOTE = SCENARIO.replace('"to": "s"', '"to": "192.0.2.1:80"')


class Machine(unittest.TestCase):
    """What can't lie in a repository: large files, pipes, links."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name).resolve() / "in"
        self.folder.mkdir()
        (self.folder.parent / "secret").write_text("s")

    def write(self, data='"x"', name="t.json", text=SCENARIO):
        (self.folder / name).write_text(text % data)

    def assert_error(self, text, *arguments, at=None):
        """at: what stands in t.json, at most once on its second line, where the error must be told."""
        if at:
            column = (self.folder / "t.json").read_text().split("\n")[1].index(at) + 1
            text = f"t.json:2:{column}: {text}"
        self.assertEqual((3, text + "\n"), check(self.folder, *arguments))

    def assert_right(self, *arguments):
        self.assertEqual((0, ""), check(self.folder, *arguments))

    def test_16_mib(self):
        text = SCENARIO % '"x"'
        (self.folder / "t.json").write_text(text + " " * (FILE_BYTES_MAX - len(text)))
        self.assert_right("t.json")
        (self.folder / "t.json").write_text(text + " " * (FILE_BYTES_MAX - len(text) + 1))
        self.assert_error("t.json: error: this file is larger than 16 MiB", "t.json")

    def test_no_regular_file(self):
        os.mkfifo(self.folder / "pipe.json")
        self.assert_error('pipe.json: error: "pipe.json" is no regular file', "pipe.json")
        self.assert_error('/dev/zero: error: "/dev/zero" is no regular file', "/dev/zero")
        self.write('{ "file": "pipe.json" }')
        self.assert_error('error: "pipe.json" is no regular file', "t.json", at='"pipe.json"')

    def test_links(self):
        (self.folder / "loop.json").symlink_to("loop.json")
        code, text = check(self.folder, "loop.json")
        self.assertIn("Too many levels of symbolic links", text)
        self.write('{ "file": "link" }')
        (self.folder / "link").symlink_to("../secret")
        self.assert_error(
            'error: "link" is outside the scenario\'s folder; --allow-outside permits that', "t.json", at='"link"')
        self.assert_right("--allow-outside", "t.json")
        (self.folder / "link").unlink()
        (self.folder / "file").write_text("f")
        (self.folder / "link").symlink_to("file")
        self.assert_right("t.json")

    def test_a_folder_with_the_same_beginning_is_outside(self):
        other = self.folder.parent / "inside"
        other.mkdir()
        (other / "file").write_text("f")
        self.write('{ "file": "../inside/file" }')
        self.assert_error('error: "../inside/file" is outside the scenario\'s folder; --allow-outside permits that',
                          "t.json", at='"../inside')

    def test_part_outside(self):
        (self.folder.parent / "p.part.json").write_text('{ "seam": 1, "part": true, "steps": [ { "settle": "s" } ] }')
        self.write('"x" }, { "include": "../p.part.json"')
        self.assert_error(
            'error: "../p.part.json" is outside the scenario\'s folder; --allow-outside permits that', "t.json", at='"../p')
        self.assert_right("--allow-outside", "t.json")

    def test_a_part_in_a_subfolder_may_use_the_folder_above(self):
        (self.folder / "parts").mkdir()
        (self.folder / "shared.bin").write_bytes(b"\0")
        (self.folder / "parts" / "p.part.json").write_text(
            '{ "seam": 1, "part": true, "steps": [ { "send": "a", "data": { "file": "../shared.bin" } } ] }')
        self.write('"x" }, { "include": "parts/p.part.json"')
        self.assert_right("t.json")

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable(self):
        self.write()
        (self.folder / "t.json").chmod(0)
        self.assert_error("t.json: error: can't read this file: Permission denied", "t.json")

    def test_remote(self):
        self.write(text=REMOTE)
        self.assert_error('error: "192.0.2.1" is not on this machine\'s loopback; --allow-remote permits that',
                          "t.json", at='"192')
        self.assert_right("--allow-remote", "t.json")

    def test_define(self):
        self.write('{ "text": "x", "times": "${v}" }')
        self.assert_error('error: expected an integer of 64 bits, got "a"', "t.json", at='"${v}"')
        self.assert_right("--define", "v=3", "t.json")
        self.assertEqual(2, check(self.folder, "--define", "w=3", "--define", "v=3", "t.json")[0])


def update():
    for path in sorted(HERE.glob("*valid/*.json")):
        text = check(path.parent, path.name)[1]
        if text:
            path.with_suffix(".expected").write_text(text)
        else:
            path.with_suffix(".expected").unlink(missing_ok=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        update()
    else:
        unittest.main()
