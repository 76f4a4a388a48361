// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's init: run every program in /tests one after the other, with what
 * the kernel's command line has after "--", pass on its TAP, count, say how it
 * ended, switch off.
 *
 * All output goes through /dev/kmsg, so that a line of the kernel never ends up
 * in the middle of a test's line. What a test prints is marked with "guest| ",
 * what init says with "init| ": a test cannot print the verdict by accident,
 * and neither can the kernel. scripts/boot reads these lines.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* printk cuts what is longer than about 1000 bytes. */
#define LINE_LENGTH	900

static int kmsg = 1;
static unsigned int programs, planned, passed, failed, skipped, bad_exits;

__attribute__((format(printf, 2, 3)))
static void say(const char *mark, const char *fmt, ...)
{
	char line[LINE_LENGTH + 32];
	int len = snprintf(line, sizeof(line), "%s| ", mark);
	va_list args;

	va_start(args, fmt);
	len += vsnprintf(line + len, sizeof(line) - len - 1, fmt, args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	if (write(kmsg, line, len) != len)
		write(1, line, len);
}

static void mount_all(void)
{
	static const char * const what[][2] = {
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "devtmpfs", "/dev" },
		{ "debugfs", "/sys/kernel/debug" },
		{ "tracefs", "/sys/kernel/tracing" },
		{ "tmpfs", "/tmp" },
	};
	size_t i;

	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		mkdir(what[i][1], 0755);
		if (mount(what[i][0], what[i][1], what[i][0], 0, NULL))
			fprintf(stderr, "init: no %s: %s\n", what[i][0], strerror(errno));
	}
}

/* Only lines at the left margin are TAP of the program itself. */
static void count(const char *line)
{
	unsigned int nr;

	if (sscanf(line, "1..%u", &nr) == 1) {
		planned += nr;
	} else if (!strncmp(line, "not ok ", 7)) {
		failed++;
	} else if (!strncmp(line, "ok ", 3)) {
		if (strcasestr(line, "# SKIP"))
			skipped++;
		else
			passed++;
	}
}

static void run(char *path, char *args[])
{
	const unsigned int failed_before = failed;
	char line[LINE_LENGTH];
	int fds[2], status;
	FILE *output;
	pid_t pid;

	say("init", "RUN %s", path);
	if (pipe2(fds, O_CLOEXEC)) {
		say("init", "pipe: %s", strerror(errno));
		bad_exits++;
		return;
	}

	pid = fork();
	if (!pid) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		args[0] = path;
		execv(path, args);
		dprintf(1, "cannot be run: %s\n", strerror(errno));
		_exit(127);
	}
	close(fds[1]);

	output = fdopen(fds[0], "r");
	while (output && fgets(line, sizeof(line), output)) {
		line[strcspn(line, "\n")] = '\0';
		say("guest", "%s", line);
		count(line);
	}
	if (output)
		fclose(output);

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		status = -1;
	programs++;
	/* 0 goes with no failure, 1 with failures, 4 says that all was skipped. */
	if (WIFEXITED(status) &&
	    (WEXITSTATUS(status) == (failed > failed_before) || WEXITSTATUS(status) == 4))
		return;
	bad_exits++;
	if (WIFSIGNALED(status))
		say("init", "%s was killed by signal %d", path, WTERMSIG(status));
	else
		say("init", "%s ended with status %d", path, WEXITSTATUS(status));
}

int main(__attribute__((unused)) int argc, char *argv[])
{
	struct dirent **tests;
	char path[512];
	int nr, i;

	if (getpid() != 1) {
		fprintf(stderr, "init: for the guest only\n");
		return 1;
	}

	mount_all();
	/* No rate limit, please: printk.devkmsg=on is on the command line. */
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg < 0)
		kmsg = 1;

	nr = scandir("/tests", &tests, NULL, alphasort);
	for (i = 0; i < nr; i++) {
		if (tests[i]->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/tests/%s", tests[i]->d_name);
		run(path, argv);
	}

	say("init", "END programs=%u planned=%u passed=%u failed=%u skipped=%u bad_exits=%u",
	    programs, planned, passed, failed, skipped, bad_exits);

	sync();
#ifdef __x86_64__
	/* QEMU is told to end at a reboot; switching off would need ACPI. */
	reboot(RB_AUTOBOOT);
#else
	reboot(RB_POWER_OFF);
#endif
	for (;;)
		pause();
}
