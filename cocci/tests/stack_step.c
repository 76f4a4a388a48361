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
