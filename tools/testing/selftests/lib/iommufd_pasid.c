// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include "iommufd_ioctl.h"
#include "iommufd_pasid.h"

#define MAX_PASIDS "/sys/module/iommufd/parameters/max_pasids"

/**
 * iommufd_pasid_limit() - change how many PASIDs a context may have
 * @max: how many
 * @old: set to how many there could be before; may be NULL
 */
int iommufd_pasid_limit(unsigned int max, unsigned int *old)
{
	FILE *file = fopen(MAX_PASIDS, "r+");
	int rc = 0;

	if (!file)
		return -errno;
	if (old && fscanf(file, "%u", old) != 1)
		rc = -EIO;
	rewind(file);
	if (!rc && fprintf(file, "%u\n", max) < 0)
		rc = -EIO;
	if (fclose(file) && !rc)
		rc = -errno;
	return rc;
}

static int call(const struct mock_device *dev, struct iommu_test_cmd *cmd, uint32_t op)
{
	cmd->size = sizeof(*cmd);
	cmd->op = op;
	cmd->id = dev->id;
	return iommufd_ioctl(dev->iommufd, IOMMU_TEST_CMD, cmd);
}

/**
 * mock_pasid_attach() - attach a PASID that isn't
 * @dev: the device
 * @pasid: the PASID
 * @pt_id: a page table
 */
int mock_pasid_attach(const struct mock_device *dev, uint32_t pasid, uint32_t pt_id)
{
	struct iommu_test_cmd cmd = { .pasid_attach = { .pasid = pasid, .pt_id = pt_id } };

	return call(dev, &cmd, IOMMU_TEST_OP_PASID_ATTACH);
}

/**
 * mock_pasid_replace() - attach a PASID that is attached to another page table
 * @dev: the device
 * @pasid: the PASID
 * @pt_id: the page table
 */
int mock_pasid_replace(const struct mock_device *dev, uint32_t pasid, uint32_t pt_id)
{
	struct iommu_test_cmd cmd = { .pasid_replace = { .pasid = pasid, .pt_id = pt_id } };

	return call(dev, &cmd, IOMMU_TEST_OP_PASID_REPLACE);
}

/**
 * mock_pasid_detach() - detach a PASID
 * @dev: the device
 * @pasid: the PASID
 */
int mock_pasid_detach(const struct mock_device *dev, uint32_t pasid)
{
	struct iommu_test_cmd cmd = { .pasid_detach.pasid = pasid };

	return call(dev, &cmd, IOMMU_TEST_OP_PASID_DETACH);
}

/**
 * mock_pasid_is_at() - whether the IOMMU has a PASID at a page table
 * @dev: the device
 * @pasid: the PASID
 * @hwpt_id: the page table; 0: none
 *
 * Return: 0 if so, -EINVAL if not, or another negative errno.
 */
int mock_pasid_is_at(const struct mock_device *dev, uint32_t pasid, uint32_t hwpt_id)
{
	struct iommu_test_cmd cmd = { .pasid_check = { .pasid = pasid, .hwpt_id = hwpt_id } };

	return call(dev, &cmd, IOMMU_TEST_OP_PASID_CHECK_HWPT);
}

/**
 * mock_pasid_write() - DMA with a PASID from a device to memory
 * @dev: the device
 * @pasid: the PASID
 * @iova: where it writes to
 * @data: what it writes
 * @size: in bytes
 */
int mock_pasid_write(const struct mock_device *dev, uint32_t pasid, uint64_t iova,
		     const void *data, size_t size)
{
	struct iommu_test_cmd cmd = {
		.mock_dma = { .flags = MOCK_DMA_WRITE, .pasid = pasid, .iova = iova,
			      .length = size, .uptr = (uintptr_t)data },
	};

	return call(dev, &cmd, IOMMU_TEST_OP_MOCK_DMA);
}
