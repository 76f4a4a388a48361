// SPDX-License-Identifier: GPL-2.0-only
/*
 * reread-plain: the entry was tested in place, then the slot was read again.
 * A line that has to be reported says so; all others have to stay silent.
 */
#include <linux/mm.h>

/* --- to be reported --- */

static pmd_t *bad_none(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return NULL;
	return pmd_offset(pud, addr);			/* EXPECT: reread-plain */
}

static pud_t *bad_clear_bad(p4d_t *p4d, unsigned long addr)
{
	if (p4d_none_or_clear_bad(p4d))
		return NULL;
	return pud_offset(p4d, addr);			/* EXPECT: reread-plain */
}

static p4d_t *bad_present(pgd_t *pgd, unsigned long addr)
{
	if (!pgd_present(*pgd))
		return NULL;
	return p4d_offset(pgd, addr);			/* EXPECT: reread-plain */
}

static struct page *bad_leaf(pmd_t *pmd)
{
	if (pmd_leaf(*pmd))
		return pmd_page(*pmd);			/* EXPECT: reread-plain */
	return NULL;
}

static pte_t *bad_chain(pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd))
		return NULL;
	if (pmd_leaf(*pmd))				/* EXPECT: reread-plain */
		return NULL;
	return pte_offset_kernel(pmd, addr);		/* EXPECT: reread-plain */
}

/* The entry that is filled is tested once more, under the lock. */
static pud_t *bad_filled_after_test(struct mm_struct *mm, p4d_t *p4d, unsigned long addr)
{
	pud_t *pud = new_table();

	if (p4d_present(*p4d))
		pud = pud_offset(p4d, addr);		/* EXPECT: reread-plain */
	spin_lock(&mm->page_table_lock);
	if (p4d_none(*p4d))
		p4d_populate(mm, p4d, pud);
	spin_unlock(&mm->page_table_lock);
	return pud;
}

static pmd_t *bad_read_once(pud_t *pud, unsigned long addr)
{
	if (!pud_present(READ_ONCE(*pud)))
		return NULL;
	return pmd_offset(pud, addr);			/* EXPECT: reread-plain */
}

static pmd_t *bad_getter(pud_t *pud, unsigned long addr)
{
	if (!pud_present(pudp_get(pud)))
		return NULL;
	if (pud_leaf(pudp_get(pud)))			/* EXPECT: reread-plain */
		return NULL;
	return pmd_offset(pud, addr);			/* EXPECT: reread-plain */
}

static int bad_huge_then_clear(struct vm_area_struct *vma, pud_t *pud)
{
	if (pud_trans_huge(*pud))
		return 1;
	return pud_none_or_clear_bad(pud);		/* EXPECT: reread-plain */
}

static int bad_member(struct vm_fault *vmf)
{
	if (pmd_none(*vmf->pmd))
		return 0;
	return pmd_trans_huge(*vmf->pmd);		/* EXPECT: reread-plain */
}

static int bad_value_after(pud_t *pud)
{
	if (pud_none(*pud))
		return 0;
	return use(pud_val(*pud));			/* EXPECT: reread-plain */
}

static void bad_range(p4d_t *p4d, unsigned long addr, unsigned long end)
{
	unsigned long next;
	pud_t *pud = pud_offset(p4d, addr);

	do {
		next = pud_addr_end(addr, end);
		if (pud_none(*pud))
			continue;
		walk(pmd_offset(pud, addr));		/* EXPECT: reread-plain */
	} while (pud++, addr = next, addr != end);
}

static void bad_for(pmd_t *pmd, unsigned long addr, int n)
{
	int i;

	for (i = 0; i < n; i++, pmd++) {
		if (!pmd_present(*pmd))
			continue;
		walk(pte_offset_kernel(pmd, addr));	/* EXPECT: reread-plain */
	}
}

static int bad_assert_between(pmd_t *pmd, unsigned long addr)
{
	if (pmd_leaf(*pmd))
		return 0;
	if (WARN_ON_ONCE(pmd_bad(*pmd)))
		return 0;
	walk(pte_offset_kernel(pmd, addr));		/* EXPECT: reread-plain */
	return 1;
}

static int bad_print_between(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	pr_info("pud %lx\n", (unsigned long)pud_val(*pud));
	walk(pmd_offset(pud, addr));			/* EXPECT: reread-plain */
	return 1;
}

static int __init bad_but_early(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return 0;
	walk(pmd_offset(pud, addr));			/* EXPECT: reread-plain */
	return 1;
}

static int bad_in_scope(pud_t *pud, unsigned long addr)
{
	scoped_guard(rcu) {
		if (pud_none(*pud))
			return 0;
		walk(pmd_offset(pud, addr));		/* EXPECT: reread-plain */
	}
	return 1;
}

static int bad_restart(struct mm_struct *mm, pud_t *pud, unsigned long addr, struct state *s)
{
	spinlock_t *ptl;
again:
	if (pud_none(*pud))
		return 0;
	walk(pmd_offset(pud, addr));			/* EXPECT: reread-plain */
	ptl = pud_lock(mm, pud);
	s->ptl = ptl;
	if (s->ptl)
		spin_unlock(s->ptl);
	if (more(s))
		goto again;
	return 1;
}

static int bad_in_one_expression(pmd_t *pmd)
{
	if (pmd_none(*pmd) || unlikely(pmd_bad(*pmd)))	/* EXPECT: reread-plain */
		return 0;
	return 1;
}

static pmd_t *bad_choice(pud_t *pud, unsigned long addr)
{
	return pud_none(*pud) ? NULL : pmd_offset(pud, addr);	/* EXPECT: reread-plain */
}

static pmd_t *bad_hidden_test(pud_t *pud, unsigned long addr)
{
	if (unlikely(pud_trans_unstable(pud)))
		return NULL;
	return pmd_offset(pud, addr);			/* EXPECT: reread-plain */
}

static int bad_hidden_second_test(pmd_t *pmd)
{
	if (pmd_trans_huge(*pmd))
		return 1;
	return pmd_trans_unstable(pmd);			/* EXPECT: reread-plain */
}

static int bad_hidden_in_one_expression(pmd_t *pmd)
{
	return pmd_none(*pmd) || pmd_none_or_clear_bad(pmd);	/* EXPECT: reread-plain */
}

static void bad_elements(pmd_t *pmd, unsigned long addr)
{
	int i;

	for (i = 0; i < PTRS_PER_PMD; i++) {
		if (!pmd_present(pmd[i]))
			continue;
		walk(pte_offset_kernel(&pmd[i], addr));	/* EXPECT: reread-plain */
	}
}

static pte_t *bad_element_pointer(pmd_t *pmd, int i, unsigned long addr)
{
	if (pmd_none(*(pmd + i)))
		return NULL;
	return pte_offset_kernel(pmd + i, addr);	/* EXPECT: reread-plain */
}

static int bad_behind_map(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	pte_t *pte;

	if (pmd_none(*pmd))
		return 0;
	pte = pte_offset_map(pmd, addr);
	if (pte)
		return 1;
	return pmd_leaf(*pmd);				/* EXPECT: reread-plain */
}

static int bad_while(pud_t *pud, unsigned long addr)
{
	while (!pud_present(*pud))
		cpu_relax();
	return walk(pmd_offset(pud, addr));		/* EXPECT: reread-plain */
}

/* --- look-alikes --- */

static pmd_t *good_value(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset_lockless(pudp, pud, addr);
}

static int good_single_test(pmd_t *pmd)
{
	return pmd_none(*pmd);
}

static void good_next_slot(pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		pud++;
	else
		++pud;
	walk(pmd_offset(pud, addr));
}

static void good_recomputed(p4d_t *p4d, pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		return;
	pud = pud_offset(p4d, addr);
	walk(pmd_offset(pud, addr));
}

static void good_scan(pmd_t *pmd, pmd_t *end)
{
	for (; pmd < end; pmd++)
		if (!pmd_none(*pmd))
			return;
}

static int good_huge_lock(struct vm_area_struct *vma, pmd_t *pmd)
{
	spinlock_t *ptl;

	if (!pmd_trans_huge(*pmd))
		return 0;
	ptl = pmd_trans_huge_lock(pmd, vma);
	if (!ptl)
		return 0;
	use(pmd_val(*pmd));
	spin_unlock(ptl);
	return 1;
}

static int good_lock(struct mm_struct *mm, pmd_t *pmd, spinlock_t *ptl)
{
	if (pmd_none(*pmd))
		return 0;
	spin_lock(ptl);
	if (!pmd_none(*pmd))
		pmd_clear(pmd);
	spin_unlock(ptl);
	return 1;
}

static int good_all_locked(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	spinlock_t *ptl = pud_lock(mm, pud);

	if (!pud_none(*pud) && !pud_leaf(*pud))
		walk(pmd_offset(pud, addr));
	spin_unlock(ptl);
	return 1;
}

static int good_locked_early_exit(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	spin_lock(&mm->page_table_lock);
	if (pud_none(*pud)) {
		spin_unlock(&mm->page_table_lock);
		return 0;
	}
	walk(pmd_offset(pud, addr));
	spin_unlock(&mm->page_table_lock);
	return 1;
}

static int good_guarded(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	guard(spinlock)(&mm->page_table_lock);

	if (pud_none(*pud))
		return 0;
	return walk(pmd_offset(pud, addr));
}

static int good_asserted_lock(spinlock_t *ptl, pud_t *pud, unsigned long addr)
{
	lockdep_assert_held(ptl);
	if (pud_none(*pud))
		return 0;
	return walk(pmd_offset(pud, addr));
}

static int good_mmap_write_lock(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	mmap_assert_write_locked(mm);
	if (pud_none(*pud))
		return 0;
	return walk(pmd_offset(pud, addr));
}

static pmd_t *good_fill(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	if (pud_none(*pud))
		pud_populate(mm, pud, new_table());
	return pmd_offset(pud, addr);
}

static pte_t *good_fill_at_once(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	if (pmd_none(*pmd) && __pte_alloc_kernel(pmd))
		return NULL;
	return pte_offset_kernel(pmd, addr);
}

static pte_t *good_fill_and_check(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	if (unlikely(pmd_none(*pmd))) {
		pte_t *table = new_table();

		if (!table)
			return NULL;
		pmd_populate_kernel(mm, pmd, table);
	}
	return pte_offset_kernel(pmd, addr);
}

static pmd_t *good_alloc(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	if (pud_leaf(*pud))
		return NULL;
	return pmd_alloc(mm, pud, addr);
}

static int good_map(pmd_t *pmd, unsigned long addr)
{
	pte_t *pte;

	if (pmd_none(*pmd))
		return 0;
	pte = pte_offset_map(pmd, addr);
	return !!pte;
}

static int good_snapshot_after(pmd_t *pmdp)
{
	pmd_t pmd;

	if (pmd_none(*pmdp))
		return 0;
	pmd = pmdp_get_lockless(pmdp);
	return pmd_leaf(pmd);
}

static void good_sync(pmd_t *pmd, pmd_t *pmd_k)
{
	if (!pmd_present(*pmd))
		set_pmd(pmd, *pmd_k);
}

static void good_store(pmd_t *pmd, pmd_t new)
{
	if (pmd_none(*pmd))
		*pmd = new;
}

static void good_store_value(pmd_t *pmd, pmd_t *pmd_k)
{
	if (!pmd_present(*pmd))
		pmd_val(*pmd) = pmd_val(*pmd_k);
}

static void good_assert(pmd_t *pmd, unsigned long addr)
{
	BUG_ON(pmd_none(*pmd));
	walk(pte_offset_kernel(pmd, addr));
}

static void good_report(pmd_t *pmd)
{
	if (pmd_bad(*pmd)) {
		pmd_ERROR(*pmd);
		pmd_clear(pmd);
	}
}

static int good_split(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr)
{
	if (pmd_trans_huge(*pmd))
		split_huge_pmd(vma, pmd, addr);
	else
		return 0;
	return pmd_none(*pmd);
}

static pmd_t *good_retry(p4d_t *p4d, unsigned long addr)
{
	pud_t *pud = pud_offset(p4d, addr);
	pmd_t *pmd;
again:
	pmd = pmd_offset(pud, addr);
	if (pud_none(*pud))
		goto again;
	return pmd;
}

static void good_other_element(pmd_t *pmd, unsigned long addr)
{
	int i;

	for (i = 0; pmd_none(*(pmd + i)); i++)
		use(addr);
	i++;
	walk(pte_offset_kernel(pmd + i, addr));
}

static int good_no_entry(int *p)
{
	if (test_something(*p))
		return 0;
	return *p;
}

static int good_scoped_lock(struct mm_struct *mm, pud_t *pud, unsigned long addr)
{
	scoped_guard(spinlock, &mm->page_table_lock) {
		if (pud_none(*pud))
			return 0;
		walk(pmd_offset(pud, addr));
	}
	return 1;
}

static int good_two_slots(pmd_t *dst, pmd_t *src)
{
	return pmd_none(*dst) || pmd_bad(*src);
}

static int good_expression_under_lock(struct mm_struct *mm, pmd_t *pmd)
{
	spinlock_t *ptl = pmd_lock(mm, pmd);
	int ret = pmd_present(*pmd) && !pmd_leaf(*pmd);

	spin_unlock(ptl);
	return ret;
}

static int good_asserted_expression(pmd_t *pmd)
{
	VM_BUG_ON(pmd_present(*pmd) && !pmd_trans_huge(*pmd));
	return 0;
}

static void good_filled_element(pmd_t *table, int i, pmd_t new)
{
	if (pmd_none(table[i])) {
		table[i] = new;
		use(pmd_val(table[i]));
	}
}

static int good_hidden_test_alone(pud_t *pud)
{
	return pud_none_or_clear_bad(pud) ? 0 : 1;
}

static int good_build_assertion(p4d_t *p4d, unsigned long addr)
{
	BUILD_BUG_ON(p4d_leaf(*p4d));
	return walk(pud_offset(p4d, addr));
}

static struct page *good_asserted_after_two(struct mm_struct *mm, pmd_t *pmd)
{
	if (pmd_none(*pmd))
		return NULL;
	if (!pmd_leaf(*pmd))
		return NULL;
	lockdep_assert_held(&mm->page_table_lock);
	return pmd_page(*pmd);
}
