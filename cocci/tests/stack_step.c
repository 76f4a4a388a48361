// SPDX-License-Identifier: GPL-2.0-only
/*
 * stack-step: a pointer that came from the address of a copy is stepped.
 * A line that has to be reported says so; all others have to stay silent.
 */
#include <linux/mm.h>

/* --- to be reported --- */

static void bad_gup(pud_t pud, unsigned long addr, unsigned long end)
{
	unsigned long next;
	pmd_t *pmdp;

	pmdp = pmd_offset(&pud, addr);			/* EXPECT: stack-copy */
	do {
		next = pmd_addr_end(addr, end);
		use(READ_ONCE(*pmdp));
	} while (pmdp++, addr = next, addr != end);	/* EXPECT: stack-step */
}

static void bad_for(p4d_t *p4dp, unsigned long addr, int n)
{
	p4d_t p4d = READ_ONCE(*p4dp);
	pud_t *pudp = pud_offset(&p4d, addr);		/* EXPECT: stack-copy */

	while (n--) {
		use(*pudp);
		++pudp;					/* EXPECT: stack-step */
	}
}

static int bad_index(pud_t pud, unsigned long addr, int i)
{
	pmd_t *pmdp = pmd_offset(&pud, 0);		/* EXPECT: stack-copy */

	return pmd_none(pmdp[i]);			/* EXPECT: stack-step */
}

static int bad_sum(pgd_t pgd, unsigned long addr)
{
	p4d_t *p4dp = p4d_offset(&pgd, 0);		/* EXPECT: stack-copy */

	return p4d_none(*(p4dp + p4d_index(addr)));	/* EXPECT: stack-step */
}

static int bad_add(pud_t pud, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, 0);		/* EXPECT: stack-copy */

	pmdp += pmd_index(addr);			/* EXPECT: stack-step */
	return pmd_none(*pmdp);
}

static int bad_back(pud_t pud, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	pmdp--;						/* EXPECT: stack-step */
	return pmd_none(*pmdp);
}

static int bad_subtract(pud_t pud, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	pmdp -= pmd_index(addr);			/* EXPECT: stack-step */
	return pmd_none(*pmdp);
}

static pmd_t *bad_at_once(pud_t pud, unsigned long addr)
{
	return pmd_offset(&pud, 0) + pmd_index(addr);	/* EXPECT: stack-copy stack-step */
}

static int bad_index_at_once(pud_t pud, int i)
{
	return pmd_none(pmd_offset(&pud, 0)[i]);	/* EXPECT: stack-copy stack-step */
}

static void step_inside(pud_t *pud, unsigned long addr, int n)
{
	pmd_t *pmd = pmd_offset(pud, addr);
	int i;

	for (i = 0; i < n; i++)
		use(pmd[i]);
}

static void bad_handed(pud_t *pudp, unsigned long addr)
{
	pud_t val = READ_ONCE(*pudp);

	step_inside(&val, addr, 3);			/* EXPECT: stack-copy stack-step */
}

static void step_loop(struct walk *walk, p4d_t *p4d, unsigned long addr, unsigned long end)
{
	unsigned long next;
	pud_t *pud;

	pud = pud_offset(p4d, addr & P4D_MASK);
	do {
		next = pud_addr_end(addr, end);
		use(*pud);
	} while (pud++, addr = next, addr != end);
}

static void bad_handed_loop(struct walk *walk, p4d_t *p4dp, unsigned long addr, unsigned long end)
{
	p4d_t val = p4dp_get(p4dp);

	step_loop(walk, &val, addr, end);		/* EXPECT: stack-copy stack-step */
}

static void bad_p4d(pgd_t pgd, unsigned long addr, unsigned long end)
{
	unsigned long next;
	p4d_t *p4dp = p4d_offset(&pgd, addr);		/* EXPECT: stack-copy */

	do {
		next = p4d_addr_end(addr, end);
		if (p4d_none(p4dp_get(p4dp)))
			continue;
		use(addr);
	} while (p4dp++, addr = next, addr != end);	/* EXPECT: stack-step */
}

static void bad_for_header(pud_t pud, unsigned long addr, unsigned long end)
{
	pmd_t *pmdp;

	for (pmdp = pmd_offset(&pud, addr); addr < end; addr += PMD_SIZE, pmdp++)	/* EXPECT: stack-copy stack-step */
		use(*pmdp);
}

static pmd_t bad_postfix(pud_t pud, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */
	pmd_t first = *pmdp++;				/* EXPECT: stack-step */

	use(*pmdp);
	return first;
}

static int bad_minus(pud_t pud, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	--pmdp;						/* EXPECT: stack-step */
	return pmd_none(*pmdp);
}

static int bad_getter(p4d_t p4d, unsigned long addr)
{
	pud_t *pudp = pud_offset(&p4d, 0);		/* EXPECT: stack-copy */
	pud_t pud = pudp_get(pudp + pud_index(addr));	/* EXPECT: stack-step */

	return pud_none(pud);
}

static pmd_t *bad_address(pud_t pud, int i)
{
	pmd_t *pmdp = pmd_offset(&pud, 0);		/* EXPECT: stack-copy */

	return &pmdp[i];				/* EXPECT: stack-step */
}

static void bad_one_branch(pud_t pud, unsigned long addr, bool more)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	if (!more)
		return;
	pmdp += 1;					/* EXPECT: stack-step */
	use(*pmdp);
}

static void bad_after_test(pud_t *pudp, unsigned long addr, int n)
{
	pud_t pud = READ_ONCE(*pudp);
	pmd_t *pmdp;

	if (pud_none(pud) || pud_leaf(pud))
		return;
	pmdp = pmd_offset(&pud, addr);			/* EXPECT: stack-copy */
again:
	use(pmdp_get(pmdp));
	if (n-- > 0) {
		++pmdp;					/* EXPECT: stack-step */
		goto again;
	}
}

static int bad_sum_in_call(pud_t pud, int i)
{
	return use(pmdp_get(pmd_offset(&pud, 0) + i));	/* EXPECT: stack-copy stack-step */
}

static void bad_pointer(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp), *p = &pud;
	pmd_t *pmdp = pmd_offset(p, addr);		/* EXPECT: stack-copy */

	pmdp++;						/* EXPECT: stack-step */
	use(*pmdp);
}

static void step_back(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	--pmd;
	use(*pmd);
}

static void bad_handed_back(pud_t pud, unsigned long addr)
{
	step_back(&pud, addr);				/* EXPECT: stack-copy stack-step */
}

/* --- look-alikes --- */

static void good_slot(pud_t *pudp, unsigned long addr, unsigned long end)
{
	unsigned long next;
	pmd_t *pmdp = pmd_offset(pudp, addr);

	do {
		next = pmd_addr_end(addr, end);
		use(READ_ONCE(*pmdp));
	} while (pmdp++, addr = next, addr != end);
}

static void good_lockless(pud_t *pudp, pud_t pud, unsigned long addr, unsigned long end)
{
	unsigned long next;
	pmd_t *pmdp = pmd_offset_lockless(pudp, pud, addr);

	do {
		next = pmd_addr_end(addr, end);
		use(READ_ONCE(*pmdp));
	} while (pmdp++, addr = next, addr != end);
}

static int good_single(pud_t pud, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	return pmd_none(*pmdp);
}

/* The table of a PTE pointer is a real one. */
static void good_pte(pmd_t pmd, unsigned long addr, unsigned long end)
{
	pte_t *ptep = pte_offset_map(&pmd, addr);	/* EXPECT: stack-copy */

	do {
		use(ptep_get(ptep));
	} while (ptep++, addr += PAGE_SIZE, addr != end);
}

static void good_pte_index(pmd_t pmd, int i)
{
	pte_t *ptep = pte_offset_kernel(&pmd, 0);	/* EXPECT: stack-copy */

	use(ptep[i]);
}

static void good_new_pointer(pud_t pud, pmd_t *table, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	use(*pmdp);
	pmdp = table;
	pmdp++;
	use(*pmdp);
}

static void good_other_pointer(pud_t pud, pmd_t *table, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	table++;
	use(*pmdp);
	use(table[3]);
}

static void good_address(pud_t pud, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	addr += PMD_SIZE;
	use(*pmdp);
	addr++;
	use(addr);
}

static void good_value_arithmetic(pud_t pud, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	use(pmd_val(*pmdp) + 1);
}

static void one_inside(pud_t *pud, unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	use(*pmd);
}

static void good_handed(pud_t *pudp, unsigned long addr)
{
	pud_t val = READ_ONCE(*pudp);

	one_inside(&val, addr);				/* EXPECT: stack-copy */
}

static void step_other(pud_t *pud, pmd_t *table, unsigned long addr)
{
	pmd_t *pmd = pmd_offset(pud, addr);

	use(*pmd);
	pmd = table;
	pmd++;
	use(*pmd);
}

static void good_handed_other(pud_t *pudp, pmd_t *table, unsigned long addr)
{
	pud_t val = READ_ONCE(*pudp);

	step_other(&val, table, addr);			/* EXPECT: stack-copy */
}

static void good_slot_index(pud_t *pudp, int i)
{
	pmd_t *pmdp = pmd_offset(pudp, 0);

	use(pmdp[i]);
	use(*(pmdp + i));
}

static void good_lockless_for(pud_t *pudp, pud_t pud, unsigned long addr, unsigned long end)
{
	pmd_t *pmdp;

	for (pmdp = pmd_offset_lockless(pudp, pud, addr); addr < end; addr += PMD_SIZE, pmdp++)
		use(*pmdp);
}

static pmd_t *good_lockless_sum(pud_t *pudp, pud_t pud, unsigned long addr)
{
	return pmd_offset_lockless(pudp, pud, 0) + pmd_index(addr);
}

static void good_found_each_time(pud_t pud, unsigned long addr, unsigned long end)
{
	for (; addr != end; addr += PMD_SIZE) {
		pmd_t *pmdp = pmd_offset(&pud, addr);	/* EXPECT: stack-copy */

		use(*pmdp);
	}
}

static void good_found_again(pud_t *pudp, pud_t pud, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	use(*pmdp);
	pmdp = pmd_offset_lockless(pudp, pud, addr);
	pmdp++;
	use(*pmdp);
}

static void good_counter(pud_t pud, unsigned long addr, int n)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	while (n-- > 0)
		use(*pmdp);
}

static int good_compared(pud_t pud, pmd_t *want, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	return pmdp == want || !pmdp;
}

static void good_value(pud_t pud, unsigned long addr)
{
	pmd_t pmd = *pmd_offset(&pud, addr);		/* EXPECT: stack-copy */
	unsigned long val = pmd_val(pmd);

	val++;
	use(val);
}

static void good_table_of_ptes(pmd_t pmd, unsigned long addr)
{
	pte_t *ptep = pte_offset_huge(&pmd, addr);	/* EXPECT: stack-copy */

	ptep += 3;
	use(ptep_get(ptep));
}

static void good_slot_of_copy(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);
	pmd_t *pmdp = pmd_offset(&pud, addr);		/* EXPECT: stack-copy */

	pudp++;
	use(*pmdp);
	use(pud_val(*pudp));
}

static void step_slot(pud_t *pud, int n)
{
	while (n--)
		use(pud_val(*pud));
}

static void good_handed_without_descent(pud_t *pudp, int n)
{
	pud_t val = READ_ONCE(*pudp);

	step_slot(&val, n);
}
