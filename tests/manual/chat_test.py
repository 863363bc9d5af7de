#!/usr/bin/env python3
"""The man pages of chat-server and chat-client: they say what --help says, their examples hold a conversation."""

import os
import re
import signal
import socket
import subprocess
import unittest

from pages import BIN, DAY, Page, complaints, long_options, plain, said


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Chat(unittest.TestCase):
    NAMES = ("chat-server", "chat-client")

    def test_nobody_complains(self):
        for name in self.NAMES:
            page = said(name, "--man", SOURCE_DATE_EPOCH=DAY)
            self.assertTrue(page.startswith(f'.TH {name.upper()} 1 "2023-11-14" "Seam '.replace("-", r"\-", 1)), page[:60])
            self.assertEqual(complaints(page)[0], "")
            self.assertNotRegex(page, r"[^\n -~]")

    def test_without_a_date_only_that_is_told(self):
        for name in self.NAMES:
            for epoch in ({}, {"SOURCE_DATE_EPOCH": ""}, {"SOURCE_DATE_EPOCH": "today"}):
                page = said(name, "--man", **epoch)
                self.assertIn(' 1 "" "Seam ', page.splitlines()[0])
                self.assertLessEqual(complaints(page)[0].count("\n"), 1)

    def test_the_page_says_what_help_says(self):
        for name in self.NAMES:
            page, text = Page(said(name, "--man")), said(name, "--help")
            version = said(name, "--version").split()[1]
            self.assertIn(f'"Seam {version}"', page.text)
            options = long_options(text)
            self.assertEqual(len(options), 6)
            self.assertEqual([form for form, _ in page.items("OPTIONS")],
                             [" ".join(filter(None, ("--" + option, argument))) for option, argument in options])
            flat = " ".join(text.split())
            for section in ("OPTIONS", "WHAT HAPPENS WHEN"):
                for form, doc in page.items(section):
                    self.assertIn(f"{form} {doc}", flat)
            told = text.partition("What happens when\n")[2].partition("\n\n")[0]
            self.assertEqual(len(page.items("WHAT HAPPENS WHEN")), len(re.findall(r"^  \S", told, re.MULTILINE)))
            exits = "Exit: " + "; ".join(f"{code} {when}" for code, when in page.items("EXIT STATUS"))
            self.assertEqual(exits, text.splitlines()[-1])

    def test_the_examples_talk(self):
        (server,), (client,) = (Page(said(name, "--man")).examples() for name in self.NAMES)
        port = str(free_port())
        self.assertIn("4321", server)
        self.assertIn("4321", client)
        environment = {"PATH": f"{BIN}:/usr/bin:/bin"}
        serving = subprocess.Popen(["sh", "-c", server.replace("4321", port)], env=environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            self.assertIn("listening on", serving.stderr.readline())
            done = subprocess.run(["sh", "-c", client.replace("4321", port)], env=environment, capture_output=True, text=True,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            said_there, _ = serving.communicate(timeout=60)
        finally:
            if serving.poll() is None:
                os.killpg(serving.pid, signal.SIGKILL)
                serving.communicate()
        self.assertEqual(serving.returncode, 0)
        self.assertIn("SERVER SAYS: hello\n", done.stdout)
        self.assertIn("CLIENT SAYS: hi\n", said_there)

    def test_what_roff_would_read_otherwise(self):
        page = said("chat-server", "--man")
        self.assertIn(r"\&... in the middle", page.replace(r"\fB", ""))
        self.assertIn(r"\exNN", page)
        self.assertEqual(plain(r"\e\-\(aq\(dq\(ga\(ha\(ti\&."), "\\-'\"`^~.")


if __name__ == "__main__":
    unittest.main()
