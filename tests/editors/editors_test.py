"""What an editor makes of the schema: completions, explanations and messages of VS Code's own JSON language service.

    editors_test.py SEAM [FOLDER]

FOLDER (absent: build/editors) is where tests/editors/fetch has put the service; `./dev test --peers` does. The service is asked once, about
everything below, with files that name docs/scenario.schema.json as those of the repository do, so that their "$schema" is tried as well.
Exits with 77 where node or the service is missing.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SEAM = pathlib.Path(sys.argv[1]).resolve()
FOLDER = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "build/editors")
DOCUMENT = ROOT / "docs/editors.md"

VERBS = ["start", "stop", "signal", "listen", "accept", "connect", "send", "type", "expect", "settle", "close", "pause", "repeat", "include"]
OF_EACH_STEP = ["why", "barrier"]
FORMS = ["text", "line", "lines", "hex", "base64", "bytes", "file"]
NO_VERB = "a step needs one of: " + ", ".join(VERBS)
NO_FORM = "data needs one of: " + ", ".join(FORMS)
DATA = 'text, a list of data, or an object such as {"hex": "00 ff"}'
NAME = "a name has lower-case letters, digits and _, and begins with a letter"


def file_with(rest):
    return '{"$schema": "../docs/scenario.schema.json", "seam": 1, %s}' % rest


def with_step(step):
    return file_with('"name": "x", "steps": [%s]' % step)


# | is the cursor; what is offered there, in any order and all of it.
COMPLETIONS = {
    file_with("|"): ["name", "vars", "include", "part", "each", "delimiter", "programs", "steps", "timeout_ms", "tags", "requires", "xfail",
                     "cut", "sweep", "why"],
    with_step("|"): VERBS + ['{"send":"alice","line":"hello"}'],
    with_step("{|}"): VERBS,
    with_step('{"|"}'): VERBS,
    with_step('{"line": "x", |}'): VERBS,
    with_step('{"send": "alice", |}'): ["line", "lines", "data", "split", "evidence"] + OF_EACH_STEP,
    with_step('{"send": "alice", "line": "x", "|"}'): ["lines", "data", "split", "evidence"] + OF_EACH_STEP,
    with_step('{"expect": "alice", |}'): ["line", "lines", "data", "size", "until", "eof", "matches", "unordered", "silence", "reset", "exit",
                                          "killed", "within_ms"] + OF_EACH_STEP,
    with_step('{"close": "alice", "|": 1}'): ["how"] + OF_EACH_STEP,
    with_step('{"repeat": 2, "steps": [{|}]}'): VERBS,
    with_step('{"repeat": 2, "steps": [{"close": "a", |}]}'): ["how"] + OF_EACH_STEP,
    with_step('{"send": "alice", "data": {|}}'): FORMS + ["times", "why"],
    with_step('{"send": "alice", "data": {"hex": "00", |}}'): ["times", "why"],
    with_step('{"send": "alice", "lines": ["a", {|}]}'): FORMS + ["times", "why"],
    with_step('{"expect": "alice", "until": {|}}'): ["matches"] + FORMS + ["times", "why"],
    with_step('{"expect": "alice", "until": {"matches": "x", |}}'): ["why"],
    with_step('{"expect": "alice", "eof": |}'): ["true"],
    with_step('{"expect": "alice", "silence": |}'): ["true", "900"],
    with_step('{"close": "alice", "how": |}'): ['"both"', '"write"', '"reset"'],
    with_step('{"close": "alice", "how": "|"}'): ['"both"', '"write"', '"reset"'],
    with_step('{"connect": "alice", "rest": |}'): ['"ignore"'],
    with_step('{"send": |}'): ['"alice"'],
    with_step('{"expect": "alice", "until": |}'): ['"\\r\\n\\r\\n"', '{"matches":"250 .*"}'],
    with_step('{"send": "alice", "line": |}'): ['"hello"', '["one ","two"]', '{"hex":"00 ff"}'],
    file_with('"programs": {|}'): ["server", "why"],
    file_with('"programs": {"server": {|}}'): ["command", "env", "cwd", "listens", "stdio", "address", "terminal", "files", "logs", "core", "why"],
    file_with('"programs": {"server": {"listens": |}}'): ["true", '["http","admin"]'],
    file_with('"sweep": |'): ['{"pipeline":true}', "false", "{}"],
    file_with('"sweep": {|}'): ["pipeline", "isolate", "actors", "budget", "mask", "oracles", "xfail", "why"],
    file_with('"sweep": {"isolate": |}'): ['"auto"', '"connection"', '"program"'],
    file_with('"sweep": {"oracles": {|}}'): ["invariance", "progress", "health", "cost", "why"],
}

# What is put in when one of them is chosen: $1 is where the cursor goes, and a $1 alone opens the list of values.
PUT_IN = [
    (with_step("|"), "signal", '{ "signal": "${1:server}", "name": "${2:HUP}" }'),
    (with_step("|"), "send", '{ "send": "${1:alice}", "line": "${2:hello}" }'),
    (with_step("|"), "close", '{ "close": "${1:alice}" }'),
    (with_step("{|}"), "expect", '"expect": "${1:alice}"'),
    (with_step('{"expect": "alice", |}'), "eof", '"eof": ${1:true}'),
    (with_step('{"expect": "alice", |}'), "silence", '"silence": ${1:true}'),
    (with_step('{"send": "alice", |}'), "lines", '"lines": $1'),
    (file_with('"programs": {"server": {|}}'), "stdio", '"stdio": ${1:true}'),
    (file_with('"programs": {|}'), "server", '"server": $1'),
]

# The explanation of a key or a value, by a part of it.
HOVERS = [
    (file_with('"pro|grams": {}'), "The programs under test, by name."),
    (file_with('"programs": {"ser|ver": {}}'), "A program under test."),
    (file_with('"programs": {"server": {"list|ens": true}}'), "true: it listens on a port"),
    (file_with('"sw|eep": {"pipeline": true}'), "What a sweep of this file may do"),
    (with_step('{"se|nd": "alice", "line": "x"}'), "Writes to a connection."),
    (with_step('{"se|nd": "alice", "line": "x"}'), "The connection to write to."),
    (with_step('{"send": "alice", "li|ne": {"hex": "00"}}'), "Data; the delimiter is added."),
    (with_step('{"send": "alice", "li|ne": "x"}'), "Data; the delimiter is added."),
    (with_step('{"send": "alice", "line": {"h|ex": "00"}}'), "Two digits a byte"),
    (with_step('{"expect": "alice", "sil|ence": true}'), "true: settled and nothing more"),
    (with_step('{"expect": "alice", "until": {"mat|ches": "x"}}'), "Lines up to and with the first that matches."),
    (with_step('{"close": "alice", "how": "wri|te"}'), "Half-close: FIN, and Seam still reads."),
    (with_step('{"repeat": 2, "ste|ps": [{"close": "a"}]}'), "The steps."),
]

# All messages, each with the text that is marked.
MESSAGES = {
    file_with('"nam": "x", "steps": [{"close": "a"}]'): [("{", 'Missing property "name".'), ('"nam"', "Property nam is not allowed.")],
    file_with('"name": "x", "steps": []'): [("[]", "Array has too few items. Expected 1 or more.")],
    file_with('"part": true, "timeout_ms": 0'): [("0", "Value is below the minimum of 1.")],
    file_with('"part": true, "vars": {"A": 1}'): [('"A"', NAME)],
    file_with('"part": true, "vars": {"a": 1.5}'): [("1.5", "an integer, " + DATA)],
    file_with('"part": true, "programs": {"s": {"comand": ["x"]}}'): [('"s"', 'Missing property "command".'),
                                                                    ('"comand"', "Property comand is not allowed.")],
    file_with('"part": true, "programs": {"s": {"command": "cat"}}'): [('"cat"', 'Incorrect type. Expected "array".')],
    file_with('"part": true, "programs": {"s": {"command": ["x"], "listens": false}}'): [("false", "true, or a list of the names of its ports")],
    file_with('"part": true, "sweep": true'): [("true", "an object, or false: not swept")],
    file_with('"part": true, "sweep": {"isolate": "x", "budget": "30"}'): [
        ('"x"', 'Value is not accepted. Valid values: "auto", "connection", "program".'),
        ('"30"', 'a number of cases, or a text such as "30s", with ms, s, m or h')],
    with_step("{}"): [("{}", NO_VERB)],
    with_step('{"sned": "a", "line": "x"}'): [('{"sned": "a", "line": "x"}', NO_VERB), ('"sned"', "no key of a step")],
    with_step('{"send": "a", "lien": "x"}'): [('"lien"', 'beside "send" may stand: line, lines, data, split, evidence, why, barrier')],
    with_step('{"send": "a", "close": "a"}'): [('"close"', 'beside "send" may stand: line, lines, data, split, evidence, why, barrier'),
                                               ('"send"', 'beside "close" may stand: how, why, barrier')],
    with_step('{"signal": "a"}'): [("{", 'Missing property "name".')],
    with_step('{"connect": "Alice", "to": "server"}'): [('"Alice"', NAME)],
    with_step('{"connect": "a", "to": "unix:/x"}'): [('"unix:/x"', "version 1 of the format has no unix: addresses")],
    with_step('{"close": "a", "how": "wrte"}'): [('"wrte"', 'Value is not accepted. Valid values: "both", "write", "reset".')],
    with_step('{"send": "a", "line": 5}'): [("5", DATA)],
    with_step('{"send": "a", "lines": ["x", 5]}'): [("5", DATA)],
    with_step('{"send": "a", "data": {"txt": "x"}}'): [('{"txt": "x"}', NO_FORM), ('"txt"', "no key of data")],
    with_step('{"send": "a", "data": {"times": 2}}'): [('{"times": 2}', NO_FORM)],
    with_step('{"send": "a", "data": {"hex": "0"}}'): [('"0"', 'bytes as two hexadecimal digits each, such as "00 ff"')],
    with_step('{"send": "a", "data": {"hex": "00", "text": "x"}}'): [('"hex"', 'beside "text" may stand: times, why'),
                                                                    ('"text"', 'beside "hex" may stand: times, why')],
    with_step('{"send": "a", "split": 0}'): [("0", "Value is below the minimum of 1.")],
    with_step('{"send": "a", "line": "x", "barrier": false}'): [("false", "true, " + DATA)],
    with_step('{"expect": "a", "size": "12"}'): [('"12"', 'an integer, or an expression such as "${n}"')],
    with_step('{"expect": "a", "exit": 256}'): [("256", "Value is above the maximum of 255.")],
    with_step('{"expect": "a", "eof": false}'): [("false", "Value must be true.")],
    with_step('{"expect": "a", "silence": false}'): [("false", 'true, or milliseconds as an integer or an expression such as "${n}"')],
    with_step('{"expect": "a", "until": {"match": "x"}}'): [
        ('{"match": "x"}', '"until" needs one of: ' + ", ".join(FORMS + ["matches"])), ('"match"', 'no key of "until"')],
    with_step('{"expect": "s.Stdout", "line": "x"}'): [('"s.Stdout"', "a connection, a program, or one of its streams, such as server.stdout")],
    with_step('{"repeat": 2, "steps": [{"pause": -1}]}'): [("-1", "Value is below the minimum of 0.")],
}


def cursor(text):
    """The text without its cursor, and where that was."""
    offset = text.index("|")
    return text[:offset] + text[offset + 1:], offset


def plain(markdown):
    return re.sub(r"\\(.)", r"\1", markdown, flags=re.DOTALL)


class Service:
    """Collects questions, asks them in one run of node, keeps the answers."""

    def __init__(self):
        self.questions, self.answers = [], []

    def ask(self, what, path, text, offset=0):
        self.questions.append({"ask": what, "uri": (ROOT / path).as_uri(), "text": text, "offset": offset})
        return len(self.questions) - 1

    def run(self, settings):
        asked = {"root": ROOT.as_uri() + "/", "settings": settings, "questions": self.questions}
        done = subprocess.run(["node", HERE / "service.js", FOLDER], input=json.dumps(asked).encode(), capture_output=True, check=False, timeout=250)
        if done.returncode != 0:
            sys.exit(f"node exits with {done.returncode}: {done.stderr.decode()}")
        self.answers = json.loads(done.stdout)


def settings_of_the_document():
    """json.schemas of VS Code as docs/editors.md has it."""
    block = re.search(r"```json\n(\{\n  \"json.schemas\".*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return json.loads(block[1])["json.schemas"]


class Editors(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        service, cls.asked = Service(), {}
        for text in {*COMPLETIONS, *(text for text, _, _ in PUT_IN)}:
            cls.asked["complete", text] = service.ask("complete", "scenarios/x.json", *cursor(text))
        for text, _ in HOVERS:
            cls.asked["hover", text] = service.ask("hover", "scenarios/x.json", *cursor(text))
        for text in MESSAGES:
            cls.asked["validate", text] = service.ask("validate", "scenarios/x.json", text)
        cls.files = sorted([*(ROOT / "scenarios").rglob("*.json"), ROOT / "bench/sweep.json"])
        for path in cls.files:
            text = path.read_text(encoding="utf-8")
            cls.asked["file", path] = service.ask("validate", path.relative_to(ROOT), text)
            cls.asked["wrong", path] = service.ask("validate", path.relative_to(ROOT), text.replace('"seam"', '"sema"', 1))
        # Without "$schema", by the settings of the document: they say where the schema lies in a project.
        for path in ("scenarios/deep/er/x.json", "seam-findings/x-1.json", "elsewhere/x.json"):
            cls.asked["setting", path] = service.ask("validate", path, '{"seam": 2, "part": true}')
        cls.asked["empty"] = service.ask("complete", "scenarios/empty.json", "")
        settings = [{**one, "url": "docs/scenario.schema.json"} for one in settings_of_the_document()]
        service.run(settings)
        cls.answers = service.answers

    def answer(self, *key):
        return self.answers[self.asked[key if len(key) > 1 else key[0]]]

    def test_completions(self):
        for text, labels in COMPLETIONS.items():
            with self.subTest(text):
                got = self.answer("complete", text)
                self.assertEqual(sorted(labels), sorted(label for label, _, _ in got if label not in ("[]", "{}") or label in labels))

    def test_keys_are_offered_with_their_explanation(self):
        for text in COMPLETIONS:
            for label, _, documentation in self.answer("complete", text):
                if re.fullmatch("[a-z_]+", label) and label not in ("true", "false", "server"):
                    self.assertTrue(documentation, f"{label} in {text}")

    def test_what_is_put_in(self):
        for text, label, wanted in PUT_IN:
            with self.subTest(label, text=text):
                self.assertEqual([wanted], [put_in for one, put_in, _ in self.answer("complete", text) if one == label])

    def test_explanations(self):
        for text, wanted in HOVERS:
            with self.subTest(text):
                self.assertIn(wanted, plain(self.answer("hover", text) or ""))

    def test_messages(self):
        for text, messages in MESSAGES.items():
            with self.subTest(text):
                self.assertEqual(sorted(messages), sorted(tuple(one) for one in self.answer("validate", text)))

    def test_what_is_marked_seam_refuses(self):
        with tempfile.TemporaryDirectory() as folder:
            for number, text in enumerate(MESSAGES):
                pathlib.Path(folder, f"{number}.json").write_text(text, encoding="utf-8")
                done = subprocess.run([SEAM, "check", f"{number}.json"], cwd=folder, capture_output=True, check=False, timeout=60)
                self.assertEqual(3, done.returncode, text)

    def test_scenarios_of_this_tree_find_their_schema(self):
        self.assertGreater(len(self.files), 100)
        for path in self.files:
            with self.subTest(str(path.relative_to(ROOT))):
                self.assertEqual([], self.answer("file", path))
                self.assertIn(['"sema"', "Property sema is not allowed."], self.answer("wrong", path))

    def test_settings_of_the_document(self):
        for path in ("scenarios/deep/er/x.json", "seam-findings/x-1.json"):
            self.assertEqual([["2", "Value must be 1."]], self.answer("setting", path), path)
        self.assertEqual([], self.answer("setting", "elsewhere/x.json"))

    def test_an_empty_file_is_offered_a_scenario(self):
        (put_in,) = [put_in for label, put_in, _ in self.answer("empty") if label == "a scenario"]
        self.assertIn('"name": "${1:what is tested}"', put_in)


def why_not():
    """What is missing, or None."""
    if not shutil.which("node"):
        return "there is no node here"
    if not (FOLDER / "node_modules/vscode-json-languageservice").is_dir():
        return f"VS Code's JSON language service is not in {FOLDER}: tests/editors/fetch, or ./dev test --peers, puts it there"
    return None


if __name__ == "__main__":
    missing = why_not()
    if missing:
        print(f"SKIPPED: {missing}")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
