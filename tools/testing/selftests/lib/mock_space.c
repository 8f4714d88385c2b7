// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "iommufd_state.h"
#include <libiommufd.h>
#include "mock_space.h"

/* All devices that are attached to the IOAS itself share a page table; this one gets its own. */
static int attach_to_own_table(struct mock_space *space, struct mock_device *dev)
{
	uint32_t hwpt_id;

	return mock_device_create(dev, space->fd, space->ioas_id, 0) ?:
	       iv_hwpt_alloc(space->fd, dev->devid, space->ioas_id, 0, &hwpt_id) ?:
	       mock_device_attach(dev, hwpt_id, &dev->hwpt_id);
}

/**
 * mock_space_setup() - make an IOAS with page tables
 * @space: to be filled
 * @tables: how many page tables, at most MOCK_SPACE_TABLES
 * @mode: of IOMMU_OPTION_RLIMIT_MODE
 *
 * Return: 0, or a negative errno; nothing is left then.
 */
int mock_space_setup(struct mock_space *space, unsigned int tables, uint32_t mode)
{
	unsigned int i;
	int rc;

	space->tables = tables;
	space->fd = iv_iommufd_open();
	if (space->fd < 0)
		return space->fd;
	rc = iv_option_set(space->fd, IOMMU_OPTION_RLIMIT_MODE, 0, mode) ?:
	     iv_ioas_alloc(space->fd, &space->ioas_id);
	for (i = 0; !rc && i < tables; i++)
		rc = attach_to_own_table(space, &space->dev[i]);
	if (rc)
		close(space->fd);
	return rc;
}

/**
 * mock_space_teardown() - end all of it
 * @space: the space, in which nothing is mapped and nothing else has been made
 *
 * Return: 0, or a negative errno: something is in use that should not be.
 */
int mock_space_teardown(struct mock_space *space)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < space->tables; i++)
		rc = mock_device_destroy(&space->dev[i]) ?:
		     iv_iommufd_destroy(space->fd, space->dev[i].hwpt_id);
	rc = rc ?: iv_iommufd_destroy(space->fd, space->ioas_id);
	close(space->fd);
	return rc;
}

/**
 * mock_space_maps() - whether all page tables map exactly this memory
 * @space: the space
 * @iova: where
 * @va: the memory
 * @size: in bytes
 *
 * Without page tables it only says whether the range is taken at both ends.
 */
bool mock_space_maps(const struct mock_space *space, uint64_t iova, const void *va, size_t size)
{
	unsigned int i;

	for (i = 0; i < space->tables; i++)
		if (mock_hwpt_maps(space->fd, space->dev[i].hwpt_id, iova, va, size))
			return false;
	return !iommufd_iova_is_free(space->fd, space->ioas_id, iova) &&
	       !iommufd_iova_is_free(space->fd, space->ioas_id, iova + size - 4096);
}

/**
 * mock_space_holds() - whether page tables hold so much and no more
 * @space: the space
 * @size: in bytes
 */
bool mock_space_holds(const struct mock_space *space, size_t size)
{
	struct mock_stat stat;
	unsigned int i;

	for (i = 0; i < space->tables; i++)
		if (mock_hwpt_stat(space->fd, space->dev[i].hwpt_id, MOCK_APERTURE_START,
				   MOCK_SPACE_SIZE, &stat) || stat.mapped != size)
			return false;
	return true;
}

/* Without page tables nothing is pinned, so any address will do to find out by mapping it. */
static bool range_is_free(const struct mock_space *space)
{
	const void *anywhere = (const void *)MOCK_APERTURE_START;

	if (iv_ioas_map(space->fd, space->ioas_id, anywhere, MOCK_SPACE_SIZE, MOCK_APERTURE_START,
			IV_DMA_RW))
		return false;
	return !iv_ioas_unmap(space->fd, space->ioas_id, MOCK_APERTURE_START, MOCK_SPACE_SIZE,
			      NULL);
}

/**
 * mock_space_is_empty() - whether nothing is mapped
 * @space: the space, which stays as it is
 */
bool mock_space_is_empty(const struct mock_space *space)
{
	if (!space->tables)
		return range_is_free(space);
	return mock_space_holds(space, 0) && iommufd_ioas_is_empty(space->fd, space->ioas_id);
}
