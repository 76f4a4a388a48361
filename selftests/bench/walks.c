// SPDX-License-Identifier: GPL-2.0
/*
 * What page faults and walks of page tables cost: one line for each, with 1 GiB
 * of anonymous memory in small pages, which munmap() shares with another mapping.
 *
 *	COST levels=- walk=mincore pages=2097152 us=68321
 *
 * Meant for a guest whose clock counts instructions (qemu -icount shift=3: 8 ns
 * each) and that has more than that much memory; scripts/insns runs it and reads
 * these lines.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

/* As in <linux/fs.h> since 6.7. */
struct scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t inverted, mask, anyof_mask, return_mask;
};
struct range {
	uint64_t start, end, categories;
};
#define SCAN			_IOWR('f', 16, struct scan)
#define SCAN_PRESENT		8

/*
 * Aligned to what one entry of the third level maps, so that the walks of two
 * kernels cross the same boundaries. On s390, three levels reach that far.
 */
#define ADDR			(1UL << 36)
#define SIZE			(1UL << 30)
/* Where mremap() takes it and back: moved by one page, each entry is moved. */
#define GAP			(2 * SIZE)

/* Pages are faulted in part by part, each part being a run. */
#define PARTS			4
/* Such a part where they are faulted in one by one. */
#define FAULTS			(SIZE / 32)
/* The pages that are walked one by one. */
#define SINGLE			1024

#ifdef __s390__
#define LEVELS			"3"
#else
#define LEVELS			"-"
#endif

static char *map = (char *)ADDR, *faults = (char *)(ADDR + SIZE + SIZE / 2);
static unsigned long psize;
static int pagemap;
static void *buffer;

static unsigned long touch(unsigned long start, bool write)
{
	volatile char *p = faults + start;

	for (; p < faults + start + FAULTS; p += psize) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	return FAULTS / psize;
}

/* Each returns the number of pages that it has walked, or 0 and sets errno. */
static unsigned long fault_write(void)
{
	static unsigned long start;

	start += FAULTS;
	return touch(start - FAULTS, true);
}

/* The zero page, which is the fault that takes least. */
static unsigned long fault_read(void)
{
	static unsigned long start = PARTS * FAULTS;

	start += FAULTS;
	return touch(start - FAULTS, false);
}

static unsigned long populate(void)
{
	static unsigned long start;

	start += SIZE / PARTS;
	return madvise(map + start - SIZE / PARTS, SIZE / PARTS, MADV_POPULATE_WRITE) ?
	       0 : SIZE / PARTS / psize;
}

static unsigned long read_pagemap(void)
{
	const size_t size = SIZE / psize * 8;

	errno = 0;
	return pread(pagemap, buffer, size, ADDR / psize * 8) == (ssize_t)size ? size / 8 : 0;
}

static unsigned long scan_pagemap(void)
{
	struct range range;
	struct scan scan = {
		.size = sizeof(scan),
		.start = ADDR,
		.end = ADDR + SIZE,
		.vec = (uintptr_t)&range,
		.vec_len = 1,
		.mask = SCAN_PRESENT,
		.return_mask = SCAN_PRESENT,
	};

	errno = 0;
	return ioctl(pagemap, SCAN, &scan) == 1 && range.start == ADDR &&
	       range.end == ADDR + SIZE ? SIZE / psize : 0;
}

static unsigned long walk_mincore(void)
{
	return mincore(map, SIZE, buffer) ? 0 : SIZE / psize;
}

/* Short walks, where the upper levels count. */
static unsigned long walk_mincore1(void)
{
	unsigned long i;

	for (i = 0; i < SINGLE; i++)
		if (mincore(map + i * psize, psize, buffer))
			return 0;
	return SINGLE;
}

static unsigned long walk_mprotect(void)
{
	return mprotect(map, SIZE, PROT_READ) ||
	       mprotect(map, SIZE, PROT_READ | PROT_WRITE) ? 0 : 2 * (SIZE / psize);
}

static unsigned long walk_mremap(void)
{
	char *there = map + GAP + psize;

	return mremap(map, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, there) != there ||
	       mremap(there, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, map) != map ?
	       0 : 2 * (SIZE / psize);
}

/* Nothing is freed: what that takes is not the same each time. */
static unsigned long zap_zero(void)
{
	return madvise(map, SIZE, MADV_DONTNEED) ? 0 : SIZE / psize;
}

static int map_zero(void)
{
	return madvise(map, SIZE, MADV_POPULATE_READ);
}

static unsigned long walk_munmap(void)
{
	return munmap(map, SIZE) ? 0 : SIZE / psize;
}

/* Shared pages, which are mapped elsewhere as well, so that none is freed here. */
static int map_shared(void)
{
	static char *shared;

	if (!shared) {
		munmap(map, SIZE);
		shared = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (shared == MAP_FAILED)
			return -1;
		madvise(shared, SIZE, MADV_NOHUGEPAGE);
	}
	/* Of a size of 0, mremap() makes a second mapping. */
	if (mremap(shared, 0, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, map) != map)
		return -1;
	return madvise(map, SIZE, MADV_POPULATE_READ);
}

/*
 * What is run how often. Of several runs it is the least: an interrupt or a
 * kernel thread only ever adds. A run takes less than from one timer interrupt to
 * the next (10 ms, CONFIG_HZ_100), or so much longer that one more is far less
 * than 0.1%.
 */
static const struct {
	const char *name;
	unsigned long (*call)(void);
	unsigned int runs, calls;
	int (*before)(void);
} walks[] = {
	{ "fault_write",	fault_write,	PARTS, 1 },
	{ "fault_read",		fault_read,	PARTS, 1 },
	{ "zap_zero",		zap_zero,	3, 1, map_zero },
	{ "populate",		populate,	PARTS, 1 },
	{ "pagemap",		read_pagemap,	3, 1 },
	{ "pagemap_scan",	scan_pagemap,	3, 1 },
	{ "mincore",		walk_mincore,	3, 8 },
	{ "mincore1",		walk_mincore1,	3, 1 },
	{ "mprotect",		walk_mprotect,	3, 1 },
	{ "mremap",		walk_mremap,	3, 1 },
	{ "munmap",		walk_munmap,	3, 1, map_shared },
};

static int measure(unsigned int nr)
{
	unsigned long long least = ~0ULL;
	unsigned long pages = 0;
	unsigned int run, call;

	for (run = 0; run < walks[nr].runs; run++) {
		unsigned long long begin;

		pages = 0;
		if (walks[nr].before && walks[nr].before()) {
			printf("%s: before: %s\n", walks[nr].name, strerror(errno));
			return 1;
		}
		wait_for_tick();
		begin = now(CLOCK_MONOTONIC);
		for (call = 0; call < walks[nr].calls; call++) {
			unsigned long done = walks[nr].call();

			if (!done) {
				printf("%s: %s\n", walks[nr].name,
				       errno ? strerror(errno) : "not all of it was walked");
				return 1;
			}
			pages += done;
		}
		begin = now(CLOCK_MONOTONIC) - begin;
		if (begin < least)
			least = begin;
	}
	printf("COST levels=" LEVELS " walk=%s pages=%lu us=%llu\n", walks[nr].name,
	       pages, least / 1000);
	return 0;
}

static int map_at(char *addr, unsigned long size)
{
	if (mmap(addr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != addr) {
		printf("no mapping at %p: %s\n", addr, strerror(errno));
		return 1;
	}
	madvise(addr, size, MADV_NOHUGEPAGE);
	return 0;
}

int main(void)
{
	unsigned int nr;

	psize = sysconf(_SC_PAGESIZE);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (pagemap < 0) {
		printf("/proc/self/pagemap: %s\n", strerror(errno));
		return 1;
	}
	/* All of it is there before a walk writes to it. */
	buffer = malloc(SIZE / psize * 8);
	if (!buffer)
		return 1;
	memset(buffer, 1, SIZE / psize * 8);

	if (map_at(map, SIZE) || map_at(faults, SIZE / 4))
		return 1;
	for (nr = 0; nr < sizeof(walks) / sizeof(walks[0]); nr++)
		if (measure(nr))
			return 1;
	return 0;
}
