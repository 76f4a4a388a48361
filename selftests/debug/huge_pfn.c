// SPDX-License-Identifier: GPL-2.0
/*
 * Walks that meet PFN mappings of PUD size. What else happens to these is tested by
 * tools/testing/selftests/mm/huge_pfnmap.c.
 * Needs the device of lib/test_huge_pfnmap.c.
 */
#define _GNU_SOURCE
#include <sys/swap.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "huge_pfn.h"

FIXTURE(huge_pfn)
{
	int fd;
	char *area;	/* 8 GiB of address space, aligned to a PUD */
	char *map;	/* the first PUD of it is mapped, by one entry */
};

FIXTURE_SETUP(huge_pfn)
{
	int before;

	self->fd = open("/dev/test_huge_pfnmap", O_RDWR | O_CLOEXEC);
	if (self->fd < 0)
		SKIP(return, "no /dev/test_huge_pfnmap: %s", strerror(errno));
	self->area = reserve();
	ASSERT_NE(self->area, NULL);
	self->map = mmap(self->area, PUD_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, self->fd, 0);
	ASSERT_EQ(self->map, self->area);
	before = faults(self->fd, 2);
	touch(self->map + 5 * PMD_SIZE);
	if (faults(self->fd, 2) != before + 1)
		SKIP(return, "this machine does not map a PUD");
}

FIXTURE_TEARDOWN(huge_pfn)
{
	if (self->fd >= 0)
		close(self->fd);
}

/* A walker that wants tables splits it, and has to find it split. */
TEST_F(huge_pfn, pagemap_none)
{
	char *map = self->area + 2 * PUD_SIZE;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int puds = faults(self->fd, 2);
	uint64_t entry;

	ASSERT_EQ(mmap(map, PUD_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, self->fd, MIXED), map);
	touch(map);
	ASSERT_EQ(faults(self->fd, 2), puds + 1);
	ASSERT_EQ(mprotect(map, PUD_SIZE, PROT_NONE), 0);
	ASSERT_EQ(pread(pagemap, &entry, 8, (uintptr_t)map / PAGE * 8), 8);
}

/* Two PUDs, private: the second one gives the VMA its anon_vma. */
TEST_F(huge_pfn, rmap_of_private)
{
	char *map = self->area + 2 * PUD_SIZE, *page = map + 5 * PMD_SIZE;
	int pagemap, idle, status, fds[2];
	uint64_t entry, bit;
	pid_t pid;

	ASSERT_EQ(mmap(map, 2 * PUD_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, self->fd, MIXED), map);
	map[PUD_SIZE] = 1;
	touch(map);
	ASSERT_EQ(pipe(fds), 0);
	/* The child has the huge PUD, too, and keeps it. */
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		close(fds[1]);
		_exit(read(fds[0], &status, 1));
	}
	/* Here it is split, and a page of it copied. Its rmap has both VMAs. */
	*page = 1;
	ASSERT_EQ(madvise(page, PAGE, MADV_COLD), 0) TH_LOG("%s", strerror(errno));

	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	idle = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR | O_CLOEXEC);
	if (idle < 0)
		SKIP(return, "no page_idle: %s", strerror(errno));
	ASSERT_EQ(pread(pagemap, &entry, 8, (uintptr_t)page / PAGE * 8), 8);
	entry &= (1ULL << 55) - 1;
	ASSERT_NE(entry, 0);
	bit = 1ULL << entry % 64;
	ASSERT_EQ(pwrite(idle, &bit, 8, entry / 64 * 8), 8);
	ASSERT_EQ(pread(idle, &entry, 8, entry / 64 * 8), 8);
	/* Idle, or there was no walk. */
	EXPECT_TRUE(entry & bit);

	close(fds[1]);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

/* swapoff looks at every private VMA of a process that has pages swapped out. */
TEST_F(huge_pfn, swapoff_of_private)
{
	char *map = self->area + 2 * PUD_SIZE, *page, header[PAGE] = {};
	uint32_t *version_last_page = (uint32_t *)(header + 1024);
	int ram, puds;

	ASSERT_EQ(mmap(map, 2 * PUD_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, self->fd, MIXED), map);
	map[PUD_SIZE] = 1;
	touch(map);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(page, MAP_FAILED);
	*page = 1;

	ram = open("/dev/ram0", O_RDWR | O_CLOEXEC);
	if (ram < 0)
		SKIP(return, "no /dev/ram0: %s", strerror(errno));
	version_last_page[0] = 1;
	version_last_page[1] = 255;
	memcpy(header + PAGE - 10, "SWAPSPACE2", 10);
	ASSERT_EQ(pwrite(ram, header, PAGE, 0), PAGE);
	ASSERT_EQ(fsync(ram), 0);
	ASSERT_EQ(swapon("/dev/ram0", 0), 0) TH_LOG("%s", strerror(errno));
	ASSERT_EQ(madvise(page, PAGE, MADV_PAGEOUT), 0);

	puds = faults(self->fd, 2);
	ASSERT_EQ(swapoff("/dev/ram0"), 0);
	/* Read what the TLB does not have yet. */
	touch(map + PUD_SIZE / 2);
	EXPECT_EQ(faults(self->fd, 2), puds);
	EXPECT_EQ(*page, 1);
}

TEST_HARNESS_MAIN
