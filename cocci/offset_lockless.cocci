// SPDX-License-Identifier: GPL-2.0-only
/// An entry was read into a variable, then the next table is looked up through
/// the pointer, which reads the entry once more, or through the address of the
/// variable, which is not a place in a page table.  Look it up by the value
/// that was read and tested: pXd_offset_lockless() takes pointer and value,
/// pte_offset_kernel_pmdval() and pte_offset_map_pmdval() the value.
///
//# Only places where the two look-ups are the same but for a change by another
//# CPU in between are changed: on every path to the look-up the last thing that
//# happened to the variable or the pointer is the read of the one through the
//# other.  Where the entry is looked up through the pointer, nothing but tests,
//# prints and the like may be in between: no lock, no function that can sleep,
//# and no other read, which would be there for a reason.
//# pte_offset_map() of the pointer locks RCU before it reads.  It is changed only
//# where interrupts were off or RCU was locked before the first read.
//# The rules of the audit find these places as well, and many more.
///
// Confidence: High
// Copyright: (C) 2026 The pxd-lockless authors.
// Comments:
// Options: --no-includes --include-headers
// Audit: no

virtual patch
virtual context
virtual org
virtual report

@initialize:python@
@@
def message(offset, slot, value):
    if offset.startswith("pte_"):
        return "WARNING opportunity for %s_pmdval(%s, ...)" % (offset, value)
    return "WARNING opportunity for %s_lockless(%s, %s, ...)" % (offset, slot, value)

// Literal names let spatch skip the files that have none of these.
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
pte_offset_map(...)
)

// --- The look-up reads the entry again.

@pointer depends on scope exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
local idexpression slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier offset = {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_map
};
position p;
@@

value = \(get(slot)\|READ_ONCE(*slot)\|*slot\)
... when any
offset@p(slot, ...)

// Where the variable gets its value.
@read depends on pointer@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} pointer.value;
local idexpression pointer.slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
position set, from;
@@

value@set = \(get(slot@from)\|READ_ONCE(*slot@from)\|*slot@from\)

// Perhaps not read: behind && or the like, ...
@perhaps depends on pointer exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} pointer.value;
local idexpression pointer.slot;
identifier pointer.offset;
expression E, E1;
position p;
@@

(
E && <+... value = E1 ...+>
|
E || <+... value = E1 ...+>
|
E ? <+... value = E1 ...+> : ...
|
E ? ... : <+... value = E1 ...+>
)
... when any
offset@p(slot, ...)

// ... or on one path only.
@unread depends on pointer exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} pointer.value;
local idexpression pointer.slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier pointer.offset, f;
position p;
@@

f(...)
{
... when != value = \(get(slot)\|READ_ONCE(*slot)\|*slot\)
offset@p(slot, ...)
... when any
}

// Something else happened since.
@since depends on pointer exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} pointer.value;
local idexpression pointer.slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier pointer.offset;
identifier other != {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless, READ_ONCE, barrier,
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present, pgd_bad, p4d_bad, pud_bad, pmd_bad, pgd_leaf,
	p4d_leaf, pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge,
	pmd_is_huge, pud_huge, pmd_huge, pud_large, pmd_large, pud_devmap,
	pmd_devmap, pud_protnone, pmd_protnone, pgd_val, p4d_val, pud_val,
	pmd_val, pgd_leaf_size, p4d_leaf_size, pud_leaf_size, pmd_leaf_size,
	pgd_addr_end, p4d_addr_end, pud_addr_end, pmd_addr_end,
	pgd_index, p4d_index, pud_index, pmd_index, pte_index,
	pgd_offset, pgd_offset_k, p4d_offset, pud_offset, pmd_offset,
	pte_offset_kernel, p4d_offset_lockless, pud_offset_lockless,
	pmd_offset_lockless, pte_offset_kernel_pmdval,
	likely, unlikely, BUG_ON, BUILD_BUG_ON, VM_BUG_ON, WARN_ON,
	WARN_ON_ONCE, VM_WARN_ON, VM_WARN_ON_ONCE,
	pr_alert, pr_cont, pr_debug, pr_emerg, pr_err, pr_info, pr_warn, printk
};
expression E;
position again != read.set;
position used != read.from;
position p;
@@

(
value@again = E
|
 &value
|
slot@used
|
other(...)
)
... when != value = \(get(slot)\|READ_ONCE(*slot)\|*slot\)
offset@p(slot, ...)

// They may have another name.
@alias depends on pointer exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} pointer.value;
local idexpression pointer.slot;
identifier pointer.offset;
position p;
@@

\( &value \| &slot \)
... when any
offset@p(slot, ...)

// pte_offset_map() has the table in its hands only from when it locks RCU.
@unlocked depends on pointer exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} pointer.value;
local idexpression pointer.slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier f;
identifier lock = {local_irq_save, local_irq_disable, rcu_read_lock};
identifier guarded = {irq, irqsave, rcu};
position p;
@@

f(...)
{
... when != lock(...)
    when != guard(guarded)(...)
value = \(get(slot)\|READ_ONCE(*slot)\|*slot\)
... when any
pte_offset_map@p(slot, ...)
... when any
}

@unlock depends on pointer exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} pointer.value;
local idexpression pointer.slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier lock = {local_irq_save, local_irq_disable, rcu_read_lock};
identifier unlock = {local_irq_restore, local_irq_enable, rcu_read_unlock};
position p;
@@

unlock(...)
... when != lock(...)
value = \(get(slot)\|READ_ONCE(*slot)\|*slot\)
... when any
pte_offset_map@p(slot, ...)

@reread depends on pointer@
local idexpression pointer.slot;
identifier pointer.offset;
position same != {perhaps.p, unread.p, since.p, alias.p, unlocked.p, unlock.p};
position pointer.p;
@@

offset@p@same(slot, ...)

@depends on patch@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} pointer.value;
local idexpression pointer.slot;
identifier pointer.offset;
fresh identifier lockless = offset ## "_lockless";
expression addr;
position reread.same;
@@

(
- pte_offset_kernel@same(slot, addr)
+ pte_offset_kernel_pmdval(value, addr)
|
- pte_offset_map@same(slot, addr)
+ pte_offset_map_pmdval(value, addr)
|
- offset@same(slot, addr)
+ lockless(slot, value, addr)
)

@depends on context@
expression call;
position reread.same;
@@

* call@same

@script:python depends on org@
p << reread.same;
offset << pointer.offset;
slot << pointer.slot;
value << pointer.value;
@@

coccilib.org.print_todo(p[0], message(offset, slot, value))

@script:python depends on report@
p << reread.same;
offset << pointer.offset;
slot << pointer.slot;
value << pointer.value;
@@

coccilib.report.print_report(p[0], message(offset, slot, value))

// --- The look-up is given the address of the variable. It reads no entry, so
// --- that locks do not matter, but the pointer has to be that of the entry.

@copy depends on scope exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
local idexpression slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier offset = {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_map
};
position p;
@@

value = \(get(slot)\|READ_ONCE(*slot)\|*slot\)
... when any
offset@p(&value, ...)

@copy_read depends on copy@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} copy.value;
local idexpression copy.slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
position set;
@@

value@set = \(get(slot)\|READ_ONCE(*slot)\|*slot\)

@copy_perhaps depends on copy exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} copy.value;
identifier copy.offset;
expression E, E1;
position p;
@@

(
E && <+... value = E1 ...+>
|
E || <+... value = E1 ...+>
|
E ? <+... value = E1 ...+> : ...
|
E ? ... : <+... value = E1 ...+>
)
... when any
offset@p(&value, ...)

@copy_unread depends on copy exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} copy.value;
local idexpression copy.slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier copy.offset, f;
position p;
@@

f(...)
{
... when != value = \(get(slot)\|READ_ONCE(*slot)\|*slot\)
offset@p(&value, ...)
... when any
}

@copy_since depends on copy exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} copy.value;
local idexpression copy.slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier copy.offset;
expression E;
position again != copy_read.set;
position p;
@@

(
value@again = E
|
slot = E
|
slot += E
|
slot -= E
|
slot++
|
 ++slot
|
slot--
|
 --slot
)
... when != value = \(get(slot)\|READ_ONCE(*slot)\|*slot\)
offset@p(&value, ...)

// Somebody else may set the variable.
@copy_alias depends on copy exists@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} copy.value;
local idexpression copy.slot;
identifier copy.offset;
identifier other != {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_map
};
expression E;
position p;
@@

(
other(..., &value, ...)
|
E = &value
|
 &slot
)
... when any
offset@p(&value, ...)

@lookup depends on copy@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} copy.value;
identifier copy.offset;
position same != {copy_perhaps.p, copy_unread.p, copy_since.p, copy_alias.p};
position copy.p;
@@

offset@p@same(&value, ...)

@depends on patch@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} copy.value;
local idexpression copy.slot;
identifier copy.offset;
fresh identifier lockless = offset ## "_lockless";
expression addr;
position lookup.same;
@@

(
- pte_offset_kernel@same(&value, addr)
+ pte_offset_kernel_pmdval(value, addr)
|
- pte_offset_map@same(&value, addr)
+ pte_offset_map_pmdval(value, addr)
|
- offset@same(&value, addr)
+ lockless(slot, value, addr)
)

@depends on context@
expression call;
position lookup.same;
@@

* call@same

@script:python depends on org@
p << lookup.same;
offset << copy.offset;
slot << copy.slot;
value << copy.value;
@@

coccilib.org.print_todo(p[0], message(offset, slot, value))

@script:python depends on report@
p << lookup.same;
offset << copy.offset;
slot << copy.slot;
value << copy.value;
@@

coccilib.report.print_report(p[0], message(offset, slot, value))
