#!/usr/bin/env python3
"""The HTML report: whole, of one file, safe whatever the texts are, and usable in a real browser, with and without scripts."""

import base64
import hashlib
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from browser import Browser
from fixture import CliTest, clean_environment
from report_test import TEXTS, fit_for_xml

REAL = os.environ["SEAM_REAL"]
PLANTED = pathlib.Path(os.environ["SEAM_PLANTED"])
ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ["<script>window.hostile = 1</script>", "<img src=x onerror=window.hostile=1>", "\"><svg onload=window.hostile=1>",
           "' onmouseover='window.hostile=1", "</script><script>window.hostile=1</script>", "</style><script>window.hostile=1</script>",
           "<a href=javascript:window.hostile=1>x</a>", "--><script>window.hostile=1</script>", "</details></main></body>", "<style>*{display:none}</style>"]
VOID = {"meta", "input", "br", "link", "img"}


class Page(html.parser.HTMLParser):
    """Each element is closed where it was opened; nothing refers to anything outside; no handler stands in an attribute."""

    def __init__(self, text):
        super().__init__()
        self.problems, self.stack, self.ids, self.scripts = [], [], [], []
        self.feed(text)
        self.close()
        if self.stack:
            self.problems.append(f"left open: {self.stack}")

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name.startswith("on") or name in ("src", "href", "action", "xlink:href"):
                self.problems.append(f"<{tag} {name}={value!r}>")
            if re.search("https?:", value or "") and name != "xmlns" and name != "title":
                self.problems.append(f"<{tag} {name}={value!r}>")
            if name == "id":
                self.ids.append(value)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if self.stack and self.stack[-1] == "script":
            self.scripts.append(data)
        if self.stack and self.stack[-1] == "style" and re.search(r"url\(|@import|https?:", data):
            self.problems.append("a style refers to something outside")


class HtmlTest(CliTest):
    def report(self, *args, code=None, seam=None, command="run"):
        path = self.folder / "report.html"
        if seam:
            done = subprocess.run([seam, command, "--report", f"html={path}", *map(str, args)], cwd=self.folder, env=clean_environment(),
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=280, check=False)
        else:
            done = self.seam(command, "--report", f"html={path}", *args)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout.decode()[-2000:] + done.stderr.decode())
        text = path.read_text(encoding="utf-8")
        page = Page(text)
        self.assertEqual(page.problems, [])
        self.assertEqual(len(page.ids), len(set(page.ids)))
        (script,) = page.scripts
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        self.assertIn(f"script-src 'sha256-{digest}'", text, "html.c must have the hash of page.js")
        self.path = path
        return text

    def browse(self, scripts=True):
        browser = Browser(scripts)
        self.addCleanup(browser.close)
        browser.open(self.path)
        return browser

    def shown(self, browser):
        return browser.js("return [...document.querySelectorAll('details.r')].filter(one => one.offsetParent !== null || one.getClientRects().length)"
                          ".map(one => one.querySelector('.name').textContent)")


class Safe(HtmlTest):
    def test_no_text_runs_or_becomes_an_element(self):
        texts = SCRIPTS + TEXTS
        for i, text in enumerate(texts):
            keys = {"xfail": text} if i % 5 == 3 else {"requires": text} if i % 5 == 4 else {}
            self.scenario(f"{i:03}.json", name=text, message=text, detail=f"{text}\n{text}", why=text, notes=text, evidence="drained",
                          outcome="pass" if i % 5 == 1 else "fail", **keys)
        self.report("-v", ".", code=1)
        browser = self.browse()
        names = browser.js("return [...document.querySelectorAll('.name')].map(one => one.textContent)")
        listed = [line.partition(": ")[2] for line in self.seam("run", "--list", ".").stdout.decode().split("\n")[:-1]]
        self.assertEqual(sorted(names), sorted(map(fit_for_xml, listed)))
        browser.js("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        self.assertIsNone(browser.js("return window.hostile === undefined ? null : window.hostile"))
        self.assertEqual(browser.js("return document.querySelectorAll('script').length"), 1)
        self.assertEqual(browser.complaints(), [])

    def test_the_policy_stops_what_would_get_past(self):
        """The page with a hole on purpose: nothing of it runs."""
        self.scenario("a.json", name="hole", svg="<svg><script>window.hostile = 1</script><image href='x' onerror='window.hostile = 1'/></svg>")
        path = self.folder / "report.html"
        self.seam("run", "--report", f"html={path}", "a.json")
        self.path = path
        browser = self.browse()
        browser.js("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        self.assertIsNone(browser.js("return window.hostile === undefined ? null : window.hostile"))
        self.assertTrue(any("Content Security Policy" in text for text in browser.complaints()))


class Usable(HtmlTest):
    def test_filter_keys_and_links(self):
        for i in range(30):
            self.scenario(f"d/{i:02}.json", name=f"case {i} {'odd' if i % 2 else 'even'}", outcome="fail" if i % 10 == 7 else "pass", message="m <b>")
        self.report("d", code=1)
        browser = self.browse()
        self.assertEqual(len(self.shown(browser)), 30)
        self.assertEqual(self.shown(browser)[:3], ["case 7 odd", "case 17 odd", "case 27 odd"]) # bad ones first
        self.assertEqual(browser.text("h1"), "Seam: 3 failed, 27 passed")
        browser.press("/")
        browser.press(*"EVEN 1")
        self.assertEqual(self.shown(browser), [f"case {i} even" for i in range(30) if i % 2 == 0 and "1" in f"{i:02}"])
        self.assertEqual(browser.text("output"), f"{len(self.shown(browser))} of 30 shown")
        browser.js("const q = document.querySelector('input[type=search]'); q.value = ''; q.dispatchEvent(new Event('input')); q.blur()")
        browser.js("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        browser.click("input[value=passed]")
        self.assertEqual(len(self.shown(browser)), 3)
        browser.press("n")
        browser.press("n")
        self.assertEqual(browser.js("return document.activeElement.querySelector('.name').textContent"), "case 17 odd")
        browser.press("p")
        self.assertEqual(browser.js("return document.activeElement.querySelector('.name').textContent"), "case 7 odd")
        browser.press("enter") # a summary has the focus: closed, as any disclosure is
        self.assertFalse(browser.js("return document.activeElement.parentElement.open"))
        browser.click("button[data-do=close]")
        self.assertEqual(browser.js("return document.querySelectorAll('details[open]').length"), 0)
        browser.js("location.hash = '#r3'")
        self.assertEqual(browser.js("return new Promise(done => setTimeout(() => done(document.getElementById('r3').open), 0))"), True)
        self.assertEqual(browser.complaints(), [])

    def test_without_scripts(self):
        self.scenario("a.json", name="bad", outcome="fail", message="what came", detail="line 1\nline 2")
        for i in range(8):
            self.scenario(f"b{i}.json", name=f"good {i}", notes="a note")
        self.report(".", code=1)
        browser = self.browse(scripts=False)
        self.assertIn("what came", browser.text("details.failed"))
        self.assertIn("line 2", browser.text("details.failed"))
        self.assertEqual(browser.text("nav"), "")
        browser.click("#r2 summary")
        self.assertIn("a note", browser.text("#r2"))

    def test_colours_can_be_read(self):
        """WCAG 2.2, 1.4.3: a contrast of 4.5 at least, light and dark."""
        outcomes = [{}, {"outcome": "fail", "message": "m", "detail": "d"}, {"outcome": "error"}, {"requires": "x"}, {"outcome": "fail", "xfail": "k"}]
        for i, keys in enumerate(outcomes):
            self.scenario(f"{i}.json", **keys)
        self.report(".", code=1)
        browser = self.browse()
        backgrounds = set()
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            browser.js("document.querySelectorAll('details').forEach(one => { one.open = true; })")
            backgrounds.add(browser.js("return getComputedStyle(document.body).backgroundColor"))
            worst = browser.js("""
                const parse = text => (text.match(/[0-9.]+/g) || []).map(Number);
                const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
                    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
                const behind = one => { for (; one; one = one.parentElement) { const c = parse(getComputedStyle(one).backgroundColor);
                    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
                let worst = [99, ""];
                for (const one of document.querySelectorAll("body *:not(svg):not(svg *):not(script):not(option)")) {
                    if (![...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) continue;
                    const a = light(parse(getComputedStyle(one).color)), b = light(behind(one));
                    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                    if (ratio < worst[0]) worst = [ratio, one.outerHTML.slice(0, 200)];
                }
                return worst""")
            self.assertGreaterEqual(worst[0], 4.5, (scheme, worst[1]))
        self.assertEqual(len(backgrounds), 2)

    def test_narrow_and_wide_and_nothing(self):
        self.scenario("a.json", name="n" * 300, outcome="fail", message="m" * 500, detail="d" * 1000, why="w" * 500)
        for args, code in ((["a.json"], 1), (["a.json", "--filter", "none"], 5)):
            self.report(*args, code=code)
            browser = self.browse()
            for width in (320, 800, 2000):
                browser.size(width, 800)
                self.assertLessEqual(browser.js("return document.documentElement.scrollWidth"), width)
                self.assertTrue(browser.screenshot().startswith(b"\x89PNG"))

    def test_five_thousand(self):
        self.scenario("a.json", rows=[f"row {i}" for i in range(5000)], name="many", detail="d")
        text = self.report("-j2", "a.json", code=0)
        self.assertEqual(text.count("<details class=\"r "), 5000)
        self.assertEqual(text.count("<style>"), 2) # of the page, and of the first chart
        browser = self.browse()
        browser.type("input[type=search]", "row 4321")
        browser.js("return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.assertEqual(browser.text("output"), "1 of 5000 shown")
        self.assertEqual(browser.complaints(), [])


class Pictures(HtmlTest):
    def test_a_failing_run(self):
        (self.folder / "bad.json").write_text(json.dumps({"seam": 1, "name": "bad & odd", "programs": {"server": {"command": ["cat"], "stdio": True}}, "steps": [
            {"connect": "a", "to": "server"}, {"send": "a", "split": ["x<", "y\n"]}, {"expect": "a", "line": "z"}]}, indent=1))
        self.report("bad.json", code=1, seam=REAL)
        browser = self.browse()
        self.assertIn("cut at 2", browser.text("details svg"))
        here = browser.text(".src .here")
        line = next(number for number, text in enumerate((self.folder / "bad.json").read_text().split("\n"), 1) if '"expect"' in text)
        self.assertRegex(here, rf"^{line - 1}\n?\s*\{{$") # where the step begins
        self.assertEqual(browser.complaints(), [])

    def test_the_map_of_a_sweep(self):
        """One cut is odd in each line but in one place; joins are none."""
        self.report("--budget", "120", "-j1", "--define", "runner=env", "--define", f"program={PLANTED / 'sweep_crlf_split'}",
                    ROOT / "tests/sweep/crlf/scenario.json", code=1, seam=REAL, command="sweep")
        browser = self.browse()
        cells = browser.js("return [...document.querySelectorAll('.map b')].map(one => [one.querySelector('i').className, one.querySelector('u').textContent])")
        odd = [place for place, (outcome, _) in enumerate(cells) if outcome == "x"]
        self.assertTrue(odd)
        for place in odd: # each is between a CR and a LF
            self.assertEqual((cells[place - 1][1], cells[place][1]), ("\\r", "\\n"))
        self.assertIn("o", {outcome for outcome, _ in cells})
        self.assertRegex(browser.text("details"), "Odd at byte " + str(odd[0]))
        self.assertEqual(browser.js("return document.querySelectorAll('.pair figure').length") % 2, 0)
        self.assertIn("failed", browser.js("return [...document.querySelectorAll('.pair figure')].map(one => one.textContent)[1]"))
        self.assertEqual(browser.complaints(), [])


if __name__ == "__main__":
    if not shutil.which("chromedriver"):
        print("skipped: chromedriver is missing")
        raise SystemExit(77)
    unittest.main()
