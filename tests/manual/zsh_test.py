#!/usr/bin/env python3
"""`seam completion zsh`, in a zsh on a terminal: what it offers is what the help says, at every place of a line."""

import os
import pathlib
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

# ^G completes each line of the file `lines`, and writes what compadd is given that fits; a NUL ends each answer.
SETTINGS = r"""
fpath=($ZDOTDIR/functions $fpath)
autoload -Uz compinit
compinit -u -d $ZDOTDIR/dump
zstyle ':completion:*' completer _complete
compadd() {
  local -a hits
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "$@"
    return
  fi
  builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- $hits >>$ZDOTDIR/answers
  builtin compadd "$@"
}
answer() {
  local -a asked=("${(@f)$(<$ZDOTDIR/lines)}")
  for BUFFER in $asked; do
    CURSOR=$#BUFFER
    zle list-choices
    print -n '\0' >>$ZDOTDIR/answers
  done
  BUFFER=
}
zle -N answer
bindkey '^G' answer
LISTMAX=1000000
print rea''dy
"""


class Zsh(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="seam-zsh-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        (cls.folder / "functions").mkdir()
        (cls.folder / "functions/_seam").write_text(said("seam", "completion", "zsh"), encoding="utf-8")
        (cls.folder / ".zshrc").write_text(SETTINGS, encoding="utf-8")
        (cls.folder / "here/onward").mkdir(parents=True)
        (cls.folder / "here/one.json").touch()
        cls.commands = commands()

    def ask(self, *lines):
        """What is offered at the end of each line, as sets."""
        answers = self.folder / "answers"
        answers.write_text("", encoding="utf-8")
        (self.folder / "lines").write_text("\n".join(lines) + "\n", encoding="utf-8")
        master, slave = pty.openpty()
        process = subprocess.Popen(["zsh", "-i"], cwd=self.folder / "here", stdin=slave, stdout=slave, stderr=slave,
                                   start_new_session=True, env={"PATH": f"{BIN}:/usr/bin:/bin", "TERM": "dumb", "HOME": str(self.folder),
                                                                "ZDOTDIR": str(self.folder)})
        os.close(slave)
        try:
            screen = self.wait_for(master, lambda screen: b"ready" in screen)
            os.write(master, b"\x07")
            screen += self.wait_for(master, lambda screen: answers.read_bytes().count(b"\0") == len(lines))
        finally:
            process.kill()
            process.wait()
            os.close(master)
        self.assertNotIn(b"_arguments:", screen) # what it says of a table that it can't read
        found = [set(text.split("\n")) - {""} for text in answers.read_text(encoding="utf-8").split("\0")[:-1]]
        self.assertEqual(len(found), len(lines))
        return found

    def wait_for(self, master, fact):
        deadline = time.monotonic() + 120
        screen = b""
        while not fact(screen):
            self.assertLess(time.monotonic(), deadline, screen)
            if select.select([master], [], [], 0.05)[0]:
                screen += os.read(master, 65536)
        return screen

    def test_every_option_and_no_other(self):
        lines = [f"seam {command.name} -{dash}" for command in self.commands for dash in ("", "-")]
        answers = iter(self.ask(*lines))
        for command in self.commands:
            offered = {word.removesuffix("=") for word in next(answers) | next(answers)}
            self.assertEqual({word for word in offered if word.startswith("-")}, command.options(), command.name)

    def test_words(self):
        names = {command.name for command in self.commands}
        formats = set(re.findall(r"^  ([a-z]+) ", said("seam", "help", "run").partition("Report formats:\n")[2].partition("\n\n")[0],
                                 re.MULTILINE))
        verbs = set(re.findall(r"^  ([a-z]+) ", said("seam", "steps"), re.MULTILINE))
        wanted = {"": names, "sh": {"shrink"}, "help ": names, "steps ": verbs, "run --report ": formats, "run --report=": formats}
        for line, words in {"run --color ": "auto always never", "sweep --color=": "auto always never", "run --color=al": "always",
                            "run --evidence ": "drained paced sent", "import --play ": "client server",
                            "import --line-end ": "lf crlf none", "export --to ": "corpus python pcapng chart",
                            "import ": "crash text record pcap", "import --stdio ": "crash text record pcap",
                            "import -o x ": "crash text record pcap", "completion ": "bash zsh", "help --man ": "seam seam-scenario", "run --list --col": "--color",
                            "run -qj 2 --see": "--seed", "run --jobs ": "", "run --color always --col": "", "run --seed ": "",
                            "run ": "one.json onward", "run x y ": "one.json onward",
                            "import crash ": "one.json onward", "run --bundle ": "onward", "run --report tap=": "one.json onward",
                            "run --report=tap=o": "one.json onward", "run --filter a --filt": "--filter", "run --filter ": "",
                            "run -- --see": ""}.items():
            wanted[line] = set(words.split())
        wanted.update({f"{command.name} ": command.options() for command in self.commands if not command.operands}) # nothing else may come
        for (line, words), offered in zip(wanted.items(), self.ask(*("seam " + line for line in wanted))):
            self.assertEqual({word.removesuffix("=") for word in offered}, words, line)


if __name__ == "__main__":
    if not shutil.which("zsh"):
        print("there is no zsh here")
        sys.exit(77)
    unittest.main()
