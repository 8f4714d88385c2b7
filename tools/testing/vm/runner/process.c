// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running one program. Whatever it starts ends with it: run-tests is the one to whom orphans are
 * given, so that it knows of those that a test leaves, even by ending badly.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runner.h"

enum {
	SECONDS_TO_END = 5,	/* from SIGTERM to SIGKILL */
	SECONDS_FOR_ORPHANS = 2,
};

/**
 * now() - seconds since the machine was started
 */
double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec + at.tv_nsec / 1e9;
}

/**
 * process_init() - before the first process_run()
 */
void process_init(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		die("prctl: %s", strerror(errno));
}

/* Waits for a child, or with -1 for all. Returns whether it, or all, have ended. */
static bool wait_until(pid_t pid, double end, int *status)
{
	struct timespec rest;
	sigset_t child;
	double left;
	pid_t rc;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		rc = waitpid(-1, status, WNOHANG);
		if (rc == pid || (rc < 0 && errno == ECHILD))
			return true;
		if (rc)
			continue;
		left = end - now();
		if (left <= 0)
			return false;
		rest.tv_sec = (time_t)left;
		rest.tv_nsec = (long)((left - rest.tv_sec) * 1e9);
		sigtimedwait(&child, NULL, &rest);
	}
}

/* Our children, the orphans given to us among them, are in a file of the kernel's. */
static int kill_children(void)
{
	char path[64];
	int pid, count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fscanf(file, "%d", &pid) == 1) {
		kill(pid, SIGKILL);
		count++;
	}
	fclose(file);
	return count;
}

/* Orphans become ours only when their parent has ended, so there may be more after each round. */
static void end_orphans(struct run *run)
{
	int round, status;

	if (!run->timed_out && wait_until(-1, now() + SECONDS_FOR_ORPHANS, &status))
		return;
	for (round = 0; round < 10; round++) {
		run->leftovers += kill_children();
		if (wait_until(-1, now() + 1, &status))
			return;
	}
	text_add(&run->faults, "a process of it does not end even by SIGKILL\n");
}

static noreturn void start(const char *const argv[], int output)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, 0);
	dup2(output, 1);
	dup2(output, 2);
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s cannot be started: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void read_output(int fd, struct text *output)
{
	enum { MOST = 1 << 20 };	/* a test that prints more has gone wild */
	struct stat stat;
	char *bytes;
	ssize_t length;

	if (fstat(fd, &stat) || !stat.st_size)
		return;
	bytes = malloc(MOST);
	length = bytes ? pread(fd, bytes, MOST, 0) : -1;
	if (length > 0)
		text_add_bytes(output, bytes, length);
	if (stat.st_size > MOST)
		text_add(output, "\n(and %lld bytes more)\n", (long long)stat.st_size - MOST);
	free(bytes);
}

/**
 * process_run() - run a program to its end
 * @argv: its words
 * @limit: seconds after which it is ended
 * @run: is filled; zeroed by the caller
 */
void process_run(const char *const argv[], unsigned int limit, struct run *run)
{
	int output = memfd_create("output", MFD_CLOEXEC);
	double begin = now();
	pid_t pid;

	pid = fork();
	if (!pid)
		start(argv, output);
	if (pid < 0 || output < 0)
		die("no test can be started: %s", strerror(errno));
	if (!wait_until(pid, begin + limit, &run->status)) {
		run->timed_out = true;
		kill(pid, SIGTERM);
		if (!wait_until(pid, now() + SECONDS_TO_END, &run->status))
			kill(pid, SIGKILL);
	}
	end_orphans(run);
	run->seconds = now() - begin;
	read_output(output, &run->output);
	close(output);
}
