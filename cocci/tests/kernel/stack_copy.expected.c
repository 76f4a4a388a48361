// SPDX-License-Identifier: GPL-2.0-only
/*
 * cocci/kernel/pxd_stack_copy.cocci: a line that has to be reported says so;
 * all others have to stay silent.  stack_copy.expected.c is what its patch mode
 * makes of this.
 */
#include <linux/mm.h>

/* --- to be reported --- */

static pmd_t *bad_fixed(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset_lockless(pudp, pud, addr);			/* EXPECT */
}

static pud_t *bad_fixed_getter(p4d_t *p4dp, unsigned long addr)
{
	p4d_t p4d;

	p4d = p4dp_get(p4dp);
	return pud_offset_lockless(p4dp, p4d, addr);			/* EXPECT */
}

static p4d_t *bad_fixed_pgd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgdp = pgd_offset(mm, addr);
	pgd_t pgd = *pgdp;

	return p4d_offset_lockless(pgdp, pgd, addr);			/* EXPECT */
}

static pte_t *bad_fixed_pte(pmd_t pmd, unsigned long addr)
{
	return pte_offset_kernel_pmdval(pmd, addr);		/* EXPECT */
}

static pte_t *bad_fixed_map(pmd_t pmd, unsigned long addr)
{
	return pte_offset_map_pmdval(pmd, addr);		/* EXPECT */
}

static pmd_t *bad_no_slot(pud_t pud, unsigned long addr)
{
	return pmd_offset(&pud, addr);			/* EXPECT */
}

static pmd_t *bad_slot_went_on(pud_t *pudp, unsigned long addr)
{
	pud_t pud = *pudp;

	pudp++;
	return pmd_offset(&pud, addr);			/* EXPECT */
}

static pmd_t *bad_other_slot(pud_t *pudp, unsigned long addr)
{
	pud_t pud = *pudp;

	pudp = other(addr);
	return pmd_offset(&pud, addr);			/* EXPECT */
}

static pmd_t *bad_other_value(pud_t *pudp, unsigned long addr)
{
	pud_t pud = *pudp;

	pud = pud_mkold(pud);
	return pmd_offset(&pud, addr);			/* EXPECT */
}

static pte_t *bad_lock(struct mm_struct *mm, pmd_t pmd, unsigned long addr, spinlock_t **ptl)
{
	return pte_offset_map_lock(mm, &pmd, addr, ptl);	/* EXPECT */
}

static int walk_pmds(pud_t *pudp, unsigned long addr, int n)
{
	pmd_t *pmdp = pmd_offset(pudp, addr);

	while (n--)
		walk(pmdp++);
	return 0;
}

static int bad_handed(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return walk_pmds(&pud, addr, 2);		/* EXPECT */
}

#define pmd_offset_copied(pud, addr) pmd_offset(&(pud), addr)	/* EXPECT */

/* --- not to be reported --- */

static pmd_t *good_slot(pud_t *pudp, unsigned long addr)
{
	return pmd_offset(pudp, addr);
}

static int good_handed(pud_t *pudp, unsigned long addr)
{
	return walk_pmds(pudp, addr, 2);
}

static int good_read(pud_t *pudp)
{
	pud_t pud = *pudp;

	return walk(&pud);
}

static pte_t *good_built(struct mm_struct *mm, pte_t *table, unsigned long addr)
{
	pmd_t pmd;

	pmd_populate(mm, &pmd, table);
	return pte_offset_map(&pmd, addr);
}

static pte_t *good_removed(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_collapse_flush(vma, addr, pmdp);

	return pte_offset_kernel(&pmd, addr);
}

static pte_t *good_result(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr, spinlock_t **ptl)
{
	pmd_t pmd;

	return pte_offset_map_rw_nolock(mm, pmdp, addr, &pmd, ptl);
}
