"""What `seam help` says, read back: the commands, and for each its options and operands."""

import re

from pages import said


class Command:
    def __init__(self, name):
        text = said("seam", "help", name)
        self.operands = re.match(r"usage: seam \S+ \[OPTIONS\] ?(.*)", text)[1]
        self.name, self.letters, self.arguments = name, {}, {}
        for letter, option, argument in re.findall(r"^  (?:-(.), |    )--([a-z-]+)(?: (\S+))?(?:  |$)", text, re.MULTILINE):
            self.arguments["--" + option] = argument
            if letter:
                self.letters["-" + letter] = "--" + option

    def options(self):
        return {*self.arguments, *self.letters}


def commands():
    found = [Command(name) for name in re.findall(r"^  ([a-z]+) ", said("seam", "help"), re.MULTILINE)]
    assert len(found) > 10 and sum(len(command.arguments) for command in found) > 100
    return found


def words_in(text, begin):
    """The words of `begin: a b c`, as a message lists what there is."""
    return re.search(begin + "((?: [a-z0-9_]+)+)", text)[1].split()
