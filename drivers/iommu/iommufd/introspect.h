/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What introspection needs of the rest: a way to look at things that may vanish, and counts.
 *
 * Views
 * -----
 * Who looks at a context or at an object from outside must not keep it: a reference would make its
 * owner's IOMMU_DESTROY fail with -EBUSY, or delay the end of a context until after close(2). So a
 * look takes a *view*, which can be had only while the thing is found in its table, and for which
 * nothing but the freeing of its memory waits. Under a view nobody waits for user memory, and only
 * these locks are taken: tree_lock of the IOAS, accounts_lock, and those of netlink.
 */
#ifndef __IOMMUFD_INTROSPECT_H
#define __IOMMUFD_INTROSPECT_H

#include <linux/atomic.h>
#include <linux/percpu.h>
#include <linux/wait_bit.h>
#include <uapi/linux/iommufd_netlink.h>

#include "endpoint.h"

static inline void iommufd_view_end(atomic_t *views)
{
	/* Who waits may free it as soon as this is zero; the address alone is looked at then. */
	if (atomic_dec_and_test(views))
		wake_up_var(views);
}

/* Nobody can begin a view any more. */
static inline void iommufd_views_wait(atomic_t *views)
{
	/* Pairs with the full barrier of iommufd_view_end(). */
	if (unlikely(atomic_read_acquire(views)))
		wait_var_event(views, !atomic_read_acquire(views));
}

/* Errnos above this have no counter of their own. */
#define IOMMUFD_ERRNO_MAX	133

/**
 * struct iommufd_counts - how often things were done in a context; one for each processor
 * @maps: calls that have mapped
 * @mapped_pages: what they have mapped
 * @unmaps: calls that have unmapped
 * @unmapped_pages: what they have unmapped
 * @faults: page requests
 */
struct iommufd_counts {
	u64 maps;
	u64 mapped_pages;
	u64 unmaps;
	u64 unmapped_pages;
	u64 faults;
};

/**
 * struct iommufd_introspection - what only introspection knows of a context
 * @entered: the context can be found
 * @id: the context's number, once it has been entered
 * @pid: who opened it, in the initial PID namespace
 * @comm: its name then
 * @uid: its user then
 * @views: see above
 * @generation: counts changes of what the context has
 * @nr_objects: published objects by type
 * @counts: what was done
 * @failures: failed ioctls by errno; at 0 those above IOMMUFD_ERRNO_MAX
 */
struct iommufd_introspection {
	bool entered;
	u32 id;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	kuid_t uid;
	atomic_t views;
	atomic_t generation;
	atomic_t nr_objects[IOMMUFD_OBJ_SELFTEST + 1];
	struct iommufd_counts __percpu *counts;
	atomic_t failures[IOMMUFD_ERRNO_MAX + 1];
};

/* Contexts: introspect.c */

int iommufd_introspect_begin(struct iommufd_ctx *ictx);
int iommufd_introspect_enter(struct iommufd_ctx *ictx);
void iommufd_introspect_end(struct iommufd_ctx *ictx);
void iommufd_introspect_free(struct iommufd_ctx *ictx);
struct iommufd_ctx *iommufd_ctx_view_next(u32 id);
struct iommufd_object *iommufd_object_view_next(struct iommufd_ctx *ictx, u32 id,
						unsigned long types);
u32 iommufd_introspect_generation(void);
void iommufd_introspect_changed(struct iommufd_ctx *ictx);
void iommufd_count_failure(struct iommufd_ctx *ictx, long rc);

static inline void iommufd_count_map(struct iommufd_ctx *ictx, unsigned long pages)
{
	this_cpu_inc(ictx->intro->counts->maps);
	this_cpu_add(ictx->intro->counts->mapped_pages, pages);
}

static inline void iommufd_count_unmap(struct iommufd_ctx *ictx, unsigned long pages)
{
	this_cpu_inc(ictx->intro->counts->unmaps);
	this_cpu_add(ictx->intro->counts->unmapped_pages, pages);
}

/* Devices that vfio offers: node.c */

int iommufd_node_name(unsigned int nr, char *name, size_t size);
struct iommufd_node *iommufd_node_view_next(unsigned int nr);
void iommufd_nodes_lock(void);
void iommufd_nodes_unlock(void);
struct iommufd_node *iommufd_node_get(const char *name);
void iommufd_node_put(struct iommufd_node *node);

/* Events: netlink_event.c */

extern bool iommufd_events_wanted;

/* Whether somebody has ever asked for events. All events look, and nobody else has to. */
static inline bool iommufd_events_are_wanted(void)
{
	return READ_ONCE(iommufd_events_wanted);
}

void iommufd_event_ctx(struct iommufd_ctx *ictx, enum iommufd_event_kind kind);
void iommufd_event_node(struct iommufd_node *node, enum iommufd_event_kind kind,
			struct iommufd_endpoint *ep);
void __iommufd_event_endpoint(struct iommufd_endpoint *ep, enum iommufd_event_kind kind, u32 pasid,
			      u32 pt_id);
void iommufd_event_refused(struct iommufd_ctx *ictx, struct iommufd_node *node,
			   struct device *dev, int rc, const char *reason);
void iommufd_event_fault(const struct iommufd_endpoint *ep, u32 hwpt_id, u32 pasid, u64 address);
void iommufd_event_quota(struct iommufd_ctx *ictx, enum iommufd_quota quota);

/**
 * iommufd_event_endpoint() - DMA of an endpoint goes elsewhere now
 * @ep: the endpoint
 * @kind: attach or detach
 * @pasid: DMA with this PASID, or IOMMU_NO_PASID
 * @pt_id: what it was attached to, or 0
 *
 * This one looks inline, for a guest with a virtual IOMMU attaches often.
 */
static inline void iommufd_event_endpoint(struct iommufd_endpoint *ep,
					  enum iommufd_event_kind kind, u32 pasid, u32 pt_id)
{
	if (unlikely(iommufd_events_are_wanted()))
		__iommufd_event_endpoint(ep, kind, pasid, pt_id);
}

/* The family: netlink.c */

int iommufd_netlink_init(void);
void iommufd_netlink_exit(void);

#endif
