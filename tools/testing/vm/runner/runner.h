/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run-tests runs in the guest and runs tests there, each by itself, and says what came of them.
 * It is one program, without a shell or grep in between, since starting a process is what takes
 * long in an emulated machine, all the more under a kernel that watches each access.
 *
 *  main.c     options, which tests to run, and the closing line
 *  list.c     the tests that a kselftest program has
 *  process.c  running one program, within a time
 *  kernel.c   what the kernel said meanwhile, and what it still holds
 *  report.c   what is printed of a test
 */
#ifndef RUNNER_H
#define RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdnoreturn.h>

/* Text that grows. */
struct text {
	char *at;
	size_t length;
	size_t room;
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *text, const char *bytes, size_t length);
void text_clear(struct text *text);
noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * struct test - one test
 * @number: its place in the list of all, from 1, whichever of them run in this guest
 * @name: what it is called in reports
 * @argv: what to start
 * @is_kselftest: its output is the harness's
 */
struct test {
	int number;
	char name[512];
	const char *const *argv;
	bool is_kselftest;
};

/**
 * struct run - what came of a test
 * @status: of waitpid()
 * @timed_out: it was ended since it took too long
 * @again: it is the second run, since the first one failed
 * @leftovers: number of processes that it left running
 * @seconds: how long it took
 * @output: what it printed
 * @faults: lines that say why it failed, beside what its output says; empty if it did not
 */
struct run {
	int status;
	bool timed_out;
	bool again;
	int leftovers;
	double seconds;
	struct text output;
	struct text faults;
};

/* list.c */
typedef void list_fn(void *arg, const char *id);
int list_tests(const char *program, list_fn *fn, void *arg);

/* process.c */
double now(void);
void process_init(void);
void process_run(const char *const argv[], unsigned int limit, struct run *run);

/* kernel.c */
void kernel_init(const char *splats, const char *known);
void kernel_mark_start(const struct test *test);
void kernel_mark_end(const struct test *test, struct run *run);
void kernel_check_pages(struct run *run);
bool kernel_locks_are_watched(void);

/* report.c */
struct counts {
	int passed;
	int failed;
	int skipped;
};

void report_expect(const char *file);
bool report_first_run(const struct test *test, struct run *run);
void report_show(void);
void report(const struct test *test, struct run *run, struct counts *counts);
void report_not_run(const struct test *test);
void report_closing(const struct counts *counts);

#endif
