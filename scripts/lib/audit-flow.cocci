// SPDX-License-Identifier: GPL-2.0-only
// Facts about page table walkers, for scripts/audit alone: no finding comes
// from here. A slot is a pointer to a page table entry.
//   named     a slot is named here         copy   the address of a copy is handed on
//   declared  a slot gets what a function returns
//   flow      from one such place to the next, without a lock taken in between
//   start     reached from the start of the function, without a lock taken
//   held      a lock that may be held here
//   body      a function that spatch has read and found a way through
// scripts/lib/audit_facts.py reads the expressions around these places.

virtual report

@initialize:python@
@@

def fact(p, kind, more=""):
    print("%s:%s: %s %s %s" % (p[0].file, p[0].line, kind, p[0].column, more))

// The names that scripts/audit looks for: a list takes half the time of as many
// patterns.
@scope@
typedef pgd_t, p4d_t, pud_t, pmd_t;
identifier walk = {
	p4d_offset, pud_offset, pmd_offset, pte_offset_kernel, pte_offset_huge,
	pte_alloc_kernel, pgdp_get, p4dp_get, pudp_get, pmdp_get,
	pmdp_get_lockless, pmd_read_atomic, pgd_none, p4d_none, pud_none,
	pmd_none, pgd_present, p4d_present, pud_present, pmd_present, pgd_bad,
	p4d_bad, pud_bad, pmd_bad, pgd_none_or_clear_bad,
	p4d_none_or_clear_bad, pud_none_or_clear_bad, pmd_none_or_clear_bad,
	pud_leaf, pmd_leaf, pud_trans_huge, pmd_trans_huge, pud_huge, pmd_huge,
	pud_large, pmd_large, pud_devmap, pmd_devmap, pud_trans_unstable,
	pmd_trans_unstable, pmd_devmap_trans_unstable,
	pmd_none_or_trans_huge_or_clear_bad, pmd_is_huge, pte_offset_map,
	pte_offset_map_lock, pte_offset_map_nolock, pte_offset_map_ro_nolock,
	pte_offset_map_rw_nolock, p4d_alloc, pud_alloc, pmd_alloc, pte_alloc,
	mm_find_pmd, pmd_off, pmd_off_k
};
@@

walk(...)

@named depends on scope@
idexpression {pgd_t *, p4d_t *, pud_t *, pmd_t *} slot;
position p;
@@

slot@p

@script:python@
p << named.p;
@@

fact(p, "named")

@member depends on scope@
expression E;
identifier level = {pgd, p4d, pud, pmd, pgdp, p4dp, pudp, pmdp};
position p;
@@

(
E->level@p
|
E.level@p
)

@script:python@
p << member.p;
@@

fact(p, "member")

@flow depends on named exists@
idexpression {pgd_t *, p4d_t *, pud_t *, pmd_t *} slot;
identifier lock = {
	spin_lock, spin_lock_nested, spin_lock_irq, spin_lock_irqsave,
	spin_lock_bh, raw_spin_lock, raw_spin_lock_irqsave, read_lock,
	write_lock, mutex_lock, mmap_write_lock
};
identifier guarded = {
	spinlock, spinlock_irq, spinlock_irqsave, raw_spinlock,
	raw_spinlock_irqsave, read_lock, write_lock, mutex, mmap_write_lock
};
position p, q;
@@

slot@p
... when != slot
    when != lock(...)
    when != guard(guarded)(...)
slot@q

@script:python@
p << flow.p;
q << flow.q;
@@

fact(p, "flow", "%s:%s" % (q[0].line, q[0].column))

@member_flow depends on member exists@
expression E;
identifier level = {pgd, p4d, pud, pmd, pgdp, p4dp, pudp, pmdp};
identifier lock = {
	spin_lock, spin_lock_nested, spin_lock_irq, spin_lock_irqsave,
	spin_lock_bh, raw_spin_lock, raw_spin_lock_irqsave, read_lock,
	write_lock, mutex_lock, mmap_write_lock
};
identifier guarded = {
	spinlock, spinlock_irq, spinlock_irqsave, raw_spinlock,
	raw_spinlock_irqsave, read_lock, write_lock, mutex, mmap_write_lock
};
position p, q;
@@

(
E->level@p
|
E.level@p
)
... when != E->level
    when != E.level
    when != lock(...)
    when != guard(guarded)(...)
(
E->level@q
|
E.level@q
)

@script:python@
p << member_flow.p;
q << member_flow.q;
@@

fact(p, "flow", "%s:%s" % (q[0].line, q[0].column))

@declared depends on scope exists@
type T = {pgd_t *, p4d_t *, pud_t *, pmd_t *};
type S;
identifier slot, f;
position p, q;
@@

(
T slot@p = f(...);
|
T slot@p = (S)f(...);
)
... when != slot
slot@q

@script:python@
p << declared.p;
q << declared.q;
@@

fact(p, "declared")
fact(p, "flow", "%s:%s" % (q[0].line, q[0].column))

@start depends on named exists@
type T = {pgd_t *, p4d_t *, pud_t *, pmd_t *};
identifier f, slot;
parameter list[n] before;
identifier lock = {
	spin_lock, spin_lock_nested, spin_lock_irq, spin_lock_irqsave,
	spin_lock_bh, raw_spin_lock, raw_spin_lock_irqsave, read_lock,
	write_lock, mutex_lock, mmap_write_lock
};
identifier guarded = {
	spinlock, spinlock_irq, spinlock_irqsave, raw_spinlock,
	raw_spinlock_irqsave, read_lock, write_lock, mutex, mmap_write_lock
};
position p;
@@

f(before, T slot, ...)
{
... when != slot
    when != lock(...)
    when != guard(guarded)(...)
slot@p
... when any
}

@script:python@
p << start.p;
@@

fact(p, "start")

@held depends on named exists@
idexpression {pgd_t *, p4d_t *, pud_t *, pmd_t *} slot;
identifier lock = {
	spin_lock, spin_lock_nested, spin_lock_irq, spin_lock_irqsave,
	spin_lock_bh, raw_spin_lock, raw_spin_lock_irqsave, read_lock,
	write_lock, mutex_lock, mmap_write_lock,
	mmap_write_lock_killable, pmd_lock, pud_lock, pmd_trans_huge_lock,
	pud_trans_huge_lock, __pmd_trans_huge_lock, __pud_trans_huge_lock,
	huge_pte_lock, pte_offset_map_lock,
	pte_alloc_map_lock, lockdep_assert_held, lockdep_assert_held_write,
	assert_spin_locked, mmap_assert_write_locked
};
identifier guarded = {
	spinlock, spinlock_irq, spinlock_irqsave, raw_spinlock,
	raw_spinlock_irqsave, read_lock, write_lock, mutex, mmap_write_lock
};
identifier unlock = {
	spin_unlock, spin_unlock_irq, spin_unlock_irqrestore, spin_unlock_bh,
	raw_spin_unlock, raw_spin_unlock_irqrestore, read_unlock, write_unlock,
	mutex_unlock, mmap_write_unlock, mmap_write_downgrade, pte_unmap_unlock
};
position taken, p;
@@

\(lock@taken(...)\|guard@taken(guarded)(...)\)
... when any
    when != unlock(...)
slot@p

@script:python@
taken << held.taken;
p << held.p;
@@

fact(p, "held", "%s:%s" % (taken[0].line, taken[0].column))

@copy depends on scope@
local idexpression {pgd_t, p4d_t, pud_t, pmd_t} value;
identifier f;
type T;
position p;
@@

f(..., \(&value@p\|(T)&value@p\), ...)

@script:python@
p << copy.p;
value << copy.value;
@@

fact(p, "copy", value)

// Whatever it calls. What is not among these was dropped.
@body@
identifier f;
position p;
@@

f(...) {@p ... }

@script:python@
p << body.p;
f << body.f;
@@

print("%s:%s: body %s" % (p[0].file, p[0].line, f))
