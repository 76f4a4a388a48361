// SPDX-License-Identifier: GPL-2.0-only
/// A page table entry that somebody else can change has to be read once: test
/// the value that was read and descend with that value.  Find walkers that
/// look at an entry and then read it again through the same pointer.  What was
/// true of the first value need not be true of the second: a table can have
/// become a leaf or have gone away, so that pXd_offset() returns a pointer
/// into somebody's data.
///
/// reread-value: the entry was read into a variable, then the slot was read
/// again.  Use the variable: pXd_offset_lockless() takes the value.
/// reread-plain: the entry was tested in place, then read again.  Read it into
/// a variable first, with pXdp_get(), or pmdp_get_lockless() of a PMD.
///
//# Both are harmless where a lock or the lack of other users keeps the entry
//# stable.  Locks are seen only within the function; the rule does not know
//# what the callers hold.
//# Not reported: reads after a page table lock was taken, comparisons of the
//# old with the new value, empty entries that are filled in between, prints
//# and assertions, pte_offset_map*(), which check the entry on their own.
//# Only slots named by a variable, a member or as an element of a table are
//# followed, and a function that is given the slot ends the search, since it may
//# have changed it, unless it is known to read the entry only.
///
// Confidence: Moderate
// Copyright: (C) 2026 The pxd-lockless authors.
// Comments:
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

told = set()
harmless = set()
guarded = []

def where(place):
    return place.file, int(place.line), int(place.column)

def before(first, again, together):
    if together and first.line == again.line:
        return int(first.column) < int(again.column)
    return int(first.line) < int(again.line)

def pair(kind, first, again, slot, what, together=False):
    """Message for a pair of reads that matters, None for any other."""
    slot = slot.replace(" ", "")
    if not re.match(r"[A-Za-z_]\w*((->|\.)\w+)*(\[\w+\])?$", slot):
        return None
    if not any(before(f, a, together) for f in first for a in again):  # around a loop, or a retry
        return None
    if where(again[0]) in harmless:
        return None
    if any(file == again[0].file and start <= int(again[0].line) <= end
           for file, start, end in guarded):
        return None
    msg = "%s: %s: %s (first read at line %s)" % (
        kind, again[0].current_element, what % slot, first[0].line)
    key = (again[0].file, again[0].line, msg)
    if key in told:
        return None
    told.add(key)
    return msg

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
pgdp_get(...)
|
p4dp_get(...)
|
pudp_get(...)
|
pmdp_get(...)
|
pmdp_get_lockless(...)
|
pgd_none(...)
|
p4d_none(...)
|
pud_none(...)
|
pmd_none(...)
|
pgd_present(...)
|
p4d_present(...)
|
pud_present(...)
|
pmd_present(...)
|
pgd_none_or_clear_bad(...)
|
p4d_none_or_clear_bad(...)
|
pud_none_or_clear_bad(...)
|
pmd_none_or_clear_bad(...)
|
pud_leaf(...)
|
pmd_leaf(...)
|
pud_trans_huge(...)
|
pmd_trans_huge(...)
)

// A test that only an assertion looks at decides nothing.
@quiet depends on scope@
identifier assertion = {
	BUG_ON, BUILD_BUG_ON, WARN_ON, WARN_ON_ONCE, VM_BUG_ON, VM_WARN_ON,
	VM_WARN_ON_ONCE
};
identifier test = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present, pgd_bad, p4d_bad, pud_bad, pmd_bad, pgd_leaf,
	p4d_leaf, pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge,
	pmd_is_huge, pud_huge, pmd_huge, pud_large, pmd_large, pud_devmap,
	pmd_devmap
};
position skip;
@@

assertion(..., <+... test@skip(...) ...+>, ...)

// Nor does what is printed, asserted, compared on purpose, or not read at all.
@shown depends on scope@
expression slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier harmless = {
	BUG_ON, BUILD_BUG_ON, WARN_ON, WARN_ON_ONCE, VM_BUG_ON, VM_WARN_ON,
	VM_WARN_ON_ONCE, printk, pr_emerg, pr_alert, pr_crit, pr_err, pr_warn,
	pr_notice, pr_info, pr_cont, pr_debug, pgd_ERROR, p4d_ERROR, pud_ERROR,
	pmd_ERROR
};
identifier same = {pgd_same, p4d_same, pud_same, pmd_same};
identifier val = {pgd_val, p4d_val, pud_val, pmd_val};
position skip;
@@

(
harmless(..., <+... \(*slot@skip\|get(slot@skip)\) ...+>, ...)
|
same(..., \(*slot@skip\|get(slot@skip)\), ...)
|
val(\(*slot@skip\|get(slot@skip)\)) == val(...)
|
val(\(*slot@skip\|get(slot@skip)\)) != val(...)
|
sizeof(*slot@skip)
)

@script:python@
skip << shown.skip;
@@

harmless.update(where(p) for p in skip)

// An empty entry is filled: test and fill in one condition ...
@fill depends on scope@
expression slot;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier test = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present
};
identifier populate = {
	pgd_populate, p4d_populate, pud_populate, pmd_populate,
	pgd_populate_kernel, p4d_populate_kernel, pud_populate_kernel,
	pmd_populate_kernel, pgd_populate_init, p4d_populate_init,
	pud_populate_init, pmd_populate_init, pgd_alloc, p4d_alloc, pud_alloc,
	pmd_alloc, set_pgd, set_p4d, set_pud, set_pmd, set_pgd_init,
	set_p4d_init, set_pud_init, set_pmd_init, set_pgd_safe, set_p4d_safe,
	set_pud_safe, set_pmd_safe, __p4d_alloc, __pud_alloc, __pmd_alloc,
	__pte_alloc, __pte_alloc_kernel, pte_alloc, pte_alloc_kernel
};
position skip;
@@

(
test@skip(\(*slot\|READ_ONCE(*slot)\|get(slot)\)) && <+... populate(..., slot, ...) ...+>
|
test@skip(\(*slot\|READ_ONCE(*slot)\|get(slot)\)) || <+... populate(..., slot, ...) ...+>
|
unlikely(test@skip(\(*slot\|READ_ONCE(*slot)\|get(slot)\))) && <+... populate(..., slot, ...) ...+>
)

// ... or in two steps.
@fill_later depends on scope exists@
expression slot, E;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier getter = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier test = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present
};
identifier other = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present
};
identifier offset = {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_huge
};
identifier populate = {
	pgd_populate, p4d_populate, pud_populate, pmd_populate,
	pgd_populate_kernel, p4d_populate_kernel, pud_populate_kernel,
	pmd_populate_kernel, pgd_populate_init, p4d_populate_init,
	pud_populate_init, pmd_populate_init, pgd_alloc, p4d_alloc, pud_alloc,
	pmd_alloc, set_pgd, set_p4d, set_pud, set_pmd, set_pgd_init,
	set_p4d_init, set_pud_init, set_pmd_init, set_pgd_safe, set_p4d_safe,
	set_pud_safe, set_pmd_safe, __p4d_alloc, __pud_alloc, __pmd_alloc,
	__pte_alloc, __pte_alloc_kernel, pte_alloc, pte_alloc_kernel
};
position skip;
@@

test@skip(\(*slot\|READ_ONCE(*slot)\|get(slot)\))
... when != other(\(*slot\|READ_ONCE(*slot)\|getter(slot)\))
    when != slot = E
    when != slot++
    when != offset(slot, ...)
(
populate(..., slot, ...)
|
 *slot = E
|
WRITE_ONCE(*slot, E)
)

// The first read is under a lock.
@locked depends on scope exists@
expression slot, E;
{pgd_t, p4d_t, pud_t, pmd_t} value;
identifier guarded = {
	spinlock, spinlock_irq, spinlock_irqsave, raw_spinlock,
	raw_spinlock_irqsave, read_lock, write_lock, mutex, mmap_write_lock
};
identifier lock = {
	spin_lock, spin_lock_nested, spin_lock_irq, spin_lock_irqsave,
	spin_lock_bh, raw_spin_lock, raw_spin_lock_irqsave, read_lock,
	write_lock, mutex_lock, mmap_write_lock, pmd_lock, pud_lock,
	pmd_trans_huge_lock, pud_trans_huge_lock, huge_pte_lock,
	pte_offset_map_lock, pte_alloc_map_lock, spin_trylock,
	lockdep_assert_held, lockdep_assert_held_write, assert_spin_locked,
	mmap_assert_write_locked
};
identifier unlock = {
	spin_unlock, spin_unlock_irq, spin_unlock_irqrestore, spin_unlock_bh,
	raw_spin_unlock, raw_spin_unlock_irqrestore, read_unlock, write_unlock,
	mutex_unlock, mmap_write_unlock, pte_unmap_unlock
};
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier test = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present, pgd_bad, p4d_bad, pud_bad, pmd_bad, pgd_leaf,
	p4d_leaf, pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge,
	pmd_is_huge, pud_huge, pmd_huge, pud_large, pmd_large, pud_devmap,
	pmd_devmap
};
identifier clear = {
	pgd_none_or_clear_bad, p4d_none_or_clear_bad, pud_none_or_clear_bad,
	pmd_none_or_clear_bad, pud_trans_unstable, pmd_trans_unstable,
	pmd_devmap_trans_unstable, pmd_none_or_trans_huge_or_clear_bad,
	pud_none_or_trans_huge_or_dev_or_clear_bad
};
position taken, skip;
@@

\(lock@taken(...)\|guard@taken(guarded)(...)\)
... when any
    when != unlock(...)
(
test@skip(\(*slot\|READ_ONCE(*slot)\|get(slot)\|slot[E]\))
|
clear@skip(slot)
|
value@skip = \(*slot\|READ_ONCE(*slot)\|slot[E]\)
|
E@skip = get(slot)
)

// Around a loop it was given back, if perhaps in a function or under an if.
@script:python depends on locked@
taken << locked.taken;
skip << locked.skip;
@@

if int(taken[0].line) > int(skip[0].line):
    cocci.include_match(False)

// The same, for a block.
@scoped depends on scope disable braces0@
iterator name scoped_guard;
identifier guarded = {
	spinlock, spinlock_irq, spinlock_irqsave, raw_spinlock,
	raw_spinlock_irqsave, read_lock, write_lock, mutex, mmap_write_lock
};
position start, end;
@@

scoped_guard(guarded, ...) {@start ... }@end

@script:python@
start << scoped.start;
end << scoped.end;
@@

guarded.append((start[0].file, int(start[0].line), int(end[0].line)))

// It was all the time, says an assertion further down.
@asserted depends on scope exists@
expression slot, E;
{pgd_t, p4d_t, pud_t, pmd_t} value;
identifier lock = {
	spin_lock, spin_lock_nested, spin_lock_irq, spin_lock_irqsave,
	spin_lock_bh, raw_spin_lock, raw_spin_lock_irqsave, read_lock,
	write_lock, mutex_lock, mmap_write_lock, pmd_lock, pud_lock
};
identifier assertion = {
	lockdep_assert_held, lockdep_assert_held_write, assert_spin_locked,
	mmap_assert_write_locked
};
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier test = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present, pgd_bad, p4d_bad, pud_bad, pmd_bad, pgd_leaf,
	p4d_leaf, pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge,
	pmd_is_huge, pud_huge, pmd_huge, pud_large, pmd_large, pud_devmap,
	pmd_devmap
};
identifier clear = {
	pgd_none_or_clear_bad, p4d_none_or_clear_bad, pud_none_or_clear_bad,
	pmd_none_or_clear_bad, pud_trans_unstable, pmd_trans_unstable,
	pmd_devmap_trans_unstable, pmd_none_or_trans_huge_or_clear_bad,
	pud_none_or_trans_huge_or_dev_or_clear_bad
};
position skip;
@@

(
test@skip(\(*slot\|READ_ONCE(*slot)\|get(slot)\|slot[E]\))
|
clear@skip(slot)
|
value@skip = \(*slot\|READ_ONCE(*slot)\|slot[E]\)
|
E@skip = get(slot)
)
... when any
    when != lock(...)
assertion(...)

// The descent reads again.
@descend depends on scope exists@
expression slot, E, into;
{pgd_t, p4d_t, pud_t, pmd_t} value, later;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier getter = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier test = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present, pgd_bad, p4d_bad, pud_bad, pmd_bad, pgd_leaf,
	p4d_leaf, pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge,
	pmd_is_huge, pud_huge, pmd_huge, pud_large, pmd_large, pud_devmap,
	pmd_devmap
};
identifier other = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present, pgd_bad, p4d_bad, pud_bad, pmd_bad, pgd_leaf,
	p4d_leaf, pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge,
	pmd_is_huge, pud_huge, pmd_huge, pud_large, pmd_large, pud_devmap,
	pmd_devmap
};
identifier clear = {
	pgd_none_or_clear_bad, p4d_none_or_clear_bad, pud_none_or_clear_bad,
	pmd_none_or_clear_bad, pud_trans_unstable, pmd_trans_unstable,
	pmd_devmap_trans_unstable, pmd_none_or_trans_huge_or_clear_bad,
	pud_none_or_trans_huge_or_dev_or_clear_bad
};
identifier cleared = {
	pgd_none_or_clear_bad, p4d_none_or_clear_bad, pud_none_or_clear_bad,
	pmd_none_or_clear_bad, pud_trans_unstable, pmd_trans_unstable,
	pmd_devmap_trans_unstable, pmd_none_or_trans_huge_or_clear_bad,
	pud_none_or_trans_huge_or_dev_or_clear_bad
};
identifier offset = {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_huge
};
identifier lock = {
	spin_lock, spin_lock_nested, spin_lock_irq, spin_lock_irqsave,
	spin_lock_bh, raw_spin_lock, raw_spin_lock_irqsave, read_lock,
	write_lock, mutex_lock, mmap_write_lock
};
identifier guarded = {
	spinlock, spinlock_irq, spinlock_irqsave, raw_spinlock,
	raw_spinlock_irqsave, read_lock, write_lock, mutex, mmap_write_lock
};
identifier same = {pgd_same, p4d_same, pud_same, pmd_same};
identifier val = {pgd_val, p4d_val, pud_val, pmd_val};
identifier changed != {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_huge,
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless,
	pgd_none_or_clear_bad, p4d_none_or_clear_bad, pud_none_or_clear_bad,
	pmd_none_or_clear_bad, pud_trans_unstable, pmd_trans_unstable,
	pmd_devmap_trans_unstable, pmd_none_or_trans_huge_or_clear_bad,
	pud_none_or_trans_huge_or_dev_or_clear_bad, p4d_offset_lockless,
	pud_offset_lockless, pmd_offset_lockless, pte_offset_kernel_pmdval,
	pte_offset_map_pmdval, pte_offset_map, pud_lockptr, pmd_lockptr,
	pte_lockptr
};
position value_read != {locked.skip, asserted.skip};
position plain_read != {quiet.skip, fill.skip, fill_later.skip, locked.skip, asserted.skip};
position value_since != {locked.skip, asserted.skip};
position plain_since != {quiet.skip, fill.skip, fill_later.skip, locked.skip, asserted.skip};
position again;
@@

(
into@value_read = get(slot)
|
value@value_read = \(*slot\|READ_ONCE(*slot)\)
|
test@plain_read(\(*slot\|READ_ONCE(*slot)\|get(slot)\))
|
clear@plain_read(slot)
)
... when != E@value_since = getter(slot)
    when != later@value_since = \(*slot\|READ_ONCE(*slot)\)
    when != other@plain_since(\(*slot\|READ_ONCE(*slot)\|getter(slot)\))
    when != cleared@plain_since(slot)
    when != slot = E
    when != slot += E
    when != slot -= E
    when != slot++
    when != ++slot
    when != slot--
    when != --slot
    when != &slot
    when != *slot = E
    when != val(*slot) = E
    when != WRITE_ONCE(*slot, E)
    when != changed(..., slot, ...)
    when != lock(...)
    when != guard(guarded)(...)
    when != same(...)
    when != val(...) == val(...)
    when != val(...) != val(...)
offset@again(slot, ...)

@script:python depends on org@
first << descend.value_read;
again << descend.again;
slot << descend.slot;
offset << descend.offset;
@@

msg = pair("reread-value", first, again, slot, offset + "(%s)")
if msg:
    coccilib.org.print_todo(again[0], msg)

@script:python depends on report@
first << descend.value_read;
again << descend.again;
slot << descend.slot;
offset << descend.offset;
@@

msg = pair("reread-value", first, again, slot, offset + "(%s)")
if msg:
    coccilib.report.print_report(again[0], msg)

@script:python depends on org@
first << descend.plain_read;
again << descend.again;
slot << descend.slot;
offset << descend.offset;
@@

msg = pair("reread-plain", first, again, slot, offset + "(%s)")
if msg:
    coccilib.org.print_todo(again[0], msg)

@script:python depends on report@
first << descend.plain_read;
again << descend.again;
slot << descend.slot;
offset << descend.offset;
@@

msg = pair("reread-plain", first, again, slot, offset + "(%s)")
if msg:
    coccilib.report.print_report(again[0], msg)

@depends on context@
expression read;
position descend.again;
@@

* read@again

// The entry is looked at again; a new value in a variable is a new start.
@look depends on scope exists@
expression slot, E, into;
{pgd_t, p4d_t, pud_t, pmd_t} value;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier test = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present, pgd_bad, p4d_bad, pud_bad, pmd_bad, pgd_leaf,
	p4d_leaf, pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge,
	pmd_is_huge, pud_huge, pmd_huge, pud_large, pmd_large, pud_devmap,
	pmd_devmap
};
identifier clear = {
	pgd_none_or_clear_bad, p4d_none_or_clear_bad, pud_none_or_clear_bad,
	pmd_none_or_clear_bad, pud_trans_unstable, pmd_trans_unstable,
	pmd_devmap_trans_unstable, pmd_none_or_trans_huge_or_clear_bad,
	pud_none_or_trans_huge_or_dev_or_clear_bad
};
identifier lock = {
	spin_lock, spin_lock_nested, spin_lock_irq, spin_lock_irqsave,
	spin_lock_bh, raw_spin_lock, raw_spin_lock_irqsave, read_lock,
	write_lock, mutex_lock, mmap_write_lock
};
identifier guarded = {
	spinlock, spinlock_irq, spinlock_irqsave, raw_spinlock,
	raw_spinlock_irqsave, read_lock, write_lock, mutex, mmap_write_lock
};
identifier same = {pgd_same, p4d_same, pud_same, pmd_same};
identifier val = {pgd_val, p4d_val, pud_val, pmd_val};
identifier changed != {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_huge,
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless,
	pgd_none_or_clear_bad, p4d_none_or_clear_bad, pud_none_or_clear_bad,
	pmd_none_or_clear_bad, pud_trans_unstable, pmd_trans_unstable,
	pmd_devmap_trans_unstable, pmd_none_or_trans_huge_or_clear_bad,
	pud_none_or_trans_huge_or_dev_or_clear_bad, p4d_offset_lockless,
	pud_offset_lockless, pmd_offset_lockless, pte_offset_kernel_pmdval,
	pte_offset_map_pmdval, pte_offset_map, pud_lockptr, pmd_lockptr,
	pte_lockptr
};
position value_read != {locked.skip, asserted.skip};
position plain_read != {quiet.skip, fill.skip, fill_later.skip, locked.skip, asserted.skip};
position again;
@@

(
into@value_read = get(slot)
|
value@value_read = \(*slot\|READ_ONCE(*slot)\)
|
test@plain_read(\(*slot\|READ_ONCE(*slot)\|get(slot)\))
|
clear@plain_read(slot)
)
... when != slot = E
    when != slot += E
    when != slot -= E
    when != slot++
    when != ++slot
    when != slot--
    when != --slot
    when != &slot
    when != *slot = E
    when != val(*slot) = E
    when != WRITE_ONCE(*slot, E)
    when != changed(..., slot, ...)
    when != lock(...)
    when != guard(guarded)(...)
    when != same(...)
    when != val(...) == val(...)
    when != val(...) != val(...)
(
 *slot = E
|
val(*slot) = E
|
WRITE_ONCE(*slot, E)
|
same(...)
|
val(...) == val(...)
|
val(...) != val(...)
|
E = \(*slot\|READ_ONCE(*slot)\|get(slot)\)
|
clear@again(slot)
|
 *slot@again
|
get(slot@again)
)

@script:python depends on org@
first << look.value_read;
again << look.again;
slot << look.slot;
@@

msg = pair("reread-value", first, again, slot, "*%s")
if msg:
    coccilib.org.print_todo(again[0], msg)

@script:python depends on report@
first << look.value_read;
again << look.again;
slot << look.slot;
@@

msg = pair("reread-value", first, again, slot, "*%s")
if msg:
    coccilib.report.print_report(again[0], msg)

@script:python depends on org@
first << look.plain_read;
again << look.again;
slot << look.slot;
@@

msg = pair("reread-plain", first, again, slot, "*%s")
if msg:
    coccilib.org.print_todo(again[0], msg)

@script:python depends on report@
first << look.plain_read;
again << look.again;
slot << look.slot;
@@

msg = pair("reread-plain", first, again, slot, "*%s")
if msg:
    coccilib.report.print_report(again[0], msg)

@depends on context@
expression read;
position look.again;
@@

* read@again

// Twice in one expression: "..." is no way from one half of it to the other.
@together depends on scope@
expression slot, X, Y, E;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier test = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present, pgd_bad, p4d_bad, pud_bad, pmd_bad, pgd_leaf,
	p4d_leaf, pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge,
	pmd_is_huge, pud_huge, pmd_huge, pud_large, pmd_large, pud_devmap,
	pmd_devmap
};
identifier offset = {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_huge
};
identifier clear = {
	pgd_none_or_clear_bad, p4d_none_or_clear_bad, pud_none_or_clear_bad,
	pmd_none_or_clear_bad, pud_trans_unstable, pmd_trans_unstable,
	pmd_devmap_trans_unstable, pmd_none_or_trans_huge_or_clear_bad,
	pud_none_or_trans_huge_or_dev_or_clear_bad
};
position taken != {quiet.skip, fill.skip, locked.skip, asserted.skip};
position first, down, again;
@@

(
\( \(X && Y\|X || Y\) \&
   <+... \(test@taken(\(*slot@first\|READ_ONCE(*slot@first)\|get(slot@first)\))\|clear@taken(slot@first)\) ...+> \&
   <+... \(slot = E\|slot++\|++slot\|slot--\|--slot\|*slot = E\) ...+>
\)
|
\( \(X && Y\|X || Y\) \&
   <+... \(test@taken(\(*slot@first\|READ_ONCE(*slot@first)\|get(slot@first)\))\|clear@taken(slot@first)\) ...+> \&
   <+... \(offset@down(slot, ...)\|clear@again(slot)\|get(slot@again)\|*slot@again\) ...+>
\)
|
\(test@taken(\(*slot@first\|READ_ONCE(*slot@first)\|get(slot@first)\))\|clear@taken(slot@first)\) ?
	<+... \(slot = E\|slot++\|++slot\|slot--\|--slot\|*slot = E\) ...+> : ...
|
\(test@taken(\(*slot@first\|READ_ONCE(*slot@first)\|get(slot@first)\))\|clear@taken(slot@first)\) ?
	<+... \(offset@down(slot, ...)\|clear@again(slot)\|get(slot@again)\|*slot@again\) ...+> : ...
|
!\(test@taken(\(*slot@first\|READ_ONCE(*slot@first)\|get(slot@first)\))\|clear@taken(slot@first)\) ?
	<+... \(offset@down(slot, ...)\|clear@again(slot)\|get(slot@again)\|*slot@again\) ...+> : ...
|
\(test@taken(\(*slot@first\|READ_ONCE(*slot@first)\|get(slot@first)\))\|clear@taken(slot@first)\) ?
	... : <+... \(offset@down(slot, ...)\|clear@again(slot)\|get(slot@again)\|*slot@again\) ...+>
)

@script:python depends on org@
first << together.first;
again << together.again;
slot << together.slot;
@@

msg = pair("reread-plain", first, again, slot, "*%s", True)
if msg:
    coccilib.org.print_todo(again[0], msg)

@script:python depends on report@
first << together.first;
again << together.again;
slot << together.slot;
@@

msg = pair("reread-plain", first, again, slot, "*%s", True)
if msg:
    coccilib.report.print_report(again[0], msg)

@script:python depends on org@
first << together.first;
again << together.down;
offset << together.offset;
slot << together.slot;
@@

msg = pair("reread-plain", first, again, slot, offset + "(%s)", True)
if msg:
    coccilib.org.print_todo(again[0], msg)

@script:python depends on report@
first << together.first;
again << together.down;
offset << together.offset;
slot << together.slot;
@@

msg = pair("reread-plain", first, again, slot, offset + "(%s)", True)
if msg:
    coccilib.report.print_report(again[0], msg)

@depends on context@
expression read;
position together.again;
@@

* read@again

@depends on context@
expression read;
position together.down;
@@

* read@down

// An element of a table, if table and index stay what they are.
@element depends on scope@
{pgd_t *, p4d_t *, pud_t *, pmd_t *} table;
expression i;
@@

\(table[i]\|table + i\)

@indexed depends on element exists@
{pgd_t *, p4d_t *, pud_t *, pmd_t *} table;
expression E, into;
idexpression i;
{pgd_t, p4d_t, pud_t, pmd_t} value;
identifier get = {
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
identifier test = {
	pgd_none, p4d_none, pud_none, pmd_none, pgd_present, p4d_present,
	pud_present, pmd_present, pgd_bad, p4d_bad, pud_bad, pmd_bad, pgd_leaf,
	p4d_leaf, pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge,
	pmd_is_huge, pud_huge, pmd_huge, pud_large, pmd_large, pud_devmap,
	pmd_devmap
};
identifier offset = {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_huge
};
identifier lock = {
	spin_lock, spin_lock_nested, spin_lock_irq, spin_lock_irqsave,
	spin_lock_bh, raw_spin_lock, raw_spin_lock_irqsave, read_lock,
	write_lock, mutex_lock, mmap_write_lock
};
identifier guarded = {
	spinlock, spinlock_irq, spinlock_irqsave, raw_spinlock,
	raw_spinlock_irqsave, read_lock, write_lock, mutex, mmap_write_lock
};
identifier same = {pgd_same, p4d_same, pud_same, pmd_same};
identifier val = {pgd_val, p4d_val, pud_val, pmd_val};
identifier changed != {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_huge,
	pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless
};
position value_read != {locked.skip, asserted.skip};
position plain_read != {quiet.skip, locked.skip, asserted.skip};
position again;
@@

(
into@value_read = get(\(&table[i]\|table + i\))
|
value@value_read = \(table[i]\|*(table + i)\|READ_ONCE(table[i])\|READ_ONCE(*(table + i))\)
|
test@plain_read(\(table[i]\|*(table + i)\|READ_ONCE(table[i])\|READ_ONCE(*(table + i))\|get(\(&table[i]\|table + i\))\))
)
... when != table = E
    when != i = E
    when != i += E
    when != i++
    when != ++i
    when != i--
    when != --i
    when != table[i] = E
    when != *(table + i) = E
    when != WRITE_ONCE(table[i], E)
    when != val(table[i]) = E
    when != changed(..., \(&table[i]\|table + i\), ...)
    when != lock(...)
    when != guard(guarded)(...)
    when != same(...)
    when != val(...) == val(...)
    when != val(...) != val(...)
(
 table[i] = E
|
 *(table + i) = E
|
val(table[i]) = E
|
WRITE_ONCE(table[i], E)
|
same(...)
|
val(...) == val(...)
|
val(...) != val(...)
|
E = \(table[i]\|*(table + i)\|READ_ONCE(table[i])\|get(\(&table[i]\|table + i\))\)
|
offset(\(&table@again[i]\|table@again + i\), ...)
|
get(\(&table@again[i]\|table@again + i\))
|
 &table[i]
|
 table@again[i]
|
 *(table@again + i)
)

@script:python depends on org@
first << indexed.value_read;
again << indexed.again;
table << indexed.table;
i << indexed.i;
@@

msg = pair("reread-value", first, again, "%s[%s]" % (table, i), "%s")
if msg:
    coccilib.org.print_todo(again[0], msg)

@script:python depends on report@
first << indexed.value_read;
again << indexed.again;
table << indexed.table;
i << indexed.i;
@@

msg = pair("reread-value", first, again, "%s[%s]" % (table, i), "%s")
if msg:
    coccilib.report.print_report(again[0], msg)

@script:python depends on org@
first << indexed.plain_read;
again << indexed.again;
table << indexed.table;
i << indexed.i;
@@

msg = pair("reread-plain", first, again, "%s[%s]" % (table, i), "%s")
if msg:
    coccilib.org.print_todo(again[0], msg)

@script:python depends on report@
first << indexed.plain_read;
again << indexed.again;
table << indexed.table;
i << indexed.i;
@@

msg = pair("reread-plain", first, again, "%s[%s]" % (table, i), "%s")
if msg:
    coccilib.report.print_report(again[0], msg)

@depends on context@
expression read;
position indexed.again;
@@

* read@again
