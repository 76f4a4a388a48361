// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is called? A static function of this file before a function of the same
 * name elsewhere, never a static function of another .c file. Locks: of the
 * callers, of the function, of nobody; the rank is checked by the test.
 * A line that has to be reported says so; all others have to stay silent.
 */
#include <linux/mm.h>
#include "inter_other.h"

/* other_tests() of inter_other.c tests, this one does not. */
static int other_tests_not(pud_t *pud)
{
	return 0;
}

static pmd_t *same_name_there(pud_t *pud, unsigned long addr)
{
	return NULL;
}

static pmd_t *same_name_here(pud_t *pud, unsigned long addr)
{
	return pmd_offset(pud, addr);
}

static pmd_t *good_named_elsewhere(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	return same_name_there(pud, addr);
}

static pmd_t *good_static_elsewhere(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	return static_elsewhere(pud, addr);
}

static int good_mine(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	return other_tests_not(pud);
}

static pmd_t *bad_mine(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	return same_name_here(pud, addr);		/* EXPECT: reread-plain */
}

static int bad_theirs(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	return other_tests(pud);			/* EXPECT: reread-plain */
}

static pmd_t *bad_theirs_deeper(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	return other_file_deeper(addr, pud);		/* EXPECT: reread-plain */
}

static pmd_t *bad_in_the_header(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	return in_header(pud, addr);			/* EXPECT: reread-plain */
}

static pmd_t *bad_returned_by_them(p4d_t *p4d, unsigned long addr)
{
	pud_t *pud = other_find_and_test(p4d, addr);

	if (!pud)
		return NULL;
	return pmd_offset(pud, addr);			/* EXPECT: reread-plain */
}

/* --- locks and boot --- */

static pte_t *ptes(pmd_t *pmd, unsigned long addr)
{
	return pte_offset_kernel(pmd, addr);
}

static pte_t *bad_high(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return NULL;
	return ptes(pmd, addr);				/* EXPECT: reread-plain */
}

static pte_t *bad_low_callers_hold(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return NULL;
	return ptes(pmd, addr);				/* EXPECT: reread-plain */
}

static pte_t *bad_low_callers_callers_hold(pmd_t *pmd, unsigned long addr)
{
	return bad_low_callers_hold(pmd, addr);
}

static pte_t *bad_high_one_holds(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return NULL;
	return ptes(pmd, addr);				/* EXPECT: reread-plain */
}

void first_caller(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	spinlock_t *ptl = pmd_lock(mm, pmd);

	walk(bad_low_callers_callers_hold(pmd, addr), bad_low_callers_hold(pmd, addr));
	walk(bad_high_one_holds(pmd, addr));
	spin_unlock(ptl);
}

void second_caller(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	walk(bad_high_one_holds(pmd, addr));
}

static pte_t *bad_high_address_taken(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return NULL;
	return ptes(pmd, addr);				/* EXPECT: reread-plain */
}

void third_caller(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	guard(spinlock)(&mm->page_table_lock);
	walk(bad_high_address_taken(pmd, addr));
	register_walker(bad_high_address_taken);
}

static pte_t * __init bad_low_init(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return NULL;
	return ptes(pmd, addr);				/* EXPECT: reread-plain */
}

static pte_t *bad_low_called_at_boot(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return NULL;
	return ptes(pmd, addr);				/* EXPECT: reread-plain */
}

static int __init boots(pmd_t *pmd)
{
	return walk(bad_low_called_at_boot(pmd, 0), bad_low_init(pmd + 1, 0));
}

static pte_t *bad_medium_mmap_write(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	mmap_assert_write_locked(mm);
	if (pmd_none(*pmd))
		return NULL;
	return ptes(pmd, addr);				/* EXPECT: reread-plain */
}

static int bad_medium_dump(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return 0;
	return walk(ptes(pmd, addr));			/* EXPECT: reread-plain */
}

static int bad_medium_only_a_test(pmd_t *pmd, unsigned long addr)
{
	return pmd_present(*pmd) && pmd_leaf(*pmd);	/* EXPECT: reread-plain */
}

static void bad_low_idmap(pmd_t *pmd, unsigned long addr)
{
	if (!pmd_none(*pmd))
		walk(ptes(pmd, addr));			/* EXPECT: reread-plain */
}

static int bad_medium_p4d(p4d_t *p4d, unsigned long addr)
{
	if (p4d_none(*p4d))
		return 0;
	return walk(other_p4d(p4d, addr));		/* EXPECT: reread-plain */
}

static int bad_high_irq(pud_t *pud, unsigned long addr)
{
	unsigned long flags;
	int ret = 0;

	local_irq_save(flags);
	if (!pud_none(*pud))
		ret = walk(other_file(pud, addr));	/* EXPECT: reread-plain */
	local_irq_restore(flags);
	return ret;
}

static int bad_high_cleared(p4d_t *p4d, unsigned long addr)
{
	pud_t *pud = other_find_and_test(p4d, addr);

	return pud && pud_trans_huge(*pud);		/* EXPECT: reread-plain */
}
