// SPDX-License-Identifier: GPL-2.0-only
/*
 * GUP-fast across page table boundaries.
 *
 * GUP-fast walks the page tables without a lock, so it goes by the value of
 * each entry that it has read once. Where a level is folded, that value must
 * not stand in for the table: a walk that crosses a boundary steps to the next
 * entry, and next to a copy there is none. On s390, which folds levels at run
 * time, pages of another range were pinned that way until commit d3f7b1bb2040
 * ("mm/gup: fix gup_fast with dynamic page table folding").
 *
 * So pin ranges that cross a boundary and compare what the kernel finds in the
 * pinned pages with what the range holds. Two things hide the bug:
 *
 * - A walk that went astray often meets nothing, and the slow path then does
 *   the job. Hence slow path entries are counted, by the mmap_lock that it has
 *   to take, and count as failures.
 * - Going astray typically means to repeat the entry before the boundary,
 *   which leads to the addresses one table size below. Hence these are mapped
 *   as well, with contents of their own.
 *
 * Which levels a machine has, and how large the tables are, is not asked: a
 * table boundary is a power of two, so a boundary of every power of two that
 * the address space has room for is crossed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "../../../../mm/gup_test.h"
#include "kselftest_harness.h"
#include "vm_util.h"

#define GUP_TEST_FILE	"/sys/kernel/debug/gup_test"
#define TRACE_EVENT	"events/mmap_lock/mmap_lock_start_locking/id"

/* Pages on each side of a boundary. */
#define NR_PAGES	4UL

/* Below this, programs and libraries are in the way. */
#define LOWEST		(1UL << 29)

/* Places to look at for a boundary that nothing else is mapped around. */
#define NR_TRIES	64

/* Migration or NUMA balancing may get in the way of GUP-fast, but not always. */
#define NR_ATTEMPTS	3

/* Architectures that select HAVE_GUP_FAST unconditionally. */
#if defined(__x86_64__) || defined(__s390x__) || defined(__aarch64__) || \
	(defined(__riscv) && __riscv_xlen == 64) || \
	defined(__powerpc64__) || defined(__loongarch_lp64)
#define GUP_FAST_EXPECTED	true
#else
#define GUP_FAST_EXPECTED	false
#endif

/* How a boundary is mapped. */
#define DECOY		(1U << 0)	/* and one table size below as well */
#define HUGE		(1U << 1)	/* with transparent huge pages */

/* Each word holds its address, so a wrong page tells where it comes from. */
static void fill(unsigned long start, size_t size)
{
	unsigned long *word = (unsigned long *)start;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++)
		word[i] = (unsigned long)&word[i];
}

static int map(unsigned long start, size_t size)
{
	void *addr = mmap((void *)start, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
			  -1, 0);

	return addr == MAP_FAILED ? -errno : 0;
}

/* Counts how often this thread is about to take an mmap_lock. */
static int open_slow_path_counter(const char **why)
{
	static const char * const files[] = {
		"/sys/kernel/tracing/" TRACE_EVENT,
		"/sys/kernel/debug/tracing/" TRACE_EVENT,
	};
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.disabled = 1,
	};
	unsigned long id;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (!read_sysfs(files[i], &id))
			break;
	if (i == ARRAY_SIZE(files)) {
		*why = "no event mmap_lock_start_locking (tracefs, CONFIG_EVENT_TRACING)";
		return -1;
	}

	attr.config = id;
	fd = syscall(__NR_perf_event_open, &attr, 0, -1, -1,
		     PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		*why = "perf_event_open() failed (CONFIG_PERF_EVENTS, root)";
	return fd;
}

FIXTURE(pgtable_boundary)
{
	int gup_fd;
	int counter_fd;
	const char *no_counter;
	uint64_t nr_slow;	/* slow path entries of the last pin() */
	char *buf;
	size_t size;		/* of the range that is pinned */
	size_t side;		/* what is mapped on each side of a boundary */
	unsigned long boundary;
	unsigned long below;	/* distance of the decoy, 0 without */
};

FIXTURE_VARIANT(pgtable_boundary)
{
	unsigned long top;	/* highest address, 0: as far as it goes */
};

#ifdef __s390x__
/* A process begins with three levels and gets more with higher mappings. */
FIXTURE_VARIANT_ADD(pgtable_boundary, levels_3) { .top = (1UL << 42) - 1 };
FIXTURE_VARIANT_ADD(pgtable_boundary, levels_4) { .top = (1UL << 53) - 1 };
FIXTURE_VARIANT_ADD(pgtable_boundary, levels_5) { .top = ULONG_MAX };
#else
FIXTURE_VARIANT_ADD(pgtable_boundary, all) { .top = 0 };
#endif

FIXTURE_SETUP(pgtable_boundary)
{
	self->counter_fd = -1;
	self->size = 2 * NR_PAGES * psize();
	self->side = NR_PAGES * psize();

	self->gup_fd = open(GUP_TEST_FILE, O_RDWR);
	if (self->gup_fd < 0)
		SKIP(return, GUP_TEST_FILE ": %s (root, debugfs, CONFIG_GUP_TEST)",
		     strerror(errno));

	self->buf = mmap(NULL, self->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(self->buf, MAP_FAILED);

	/* The upper half is out of reach of a level less. */
	if (variant->top)
		ASSERT_EQ(map(variant->top / 2 + 1, psize()), 0);

	self->counter_fd = open_slow_path_counter(&self->no_counter);
}

FIXTURE_TEARDOWN(pgtable_boundary)
{
	if (self->counter_fd >= 0)
		close(self->counter_fd);
	if (self->gup_fd >= 0)
		close(self->gup_fd);
}

#define self_t FIXTURE_DATA(pgtable_boundary)

/* Pins by GUP-fast, copies what is in the pages to buf, counts slow paths. */
static int pin(self_t *self, unsigned long start, size_t size,
	       unsigned int flags)
{
	struct pin_longterm_test args = {
		.addr = start,
		.size = size,
		.flags = PIN_LONGTERM_TEST_FLAG_USE_FAST | flags,
	};
	uint64_t buf = (unsigned long)self->buf;
	int ret = 0;

	self->nr_slow = 0;
	memset(self->buf, 0xff, size);

	if (self->counter_fd >= 0 &&
	    (ioctl(self->counter_fd, PERF_EVENT_IOC_RESET, 0) ||
	     ioctl(self->counter_fd, PERF_EVENT_IOC_ENABLE, 0)))
		return -errno;
	if (ioctl(self->gup_fd, PIN_LONGTERM_TEST_START, &args))
		ret = -errno;
	if (self->counter_fd >= 0 &&
	    (ioctl(self->counter_fd, PERF_EVENT_IOC_DISABLE, 0) ||
	     read(self->counter_fd, &self->nr_slow, sizeof(self->nr_slow)) !=
	     sizeof(self->nr_slow)))
		return -EIO;
	if (ret)
		return ret;

	if (ioctl(self->gup_fd, PIN_LONGTERM_TEST_READ, &buf))
		ret = -errno;
	if (ioctl(self->gup_fd, PIN_LONGTERM_TEST_STOP))
		ret = -errno;
	return ret;
}

/* The first word that the kernel found to differ from the range, or NULL. */
static unsigned long *find_difference(self_t *self, unsigned long start)
{
	unsigned long *word = (unsigned long *)self->buf;
	size_t i;

	for (i = 0; i < self->size / sizeof(*word); i++)
		if (word[i] != start + i * sizeof(*word))
			return &word[i];
	return NULL;
}

static unsigned long range_start(self_t *self, unsigned long boundary)
{
	return boundary - self->size / 2;
}

static void unmap_boundary(self_t *self)
{
	munmap((void *)(self->boundary - self->side), 2 * self->side);
	if (self->below)
		munmap((void *)(self->boundary - self->below - self->side),
		       2 * self->side);
}

static int map_boundary_at(self_t *self, unsigned long nr, unsigned int shift,
			   unsigned long top)
{
	int ret;

	if (nr > (top - self->side) >> shift)
		return -ENOMEM;

	self->boundary = nr << shift;
	ret = map(self->boundary - self->side, 2 * self->side);
	if (ret || !self->below)
		return ret;

	ret = map(self->boundary - self->below - self->side, 2 * self->side);
	if (ret)
		munmap((void *)(self->boundary - self->side), 2 * self->side);
	return ret;
}

/* Maps both sides of an address that is a multiple of 1 << shift. */
static int map_boundary(self_t *self, unsigned int shift, unsigned long top,
			unsigned int how)
{
	const unsigned long table = 1UL << shift;
	unsigned long nr;
	int tries, ret;

	self->below = how & DECOY ? table : 0;

	/* An odd multiple is a boundary of this size and of no larger one. */
	nr = table < LOWEST ? LOWEST / table + 1 : 3;
	for (tries = 0; tries < NR_TRIES; tries++, nr += 2) {
		ret = map_boundary_at(self, nr, shift, top);
		if (ret != -EEXIST)
			break;
	}
	/* A small address space may have room for two tables only. */
	if (ret == -ENOMEM && table >= LOWEST)
		ret = map_boundary_at(self, 2, shift, top);
	if (ret)
		return ret;

	if (how & HUGE) {
		madvise((void *)(self->boundary - self->side), 2 * self->side,
			MADV_HUGEPAGE);
		if (self->below)
			madvise((void *)(self->boundary - self->below - self->side),
				2 * self->side, MADV_HUGEPAGE);
	}
	fill(range_start(self, self->boundary), self->size);
	if (self->below)
		fill(range_start(self, self->boundary - self->below), self->size);
	return 0;
}

/* Crosses a boundary of each size, returns how many times with huge pages. */
static int cross_boundaries(struct __test_metadata *_metadata, self_t *self,
			    unsigned long top, unsigned int flags,
			    unsigned int how)
{
	/* The stack tells how large the address space is at least. */
	const unsigned long room = (top ?: (unsigned long)&how) / 4;
	int nr_wrong = 0, nr_slow = 0, nr_huge = 0;
	unsigned int first, shift;
	int ret;

	first = __builtin_ctzl(self->side) + 2;
	for (shift = first; shift < __LONG_WIDTH__ - 1; shift++) {
		unsigned long *word, start;
		int attempt;

		ret = map_boundary(self, shift, top ?: ULONG_MAX, how);
		if (ret) {
			/* More than a quarter may well be too much. */
			if (1UL << shift <= room)
				TH_LOG("cannot map a boundary of 2^%u bytes: %s",
				       shift, strerror(-ret));
			ASSERT_GT(1UL << shift, room);
			break;
		}
		start = range_start(self, self->boundary);

		if (how & HUGE &&
		    check_huge_anon((void *)(self->boundary - self->side),
				    2 * self->side, 2, self->side))
			nr_huge++;

		for (attempt = 0; attempt < NR_ATTEMPTS; attempt++) {
			ASSERT_EQ(pin(self, start, self->size, flags), 0);
			word = find_difference(self, start);
			if (word || !self->nr_slow)
				break;
		}
		if (word) {
			TH_LOG("2^%u bytes: pinned for %#lx: a page with the data of %#lx",
			       shift, start + (word - (unsigned long *)self->buf) *
			       sizeof(*word), *word);
			nr_wrong++;
		}
		if (self->nr_slow) {
			TH_LOG("2^%u bytes: pinning %#lx to %#lx took the slow path",
			       shift, start, start + self->size - 1);
			nr_slow++;
		}
		unmap_boundary(self);
	}

	ASSERT_GT(shift, first);
	TH_LOG("crossed boundaries of 2^%u to 2^%u bytes", first, shift - 1);
	EXPECT_EQ(nr_wrong, 0);
	EXPECT_EQ(nr_slow, 0);
	return nr_huge;
}

/* Without a boundary to cross, is there a fast path at all? */
static bool have_fast_path(struct __test_metadata *_metadata, self_t *self)
{
	unsigned long start;
	int attempt;

	ASSERT_EQ(map_boundary(self, __builtin_ctzl(self->side) + 2, ULONG_MAX, 0), 0);
	start = range_start(self, self->boundary);
	for (attempt = 0; attempt < NR_ATTEMPTS; attempt++) {
		ASSERT_EQ(pin(self, start, psize(), 0), 0);
		if (!self->nr_slow)
			break;
	}
	unmap_boundary(self);
	return !self->nr_slow;
}

TEST_F(pgtable_boundary, read_data)
{
	cross_boundaries(_metadata, self, variant->top, 0, DECOY);
}

TEST_F(pgtable_boundary, write_data)
{
	cross_boundaries(_metadata, self, variant->top,
			 PIN_LONGTERM_TEST_FLAG_USE_WRITE, DECOY);
}

TEST_F(pgtable_boundary, huge_page_data)
{
	const uint64_t pmd_size = read_pmd_pagesize();

	if (!pmd_size)
		SKIP(return, "no transparent huge pages");

	self->side = pmd_size;
	if (!cross_boundaries(_metadata, self, variant->top,
			      PIN_LONGTERM_TEST_FLAG_USE_WRITE, DECOY | HUGE))
		SKIP(return, "got no transparent huge page");
}

/* With nothing mapped where a walk may go astray, the slow path would help. */
TEST_F(pgtable_boundary, fast_path_only)
{
	if (self->counter_fd < 0)
		SKIP(return, "cannot see the slow path: %s", self->no_counter);
	if (!GUP_FAST_EXPECTED && !have_fast_path(_metadata, self))
		SKIP(return, "no GUP-fast on this architecture");

	cross_boundaries(_metadata, self, variant->top, 0, 0);
	cross_boundaries(_metadata, self, variant->top,
			 PIN_LONGTERM_TEST_FLAG_USE_WRITE, 0);
}

/* What is not faulted in needs the slow path: does the counter see it? */
TEST_F(pgtable_boundary, slow_path_is_seen)
{
	unsigned long start;

	if (self->counter_fd < 0)
		SKIP(return, "cannot see the slow path: %s", self->no_counter);

	ASSERT_EQ(map_boundary(self, __builtin_ctzl(self->side) + 2, ULONG_MAX, 0), 0);
	start = range_start(self, self->boundary);

	/* nothing faulted in, and then the second half only */
	ASSERT_EQ(madvise((void *)start, self->size, MADV_DONTNEED), 0);
	ASSERT_EQ(pin(self, start, self->size, 0), 0);
	EXPECT_GT(self->nr_slow, 0);

	fill(start, self->size);
	ASSERT_EQ(madvise((void *)self->boundary, self->size / 2, MADV_DONTNEED), 0);
	ASSERT_EQ(pin(self, start, self->size, 0), 0);
	EXPECT_GT(self->nr_slow, 0);

	unmap_boundary(self);
}

TEST_HARNESS_MAIN
