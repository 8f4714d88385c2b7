// SPDX-License-Identifier: GPL-2.0-only
/*
 * A second device beside the first: attaching it to the same space, and copying the mappings into a
 * space of its own.
 */
#include <string.h>

#include "bench.h"
#include "memory.h"
#include "report.h"

static void attach_once(struct bench *bench, struct bench_device *second,
			struct bench_samples *attach, struct bench_samples *detach)
{
	uint64_t start = bench_now();

	bench_check(bench->side->attach(second, &bench->space), "attach of a second device");
	bench_sample(attach, bench_now() - start);
	start = bench_now();
	bench_check(bench->side->detach(second, &bench->space), "detach of a second device");
	bench_sample(detach, bench_now() - start);
}

/* Attaches a second device to the space of the first, with @mib MiB mapped. */
static void measure_attach(struct bench *bench, unsigned int mib)
{
	struct bench_samples attach = { 0 }, detach = { 0 }, warm_up = { 0 };
	struct bench_device second;

	bench_progress("attach of a second device, %u MiB mapped", mib);
	bench_check(bench->side->device_open(&second, bench->addr[1]), "open of a second device");
	bench_check(bench->side->device_own(&second, &bench->space), "bind of a second device");
	attach_once(bench, &second, &warm_up, &warm_up);
	for (unsigned int i = 0; i < bench->repeat; i++)
		attach_once(bench, &second, &attach, &detach);
	bench->side->device_close(&second);
	bench_report(bench, &(struct bench_result) {
		.name = "attach second device", .mib = mib, .unit = "us", .divide = 1000,
	}, &attach);
	bench_report(bench, &(struct bench_result) {
		.name = "detach second device", .mib = mib, .unit = "us", .divide = 1000,
	}, &detach);
}

static int copy_once(struct bench *bench, struct bench_space *to, unsigned int mib,
		     struct bench_samples *samples)
{
	uint64_t start = bench_now();
	int ret = bench->side->copy(to, &bench->space, mib * BENCH_MIB, BENCH_IOVA);

	if (ret)
		return ret;
	bench_sample(samples, bench_now() - start);
	bench_check(bench->side->unmap(to, BENCH_IOVA, mib * BENCH_MIB), "unmap of a copy");
	return 0;
}

/* Copies what is mapped into a space that the second device is attached to. */
static void measure_copy(struct bench *bench, unsigned int mib)
{
	struct bench_result result = {
		.name = "copy anon", .mib = mib, .unit = "ns/page",
		.divide = mib * BENCH_MIB / BENCH_PAGE,
	};
	struct bench_samples samples = { 0 }, warm_up = { 0 };
	struct bench_device second;
	struct bench_space to;
	int ret = bench->side->space_split(&to, &bench->space);

	if (ret) {
		bench_report_missing(bench, &result, ret);
		return;
	}
	bench_progress("copy of %u MiB", mib);
	bench_check(bench_device_start(bench->side, &second, &to, bench->addr[1]),
		    "start of a second device");
	ret = copy_once(bench, &to, mib, &warm_up);
	for (unsigned int i = 0; !ret && i < bench->repeat; i++)
		ret = copy_once(bench, &to, mib, &samples);
	if (ret)
		bench_report_missing(bench, &result, ret);
	else
		bench_report(bench, &result, &samples);
	bench->side->device_close(&second);
	bench->side->space_close(&to);
}

/**
 * bench_attach() - the subject "attach"
 * @bench: what is measured; its device is attached
 */
void bench_attach(struct bench *bench)
{
	unsigned int mib = bench_largest(bench);
	struct bench_memory memory;

	if (bench->only && strcmp("attach", bench->only))
		return;
	measure_attach(bench, 0);
	bench_check(bench_memory_alloc(&memory, &bench_memory_kinds[0], mib * BENCH_MIB), "memory");
	bench_check(bench->side->map(&bench->space, memory.va, memory.size, BENCH_IOVA), "map");
	measure_attach(bench, mib);
	measure_copy(bench, mib);
	bench_check(bench->side->unmap(&bench->space, BENCH_IOVA, memory.size), "unmap");
	bench_memory_free(&memory);
}
