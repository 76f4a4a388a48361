// SPDX-License-Identifier: GPL-2.0-only
/*
 * What some version of spatch cannot read, in functions with something to find:
 * scripts/lib/audit_readable.py and audit-macros.h have to make it readable.
 */
#include <linux/mm.h>

static pmd_t *asm_no_outputs(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm volatile("sync" :: "r" (addr) : "memory");

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *asm_behind_comment(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	/*
	 * Far from what is in front of it: a reader that looks back only
	 * so many characters sees nothing but this comment, and takes
	 * what follows for something else than a statement.
	 * Far from what is in front of it: a reader that looks back only
	 * so many characters sees nothing but this comment, and takes
	 * what follows for something else than a statement.
	 */
	asm volatile("sync" :: "r" (addr) : "memory");

	/*
	 * Far from what is in front of it: a reader that looks back only
	 * so many characters sees nothing but this comment, and takes
	 * what follows for something else than a statement.
	 * Far from what is in front of it: a reader that looks back only
	 * so many characters sees nothing but this comment, and takes
	 * what follows for something else than a statement.
	 */
	with_lock(addr) {
		addr++;
	}

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *asm_clobbers_only(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm volatile("sync" ::: "memory");

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *asm_tight(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm("sync"::"r"(addr));

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *asm_named_operand(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm volatile("ld %0, %[at]" : "=r" (addr) : [at] "r" (addr));

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *asm_inline_word(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm inline("sync");

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *asm_inline_macro(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm_inline volatile("sync" : "+r" (addr));

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *asm_with_macros(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm volatile(ALTERNATIVE("sync", "", FEATURE) CONSTRAINT
		     _EXTABLE(1b, 2b)
		     : OUTPUT, "+r" (addr)
		     :: "memory");

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *asm_jump(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm goto("b %l[out]" : : : : out);
out:

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *asm_jump_operands(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm goto("cbz %0, %l[out]\n\t"
		 "cbnz %0, %l[again]"
		 : : "r" (addr) : : out, again);
again:
out:

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

/* What asm is given is read as any other expression is. */
static pmd_t *asm_reads(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	asm volatile("ld %1, %0" :: [from] "m" (*pudp));	/* EXPECT: reread-value */
	return NULL;
}

/* It jumps, with the old value, to where the entry is read again. */
static pmd_t *asm_jumps_to(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm goto("b %l[down]" : : : "memory" : down);
	return NULL;
down:
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

/* The look-up is behind a function that calls none of the helpers. */
static int below(pud_t *pudp, unsigned long addr)
{
	pmd_t *pmdp = pmd_offset(pudp, addr);

	return pmd_none(READ_ONCE(*pmdp));
}

static int hands_on(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	asm goto("b %l[out]" : : : : out);
	if (!our_present(pud))
		return 0;
	return below(pudp, addr);		/* EXPECT: reread-value */
out:
	return 1;
}

static pmd_t *name_and(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int and = addr->and;

	set(and, &and);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_or(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int or = addr->or;

	set(or, &or);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_not(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int not = addr->not;

	set(not, &not);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_xor(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int xor = addr->xor;

	set(xor, &xor);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_compl(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int compl = addr->compl;

	set(compl, &compl);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_bitand(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int bitand = addr->bitand;

	set(bitand, &bitand);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_bitor(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int bitor = addr->bitor;

	set(bitor, &bitor);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_and_eq(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int and_eq = addr->and_eq;

	set(and_eq, &and_eq);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_or_eq(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int or_eq = addr->or_eq;

	set(or_eq, &or_eq);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_xor_eq(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int xor_eq = addr->xor_eq;

	set(xor_eq, &xor_eq);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *name_not_eq(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	int not_eq = addr->not_eq;

	set(not_eq, &not_eq);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

/* The name is reported as it is written. */
static pmd_t *slot_or(pud_t *or, unsigned long addr)
{
	pud_t pud = READ_ONCE(*or);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(or, addr);		/* EXPECT: reread-value */
}

static pmd_t *typeof_unqual_(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	typeof_unqual(addr) x = addr;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *typeof_unqual__(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	__typeof_unqual__(addr) x = addr;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *typeof_scalar(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	unqual_scalar_typeof(addr) x = addr;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *typeof_of_member(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	typeof_member(struct mm_struct, pgd) x;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *separated(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	addr += 1'000'000 + 0x1'00;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *hex_float(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	double d = 0x1.8p3;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *bit_int(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	_BitInt(7) x = 1;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *int128(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	unsigned __int128 x = 1;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *align_as(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	_Alignas(8) char x[8];

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *align_as_c23(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	alignas(8) char x[8];

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *atomic(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	_Atomic int x;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *constant(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	constexpr int x = 3;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *per_thread(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	static _Thread_local int x;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *unused_variable(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	[[maybe_unused]] int x;

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *falls_through(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	switch (addr) {
	case 1:
		addr++;
		[[fallthrough]];
	case 2:
		addr--;
	}

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *block_user(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	scoped_user_read_access(addr, out) {
		addr++;
	}
out:

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *block_power(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	with_display_power(addr, 1) {
		addr++;
	}

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *block_in_block(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (addr) {
		scoped_irq() {
			with_lock(addr) {
				addr++;
			}
		}
	}

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *block_conditional(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	scoped_cond_guard(mutex_intr, return NULL, &addr) {
		addr++;
	}

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static __attribute__((noinline)) pmd_t *head_attribute(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

pmd_t *__section(".text") head_section(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

[[nodiscard]] pmd_t *head_c23(pud_t *pudp, [[maybe_unused]] unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

pmd_t *head_lock(pud_t *pudp, unsigned long addr)
	__must_hold(&init_mm.page_table_lock)
	__cond_acquires(true, RCU)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *head_new(pud_t *pudp, unsigned long addr) __of_tomorrow(3)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *__head_itself(pud_t *pudp, unsigned long addr) __of_tomorrow
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

static pmd_t *table_of_its_own(pud_t *pudp, unsigned long addr)
{
	static pte_t ptes[512] __bss_pgtbl;
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}

DECLARE_VM_GET_PAGE_PROT

static pmd_t *behind_a_macro(pud_t *pudp, unsigned long addr)
{
	pud_t pud = READ_ONCE(*pudp);

	if (pud_none(pud))
		return NULL;
	return pmd_offset(pudp, addr);		/* EXPECT: reread-value */
}
