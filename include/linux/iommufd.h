/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd as the vfio core sees it: contexts and endpoints.
 *
 * An endpoint is the right of one device to do DMA in one context. The vfio core binds it, attaches
 * it to an I/O page table on the user's behalf, and releases it; it never asks what kind it is.
 *
 * Locking: none of these functions is called with a lock of the vfio core held, except
 * iommufd_endpoint_release(), which waits neither for user memory nor for user processes.
 */
#ifndef __IOMMUFD_VFIO_LINUX_IOMMUFD_H
#define __IOMMUFD_VFIO_LINUX_IOMMUFD_H

#include <linux/types.h>

struct device;
struct iommufd_ctx;
struct iommufd_endpoint;

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
 * iommufd_endpoint_id() - the number by which userspace names the endpoint
 * @ep: the endpoint
 *
 * Return: the devid of the uAPI.
 */
u32 iommufd_endpoint_id(const struct iommufd_endpoint *ep);

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
 * endpoint is released), -ENOMEM, -EFAULT (memory that is mapped can't be pinned), -EINTR.
 */
int iommufd_endpoint_attach(struct iommufd_endpoint *ep, u32 *pt_id);

/**
 * iommufd_endpoint_detach() - block DMA again
 * @ep: the endpoint, attached or not
 *
 * Context: may sleep; waits for no user.
 */
void iommufd_endpoint_detach(struct iommufd_endpoint *ep);

/**
 * iommufd_endpoint_release() - detach, give back DMA ownership, and drop the caller's reference
 * @ep: the endpoint; its number is free afterwards, and an attach in progress fails
 *
 * Context: may sleep; waits for no user.
 */
void iommufd_endpoint_release(struct iommufd_endpoint *ep);

#endif
