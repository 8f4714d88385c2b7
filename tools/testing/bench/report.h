/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples, and how they are told: one JSON object a line. Other lines are for people.
 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdint.h>

#include "bench.h"

#define BENCH_MAX_SAMPLES 32

/**
 * struct bench_samples - repeated measurements of one thing
 * @value: nanoseconds or bytes
 * @count: how many
 */
struct bench_samples {
	int64_t value[BENCH_MAX_SAMPLES];
	unsigned int count;
};

/**
 * struct bench_result - what samples are samples of
 * @name: what was done
 * @mib: to how much memory, 0 if that means nothing
 * @unit: what the table shows, such as "ns/page"
 * @divide: a sample is so many units
 */
struct bench_result {
	const char *name;
	unsigned int mib;
	const char *unit;
	double divide;
};

uint64_t bench_now(void);
uint64_t bench_cpu_now(void);
void bench_sample(struct bench_samples *samples, int64_t value);
void bench_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void bench_report(const struct bench *bench, const struct bench_result *result,
		  struct bench_samples *samples);
void bench_report_missing(const struct bench *bench, const struct bench_result *result, int error);
void bench_check(int error, const char *what);

#endif
