// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack-copy: the address of a local copy is given to an offset helper.
 * A line that has to be reported says so; all others have to stay silent.
 */
#include <linux/mm.h>

/* --- to be reported --- */

static int bad_p4d(pgd_t *pgdp, unsigned long addr)
{
	pgd_t pgd = READ_ONCE(*pgdp);

	return p4d_none(READ_ONCE(*p4d_offset(&pgd, addr)));	/* EXPECT: stack-copy */
}

static int bad_pud(p4d_t *p4dp, unsigned long addr)
{
	p4d_t p4d = p4dp_get(p4dp);
	pud_t *pudp;

	pudp = pud_offset(&p4d, addr);			/* EXPECT: stack-copy */
	return pud_none(pudp_get(pudp));
}

static int bad_pmd(pud_t *pudp, unsigned long addr)
{
	pud_t pud = *pudp;
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	return pmd_none(*pmdp);
}

static pte_t *bad_pte_kernel(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	return pte_offset_kernel(&pmd, addr);		/* EXPECT: stack-copy */
}

static pte_t *bad_pte_map(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	return pte_offset_map(&pmd, addr);		/* EXPECT: stack-copy */
}

static pte_t *bad_recheck(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);
	spinlock_t *ptl;

	return pte_offset_map_lock(mm, &pmd, addr, &ptl);	/* EXPECT: stack-copy */
}

static pte_t *bad_nolock(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp), now;
	spinlock_t *ptl;

	return pte_offset_map_rw_nolock(mm, &pmd, addr, &now, &ptl);	/* EXPECT: stack-copy */
}

static pmd_t *bad_parameter(pud_t pud, unsigned long addr)
{
	return pmd_offset(&pud, addr);			/* EXPECT: stack-copy */
}

static pmd_t *bad_pointer(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);
	pud_t *p = &pud;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(p, addr);			/* EXPECT: stack-copy */
}

static void bad_loop(p4d_t *p4d, unsigned long addr, int n)
{
	pud_t *pudp = pud_offset(p4d, addr);
	int i;

	for (i = 0; i < n; i++, pudp++) {
		pud_t val = READ_ONCE(*pudp);

		if (!pud_none(val))
			walk(pmd_offset(&val, addr));	/* EXPECT: stack-copy */
	}
}

static int walk_slot(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd;

	pmd = pmd_offset(pud, addr);
	return pmd_none(*pmd);
}

static int bad_handed(pud_t *pudp, unsigned long addr)
{
	pud_t val = READ_ONCE(*pudp);

	return walk_slot(&val, addr);			/* EXPECT: stack-copy */
}

static int walk_table(struct mm_struct *mm, int flags, pmd_t *pmd, unsigned long addr)
{
	spinlock_t *ptl;
	pmd_t now;
	pte_t *pte;

	pte = pte_offset_map_rw_nolock(mm, pmd, addr, &now, &ptl);
	return pte && pmd_same(now, *pmd);
}

static int bad_handed_later(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	pmd_t val = pmdp_get_lockless(pmdp);

	if (pmd_none(val))
		return 0;
	return walk_table(mm, 3, &val, addr);		/* EXPECT: stack-copy */
}

static pmd_t *bad_in_scope(pud_t *pudp, unsigned long addr)
{
	scoped_guard(irqsave) {
		pud_t pud = READ_ONCE(*pudp);

		return pmd_offset(&pud, addr);		/* EXPECT: stack-copy */
	}
}

#define my_pmd_offset_lockless(pudp, pud, addr) \
	pmd_offset(&(pud), addr)			/* EXPECT: stack-copy */

static pte_t *bad_huge(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get(pmdp);

	return pte_offset_huge(&pmd, addr);		/* EXPECT: stack-copy */
}

static pte_t *bad_read_only(struct mm_struct *mm, pmd_t pmd, unsigned long addr)
{
	spinlock_t *ptl;

	return pte_offset_map_ro_nolock(mm, &pmd, addr, &ptl);	/* EXPECT: stack-copy */
}

static pmd_t *bad_choice(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return pud_none(pud) ? NULL : pmd_offset(&pud, addr);	/* EXPECT: stack-copy */
}

static pmd_t bad_nested(pud_t pud, unsigned long addr)
{
	return pmdp_get_lockless(pmd_offset(&pud, addr));	/* EXPECT: stack-copy */
}

static pmd_t *bad_either(pud_t *pudp, unsigned long addr, bool copy)
{
	pud_t pud = READ_ONCE(*pudp);
	pud_t *p;

	if (copy)
		p = &pud;
	else
		p = pudp;
	return pmd_offset(p, addr);			/* EXPECT: stack-copy */
}

static pmd_t *bad_member(pud_t *pudp, unsigned long addr)
{
	struct entries entries;

	entries.pud = pudp_get(pudp);
	if (pud_none(entries.pud))
		return NULL;
	return pmd_offset(&entries.pud, addr);		/* EXPECT: stack-copy */
}

static pmd_t *bad_guarded(pud_t *pudp, unsigned long addr)
{
	pud_t pud;

	guard(rcu)();
	pud = pudp_get(pudp);
	return pmd_offset(&pud, addr);			/* EXPECT: stack-copy */
}

/* --- look-alikes --- */

static pmd_t *good_slot(pud_t *pudp, unsigned long addr)
{
	return pmd_offset(pudp, addr);
}

static pmd_t *good_lockless(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return pmd_offset_lockless(pudp, pud, addr);
}

static pmd_t *good_element(pud_t *table, int i, unsigned long addr)
{
	return pmd_offset(&table[i], addr);
}

static pmd_t *good_table_member(struct page_table *table, unsigned long addr)
{
	return pmd_offset(&table->entry[3], addr);
}

static pud_t early_pud;

static pmd_t *good_global(unsigned long addr)
{
	return pmd_offset(&early_pud, addr);
}

static pte_t *good_out_parameter(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmdval;
	spinlock_t *ptl;

	return pte_offset_map_rw_nolock(mm, pmdp, addr, &pmdval, &ptl);
}

static pte_t *good_own_table(struct mm_struct *mm, pgtable_t table, unsigned long addr)
{
	pmd_t _pmd;

	pmd_populate(mm, &_pmd, table);
	return pte_offset_map(&_pmd, addr);
}

static pte_t *good_own_kernel_table(pte_t *table, unsigned long addr)
{
	pmd_t _pmd;

	pmd_populate_kernel(&init_mm, &_pmd, table);
	prepare(table);
	return pte_offset_kernel(&_pmd, addr);
}

static pte_t *good_removed(struct mm_struct *mm, struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr)
{
	spinlock_t *ptl, *pmd_ptl = pmd_lock(mm, pmdp);
	pmd_t pmd = pmdp_collapse_flush(vma, addr, pmdp);

	spin_unlock(pmd_ptl);
	return pte_offset_map_lock(mm, &pmd, addr, &ptl);
}

static pte_t *good_removed_later(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd;

	pmd = pmdp_collapse_flush(vma, addr, pmdp);
	if (pmd_none(pmd))
		return NULL;
	return pte_offset_map(&pmd, addr);
}

static pte_t *read_again_after_removal(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd;

	pmd = pmdp_collapse_flush(vma, addr, pmdp);
	use(pmd);
	pmd = pmdp_get(pmdp);
	return pte_offset_map(&pmd, addr);			/* EXPECT: stack-copy */
}

static pmd_t *good_pointer(pud_t *slot, unsigned long addr)
{
	pud_t pud = READ_ONCE(*slot), *p = &pud;

	use(p);
	p = slot;
	return pmd_offset(p, addr);
}

static int read_slot(pud_t *slot, pud_t *val)
{
	*val = pudp_get(slot);
	return pud_none(*val) ? 0 : walk(pmd_offset(slot, 0));	/* EXPECT: reread-value */
}

static int good_result(pud_t *slot)
{
	pud_t val;

	return read_slot(slot, &val);
}

static void set_value(pud_t *val)
{
	*val = pud_mkyoung(*val);
}

static pmd_t *good_changed(pud_t *slot, unsigned long addr)
{
	pud_t val = pudp_get(slot);

	set_value(&val);
	use(pud_val(val));
	return pmd_offset(slot, addr);			/* EXPECT: reread-value */
}

static pgd_t *good_pgd(struct mm_struct *mm, unsigned long addr)
{
	struct mm_struct local;

	return pgd_offset(&local, addr);
}

static unsigned long good_other_type(unsigned long *p)
{
	unsigned long value = *p;

	return offset_of_something(&value, 3);
}

#define my_pmd_offset(pudp, addr) pmd_offset((pudp), (addr))

static pmd_t *good_static(unsigned long addr)
{
	static pud_t only_pud;

	return pmd_offset(&only_pud, addr);
}

static pmd_t *good_pointer_to_pointer(pud_t **pudpp, unsigned long addr)
{
	return pmd_offset(*pudpp, addr);
}

static pud_t early_table[PTRS_PER_PUD];

static pmd_t *good_global_element(unsigned long addr)
{
	return pmd_offset(&early_table[pud_index(addr)], addr);
}

static pmd_t good_nested(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return pmdp_get_lockless(pmd_offset_lockless(pudp, pud, addr));
}

static pte_t *good_map_lockless(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp);

	return pmd_none(pmd) ? NULL : pte_offset_map_pmdval(pmd, addr);
}

static pmd_t *good_compared(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (pudp == &pud)
		return NULL;
	return pmd_offset_lockless(pudp, pud, addr);
}

static pmd_t *good_member_of_argument(struct entries *entries, unsigned long addr)
{
	return pmd_offset(&entries->pud, addr);
}

static void descend_other(pud_t *copy, pud_t *slot, unsigned long addr)
{
	pud_clear(copy);
	walk(pmd_offset(slot, addr));
}

static void good_handed_beside(pud_t *pudp, unsigned long addr)
{
	pud_t pud;

	descend_other(&pud, pudp, addr);
	use(pud_val(pud));
}
