// SPDX-License-Identifier: GPL-2.0
/*
 * What spatch has to know about the kernel's macros, and about C: without this
 * it cannot parse a function that uses one of them, and drops it without a
 * word. See audit_readable.py for what a macro cannot express.
 */
#define scoped_guard(a, b) YACFE_ITERATOR
#define scoped_cond_guard(a, b, c) YACFE_ITERATOR
#define scoped_class(a, b, c) YACFE_ITERATOR
#define __context_unsafe(x)
#define unrolled_none
#define __bss_pgtbl
#define DECLARE_VM_GET_PAGE_PROT
#define typeof_member(a, b) int
#define unqual_scalar_typeof(x) int
#define TYPEOF_UNQUAL(x) int
#define typeof_unqual(x) int
#define __typeof_unqual__(x) int
#define __int128 long
#define _BitInt(x) int
#define _Alignas(x)
#define alignas(x)
#define _Atomic
#define _Complex
#define _Noreturn
#define _Thread_local
#define thread_local
#define constexpr
