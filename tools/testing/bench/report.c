// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples, and how they are told.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report.h"

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/**
 * bench_now() - the time
 *
 * Return: nanoseconds, from no particular start.
 */
uint64_t bench_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

/**
 * bench_cpu_now() - how long this thread has run, in user mode and in the kernel
 *
 * Waiting does not count.
 *
 * Return: nanoseconds.
 */
uint64_t bench_cpu_now(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/**
 * bench_sample() - add a sample; one that does not fit is dropped
 * @samples: where to
 * @value: the sample
 */
void bench_sample(struct bench_samples *samples, int64_t value)
{
	if (samples->count < BENCH_MAX_SAMPLES)
		samples->value[samples->count++] = value;
}

/**
 * bench_progress() - tell a person what goes on
 * @format: a line, as for printf
 */
void bench_progress(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static int compare_values(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void report_begin(const struct bench *bench, const struct bench_result *result)
{
	printf("{\"side\":\"%s\",\"name\":\"%s\",\"mib\":%u,\"unit\":\"%s\",\"divide\":%.0f",
	       bench->side->name, result->name, result->mib, result->unit, result->divide);
}

/**
 * bench_report() - print a result
 * @bench: on which side
 * @result: what was measured
 * @samples: at least one; they are sorted
 */
void bench_report(const struct bench *bench, const struct bench_result *result,
		  struct bench_samples *samples)
{
	qsort(samples->value, samples->count, sizeof(samples->value[0]), compare_values);
	report_begin(bench, result);
	printf(",\"samples\":%u,\"min\":%lld,\"median\":%lld}\n", samples->count,
	       (long long)samples->value[0], (long long)samples->value[samples->count / 2]);
}

/**
 * bench_report_missing() - print that something cannot be measured
 * @bench: on which side
 * @result: what was to be measured
 * @error: why, a negative errno
 */
void bench_report_missing(const struct bench *bench, const struct bench_result *result, int error)
{
	report_begin(bench, result);
	printf(",\"missing\":\"%s\"}\n", strerror(-error));
}

/**
 * bench_check() - end the program if something failed
 * @error: 0, or a negative errno
 * @what: what was tried
 */
void bench_check(int error, const char *what)
{
	if (error >= 0)
		return;
	fflush(stdout);
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-error));
	exit(1);
}
