// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Address spaces and what is mapped in them, one function for each ioctl.
 */
#include <errno.h>

#include "iv_ioas.h"
#include "private.h"

static const struct iv_hint alloc_hints[] = {
	{ ENOTTY, "that is no /dev/iommu" },
	{}
};

static const struct iv_hint map_hints[] = {
	{ ENOENT, "the context has no IOAS of this number" },
	{ EEXIST, "something is mapped there already" },
	{ ENOSPC, "no free range is large enough" },
	{ EINVAL, "its ends are not aligned, it may be neither read nor written, or it is outside "
	  "of what iv_ioas_ranges() tells" },
	{ EOVERFLOW, "the range wraps around" },
	{ EFAULT, "there is no memory at part of the range, or it cannot be written" },
	{ EACCES, "the file is not open for writing" },
	{ EPERM, "the file is sealed against writing" },
	{ EBADF, "a file that is to be mapped is not open" },
	{}
};

static const struct iv_hint copy_hints[] = {
	{ ENOENT, "the context has no such IOAS, or part of the source is not mapped" },
	{ EEXIST, "something is mapped there already" },
	{ EINVAL, "its ends are not aligned, or it is outside of what iv_ioas_ranges() tells" },
	{ EOVERFLOW, "the range wraps around" },
	{ EPERM, "the memory was never mapped for writing" },
	{}
};

static const struct iv_hint unmap_hints[] = {
	{ ENOENT, "no such IOAS, nothing is mapped there, or a mapping would be cut: they go as "
	  "they came" },
	{ EINVAL, "the length is 0" },
	{ EOVERFLOW, "the range wraps around" },
	{ EBUSY, "a hardware queue is in this memory" },
	{}
};

static const struct iv_hint ranges_hints[] = {
	{ ENOENT, "the context has no IOAS of this number" },
	{ EMSGSIZE, "there are more ranges than there is room for" },
	{}
};

static const struct iv_hint allow_hints[] = {
	{ ENOENT, "the context has no IOAS of this number" },
	{ EADDRINUSE, "a device that is attached cannot have part of them" },
	{ EINVAL, "two ranges overlap, or one ends before it starts" },
	{}
};

static int map_failed(int rc, uint32_t ioas_id, uint64_t length, uint64_t iova)
{
	return iv_fail_pinning(rc, map_hints, length, "IOAS %u: map %#llx bytes at %#llx", ioas_id,
			       (unsigned long long)length, (unsigned long long)iova);
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
	int rc = iv_ioctl(iommufd, IOMMU_IOAS_ALLOC, &cmd);

	if (rc)
		return iv_fail(rc, alloc_hints, "IOAS: allocate");
	*ioas_id = cmd.out_ioas_id;
	return 0;
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
	int rc = iv_ioctl(iommufd, IOMMU_IOAS_MAP, &cmd);

	return rc ? map_failed(rc, ioas_id, length, iova) : 0;
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
	int rc = iv_ioctl(iommufd, IOMMU_IOAS_MAP, &cmd);

	if (rc)
		return iv_fail_pinning(rc, map_hints, length, "IOAS %u: map %#llx bytes anywhere",
				       ioas_id, (unsigned long long)length);
	*iova = cmd.iova;
	return 0;
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
	int rc = iv_ioctl(iommufd, IOMMU_IOAS_MAP_FILE, &cmd);

	return rc ? map_failed(rc, ioas_id, length, iova) : 0;
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
	int rc = iv_ioctl(iommufd, IOMMU_IOAS_COPY, &cmd);

	if (!rc)
		return 0;
	return iv_fail_pinning(rc, copy_hints, 0, "IOAS %u: copy %#llx bytes at %#llx of IOAS %u",
			       dst_ioas_id, (unsigned long long)length,
			       (unsigned long long)src_iova, src_ioas_id);
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
	int rc = iv_ioctl(iommufd, IOMMU_IOAS_UNMAP, &cmd);

	if (rc)
		return iv_fail(rc, unmap_hints, "IOAS %u: unmap %#llx bytes at %#llx", ioas_id,
			       (unsigned long long)length, (unsigned long long)iova);
	if (unmapped)
		*unmapped = cmd.length;
	return 0;
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
	int rc = iv_ioctl(iommufd, IOMMU_IOAS_IOVA_RANGES, &cmd);

	if (!rc || rc == -EMSGSIZE)
		*count = cmd.num_iovas;
	if (!rc && alignment)
		*alignment = cmd.out_iova_alignment;
	return rc ? iv_fail(rc, ranges_hints, "IOAS %u: get ranges", ioas_id) : 0;
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
	int rc = iv_ioctl(iommufd, IOMMU_IOAS_ALLOW_IOVAS, &cmd);

	return rc ? iv_fail(rc, allow_hints, "IOAS %u: promise ranges", ioas_id) : 0;
}
