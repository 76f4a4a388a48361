// SPDX-License-Identifier: GPL-2.0-only
/*
 * What offset_lockless.cocci rewrites, to offset_lockless.expected.c
 * (change_), and what it must not touch (keep_).
 */
#include <linux/mm.h>

/* --- the look-up reads the entry again --- */

static pmd_t *change_declared(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud) || pud_leaf(pud))
		return NULL;
	return pmd_offset(pudp, addr);
}

static pud_t *change_assigned(p4d_t *p4dp, unsigned long addr)
{
	p4d_t p4d;

	p4d = p4dp_get(p4dp);
	if (!p4d_present(p4d))
		return NULL;
	return pud_offset(p4dp, addr);
}

static int change_all_levels(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgdp, pgd;
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t *pmdp, pmd;
	pte_t *ptep;

	pgdp = pgd_offset(mm, addr);
	pgd = pgdp_get(pgdp);
	if (pgd_none(pgd))
		goto none;
	p4dp = p4d_offset(pgdp, addr);
	p4d = p4dp_get(p4dp);
	if (p4d_none(p4d) || unlikely(p4d_bad(p4d)))
		goto none;
	pudp = pud_offset(p4dp, addr);
	pud = pudp_get(pudp);
	if (pud_none(pud))
		goto none;
	if (pud_leaf(pud))
		return 1;
	pmdp = pmd_offset(pudp, addr);
	pmd = pmdp_get_lockless(pmdp);
	if (!pmd_present(pmd) || pmd_leaf(pmd))
		goto none;
	ptep = pte_offset_kernel(pmdp, addr);
	return walk(ptep);
none:
	return 0;
}

static pmd_t *change_plain(pud_t *pudp, unsigned long addr)
{
	pud_t pud = *pudp;

	barrier();
	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);
}

static void change_loop(p4d_t *p4dp, unsigned long addr, unsigned long end)
{
	pud_t *pudp = pud_offset(p4dp, addr);
	unsigned long next;

	do {
		pud_t pud = pudp_get(pudp);

		next = pud_addr_end(addr, end);
		if (pud_none(pud))
			continue;
		walk(pmd_offset(pudp, addr));
	} while (pudp++, addr = next, addr != end);
}

static void change_prints(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	pr_alert("pmd=%lx", pmd_val(pmd));
	if (WARN_ON_ONCE(pmd_bad(pmd)))
		return;
	walk(pte_offset_kernel(pmdp, addr));
}

static int change_both_branches(pud_t *pudp, unsigned long addr, bool first)
{
	pud_t pud = pudp_get(pudp);

	if (first)
		return walk(pmd_offset(pudp, 0));
	else
		return walk(pmd_offset(pudp, addr));
}

static pmd_t *change_choice(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return pud_none(pud) ? NULL : pmd_offset(pudp, addr);
}

static int change_reread(pud_t *pudp, unsigned long addr)
{
	pud_t pud;
again:
	pud = pudp_get(pudp);
	if (pud_none(pud)) {
		cond_resched();
		goto again;
	}
	return walk(pmd_offset(pudp, addr));
}

static int change_map_irqs_off(pmd_t *pmdp, unsigned long addr, unsigned long flags)
{
	pmd_t pmd;
	int ret = 0;

	local_irq_save(flags);
	pmd = pmdp_get_lockless(pmdp);
	if (pmd_present(pmd))
		ret = walk(pte_offset_map(pmdp, addr));
	local_irq_restore(flags);
	return ret;
}

static int change_map_rcu(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd;

	guard(rcu)();
	pmd = pmdp_get_lockless(pmdp);
	return pmd_none(pmd) ? 0 : walk(pte_offset_map(pmdp, addr));
}

static int change_scope(pud_t *pudp, unsigned long addr)
{
	scoped_guard(irqsave) {
		pud_t pud = pudp_get(pudp);

		if (!pud_none(pud))
			return walk(pmd_offset(pudp, addr));
	}
	return 0;
}

/* --- the look-up is given a copy --- */

static pmd_t *change_copy(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(&pud, addr);
}

static int change_copy_all_levels(pgd_t *pgdp, unsigned long addr)
{
	pgd_t pgd = READ_ONCE(*pgdp);
	p4d_t *p4dp = p4d_offset(&pgd, addr);
	p4d_t p4d = p4dp_get(p4dp);
	pud_t *pudp = pud_offset(&p4d, addr);
	pud_t pud = pudp_get(pudp);
	pmd_t *pmdp = pmd_offset(&pud, addr);
	pmd_t pmd = pmdp_get_lockless(pmdp);
	pte_t *ptep;
	int ret = walk(pte_offset_kernel(&pmd, addr));

	ptep = pte_offset_map(&pmd, addr);
	if (ptep)
		pte_unmap(ptep);
	return ret;
}

static int change_copy_used_at_once(p4d_t *p4dp, unsigned long addr)
{
	p4d_t p4d = READ_ONCE(*p4dp);

	return pud_none(READ_ONCE(*pud_offset(&p4d, addr)));
}

static int change_copy_after_call(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	cond_resched();
	use(pud_val(*pudp));
	return walk(pmd_offset(&pud, addr));
}

static void change_copy_in_loop(pud_t *pudp, unsigned long addr, int n)
{
	for (; n; n--, pudp++) {
		pud_t val = READ_ONCE(*pudp);

		if (!pud_none(val))
			walk(pmd_offset(&val, addr));
	}
}

/* --- hands off --- */

static int keep_lock(pud_t *pudp, unsigned long addr, spinlock_t *lock)
{
	pud_t pud = pudp_get(pudp);
	int ret;

	if (pud_none(pud))
		return 0;
	spin_lock(lock);
	ret = walk(pmd_offset(pudp, addr));
	spin_unlock(lock);
	return ret;
}

static int keep_guard(pud_t *pudp, unsigned long addr, spinlock_t *lock)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		return 0;
	guard(spinlock)(lock);
	return walk(pmd_offset(pudp, addr));
}

static int keep_unlock(pud_t *pudp, unsigned long addr, spinlock_t *lock)
{
	pud_t pud;

	spin_lock(lock);
	pud = pudp_get(pudp);
	spin_unlock(lock);
	return pud_none(pud) ? 0 : walk(pmd_offset(pudp, addr));
}

static int keep_sleep(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		return 0;
	cond_resched();
	return walk(pmd_offset(pudp, addr));
}

static int keep_split(struct vm_area_struct *vma, pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pud_leaf(pud))
		split_huge_pud(vma, pudp, addr);
	return walk(pmd_offset(pudp, addr));
}

static int keep_written(pud_t *pudp, pud_t new, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		*pudp = new;
	return walk(pmd_offset(pudp, addr));
}

static int keep_set(pud_t *pudp, pud_t new, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		set_pud(pudp, new);
	return walk(pmd_offset(pudp, addr));
}

static int keep_tested_again(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	use(pud_val(pud));
	if (pud_leaf(*pudp))
		return 0;
	return walk(pmd_offset(pudp, addr));
}

static int keep_read_again(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp), now;

	if (pud_none(pud))
		return 0;
	now = pudp_get(pudp);
	return pud_leaf(now) ? 0 : walk(pmd_offset(pudp, addr));
}

static int keep_value_changed(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get(pmdp);

	pmd = pmd_mkold(pmd);
	use(pmd_val(pmd));
	return walk(pte_offset_kernel(pmdp, addr));
}

static int keep_value_handed_out(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	fill(&pud);
	return walk(pmd_offset(pudp, addr));
}

static int keep_stepped(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		pudp++;
	return walk(pmd_offset(pudp, addr));
}

static int keep_other_slot(pud_t *pudp, pud_t *other, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	use(pud_val(pud));
	pudp = other;
	return walk(pmd_offset(pudp, addr));
}

static int keep_one_path(pud_t *pudp, unsigned long addr, bool read)
{
	pud_t pud = { 0 };

	if (read)
		pud = pudp_get(pudp);
	use(pud_val(pud));
	return walk(pmd_offset(pudp, addr));
}

static int keep_perhaps(pud_t *pudp, unsigned long addr, bool read)
{
	pud_t pud;

	if (read && pud_none(pud = pudp_get(pudp)))
		return 0;
	return walk(pmd_offset(pudp, addr));
}

static int keep_parameter(pud_t *pudp, pud_t pud, unsigned long addr)
{
	use(pud_val(pud));
	return walk(pmd_offset(pudp, addr)) + walk(pmd_offset(&pud, addr));
}

/* pte_offset_map() locks RCU: the table may have gone since it was read. */
static int keep_map(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	return pmd_none(pmd) ? 0 : walk(pte_offset_map(pmdp, addr));
}

static int keep_map_after_unlock(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd;

	rcu_read_lock();
	rcu_read_unlock();
	pmd = pmdp_get_lockless(pmdp);
	return pmd_none(pmd) ? 0 : walk(pte_offset_map(pmdp, addr));
}

static int keep_map_late(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);
	int ret;

	rcu_read_lock();
	ret = pmd_none(pmd) ? 0 : walk(pte_offset_map(pmdp, addr));
	rcu_read_unlock();
	return ret;
}

static int keep_copy_of_other(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	pudp++;
	use(pud_val(*pudp));
	return walk(pmd_offset(&pud, addr));
}

static int keep_changed_copy(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get(pmdp);

	pmd = pmd_mkold(pmd);
	return walk(pte_offset_kernel(&pmd, addr));
}

static int keep_filled_copy(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	fill(&pud);
	return walk(pmd_offset(&pud, addr));
}

static int keep_one_path_copy(pud_t *pudp, pud_t pud, unsigned long addr)
{
	if (pudp)
		pud = pudp_get(pudp);
	return walk(pmd_offset(&pud, addr));
}

static pmd_t *keep_lockless(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return pmd_offset_lockless(pudp, pud, addr);
}
