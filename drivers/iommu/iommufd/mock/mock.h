/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mock IOMMU: an IOMMU in software, with devices that tests make and unmake, for iommufd to be
 * tested with where no hardware can be had that does what a test wants.
 *
 * To the kernel's IOMMU core it is an IOMMU driver like others. A firmware node of its own keeps it
 * apart from the real IOMMU: a device is the mock's if its description says so, and only the mock's
 * own devices are described in that way. They are platform devices without a driver, but for those
 * that other modules have made for drivers of theirs.
 *
 *  iommu.c      the IOMMU driver: what the IOMMU core asks it
 *  device.c     devices
 *  domain.c     page tables as the IOMMU core sees them, dirty.c and nested.c the special ones
 *  pagetable.c  what is in a page table
 *  dma.c        what devices do to memory; fault.c pages that they request
 *  ops.c        the ioctl; stdev.c devices as its objects, check.c looking into page tables
 *  pasid.c      PASIDs of those devices
 *  kernel.c     the mock for other modules: devices for their drivers, and DMA
 *  access.c     a driver without a device, that accesses memory by IOVA
 *
 * Locks: a device's lock is taken before that of a page table.
 */
#ifndef __IOMMUFD_MOCK_H
#define __IOMMUFD_MOCK_H

#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/rwsem.h>
#include <linux/xarray.h>
#include <uapi/linux/iommufd_test.h>

#include "../group.h"
#include "../test_hook.h"
#include "pagetable.h"

/* Counts down to a failure. */
struct mock_fuse {
	bool lit;
	unsigned long left;
};

static inline void mock_fuse_light(struct mock_fuse *fuse, unsigned long skip)
{
	fuse->left = skip;
	fuse->lit = true;
}

/* Whether the fuse burns down in one of the next @steps. */
static inline bool mock_fuse_burns_within(struct mock_fuse *fuse, unsigned long steps)
{
	if (!fuse->lit)
		return false;
	if (fuse->left >= steps) {
		fuse->left -= steps;
		return false;
	}
	fuse->lit = false;
	return true;
}

static inline bool mock_fuse_burns(struct mock_fuse *fuse)
{
	return mock_fuse_burns_within(fuse, 1);
}

/**
 * struct mock_response - the last answer to a page request
 * @count: how many answers there have been
 * @pasid: of the request
 * @grpid: of the request
 * @code: of enum iommu_page_response_code
 */
struct mock_response {
	u32 count;
	u32 pasid;
	u32 grpid;
	u32 code;
};

/**
 * struct mock_dev - a device behind the mock
 * @pdev: the device; a reference
 * @flags: of enum iommu_test_dev_flags
 * @sibling: a device of the group that it is to join; only while it is being made
 * @lock: protects what follows. Read: DMA goes on as it does. Write: its way changes.
 * @domain: what DMA without PASID goes through
 * @pasids: what DMA with PASID goes through, by PASID
 * @reserved: struct mock_reserved, ranges that the device can't reach
 * @has_reserved_pasid: IOMMU_TEST_PASID_RESERVED is special; not for other modules' devices
 * @reserved_pasid_fails: the next attach to IOMMU_TEST_PASID_RESERVED fails
 * @requests_pages: may do so
 * @fail_domain: making a page table for the device
 * @fail_attach: attaching it
 * @fail_map: handed on to the next page table that is made for it
 * @response_lock: protects @response
 * @response: the last answer to a page request
 */
struct mock_dev {
	struct platform_device *pdev;
	u32 flags;
	struct mock_dev *sibling;
	struct rw_semaphore lock;
	struct iommu_domain *domain;
	struct xarray pasids;
	struct list_head reserved;
	bool has_reserved_pasid;
	bool reserved_pasid_fails;
	bool requests_pages;
	struct mock_fuse fail_domain;
	struct mock_fuse fail_attach;
	struct mock_fuse fail_map;
	spinlock_t response_lock;	/* protects response */
	struct mock_response response;
};

struct mock_reserved {
	struct list_head link;
	u64 start;
	u64 length;
};

/* Devices: device.c */

struct mock_dev *mock_dev_create(const char *name, u32 flags, struct mock_dev *sibling);
void mock_dev_destroy(struct mock_dev *mdev);
struct mock_dev *mock_dev_from_device(struct device *dev);
int mock_dev_reserve(struct mock_dev *mdev, u64 start, u64 length);
int mock_dev_attach(struct mock_dev *mdev, struct iommu_domain *domain);
int mock_dev_attach_pasid(struct mock_dev *mdev, u32 pasid, struct iommu_domain *domain);
void mock_dev_detach_pasid(struct mock_dev *mdev, u32 pasid);
void mock_dev_reset_reserved(struct mock_dev *mdev);
size_t mock_dev_count_pasids(struct mock_dev *mdev);
const struct iommu_domain *mock_dev_pasid_domain(struct mock_dev *mdev, u32 pasid);

/* The IOMMU driver: iommu.c */

extern const struct iommu_ops mock_iommu_ops;
extern struct iommu_device mock_iommu;

int mock_iommu_register(void);
void mock_iommu_unregister(void);
struct fwnode_handle *mock_iommu_fwnode(void);

/* Page tables: domain.c */

/**
 * struct mock_domain - a paging page table
 * @domain: as the IOMMU core knows it
 * @pt: what it holds
 * @nest_parent: may be the parent of nested ones
 * @tracks_dirty: can track dirty pages; so can all its devices
 * @tracking: does so now
 * @fail_map: mapping an entry; the caller of a test must not map at the same time
 */
struct mock_domain {
	struct iommu_domain domain;
	struct mock_pt pt;
	bool nest_parent;
	bool tracks_dirty;
	bool tracking;
	struct mock_fuse fail_map;
};

/**
 * struct mock_nested - a nested page table
 * @domain: as the IOMMU core knows it
 * @parent: what it is nested on; lives longer
 * @iotlb: entries whose only purpose is to be invalidated
 */
struct mock_nested {
	struct iommu_domain domain;
	struct mock_domain *parent;
	u32 iotlb[MOCK_NESTED_DOMAIN_IOTLB_NUM];
};

extern const struct iommu_domain_ops mock_paging_ops;
extern const struct iommu_domain_ops mock_nested_ops;
extern const struct iommu_dirty_ops mock_dirty_ops;
extern struct iommu_domain mock_identity_domain;
extern struct iommu_domain mock_blocked_domain;

struct iommu_domain *mock_domain_alloc_user(struct device *dev, u32 flags,
					    struct iommu_domain *parent,
					    const struct iommu_user_data *data);
struct iommu_domain *mock_domain_alloc_paging(struct device *dev);
struct iommu_domain *mock_nested_alloc(u32 flags, struct iommu_domain *parent,
				       const struct iommu_user_data *data);
int mock_domain_attach(struct iommu_domain *domain, struct device *dev);
int mock_domain_attach_pasid(struct iommu_domain *domain, struct device *dev, ioasid_t pasid,
			     struct iommu_domain *old);
struct mock_domain *mock_domain_paging(struct iommu_domain *domain);

static inline struct mock_domain *mock_domain_from(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_domain, domain);
}

static inline struct mock_nested *mock_nested_from(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_nested, domain);
}

/* Page requests: fault.c */

int mock_fault_init(void);
void mock_fault_exit(void);
int mock_fault_enable(struct device *dev);
int mock_fault_disable(struct device *dev);
int mock_fault_report(struct mock_dev *mdev, const struct iommu_test_cmd *cmd, bool last);
void mock_fault_response(struct device *dev, struct iopf_fault *evt,
			 struct iommu_page_response *msg);
void mock_fault_last_response(struct mock_dev *mdev, struct mock_response *response);

/* DMA: dma.c */

int mock_dma_user(struct mock_dev *mdev, const struct iommu_test_cmd *cmd);
int mock_dma_kernel(struct mock_dev *mdev, u32 pasid, u64 iova, void *data, size_t length,
		    bool write);

/* Devices as objects: stdev.c */

/**
 * struct mock_stdev - a mock device that is bound to a context
 * @tobj: its number
 * @link: in the list of all of them
 * @mdev: the device
 * @ep: its endpoint
 */
struct mock_stdev {
	struct iommufd_test_object tobj;
	struct list_head link;
	struct mock_dev *mdev;
	struct iommufd_endpoint *ep;
};

struct mock_stdev *mock_stdev_get(struct iommufd_ctx *ictx, u32 id);
struct mock_stdev *mock_stdev_get_by_endpoint(struct iommufd_ctx *ictx, u32 id);
void mock_stdev_put(struct mock_stdev *stdev);
int mock_op_domain(struct iommufd_ucmd *ucmd);
int mock_op_domain_flags(struct iommufd_ucmd *ucmd);
int mock_op_domain_sibling(struct iommufd_ucmd *ucmd);
int mock_op_domain_replace(struct iommufd_ucmd *ucmd);

/* PASIDs: pasid.c */

int mock_op_pasid_attach(struct iommufd_ucmd *ucmd);
int mock_op_pasid_replace(struct iommufd_ucmd *ucmd);
int mock_op_pasid_detach(struct iommufd_ucmd *ucmd);
int mock_op_pasid_check(struct iommufd_ucmd *ucmd);

/* Looking into page tables: check.c */

struct iommufd_hwpt *mock_hwpt_get(struct iommufd_ctx *ictx, u32 id);
int mock_user_page(u64 uptr, struct page **page);
int mock_op_check_map(struct iommufd_ucmd *ucmd);
int mock_op_check_refs(struct iommufd_ucmd *ucmd);
int mock_op_check_iotlb(struct iommufd_ucmd *ucmd);
int mock_op_stat(struct iommufd_ucmd *ucmd);
int mock_op_dirty(struct iommufd_ucmd *ucmd);

/* Access by IOVA: access.c */

int mock_op_create_access(struct iommufd_ucmd *ucmd);
int mock_op_access_pages(struct iommufd_ucmd *ucmd);
int mock_op_destroy_access_pages(struct iommufd_ucmd *ucmd);
int mock_op_access_rw(struct iommufd_ucmd *ucmd);
int mock_op_access_replace(struct iommufd_ucmd *ucmd);

#endif
