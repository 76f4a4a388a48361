/* SPDX-License-Identifier: GPL-2.0-only */
/* Seen by inter_copied.c and inter_names.c. */
static inline pmd_t *in_header(pud_t *pud, unsigned long addr)
{
	return pmd_offset(pud, addr);
}
