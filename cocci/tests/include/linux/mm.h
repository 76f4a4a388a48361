/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as offset_lockless.c needs to be compiled, before and
 * after offset_lockless.cocci: types that do not mix, and the signatures.
 */
#define NULL ((void *)0)
#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define unlikely(x) (x)
#define barrier() do { } while (0)
#define WARN_ON_ONCE(x) (x)
#define scoped_guard(name, ...) for (int once = 1; once; once = 0)
#define guard(name) guard_##name

typedef _Bool bool;
typedef struct { int locked; } spinlock_t;
typedef struct { unsigned long pte; } pte_t;
struct mm_struct;
struct vm_area_struct;

void guard_rcu(void);
void guard_spinlock(spinlock_t *lock);
void rcu_read_lock(void);
void rcu_read_unlock(void);
void local_irq_save(unsigned long flags);
void local_irq_restore(unsigned long flags);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
void cond_resched(void);
void pr_alert(const char *format, ...);
void use(unsigned long value);
int walk(void *entry);
pte_t ptep_get(pte_t *ptep);
void pte_unmap(pte_t *ptep);

#define LEVEL(pxd)								\
	typedef struct { unsigned long val; } pxd##_t;				\
	pxd##_t pxd##p_get(pxd##_t *slot);					\
	pxd##_t pxd##p_get_lockless(pxd##_t *slot);				\
	bool pxd##_none(pxd##_t entry);						\
	bool pxd##_present(pxd##_t entry);					\
	bool pxd##_bad(pxd##_t entry);						\
	bool pxd##_leaf(pxd##_t entry);						\
	unsigned long pxd##_val(pxd##_t entry);					\
	void set_##pxd(pxd##_t *slot, pxd##_t entry);				\
	unsigned long pxd##_addr_end(unsigned long addr, unsigned long end)

#define DOWN(pxd, upper)							\
	pxd##_t *pxd##_offset(upper##_t *slot, unsigned long addr);		\
	pxd##_t *pxd##_offset_lockless(upper##_t *slot, upper##_t entry, unsigned long addr)

LEVEL(pgd);
LEVEL(p4d);
LEVEL(pud);
LEVEL(pmd);
DOWN(p4d, pgd);
DOWN(pud, p4d);
DOWN(pmd, pud);

pgd_t *pgd_offset(struct mm_struct *mm, unsigned long addr);
pmd_t pmd_mkold(pmd_t entry);
void split_huge_pud(struct vm_area_struct *vma, pud_t *slot, unsigned long addr);
void fill(pud_t *entry);
pte_t *pte_offset_kernel(pmd_t *slot, unsigned long addr);
pte_t *pte_offset_kernel_pmdval(pmd_t entry, unsigned long addr);
pte_t *pte_offset_map(pmd_t *slot, unsigned long addr);
pte_t *pte_offset_map_pmdval(pmd_t entry, unsigned long addr);
