// SPDX-License-Identifier: GPL-2.0
/*
 * Does MGLRU's aging see that pages are read? By the generations that debugfs
 * lists. For a kernel that walks page tables to find out, on a machine that sets
 * the accessed bit.
 *
 * With three levels of page tables, one entry of the top level maps 1 GiB.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#define GIB	(1UL << 30)
#define SIZE	(64UL << 20)
#define PAGE	4096UL
#define AGINGS	3
#define LRU_GEN	"/sys/kernel/debug/lru_gen"

struct generations {
	unsigned long max;
	long young, old;	/* anonymous pages in the last two, in all others */
};

FIXTURE(aging)
{
};

FIXTURE_SETUP(aging)
{
	FILE *file = fopen("/sys/kernel/mm/lru_gen/enabled", "r");
	int enabled = 0;

	if (!file || fscanf(file, "%i", &enabled) != 1)
		SKIP(return, "no MGLRU");
	fclose(file);
	if (!(enabled & 2))
		SKIP(return, "MGLRU does not walk page tables on this machine: %#x", enabled);
	if (access(LRU_GEN, W_OK))
		SKIP(return, "no " LRU_GEN);
}

FIXTURE_TEARDOWN(aging)
{
}

/* Count the pages of all lists of the system, and age each list if asked to. */
static bool each_list(bool ages, struct generations *found)
{
	FILE *list = fopen(LRU_GEN, "r");
	unsigned long long memcg = 0;
	unsigned long seq;
	long anon[2] = {}, sum = 0, n;
	char line[4096];
	int node = -1, rc = 0;
	FILE *file;

	*found = (struct generations){};
	if (!list)
		return false;
	for (;;) {
		bool more = fgets(line, sizeof(line), list);
		bool next = !more || strstr(line, "memcg") || strstr(line, "node");

		if (next && node >= 0) {
			found->young += anon[0] + anon[1];
			found->old += sum - anon[0] - anon[1];
			anon[0] = anon[1] = sum = 0;
			if (ages) {
				file = fopen(LRU_GEN, "w");
				if (!file)
					return false;
				fprintf(file, "+ %llu %d %lu 200 1", memcg, node, found->max);
				rc |= fclose(file);
			}
			node = -1;
		}
		if (!more)
			break;
		if (sscanf(line, "memcg %llu", &memcg) == 1 || sscanf(line, " node %d", &node) == 1)
			continue;
		if (sscanf(line, "%lu %*u %ld", &seq, &n) == 2) {
			found->max = seq;
			anon[0] = anon[1];
			anon[1] = n;
			sum += n;
		}
	}
	fclose(list);
	return !rc && found->max;
}

/* What another process runs makes the TLB forget that it has seen the pages. */
static void forget(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

static void age(struct __test_metadata *_metadata, unsigned long address)
{
	struct generations before, after;
	char *map;
	int i;

	map = mmap((void *)address, SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (map != (void *)address)
		SKIP(return, "cannot map %#lx: %s", address, strerror(errno));
	ASSERT_EQ(madvise(map, SIZE, MADV_NOHUGEPAGE), 0);
	memset(map, 1, SIZE);

	ASSERT_TRUE(each_list(false, &before)) TH_LOG("%s", strerror(errno));
	for (i = 0; i < AGINGS; i++) {
		unsigned long j;

		forget();
		for (j = 0; j < SIZE; j += PAGE)
			(void)*(volatile char *)(map + j);
		ASSERT_TRUE(each_list(true, &after)) TH_LOG("%s", strerror(errno));
	}
	ASSERT_TRUE(each_list(false, &after));
	ASSERT_EQ(after.max, before.max + AGINGS);
	TH_LOG("anonymous pages: %ld in the last two generations, %ld in older ones", after.young, after.old);
	EXPECT_GT(after.young + after.old, (long)(SIZE / PAGE / 4 * 3));
	EXPECT_LT(after.old, (long)(SIZE / PAGE / 4))
		TH_LOG("what is read all the time is not seen");
}

/* The first entry of a table of 512 is right even if it is indexed twice. */
TEST_F(aging, low)
{
	age(_metadata, GIB / 2);
}

TEST_F(aging, high)
{
	age(_metadata, 64 * GIB);
}

TEST_HARNESS_MAIN
