// SPDX-License-Identifier: GPL-2.0-only
///
/// A PUD or PMD is tested, and then read again through the same pointer to find
/// the next table or the page.  Without the lock that keeps it stable, it may
/// be another one by then: a huge page, or none where a table has been freed.
/// Read it once, and use the value that was tested: pXd_offset_lockless() and
/// pte_offset_kernel_pmdval() take it.
///
//# A report is a place to look at. It is no bug where all callers hold a lock
//# that keeps the entry stable, which a rule that sees one function cannot
//# know, and where the level is folded. To keep such reports few, this rule
//# leaves out
//#  - the PGD and P4D, as functions that read those twice mostly go on with a
//#    PUD or PMD,
//#  - what is reached with a lock held, and what is only printed or asserted,
//#  - entries that are filled if they are none,
//#  - kernel addresses, where tables are hardly ever freed, unless the function
//#    expects a huge page,
//#  - functions and files that set up, split or free tables which nobody else
//#    uses, by their names, and m68k, which has one CPU.
//# A function that is given the pointer, and does not only read, ends the search.
///
// Confidence: Moderate
// Options: --no-includes --include-headers
//

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

LOCK = re.compile(r"(raw_)?(spin|read|write|mutex)_(try)?lock(_\w+)?|p[mu]d_lock|"
                  r"p[mu]d_trans_huge_lock|huge_pte_lock|pte_(alloc|offset)_map_lock|"
                  r"mmap_(assert_)?write_lock(ed)?|lockdep_assert_held(_write)?|"
                  r"assert_spin_locked")
UNLOCK = re.compile(r"(raw_)?(spin|read|write|mutex)_unlock(_\w+)?|mmap_write_unlock|"
                    r"pte_unmap_unlock")
SHOW = re.compile(r"(VM_)?(BUG|WARN)_ON\w*|BUILD_BUG_ON|_?printk|pr_\w+|p[mu]d_ERROR|seq_\w+")
READ = re.compile(r"p[mu]dp_get(_lockless)?|(pmd|pte)_offset\w*|p[mu]d_none_or_\w+|"
                  r"p[mu]d_(devmap_)?trans_unstable|(pud|pmd|pte)_lockptr")
FILL = re.compile(r"_*(pmd|pte)_alloc\w*|p[mu]d_populate\w*|set_p[mu]d\w*")
# Functions and files that have the tables, or the machine, for themselves.
OWNER = re.compile(r"(.*_)?(alloc|clone|free|init|populate|pti|remove|split|vmalloc_fault)(_.*)?")
OWNED = re.compile(r"(.*/)?(arch/(m68k|\w+/(boot|power|xen|xmon))/.*|(\w*_)?(init|idmap|ident_map)(_\d+)?\.c)")

kernel = set()
first_line = {}

def place(p):
    return p.file, p.line, p.column

def worth(first, again, leaf, next):
    """The second read, if a table walker could get another entry by it."""
    line, where = int(first.line), place(again)
    if OWNER.fullmatch(again.current_element) or OWNED.fullmatch(again.file):
        return False
    if line > int(again.line):  # around a loop
        return False
    if not leaf and (where in kernel or "clear" in next):
        return False
    first_line[where] = max(line, first_line.get(where, line))
    return True

def message(again, slot):
    """What to say of it, once."""
    line = first_line.pop(place(again), None)
    return line and "WARNING: *%s may have changed since it was read in line %d" % (slot, line)

def lock(f):
    return bool(LOCK.fullmatch(f))

def unlock(f):
    return bool(UNLOCK.fullmatch(f))

def show(f):
    return bool(SHOW.fullmatch(f))

def other(f):
    return not READ.fullmatch(f)

def fill(f):
    return bool(FILL.fullmatch(f))

// Literal names let spatch skip the files that have nothing to do with these.
@scope@
typedef pud_t, pmd_t;
// Without this, spatch drops each function that uses one of these.
iterator name scoped_guard, scoped_cond_guard, scoped_class;
@@

(
pmd_offset(...)
|
pte_offset_kernel(...)
|
pte_offset_huge(...)
|
\(pud_none_or_clear_bad\|pmd_none_or_clear_bad\)(...)
|
\(pud_page\|pmd_page\|pud_pfn\|pmd_pfn\|pud_val\|pmd_val\)(...)
)

// What is printed or asserted.
@shown depends on scope@
idexpression {pud_t *, pmd_t *} slot;
identifier f : script:python() { show(f) };
position skip;
@@

f(..., <+... slot@skip ...+>, ...)

// An entry that is none is filled.
@filled depends on scope exists@
idexpression {pud_t *, pmd_t *} slot;
identifier get = {pudp_get, pmdp_get, pmdp_get_lockless};
identifier test = {pud_none, pmd_none, pud_present, pmd_present};
identifier f : script:python() { fill(f) };
expression E;
position skip;
@@

test(\(*slot@skip\|READ_ONCE(*slot@skip)\|get(slot@skip)\))
... when != slot = E
    when != \(slot++\|++slot\)
\(f(..., slot, ...)\|*slot = E\)

// A lock is held at the second read.
@locked depends on scope exists@
idexpression {pud_t *, pmd_t *} slot;
identifier f : script:python() { lock(f) };
identifier g : script:python() { unlock(g) };
position taken, skip;
@@

\(f@taken(...)\|guard@taken(...)(...)\)
... when any
    when != g(...)
slot@skip

// Around a loop it was given back, perhaps in a function.
@script:python depends on locked@
taken << locked.taken;
skip << locked.skip;
@@

if int(taken[0].line) > int(skip[0].line):
    cocci.include_match(False)

// A kernel address.
@kernel depends on scope exists@
symbol init_mm, swapper_pg_dir;
idexpression {pud_t *, pmd_t *} slot;
position skip;
@@

\(pgd_offset_k(...)\|pgd_offset(&init_mm, ...)\|init_mm.pgd\|swapper_pg_dir\|pmd_off_k(...)\)
... when any
slot@skip

// A user address on another path.
@user depends on kernel exists@
symbol init_mm, swapper_pg_dir;
idexpression {pud_t *, pmd_t *} slot;
identifier f;
position p;
@@

f(...)
{
... when any
    when != \(pgd_offset_k(...)\|pgd_offset(&init_mm, ...)\|init_mm.pgd\|swapper_pg_dir\|pmd_off_k(...)\)
slot@p
... when any
}

@script:python@
p << kernel.skip;
@@

kernel.update(map(place, p))

@script:python@
p << user.p;
@@

kernel.difference_update(map(place, p))

@second depends on scope exists@
idexpression {pud_t *, pmd_t *} slot;
{pud_t, pmd_t} value;
expression E;
identifier get = {pudp_get, pmdp_get, pmdp_get_lockless};
identifier test = {
	pud_none, pmd_none, pud_present, pmd_present, pud_bad, pmd_bad
};
identifier leaf = {
	pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge, pmd_is_huge
};
identifier clear = {pud_none_or_clear_bad, pmd_none_or_clear_bad};
identifier next = {
	pmd_offset, pte_offset_kernel, pte_offset_huge, pud_none_or_clear_bad,
	pmd_none_or_clear_bad
};
identifier use = {
	pud_page, pmd_page, pud_pfn, pmd_pfn, pud_val, pmd_val, pud_pgtable,
	pmd_page_vaddr
};
identifier f : script:python() { other(f) };
position first != {shown.skip, filled.skip};
position again != {shown.skip, locked.skip};
@@

(
E = get(slot@first)
|
value = \(*slot@first\|READ_ONCE(*slot@first)\)
|
test(\(*slot@first\|READ_ONCE(*slot@first)\|get(slot@first)\))
|
leaf(\(*slot@first\|READ_ONCE(*slot@first)\|get(slot@first)\))
|
clear(slot@first)
)
... when != slot = E
    when != \(slot++\|++slot\|slot--\|--slot\|slot += E\|slot -= E\|&slot\)
    when != *slot = E
    when != f(..., slot, ...)
(
next(slot@again, ...)
|
use(\(*slot@again\|READ_ONCE(*slot@again)\|get(slot@again)\))
)

@script:python@
first << second.first;
again << second.again;
leaf << second.leaf = "";
next << second.next = "";
@@

if not worth(first[0], again[0], leaf, next):
    cocci.include_match(False)

@depends on context@
expression slot;
position second.again;
@@

* slot@again

@script:python depends on org@
again << second.again;
slot << second.slot;
@@

msg = message(again[0], slot)
if msg:
    coccilib.org.print_todo(again[0], msg)

@script:python depends on report@
again << second.again;
slot << second.slot;
@@

msg = message(again[0], slot)
if msg:
    coccilib.report.print_report(again[0], msg)
