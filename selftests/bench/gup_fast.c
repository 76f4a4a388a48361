// SPDX-License-Identifier: GPL-2.0
/*
 * What GUP-fast costs, by the benchmark of mm/gup_test.c: one line for each
 * number of pages per call, and on s390 for each number of page table levels.
 *
 *	COST levels=- per_call=512 pages=8704 us=7776
 *
 * Meant for a guest whose clock counts instructions (qemu -icount shift=3: 8 ns
 * each); scripts/insns runs it and reads these lines.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "mm/gup_test.h"
#include "clock.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif

#define GUP_FILE	"/sys/kernel/debug/gup_test"
#define WRITE		1	/* FOLL_WRITE */
#define REPEATS		3

/*
 * The benchmark counts in microseconds, so that it has to run long for a good
 * resolution, but not as long as from one timer interrupt to the next, which is
 * 10 ms (CONFIG_HZ_100).
 */
#define FIRST_PAGES	2048
#define MAX_PAGES	(16 * FIRST_PAGES)
#define GOOD_US		8500

static const unsigned int per_calls[] = { 1, 512 };

/*
 * Every table that is walked begins here, so that the walks of two kernels
 * cross the same boundaries. On s390 a process begins with three levels and
 * gets more, for good, with a mapping that is out of their reach.
 */
static const struct {
	const char *levels;
	unsigned long addr;
} maps[] = {
#ifdef __s390__
	{ "3", 1UL << 36 },
	{ "4", 1UL << 52 },
	{ "5", 1UL << 63 },
#else
	{ "-", 1UL << 36 },
#endif
};

/* The least of several runs: an interrupt or a kernel thread only ever adds. */
static int measure(int fd, char *p, unsigned long size, unsigned int per_call,
		   unsigned long long *us)
{
	unsigned int i;

	*us = ~0ULL;
	for (i = 0; i < REPEATS; i++) {
		struct gup_test args = {
			.addr = (unsigned long)p,
			.size = size,
			.nr_pages_per_call = per_call,
			.gup_flags = WRITE,
		};

		wait_for_tick();
		if (ioctl(fd, GUP_FAST_BENCHMARK, &args)) {
			printf("%s: %s\n", GUP_FILE, strerror(errno));
			return 1;
		}
		if (args.size != size || !args.get_delta_usec) {
			printf("not all pages were pinned, or in no time\n");
			return 1;
		}
		if (args.get_delta_usec < *us)
			*us = args.get_delta_usec;
	}
	return 0;
}

/* A first run tells how many pages make a good one. */
static int run(int fd, const char *levels, char *p, unsigned int per_call)
{
	const unsigned long psize = sysconf(_SC_PAGESIZE);
	unsigned long long us;
	unsigned long pages = FIRST_PAGES, i;

	for (i = 0; i < pages; i++)
		p[i * psize] = 1;
	if (measure(fd, p, pages * psize, per_call, &us))
		return 1;

	pages = pages * GOOD_US / us / 512 * 512;
	if (pages < 512)
		pages = 512;
	if (pages > MAX_PAGES)
		pages = MAX_PAGES;
	for (; i < pages; i++)
		p[i * psize] = 1;
	if (measure(fd, p, pages * psize, per_call, &us))
		return 1;
	printf("COST levels=%s per_call=%u pages=%lu us=%llu\n", levels, per_call,
	       pages, us);
	return 0;
}

int main(void)
{
	const unsigned long size = MAX_PAGES * sysconf(_SC_PAGESIZE);
	unsigned int m, i;
	int fd;

	fd = open(GUP_FILE, O_RDWR);
	if (fd < 0) {
		printf("%s: %s\n", GUP_FILE, strerror(errno));
		return 1;
	}

	for (m = 0; m < sizeof(maps) / sizeof(maps[0]); m++) {
		char *p = mmap((void *)maps[m].addr, size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			       MAP_FIXED_NOREPLACE, -1, 0);

		if (p != (char *)maps[m].addr) {
			printf("no mapping at %#lx: %s\n", maps[m].addr, strerror(errno));
			return 1;
		}
		madvise(p, size, MADV_NOHUGEPAGE);
		for (i = 0; i < sizeof(per_calls) / sizeof(per_calls[0]); i++)
			if (run(fd, maps[m].levels, p, per_calls[i]))
				return 1;
		munmap(p, size);
	}
	return 0;
}
