// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function tests an entry and returns the slot; the caller reads it again.
 * A line that has to be reported says so; all others have to stay silent.
 */
#include <linux/mm.h>

/* --- what they call --- */

static pud_t *find_pud(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = pud_offset(p4d_offset(pgd_offset(mm, addr), addr), addr);

	if (pud_none_or_clear_bad(pud))
		return NULL;
	return pud;
}

static pmd_t *find_pmd(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	if (pmd_none(*pmd))
		return NULL;

	return pmd;
}

static pmd_t *find_pmd_value(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd;
	pmd_t val;

	pmd = pmd_offset(pud, addr);
	val = READ_ONCE(*pmd);
	if (!pmd_present(val) || pmd_leaf(val))
		return NULL;
	return pmd;
}

static pmd_t *find_pmd_out(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	if (!pmd_present(*pmd))
		goto out;
	prefetch(pmd);
out:
	return pmd;
}

static pmd_t *wrapped(pud_t *pud, unsigned long addr)
{
	return find_pmd(pud, addr);
}

static pmd_t *wrapped_again(pud_t *pud, unsigned long addr)
{
	if (!addr)
		return NULL;
	return wrapped(pud, addr);
}

static pmd_t *returned_by_way_of(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	return pmd;
}

static pmd_t *not_tested(pud_t *pud, unsigned long addr)
{
	return pmd_offset(pud, addr);
}

static pmd_t *upper_tested(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (!pud_present(pud))
		return NULL;
	return pmd_offset_lockless(pudp, pud, addr);
}

static pmd_t *next_returned(pmd_t *pmd)
{
	if (pmd_none(*pmd))
		return NULL;
	pmd++;
	return pmd;
}

static pmd_t *asserted(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	VM_BUG_ON(pmd_trans_huge(*pmd));
	return pmd;
}

static pmd_t *filled(struct mm_struct *mm, pud_t *pud, pte_t *table, unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	if (pmd_none(*pmd))
		pmd_populate_kernel(mm, pmd, table);
	return pmd;
}

static pmd_t *locked(struct mm_struct *mm, pud_t *pud, unsigned long addr, spinlock_t **ptlp)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	*ptlp = pmd_lock(mm, pmd);
	if (pmd_none(*pmd))
		return NULL;
	return pmd;
}

static int descends_pmd(pmd_t *pmd, unsigned long addr)
{
	return walk(pte_offset_kernel(pmd, addr));
}

/* --- to be reported --- */

static pmd_t *bad_returned(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = find_pud(mm, addr);

	if (!pud)
		return NULL;
	return pmd_offset(pud, addr);			/* EXPECT: reread-plain */
}

static pmd_t *bad_assigned(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud;

	pud = find_pud(mm, addr);
	if (!pud)
		return NULL;
	return pmd_offset(pud, addr);			/* EXPECT: reread-plain */
}

static int bad_tested_again(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = find_pud(mm, addr);

	return pud && pud_trans_huge(*pud);		/* EXPECT: reread-plain */
}

static pte_t *bad_pmd(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	return pmd ? pte_offset_kernel(pmd, addr) : NULL;	/* EXPECT: reread-plain */
}

static pte_t *bad_value(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd_value(pud, addr);

	return pmd ? pte_offset_kernel(pmd, addr) : NULL;	/* EXPECT: reread-value */
}

static pte_t *bad_out(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd_out(pud, addr);

	return pte_offset_kernel(pmd, addr);		/* EXPECT: reread-plain */
}

static struct page *bad_used(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd;

	pmd = find_pmd(pud, addr);
	if (!pmd)
		return NULL;
	return pmd_page(*pmd);				/* EXPECT: reread-plain */
}

static pte_t *bad_wrapped(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = wrapped_again(pud, addr);

	if (!pmd)
		return NULL;
	return pte_offset_kernel(pmd, addr);		/* EXPECT: reread-plain */
}

static pte_t *bad_by_way_of(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = returned_by_way_of(pud, addr);

	if (!pmd)
		return NULL;
	return pte_offset_kernel(pmd, addr);		/* EXPECT: reread-plain */
}

static int bad_handed_on(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	if (!pmd)
		return 0;
	return descends_pmd(pmd, addr);			/* EXPECT: reread-plain */
}

static int bad_in_a_loop(struct mm_struct *mm, unsigned long addr, unsigned long end)
{
	pud_t *pud;

	for (; addr < end; addr += PUD_SIZE) {
		pud = find_pud(mm, addr);
		if (!pud)
			continue;
		walk(pmd_offset(pud, addr));		/* EXPECT: reread-plain */
	}
	return 0;
}

static int bad_while(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud;

	while ((pud = find_pud(mm, addr))) {
		walk(pmd_offset(pud, addr));		/* EXPECT: reread-plain */
		addr += PUD_SIZE;
	}
	return 0;
}

static int bad_if_assigned(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud;

	if (!(pud = find_pud(mm, addr)))
		return 0;
	return walk(pmd_offset(pud, addr));		/* EXPECT: reread-plain */
}

static int bad_one_branch(pud_t *pud, unsigned long addr, int how)
{
	pmd_t *pmd;

	if (how)
		pmd = find_pmd(pud, addr);
	else
		pmd = not_tested(pud, addr);
	return walk(pte_offset_kernel(pmd, addr));	/* EXPECT: reread-plain */
}

static int bad_member_gets_it(struct vm_fault *vmf, unsigned long addr)
{
	vmf->pud = find_pud(vmf->mm, addr);
	if (!vmf->pud)
		return 0;
	return walk(pmd_offset(vmf->pud, addr));	/* EXPECT: reread-plain */
}

static int bad_two_levels(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = find_pud(mm, addr);
	pmd_t *pmd;

	if (!pud)
		return 0;
	pmd = find_pmd(pud, addr);			/* EXPECT: reread-plain */
	if (!pmd)
		return 0;
	return walk(pte_offset_kernel(pmd, addr));	/* EXPECT: reread-plain */
}

static int bad_second_declaration(struct mm_struct *mm, unsigned long addr)
{
	if (addr) {
		pud_t *pud = find_pud(mm, addr);

		if (pud && pud_leaf(*pud))		/* EXPECT: reread-plain */
			return 1;
	}
	return 0;
}

static int bad_cast(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = (pud_t *)find_pud(mm, addr);

	return walk(pmd_offset(pud, addr));		/* EXPECT: reread-plain */
}

static int bad_either(struct mm_struct *mm, unsigned long addr, int leaf)
{
	pud_t *pud = find_pud(mm, addr);

	if (leaf)
		return pud_leaf(*pud);			/* EXPECT: reread-plain */
	return walk(pmd_offset(pud, addr));		/* EXPECT: reread-plain */
}

/* --- look-alikes --- */

static pte_t *good_not_tested(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = not_tested(pud, addr);

	return pte_offset_kernel(pmd, addr);
}

static pte_t *good_upper_tested(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = upper_tested(pud, addr);

	return pmd ? pte_offset_kernel(pmd, addr) : NULL;
}

static pte_t *good_next(pmd_t *pmd, unsigned long addr)
{
	pmd_t *next = next_returned(pmd);

	return pte_offset_kernel(next, addr);
}

static pte_t *good_asserted(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = asserted(pud, addr);

	return pte_offset_kernel(pmd, addr);
}

static pte_t *good_filled(struct mm_struct *mm, pud_t *pud, pte_t *table, unsigned long addr)
{
	pmd_t *pmd = filled(mm, pud, table, addr);

	return pte_offset_kernel(pmd, addr);
}

static pte_t *good_locked(struct mm_struct *mm, pud_t *pud, unsigned long addr, spinlock_t **ptlp)
{
	pmd_t *pmd = locked(mm, pud, addr, ptlp);

	return pmd ? pte_offset_kernel(pmd, addr) : NULL;
}

static int good_only_compared(pud_t *pud, pmd_t *other, unsigned long addr)
{
	return find_pmd(pud, addr) == other;
}

static int good_not_read(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	return pmd != NULL;
}

static int good_map(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	return pmd && pte_offset_map(pmd, addr);
}

static int good_map_lock(struct mm_struct *mm, pud_t *pud, unsigned long addr, spinlock_t *ptl)
{
	pmd_t *pmd = find_pmd(pud, addr);

	return pmd && pte_offset_map_lock(mm, pmd, addr, &ptl);
}

static int good_read_anew(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);
	pmd_t val;

	if (!pmd)
		return 0;
	val = pmdp_get_lockless(pmd);
	return pmd_leaf(val);
}

static int good_locked_again(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);
	spinlock_t *ptl;
	int ret;

	if (!pmd)
		return 0;
	ptl = pmd_lock(mm, pmd);
	ret = pmd_leaf(*pmd);
	spin_unlock(ptl);
	return ret;
}

static int good_table_lock(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);
	int ret;

	spin_lock(&mm->page_table_lock);
	ret = pmd_leaf(*pmd);
	spin_unlock(&mm->page_table_lock);
	return ret;
}

static int good_compared_with_old(pud_t *pud, pmd_t old, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	return pmd && pmd_same(*pmd, old);
}

static int good_replaced(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	pmd = pmd_offset(pud, addr);
	return walk(pte_offset_kernel(pmd, addr));
}

static int good_stepped(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	pmd++;
	return walk(pte_offset_kernel(pmd, addr));
}

static int good_written(pud_t *pud, pmd_t val, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	set_pmd(pmd, val);
	return walk(pte_offset_kernel(pmd, addr));
}

static int good_other(pud_t *pud, pmd_t *other, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	return pmd ? 0 : walk(pte_offset_kernel(other, addr));
}

static int good_asserting(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	WARN_ON_ONCE(pmd && pmd_leaf(*pmd));
	return 0;
}

static int good_printing(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = find_pmd(pud, addr);

	if (pmd)
		pr_info("%lx\n", pmd_val(*pmd));
	return 0;
}

static int good_another_address(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = find_pud(mm, addr);

	pud = pud ? not_a_walker(mm, addr + PUD_SIZE) : NULL;
	return walk(pmd_offset(pud, addr));
}
