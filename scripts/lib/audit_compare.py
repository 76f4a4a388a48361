#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Leave those findings that a change of the tree has to do with, for scripts/audit.

audit_compare.py BEFORE AFTER FINDINGS-BEFORE FINDINGS-AFTER SHOWN NEW GONE

BEFORE and AFTER are trees. Of FINDINGS-AFTER go to SHOWN those that are new or
that a changed function is part of, marked "new" or "old". NEW gets the new ones
only, and GONE those of FINDINGS-BEFORE that are not there any more, marked
"gone".

A finding is an old one if there was one before, in the same function and with
the same expression, whose reads are the same statements and whose slot was set
by the same statement. Each of those before stands for one at most, so one that
goes away hides no new one. Lines, and the number that a key ends with, have no
say; a file that is gone and a new one that is much like it are the same file.
"""

import collections
import filecmp
import functools
import os
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
import audit_facts  # pylint: disable=wrong-import-position
from audit_work import read_findings, write_findings  # pylint: disable=wrong-import-position

PROBLEMS = ("unparsed", "failed")
RANKS = ("high", "medium", "low")
ALIKE = 0.5             # of its lines a renamed file has at least these


class Tree:
    def __init__(self, path):
        self.path = path

    def has(self, name):
        return os.path.exists(os.path.join(self.path, name))

    @functools.cache
    def text(self, name):
        try:
            with open(os.path.join(self.path, name), encoding="latin-1") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    @functools.cache
    def lines(self, name):
        return self.text(name).split("\n")

    @functools.cache
    def code(self, name):
        # The bodies of macros are code here.
        return audit_facts.code_only(re.sub(r"^([ \t]*)#", r"\1 ", self.text(name), flags=re.M)).split("\n")

    @functools.cache
    def extent(self, name, number):
        """First and last line of the function or macro around a line, by the
        kernel's style: braces of a body are in the first column."""
        lines = [""] + self.lines(name) + ["}"]
        if number >= len(lines):
            return number, number
        first = last = number
        if lines[number].endswith("\\") or lines[number - 1].endswith("\\"):
            while lines[first - 1].endswith("\\"):
                first -= 1
            while lines[last].endswith("\\"):
                last += 1
            return first, last
        while first > 1 and not (re.match(r"[A-Za-z_{]", lines[first]) and not re.match(r"\w+:", lines[first])):
            first -= 1
        while first > 1 and lines[first - 1].strip() and not re.search(r"[;}]|\*/\s*$|^#", lines[first - 1]):
            first -= 1
        if not re.match(r"\w.*\{.*\}\s*$", lines[last]):
            while not lines[last].startswith("}"):
                last += 1
        return first, last

    @functools.cache
    def tokens(self, name, first, last):
        return audit_facts.Tokens(self.code(name)[first - 1:last], first)

    def statements(self, name, number, word=""):
        """The statements in a line, without white space and comments: those that
        name the word, if one does."""
        tokens = self.tokens(name, *self.extent(name, number))
        found = {}
        here = {tokens.statement[i] for i, (line, _) in enumerate(tokens.place) if line == number}
        for i, token in enumerate(tokens.text):
            if tokens.statement[i] in here and token != "\\":
                found.setdefault(tokens.statement[i], []).append(token)
        return [" ".join(words) for words in found.values() if word in words] or [
            " ".join(words) for words in found.values()]

    def set_by(self, name, number, slot):
        """The last statement above this line that sets the slot, by the text."""
        tokens, wanted = self.tokens(name, *self.extent(name, number)), audit_facts.TOKEN.findall(slot) + ["="]
        line = max((line for i, (line, _) in enumerate(tokens.place) if line <= number and
                    tokens.text[i:i + len(wanted)] == wanted and tokens.text[i - 1] not in ("->", ".")), default=0)
        return self.statements(name, line, wanted[-2]) if line and len(wanted) > 1 else []

    def contents(self, finding):
        """What makes it the same finding: (with all that the calls lead to, in its function only)"""
        if finding["class"] in PROBLEMS:
            return (), ()
        name, line, chain, slot = finding["file"], finding["line"], finding.get("chain", []), finding.get("slot", "")
        word = (audit_facts.TOKEN.findall(slot) or [""])[-1]
        first, last = self.extent(name, line)
        file, start = finding.get("first_file") or name, finding.get("first_line", 0)
        elsewhere = []
        if start and (file != name or not first <= start <= last):
            elsewhere = self.statements(file, start)
            start = next((step["line"] for step in chain if
                          (step["file"], step["function"]) == (name, finding["function"])), line)
        here = (self.set_by(name, min(start, line) or line, slot), self.statements(name, start, word) if start else [],
                self.statements(name, line, word))
        return (here, elsewhere, [(step["function"], step["what"], self.statements(step["file"], step["line"]))
                                  for step in chain]), here


class Changes:
    def __init__(self, before, after):
        self.before, self.after = Tree(before), Tree(after)
        self.was = {}                   # new name of a file: the old one

    def find_renames(self, old, new):
        """From the names of files with findings."""
        gone = {name for name in old if not self.after.has(name)}
        pairs = []
        for name in {name for name in new if not self.before.has(name)}:
            for other in gone:
                a, b = (collections.Counter(filter(str.strip, lines)) for lines in (
                    self.before.lines(other), self.after.lines(name)))
                pairs.append((-sum((a & b).values()) / max(sum(a.values()), sum(b.values()), 1), other, name))
        for share, other, name in sorted(pairs):
            if -share >= ALIKE and name not in self.was and other in gone:
                self.was[name] = other
                gone.remove(other)

    @functools.cache
    def hunks(self, name):
        """[(first line, last line)] in the tree after the change; where lines
        are gone only, the point between their neighbours."""
        old = os.path.join(self.before.path, self.was.get(name, name))
        new = os.path.join(self.after.path, name)
        if os.path.exists(old) and filecmp.cmp(old, new, shallow=False):
            return []
        done = subprocess.run(
            ["diff", "-a", "-U0", "--", old if os.path.exists(old) else os.devnull, new],
            stdout=subprocess.PIPE, check=False, encoding="latin-1")
        if done.returncode > 1:
            sys.exit("audit: diff cannot compare %s: see the message above" % name)
        result = []
        for first, number in re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", done.stdout, re.M):
            first, number = int(first), int(number or 1)
            result.append((first, first + number - 1) if number else (first + 0.5, first + 0.5))
        return result

    @functools.cache
    def touched(self, name, number):
        if not number or not self.hunks(name):
            return False
        first, last = self.after.extent(name, number)
        return any(low <= last and high >= first for low, high in self.hunks(name))

    def written(self, finding):
        """Is one of the lines of its reads new?"""
        return any(low <= number <= high for name, number in places(finding) if name and number
                   for low, high in self.hunks(name))

    def concern(self, finding):
        return any(self.touched(name, number) for name, number in places(finding) if name)

    def group(self, finding, after):
        name = self.was.get(finding["file"], finding["file"]) if after else finding["file"]
        return name, finding["function"], finding["class"], finding["expression"]

    def compare(self, old, new):
        """(the new ones that were not there, the old ones that are gone)"""
        self.find_renames({f["file"] for f in old}, {f["file"] for f in new})
        groups = collections.defaultdict(lambda: ([], []))
        for finding in old:
            groups[self.group(finding, False)][0].append(finding)
        for finding in new:
            groups[self.group(finding, True)][1].append(finding)
        appeared, gone = [], []
        for group in groups.values():
            for part in (0, 1):
                self.pair(*group, part)
            gone += group[0]
            appeared += group[1]
        return appeared, gone

    def pair(self, old, new, part):
        """Take out of both lists those that are the same."""
        there = collections.defaultdict(list)
        if not old or not new:
            return
        for finding in sorted(old, key=lambda f: f["line"]):
            there[repr(self.before.contents(finding)[part])].append(finding)
        # Where there are more than before, those in changed lines are new.
        for finding in sorted(new, key=lambda f: (self.written(f), f["line"])):
            same = there[repr(self.after.contents(finding)[part])]
            if same:
                before = same.pop(0)
                # What was judged by a lock that is gone now is not what was there.
                if worse(finding, before):
                    continue
                old.remove(before)
                new.remove(finding)


def worse(finding, before):
    """Does it rank higher than before?"""
    ranks = [RANKS.index(f["rank"]) if f.get("rank") in RANKS else 0 for f in (finding, before)]
    return ranks[0] < ranks[1]


def places(finding):
    return [(finding["file"], finding["line"]), (finding.get("first_file"), finding.get("first_line")),
            (finding.get("second_file"), finding.get("second_line"))] + [
                (step["file"], step["line"]) for step in finding.get("chain", [])]


def really_gone(gone, findings):
    """Without those in what could not be analysed any more, and without problems."""
    failed = {f["file"] for f in findings if f["class"] == "failed"}
    unparsed = {(f["file"], f["function"]) for f in findings if f["class"] == "unparsed"}
    return [f for f in gone if f["class"] not in PROBLEMS and f["file"] not in failed and
            (f["file"], f["function"]) not in unparsed]


def marked(finding, mark):
    return dict(finding, marks=finding.get("marks", []) + [mark])


def main():
    before, after, old_findings, new_findings, shown, new, gone = sys.argv[1:]
    changes = Changes(before, after)
    findings, old = read_findings(new_findings), read_findings(old_findings)
    appeared, vanished = changes.compare(old, findings)
    fresh = {finding["key"] for finding in appeared}
    # What was not analysed could be anything.
    result = [marked(f, "new" if f["key"] in fresh else "old") for f in findings
              if f["key"] in fresh or f["class"] == "failed" or changes.concern(f)]
    write_findings(shown, result)
    write_findings(new, [f for f in result if f["key"] in fresh])
    there = {id(f) for f in really_gone(vanished, findings)}
    write_findings(gone, [marked(f, "gone") for f in old if id(f) in there])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        main()
    except OSError as error:
        sys.exit("audit: %s: %s" % (error.filename, error.strerror))
