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
#define LOWEST		0x20000000UL

/* Places to look at for a boundary that nothing else is mapped around. */
#define NR_TRIES	64

/* Migration or NUMA balancing may get in the way of GUP-fast, but not always. */
#define NR_ATTEMPTS	3

/* Architectures that select HAVE_GUP_FAST unconditionally. */
#if defined(__x86_64__) || defined(__s390__) || defined(__aarch64__) || \
	defined(__powerpc64__) || defined(__loongarch_lp64) || \
	(defined(__riscv) && __riscv_xlen == 64)
#define GUP_FAST_EXPECTED	true
#else
#define GUP_FAST_EXPECTED	false
#endif

/* How a boundary is mapped. */
#define DECOY		0x1	/* and one table size below as well */
#define HUGE		0x2	/* with transparent huge pages */

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
		if (!access(files[i], R_OK) && !read_sysfs(files[i], &id))
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

struct boundary_test {
	int gup_fd;
	int counter_fd;
	const char *no_counter;
	__u64 nr_slow;		/* slow path entries of the last pin() */
	char *buf;
	size_t size;		/* of the range that is pinned */
	size_t side;		/* what is mapped on each side of a boundary */
	unsigned long boundary;
	unsigned long below;	/* distance of the decoy, 0 without */
};

FIXTURE(pgtable_boundary)
{
	struct boundary_test bt;
};

FIXTURE_VARIANT(pgtable_boundary)
{
	unsigned long top;	/* highest address, 0: whatever there is */
};

#ifdef __s390__
/* A process begins with three levels and gets more with higher mappings. */
FIXTURE_VARIANT_ADD(pgtable_boundary, levels_3) { .top = (1UL << 42) - 1 };
FIXTURE_VARIANT_ADD(pgtable_boundary, levels_4) { .top = (1UL << 53) - 1 };
FIXTURE_VARIANT_ADD(pgtable_boundary, levels_5) { .top = ULONG_MAX };
#else
FIXTURE_VARIANT_ADD(pgtable_boundary, all) { .top = 0 };
#endif

FIXTURE_SETUP(pgtable_boundary)
{
	struct boundary_test *bt = &self->bt;

	bt->counter_fd = -1;
	bt->size = 2 * NR_PAGES * psize();
	bt->side = NR_PAGES * psize();

	bt->gup_fd = open(GUP_TEST_FILE, O_RDWR);
	if (bt->gup_fd < 0)
		SKIP(return, GUP_TEST_FILE ": %s (root, debugfs, CONFIG_GUP_TEST)",
		     strerror(errno));

	bt->buf = mmap(NULL, bt->size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(bt->buf, MAP_FAILED);

	/* The upper half is out of reach of a level less. Levels are for good. */
	if (variant->top) {
		ASSERT_EQ(map(variant->top / 2 + 1, psize()), 0);
		ASSERT_EQ(munmap((void *)(variant->top / 2 + 1), psize()), 0);
	}

	bt->counter_fd = open_slow_path_counter(&bt->no_counter);
}

FIXTURE_TEARDOWN(pgtable_boundary)
{
	struct boundary_test *bt = &self->bt;

	if (bt->counter_fd >= 0)
		close(bt->counter_fd);
	if (bt->gup_fd >= 0)
		close(bt->gup_fd);
}

/* Pins by GUP-fast, copies what is in the pages to buf, counts slow paths. */
static int pin(struct boundary_test *bt, unsigned long start, size_t size,
	       unsigned int flags)
{
	struct pin_longterm_test args = {
		.addr = start,
		.size = size,
		.flags = PIN_LONGTERM_TEST_FLAG_USE_FAST | flags,
	};
	__u64 buf = (unsigned long)bt->buf;
	int ret = 0;

	bt->nr_slow = 0;
	memset(bt->buf, 0xff, size);

	if (bt->counter_fd >= 0 &&
	    (ioctl(bt->counter_fd, PERF_EVENT_IOC_RESET, 0) ||
	     ioctl(bt->counter_fd, PERF_EVENT_IOC_ENABLE, 0)))
		return -errno;
	if (ioctl(bt->gup_fd, PIN_LONGTERM_TEST_START, &args))
		ret = -errno;
	if (bt->counter_fd >= 0 &&
	    (ioctl(bt->counter_fd, PERF_EVENT_IOC_DISABLE, 0) ||
	     read(bt->counter_fd, &bt->nr_slow, sizeof(bt->nr_slow)) !=
	     sizeof(bt->nr_slow)))
		return -EIO;
	if (ret)
		return ret;

	if (ioctl(bt->gup_fd, PIN_LONGTERM_TEST_READ, &buf))
		ret = -errno;
	if (ioctl(bt->gup_fd, PIN_LONGTERM_TEST_STOP))
		ret = -errno;
	return ret;
}

/* The first word that the kernel found to differ from the range, or NULL. */
static unsigned long *find_difference(struct boundary_test *bt,
				      unsigned long start)
{
	unsigned long *word = (unsigned long *)bt->buf;
	size_t i;

	for (i = 0; i < bt->size / sizeof(*word); i++)
		if (word[i] != start + i * sizeof(*word))
			return &word[i];
	return NULL;
}

static unsigned long range_start(struct boundary_test *bt,
				 unsigned long boundary)
{
	return boundary - bt->size / 2;
}

static void unmap_boundary(struct boundary_test *bt)
{
	munmap((void *)(bt->boundary - bt->side), 2 * bt->side);
	if (bt->below)
		munmap((void *)(bt->boundary - bt->below - bt->side),
		       2 * bt->side);
}

static int map_boundary_at(struct boundary_test *bt, unsigned long nr,
			   unsigned int shift, unsigned long top)
{
	int ret;

	if (nr > (top - bt->side) >> shift)
		return -ENOMEM;

	bt->boundary = nr << shift;
	ret = map(bt->boundary - bt->side, 2 * bt->side);
	if (ret || !bt->below)
		return ret;

	ret = map(bt->boundary - bt->below - bt->side, 2 * bt->side);
	if (ret)
		munmap((void *)(bt->boundary - bt->side), 2 * bt->side);
	return ret;
}

/* Maps both sides of an address that is a multiple of 1 << shift. */
static int map_boundary(struct boundary_test *bt, unsigned int shift,
			unsigned long top, unsigned int how)
{
	const unsigned long table = 1UL << shift;
	unsigned long nr;
	int tries, ret;

	bt->below = how & DECOY ? table : 0;

	/* An odd multiple is a boundary of this size and of no larger one. */
	nr = table < LOWEST ? LOWEST / table + 1 : 3;
	for (tries = 0; tries < NR_TRIES; tries++, nr += 2) {
		ret = map_boundary_at(bt, nr, shift, top);
		if (ret != -EEXIST)
			break;
	}
	/* A small address space may have room for two tables only. */
	if (ret == -ENOMEM && table >= LOWEST)
		ret = map_boundary_at(bt, 2, shift, top);
	if (ret)
		return ret;

	if (how & HUGE) {
		madvise((void *)(bt->boundary - bt->side), 2 * bt->side,
			MADV_HUGEPAGE);
		if (bt->below)
			madvise((void *)(bt->boundary - bt->below - bt->side),
				2 * bt->side, MADV_HUGEPAGE);
	}
	fill(range_start(bt, bt->boundary), bt->size);
	if (bt->below)
		fill(range_start(bt, bt->boundary - bt->below), bt->size);
	return 0;
}

static bool has_huge_pages(struct boundary_test *bt)
{
	return check_huge_anon((void *)(bt->boundary - bt->side), 2 * bt->side,
			       2, bt->side);
}

/* Crosses a boundary of each size. */
static void cross_boundaries(struct __test_metadata *_metadata,
			     struct boundary_test *bt, unsigned long top,
			     unsigned int flags, unsigned int how)
{
	/* The stack tells how large the address space is at least. */
	const unsigned long room = (top ?: (unsigned long)&how) / 4;
	int nr_wrong = 0, nr_slow = 0, nr_huge = 0;
	unsigned int first, shift;
	int ret;

	first = __builtin_ctzl(bt->side) + 2;
	for (shift = first; shift < __LONG_WIDTH__ - 1; shift++) {
		unsigned long *word, start;
		int attempt;

		ret = map_boundary(bt, shift, top ?: ULONG_MAX, how);
		if (ret) {
			/* More than a quarter may well be too much. */
			if (1UL << shift <= room)
				TH_LOG("cannot map a boundary of 2^%u bytes: %s",
				       shift, strerror(-ret));
			ASSERT_GT(1UL << shift, room);
			break;
		}
		start = range_start(bt, bt->boundary);

		if (how & HUGE && has_huge_pages(bt))
			nr_huge++;

		for (attempt = 0; attempt < NR_ATTEMPTS; attempt++) {
			ASSERT_EQ(pin(bt, start, bt->size, flags), 0);
			word = find_difference(bt, start);
			if (word || !bt->nr_slow)
				break;
		}
		if (word) {
			TH_LOG("2^%u bytes: pinned for %#lx: a page with the data of %#lx",
			       shift, start + (word - (unsigned long *)bt->buf) *
			       sizeof(*word), *word);
			nr_wrong++;
		}
		if (bt->nr_slow) {
			TH_LOG("2^%u bytes: pinning %#lx to %#lx took the slow path",
			       shift, start, start + bt->size - 1);
			nr_slow++;
		}
		unmap_boundary(bt);
	}

	ASSERT_GT(shift, first);
	TH_LOG("crossed boundaries of 2^%u to 2^%u bytes", first, shift - 1);
	EXPECT_EQ(nr_wrong, 0);
	EXPECT_EQ(nr_slow, 0);
	if (how & HUGE)
		EXPECT_GT(nr_huge, 0);
}

/* Maps a boundary of the smallest size, for what does not depend on it. */
static void map_any_boundary(struct __test_metadata *_metadata,
			     struct boundary_test *bt, unsigned int how)
{
	ASSERT_EQ(map_boundary(bt, __builtin_ctzl(bt->side) + 2, ULONG_MAX, how), 0);
}

/* Without a boundary to cross, is there a fast path at all? */
static bool have_fast_path(struct __test_metadata *_metadata,
			   struct boundary_test *bt)
{
	int attempt;

	map_any_boundary(_metadata, bt, 0);
	for (attempt = 0; attempt < NR_ATTEMPTS; attempt++) {
		ASSERT_EQ(pin(bt, bt->boundary, psize(), 0), 0);
		if (!bt->nr_slow)
			break;
	}
	unmap_boundary(bt);
	return !bt->nr_slow;
}

TEST_F(pgtable_boundary, read_data)
{
	struct boundary_test *bt = &self->bt;

	cross_boundaries(_metadata, bt, variant->top, 0, DECOY);
}

TEST_F(pgtable_boundary, write_data)
{
	struct boundary_test *bt = &self->bt;

	cross_boundaries(_metadata, bt, variant->top,
			 PIN_LONGTERM_TEST_FLAG_USE_WRITE, DECOY);
}

TEST_F(pgtable_boundary, huge_page_data)
{
	struct boundary_test *bt = &self->bt;
	const size_t pmd_size = read_pmd_pagesize();
	bool huge;

	if (!pmd_size)
		SKIP(return, "no transparent huge pages");

	bt->side = pmd_size;
	map_any_boundary(_metadata, bt, HUGE);
	huge = has_huge_pages(bt);
	unmap_boundary(bt);
	if (!huge)
		SKIP(return, "got no transparent huge page");

	cross_boundaries(_metadata, bt, variant->top,
			 PIN_LONGTERM_TEST_FLAG_USE_WRITE, DECOY | HUGE);
}

/* With nothing mapped where a walk may go astray, the slow path would help. */
TEST_F(pgtable_boundary, fast_path_only)
{
	struct boundary_test *bt = &self->bt;

	if (bt->counter_fd < 0)
		SKIP(return, "cannot see the slow path: %s", bt->no_counter);
	if (!GUP_FAST_EXPECTED && !have_fast_path(_metadata, bt))
		SKIP(return, "no GUP-fast on this architecture");

	cross_boundaries(_metadata, bt, variant->top, 0, 0);
	cross_boundaries(_metadata, bt, variant->top,
			 PIN_LONGTERM_TEST_FLAG_USE_WRITE, 0);
}

/* What is not faulted in needs the slow path: does the counter see it? */
TEST_F(pgtable_boundary, slow_path_is_seen)
{
	struct boundary_test *bt = &self->bt;
	unsigned long start;

	if (bt->counter_fd < 0)
		SKIP(return, "cannot see the slow path: %s", bt->no_counter);

	map_any_boundary(_metadata, bt, 0);
	start = range_start(bt, bt->boundary);

	/* nothing faulted in, and then the second half only */
	ASSERT_EQ(madvise((void *)start, bt->size, MADV_DONTNEED), 0);
	ASSERT_EQ(pin(bt, start, bt->size, 0), 0);
	EXPECT_GT(bt->nr_slow, 0);

	fill(start, bt->size);
	ASSERT_EQ(madvise((void *)bt->boundary, bt->size / 2, MADV_DONTNEED), 0);
	ASSERT_EQ(pin(bt, start, bt->size, 0), 0);
	EXPECT_GT(bt->nr_slow, 0);

	unmap_boundary(bt);
}

TEST_HARNESS_MAIN
