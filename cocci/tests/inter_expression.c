// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both reads are in one expression. A line that has to be reported says so;
 * all others have to stay silent.
 */
#include <linux/mm.h>

/* --- to be reported --- */

static pmd_t *bad_alloc(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	return (unlikely(pud_none(*pud)) && __pmd_alloc(mm, pud, addr)) ?
		NULL : pmd_offset(pud, addr);		/* EXPECT: reread-plain */
}

static pmd_t *bad_arm(pud_t *pud, unsigned long addr)
{
	return pud_none(*pud) ? NULL : pmd_offset(pud, addr);	/* EXPECT: reread-plain */
}

static pmd_t *bad_other_arm(pud_t *pud, unsigned long addr)
{
	return pud_present(*pud) ? pmd_offset(pud, addr) : NULL;	/* EXPECT: reread-plain */
}

static int bad_or(pmd_t *pmd)
{
	return pmd_none(*pmd) || pmd_leaf(*pmd);	/* EXPECT: reread-plain */
}

static int bad_and(pud_t *pud)
{
	if (pud_present(*pud) && pud_trans_huge(*pud))	/* EXPECT: reread-plain */
		return 1;
	return 0;
}

static int bad_three(pmd_t *pmd)
{
	return pmd_none(*pmd) ||
	       pmd_bad(*pmd) ||				/* EXPECT: reread-plain */
	       pmd_leaf(*pmd);				/* EXPECT: reread-plain */
}

static int bad_read_once(pmd_t *pmd)
{
	return pmd_none(READ_ONCE(*pmd)) || pmd_leaf(READ_ONCE(*pmd));	/* EXPECT: reread-plain */
}

static int bad_getter(pmd_t *pmd)
{
	return pmd_none(pmdp_get(pmd)) || pmd_leaf(pmdp_get(pmd));	/* EXPECT: reread-plain */
}

static pte_t *bad_not(pmd_t *pmd, unsigned long addr)
{
	return !pmd_none(*pmd) ? pte_offset_kernel(pmd, addr) : NULL;	/* EXPECT: reread-plain */
}

static int bad_used(pmd_t *pmd)
{
	return pmd_leaf(*pmd) && use(pmd_page(*pmd));	/* EXPECT: reread-plain */
}

static int bad_argument(pmd_t *pmd)
{
	return use(pmd_leaf(*pmd) ? pmd_pfn(*pmd) : 0);	/* EXPECT: reread-plain */
}

static int bad_member(struct vm_fault *vmf)
{
	return pmd_none(*vmf->pmd) || pmd_leaf(*vmf->pmd);	/* EXPECT: reread-plain */
}

static int bad_clear_bad(pud_t *pud, unsigned long addr)
{
	return !pud_none_or_clear_bad(pud) && walk(pmd_offset(pud, addr));	/* EXPECT: reread-plain */
}

static int bad_while(pmd_t *pmd)
{
	while (pmd_present(*pmd) && !pmd_leaf(*pmd))	/* EXPECT: reread-plain */
		cpu_relax();
	return 0;
}

static int bad_local(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	return pmd_none(*pmd) || pmd_leaf(*pmd);	/* EXPECT: reread-plain */
}

static int bad_parentheses(pmd_t *pmd)
{
	return (pmd_none((*pmd))) || (pmd_leaf((*pmd)));	/* EXPECT: reread-plain */
}

static int bad_two_slots(pmd_t *a, pmd_t *b)
{
	return pmd_none(*a) || pmd_none(*b) || pmd_leaf(*a);	/* EXPECT: reread-plain */
}

static int bad_nested_arm(pmd_t *pmd, int x)
{
	return x ? (pmd_none(*pmd) || pmd_leaf(*pmd)) : 0;	/* EXPECT: reread-plain */
}

static int bad_assigned(pmd_t *pmd)
{
	int huge;

	huge = pmd_present(*pmd) && pmd_leaf(*pmd);	/* EXPECT: reread-plain */
	return huge;
}

static int bad_comma(pmd_t *pmd, int x)
{
	return (x = pmd_none(*pmd), x || pmd_leaf(*pmd));	/* EXPECT: reread-plain */
}

/* --- look-alikes --- */

static int good_one(pmd_t *pmd)
{
	return pmd_none(*pmd);
}

static int good_either_arm(pmd_t *pmd, int x)
{
	return x ? pmd_none(*pmd) : pmd_leaf(*pmd);
}

static int good_nested_arms(pmd_t *pmd, int x, int y)
{
	return x ? (y ? pmd_none(*pmd) : pmd_bad(*pmd)) : pmd_leaf(*pmd);
}

static int good_two_slots(pmd_t *a, pmd_t *b)
{
	return pmd_none(*a) || pmd_none(*b);
}

static int good_value(pmd_t *pmd)
{
	pmd_t val = *pmd;

	return pmd_none(val) || pmd_leaf(val);
}

static int good_fill(struct mm_struct *mm, pud_t *pud, pmd_t *table)
{
	return pud_none(*pud) && (pud_populate(mm, pud, table), 1);
}

static int good_allocated(struct mm_struct *mm, pmd_t *pmd)
{
	return pmd_none(*pmd) && pte_alloc(mm, pmd);
}

static int good_same(pmd_t *pmd, pmd_t old)
{
	return pmd_none(*pmd) || pmd_same(*pmd, old);
}

static int good_val_same(pmd_t *pmd, pmd_t old)
{
	return pmd_present(*pmd) && pmd_val(*pmd) == pmd_val(old);
}

static int good_map(pmd_t *pmd, unsigned long addr)
{
	return !pmd_none(*pmd) && pte_offset_map(pmd, addr);
}

static int good_lock(struct mm_struct *mm, pmd_t *pmd)
{
	return pmd_leaf(*pmd) && pmd_lock(mm, pmd);
}

static int good_locked(struct mm_struct *mm, pmd_t *pmd)
{
	spinlock_t *ptl = pmd_lock(mm, pmd);
	int ret = pmd_present(*pmd) && pmd_leaf(*pmd);

	spin_unlock(ptl);
	return ret;
}

static void good_asserted(pmd_t *pmd)
{
	VM_BUG_ON(pmd_none(*pmd) || pmd_leaf(*pmd));
}

static void good_printed(pmd_t *pmd)
{
	pr_info("%d %d\n", pmd_none(*pmd), pmd_leaf(*pmd));
}

static int good_pointer(pmd_t *pmd)
{
	return pmd && pmd_leaf(*pmd);
}

static int good_neighbour(pmd_t *pmd)
{
	return pmd_none(*pmd) && pmd_none(*(pmd + 1));
}

static int good_index(pmd_t *pmd)
{
	return pmd_none(pmd[0]) && pmd_none(pmd[1]);
}

static void good_copied(pmd_t *dst, pmd_t *src)
{
	if (!pmd_none(*dst))
		set_pmd(dst, *src);
}

static int good_size(pmd_t *pmd)
{
	return pmd_none(*pmd) ? sizeof(*pmd) : 0;
}

static int good_after_step(pmd_t *pmd)
{
	return pmd_none(*pmd) && (pmd++, pmd_leaf(*pmd));
}

static int good_write(pmd_t *pmd, pmd_t val)
{
	return pmd_none(*pmd) ? (*pmd = val, 1) : 0;
}
