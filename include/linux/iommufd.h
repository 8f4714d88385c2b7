/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd as the vfio core and its drivers see it: contexts, endpoints, and access by IOVA.
 *
 * An endpoint is the right of one device to do DMA in one context. The vfio core binds it, attaches
 * it to an I/O page table on the user's behalf, and releases it; it never asks what kind it is.
 *
 * Locking: none of these functions is called with a lock of the vfio core held, except
 * iommufd_endpoint_release(), which waits neither for user memory nor for user processes.
 */
#ifndef __IOMMUFD_VFIO_LINUX_IOMMUFD_H
#define __IOMMUFD_VFIO_LINUX_IOMMUFD_H

#include <linux/bits.h>
#include <linux/types.h>

struct device;
struct file;
struct module;
struct iommufd_access;
struct iommufd_ctx;
struct iommufd_endpoint;
struct page;

/**
 * iommufd_ctx_from_fd() - the context behind a file descriptor of the calling process
 * @fd: a descriptor of /dev/iommu
 *
 * Return: the context with a reference for the caller; ERR_PTR(-EBADF) if @fd is not open,
 * ERR_PTR(-EBADFD) if it is something else.
 */
struct iommufd_ctx *iommufd_ctx_from_fd(int fd);

/**
 * iommufd_ctx_put() - drop a reference of iommufd_ctx_from_fd()
 * @ictx: the context
 */
void iommufd_ctx_put(struct iommufd_ctx *ictx);

/**
 * iommufd_endpoint_bind_device() - claim a device's DMA for a context
 * @ictx: the context; the caller keeps it alive until iommufd_endpoint_release()
 * @dev: a device whose driver does no DMA through the DMA API; it stays bound to that driver until
 *       iommufd_endpoint_release()
 *
 * Claims the DMA ownership of the whole IOMMU group, and blocks its DMA.
 *
 * Context: may sleep; waits for no user.
 * Return: the endpoint with a reference for the caller, or ERR_PTR of -ENODEV (no IOMMU), -EBUSY
 * (owned by another context or by a kernel driver), -EINVAL (DMA not coherent with CPU caches),
 * -EPERM (interrupts not isolated), -ENOMEM.
 */
struct iommufd_endpoint *iommufd_endpoint_bind_device(struct iommufd_ctx *ictx, struct device *dev);

/**
 * struct iommufd_pasid_ops - what a driver does whose device tells users apart by PASIDs
 * @drain: Have the device finish or drop what it does with @pasid. On return it does no more DMA
 *         with the PASID, and will not: the driver doesn't find it any more. The PASID is detached
 *         already, so what the device still tries fails.
 *
 * @drain may sleep, but waits for no user. It is called with locks of iommufd held, so it must not
 * attach, detach or release an endpoint, nor wait for anybody who does; the lookups below are
 * allowed. It may be called from iommufd_endpoint_bind_pasid() on and until
 * iommufd_endpoint_release() has returned.
 */
struct iommufd_pasid_ops {
	void (*drain)(void *data, u32 pasid);
};

/**
 * iommufd_endpoint_bind_pasid() - let a device do DMA under another's requester ID, by PASID
 * @ictx: the context; the caller keeps it alive until iommufd_endpoint_release()
 * @parent: whose requester ID it is; a device with PASIDs, bound to a driver that uses the DMA API
 *          and stays so until iommufd_endpoint_release(). Endpoints of other contexts may share it.
 * @ops: of the driver; NULL: it can use but the endpoint's own PASID, and users can get no others
 * @data: for @ops
 *
 * The endpoint has a PASID of its own from now on, which an attach means that names none. The
 * driver must let the device use no PASID but those that iommufd_pasid_owned() knows.
 *
 * The PASIDs go back to where the kernel's come from when the endpoint is released. The driver has
 * stopped all of the device's DMA before that.
 *
 * Context: may sleep; waits for no user.
 * Return: the endpoint with a reference for the caller, or ERR_PTR of -ENODEV (no IOMMU),
 * -EOPNOTSUPP (@parent has no PASIDs, or isn't alone in its IOMMU group), -EBUSY (its DMA is not
 * its driver's), -EINVAL (DMA not coherent with CPU caches), -EPERM (interrupts not isolated),
 * -ENOSPC (no PASID is free), -EDQUOT (the context has too many), -ENOMEM.
 */
struct iommufd_endpoint *iommufd_endpoint_bind_pasid(struct iommufd_ctx *ictx,
						     struct device *parent,
						     const struct iommufd_pasid_ops *ops,
						     void *data);

/**
 * iommufd_endpoint_pasid() - the PASID of a PASID endpoint's own
 * @ep: the endpoint
 *
 * Return: the PASID, which stays the same until iommufd_endpoint_release(); 0 if @ep is of another
 * kind.
 */
u32 iommufd_endpoint_pasid(const struct iommufd_endpoint *ep);

/**
 * iommufd_pasid_owned() - whether an endpoint's device may use a PASID
 * @ep: the endpoint; released later
 * @pasid: what hardware calls it
 *
 * It may if the PASID is the endpoint's own, or was allocated or attached for the endpoint. Whether
 * it is attached just now doesn't matter: if not, the IOMMU stops DMA with it.
 *
 * The answer holds until the driver's @drain for this PASID returns. So the driver asks, and hands
 * the work to the device, in one critical section that its @drain waits for.
 *
 * Context: any, hard interrupts included; takes no lock.
 */
bool iommufd_pasid_owned(const struct iommufd_endpoint *ep, u32 pasid);

/**
 * iommufd_pasid_from_guest() - what hardware calls a guest's PASID
 * @ep: the endpoint; released later
 * @guest: what the guest calls it, as the user has said in IOMMU_PASID_ALLOC
 * @pasid: set to what hardware calls it; as good as if iommufd_pasid_owned() had said yes
 *
 * Each endpoint has guest numbers of its own.
 *
 * Context: as iommufd_pasid_owned().
 * Return: 0, or -ENOENT.
 */
int iommufd_pasid_from_guest(const struct iommufd_endpoint *ep, u32 guest, u32 *pasid);

/**
 * struct iommufd_access_ops - what a driver does that accesses memory by IOVA
 * @unmap: Let go of [iova, iova + length): end every pin that intersects it with
 *         iommufd_access_unpin(), here or soon, and make no new one. NULL: the driver only reads
 *         and writes, and can't pin.
 * @stuck: For the vfio core: the driver has not let go in time. See to it that it stops, and that
 *         the endpoint is then released, without waiting for that here. May be called several
 *         times. NULL: nobody can.
 *
 * @unmap may sleep, and is called with no lock held. It may be called several times for the same
 * range, by several threads at the same time, and for a range of which the driver has let go just
 * now; not any more once iommufd_endpoint_release() has returned. It must not attach, detach or
 * release the endpoint, nor wait for anybody who does.
 *
 * A driver that takes longer than a second is stuck. An unmap then waits for the release that
 * @stuck has begun, up to ten seconds, and fails with -EBUSY if that doesn't come; it may be tried
 * again. A detach waits likewise, and a replace fails with -ENODEV. Without @stuck the unmap fails
 * at once, and a detach takes the pins away.
 */
struct iommufd_access_ops {
	void (*unmap)(void *data, unsigned long iova, unsigned long length);
	void (*stuck)(void *data);
};

/* Of iommufd_access_pin(): the pages will be written to. Without, they will only be read. */
#define IOMMUFD_ACCESS_WRITE	BIT(0)

/**
 * iommufd_access_bind() - let a driver access memory by IOVA
 * @ictx: the context
 * @ops: of the driver; stays until iommufd_endpoint_release()
 * @data: for @ops
 *
 * The driver uses no other function on the access after iommufd_endpoint_release() has begun, but
 * to end pins while it is asked to.
 *
 * Return: the access, whose endpoint has a reference for the caller; ERR_PTR(-ENOMEM).
 */
struct iommufd_access *iommufd_access_bind(struct iommufd_ctx *ictx,
					   const struct iommufd_access_ops *ops, void *data);

/**
 * iommufd_access_cancel() - the driver is about to stop, and must not wait for user memory any more
 * @access: the access
 *
 * Reads, writes and pins fail with -ENODEV from now on, even those that have begun and are waiting
 * for user memory. The driver has stopped when the endpoint is released: it is then not asked about
 * pins that are left.
 *
 * Context: may sleep; waits for nobody.
 */
void iommufd_access_cancel(struct iommufd_access *access);

/**
 * iommufd_access_endpoint() - what to attach, detach and release
 * @access: the access
 *
 * An access can be attached to an IOAS only (-EINVAL). If it can pin, all that is mapped there has
 * to be aligned to pages (-EADDRINUSE), and what is mapped from then on, too (IOMMU_IOAS_MAP fails
 * with -EINVAL).
 *
 * Return: the endpoint; no further reference.
 */
struct iommufd_endpoint *iommufd_access_endpoint(struct iommufd_access *access);

/**
 * iommufd_access_pin() - pin the pages that a range maps
 * @access: the access
 * @iova: the first IOVA
 * @length: in bytes
 * @pages: set to the pages, one for each page that the range touches
 * @flags: IOMMUFD_ACCESS_WRITE
 *
 * The driver must be able to tell its @unmap about the pin as soon as this function has begun: a
 * pin may be asked for before this function has returned. The same range may be pinned several
 * times.
 *
 * Context: may wait for user memory; no lock held that @unmap takes.
 * Return: 0; -ENOENT (not all of it is mapped), -EPERM (not mapped for that), -EBUSY (is being
 * unmapped), -ENODEV (not attached), -ENOMEM (limit, or no memory), -EFAULT (memory can't be
 * pinned), -EINTR (fatal signal), -EINVAL (@length is 0, or the driver can't pin), -EOVERFLOW.
 */
int iommufd_access_pin(struct iommufd_access *access, unsigned long iova, unsigned long length,
		       struct page **pages, unsigned int flags);

/**
 * iommufd_access_unpin() - end a pin
 * @access: the access
 * @iova: as it was pinned
 * @length: as it was pinned
 *
 * Does nothing if there is no such pin any more, since a detach has taken it away.
 *
 * Context: may sleep; waits for no user.
 */
void iommufd_access_unpin(struct iommufd_access *access, unsigned long iova, unsigned long length);

/**
 * iommufd_access_read() - copy from memory that is mapped
 * @access: the access
 * @iova: the first IOVA
 * @data: where to, kernel memory
 * @length: in bytes
 *
 * Pages that aren't pinned are faulted in, but don't stay so. After a failure part of @data may
 * have been written. An unmap or a detach that has returned isn't followed by a copy; what is left
 * to copy after a replace is copied in the IOAS to which the endpoint is attached then.
 *
 * Context: may wait for user memory.
 * Return: 0; -ENOENT (not all of it is mapped), -EPERM (not mapped for reading), -ENODEV (not
 * attached), -ENOMEM, -EFAULT (no such memory), -EINTR (fatal signal), -EINVAL (@length is 0),
 * -EOVERFLOW.
 */
int iommufd_access_read(struct iommufd_access *access, unsigned long iova, void *data,
			size_t length);

/**
 * iommufd_access_write() - copy to memory that is mapped
 * @access: the access
 * @iova: the first IOVA
 * @data: where from, kernel memory
 * @length: in bytes
 *
 * Return: as iommufd_access_read().
 */
int iommufd_access_write(struct iommufd_access *access, unsigned long iova, const void *data,
			 size_t length);

/**
 * iommufd_endpoint_id() - the number by which userspace names the endpoint
 * @ep: the endpoint
 *
 * Return: the devid of the uAPI.
 */
u32 iommufd_endpoint_id(const struct iommufd_endpoint *ep);

/**
 * iommufd_endpoint_peer_id() - whose is another device, seen from an endpoint
 * @ep: the endpoint
 * @peer: the other device's endpoint, or NULL if it has none; kept alive by the caller
 * @dev: the other device
 *
 * Context: may sleep; waits for no user.
 * Return: the number of @peer if it is in the context of @ep; else 0 if that context owns the DMA
 * of
 * @dev together with that of a device of its own, since the IOMMU can't keep them apart; else
 * -ENODEV.
 */
int iommufd_endpoint_peer_id(const struct iommufd_endpoint *ep,
			     const struct iommufd_endpoint *peer, struct device *dev);

/**
 * iommufd_endpoint_get() - take a further reference, so as to use @ep without the caller's locks
 * @ep: an endpoint that is kept alive by another reference
 */
void iommufd_endpoint_get(struct iommufd_endpoint *ep);

/**
 * iommufd_endpoint_put() - drop a reference
 * @ep: the endpoint
 */
void iommufd_endpoint_put(struct iommufd_endpoint *ep);

/**
 * iommufd_endpoint_attach() - let DMA through a page table
 * @ep: the endpoint
 * @pt_id: in: an IOAS or a hardware page table; out: the hardware page table
 *
 * Replaces what the endpoint was attached to, if anything, without a moment in between at which
 * DMA is blocked. After a failure the old attachment stands.
 *
 * Context: may sleep on user memory: pins what the IOAS maps.
 * Return: 0; -ENOENT (no such object), -EINVAL (wrong kind, or incompatible with the device or with
 * the rest of its group), -EADDRINUSE (mappings where the device can't reach), -ENODEV (the
 * endpoint is released), -EOPNOTSUPP (the page table has a fault queue, but the device can't
 * request pages), -ENOMEM, -EFAULT (memory that is mapped can't be pinned), -EINTR.
 */
int iommufd_endpoint_attach(struct iommufd_endpoint *ep, u32 *pt_id);

/**
 * iommufd_endpoint_detach() - block DMA again
 * @ep: the endpoint, attached or not
 *
 * Context: may sleep; waits for no user, but for the driver of an access endpoint (struct
 * iommufd_access_ops), up to a second.
 */
void iommufd_endpoint_detach(struct iommufd_endpoint *ep);

/**
 * typedef iommufd_find_memory_fn - tells where in memory is what a user has mapped of a device
 * @data: as given to iommufd_endpoint_offer_memory()
 * @file: any open file
 * @pgoff: first page in @file of which the user has a mapping
 * @nr_pages: how many, contiguous
 * @pfn: set to where the first of them is; the others follow
 *
 * Called with a lock of iommufd held, so it must not attach, detach or release an endpoint, nor
 * wait for anybody who does, or for a user. Not called any more once iommufd_endpoint_release() has
 * returned.
 *
 * Return: 0; or an errno if @file isn't the device's, or these pages aren't in its memory.
 */
typedef int (*iommufd_find_memory_fn)(void *data, struct file *file, unsigned long pgoff,
				      unsigned long nr_pages, unsigned long *pfn);

/**
 * iommufd_endpoint_offer_memory() - let users of the container map the device's memory for DMA
 * @ep: an endpoint of a whole device that hasn't joined a container
 * @find: where the memory is, which is the user's as long as the endpoint's DMA is
 * @data: for @find
 *
 * What is mapped is unmapped when the endpoint is released, before its DMA is given back.
 */
void iommufd_endpoint_offer_memory(struct iommufd_endpoint *ep, iommufd_find_memory_fn find,
				   void *data);

/**
 * iommufd_container_join() - put an endpoint into its context's VFIO container
 * @ep: the endpoint; leaves when it is released
 *
 * It is attached to the container's IOAS now if the container's type has been chosen, else as soon
 * as it is.
 *
 * Context: as iommufd_endpoint_attach().
 * Return: 0; -EPERM (the container has groups without an IOMMU); or as iommufd_endpoint_attach().
 * After a failure the endpoint is to be released.
 */
int iommufd_container_join(struct iommufd_endpoint *ep);

/**
 * iommufd_container_attach() - see to it that an endpoint is attached to the container's IOAS
 * @ep: the endpoint; joins if it hasn't
 *
 * Context: as iommufd_endpoint_attach().
 * Return: 0; -EINVAL (the container has no type yet); or as iommufd_container_join().
 */
int iommufd_container_attach(struct iommufd_endpoint *ep);

/**
 * iommufd_container_join_group() - put a group into a container, before its endpoints join
 * @ictx: the context
 * @noiommu: its devices are behind no IOMMU, and have no endpoints
 *
 * The container's type and IOAS stay as long as it has a group or an endpoint.
 *
 * Return: 0; -EPERM (it has groups of the other kind), -EINVAL (it is /dev/iommu, where @noiommu
 * isn't possible).
 */
int iommufd_container_join_group(struct iommufd_ctx *ictx, bool noiommu);

/**
 * iommufd_container_leave_group() - undo iommufd_container_join_group(); never fails
 * @ictx: the context
 */
void iommufd_container_leave_group(struct iommufd_ctx *ictx);

/**
 * iommufd_container_check_noiommu() - whether devices without an IOMMU may be used
 * @ictx: the context
 *
 * Return: 0; -EINVAL (the container has no type yet).
 */
int iommufd_container_check_noiommu(struct iommufd_ctx *ictx);

/**
 * iommufd_endpoint_attach_pasid() - let DMA with a PASID through a page table
 * @ep: the endpoint
 * @pasid: the PASID
 * @pt_id: as for iommufd_endpoint_attach()
 *
 * Replaces what the PASID was attached to, if anything; DMA with it is blocked for a moment then.
 * After a failure the old attachment stands, but for -EIO.
 *
 * The page table must have been made for PASIDs, and so must the one that the device's DMA without
 * PASID goes through, if there is one; an automatic one (if @pt_id is an IOAS) is so only for a
 * PASID endpoint. A PASID that wasn't allocated is reserved until it is detached, if the requester
 * ID is the endpoint's alone.
 *
 * Context: as iommufd_endpoint_attach().
 * Return: as iommufd_endpoint_attach(); moreover -EOPNOTSUPP (the device, the kind of endpoint or
 * the IOMMU has no PASIDs), -EINVAL (out of range; a page table isn't for PASIDs), -EPERM (not the
 * context's), -EBUSY (in use by another endpoint), -EDQUOT (the context has too many PASIDs),
 * -ENOSPC (too many PASIDs of the device have had fault queues), -EIO (a replace has failed, and so
 * has going back: the PASID is detached).
 */
int iommufd_endpoint_attach_pasid(struct iommufd_endpoint *ep, u32 pasid, u32 *pt_id);

/**
 * iommufd_endpoint_detach_pasid() - block DMA with a PASID again
 * @ep: the endpoint
 * @pasid: the PASID, attached or not
 *
 * Context: may sleep; waits for no user.
 * Return: 0; -EOPNOTSUPP if the device or the kind of endpoint has no PASIDs.
 */
int iommufd_endpoint_detach_pasid(struct iommufd_endpoint *ep, u32 pasid);

/**
 * iommufd_endpoint_release() - detach, give back DMA ownership, and drop the caller's reference
 * @ep: the endpoint; its number is free afterwards, and an attach in progress fails
 *
 * Context: as iommufd_endpoint_detach().
 */
void iommufd_endpoint_release(struct iommufd_endpoint *ep);

/**
 * struct iommufd_node - a device that vfio offers in /dev/vfio/devices, for introspection
 * @nr: of the name vfioN
 * @dev: the device behind it; stays until iommufd_node_del()
 * @driver: who offers it, or NULL; likewise
 * @owner: the module that the callbacks are in
 * @get: keep the node's memory; called while the device is offered
 * @put: undo @get
 * @revoke: take the device from all who have it open; may sleep, waits for no user. The device may
 *          not be offered any more by then.
 */
struct iommufd_node {
	unsigned int nr;
	struct device *dev;
	const char *driver;
	struct module *owner;
	void (*get)(struct iommufd_node *node);
	void (*put)(struct iommufd_node *node);
	void (*revoke)(struct iommufd_node *node);
	/* private: protected by a lock of node.c */
	struct iommufd_endpoint *endpoint;
	unsigned int files;
	unsigned int revoked_files;
	bool unprotected;
	int pid;
	char comm[16];
};

/*
 * What the vfio core tells of its devices. It has a lock of the device held, but for
 * iommufd_node_add() and iommufd_node_del(). None of these waits for anybody.
 */

/**
 * iommufd_node_add() - a device is offered
 * @node: the node, all but its private part filled
 *
 * Return: 0 or -ENOMEM.
 */
int iommufd_node_add(struct iommufd_node *node);

/**
 * iommufd_node_del() - it no longer is
 * @node: the node; files may still be open
 */
void iommufd_node_del(struct iommufd_node *node);

/**
 * iommufd_node_opened() - there is one more open file
 * @node: the node
 * @unprotected: through which the device can be reached though it is behind no IOMMU
 */
void iommufd_node_opened(struct iommufd_node *node, bool unprotected);

/**
 * iommufd_node_closed() - there is one less
 * @node: the node
 * @revoked: the device had been taken from that file
 */
void iommufd_node_closed(struct iommufd_node *node, bool revoked);

/**
 * iommufd_node_revoked() - the device was taken from all open files
 * @node: the node
 */
void iommufd_node_revoked(struct iommufd_node *node);

/**
 * iommufd_node_bound() - a context owns the device's DMA
 * @node: the node
 * @ep: the endpoint
 */
void iommufd_node_bound(struct iommufd_node *node, struct iommufd_endpoint *ep);

/**
 * iommufd_node_unbound() - it no longer does
 * @node: the node, bound or not; its endpoint is released after this
 */
void iommufd_node_unbound(struct iommufd_node *node);

/**
 * iommufd_node_refused() - a context doesn't get the device, for a reason of the vfio core's
 * @node: the node
 * @ictx: the context
 * @rc: what the user is told
 * @reason: the same in words
 */
void iommufd_node_refused(struct iommufd_node *node, struct iommufd_ctx *ictx, int rc,
			  const char *reason);

#endif
