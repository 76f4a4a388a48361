#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Units of scripts/lib/audit_work.py that need neither spatch nor a kernel."""

import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../scripts/lib"))
import audit_work as work  # pylint: disable=wrong-import-position

ODD = ["a\tb.c", "a\nb.c", "x:1:y.c", "%s.c", "-x.c", " x .c", 'q"\'.c', "b\\.c", "\udce9.c", "\x01.c", "\u202e.c", "ä.c", "\r.c"]


class Names(unittest.TestCase):
    def test_quoted(self):
        self.assertEqual(work.quoted("mm/a b.c"), "mm/a b.c")
        self.assertEqual(work.quoted("ä.c"), "ä.c")
        self.assertEqual(work.quoted("x:1.c"), '"x:1.c"')
        self.assertEqual(work.quoted("a\nb\udce9\x01.c"), '"a\\nb\\351\\001.c"')

    def test_back(self):
        for name in ODD:
            self.assertEqual(work.unquoted(work.quoted(name)), name)
            self.assertTrue(work.quoted(name).isprintable())
        self.assertEqual(len(set(map(work.quoted, ODD))), len(ODD))

    def test_is_code(self):
        self.assertTrue(work.is_code("mm/x.c"))
        for name in ("mm/x.S", ".x.c", "mm/.x/y.c", "x.c/y"):
            self.assertFalse(work.is_code(name), name)

    def test_entries_differ(self):
        self.assertNotEqual(work.entry_of("a/b.c", "0"), work.entry_of("a%b.c", "0"))
        self.assertNotEqual(work.entry_of("a.c", "0"), work.entry_of("a.c", "1"))


class Diffs(unittest.TestCase):
    def test_named(self):
        self.assertEqual(work.named(
            b'diff --git a/mode b/mode\nold mode 100644\nnew mode 100755\n'
            b'--- a/x y.c\t2026-01-01\n+++ "b/a\\tb\\351.c"\nrename from one/two.c\nrename to "three\\".c"\n'),
            {"mode", "x y.c", "a\tb\udce9.c", "one/two.c", 'three".c'})

    def test_no_repository_and_no_way_out(self):
        self.assertEqual(work.named(b"--- a/.git/config\n+++ b/../../x.c\n--- a/mm/.GIT/x\n--- a//etc/passwd\n"), set())


class Trees(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.root = self.dir.name
        os.mkdir(os.path.join(self.root, "mm"))

    def write(self, name, text="pmd_offset"):
        with open(os.path.join(self.root, name), "w", encoding="utf-8") as f:
            f.write(text)

    def search(self, kept=""):
        self.write("tokens", "pmd_offset\n")
        return work.Directory(self.root).search(os.path.join(self.root, "tokens"), kept, 2)

    def test_search(self):
        for name in ODD:
            self.write(name)
        self.write("mm/none.c", "pmd_offset_lockless")
        self.write("mm/.dot.c")
        self.assertEqual(self.search(), (sorted(ODD), []))

    def test_links(self):
        self.write("mm/x.c")
        self.write("mm/.hidden.c")
        for link, target in (("in.c", "mm/x.c"), ("up", ".."), ("loop", "loop"), ("hidden.c", "mm/.hidden.c")):
            os.symlink(target, os.path.join(self.root, link))
        self.assertEqual(self.search(), (["mm/x.c"], [["hidden.c", work.UNSEARCHED]]))

    def test_known(self):
        kept = tempfile.TemporaryDirectory()
        self.addCleanup(kept.cleanup)
        self.write("mm/x.c")
        self.write("mm/y.c", "nothing")
        work.time.sleep(0.2)
        self.assertEqual(self.search(kept.name)[0], ["mm/x.c"])
        seen, real = [], work.grep
        work.grep = lambda root, names, *more: seen.extend(names) or real(root, names, *more)
        self.addCleanup(setattr, work, "grep", real)
        self.assertEqual(self.search(kept.name)[0], ["mm/x.c"])
        self.assertEqual(seen, [])
        self.write("mm/y.c", "pmd_offset")
        self.assertEqual(self.search(kept.name)[0], ["mm/x.c", "mm/y.c"])
        self.assertEqual(seen, ["mm/y.c"])

    def test_read(self):
        self.write("mm/x.c")
        os.symlink("mm", os.path.join(self.root, "link"))
        os.mkfifo(os.path.join(self.root, "pipe.c"))
        tree = work.Directory(self.root)
        self.assertEqual(tree.read("mm/x.c")[0], b"pmd_offset")
        for name in ("link/x.c", "pipe.c", "mm", "none.c", "mm/x.c/y"):
            with self.assertRaises(work.Unread):
                tree.read(name)
            self.assertIsNone(tree.entry(name), name)

    def test_drop(self):
        work.put(self.root, "a/b/c.c", b"x")
        work.drop(self.root, "a/b/c.c")
        self.assertEqual(os.listdir(self.root), ["mm"])


class Findings(unittest.TestCase):
    def test_json(self):
        with tempfile.NamedTemporaryFile() as f:
            for findings in ([], [{"a": "\udce9"}, {"b": 1}]):
                work.write_findings(f.name, findings)
                self.assertEqual(work.read_findings(f.name), findings)

    def test_cause(self):
        def failed(name, text):
            return {"file": name, "class": "failed", "expression": text}
        with tempfile.NamedTemporaryFile("w") as f:
            json.dump({"files": [["a.c", "", 0], ["b.c", "", 0], ["c.c", "", 0]]}, f)
            f.flush()
            said = work.not_analysed(f.name, [
                failed("a.c", "one.cocci: Timeout in a.c"), failed("a.c", "two.cocci: Timeout in a.c"),
                failed("b.c", "one.cocci: Timeout in b.c"), failed("gone", "cannot be read: no")])
        self.assertEqual(said, {"files": 4, "failed": 3, "causes": [
            {"cause": "Timeout", "files": 2, "first": "a.c"}, {"cause": "cannot be read: no", "files": 1, "first": "gone"}]})


if __name__ == "__main__":
    unittest.main(verbosity=0)
