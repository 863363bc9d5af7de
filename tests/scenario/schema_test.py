"""The schema that `seam schema` prints, in front of an independent validator: python3-jsonschema.

Every scenario of the repository must be valid, a planted mistake of each kind must not, and what it is called must help. SEAM names the
program. Exit 77 (skipped) where the module is missing.
"""
import json
import os
import pathlib
import subprocess
import sys
import unittest

try:
    import jsonschema
except ImportError:
    print("SKIPPED: python3-jsonschema is not installed, so the schema was not checked against anything")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SEAM = os.environ["SEAM"]


def seam(*arguments):
    return json.loads(subprocess.run([SEAM, *arguments], capture_output=True, check=True, timeout=120).stdout)


SCHEMA = seam("schema")
sys.setrecursionlimit(20000)  # files are nested up to 100 deep, and the validator takes several calls for each level
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

# Files in invalid/ that a schema can tell, and a text of the error that it gives.
TOLD = {
    "top-no-version": "'seam' is a required property",
    "top-version-2": "1 was expected",
    "top-no-name": "'name' is a required property",
    "top-no-steps": "'steps' is a required property",
    "top-empty-steps": "[] is too short",
    "top-unknown-key": "'setps', 'timeout' were unexpected",
    "top-timeout-range": "0 is less than the minimum of 1",
    "top-timeout-real": "2.5 is not of type 'integer'",
    "top-tags-string": "'slow' is not of type 'array'",
    "top-part-false": "True was expected",
    "name-upper-case": "'Bob' does not match '^[a-z][a-z0-9_]*$'",
    "name-variable-invalid": "'1st' does not match '^[a-z][a-z0-9_]*$'",
    "step-no-object": "'send' is not of type 'object'",
    "step-unknown-key": "'lien' was unexpected",
    "step-key-of-another-verb": "'line' is not one of ['close', 'how', 'why', 'barrier']",
    "step-two-verbs": "'expect' is not one of ['send', 'line', 'lines', 'data', 'split', 'evidence', 'why', 'barrier']",
    "step-missing-argument": "'name' is a required property",
    "step-bool-false": "True was expected",
    "step-choice": "'wrte' is not one of ['both', 'write', 'reset']",
    "step-signal": "'SIGHUP' is not one of",
    "step-reserved-unix": "should not be valid under {'pattern': '^unix:'}",
    "data-unknown-key": "{'txt': 'x'} is not valid under any of the given schemas",
    "data-two-forms": "is not valid under any of the given schemas",
    "program-unknown-key": "'comand' was unexpected",
    "program-env": "1 is not of type 'string', 'null'",
    "program-command-string": "'cat -n' is not of type 'array'",
    "sweep-true": "True is not valid under any of the given schemas",
}


def errors(scenario):
    return [error.message for error in VALIDATOR.iter_errors(scenario)]


class Schema(unittest.TestCase):
    maxDiff = None

    def test_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_right_files(self):
        files = sorted([*(HERE / "valid").rglob("*.json"), *(ROOT / "scenarios").rglob("*.json")])
        self.assertGreater(len(files), 15)
        for path in files:
            with self.subTest(str(path.relative_to(ROOT))):
                self.assertEqual([], errors(json.loads(path.read_text())))

    def test_wrong_files(self):
        for name, text in TOLD.items():
            with self.subTest(name):
                found = errors(json.loads((HERE / "invalid" / (name + ".json")).read_text()))
                self.assertTrue(any(text in error for error in found), found)

    def test_each_example_of_an_argument_is_right(self):
        for verb in seam("steps", "--json"):
            for argument in verb["arguments"]:
                with self.subTest(verb=verb["name"], argument=argument["name"]):
                    step = {a["name"]: json.loads(a["example"]) for a in verb["arguments"] if a["required"]}
                    step[argument["name"]] = json.loads(argument["example"])
                    self.assertEqual([], errors({"seam": 1, "name": "x", "steps": [step]}))

    def test_verbs_and_arguments_are_disjoint(self):
        verbs = seam("steps", "--json")
        names = {verb["name"] for verb in verbs}
        arguments = {a["name"] for verb in verbs for a in verb["arguments"][1:]}
        self.assertEqual(set(), names & arguments)
        for verb in verbs:
            self.assertEqual(verb["name"], verb["arguments"][0]["name"])


if __name__ == "__main__":
    unittest.main()
