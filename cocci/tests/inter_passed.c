// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entry is read here, then once more by a function that is given the slot.
 * A line that has to be reported says so; all others have to stay silent.
 */
#include <linux/mm.h>

/* --- what they call --- */

static pmd_t *descends(pud_t *pud, unsigned long addr)
{
	return pmd_offset(pud, addr);
}

static int descends_twice(pud_t *pud, unsigned long addr)
{
	return walk(descends(pud, addr));
}

static int descends_deep(unsigned long addr, pud_t *pudp)
{
	if (addr)
		return descends_twice(pudp, addr);
	return 0;
}

static int tests_leaf(pud_t *pud)
{
	return pud_leaf(*pud);
}

static struct page *uses(pmd_t *pmd)
{
	return pmd_page(*pmd);
}

static pte_t *walks_ptes(pmd_t *pmd, unsigned long addr)
{
	return pte_offset_kernel(pmd, addr);
}

static int takes_the_lock(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	spinlock_t *ptl = pud_lock(mm, pud);
	int ret = pud_leaf(*pud);

	spin_unlock(ptl);
	return ret;
}

static int page_table_lock_first(struct mm_struct *mm, pud_t *pud)
{
	int ret;

	spin_lock(&mm->page_table_lock);
	ret = pud_none(*pud);
	spin_unlock(&mm->page_table_lock);
	return ret;
}

static pmd_t *reads_anew(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (!pud_present(pud))
		return NULL;
	return pmd_offset_lockless(pudp, pud, addr);
}

static int only_asserts(pud_t *pud)
{
	WARN_ON(pud_leaf(*pud));
	return 0;
}

static int only_prints(pud_t *pud)
{
	pr_info("%lx\n", pud_val(*pud));
	return 0;
}

static int only_compares(pud_t *pud, pud_t old)
{
	return pud_same(*pud, old);
}

static void fills(pud_t *pud, pmd_t *table)
{
	set_pud(pud, __pud(__pa(table)));
}

static int fills_deep(pud_t *pud, pmd_t *table)
{
	fills(pud, table);
	return 0;
}

static void does_nothing(pud_t *pud)
{
}

static void only_addresses(pud_t *pud)
{
	note_address(__pa(pud));
}

static pud_t *moves_on(pud_t *pud)
{
	pud++;
	return pud_leaf(*pud) ? pud : NULL;
}

static int recursive(pud_t *pud, unsigned long addr, int depth)
{
	if (depth)
		return recursive(pud, addr, depth - 1);
	return walk(pmd_offset(pud, addr));
}

static int ping(pud_t *pud, unsigned long addr, int depth);

static int pong(pud_t *pud, unsigned long addr, int depth)
{
	return depth ? ping(pud, addr, depth - 1) : walk(pmd_offset(pud, addr));
}

static int ping(pud_t *pud, unsigned long addr, int depth)
{
	return pong(pud, addr, depth);
}

static pmd_t *shared_alloc(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	return (unlikely(pud_none(*pud)) && __pmd_alloc(mm, pud, addr)) ?
		NULL : pmd_offset(pud, addr);		/* EXPECT: reread-plain */
}

/* --- to be reported --- */

static pmd_t *bad_passed_value(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return descends(pudp, addr);			/* EXPECT: reread-value */
}

static pmd_t *bad_passed_plain(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	return descends(pud, addr);			/* EXPECT: reread-plain */
}

static int bad_clear_bad(pud_t *pud, unsigned long addr)
{
	if (pud_none_or_clear_bad(pud))
		return 0;
	return descends_twice(pud, addr);		/* EXPECT: reread-plain */
}

static int bad_three_deep(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (!pud_present(pud))
		return 0;
	return descends_deep(addr, pudp);		/* EXPECT: reread-value */
}

static int bad_second_test(pud_t *pud)
{
	if (!pud_present(*pud))
		return 0;
	return tests_leaf(pud);				/* EXPECT: reread-plain */
}

static struct page *bad_used(pmd_t *pmd)
{
	if (!pmd_leaf(*pmd))
		return NULL;
	return uses(pmd);				/* EXPECT: reread-plain */
}

static pte_t *bad_pte_table(pmd_t *pmd, unsigned long addr)
{
	pmd_t pmdval = pmdp_get_lockless(pmd);

	if (pmd_none(pmdval) || pmd_leaf(pmdval))
		return NULL;
	return walks_ptes(pmd, addr);			/* EXPECT: reread-value */
}

static void bad_range(p4d_t *p4d, unsigned long addr, unsigned long end)
{
	unsigned long next;
	pud_t *pud = pud_offset(p4d, addr);

	do {
		next = pud_addr_end(addr, end);
		if (pud_none_or_clear_bad(pud))
			continue;
		descends_twice(pud, addr);		/* EXPECT: reread-plain */
	} while (pud++, addr = next, addr != end);
}

static int bad_in_a_condition(pud_t *pud, unsigned long addr)
{
	if (pud_present(*pud) && descends_twice(pud, addr))	/* EXPECT: reread-plain */
		return 1;
	return 0;
}

static int bad_after_an_assertion(pud_t *pud, unsigned long addr)
{
	if (pud_leaf(*pud))
		return 0;
	only_asserts(pud);
	return descends_twice(pud, addr);		/* EXPECT: reread-plain */
}

static pmd_t *bad_read_by_the_callee(pud_t *pud, unsigned long addr)
{
	if (tests_leaf(pud))
		return NULL;
	return pmd_offset(pud, addr);			/* EXPECT: reread-plain */
}

static pmd_t *bad_both_by_callees(pud_t *pud, unsigned long addr)
{
	if (tests_leaf(pud))
		return NULL;
	return descends(pud, addr);			/* EXPECT: reread-plain */
}

static int bad_recursive(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	return recursive(pud, addr, 3);			/* EXPECT: reread-plain */
}

static int bad_mutual(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	return ping(pud, addr, 3);			/* EXPECT: reread-plain */
}

static int bad_one_way(pud_t *pud, pmd_t *table, unsigned long addr, int fill)
{
	pud_t old = READ_ONCE(*pud);

	if (pud_present(old)) {
		if (fill)
			fills(pud, table);
		return descends_twice(pud, addr);	/* EXPECT: reread-value */
	}
	return 0;
}

static int bad_member(struct vm_fault *vmf, unsigned long addr)
{
	if (pud_none(*vmf->pud))
		return 0;
	return descends_twice(vmf->pud, addr);		/* EXPECT: reread-plain */
}

static int bad_member_of_a_local(struct mm_struct *mm, p4d_t *p4d, unsigned long addr)
{
	struct vm_fault vmf = { .address = addr };
	pud_t pud;

	vmf.pud = pud_offset(p4d, addr);
	pud = *vmf.pud;
	barrier();
	if (pud_trans_huge(pud))
		return 0;
	return descends_twice(vmf.pud, addr);		/* EXPECT: reread-value */
}

static int bad_alloc(struct mm_struct *mm, pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_leaf(pud))
		return 0;
	return walk(shared_alloc(mm, pudp, addr));	/* EXPECT: reread-value */
}

static int bad_after_unlock(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	rcu_read_lock();
	descends_twice(pud, addr);			/* EXPECT: reread-plain */
	rcu_read_unlock();
	return 1;
}

static int bad_cast(void *pud, unsigned long addr)
{
	pud_t *pudp = pud;

	if (pud_none(*pudp))
		return 0;
	return descends_twice((pud_t *)pudp, addr);	/* EXPECT: reread-plain */
}

static int bad_in_scope(pud_t *pud, unsigned long addr)
{
	scoped_guard(rcu) {
		if (pud_none(*pud))
			return 0;
		return descends_twice(pud, addr);	/* EXPECT: reread-plain */
	}
	return 1;
}

/* --- look-alikes --- */

static int good_first_read(pud_t *pud, unsigned long addr)
{
	return descends_twice(pud, addr);
}

static int good_rechecked_under_lock(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	if (!pud_leaf(*pud))
		return 0;
	return takes_the_lock(mm, pud, addr);
}

static int good_page_table_lock(struct mm_struct *mm, pud_t *pud)
{
	if (!pud_none(*pud))
		return 0;
	return page_table_lock_first(mm, pud);
}

static pmd_t *good_read_anew(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	return reads_anew(pud, addr);
}

static int good_asserted(pud_t *pud)
{
	if (pud_none(*pud))
		return 0;
	return only_asserts(pud);
}

static int good_printed(pud_t *pud)
{
	if (pud_none(*pud))
		return 0;
	return only_prints(pud);
}

static int good_compared(pud_t *pudp)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return 0;
	return only_compares(pudp, pud);
}

static int good_filled(pud_t *pud, pmd_t *table, unsigned long addr)
{
	if (pud_present(*pud))
		return 0;
	fills(pud, table);
	return descends_twice(pud, addr);
}

static int good_filled_deep(pud_t *pud, pmd_t *table, unsigned long addr)
{
	if (pud_present(*pud))
		return 0;
	fills_deep(pud, table);
	return descends_twice(pud, addr);
}

static int good_filled_if_empty(pud_t *pud, pmd_t *table, unsigned long addr)
{
	if (pud_none(*pud))
		pud_populate(&init_mm, pud, table);
	return descends_twice(pud, addr);
}

static int good_not_read(pud_t *pud)
{
	if (pud_none(*pud))
		return 0;
	does_nothing(pud);
	only_addresses(pud);
	return 1;
}

static int good_other_slot(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	return descends_twice(pud + 1, addr);
}

static int good_next_slot(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	pud++;
	return descends_twice(pud, addr);
}

static int good_callee_moves_on(pud_t *pud)
{
	if (pud_none(*pud))
		return 0;
	return !moves_on(pud);
}

static int good_looked_up_again(p4d_t *p4d, pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	pud = pud_offset(p4d, addr);
	return descends_twice(pud, addr);
}

static int good_locked_before(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	int ret = 0;

	spin_lock(&mm->page_table_lock);
	if (!pud_none(*pud))
		ret = descends_twice(pud, addr);
	spin_unlock(&mm->page_table_lock);
	return ret;
}

static int good_guarded(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	guard(spinlock)(&mm->page_table_lock);
	if (pud_none(*pud))
		return 0;
	return descends_twice(pud, addr);
}

static int good_locked_between(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	int ret;

	if (pud_none(*pud))
		return 0;
	spin_lock(&mm->page_table_lock);
	ret = descends_twice(pud, addr);
	spin_unlock(&mm->page_table_lock);
	return ret;
}

static int good_unknown_callee(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	return defined_nowhere(pud, addr);
}

static int good_unknown_in_between(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	defined_nowhere(pud, addr);
	return descends_twice(pud, addr);
}

static int good_either(pud_t *pud, unsigned long addr)
{
	return addr ? pud_none(*pud) : descends_twice(pud, addr);
}

static int good_two_variables(p4d_t *p4d, unsigned long addr)
{
	if (addr) {
		pud_t *pud = pud_offset(p4d, addr);

		if (pud_none(*pud))
			return 0;
	}
	if (!addr) {
		pud_t *pud = pud_offset(p4d, addr + 1);

		return descends_twice(pud, addr);
	}
	return 1;
}

static int good_value(pud_t pud, pud_t *pudp)
{
	return pud_none(pud) ? 0 : tests_leaf(pudp);
}
