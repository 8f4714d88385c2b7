// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Contexts.
 */
#include <errno.h>
#include <fcntl.h>

#include "iv_iommufd.h"
#include "private.h"

static const struct iv_hint open_hints[] = {
	{ ENOENT, "the module is not loaded; as root: modprobe iommufd" },
	{ ENODEV, "the module is not loaded; as root: modprobe iommufd" },
	{ EACCES, "you may not use it; 60-iommufd-vfio.rules of udev says how a group may" },
	{}
};

static const struct iv_hint destroy_hints[] = {
	{ ENOENT, "the context has no object of this number" },
	{ EBUSY, "something depends on it; a bound device ends with its file" },
	{}
};

static const struct iv_hint hw_hints[] = {
	{ ENOENT, "the context has no bound device of this number" },
	{ EOPNOTSUPP, "it has no IOMMU, or the kernel cannot tell" },
	{}
};

static const struct iv_hint option_hints[] = {
	{ ENOENT, "the context has no object of this number that has the option" },
	{ EINVAL, "it cannot take this value now" },
	{ EPERM, "that needs CAP_SYS_RESOURCE" },
	{ EBUSY, "the context has objects already" },
	{ EOPNOTSUPP, "there is no such option" },
	{}
};

/**
 * iv_iommufd_open() - open a new context
 *
 * Return: a file descriptor to close(), or a negative errno.
 */
int iv_iommufd_open(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	return fd < 0 ? iv_fail(-errno, open_hints, "/dev/iommu: open") : fd;
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
	int rc = iv_ioctl(iommufd, IOMMU_DESTROY, &cmd);

	return rc ? iv_fail(rc, destroy_hints, "object %u: destroy", id) : 0;
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
	int rc;

	*info = (struct iommu_hw_info) {
		.size = sizeof(*info),
		.dev_id = devid,
		.data_len = size,
		.data_uptr = (uintptr_t)data,
	};
	rc = iv_ioctl(iommufd, IOMMU_GET_HW_INFO, info);
	return rc ? iv_fail(rc, hw_hints, "device %u: get what its IOMMU can do", devid) : 0;
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
	int rc = iv_ioctl(iommufd, IOMMU_OPTION, &cmd);

	if (rc)
		return iv_fail(rc, option_hints, "option %u: get", option);
	*value = cmd.val64;
	return 0;
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
	int rc = iv_ioctl(iommufd, IOMMU_OPTION, &cmd);

	return rc ? iv_fail(rc, option_hints, "option %u: set", option) : 0;
}
