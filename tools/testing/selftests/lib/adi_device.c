// SPDX-License-Identifier: GPL-2.0-only
/*
 * A user of the sample driver adi.
 */
#include <errno.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>
#include "adi_device.h"
#include "iommufd_file.h"
#include "iv.h"
#include "mock_device.h"
#include "mock_vfio.h"
#include "test_process.h"
#include "test_wait.h"

#define TYPE "adi-queue"
#define PARENTS "/sys/class/mdev_bus/adi.*"
#define WAIT_MS 10000

/**
 * adi_module_load() - have the driver, and be allowed to bind what it makes
 */
int adi_module_load(void)
{
	return unsafe_interrupts_allow(1) ?: test_module_load("adi");
}

/**
 * adi_module_unload() - have neither the driver nor the mock any more
 *
 * Return: 0, or non-zero if something still uses them.
 */
int adi_module_unload(void)
{
	int rc = test_module_unload("adi");

	return (rc == -ENOENT ? 0 : rc) ?: unsafe_interrupts_allow(0) ?: mock_module_unload();
}

static int create(const char *uuid)
{
	glob_t found;
	int rc;

	if (glob(PARENTS, 0, NULL, &found))
		return -ENODEV;
	rc = test_mdev_create(strrchr(found.gl_pathv[0], '/') + 1, TYPE, uuid);
	globfree(&found);
	return rc;
}

/**
 * adi_setup() - a queue, open and bound to a context of its own
 * @adi: to be filled; for adi_teardown(), also if this fails
 * @number: tells the queues of a test apart
 */
int adi_setup(struct adi_device *adi, unsigned int number)
{
	int rc;

	adi->iommufd = -1;
	adi->fd = -1;
	test_uuid(number, adi->uuid);
	rc = test_mdev_exists(adi->uuid) ? 0 : create(adi->uuid);
	if (rc)
		return rc;
	adi->fd = test_mdev_open(adi->uuid);
	adi->iommufd = iv_iommufd_open();
	if (adi->fd < 0 || adi->iommufd < 0)
		return -ENODEV;
	return iv_device_bind(adi->fd, adi->iommufd, &adi->devid);
}

/**
 * adi_close() - close the queue and the context; the instance stays
 * @adi: the queue
 */
void adi_close(struct adi_device *adi)
{
	iommufd_file_close(&adi->fd);
	iommufd_file_close(&adi->iommufd);
}

/**
 * adi_teardown() - undo adi_setup()
 * @adi: the queue
 */
void adi_teardown(struct adi_device *adi)
{
	adi_close(adi);
	if (test_mdev_exists(adi->uuid))
		test_mdev_remove(adi->uuid);
}

/**
 * adi_ioas() - an address space that maps memory at ADI_IOVA
 * @adi: whose
 * @memory: the memory
 * @size: in bytes
 * @ioas_id: set to its number
 */
int adi_ioas(const struct adi_device *adi, void *memory, uint64_t size, uint32_t *ioas_id)
{
	return iv_ioas_alloc(adi->iommufd, ioas_id) ?:
	       iv_ioas_map(adi->iommufd, *ioas_id, memory, size, ADI_IOVA, IV_DMA_RW);
}

/**
 * adi_submit() - submit a descriptor
 * @adi: the queue
 * @flags: 0 or ADI_GUEST_PASID
 * @pasid: the PASID; 0: the queue's own
 * @iova: where to fill
 * @length: how much, in bytes
 * @value: with what
 */
int adi_submit(const struct adi_device *adi, uint32_t flags, uint32_t pasid, uint64_t iova,
	       uint32_t length, uint8_t value)
{
	struct adi_descriptor desc = {
		.flags = flags, .pasid = pasid, .iova = iova, .length = length, .value = value,
	};

	if (pwrite(adi->fd, &desc, sizeof(desc), ADI_PORTAL) < 0)
		return -errno;
	return 0;
}

static int64_t read64(const struct adi_device *adi, unsigned int pos)
{
	int64_t value;

	return pread(adi->fd, &value, sizeof(value), pos) == sizeof(value) ? value : -1;
}

/**
 * adi_completed() - how many descriptors the queue has done
 * @adi: the queue
 *
 * Return: the number, or -1.
 */
int64_t adi_completed(const struct adi_device *adi)
{
	return read64(adi, ADI_REG_COMPLETED);
}

/**
 * adi_dropped() - how many descriptors the queue has dropped
 * @adi: the queue
 *
 * Return: the number, or -1.
 */
int64_t adi_dropped(const struct adi_device *adi)
{
	return read64(adi, ADI_REG_DROPPED);
}

/**
 * adi_result() - how the last descriptor ended
 * @adi: the queue
 */
int adi_result(const struct adi_device *adi)
{
	int32_t value;

	return pread(adi->fd, &value, sizeof(value), ADI_REG_RESULT) == sizeof(value) ? value :
	       -EIO;
}

struct waiting {
	const struct adi_device *adi;
	int64_t completed;
};

static bool is_completed(void *arg)
{
	const struct waiting *waiting = arg;

	return adi_completed(waiting->adi) >= waiting->completed;
}

/**
 * adi_wait() - wait until the queue has done as many descriptors
 * @adi: the queue
 * @completed: how many since it was bound
 *
 * Return: whether it has.
 */
bool adi_wait(const struct adi_device *adi, int64_t completed)
{
	struct waiting waiting = { .adi = adi, .completed = completed };

	return test_wait_until(is_completed, &waiting, WAIT_MS);
}

/**
 * adi_fill() - submit a descriptor to a queue that has nothing to do, and wait for it
 * @adi: the queue
 * @flags: 0 or ADI_GUEST_PASID
 * @pasid: the PASID; 0: the queue's own
 * @iova: where to fill
 * @length: how much, in bytes
 * @value: with what
 *
 * Return: 0, or the errno of the submission or of the DMA.
 */
int adi_fill(const struct adi_device *adi, uint32_t flags, uint32_t pasid, uint64_t iova,
	     uint32_t length, uint8_t value)
{
	int64_t before = adi_completed(adi);
	int rc = adi_submit(adi, flags, pasid, iova, length, value);

	if (rc)
		return rc;
	return adi_wait(adi, before + 1) ? adi_result(adi) : -ETIMEDOUT;
}
