// SPDX-License-Identifier: GPL-2.0-only
/*
 * The address of a local copy of an entry is handed to a function (some are in
 * inter_other.c), which looks the next table up with it or hands it on.
 * A line that has to be reported says so; all others have to stay silent.
 */
#include <linux/mm.h>
#include "inter_other.h"

/* --- what they call --- */

static pmd_t *here(pud_t *pud, unsigned long addr)
{
	return pmd_offset(pud, addr);
}

static pmd_t *deeper(unsigned long addr, pud_t *pud)
{
	return here(pud, addr);
}

static pmd_t *deepest(pud_t *pud, unsigned long addr, int x)
{
	return x ? deeper(addr, pud) : NULL;
}

static pte_t *maps(pmd_t *pmd, unsigned long addr)
{
	return pte_offset_map(pmd, addr);
}

static pte_t *maps_deeper(struct mm_struct *mm, pmd_t *pmd, unsigned long addr)
{
	return maps(pmd, addr);
}

static pte_t *locks(struct mm_struct *mm, pmd_t *pmd, unsigned long addr, spinlock_t **ptlp)
{
	return pte_offset_map_lock(mm, pmd, addr, ptlp);
}

static int tests(pud_t *pud)
{
	return pud_leaf(*pud);
}

static void fetches(pud_t *from, pud_t *to)
{
	*to = READ_ONCE(*from);
}

static int two_slots(pud_t *first, pud_t *second, unsigned long addr)
{
	return pud_none(*first) ? 0 : walk(pmd_offset(second, addr));
}

static int moved(pud_t *pud, p4d_t *p4d, unsigned long addr)
{
	pud = pud_offset(p4d, addr);
	return walk(pmd_offset(pud, addr));
}

/* --- to be reported --- */

static pmd_t *bad_deeper(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return deeper(addr, &pud);			/* EXPECT: stack-copy */
}

static pmd_t *bad_deepest(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return deepest(&pud, addr, 1);			/* EXPECT: stack-copy */
}

static pmd_t *bad_here(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return here(&pud, addr);			/* EXPECT: stack-copy */
}

static pte_t *bad_maps(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	return maps_deeper(NULL, &pmd, addr);		/* EXPECT: stack-copy */
}

static pte_t *bad_locks(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr, spinlock_t **ptlp)
{
	pmd_t pmd = READ_ONCE(*pmdp);

	return locks(mm, &pmd, addr, ptlp);		/* EXPECT: stack-copy */
}

static pmd_t *bad_other_file(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return other_file(&pud, addr);			/* EXPECT: stack-copy */
}

static pmd_t *bad_other_file_deeper(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return other_file_deeper(addr, &pud);		/* EXPECT: stack-copy */
}

static pmd_t *bad_header(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return in_header(&pud, addr);			/* EXPECT: stack-copy */
}

static pmd_t *bad_second_argument(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	return walk(two_slots(pudp + 1, &pud, addr));	/* EXPECT: stack-copy */
}

static pmd_t *bad_parameter(pud_t pud, unsigned long addr)
{
	return other_file(&pud, addr);			/* EXPECT: stack-copy */
}

static int bad_in_a_loop(pud_t *pudp, unsigned long addr, unsigned long end)
{
	for (; addr < end; addr += PUD_SIZE, pudp++) {
		pud_t pud = pudp_get(pudp);

		walk(other_file(&pud, addr));		/* EXPECT: stack-copy */
	}
	return 0;
}

static int bad_p4d(p4d_t *p4dp, unsigned long addr)
{
	p4d_t p4d = p4dp_get(p4dp);

	return walk(other_p4d(&p4d, addr));		/* EXPECT: stack-copy */
}

static int bad_pgd(pgd_t *pgdp, unsigned long addr)
{
	pgd_t pgd = pgdp_get(pgdp);

	return walk(other_pgd(&pgd, addr));		/* EXPECT: stack-copy */
}

static int bad_pmd(pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get(pmdp);

	return walk(other_pmd(&pmd, addr));		/* EXPECT: stack-copy */
}

static int bad_flushed(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = *pmdp;

	pmd_clear(pmdp);
	other_flush(mm, &pmd, addr);			/* EXPECT: stack-copy */
	return 0;
}

static int bad_in_a_condition(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	if (!pud_none(pud) && other_file(&pud, addr))	/* EXPECT: stack-copy */
		return 1;
	return 0;
}

static int bad_arm(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return addr ? walk(other_file(&pud, addr)) : 0;	/* EXPECT: stack-copy */
}

static pmd_t *bad_static_of_both(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return same_name_here(&pud, addr);		/* EXPECT: stack-copy */
}

static pmd_t *bad_in_scope(pud_t *pudp, unsigned long addr)
{
	scoped_guard(rcu) {
		pud_t pud = pudp_get(pudp);

		return other_file(&pud, addr);		/* EXPECT: stack-copy */
	}
	return NULL;
}

static pmd_t *bad_cast(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return other_file((void *)&pud, addr);		/* EXPECT: stack-copy */
}

/* --- look-alikes --- */

static int good_only_tested(pud_t *pudp)
{
	pud_t pud = pudp_get(pudp);

	return tests(&pud);
}

static int good_fetched(pud_t *pudp)
{
	pud_t pud;

	fetches(pudp, &pud);
	return pud_none(pud);
}

static pmd_t *good_slot(pud_t *pudp, unsigned long addr)
{
	return other_file(pudp, addr);
}

static int good_first_argument(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return two_slots(&pud, pudp + 1, addr);
}

static int good_unknown(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return defined_nowhere(&pud, addr);
}

static pmd_t *good_static_elsewhere(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return static_elsewhere(&pud, addr);
}

static pmd_t *good_same_name(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return same_name_there(&pud, addr);
}

static pmd_t *same_name_there(pud_t *pud, unsigned long addr)
{
	return pud_leaf(*pud) ? NULL : (pmd_t *)addr;
}

static pmd_t *same_name_here(pud_t *pud, unsigned long addr)
{
	return pmd_offset(pud, addr);
}

static pmd_t *good_lockless(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return pmd_offset_lockless(pudp, pud, addr);
}

static int good_other_arch(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return walk(only_on_one_arch_static(&pud, addr));
}

static int good_header_of_another(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return walk(header_of_a_driver(&pud, addr));
}

static int good_value_handed(pud_t *pudp, unsigned long addr)
{
	pud_t pud = pudp_get(pudp);

	return by_value(pud, addr);
}

static int good_own_entry(struct mm_struct *mm, pgtable_t table, unsigned long addr)
{
	pmd_t pmd;

	pmd_populate(mm, &pmd, table);
	return walk(other_pmd(&pmd, addr));
}

static int good_own_entry_kernel(struct mm_struct *mm, pte_t *table, unsigned long addr)
{
	pmd_t pmd;

	pmd_populate_kernel(mm, &pmd, table);
	return walk(maps(&pmd, addr));
}

static int good_other_type(unsigned long addr)
{
	pte_t pte = __pte(addr);

	return other_pte(&pte);
}

static int good_static_local(unsigned long addr)
{
	static struct walk_state state;

	return walk(other_file(state.pud, addr));
}

static int good_sizeof(pud_t *pudp)
{
	pud_t pud = pudp_get(pudp);

	return memchr_inv(&pud, 0, sizeof(pud)) != NULL;
}

static int good_printed(pud_t *pudp)
{
	pud_t pud = pudp_get(pudp);

	pr_info("%p\n", &pud);
	return 0;
}

static pte_t *takes_result(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr, pmd_t *result)
{
	spinlock_t *ptl;

	return pte_offset_map_rw_nolock(mm, pmdp, addr, result, &ptl);
}

static pte_t *good_result(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd;

	return takes_result(mm, pmdp, addr, &pmd);
}

static pte_t *copied_not_result(struct mm_struct *mm, pmd_t *pmdp, unsigned long addr)
{
	pmd_t pmd = pmdp_get_lockless(pmdp), result;

	return takes_result(mm, &pmd, addr, &result);	/* EXPECT: stack-copy */
}

static int good_zeroed(void)
{
	pud_t pud;

	memset(&pud, 0, sizeof(pud));
	return pud_none(pud);
}

static int good_table(unsigned long addr)
{
	pud_t puds[2];

	return walk(other_file(puds, addr));
}

static int good_pointer_to_slot(pud_t *pudp, unsigned long addr)
{
	return by_reference(&pudp, addr);
}
