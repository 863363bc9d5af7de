#!/usr/bin/env python3
"""`seam export --to chart`: the picture is XML that holds nothing but shapes and texts, says all that happened, and can be read."""

import json
import re
import unicodedata
import unittest
import xml.etree.ElementTree

from exchange_pcapng_test import FULL, HOSTILE, ROOT, TO, ExportRun

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg": {"class", "role", "width", "height", "viewBox", "{http://www.w3.org/XML/1998/namespace}space"}, "title": set(), "style": set(),
           "g": set(), "rect": {"class", "x", "y", "width", "height", "rx"}, "line": {"class", "x1", "y1", "x2", "y2"}, "path": {"class", "d"},
           "circle": {"class", "cx", "cy", "r"}, "text": {"class", "x", "y", "text-anchor"}}
NUMBERS = {"x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "width", "height"}


def columns(text):
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 0 if unicodedata.combining(one) else 1 for one in text)


class Chart:
    """A chart that was checked to hold only what it may; texts [(class, left, right, y, text)], events [(title, element)]."""

    def __init__(self, data):
        text = data.decode("utf-8")
        self.root = xml.etree.ElementTree.fromstring(text)
        assert "<!" not in text and "<?" not in text and "&#" not in text.replace("&#39;", ""), "no entity, comment, instruction"
        self.width, self.height = int(self.root.get("width")), int(self.root.get("height"))
        (self.style,) = [one.text for one in self.root.iter(SVG + "style")]
        assert not re.search(r"url|@import|expression|\\", self.style)
        self.texts = []
        for one in self.root.iter():
            name = one.tag.removeprefix(SVG)
            assert name in ALLOWED and set(one.attrib) <= ALLOWED[name], (name, one.attrib)
            assert all(re.fullmatch(r"-?\d+", one.get(key)) for key in NUMBERS & set(one.attrib)), one.attrib
            assert re.fullmatch(r"[M0-9lmvz -]+", one.get("d", "z")), one.attrib
            for word in one.get("class", "").split():
                assert re.search(rf"\.{word}[ {{]", self.style), word
            for said in (one.text or "", one.tail or ""):
                assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c != "\n" for c in said), said
            if name == "text":
                self.add_text(one)
        self.events = [(group.find(SVG + "title").text, group) for group in self.root.iter(SVG + "g")]

    def add_text(self, one):
        size = {"small": 10, "sentword": 10, "cutword": 10, "title": 16}.get(one.get("class"), 12)
        width, x = columns(one.text or "") * 0.6 * size, int(one.get("x"))
        left = x - {None: 0, "end": width, "middle": width / 2}[one.get("text-anchor")]
        self.texts.append((one.get("class"), left, left + width, int(one.get("y")), one.text or ""))

    def of(self, *classes):
        return [text for kind, _, _, _, text in self.texts if kind in classes]

    def said(self):
        return [text for *_, text in self.texts]

    def check_room(self):
        """Every text is inside, and none lies over another."""
        rows = {}
        for kind, left, right, y, text in self.texts:
            assert left >= 0 and right <= self.width + 3 and 0 < y < self.height, (text, left, right, y, self.width)
            for others in (rows.get(y + off, []) for off in range(-7, 8)):
                for other_left, other_right, other in others:
                    assert right <= other_left + 1 or left >= other_right - 1, (text, other, y, (left, right), (other_left, other_right))
            rows.setdefault(y, []).append((left, right, text))


def direction(group):
    """'>' from the left to the right, '<', or '' of what has no arrow."""
    line = group.find(SVG + "line")
    return "" if line is None else ">" if int(line.get("x2")) > int(line.get("x1")) else "<"


class ExportChart(ExportRun):
    form = "chart"

    def chart(self, name, *args, code=0, folder=None):
        said, (path,) = self.export(name, *args, code=code, folder=folder or "of-" + name)
        chart = Chart(path.read_bytes())
        chart.check_room()
        return chart, said, path

    def chart_of(self, name, *steps, args=(), **keys):
        return self.chart(self.write(name, *steps, **keys), *args)[0]


class Drawn(ExportChart):
    def test_a_conversation(self):
        chart, said, path = self.chart(self.write(
            "talk.json", TO, {"send": "a", "split": ["echo ", "h\u00ef\n"], "why": "two"}, {"expect": "a", "line": "echo h\u00ef"}, {"close": "a"}, why="so"))
        self.assertEqual(path.name, "talk.svg")
        self.assertRegex(said, r"\Awritten of-talk.json/talk.svg: \d+ bytes of talk.json\n1 written")
        self.assertEqual((chart.of("title"), chart.of("goodword"), chart.of("badword")), (["talk.json"], ["passed"], []))
        self.assertEqual(chart.of("dim")[:2], ["so", "seam run talk.json"])
        self.assertEqual(chart.of("bold"), ["a", "server"])
        wire = [(direction(group), title) for title, group in chart.events if group.find(SVG + "line") is not None]
        self.assertEqual([side for side, _ in wire], [">", ">", ">", "<", ">"])
        self.assertEqual(wire[1][1], "talk.json:1 send a (step 2), chunk 1 of 2, bytes [0..5), drained; why: two")
        for text in ('"echo "', '"h\u00ef\\n"', '"echo h\u00ef\\n"', "5 bytes, drained", "4 bytes, drained", "9 bytes", "cut at 5", "end (FIN)", "server started",
                     "1 connect a", "1 send a", "1 close a", "all steps done", "server was killed by SIGTERM"):
            self.assertIn(text, chart.said())
        self.assertEqual(len(chart.of("cutword")), 1)
        self.assertTrue(any(text.startswith("connected, port ") for text in chart.said()))
        self.assertTrue(any(text.startswith("sent by Seam, drained") for text in chart.said()))
        self.assertFalse(any("reset" in text for text in chart.said()))
        times = [float(text) for text in chart.of("dim") if re.fullmatch(r"\d+\.\d{6}", text)]
        self.assertEqual((len(times), times), (len(chart.events), sorted(times)))

    def test_light_and_dark(self):
        light, dark = [{selector: set(re.findall(r"(fill|stroke):#", rule)) for selector, rule in re.findall(r"([^{}]+)\{([^}]*)\}", part)}
                       for part in self.chart_of("l.json", TO).style.split("@media (prefers-color-scheme:dark){")]
        self.assertEqual({selector: colors for selector, colors in light.items() if colors}, dark)
        self.assertGreater(len(dark), 20)

    def test_ends_resets_refusals(self):
        for name, steps, words, side in [("reset", [{"close": "a", "how": "reset"}], "reset (RST)", ">"),
                                         ("theirs", [{"send": "a", "line": "reset"}, {"expect": "a", "reset": True}], "reset (RST)", "<"),
                                         ("eof", [{"send": "a", "line": "end"}, {"expect": "a", "eof": True}], "end (FIN)", "<")]:
            chart = self.chart_of(f"{name}.json", TO, *steps)
            (group,) = [group for _, group in chart.events if words in [text.text for text in group.iter(SVG + "text")]]
            self.assertEqual(direction(group), side, name)
            self.assertEqual(chart.of("badword"), ["reset (RST)"] if "RST" in words else [], name)
            self.assertEqual("reset" in chart.of("small"), "RST" in words, name)
        chart = self.chart_of("no.json", {"start": "server"}, {"connect": "b", "to": "127.0.0.1:1", "refused": True})
        self.assertIn("refused, port 1", chart.of("badword"))
        self.assertIn("elsewhere", chart.of("bold"))

    def test_who_connects(self):
        chart = self.chart_of("in.json", {"listen": "door"}, {"start": "caller"}, {"accept": "a", "from": "door"}, {"expect": "a", "line": "hello"},
                              {"close": "a"}, programs={"caller": {"command": ["python3", "${here}/caller.py", "${door.port}"]}})
        self.assertEqual([direction(group) for _, group in chart.events if group.find(SVG + "line") is not None], ["<", "<", ">"])
        chart = self.chart_of("cat.json", TO, {"send": "a", "line": "x"}, {"expect": "a", "line": "x"}, programs={"server": {"command": ["cat"], "stdio": True}})
        self.assertIn("stdin and stdout", chart.said())

    def test_cuts_and_evidence(self):
        name = self.write("v.json", TO, {"send": "a", "line": "abcdef"}, {"send": "a", "line": "gh"}, {"settle": "server"}, {"send": "a", "line": "i"},
                          {"settle": "server"})
        for cut, cuts in (("a@3", ["cut at 3"]), ("a@", []), ("a@%4", ["cut at 4", "cut at 8"]), ("a@=", ["cut at 7"]),
                          ("a@*", [f"cut at {number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)])):
            chart, _, _ = self.chart(name, "--cut", cut, folder=f"cut-{cut}")
            self.assertEqual(chart.of("cutword"), cuts, cut)
            self.assertEqual(any(text.startswith("a cut: ") for text in chart.said()), bool(cuts))
            self.assertIn(f"--cut {cut}" if cut not in ("a@*", "a@=") else "--cut", chart.of("dim")[0])
        name = self.write("gate.json", TO, {"send": "a", "line": "ab", "barrier": True}, {"send": "a", "line": "cd"}, {"send": "a", "line": "ef"})
        chart, _, _ = self.chart(name, "--cut", "a@", folder="gate")
        self.assertEqual((chart.of("cutword"), chart.of("sentword")[-1][:7]), ([], "6 bytes"))
        name = self.write("fin.json", TO, {"send": "a", "line": "ab"}, {"close": "a", "how": "write"}, {"expect": "a", "eof": True})
        self.assertEqual(self.chart(name, folder="fin")[0].of("cutword"), ["cut at 3"])
        self.assertEqual(self.chart(name, "--cut", "a@", folder="fin-joined")[0].of("cutword"), [])
        name = "v.json"
        chart, _, _ = self.chart(name, "--cut", "a@3", "--evidence", "sent", folder="sent")
        self.assertIn("3 bytes, sent", chart.of("sentword"))
        lines = [one for one in chart.root.iter(SVG + "line") if one.get("class") == "sent unproved"]
        self.assertGreaterEqual(len(lines), 2) # the legend's and one, or more: on a busy machine others are not proved in time

    def test_a_failure_stands_where_it_came(self):
        chart, said, _ = self.chart(self.write("bad.json", TO, {"send": "a", "line": "echo 1"}, {"expect": "a", "line": "echo 2"}))
        self.assertIn("its run failed: bad.json:1:", said)
        self.assertEqual(chart.of("badword")[0], "failed")
        self.assertRegex(chart.of("badword")[1], r"\Afailed at bad.json:1:\d+: \"a\": expected \"echo 2\\n\", got \"echo 1\\n\"")
        where = {text: y for _, _, _, y, text in chart.texts}
        self.assertLess(where['"echo 1\\n"'], where["bad.json:1 expect a (step 3)"])
        self.assertTrue(any(text.startswith("expected  \"echo 2") for text in chart.said()))
        self.assertFalse(any("the last of the wire" in text for text in chart.said()))
        later = [y for _, _, _, y, text in chart.texts if text.startswith("server.std") and text.endswith(": end")]
        self.assertTrue(all(y > where["bad.json:1 expect a (step 3)"] for y in later))

    def test_what_fails_otherwise(self):
        chart = self.chart_of("exit.json", {"start": "server"}, {"expect": "server", "exit": 0}, programs={"server": {"command": ["sh", "-c", "exit 3"]}})
        self.assertIn("server exited with 3", chart.of("badword"))
        chart = self.chart_of("abort.json", {"start": "server"}, {"expect": "server", "exit": 0}, programs={"server": {"command": ["sh", "-c", "kill -ABRT $$"]}})
        self.assertIn("server was killed by SIGABRT", chart.of("badword"))
        chart = self.chart_of("none.json", TO, programs={"server": {"command": ["./not-here"], "listens": True}})
        self.assertEqual((chart.of("badword")[0], chart.events), ("could not be carried out", []))
        chart = self.chart_of("x.json", TO, {"expect": "a", "eof": True, "within_ms": 50}, xfail="known")
        self.assertEqual(chart.of("badword")[0], "failed, as xfail says")

    def test_several_connections(self):
        names = ["alice", "bob", "carol"]
        steps = [{"connect": name, "to": "server"} for name in names]
        for name in names:
            steps += [{"send": name, "line": f"echo {name}"}, {"expect": name, "line": f"echo {name}"}]
        chart = self.chart_of("three.json", *steps)
        self.assertEqual(chart.of("bold"), names + ["server"])
        for name in names:
            self.assertEqual([direction(group) for title, group in chart.events if any((one.text or "") == f'{name} "echo {name}\\n"'
                                                                                       for one in group.iter(SVG + "text"))], [">", "<"])

    def test_hostile_content(self):
        for number, data in enumerate([*HOSTILE, "\ufffe\uffff".encode(), b"</svg><script>alert(1)</script>", b"&amp;&#0;", b"]]>", b"' onload='x",
                                       "\u4f60\u597d\U0001f600".encode() * 30, b"x" * 5000]):
            text = data.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode().replace("\0", "\\0") + "!"
            name = self.write(f"h{number}.json", TO, {"send": "a", "data": {"bytes": "".join(f"\\x{byte:02x}" for byte in data)}, "why": text},
                              {"expect": "a", "size": len(data)}, programs={"server": {"command": ["sh", "-c", "tee /dev/stderr"], "stdio": True}}, why=text)
            document = json.loads((self.folder / name).read_text())
            document["name"] = text
            document["steps"].append({"expect": "a", "line": "nothing, so that it fails", "within_ms": 1})
            (self.folder / name).write_text(json.dumps(document))
            chart, _, _ = self.chart(name)
            self.assertEqual(chart.of("badword")[0], "failed")
            self.assertTrue(all(len(text) <= 200 for text in chart.said()), max(chart.said(), key=len))

    def test_long_data_is_cut_in_the_middle(self):
        chart = self.chart_of("long.json", TO, {"send": "a", "data": {"text": "abcdefghij", "times": 500}}, {"send": "a", "data": "klmn\n"},
                              args=["--cut", "a@"])
        (text,) = [text for text in chart.said() if text.startswith('"abc')]
        self.assertRegex(text, r'\A"(abcdefghij)*[a-j]*" \u2026 "[a-j]*klmn\\n"\Z')
        self.assertIn("5005 bytes, drained", chart.said())

    def test_many_events_are_bounded(self):
        steps = [TO]
        for number in range(500):
            steps += [{"send": "a", "line": f"echo {number}"}, {"expect": "a", "line": f"echo {number}"}]
        for name, more in (("many.json", []), ("bad.json", [{"expect": "a", "line": "no"}])):
            chart, _, path = self.chart(self.write(name, *steps, *more))
            self.assertLess(path.stat().st_size, 200_000)
            gaps = [re.fullmatch(r"(\d+) events are left out here: (\d+) chunks sent \((\d+) bytes\), (\d+) received \((\d+) bytes\), (\d+) others", text)
                    for text in chart.of("bold")]
            (gap,) = filter(None, gaps)
            count, sent, sent_bytes, got, got_bytes, others = map(int, gap.groups())
            self.assertEqual(sent + got + others, count)
            drawn = [title for title, _ in chart.events]
            self.assertEqual(sent + sum(", chunk 1 of 1" in title for title in drawn), 500)
            self.assertEqual(got + sum("received: read" in title for title in drawn), 500)
            shown = [int(size.split()[0]) for size in chart.of("sentword")]
            self.assertEqual(sent_bytes + sum(shown), sum(len(f"echo {number}\n") for number in range(500)))
            self.assertLessEqual(len(drawn), 220)
            self.assertIn('"echo 499\\n"', chart.said())
            self.assertEqual(len(chart.of("badword")), 2 if more else 0)

    def test_a_failure_in_the_middle_of_many_events_is_drawn(self):
        (self.folder / "noisy.py").write_text(
            "import sys, time\nfor line in sys.stdin:\n    print(line, end='', flush=True)\n    if line == 'wrong\\n':\n        for number in range(150):\n"
            "            print('noise', number, file=sys.stderr, flush=True)\n            busy = time.monotonic() + 0.001\n            while time.monotonic() < busy:\n                pass\n")
        steps = [TO]
        for number in range(150):
            steps += [{"send": "a", "line": f"{number}"}, {"expect": "a", "line": f"{number}"}]
        chart = self.chart_of("middle.json", *steps, {"send": "a", "line": "wrong"}, {"expect": "a", "line": "right"},
                              programs={"server": {"command": ["python3", "${here}/noisy.py"], "stdio": True}})
        where = {text: y for _, _, _, y, text in chart.texts}
        self.assertIn("middle.json:1 expect a (step 303)", where)
        self.assertTrue(where['"wrong\\n"'] < where["middle.json:1 expect a (step 303)"])
        self.assertIn('"149\\n"', where)
        self.assertNotIn('"75\\n"', where) # neither among the first nor near it
        counted = sum(int(one.split()[0]) for one in chart.of("bold") if "events are left out here" in one)
        self.assertGreater(counted, 20)

    def test_many_connections_share_a_lane(self):
        names = [f"c{number}" for number in range(40)]
        steps = [{"connect": name, "to": "server"} for name in names] + [{"send": "c39", "line": "echo x"}, {"expect": "c39", "line": "echo x"}]
        chart = self.chart_of("forty.json", *steps)
        self.assertEqual(chart.of("bold"), [*names[:11], "29 more", "server"])
        self.assertIn('c39 "echo x\\n"', chart.said())

    def test_long_names(self):
        a, b, program = "a" * 300, "b" * 300, "p" * 250
        chart = self.chart_of("names.json", {"connect": a, "to": program}, {"connect": b, "to": program}, {"send": a, "line": "echo " + "x" * 99},
                              {"expect": a, "line": "echo " + "x" * 99}, {"send": b, "line": "end"}, {"expect": b, "eof": True},
                              programs={program: {"command": ["python3", "${here}/server.py"], "listens": True}})
        self.assertLess(chart.width, 1700)
        self.assertEqual(chart.of("bold"), [name[0] * 19 + "\u2026" for name in (a, b, program)])

    def test_the_scenarios_of_the_chat(self):
        names = "." if FULL else "half-close|both|client-reset|refused|ipv6|end-with-data|utf8-4-bytes-cut|signal-term|stdout-full|reset-mid-line|limit|typed"
        said, paths = self.export(ROOT / "scenarios/chat", "--filter", names)
        self.assertGreater(len(paths), 60 if FULL else 12, said[-2000:])
        for path in paths:
            chart = Chart(path.read_bytes())
            chart.check_room()
            self.assertEqual(chart.of("goodword"), ["passed"], path)


if __name__ == "__main__":
    unittest.main()
