#!/usr/bin/env python3
"""Proves docs_commands.py: what differs from a document is found, what agrees is not."""

import contextlib
import io
import os
import pathlib
import select
import tempfile
import unittest

from docs_commands import check_document


class Documents(unittest.TestCase):
    def found(self, text, printed=None):
        with tempfile.TemporaryDirectory(prefix="seam-docs-") as folder:
            root = pathlib.Path(folder).resolve()
            (root / "bin").mkdir()
            (root / "bin/tool").write_text("#!/bin/sh\necho tool\n")
            (root / "bin/tool").chmod(0o755)
            document = root / "README.md"
            document.write_text(text, encoding="utf-8")
            with contextlib.redirect_stdout(io.StringIO()) as output:
                problems = check_document(root, document, root / "bin")
            if printed is not None:
                self.assertIn(printed, output.getvalue())
            self.assertEqual(sorted(path.name for path in root.iterdir()), ["README.md", "bin"])
            return problems

    def test_what_agrees(self):
        for text in ("```sh\ntool\nbuild/release/bin/tool\ncat README.md\n```\n",
                     "```console\n$ tool\ntool\n$ echo a; echo b >&2\na\nb\n\n$ false\n# exit 1\n$ echo x; exit 3\nx\n# exit 3\n```\n",
                     "```console\n$ for i in 1 2; do\n> echo $i; done\n1\n2\n```\n",
                     "```console\n$ seq 5\n1\n...\n5\n$ echo took 0.31 s\ntook ... s\n$ true\n...\n```\n",
                     "<!-- file: a/b.json -->\n```json\n{}\n```\ntext\n\n```console\n$ cat a/b.json\n{}\n```\n",
                     "1. indented\n\n   ```console\n   $ printf 'a\\n  b\\n'\n   a\n     b\n   ```\n",
                     "```json\n{\n```\n```text\n$ false\n```\n"):
            self.assertEqual(self.found(text), [], text)

    def test_what_differs(self):
        for text, line in (("```sh\nfalse\ntrue\n```\n", 1),
                           ("\n```console\n$ true\n$ echo a\nb\n```\n", 4),
                           ("```console\n$ echo a\n```\n", 2),
                           ("```console\n$ true\na\n```\n", 2),
                           ("```console\n$ false\n```\n", 2),
                           ("```console\n$ true\n# exit 1\n```\n", 2),
                           ("```console\n$ seq 3\n1\n...\n2\n```\n", 2),
                           ("```console\noutput\n```\n", 1),
                           ("```bash\ntrue\n```\n", 1),
                           ("```sh\ntrue\n", 1),
                           ("<!-- not run: -->\n```sh\nfalse\n```\n", 2),
                           ("<!-- not run: far above -->\ntext\n```sh\nfalse\n```\n", 3),
                           ("<!-- file: ../x -->\n```text\n```\n", 2)):
            found = self.found(text)
            self.assertEqual(len(found), 1, (text, found))
            self.assertTrue(found[0].startswith(f"README.md:{line}: "), (text, found))

    def test_what_is_not_run_is_listed(self):
        self.assertEqual(self.found("<!-- not run: needs a network -->\n\n```sh\nfalse\n```\n",
                                    "line 3 is not run: needs a network"), [])

    def test_what_a_command_leaves_running_is_killed(self):
        with tempfile.TemporaryDirectory(prefix="seam-docs-") as folder:
            pid_file = pathlib.Path(folder, "pid")
            self.assertEqual(self.found(f"```sh\ncat /dev/zero >/dev/null & echo $! >{pid_file}\n```\n"), [])
            try:
                process = os.pidfd_open(int(pid_file.read_text()))
            except ProcessLookupError:
                return
            self.assertEqual(select.select([process], [], [], 10)[0], [process])
            os.close(process)


if __name__ == "__main__":
    unittest.main()
