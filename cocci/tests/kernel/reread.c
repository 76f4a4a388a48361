// SPDX-License-Identifier: GPL-2.0-only
/*
 * cocci/kernel/pxd_reread.cocci: a line that has to be reported says so; all
 * others have to stay silent.
 */
#include <linux/mm.h>

/* --- to be reported --- */

static pmd_t *bad_value(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud) || pud_leaf(pud))
		return NULL;
	return pmd_offset(pudp, addr);			/* EXPECT */
}

static pte_t *bad_getter(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	if (!pmd_present(pmd) || pmd_leaf(pmd))
		return NULL;
	return pte_offset_kernel(pmdp, addr);		/* EXPECT */
}

static pmd_t *bad_plain(struct mm_struct *mm, p4d_t *p4d, unsigned long addr)
{
	pud_t *pud = pud_offset(p4d, addr);

	if (pud_none(*pud) || pud_bad(*pud))
		return NULL;
	return pmd_offset(pud, addr);			/* EXPECT */
}

static pte_t *bad_clear(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none_or_clear_bad(pmd))
		return NULL;
	return pte_offset_kernel(pmd, addr);		/* EXPECT */
}

static pte_t *bad_huge(pmd_t *pmd, unsigned long addr)
{
	if (pmd_present(pmdp_get(pmd)))
		return pte_offset_huge(pmd, addr);	/* EXPECT */
	return NULL;
}

static void bad_leaf_is_cleared(struct mm_struct *mm, pud_t *pud)
{
	if (pud_trans_huge(*pud))
		return;
	if (pud_none_or_clear_bad(pud))			/* EXPECT */
		return;
	walk(mm);
}

static unsigned long bad_page(pmd_t *pmd)
{
	if (!pmd_leaf(*pmd))
		return 0;
	return pmd_pfn(*pmd);				/* EXPECT */
}

static void bad_hash(pmd_t *pmd)
{
	if (!pmd_none(*pmd))
		use(pmd_val(*pmd));			/* EXPECT */
}

static pmd_t *bad_lock_is_gone(spinlock_t *lock, pud_t *pud, unsigned long addr)
{
	spin_lock(lock);
	if (pud_none(*pud)) {
		spin_unlock(lock);
		return NULL;
	}
	spin_unlock(lock);
	return pmd_offset(pud, addr);			/* EXPECT */
}

static pmd_t *bad_second_round(spinlock_t *lock, pud_t *pud, unsigned long addr, int n)
{
	pmd_t *pmd = NULL;

	while (n--) {
		if (pud_none(*pud))
			return NULL;
		pmd = pmd_offset(pud, addr);		/* EXPECT */
		spin_lock(lock);
		unlock_it(lock);
	}
	return pmd;
}

static pte_t *bad_kernel_leaf(unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud_offset(p4d_offset(pgd_offset_k(addr), addr), addr), addr);

	if (pmd_none(*pmd) || pmd_leaf(*pmd))
		return NULL;
	return pte_offset_kernel(pmd, addr);		/* EXPECT */
}

static pte_t *bad_perhaps_kernel(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd;
	pmd_t *pmd;

	if (addr > 4096)
		pgd = pgd_offset_k(addr);
	else
		pgd = pgd_offset(mm, addr);
	pmd = pmd_offset(pud_offset(p4d_offset(pgd, addr), addr), addr);
	if (pmd_none(*pmd))
		return NULL;
	return pte_offset_kernel(pmd, addr);		/* EXPECT */
}

static pmd_t *bad_printed_in_between(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	pr_alert("%lx", pud_val(*pud));
	return pmd_offset(pud, addr);			/* EXPECT */
}

/* --- not to be reported --- */

static pmd_t *good_value(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset_lockless(pudp, pud, addr);
}

static pmd_t *good_once(pud_t *pudp, unsigned long addr)
{
	return pmd_offset(pudp, addr);
}

static pte_t *good_map(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return NULL;
	return pte_offset_map(pmd, addr);
}

static pud_t *good_upper(p4d_t *p4d, unsigned long addr)
{
	if (p4d_none(*p4d))
		return NULL;
	return pud_offset(p4d, addr);
}

static pmd_t *good_locked(spinlock_t *lock, pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = NULL;

	spin_lock(lock);
	if (!pud_none(*pud))
		pmd = pmd_offset(pud, addr);
	spin_unlock(lock);
	return pmd;
}

static pmd_t *good_recheck(spinlock_t *lock, pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	spin_lock(lock);
	return pmd_offset(pud, addr);
}

static pmd_t *good_guard(spinlock_t *lock, pud_t *pud, unsigned long addr)
{
	guard(spinlock)(lock);
	if (pud_none(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

static pmd_t *good_asserted(spinlock_t *lock, pud_t *pud, unsigned long addr)
{
	lockdep_assert_held(lock);
	if (pud_none(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

static pmd_t *good_filled(struct mm_struct *mm, pud_t *pud, pmd_t *new, unsigned long addr)
{
	if (pud_none(*pud))
		pud_populate(mm, pud, new);
	return pmd_offset(pud, addr);
}

static pmd_t *good_assertion(pud_t *pud, unsigned long addr)
{
	BUG_ON(pud_none(*pud));
	return pmd_offset(pud, addr);
}

static void good_print(pmd_t *pmd)
{
	if (pmd_leaf(*pmd))
		pr_alert("%lx", pmd_val(*pmd));
}

static pmd_t *good_other_slot(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	pud = other(addr);
	return pmd_offset(pud, addr);
}

static pmd_t *good_step(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	pud++;
	return pmd_offset(pud, addr);
}

static pmd_t *good_changed(struct vm_area_struct *vma, pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	split_huge_pud(vma, pud, addr);
	return pmd_offset(pud, addr);
}

static pte_t *good_kernel(unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud_offset(p4d_offset(pgd_offset_k(addr), addr), addr), addr);

	if (pmd_none(*pmd))
		return NULL;
	return pte_offset_kernel(pmd, addr);
}

static pmd_t *good_remove_table(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

static int good_second_test(pud_t *pud)
{
	if (pud_none(*pud))
		return 0;
	return pud_none_or_clear_bad(pud);
}
