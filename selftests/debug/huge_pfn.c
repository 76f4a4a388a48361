// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to PFN mappings of PUD size when they are moved and split.
 * Needs the device of mm/huge_pfn_test.c.
 */
#define _GNU_SOURCE
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

	self->fd = open("/dev/huge_pfn_test", O_RDWR | O_CLOEXEC);
	if (self->fd < 0)
		SKIP(return, "no /dev/huge_pfn_test: %s", strerror(errno));
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

TEST_F(huge_pfn, mremap_keeps_it)
{
	char *to = self->area + 4 * PUD_SIZE;
	int puds = faults(self->fd, 2);

	ASSERT_EQ(mremap(self->map, PUD_SIZE, PUD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	touch(to);
	EXPECT_EQ(faults(self->fd, 2), puds);
}

TEST_F(huge_pfn, mremap_to_unaligned)
{
	char *to = self->area + 4 * PUD_SIZE + PMD_SIZE;
	int pmds = faults(self->fd, 1);

	ASSERT_EQ(mremap(self->map, PUD_SIZE, PUD_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	touch(to);
	touch(to + PUD_SIZE - 1);
	EXPECT_GE(faults(self->fd, 1), pmds);
}

TEST_F(huge_pfn, munmap_one_pmd)
{
	ASSERT_EQ(munmap(self->map + 3 * PMD_SIZE, PMD_SIZE), 0);
	touch(self->map);
	touch(self->map + PUD_SIZE - 1);
}

TEST_F(huge_pfn, mprotect_one_pmd)
{
	ASSERT_EQ(mprotect(self->map + 3 * PMD_SIZE, PMD_SIZE, PROT_NONE), 0);
	touch(self->map);
	touch(self->map + PUD_SIZE - 1);
}

TEST_F(huge_pfn, munmap_one_page)
{
	ASSERT_EQ(munmap(self->map + PMD_SIZE + PAGE, PAGE), 0);
	touch(self->map);
	touch(self->map + PUD_SIZE - 1);
}

TEST_HARNESS_MAIN
