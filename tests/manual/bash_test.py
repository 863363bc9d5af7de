#!/usr/bin/env python3
"""`seam completion bash`, in bash: what it offers is what the help says, at every place of a line.

Where it offers nothing and leaves the rest to readline, a bash on a terminal shows that files come.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from help import commands
from pages import BIN, said

BREAKS = "=:" # of COMP_WORDBREAKS, those that may stand in a word without quotes


def split(line):
    """The words of a line as bash's readline has them."""
    found = []
    for word in line.split(" "):
        found += re.findall(f"[{BREAKS}]+|[^{BREAKS}]+", word) or [""]
    return found


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="seam-completion-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.script = os.path.join(cls.folder, "seam.bash")
        with open(cls.script, "w", encoding="utf-8") as file:
            file.write(said("seam", "completion", "bash"))
        for name in ("one.json", "two words.json"):
            with open(os.path.join(cls.folder, name), "w", encoding="utf-8"):
                pass
        os.mkdir(os.path.join(cls.folder, "onward"))
        cls.commands = commands()


class Function(Completion):
    """The function that bash calls, called as bash does."""

    def ask(self, *lines, breaks=None):
        """[(what is offered, what compopt was told)] for lines with the cursor at the end."""
        script = [f"source {self.script}", 'compopt() { TOLD+=" $*"; }']
        for line in lines:
            words = split(line) if breaks is None else line.split(" ")
            quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
            script += [f"TOLD= COMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1}",
                       "_seam seam; printf '%s\\n' \"${COMPREPLY[@]}\"; printf -- '--%s\\n\\0' \"$TOLD\""]
        done = subprocess.run(["bash", "--norc", "--noprofile", "-u"], input="\n".join(script), capture_output=True, cwd=self.folder,
                              text=True, timeout=120, check=False, env={"PATH": f"{BIN}:/usr/bin:/bin"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        answers = []
        for answer in done.stdout.split("\0")[:-1]:
            offered, _, told = answer.rpartition("--")
            answers.append(([word for word in offered.split("\n") if word], told.strip()))
        self.assertEqual(len(answers), len(lines))
        return answers

    def offered(self, line, **more):
        return self.ask(line, **more)[0][0]

    def test_commands(self):
        names = {command.name for command in self.commands}
        self.assertEqual(set(self.offered("seam ")), names | {"--help", "-h", "--version"})
        self.assertEqual(self.offered("seam sh"), ["shrink"])
        self.assertEqual(set(self.offered("seam s")), {name for name in names if name.startswith("s")})
        self.assertEqual(self.offered("seam nothing "), [])
        self.assertEqual(self.offered("seam nothing --"), [])

    def test_every_option_and_no_other(self):
        answers = self.ask(*(f"seam {command.name} -" for command in self.commands))
        for command, (offered, _) in zip(self.commands, answers):
            self.assertEqual(sorted(offered), sorted(command.options()))
        count = sum(len(command.options()) for command in self.commands)
        self.assertEqual(sum(len(offered) for offered, _ in answers), count)

    def test_what_takes_a_value_and_what_does_not(self):
        """Behind an option with a value no option is offered, in either form; behind a switch there is."""
        lines, wanted = [], []
        for command in self.commands:
            for option in sorted(command.options()):
                lines.append(f"seam {command.name} {option} -")
                wanted.append(bool(command.arguments[command.letters.get(option, option)]))
        for line, (offered, _), takes in zip(lines, self.ask(*lines), wanted):
            self.assertEqual(offered == [], takes, line)

    def test_words(self):
        targets = ["chat_turns", "line_reader", "utf8"]
        for line, words in {"run --color ": "auto always never", "sweep --color=": "auto always never", "run --color=al": "always",
                            "check --color n": "never", "run --evidence ": "drained paced sent", "import --play ": "client server",
                            "import --line-end ": "lf crlf none", "export --to ": "corpus python pcapng chart",
                            "import ": "crash text record pcap", "import --stdio ": "crash text record pcap",
                            "import -o x ": "crash text record pcap", "import --mask=a:b ": "crash text record pcap",
                            "completion ": "bash zsh", "completion z": "zsh", "help --man ": "seam seam-scenario", "run --list --col": "--color",
                            "run -vqj 2 --see": "--seed", "run -vq --see": "--seed", "run -j2 --see": "--seed",
                            "run -j --see": "", "run -- --see": "", "schema ": "", "version ": "", "record ": "",
                            "run --nothing=": "", "run --jobs ": "", "run --list=": ""}.items():
            self.assertEqual(self.offered("seam " + line), words.split(), line)
        self.assertEqual(set(targets) - set(self.offered("seam export --target ")), set())
        self.assertEqual(self.offered("seam help "), [command.name for command in self.commands])
        verbs = [verb for verb in re.findall(r"^  ([a-z]+) ", said("seam", "steps"), re.MULTILINE)]
        self.assertEqual(self.offered("seam steps "), verbs)
        formats = re.findall(r"^  ([a-z]+) ", said("seam", "help", "run").partition("Report formats:\n")[2].partition("\n\n")[0],
                             re.MULTILINE)
        self.assertGreater(len(formats), 1)
        self.assertEqual(self.offered("seam run --report "), [name + "=" for name in formats])
        self.assertEqual(self.offered("seam run --report=ta"), ["tap="])

    def test_the_whole_word_where_bash_does_not_split(self):
        for line, words in {"seam run --color=al": ["--color=always"], "seam run --report=ta": ["--report=tap="],
                            "seam run --report ta": ["tap="]}.items():
            self.assertEqual(self.offered(line, breaks=""), words)

    def test_what_is_left_to_readline(self):
        for line, told in {"run ": "", "run a b ": "", "run -- -": "", "import crash ": "", "run --report tap=": "",
                           "run --report=tap=x": "", "import -o ": "", "run --bundle ": "+o bashdefault +o default -o dirnames",
                           "run --color ": "+o bashdefault +o default", "run --filter ": "+o bashdefault +o default",
                           "import crash a ": "+o bashdefault +o default", "version ": "+o bashdefault +o default",
                           "run --report ": "+o bashdefault +o default -o nospace"}.items():
            self.assertEqual(self.ask("seam " + line)[0][1], told, line)
            if not told:
                self.assertEqual(self.offered("seam " + line), [], line)
        self.assertIn("seam", self.offered("seam record --program sea"))

    def test_the_cursor_inside_a_line(self):
        script = (f"source {self.script}; compopt() {{ :; }}; COMP_LINE='seam run --colXX --list' COMP_POINT=14 "
                  "COMP_WORDS=(seam run --colXX --list) COMP_CWORD=2; _seam seam; echo \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(done.stdout, "--color\n")


class Terminal(Completion):
    """A real line editor: what stands in the line after a TAB."""

    def typed(self, keys):
        """The line that bash would run, after keys."""
        master, slave = pty.openpty()
        process = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], cwd=self.folder, stdin=slave, stdout=slave, stderr=slave,
                                   start_new_session=True, env={"PATH": f"{BIN}:/usr/bin:/bin", "TERM": "dumb", "PS1": "> "})
        os.close(slave)
        seen = b""
        try:
            os.write(master, f"source {self.script}; bind 'set bell-style none'; seam() {{ printf 'ran'; printf '<%s>' \"$@\"; }};"
                             " echo rea''dy\n".encode())
            seen = self.wait_for(master, seen, b"ready\r\n")
            os.write(master, keys.encode() + b"\n")
            seen = self.wait_for(master, b"", b">> ", b"<")
        finally:
            process.kill()
            process.wait()
            os.close(master)
        return re.search(rb"ran((?:<[^>]*>)*)", seen)[1].decode()

    def wait_for(self, master, seen, *texts):
        deadline = time.monotonic() + 60
        while not all(text in seen for text in texts):
            self.assertLess(time.monotonic(), deadline, seen)
            if select.select([master], [], [], 1)[0]:
                seen += os.read(master, 4096)
        return seen

    def test_lines(self):
        for keys, line in {"ru\t--li\t": "<run><--list>", "run --color=al\t": "<run><--color=always>",
                           "run --color al\t": "<run><--color><always>", "run --report ta\tone.j\t": "<run><--report><tap=one.json>",
                           "run --report=ta\tone.j\t": "<run><--report=tap=one.json>", "run two\t": "<run><two words.json>",
                           "run --bundle on\t": "<run><--bundle><onward/>", "import cr\tone.\t": "<import><crash><one.json>",
                           "run --filter one\t": "<run><--filter><one>"}.items():
            self.assertEqual(self.typed("seam " + keys), line, keys)


if __name__ == "__main__":
    if not shutil.which("bash"):
        print("there is no bash here")
        sys.exit(77)
    unittest.main()
