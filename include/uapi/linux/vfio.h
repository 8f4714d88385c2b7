/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Userspace interface of VFIO devices (/dev/vfio/devices/vfioN), and of the older groups
 * (/dev/vfio/N) and container (/dev/vfio/vfio).
 *
 * Names, numbers and layouts are those of Linux 7.3, so a program built against either header
 * runs on either implementation. The text is this project's own and describes what its modules do.
 * Parts for buses and platforms that this project has no driver for are here so that programs
 * compile; they are described briefly.
 */
#ifndef _UAPIVFIO_H
#define _UAPIVFIO_H

#include <linux/types.h>
#include <linux/ioctl.h>
#include <linux/stddef.h>

/* The kernel's static checker wants pointers to user memory marked; nobody else knows the mark. */
#ifdef __KERNEL__
#define __VFIO_USER __user
#else
#define __VFIO_USER
#endif

#define VFIO_API_VERSION	0

/**
 * DOC: Opening a device
 *
 * There are two ways to a device:
 *
 * * *By cdev.* Open /dev/vfio/devices/vfioN, then VFIO_DEVICE_BIND_IOMMUFD to an open /dev/iommu,
 *   then VFIO_DEVICE_ATTACH_IOMMUFD_PT to an address space. (The number N is the name of the
 *   directory in the device's sysfs directory ``vfio-dev``.)
 * * *By group.* Open /dev/vfio/N, put it into a container, choose an IOMMU type, then
 *   VFIO_GROUP_GET_DEVICE_FD.
 *
 * A device opened by cdev is *parked* until it is bound, and does nothing:
 *
 * ================================== =========================== ================================
 * operation                          parked, not bound yet       parked for good, device is gone
 * ================================== =========================== ================================
 * VFIO_DEVICE_BIND_IOMMUFD           works                       ``ENODEV``
 * any other ioctl, read, write, mmap ``EINVAL``                  ``ENODEV``
 * poll                               ``EPOLLERR``                ``EPOLLHUP | EPOLLERR``
 * a mapping made while bound         (there is none)             access raises ``SIGBUS``
 * close                              works                       works
 * ================================== =========================== ================================
 *
 * A device goes away when its driver is unbound, when it is unplugged, or when an administrator
 * revokes it. That does not wait for programs to close their files: operations in progress finish
 * first, interrupts stop, DMA is cut off, and the file is parked for good.
 */

/**
 * DOC: Calling convention
 *
 * Structures begin with ``argsz``, the size in bytes of what the caller passes, trailing array
 * included, and ``flags``. An ``argsz`` less than the members that the ioctl needs is ``EINVAL``.
 * Bits that tell about the answer are in ``flags`` on return. Every ioctl fails with ``EFAULT`` if
 * its argument cannot be accessed, and with ``ENOTTY`` if the device does not have it; these two
 * are not repeated below, nor are the errors of a parked file.
 *
 * Information ioctls may return capabilities after the structure: a list of blocks that begin with
 * struct vfio_info_cap_header. If ``argsz`` was too small for them the ioctl succeeds without, the
 * flag for capabilities is set, the offset is 0, and ``argsz`` is the size to call again with.
 */
#define VFIO_TYPE	(';')
#define VFIO_BASE	100

/**
 * struct vfio_info_cap_header - first part of every capability
 * @id: What it is; each information ioctl has a numbering of its own.
 * @version: Version of the block's layout.
 * @next: Where the next one begins, in bytes from the start of the ioctl's structure; 0: no more.
 */
struct vfio_info_cap_header {
	__u16	id;
	__u16	version;
	__u32	next;
};

/* ---- Container: /dev/vfio/vfio, or /dev/iommu in its place ----------------------------------- */

/**
 * DOC: VFIO_GET_API_VERSION
 *
 * No argument. Returns VFIO_API_VERSION.
 */
#define VFIO_GET_API_VERSION		_IO(VFIO_TYPE, VFIO_BASE + 0)

/**
 * DOC: VFIO_CHECK_EXTENSION
 *
 * The argument is one of the numbers below, by value. Returns 0 for no, a positive number for yes.
 * The first group are also arguments of VFIO_SET_IOMMU.
 */
#define VFIO_CHECK_EXTENSION		_IO(VFIO_TYPE, VFIO_BASE + 1)

/* IOMMU types */
#define VFIO_TYPE1_IOMMU		1	/* x86, Arm */
#define VFIO_SPAPR_TCE_IOMMU		2	/* POWER */
#define VFIO_TYPE1v2_IOMMU		3	/* type1, unmaps never split a mapping */
#define __VFIO_RESERVED_TYPE1_NESTING_IOMMU	6	/* withdrawn, use IOMMU_HWPT_ALLOC */
#define VFIO_SPAPR_TCE_v2_IOMMU		7	/* POWER, memory registered ahead */
#define VFIO_NOIOMMU_IOMMU		8	/* no protection; taints the kernel */

/* Features. The answer may change as groups come and go. */
#define VFIO_DMA_CC_IOMMU		4	/* DMA is coherent, no-snoop has no effect */
#define VFIO_EEH			5	/* VFIO_EEH_PE_OP */
#define VFIO_UNMAP_ALL			9	/* VFIO_DMA_UNMAP_FLAG_ALL */
#define VFIO_UPDATE_VADDR		10	/* VFIO_DMA_*_FLAG_VADDR; not with emulated mdevs */

/**
 * DOC: VFIO_SET_IOMMU
 *
 * The argument is an IOMMU type, by value. The container must hold a group.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: the container has no group, or has a type already.
 * * ``ENODEV``: the type does not exist or does not fit the groups.
 * * ``EADDRINUSE``, ``EFAULT``, ``ENOMEM``: what is mapped already can't be mapped for the groups'
 *   devices.
 *
 * /dev/iommu in the place of a container needs no group for this, and may be told several times.
 */
#define VFIO_SET_IOMMU			_IO(VFIO_TYPE, VFIO_BASE + 2)

/* ---- Group: /dev/vfio/N ---------------------------------------------------------------------- */

#define VFIO_GROUP_FLAGS_VIABLE		(1 << 0)
#define VFIO_GROUP_FLAGS_CONTAINER_SET	(1 << 1)

/**
 * struct vfio_group_status - ioctl(VFIO_GROUP_GET_STATUS)
 * @argsz: Size of the structure.
 * @flags: Out. VFIO_GROUP_FLAGS_VIABLE: no device of the group is in use by a kernel driver or by
 *         another owner. VFIO_GROUP_FLAGS_CONTAINER_SET: it is in a container.
 */
struct vfio_group_status {
	__u32	argsz;
	__u32	flags;
};
#define VFIO_GROUP_GET_STATUS		_IO(VFIO_TYPE, VFIO_BASE + 3)

/**
 * DOC: VFIO_GROUP_SET_CONTAINER
 *
 * The argument points to an int, the file descriptor of a container or of /dev/iommu. From then on
 * the group's DMA belongs to that container.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EBADF``: no such file descriptor.
 * * ``EINVAL``: it is of another kind, or the group is in a container.
 * * ``EBUSY``: a kernel driver or another owner has the group's DMA, or another thread is doing this.
 * * ``EPERM``: the group has no IOMMU and the caller no CAP_SYS_RAWIO, or groups with and without an
 *   IOMMU would be mixed.
 * * ``ENODEV``: the group's last device is gone.
 *
 * and, if the container has a type already, what VFIO_SET_IOMMU says of mappings.
 */
#define VFIO_GROUP_SET_CONTAINER	_IO(VFIO_TYPE, VFIO_BASE + 4)

/**
 * DOC: VFIO_GROUP_UNSET_CONTAINER
 *
 * No argument. Takes the group out, which loses the container's IOMMU type and mappings if it was
 * the last.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: the group is in no container.
 * * ``EBUSY``: a device of the group is still open, or another thread is putting it in.
 */
#define VFIO_GROUP_UNSET_CONTAINER	_IO(VFIO_TYPE, VFIO_BASE + 5)

/**
 * DOC: VFIO_GROUP_GET_DEVICE_FD
 *
 * The argument is a string, the device's name in sysfs, such as ``0000:00:04.0``. Returns a file
 * descriptor on which the device works at once: it is not parked. VFIO_DEVICE_BIND_IOMMUFD gives
 * ``EINVAL`` on it, attach and detach ``ENOTTY``. The device is attached to what the container maps.
 * It may be opened several times; it is closed with the last file.
 *
 * Return: a file descriptor, or -1 with errno:
 *
 * * ``EINVAL``: the group is in no container, or the container has no IOMMU type.
 * * ``ENODEV``: the group has no such device.
 * * ``EBUSY``: another thread is putting the group into a container.
 *
 * and what VFIO_SET_IOMMU says of mappings, if the device is new in the group.
 */
#define VFIO_GROUP_GET_DEVICE_FD	_IO(VFIO_TYPE, VFIO_BASE + 6)

/* ---- Device: bind and attach (opened by cdev) ------------------------------------------------ */

#define VFIO_DEVICE_BIND_FLAG_TOKEN	(1 << 0)

/**
 * struct vfio_device_bind_iommufd - ioctl(VFIO_DEVICE_BIND_IOMMUFD): take a device into use
 * @argsz: Size of the structure; without the flag @token_uuid_ptr may be left out.
 * @flags: 0 or VFIO_DEVICE_BIND_FLAG_TOKEN.
 * @iommufd: File descriptor of an open /dev/iommu.
 * @out_devid: Number of the bound device in that context, never 0.
 * @token_uuid_ptr: With the flag, address of a UUID of 16 bytes, as in
 *                  VFIO_DEVICE_FEATURE_PCI_VF_TOKEN. Ignored without.
 *
 * The one thing that a parked file can do. It claims the DMA of the device's whole IOMMU group for
 * the context, so that no other context, container or kernel driver can do DMA there, opens the
 * device, and ends the parking. The device can do no DMA yet (VFIO_DEVICE_ATTACH_IOMMUFD_PT). After
 * a failure the file is still parked and bind may be tried again. There is no unbind but close.
 *
 * A token is needed for a PCI VF whose PF is in use through VFIO, where it is the one that the PF's
 * user has set, and for a PF with VFs in use.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small, unknown @flags, negative @iommufd, the file is bound already or was
 *   given by a group, the device is bound through another file, or a token for a device that knows none.
 * * ``E2BIG``: @argsz is larger than the structure and the rest not zero.
 * * ``EBADF``: @iommufd is not open.
 * * ``EBADFD``: @iommufd is not a /dev/iommu.
 * * ``EBUSY``: another context, a kernel driver, or the IOMMU group as opened by /dev/vfio/N, has
 *   the DMA of the group.
 * * ``EACCES``: wrong or missing token.
 * * ``EPERM``: interrupts of devices are not isolated here, and the module parameter that
 *   permits this is not set.
 * * ``ENODEV``: the device is gone.
 * * ``ENOMEM``: no memory.
 *
 * Other values come from the device's driver.
 */
struct vfio_device_bind_iommufd {
	__u32		argsz;
	__u32		flags;
	__s32		iommufd;
	__u32		out_devid;
	__aligned_u64	token_uuid_ptr;
};
#define VFIO_DEVICE_BIND_IOMMUFD	_IO(VFIO_TYPE, VFIO_BASE + 18)

#define VFIO_DEVICE_ATTACH_PASID	(1 << 0)

/**
 * struct vfio_device_attach_iommufd_pt - ioctl(VFIO_DEVICE_ATTACH_IOMMUFD_PT): give it memory
 * @argsz: Size of the structure; without the flag @pasid may be left out.
 * @flags: 0 or VFIO_DEVICE_ATTACH_PASID.
 * @pt_id: In: an IOAS or a hardware page table (hwpt) of the context. Out: the IOAS's number, if
 *         the device has no page table since the kernel does its DMA; else the hwpt's, which
 *         for an IOAS is one that the attach made or found.
 * @pasid: With the flag, the PASID that is meant; 0 < @pasid < 2 ^ the width from
 *         IOMMU_GET_HW_INFO.
 *
 * From the return on the device's DMA, or its DMA with the PASID, reaches what is mapped there and
 * nothing else. If something was attached before, this replaces it; that is atomic if the IOMMU
 * can do it so, but for a PASID, whose DMA is blocked for a moment. Devices that share an IOMMU
 * group share the page table for requests without PASID: the first attach binds them all to it, the
 * others must attach to the same.
 *
 * What is attached with PASID must be a page table made with IOMMU_HWPT_ALLOC_PASID, and so must be
 * what the device is attached to without, while any PASID is attached. A PASID that was not
 * allocated (IOMMU_PASID_ALLOC) is reserved until it is detached. A device that shares its
 * requester ID with other users' can have allocated PASIDs only, and all page tables made with its
 * number will do, or an IOAS; without the flag, its own PASID is meant.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: no object has the number @pt_id.
 * * ``EINVAL``: @argsz too small, unknown @flags, @pt_id is neither an IOAS nor a page table, it is
 *   not for this IOMMU, another device of the group is attached elsewhere, @pasid is out of range,
 *   or a page table is not for PASIDs that must be.
 * * ``EOPNOTSUPP``: the device, its kind of endpoint or its IOMMU cannot use PASIDs, or cannot
 *   request pages and the page table has a fault queue; which a device that shares its requester ID
 *   cannot.
 * * ``EPERM``: @pasid belongs to another context, or interrupts are not isolated here (see bind).
 * * ``EADDRINUSE``: a mapping or a promise (IOMMU_IOAS_ALLOW_IOVAS) lies where this device cannot
 *   have one.
 * * ``EBUSY``: the device, or one in its group, is being reset; or @pasid is in use by another
 *   device of the same requester ID, or by the kernel, or being destroyed.
 * * ``EDQUOT``: the context has as many PASIDs as it may.
 * * ``ENOSPC``: 4096 PASIDs of the device have had page tables with fault queues since it was
 *   bound.
 * * ``EIO``: @pasid was attached elsewhere, could not be attached here, nor again to what it was:
 *   it is detached. After all other errors it is attached as before.
 * * ``EFAULT``: memory in the IOAS has gone.
 * * ``ENOMEM``: no memory, or RLIMIT_MEMLOCK would be exceeded.
 * * ``ENOTTY``: the device was opened by group.
 */
struct vfio_device_attach_iommufd_pt {
	__u32	argsz;
	__u32	flags;
	__u32	pt_id;
	__u32	pasid;
};
#define VFIO_DEVICE_ATTACH_IOMMUFD_PT	_IO(VFIO_TYPE, VFIO_BASE + 19)

#define VFIO_DEVICE_DETACH_PASID	(1 << 0)

/**
 * struct vfio_device_detach_iommufd_pt - ioctl(VFIO_DEVICE_DETACH_IOMMUFD_PT): take memory away
 * @argsz: Size of the structure; without the flag @pasid may be left out.
 * @flags: 0 or VFIO_DEVICE_DETACH_PASID.
 * @pasid: With the flag, the PASID that is meant.
 *
 * On return all DMA of the device, or with the PASID, is blocked. A page table that an attach
 * made goes away with its last device. Detaching what is not attached succeeds. Closing the file
 * detaches everything.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small, or unknown @flags.
 * * ``EOPNOTSUPP``: with the flag, the device cannot use PASIDs.
 * * ``ENOTTY``: the device was opened by group.
 */
struct vfio_device_detach_iommufd_pt {
	__u32	argsz;
	__u32	flags;
	__u32	pasid;
};
#define VFIO_DEVICE_DETACH_IOMMUFD_PT	_IO(VFIO_TYPE, VFIO_BASE + 20)

/* ---- Device: what it is ---------------------------------------------------------------------- */

#define VFIO_DEVICE_FLAGS_RESET		(1 << 0)	/* VFIO_DEVICE_RESET works */
#define VFIO_DEVICE_FLAGS_PCI		(1 << 1)
#define VFIO_DEVICE_FLAGS_PLATFORM	(1 << 2)
#define VFIO_DEVICE_FLAGS_AMBA		(1 << 3)
#define VFIO_DEVICE_FLAGS_CCW		(1 << 4)
#define VFIO_DEVICE_FLAGS_AP		(1 << 5)
#define VFIO_DEVICE_FLAGS_FSL_MC	(1 << 6)
#define VFIO_DEVICE_FLAGS_CAPS		(1 << 7)	/* see cap_offset */
#define VFIO_DEVICE_FLAGS_CDX		(1 << 8)

/**
 * struct vfio_device_info - ioctl(VFIO_DEVICE_GET_INFO)
 * @argsz: In: size of the structure and of room for capabilities, at least up to @num_irqs.
 *         Out: size of all there is.
 * @flags: Out. VFIO_DEVICE_FLAGS_*: what can be done, and the bus that says what the indices mean.
 * @num_regions: Out. Regions have indices 0 to @num_regions - 1, some possibly of size 0.
 * @num_irqs: Out. Interrupts have indices 0 to @num_irqs - 1, some possibly of count 0.
 * @cap_offset: Out. First capability, bytes from the start of the structure; 0: none or no room.
 * @pad: 0.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small.
 */
struct vfio_device_info {
	__u32	argsz;
	__u32	flags;
	__u32	num_regions;
	__u32	num_irqs;
	__u32	cap_offset;
	__u32	pad;
};
#define VFIO_DEVICE_GET_INFO		_IO(VFIO_TYPE, VFIO_BASE + 7)

/* An mdev type's attribute device_api in sysfs reads one of these. */
#define VFIO_DEVICE_API_PCI_STRING		"vfio-pci"
#define VFIO_DEVICE_API_PLATFORM_STRING		"vfio-platform"
#define VFIO_DEVICE_API_AMBA_STRING		"vfio-amba"
#define VFIO_DEVICE_API_CCW_STRING		"vfio-ccw"
#define VFIO_DEVICE_API_AP_STRING		"vfio-ap"

/* Capabilities of VFIO_DEVICE_GET_INFO. Layouts of the ZPCI ones (s390): linux/vfio_zdev.h. */
#define VFIO_DEVICE_INFO_CAP_ZPCI_BASE		1
#define VFIO_DEVICE_INFO_CAP_ZPCI_GROUP		2
#define VFIO_DEVICE_INFO_CAP_ZPCI_UTIL		3
#define VFIO_DEVICE_INFO_CAP_ZPCI_PFIP		4
#define VFIO_DEVICE_INFO_CAP_PCI_ATOMIC_COMP	5

#define VFIO_PCI_ATOMIC_COMP32	(1 << 0)
#define VFIO_PCI_ATOMIC_COMP64	(1 << 1)
#define VFIO_PCI_ATOMIC_COMP128	(1 << 2)

/**
 * struct vfio_device_info_cap_pci_atomic_comp - atomics to memory (PCI_ATOMIC_COMP)
 * @header: Capability header.
 * @flags: VFIO_PCI_ATOMIC_COMP*: operand widths, in bits, of AtomicOp requests that are completed
 *         all the way from the device to the root complex (PCIe 6.15).
 * @reserved: 0.
 */
struct vfio_device_info_cap_pci_atomic_comp {
	struct vfio_info_cap_header header;
	__u32 flags;
	__u32 reserved;
};

/* ---- Device: regions ------------------------------------------------------------------------- */

#define VFIO_REGION_INFO_FLAG_READ	(1 << 0)
#define VFIO_REGION_INFO_FLAG_WRITE	(1 << 1)
#define VFIO_REGION_INFO_FLAG_MMAP	(1 << 2)
#define VFIO_REGION_INFO_FLAG_CAPS	(1 << 3)	/* see cap_offset */

/**
 * struct vfio_region_info - ioctl(VFIO_DEVICE_GET_REGION_INFO)
 * @argsz: In: size of the structure and of room for capabilities. Out: size of all there is.
 * @flags: Out. Whether pread(2), pwrite(2) and mmap(2) work on the region, and FLAG_CAPS.
 * @index: In. Which region; the bus says what it means, for PCI VFIO_PCI_*_REGION_INDEX.
 * @cap_offset: Out. First capability, bytes from the start of the structure; 0: none or no room.
 * @size: Out. Bytes; 0 if the device does not have the region.
 * @offset: Out. Where it begins in the device's file, to use with pread, pwrite and mmap. Not to be
 *          computed by other means.
 *
 * Memory is little-endian on the PCI bus and not swapped on the way.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small, or @index is not less than num_regions.
 */
struct vfio_region_info {
	__u32	argsz;
	__u32	flags;
	__u32	index;
	__u32	cap_offset;
	__aligned_u64	size;
	__aligned_u64	offset;
};
#define VFIO_DEVICE_GET_REGION_INFO	_IO(VFIO_TYPE, VFIO_BASE + 8)

/* Capabilities of VFIO_DEVICE_GET_REGION_INFO */
#define VFIO_REGION_INFO_CAP_SPARSE_MMAP	1
#define VFIO_REGION_INFO_CAP_TYPE		2
/*
 * Without a body: the pages with the MSI-X table may be mmapped too. Interrupts are set up
 * with VFIO_DEVICE_SET_IRQS all the same.
 */
#define VFIO_REGION_INFO_CAP_MSIX_MAPPABLE	3
#define VFIO_REGION_INFO_CAP_NVLINK2_SSATGT	4	/* withdrawn */
#define VFIO_REGION_INFO_CAP_NVLINK2_LNKSPD	5	/* withdrawn */

/**
 * struct vfio_region_sparse_mmap_area - a part of a region that mmap(2) can have
 * @offset: Bytes from the region's start.
 * @size: Bytes.
 */
struct vfio_region_sparse_mmap_area {
	__aligned_u64	offset;
	__aligned_u64	size;
};

/**
 * struct vfio_region_info_cap_sparse_mmap - mmap(2) only in parts (SPARSE_MMAP, version 1)
 * @header: Capability header.
 * @nr_areas: Number of elements in @areas.
 * @reserved: 0.
 * @areas: The parts. Outside them use pread(2) and pwrite(2); mmap may fail there.
 */
struct vfio_region_info_cap_sparse_mmap {
	struct vfio_info_cap_header header;
	__u32	nr_areas;
	__u32	reserved;
	struct vfio_region_sparse_mmap_area areas[];
};

/**
 * struct vfio_region_info_cap_type - what a region past the fixed ones is (TYPE, version 1)
 * @header: Capability header.
 * @type: VFIO_REGION_TYPE_*.
 * @subtype: VFIO_REGION_SUBTYPE_* of that type.
 */
struct vfio_region_info_cap_type {
	struct vfio_info_cap_header header;
	__u32 type;
	__u32 subtype;
};

/* Types: a PCI vendor's, vendor ID in the low 16 bits, or one of the others */
#define VFIO_REGION_TYPE_PCI_VENDOR_TYPE	(1 << 31)
#define VFIO_REGION_TYPE_PCI_VENDOR_MASK	(0xffff)
#define VFIO_REGION_TYPE_GFX			(1)
#define VFIO_REGION_TYPE_CCW			(2)
#define VFIO_REGION_TYPE_MIGRATION_DEPRECATED	(3)

/* Subtypes: PCI vendor 8086 */
#define VFIO_REGION_SUBTYPE_INTEL_IGD_OPREGION	(1)
#define VFIO_REGION_SUBTYPE_INTEL_IGD_HOST_CFG	(2)
#define VFIO_REGION_SUBTYPE_INTEL_IGD_LPC_CFG	(3)

/* Subtypes: PCI vendors 10de and 1014, withdrawn */
#define VFIO_REGION_SUBTYPE_NVIDIA_NVLINK2_RAM	(1)
#define VFIO_REGION_SUBTYPE_IBM_NVLINK2_ATSD	(1)

/* Subtypes: GFX */
#define VFIO_REGION_SUBTYPE_GFX_EDID		(1)

/* Subtypes: CCW */
#define VFIO_REGION_SUBTYPE_CCW_ASYNC_CMD	(1)
#define VFIO_REGION_SUBTYPE_CCW_SCHIB		(2)
#define VFIO_REGION_SUBTYPE_CCW_CRW		(3)

/* Subtypes: MIGRATION */
#define VFIO_REGION_SUBTYPE_MIGRATION_DEPRECATED (1)

#define VFIO_DEVICE_GFX_LINK_STATE_UP		1
#define VFIO_DEVICE_GFX_LINK_STATE_DOWN		2

/**
 * struct vfio_region_gfx_edid - start of a region of type GFX, subtype EDID
 * @edid_offset: Where the EDID block is, bytes from the region's start. Read-only.
 * @edid_max_size: Bytes that fit there. Read-only.
 * @edid_size: Bytes that are there.
 * @max_xres: Largest width in pixels, 0 for any. Read-only.
 * @max_yres: Largest height in pixels, 0 for any. Read-only.
 * @link_state: VFIO_DEVICE_GFX_LINK_STATE_*: whether the guest finds a monitor connected.
 *
 * To give a virtual display another monitor: write DOWN, the block and its size, then UP.
 */
struct vfio_region_gfx_edid {
	__u32 edid_offset;
	__u32 edid_max_size;
	__u32 edid_size;
	__u32 max_xres;
	__u32 max_yres;
	__u32 link_state;
};

/* Version 1 of device migration, superseded by VFIO_DEVICE_FEATURE_MIGRATION */
#define VFIO_DEVICE_STATE_V1_STOP	(0)
#define VFIO_DEVICE_STATE_V1_RUNNING	(1 << 0)
#define VFIO_DEVICE_STATE_V1_SAVING	(1 << 1)
#define VFIO_DEVICE_STATE_V1_RESUMING	(1 << 2)
#define VFIO_DEVICE_STATE_MASK		(VFIO_DEVICE_STATE_V1_RUNNING | \
					 VFIO_DEVICE_STATE_V1_SAVING | \
					 VFIO_DEVICE_STATE_V1_RESUMING)

/* RESUMING excludes the other two bits; together with SAVING it means an error. */
#define VFIO_DEVICE_STATE_VALID(state) \
	((state) & VFIO_DEVICE_STATE_V1_RESUMING ? \
	 ((state) & VFIO_DEVICE_STATE_MASK) == VFIO_DEVICE_STATE_V1_RESUMING : 1)

#define VFIO_DEVICE_STATE_IS_ERROR(state) \
	(((state) & VFIO_DEVICE_STATE_MASK) == \
	 (VFIO_DEVICE_STATE_V1_SAVING | VFIO_DEVICE_STATE_V1_RESUMING))

#define VFIO_DEVICE_STATE_SET_ERROR(state) \
	(((state) & ~VFIO_DEVICE_STATE_MASK) | \
	 VFIO_DEVICE_STATE_V1_SAVING | VFIO_DEVICE_STATE_V1_RESUMING)

/**
 * struct vfio_device_migration_info - start of the region of migration version 1 (superseded)
 * @device_state: VFIO_DEVICE_STATE_V1_*.
 * @reserved: 0.
 * @pending_bytes: Bytes still to be saved.
 * @data_offset: Where the data is, bytes from the region's start.
 * @data_size: Bytes of data there.
 */
struct vfio_device_migration_info {
	__u32 device_state;
	__u32 reserved;
	__aligned_u64 pending_bytes;
	__aligned_u64 data_offset;
	__aligned_u64 data_size;
};

/**
 * struct vfio_region_info_cap_nvlink2_ssatgt - NVLINK2_SSATGT (withdrawn)
 * @header: Capability header.
 * @tgt: Compressed bus address of the GPU's memory.
 */
struct vfio_region_info_cap_nvlink2_ssatgt {
	struct vfio_info_cap_header header;
	__aligned_u64 tgt;
};

/**
 * struct vfio_region_info_cap_nvlink2_lnkspd - NVLINK2_LNKSPD (withdrawn)
 * @header: Capability header.
 * @link_speed: Value of the device tree's property ``ibm,nvlink-speed``.
 * @__pad: 0.
 */
struct vfio_region_info_cap_nvlink2_lnkspd {
	struct vfio_info_cap_header header;
	__u32 link_speed;
	__u32 __pad;
};

/* ---- Device: interrupts ---------------------------------------------------------------------- */

#define VFIO_IRQ_INFO_EVENTFD		(1 << 0)
#define VFIO_IRQ_INFO_MASKABLE		(1 << 1)
#define VFIO_IRQ_INFO_AUTOMASKED	(1 << 2)
#define VFIO_IRQ_INFO_NORESIZE		(1 << 3)

/**
 * struct vfio_irq_info - ioctl(VFIO_DEVICE_GET_IRQ_INFO)
 * @argsz: Size of the structure.
 * @flags: Out. VFIO_IRQ_INFO_EVENTFD: can signal an eventfd. MASKABLE: the actions MASK and UNMASK
 *         work. AUTOMASKED: each signal masks the interrupt, which stays so until it is
 *         unmasked (level-triggered lines). NORESIZE: the vectors in use are allocated at once, so
 *         to use one more all must be disabled and set up anew; without it, vectors can be added
 *         and dropped one by one.
 * @index: In. Which interrupt; for PCI VFIO_PCI_*_IRQ_INDEX.
 * @count: Out. Number of vectors that the index has; 0 if the device does not have it.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small, or @index is not less than num_irqs.
 */
struct vfio_irq_info {
	__u32	argsz;
	__u32	flags;
	__u32	index;
	__u32	count;
};
#define VFIO_DEVICE_GET_IRQ_INFO	_IO(VFIO_TYPE, VFIO_BASE + 9)

/* What data[] holds: exactly one of these */
#define VFIO_IRQ_SET_DATA_NONE		(1 << 0)	/* nothing */
#define VFIO_IRQ_SET_DATA_BOOL		(1 << 1)	/* a byte for each vector, 0 skips it */
#define VFIO_IRQ_SET_DATA_EVENTFD	(1 << 2)	/* an __s32 for each vector */
#define VFIO_IRQ_SET_DATA_TYPE_MASK	(VFIO_IRQ_SET_DATA_NONE | \
					 VFIO_IRQ_SET_DATA_BOOL | \
					 VFIO_IRQ_SET_DATA_EVENTFD)

/* What to do: exactly one of these */
#define VFIO_IRQ_SET_ACTION_MASK	(1 << 3)
#define VFIO_IRQ_SET_ACTION_UNMASK	(1 << 4)
#define VFIO_IRQ_SET_ACTION_TRIGGER	(1 << 5)
#define VFIO_IRQ_SET_ACTION_TYPE_MASK	(VFIO_IRQ_SET_ACTION_MASK | \
					 VFIO_IRQ_SET_ACTION_UNMASK | \
					 VFIO_IRQ_SET_ACTION_TRIGGER)

/**
 * struct vfio_irq_set - ioctl(VFIO_DEVICE_SET_IRQS): set up, mask, unmask or raise interrupts
 * @argsz: Size of the structure and of @data.
 * @flags: One of VFIO_IRQ_SET_DATA_* and one of VFIO_IRQ_SET_ACTION_*.
 * @index: Which interrupt.
 * @start: First vector of the range.
 * @count: Vectors in the range; @start + @count is at most the index's count.
 * @data: An element for each vector of the range, as the flags say.
 *
 * ============ ============================== ==================================================
 * action       DATA_NONE or DATA_BOOL         DATA_EVENTFD
 * ============ ============================== ==================================================
 * TRIGGER      raise the vectors, as a test   the device signals the eventfd from now on
 * MASK         mask now                       mask whenever the eventfd is signalled
 * UNMASK       unmask now                     unmask whenever the eventfd is signalled
 * ============ ============================== ==================================================
 *
 * An eventfd of -1 takes the vector's eventfd away, if it has one. The first TRIGGER with eventfds
 * enables the index, which for MSI and MSI-X allocates @start + @count vectors; TRIGGER with
 * DATA_NONE and @count 0 disables it. Other than that @count is not 0. What was set up stays as it
 * was when the call fails. A device has one of INTx, MSI and MSI-X enabled at a time.
 *
 * Return: 0; a positive number, if there are only so many vectors left, and nothing has been done;
 * or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small for the vectors, @flags not one of each kind, @index or the range
 *   is not there, @count 0 with data, an eventfd that is none, or a test of an index that is not
 *   enabled.
 * * ``EBADF``: an eventfd is not open.
 * * ``ENOTTY``: the index does not have the action.
 * * ``ENOSPC``: the system has too few vectors.
 * * ``ENOMEM``: no memory.
 */
struct vfio_irq_set {
	__u32	argsz;
	__u32	flags;
	__u32	index;
	__u32	start;
	__u32	count;
	__u8	data[];
};
#define VFIO_DEVICE_SET_IRQS		_IO(VFIO_TYPE, VFIO_BASE + 10)

/**
 * DOC: VFIO_DEVICE_RESET
 *
 * No argument. Resets the device, for PCI this function, and puts back the configuration space that
 * it had when it was opened. Interrupts that are set up stay so. Available if
 * VFIO_DEVICE_FLAGS_RESET is set.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: the device cannot be reset by itself.
 * * ``EAGAIN``: something else is reconfiguring the device; try again.
 * * ``ENOTTY``, ``ETIMEDOUT``: it did not work.
 */
#define VFIO_DEVICE_RESET		_IO(VFIO_TYPE, VFIO_BASE + 11)

/* ---- Device: fixed indices ------------------------------------------------------------------- */

/**
 * DOC: Regions of a PCI device
 *
 * * *BAR0* to *BAR5*: the base address registers. The second half of a 64-bit one has size 0, as
 *   has one that is not there. I/O ports have no mmap. Accesses of 1, 2, 4 and 8 bytes go to
 *   the device as such if aligned; others are split.
 * * *ROM*: the expansion ROM, read-only.
 * * *CONFIG*: the configuration space, 256 or 4096 bytes. Some fields are virtual: base addresses,
 *   the MSI and MSI-X set-up, and whatever would reach other devices.
 * * *VGA*: of a display controller (class code 0300h) the legacy ranges 0x3b0 to 0x3bb, 0x3c0 to
 *   0x3df (ports) and 0xa0000 to 0xbffff (memory), at these offsets in the region.
 *
 * Nine regions are the fixed ones. Those from index 9 up are a device's own and have
 * VFIO_REGION_INFO_CAP_TYPE.
 */
enum {
	VFIO_PCI_BAR0_REGION_INDEX,
	VFIO_PCI_BAR1_REGION_INDEX,
	VFIO_PCI_BAR2_REGION_INDEX,
	VFIO_PCI_BAR3_REGION_INDEX,
	VFIO_PCI_BAR4_REGION_INDEX,
	VFIO_PCI_BAR5_REGION_INDEX,
	VFIO_PCI_ROM_REGION_INDEX,
	VFIO_PCI_CONFIG_REGION_INDEX,
	VFIO_PCI_VGA_REGION_INDEX,
	VFIO_PCI_NUM_REGIONS = 9
};

/**
 * DOC: Interrupts of a PCI device
 *
 * * *INTX*: the interrupt pin. One vector; eventfd, maskable, automasked.
 * * *MSI*: up to 32 vectors, a power of two in hardware; eventfd, not resizable.
 * * *MSIX*: up to 2048 vectors; eventfd, resizable if the platform can allocate vectors later.
 * * *ERR*: signalled on an uncorrectable error of a PCIe device (AER). One vector; eventfd.
 * * *REQ*: signalled when the host wants the device back: close it soon. One vector; eventfd.
 */
enum {
	VFIO_PCI_INTX_IRQ_INDEX,
	VFIO_PCI_MSI_IRQ_INDEX,
	VFIO_PCI_MSIX_IRQ_INDEX,
	VFIO_PCI_ERR_IRQ_INDEX,
	VFIO_PCI_REQ_IRQ_INDEX,
	VFIO_PCI_NUM_IRQS
};

/* s390 channel devices: regions */
enum {
	VFIO_CCW_CONFIG_REGION_INDEX,
	VFIO_CCW_NUM_REGIONS
};

/* s390 channel devices: interrupts */
enum {
	VFIO_CCW_IO_IRQ_INDEX,
	VFIO_CCW_CRW_IRQ_INDEX,
	VFIO_CCW_REQ_IRQ_INDEX,
	VFIO_CCW_NUM_IRQS
};

/* s390 adjunct processors: interrupts */
enum {
	VFIO_AP_REQ_IRQ_INDEX,
	VFIO_AP_CFG_CHG_IRQ_INDEX,
	VFIO_AP_NUM_IRQS
};

/* ---- Device: PCI hot reset ------------------------------------------------------------------- */

#define VFIO_PCI_DEVID_OWNED		0
#define VFIO_PCI_DEVID_NOT_OWNED	-1

/**
 * struct vfio_pci_dependent_device - a device that a hot reset would reset too
 * @group_id: Its IOMMU group, if the caller's device was opened by group.
 * @devid: If by cdev: its number in the caller's context; VFIO_PCI_DEVID_OWNED: it has none, but
 *         the context owns its IOMMU group, so it is the caller's; VFIO_PCI_DEVID_NOT_OWNED: it is
 *         not the caller's, or in use by something other than VFIO.
 * @segment: PCI segment (domain).
 * @bus: PCI bus.
 * @devfn: PCI device number times 8, plus function.
 */
struct vfio_pci_dependent_device {
	union {
		__u32	group_id;
		__u32	devid;
	};
	__u16	segment;
	__u8	bus;
	__u8	devfn;
};

#define VFIO_PCI_HOT_RESET_FLAG_DEV_ID		(1 << 0)
#define VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED	(1 << 1)

/**
 * struct vfio_pci_hot_reset_info - ioctl(VFIO_DEVICE_GET_PCI_HOT_RESET_INFO)
 * @argsz: Size of the structure and of room for @devices.
 * @flags: Out. DEV_ID: the elements have @devid, otherwise @group_id. DEV_ID_OWNED: besides, all
 *         are the caller's, so VFIO_DEVICE_PCI_HOT_RESET is possible.
 * @count: Out. How many devices there are, on ENOSPC too.
 * @devices: Out. The devices, the caller's own included.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small for the members before @devices.
 * * ``ENOSPC``: @argsz too small for @devices.
 * * ``ENODEV``: the slot or bus cannot be reset.
 */
struct vfio_pci_hot_reset_info {
	__u32	argsz;
	__u32	flags;
	__u32	count;
	struct vfio_pci_dependent_device	devices[];
};
#define VFIO_DEVICE_GET_PCI_HOT_RESET_INFO	_IO(VFIO_TYPE, VFIO_BASE + 12)

/**
 * struct vfio_pci_hot_reset - ioctl(VFIO_DEVICE_PCI_HOT_RESET): reset the slot or bus
 * @argsz: Size of the structure and of @group_fds.
 * @flags: Must be 0.
 * @count: Elements in @group_fds; 0 if the device was opened by cdev.
 * @group_fds: Open groups (/dev/vfio/N), which prove that all devices reset are the caller's.
 *
 * Devices opened by cdev prove it by their context. All must have been opened the same way.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small, @flags not 0, @count wrong for the way the device was opened, or
 *   a device that would be reset is not the caller's.
 * * ``EBADF``: an element is not an open file.
 * * ``ENODEV``: the slot or bus cannot be reset.
 * * ``EAGAIN``: one of the devices is being reconfigured; try again.
 */
struct vfio_pci_hot_reset {
	__u32	argsz;
	__u32	flags;
	__u32	count;
	__s32	group_fds[];
};
#define VFIO_DEVICE_PCI_HOT_RESET	_IO(VFIO_TYPE, VFIO_BASE + 13)

/* ---- Device: display of a virtual GPU -------------------------------------------------------- */

#define VFIO_GFX_PLANE_TYPE_PROBE	(1 << 0)
#define VFIO_GFX_PLANE_TYPE_DMABUF	(1 << 1)
#define VFIO_GFX_PLANE_TYPE_REGION	(1 << 2)

/**
 * struct vfio_device_gfx_plane_info - ioctl(VFIO_DEVICE_QUERY_GFX_PLANE)
 * @argsz: Size of the structure.
 * @flags: In. TYPE_DMABUF or TYPE_REGION: how the picture is wanted. With TYPE_PROBE only answer
 *         whether that is possible: 0 or EINVAL.
 * @drm_plane_type: In. A DRM_PLANE_TYPE_*.
 * @drm_format: Out. A DRM_FORMAT_*; 0, as are size, width and height, while the plane is off.
 * @drm_format_mod: Out. A DRM_FORMAT_MOD_*.
 * @width: Out. Pixels.
 * @height: Out. Pixels.
 * @stride: Out. Bytes from a line to the next.
 * @size: Out. Bytes in all, a multiple of the page size.
 * @x_pos: Out. Pixels from the left, of a cursor.
 * @y_pos: Out. Pixels from the top, of a cursor.
 * @x_hot: Out. Where in the cursor it points; 0xffffffff if not known.
 * @y_hot: Out. As @x_hot.
 * @region_index: Out. With TYPE_REGION, the region that holds the picture.
 * @dmabuf_id: Out. With TYPE_DMABUF, the argument of VFIO_DEVICE_GET_GFX_DMABUF.
 * @reserved: 0.
 */
struct vfio_device_gfx_plane_info {
	__u32 argsz;
	__u32 flags;
	__u32 drm_plane_type;
	__u32 drm_format;
	__aligned_u64 drm_format_mod;
	__u32 width;
	__u32 height;
	__u32 stride;
	__u32 size;
	__u32 x_pos;
	__u32 y_pos;
	__u32 x_hot;
	__u32 y_hot;
	union {
		__u32 region_index;
		__u32 dmabuf_id;
	};
	__u32 reserved;
};
#define VFIO_DEVICE_QUERY_GFX_PLANE	_IO(VFIO_TYPE, VFIO_BASE + 14)

/**
 * DOC: VFIO_DEVICE_GET_GFX_DMABUF
 *
 * The argument points to a __u32, the @dmabuf_id of a plane. Returns a dma-buf's file descriptor.
 */
#define VFIO_DEVICE_GET_GFX_DMABUF	_IO(VFIO_TYPE, VFIO_BASE + 15)

/* ---- Device: ioeventfd ----------------------------------------------------------------------- */

#define VFIO_DEVICE_IOEVENTFD_8		(1 << 0)
#define VFIO_DEVICE_IOEVENTFD_16	(1 << 1)
#define VFIO_DEVICE_IOEVENTFD_32	(1 << 2)
#define VFIO_DEVICE_IOEVENTFD_64	(1 << 3)
#define VFIO_DEVICE_IOEVENTFD_SIZE_MASK	(0xf)

/**
 * struct vfio_device_ioeventfd - ioctl(VFIO_DEVICE_IOEVENTFD): write when an eventfd is signalled
 * @argsz: Size of the structure.
 * @flags: One of VFIO_DEVICE_IOEVENTFD_*: width of the write in bits.
 * @offset: Where to write, in the device's file.
 * @data: What to write.
 * @fd: The eventfd, or -1 to stop the one that has the same width, offset and data.
 * @reserved: Not looked at.
 *
 * PCI has it for BARs, without the MSI-X table.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small, @flags not one width, a place where this is not possible, or @fd
 *   is not an eventfd.
 * * ``EEXIST``: the same is there already.
 * * ``ENODEV``: @fd is -1 and there is none.
 * * ``ENOSPC``: too many on this device.
 */
struct vfio_device_ioeventfd {
	__u32	argsz;
	__u32	flags;
	__aligned_u64	offset;
	__aligned_u64	data;
	__s32	fd;
	__u32	reserved;
};
#define VFIO_DEVICE_IOEVENTFD		_IO(VFIO_TYPE, VFIO_BASE + 16)

/* ---- Device: features ------------------------------------------------------------------------ */

#define VFIO_DEVICE_FEATURE_MASK	(0xffff)	/* number of the feature */
#define VFIO_DEVICE_FEATURE_GET		(1 << 16)
#define VFIO_DEVICE_FEATURE_SET		(1 << 17)
#define VFIO_DEVICE_FEATURE_PROBE	(1 << 18)

/**
 * struct vfio_device_feature - ioctl(VFIO_DEVICE_FEATURE): an optional ability of a device
 * @argsz: Size of the structure and of @data.
 * @flags: Number of the feature (VFIO_DEVICE_FEATURE_*, low 16 bits) and what to do: GET, SET, or
 *         PROBE with any of these.
 * @data: The structure of the feature, in for SET and out for GET (some have both). Not used by
 *        PROBE.
 *
 * PROBE does nothing but succeed if the device has the feature and can do the methods given with
 * it.
 *
 * Return: 0 (some features: a positive number), or -1 with errno:
 *
 * * ``ENOTTY``: the device does not have the feature.
 * * ``EINVAL``: @argsz too small for the feature, unknown @flags, GET and SET together
 *   without PROBE, none of the three, or the feature lacks the method.
 *
 * Other values are the feature's own.
 */
struct vfio_device_feature {
	__u32	argsz;
	__u32	flags;
	__u8	data[];
};
#define VFIO_DEVICE_FEATURE		_IO(VFIO_TYPE, VFIO_BASE + 17)

/*
 * SET: 16 bytes, a UUID that the users of this PCI PF and of its VFs share (see bind). Only on a
 * PF, with VFs enabled and none of them in use.
 */
#define VFIO_DEVICE_FEATURE_PCI_VF_TOKEN	(0)

#define VFIO_MIGRATION_STOP_COPY	(1 << 0)
#define VFIO_MIGRATION_P2P		(1 << 1)
#define VFIO_MIGRATION_PRE_COPY		(1 << 2)

/**
 * struct vfio_device_feature_migration - FEATURE_MIGRATION, GET: can the device migrate
 * @flags: Which states there are besides RUNNING and ERROR, see &enum vfio_device_mig_state.
 *         STOP_COPY is always set: STOP, STOP_COPY and RESUMING. P2P adds RUNNING_P2P, PRE_COPY
 *         adds PRE_COPY, and both together add PRE_COPY_P2P as well.
 */
struct vfio_device_feature_migration {
	__aligned_u64 flags;
};
#define VFIO_DEVICE_FEATURE_MIGRATION	1

/**
 * struct vfio_device_feature_mig_state - FEATURE_MIG_DEVICE_STATE, GET and SET: where it is
 * @device_state: Of &enum vfio_device_mig_state.
 * @data_fd: Out. SET: if this began to save or to load, a file descriptor to read the data from or
 *           write it to; the caller closes it. Else -1.
 *
 * SET returns when the device has reached the state. If it fails the device may be in the state
 * that it had or in one on the way. The data is opaque and must arrive in order; the sizes of the
 * reads and writes do not matter. Only the user and VFIO_DEVICE_RESET change the state.
 */
struct vfio_device_feature_mig_state {
	__u32 device_state;
	__s32 data_fd;
};
#define VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE	2

/**
 * enum vfio_device_mig_state - states of a device that can migrate
 * @VFIO_DEVICE_STATE_ERROR: Broken by a failed change of state; VFIO_DEVICE_RESET repairs it.
 *                           Cannot be set.
 * @VFIO_DEVICE_STATE_STOP: Neither its own state nor anything outside changes: no DMA, no
 *                          interrupts. Registers still answer.
 * @VFIO_DEVICE_STATE_RUNNING: Fully working.
 * @VFIO_DEVICE_STATE_STOP_COPY: STOP, and the data file gives the state, up to end of file. The
 *                               user must keep away from the device, or the data may be wrong.
 * @VFIO_DEVICE_STATE_RESUMING: Stopped, and takes the state from the data file.
 * @VFIO_DEVICE_STATE_RUNNING_P2P: RUNNING, but begins no DMA to other devices. Gone through when
 *                                 several devices stop or start together.
 * @VFIO_DEVICE_STATE_PRE_COPY: RUNNING, and the data file gives what can be saved before the stop.
 * @VFIO_DEVICE_STATE_PRE_COPY_P2P: Both of the above.
 * @VFIO_DEVICE_STATE_NR: Number of states.
 *
 * Steps that a device takes::
 *
 *	RUNNING <-> RUNNING_P2P <-> STOP
 *	RUNNING <-> PRE_COPY <-> PRE_COPY_P2P <-> RUNNING_P2P
 *	PRE_COPY_P2P -> STOP_COPY
 *	STOP <-> STOP_COPY
 *	STOP <-> RESUMING
 *
 * RUNNING_P2P to PRE_COPY_P2P, RUNNING to PRE_COPY, and STOP to STOP_COPY begin a save, and STOP to
 * RESUMING begins a load: these return a data file. Among PRE_COPY, PRE_COPY_P2P and STOP_COPY it
 * stays the same; leaving these three ends it, as does leaving RESUMING. RESUMING to STOP checks
 * the data, and fails if it is incomplete or wrong.
 *
 * Any other change is made by the fewest steps that get there without passing through one
 * of the three saving states; steps by way of states that the device lacks are left out. There is
 * no way from STOP_COPY back to PRE_COPY or PRE_COPY_P2P.
 */
enum vfio_device_mig_state {
	VFIO_DEVICE_STATE_ERROR = 0,
	VFIO_DEVICE_STATE_STOP = 1,
	VFIO_DEVICE_STATE_RUNNING = 2,
	VFIO_DEVICE_STATE_STOP_COPY = 3,
	VFIO_DEVICE_STATE_RESUMING = 4,
	VFIO_DEVICE_STATE_RUNNING_P2P = 5,
	VFIO_DEVICE_STATE_PRE_COPY = 6,
	VFIO_DEVICE_STATE_PRE_COPY_P2P = 7,
	VFIO_DEVICE_STATE_NR,
};

#define VFIO_PRECOPY_INFO_REINIT	(1 << 0)

/**
 * struct vfio_precopy_info - ioctl(VFIO_MIG_GET_PRECOPY_INFO) on the data file: how much is left
 * @argsz: Size of the structure.
 * @flags: Out, after FEATURE_MIG_PRECOPY_INFOv2 has been set; else to be ignored. REINIT: the
 *         device began anew, @initial_bytes and @dirty_bytes too.
 * @initial_bytes: Out. Estimate of what is left of the first data. Better not stop before it is 0.
 * @dirty_bytes: Out. Estimate of what has changed since it was read.
 *
 * When both are 0, read(2) gives ENOMSG, and poll(2) waits for more. In STOP_COPY there is a real
 * end of file instead. The estimates say nothing about how much STOP_COPY will give.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: @argsz too small, or the device is in neither PRE_COPY nor PRE_COPY_P2P.
 */
struct vfio_precopy_info {
	__u32 argsz;
	__u32 flags;
	__aligned_u64 initial_bytes;
	__aligned_u64 dirty_bytes;
};
#define VFIO_MIG_GET_PRECOPY_INFO	_IO(VFIO_TYPE, VFIO_BASE + 21)

/*
 * SET, no data: the host may power the device down while nobody uses it; accesses by the ioctls,
 * read and write wake it for their duration. Mappings fault until LOW_POWER_EXIT.
 */
#define VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY	3

/**
 * struct vfio_device_low_power_entry_with_wakeup - FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP, SET
 * @wakeup_eventfd: Signalled when the device has been down and is up again. It then stays up.
 * @reserved: Must be 0.
 *
 * Apart from that, LOW_POWER_ENTRY. Any access but by a mapping, which faults, wakes the device for
 * good, and LOW_POWER_EXIT is then not needed.
 */
struct vfio_device_low_power_entry_with_wakeup {
	__s32 wakeup_eventfd;
	__u32 reserved;
};
#define VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP	4

/* SET, no data: undoes either kind of entry. Signals the eventfd if the device was down. */
#define VFIO_DEVICE_FEATURE_LOW_POWER_EXIT	5

/**
 * struct vfio_device_feature_dma_logging_control - FEATURE_DMA_LOGGING_START, SET: record writes
 * @page_size: In: bytes to record by, as a hint. Out: what the device does.
 * @num_ranges: Elements at @ranges. As many as fit a page always work.
 * @__reserved: Must be 0.
 * @ranges: Address of an array of struct vfio_device_feature_dma_logging_range.
 *
 * The device itself records which pages it writes by DMA. Once started it must be stopped before
 * it is started again. It is independent of the migration state.
 */
struct vfio_device_feature_dma_logging_control {
	__aligned_u64 page_size;
	__u32 num_ranges;
	__u32 __reserved;
	__aligned_u64 ranges;
};

/**
 * struct vfio_device_feature_dma_logging_range - what to record
 * @iova: First address.
 * @length: Bytes.
 */
struct vfio_device_feature_dma_logging_range {
	__aligned_u64 iova;
	__aligned_u64 length;
};
#define VFIO_DEVICE_FEATURE_DMA_LOGGING_START	6

/* SET, no data: ends what DMA_LOGGING_START began. */
#define VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP	7

/**
 * struct vfio_device_feature_dma_logging_report - FEATURE_DMA_LOGGING_REPORT, GET: what was written
 * @iova: Where the range begins.
 * @length: Bytes of the range.
 * @page_size: Bytes that a bit stands for, a power of two, not necessarily the one of the start.
 * @bitmap: Address of an array of __u64. Page n of the range is bit n % 64 of element n / 64. Bits
 *          are set, never cleared.
 *
 * Forgets what it reports. After an error the record cannot be trusted: take all memory as written.
 */
struct vfio_device_feature_dma_logging_report {
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__aligned_u64 bitmap;
};
#define VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT	8

/**
 * struct vfio_device_feature_mig_data_size - FEATURE_MIG_DATA_SIZE, GET: how large is the state
 * @stop_copy_length: Estimate of the bytes that STOP_COPY would give. Available in any state.
 */
struct vfio_device_feature_mig_data_size {
	__aligned_u64 stop_copy_length;
};
#define VFIO_DEVICE_FEATURE_MIG_DATA_SIZE	9

#define VFIO_DEVICE_FEATURE_CLEAR_MASTER	0
#define VFIO_DEVICE_FEATURE_SET_MASTER		1

/**
 * struct vfio_device_feature_bus_master - FEATURE_BUS_MASTER, SET: may the device do DMA
 * @op: VFIO_DEVICE_FEATURE_SET_MASTER or CLEAR_MASTER.
 *
 * For buses (CDX) whose devices have no control of their own for it, as PCI's have.
 */
struct vfio_device_feature_bus_master {
	__u32 op;
};
#define VFIO_DEVICE_FEATURE_BUS_MASTER	10

/**
 * struct vfio_region_dma_range - a piece of a region
 * @offset: Bytes from the region's start.
 * @length: Bytes.
 */
struct vfio_region_dma_range {
	__u64 offset;
	__u64 length;
};

/**
 * struct vfio_device_feature_dma_buf - FEATURE_DMA_BUF, GET: a region as a dma-buf, for peers
 * @region_index: The region.
 * @open_flags: As of open(2): access mode, O_CLOEXEC.
 * @flags: Must be 0.
 * @nr_ranges: Elements of @dma_ranges.
 * @dma_ranges: The pieces that make up the dma-buf, in order.
 *
 * The ioctl returns a file descriptor.
 */
struct vfio_device_feature_dma_buf {
	__u32	region_index;
	__u32	open_flags;
	__u32	flags;
	__u32	nr_ranges;
	struct vfio_region_dma_range dma_ranges[];
};
#define VFIO_DEVICE_FEATURE_DMA_BUF	11

/* SET, no data: from now on the flags of struct vfio_precopy_info are valid. */
#define VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2	12

/**
 * struct vfio_device_feature_zpci_err - FEATURE_ZPCI_ERROR, GET: an s390 PCI error
 * @data: Address of a buffer for a zpci_ccdf_err, whose size VFIO_DEVICE_INFO_CAP_ZPCI_BASE tells.
 *
 * Fails with ``ENOMSG`` when no error waits.
 */
struct vfio_device_feature_zpci_err {
	__aligned_u64 data;
};
#define VFIO_DEVICE_FEATURE_ZPCI_ERROR	13

/* ---- Container: type1 IOMMU ------------------------------------------------------------------ */

#define VFIO_IOMMU_INFO_PGSIZES	(1 << 0)	/* iova_pgsizes is valid */
#define VFIO_IOMMU_INFO_CAPS	(1 << 1)	/* see cap_offset */

/**
 * struct vfio_iommu_type1_info - ioctl(VFIO_IOMMU_GET_INFO)
 * @argsz: In: size of the structure and of room for capabilities. Out: size of all there is.
 * @flags: Out. VFIO_IOMMU_INFO_*.
 * @iova_pgsizes: Out. Bit n is set if pages of 2^n bytes can be mapped.
 * @cap_offset: Out. First capability, bytes from the start of the structure; 0: none or no room.
 * @pad: 0.
 */
struct vfio_iommu_type1_info {
	__u32	argsz;
	__u32	flags;
	__aligned_u64	iova_pgsizes;
	__u32	cap_offset;
	__u32	pad;
};
#define VFIO_IOMMU_GET_INFO	_IO(VFIO_TYPE, VFIO_BASE + 12)

#define VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE	1

/**
 * struct vfio_iova_range - a range of I/O virtual addresses
 * @start: The lowest address.
 * @end: The highest address (not one past it).
 */
struct vfio_iova_range {
	__u64	start;
	__u64	end;
};

/**
 * struct vfio_iommu_type1_info_cap_iova_range - IOVAs that can be mapped (version 1)
 * @header: Capability header.
 * @nr_iovas: Elements of @iova_ranges.
 * @reserved: 0.
 * @iova_ranges: The ranges, ascending. VFIO_IOMMU_MAP_DMA fails outside them.
 */
struct vfio_iommu_type1_info_cap_iova_range {
	struct	vfio_info_cap_header header;
	__u32	nr_iovas;
	__u32	reserved;
	struct	vfio_iova_range iova_ranges[];
};

#define VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION	2

/**
 * struct vfio_iommu_type1_info_cap_migration - VFIO_IOMMU_DIRTY_PAGES works (version 1)
 * @header: Capability header.
 * @flags: 0.
 * @pgsize_bitmap: Bit n is set if a bit can stand for 2^n bytes.
 * @max_dirty_bitmap_size: Bytes that a bitmap can have at most.
 */
struct vfio_iommu_type1_info_cap_migration {
	struct	vfio_info_cap_header header;
	__u32	flags;
	__u64	pgsize_bitmap;
	__u64	max_dirty_bitmap_size;
};

#define VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL		3

/**
 * struct vfio_iommu_type1_info_dma_avail - how many mappings are left (version 1)
 * @header: Capability header.
 * @avail: How many more can be made.
 */
struct vfio_iommu_type1_info_dma_avail {
	struct	vfio_info_cap_header header;
	__u32	avail;
};

#define VFIO_DMA_MAP_FLAG_READ	(1 << 0)
#define VFIO_DMA_MAP_FLAG_WRITE	(1 << 1)
#define VFIO_DMA_MAP_FLAG_VADDR	(1 << 2)

/**
 * struct vfio_iommu_type1_dma_map - ioctl(VFIO_IOMMU_MAP_DMA)
 * @argsz: Size of the structure.
 * @flags: READ and WRITE, at least one: what devices may do. Or VADDR alone: give a mapping whose
 *         address was invalidated by VFIO_DMA_UNMAP_FLAG_VADDR a new one.
 * @vaddr: Address of the memory in the calling process. With VADDR it must be the same memory, or
 *         devices go on with memory that the process no longer sees.
 * @iova: Where to map it. With VADDR, as it was mapped.
 * @size: Bytes. With VADDR, as it was mapped.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EEXIST``: part of the range is mapped already.
 * * ``EINVAL``: bad @flags or alignment, or outside the IOVA ranges.
 * * ``EFAULT``: no memory at part of @vaddr.
 * * ``ENOMEM``: no memory, or RLIMIT_MEMLOCK would be exceeded.
 * * ``ENOSPC``: too many mappings.
 * * ``EOPNOTSUPP``: VADDR is not supported.
 */
struct vfio_iommu_type1_dma_map {
	__u32	argsz;
	__u32	flags;
	__u64	vaddr;
	__u64	iova;
	__u64	size;
};
#define VFIO_IOMMU_MAP_DMA	_IO(VFIO_TYPE, VFIO_BASE + 13)

/**
 * struct vfio_bitmap - where to put a dirty bitmap
 * @pgsize: Bytes that a bit stands for.
 * @size: Bytes of the bitmap, a multiple of 8.
 * @data: The bitmap, which the caller clears before.
 */
struct vfio_bitmap {
	__u64	pgsize;
	__u64	size;
	__u64	__VFIO_USER *data;
};

#define VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP	(1 << 0)
#define VFIO_DMA_UNMAP_FLAG_ALL			(1 << 1)
#define VFIO_DMA_UNMAP_FLAG_VADDR		(1 << 2)

/**
 * struct vfio_iommu_type1_dma_unmap - ioctl(VFIO_IOMMU_UNMAP_DMA)
 * @argsz: Size of the structure and of @data.
 * @flags: GET_DIRTY_BITMAP: tell what was written before it is unmapped. ALL: everything, @iova and
 *         @size are 0. VADDR: do not unmap, but invalidate the process's addresses until
 *         VFIO_DMA_MAP_FLAG_VADDR; DMA goes on. The first excludes the others.
 * @iova: First IOVA.
 * @size: In: bytes. Out: bytes unmapped.
 * @data: With GET_DIRTY_BITMAP, a struct vfio_bitmap, one bit for each page from @iova.
 *
 * VFIO_TYPE1v2_IOMMU unmaps whole mappings only, as they were made. VFIO_TYPE1_IOMMU also unmaps
 * parts of them; the memory stays pinned until the last part is unmapped. An unmap where nothing is
 * mapped succeeds.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EBUSY``: another thread is still mapping something there.
 * * ``EINVAL``: bad flags or alignment, or would split a mapping.
 * * ``ENOENT``: would split a mapping, with a container that is a /dev/iommu.
 * * ``EOPNOTSUPP``: GET_DIRTY_BITMAP or VADDR is not supported.
 */
struct vfio_iommu_type1_dma_unmap {
	__u32	argsz;
	__u32	flags;
	__u64	iova;
	__u64	size;
	__u8	data[];
};
#define VFIO_IOMMU_UNMAP_DMA	_IO(VFIO_TYPE, VFIO_BASE + 14)

/* No argument; the SPAPR TCE types only. */
#define VFIO_IOMMU_ENABLE	_IO(VFIO_TYPE, VFIO_BASE + 15)
#define VFIO_IOMMU_DISABLE	_IO(VFIO_TYPE, VFIO_BASE + 16)

#define VFIO_IOMMU_DIRTY_PAGES_FLAG_START	(1 << 0)
#define VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP	(1 << 1)
#define VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP	(1 << 2)

/**
 * struct vfio_iommu_type1_dirty_bitmap - ioctl(VFIO_IOMMU_DIRTY_PAGES): record written pages
 * @argsz: Size of the structure and of @data, not of the bitmap.
 * @flags: One of START, STOP and GET_BITMAP.
 * @data: With GET_BITMAP, a &struct vfio_iommu_type1_dirty_bitmap_get.
 *
 * Return: 0, or -1 with errno ``EINVAL`` (bad flags or sizes, or GET_BITMAP while not recording).
 */
struct vfio_iommu_type1_dirty_bitmap {
	__u32	argsz;
	__u32	flags;
	__u8	data[];
};

/**
 * struct vfio_iommu_type1_dirty_bitmap_get - which pages to report
 * @iova: First IOVA.
 * @size: Bytes.
 * @bitmap: Where to put it; @pgsize is the smallest of the capability's.
 */
struct vfio_iommu_type1_dirty_bitmap_get {
	__u64	iova;
	__u64	size;
	struct vfio_bitmap bitmap;
};
#define VFIO_IOMMU_DIRTY_PAGES	_IO(VFIO_TYPE, VFIO_BASE + 17)

/* ---- Container: SPAPR TCE IOMMU (POWER servers; no driver here) ------------------------------ */

/**
 * struct vfio_iommu_spapr_tce_ddw_info - dynamic DMA windows
 * @pgsizes: Bit n is set if a window can have pages of 2^n bytes.
 * @max_dynamic_windows_supported: How many windows there can be.
 * @levels: How many levels a window's table can have.
 */
struct vfio_iommu_spapr_tce_ddw_info {
	__u64 pgsizes;
	__u32 max_dynamic_windows_supported;
	__u32 levels;
};

#define VFIO_IOMMU_SPAPR_INFO_DDW	(1 << 0)

/**
 * struct vfio_iommu_spapr_tce_info - ioctl(VFIO_IOMMU_SPAPR_TCE_GET_INFO)
 * @argsz: Size of the structure.
 * @flags: Out. VFIO_IOMMU_SPAPR_INFO_DDW: @ddw is valid.
 * @dma32_window_start: Out. PCI address where the 32-bit window begins. IOVAs are PCI addresses.
 * @dma32_window_size: Out. Bytes of that window.
 * @ddw: Out. Dynamic DMA windows.
 */
struct vfio_iommu_spapr_tce_info {
	__u32 argsz;
	__u32 flags;
	__u32 dma32_window_start;
	__u32 dma32_window_size;
	struct vfio_iommu_spapr_tce_ddw_info ddw;
};
#define VFIO_IOMMU_SPAPR_TCE_GET_INFO	_IO(VFIO_TYPE, VFIO_BASE + 12)

/**
 * struct vfio_eeh_pe_err - an error to inject
 * @type: Kind of error, as the firmware numbers it.
 * @func: Function of the error, as the firmware numbers it.
 * @addr: Address where it is to happen.
 * @mask: Bits of @addr that count.
 */
struct vfio_eeh_pe_err {
	__u32 type;
	__u32 func;
	__u64 addr;
	__u64 mask;
};

/**
 * struct vfio_eeh_pe_op - ioctl(VFIO_EEH_PE_OP): error recovery of a partitionable endpoint
 * @argsz: Size of the structure.
 * @flags: Must be 0.
 * @op: VFIO_EEH_PE_*. GET_STATE returns a VFIO_EEH_PE_STATE_*.
 * @err: Argument of INJECT_ERR.
 */
struct vfio_eeh_pe_op {
	__u32 argsz;
	__u32 flags;
	__u32 op;
	union {
		struct vfio_eeh_pe_err err;
	};
};

#define VFIO_EEH_PE_DISABLE		0
#define VFIO_EEH_PE_ENABLE		1
#define VFIO_EEH_PE_UNFREEZE_IO		2
#define VFIO_EEH_PE_UNFREEZE_DMA	3
#define VFIO_EEH_PE_GET_STATE		4
#define  VFIO_EEH_PE_STATE_NORMAL	0
#define  VFIO_EEH_PE_STATE_RESET	1
#define  VFIO_EEH_PE_STATE_STOPPED	2
#define  VFIO_EEH_PE_STATE_STOPPED_DMA	4
#define  VFIO_EEH_PE_STATE_UNAVAIL	5
#define VFIO_EEH_PE_RESET_DEACTIVATE	5
#define VFIO_EEH_PE_RESET_HOT		6
#define VFIO_EEH_PE_RESET_FUNDAMENTAL	7
#define VFIO_EEH_PE_CONFIGURE		8
#define VFIO_EEH_PE_INJECT_ERR		9

#define VFIO_EEH_PE_OP			_IO(VFIO_TYPE, VFIO_BASE + 21)

/**
 * struct vfio_iommu_spapr_register_memory - pin memory before it is mapped, or unpin it
 * @argsz: Size of the structure.
 * @flags: Must be 0.
 * @vaddr: Address in the calling process.
 * @size: Bytes.
 */
struct vfio_iommu_spapr_register_memory {
	__u32	argsz;
	__u32	flags;
	__u64	vaddr;
	__u64	size;
};
#define VFIO_IOMMU_SPAPR_REGISTER_MEMORY	_IO(VFIO_TYPE, VFIO_BASE + 17)
#define VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY	_IO(VFIO_TYPE, VFIO_BASE + 18)

/**
 * struct vfio_iommu_spapr_tce_create - ioctl(VFIO_IOMMU_SPAPR_TCE_CREATE): add a DMA window
 * @argsz: Size of the structure.
 * @flags: Must be 0.
 * @page_shift: Log2 of the page size in bytes.
 * @__resv1: Must be 0.
 * @window_size: Bytes.
 * @levels: Levels of the table.
 * @__resv2: Must be 0.
 * @start_addr: Out. PCI address where it begins.
 */
struct vfio_iommu_spapr_tce_create {
	__u32 argsz;
	__u32 flags;
	__u32 page_shift;
	__u32 __resv1;
	__u64 window_size;
	__u32 levels;
	__u32 __resv2;
	__u64 start_addr;
};
#define VFIO_IOMMU_SPAPR_TCE_CREATE	_IO(VFIO_TYPE, VFIO_BASE + 19)

/**
 * struct vfio_iommu_spapr_tce_remove - ioctl(VFIO_IOMMU_SPAPR_TCE_REMOVE): drop a DMA window
 * @argsz: Size of the structure.
 * @flags: Must be 0.
 * @start_addr: PCI address where it begins.
 */
struct vfio_iommu_spapr_tce_remove {
	__u32 argsz;
	__u32 flags;
	__u64 start_addr;
};
#define VFIO_IOMMU_SPAPR_TCE_REMOVE	_IO(VFIO_TYPE, VFIO_BASE + 20)

#endif /* _UAPIVFIO_H */
