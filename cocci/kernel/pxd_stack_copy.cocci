// SPDX-License-Identifier: GPL-2.0-only
///
/// On a folded level p4d_offset(), pud_offset() and pmd_offset() return the
/// pointer that they were given.  Given the address of a local copy of an
/// entry, they return a pointer to the stack: it cannot be locked or written,
/// and a loop that steps it reads whatever lies next to the copy.  That is how
/// GUP-fast corrupted data on s390, see commit d3f7b1bb2040 ("mm/gup: fix
/// gup_fast with dynamic page table folding").
/// Use pXd_offset_lockless(), which takes the pointer and the value, or
/// pte_offset_{kernel,map}_pmdval(), which takes the value.
///
//# A PTE table is always a real one, and the pointer that comes back is good.
//# But the functions that lock it look at the slot again, in order to notice
//# that the table has gone, and a copy never changes.
//# Not reported: a table that the function itself has put into the variable
//# with pmd_populate(), or has removed with pmdp_collapse_flush(): there is no
//# slot to look at.
//# Patch mode leaves out what has no such function to use, and where the value
//# does not come from one pointer.
///
// Confidence: High
// Options: --no-includes --include-headers
//

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@

FINDS = ["p4d_offset", "pud_offset", "pmd_offset", "pte_offset_kernel",
         "pte_offset_huge", "pte_offset_map", "pte_offset_map_lock",
         "pte_offset_map_rw_nolock", "pte_offset_map_ro_nolock"]

def finds(function):
    """It returns a pointer into the table that an entry points to."""
    return function in FINDS

def message(function, value, more=""):
    return "WARNING: %s() is given the address of the copy %s%s" % (function, value, more)

// Literal names let spatch skip the files that have nothing to do with these.
@scope@
typedef pgd_t, p4d_t, pud_t, pmd_t;
// Without this, spatch drops each function that uses one of these.
iterator name scoped_guard, scoped_cond_guard, scoped_class;
@@

(
p4d_offset(...)
|
pud_offset(...)
|
pmd_offset(...)
|
\(pte_offset_kernel\|pte_offset_huge\)(...)
|
\(pte_offset_map\|pte_offset_map_lock\)(...)
|
\(pte_offset_map_rw_nolock\|pte_offset_map_ro_nolock\)(...)
)

// No copy: the function has built the entry, or this is all that is left of it.
@own depends on scope exists@
local idexpression pmd_t value;
identifier populate = {pmd_populate, pmd_populate_kernel};
identifier helper;
position skip;
@@

(
populate(..., &value, ...)
|
value = pmdp_collapse_flush(...)
)
... when any
helper(..., &value@skip, ...)

@copy depends on scope@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier helper : script:python() { finds(helper) };
expression mm;
position p != own.skip;
@@

(
helper(&value@p, ...)
|
helper(mm, &value@p, ...)
)

@depends on context@
expression value;
position copy.p;
@@

* value@p

@script:python depends on org@
p << copy.p;
helper << copy.helper;
value << copy.value;
@@

coccilib.org.print_todo(p[0], message(helper, value))

@script:python depends on report@
p << copy.p;
helper << copy.helper;
value << copy.value;
@@

coccilib.report.print_report(p[0], message(helper, value))

@depends on patch@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} copy.value;
position copy.p;
expression addr;
@@

(
- pte_offset_kernel(&value@p, addr)
+ pte_offset_kernel_pmdval(value, addr)
|
- pte_offset_map(&value@p, addr)
+ pte_offset_map_pmdval(value, addr)
)

@depends on patch exists@
local idexpression {pgd_t, p4d_t, pud_t} value;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get, pmdp_get_lockless
};
identifier offset = {p4d_offset, pud_offset, pmd_offset};
fresh identifier lockless = offset ## "_lockless";
idexpression slot;
expression E, addr;
@@

value = \(get(slot)\|READ_ONCE(*slot)\|*slot\)
... when != value = E
    when != slot = E
    when != \(slot++\|++slot\|slot--\|--slot\|slot += E\|slot -= E\)
- offset(&value, addr)
+ lockless(slot, value, addr)

// Handed to a function of the same file, which walks on from there.
@hands depends on scope@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier f;
@@

f(..., &value, ...)

@taken depends on hands exists@
type T;
identifier hands.f, slot;
parameter list[n] before;
identifier helper : script:python() { finds(helper) };
expression mm;
@@

f(before, T *slot, ...)
{
<+...
\(helper(slot, ...)\|helper(mm, slot, ...)\)
...+>
}

@handed depends on taken@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier hands.f;
expression list[taken.n] before;
position p;
@@

f(before, &value@p, ...)

@depends on context@
expression value;
position handed.p;
@@

* value@p

@script:python depends on org@
p << handed.p;
f << hands.f;
value << handed.value;
@@

coccilib.org.print_todo(p[0], message(f, value, " and walks on from there"))

@script:python depends on report@
p << handed.p;
f << hands.f;
value << handed.value;
@@

coccilib.report.print_report(p[0], message(f, value, " and walks on from there"))

// Hidden in a macro.
@macro depends on scope@
identifier f, value;
identifier helper = {p4d_offset, pud_offset, pmd_offset};
position p;
@@

#define f(...) helper(&(value@p), ...)

@depends on context@
identifier macro.f, macro.value, macro.helper;
position macro.p;
@@

* #define f(...) helper(&(value@p), ...)

@script:python depends on org@
p << macro.p;
helper << macro.helper;
value << macro.value;
@@

coccilib.org.print_todo(p[0], message(helper, value))

@script:python depends on report@
p << macro.p;
helper << macro.helper;
value << macro.value;
@@

coccilib.report.print_report(p[0], message(helper, value))
