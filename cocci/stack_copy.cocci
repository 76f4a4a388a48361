// SPDX-License-Identifier: GPL-2.0-only
/// On a folded level p4d_offset(), pud_offset() and pmd_offset() return the
/// pointer that they were given.  Given the address of a local copy of an
/// entry, they return a pointer to the stack: it cannot be locked or written,
/// and a loop that steps it reads whatever lies next to the copy.  That is how
/// GUP-fast corrupted data on s390, see commit d3f7b1bb2040 ("mm/gup: fix
/// gup_fast with dynamic page table folding").
/// Use pXd_offset_lockless(), which takes the pointer and the value.
///
/// stack-copy: the address of a copy is given to an offset helper, directly,
/// through a pointer, or by a function of the same file that is handed it.
/// stack-step: a pointer that such a call returned is stepped or indexed.
///
//# At the PTE level, marked [pte], the table is always a real one, and the
//# pointer that comes back is good.  But pte_offset_map_lock() and
//# pte_offset_map_rw_nolock() look at the slot again in order to notice that
//# the table has gone, and a copy never changes.
//# Not reported: a table that the function itself has put into the variable
//# with pmd_populate(), which is no copy of an entry; and the PTEs of an entry
//# that it has just removed with pmdp_collapse_flush(): no other CPU finds that
//# table any more, and there is no slot to look at again.
///
// Confidence: High
// Copyright: (C) 2026 The pxd-lockless authors.
// Comments:
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
def copied(function, helper, value, via=""):
    return "stack-copy: %s: %s(&%s)%s%s" % (
        function, helper, value, via and " through " + via,
        " [pte]" if helper.lstrip("_").startswith("pte_") else "")

def stepped(function, pointer, helper, value):
    return "stack-step: %s: %s, from %s(&%s), is stepped" % (
        function, pointer, helper, value)

// Everything below depends on this rule: literal names let spatch skip the
// files that have nothing to do with page tables.
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
pte_offset_kernel(...)
|
pte_offset_huge(...)
|
pte_offset_map(...)
|
pte_offset_map_lock(...)
|
pte_offset_map_rw_nolock(...)
|
pte_offset_map_ro_nolock(...)
|
__pte_map(...)
)

// No copy: the function has built the entry.
@own depends on scope exists@
local idexpression pmd_t value;
identifier populate = {pmd_populate, pmd_populate_kernel};
identifier helper;
position skip;
@@

populate(..., &value, ...)
... when any
helper@skip(..., &value, ...)

// No copy either, but all that is left of the entry.
@removed depends on scope exists@
local idexpression pmd_t value;
identifier helper = {pte_offset_kernel, pte_offset_map, pte_offset_map_lock};
expression E, mm;
position skip;
@@

value = pmdp_collapse_flush(...)
... when != value = E
(
helper@skip(&value, ...)
|
helper@skip(mm, &value, ...)
)

@copy depends on scope@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier helper = {p4d_offset, pud_offset, pmd_offset, pte_offset_kernel,
		     pte_offset_huge, pte_offset_map, __pte_map,
		     pte_offset_map_lock, pte_offset_map_rw_nolock,
		     pte_offset_map_ro_nolock};
expression mm;
position p != {own.skip, removed.skip};
@@

(
helper@p(&value, ...)
|
helper@p(mm, &value, ...)
)

@script:python depends on org@
p << copy.p;
helper << copy.helper;
value << copy.value;
@@

coccilib.org.print_safe_todo(p[0],
    copied(p[0].current_element, helper, value))

@script:python depends on report@
p << copy.p;
helper << copy.helper;
value << copy.value;
@@

coccilib.report.print_report(p[0],
    copied(p[0].current_element, helper, value))

@depends on context@
expression call;
position copy.p;
@@

* call@p

// A member of a structure on the stack.
@member depends on scope@
local idexpression whole;
identifier m;
identifier helper = {p4d_offset, pud_offset, pmd_offset, pte_offset_kernel,
		     pte_offset_huge, pte_offset_map, __pte_map,
		     pte_offset_map_lock, pte_offset_map_rw_nolock,
		     pte_offset_map_ro_nolock};
expression mm;
position p;
@@

(
helper@p(&whole.m, ...)
|
helper@p(mm, &whole.m, ...)
)

@script:python depends on org@
p << member.p;
helper << member.helper;
whole << member.whole;
m << member.m;
@@

coccilib.org.print_safe_todo(p[0],
    copied(p[0].current_element, helper, whole + "." + m))

@script:python depends on report@
p << member.p;
helper << member.helper;
whole << member.whole;
m << member.m;
@@

coccilib.report.print_report(p[0],
    copied(p[0].current_element, helper, whole + "." + m))

@depends on context@
expression call;
position member.p;
@@

* call@p

// Through a pointer.
@alias depends on scope exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier helper = {p4d_offset, pud_offset, pmd_offset, pte_offset_kernel,
		     pte_offset_huge, pte_offset_map, __pte_map,
		     pte_offset_map_lock, pte_offset_map_rw_nolock,
		     pte_offset_map_ro_nolock};
identifier slot;
expression E, mm;
position p;
@@

slot = &value
... when != slot = E
    when != slot++
(
helper@p(slot, ...)
|
helper@p(mm, slot, ...)
)

@script:python depends on org@
p << alias.p;
helper << alias.helper;
value << alias.value;
slot << alias.slot;
@@

coccilib.org.print_safe_todo(p[0],
    copied(p[0].current_element, helper, value, slot))

@script:python depends on report@
p << alias.p;
helper << alias.helper;
value << alias.value;
slot << alias.slot;
@@

coccilib.report.print_report(p[0],
    copied(p[0].current_element, helper, value, slot))

@depends on context@
expression call;
position alias.p;
@@

* call@p

// Handed to a function of the same file, which walks on from there.
@hands depends on scope@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier f;
@@

f(..., &value, ...)

@taken depends on hands exists@
type T;
identifier f, slot;
parameter list[n] before;
identifier helper = {p4d_offset, pud_offset, pmd_offset, pte_offset_kernel,
		     pte_offset_huge, pte_offset_map, __pte_map,
		     pte_offset_map_lock, pte_offset_map_rw_nolock,
		     pte_offset_map_ro_nolock};
expression mm;
@@

f(before, T *slot, ...)
{
<+...
(
helper(slot, ...)
|
helper(mm, slot, ...)
)
...+>
}

@handed depends on taken@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier taken.f;
expression list[taken.n] before;
position p;
@@

f@p(before, &value, ...)

@script:python depends on org@
p << handed.p;
value << handed.value;
f << taken.f;
helper << taken.helper;
@@

coccilib.org.print_safe_todo(p[0],
    copied(p[0].current_element, helper, value, f + "()"))

@script:python depends on report@
p << handed.p;
value << handed.value;
f << taken.f;
helper << taken.helper;
@@

coccilib.report.print_report(p[0],
    copied(p[0].current_element, helper, value, f + "()"))

@depends on context@
expression call;
position handed.p;
@@

* call@p

// What include/linux/pgtable.h falls back to: the macro hides the copy.
@macro@
identifier f, value;
position p;
@@

#define f(...) \(p4d_offset@p(&(value), ...)\|pud_offset@p(&(value), ...)\|pmd_offset@p(&(value), ...)\)

@script:python depends on org@
p << macro.p;
value << macro.value;
f << macro.f;
@@

coccilib.org.print_safe_todo(p[0],
    copied(f, f.replace("_lockless", ""), value))

@script:python depends on report@
p << macro.p;
value << macro.value;
f << macro.f;
@@

coccilib.report.print_report(p[0],
    copied(f, f.replace("_lockless", ""), value))

@depends on context@
expression call;
position macro.p;
@@

* call@p

// A pointer to the copy is stepped.
@step depends on copy exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier helper = {p4d_offset, pud_offset, pmd_offset};
identifier pointer;
expression E, E1;
position p;
@@

pointer = helper(&value, ...)
... when != pointer = E1
(
pointer@p++
|
 ++pointer@p
|
pointer@p--
|
 --pointer@p
|
pointer@p += E
|
pointer@p -= E
|
pointer@p + E
|
pointer@p - E
|
pointer@p[E]
)

@script:python depends on org@
p << step.p;
helper << step.helper;
value << step.value;
pointer << step.pointer;
@@

coccilib.org.print_safe_todo(p[0],
    stepped(p[0].current_element, pointer, helper, value))

@script:python depends on report@
p << step.p;
helper << step.helper;
value << step.value;
pointer << step.pointer;
@@

coccilib.report.print_report(p[0],
    stepped(p[0].current_element, pointer, helper, value))

@depends on context@
expression call;
position step.p;
@@

* call@p

// The same, where the copy has been given a name.
@alias_step depends on alias exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier helper = {p4d_offset, pud_offset, pmd_offset};
identifier slot, pointer;
expression E, E1;
position p;
@@

slot = &value
... when != slot = E1
pointer = helper(slot, ...)
... when != pointer = E1
(
pointer@p++
|
 ++pointer@p
|
pointer@p--
|
 --pointer@p
|
pointer@p += E
|
pointer@p -= E
|
pointer@p + E
|
pointer@p[E]
)

@script:python depends on org@
p << alias_step.p;
helper << alias_step.helper;
value << alias_step.value;
pointer << alias_step.pointer;
@@

coccilib.org.print_safe_todo(p[0],
    stepped(p[0].current_element, pointer, helper, value))

@script:python depends on report@
p << alias_step.p;
helper << alias_step.helper;
value << alias_step.value;
pointer << alias_step.pointer;
@@

coccilib.report.print_report(p[0],
    stepped(p[0].current_element, pointer, helper, value))

@depends on context@
expression call;
position alias_step.p;
@@

* call@p

// Stepped at once.
@step_now depends on copy@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier helper = {p4d_offset, pud_offset, pmd_offset};
expression E;
position p;
@@

(
helper@p(&value, ...) + E
|
helper@p(&value, ...)[E]
)

@script:python depends on org@
p << step_now.p;
helper << step_now.helper;
value << step_now.value;
@@

coccilib.org.print_safe_todo(p[0],
    stepped(p[0].current_element, "the pointer", helper, value))

@script:python depends on report@
p << step_now.p;
helper << step_now.helper;
value << step_now.value;
@@

coccilib.report.print_report(p[0],
    stepped(p[0].current_element, "the pointer", helper, value))

@depends on context@
expression call;
position step_now.p;
@@

* call@p

// Stepped by the function that was handed the copy.
@taken_step depends on handed exists@
type T;
identifier f, slot, pointer;
parameter list[n] before;
identifier helper = {p4d_offset, pud_offset, pmd_offset};
expression E, E1;
@@

f(before, T *slot, ...)
{
... when any
pointer = helper(slot, ...)
... when != pointer = E1
(
pointer++
|
 ++pointer
|
pointer--
|
 --pointer
|
pointer += E
|
pointer -= E
|
pointer + E
|
pointer[E]
)
... when any
}

@handed_step depends on taken_step@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier taken_step.f;
expression list[taken_step.n] before;
position p;
@@

f@p(before, &value, ...)

@script:python depends on org@
p << handed_step.p;
value << handed_step.value;
f << taken_step.f;
helper << taken_step.helper;
pointer << taken_step.pointer;
@@

coccilib.org.print_safe_todo(p[0],
    stepped(p[0].current_element, pointer + " of " + f + "()", helper, value))

@script:python depends on report@
p << handed_step.p;
value << handed_step.value;
f << taken_step.f;
helper << taken_step.helper;
pointer << taken_step.pointer;
@@

coccilib.report.print_report(p[0],
    stepped(p[0].current_element, pointer + " of " + f + "()", helper, value))

@depends on context@
expression call;
position handed_step.p;
@@

* call@p
