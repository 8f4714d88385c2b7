/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Userspace interface of /dev/iommu.
 *
 * Names, numbers and layouts are those of Linux 7.3, so a program built against either header
 * runs on either implementation. The text is this project's own and describes what its modules do.
 */
#ifndef _UAPI_IOMMUFD_H
#define _UAPI_IOMMUFD_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IOMMUFD_TYPE (';')

/**
 * DOC: Contexts and objects
 *
 * An open /dev/iommu file is a *context*. A context owns *objects* (address spaces, hardware page
 * tables, bound devices, fault queues, ...), each known by a 32-bit number that is never 0 and
 * that other contexts cannot see. An ioctl that makes an object writes its number to a member
 * called ``out_..._id``. Objects refer to each other, and one that is referred to cannot be
 * destroyed. Closing the last reference to the file destroys all that is left, in dependency order.
 */

/**
 * DOC: Calling convention
 *
 * Every ioctl takes a pointer to one structure whose first member, ``size``, is the number of
 * bytes that the caller's version of the structure has. That makes the layout extensible in both
 * directions: members that an older caller does not have are taken as zero, and members that this
 * kernel does not have must be zero. Unless said otherwise, addresses and lengths are in bytes and
 * a ``last`` address belongs to the range.
 *
 * Any ioctl may fail with one of these; the list of each ioctl adds what they mean there:
 *
 * ============== ==================================================================================
 * errno          meaning
 * ============== ==================================================================================
 * ``E2BIG``      a byte past the end of the structure that this kernel has is not zero
 * ``EFAULT``     the structure, or memory it points to, cannot be read or written
 * ``EINVAL``     ``size`` is less than the first version of the structure had, or a value breaks
 *                a rule of the ioctl
 * ``ENOENT``     no object has the given number, or it is of another type than the one wanted
 * ``ENOMEM``     no memory, or a limit on pinned memory was reached
 * ``ENOTTY``     no such ioctl
 * ``EOPNOTSUPP`` an unknown flag, a reserved member that is not zero, or a feature that this
 *                kernel or this hardware does not have
 * ``EOVERFLOW``  an address and a length add up to more than the address space has
 * ============== ==================================================================================
 *
 * A failed ioctl has changed nothing, and what it says it outputs is undefined, unless its
 * description names an exception.
 */
enum {
	IOMMUFD_CMD_BASE = 0x80,
	IOMMUFD_CMD_DESTROY = IOMMUFD_CMD_BASE,
	IOMMUFD_CMD_IOAS_ALLOC = 0x81,
	IOMMUFD_CMD_IOAS_ALLOW_IOVAS = 0x82,
	IOMMUFD_CMD_IOAS_COPY = 0x83,
	IOMMUFD_CMD_IOAS_IOVA_RANGES = 0x84,
	IOMMUFD_CMD_IOAS_MAP = 0x85,
	IOMMUFD_CMD_IOAS_UNMAP = 0x86,
	IOMMUFD_CMD_OPTION = 0x87,
	IOMMUFD_CMD_VFIO_IOAS = 0x88,
	IOMMUFD_CMD_HWPT_ALLOC = 0x89,
	IOMMUFD_CMD_GET_HW_INFO = 0x8a,
	IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING = 0x8b,
	IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP = 0x8c,
	IOMMUFD_CMD_HWPT_INVALIDATE = 0x8d,
	IOMMUFD_CMD_FAULT_QUEUE_ALLOC = 0x8e,
	IOMMUFD_CMD_IOAS_MAP_FILE = 0x8f,
	IOMMUFD_CMD_VIOMMU_ALLOC = 0x90,
	IOMMUFD_CMD_VDEVICE_ALLOC = 0x91,
	IOMMUFD_CMD_IOAS_CHANGE_PROCESS = 0x92,
	IOMMUFD_CMD_VEVENTQ_ALLOC = 0x93,
	IOMMUFD_CMD_HW_QUEUE_ALLOC = 0x94,
	IOMMUFD_CMD_IOAS_NOIOMMU_GET_PA = 0x95,
};

/*
 * First ioctl number of this project's extensions. Mainline counts up from 0x80 and its test ioctl
 * stands at 0xa0; numbers from here on are not expected to meet either. A program finds out whether
 * an extension is there by trying it: mainline answers ENOTTY.
 */
#define IOMMUFD_CMD_EXT_BASE 0xC0
enum {
	IOMMUFD_CMD_PASID_ALLOC = IOMMUFD_CMD_EXT_BASE,
};

/**
 * struct iommu_destroy - ioctl(IOMMU_DESTROY): end one object
 * @size: Size of this structure, in bytes.
 * @id: Number of the object.
 *
 * Any object that an ioctl of this file has made can be given; the number may be reused later.
 * Destroying an IOAS unmaps all that it holds. A bound device is not destroyed this way but by
 * closing the device's file.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: @id is no object of this context.
 * * ``EBUSY``: something still depends on the object: a hardware page table follows this IOAS, a
 *   device is attached to this page table, a nested page table has it as its parent, an event
 *   queue or virtual device belongs to this vIOMMU; or @id is a bound device.
 */
struct iommu_destroy {
	__u32 size;
	__u32 id;
};
#define IOMMU_DESTROY _IO(IOMMUFD_TYPE, IOMMUFD_CMD_DESTROY)

/**
 * struct iommu_ioas_alloc - ioctl(IOMMU_IOAS_ALLOC): make an address space
 * @size: Size of this structure, in bytes.
 * @flags: Must be 0.
 * @out_ioas_id: Number of the new IOAS.
 *
 * An I/O address space (IOAS) is a table from I/O virtual addresses (IOVAs), which devices use, to
 * memory. It starts out empty, with no limit on the IOVAs, and is used by attaching devices to it,
 * or to a hardware page table that was made from it.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EOPNOTSUPP``: @flags is not 0.
 * * ``ENOMEM``: no memory.
 */
struct iommu_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};
#define IOMMU_IOAS_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOC)

/**
 * struct iommu_iova_range - a range of I/O virtual addresses
 * @start: The lowest address in the range.
 * @last: The highest address in the range (not one past it).
 */
struct iommu_iova_range {
	__aligned_u64 start;
	__aligned_u64 last;
};

/**
 * struct iommu_ioas_iova_ranges - ioctl(IOMMU_IOAS_IOVA_RANGES): which IOVAs may be mapped
 * @size: Size of this structure, in bytes.
 * @ioas_id: The IOAS to ask about.
 * @num_iovas: In: how many elements @allowed_iovas has room for. Out: how many ranges there are.
 * @__reserved: Must be 0.
 * @allowed_iovas: Address of an array of struct iommu_iova_range, filled in ascending order.
 * @out_iova_alignment: Bytes, a power of two between 1 and the CPU's page size: both ends of any
 *                      mapping, that is its IOVA and its IOVA plus its length, must be multiples.
 *
 * An attached device takes away what its IOMMU cannot translate and what is reserved in front of
 * it (the MSI doorbell on x86, firmware's RMRR and IVMD regions), a detached one gives it back. The
 * answer is therefore good until the next attach, replace or detach. Ranges that are in use by
 * mappings count as mappable.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EMSGSIZE``: @num_iovas is too small. As many ranges as fit were written, @num_iovas is now
 *   the number needed, and @out_iova_alignment is valid.
 * * ``ENOENT``: @ioas_id is no IOAS.
 * * ``EOPNOTSUPP``: @__reserved is not 0.
 * * ``EFAULT``: @allowed_iovas cannot be written.
 */
struct iommu_ioas_iova_ranges {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
	__aligned_u64 out_iova_alignment;
};
#define IOMMU_IOAS_IOVA_RANGES _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_IOVA_RANGES)

/**
 * struct iommu_ioas_allow_iovas - ioctl(IOMMU_IOAS_ALLOW_IOVAS): keep IOVAs usable
 * @size: Size of this structure, in bytes.
 * @ioas_id: The IOAS.
 * @num_iovas: Number of elements in @allowed_iovas; 0 drops the promise made before.
 * @__reserved: Must be 0.
 * @allowed_iovas: Address of an array of struct iommu_iova_range, in any order, not overlapping.
 *
 * Promises the caller that it can map in these ranges whatever is attached later: attaching a
 * device that would take any part of them away fails with EADDRINUSE. A VMM does this with its
 * guest's memory map before a device can be hot-plugged. It has a second effect: without
 * IOMMU_IOAS_MAP_FIXED_IOVA, IOVAs are now picked from these ranges only. The list as a whole takes
 * the place of the one before; on failure that one stays.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EADDRINUSE``: a range meets IOVAs that an attached device has already taken away.
 * * ``EINVAL``: a range has @start >= @last, or two ranges overlap.
 * * ``ENOENT``: @ioas_id is no IOAS.
 * * ``EOPNOTSUPP``: @__reserved is not 0.
 * * ``EFAULT``: @allowed_iovas cannot be read.
 * * ``ENOMEM``: no memory.
 */
struct iommu_ioas_allow_iovas {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
};
#define IOMMU_IOAS_ALLOW_IOVAS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOW_IOVAS)

/**
 * enum iommufd_ioas_map_flags - how to make a mapping (map, map file, copy)
 * @IOMMU_IOAS_MAP_FIXED_IOVA: The caller has chosen the IOVA. Without it the kernel picks one and
 *                             writes it back.
 * @IOMMU_IOAS_MAP_WRITEABLE: Devices may write.
 * @IOMMU_IOAS_MAP_READABLE: Devices may read. Some IOMMUs let them read all that they may write.
 *
 * At least one of WRITEABLE and READABLE is required.
 */
enum iommufd_ioas_map_flags {
	IOMMU_IOAS_MAP_FIXED_IOVA = 1 << 0,
	IOMMU_IOAS_MAP_WRITEABLE = 1 << 1,
	IOMMU_IOAS_MAP_READABLE = 1 << 2,
};

/**
 * struct iommu_ioas_map - ioctl(IOMMU_IOAS_MAP): map the caller's memory
 * @size: Size of this structure, in bytes.
 * @flags: Of &enum iommufd_ioas_map_flags.
 * @ioas_id: The IOAS that gets the mapping.
 * @__reserved: Must be 0.
 * @user_va: Address of the memory in the calling process. Need not be page aligned, but its offset
 *           within a unit of the IOVA alignment must be that of @iova.
 * @length: Bytes, more than 0.
 * @iova: With IOMMU_IOAS_MAP_FIXED_IOVA in: where to map. Else out: where it was mapped.
 *
 * The pages stay pinned while a hardware page table follows the IOAS or a driver uses them, and are
 * charged to RLIMIT_MEMLOCK (see IOMMU_OPTION_RLIMIT_MODE). While none does, the memory is only
 * remembered, and a fault in it shows at the first attach. A picked IOVA is aligned as the largest
 * page that the memory could use, and is in the ranges given to IOMMU_IOAS_ALLOW_IOVAS if any.
 * Nothing is replaced: the whole IOVA range must be free. A fatal signal ends a long call.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EEXIST``: with FIXED_IOVA, part of the range is mapped already.
 * * ``ENOSPC``: without FIXED_IOVA, no free range is large enough.
 * * ``EINVAL``: neither READABLE nor WRITEABLE; @length is 0; @iova or @iova + @length is not
 *   aligned; part of the range is outside IOMMU_IOAS_IOVA_RANGES.
 * * ``EOVERFLOW``: @iova + @length or @user_va + @length wraps around, or either of @iova and
 *   @length does not fit an unsigned long.
 * * ``EFAULT``: no memory at part of @user_va, or WRITEABLE on memory the process may not write.
 * * ``ENOMEM``: no memory for the tables, or RLIMIT_MEMLOCK would be exceeded.
 * * ``ENOENT``: @ioas_id is no IOAS.
 * * ``EOPNOTSUPP``: unknown @flags, or @__reserved is not 0.
 * * ``EINTR``: ended by a fatal signal.
 */
struct iommu_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova;
};
#define IOMMU_IOAS_MAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP)

/**
 * struct iommu_ioas_noiommu_get_pa - ioctl(IOMMU_IOAS_NOIOMMU_GET_PA): where a mapping is in memory
 * @size: Size of this structure, in bytes.
 * @flags: Must be 0.
 * @ioas_id: The IOAS.
 * @__reserved: Must be 0.
 * @iova: A mapped IOVA.
 * @length: In: bytes of interest, more than 0. Out: how many of them, from @iova on, are
 *          physically contiguous.
 * @out_phys: Physical address of @iova.
 *
 * Serves drivers of devices that have no IOMMU in front of them, which must program physical
 * addresses and so can reach all memory.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: @ioas_id is no IOAS, or @iova is not mapped.
 * * ``EINVAL``: @length is 0.
 * * ``EPERM``: the caller lacks CAP_SYS_RAWIO.
 * * ``EOPNOTSUPP``: no device without an IOMMU can be bound on this system; @flags or @__reserved
 *   is not 0.
 */
struct iommu_ioas_noiommu_get_pa {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 out_phys;
};
#define IOMMU_IOAS_NOIOMMU_GET_PA _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_NOIOMMU_GET_PA)

/**
 * struct iommu_ioas_map_file - ioctl(IOMMU_IOAS_MAP_FILE): map part of a file
 * @size: Size of this structure, in bytes.
 * @flags: As in struct iommu_ioas_map.
 * @ioas_id: As in struct iommu_ioas_map.
 * @fd: A memfd (tmpfs or hugetlbfs). A dma-buf is accepted if the kernel can map it, which so far
 *      means one with a single range from VFIO_DEVICE_FEATURE_DMA_BUF.
 * @start: Where in the file the mapping begins, in bytes.
 * @length: As in struct iommu_ioas_map.
 * @iova: As in struct iommu_ioas_map.
 *
 * Like IOMMU_IOAS_MAP, but names the memory by file. The mapping belongs to no process, so another
 * one can take it over (IOMMU_IOAS_CHANGE_PROCESS).
 *
 * Return: 0, or -1 with errno, those of IOMMU_IOAS_MAP and:
 *
 * * ``EBADF``: @fd is not open.
 * * ``EINVAL``: @fd is not a file of a kind that can be mapped, or the range ends past its end.
 */
struct iommu_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};
#define IOMMU_IOAS_MAP_FILE _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP_FILE)

/**
 * struct iommu_ioas_copy - ioctl(IOMMU_IOAS_COPY): map the same memory once more
 * @size: Size of this structure, in bytes.
 * @flags: Of &enum iommufd_ioas_map_flags; what they permit need not be what the source permits.
 * @dst_ioas_id: The IOAS that gets the mapping.
 * @src_ioas_id: The IOAS that has it. May be the same one.
 * @length: Bytes, more than 0.
 * @dst_iova: With IOMMU_IOAS_MAP_FIXED_IOVA in: where to map. Else out: where it was mapped.
 * @src_iova: First IOVA of the source.
 *
 * The new mapping shares the pins and the accounting of the old one, neither depends on the other
 * for its life, and it is much cheaper than another IOMMU_IOAS_MAP. For portability ask for a range
 * exactly as it was mapped.
 *
 * Return: 0, or -1 with errno, those of IOMMU_IOAS_MAP for the destination and:
 *
 * * ``ENOENT``: no such IOAS, or part of the source range is not mapped.
 * * ``EPERM``: WRITEABLE is asked for memory that was never mapped as writeable.
 * * ``EOVERFLOW``: @src_iova + @length wraps around.
 */
struct iommu_ioas_copy {
	__u32 size;
	__u32 flags;
	__u32 dst_ioas_id;
	__u32 src_ioas_id;
	__aligned_u64 length;
	__aligned_u64 dst_iova;
	__aligned_u64 src_iova;
};
#define IOMMU_IOAS_COPY _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_COPY)

/**
 * struct iommu_ioas_unmap - ioctl(IOMMU_IOAS_UNMAP): take mappings away
 * @size: Size of this structure, in bytes.
 * @ioas_id: The IOAS.
 * @iova: First IOVA.
 * @length: In: bytes. Out: the sum of the lengths of the mappings that are gone.
 *
 * Removes every mapping that lies in the range. The range may have gaps and go beyond mappings, but
 * not cut one: mappings go as they came. @iova 0 with @length ``UINT64_MAX`` means everything and
 * succeeds on an empty IOAS too. On return no device can reach the memory any more, and drivers
 * that had it pinned have let go.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: @ioas_id is no IOAS, nothing is mapped in the range, or an end of the range is
 *   inside a mapping. For the last, mappings that precede the one cut may be gone already.
 * * ``EINVAL``: @length is 0.
 * * ``EBUSY``: a hardware queue (IOMMU_HW_QUEUE_ALLOC) is in the memory.
 * * ``EOVERFLOW``: @iova + @length wraps around, or one of them does not fit an unsigned long.
 */
struct iommu_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length;
};
#define IOMMU_IOAS_UNMAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_UNMAP)

/**
 * enum iommufd_option - what IOMMU_OPTION reads and sets
 * @IOMMU_OPTION_RLIMIT_MODE: Who is charged for pinned memory: 0, the default, all processes of the
 *                            user together; 1, the process that maps (as VFIO's type1 container
 *                            does it). One value per context: @object_id is 0. To set it needs
 *                            CAP_SYS_RESOURCE and a context without objects.
 * @IOMMU_OPTION_HUGE_PAGES: Whether page tables may use pages larger than the CPU's base page: 1,
 *                           the default, or 0, meant for measurements. One value per IOAS, which
 *                           @object_id names. To set it to 0 the IOAS must not have both mappings
 *                           and page tables.
 */
enum iommufd_option {
	IOMMU_OPTION_RLIMIT_MODE = 0,
	IOMMU_OPTION_HUGE_PAGES = 1,
};

/**
 * enum iommufd_option_ops - what to do with an option
 * @IOMMU_OPTION_OP_SET: Give it a new value.
 * @IOMMU_OPTION_OP_GET: Read its value.
 */
enum iommufd_option_ops {
	IOMMU_OPTION_OP_SET = 0,
	IOMMU_OPTION_OP_GET = 1,
};

/**
 * struct iommu_option - ioctl(IOMMU_OPTION): read or set an option
 * @size: Size of this structure, in bytes.
 * @option_id: Of &enum iommufd_option.
 * @op: Of &enum iommufd_option_ops.
 * @__reserved: 0.
 * @object_id: The object whose option it is, 0 for an option of the context.
 * @val64: The value, in for SET and out for GET.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EOPNOTSUPP``: unknown @option_id or @op, @__reserved not 0, or @object_id not 0 for an option
 *   of the context.
 * * ``ENOENT``: @object_id is no object that has the option.
 * * ``EINVAL``: a value that the option cannot take, now or ever.
 * * ``EPERM``: IOMMU_OPTION_RLIMIT_MODE, SET: no CAP_SYS_RESOURCE.
 * * ``EBUSY``: IOMMU_OPTION_RLIMIT_MODE, SET: the context has objects.
 */
struct iommu_option {
	__u32 size;
	__u32 option_id;
	__u16 op;
	__u16 __reserved;
	__u32 object_id;
	__aligned_u64 val64;
};
#define IOMMU_OPTION _IO(IOMMUFD_TYPE, IOMMUFD_CMD_OPTION)

/**
 * enum iommufd_vfio_ioas_op - what IOMMU_VFIO_IOAS does
 * @IOMMU_VFIO_IOAS_GET: Read which IOAS is the container's.
 * @IOMMU_VFIO_IOAS_SET: Make an IOAS the container's.
 * @IOMMU_VFIO_IOAS_CLEAR: Have none.
 */
enum iommufd_vfio_ioas_op {
	IOMMU_VFIO_IOAS_GET = 0,
	IOMMU_VFIO_IOAS_SET = 1,
	IOMMU_VFIO_IOAS_CLEAR = 2,
};

/**
 * struct iommu_vfio_ioas - ioctl(IOMMU_VFIO_IOAS): the IOAS of the VFIO container
 * @size: Size of this structure, in bytes.
 * @ioas_id: In for SET, out for GET, 0 for CLEAR.
 * @op: Of &enum iommufd_vfio_ioas_op.
 * @__reserved: Must be 0.
 *
 * A context can be used as a VFIO container, whose ioctls have no way to name an IOAS. This one
 * says which they mean. If none is set when a group is put into the container, an IOAS is made then
 * and set. A group that is in already stays with the IOAS it has. The IOAS itself lives on when it
 * is no longer the container's; when it is destroyed, none is set.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENODEV``: GET: none is set.
 * * ``ENOENT``: SET: @ioas_id is no IOAS.
 * * ``EOPNOTSUPP``: unknown @op, or @__reserved is not 0.
 */
struct iommu_vfio_ioas {
	__u32 size;
	__u32 ioas_id;
	__u16 op;
	__u16 __reserved;
};
#define IOMMU_VFIO_IOAS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VFIO_IOAS)

/**
 * enum iommufd_hwpt_alloc_flags - what a new hardware page table must be able to do
 * @IOMMU_HWPT_ALLOC_NEST_PARENT: Be the parent (stage 2) of nested page tables.
 * @IOMMU_HWPT_ALLOC_DIRTY_TRACKING: Record which pages devices write. A device whose IOMMU cannot
 *                                   is refused at attach.
 * @IOMMU_HWPT_FAULT_ID_VALID: Report page requests of devices to the queue @fault_id.
 * @IOMMU_HWPT_ALLOC_PASID: Be attachable to a PASID (``EOPNOTSUPP`` if the IOMMU has none). A
 *                          device that uses PASIDs needs the flag on every page table that it is
 *                          attached to, that for requests without PASID included. An IOAS's
 *                          automatic page table does not have it, so do not attach such a device by
 *                          IOAS. A page table made with the @dev_id of a PASID endpoint (see struct
 *                          iommu_pasid_alloc) has it in any case, and so have those automatic ones.
 */
enum iommufd_hwpt_alloc_flags {
	IOMMU_HWPT_ALLOC_NEST_PARENT = 1 << 0,
	IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 1 << 1,
	IOMMU_HWPT_FAULT_ID_VALID = 1 << 2,
	IOMMU_HWPT_ALLOC_PASID = 1 << 3,
};

/**
 * enum iommu_hwpt_vtd_s1_flags - attributes of a VT-d first-stage table
 * @IOMMU_VTD_S1_SRE: PASID entry's SRE: requests with supervisor privilege are allowed.
 * @IOMMU_VTD_S1_EAFE: PASID entry's EAFE: hardware maintains the extended-accessed bit.
 * @IOMMU_VTD_S1_WPE: PASID entry's WPE: supervisor writes heed write protection.
 *
 * Intel VT-d specification, section 9.6, scalable-mode PASID table entry.
 */
enum iommu_hwpt_vtd_s1_flags {
	IOMMU_VTD_S1_SRE = 1 << 0,
	IOMMU_VTD_S1_EAFE = 1 << 1,
	IOMMU_VTD_S1_WPE = 1 << 2,
};

/**
 * struct iommu_hwpt_vtd_s1 - nested page table for VT-d (IOMMU_HWPT_DATA_VTD_S1)
 * @flags: Of &enum iommu_hwpt_vtd_s1_flags.
 * @pgtbl_addr: Guest physical address of the table's root, page aligned.
 * @addr_width: Bits of an input address: 48, or 57 for five levels.
 * @__reserved: Must be 0.
 */
struct iommu_hwpt_vtd_s1 {
	__aligned_u64 flags;
	__aligned_u64 pgtbl_addr;
	__u32 addr_width;
	__u32 __reserved;
};

/**
 * struct iommu_hwpt_arm_smmuv3 - nested page table for SMMUv3 (IOMMU_HWPT_DATA_ARM_SMMUV3)
 * @ste: Quadwords 0 and 1 of the guest's Stream Table Entry, little-endian. Only these fields may
 *       be other than 0: V, Cfg, S1Fmt, S1ContextPtr, S1CDMax in the first; EATS, S1DSS, S1CIR,
 *       S1COR, S1CSH, S1STALLD in the second (Arm IHI 0070, section 5.2).
 *
 * Cfg is translate, with a context descriptor table at a guest physical address, bypass, which is
 * the parent's translation alone, or abort. With translate, the device needs a vdevice
 * (IOMMU_VDEVICE_ALLOC) when it is attached, since invalidations and events name it by its virtual
 * stream ID; with the others it does not, but no event reaches the guest without. It is best to
 * make the vdevice as soon as the stream ID is known, and attach afterwards.
 *
 * IOMMU_HWPT_ALLOC fails with ``EIO`` on an entry that is illegal or sets another field.
 */
struct iommu_hwpt_arm_smmuv3 {
	__aligned_le64 ste[2];
};

/**
 * struct iommu_hwpt_amd_guest - nested page table for AMD-Vi (IOMMU_HWPT_DATA_AMD_GUEST)
 * @dte: The guest's Device Table Entry as it is in guest memory (AMD 48882, Device Table Entry).
 */
struct iommu_hwpt_amd_guest {
	__aligned_u64 dte[4];
};

/**
 * enum iommu_hwpt_data_type - which structure comes with IOMMU_HWPT_ALLOC
 * @IOMMU_HWPT_DATA_NONE: None: a paging page table, or a nested one of a vIOMMU without data.
 * @IOMMU_HWPT_DATA_VTD_S1: &struct iommu_hwpt_vtd_s1
 * @IOMMU_HWPT_DATA_ARM_SMMUV3: &struct iommu_hwpt_arm_smmuv3
 * @IOMMU_HWPT_DATA_AMD_GUEST: &struct iommu_hwpt_amd_guest
 */
enum iommu_hwpt_data_type {
	IOMMU_HWPT_DATA_NONE = 0,
	IOMMU_HWPT_DATA_VTD_S1 = 1,
	IOMMU_HWPT_DATA_ARM_SMMUV3 = 2,
	IOMMU_HWPT_DATA_AMD_GUEST = 3,
};

/**
 * struct iommu_hwpt_alloc - ioctl(IOMMU_HWPT_ALLOC): make a hardware page table
 * @size: Size of this structure, in bytes.
 * @flags: Of &enum iommufd_hwpt_alloc_flags.
 * @dev_id: A bound device; the page table is made for the IOMMU in front of it.
 * @pt_id: What to build on: an IOAS for a paging page table; for a nested one, a page table with
 *         IOMMU_HWPT_ALLOC_NEST_PARENT or a vIOMMU on top of such.
 * @out_hwpt_id: Number of the new page table.
 * @__reserved: Must be 0.
 * @data_type: Of &enum iommu_hwpt_data_type; NONE for a paging page table.
 * @data_len: Bytes at @data_uptr, 0 if @data_type is NONE.
 * @data_uptr: Address of the structure that @data_type says, 0 if NONE.
 * @fault_id: A fault queue (IOMMU_FAULT_QUEUE_ALLOC), if IOMMU_HWPT_FAULT_ID_VALID is set.
 * @__reserved2: Must be 0.
 *
 * A *paging* page table (hwpt) follows its IOAS: it has all the mappings there are and gets each
 * change. An IOAS may have many, on different IOMMUs or with different features. A *nested* one is
 * a guest's own table in guest memory, which the IOMMU walks, each guest physical address through
 * the parent. A program that just attaches to an IOAS does not need this ioctl: the attach makes or
 * shares a page table by itself, which goes away with the last device.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: @dev_id is no bound device, @pt_id no object, or @fault_id no fault queue.
 * * ``EINVAL``: @pt_id is of a type that cannot be built on, or lacks NEST_PARENT, or is itself
 *   nested; it and @dev_id are on different IOMMUs; @data_type, @data_len and @data_uptr do not go
 *   together; @data_len is less than the structure's.
 * * ``EOPNOTSUPP``: unknown @flags, flags that exclude one another (NEST_PARENT with FAULT_ID_VALID
 *   or on a nested page table), a reserved member that is not 0, or the IOMMU lacks the feature or
 *   @data_type.
 * * ``EADDRINUSE``: the IOAS has mappings or promises (IOMMU_IOAS_ALLOW_IOVAS) where this IOMMU or
 *   device cannot.
 * * ``EFAULT``: @data_uptr cannot be read, or memory of the IOAS has gone.
 * * ``EIO``: the IOMMU driver found the data to be illegal.
 * * ``ENOMEM``: no memory, or RLIMIT_MEMLOCK would be exceeded.
 */
struct iommu_hwpt_alloc {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 pt_id;
	__u32 out_hwpt_id;
	__u32 __reserved;
	__u32 data_type;
	__u32 data_len;
	__aligned_u64 data_uptr;
	__u32 fault_id;
	__u32 __reserved2;
};
#define IOMMU_HWPT_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_ALLOC)

/**
 * enum iommu_hw_info_vtd_flags - flags of struct iommu_hw_info_vtd
 * @IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17: Intel erratum SPR17 (document 772415): a parent page
 *                                         table takes no read-only mappings.
 */
enum iommu_hw_info_vtd_flags {
	IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 = 1 << 0,
};

/**
 * struct iommu_hw_info_vtd - an Intel IOMMU (IOMMU_HW_INFO_TYPE_INTEL_VTD)
 * @flags: Of &enum iommu_hw_info_vtd_flags.
 * @__reserved: 0.
 * @cap_reg: The Capability Register (VT-d specification, 11.4.2).
 * @ecap_reg: The Extended Capability Register (VT-d specification, 11.4.3).
 */
struct iommu_hw_info_vtd {
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 cap_reg;
	__aligned_u64 ecap_reg;
};

/**
 * enum iommu_hw_info_arm_smmuv3_flags - flags of struct iommu_hw_info_arm_smmuv3
 * @IOMMU_HW_INFO_ARM_SMMUV3_ERRATA_REPEAT_TLBI_CFGI: Erratum T264-SMMU-3: send each batch of TLBI
 *                                                    or CFGI commands with its SYNC a second time.
 */
enum iommu_hw_info_arm_smmuv3_flags {
	IOMMU_HW_INFO_ARM_SMMUV3_ERRATA_REPEAT_TLBI_CFGI = 1 << 0,
};

/**
 * struct iommu_hw_info_arm_smmuv3 - an Arm SMMUv3 (IOMMU_HW_INFO_TYPE_ARM_SMMUV3)
 * @flags: Of &enum iommu_hw_info_arm_smmuv3_flags.
 * @__reserved: 0.
 * @idr: SMMU_IDR0 to SMMU_IDR5.
 * @iidr: SMMU_IIDR.
 * @aidr: SMMU_AIDR.
 *
 * Registers as the hardware shows them (Arm IHI 0070, 6.3.1 to 6.3.6). A VMM may rely on these
 * fields and must mask the rest, which nesting may not support:
 *
 * * IDR0: ST_LEVEL, TERM_MODEL, STALL_MODEL, TTENDIAN, CD2L, ASID16, TTF
 * * IDR1: SIDSIZE, SSIDSIZE
 * * IDR3: BBML, RIL
 * * IDR5: VAX, GRAN64K, GRAN16K, GRAN4K, DS
 *
 * Of the fields not listed: S1P is 1 where a nested page table can be made, COHACC is always 1, and
 * ATS follows what the VMM's firmware tables say about its devices.
 */
struct iommu_hw_info_arm_smmuv3 {
	__u32 flags;
	__u32 __reserved;
	__u32 idr[6];
	__u32 iidr;
	__u32 aidr;
};

/**
 * struct iommu_hw_info_tegra241_cmdqv - a Tegra241 CMDQ-V (IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV)
 * @flags: 0.
 * @version: PARAM[3:0], version of the unit.
 * @log2vcmdqs: PARAM[7:4], log2 of the number of virtual command queues.
 * @log2vsids: PARAM[15:12], log2 of the number of stream ID replacements.
 * @__reserved: 0.
 *
 * To build the guest's PARAM register from. A guest has a single virtual interface, that is 0 in
 * PARAM[11:8].
 */
struct iommu_hw_info_tegra241_cmdqv {
	__u32 flags;
	__u8 version;
	__u8 log2vcmdqs;
	__u8 log2vsids;
	__u8 __reserved;
};

/**
 * struct iommu_hw_info_amd - an AMD IOMMU (IOMMU_HW_INFO_TYPE_AMD)
 * @efr: Extended Feature Register (AMD 48882, MMIO offset 0030h).
 * @efr2: Extended Feature 2 Register (AMD 48882, MMIO offset 01A0h).
 *
 * Both are as the hardware has them, though not all features work for guests. A VMM may pass on, of
 * EFR: EPHSup, GASup, GATS, GioSup, GLX, GTSup, PASmax, PPRSup; of EFR2 none.
 */
struct iommu_hw_info_amd {
	__aligned_u64 efr;
	__aligned_u64 efr2;
};

/**
 * enum iommu_hw_info_type - which structure describes an IOMMU
 * @IOMMU_HW_INFO_TYPE_NONE: Out: the driver has nothing to report.
 * @IOMMU_HW_INFO_TYPE_DEFAULT: In: whatever the driver reports first.
 * @IOMMU_HW_INFO_TYPE_INTEL_VTD: &struct iommu_hw_info_vtd
 * @IOMMU_HW_INFO_TYPE_ARM_SMMUV3: &struct iommu_hw_info_arm_smmuv3
 * @IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV: &struct iommu_hw_info_tegra241_cmdqv
 * @IOMMU_HW_INFO_TYPE_AMD: &struct iommu_hw_info_amd
 */
enum iommu_hw_info_type {
	IOMMU_HW_INFO_TYPE_NONE = 0,
	IOMMU_HW_INFO_TYPE_DEFAULT = 0,
	IOMMU_HW_INFO_TYPE_INTEL_VTD = 1,
	IOMMU_HW_INFO_TYPE_ARM_SMMUV3 = 2,
	IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV = 3,
	IOMMU_HW_INFO_TYPE_AMD = 4,
};

/**
 * enum iommufd_hw_capabilities - what any kind of IOMMU may be able to do
 * @IOMMU_HW_CAP_DIRTY_TRACKING: It records written pages: IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
 *                               IOMMU_HWPT_SET_DIRTY_TRACKING and IOMMU_HWPT_GET_DIRTY_BITMAP work.
 * @IOMMU_HW_CAP_PCI_PASID_EXEC: The device's PASID capability has Execute Permission. Meaningless
 *                               while @out_max_pasid_log2 is 0, as is the next.
 * @IOMMU_HW_CAP_PCI_PASID_PRIV: The device's PASID capability has Privileged Mode.
 * @IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED: The device does no address translation requests, or the
 *                                      kernel will not let it. Clear: it might.
 */
enum iommufd_hw_capabilities {
	IOMMU_HW_CAP_DIRTY_TRACKING = 1 << 0,
	IOMMU_HW_CAP_PCI_PASID_EXEC = 1 << 1,
	IOMMU_HW_CAP_PCI_PASID_PRIV = 1 << 2,
	IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED = 1 << 3,
};

/**
 * enum iommufd_hw_info_flags - flags of IOMMU_GET_HW_INFO
 * @IOMMU_HW_INFO_FLAG_INPUT_TYPE: @in_data_type says which structure is wanted.
 */
enum iommufd_hw_info_flags {
	IOMMU_HW_INFO_FLAG_INPUT_TYPE = 1 << 0,
};

/**
 * struct iommu_hw_info - ioctl(IOMMU_GET_HW_INFO): what is the IOMMU in front of a device
 * @size: Size of this structure, in bytes.
 * @flags: Of &enum iommufd_hw_info_flags.
 * @dev_id: A bound device.
 * @data_len: In: bytes at @data_uptr, may be 0. Out: bytes that the kernel has to tell, possibly
 *            more or less.
 * @data_uptr: Where to write the structure that @out_data_type says. It is cut off if the buffer is
 *             short; the rest of a long buffer is cleared.
 * @in_data_type: Of &enum iommu_hw_info_type, with IOMMU_HW_INFO_FLAG_INPUT_TYPE. Ignored without.
 * @out_data_type: Of &enum iommu_hw_info_type (the same bytes as @in_data_type).
 * @out_max_pasid_log2: Bits of a PASID, 0 to 20; 0 if the device cannot use PASIDs.
 * @__reserved: Must be 0.
 * @out_capabilities: Of &enum iommufd_hw_capabilities.
 *
 * A VMM makes the virtual IOMMU of a guest that nests from the answer.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: @dev_id is no bound device.
 * * ``EOPNOTSUPP``: unknown @flags, @__reserved not 0, or the driver does not have @in_data_type.
 * * ``EFAULT``: @data_uptr cannot be written.
 * * ``ENOMEM``: no memory.
 */
struct iommu_hw_info {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 data_len;
	__aligned_u64 data_uptr;
	union {
		__u32 in_data_type;
		__u32 out_data_type;
	};
	__u8 out_max_pasid_log2;
	__u8 __reserved[3];
	__aligned_u64 out_capabilities;
};
#define IOMMU_GET_HW_INFO _IO(IOMMUFD_TYPE, IOMMUFD_CMD_GET_HW_INFO)

/**
 * enum iommufd_hwpt_set_dirty_tracking_flags - flags of IOMMU_HWPT_SET_DIRTY_TRACKING
 * @IOMMU_HWPT_DIRTY_TRACKING_ENABLE: Start recording; without it, stop.
 */
enum iommufd_hwpt_set_dirty_tracking_flags {
	IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1,
};

/**
 * struct iommu_hwpt_set_dirty_tracking - ioctl(IOMMU_HWPT_SET_DIRTY_TRACKING): record writes
 * @size: Size of this structure, in bytes.
 * @flags: Of &enum iommufd_hwpt_set_dirty_tracking_flags.
 * @hwpt_id: A page table made with IOMMU_HWPT_ALLOC_DIRTY_TRACKING.
 * @__reserved: Must be 0.
 *
 * Starting forgets what was recorded before.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: @hwpt_id is no paging page table.
 * * ``EOPNOTSUPP``: it was not made for this, unknown @flags, or @__reserved is not 0.
 */
struct iommu_hwpt_set_dirty_tracking {
	__u32 size;
	__u32 flags;
	__u32 hwpt_id;
	__u32 __reserved;
};
#define IOMMU_HWPT_SET_DIRTY_TRACKING \
	_IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING)

/**
 * enum iommufd_hwpt_get_dirty_bitmap_flags - flags of IOMMU_HWPT_GET_DIRTY_BITMAP
 * @IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR: Leave the records as they are, which saves a flush. Good
 *                                        when the range is about to be unmapped anyway.
 */
enum iommufd_hwpt_get_dirty_bitmap_flags {
	IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR = 1,
};

/**
 * struct iommu_hwpt_get_dirty_bitmap - ioctl(IOMMU_HWPT_GET_DIRTY_BITMAP): what has been written
 * @size: Size of this structure, in bytes.
 * @hwpt_id: A page table made with IOMMU_HWPT_ALLOC_DIRTY_TRACKING.
 * @flags: 0, or of &enum iommufd_hwpt_get_dirty_bitmap_flags.
 * @__reserved: 0.
 * @iova: Where the range begins, a multiple of the IOMMU's smallest page.
 * @length: Bytes of the range, more than 0, a multiple of @page_size.
 * @page_size: Bytes that one bit stands for, a power of two that the IOMMU has or larger.
 * @data: Address of the bitmap, an array of 64-bit words. Page n of the range, counted from @iova,
 *        is bit n % 64 of word n / 64.
 *
 * Sets the bits of the pages written since the last call; bits that are set stay set. Unless
 * NO_CLEAR is given the range's records start anew.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: @hwpt_id is no paging page table.
 * * ``EINVAL``: tracking is not on, or @iova, @length or @page_size is not aligned as it must be.
 * * ``EOPNOTSUPP``: the page table was not made for this, unknown @flags, or @__reserved not 0.
 * * ``EOVERFLOW``: @iova + @length wraps around.
 * * ``EFAULT``: the bitmap cannot be written.
 */
struct iommu_hwpt_get_dirty_bitmap {
	__u32 size;
	__u32 hwpt_id;
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__aligned_u64 data;
};
#define IOMMU_HWPT_GET_DIRTY_BITMAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP)

/**
 * enum iommu_hwpt_invalidate_data_type - which structures come with IOMMU_HWPT_INVALIDATE
 * @IOMMU_HWPT_INVALIDATE_DATA_VTD_S1: &struct iommu_hwpt_vtd_s1_invalidate, for a page table
 * @IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3: &struct iommu_viommu_arm_smmuv3_invalidate, for a
 *                                           vIOMMU
 */
enum iommu_hwpt_invalidate_data_type {
	IOMMU_HWPT_INVALIDATE_DATA_VTD_S1 = 0,
	IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3 = 1,
};

/**
 * enum iommu_hwpt_vtd_s1_invalidate_flags - flags of struct iommu_hwpt_vtd_s1_invalidate
 * @IOMMU_VTD_INV_FLAGS_LEAF: Only leaf entries have changed, so the caches of the levels above may
 *                            be kept (IH of the VT-d invalidation descriptor).
 */
enum iommu_hwpt_vtd_s1_invalidate_flags {
	IOMMU_VTD_INV_FLAGS_LEAF = 1 << 0,
};

/**
 * struct iommu_hwpt_vtd_s1_invalidate - forget part of a VT-d first-stage table
 * @addr: First address, a multiple of 4096.
 * @npages: Pages of 4096 bytes.
 * @flags: Of &enum iommu_hwpt_vtd_s1_invalidate_flags.
 * @__reserved: Must be 0.
 *
 * @addr 0 with @npages ``UINT64_MAX`` forgets the whole table. Caches in devices (ATS) count too.
 */
struct iommu_hwpt_vtd_s1_invalidate {
	__aligned_u64 addr;
	__aligned_u64 npages;
	__u32 flags;
	__u32 __reserved;
};

/**
 * struct iommu_viommu_arm_smmuv3_invalidate - a command of an SMMUv3 guest
 * @cmd: The command as in the guest's queue, little-endian (Arm IHI 0070, chapter 4).
 *
 * Taken are CMDQ_OP_TLBI_NSNH_ALL, CMDQ_OP_TLBI_NH_VA, CMDQ_OP_TLBI_NH_VAA, CMDQ_OP_TLBI_NH_ALL,
 * CMDQ_OP_TLBI_NH_ASID, CMDQ_OP_ATC_INV, CMDQ_OP_CFGI_CD and CMDQ_OP_CFGI_CD_ALL. Stream IDs in
 * them are virtual. Another command, a field that may not be used, or a value that the hardware
 * does not have is ``EIO``.
 */
struct iommu_viommu_arm_smmuv3_invalidate {
	__aligned_le64 cmd[2];
};

/**
 * struct iommu_hwpt_invalidate - ioctl(IOMMU_HWPT_INVALIDATE): pass on a guest's invalidations
 * @size: Size of this structure, in bytes.
 * @hwpt_id: A nested page table, for its translations; or a vIOMMU, for whatever the type covers.
 * @data_uptr: Address of an array of requests.
 * @data_type: Of &enum iommu_hwpt_invalidate_data_type, for all of the array.
 * @entry_len: Bytes from one request to the next, at most PAGE_SIZE.
 * @entry_num: In: number of requests, at most 524288. Out, on failure too: how many were done.
 * @__reserved: Must be 0.
 *
 * Must be called after a guest has changed its table and before it may rely on the change. With
 * @entry_num 0 nothing is done but to check whether @data_type is supported, and @data_uptr and
 * @entry_len do not matter.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: @hwpt_id is neither a page table nor a vIOMMU.
 * * ``EINVAL``: it is a paging page table, @data_type does not fit the object, @data_uptr or
 *   @entry_len is 0 or @entry_len not a size of the request, @entry_len or @entry_num is too large,
 *   or a request is out of range.
 * * ``EOPNOTSUPP``: @__reserved is not 0, or a request has unknown flags.
 * * ``EIO``: a request was refused by the IOMMU driver.
 */
struct iommu_hwpt_invalidate {
	__u32 size;
	__u32 hwpt_id;
	__aligned_u64 data_uptr;
	__u32 data_type;
	__u32 entry_len;
	__u32 entry_num;
	__u32 __reserved;
};
#define IOMMU_HWPT_INVALIDATE _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_INVALIDATE)

/**
 * enum iommu_hwpt_pgfault_flags - flags of a page request
 * @IOMMU_PGFAULT_FLAGS_PASID_VALID: The request had a PASID, see @pasid.
 * @IOMMU_PGFAULT_FLAGS_LAST_PAGE: No more requests of the group follow; it awaits its response.
 */
enum iommu_hwpt_pgfault_flags {
	IOMMU_PGFAULT_FLAGS_PASID_VALID		= (1 << 0),
	IOMMU_PGFAULT_FLAGS_LAST_PAGE		= (1 << 1),
};

/**
 * enum iommu_hwpt_pgfault_perm - what a page request asks for
 * @IOMMU_PGFAULT_PERM_READ: To read.
 * @IOMMU_PGFAULT_PERM_WRITE: To write.
 * @IOMMU_PGFAULT_PERM_EXEC: To execute (PCIe 10.4.1: Execute Requested in the PASID prefix).
 * @IOMMU_PGFAULT_PERM_PRIV: As privileged (PCIe 10.4.1: Privileged Mode Requested in that prefix).
 */
enum iommu_hwpt_pgfault_perm {
	IOMMU_PGFAULT_PERM_READ			= (1 << 0),
	IOMMU_PGFAULT_PERM_WRITE		= (1 << 1),
	IOMMU_PGFAULT_PERM_EXEC			= (1 << 2),
	IOMMU_PGFAULT_PERM_PRIV			= (1 << 3),
};

/**
 * struct iommu_hwpt_pgfault - a page request, read(2) from a fault queue
 * @flags: Of &enum iommu_hwpt_pgfault_flags.
 * @dev_id: The bound device that sent it.
 * @pasid: PASID of the request, if PASID_VALID.
 * @grpid: Page Request Group Index (PCIe 10.4.1).
 * @perm: Of &enum iommu_hwpt_pgfault_perm.
 * @__reserved: 0.
 * @addr: The address asked for.
 * @length: Bytes that the device is about to use from there, as a hint; 0 if it did not say.
 * @cookie: Names the group in the response. Only the one of the LAST_PAGE request counts.
 */
struct iommu_hwpt_pgfault {
	__u32 flags;
	__u32 dev_id;
	__u32 pasid;
	__u32 grpid;
	__u32 perm;
	__u32 __reserved;
	__aligned_u64 addr;
	__u32 length;
	__u32 cookie;
};

/**
 * enum iommufd_page_response_code - answers to a page request group
 * @IOMMUFD_PAGE_RESP_SUCCESS: The pages are there, try again (PCIe 10.4.2.1, Success).
 * @IOMMUFD_PAGE_RESP_INVALID: They are not and will not be (PCIe 10.4.2.1, Invalid Request).
 */
enum iommufd_page_response_code {
	IOMMUFD_PAGE_RESP_SUCCESS = 0,
	IOMMUFD_PAGE_RESP_INVALID = 1,
};

/**
 * struct iommu_hwpt_page_response - an answer, written to a fault queue with write(2)
 * @cookie: Of the group's LAST_PAGE request.
 * @code: Of &enum iommufd_page_response_code.
 */
struct iommu_hwpt_page_response {
	__u32 cookie;
	__u32 code;
};

/**
 * struct iommu_fault_alloc - ioctl(IOMMU_FAULT_QUEUE_ALLOC): make a queue for page requests
 * @size: Size of this structure, in bytes.
 * @flags: Must be 0.
 * @out_fault_id: Number of the queue, for IOMMU_HWPT_ALLOC.
 * @out_fault_fd: A new file descriptor, close-on-exec: read &struct iommu_hwpt_pgfault from it, in
 *                whole records and whole groups, write &struct iommu_hwpt_page_response to it, poll
 *                it for POLLIN.
 *
 * Devices that are attached to a page table with the queue may request pages, if they can: an
 * attach fails with ``EOPNOTSUPP`` if they can't, and with ``EINVAL`` for a PCI virtual function,
 * which shares its page requests with others.
 *
 * A read never waits. It returns as many groups as fit, 0 if there is none or the first does not
 * fit, and fails with ``ESPIPE`` if the size is no multiple of a record's. A write takes any number
 * of responses; it fails with ``ESPIPE`` if the size is no multiple of a response's, and with
 * ``EINVAL`` if @cookie does not name a group that was read and awaits its response, or @code is
 * unknown. It returns the number of bytes up to the first that fails. Both fail with ``EFAULT`` if
 * memory cannot be accessed; what could not be read stays.
 *
 * The kernel answers IOMMUFD_PAGE_RESP_INVALID to what awaits a response when the device is
 * detached, goes to another page table, or is taken away, and when the descriptor is closed. It
 * does so at once after that, and while 4096 requests await responses. The cookies are void then.
 *
 * The descriptor does not keep the context: when that ends, poll tells POLLHUP. IOMMU_DESTROY fails
 * with ``EBUSY`` as long as the descriptor is open or a page table has the queue.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EOPNOTSUPP``: @flags is not 0, or this kernel has no page requests.
 * * ``EMFILE``, ``ENFILE``: too many open files.
 * * ``ENOMEM``: no memory.
 */
struct iommu_fault_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_fault_id;
	__u32 out_fault_fd;
};
#define IOMMU_FAULT_QUEUE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_FAULT_QUEUE_ALLOC)

/**
 * enum iommu_viommu_type - kinds of vIOMMU
 * @IOMMU_VIOMMU_TYPE_DEFAULT: Not used.
 * @IOMMU_VIOMMU_TYPE_ARM_SMMUV3: Arm SMMUv3.
 * @IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV: Arm SMMUv3 with the CMDQ-V unit of Tegra241; takes a
 *                                    &struct iommu_viommu_tegra241_cmdqv. The vIOMMU gets a virtual
 *                                    interface that is not HYP_OWN, so the guest must read 0 in
 *                                    VINTF_CONFIG.HYP_OWN, or its queues do not work.
 */
enum iommu_viommu_type {
	IOMMU_VIOMMU_TYPE_DEFAULT = 0,
	IOMMU_VIOMMU_TYPE_ARM_SMMUV3 = 1,
	IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV = 2,
};

/**
 * struct iommu_viommu_tegra241_cmdqv - data of a vIOMMU of type TEGRA241_CMDQV
 * @out_vintf_mmap_offset: Offset for mmap(2) of /dev/iommu, in bytes.
 * @out_vintf_mmap_length: Length for mmap(2), in bytes.
 *
 * That mapping is page 0 of the virtual interface. Put into the guest's memory, it lets the guest
 * drive its command queues without exits.
 */
struct iommu_viommu_tegra241_cmdqv {
	__aligned_u64 out_vintf_mmap_offset;
	__aligned_u64 out_vintf_mmap_length;
};

/**
 * struct iommu_viommu_alloc - ioctl(IOMMU_VIOMMU_ALLOC): make a guest's share of an IOMMU
 * @size: Size of this structure, in bytes.
 * @flags: Must be 0.
 * @type: Of &enum iommu_viommu_type.
 * @dev_id: A bound device behind the IOMMU that is meant.
 * @hwpt_id: A page table with IOMMU_HWPT_ALLOC_NEST_PARENT.
 * @out_viommu_id: Number of the vIOMMU.
 * @data_len: Bytes at @data_uptr, 0 if the type has no data.
 * @__reserved: Must be 0.
 * @data_uptr: Address of the type's structure, in and out.
 *
 * A vIOMMU holds what one guest has of one physical IOMMU apart from single devices: the space of
 * cache tags and device IDs that the guest chooses, its invalidations, its queues, its errors. One
 * parent page table may serve the vIOMMUs of several IOMMUs.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: no such device or page table.
 * * ``EINVAL``: @hwpt_id is no nesting parent or not of this IOMMU; @data_len is too short.
 * * ``EOPNOTSUPP``: the IOMMU or this kernel lacks @type; @flags or @__reserved is not 0.
 * * ``ENOMEM``: no memory.
 */
struct iommu_viommu_alloc {
	__u32 size;
	__u32 flags;
	__u32 type;
	__u32 dev_id;
	__u32 hwpt_id;
	__u32 out_viommu_id;
	__u32 data_len;
	__u32 __reserved;
	__aligned_u64 data_uptr;
};
#define IOMMU_VIOMMU_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VIOMMU_ALLOC)

/**
 * struct iommu_vdevice_alloc - ioctl(IOMMU_VDEVICE_ALLOC): tell a vIOMMU a device's virtual ID
 * @size: Size of this structure, in bytes.
 * @viommu_id: The vIOMMU.
 * @dev_id: A bound device behind the same IOMMU.
 * @out_vdevice_id: Number of the vdevice.
 * @virt_id: What the guest calls the device: stream ID (SMMUv3), DeviceID (AMD), requester ID
 *           (VT-d). Unique in the vIOMMU.
 *
 * Destroy the vdevice before the device is unbound. One that is left over then stops working, and
 * its number stays taken, of no use, until the context is closed.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: no such vIOMMU or device.
 * * ``EINVAL``: the device is behind another IOMMU, or @virt_id is out of range.
 * * ``EEXIST``: the device has a vdevice, or the vIOMMU a device with this @virt_id.
 * * ``ENOMEM``: no memory.
 */
struct iommu_vdevice_alloc {
	__u32 size;
	__u32 viommu_id;
	__u32 dev_id;
	__u32 out_vdevice_id;
	__aligned_u64 virt_id;
};
#define IOMMU_VDEVICE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VDEVICE_ALLOC)

/**
 * struct iommu_ioas_change_process - ioctl(IOMMU_IOAS_CHANGE_PROCESS): be charged for all of it
 * @size: Size of this structure, in bytes.
 * @__reserved: Must be 0.
 *
 * Makes the calling process the one that is charged for the memory that the context has pinned, and
 * for what is mapped but not pinned yet, for example when a VMM replaces itself by a new version
 * and hands over its files. What is mapped later is charged to whoever maps it.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``EINVAL``: an IOAS has a mapping that was not made by IOMMU_IOAS_MAP_FILE.
 * * ``ENOMEM``: RLIMIT_MEMLOCK of the caller would be exceeded.
 * * ``EOPNOTSUPP``: @__reserved is not 0.
 */
struct iommu_ioas_change_process {
	__u32 size;
	__u32 __reserved;
};
#define IOMMU_IOAS_CHANGE_PROCESS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_CHANGE_PROCESS)

/**
 * enum iommu_veventq_flag - flags of struct iommufd_vevent_header
 * @IOMMU_VEVENTQ_FLAG_LOST_EVENTS: Events were lost and no event follows this header.
 */
enum iommu_veventq_flag {
	IOMMU_VEVENTQ_FLAG_LOST_EVENTS = (1U << 0),
};

/**
 * struct iommufd_vevent_header - what precedes each event in an event queue
 * @flags: Of &enum iommu_veventq_flag.
 * @sequence: Number of the event, 0 to ``INT_MAX``, then 0 again.
 *
 * A reader finds lost events by a gap: after number 3, number 6 means that two were lost. When the
 * lost ones are the newest there is no later event to show it; the queue then ends with a header
 * that has LOST_EVENTS, the next number, and no data.
 */
struct iommufd_vevent_header {
	__u32 flags;
	__u32 sequence;
};

/**
 * enum iommu_veventq_type - kinds of event queue
 * @IOMMU_VEVENTQ_TYPE_DEFAULT: Not used.
 * @IOMMU_VEVENTQ_TYPE_ARM_SMMUV3: Each event is a &struct iommu_vevent_arm_smmuv3.
 * @IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV: Each event is a &struct iommu_vevent_tegra241_cmdqv.
 */
enum iommu_veventq_type {
	IOMMU_VEVENTQ_TYPE_DEFAULT = 0,
	IOMMU_VEVENTQ_TYPE_ARM_SMMUV3 = 1,
	IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV = 2,
};

/**
 * struct iommu_vevent_arm_smmuv3 - an event of an SMMUv3
 * @evt: The event record, little-endian, with the virtual stream ID (Arm IHI 0070, section 7.3).
 *
 * Reported are C_BAD_STE (0x04), F_STREAM_DISABLED (0x06), C_BAD_SUBSTREAMID (0x08), C_BAD_CD
 * (0x0a), F_TRANSLATION (0x10), F_ADDR_SIZE (0x11), F_ACCESS (0x12) and F_PERMISSION (0x13), for
 * devices that have a vdevice.
 */
struct iommu_vevent_arm_smmuv3 {
	__aligned_le64 evt[4];
};

/**
 * struct iommu_vevent_tegra241_cmdqv - an error of the CMDQ-V unit
 * @lvcmdq_err_map: LVCMDQ_ERR_MAP of the virtual interface, little-endian: a bit for each logical
 *                  queue that has stopped with an error.
 */
struct iommu_vevent_tegra241_cmdqv {
	__aligned_le64 lvcmdq_err_map[2];
};

/**
 * struct iommu_veventq_alloc - ioctl(IOMMU_VEVENTQ_ALLOC): make a queue for a vIOMMU's events
 * @size: Size of this structure, in bytes.
 * @flags: Must be 0.
 * @viommu_id: The vIOMMU. It can have one queue of each type.
 * @type: Of &enum iommu_veventq_type.
 * @veventq_depth: How many events the queue can hold, more than 0. Further ones are lost.
 * @out_veventq_id: Number of the queue.
 * @out_veventq_fd: A new file descriptor, close-on-exec, for read(2) and poll(2). The caller closes
 *                  it.
 * @__reserved: Must be 0.
 *
 * A read returns whole events: &struct iommufd_vevent_header, then the type's structure, and so on.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: no such vIOMMU.
 * * ``EEXIST``: it has a queue of this type.
 * * ``EINVAL``: @veventq_depth is 0.
 * * ``EOPNOTSUPP``: unknown @type, or @flags or @__reserved is not 0.
 * * ``EMFILE``, ``ENFILE``: too many open files.
 * * ``ENOMEM``: no memory.
 */
struct iommu_veventq_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 veventq_depth;
	__u32 out_veventq_id;
	__u32 out_veventq_fd;
	__u32 __reserved;
};
#define IOMMU_VEVENTQ_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VEVENTQ_ALLOC)

/**
 * enum iommu_hw_queue_type - kinds of hardware queue
 * @IOMMU_HW_QUEUE_TYPE_DEFAULT: Not used.
 * @IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV: A virtual command queue of Tegra241. Index 0 comes first,
 *                                      each next one is the next higher, and they are destroyed in
 *                                      the opposite order. The length is a power of two from 32 to
 *                                      16 << IDR1.CMDQS bytes, see
 *                                      &struct iommu_hw_info_arm_smmuv3, and the base a multiple of
 *                                      it. Contiguous memory works best, so a VMM had better
 *                                      give its guest a CMDQS with which a queue fits a huge page.
 */
enum iommu_hw_queue_type {
	IOMMU_HW_QUEUE_TYPE_DEFAULT = 0,
	IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV = 1,
};

/**
 * struct iommu_hw_queue_alloc - ioctl(IOMMU_HW_QUEUE_ALLOC): let hardware read a guest's queue
 * @size: Size of this structure, in bytes.
 * @flags: Must be 0.
 * @viommu_id: The vIOMMU.
 * @type: Of &enum iommu_hw_queue_type.
 * @index: Which of the vIOMMU's queues of this type.
 * @out_hw_queue_id: Number of the queue.
 * @nesting_parent_iova: Guest physical address of the queue, which the IOAS must map.
 * @length: Bytes of the queue.
 *
 * The memory cannot be unmapped from the IOAS until the queue is destroyed.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: no such vIOMMU, or the memory is not mapped.
 * * ``EEXIST``: the index is taken.
 * * ``EINVAL``: @length is 0, or a value breaks a rule of @type.
 * * ``EOVERFLOW``: @nesting_parent_iova + @length wraps around.
 * * ``EOPNOTSUPP``: the vIOMMU has no such queues, or @flags is not 0.
 */
struct iommu_hw_queue_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 index;
	__u32 out_hw_queue_id;
	__aligned_u64 nesting_parent_iova;
	__aligned_u64 length;
};
#define IOMMU_HW_QUEUE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HW_QUEUE_ALLOC)

/**
 * enum iommu_pasid_scope - among whom a PASID has to be unique
 * @IOMMU_PASID_SCOPE_EXCLUSIVE: Among those of the device, which has its requester ID for itself.
 * @IOMMU_PASID_SCOPE_SHARED: In the whole machine. The device is a *PASID endpoint*: it does DMA
 *                            under the requester ID of a parent device, as other users' devices do
 *                            that the parent has, and only the PASID tells them apart. Which PASIDs
 *                            it uses, its driver checks.
 *
 * The scope is a matter of the device; the wrong one is refused.
 */
enum iommu_pasid_scope {
	IOMMU_PASID_SCOPE_EXCLUSIVE = 0,
	IOMMU_PASID_SCOPE_SHARED = 1,
};

/**
 * enum iommu_pasid_alloc_flags - flags of IOMMU_PASID_ALLOC
 * @IOMMU_PASID_ALLOC_GUEST: @guest_pasid is how a guest calls the PASID.
 */
enum iommu_pasid_alloc_flags {
	IOMMU_PASID_ALLOC_GUEST = 1 << 0,
};

/**
 * struct iommu_pasid_alloc - ioctl(IOMMU_PASID_ALLOC): own a PASID of a device
 * @size: Size of this structure, in bytes.
 * @flags: Of &enum iommu_pasid_alloc_flags.
 * @dev_id: A bound device that has PASIDs.
 * @scope: Of &enum iommu_pasid_scope.
 * @min_pasid: The lowest PASID wanted; 0 is the same as 1. For the shared scope it must be 0 or 1,
 *             since the kernel always gives the lowest that is free.
 * @max_pasid: The highest PASID wanted; 0: the highest that the device has.
 * @guest_pasid: With IOMMU_PASID_ALLOC_GUEST a number from 1 to 2^20 - 1 by which the device's
 *               driver finds the PASID, if it is one that translates. Different devices may have
 *               the same. Else 0.
 * @__reserved: Must be 0.
 * @out_pasid_id: Number of the new object, for IOMMU_DESTROY.
 * @out_pasid: The PASID; from 1 to 2^20 - 1.
 *
 * An extension of this project. The PASID is the context's until IOMMU_DESTROY, and until the
 * device is unbound at the latest. It can be attached (VFIO_DEVICE_ATTACH_PASID) through this
 * device only. While it is attached IOMMU_DESTROY fails with ``EBUSY``. It is given to nobody else
 * before the device has finished what it does with it.
 *
 * With an exclusive requester ID the ioctl is a convenience: a PASID that was never allocated can
 * be attached too, and is reserved from then until it is detached. A context has at most
 * ``max_pasids`` PASIDs (a parameter of the module iommufd, 4096 unless changed), those reserved in
 * this way and the one that each PASID endpoint has from its bind included.
 *
 * Return: 0, or -1 with errno:
 *
 * * ``ENOENT``: @dev_id is no bound device.
 * * ``EINVAL``: @scope is unknown or not the device's; @min_pasid is above @max_pasid, or one of
 *   them is beyond what the device has; @guest_pasid is out of range, or not 0 without the flag.
 * * ``EOPNOTSUPP``: unknown @flags, @__reserved is not 0; the device, its IOMMU or its driver has
 *   no PASIDs for users; or the shared scope, and @min_pasid is above 1.
 * * ``ENOSPC``: no PASID is free in the range.
 * * ``EEXIST``: the device has this @guest_pasid already.
 * * ``EDQUOT``: the context has as many PASIDs as it may.
 * * ``ENODEV``: the device was taken away.
 */
struct iommu_pasid_alloc {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 scope;
	__u32 min_pasid;
	__u32 max_pasid;
	__u32 guest_pasid;
	__u32 __reserved;
	__u32 out_pasid_id;
	__u32 out_pasid;
};
#define IOMMU_PASID_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_PASID_ALLOC)

#endif /* _UAPI_IOMMUFD_H */
