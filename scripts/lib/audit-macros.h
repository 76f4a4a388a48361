// SPDX-License-Identifier: GPL-2.0
/*
 * What spatch has to know about the kernel's macros: without this it cannot
 * parse a function that uses one of them, and drops it without a word.
 */
#define scoped_guard(a, b) YACFE_ITERATOR
#define scoped_cond_guard(a, b, c) YACFE_ITERATOR
#define scoped_class(a, b, c) YACFE_ITERATOR
#define __context_unsafe(x)
