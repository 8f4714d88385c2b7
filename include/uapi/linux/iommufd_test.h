/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * IOMMU_TEST_CMD: how tests control the mock IOMMU (iommufd_mock.ko).
 *
 * The module brings an IOMMU in software, with devices that come and go at the test's wish, page
 * tables that can be looked into, and DMA. Its ioctl is one of /dev/iommu's; without the module
 * that is an unknown one (``ENOTTY``).
 *
 * Numbers, layouts and names are those of Linux 7.3. What only Linux 6.12 has stands beside them,
 * so that the selftests of both work. What is our own is numbered from IOMMU_TEST_OP_EXT_BASE on,
 * and flags of our own from bit 24 on.
 */
#ifndef _UAPI_IOMMUFD_TEST_H
#define _UAPI_IOMMUFD_TEST_H

#include <linux/iommufd.h>
#include <linux/types.h>

/**
 * enum iommu_test_op - what IOMMU_TEST_CMD does
 * @IOMMU_TEST_OP_ADD_RESERVED: Reserve a range of the IOAS @id for as long as that lives.
 *                              ``EADDRINUSE``: something is mapped or allowed there.
 * @IOMMU_TEST_OP_MOCK_DOMAIN: Make a device, bind it, and attach it to the page table or IOAS @id.
 *                             IOMMU_DESTROY of ``out_stdev_id`` undoes it all.
 * @IOMMU_TEST_OP_MD_CHECK_MAP: Does the page table @id translate the range to exactly the memory
 *                              that the caller has at ``uptr``? ``EIO`` if it doesn't.
 * @IOMMU_TEST_OP_MD_CHECK_REFS: Are the caller's pages pinned? With ``refs`` 0 none may be, else
 *                               each at least so many times. ``EIO`` if that isn't so.
 * @IOMMU_TEST_OP_CREATE_ACCESS: Make a kernel driver that accesses memory by IOVA, and attach it to
 *                               the IOAS @id. ``out_access_fd`` is a descriptor that stands for it;
 *                               closing it releases everything.
 * @IOMMU_TEST_OP_DESTROY_ACCESS_PAGES: The access whose descriptor is @id ends a pin. ``ENOENT``:
 *                                      it was asked for it before.
 * @IOMMU_TEST_OP_ACCESS_PAGES: The access whose descriptor is @id pins what a range maps. With
 *                              ``uptr`` not 0: ``EIO`` unless these are the caller's pages there.
 * @IOMMU_TEST_OP_ACCESS_RW: The access whose descriptor is @id copies, between a range and the
 *                           caller's memory at ``uptr``.
 * @IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT: Accepted, and without effect: how much is pinned at a time
 *                                       does not depend on it here.
 * @IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE: Attach the mock device @id to another page table or IOAS.
 * @IOMMU_TEST_OP_ACCESS_REPLACE_IOAS: Attach the access whose descriptor is @id to another IOAS.
 * @IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS: As MOCK_DOMAIN, a device with ``dev_flags``.
 * @IOMMU_TEST_OP_DIRTY: Mark as written by a device what a bitmap of the caller's says, a bit for
 *                       each ``page_size`` bytes. ``EINVAL``: the page table @id does not track.
 * @IOMMU_TEST_OP_MD_CHECK_IOTLB: Has the entry of the nested page table @id this value? ``EIO`` if
 *                                it hasn't.
 * @IOMMU_TEST_OP_TRIGGER_IOPF: A device, named by its endpoint ``dev_id``, requests a page, as the
 *                              last of its group. ``EINVAL``: it may not, or nobody would answer.
 * @IOMMU_TEST_OP_DEV_CHECK_CACHE: Not supported yet.
 * @IOMMU_TEST_OP_TRIGGER_VEVENT: Not supported yet.
 * @IOMMU_TEST_OP_PASID_ATTACH: Attach a PASID of the mock device @id to a page table. ``EBUSY``: it
 *                              is attached. ``EINVAL``: the device has no PASIDs.
 * @IOMMU_TEST_OP_PASID_REPLACE: Attach a PASID to another page table. ``EINVAL``: it isn't
 *                               attached.
 * @IOMMU_TEST_OP_PASID_DETACH: Detach a PASID.
 * @IOMMU_TEST_OP_PASID_CHECK_HWPT: Is a PASID of the mock device @id attached to the page table
 *                                  ``hwpt_id``, or to nothing if that is 0? ``EINVAL`` if it isn't.
 * @IOMMU_TEST_OP_DMABUF_GET: Not supported yet.
 * @IOMMU_TEST_OP_DMABUF_REVOKE: Not supported yet.
 * @IOMMU_TEST_OP_EXT_BASE: From here on operations are this project's own.
 * @IOMMU_TEST_OP_MOCK_DMA: The mock device @id reads or writes memory through its page table, as
 *                          hardware would. ``ENXIO``: nothing is mapped there; ``EACCES``: not to
 *                          be read or written; ``EPERM``: the device's DMA is blocked.
 * @IOMMU_TEST_OP_MOCK_DOMAIN_SIBLING: As MOCK_DOMAIN_FLAGS, in the IOMMU group of the mock device
 *                                     ``sibling_id``.
 * @IOMMU_TEST_OP_DEV_RESERVE: From its next attach on the mock device @id reserves a range.
 * @IOMMU_TEST_OP_DEV_RESPONSE: What the mock device @id was last told about a page that it
 *                              requested.
 * @IOMMU_TEST_OP_MD_STAT: How much of a range the page table @id translates, in how many entries.
 * @IOMMU_TEST_OP_FAIL: Let the IOMMU driver fail in the future.
 * @IOMMU_TEST_OP_TRIGGER_IOPF_PARTIAL: As TRIGGER_IOPF, and more requests of its group follow.
 */
enum iommu_test_op {
	IOMMU_TEST_OP_ADD_RESERVED = 1,
	IOMMU_TEST_OP_MOCK_DOMAIN = 2,
	IOMMU_TEST_OP_MD_CHECK_MAP = 3,
	IOMMU_TEST_OP_MD_CHECK_REFS = 4,
	IOMMU_TEST_OP_CREATE_ACCESS = 5,
	IOMMU_TEST_OP_DESTROY_ACCESS_PAGES = 6,
	IOMMU_TEST_OP_ACCESS_PAGES = 7,
	IOMMU_TEST_OP_ACCESS_RW = 8,
	IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT = 9,
	IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE = 10,
	IOMMU_TEST_OP_ACCESS_REPLACE_IOAS = 11,
	IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS = 12,
	IOMMU_TEST_OP_DIRTY = 13,
	IOMMU_TEST_OP_MD_CHECK_IOTLB = 14,
	IOMMU_TEST_OP_TRIGGER_IOPF = 15,
	IOMMU_TEST_OP_DEV_CHECK_CACHE = 16,
	IOMMU_TEST_OP_TRIGGER_VEVENT = 17,
	IOMMU_TEST_OP_PASID_ATTACH = 18,
	IOMMU_TEST_OP_PASID_REPLACE = 19,
	IOMMU_TEST_OP_PASID_DETACH = 20,
	IOMMU_TEST_OP_PASID_CHECK_HWPT = 21,
	IOMMU_TEST_OP_DMABUF_GET = 22,
	IOMMU_TEST_OP_DMABUF_REVOKE = 23,

	IOMMU_TEST_OP_EXT_BASE = 0x8000,
	IOMMU_TEST_OP_MOCK_DMA = 0x8000,
	IOMMU_TEST_OP_MOCK_DOMAIN_SIBLING = 0x8001,
	IOMMU_TEST_OP_DEV_RESERVE = 0x8002,
	IOMMU_TEST_OP_DEV_RESPONSE = 0x8003,
	IOMMU_TEST_OP_MD_STAT = 0x8004,
	IOMMU_TEST_OP_FAIL = 0x8005,
	IOMMU_TEST_OP_TRIGGER_IOPF_PARTIAL = 0x8006,
};

/**
 * enum iommu_test_pagetable_type - page sizes of a page table of the mock
 * @MOCK_IOMMUPT_DEFAULT: MOCK_PAGE_SIZE only; IOVAs from MOCK_APERTURE_START to MOCK_APERTURE_LAST.
 * @MOCK_IOMMUPT_HUGE: Also MOCK_HUGE_PAGE_SIZE; IOVAs from MOCK_APERTURE_START on.
 */
enum iommu_test_pagetable_type {
	MOCK_IOMMUPT_DEFAULT = 0,
	MOCK_IOMMUPT_HUGE = 1,
};

/* IOVAs in bytes, and page sizes: half of a CPU page of 4 KiB, and 1 MiB */
enum {
	MOCK_APERTURE_START = 1UL << 24,
	MOCK_APERTURE_LAST = (1UL << 31) - 1,
	MOCK_PAGE_SIZE = 2048,
	MOCK_HUGE_PAGE_SIZE = 512 * MOCK_PAGE_SIZE,
};

/* Flags of ``access_pages``; the last one isn't supported */
enum {
	MOCK_FLAGS_ACCESS_WRITE = 1 << 0,
	MOCK_FLAGS_ACCESS_SYZ = 1 << 16,
};

/* Flags of ``access_rw``: write to the IOVAs; look pages up even if they are pinned */
enum {
	MOCK_ACCESS_RW_WRITE = 1 << 0,
	MOCK_ACCESS_RW_SLOW_PATH = 1 << 2,
};

/*
 * Flags of ``create_access``: it can pin; it doesn't let go of anything that it is asked for (our
 * own).
 */
enum {
	MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES = 1 << 0,
	MOCK_FLAGS_ACCESS_CREATE_STUBBORN = 1 << 24,
};

/**
 * enum iommu_test_dev_flags - what a mock device is like
 * @MOCK_FLAGS_DEVICE_NO_DIRTY: Its IOMMU can't track dirty pages.
 * @MOCK_FLAGS_DEVICE_HUGE_IOVA: Page tables are MOCK_IOMMUPT_HUGE unless the user says otherwise
 *                               (Linux 6.12).
 * @MOCK_FLAGS_DEVICE_PASID: It has PASIDs of MOCK_PASID_WIDTH bits.
 * @MOCK_FLAGS_DEVICE_NO_SNOOP: Its DMA can bypass caches, which its IOMMU can prevent (our own).
 * @MOCK_FLAGS_DEVICE_NO_IOPF: It can't request pages (our own).
 */
enum iommu_test_dev_flags {
	MOCK_FLAGS_DEVICE_NO_DIRTY = 1 << 0,
	MOCK_FLAGS_DEVICE_HUGE_IOVA = 1 << 1,
	MOCK_FLAGS_DEVICE_PASID = 1 << 2,
	MOCK_FLAGS_DEVICE_NO_SNOOP = 1 << 24,
	MOCK_FLAGS_DEVICE_NO_IOPF = 1 << 25,
};

/* The invalidation entries of a nested page table */
enum {
	MOCK_NESTED_DOMAIN_IOTLB_ID_MAX = 3,
	MOCK_NESTED_DOMAIN_IOTLB_NUM = 4,
};

/* The cache entries of a device behind a vIOMMU */
enum {
	MOCK_DEV_CACHE_ID_MAX = 3,
	MOCK_DEV_CACHE_NUM = 4,
};

/**
 * enum iommu_test_dma_flags - flags of IOMMU_TEST_OP_MOCK_DMA
 * @MOCK_DMA_WRITE: The device writes; else it reads.
 */
enum iommu_test_dma_flags {
	MOCK_DMA_WRITE = 1 << 0,
};

/**
 * enum iommu_test_fail - what IOMMU_TEST_OP_FAIL lets fail with ``ENOMEM``
 * @MOCK_FAIL_NEW_DOMAIN: The device @id: making a page table for it, after ``skip`` times.
 * @MOCK_FAIL_ATTACH: The device @id: attaching it or a PASID of it, after ``skip`` times.
 * @MOCK_FAIL_NEW_MAP: The device @id: mapping into the next page table that is made for it, after
 *                     ``skip`` entries.
 * @MOCK_FAIL_MAP: The page table @id: mapping into it, after ``skip`` entries.
 *
 * Each fails once. A map fails before the first entry of the table in which the failing one lies.
 */
enum iommu_test_fail {
	MOCK_FAIL_NEW_DOMAIN = 0,
	MOCK_FAIL_ATTACH = 1,
	MOCK_FAIL_NEW_MAP = 2,
	MOCK_FAIL_MAP = 3,
};

/*
 * Attaching to this PASID fails with ENOMEM every other time, until it is detached: so replacing
 * fails, and going back to what was attached before succeeds.
 */
#define IOMMU_TEST_PASID_RESERVED 1024

/**
 * struct iommu_test_cmd - ioctl(IOMMU_TEST_CMD)
 * @size: sizeof(struct iommu_test_cmd)
 * @op: Of &enum iommu_test_op.
 * @id: The object that it works on.
 * @__reserved: 0.
 * @last: 0.
 *
 * The member of the union has the operation's name.
 */
struct iommu_test_cmd {
	__u32 size;
	__u32 op;
	__u32 id;
	__u32 __reserved;
	union {
		struct {
			__aligned_u64 start;
			__aligned_u64 length;
		} add_reserved;
		struct {
			__u32 out_stdev_id;
			__u32 out_hwpt_id;
			/* The endpoint: the dev_id of other ioctls */
			__u32 out_idev_id;
		} mock_domain;
		struct {
			__u32 out_stdev_id;
			__u32 out_hwpt_id;
			__u32 out_idev_id;
			__u32 dev_flags;
		} mock_domain_flags;
		struct {
			/* In: a page table or an IOAS; out: the page table */
			__u32 pt_id;
		} mock_domain_replace;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} check_map;
		struct {
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 refs;
		} check_refs;
		struct {
			__u32 out_access_fd;
			__u32 flags;
		} create_access;
		struct {
			__u32 access_pages_id;
		} destroy_access_pages;
		struct {
			__u32 flags;
			__u32 out_access_pages_id;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} access_pages;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 flags;
		} access_rw;
		struct {
			__u32 limit;
		} memory_limit;
		struct {
			__u32 ioas_id;
		} access_replace_ioas;
		struct {
			__u32 flags;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 page_size;
			__aligned_u64 uptr;
			__aligned_u64 out_nr_dirty;
		} dirty;
		struct {
			__u32 id;
			__u32 iotlb;
		} check_iotlb;
		struct {
			__u32 dev_id;
			__u32 pasid;
			__u32 grpid;
			__u32 perm;
			__u64 addr;
		} trigger_iopf;
		struct {
			__u32 id;
			__u32 cache;
		} check_dev_cache;
		struct {
			__u32 dev_id;
		} trigger_vevent;
		struct {
			__u32 pasid;
			__u32 pt_id;
		} pasid_attach;
		struct {
			__u32 pasid;
			__u32 pt_id;
		} pasid_replace;
		struct {
			__u32 pasid;
		} pasid_detach;
		struct {
			__u32 pasid;
			__u32 hwpt_id;
		} pasid_check;
		struct {
			__u32 length;
			__u32 open_flags;
		} dmabuf_get;
		struct {
			__s32 dmabuf_fd;
			__u32 revoked;
		} dmabuf_revoke;

		/* Our own */
		struct {
			__u32 flags;
			/* 0: without PASID */
			__u32 pasid;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} mock_dma;
		struct {
			__u32 out_stdev_id;
			__u32 out_hwpt_id;
			__u32 out_idev_id;
			__u32 dev_flags;
			__u32 sibling_id;
		} mock_domain_sibling;
		struct {
			__aligned_u64 start;
			__aligned_u64 length;
		} dev_reserve;
		struct {
			/* How many there have been; the rest is about the last one */
			__u32 out_count;
			__u32 out_pasid;
			__u32 out_grpid;
			/* Of enum iommufd_page_response_code */
			__u32 out_code;
		} dev_response;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 out_mapped;
			__aligned_u64 out_entries;
			__aligned_u64 out_dirty;
		} md_stat;
		struct {
			__u32 what;
			__u32 skip;
		} fail;
	};
	__u32 last;
};
#define IOMMU_TEST_CMD _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32)

/* How many bits a PASID of a mock device has */
#define MOCK_PASID_WIDTH 20

/* What IOMMU_GET_HW_INFO says about the mock */
#define IOMMU_HW_INFO_TYPE_SELFTEST	0xfeedbeef
#define IOMMU_HW_INFO_SELFTEST_REGVAL	0xdeadbeef

/**
 * struct iommu_test_hw_info - the mock (IOMMU_HW_INFO_TYPE_SELFTEST)
 * @flags: 0.
 * @test_reg: IOMMU_HW_INFO_SELFTEST_REGVAL
 */
struct iommu_test_hw_info {
	__u32 flags;
	__u32 test_reg;
};

/* None of these is a value of the real enumerations, &enum iommu_hwpt_data_type and so on. */
#define IOMMU_HWPT_DATA_SELFTEST 0xdead
#define IOMMU_TEST_IOTLB_DEFAULT 0xbadbeef
#define IOMMU_TEST_DEV_CACHE_DEFAULT 0xbaddad

/**
 * struct iommu_hwpt_selftest - page table of the mock (IOMMU_HWPT_DATA_SELFTEST)
 * @iotlb: Of a nested one: what each of its invalidation entries holds first.
 * @pagetable_type: Of a paging one: of &enum iommu_test_pagetable_type.
 */
struct iommu_hwpt_selftest {
	__u32 iotlb;
	__u32 pagetable_type;
};

#define IOMMU_HWPT_INVALIDATE_DATA_SELFTEST 0xdeadbeef
/* Not a type that the mock knows */
#define IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID 0xdadbeef

/**
 * struct iommu_hwpt_invalidate_selftest - an invalidation (IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
 * @flags: IOMMU_TEST_INVALIDATE_FLAG_ALL: all entries, @iotlb_id is ignored.
 * @iotlb_id: The entry to be zeroed.
 */
struct iommu_hwpt_invalidate_selftest {
#define IOMMU_TEST_INVALIDATE_FLAG_ALL	(1 << 0)
	__u32 flags;
	__u32 iotlb_id;
};

#define IOMMU_VIOMMU_TYPE_SELFTEST 0xdeadbeef

/**
 * struct iommu_viommu_selftest - vIOMMU of the mock (IOMMU_VIOMMU_TYPE_SELFTEST)
 * @in_data: Anything.
 * @out_data: The same.
 * @out_mmap_offset: What to give to mmap().
 * @out_mmap_length: How many bytes can be mapped.
 */
struct iommu_viommu_selftest {
	__u32 in_data;
	__u32 out_data;
	__aligned_u64 out_mmap_offset;
	__aligned_u64 out_mmap_length;
};

#define IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST 0xdeadbeef
#define IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST_INVALID 0xdadbeef

/**
 * struct iommu_viommu_invalidate_selftest - an invalidation (IOMMU_VIOMMU_INVALIDATE_DATA_SELFTEST)
 * @flags: IOMMU_TEST_INVALIDATE_FLAG_ALL: all entries, @cache_id is ignored.
 * @vdev_id: The device, by its number in the vIOMMU.
 * @cache_id: The entry to be zeroed.
 */
struct iommu_viommu_invalidate_selftest {
	__u32 flags;
	__u32 vdev_id;
	__u32 cache_id;
};

#define IOMMU_VEVENTQ_TYPE_SELFTEST 0xbeefbeef

/**
 * struct iommu_viommu_event_selftest - an event of the mock (IOMMU_VEVENTQ_TYPE_SELFTEST)
 * @virt_id: The device, by its number in the vIOMMU.
 */
struct iommu_viommu_event_selftest {
	__u32 virt_id;
};

#define IOMMU_HW_QUEUE_TYPE_SELFTEST 0xdeadbeef
#define IOMMU_TEST_HW_QUEUE_MAX 2

/*
 * The devices of iommufd_mock_vfio.ko: vfio devices behind the mock. Each has one region, index 0,
 * of MOCK_VFIO_REGION_SIZE bytes at offset 0, with this structure at its beginning.
 *
 * Platform devices named "iommufd_mock_vfio" have a requester ID of their own. Those that share one
 * stand below the platform device "iommufd_mock_parent".
 */
#define MOCK_VFIO_REGION_SIZE 4096
#define MOCK_VFIO_DATA_SIZE 2048

/**
 * enum mock_vfio_command - what a device does when a command is written
 * @MOCK_VFIO_READ: Read memory into ``data``.
 * @MOCK_VFIO_WRITE: Write ``data`` to memory.
 * @MOCK_VFIO_GUEST: Added to one of them: ``pasid`` is a guest's.
 */
enum mock_vfio_command {
	MOCK_VFIO_READ = 1,
	MOCK_VFIO_WRITE = 2,
	MOCK_VFIO_GUEST = 1 << 8,
};

/**
 * struct mock_vfio_regs - the registers of a device
 * @iova: First byte.
 * @length: 1 to MOCK_VFIO_DATA_SIZE bytes.
 * @pasid: With which PASID; 0: without.
 * @command: Of &enum mock_vfio_command. Writing all four bytes executes it.
 * @result: 0, or the negative errno of the last command: of IOMMU_TEST_OP_MOCK_DMA; -EPERM also if
 *          the device may not use the PASID, -ENOENT if the guest's is unknown, -EINVAL for
 *          nonsense.
 * @own_pasid: The PASID of a device that shares its requester ID; else 0.
 * @drained: How many PASIDs the driver was told to drain.
 * @data: What is read or written.
 */
struct mock_vfio_regs {
	__aligned_u64 iova;
	__u32 length;
	__u32 pasid;
	__u32 command;
	__s32 result;
	__u32 own_pasid;
	__u32 drained;
	__u8 data[MOCK_VFIO_DATA_SIZE];
};

#define MOCK_MIGRATE_DATA_SIZE	10000
#define MOCK_MIGRATE_TRACE_SIZE	32

/**
 * enum mock_migrate_command - what a device that can migrate does
 * @MOCK_MIGRATE_RESET: Be reset, as if by the bus.
 * @MOCK_MIGRATE_MARK: Say that it has written memory.
 * @MOCK_MIGRATE_REINIT: Begin anew with what it gives in PRE_COPY.
 */
enum mock_migrate_command {
	MOCK_MIGRATE_RESET = 1,
	MOCK_MIGRATE_MARK = 2,
	MOCK_MIGRATE_REINIT = 3,
};

/**
 * struct mock_migrate_regs - the registers of a device that can migrate
 * @steps: How many steps it was told to take since it was bound; not to be written, nor @resets
 *         and @trace.
 * @resets: How often its driver was told of a reset.
 * @fail_in: 1: the next step fails, 2: the one after it, and so on; 0: none.
 * @fail_error: What it says then, a negative errno.
 * @fail_breaks: Whether the device is broken then.
 * @delay_ms: How long each step takes.
 * @fail_size: What a question for the size of the state, or for the rest, says; 0: nothing wrong.
 * @command: Of &enum mock_migrate_command. Writing all four bytes executes it.
 * @iova: MARK: First byte.
 * @length: MARK: How many.
 * @trace: For each step, modulo MOCK_MIGRATE_TRACE_SIZE, 16 times the state it is from plus the one
 *         it is to.
 * @data: The state that migrates.
 */
struct mock_migrate_regs {
	__u32 steps;
	__u32 resets;
	__u32 fail_in;
	__s32 fail_error;
	__u32 fail_breaks;
	__u32 delay_ms;
	__s32 fail_size;
	__u32 command;
	__aligned_u64 iova;
	__aligned_u64 length;
	__u8 trace[MOCK_MIGRATE_TRACE_SIZE];
	__u8 data[MOCK_MIGRATE_DATA_SIZE];
};

#endif
