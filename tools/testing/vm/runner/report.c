// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is printed of a test: a line, and for one that failed its output and its faults, as one
 * block that ends with the line "    # ---", so that what reads several guests can keep them apart.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner.h"

enum { KSFT_SKIP = 4 };

/* A test that is known to fail, and why. */
struct expected {
	struct expected *next;
	char *name;
	char *reason;
};

static struct expected *expected;
/* Lines for the end. */
static struct text closing;

static int not_run;
static char first_not_run[512];

/* What takes that long is said to. */
enum { SECONDS_WORTH_TELLING = 5 };

static bool show_all;

/**
 * report_show() - from now on, print what tests that pass have printed
 */
void report_show(void)
{
	show_all = true;
}

/**
 * report_expect() - read a list of tests that fail for a known reason
 * @path: of a file with a test's name and the reason in each line
 */
void report_expect(const char *path)
{
	FILE *file = fopen(path, "re");
	struct expected *entry;
	char name[512], reason[512];

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (fscanf(file, " %511s %511[^\n]", name, reason) == 2) {
		if (name[0] == '#')
			continue;
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			die("no memory");
		entry->name = strdup(name);
		entry->reason = strdup(reason);
		entry->next = expected;
		expected = entry;
	}
	fclose(file);
}

static const char *expected_reason(const char *name)
{
	struct expected *entry;

	for (entry = expected; entry; entry = entry->next)
		if (!strcmp(entry->name, name))
			return entry->reason;
	return NULL;
}

/* The harness says "ok N name # SKIP reason". Another program says why in its last line. */
static void find_reason(const struct test *test, const struct run *run, bool *ran, char *reason,
			size_t size)
{
	char *copy = strdup(run->output.at ?: ""), *rest = copy, *line, *skip;
	bool exit_says_so = WIFEXITED(run->status) && WEXITSTATUS(run->status) == KSFT_SKIP;

	reason[0] = 0;
	*ran = !test->is_kselftest;
	while ((line = strsep(&rest, "\n"))) {
		if (!test->is_kselftest) {
			if (exit_says_so && line[0])
				snprintf(reason, size, "%s", line);
			continue;
		}
		if (strncmp(line, "ok ", 3))
			continue;
		*ran = true;
		skip = strstr(line, "# SKIP");
		if (skip)
			snprintf(reason, size, "%s", skip + 6 + strspn(skip + 6, " "));
	}
	if (exit_says_so && !reason[0])
		snprintf(reason, size, "no reason was given");
	free(copy);
}

static void find_faults(struct run *run, bool ran)
{
	int code = WEXITSTATUS(run->status);

	if (run->timed_out)
		text_add(&run->faults, "it took too long and was ended after %.0f s\n",
			 run->seconds);
	else if (WIFSIGNALED(run->status))
		text_add(&run->faults, "signal %d ended it\n", WTERMSIG(run->status));
	else if (code && code != KSFT_SKIP)
		text_add(&run->faults, "its exit status is %d\n", code);
	else if (!ran)
		text_add(&run->faults, "it ran no test\n");
	if (run->leftovers && !run->timed_out)
		text_add(&run->faults, "it left %d processes running\n", run->leftovers);
}

static void add_indented(struct text *block, const char *text)
{
	size_t length;

	for (; text && *text; text += length + !!text[length]) {
		length = strcspn(text, "\n");
		if (length)
			text_add(block, "    # %.*s\n", (int)length, text);
	}
}

/* In one write, as far as the other end takes it. */
static void print(struct text *block)
{
	size_t done = 0;
	ssize_t rc;

	while (done < block->length) {
		rc = write(1, block->at + done, block->length - done);
		if (rc < 0 && errno != EINTR && errno != EAGAIN)
			exit(1);
		done += rc > 0 ? rc : 0;
	}
	text_clear(block);
}

/* A test's number and name; what is run at the end of each guest has no number. */
static const char *label(const struct test *test)
{
	static char label[600];

	if (test->number)
		snprintf(label, sizeof(label), "%d %s", test->number, test->name);
	else
		snprintf(label, sizeof(label), "- %s", test->name);
	return label;
}

static void print_block(const char *verdict, const struct test *test, const struct run *run)
{
	struct text block = { };

	text_add(&block, "%s %s\n", verdict, label(test));
	add_indented(&block, run->output.at);
	add_indented(&block, run->faults.at);
	text_add(&block, "    # ---\n");
	print(&block);
}

/* It said itself that it failed, or did not end, and the kernel has nothing to complain of. */
static bool only_it_failed(const struct run *run)
{
	if (run->faults.length || run->leftovers)
		return false;
	return run->timed_out || WIFSIGNALED(run->status) ||
	       (WEXITSTATUS(run->status) && WEXITSTATUS(run->status) != KSFT_SKIP);
}

/**
 * report_first_run() - say what came of a test that may be run again
 * @test: the test
 * @run: what it did; cleared if it is to be run again
 *
 * Return: whether it is. Then it is said why; otherwise nothing has been said.
 */
bool report_first_run(const struct test *test, struct run *run)
{
	if (!only_it_failed(run) || expected_reason(test->name))
		return false;
	find_faults(run, true);
	print_block("# again:", test, run);
	text_clear(&run->output);
	text_clear(&run->faults);
	*run = (struct run){ .again = true };
	return true;
}

/* What is worth saying of a test that passed. */
static void add_remarks(struct text *line, const struct run *run)
{
	if (run->again)
		text_add(line, " # AGAIN");
	if (run->seconds >= SECONDS_WORTH_TELLING)
		text_add(line, " # %.0f s", run->seconds);
	text_add(line, "\n");
}

/**
 * report() - say what came of a test
 * @test: the test
 * @run: what it did
 * @counts: of tests so far
 */
void report(const struct test *test, struct run *run, struct counts *counts)
{
	const char *why = expected_reason(test->name);
	struct text line = { };
	char reason[512];
	bool ran;

	find_reason(test, run, &ran, reason, sizeof(reason));
	find_faults(run, ran);
	if (why && !run->faults.length && !reason[0]) {
		text_add(&run->faults, "it was expected to fail: %s\n", why);
		why = NULL;
	}
	/* Only a test's own verdict can be foreseen, nothing that it does to the kernel. */
	if (why && run->faults.length && !strcmp(run->faults.at, "its exit status is 1\n")) {
		counts->skipped++;
		text_add(&line, "ok %s # XFAIL %s\n", label(test), why);
		text_add(&closing, "XFAIL: %s: %s\n", test->name, why);
	} else if (run->faults.length) {
		counts->failed++;
		print_block("not ok", test, run);
	} else if (reason[0]) {
		counts->skipped++;
		text_add(&line, "ok %s # SKIP %s\n", label(test), reason);
		text_add(&closing, "SKIPPED: %s: %s\n", test->name, reason);
	} else {
		counts->passed++;
		text_add(&line, "ok %s", label(test));
		add_remarks(&line, run);
		if (run->again)
			text_add(&closing, "AGAIN: %s: it failed once\n", test->name);
		if (show_all)
			add_indented(&line, run->output.at);
	}
	print(&line);
	text_clear(&run->output);
	text_clear(&run->faults);
}

/**
 * report_not_run() - note a test for which no time is left
 * @test: the test
 */
void report_not_run(const struct test *test)
{
	if (!not_run++)
		snprintf(first_not_run, sizeof(first_not_run), "%s", test->name);
}

/**
 * report_closing() - the last lines
 * @counts: of all tests
 */
void report_closing(const struct counts *counts)
{
	if (not_run)
		text_add(&closing, "NOT RUN: %d tests, for want of time, from %s on\n", not_run,
			 first_not_run);
	text_add(&closing, "%d passed, %d failed, %d skipped\n", counts->passed, counts->failed,
		 counts->skipped);
	print(&closing);
}
