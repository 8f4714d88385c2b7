// SPDX-License-Identifier: GPL-2.0-only
#include <libiommufd.h>
#include "iommufd_ioctl.h"
#include "type1.h"

/**
 * type1_set() - choose how a container behaves
 * @iommufd: the context
 * @type: VFIO_TYPE1_IOMMU or VFIO_TYPE1v2_IOMMU
 */
int type1_set(int iommufd, unsigned long type)
{
	return iv_container_set_type(iommufd, type);
}

/**
 * type1_check_extension() - VFIO_CHECK_EXTENSION
 * @iommufd: the context
 * @extension: which
 *
 * Return: what the kernel says, or a negative errno.
 */
int type1_check_extension(int iommufd, unsigned long extension)
{
	return iv_container_has(iommufd, extension);
}

static int type1_ioas(int iommufd, uint16_t op, uint32_t *ioas_id)
{
	struct iommu_vfio_ioas cmd = { .size = sizeof(cmd), .op = op, .ioas_id = *ioas_id };
	int rc = iommufd_ioctl(iommufd, IOMMU_VFIO_IOAS, &cmd);

	*ioas_id = cmd.ioas_id;
	return rc;
}

/**
 * type1_ioas_set() - choose the IOAS of the container
 * @iommufd: the context
 * @ioas_id: the IOAS
 */
int type1_ioas_set(int iommufd, uint32_t ioas_id)
{
	return type1_ioas(iommufd, IOMMU_VFIO_IOAS_SET, &ioas_id);
}

/**
 * type1_ioas_clear() - let the container have no IOAS
 * @iommufd: the context
 */
int type1_ioas_clear(int iommufd)
{
	uint32_t none = 0;

	return type1_ioas(iommufd, IOMMU_VFIO_IOAS_CLEAR, &none);
}

/**
 * type1_ioas_get() - which IOAS the container has
 * @iommufd: the context
 *
 * Return: its number, or a negative errno.
 */
int64_t type1_ioas_get(int iommufd)
{
	uint32_t ioas_id = 0;
	int rc = type1_ioas(iommufd, IOMMU_VFIO_IOAS_GET, &ioas_id);

	return rc ?: (int64_t)ioas_id;
}

/**
 * type1_map() - VFIO_IOMMU_MAP_DMA
 * @iommufd: the context
 * @va: the memory
 * @iova: where to
 * @size: in bytes
 * @flags: VFIO_DMA_MAP_FLAG_*
 */
int type1_map(int iommufd, const void *va, uint64_t iova, uint64_t size, uint32_t flags)
{
	return iv_container_map(iommufd, va, iova, size, flags);
}

/**
 * type1_unmap() - VFIO_IOMMU_UNMAP_DMA
 * @iommufd: the context
 * @iova: where
 * @size: in bytes
 * @flags: VFIO_DMA_UNMAP_FLAG_*
 *
 * Return: how many bytes were unmapped, or a negative errno.
 */
int64_t type1_unmap(int iommufd, uint64_t iova, uint64_t size, uint32_t flags)
{
	uint64_t unmapped = 0;
	int rc = iv_container_unmap(iommufd, iova, size, flags, &unmapped);

	return rc ?: (int64_t)unmapped;
}

/**
 * type1_unmap_all() - unmap everything
 * @iommufd: the context
 *
 * Return: how many bytes were unmapped, or a negative errno.
 */
int64_t type1_unmap_all(int iommufd)
{
	return type1_unmap(iommufd, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
}
