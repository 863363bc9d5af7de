#!/usr/bin/env python3
"""The man pages of seam: they say what its help, `seam steps` and `seam schema` say, each option and key once; examples run."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from help import commands
from pages import BIN, DAY, Page, complaints, said


def page(name):
    return Page(said("seam", "help", "--man", name))


def run(script, folder):
    environment = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": folder}
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=200, check=False)


class Pages(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="seam-man-")
        self.addCleanup(shutil.rmtree, self.folder)

    def test_nobody_complains(self):
        for name, title in (("seam", "SEAM 1"), ("seam-scenario", r"SEAM\-SCENARIO 5")):
            text = said("seam", "help", "--man", name, SOURCE_DATE_EPOCH=DAY)
            version = said("seam", "--version").split()[1]
            self.assertEqual(text.splitlines()[0], f'.TH {title} "2023-11-14" "Seam {version}" "Seam manual"')
            self.assertEqual(complaints(text)[0], "")
            self.assertNotRegex(text, r"[^\n -~]")
            self.assertEqual(text, said("seam", "help", "--man", name, SOURCE_DATE_EPOCH=DAY, TZ="Pacific/Kiritimati", LC_ALL="C"))
            self.assertIn(' "" ', said("seam", "help", "--man", name).splitlines()[0])

    def test_usage(self):
        for arguments, text in ((["--man", "sea"], "--man: there is no page 'sea'"), (["--man", "seam", "run"], "takes no COMMAND")):
            done = subprocess.run([BIN / "seam", "help", *arguments], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(text, done.stderr)

    def test_every_option_of_every_command(self):
        told, manual = commands(), page("seam")
        helped = {(command.name, form) for command in told for form in self.forms(command)}
        there = {}
        for form, text in manual.items("OPTIONS"):
            doc, takers = re.fullmatch(r"(.*)\. Of ([a-z, ]+)\.", text).groups()
            for name in [command.name for command in told] if takers == "every command" else takers.split(", "):
                self.assertNotIn((name, form), there)
                there[name, form] = doc
        self.assertEqual(set(there), helped)
        self.assertEqual(len(there), sum(len(command.arguments) for command in told))
        for (name, form), doc in there.items(): # with its variable
            self.assertIn(f"{form} {doc} ", " ".join(said("seam", "help", name).split()) + " ")
        self.assertEqual({form: text.partition(" Options: ")[2].split() for form, text in manual.items("COMMANDS")},
                         {f"seam {command.name} [OPTIONS] {command.operands}".strip(): list(command.arguments) for command in told})

    def forms(self, command):
        letters = {option: letter + ", " for letter, option in command.letters.items()}
        return [f"{letters.get(option, '')}{option} {argument}".strip() for option, argument in command.arguments.items()]

    def test_every_variable(self):
        forms = [form for form, _ in page("seam").items("ENVIRONMENT") if form.startswith("SEAM_")]
        helped = {name for command in commands() for name in re.findall(r"\[(SEAM_[A-Z_]+)\]", said("seam", "help", command.name))}
        self.assertGreater(len(helped), 20)
        self.assertEqual(sorted(forms), sorted(helped))

    def test_lists(self):
        manual = page("seam")
        for section, command, title in (("REPORT FORMATS", "run", "Report formats"), ("KINDS OF IMPORT", "import", "Kinds"),
                                        ("FORMATS OF EXPORT", "export", "Formats"), ("EXIT STATUS", "run", "Exit codes")):
            lines = said("seam", "help", command).partition(f"\n{title}:\n")[2].partition("\n\n")[0].splitlines()
            self.assertGreater(len(lines), 1)
            self.assertEqual([f"{form} {doc}" for form, doc in manual.items(section)], [" ".join(line.split()) for line in lines])

    def test_every_key_and_verb(self):
        schema = json.loads(said("seam", "schema"))
        definitions = schema["definitions"]
        manual = page("seam-scenario")
        verbs = json.loads(said("seam", "steps", "--json"))
        everywhere = set(definitions[f"step_{verbs[0]['name']}"]["properties"]) - {one["name"] for one in verbs[0]["arguments"]}
        for section, properties in (("FILE", schema), ("PROGRAMS", definitions["program"]), ("DATA", definitions["data_object"]["else"]),
                                    ("UNTIL", definitions["until"]), ("ORACLES", definitions["oracles"]),
                                    ("SWEEP", definitions["sweep"]["anyOf"][0]["allOf"][1])):
            wanted = {name: " ".join(value.get("description", "").replace("`", "").split())
                      for name, value in properties["properties"].items() if name != "why"}
            self.assertEqual(dict(manual.items(section)), wanted)
            self.assertEqual(len(manual.items(section)), len(wanted))
        self.assertEqual({form for form, _ in manual.items("STEPS")}, everywhere)
        self.assertEqual(re.findall(r'^\.SS "(.*)"$', manual.text, re.MULTILINE), [verb["name"] for verb in verbs])
        for verb in verbs:
            items = manual.items("STEPS", verb["name"])
            self.assertEqual([form.split(" ")[0] for form, _ in items], [argument["name"] for argument in verb["arguments"]])
            for (form, text), argument in zip(items, verb["arguments"]):
                self.assertEqual("(required)" in form, argument["required"])
                self.assertEqual(text, " ".join(f"{argument['doc']} For example: {argument['example']}".split()))

    def test_examples(self):
        script = "".join(page("seam").examples())
        self.assertGreater(script.count("seam "), 5)
        for command in ("run", "sweep", "import", "completion"):
            self.assertIn(f"seam {command}", script)
        done = run(script, self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("1 passed", done.stdout)
        (example,) = page("seam-scenario").examples()
        with open(os.path.join(self.folder, "example.json"), "w", encoding="utf-8") as file:
            file.write(example)
        done = run("seam check example.json; seam run -q example.json", self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("1 passed; 2 cuts drained", done.stdout)


if __name__ == "__main__":
    unittest.main()
