// SPDX-License-Identifier: GPL-2.0-only
/*
 * reread-value: the value was read into a variable, then the slot was read.
 * A line that has to be reported says so; all others have to stay silent.
 */
#include <linux/mm.h>

/* --- to be reported --- */

static pmd_t *bad_descent(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud) || pud_leaf(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pud_t *bad_getter(p4d_t *p4dp, unsigned long addr)
{
	p4d_t p4d;

	p4d = p4dp_get(p4dp);
	if (!p4d_present(p4d))
		return NULL;
	return pud_offset(p4dp, addr);		/* EXPECT: reread-value */
}

static p4d_t *bad_top(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgdp = pgd_offset(mm, addr);
	pgd_t pgd = pgdp_get(pgdp);

	if (pgd_none(pgd))
		return NULL;
	return p4d_offset(pgdp, addr);		/* EXPECT: reread-value */
}

static pmd_t *bad_lockless_getter(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (!pud_present(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pte_t *bad_pte(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	if (!pmd_present(pmd) || pmd_leaf(pmd))
		return NULL;
	return pte_offset_kernel(pmdp, addr);	/* EXPECT: reread-value */
}

static pte_t *bad_plain_snapshot(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = *pmdp;

	barrier();
	if (pmd_none(pmd))
		return NULL;
	return pte_offset_huge(pmdp, addr);	/* EXPECT: reread-value */
}

static unsigned long bad_dereference(pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (!pmd_leaf(pmd))
		return 0;
	return pmd_pfn(*pmdp);			/* EXPECT: reread-value */
}

static int bad_second_getter(pud_t *pudp)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		return 0;
	if (pud_leaf(pudp_get(pudp)))		/* EXPECT: reread-value */
		return 2;
	return 1;
}

static int bad_clear(pud_t *pudp)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_leaf(pud))
		return 1;
	return pud_none_or_clear_bad(pudp);	/* EXPECT: reread-value */
}

static int bad_member(struct vm_fault *vmf)
{
	pmd_t orig;

	if (pmd_none(orig = pmdp_get_lockless(vmf->pmd)))
		return 0;
	do_something(orig);
	return pmd_trans_huge(*vmf->pmd);	/* EXPECT: reread-value */
}

static int bad_into_member(struct vm_fault *vmf)
{
	vmf->orig_pmd = pmdp_get_lockless(vmf->pmd);
	if (pmd_none(vmf->orig_pmd))
		return 0;
	return pmd_young(*vmf->pmd);		/* EXPECT: reread-value */
}

static int bad_loop(p4d_t *p4d, unsigned long addr, unsigned long end)
{
	unsigned long next;
	pud_t *pudp = pud_offset(p4d, addr);

	do {
		pud_t pud = READ_ONCE(*pudp);

		next = pud_addr_end(addr, end);
		if (pud_none(pud))
			continue;
		walk(pmd_offset(pudp, addr));	/* EXPECT: reread-value */
	} while (pudp++, addr = next, addr != end);
	return 0;
}

static int bad_branch(pud_t *pudp, unsigned long addr, int mode)
{
	pud_t pud = pudp_get(pudp);

	if (mode)
		spin_lock(&some_lock);		/* only on one of the paths */
	if (pud_none(pud))
		goto out;
	walk(pmd_offset(pudp, addr));		/* EXPECT: reread-value */
out:
	if (mode)
		spin_unlock(&some_lock);
	return 0;
}

static int bad_after_unlock(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	spinlock_t *ptl = pmd_lock(mm, pmdp);
	pmd_t pmd;

	do_something(mm);
	spin_unlock(ptl);
	pmd = pmdp_get(pmdp);
	if (pmd_none(pmd))
		return 0;
	walk(pte_offset_kernel(pmdp, addr));	/* EXPECT: reread-value */
	return 1;
}

static pmd_t *bad_in_scope(pud_t *pudp, unsigned long addr)
{
	pmd_t *pmdp = NULL;

	scoped_guard(irqsave) {
		pud_t pud = READ_ONCE(*pudp);

		if (pud_none(pud))
			return NULL;
		pmdp = pmd_offset(pudp, addr);	/* EXPECT: reread-value */
	}
	return pmdp;
}

static int bad_hidden_test(pud_t *pudp)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		return 0;
	return pud_trans_unstable(pudp);	/* EXPECT: reread-value */
}

static pte_t *bad_element(pmd_t *table, int i, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(table + i);

	if (!pmd_present(pmd) || pmd_leaf(pmd))
		return NULL;
	return pte_offset_kernel(table + i, addr);	/* EXPECT: reread-value */
}

static unsigned long bad_array(pmd_t *table, int i)
{
	pmd_t pmd = READ_ONCE(table[i]);

	if (!pmd_leaf(pmd))
		return 0;
	return pmd_pfn(table[i]);		/* EXPECT: reread-value */
}

static pmd_t *bad_choice(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return pud_none(pud) ? NULL : pmd_offset(pudp, addr);	/* EXPECT: reread-value */
}

static int bad_after_lockless(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);
	pmd_t *pmdp;

	if (pud_none(pud))
		return 0;
	pmdp = pmd_offset_lockless(pudp, pud, addr);
	walk(pmdp);
	return pud_leaf(*pudp);			/* EXPECT: reread-value */
}

static int bad_after_retry(pmd_t *pmdp)
{
	pmd_t pmd;
again:
	pmd = pmdp_get_lockless(pmdp);
	if (pmd_none(pmd)) {
		fill();
		goto again;
	}
	return pmd_leaf(*pmdp) ? 2 : 1;		/* EXPECT: reread-value */
}

static int bad_rcu(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd;

	guard(rcu)();
	pmd = pmdp_get_lockless(pmdp);
	if (pmd_none(pmd))
		return 0;
	return walk(pte_offset_kernel(pmdp, addr));	/* EXPECT: reread-value */
}

static int bad_after_print(pud_t *pudp)
{
	pud_t pud = READ_ONCE(*pudp);

	pr_alert("pud=%016llx", pud_val(pud));
	if (pud_none(*pudp))			/* EXPECT: reread-value */
		return 0;
	return use(pud_val(pud));
}

static int bad_in_condition(pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (pmd_none(pmd) || pmd_bad(*pmdp))	/* EXPECT: reread-value */
		return 0;
	return use(pmd_val(pmd));
}

static int bad_before_lock(struct mm_struct *mm, pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);
	spinlock_t *ptl = pmd_lockptr(mm, pmdp);

	if (!pmd_trans_huge(pmd) || pmd_protnone(*pmdp))	/* EXPECT: reread-value */
		return 0;
	spin_lock(ptl);
	do_something(mm);
	spin_unlock(ptl);
	return 1;
}

static int bad_after_map(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);
	pte_t *pte = pte_offset_map(pmdp, addr);

	if (!pte)
		return pmd_leaf(*pmdp) && pmd_leaf(pmd);	/* EXPECT: reread-value */
	pte_unmap(pte);
	return 0;
}

static void bad_deep_member(struct walk *walk, unsigned long addr)
{
	pud_t pud = pudp_get(walk->private->pudp);

	switch (walk->mode) {
	case 1:
		if (!pud_present(pud))
			return;
		walk_on(pmd_offset(walk->private->pudp, addr));	/* EXPECT: reread-value */
		break;
	default:
		do_something(pud);
	}
}

/* --- look-alikes --- */

static pmd_t *good_lockless(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud) || pud_leaf(pud))
		return NULL;
	return pmd_offset_lockless(pudp, pud, addr);
}

static int good_stepped(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		pudp++;
	else
		pudp += 2;
	return walk(pmd_offset(pudp, addr));
}

static int good_other_slot(pud_t *pudp, pud_t *other, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return 0;
	pudp = other;
	return walk(pmd_offset(pudp, addr));
}

static int good_other_variable(pud_t *src, pud_t *dst, unsigned long addr)
{
	pud_t pud = READ_ONCE(*src);

	if (pud_none(pud))
		return 0;
	return walk(pmd_offset(dst, addr));
}

static int good_other_slot_getter(pud_t *pudp, pud_t *other, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pud_none(pud))
		return 0;
	pudp = other;
	return walk(pmd_offset(pudp, addr));
}

static int good_recheck(struct mm_struct *mm, pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);
	spinlock_t *ptl;

	if (!pmd_trans_huge(pmd))
		return 0;
	ptl = pmd_lock(mm, pmdp);
	if (pmd_trans_huge(*pmdp))
		do_something(mm);
	spin_unlock(ptl);
	return 1;
}

static int good_recheck_mm_lock(struct mm_struct *mm, pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return 0;
	spin_lock(&mm->page_table_lock);
	walk(pmd_offset(pudp, addr));
	spin_unlock(&mm->page_table_lock);
	return 1;
}

static int good_guard(struct mm_struct *mm, pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return 0;
	guard(spinlock)(&mm->page_table_lock);
	return walk(pmd_offset(pudp, addr));
}

static int good_compare(pmd_t *pmdp, pte_t *ptep)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	if (pmd_none(pmd))
		return 0;
	if (pmd_val(pmd) != pmd_val(*pmdp))
		return -EAGAIN;
	return 1;
}

static int good_same(pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	if (pmd_none(pmd))
		return 0;
	return pmd_same(pmd, *pmdp);
}

static int good_compare_getter(pmd_t *pmdp)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	return pmd_val(pmd) == pmd_val(pmdp_get_lockless(pmdp));
}

static int good_written(pmd_t *pmdp, pmd_t new)
{
	pmd_t old = *pmdp;

	set_pmd(pmdp, new);
	return pmd_none(old) && pmd_present(*pmdp);
}

static int good_stored(pmd_t *pmdp, pmd_t new)
{
	pmd_t old = READ_ONCE(*pmdp);

	WRITE_ONCE(*pmdp, new);
	return pmd_none(old) && pmd_present(*pmdp);
}

static pte_t *good_filled(struct mm_struct *mm, pmd_t *pmdp, pgtable_t table, unsigned long addr)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (pmd_none(pmd))
		pmd_populate(mm, pmdp, table);
	else
		return NULL;
	return pte_offset_kernel(pmdp, addr);
}

static pmd_t *good_alloc(struct mm_struct *mm, pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_leaf(pud))
		return NULL;
	return pmd_alloc(mm, pudp, addr);
}

static int good_map_lock(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);
	spinlock_t *ptl;
	pte_t *pte;

	if (pmd_none(pmd))
		return 0;
	pte = pte_offset_map_lock(mm, pmdp, addr, &ptl);
	if (!pte)
		return -EAGAIN;
	pte_unmap_unlock(pte, ptl);
	return 1;
}

static int good_refresh(pmd_t *pmdp)
{
	pmd_t pmd;
again:
	pmd = pmdp_get_lockless(pmdp);
	if (pmd_none(pmd))
		return 0;
	if (try_something(pmd))
		goto again;
	return 1;
}

static int good_refresh_twice(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		fill(addr);
	pud = READ_ONCE(*pudp);
	return pud_leaf(pud);
}

static int good_under_lock(struct mm_struct *mm, pud_t *pudp, unsigned long addr)
{
	pud_t pud;

	spin_lock(&mm->page_table_lock);
	pud = *pudp;
	if (!pud_none(pud))
		walk(pmd_offset(pudp, addr));
	spin_unlock(&mm->page_table_lock);
	return 0;
}

static void good_print(pmd_t *pmdp)
{
	pmd_t pmd = *pmdp;

	if (pmd_bad(pmd))
		pr_err("bad pmd %p: %lx\n", pmdp, (unsigned long)pmd_val(*pmdp));
}

static size_t good_size(pmd_t *pmdp)
{
	pmd_t pmd = *pmdp;

	return pmd_none(pmd) ? 0 : sizeof(*pmdp);
}

static int good_split(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get(pmdp);

	if (pmd_trans_huge(pmd))
		split_huge_pmd(vma, pmdp, addr);
	else
		return 0;
	return pmd_none(*pmdp);
}

static int good_no_entry(int *p)
{
	int v = READ_ONCE(*p);

	return v ? *p : 0;
}

static int good_asserted_later(struct mm_struct *mm, pmd_t *pmdp)
{
	pmd_t pmd = *pmdp;

	lockdep_assert_held(pmd_lockptr(mm, pmdp));
	if (pmd_none(pmd))
		return 0;
	return pmd_leaf(*pmdp);
}

static int good_scoped_lock(struct mm_struct *mm, pud_t *pudp, unsigned long addr)
{
	scoped_guard(spinlock, &mm->page_table_lock) {
		pud_t pud = READ_ONCE(*pudp);

		if (!pud_none(pud))
			return walk(pmd_offset(pudp, addr));
	}
	return 0;
}

static int good_scoped_recheck(struct mm_struct *mm, pmd_t *pmdp)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	if (!pmd_trans_huge(pmd))
		return 0;
	scoped_guard(spinlock, pmd_lockptr(mm, pmdp)) {
		return pmd_trans_huge(*pmdp);
	}
	return 0;
}

static int good_trylock(pmd_t *pmdp, spinlock_t *ptl)
{
	pmd_t pmd;

	if (!spin_trylock(ptl))
		return 0;
	pmd = pmdp_get(pmdp);
	if (!pmd_none(pmd))
		use(pmd_val(*pmdp));
	spin_unlock(ptl);
	return 1;
}

static int good_next_element(pmd_t *table, int i, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(table + i);

	if (pmd_none(pmd))
		i++;
	else
		i = 0;
	return walk(pte_offset_kernel(table + i, addr));
}

static int good_other_element(pmd_t *table, int i, int j, unsigned long addr)
{
	pmd_t pmd = READ_ONCE(table[i]);

	if (pmd_none(pmd))
		return 0;
	return walk(pte_offset_kernel(&table[j], addr));
}

static int good_written_element(pmd_t *table, int i, pmd_t new)
{
	pmd_t old = table[i];

	set_pmd(&table[i], new);
	return pmd_none(old) && pmd_present(table[i]);
}

static int good_address(pmd_t *table, int i)
{
	pmd_t pmd = READ_ONCE(table[i]);

	return pmd_none(pmd) ? 0 : use(&table[i]);
}

static pmd_t *good_choice(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return pud_none(pud) ? NULL : pmd_offset_lockless(pudp, pud, addr);
}

static int good_shown(pmd_t *pmdp)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	WARN_ON_ONCE(pmd_bad(*pmdp));
	pr_alert("pmd=%016llx", pmd_val(*pmdp));
	return pmd_none(pmd);
}
