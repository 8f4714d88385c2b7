// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many PASIDs of one device: whether the last is as cheap to attach as the first. type1 has none.
 *
 * The device is one of iommufd_mock_vfio.ko, since QEMU emulates none that has PASIDs.
 */
#include <errno.h>
#include <glob.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <libiommufd.h>

#include "bench.h"
#include "report.h"

#define DEVICES "/sys/bus/platform/devices/iommufd_mock_vfio.*/vfio-dev/vfio*"
#define PASIDS 1000U

/**
 * struct pasids - a device, and what its PASIDs are attached to
 * @fd: the device
 * @iommufd: its context
 * @hwpt: a page table
 */
struct pasids {
	int fd;
	int iommufd;
	uint32_t hwpt;
};

static int device_open(void)
{
	glob_t found;
	char path[64];
	int fd = -ENOENT;

	if (!glob(DEVICES, 0, NULL, &found)) {
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s", basename(found.gl_pathv[0]));
		fd = iv_device_open_path(path);
	}
	globfree(&found);
	return fd;
}

static int pasids_open(struct pasids *pasids)
{
	uint32_t devid, ioas_id;
	int ret;

	pasids->fd = device_open();
	if (pasids->fd < 0)
		return pasids->fd;
	pasids->iommufd = iv_iommufd_open();
	ret = iv_ioas_alloc(pasids->iommufd, &ioas_id);
	if (!ret)
		ret = iv_device_bind(pasids->fd, pasids->iommufd, &devid);
	if (!ret)
		ret = iv_hwpt_alloc(pasids->iommufd, devid, ioas_id, IOMMU_HWPT_ALLOC_PASID,
				    &pasids->hwpt);
	return ret;
}

/* Attaches them all, then detaches them. */
static void measure_round(struct pasids *pasids, struct bench_samples *first,
			  struct bench_samples *last)
{
	unsigned int pasid;

	for (pasid = 1; pasid <= PASIDS; pasid++) {
		uint64_t start = bench_now();

		bench_check(iv_device_attach_pasid(pasids->fd, pasids->hwpt, pasid),
			    "attach of a PASID");
		if (pasid == 1)
			bench_sample(first, bench_now() - start);
		else if (pasid == PASIDS)
			bench_sample(last, bench_now() - start);
	}
	for (pasid = 1; pasid <= PASIDS; pasid++)
		bench_check(iv_device_detach_pasid(pasids->fd, pasid), "detach of a PASID");
}

static int64_t least(const struct bench_samples *samples)
{
	int64_t value = samples->value[0];

	for (unsigned int i = 1; i < samples->count; i++)
		if (samples->value[i] < value)
			value = samples->value[i];
	return value;
}

static void report(const struct bench *bench, struct bench_samples *first,
		   struct bench_samples *last)
{
	struct bench_samples ratio = { 0 };

	bench_sample(&ratio, 1000 * least(last) / least(first));
	bench_report(bench, &(struct bench_result) {
		.name = "attach 1st PASID", .unit = "ns", .divide = 1,
	}, first);
	bench_report(bench, &(struct bench_result) {
		.name = "attach 1000th PASID", .unit = "ns", .divide = 1,
	}, last);
	bench_report(bench, &(struct bench_result) {
		.name = "1000th PASID to 1st", .unit = "times", .divide = 1000,
	}, &ratio);
}

/**
 * bench_pasid() - the subject "pasid"
 * @bench: what is measured
 */
void bench_pasid(struct bench *bench)
{
	struct bench_samples first = { 0 }, last = { 0 }, warm_up = { 0 };
	struct pasids pasids;

	if ((bench->only && strcmp("pasid", bench->only)) || bench->side != &bench_iommufd)
		return;
	bench_progress("attach of %u PASIDs", PASIDS);
	bench_check(pasids_open(&pasids), "start of a device with PASIDs");
	measure_round(&pasids, &warm_up, &warm_up);
	for (unsigned int i = 0; i < bench->repeat; i++)
		measure_round(&pasids, &first, &last);
	report(bench, &first, &last);
	close(pasids.fd);
	close(pasids.iommufd);
}
