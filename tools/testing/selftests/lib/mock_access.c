// SPDX-License-Identifier: GPL-2.0-only
#include "iommufd_ioctl.h"
#include "mock_access.h"

static int call(int iommufd, struct iommu_test_cmd *cmd, uint32_t op, uint32_t id)
{
	cmd->size = sizeof(*cmd);
	cmd->op = op;
	cmd->id = id;
	return iommufd_ioctl(iommufd, IOMMU_TEST_CMD, cmd);
}

/**
 * mock_access_create() - have an access, attached
 * @access: to be filled; its descriptor is -1 after a failure
 * @iommufd: the context
 * @ioas_id: the IOAS
 * @flags: of ``create_access``
 */
int mock_access_create(struct mock_access *access, int iommufd, uint32_t ioas_id, uint32_t flags)
{
	struct iommu_test_cmd cmd = { .create_access.flags = flags };
	int rc = call(iommufd, &cmd, IOMMU_TEST_OP_CREATE_ACCESS, ioas_id);

	access->iommufd = iommufd;
	access->fd = rc ? -1 : (int)cmd.create_access.out_access_fd;
	return rc;
}

/**
 * mock_access_attach() - attach an access to another IOAS
 * @access: the access
 * @ioas_id: the IOAS
 */
int mock_access_attach(const struct mock_access *access, uint32_t ioas_id)
{
	struct iommu_test_cmd cmd = { .access_replace_ioas.ioas_id = ioas_id };

	return call(access->iommufd, &cmd, IOMMU_TEST_OP_ACCESS_REPLACE_IOAS, access->fd);
}

/**
 * mock_access_pin() - pin what a range maps
 * @access: the access
 * @iova: the first IOVA
 * @length: in bytes
 * @expected: which memory that should be (-EIO if it isn't), or NULL
 * @flags: of ``access_pages``
 * @pin_id: set to the number of the pin; may be NULL
 */
int mock_access_pin(const struct mock_access *access, uint64_t iova, uint64_t length,
		    const void *expected, uint32_t flags, uint32_t *pin_id)
{
	struct iommu_test_cmd cmd = {
		.access_pages = { .flags = flags, .iova = iova, .length = length,
				  .uptr = (uintptr_t)expected },
	};
	int rc = call(access->iommufd, &cmd, IOMMU_TEST_OP_ACCESS_PAGES, access->fd);

	if (!rc && pin_id)
		*pin_id = cmd.access_pages.out_access_pages_id;
	return rc;
}

/**
 * mock_access_unpin() - end a pin
 * @access: the access
 * @pin_id: the number of the pin
 *
 * Return: 0, or -ENOENT if the access was asked for it before.
 */
int mock_access_unpin(const struct mock_access *access, uint32_t pin_id)
{
	struct iommu_test_cmd cmd = { .destroy_access_pages.access_pages_id = pin_id };

	return call(access->iommufd, &cmd, IOMMU_TEST_OP_DESTROY_ACCESS_PAGES, access->fd);
}

static int rw(const struct mock_access *access, uint64_t iova, uintptr_t data, size_t size,
	      uint32_t flags)
{
	struct iommu_test_cmd cmd = {
		.access_rw = { .iova = iova, .length = size, .uptr = data, .flags = flags },
	};

	return call(access->iommufd, &cmd, IOMMU_TEST_OP_ACCESS_RW, access->fd);
}

/**
 * mock_access_read() - copy from what is mapped
 * @access: the access
 * @iova: the first IOVA
 * @data: set to what is there
 * @size: in bytes
 * @flags: MOCK_ACCESS_RW_SLOW_PATH or 0
 */
int mock_access_read(const struct mock_access *access, uint64_t iova, void *data, size_t size,
		     uint32_t flags)
{
	return rw(access, iova, (uintptr_t)data, size, flags);
}

/**
 * mock_access_write() - copy to what is mapped
 * @access: the access
 * @iova: the first IOVA
 * @data: what is to be there
 * @size: in bytes
 * @flags: MOCK_ACCESS_RW_SLOW_PATH or 0
 */
int mock_access_write(const struct mock_access *access, uint64_t iova, const void *data,
		      size_t size, uint32_t flags)
{
	return rw(access, iova, (uintptr_t)data, size, flags | MOCK_ACCESS_RW_WRITE);
}
