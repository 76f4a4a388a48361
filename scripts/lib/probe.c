// SPDX-License-Identifier: GPL-2.0
/*
 * Compiled by scripts/codegen with the flags of the kernel, for a target's
 * base and series: the loads of a walk under the lock and of one without it,
 * from the pgd entry on. How that is found is not compared.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>

pte_t *pxd_probe_locked(pgd_t *pgdp, unsigned long addr);
pte_t *pxd_probe_lockless(pgd_t *pgdp, unsigned long addr);

pte_t *pxd_probe_locked(pgd_t *pgdp, unsigned long addr)
{
	p4d_t *p4dp;
	pud_t *pudp;
	pmd_t *pmdp;

	if (pgd_none(*pgdp))
		return NULL;
	p4dp = p4d_offset(pgdp, addr);
	if (p4d_none(*p4dp))
		return NULL;
	pudp = pud_offset(p4dp, addr);
	if (pud_none(*pudp))
		return NULL;
	pmdp = pmd_offset(pudp, addr);
	if (pmd_none(*pmdp))
		return NULL;
	return pte_offset_kernel(pmdp, addr);
}

/* What the base has instead. */
#ifndef pte_offset_kernel_pmdval
#define pte_offset_kernel_pmdval(pmd, addr) pte_offset_kernel(&(pmd), addr)
#endif

pte_t *pxd_probe_lockless(pgd_t *pgdp, unsigned long addr)
{
#ifdef PXD_PGD_ARRAY
	/* An array cannot be copied: what the base does on arm with 2 levels. */
#define pgd (*pgdp)
#else
	pgd_t pgd = pgdp_get(pgdp);
#endif
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t *pmdp, pmd;

	if (pgd_none(pgd))
		return NULL;
	p4dp = p4d_offset_lockless(pgdp, pgd, addr);
#ifdef PXD_PGD_ARRAY
#define p4d (*p4dp)
#define pud (*pudp)
#else
	p4d = p4dp_get(p4dp);
#endif
	if (p4d_none(p4d))
		return NULL;
	pudp = pud_offset_lockless(p4dp, p4d, addr);
#ifndef PXD_PGD_ARRAY
	pud = pudp_get(pudp);
#endif
	if (pud_none(pud))
		return NULL;
	pmdp = pmd_offset_lockless(pudp, pud, addr);
	pmd = pmdp_get_lockless(pmdp);
	if (pmd_none(pmd))
		return NULL;
	return pte_offset_kernel_pmdval(pmd, addr);
}
