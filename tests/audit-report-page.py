# SPDX-License-Identifier: GPL-2.0
"""Use the page of scripts/lib/audit-report as a reader does.

audit-report-page.py PAGE FINDINGS TREE [VERDICTS]

FINDINGS is what PAGE was made from, VERDICTS has "KEY<tab>VERDICT" lines.
Exit: 0 all as expected, 1 not (the reason is the last line)
"""

import json
import os
import re
import sys
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from browser import Browser  # noqa: E402

RANKS = ["high", "medium", "low", "problem"]


def same(what, got, want):
    if got != want:
        sys.exit(f"{what}:\n got {got!r}\nwant {want!r}")
    print(f"ok {what}: {str(want)[:70]}")


class Page:
    def __init__(self, browser, url, findings):
        self.browser, self.url, self.findings = browser, url, findings

    def open(self, fragment=""):
        self.browser.open(self.url + fragment)

    def places(self):
        """What a reader sees in the second column."""
        return self.browser.run("""return [...document.querySelectorAll("tr.row")]
            .filter(row => row.getClientRects().length).map(row => row.cells[2].textContent)""")

    def expect(self, what, wanted):
        want = [f'{f["file"]}:{f["line"]}' for f in self.findings if wanted(f)]
        same(what, sorted(self.places()), sorted(want))
        same(what + ", its count", self.browser.run("return document.getElementById('count').textContent"),
             f"{len(want)} of {len(self.findings)} findings")

    def chip(self, name, value):
        self.browser.click(f'.chip[data-name="{name}"][data-value="{value}"]')

    def search(self, text):
        self.browser.run("const s = document.getElementById('search'); s.value = '';"
                         "s.dispatchEvent(new Event('input', { bubbles: true }))")
        if text:
            self.browser.type("#search", text)

    def quiet(self, what):
        complaints = self.browser.complaints()
        if complaints:
            sys.exit(f"{what}: the page's console has: {complaints[0]}")


def background(browser):
    rgb = browser.run("return getComputedStyle(document.body).backgroundColor")
    return sum(int(n) for n in rgb.strip("rgba()").split(",")[:3])


def filtering(page, judged):
    browser, findings = page.browser, page.findings
    page.expect("all", lambda f: True)
    for rank in sorted({f["rank"] for f in findings}):
        page.chip("rank", rank)
        page.expect(f"rank {rank}", lambda f, rank=rank: f["rank"] == rank)
        page.chip("rank", rank)
    page.chip("rank", "high")
    page.chip("rank", "low")
    page.expect("two ranks", lambda f: f["rank"] in ("high", "low"))
    page.chip("class", "reread-plain")
    page.expect("and a class", lambda f: f["rank"] in ("high", "low") and f["class"] == "reread-plain")
    browser.click("#all")
    page.expect("Show all", lambda f: True)

    for verdict in sorted({f["verdict"] for f in findings}) if judged else []:
        page.chip("verdict", verdict)
        page.expect(f"verdict {verdict}", lambda f, verdict=verdict: f["verdict"] == verdict)
        page.chip("verdict", verdict)

    for directory in sorted({f["file"].rsplit("/", 1)[0] for f in findings} | {"arch"}):
        browser.click(f'#dir option[value="{directory}"]')
        page.expect(f"directory {directory}", lambda f, d=directory: f["file"].startswith(d + "/"))
    browser.click('#dir option[value=""]')

    word = findings[0]["function"].upper()
    page.search(word)
    page.expect(f"search {word}", lambda f: any(word.lower() in str(v).lower() for v in f.values()))
    page.search("reread arch/")
    page.expect("search two words", lambda f: "reread" in f["class"] and "arch/" in json.dumps(f))
    page.search("zxqv")
    page.expect("search nothing", lambda f: False)
    same("says so", browser.run("return !document.getElementById('none').hidden"), True)
    browser.click("#none button")
    page.expect("Show all again", lambda f: True)
    page.quiet("filters")


def sorting(page):
    browser, findings = page.browser, page.findings
    place = [f'{f["file"]}:{f["line"]}' for f in sorted(findings, key=lambda f: (f["file"], f["line"]))]
    first = page.places()
    same("sorted by rank", [p in first for p in place], [True] * len(place))
    ranks = browser.run("return [...document.querySelectorAll('tr.row')].map(row => row.cells[1].textContent)")
    same("high rank first", ranks, sorted(ranks, key=RANKS.index))
    browser.click('th[data-column="file"] button')
    same("sorted by place", page.places(), place)
    same("says so", browser.run("return document.querySelector('th[data-column=file]').ariaSort"), "ascending")
    browser.click('th[data-column="file"] button')
    same("the other way round", page.places(), place[::-1])
    browser.click('th[data-column="file"] button')
    same("as it was", page.places(), first)
    page.quiet("sorting")


def row_of(finding):
    return f'tr.row:has(button[aria-label={json.dumps("Show the source of " + finding["key"])}])'


def marked(browser):
    """{number: (label, text)} of the marked lines of the open rows."""
    return {int(number): (label, text) for number, label, text in browser.run(
        """return [...document.querySelectorAll("tr.detail .excerpt tr")].filter(row => row.className)
           .map(row => [...row.cells].map(cell => cell.textContent))""")}


def labels(finding):
    """{number: label}, as far as the tree has the lines; see end_of() in audit-report."""
    first, here = finding.get("first_line"), finding["line"]
    steps = finding.get("chain") or [{}]
    end = finding.get("second_line") or (not first and steps[-1].get("line")) or here
    wanted = {here: "call"}
    wanted[end] = "2nd read" if first else "here"
    if first:
        wanted[first] = "both reads" if first == end else "1st read"
    return wanted


def expanding(page, tree):
    browser, findings = page.browser, page.findings
    finding = next(f for f in findings if f.get("first_line") and f["first_line"] != f["line"]
                   and not f.get("second_line") and f.get("first_file", f["file"]) == f["file"])
    with open(os.path.join(tree, finding["file"]), encoding="utf-8") as f:
        lines = f.read().split("\n")
    browser.click(row_of(finding))
    same("both reads are marked", marked(browser), {
        finding["first_line"]: ("1st read", lines[finding["first_line"] - 1]),
        finding["line"]: ("2nd read", lines[finding["line"] - 1])})
    browser.click(row_of(finding))
    same("closed again", marked(browser), {})
    browser.click(row_of(finding) + " button")
    same("the button opens it", sorted(marked(browser)), sorted({finding["first_line"], finding["line"]}))
    seen = "return document.querySelector('tr.detail').getClientRects().length > 0"
    page.search("zxqv")
    same("the source goes with its row", browser.run(seen), False)
    page.search("")
    same("and comes back", browser.run(seen), True)

    for finding in findings:
        page.open("#" + urllib.parse.quote(finding["key"], safe=""))
        opened = browser.run("""const row = document.querySelector("tr.row.open.target");
            const box = row.getBoundingClientRect();
            return [row.querySelector("button").ariaLabel, row.cells[5].textContent,
                    0 <= box.top && box.bottom <= innerHeight]""")
        same(f'#{finding["key"]}', opened, [
            "Show the source of " + finding["key"],
            " ".join([re.sub("[\x00-\x1f]+", " ", finding["expression"]).strip()]
                     + [f"[{mark}]" for mark in finding.get("marks") or []]), True])
        same("its lines are marked",
             {number: label for number, (label, _) in marked(browser).items()}, labels(finding))
        for step in finding.get("chain") or []:
            same("has its calls", f'{step["file"]}:{step["line"]}' in
                 browser.run("return document.querySelector('tr.detail ol').textContent"), True)
    page.open("#" + urllib.parse.quote("no such key"))
    page.expect("an unknown key", lambda f: True)
    page.quiet("deep links")


def addresses(page):
    browser = page.browser
    page.chip("rank", "high")
    page.search("reread")
    browser.click('th[data-column="file"] button')
    here = browser.url()
    before = page.places()
    page.open(here[here.index("#"):])
    page.expect("the address keeps the filters", lambda f: f["rank"] == "high" and "reread" in f["class"])
    same("and the order", page.places(), before)
    # a link to a finding that the filters hide
    hidden = next(f for f in page.findings if f["rank"] == "low")
    browser.run("location.hash = arguments[0]", "#" + urllib.parse.quote(hidden["key"], safe=""))
    page.expect("a link shows what was hidden", lambda f: True)
    page.quiet("addresses")


def self_contained(page):
    browser = page.browser
    same("nothing is loaded", browser.run(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"), [])
    same("nothing is referred to", browser.run(
        "return document.querySelectorAll('[src], link, img, iframe, object').length"), 0)
    same("no script but its own", browser.run("return document.scripts.length"), 2)
    # and it could not: the policy says so
    browser.run("document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:1/x.png' }))")
    same("a picture is refused", any("Content Security Policy" in line for line in browser.complaints()), True)


def colours(page):
    browser = page.browser
    for scheme, dark in (("dark", True), ("light", False)):
        browser.devtools("Emulation.setEmulatedMedia",
                         features=[{"name": "prefers-color-scheme", "value": scheme}])
        same(f"{scheme} where {scheme} is asked for", background(browser) < 300, dark)
        browser.click("#theme")
        same("the button changes it", background(browser) < 300, not dark)
        browser.click("#theme")
        browser.run("document.documentElement.style.colorScheme = ''")


def main():
    path, findings, tree = sys.argv[1:4]
    with open(findings, encoding="utf-8") as f:
        findings = json.load(f)
    verdicts = {}
    if len(sys.argv) > 4:
        with open(sys.argv[4], encoding="utf-8") as f:
            verdicts = dict(line.rstrip("\n").split("\t") for line in f)
        for finding in findings:
            finding["verdict"] = verdicts.get(finding["key"], "new")
    with Browser() as browser:
        page = Page(browser, "file://" + urllib.parse.quote(os.path.abspath(path)), findings)
        page.open()
        page.quiet("opening it")
        filtering(page, verdicts)
        sorting(page)
        expanding(page, tree)
        page.open()
        addresses(page)
        page.open()
        colours(page)
        page.quiet("the page")
        self_contained(page)


main()
