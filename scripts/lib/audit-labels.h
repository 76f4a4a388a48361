// SPDX-License-Identifier: GPL-2.0
/*
 * Macros that are jumped to: spatch finds no way through such a function, as it
 * applies what is in audit-macros.h only where it cannot parse.
 */
#define VMALLOC_FAULT_TARGET vmalloc_fault
