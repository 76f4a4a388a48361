# SPDX-License-Identifier: GPL-2.0
"""The second pass of scripts/audit on facts, without spatch: audit_solve.py,
audit_facts.py and audit_compare.py in scripts/lib."""

import itertools
import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../scripts/lib"))
import audit_compare  # pylint: disable=wrong-import-position
import audit_facts  # pylint: disable=wrong-import-position
import audit_solve  # pylint: disable=wrong-import-position


def function(name, *steps, **more):
    """Facts of NAME(pmd_t *p), with steps on p one after the other: "test",
    "write", "descend", or a call of another function."""
    events = []
    for n, step in enumerate(steps):
        kind = step if step in ("test", "write", "descend", "value", "return") else "call"
        what = {"test": "pmd_leaf", "descend": "pte_offset_kernel", "call": step}.get(kind, "")
        events.append({"at": (n + 10, 8), "kind": kind, "name": what, "argument": 0, "token": n, "statement": n, "if": [],
                       "text": {"test": "*p", "value": "*p"}.get(kind, "%s(p)" % what)})
    slot = {"events": events, "edges": [(n, n + 1) for n in range(len(events) - 1)], "start": [0] if events else [],
            "parameter": 0}
    return dict({"function": name, "line": 8, "static": False, "init": None, "returns": False,
                 "parameters": [("p", "pmd_t*")], "calls": [], "names": [], "kernel": False, "return_calls": [],
                 "under": [], "drops": [], "slots": {"p": slot}, "copies": []}, **more)


def solve(files):
    """{(function, expression): chain as names} of {file: [facts]}"""
    program = audit_solve.Program({path: [audit_solve.Function(path, facts) for facts in json.loads(json.dumps(all_facts))]
                                   for path, all_facts in files.items()})
    program.summarize()
    findings = {}
    audit_solve.second_pass(program, findings)
    return {(f["function"], f["expression"]): [step["function"] for step in f["chain"]] for f in findings.values()}


class Solver(unittest.TestCase):
    def everywhere(self, functions):
        """The same whatever the files are called: one function in each."""
        results = []
        for names in itertools.permutations(["mm/%c.c" % c for c in "abcdefgh"[:len(functions)]]):
            results.append(solve({name: [facts] for name, facts in zip(names, functions)}))
        for result in results:
            self.assertEqual(result, results[0])
        return results[0]

    def test_a_change_behind_a_call_ends_the_search(self):
        found = self.everywhere([function("top", "test", "mid"), function("mid", "zap", "walk"),
                                 function("zap", "write"), function("walk", "descend")])
        self.assertEqual(found, {})

    def test_a_change_that_is_far_away(self):
        found = self.everywhere([function("top", "test", "mid"), function("mid", "a", "walk"), function("a", "b"),
                                 function("b", "write"), function("walk", "descend")])
        self.assertEqual(found, {})

    def test_no_change(self):
        found = self.everywhere([function("top", "test", "mid"), function("mid", "quiet", "walk"),
                                 function("quiet"), function("walk", "descend")])
        self.assertEqual(found, {("top", "pte_offset_kernel(p) in mid(p)"): ["top", "mid", "walk"]})

    def test_the_shortest_chain(self):
        found = self.everywhere([function("top", "test", "mid"), function("mid", "long", "short"), function("long", "short"),
                                 function("short", "descend")])
        self.assertEqual(found["top", "pte_offset_kernel(p) in mid(p)"], ["top", "mid", "long", "short"])
        found = self.everywhere([function("top", "test", "mid"), function("mid", "a"), function("a", "b"),
                                 function("b", "descend"), function("mid", "descend", line=9)])
        self.assertEqual(found["top", "pte_offset_kernel(p) in mid(p)"], ["top", "mid"])

    def test_the_worst_read_decides(self):
        found = self.everywhere([function("top", "test", "mid"), function("mid", "test", line=1),
                                 function("mid", "walk", line=2), function("walk", "descend")])
        self.assertEqual(list(found), [("top", "pte_offset_kernel(p) in mid(p)")])

    def test_a_chain_of_any_length(self):
        for length in (11, 12, 13, 2000):
            functions = [function("top", "test", "f0")] + [
                function("f%d" % n, "f%d" % (n + 1)) for n in range(length)] + [function("f%d" % length, "descend")]
            found = solve({"mm/%d.c" % n: [facts] for n, facts in enumerate(functions)})
            self.assertEqual(len(found["top", "pte_offset_kernel(p) in f0(p)"]), length + 2)

    def test_recursion_ends(self):
        self.assertEqual(self.everywhere([function("f", "f")]), {})
        self.assertEqual(self.everywhere([function("f", "g"), function("g", "h"), function("h", "f")]), {})
        found = self.everywhere([function("top", "test", "f"), function("f", "g", "descend"), function("g", "f")])
        self.assertEqual(found["top", "pte_offset_kernel(p) in f(p)"][0], "top")
        found = self.everywhere([function("f", "test", "g"), function("g", "f")])
        self.assertEqual(found, {("f", "*p in g(p)"): ["f", "g", "f"]})

    def test_returned(self):
        get = function("get", "test", "return", returns=True)
        user = function("user", "descend")
        event = user["slots"]["p"]["events"][0]
        event.update(n=1, at=(12, 8), statement=2, token=2)
        user["slots"]["p"].update(parameter=None, start=[], edges=[(0, 1)], events=[
            {"at": (10, 8), "kind": "define", "name": "through", "argument": 0, "token": 1, "statement": 1, "if": [],
             "text": "*p"}, event])
        through = function("through", returns=True, return_calls=[("get", 20)])
        found = self.everywhere([get, user, through])
        self.assertEqual(found, {("user", "pte_offset_kernel(p)"): ["get", "through", "user"]})


class Source:
    """What audit_facts.functions() wants of a file."""

    def __init__(self, code, directives=()):
        self.code, self.directives = code, list(directives)
        self.bodies = [(2, len(code.split("\n")), "f", code.split("\n", 1)[0])]

    def body(self, line):
        return self.bodies[0] if line >= 2 else None


def locks(body):
    """({line: [locks]}, drops) of a function; the body begins in line 3"""
    facts = next(audit_facts.functions(Source("int f(pmd_t *p)\n{\n%s\n}" % body), []))
    result = {}
    for first, last, _, text in facts["under"]:
        for line in range(first, last + 1):
            result.setdefault(line, []).append(text)
    return result, facts["drops"]


class Macros(unittest.TestCase):
    def test_a_function_that_a_macro_names(self):
        code = "int f(pmd_t *p)\n{\n\n}"
        for text, named in (("#define CALL(p) f(p)", True), ("#define f(p) g(p)", False), ("#ifdef f", False)):
            facts = next(audit_facts.functions(Source(code, [(1, text)]), []))
            self.assertEqual(facts["in_macro"], named, text)


class Locks(unittest.TestCase):
    def held(self, body, word="READ"):
        """[locks] in each line that has the word."""
        lines = ("\n\n" + body).split("\n")
        found, _ = locks(body)
        return [found.get(number, []) for number, line in enumerate(lines, 1) if word in line]

    def test_before_and_behind(self):
        self.assertEqual(self.held("READ();\nspin_lock(l);\nREAD();\nspin_unlock(l);\nREAD();"), [[], ["spin_lock(l)"], []])

    def test_an_unlock_releases_what_it_names(self):
        self.assertEqual(self.held("spin_lock(a);\nspin_lock(b);\nspin_unlock(a);\nREAD();"), [["spin_lock(b)"]])
        self.assertEqual(self.held("ptl = pmd_lock(mm, p);\nspin_lock(b);\nspin_unlock(ptl);\nREAD();"), [["spin_lock(b)"]])
        self.assertEqual(self.held("spin_lock_irqsave(&a, flags);\nspin_lock_irqsave(&b, flags);\n"
                                   "spin_unlock_irqrestore(&b, flags);\nREAD();"), [["spin_lock_irqsave(&a,flags)"]])
        # of another kind, or of a name that may be any of them
        self.assertEqual(self.held("mmap_write_lock(mm);\nmutex_unlock(m);\nREAD();"), [["mmap_write_lock(mm)"]])
        self.assertEqual(self.held("spin_lock(a);\nspin_unlock(c);\nREAD();"), [[]])

    def test_only_on_one_way(self):
        self.assertEqual(self.held("if (x)\nspin_lock(l);\nREAD();"), [[]])
        self.assertEqual(self.held("if (x) {\nspin_lock(l);\n} else {\nREAD();\n}\nREAD();"), [[], []])
        self.assertEqual(self.held("spin_lock(l);\nif (x) {\nspin_unlock(l);\nreturn 0;\n}\nREAD();"), [["spin_lock(l)"]])
        self.assertEqual(self.held("if (x)\ngoto out;\nspin_lock(l);\nout:\nREAD();"), [[]])
        self.assertEqual(self.held("spin_lock(l);\nagain:\nREAD();\nspin_unlock(l);\nif (x)\ngoto again;"), [[]])
        self.assertEqual(self.held("spin_lock(l);\nwhile (x) {\nREAD();\nspin_unlock(l);\n}"), [[]])
        self.assertEqual(self.held("switch (x) {\ncase 1:\nspin_lock(l);\nbreak;\ncase 2:\nREAD();\n}\nREAD();"), [[], []])

    def test_guards(self):
        self.assertEqual(self.held("{\nguard(mutex)(&m);\nREAD();\n}\nREAD();"), [["guard(mutex)(&m)"], []])
        self.assertEqual(self.held("scoped_guard(spinlock, &m) {\nREAD();\n}\nREAD();"), [["scoped_guard(spinlock,&m)"], []])

    def test_interrupts(self):
        self.assertEqual(self.held("READ();\nlocal_irq_save(f);\nREAD();\nlocal_irq_restore(f);\nREAD();"),
                         [[], ["local_irq_save(f)"], []])

    def test_what_the_function_did_not_lock(self):
        self.assertEqual(locks("spin_unlock(l);\nREAD();")[1], [3])
        self.assertEqual(locks("spin_lock(l);\nspin_unlock(l);")[1], [])

    def belief(self, first, second, body, calls=()):
        """(lock, line) that is believed to be held from the first read to the second."""
        facts = next(audit_facts.functions(Source("int f(pmd_t *p)\n{\n%s\n}" % body), []))
        f = audit_solve.Function("mm/a.c", json.loads(json.dumps(facts)))
        judge = audit_solve.Judge(audit_solve.Program({"mm/a.c": [f]}), "")
        finding = {"file": "mm/a.c", "function": "f", "line": second, "first_line": first, "first_file": "mm/a.c",
                   "from": first, "marks": [], "slot": "p", "expression": "*p", "chain": []}
        return judge.belief(finding, f, None)

    def test_a_lock_behind_the_first_read_does_not_count(self):
        for lock in ("mmap_write_lock(mm)", "spin_lock(&mm->page_table_lock)", "local_irq_save(f)"):
            body = "READ(p);\n%s;\nREAD(p);" % lock
            self.assertEqual(self.belief(3, 5, body)[2], "none")
            self.assertNotIn("tables stay", self.belief(3, 5, body)[1])
        self.assertEqual(self.belief(4, 5, "mmap_write_lock(mm);\nREAD(p);\nREAD(p);")[2], "weak")
        self.assertEqual(self.belief(4, 5, "spin_lock(&mm->page_table_lock);\nREAD(p);\nREAD(p);")[2], "strong")
        self.assertIn("tables stay", self.belief(4, 5, "local_irq_disable();\nREAD(p);\nREAD(p);")[1])

    def test_a_lock_that_was_released(self):
        for end in ("mmap_write_unlock(mm);\nREAD(p);", "mmap_write_unlock(mm);\nmmap_write_lock(mm);\nREAD(p);"):
            body = "mmap_write_lock(mm);\nREAD(p);\n" + end
            self.assertEqual(self.belief(4, body.count("\n") + 3, body)[2], "none")

    def test_an_assertion_behind_the_first_read(self):
        check = "mmap_assert_write_locked(mm);"
        self.assertEqual(self.belief(3, 5, "READ(p);\n%s\nREAD(p);" % check)[0], "asserted")
        self.assertEqual(self.belief(3, 6, "READ(p);\nmmap_write_lock(mm);\n%s\nREAD(p);" % check)[2], "none")
        self.assertEqual(self.belief(3, 6, "READ(p);\nlock_it(mm);\n%s\nREAD(p);" % check)[2], "none")
        self.assertEqual(self.belief(3, 6, "READ(p);\nif (x)\n%s\nREAD(p);" % check)[2], "none")
        self.assertEqual(self.belief(3, 4, "READ(p);\nREAD(p);\n%s" % check)[2], "none")


WALK = """pmd_t *walk(pud_t *a, pud_t *b)
{
	pud_t *p;

%s	return 0;
}
"""
PART = """	p = %s;
	if (pud_none(*p))
		return 0;
	use(pmd_offset(p, addr));
"""


class Compare(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.trees = [os.path.join(directory.name, name) for name in ("before", "after")]

    def compare(self, before, after, names=("mm/a.c", "mm/a.c")):
        """Lines that are new, and that are gone; double reads are where PART is."""
        findings = []
        for tree, name, text in zip(self.trees, names, (before, after)):
            os.makedirs(os.path.join(tree, "mm"))
            with open(os.path.join(tree, name), "w", encoding="utf-8") as f:
                f.write(text)
            findings.append([
                {"file": name, "line": line, "function": "walk", "class": "reread-plain", "expression": "pmd_offset(p)",
                 "slot": "p", "first_line": line - 2, "first_file": name, "chain": [], "marks": [], "key": str(line)}
                for line, code in enumerate(text.split("\n"), 1) if "pmd_offset(p" in code])
        new, gone = audit_compare.Changes(*self.trees).compare(*findings)
        return [f["line"] for f in new], [f["line"] for f in gone]

    def test_one_in_the_place_of_another(self):
        self.assertEqual(self.compare(WALK % (PART % "a"), WALK % (PART % "b")), ([8], [8]))

    def test_moved(self):
        a, b = PART % "a", PART % "b"
        self.assertEqual(self.compare(WALK % (a + b), "\n/* more */\n" + WALK % (b + "\tmore();\n" + a)), ([], []))

    def test_the_first_of_two_goes(self):
        a, b = PART % "a", PART % "b"
        self.assertEqual(self.compare(WALK % (a + b), WALK % b), ([], [8]))

    def test_one_before_another(self):
        a, b = PART % "a", PART % "b"
        self.assertEqual(self.compare(WALK % a, WALK % (b + a)), ([8], []))

    def test_the_same_text_once_more(self):
        a = PART % "a"
        self.assertEqual(self.compare(WALK % a, WALK % (a + a)), ([12], []))

    def test_white_space_and_comments(self):
        changed = (WALK % (PART % "a")).replace("pmd_offset(p, addr)", "pmd_offset(p,\n\t\taddr /* here */)")
        self.assertEqual(self.compare(WALK % (PART % "a"), changed), ([], []))

    def test_a_renamed_file(self):
        text = WALK % (PART % "a")
        self.assertEqual(self.compare(text, "/* renamed */\n" + text, ("mm/a.c", "mm/b.c")), ([], []))

    def test_what_failed_is_not_gone(self):
        gone = [{"file": "mm/a.c", "function": "walk", "class": "reread-plain"}]
        failed = [{"file": "mm/a.c", "function": "", "class": "failed"}]
        self.assertEqual(audit_compare.really_gone(gone, failed), [])
        self.assertEqual(audit_compare.really_gone(gone, []), gone)


if __name__ == "__main__":
    unittest.main()
