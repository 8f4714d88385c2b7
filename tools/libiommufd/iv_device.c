// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The life of a vfio device's file descriptor: open, bind, attach, detach.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>

#include "iv_device.h"
#include "iv_sysfs.h"
#include "private.h"

static const struct iv_hint open_hints[] = {
	{ ENOENT, "there is no such device; iommufd-ctl device list shows those that there are" },
	{ EACCES, "you may not use it; 60-iommufd-vfio.rules of udev says how a group may" },
	{ ENODEV, "it is gone" },
	{}
};

static const struct iv_hint bind_hints[] = {
	{ EBUSY, "another has the DMA of its IOMMU group; iommufd-ctl device list shows who" },
	{ EINVAL, "it is bound already, through this file or another, or has no use for a token" },
	{ EBADF, "no open /dev/iommu was given" },
	{ EBADFD, "no open /dev/iommu was given" },
	{ EACCES, "the VF token is missing or wrong; who has opened the PF has set it" },
	{ EPERM, "its interrupts are not isolated; switch interrupt remapping on, or if all that "
	  "have devices are trusted, set allow_unsafe_interrupts of iommufd" },
	{}
};

static const struct iv_hint attach_hints[] = {
	{ ENOENT, "its context has no such IOAS or page table" },
	{ EINVAL, "the page table is not for it, its group is attached elsewhere, or it is not "
	  "bound yet" },
	{ EADDRINUSE, "something is mapped or promised where it cannot have memory; "
	  "iv_ioas_ranges() tells where it can" },
	{ EBUSY, "its group is being reset" },
	{ EPERM, "its interrupts are not isolated" },
	{ ENOTTY, "it was opened by its group, where the container has the memory" },
	{ EFAULT, "memory that is mapped in the IOAS is gone" },
	{}
};

static const struct iv_hint pasid_hints[] = {
	{ ENOENT, "its context has no such IOAS or page table" },
	{ EINVAL, "no such PASID, or a page table without IOMMU_HWPT_ALLOC_PASID is in use" },
	{ EOPNOTSUPP, "the device or its IOMMU has no PASIDs" },
	{ EPERM, "the PASID is another context's" },
	{ EBUSY, "the PASID is in use, or its group is being reset" },
	{ EDQUOT, "the context has as many PASIDs as it may; max_pasids of iommufd says how many" },
	{ EIO, "the PASID is detached, as neither the new page table nor the old could be "
	  "attached" },
	{ ENOTTY, "it was opened by its group, where there are no PASIDs" },
	{}
};

static const struct iv_hint reset_hints[] = {
	{ EINVAL, "nothing resets it alone, or it is not bound yet; iv_hot_reset() resets its "
	  "slot or bus" },
	{ EAGAIN, "something else is reconfiguring it; try again" },
	{ ENOTTY, "the reset did not work" },
	{}
};

/**
 * iv_device_open_path() - open a vfio character device
 * @path: such as /dev/vfio/devices/vfio0
 *
 * Return: a parked file descriptor, or a negative errno.
 */
int iv_device_open_path(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? iv_fail(-errno, open_hints, "%s: open", path) : fd;
}

/**
 * iv_device_open() - open the vfio character device of a PCI function
 * @pci_addr: a function that is bound to vfio-pci
 *
 * Return: a parked file descriptor; -ENOENT if the function has no such device; or another
 * negative errno.
 */
int iv_device_open(const char *pci_addr)
{
	char path[IV_PATH_SIZE];
	int ret = iv_pci_cdev_path(pci_addr, path);

	return ret ? ret : iv_device_open_path(path);
}

/* Sets @devid, which may be NULL, if it succeeds. */
static int bind_device(int fd, struct vfio_device_bind_iommufd *cmd, uint32_t *devid)
{
	int ret = iv_device_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, cmd, bind_hints, "bind");

	if (!ret && devid)
		*devid = cmd->out_devid;
	return ret;
}

/**
 * iv_device_bind() - hand the device's DMA to a context, which makes the descriptor usable
 * @fd: a parked device
 * @iommufd: the context
 * @devid: the device's number in the context; may be NULL
 *
 * Return: 0; -EBUSY if another context owns the device's IOMMU group; -EINVAL if the device
 * is bound already; or another negative errno.
 */
int iv_device_bind(int fd, int iommufd, uint32_t *devid)
{
	struct vfio_device_bind_iommufd cmd = {
		.argsz = offsetof(struct vfio_device_bind_iommufd, token_uuid_ptr),
		.iommufd = iommufd,
	};

	return bind_device(fd, &cmd, devid);
}

/**
 * iv_device_bind_token() - as iv_device_bind(), with a VF token
 * @fd: a parked device: a PF or a VF
 * @iommufd: the context
 * @token: a UUID of 16 bytes
 * @devid: the device's number in the context; may be NULL
 *
 * Return: 0; -EACCES if it is the wrong token; or another negative errno.
 */
int iv_device_bind_token(int fd, int iommufd, const void *token, uint32_t *devid)
{
	struct vfio_device_bind_iommufd cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DEVICE_BIND_FLAG_TOKEN,
		.iommufd = iommufd,
		.token_uuid_ptr = (uintptr_t)token,
	};

	return bind_device(fd, &cmd, devid);
}

/**
 * iv_device_attach() - let the device do DMA through an address space
 * @fd: a bound device
 * @pt_id: an IOAS or a page table; replaces the one attached before
 *
 * Return: 0; -ENOENT if there is no such object; or another negative errno.
 */
int iv_device_attach(int fd, uint32_t pt_id)
{
	return iv_device_attach_get(fd, &pt_id);
}

/**
 * iv_device_attach_get() - as iv_device_attach(), and say which page table it came to
 * @fd: a bound device
 * @pt_id: in: an IOAS or a page table; out: the page table in use
 *
 * Return: 0, or a negative errno.
 */
int iv_device_attach_get(int fd, uint32_t *pt_id)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = offsetof(struct vfio_device_attach_iommufd_pt, pasid),
		.pt_id = *pt_id,
	};
	int ret = iv_device_ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd, attach_hints, "attach");
	char name[IV_FILE_NAME_SIZE];

	if (ret == -ENOMEM) {
		iv_file_name(fd, name, sizeof(name));
		return iv_fail_pinning(ret, NULL, 0, "%s: attach", name);
	}
	if (!ret)
		*pt_id = cmd.pt_id;
	return ret;
}

/**
 * iv_device_attach_pasid() - let the device do DMA with a PASID through an address space
 * @fd: a bound device
 * @pt_id: an IOAS or a page table
 * @pasid: the PASID
 *
 * Return: 0, or a negative errno.
 */
int iv_device_attach_pasid(int fd, uint32_t pt_id, uint32_t pasid)
{
	struct vfio_device_attach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DEVICE_ATTACH_PASID,
		.pt_id = pt_id,
		.pasid = pasid,
	};

	return iv_device_ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &cmd, pasid_hints,
			       "attach with a PASID");
}

/**
 * iv_device_detach() - block the device's DMA
 * @fd: a bound device
 *
 * Return: 0, or a negative errno.
 */
int iv_device_detach(int fd)
{
	struct vfio_device_detach_iommufd_pt cmd = {
		.argsz = offsetof(struct vfio_device_detach_iommufd_pt, pasid),
	};

	return iv_device_ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd, NULL, "detach");
}

/**
 * iv_device_detach_pasid() - block the device's DMA with a PASID
 * @fd: a bound device
 * @pasid: the PASID
 *
 * Return: 0, or a negative errno.
 */
int iv_device_detach_pasid(int fd, uint32_t pasid)
{
	struct vfio_device_detach_iommufd_pt cmd = {
		.argsz = sizeof(cmd),
		.flags = VFIO_DEVICE_DETACH_PASID,
		.pasid = pasid,
	};

	return iv_device_ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &cmd, pasid_hints,
			       "detach with a PASID");
}

/**
 * iv_device_info() - what kind of device it is
 * @fd: a bound device
 * @info: flags and the numbers of regions and interrupts
 *
 * Return: 0, or a negative errno.
 */
int iv_device_info(int fd, struct vfio_device_info *info)
{
	*info = (struct vfio_device_info) { .argsz = sizeof(*info) };
	return iv_device_ioctl(fd, VFIO_DEVICE_GET_INFO, info, NULL, "get information");
}

/**
 * iv_device_reset() - bring the device back to its initial state
 * @fd: a bound device
 *
 * Return: 0, or a negative errno.
 */
int iv_device_reset(int fd)
{
	return iv_device_ioctl(fd, VFIO_DEVICE_RESET, NULL, reset_hints, "reset");
}

/**
 * iv_device_poll() - poll one file descriptor
 * @fd: the descriptor
 * @events: what to wait for
 * @timeout_ms: how long
 *
 * Return: the events, 0 when the time is up, or a negative errno.
 */
int iv_device_poll(int fd, short events, int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = events };

	if (poll(&pollfd, 1, timeout_ms) < 0)
		return iv_fail_device(-errno, NULL, fd, "poll");
	return pollfd.revents;
}
