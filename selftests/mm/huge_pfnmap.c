// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to PFN mappings of PUD size: they are split, moved, zapped,
 * pinned and forked. Needs the device of lib/test_huge_pfnmap.c.
 *
 * A kernel that gets this wrong may crash. What it says of bad page table
 * entries is a failure, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"
#include "vm_util.h"

#define DEVICE		"/dev/test_huge_pfnmap"

/* Offsets of mmap(), see lib/test_huge_pfnmap.c. */
#define PFNMAP		0
#define MIXEDMAP	BIT_ULL(40)
#define RAM		BIT_ULL(41)

/* What the device's page in RAM is filled with. */
#define FILL		0x5a5a5a5a5a5a5a5aULL

/* How long a race is tried. */
#define ZAP_SECONDS	10
#define GUP_SECONDS	4
#define FORK_SECONDS	3

struct info {
	unsigned int faults[3];		/* resolved by a PTE, a PMD, a PUD */
	unsigned long filled;		/* where in its PUD the filled page is */
	unsigned long pmd_size;
	unsigned long pud_size;
};

static struct info info(int fd)
{
	struct info i = {};
	char text[128] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) > 0 &&
	    sscanf(text, "%u %u %u %lu %lu %lu", &i.faults[0], &i.faults[1],
		   &i.faults[2], &i.filled, &i.pmd_size, &i.pud_size) != 6)
		i = (struct info){};
	return i;
}

static unsigned int pmd_faults(int fd) { return info(fd).faults[1]; }
static unsigned int pud_faults(int fd) { return info(fd).faults[2]; }

static void touch(char *p)
{
	FORCE_READ(*p);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Neither asleep nor by the clock: both may know nothing but ticks. */
static void count_to(unsigned long n)
{
	while (n--)
		asm volatile("" : : : "memory");
}

static void spin(double seconds)
{
	static double rate;
	unsigned long n = 0;
	double begin;

	if (!rate) {
		for (begin = now(); now() < begin + 0.1; n += 1000000)
			count_to(1000000);
		rate = n / (now() - begin);
	}
	count_to(seconds * rate);
}

static bool two_processors(void)
{
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) > 1;
}

static __thread sigjmp_buf denied;

static void on_signal(int nr)
{
	siglongjmp(denied, nr);
}

static bool can_read(char *p)
{
	bool can = false;

	signal(SIGSEGV, on_signal);
	if (!sigsetjmp(denied, 1)) {
		touch(p);
		can = true;
	}
	signal(SIGSEGV, SIG_DFL);
	return can;
}

/* Has the kernel found a bad entry since the last call? */
static bool bad_entry(int log)
{
	char record[2048];
	bool found = false;
	ssize_t len;

	/* EPIPE: records were lost, go on with the next one. */
	while ((len = read(log, record, sizeof(record) - 1)) > 0 ||
	       (len < 0 && errno == EPIPE)) {
		if (len < 0)
			continue;
		record[len] = '\0';
		if (strstr(record, "pgtable-generic.c") && strstr(record, ": bad "))
			found = true;
	}
	return found;
}

struct mapping {
	int fd;
	int log;		/* /dev/kmsg, -1 if it cannot be read */
	unsigned long pmd_size;
	unsigned long pud_size;
	char *area;		/* addresses of 8 PUDs, aligned */
	char *map;		/* the first is mapped, by one entry */
};

FIXTURE(huge_pfnmap)
{
	struct mapping m;
};

FIXTURE_SETUP(huge_pfnmap)
{
	struct mapping *m = &self->m;
	unsigned int before;
	char *area;

	m->log = -1;
	m->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (m->fd < 0)
		SKIP(return, DEVICE ": %s (root, CONFIG_TEST_HUGE_PFNMAP)",
		     strerror(errno));
	m->pmd_size = info(m->fd).pmd_size;
	m->pud_size = info(m->fd).pud_size;
	ASSERT_NE(m->pud_size, 0);

	m->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (m->log >= 0)
		lseek(m->log, 0, SEEK_END);

	area = mmap(NULL, 9 * m->pud_size, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(area, MAP_FAILED);
	m->area = (char *)(((unsigned long)area + m->pud_size - 1) & -m->pud_size);

	m->map = mmap(m->area, m->pud_size, PROT_READ,
		      MAP_SHARED | MAP_FIXED, m->fd, PFNMAP);
	ASSERT_EQ(m->map, m->area);
	before = pud_faults(m->fd);
	touch(m->map + 5 * m->pmd_size);
	if (pud_faults(m->fd) != before + 1)
		SKIP(return, "got no huge PUD (transparent_hugepage/enabled)");
}

FIXTURE_TEARDOWN(huge_pfnmap)
{
	struct mapping *m = &self->m;

	if (m->log >= 0) {
		EXPECT_FALSE(bad_entry(m->log))
			TH_LOG("the kernel took a huge page for a bad entry");
		close(m->log);
	}
	if (m->fd >= 0)
		close(m->fd);
}

/* Only the hole is gone. */
static void check_hole(struct __test_metadata *_metadata,
		       struct mapping *m, char *hole, unsigned long size)
{
	EXPECT_FALSE(can_read(hole));
	EXPECT_FALSE(can_read(hole + size - 1));
	EXPECT_TRUE(can_read(hole - 1));
	EXPECT_TRUE(can_read(hole + size));
	EXPECT_TRUE(can_read(m->map));
	EXPECT_TRUE(can_read(m->map + m->pud_size - 1));
}

/*
 * A huge PUD has to be split when its VMA is.
 */
TEST_F(huge_pfnmap, munmap_one_page)
{
	struct mapping *m = &self->m;
	char *hole = m->map + m->pmd_size + psize();

	ASSERT_EQ(munmap(hole, psize()), 0);
	check_hole(_metadata, m, hole, psize());
}

TEST_F(huge_pfnmap, munmap_one_pmd)
{
	struct mapping *m = &self->m;
	char *hole = m->map + 3 * m->pmd_size;

	ASSERT_EQ(munmap(hole, m->pmd_size), 0);
	check_hole(_metadata, m, hole, m->pmd_size);
}

TEST_F(huge_pfnmap, mprotect_one_page)
{
	struct mapping *m = &self->m;
	char *hole = m->map + m->pmd_size + psize();

	ASSERT_EQ(mprotect(hole, psize(), PROT_NONE), 0);
	check_hole(_metadata, m, hole, psize());
}

TEST_F(huge_pfnmap, mprotect_one_pmd)
{
	struct mapping *m = &self->m;
	char *hole = m->map + 3 * m->pmd_size;

	ASSERT_EQ(mprotect(hole, m->pmd_size, PROT_NONE), 0);
	check_hole(_metadata, m, hole, m->pmd_size);
}

TEST_F(huge_pfnmap, fork_without_part)
{
	struct mapping *m = &self->m;
	char *hole = m->map + 3 * m->pmd_size;
	int status;
	pid_t pid;

	ASSERT_EQ(madvise(hole, m->pmd_size, MADV_DONTFORK), 0);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid)
		_exit(can_read(hole) ? 1 : can_read(m->map) ? 0 : 2);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_NE(WEXITSTATUS(status), 1) TH_LOG("the child has what it was not to have");
	EXPECT_NE(WEXITSTATUS(status), 2) TH_LOG("the child lacks what it was to have");
}

/*
 * The same while nothing may be read through the entry: it stays what it is.
 */
TEST_F(huge_pfnmap, mprotect_none)
{
	struct mapping *m = &self->m;
	unsigned int puds = pud_faults(m->fd);

	ASSERT_EQ(mprotect(m->map, m->pud_size, PROT_NONE), 0);
	EXPECT_FALSE(can_read(m->map));
	ASSERT_EQ(mprotect(m->map, m->pud_size, PROT_READ), 0);
	touch(m->map);
	touch(m->map + m->pud_size - 1);
	EXPECT_EQ(pud_faults(m->fd), puds);
}

TEST_F(huge_pfnmap, munmap_none)
{
	struct mapping *m = &self->m;

	ASSERT_EQ(mprotect(m->map, m->pud_size, PROT_NONE), 0);
	ASSERT_EQ(munmap(m->map, m->pud_size), 0);
	EXPECT_FALSE(can_read(m->map));
}

/*
 * mremap() moves the entry, so that nothing has to be faulted in anew.
 */
static void move(struct __test_metadata *_metadata, struct mapping *m,
		 unsigned long size, char *to)
{
	ASSERT_EQ(mremap(m->map, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to), to);
	EXPECT_FALSE(can_read(m->map));
}

TEST_F(huge_pfnmap, mremap_whole)
{
	struct mapping *m = &self->m;
	char *to = m->area + 4 * m->pud_size;
	unsigned int puds = pud_faults(m->fd);

	move(_metadata, m, m->pud_size, to);
	touch(to);
	EXPECT_EQ(pud_faults(m->fd), puds);
}

TEST_F(huge_pfnmap, mremap_none)
{
	struct mapping *m = &self->m;
	char *to = m->area + 4 * m->pud_size;
	unsigned int puds = pud_faults(m->fd);

	ASSERT_EQ(mprotect(m->map, m->pud_size, PROT_NONE), 0);
	move(_metadata, m, m->pud_size, to);
	ASSERT_EQ(mprotect(to, m->pud_size, PROT_READ), 0);
	touch(to);
	EXPECT_EQ(pud_faults(m->fd), puds);
}

/* A PUD cannot map it there, so each PMD of it is faulted in. */
TEST_F(huge_pfnmap, mremap_to_unaligned)
{
	struct mapping *m = &self->m;
	char *to = m->area + 4 * m->pud_size + m->pmd_size;
	unsigned int pmds = pmd_faults(m->fd);

	move(_metadata, m, m->pud_size, to);
	touch(to);
	touch(to + m->pud_size - 1);
	EXPECT_EQ(pmd_faults(m->fd), pmds + 2);
}

TEST_F(huge_pfnmap, mremap_part)
{
	struct mapping *m = &self->m;
	char *to = m->area + 4 * m->pud_size;

	move(_metadata, m, m->pmd_size, to);
	EXPECT_TRUE(can_read(to));
	EXPECT_TRUE(can_read(m->map + m->pmd_size));
	EXPECT_TRUE(can_read(m->map + m->pud_size - 1));
}

/*
 * One page of a huge PUD is given back again and again, which splits it, while
 * another thread reads the rest: that may have to be faulted in again, but is
 * not to be cleared as bad, and has to be gone after munmap().
 */
struct reader {
	pthread_t thread;
	char *address;
	atomic_bool stop, denied;
};

static void *read_on(void *arg)
{
	struct reader *reader = arg;

	if (sigsetjmp(denied, 1)) {
		reader->denied = true;
		return NULL;
	}
	while (!reader->stop)
		touch(reader->address);
	return NULL;
}

TEST_F_TIMEOUT(huge_pfnmap, zap_part, 6 * ZAP_SECONDS)
{
	struct mapping *m = &self->m;
	struct reader reader = {};
	unsigned int puds;
	bool bad = false;
	long calls = 0;
	double end;

	if (!two_processors())
		SKIP(return, "one processor");
	m->map = mmap(m->area, m->pud_size, PROT_READ,
		      MAP_SHARED | MAP_FIXED, m->fd, MIXEDMAP);
	ASSERT_EQ(m->map, m->area);
	puds = pud_faults(m->fd);
	touch(m->map);
	ASSERT_EQ(pud_faults(m->fd), puds + 1);

	reader.address = m->map;
	signal(SIGSEGV, on_signal);
	ASSERT_EQ(pthread_create(&reader.thread, NULL, read_on, &reader), 0);
	end = now() + ZAP_SECONDS;
	while (!bad && now() < end) {
		ASSERT_EQ(madvise(m->map + m->pmd_size, psize(), MADV_DONTNEED), 0);
		if (++calls % 1000 == 0 && m->log >= 0)
			bad = bad_entry(m->log);
	}
	TH_LOG("%ld calls of madvise(), %u faults of a PUD", calls,
	       pud_faults(m->fd) - puds);
	EXPECT_FALSE(bad) TH_LOG("the kernel took the huge page for a bad entry");

	ASSERT_EQ(munmap(m->map, m->pud_size), 0);
	usleep(100000);
	EXPECT_TRUE(reader.denied) TH_LOG("can be read after munmap()");
	reader.stop = true;
	pthread_join(reader.thread, NULL);
}

/*
 * GUP of a page that a huge PUD maps, while another thread makes the PUD point
 * to a table: by a write to a private mapping, or by a fault that may not map it
 * by a huge page.
 */
struct maker {
	pthread_t thread;
	char *map, *page;
	unsigned long size;
	double pause;		/* for so many seconds first */
	bool shared;
	atomic_bool go;
};

static void *make_table(void *arg)
{
	struct maker *maker = arg;

	while (!maker->go)
		;
	spin(maker->pause);
	if (maker->shared) {
		madvise(maker->map, maker->size, MADV_DONTNEED);
		touch(maker->page);
	} else {
		maker->page[psize() - 1] = 1;
	}
	return NULL;
}

/* The first word of a page, by GUP; -errno if it does not take it. */
static int read_by_gup(char *page, uint64_t *data)
{
	struct iovec local = { data, sizeof(*data) }, remote = { page, sizeof(*data) };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) < 0 ? -errno : 0;
}

static void gup(struct __test_metadata *_metadata, struct mapping *m,
		bool shared)
{
	const int prot = PROT_READ | (shared ? 0 : PROT_WRITE);
	const int flags = shared ? MAP_SHARED : MAP_PRIVATE;
	unsigned long filled = info(m->fd).filled;
	double begin, took = 0, end = now() + GUP_SECONDS;
	long calls = 0, rounds = 0, pages = 0;
	struct maker maker;
	unsigned int puds;
	uint64_t data;
	int i, err;

	if (!two_processors())
		SKIP(return, "one processor");
	spin(0);
	while (now() < end) {
		m->map = mmap(m->area, m->pud_size, prot,
			      flags | MAP_NORESERVE | MAP_FIXED, m->fd, RAM);
		if (m->map == MAP_FAILED && errno == EPERM)
			SKIP(return, "may not map RAM (CAP_SYS_RAWIO, lockdown)");
		ASSERT_EQ(m->map, m->area);

		/* Before, while and after the PUD becomes a table. */
		puds = pud_faults(m->fd);
		maker = (struct maker){
			.map = m->map, .page = m->map + filled,
			.size = m->pud_size, .shared = shared,
		};
		touch(maker.page);
		ASSERT_EQ(pud_faults(m->fd), puds + 1);
		begin = now();
		err = read_by_gup(maker.page, &data);
		took += now() - begin;
		maker.pause = drand48() * 2 * took / ++calls;
		if (err == -EFAULT)
			SKIP(return, "GUP does not take it");
		ASSERT_EQ(err, 0);
		ASSERT_EQ(data, FILL);

		if (shared)
			ASSERT_EQ(madvise(m->map, m->pud_size, MADV_NOHUGEPAGE), 0);
		ASSERT_EQ(pthread_create(&maker.thread, NULL, make_table, &maker), 0);
		data = FILL;
		maker.go = true;
		for (i = 0; i < 5 && data == FILL; i++)
			pages += !read_by_gup(maker.page, &data);
		pthread_join(maker.thread, NULL);
		ASSERT_EQ(data, FILL) TH_LOG("GUP took a page that is not mapped there");

		/* A copy by now, or not to be had by GUP: it is mapped by a PTE. */
		err = read_by_gup(maker.page, &data);
		if (!shared)
			ASSERT_EQ(err, 0);
		ASSERT_EQ(data, FILL) TH_LOG("GUP took a page that is not mapped there");
		rounds++;
	}
	TH_LOG("%ld rounds, %ld times a page", rounds, pages);
	EXPECT_GT(pages, 0);
}

TEST_F(huge_pfnmap, gup_private)
{
	gup(_metadata, &self->m, false);
}

TEST_F(huge_pfnmap, gup_shared)
{
	gup(_metadata, &self->m, true);
}

/*
 * What the driver takes away while a process forks is gone for parent and child:
 * what they read then has to be faulted in.
 */
struct revoker {
	pthread_t thread;
	int fd;
	double pause;		/* for so many seconds first */
	atomic_bool go, *done;
};

static void *take_away(void *arg)
{
	struct revoker *revoker = arg;

	while (!revoker->go)
		;
	spin(revoker->pause);
	*revoker->done = write(revoker->fd, "", 1) == 1;
	return NULL;
}

/* Reads all of the map, and returns how much had to be faulted in. */
static unsigned int fault_in(struct mapping *m, int level, unsigned long size, int nr)
{
	unsigned int before = info(m->fd).faults[level];
	int i;

	for (i = 0; i < nr; i++)
		touch(m->map + i * size);
	return info(m->fd).faults[level] - before;
}

static void fork_revoked(struct __test_metadata *_metadata, struct mapping *m,
			 int level, unsigned long size, int nr)
{
	struct revoker revoker = { .fd = m->fd };
	double begin, took = 0, end = now() + FORK_SECONDS;
	long rounds = 0, revoked = 0;
	int status;
	pid_t pid;

	if (!two_processors())
		SKIP(return, "one processor");
	revoker.done = mmap(NULL, psize(), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(revoker.done, MAP_FAILED);
	ASSERT_EQ(munmap(m->map, m->pud_size), 0);
	m->map = mmap(m->area, nr * size, PROT_READ, MAP_SHARED | MAP_FIXED,
		      m->fd, PFNMAP);
	ASSERT_EQ(m->map, m->area);
	ASSERT_EQ(fault_in(m, level, size, nr), nr);

	spin(0);
	while (now() < end) {
		*revoker.done = false;
		revoker.go = false;
		revoker.pause = drand48() * took;
		ASSERT_EQ(pthread_create(&revoker.thread, NULL, take_away, &revoker), 0);
		revoker.go = true;
		begin = now();
		pid = fork();
		took = now() - begin;
		ASSERT_GE(pid, 0);
		if (!pid) {
			if (!*revoker.done)
				_exit(0);
			_exit(fault_in(m, level, size, nr) == nr ? 1 : 2);
		}
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		pthread_join(revoker.thread, NULL);
		ASSERT_TRUE(WIFEXITED(status));
		ASSERT_NE(WEXITSTATUS(status), 2) TH_LOG("the child still has what was taken away");
		revoked += WEXITSTATUS(status);
		rounds++;
		ASSERT_TRUE(*revoker.done);
		ASSERT_EQ(fault_in(m, level, size, nr), nr);
	}
	TH_LOG("%ld rounds, %ld times taken away before the child ran", rounds, revoked);
	EXPECT_GT(rounds, 0);
}

/* Without the last one, as all of them would be mapped by a PUD. */
TEST_F(huge_pfnmap, fork_revoked_pmd)
{
	struct mapping *m = &self->m;

	fork_revoked(_metadata, m, 1, m->pmd_size, m->pud_size / m->pmd_size - 1);
}

TEST_F(huge_pfnmap, fork_revoked_pud)
{
	fork_revoked(_metadata, &self->m, 2, self->m.pud_size, 1);
}

TEST_HARNESS_MAIN
