// SPDX-License-Identifier: GPL-2.0-only
/*
 * unparsed: spatch drops these functions; each must be named. The functions
 * around them must not suffer.
 */
#include <linux/mm.h>

static pmd_t *fine_before(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *garbage(pud_t *pudp, unsigned long addr)
{
	some thing here(]) {
	if (pud_none(*pudp))			/* EXPECT: unparsed */
		return NULL;
	return pmd_offset(pudp, addr);
}

static pmd_t *fine_between(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *no_label(pud_t *pudp, unsigned long addr)
{
	if (pud_none(*pudp))			/* EXPECT: unparsed */
		goto nowhere;
	return pmd_offset(pudp, addr);
}

static int nothing_of_interest(int x)
{
	other thing here(]) {
	return x;
}

static pmd_t *fine_after(pud_t *pudp, unsigned long addr)
{
	/* pmd_offset(pudp, addr) in a comment, and in a string: */
	pr_debug("pmd_offset(pudp, addr)\n");
	if (pud_none(*pudp))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-plain */
}

/* What follows calls none of the functions that are counted. */
static int hands_on(pud_t *pudp)
{							/* EXPECT: unparsed */
	other thing here(]) {
	return walk_on(pudp);
}

static int value_only(struct walk *walk)
{
	other thing here(]) {
	return pmd_val(walk->entry) & 1;		/* EXPECT: unparsed */
}

static int member(struct vm_fault *vmf)
{
	other thing here(]) {
	return walk_on(vmf->pmd);			/* EXPECT: unparsed */
}

static int local(void *p)
{
	void *way = &&out;
	pmd_t *pmdp = p;				/* EXPECT: unparsed */

	goto *way;
out:
	return walk_on(pmdp);
}
