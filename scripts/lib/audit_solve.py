#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""From facts about functions to ranked findings, for scripts/audit.

audit_solve.py [--no-calls] RESULTS FINDINGS SUMMARY TREE FILES NAME

RESULTS is what the rules said, as audit-files writes it, FILES the names of the
files as audit_work.py does. Written are FINDINGS, a JSON array, and SUMMARY, in
which the tree is called NAME. A string in them has a surrogate for a byte of a
file's name that is not UTF-8.

The second pass follows calls to any depth: what a function does with the entry
behind a parameter, before it changes, locks or reads it anew, is done by its
callers as well. Calls through pointers (struct mm_walk_ops) are not followed.
"""

import collections
import functools
import gc
import glob
import heapq
import itertools
import json
import os
import re
import signal
import sys

sys.dont_write_bytecode = True
import audit_facts  # pylint: disable=wrong-import-position
import audit_work  # pylint: disable=wrong-import-position

READS = ("descend", "clear_bad", "use", "test", "value", "call")
SEVERITY = {"descend": 4, "clear_bad": 3, "use": 2, "test": 1}
# Levels that no configuration of the architecture has: reading one is no read.
FOLDED = dict([(arch, ("pgd",)) for arch in "powerpc loongarch mips sparc um arc".split()] +
              [(arch, ("pgd", "p4d")) for arch in "alpha arm m68k parisc sh".split()] +
              [(arch, ("pgd", "p4d", "pud")) for arch in
               "csky hexagon microblaze nios2 openrisc xtensa".split()])
FILL = re.compile(r"(_*(pgd|p4d|pud|pmd)_populate\w*|\w*set_(pgd|p4d|pud|pmd)\w*|_*(p4d|pud|pmd|pte)_alloc\w*)$")
# These test again under the page table lock before they fill the entry in.
SHARED_FILL = re.compile(r"__(p4d|pud|pmd|pte)_alloc(_kernel)?$")
PRESENCE = re.compile(r"(pgd|p4d|pud|pmd)_(none|present)$")
TABLE_LOCK = re.compile(r"(pmd|pud|huge_pte)_lock|trans_huge_lock|pte_(offset|alloc)_map_lock|"
                        r"ptl\b|page_table_lock|pgd_lock|_lockptr|cpa_lock|pgtable")
MMAP_WHY = "which keeps out faults and zapping, but not rmap, and not who frees PTE tables under i_mmap_rwsem"
MMAP_LOCK = re.compile(r"mmap_(write_lock|assert_write_locked)|mmap_lock")
IRQS_OFF = re.compile(r"local_irq_(save|disable)\b")
# Tables that nobody else uses, or not yet, or only at one moment.
PRIVATE = [
    (r"^arch/[^/]+/boot/|/startup/|kernel/head", "it runs before the kernel, or as it starts"),
    (r"ident_map|idmap|identity", "it builds an identity mapping that only its caller uses"),
    (r"machine_kexec|/kexec", "it builds a mapping for kexec or hibernation that only its caller uses"),
    (r"hibern|/power/", "it builds a mapping for kexec or hibernation that only its caller uses"),
    (r"/efi|efi_", "firmware mappings are changed by the boot processor only"),
    (r"debug_vm_pgtable", "the test's own page table"),
    (r"kasan", "KASAN's shadow is mapped at boot and by memory hotplug only"),
    (r"(^|/)pgd\.c$|pgd_free|free_pgd|free_p.d_table|pgd_prepopulate", "the table's last user has gone, or its first has not come yet"),
    (r"vmemmap|hotplug|free_empty_(p[4um]d_)?tables?|hot_?remove|remove_p(te|md|ud|4d|gd)_?(table|mapping)|remove_pagetable",
     "memory hotplug takes one lock for all of it"),
    (r"^arch/x86/mm/pti\.c|espfix|/ldt\.c$", "written once and never freed"),
    (r"^__?v(un)?map_|^v(un)?map_|ioremap_p..?_range|^p[4um]d_free_p(ud|md|te)_page$", "whoever maps or unmaps an area of the vmalloc space owns it"),
    (r"^arch/x86/xen/", "Xen pins the table: it does not change meanwhile"),
]
KERNEL_FILE = re.compile(r"pageattr|set_memory|ioremap|vmalloc|linear_map")
# Before Linux 6.5: they test all of it again, on a value of their own.
SNAPSHOT = re.compile(r"pmd_(devmap_)?trans_unstable$|p[um]d_none_or_trans_huge_or_(dev_or_)?clear_bad$|"
                      r"pmd_none_or_clear_bad_unless_trans_huge$")
LEAF = re.compile(r"_(leaf|trans_huge|huge|devmap|large)$")
ACCESSOR = re.compile(r"^_*p[4um]dp_|^p[4um]d_hugepage_update|^_*update_(tlb|mmu_(tlb|cache))")
HUGETLB = re.compile(r"huge_pte_(offset|alloc)|hugetlb|huge_pmd_")
SPECIAL = re.compile(r"dump|ptdump|debugfs|show_pte|print|xmon|bad_page|_dbg|walk_pg_dump")


def arch(path):
    m = re.match(r"arch/([^/]+)/", path)
    return m.group(1) if m else ""


def level(name):
    m = re.search(r"(pgd|p4d|pud|pmd)", name or "")
    return m.group(1) if m else ""


def looks_up(name, argument):
    """Whether a call finds the PTE by this argument: others take a result."""
    return name.startswith("pte_offset_map") and argument == (name != "pte_offset_map")


class Function:
    def __init__(self, path, facts):
        self.path = path
        self.in_macro = False
        self.__dict__.update(facts)
        for name, slot in self.slots.items():
            prepare(name, slot)
        # What it does with the entry behind a parameter; see Program.summarize().
        self.changes = set()    # parameters whose entry may be another one afterwards
        self.leaves = {}        # parameter: chain of a read that is still good for a second one
        self.copies_taken = {}  # parameter: chain to an offset helper
        self.reads = {}         # parameter: (kind, chain) of a read of what the caller left there
        self.returned = None    # (into a variable?, chain) of a read of the slot that is returned
        self.boot = {None: "", "init": "boot", "": "boot and memory hotplug"}[self.init]
        self.callers_hold = None        # (lock, file, line) of a call, under the weakest one

    @functools.cached_property
    def content(self):
        """What decides between functions of the same name, not what their files are called."""
        return repr((self.line, self.static, self.parameters, self.calls, [
            (name, [(e["at"], e["kind"], e["text"]) for e in slot["events"]], sorted(slot["edges"]), slot["start"])
            for name, slot in sorted(self.slots.items())]))

    def identity(self):
        return self.function, self.content, self.path

    def step(self, line, what):
        return {"file": self.path, "line": line, "function": self.function, "what": what}


def prepare(name, slot):
    """Places by statement, in an order in which they can be run."""
    events = slot["events"]
    for n, event in enumerate(events):
        event["n"] = n
        event["before"] = set()
    for p, q in slot["edges"]:
        events[q]["before"].add(events[p]["statement"])
    statements = {}
    for event in events:
        statements.setdefault(event["statement"], []).append(event)
    for group in statements.values():
        # The right side of an assignment is evaluated first.
        first = min(group, key=lambda e: e["n"])
        group.sort(key=lambda e: (e is first and e["kind"] in ("write", "define") and not e["if"], e["n"]))
    slot["statements"] = sorted(statements.items())
    slot["name"] = name
    slot["fills"] = filled(slot)


def filled(slot):
    """Tests whether there is an entry on behalf of filling it in. They are no
    first read, unless somebody else may fill it in at the same time."""
    events, result = slot["events"], set()
    after = collections.defaultdict(set)
    for p, q in slot["edges"]:
        after[p].add(q)
    for event in events:
        if event["kind"] != "test" or not PRESENCE.match(event["name"]):
            continue
        todo = set(after[event["n"]])
        todo |= {e["n"] for e in events if e["statement"] == event["statement"] and e["n"] > event["n"]
                 and not SHARED_FILL.match(e["name"] or "")}
        seen = set()
        while todo:
            n = todo.pop()
            if n in seen:
                continue
            seen.add(n)
            if events[n]["kind"] == "write" or events[n]["kind"] == "call" and FILL.match(events[n]["name"]):
                result.add(event["n"])
                break
            if events[n]["kind"] not in ("define", "descend"):
                todo |= after[n]
    return result


class Visitor:
    """What Program.walk() tells: that the caller's entry comes to a read or a
    call, which reads are left when the slot is returned, and double reads."""

    def __init__(self, meet=None, leave=None, report=None):
        def ignore(*_):
            pass
        self.reports = report is not None
        self.meet, self.leave, self.report = meet or ignore, leave or ignore, report or ignore


def shortest(ends, calls, outwards=False):
    """{node: (what, chain)} for all nodes from which calls lead to an end.

    A node is (function, parameter). Ends are (node, cost, what, chain), the one
    with the least cost is wanted, then the shortest chain. Calls are (callee,
    caller, place, step); the step is put before the callee's chain, or, for
    what is handed outwards, behind it. Where chains are of one length, the place
    decides, then the callee's text."""
    callers, heap, found, number = collections.defaultdict(list), [], {}, itertools.count()
    for callee, *call in calls:
        callers[callee].append(call)
    for node, (cost, *place), what, chain in ends:
        heapq.heappush(heap, (cost, len(chain), place, (), next(number), node, what, chain))
    while heap:
        cost, length, _, _, _, node, what, chain = heapq.heappop(heap)
        if node in found:
            continue
        found[node] = what, chain
        for caller, place, step in callers[node]:
            if caller not in found:
                heapq.heappush(heap, (cost, length + 1, [place], node[0].identity(), next(number), caller, what,
                                      chain + [step] if outwards else [step] + chain))
    return found


def under_table_lock(event):
    return any(TABLE_LOCK.search(text) for _, text in event.get("held", []))


class Program:
    def __init__(self, files):
        # Before Linux 6.5 pte_offset_map() reads the entry and does not test it.
        generic = files.get("include/linux/pgtable.h")
        self.unchecked = generic is not None and not any(
            f.function == "__pte_offset_map" for path in files for f in files[path])
        self.functions = [f for path in sorted(files) for f in files[path]]
        self.named = collections.defaultdict(list)
        for f in self.functions:
            self.named[f.function].append(f)
        self.found, self.handed = {}, {}

    def resolve(self, name, path):
        """The functions that a call in this file may mean."""
        key = name, path
        if key not in self.found:
            self.found[key] = self.look_up(name, path)
        return self.found[key]

    def look_up(self, name, path):
        all_of_them = self.named.get(name, [])
        same = [f for f in all_of_them if f.path == path]
        if same:
            return same
        here = arch(path)

        def visible(f):
            if arch(f.path) and here and arch(f.path) != here:
                return False
            if f.path.endswith(".h"):
                return (f.path.startswith("include/") or "/include/" in f.path or
                        os.path.dirname(f.path) == os.path.dirname(path))
            return not f.static
        seen = [f for f in all_of_them if visible(f)]
        if here:
            return [f for f in seen if arch(f.path) == here] or [f for f in seen if not arch(f.path)]
        return [f for f in seen if not arch(f.path)] or seen

    # --- what functions do with the entries behind their parameters

    def summarize(self):
        """First what may be another entry after a call, for all functions; what
        is read and returned depends on that. Each step only adds to what is
        known and ends when there is no more, so the order of the functions has
        no say. Chains are the shortest ones; between these, the text decides."""
        walkers = [f for f in self.functions if f.slots]
        behind = [(f, slot) for f in walkers for slot in f.slots.values() if slot["parameter"] is not None]
        calls = [((g, event["argument"]), (f, slot["parameter"]), event["n"],
                  f.step(event["at"][0], "%s(%s)" % (event["name"], slot["name"])))
                 for f, slot in behind for event in slot["events"] if event["kind"] == "call"
                 for g in self.callees(f, event)[0]]
        self.settle_changes(behind, calls)
        for f, slot in behind:
            self.settle_leaves(f, slot)
        for (f, parameter), (_, chain) in shortest(self.taken_here(behind), calls).items():
            f.copies_taken[parameter] = chain
        self.settle_reads(behind, calls)
        self.settle_returned(walkers)

    def callees(self, f, event):
        """(the functions that the entry is handed to, whether there may be others)"""
        key = event["name"], event["argument"], f.path
        if key not in self.handed:
            may_be = self.resolve(event["name"], f.path)
            known = [g for g in may_be if event["argument"] < len(g.parameters)
                     and g.parameters[event["argument"]][1].endswith("_t*")]
            self.handed[key] = known, not known or len(known) < len(may_be)
        return self.handed[key]

    def changed_by(self, f, event):
        """May the call change the entry?"""
        known, others = self.callees(f, event)
        return others or any(event["argument"] in g.changes for g in known)

    def looked_up(self, event):
        """Before Linux 6.5: does it read the entry without a test? The rules of
        the first pass do not know of these."""
        return self.unchecked and event["kind"] in ("neutral", "lock") and looks_up(event["name"], event["argument"])

    def settle_changes(self, behind, calls):
        callers, todo = collections.defaultdict(list), []
        for callee, caller, _, _ in calls:
            callers[callee].append(caller)
        for f, slot in behind:
            for event in slot["events"]:
                if event["kind"] in ("lock", "write", "address") or (
                        event["kind"] == "call" and self.callees(f, event)[1]):
                    todo.append((f, slot["parameter"]))
        while todo:
            f, parameter = todo.pop()
            if parameter not in f.changes:
                f.changes.add(parameter)
                todo += callers[f, parameter]

    @staticmethod
    def settle_leaves(f, slot):
        if slot["parameter"] in f.changes:
            return
        for e in slot["events"]:
            if e["kind"] in ("test", "value", "clear_bad", "use") and e["n"] not in slot["fills"]:
                f.leaves[slot["parameter"]] = [f.step(e["at"][0], e["text"])]
                return

    def taken_here(self, behind):
        for f, slot in behind:
            for event in slot["events"]:
                if event["kind"] in ("neutral", "lock") and looks_up(event["name"], event["argument"]):
                    what = "%s(%s)" % (event["name"], slot["name"])
                elif event["kind"] == "descend" and not under_table_lock(event):
                    what = event["text"]
                else:
                    continue
                yield (f, slot["parameter"]), (0, event["n"]), "", [f.step(event["at"][0], what)]

    def settle_reads(self, behind, calls):
        # What the caller's entry gets to does not depend on what callees read:
        # a call that reads it is a read, and the first one is all that counts.
        met = {}

        def meet(f, slot, event, kind):
            met.setdefault((f, slot["parameter"], event["n"]), (event, kind))

        def read_here():
            for (f, parameter, n), (event, kind) in met.items():
                if kind != "call":
                    yield (f, parameter), (-SEVERITY[kind], n), kind, [f.step(event["at"][0], event["text"])]

        def calls_met():
            return [call for call in calls if (*call[1], call[2]) in met]

        for f, slot in behind:
            self.walk(f, slot, Visitor(meet=meet))
        for (f, parameter), result in shortest(read_here(), calls_met()).items():
            f.reads[parameter] = result
        # Now with what ends at such a call. Only where functions call each other
        # in a circle nothing else may be left, and the above stays.
        met.clear()
        for f, slot in behind:
            self.walk(f, slot, Visitor(meet=meet))
        for (f, parameter), result in shortest(read_here(), calls_met()).items():
            f.reads[parameter] = result

    def settle_returned(self, walkers):
        seeds, edges = [], []

        def leave(f, firsts):
            for first in firsts:
                if "from" in first:
                    edges.extend(((g, None), (f, None), first["step"]["line"], first["step"]) for g in first["from"])
                else:
                    seeds.append(((f, None), (0, first["step"]["line"], first["step"]["what"]), first["value"],
                                  first["chain"] + [first["step"]]))

        for f in self.functions:
            if f.returns:
                edges += [((g, None), (f, None), line, f.step(line, "return %s()" % name))
                          for name, line in f.return_calls for g in self.resolve(name, f.path)]
        for f in walkers:
            if f.returns:
                for slot in f.slots.values():
                    self.walk(f, slot, Visitor(leave=leave))
        for (f, _), result in shortest(seeds, edges, outwards=True).items():
            f.returned = result

    def walk(self, f, slot, visitor):
        """Follow the flow from place to place. `live` has the reads that
        nothing has made obsolete, by their place; None is the caller's."""
        out = {}
        starts = {slot["events"][n]["statement"] for n in slot["start"]}
        for statement, events in slot["statements"]:
            live = {}
            if slot["parameter"] is not None and statement in starts:
                live[None] = None
            for event in events:
                for before in event["before"]:
                    if before < statement:
                        live.update(out.get(before, {}))
            for event in events:
                usable = {n: first for n, first in live.items() if n is None or not (
                    first["statement"] == statement and exclusive(slot["events"][n], event))}
                new, ends = self.event(f, slot, event, usable, visitor)
                maybe = event["if"] and event["kind"] in ("call", "write", "test", "use", "descend", "clear_bad")
                if ends == "all" and not maybe:
                    live = {}
                elif ends == "entry" and not maybe:
                    live.pop(None, None)
                live.update(new)
            out[statement] = live

    def event(self, f, slot, event, live, visitor):
        """({place: first read} to be added, which earlier reads it makes
        obsolete: "all", that of the caller ("entry"), or none)"""
        kind, name, line = event["kind"], event["name"], event["at"][0]
        # The rules of the first pass do not know of these.
        unknown = event["text"].startswith("pmd_read_atomic")
        if self.looked_up(event):
            kind, unknown = "descend", True
        if under_table_lock(event) and kind in ("test", "use", "value", "clear_bad", "descend", "call"):
            return {}, "all"
        if kind in ("quiet", "neutral"):
            return {}, ""
        if kind in ("same", "lock", "write", "address"):
            return {}, "all"
        firsts = [first for n, first in live.items() if n is not None]
        if kind == "return":
            visitor.leave(f, firsts)
            return {}, ""
        me = {"value": kind == "value", "step": f.step(line, event["text"]), "chain": [], "own": True,
              "statement": event["statement"], "held": event.get("held", []), "unknown": unknown}
        if kind == "define":
            sources = [g for g in self.resolve(name, f.path) if g.returns] if name else []
            if not sources:
                return {}, "all"
            me.update(step=f.step(line, "%s = %s()" % (slot["name"], name)), own=False)
            me["from"] = sources
            known = [g for g in sources if g.returned]
            if known:
                me["value"], me["chain"] = min(
                    known, key=lambda g: (order(g.returned[1]), g.identity())).returned
            elif visitor.reports:
                return {}, "all"
            return {event["n"]: me}, "all"
        if kind == "value":
            return {event["n"]: me}, "all"
        if kind == "call":
            return self.call(f, slot, event, live, visitor)
        # test, use, clear_bad, descend
        if None in live:
            visitor.meet(f, slot, event, kind)
        firsts = [first for first in firsts if unknown or not first["own"] or
                  first["unknown"] or first["statement"] == event["statement"]]
        if firsts:
            visitor.report(f, slot, event, kind, firsts, [first for n, first in live.items() if n is not None], [])
        if kind == "descend" or event["n"] in slot["fills"]:
            return {}, "all" if event["kind"] == "lock" else "entry"
        return {event["n"]: me}, "entry"

    def call(self, f, slot, event, live, visitor):
        name, line, argument = event["name"], event["at"][0], event["argument"]
        known, _ = self.callees(f, event)
        step = f.step(line, "%s(%s)" % (name, slot["name"]))
        if None in live:
            visitor.meet(f, slot, event, "call")
        reading = [g for g in known if argument in g.reads]
        firsts = [first for n, first in live.items() if n is not None]
        if reading and firsts and visitor.reports:
            kind, chain = min((g.reads[argument] + (g,) for g in reading), key=lambda r: (
                -SEVERITY[r[0]], len(r[1]), r[2].identity()))[:2]
            visitor.report(f, slot, event, kind, firsts, firsts, [step] + chain)
        if self.changed_by(f, event):
            return {}, "all"
        new, leaving = {}, [g for g in known if argument in g.leaves]
        if leaving:
            g = min(leaving, key=lambda g: (order(g.leaves[argument]), g.identity()))
            new[event["n"]] = {"value": False, "own": False, "statement": event["statement"], "step": step,
                               "chain": g.leaves[argument]}
        return new, "entry" if reading else ""

    # --- locks

    def believe(self):
        """Functions whose callers all run at boot, or all hold a lock."""
        callers = collections.defaultdict(list)
        mentioned = collections.defaultdict(set)
        for f in self.functions:
            for name, line in f.calls:
                callers[f.path, name].append((f, line))
            mentioned[f.path].update(f.names)
        known = []
        for f in self.functions:
            if f.static and not f.path.endswith(".h") and f.function not in mentioned[f.path] and not f.in_macro:
                mine = [(c, held_at(c, line)) for c, line in callers[f.path, f.function] if c is not f]
                if mine:
                    known.append((f, mine))
        changed = True
        while changed:
            changed = False
            for f, mine in known:
                if not f.boot and all(c.boot for c, _ in mine):
                    f.boot = max((c.boot for c, _ in mine), key=len)
                    changed = True
                if not f.callers_hold:
                    locks = [lock or c.callers_hold for c, lock in mine]
                    if all(locks):      # the weakest
                        f.callers_hold = min(locks, key=lambda lock: bool(TABLE_LOCK.search(lock[0])))
                        changed = True


def certain(f, line):
    """{(line, lock)}: what is held in this line whichever way leads there."""
    return {(taken, text) for first, last, taken, text in f.under
            if first <= line <= last and not text.startswith("vma_")}


def held_at(f, line):
    """(lock, file, line) of a call under a lock, or None."""
    texts = [text for slot in f.slots.values() for event in slot["events"] if event["at"][0] == line
             for _, text in event.get("held", [])] + [
                 text for first, last, _, text in f.under if first <= line <= last and not IRQS_OFF.match(text)]
    texts.sort(key=lambda text: not TABLE_LOCK.search(text))
    return (texts[0], f.path, line) if texts else None


def exclusive(a, b):
    arms = {place: kind for place, kind in a["if"] if kind in "?:"}
    return any(arms.get(place, kind) != kind for place, kind in b["if"] if kind in "?:")


def order(chain):
    """The shortest first, then by the text, and by the names of files only where all else is the same."""
    return (len(chain), [(s["line"], s["function"], s["what"]) for s in chain], [s["file"] for s in chain])


# --- findings

def parse(line):
    """A finding from a rule's line."""
    path, number, text = json.loads(line)
    m = re.match(r"([\w-]+): (.*)", text, re.S)
    if not m:
        return None
    kind, text = m.groups()
    marks = []
    while True:
        mark = re.search(r" \[(\w+)\]$", text)
        if not mark:
            break
        marks.append(mark.group(1))
        text = text[:mark.start()]
    first = re.search(r" \(first read at line (\d+)\)$", text)
    if first:
        text = text[:first.start()]
    function, _, expression = ("", "", text) if kind == "failed" else text.partition(": ")
    slot = re.search(r"\(&?([^()&]*)\)|\*(.*)", expression)
    return {"file": path, "line": number, "function": function, "class": kind,
            "expression": expression, "slot": slot.group(1) or slot.group(2) or "" if slot else "",
            "first_line": int(first.group(1)) if first else 0, "first_file": path if first else "",
            "chain": [], "marks": sorted(marks)}


class Judge:
    """Locks, rank, risk and the way out of a finding."""

    def __init__(self, program, tree):
        self.program, self.tree = program, tree
        self.at, self.kconfigs = {}, {}
        for f in program.functions:
            self.at.setdefault((f.path, f.function), []).append(f)

    def function(self, finding):
        all_of_them = self.at.get((finding["file"], finding["function"]), [])
        return max((f for f in all_of_them if f.line <= finding["line"]),
                   key=lambda f: f.line, default=None)

    def event(self, f, finding, line):
        if f is None:
            return None
        events = [e for slot in f.slots.values() if slot["name"] == finding["slot"]
                  for e in slot["events"] if e["at"][0] == line]
        events.sort(key=lambda e: (e["kind"] not in READS, e["text"] != finding["expression"]))
        return events[0] if events else None

    def cleared(self, finding, f):
        """Was a leaf already taken for a bad entry, and cleared?"""
        if finding["chain"] and finding["first_line"] != finding["line"]:
            return finding["chain"][0]["line"] == finding["first_line"] and "_none_or_clear_bad" in finding["chain"][0]["what"]
        first = self.event(f, finding, finding["first_line"])
        return first is not None and first["kind"] == "clear_bad"

    def guess(self, finding):
        """What a read is for that the facts do not have (pmd[i], say)."""
        try:
            with open(os.path.join(self.tree, finding["file"]), encoding="latin-1") as f:
                line = f.read().split("\n")[finding["line"] - 1]
        except (OSError, IndexError):
            return "use"
        names = re.findall(r"(\w+)\s*\((?=[^()]*%s)" % re.escape(finding["expression"]), line)
        return "test" if names and audit_facts.TEST.match(names[-1]) else "use"

    def complete(self, finding):
        if finding["class"] in ("unparsed", "failed"):
            finding.update(rank="problem", lock="", lock_why="", risk="", helper="")
            return
        f = self.function(finding)
        # The place in this function where the first read is made, maybe by a call.
        finding.setdefault("from", finding["first_line"])
        second = self.event(f, finding, finding["line"])
        kind = finding.pop("kind", None) or (second or {}).get("kind") or self.guess(finding)
        if re.match(r"\w+_offset", finding["expression"]):
            kind = "descend"
        where = level(finding.pop("level", "") or finding["slot"] or finding["expression"])
        if kind == "descend" and finding["expression"].split("_")[0] in ("p4d", "pud", "pmd", "pte"):
            where = {"p4d": "pgd", "pud": "p4d", "pmd": "pud", "pte": "pmd"}[finding["expression"].split("_")[0]]
        if kind == "test" and LEAF.search((second or {}).get("name", "")) and self.cleared(finding, f):
            kind = "cleared"
        lock, why, strength = self.belief(finding, f, second)
        if f is not None and f.boot == "boot" and "init" not in finding["marks"] and lock == "init":
            finding["marks"] = sorted(finding["marks"] + ["init"])
        del finding["from"]
        finding.update(lock=lock, lock_why=why)
        finding["rank"] = self.rank(finding, kind, where, strength, f, second)
        finding.pop("irqs_off", None)
        finding["risk"] = self.risk(finding, kind, where)
        finding["helper"] = self.helper(finding, kind, where, f)

    def belief(self, finding, f, second):
        """(lock, why, "strong" or "weak")"""
        name, path = finding["function"], finding["file"]
        if f is not None and f.boot or "init" in finding["marks"]:
            when = f.boot if f is not None else "boot"
            return "init", ("%s() runs at %s only" % (name, when) if f is None or f.init is not None else
                            "all callers of %s() run at %s only" % (name, when)), "strong"
        for pattern, why in PRIVATE:
            if re.search(pattern, path) or re.search(pattern, name):
                return "private", why, "strong"
        if f is None:
            return "none", "a macro: the audit does not know what its users hold", "none"
        held = self.held(finding, f, second)
        for number, text in held:
            if TABLE_LOCK.search(text):
                kind = "asserted" if "assert" in text else "held"
                return kind, "%s in line %d" % (text, number), "strong"
        lock, place = "", ""
        # Unless what the function unlocks may be the lock of its callers.
        if f.callers_hold and not any(number < max(finding["line"], finding["from"]) for number in f.drops):
            lock, place = f.callers_hold[0], "%s (%s:%d)" % f.callers_hold
        if TABLE_LOCK.search(lock):
            return "callers", "all callers of %s() hold %s" % (name, place), "strong"
        for number, text in held:
            if MMAP_LOCK.search(text):
                return ("asserted" if "assert" in text else "held",
                        "%s() in line %d, %s" % (text.split("(")[0], number, MMAP_WHY), "weak")
        for number, text in held:
            if not IRQS_OFF.match(text):
                return ("asserted" if "assert" in text else "held",
                        "%s in line %d, which need not be the lock of this table" % (text, number), "weak")
        for number, _ in held:
            finding["irqs_off"] = True
            return "none", ("interrupts are off from line %d: tables stay allocated where they are freed by "
                            "IPI or RCU, entries change" % number), "none"
        if lock:
            return "callers", "all callers of %s() hold %s, %s" % (
                name, place, MMAP_WHY if MMAP_LOCK.search(lock) else
                "which need not be the lock of this table"), "weak"
        off = [number for call, number in f.calls if IRQS_OFF.match(call)]
        if off:
            return "none", ("interrupts are off from line %d, but not at both reads; no page table lock is seen in %s(), "
                            "nor with all of its callers" % (min(off), name)), "none"
        if "pgd_offset_k" in dict(f.calls):
            return "none", "a kernel address; no lock is seen in %s(), nor with all of its callers" % name, "none"
        return "none", "no page table lock is seen in %s(), nor with all of its callers" % name, "none"

    def held(self, finding, f, second):
        """[(line, lock)]: what is held at both reads, so from the first to the second.

        A lock counts if it is the same call before both of them and nothing
        releases it on the way. An assertion between the reads counts as well if
        each way to the second one meets it and nothing from the first read to
        it has "lock" in its name: then it was held at the first read."""
        line, first_line = finding["line"], finding["from"]
        locks = self.locks(f, second, line)
        if first_line:
            first = self.event(f, finding, first_line)
            between = [number for name, number in f.calls if "lock" in name and "assert" not in name]
            locks = {lock for lock in locks & self.locks(f, first, first_line) | {
                lock for lock in certain(f, line) if "assert" in lock[1] and first_line < lock[0]
                and not any(first_line <= number <= lock[0] for number in between)}}
        return sorted(locks)

    @staticmethod
    def locks(f, event, line):
        """What is held there: as the flow of the function says, or its text."""
        flow = {tuple(lock) for lock in (event or {}).get("held", []) if not MMAP_LOCK.match(lock[1])}
        return flow | certain(f, line)

    def rank(self, finding, kind, where, strength, f, second):
        here = arch(finding["file"])
        kernel = f is not None and f.kernel or finding["slot"].endswith("_k") or KERNEL_FILE.search(finding["file"])

        def because(why):
            finding["lock_why"] += "; " + why

        if finding["class"] in ("stack-step", "stack-copy"):    # no lock helps
            return "medium" if "pte" in finding["marks"] or finding["lock"] == "init" else "high"
        if strength == "strong":
            return "low"
        if SPECIAL.search(finding["file"]) or SPECIAL.search(finding["function"]):
            because("it only prints")
            return "low" if where in FOLDED.get(here, ()) else "medium"
        if where in FOLDED.get(here, ()):
            because("the %s level is folded in all configurations of %s, so that reading it is no read" % (
                where.upper(), here))
            return "low"
        if kernel and here and not self.kconfig(here, "HAVE_ARCH_HUGE_VMAP"):
            because("kernel page tables are not freed on %s, which has no huge vmalloc mappings" % here)
            return "low"
        if finding.get("irqs_off") and here and not self.kconfig(here, "config SMP"):
            because("%s has no SMP" % here)
            return "low"
        if here and not self.kconfig(here, "config SMP") and self.kconfig(here, "select ARCH_NO_PREEMPT\n"):
            because("%s has neither SMP nor preemption" % here)
            return "low"
        if strength == "weak":
            return "medium"
        if HUGETLB.search(finding["function"]):
            because("who calls it has to hold the hugetlb VMA lock or i_mmap_rwsem")
            return "medium"
        if kernel and (here or kind != "descend"):
            because("the kernel's tables change with huge vmalloc mappings, memory hotplug and set_memory only")
            return "medium"
        # Whoever turns them off walks without the mmap lock.
        lockless = finding["lock_why"].startswith("interrupts are off")
        if SNAPSHOT.match((second or {}).get("name", "")):
            because("%s() tests a value of its own, and who trusts the first test has to know that" % second["name"])
            return "medium"
        if self.program.unchecked and re.search(r"^pte_offset_map|pte_lockptr\(", finding["expression"]) and not lockless:
            because("pte_offset_map() and pte_lockptr() do not test the entry before Linux 6.5; the mmap or rmap lock, "
                    "if held, keeps a PMD that points to a table")
            return "medium"
        if kind in ("test", "value", "quiet") or where in ("pgd", "p4d") and not lockless:
            return "medium"
        if ACCESSOR.search(finding["function"]):
            because("it is called with the lock of the entry")
            return "medium"
        if self.writes(finding, f):
            because("the entry is also written there without a lock, as only its owner may")
            return "medium"
        if where == "pud" and kind not in ("clear_bad", "cleared") and not lockless:
            because("the mmap, VMA or rmap lock, if held, keeps a PUD that points to a table")
            return "medium"
        return "high"

    def writes(self, finding, f):
        places = [(f, finding["slot"])] if f is not None else []
        if finding["chain"]:
            last = finding["chain"][-1]
            places += [(g, slot["name"]) for g in self.at.get((last["file"], last["function"]), [])
                       for slot in g.slots.values() if last["line"] in (e["at"][0] for e in slot["events"])
                       and slot["parameter"] is not None]
        return any(e["kind"] == "write" and not e.get("held") for g, name in places
                   for slot in g.slots.values() if slot["name"] == name for e in slot["events"])

    def kconfig(self, here, text):
        """Does arch/HERE/Kconfig* have this?"""
        if here not in self.kconfigs:
            found = ""
            for path in sorted(glob.glob(os.path.join(glob.escape(self.tree), "arch", here, "Kconfig*"))):
                with open(path, encoding="utf-8", errors="replace") as file:
                    found += file.read()
            self.kconfigs[here] = found
        return text in self.kconfigs[here]

    def risk(self, finding, kind, where):
        name = where.upper() or "entry"
        if finding["class"] == "stack-copy" and "pte" in finding["marks"]:
            return "a copy never changes, so that whoever looks at the %s again does not notice that its table has gone" % name
        if finding["class"] in ("stack-copy", "stack-step"):
            return "where the level is folded the result points to the stack: what is locked, written or stepped there is no page table"
        if kind == "descend" and where == "pmd":
            return ("the PMD can become empty or huge in between (collapse, freed PTE table, huge page fault): "
                    "the PTE pointer then points into memory that is no page table")
        if kind == "descend" and where == "pud":
            return ("the PUD can become empty or huge in between (zapped or split huge PUD, shared PMD table given up): "
                    "the PMD pointer then points into memory that is no page table")
        if kind == "descend":
            return "if the %s changes in between the next table is looked for where none is; tables of this level are freed late, with the mm or under exclusion" % name
        if kind == "cleared":
            return "%s_none_or_clear_bad() takes a leaf for a bad entry where pXd_bad() is true of leaves: it is cleared, and this test never sees it" % where
        if kind == "clear_bad":
            return "an entry that turned into a leaf after the first read is taken for a bad one and cleared: a mapping is lost"
        if kind == "use":
            return "what is used need not be what was tested: a wrong page or frame if the %s changes in between" % name
        return "the two tests can see different entries: together they may be true of none that ever was"

    def helper(self, finding, kind, where, f):
        slot = finding["slot"]
        value = where or "value"
        if value == slot or not slot:
            value += "val"
        get = "READ_ONCE(*%s)" % slot if self.program.unchecked else "%sp_get%s(%s)" % (where or "pmd", "_lockless" if where == "pmd" and finding["lock"] == "none" else "", slot)
        below = {"pgd": "p4d", "p4d": "pud", "pud": "pmd"}.get(where)
        if finding["class"] in ("stack-copy", "stack-step"):
            offset = re.match(r"\w+", finding["expression"]).group()
            if finding["class"] == "stack-step":
                offset = re.search(r"from (\w+)", finding["expression"]).group(1)
            if offset.lstrip("_").startswith("pte_"):
                return "hand on the slot itself, or look up the PTE by the value: pte_offset_kernel_pmdval(%s, addr) where the tree has it" % slot
            return "%s_lockless(slot, %s, addr)" % (offset, slot)
        if kind == "descend":
            if below:
                call = "%s_offset_lockless(%s, %s, addr)" % (below, slot, value)
            elif self.program.unchecked:
                call = "pte_offset_map(&%s, addr), %s being the value that was tested" % (value, value)
            else:
                call = "pte_offset_map(%s, addr), which checks the entry on its own" % slot
        else:
            call = "%s once, then only its value" % get
        if finding["chain"] and kind == "descend":
            return "hand the value on as well, or look it up with it: %s" % call
        return call


def main():
    arguments = sys.argv[1:]
    inter = "--no-calls" not in arguments
    results, findings_file, summary_file, tree, files, tree_name = [a for a in arguments if a != "--no-calls"]
    gc.disable()                        # nothing is thrown away here
    facts, findings, counts = {}, {}, collections.Counter()
    with open(results, encoding="utf-8") as f:
        lines = f.readlines()
    for line in lines:
        if line.startswith("#"):
            name, number = line[1:].split()
            counts[name] += int(number)
    lines = sorted(set(lines))
    for item in json.loads("[%s]" % ",".join(line for line in lines if line.startswith("{"))):
        path = item.pop("file")
        facts.setdefault(path, []).append(Function(path, item))
    for line in lines:
        finding = parse(line) if line.startswith("[") else None
        if finding:
            findings[finding["file"], finding["line"], finding["class"], finding["expression"]] = finding
    for path in facts:
        facts[path].sort(key=lambda f: f.line)
    program = Program(facts)
    program.summarize()
    program.believe()
    if inter:
        second_pass(program, findings)
    judge = Judge(program, tree)
    keys = collections.Counter()
    ordered = sorted(findings.values(), key=lambda f: (
        f["file"], f["line"], f["class"], f["expression"]))
    for finding in ordered:
        judge.complete(finding)
        key = " ".join(filter(None, (audit_work.quoted(finding["file"]), finding["function"], finding["class"], finding["expression"])))
        keys[key] += 1
        finding["key"] = key if keys[key] == 1 else "%s #%d" % (key, keys[key])
    audit_work.write_findings(findings_file, ordered)
    summary = dict({"tree": tree_name}, **audit_work.not_analysed(files, ordered))
    for name in ("calls", "missed", "macros", "functions", "functions_missed"):
        summary[name] = counts[name]
    with open(summary_file, "w", encoding="utf-8") as f:
        json.dump(summary, f)
        f.write("\n")


def second_pass(program, findings):
    def add(finding):
        key = finding["file"], finding["line"], finding["class"], finding["expression"]
        if key not in findings or findings[key]["chain"] and order(findings[key]["chain"]) > order(finding["chain"]):
            findings[key] = finding

    def report(f, slot, event, kind, firsts, all_firsts, chain):
        own = [first for first in all_firsts if first["own"]]
        first = min(own or firsts, key=lambda x: (order(x["chain"]), x["step"]["line"]))
        steps = [] if first["own"] else first["chain"] + [first["step"]]
        last = chain[-1] if chain else None
        expression = event["text"] if not chain else "%s in %s" % (last["what"], event["text"])
        where = first["step"] if first["own"] else first["chain"][0]
        finding = {
            "file": f.path, "line": event["at"][0], "function": f.function,
            "class": "reread-value" if first["value"] else "reread-plain",
            "expression": expression, "slot": slot["name"],
            "first_line": where["line"], "first_file": where["file"], "from": first["step"]["line"],
            "chain": steps + chain, "marks": [], "kind": kind}
        if last:
            finding.update(second_file=last["file"], second_line=last["line"])
        add(finding)

    for f in program.functions:
        for _, slot in sorted(f.slots.items()):
            program.walk(f, slot, Visitor(report=report))
        # An entry that the function itself makes is no copy.
        made = {value for _, name, _, value in f.copies if re.match(r"p[4um]d_populate", name)}
        for line, name, argument, value in f.copies:
            if value in made:
                continue
            for callee in program.resolve(name, f.path):
                chain = callee.copies_taken.get(argument)
                if not chain:
                    continue
                helper = re.match(r"\w+", chain[-1]["what"]).group()
                finding = {
                    "file": f.path, "line": line, "function": f.function, "class": "stack-copy",
                    "expression": "%s(&%s) through %s()" % (helper, value, name), "slot": value,
                    "first_line": 0, "first_file": "", "marks": ["pte"] if helper.startswith("pte_") else [],
                    "chain": [f.step(line, "%s(&%s)" % (name, value))] + chain, "kind": "descend"}
                add(finding)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        main()
    except OSError as error:
        sys.exit("audit: %s: %s" % (error.filename, error.strerror))
