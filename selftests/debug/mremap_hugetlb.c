// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/reboot.h>
#define G (1UL<<30)
int main(void)
{
	setvbuf(stdout, 0, _IONBF, 0);
	mkdir("/proc", 0755); mount("proc", "/proc", "proc", 0, "");
	int fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY); write(fd, "8", 1); close(fd);
	for (int al = 0; al < 2; al++) {
		pid_t pid = fork();
		if (!pid) {
			char *p = mmap((void *)(64*G), G, 3, MAP_SHARED|MAP_ANONYMOUS|MAP_HUGETLB|MAP_NORESERVE|MAP_FIXED, -1, 0);
			printf("map %p\n", p); p[0] = 1;
			char *q = mremap(p, G, G, MREMAP_MAYMOVE|MREMAP_FIXED, (void *)(128*G + (al ? 0 : 2UL<<20)));
			printf("mremap %s: %p, byte %d\n", al ? "1G-aligned" : "2M-aligned", q, q[0]);
			_exit(0);
		}
		int st = -1, i; 
		for (i = 0; i < 10 && waitpid(pid, &st, WNOHANG) == 0; i++) sleep(1);
		printf("%s: %s after %d s\n", al ? "1G-aligned" : "2M-aligned", st == -1 ? "HANGS" : "done", i);
		if (st == -1) { char b[2048], n[64]; sprintf(n, "/proc/%d/stack", pid); fd = open(n, O_RDONLY); int r = read(fd, b, 2047); if (r > 0) { b[r] = 0; puts(b);} else printf("no %s\n", n);
			sprintf(n, "/proc/%d/wchan", pid); fd = open(n, O_RDONLY); r = read(fd, b, 2047); if (r > 0) { b[r] = 0; puts(b);} 
			sprintf(n, "/proc/%d/status", pid); fd = open(n, O_RDONLY); r = read(fd, b, 200); if (r > 0) { b[r] = 0; puts(b);} 
			fd = open("/proc/sysrq-trigger", O_WRONLY); if (fd >= 0) write(fd, "t", 1); }
	}
	reboot(RB_POWER_OFF);
	return 0;
}
