// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor: what the kernel's pinning and the IOMMU's driver take by themselves for the same
 * memory, as iommufd_floor.ko measures it. What our modules take above that is the engine's share.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../../drivers/iommu/iommufd/mock/floor.h"
#include "bench.h"
#include "floor.h"

static int measure(int fd, const struct bench *bench, const struct bench_memory_kind *kind,
		   struct bench_memory *memory, size_t length, struct iommufd_floor *floor)
{
	*floor = (struct iommufd_floor) {
		.va = (uintptr_t)memory->va,
		.length = length,
		.iova = BENCH_IOVA,
		.step = kind->pinned_whole ? kind->page_size : BENCH_PAGE,
	};
	snprintf(floor->device, sizeof(floor->device), "%s", bench->addr[0]);
	return ioctl(fd, IOMMUFD_FLOOR_MEASURE, floor) ? -errno : 0;
}

static void report(const struct bench *bench, const char *what, const char *kind, size_t length,
		   struct bench_samples *samples)
{
	char name[64];

	snprintf(name, sizeof(name), "floor %s %s", what, kind);
	bench_report(bench, &(struct bench_result) {
		.name = name, .mib = length / BENCH_MIB, .unit = "ns/page",
		.divide = (double)length / BENCH_PAGE,
	}, samples);
}

/**
 * bench_floor() - measure and report the floor of one kind of memory
 * @bench: what is measured
 * @kind: the kind
 * @memory: the memory
 * @length: how much of it, in bytes
 *
 * Only on the side that has the module; the other has nothing to compare with it.
 */
void bench_floor(struct bench *bench, const struct bench_memory_kind *kind,
		 struct bench_memory *memory, size_t length)
{
	struct bench_samples pin = { 0 }, driver_map = { 0 }, driver_unmap = { 0 }, unpin = { 0 };
	struct bench_samples map = { 0 }, unmap = { 0 };
	int fd = open("/dev/iommufd_floor", O_RDWR | O_CLOEXEC);
	struct iommufd_floor floor;

	if (fd < 0 && errno == ENOENT)
		return;
	bench_check(fd < 0 ? -errno : 0, "/dev/iommufd_floor");
	bench_progress("floor of %s, %zu MiB", kind->name, length / BENCH_MIB);
	bench_check(measure(fd, bench, kind, memory, length, &floor), "the floor");
	for (unsigned int i = 0; i < bench->repeat; i++) {
		bench_check(measure(fd, bench, kind, memory, length, &floor), "the floor");
		bench_sample(&pin, floor.pin_ns);
		bench_sample(&driver_map, floor.map_ns);
		bench_sample(&driver_unmap, floor.unmap_ns);
		bench_sample(&unpin, floor.unpin_ns);
		bench_sample(&map, floor.pin_ns + floor.map_ns);
		bench_sample(&unmap, floor.unmap_ns + floor.unpin_ns);
	}
	close(fd);
	report(bench, "pin", kind->name, length, &pin);
	report(bench, "driver map", kind->name, length, &driver_map);
	report(bench, "driver unmap", kind->name, length, &driver_unmap);
	report(bench, "unpin", kind->name, length, &unpin);
	report(bench, "map", kind->name, length, &map);
	report(bench, "unmap", kind->name, length, &unmap);
}
