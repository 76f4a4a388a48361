/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests that need the device of lib/test_huge_pfnmap.c have in common. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PUD_SIZE	(1UL << 30)
#define PMD_SIZE	(1UL << 21)
#define PAGE		4096UL

/* From this offset on the device's mappings are VM_MIXEDMAP, from that of RAM. */
#define MIXED		(1L << 40)
#define RAM		(1L << 41)

static inline void touch(char *p)
{
	(void)*(volatile char *)p;
}

/* How many faults the device has resolved by an entry of this level. */
static inline int faults(int fd, int level)
{
	char text[128] = "";
	int n[3] = { -1, -1, -1 };

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0 ||
	    sscanf(text, "%d %d %d", &n[0], &n[1], &n[2]) != 3)
		return -1;
	return n[level];
}

/* Where in a PUD that maps RAM the page is that may be touched: 0x5a all over. */
static inline long own_page(int fd)
{
	char text[128] = "";
	long offset = -1;

	if (pread(fd, text, sizeof(text) - 1, 0) > 0)
		sscanf(text, "%*d %*d %*d %ld", &offset);
	return offset;
}

/* 8 GiB of address space, aligned to a PUD; NULL if there is none. */
static inline char *reserve(void)
{
	uintptr_t area = (uintptr_t)mmap(NULL, 9 * PUD_SIZE, PROT_NONE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return (void *)area == MAP_FAILED ? NULL : (char *)((area + PUD_SIZE - 1) & -PUD_SIZE);
}
