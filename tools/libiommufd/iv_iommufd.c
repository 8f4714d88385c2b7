// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The /dev/iommu operations that a userspace driver needs, one function for each.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "iv_iommufd.h"

static int iommufd_ioctl(int iommufd, unsigned long request, void *arg)
{
	return ioctl(iommufd, request, arg) < 0 ? -errno : 0;
}

/**
 * iv_iommufd_open() - open a new context
 *
 * Return: a file descriptor to close(), or a negative errno.
 */
int iv_iommufd_open(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/**
 * iv_iommufd_destroy() - destroy an object
 * @iommufd: its context
 * @id: its number
 *
 * Return: 0; -ENOENT if there is no such object; -EBUSY if something uses it.
 */
int iv_iommufd_destroy(int iommufd, uint32_t id)
{
	struct iommu_destroy cmd = { .size = sizeof(cmd), .id = id };

	return iommufd_ioctl(iommufd, IOMMU_DESTROY, &cmd);
}

/**
 * iv_ioas_alloc() - make an empty address space
 * @iommufd: the context
 * @ioas_id: its number
 *
 * Return: 0, or a negative errno.
 */
int iv_ioas_alloc(int iommufd, uint32_t *ioas_id)
{
	struct iommu_ioas_alloc cmd = { .size = sizeof(cmd) };
	int ret = iommufd_ioctl(iommufd, IOMMU_IOAS_ALLOC, &cmd);

	if (!ret)
		*ioas_id = cmd.out_ioas_id;
	return ret;
}

/**
 * iv_ioas_map() - map memory of this process at a chosen IOVA
 * @iommufd: the context
 * @ioas_id: the address space
 * @va: the memory
 * @length: its length in bytes
 * @iova: where the device is to see it
 * @prot: IV_DMA_READ, IV_DMA_WRITE: what the device may do
 *
 * Return: 0; -EEXIST if something is mapped there; or another negative errno.
 */
int iv_ioas_map(int iommufd, uint32_t ioas_id, const void *va, uint64_t length, uint64_t iova,
		uint32_t prot)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | prot,
		.ioas_id = ioas_id,
		.user_va = (uintptr_t)va,
		.length = length,
		.iova = iova,
	};

	return iommufd_ioctl(iommufd, IOMMU_IOAS_MAP, &cmd);
}

/**
 * iv_ioas_map_anywhere() - map memory of this process at an IOVA that the kernel chooses
 * @iommufd: the context
 * @ioas_id: the address space
 * @va: the memory
 * @length: its length in bytes
 * @prot: IV_DMA_READ, IV_DMA_WRITE: what the device may do
 * @iova: where the device sees it
 *
 * Return: 0, or a negative errno.
 */
int iv_ioas_map_anywhere(int iommufd, uint32_t ioas_id, const void *va, uint64_t length,
			 uint32_t prot, uint64_t *iova)
{
	struct iommu_ioas_map cmd = {
		.size = sizeof(cmd),
		.flags = prot,
		.ioas_id = ioas_id,
		.user_va = (uintptr_t)va,
		.length = length,
	};
	int ret = iommufd_ioctl(iommufd, IOMMU_IOAS_MAP, &cmd);

	if (!ret)
		*iova = cmd.iova;
	return ret;
}

/**
 * iv_ioas_map_file() - map a part of a memory file at a chosen IOVA
 * @iommufd: the context
 * @ioas_id: the address space
 * @fd: a memfd or a hugetlbfs file
 * @start: byte offset in the file
 * @length: length in bytes
 * @iova: where the device is to see it
 * @prot: IV_DMA_READ, IV_DMA_WRITE: what the device may do
 *
 * Return: 0, or a negative errno.
 */
int iv_ioas_map_file(int iommufd, uint32_t ioas_id, int fd, uint64_t start, uint64_t length,
		     uint64_t iova, uint32_t prot)
{
	struct iommu_ioas_map_file cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | prot,
		.ioas_id = ioas_id,
		.fd = fd,
		.start = start,
		.length = length,
		.iova = iova,
	};

	return iommufd_ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &cmd);
}

/**
 * iv_ioas_copy() - map in one address space what is mapped in another
 * @iommufd: the context of both
 * @dst_ioas_id: where to map
 * @dst_iova: at which IOVA
 * @src_ioas_id: where it is mapped already
 * @src_iova: at which IOVA
 * @length: length in bytes
 * @prot: IV_DMA_READ, IV_DMA_WRITE: what the device may do in the copy
 *
 * Return: 0, or a negative errno.
 */
int iv_ioas_copy(int iommufd, uint32_t dst_ioas_id, uint64_t dst_iova, uint32_t src_ioas_id,
		 uint64_t src_iova, uint64_t length, uint32_t prot)
{
	struct iommu_ioas_copy cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | prot,
		.dst_ioas_id = dst_ioas_id,
		.src_ioas_id = src_ioas_id,
		.length = length,
		.dst_iova = dst_iova,
		.src_iova = src_iova,
	};

	return iommufd_ioctl(iommufd, IOMMU_IOAS_COPY, &cmd);
}

/**
 * iv_ioas_unmap() - unmap a range of whole mappings
 * @iommufd: the context
 * @ioas_id: the address space
 * @iova: first byte; 0 with @length UINT64_MAX is everything
 * @length: length in bytes
 * @unmapped: how many bytes were unmapped; may be NULL
 *
 * When it returns 0 the device can't reach the memory any more.
 *
 * Return: 0; -ENOENT if nothing is mapped there or a mapping would be split; or another negative
 * errno.
 */
int iv_ioas_unmap(int iommufd, uint32_t ioas_id, uint64_t iova, uint64_t length,
		  uint64_t *unmapped)
{
	struct iommu_ioas_unmap cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas_id,
		.iova = iova,
		.length = length,
	};
	int ret = iommufd_ioctl(iommufd, IOMMU_IOAS_UNMAP, &cmd);

	if (!ret && unmapped)
		*unmapped = cmd.length;
	return ret;
}

/**
 * iv_ioas_ranges() - which IOVAs may be used
 * @iommufd: the context
 * @ioas_id: the address space
 * @ranges: where the ranges go
 * @count: in: how many fit there; out: how many there are
 * @alignment: required alignment of IOVAs; may be NULL
 *
 * Return: 0; -EMSGSIZE if there are more ranges than fit; or another negative errno.
 */
int iv_ioas_ranges(int iommufd, uint32_t ioas_id, struct iommu_iova_range *ranges,
		   uint32_t *count, uint64_t *alignment)
{
	struct iommu_ioas_iova_ranges cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas_id,
		.num_iovas = *count,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int ret = iommufd_ioctl(iommufd, IOMMU_IOAS_IOVA_RANGES, &cmd);

	if (!ret || ret == -EMSGSIZE)
		*count = cmd.num_iovas;
	if (!ret && alignment)
		*alignment = cmd.out_iova_alignment;
	return ret;
}

/**
 * iv_ioas_allow() - promise that only these IOVAs will be needed
 * @iommufd: the context
 * @ioas_id: the address space
 * @ranges: the ranges
 * @count: how many
 *
 * Return: 0, or a negative errno.
 */
int iv_ioas_allow(int iommufd, uint32_t ioas_id, const struct iommu_iova_range *ranges,
		  uint32_t count)
{
	struct iommu_ioas_allow_iovas cmd = {
		.size = sizeof(cmd),
		.ioas_id = ioas_id,
		.num_iovas = count,
		.allowed_iovas = (uintptr_t)ranges,
	};

	return iommufd_ioctl(iommufd, IOMMU_IOAS_ALLOW_IOVAS, &cmd);
}

/**
 * iv_hwpt_alloc() - make a page table that follows an address space
 * @iommufd: the context
 * @devid: a bound device that it is for
 * @pt_id: the IOAS it follows
 * @flags: IOMMU_HWPT_ALLOC_*
 * @hwpt_id: its number
 *
 * Return: 0, or a negative errno.
 */
int iv_hwpt_alloc(int iommufd, uint32_t devid, uint32_t pt_id, uint32_t flags, uint32_t *hwpt_id)
{
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = devid,
		.pt_id = pt_id,
		.data_type = IOMMU_HWPT_DATA_NONE,
	};
	int ret = iommufd_ioctl(iommufd, IOMMU_HWPT_ALLOC, &cmd);

	if (!ret)
		*hwpt_id = cmd.out_hwpt_id;
	return ret;
}

/**
 * iv_hw_info() - what the IOMMU in front of a device can do
 * @iommufd: the context
 * @devid: a bound device
 * @info: type, capabilities and PASID width
 * @data: the IOMMU's own data; may be NULL
 * @size: size of @data
 *
 * Return: 0, or a negative errno.
 */
int iv_hw_info(int iommufd, uint32_t devid, struct iommu_hw_info *info, void *data, size_t size)
{
	*info = (struct iommu_hw_info) {
		.size = sizeof(*info),
		.dev_id = devid,
		.data_len = size,
		.data_uptr = (uintptr_t)data,
	};
	return iommufd_ioctl(iommufd, IOMMU_GET_HW_INFO, info);
}

/**
 * iv_option_get() - read an option
 * @iommufd: the context
 * @option: IOMMU_OPTION_*
 * @object_id: the object it belongs to, 0 for the context
 * @value: its value
 *
 * Return: 0, or a negative errno.
 */
int iv_option_get(int iommufd, uint32_t option, uint32_t object_id, uint64_t *value)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = option,
		.op = IOMMU_OPTION_OP_GET,
		.object_id = object_id,
	};
	int ret = iommufd_ioctl(iommufd, IOMMU_OPTION, &cmd);

	if (!ret)
		*value = cmd.val64;
	return ret;
}

/**
 * iv_option_set() - change an option
 * @iommufd: the context
 * @option: IOMMU_OPTION_*
 * @object_id: the object it belongs to, 0 for the context
 * @value: its new value
 *
 * Return: 0, or a negative errno.
 */
int iv_option_set(int iommufd, uint32_t option, uint32_t object_id, uint64_t value)
{
	struct iommu_option cmd = {
		.size = sizeof(cmd),
		.option_id = option,
		.op = IOMMU_OPTION_OP_SET,
		.object_id = object_id,
		.val64 = value,
	};

	return iommufd_ioctl(iommufd, IOMMU_OPTION, &cmd);
}
