// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_device.h"
#include "test_process.h"

#define MODULE "iommufd_mock"

/**
 * mock_module_load() - have the mock
 */
int mock_module_load(void)
{
	return test_module_load(MODULE);
}

/**
 * mock_module_unload() - no longer have it
 *
 * Return: 0, or non-zero if something still uses it.
 */
int mock_module_unload(void)
{
	return test_module_unload(MODULE);
}

static int mock_call(int iommufd, struct iommu_test_cmd *cmd, uint32_t op, uint32_t id)
{
	cmd->size = sizeof(*cmd);
	cmd->op = op;
	cmd->id = id;
	return iommufd_ioctl(iommufd, IOMMU_TEST_CMD, cmd);
}

static int create(struct mock_device *dev, int iommufd, struct iommu_test_cmd *cmd, uint32_t op,
		  uint32_t pt_id)
{
	int rc = mock_call(iommufd, cmd, op, pt_id);

	dev->iommufd = iommufd;
	dev->id = cmd->mock_domain.out_stdev_id;
	dev->devid = cmd->mock_domain.out_idev_id;
	dev->hwpt_id = cmd->mock_domain.out_hwpt_id;
	return rc;
}

/**
 * mock_device_create() - a device in a group of its own, bound and attached
 * @dev: to be filled
 * @iommufd: the context
 * @pt_id: an IOAS or a page table
 * @flags: of enum iommu_test_dev_flags
 */
int mock_device_create(struct mock_device *dev, int iommufd, uint32_t pt_id, uint32_t flags)
{
	struct iommu_test_cmd cmd = { .mock_domain_flags.dev_flags = flags };

	return create(dev, iommufd, &cmd, IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS, pt_id);
}

/**
 * mock_device_create_sibling() - a device in the IOMMU group of another
 * @dev: to be filled
 * @sibling: the other
 * @pt_id: an IOAS or a page table
 */
int mock_device_create_sibling(struct mock_device *dev, const struct mock_device *sibling,
			       uint32_t pt_id)
{
	struct iommu_test_cmd cmd = { .mock_domain_sibling.sibling_id = sibling->id };

	return create(dev, sibling->iommufd, &cmd, IOMMU_TEST_OP_MOCK_DOMAIN_SIBLING, pt_id);
}

/**
 * mock_device_destroy() - detach and unbind a device, and take it away
 * @dev: the device
 */
int mock_device_destroy(struct mock_device *dev)
{
	return iv_iommufd_destroy(dev->iommufd, dev->id);
}

/**
 * mock_device_attach() - attach a device to something else
 * @dev: the device
 * @pt_id: an IOAS or a page table
 * @hwpt_id: set to the page table; may be NULL
 */
int mock_device_attach(const struct mock_device *dev, uint32_t pt_id, uint32_t *hwpt_id)
{
	struct iommu_test_cmd cmd = { .mock_domain_replace.pt_id = pt_id };
	int rc = mock_call(dev->iommufd, &cmd, IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE, dev->id);

	if (!rc && hwpt_id)
		*hwpt_id = cmd.mock_domain_replace.pt_id;
	return rc;
}

static int dma(const struct mock_device *dev, uint32_t flags, uint64_t iova, uintptr_t va,
	       size_t size)
{
	struct iommu_test_cmd cmd = {
		.mock_dma = { .flags = flags, .iova = iova, .length = size, .uptr = va },
	};

	return mock_call(dev->iommufd, &cmd, IOMMU_TEST_OP_MOCK_DMA, dev->id);
}

/**
 * mock_device_write() - DMA from a device to memory
 * @dev: the device
 * @iova: where it writes to
 * @data: what it writes
 * @size: in bytes
 */
int mock_device_write(const struct mock_device *dev, uint64_t iova, const void *data, size_t size)
{
	return dma(dev, MOCK_DMA_WRITE, iova, (uintptr_t)data, size);
}

/**
 * mock_device_read() - DMA from memory to a device
 * @dev: the device
 * @iova: where it reads
 * @data: set to what it read
 * @size: in bytes
 */
int mock_device_read(const struct mock_device *dev, uint64_t iova, void *data, size_t size)
{
	return dma(dev, 0, iova, (uintptr_t)data, size);
}

/**
 * mock_device_reserve() - a range that a device can't reach, wherever it is attached next
 * @dev: the device
 * @start: first IOVA
 * @length: in bytes
 */
int mock_device_reserve(const struct mock_device *dev, uint64_t start, uint64_t length)
{
	struct iommu_test_cmd cmd = { .dev_reserve = { .start = start, .length = length } };

	return mock_call(dev->iommufd, &cmd, IOMMU_TEST_OP_DEV_RESERVE, dev->id);
}

/**
 * mock_fail() - let the mock run out of memory, once
 * @iommufd: the context
 * @id: a device or a page table
 * @what: which it is, and when
 * @skip: how often it goes well before
 */
int mock_fail(int iommufd, uint32_t id, enum iommu_test_fail what, uint32_t skip)
{
	struct iommu_test_cmd cmd = { .fail = { .what = what, .skip = skip } };

	return mock_call(iommufd, &cmd, IOMMU_TEST_OP_FAIL, id);
}

/**
 * mock_ioas_reserve() - a range that an IOAS can't map from now on
 * @iommufd: the context
 * @ioas_id: the IOAS
 * @start: first IOVA
 * @length: in bytes
 */
int mock_ioas_reserve(int iommufd, uint32_t ioas_id, uint64_t start, uint64_t length)
{
	struct iommu_test_cmd cmd = { .add_reserved = { .start = start, .length = length } };

	return mock_call(iommufd, &cmd, IOMMU_TEST_OP_ADD_RESERVED, ioas_id);
}

/**
 * mock_hwpt_maps() - whether a page table maps exactly this memory
 * @iommufd: the context
 * @hwpt_id: the page table
 * @iova: where
 * @va: the memory
 * @size: in bytes
 *
 * Return: 0 if so, -EIO if not, or another negative errno.
 */
int mock_hwpt_maps(int iommufd, uint32_t hwpt_id, uint64_t iova, const void *va, size_t size)
{
	struct iommu_test_cmd cmd = {
		.check_map = { .iova = iova, .length = size, .uptr = (uintptr_t)va },
	};

	return mock_call(iommufd, &cmd, IOMMU_TEST_OP_MD_CHECK_MAP, hwpt_id);
}

/**
 * mock_hwpt_iotlb_is() - whether an entry of a nested page table has a value
 * @iommufd: the context
 * @hwpt_id: the page table
 * @entry: which entry
 * @value: the value
 *
 * Return: 0 if so, -EIO if not, or another negative errno.
 */
int mock_hwpt_iotlb_is(int iommufd, uint32_t hwpt_id, uint32_t entry, uint32_t value)
{
	struct iommu_test_cmd cmd = { .check_iotlb = { .id = entry, .iotlb = value } };

	return mock_call(iommufd, &cmd, IOMMU_TEST_OP_MD_CHECK_IOTLB, hwpt_id);
}

/**
 * mock_hwpt_set_dirty() - as if devices had written
 * @iommufd: the context
 * @hwpt_id: the page table
 * @iova: what the first bit stands for
 * @length: what all bits stand for, in bytes
 * @page_size: what one bit stands for, in bytes
 * @bitmap: the bits
 * @count: set to the number of those that are set and mapped
 */
int mock_hwpt_set_dirty(int iommufd, uint32_t hwpt_id, uint64_t iova, uint64_t length,
			uint64_t page_size, const void *bitmap, uint64_t *count)
{
	struct iommu_test_cmd cmd = {
		.dirty = { .iova = iova, .length = length, .page_size = page_size,
			   .uptr = (uintptr_t)bitmap },
	};
	int rc = mock_call(iommufd, &cmd, IOMMU_TEST_OP_DIRTY, hwpt_id);

	*count = cmd.dirty.out_nr_dirty;
	return rc;
}

/**
 * mock_hwpt_stat() - what a page table holds
 * @iommufd: the context
 * @hwpt_id: the page table
 * @iova: first IOVA that counts
 * @length: how many bytes count
 * @stat: to be filled
 */
int mock_hwpt_stat(int iommufd, uint32_t hwpt_id, uint64_t iova, uint64_t length,
		   struct mock_stat *stat)
{
	struct iommu_test_cmd cmd = { .md_stat = { .iova = iova, .length = length } };
	int rc = mock_call(iommufd, &cmd, IOMMU_TEST_OP_MD_STAT, hwpt_id);

	stat->mapped = cmd.md_stat.out_mapped;
	stat->entries = cmd.md_stat.out_entries;
	stat->dirty = cmd.md_stat.out_dirty;
	return rc;
}

static int check_refs(int iommufd, const void *va, size_t size, uint32_t refs)
{
	struct iommu_test_cmd cmd = {
		.check_refs = { .length = size, .uptr = (uintptr_t)va, .refs = refs },
	};

	return mock_call(iommufd, &cmd, IOMMU_TEST_OP_MD_CHECK_REFS, 0);
}

/**
 * mock_memory_is_pinned() - whether every page is pinned
 * @iommufd: any context
 * @va: the memory
 * @size: in bytes
 *
 * Return: 0 if so, -EIO if not, or another negative errno.
 */
int mock_memory_is_pinned(int iommufd, const void *va, size_t size)
{
	return check_refs(iommufd, va, size, 1);
}

/**
 * mock_memory_is_unpinned() - whether no page is pinned
 * @iommufd: any context
 * @va: the memory
 * @size: in bytes
 *
 * Return: 0 if so, -EIO if not, or another negative errno.
 */
int mock_memory_is_unpinned(int iommufd, const void *va, size_t size)
{
	return check_refs(iommufd, va, size, 0);
}
