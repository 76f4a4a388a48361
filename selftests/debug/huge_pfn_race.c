// SPDX-License-Identifier: GPL-2.0
/*
 * Walkers that meet a PFN mapping of PUD size which comes and goes meanwhile.
 * Needs the device of lib/test_huge_pfnmap.c. With the delays of
 * mm/pgtable_window.c a race that the code allows is met within seconds.
 *
 * What the kernel reports is a failure of the test, too.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "kselftest_harness.h"
#include "huge_pfn.h"

#define USECS	1000
#define SECONDS	8

/* Reads *address again and again, until it may not. */
struct reader {
	pthread_t thread;
	char *address;
	int pause;		/* this many microseconds after each read */
	bool discards;		/* what it has read */
	volatile bool stop, denied;
	volatile unsigned long reads;
};

FIXTURE(race)
{
	int fd;
	int log;
	int window;	/* debugfs' pgtable_window, -1: no delays */
	char *area;	/* 8 GiB of address space, aligned to a PUD */
	char *map;	/* the first PUD of it is mapped, by one entry */
	struct reader reader;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static __thread sigjmp_buf denied;

static void on_signal(int nr)
{
	siglongjmp(denied, nr);
}

static void *read_on(void *arg)
{
	struct reader *reader = arg;

	pin(1);
	if (sigsetjmp(denied, 1)) {
		reader->denied = true;
		return NULL;
	}
	while (!reader->stop) {
		touch(reader->address);
		reader->reads++;
		if (reader->discards)
			madvise(reader->address, PUD_SIZE, MADV_DONTNEED);
		if (reader->pause)
			usleep(reader->pause);
	}
	return NULL;
}

static int start_reader(struct reader *reader, char *address)
{
	reader->address = address;
	reader->stop = reader->denied = false;
	signal(SIGSEGV, on_signal);
	signal(SIGBUS, on_signal);
	return pthread_create(&reader->thread, NULL, read_on, reader);
}

static void stop_reader(struct reader *reader)
{
	reader->stop = true;
	pthread_join(reader->thread, NULL);
}

/* Delay the calling thread by so much at each place; returns a descriptor. */
static int delay(int usecs)
{
	int fd = open("/sys/kernel/debug/pgtable_window", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && dprintf(fd, "%d", usecs) <= 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* For as long as it takes only: what else the thread does is not to be slow. */
static void set_delay(int fd, int usecs)
{
	if (fd >= 0)
		dprintf(fd, "%d", usecs);
}

static long delays(int fd)
{
	char text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return -1;
	return atol(text);
}

/*
 * A thread that does something while another one is in a call: at one of the delays
 * of that, or at once where there are none.
 */
struct other {
	pthread_t thread;
	int window;
	long first;		/* delays before the call */
	volatile long at;	/* the delay to come in at, 0: now */
	volatile bool go;
};

/* at: one of nr delays behind the first ones; if nr is unknown, behind all of them */
static void prepare(struct other *other, int window, long first, long nr)
{
	other->window = window;
	other->first = window < 0 ? 0 : delays(window);
	other->at = window < 0 ? 0 : nr ? first + 1 + drand48() * nr : LONG_MAX;
	other->go = false;
}

static void wait_for_delay(struct other *other)
{
	pin(1);
	while (!other->go)
		;
	while (other->at && delays(other->window) - other->first < other->at)
		;
}

static void begin_call(struct other *other, int usecs)
{
	set_delay(other->window, usecs);
	other->go = true;
}

/* Returns how many delays there were. */
static long end_call(struct other *other)
{
	set_delay(other->window, 0);
	other->at = 0;
	pthread_join(other->thread, NULL);
	return other->window < 0 ? 0 : delays(other->window) - other->first;
}

/* Has the kernel found a bad entry since the last call? */
static bool bad_entry(int log)
{
	char record[2048];
	bool found = false;
	ssize_t len;

	/* EPIPE: records were lost, go on with the next one. */
	while ((len = read(log, record, sizeof(record) - 1)) > 0 || (len < 0 && errno == EPIPE)) {
		if (len < 0)
			continue;
		record[len] = '\0';
		if (strstr(record, "pgtable-generic.c") && strstr(record, ": bad "))
			found = true;
	}
	return found;
}

static char *map_at(char *at, int fd, int prot, int flags)
{
	return mmap(at, PUD_SIZE, prot, flags | MAP_FIXED, fd, MIXED);
}

FIXTURE_SETUP(race)
{
	int before;

	self->window = -1;
	self->fd = open("/dev/test_huge_pfnmap", O_RDWR | O_CLOEXEC);
	if (self->fd < 0)
		SKIP(return, "no /dev/test_huge_pfnmap: %s", strerror(errno));
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one processor");
	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_GE(self->log, 0);
	lseek(self->log, 0, SEEK_END);
	self->area = reserve();
	ASSERT_NE(self->area, NULL);
	self->map = map_at(self->area, self->fd, PROT_READ, MAP_SHARED);
	ASSERT_EQ(self->map, self->area);
	before = faults(self->fd, 2);
	touch(self->map);
	if (faults(self->fd, 2) != before + 1)
		SKIP(return, "this machine does not map a PUD: %d, %d, %d", faults(self->fd, 0), faults(self->fd, 1), faults(self->fd, 2));
	pin(0);
}

FIXTURE_TEARDOWN(race)
{
	if (self->window >= 0) {
		long n = delays(self->window);

		TH_LOG("%ld delays", n);
		EXPECT_GT(n, 0);
		close(self->window);
	}
	close(self->log);
	close(self->fd);
}

/*
 * madvise() discards a part while another thread reads the rest: what it reads
 * may have to be faulted in again, and must be gone after munmap().
 */
static void zap(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self,
		unsigned long start, unsigned long size)
{
	double end = now() + SECONDS;
	bool bad = false;
	long calls = 0;
	int puds = faults(self->fd, 2);

	ASSERT_EQ(start_reader(&self->reader, self->map), 0);
	self->window = delay(USECS);
	if (self->window < 0) {
		TH_LOG("no delays: %s", strerror(errno));
		end += 3 * SECONDS;
	}
	while (!bad && now() < end) {
		ASSERT_EQ(madvise(self->map + start, size, MADV_DONTNEED), 0);
		calls++;
		if (self->window >= 0 || calls % 1000 == 0)
			bad = bad_entry(self->log);
	}
	TH_LOG("%ld calls of madvise(), %d faults of a PUD", calls, faults(self->fd, 2) - puds);
	EXPECT_FALSE(bad) TH_LOG("the kernel took the huge page for a bad entry");

	ASSERT_EQ(munmap(self->map, PUD_SIZE), 0);
	usleep(100000);
	EXPECT_TRUE(self->reader.denied) TH_LOG("can be read after munmap()");
	stop_reader(&self->reader);
}

TEST_F_TIMEOUT(race, zap_part, 8 * SECONDS)
{
	zap(_metadata, self, PMD_SIZE, PAGE);
}

TEST_F_TIMEOUT(race, zap_whole, 8 * SECONDS)
{
	/* There has to be a time without the mapping. */
	self->reader.pause = 2 * USECS;
	zap(_metadata, self, 0, PUD_SIZE);
}

/*
 * A private mapping is split by a write. One thread writes, delayed, another
 * reads, and so maps the PUD again, and then writes, and so makes it a table.
 */
struct writer {
	pthread_t thread;
	char *address;
	double first;	/* reads for so many seconds first */
	int usecs;	/* is delayed by so much */
	long delays;
};
static volatile bool delayed_writer;

static void *write_once(void *arg)
{
	struct writer *writer = arg;
	double until;
	int fd = -1;

	pin(!writer->usecs);
	if (writer->usecs) {
		fd = delay(writer->usecs);
		delayed_writer = true;
	} else {
		while (!delayed_writer)
			touch(writer->address);
		until = now() + writer->first;
		while (now() < until)
			touch(writer->address);
	}
	*writer->address = 1;
	writer->delays = fd < 0 ? 0 : delays(fd);
	if (fd >= 0)
		close(fd);
	return NULL;
}

TEST_F(race, fault)
{
	struct writer one, two;
	double end = now() + 2 * SECONDS;
	long rounds = 0, n = 0;

	while (now() < end) {
		self->map = map_at(self->area, self->fd, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_NORESERVE);
		ASSERT_EQ(self->map, self->area);
		touch(self->map);
		one = (struct writer){ .address = self->map + PMD_SIZE, .usecs = USECS / 4 };
		two = (struct writer){ .address = self->map + 3 * PMD_SIZE,
				       .first = drand48() * 20 * USECS / 4 / 1e6 };
		delayed_writer = false;
		ASSERT_EQ(pthread_create(&two.thread, NULL, write_once, &two), 0);
		ASSERT_EQ(pthread_create(&one.thread, NULL, write_once, &one), 0);
		pthread_join(one.thread, NULL);
		pthread_join(two.thread, NULL);
		EXPECT_EQ(*one.address, 1);
		EXPECT_EQ(*two.address, 1);
		rounds++;
		n += one.delays;
		ASSERT_EQ(munmap(self->map, PUD_SIZE), 0);
	}
	TH_LOG("%ld rounds, %ld delays", rounds, n);
	EXPECT_FALSE(bad_entry(self->log));
	EXPECT_GT(rounds, 10);
	if (!access("/sys/kernel/debug/pgtable_window", F_OK))
		EXPECT_GT(n, rounds);
}

/*
 * GUP of a page that a huge PUD maps, while another thread makes that a page
 * table: by a write to a private mapping, or by madvise() and a fault that may
 * not map it by a huge page.
 */
struct maker {
	struct other other;
	char *map, *page;
	bool shared;
};

static void *make_table(void *arg)
{
	struct maker *maker = arg;

	wait_for_delay(&maker->other);
	if (maker->shared) {
		madvise(maker->map, PUD_SIZE, MADV_DONTNEED);
		touch(maker->page);
	} else {
		maker->page[PAGE - 1] = 1;
	}
	return NULL;
}

static void gup(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self, bool shared)
{
	long offset = own_page(self->fd), rounds = 0, pages = 0, nr = 0;
	struct iovec local, remote;
	double end = now() + 4 * SECONDS;
	struct maker maker;
	uint64_t data;
	int puds;

	ASSERT_GE(offset, 0);
	self->window = delay(0);
	if (self->window < 0) {
		TH_LOG("no delays: %s", strerror(errno));
		end += 2 * SECONDS;
	}
	while (now() < end) {
		self->map = mmap(self->area, PUD_SIZE, PROT_READ | (shared ? 0 : PROT_WRITE),
				 (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_NORESERVE | MAP_FIXED,
				 self->fd, RAM);
		ASSERT_EQ(self->map, self->area);
		puds = faults(self->fd, 2);
		touch(self->map + offset);
		ASSERT_EQ(faults(self->fd, 2), puds + 1);
		if (shared)
			ASSERT_EQ(madvise(self->map, PUD_SIZE, MADV_NOHUGEPAGE), 0);
		maker = (struct maker){ .map = self->map, .page = self->map + offset, .shared = shared };
		/* The first call tells how many delays there are; the PUD is the last. */
		prepare(&maker.other, self->window, nr / 2, nr / 2);
		ASSERT_EQ(pthread_create(&maker.other.thread, NULL, make_table, &maker), 0);
		/* GUP may get nothing, as it does not take what a PTE maps. */
		data = 0x5a5a5a5a5a5a5a5a;
		local = (struct iovec){ &data, sizeof(data) };
		remote = (struct iovec){ maker.page, sizeof(data) };
		begin_call(&maker.other, 10 * USECS);
		if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == sizeof(data))
			pages++;
		if (!nr)
			nr = end_call(&maker.other);
		else
			end_call(&maker.other);
		ASSERT_EQ(data, 0x5a5a5a5a5a5a5a5a) TH_LOG("GUP took a page that is not mapped there");
		ASSERT_EQ(munmap(self->map, PUD_SIZE), 0);
		rounds++;
		ASSERT_GT(pages, 0);
	}
	TH_LOG("%ld rounds, %ld times a page, %ld delays in a call", rounds, pages, nr);
	EXPECT_GT(rounds, 10);
}

TEST_F_TIMEOUT(race, gup_private, 8 * SECONDS) { gup(_metadata, self, false); }
TEST_F_TIMEOUT(race, gup_shared, 8 * SECONDS) { gup(_metadata, self, true); }

/*
 * fork() of what the driver takes away meanwhile: once it is gone, the child must
 * not have it either, so what it reads has to be faulted in. Before the delay is
 * over, parent and child have to be looked at, so it is a long one. With many
 * entries it takes most of fork()'s time to copy them.
 */
struct revoker {
	struct other other;
	int fd;
	volatile bool *done;
};

static void *take_away(void *arg)
{
	struct revoker *revoker = arg;

	wait_for_delay(&revoker->other);
	if (write(revoker->fd, "", 1) == 1)
		*revoker->done = true;
	return NULL;
}

/* Reads all of the map, and returns how much had to be faulted in. */
static int fault_in(FIXTURE_DATA(race) *self, int level, unsigned long size, int nr)
{
	int i, before = faults(self->fd, level);

	for (i = 0; i < nr; i++)
		touch(self->map + i * size);
	return faults(self->fd, level) - before;
}

static void fork_revoked(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self,
			 int level, unsigned long size, int nr)
{
	volatile bool *done = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct revoker revoker = { .fd = self->fd, .done = done };
	long rounds = 0, revoked = 0, delayed = 0;
	double end = now() + 4 * SECONDS;
	int status;
	pid_t pid;

	ASSERT_NE(done, MAP_FAILED);
	ASSERT_EQ(munmap(self->map, PUD_SIZE), 0);
	self->map = mmap(self->area, nr * size, PROT_READ, MAP_SHARED | MAP_FIXED, self->fd, 0);
	ASSERT_EQ(self->map, self->area);
	ASSERT_EQ(fault_in(self, level, size, nr), nr);
	self->window = delay(0);
	if (self->window < 0)
		TH_LOG("no delays: %s", strerror(errno));
	while (now() < end) {
		fault_in(self, level, size, nr);
		*done = false;
		prepare(&revoker.other, self->window, delayed / 8, delayed / 2);
		ASSERT_EQ(pthread_create(&revoker.other.thread, NULL, take_away, &revoker), 0);
		begin_call(&revoker.other, 4 * USECS);
		pid = fork();
		ASSERT_GE(pid, 0);
		if (!pid) {
			if (!*done)
				_exit(0);
			_exit(fault_in(self, level, size, nr) == nr ? 1 : 2);
		}
		/* The first call tells how many delays there are. Behind fork() are more. */
		if (!delayed)
			delayed = end_call(&revoker.other);
		else
			end_call(&revoker.other);
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		ASSERT_TRUE(WIFEXITED(status));
		ASSERT_NE(WEXITSTATUS(status), 2) TH_LOG("the child still has what was taken away");
		revoked += WEXITSTATUS(status);
		rounds++;
	}
	TH_LOG("%ld rounds, %ld times taken away before the child ran, %ld delays in a call",
	       rounds, revoked, delayed);
	EXPECT_GT(rounds, 5);
	EXPECT_GT(revoked, 0);
}

TEST_F_TIMEOUT(race, fork_pmd, 8 * SECONDS) { fork_revoked(_metadata, self, 1, PMD_SIZE, 64); }
TEST_F_TIMEOUT(race, fork_pud, 8 * SECONDS) { fork_revoked(_metadata, self, 2, PUD_SIZE, 1); }

/*
 * Most walkers of mm/pagewalk.c split a huge PUD, madvise() discards it. Another
 * thread maps and discards it meanwhile.
 */
static void walk(struct __test_metadata *_metadata, FIXTURE_DATA(race) *self,
		 int (*walker)(FIXTURE_DATA(race) *self))
{
	double end = now() + SECONDS;
	int puds = faults(self->fd, 2);
	long walks = 0;

	self->reader.discards = true;
	ASSERT_EQ(start_reader(&self->reader, self->map), 0);
	self->window = delay(USECS / 10);
	if (self->window < 0)
		TH_LOG("no delays: %s", strerror(errno));
	while (now() < end) {
		ASSERT_EQ(walker(self), 0) TH_LOG("%s", strerror(errno));
		walks++;
	}
	stop_reader(&self->reader);
	ASSERT_FALSE(self->reader.denied);
	TH_LOG("%ld walks, %d faults of a PUD", walks, faults(self->fd, 2) - puds);
	EXPECT_GT(walks, 10);
	EXPECT_GT(faults(self->fd, 2) - puds, 100);
	EXPECT_FALSE(bad_entry(self->log));
}

static int walk_mincore(FIXTURE_DATA(race) *self)
{
	static unsigned char in_core[PMD_SIZE / PAGE];

	return mincore(self->map, PMD_SIZE, in_core);
}

static int read_all(const char *path)
{
	static char text[1 << 16];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -1;
	do {
		len = read(fd, text, sizeof(text));
	} while (len > 0);
	close(fd);
	return len;
}

static int walk_smaps(FIXTURE_DATA(race) *self)
{
	return read_all("/proc/self/smaps");
}

static int walk_numa_maps(FIXTURE_DATA(race) *self)
{
	return read_all("/proc/self/numa_maps");
}

static int walk_pagemap(FIXTURE_DATA(race) *self)
{
	static uint64_t entries[PMD_SIZE / PAGE];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -1;
	len = pread(fd, entries, sizeof(entries), (uintptr_t)self->map / PAGE * 8);
	close(fd);
	return len == sizeof(entries) ? 0 : -1;
}

static int walk_process_madvise(FIXTURE_DATA(race) *self)
{
	struct iovec iov = { self->map, PUD_SIZE };
	int fd = syscall(SYS_pidfd_open, getpid(), 0);
	ssize_t len;

	if (fd < 0)
		return -1;
	len = syscall(SYS_process_madvise, fd, &iov, 1, MADV_COLD, 0);
	close(fd);
	return len == PUD_SIZE ? 0 : -1;
}

static int zap_contended(FIXTURE_DATA(race) *self)
{
	return madvise(self->map, PUD_SIZE, MADV_DONTNEED);
}

#define TEST_WALK(walker) TEST_F(race, walker) { walk(_metadata, self, walker); }
TEST_WALK(walk_mincore)
TEST_WALK(walk_smaps)
TEST_WALK(walk_numa_maps)
TEST_WALK(walk_pagemap)
TEST_WALK(walk_process_madvise)
TEST_WALK(zap_contended)

TEST_HARNESS_MAIN
