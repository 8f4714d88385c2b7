// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes: the devices that vfio offers, as introspection sees them. The vfio core tells what happens
 * to its devices; nobody asks it, so that nobody waits for its drivers.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>

#include "introspect.h"

/* Protects what nodes hold. A leaf, under which nothing but events is sent. */
static DEFINE_MUTEX(nodes_lock);
static DEFINE_XARRAY(nodes);

void iommufd_nodes_lock(void)
{
	mutex_lock(&nodes_lock);
}

void iommufd_nodes_unlock(void)
{
	mutex_unlock(&nodes_lock);
}

int iommufd_node_name(unsigned int nr, char *name, size_t size)
{
	return snprintf(name, size, "vfio%u", nr);
}

/**
 * iommufd_node_view_next() - look at a node
 * @nr: from which number on
 *
 * Return: the node of the lowest number, which stays while the lock is held; or NULL.
 */
struct iommufd_node *iommufd_node_view_next(unsigned int nr)
{
	unsigned long index = nr;

	lockdep_assert_held(&nodes_lock);
	return xa_find(&nodes, &index, ULONG_MAX, XA_PRESENT);
}

int iommufd_node_add(struct iommufd_node *node)
{
	int rc;

	guard(mutex)(&nodes_lock);
	rc = xa_insert(&nodes, node->nr, node, GFP_KERNEL);
	if (rc)
		return rc;
	iommufd_introspect_changed(NULL);
	iommufd_event_node(node, IOMMUFD_EVENT_KIND_DEVICE_ADD, NULL);
	return 0;
}
EXPORT_SYMBOL_GPL(iommufd_node_add);

void iommufd_node_del(struct iommufd_node *node)
{
	guard(mutex)(&nodes_lock);
	xa_erase(&nodes, node->nr);
	iommufd_introspect_changed(NULL);
	iommufd_event_node(node, IOMMUFD_EVENT_KIND_DEVICE_REMOVE, NULL);
}
EXPORT_SYMBOL_GPL(iommufd_node_del);

void iommufd_node_bound(struct iommufd_node *node, struct iommufd_endpoint *ep)
{
	guard(mutex)(&nodes_lock);
	WRITE_ONCE(ep->node, node->nr + 1);
	node->endpoint = ep;
	iommufd_introspect_changed(ep->obj.ictx);
	iommufd_event_node(node, IOMMUFD_EVENT_KIND_BIND, ep);
}
EXPORT_SYMBOL_GPL(iommufd_node_bound);

void iommufd_node_unbound(struct iommufd_node *node)
{
	struct iommufd_endpoint *ep;

	guard(mutex)(&nodes_lock);
	ep = node->endpoint;
	if (!ep)
		return;
	node->endpoint = NULL;
	iommufd_introspect_changed(ep->obj.ictx);
	iommufd_event_node(node, IOMMUFD_EVENT_KIND_PARK, ep);
}
EXPORT_SYMBOL_GPL(iommufd_node_unbound);

void iommufd_node_opened(struct iommufd_node *node, bool unprotected)
{
	guard(mutex)(&nodes_lock);
	node->files++;
	node->unprotected = unprotected;
	node->pid = pid_nr(task_tgid(current));
	get_task_comm(node->comm, current->group_leader);
	iommufd_introspect_changed(NULL);
}
EXPORT_SYMBOL_GPL(iommufd_node_opened);

void iommufd_node_closed(struct iommufd_node *node, bool revoked)
{
	guard(mutex)(&nodes_lock);
	if (revoked)
		node->revoked_files--;
	else
		node->files--;
	iommufd_introspect_changed(NULL);
}
EXPORT_SYMBOL_GPL(iommufd_node_closed);

void iommufd_node_revoked(struct iommufd_node *node)
{
	guard(mutex)(&nodes_lock);
	if (!node->files && !node->endpoint)
		return;
	node->revoked_files += node->files;
	node->files = 0;
	iommufd_introspect_changed(NULL);
	iommufd_event_node(node, IOMMUFD_EVENT_KIND_REVOKE, node->endpoint);
}
EXPORT_SYMBOL_GPL(iommufd_node_revoked);

void iommufd_node_refused(struct iommufd_node *node, struct iommufd_ctx *ictx, int rc,
			  const char *reason)
{
	guard(mutex)(&nodes_lock);
	iommufd_event_refused(ictx, node, node->dev, rc, reason);
}
EXPORT_SYMBOL_GPL(iommufd_node_refused);

/**
 * iommufd_node_get() - find a node by its name
 * @name: as in /dev/vfio/devices
 *
 * Return: the node, whose memory and whose owner stay until iommufd_node_put(); or NULL.
 */
struct iommufd_node *iommufd_node_get(const char *name)
{
	struct iommufd_node *node;
	unsigned long nr;
	char have[16];

	guard(mutex)(&nodes_lock);
	xa_for_each(&nodes, nr, node) {
		iommufd_node_name(nr, have, sizeof(have));
		if (strcmp(have, name))
			continue;
		/* A device is offered, and so its driver keeps the owner from being unloaded. */
		__module_get(node->owner);
		node->get(node);
		return node;
	}
	return NULL;
}

void iommufd_node_put(struct iommufd_node *node)
{
	struct module *owner = node->owner;

	node->put(node);
	module_put(owner);
}
