// SPDX-License-Identifier: GPL-2.0-only
/*
 * What inter_copied.c and inter_names.c call, and what they do not, though it
 * has the same name. Nothing here is to be reported.
 */
#include <linux/mm.h>

pmd_t *other_file(pud_t *pud, unsigned long addr)
{
	return pmd_offset(pud, addr);
}

pmd_t *other_file_deeper(unsigned long addr, pud_t *pud)
{
	return other_file(pud, addr);
}

pud_t *other_p4d(p4d_t *p4d, unsigned long addr)
{
	return pud_offset(p4d, addr);
}

p4d_t *other_pgd(pgd_t *pgd, unsigned long addr)
{
	return p4d_offset(pgd, addr);
}

pte_t *other_pmd(pmd_t *pmd, unsigned long addr)
{
	return pte_offset_kernel(pmd, addr);
}

void other_flush(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	pte_t *start = pte_offset_map(pmd, addr), *pte;

	if (!start)
		return;
	for (pte = start; pte < start + PTRS_PER_PTE; pte++)
		flush(pte);
	pte_unmap(start);
}

int other_tests(pud_t *pud)
{
	return pud_leaf(*pud);
}

pud_t *other_find(p4d_t *p4d, unsigned long addr)
{
	pud_t *pud = pud_offset(p4d, addr);

	return pud_none_or_clear_bad(pud) ? NULL : pud;
}

pud_t *other_find_and_test(p4d_t *p4d, unsigned long addr)
{
	pud_t *pud = pud_offset(p4d, addr);

	if (pud_none_or_clear_bad(pud))
		return NULL;
	return pud;
}

static pmd_t *static_elsewhere(pud_t *pud, unsigned long addr)
{
	return pmd_offset(pud, addr);
}

static pmd_t *same_name_here(pud_t *pud, unsigned long addr)
{
	return pud_leaf(*pud) ? NULL : (pmd_t *)addr;
}

static pmd_t *same_name_there(pud_t *pud, unsigned long addr)
{
	return pmd_offset(pud, addr);
}

int other_uses_them(pud_t *pud, unsigned long addr)
{
	return walk(same_name_here(pud, addr), same_name_there(pud + 1, addr), static_elsewhere(pud + 2, addr));
}
