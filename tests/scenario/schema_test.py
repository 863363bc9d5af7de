"""The schema that `seam schema` prints, in front of an independent validator: python3-jsonschema.

Every scenario of the repository must be valid, a planted mistake of each kind must not, and what it is called must help. Each key and each
alternative is described, with examples that are valid; docs/scenario.schema.json is what the program prints (--update writes it). What an
editor makes of it is tested in tests/editors/. SEAM names the program. Exit 77 (skipped) where the module is missing.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

try:
    import jsonschema
except ImportError:
    print("SKIPPED: python3-jsonschema is not installed, so the schema was not checked against anything")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PUBLISHED = ROOT / "docs/scenario.schema.json"
SEAM = os.environ["SEAM"]


def seam(*arguments):
    return json.loads(subprocess.run([SEAM, *arguments], capture_output=True, check=True, timeout=120).stdout)


def printed():
    return subprocess.run([SEAM, "schema"], capture_output=True, check=True, timeout=120).stdout.decode()


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
    "step-key-of-another-verb": "'line' was unexpected",
    "step-two-verbs": "'expect' was unexpected",
    "step-missing-argument": "'name' is a required property",
    "step-bool-false": "True was expected",
    "step-choice": "'wrte' is not one of ['both', 'write', 'reset']",
    "step-signal": "'SIGHUP' is not one of",
    "step-reserved-unix": "should not be valid under {'type': 'string', 'pattern': '^unix:'}",
    "data-unknown-key": "'txt' is not one of ['text', 'line', 'lines', 'hex', 'base64', 'bytes', 'file', 'times', 'why']",
    "data-no-form": "should not be valid under {}",
    "data-two-forms": "'hex' was unexpected",
    "program-unknown-key": "'comand' was unexpected",
    "program-env": "1 is not of type 'string', 'null'",
    "program-command-string": "'cat -n' is not of type 'array'",
    "sweep-true": "True is not valid under any of the given schemas",
}


def errors(scenario):
    return [error.message for error in VALIDATOR.iter_errors(scenario)]


def subschemas(schema, where="", asked=""):
    """(where, kind, schema) of a schema and all below: kind is "key" or "alternative" for what must be described. Conditions are none."""
    yield where, asked, schema
    for name in ("properties", "definitions"):
        for key, value in schema.get(name, {}).items():
            yield from subschemas(value, f"{where}/{name}/{key}", "key" if name == "properties" else "")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from subschemas(schema["additionalProperties"], where + "/additionalProperties", "key")
    for name in ("anyOf", "oneOf", "allOf"):
        for i, value in enumerate(schema.get(name, [])):
            yield from subschemas(value, f"{where}/{name}/{i}", "" if name == "allOf" else "alternative")
    for name in ("items", "then", "else", "not"):
        if isinstance(schema.get(name), dict):
            yield from subschemas(schema[name], f"{where}/{name}")


def resolved(schema):
    while "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    return schema


def errors_of(value, schema):
    """What is wrong with a value by a part of the schema."""
    validator = jsonschema.Draft7Validator({"allOf": [schema], "definitions": SCHEMA["definitions"]})
    return [error.message for error in validator.iter_errors(value)]


def undescribed(schema):
    """What of a schema is missing, as lines of text."""
    for where, asked, part in subschemas(schema):
        said = resolved(part)
        if asked and not str(said.get("description", "")).strip():
            yield f"{where}: no description"
        if asked and not said.get("examples"):
            yield f"{where}: no examples"
        for example in said.get("examples", []) if asked else []:
            for error in errors_of(example, part):
                yield f"{where}: the example {json.dumps(example)}: {error}"


def snippet_text(text):
    """A snippet as it stands when nothing is typed into its places: `${1:word}` is `word`, `$1` nothing, `\}` a brace."""
    parts, inside = [], False
    for match in re.finditer(r"\\(?P<plain>.)|\$\{\d+:(?P<open>)|\$\d+|(?P<close>\})|(?P<other>.)", text, re.DOTALL):
        if match.lastgroup == "open" or (match.lastgroup == "close" and inside):
            inside = not inside
        elif match.lastgroup:
            parts.append(match[match.lastgroup])
    return "".join(parts)


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

    def test_each_key_and_alternative_is_described(self):
        self.assertEqual([], list(undescribed(SCHEMA)))
        asked = [where for where, asked, _ in subschemas(SCHEMA) if asked]
        self.assertGreater(len(asked), 150)
        for where in ("/properties/each/items/properties/row", "/definitions/step_expect/properties/matches",
                      "/definitions/sweep/anyOf/1", "/definitions/vars/additionalProperties"):
            self.assertIn(where, asked)
        for part in ({"description": "x"}, {"examples": [1]}, {"description": "x", "examples": [1], "type": "string"}):
            self.assertEqual(1, len(list(undescribed({"properties": {"planted": part}}))), part)

    def test_each_snippet_is_right(self):
        step = SCHEMA["definitions"]["step"]
        self.assertEqual([verb["name"] for verb in seam("steps", "--json")], [one["label"] for one in step["defaultSnippets"]])
        for where, _, schema in subschemas(SCHEMA):
            for snippet in schema.get("defaultSnippets", []):
                with self.subTest(where=where, snippet=snippet["label"]):
                    value = json.loads(snippet_text(snippet["bodyText"]))
                    if value:  # else it is to be filled in
                        self.assertEqual([], errors_of(value, schema))
                    if schema is step:
                        self.assertEqual(snippet["label"], next(iter(value)))

    def test_the_file_that_is_offered_loads(self):
        files = {f"example-{i}.json": json.dumps(example) for i, example in enumerate(SCHEMA["examples"])}
        files["snippet.json"] = snippet_text(SCHEMA["defaultSnippets"][0]["bodyText"])
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (pathlib.Path(folder) / name).write_text(text)
            done = subprocess.run([SEAM, "check", *files], cwd=folder, capture_output=True, text=True, timeout=120)
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_the_published_file_is_what_is_printed(self):
        self.assertEqual(printed(), PUBLISHED.read_text(encoding="utf-8"), f"{PUBLISHED.name}: --update writes it anew")

    def test_verbs_and_arguments_are_disjoint(self):
        verbs = seam("steps", "--json")
        names = {verb["name"] for verb in verbs}
        arguments = {a["name"] for verb in verbs for a in verb["arguments"][1:]}
        self.assertEqual(set(), names & arguments)
        for verb in verbs:
            self.assertEqual(verb["name"], verb["arguments"][0]["name"])


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        PUBLISHED.write_text(printed(), encoding="utf-8")
    else:
        unittest.main()
