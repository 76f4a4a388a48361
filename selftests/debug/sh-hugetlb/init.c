// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <sys/reboot.h>

#define SZ 65536UL
static char *map(unsigned long at)
{
	char *p = mmap((void *)at, 4 * SZ, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_FIXED, -1, 0);
	if (p == MAP_FAILED) { printf("mmap: %m\n"); _exit(2); }
	return p;
}
static int mincore(void *p, size_t l, unsigned char *v)
{
	long r = syscall(__NR_mincore, p, l, v);
	return r;
}
static int t_mincore(void)
{
	unsigned char v[64]; char *p = map(0x20010000);
	int r = mincore(p, 4 * SZ, v);
	printf("mincore %d, first %d\n", r, v[0]);
	return r || v[0];
}
static int t_smaps(void)
{
	char b[4096]; int fd, n, on = 0; char *l; FILE *f;
	map(0x20010000);
	f = fopen("/proc/self/smaps", "r");
	while (fgets(b, sizeof b, f)) {
		if (!strncmp(b, "2001", 4)) on = 1;
		if (on && (strstr(b, "Private_Hugetlb") )) { printf("smaps %s", b); on = 0; }
	}
	return 0;
}
static int t_munmap(void)
{
	char *p = map(0x20010000);
	int r = munmap(p, 4 * SZ);
	printf("munmap %d\n", r);
	return r;
}
static int t_mremap(void)
{
	char *p = map(0x20010000);
	char *q = mremap(p, 4 * SZ, 4 * SZ, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x24010000);
	printf("mremap %p\n", q);
	return q == MAP_FAILED;
}
static int t_touch(void)
{
	char *p = map(0x20010000);
	p[0] = 1; p[4096] = 2; p[SZ] = 3;
	printf("touch %d %d %d\n", p[0], p[4096], p[SZ]);
	return !(p[0] == 1 && p[4096] == 2 && p[SZ] == 3);
}
static void run(const char *n, int (*f)(void))
{
	int st; pid_t pid;
	printf("== %s\n", n); fflush(stdout);
	pid = fork();
	if (!pid) {  int r = f(); fflush(stdout); _exit(r); }
	int i; for (i = 0; i < 50 && waitpid(pid, &st, WNOHANG) == 0; i++) poll(0, 0, 100);
	if (i == 50) { printf("== %s: still there after 5 s\n", n); fflush(stdout); return; }
	if (WIFSIGNALED(st)) printf("== %s: killed by signal %d\n", n, WTERMSIG(st));
	else printf("== %s: exit %d\n", n, WEXITSTATUS(st));
	fflush(stdout);
}
static int has(char **v, const char *n)
{
	for (; *v; v++)
		if (!strcmp(*v, n))
			return 1;
	return 0;
}
int main(int argc, char **argv)
{
	int fd;
	mkdir("/proc", 0755); mount("proc", "/proc", "proc", 0, "");
	fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY);
	printf("init: nr_hugepages fd %d write %d\n", fd, (int)write(fd, "16", 2));
	close(fd);
	char b[4096]; fd = open("/proc/meminfo", O_RDONLY); int n = read(fd, b, 4095); b[n > 0 ? n : 0] = 0;
	char *h = strstr(b, "HugePages_Total"); if (h) puts(h);
	if (has(argv, "mincore")) run("mincore", t_mincore);
	if (has(argv, "smaps")) run("smaps", t_smaps);
	if (has(argv, "munmap")) run("munmap", t_munmap);
	if (has(argv, "mremap")) run("mremap", t_mremap);
	if (has(argv, "touch")) run("touch", t_touch);
	printf("init: done\n"); fflush(stdout);
	
	reboot(RB_POWER_OFF); reboot(RB_AUTOBOOT);
	for (;;) poll(0,0,1000);
}
