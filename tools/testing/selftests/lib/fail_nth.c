// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations that run out of memory.
 *
 * FAIL_NTH_VERBOSE=2 in the environment has the kernel log where each fault happened.
 *
 * The kernel counts down /proc/thread-self/fail-nth at each place that could fail, and lets the one
 * fail that brings it to 0. Reading and writing that file are such places themselves. Which kind of
 * place it was is told by the "times" of the three kinds, which count down at each fault.
 *
 * What ACPI's interpreter allocates does not fail: when it can't evaluate a device's table of
 * interrupts (_PRT) for want of memory, it drops references that it does not hold, and later uses
 * what it has freed (acpi_ns_get_attached_object()). Enabling and disabling a PCI function leads
 * there, so all of that table's evaluation, and nothing else, is spared.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail_nth.h"
#include "iommufd_state.h"
#include "iv_sysfs.h"
#include "test_memory.h"

#define DEBUGFS "/sys/kernel/debug/"
#define FAIL_NTH_FILE "/proc/thread-self/fail-nth"
#define TIMES_MAX 1000000000
#define N_MAX 5000
#define FDS_MAX 64

enum fault {
	FAULT_NONE,
	FAULT_SLAB,
	FAULT_PAGE,
	FAULT_COPY,
	FAULTS,
};

static const char *const fault_names[] = {
	[FAULT_NONE] = "no fault",
	[FAULT_SLAB] = "no slab memory",
	[FAULT_PAGE] = "no page",
	[FAULT_COPY] = "no copy",
};

static const char *const verbose_files[] = {
	[FAULT_SLAB] = DEBUGFS "failslab/verbose",
	[FAULT_PAGE] = DEBUGFS "fail_page_alloc/verbose",
	[FAULT_COPY] = DEBUGFS "fail_usercopy/verbose",
};

static const char *const times_files[] = {
	[FAULT_SLAB] = DEBUGFS "failslab/times",
	[FAULT_PAGE] = DEBUGFS "fail_page_alloc/times",
	[FAULT_COPY] = DEBUGFS "fail_usercopy/times",
};

/* All kinds of allocations may fail. */
static const struct {
	const char *path;
	const char *value;
} settings[] = {
	{ DEBUGFS "failslab/ignore-gfp-wait", "N" },
	{ DEBUGFS "failslab/task-filter", "Y" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N" },
	{ DEBUGFS "fail_page_alloc/min-order", "0" },
	{ DEBUGFS "fail_page_alloc/task-filter", "Y" },
	{ DEBUGFS "fail_usercopy/task-filter", "Y" },
};

/* What is not to fail, and the files that take where it begins and ends. */
#define SPARED "acpi_get_irq_routing_table"

static const char *const spared_from[] = {
	DEBUGFS "failslab/reject-start", DEBUGFS "fail_page_alloc/reject-start",
};

static const char *const spared_to[] = {
	DEBUGFS "failslab/reject-end", DEBUGFS "fail_page_alloc/reject-end",
};

/**
 * struct state - what no failed operation may change
 * @fds: a bit for each descriptor that is open
 * @pinned: pages pinned by anybody
 * @vmpin: of this process, in KiB
 * @vmlck: of this process, in KiB
 */
struct state {
	uint64_t fds;
	int64_t pinned;
	int64_t vmpin;
	int64_t vmlck;
};

/**
 * struct run - fail_nth() in progress
 * @op: the operation
 * @arg: for its functions
 * @fd: of FAIL_NTH_FILE
 * @n: which place is to fail
 * @fault: what did
 * @rc: what the operation said
 * @count: how often each kind of fault has happened
 * @survived: how many of them the operation did not mind
 */
struct run {
	const struct fail_nth_case *op;
	void *arg;
	int fd;
	unsigned int n;
	enum fault fault;
	int rc;
	unsigned int count[FAULTS];
	unsigned int survived;
};

/**
 * fail_nth_missing() - why fail_nth() can't work here
 *
 * Return: the reason for which a test is to be skipped, or NULL.
 */
const char *fail_nth_missing(void)
{
	unsigned int i;

	if (access(FAIL_NTH_FILE, W_OK))
		return "the kernel has no fault injection (CONFIG_FAULT_INJECTION)";
	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (access(settings[i].path, W_OK))
			return "debugfs has no failslab, fail_page_alloc or fail_usercopy";
	if (access(spared_from[0], W_OK))
		return "the kernel has no CONFIG_FAULT_INJECTION_STACKTRACE_FILTER";
	return NULL;
}

/* Where a function of the kernel begins, and where the next one does; both are 0 before. */
static int find_function(const char *function, unsigned long *start, unsigned long *end)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long address;
	char name[128];

	if (!file)
		return -errno;
	while (!*end && fscanf(file, "%lx %*c %127s%*[^\n]", &address, name) == 2) {
		if (*start && address > *start)
			*end = address;
		if (!strcmp(name, function))
			*start = address;
	}
	fclose(file);
	return *end ? 0 : -ENOENT;
}

static int write_address(const char *const files[2], unsigned long address)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%lx", address);
	return iv_file_write(files[0], text) ?: iv_file_write(files[1], text);
}

/* Once for each boot: the kernel has tens of thousands of symbols. */
static int spare_interpreter(void)
{
	unsigned long start = 0, end = 0;
	char text[32];
	int rc;

	rc = iv_file_read(spared_from[1], text, sizeof(text));
	if (rc < 0 || strtoul(text, NULL, 16))
		return rc < 0 ? rc : 0;
	rc = find_function(SPARED, &start, &end);
	if (rc) {
		printf("# the kernel does not tell where " SPARED "() is (%d)\n", rc);
		return rc;
	}
	return write_address(spared_to, end) ?: write_address(spared_from, start);
}

static int64_t read_times(enum fault fault)
{
	char text[32];

	return iv_file_read(times_files[fault], text, sizeof(text)) < 0 ? -1 : atoll(text);
}

static int configure(void)
{
	const char *verbose = getenv("FAIL_NTH_VERBOSE") ?: "0";
	char times[32];
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < sizeof(settings) / sizeof(settings[0]); i++)
		rc = iv_file_write(settings[i].path, settings[i].value);
	snprintf(times, sizeof(times), "%d", TIMES_MAX);
	for (i = FAULT_SLAB; !rc && i < FAULTS; i++)
		rc = iv_file_write(verbose_files[i], verbose) ?:
		     iv_file_write(times_files[i], times);
	return rc ?: spare_interpreter();
}

static int set_countdown(int fd, unsigned int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", n);

	return pwrite(fd, text, length, 0) == length ? 0 : -errno;
}

/* Ends the countdown. Returns whether it had come to its end before. */
static bool end_countdown(int fd)
{
	char text[16] = "";
	bool fell;

	/* If this copy is the one that fails, then nothing did before. */
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return false;
	fell = !atoi(text);
	/* And if that one fails, the countdown has come to its end as well. */
	if (!fell)
		set_countdown(fd, 0);
	return fell;
}

static enum fault find_fault(const int64_t times[FAULTS])
{
	enum fault fault;

	for (fault = FAULT_SLAB; fault < FAULTS; fault++)
		if (read_times(fault) != times[fault])
			return fault;
	return FAULT_NONE;
}

/* Runs the operation so that place @run->n fails. */
static int run_failing(struct run *run)
{
	int64_t times[FAULTS];
	enum fault fault;
	bool fell;
	int rc;

	for (fault = FAULT_SLAB; fault < FAULTS; fault++)
		times[fault] = read_times(fault);
	rc = set_countdown(run->fd, run->n);
	if (rc)
		return rc;
	run->rc = run->op->run(run->arg);
	fell = end_countdown(run->fd);
	run->fault = fell ? find_fault(times) : FAULT_NONE;
	run->count[run->fault]++;
	return fell && !run->fault ? -EIO : 0;
}

static void state_get(struct state *state)
{
	int fd;

	state->fds = 0;
	for (fd = 0; fd < FDS_MAX; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			state->fds |= 1ULL << fd;
	state->pinned = test_pinned_pages();
	state->vmpin = test_status_kib("VmPin");
	state->vmlck = test_status_kib("VmLck");
}

static int complain(const struct run *run, const char *what, long detail)
{
	printf("# with n = %u (%s; it said %d): %s (%ld)\n", run->n, fault_names[run->fault],
	       run->rc, what, detail);
	return -EIO;
}

static int state_check(const struct run *run, const struct state *before, const char *when)
{
	struct state now;

	state_get(&now);
	/* Others may let go of pages, or have them for a moment. */
	if (now.pinned != before->pinned && !iommufd_pinned_becomes(before->pinned))
		return complain(run, when, now.pinned - before->pinned);
	if (now.fds != before->fds)
		return complain(run, "other descriptors are open", now.fds ^ before->fds);
	if (now.vmpin != before->vmpin)
		return complain(run, "VmPin has changed", now.vmpin - before->vmpin);
	if (now.vmlck != before->vmlck)
		return complain(run, "VmLck has changed", now.vmlck - before->vmlck);
	return 0;
}

static bool errno_is_right(const struct run *run)
{
	switch (run->fault) {
	case FAULT_SLAB:
	case FAULT_PAGE:
		if (run->op->flags & FAIL_NTH_ALWAYS_WORKS)
			return false;
		return run->rc == -ENOMEM || (run->op->other_errno &&
					      run->rc == run->op->other_errno);
	case FAULT_COPY:
		return run->rc == -EFAULT;
	default:
		return false;
	}
}

static bool is_done(const struct run *run)
{
	return !run->op->done || run->op->done(run->arg);
}

/* It failed: nothing must have changed, and it must work now. */
static int check_failure(struct run *run, const struct state *before)
{
	const struct fail_nth_case *op = run->op;
	int rc;

	if (!errno_is_right(run))
		return complain(run, "wrong errno", run->rc);
	if (op->flags & FAIL_NTH_ANSWER_LAST && run->fault == FAULT_COPY && op->done &&
	    op->done(run->arg))
		return 0;
	if (op->intact && !op->intact(run->arg))
		return complain(run, "something has changed", 0);
	if (state_check(run, before, "pages pinned more than before it failed"))
		return -EIO;
	rc = op->run(run->arg);
	return rc ? complain(run, "it does not work afterwards", rc) : 0;
}

static int try_once(struct run *run)
{
	const struct fail_nth_case *op = run->op;
	struct state first, before;
	int rc;

	state_get(&first);
	rc = op->prepare ? op->prepare(run->arg) : 0;
	if (rc)
		return complain(run, "it can't be prepared", rc);
	state_get(&before);
	rc = run_failing(run);
	if (rc)
		return complain(run, "the fault can't be injected", rc);
	if (run->rc) {
		rc = check_failure(run, &before);
		if (rc)
			return rc;
	} else if (run->fault) {
		run->survived++;
	}
	if (!is_done(run))
		return complain(run, "it has not been done", 0);
	rc = op->undo ? op->undo(run->arg) : 0;
	if (rc)
		return complain(run, "it can't be undone", rc);
	return state_check(run, &first, "pages pinned more than before it began");
}

static int try_all(struct run *run)
{
	int rc;

	for (run->n = 1; run->n <= N_MAX; run->n++) {
		rc = try_once(run);
		if (rc || !run->fault)
			return rc;
	}
	return complain(run, "there is no end", 0);
}

/**
 * fail_nth() - let an operation fail at each place where it can
 * @op: the operation
 * @arg: for its functions
 *
 * Says on stdout what happened.
 *
 * Return: 0 if it behaved, else a negative errno.
 */
int fail_nth(const struct fail_nth_case *op, void *arg)
{
	struct run run = { .op = op, .arg = arg };
	unsigned int faults;
	int rc = configure();

	if (rc)
		return rc;
	run.fd = open(FAIL_NTH_FILE, O_RDWR | O_CLOEXEC);
	if (run.fd < 0)
		return -errno;
	rc = try_all(&run);
	close(run.fd);
	faults = run.count[FAULT_SLAB] + run.count[FAULT_PAGE] + run.count[FAULT_COPY];
	printf("# faults: %u of slabs, %u of pages, %u of copies; it worked despite %u of them\n",
	       run.count[FAULT_SLAB], run.count[FAULT_PAGE], run.count[FAULT_COPY], run.survived);
	if (!rc && !faults && !(op->flags & FAIL_NTH_MAY_NEED_NOTHING)) {
		printf("# there was nothing to fail\n");
		rc = -ENODATA;
	}
	return rc;
}
