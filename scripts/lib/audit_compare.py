#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Leave those findings that a change of the tree has to do with, for scripts/audit.

audit-compare BEFORE AFTER FINDINGS-BEFORE FINDINGS-AFTER SHOWN NEW

BEFORE and AFTER are trees. Of FINDINGS-AFTER go to SHOWN those that are new, by
their key, or that a changed function is part of; marked "new" or "old". NEW
gets the new ones only.
"""

import filecmp
import functools
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import audit_work  # pylint: disable=wrong-import-position


def read_lines(path):
    try:
        with open(path, encoding="latin-1") as f:
            return f.read().split("\n")
    except FileNotFoundError:
        return []


class Changes:
    def __init__(self, before, after):
        self.before, self.after = before, after
        self.lines = functools.cache(lambda name: read_lines(os.path.join(after, name)))

    @functools.cache
    def hunks(self, name):
        """[(first line, last line)] in the tree after the change; where lines
        are gone only, the point between their neighbours."""
        old = os.path.join(self.before, name)
        if os.path.exists(old) and filecmp.cmp(old, os.path.join(self.after, name), shallow=False):
            return []
        done = subprocess.run(
            ["diff", "-a", "-U0", "--", old if os.path.exists(old) else os.devnull, os.path.join(self.after, name)],
            stdout=subprocess.PIPE, check=False, encoding="latin-1")
        if done.returncode > 1:
            sys.exit("audit: diff cannot compare %s: see the message above" % name)
        result = []
        for first, number in re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", done.stdout, re.M):
            first, number = int(first), int(number or 1)
            result.append((first, first + number - 1) if number else (first + 0.5, first + 0.5))
        return result

    def extent(self, name, number):
        """First and last line of the function or macro around a line, by the
        kernel's style: braces of a body are in the first column."""
        lines = [""] + self.lines(name) + ["}"]
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
    def touched(self, name, number):
        if not number or not self.hunks(name):
            return False
        first, last = self.extent(name, number)
        return any(low <= last and high >= first for low, high in self.hunks(name))

    def concern(self, finding):
        places = [(finding["file"], finding["line"]), (finding.get("first_file"), finding.get("first_line")),
                  (finding.get("second_file"), finding.get("second_line"))]
        places += [(step["file"], step["line"]) for step in finding.get("chain", [])]
        return any(self.touched(name, number) for name, number in places if name)


def read_findings(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def main():
    before, after, old_findings, findings, shown, new = sys.argv[1:]
    changes = Changes(before, after)
    known = {finding["key"] for finding in read_findings(old_findings)}
    all_of_them, only_new = [], []
    for finding in read_findings(findings):
        is_new = finding["key"] not in known
        # What was not analysed could be anything.
        if not (is_new or finding["class"] == "failed" or changes.concern(finding)):
            continue
        finding["marks"] = finding.get("marks", []) + ["new" if is_new else "old"]
        all_of_them.append(finding)
        if is_new:
            only_new.append(finding)
    for path, chosen in (shown, all_of_them), (new, only_new):
        with open(path, "w", encoding="utf-8") as f:
            audit_work.write_findings(f, chosen)


try:
    main()
except OSError as error:
    sys.exit("audit: %s: %s" % (error.filename, error.strerror))
