/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all kinds of endpoints have in common, so that the vfio core never asks which it has.
 */
#ifndef __IOMMUFD_ENDPOINT_H
#define __IOMMUFD_ENDPOINT_H

#include "iommufd_private.h"

/**
 * struct iommufd_endpoint_ops - what a kind of endpoint does
 * @attach: as iommufd_endpoint_attach()
 * @detach: as iommufd_endpoint_detach()
 * @attach_pasid: as iommufd_endpoint_attach_pasid(); NULL: the kind has no PASIDs
 * @detach_pasid: as iommufd_endpoint_detach_pasid(); there if @attach_pasid is
 * @release: detach for good, and give back what was claimed; the number and the caller's reference
 *           are left to the caller
 */
struct iommufd_endpoint_ops {
	int (*attach)(struct iommufd_endpoint *ep, u32 *pt_id);
	void (*detach)(struct iommufd_endpoint *ep);
	int (*attach_pasid)(struct iommufd_endpoint *ep, u32 pasid, u32 *pt_id);
	int (*detach_pasid)(struct iommufd_endpoint *ep, u32 pasid);
	void (*release)(struct iommufd_endpoint *ep);
};

/**
 * struct iommufd_endpoint - the right to do DMA in a context
 * @obj: its number, the devid of the uAPI
 * @ops: of the kind of endpoint that it is
 * @node: the number of the device in /dev/vfio/devices plus 1; 0: none, or not yet
 * @container_link: in the container's members, if @in_container; protected by the container's lock
 * @in_container: a VFIO group has put it into the context's container
 * @left_container: it is released, and can't join any more; protected likewise
 * @in_container_ioas: and it is attached to its IOAS; protected by the container's setup_lock
 * @attach_round: the container's last round in which it was attached to that; protected likewise
 * @find_memory: tells the device's memory; NULL: it offers none. Set before it joins a container.
 * @find_memory_data: for @find_memory
 * @memory_found: some was found, and may be mapped; protected by the container's lock
 * @memory_gone: no more must be mapped; set with the container's lock held
 */
struct iommufd_endpoint {
	struct iommufd_object obj;
	const struct iommufd_endpoint_ops *ops;
	unsigned int node;
	struct list_head container_link;
	bool in_container;
	bool left_container;
	bool in_container_ioas;
	unsigned int attach_round;
	iommufd_find_memory_fn find_memory;
	void *find_memory_data;
	bool memory_found;
	bool memory_gone;
};

#endif
