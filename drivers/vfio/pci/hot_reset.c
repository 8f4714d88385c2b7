// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hot resets: of a slot, or of the bus behind a bridge, with all functions there.
 *
 * The functions are found by a walk. Those that are vfio devices are frozen: none of them can be
 * opened, closed or taken away meanwhile, so what was found out about who owns them stays true. The
 * user must own all of them, and each must be a vfio device: then no driver but ours, and nobody
 * but him, has anything to do with what is reset.
 *
 * Of the functions that are open, config_lock and mem_lock are taken, mappings are removed, and
 * those that sleep are woken. The PCI core saves and restores config space of all. It needs their
 * device locks, and only tries: a function that is being removed makes the reset fail (-EAGAIN),
 * since the remove waits for us.
 */
#include <linux/delay.h>
#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/vfio.h>
#include <linux/vfio_migration.h>

#include "priv.h"

/* How often the walk is repeated if functions come up while it is prepared. */
#define VFIO_PCI_WALKS	3

/**
 * struct vfio_pci_reset_set - the functions that one hot reset resets
 * @cause: the function whose user asks
 * @slot: the slot is reset; else the whole bus
 * @pdevs: the functions, each a reference
 * @room: elements in @pdevs
 * @found: functions that the walk has met; more than @room if some did not fit
 * @vdevs: those that are vfio devices, each a reference
 * @nr_vdevs: how many
 * @freeze: of @vdevs
 */
struct vfio_pci_reset_set {
	struct pci_dev *cause;
	bool slot;
	struct pci_dev **pdevs;
	unsigned int room;
	unsigned int found;
	struct vfio_device **vdevs;
	unsigned int nr_vdevs;
	struct vfio_freeze freeze;
};

/* Whether @pdev goes down with the others; it is on the bus of the cause or below it. */
static bool vfio_pci_is_affected(struct vfio_pci_reset_set *set, struct pci_dev *pdev)
{
	if (!set->slot)
		return true;
	while (pdev->bus != set->cause->bus)
		pdev = pdev->bus->self;
	return pdev->slot == set->cause->slot;
}

static int vfio_pci_reset_set_visit(struct pci_dev *pdev, void *data)
{
	struct vfio_pci_reset_set *set = data;

	if (!vfio_pci_is_affected(set, pdev))
		return 0;
	if (set->found < set->room)
		set->pdevs[set->found] = pci_dev_get(pdev);
	set->found++;
	return 0;
}

static void vfio_pci_reset_set_drop_pdevs(struct vfio_pci_reset_set *set)
{
	unsigned int i;

	for (i = 0; i < min(set->found, set->room); i++)
		pci_dev_put(set->pdevs[i]);
	kvfree(set->pdevs);
	set->pdevs = NULL;
	set->found = 0;
	set->room = 0;
}

/* Find the functions. */
static int vfio_pci_reset_set_walk(struct vfio_pci_reset_set *set)
{
	unsigned int walks, room = 8;

	for (walks = 0; walks < VFIO_PCI_WALKS; walks++) {
		set->pdevs = kvcalloc(room, sizeof(*set->pdevs), GFP_KERNEL_ACCOUNT);
		if (!set->pdevs)
			return -ENOMEM;
		set->room = room;
		pci_walk_bus(set->cause->bus, vfio_pci_reset_set_visit, set);
		if (set->found <= set->room)
			return 0;
		room = set->found;
		vfio_pci_reset_set_drop_pdevs(set);
	}
	return -EAGAIN;
}

static void vfio_pci_reset_set_end(struct vfio_pci_reset_set *set)
{
	unsigned int i;

	vfio_freeze_end(&set->freeze);
	for (i = 0; i < set->nr_vdevs; i++)
		vfio_put_device(set->vdevs[i]);
	kvfree(set->vdevs);
	vfio_pci_reset_set_drop_pdevs(set);
}

/* Find the functions, and freeze those that are vfio devices. */
static int vfio_pci_reset_set_begin(struct vfio_pci_reset_set *set, struct pci_dev *cause)
{
	struct vfio_pci_core_device *core;
	unsigned int i;
	int ret;

	/* As pci_reset_bus() chooses */
	*set = (struct vfio_pci_reset_set){
		.cause = cause,
		.slot = !pci_probe_reset_slot(cause->slot),
	};
	if (!set->slot && pci_probe_reset_bus(cause->bus))
		return -ENODEV;
	ret = vfio_pci_reset_set_walk(set);
	if (ret)
		return ret;
	set->vdevs = kvcalloc(set->room, sizeof(*set->vdevs), GFP_KERNEL_ACCOUNT);
	if (!set->vdevs) {
		vfio_pci_reset_set_drop_pdevs(set);
		return -ENOMEM;
	}
	for (i = 0; i < set->found; i++) {
		core = vfio_pci_registry_find(set->pdevs[i]);
		if (core)
			set->vdevs[set->nr_vdevs++] = &core->vdev;
	}
	vfio_freeze_begin(&set->freeze, set->vdevs, set->nr_vdevs);
	return 0;
}

/* The vfio device of a function of the set, or NULL. */
static struct vfio_pci_core_device *vfio_pci_reset_set_core(struct vfio_pci_reset_set *set,
							    struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core;
	unsigned int i;

	for (i = 0; i < set->nr_vdevs; i++) {
		core = vfio_pci_core_from(set->vdevs[i]);
		if (core->pdev == pdev)
			return core;
	}
	return NULL;
}

/* Its devid; 0 (VFIO_PCI_DEVID_OWNED) or -1 (VFIO_PCI_DEVID_NOT_OWNED). */
static int vfio_pci_reset_set_devid(struct vfio_pci_reset_set *set, struct vfio_device *user,
				    struct pci_dev *pdev)
{
	struct vfio_pci_core_device *core = vfio_pci_reset_set_core(set, pdev);
	int devid = core ? vfio_device_peer_id(user, &core->vdev) : -ENODEV;

	return devid < 0 ? VFIO_PCI_DEVID_NOT_OWNED : devid;
}

static bool vfio_pci_reset_set_is_owned(struct vfio_pci_reset_set *set, struct vfio_device *user,
					const struct vfio_group_proof *proof)
{
	struct vfio_pci_core_device *core;
	unsigned int i;

	for (i = 0; i < set->found; i++) {
		core = vfio_pci_reset_set_core(set, set->pdevs[i]);
		if (!core || !vfio_device_peer_is_owned(user, &core->vdev, proof))
			return false;
	}
	return true;
}

/* Without an IOMMU group for each of them nobody can prove anything. */
static int vfio_pci_reset_set_tell_groups(struct vfio_pci_reset_set *set,
					  struct vfio_hot_reset_info *info)
{
	struct iommu_group *group;
	unsigned int i;

	for (i = 0; i < set->found; i++) {
		group = iommu_group_get(&set->pdevs[i]->dev);
		if (!group)
			return -EPERM;
		info->devices[i].group_id = iommu_group_id(group);
		iommu_group_put(group);
	}
	return 0;
}

static void vfio_pci_reset_set_tell_devids(struct vfio_pci_reset_set *set, struct vfio_device *user,
					   struct vfio_hot_reset_info *info)
{
	unsigned int i;

	info->owned = vfio_pci_reset_set_is_owned(set, user, NULL);
	for (i = 0; i < set->found; i++)
		info->devices[i].devid = vfio_pci_reset_set_devid(set, user, set->pdevs[i]);
}

/**
 * vfio_pci_core_hot_reset_info() - VFIO_DEVICE_GET_PCI_HOT_RESET_INFO
 * @vdev: an open device
 * @info: gets what a hot reset of @vdev would reset
 *
 * Return: 0; -ENODEV if the slot or bus can't be reset; -EPERM if one of the functions is behind no
 * IOMMU, and groups are to be told; -ENOMEM; -EAGAIN.
 */
int vfio_pci_core_hot_reset_info(struct vfio_device *vdev, struct vfio_hot_reset_info *info)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);
	struct vfio_pci_reset_set set;
	unsigned int i;
	int ret;

	if (IS_ERR(core))
		return PTR_ERR(core);
	ret = vfio_pci_reset_set_begin(&set, core->pdev);
	if (ret)
		return ret;
	info->devices = kvcalloc(set.found, sizeof(*info->devices), GFP_KERNEL_ACCOUNT);
	if (!info->devices) {
		ret = -ENOMEM;
		goto end;
	}
	info->count = set.found;
	if (info->by_group)
		ret = vfio_pci_reset_set_tell_groups(&set, info);
	else
		vfio_pci_reset_set_tell_devids(&set, vdev, info);
	for (i = 0; i < set.found; i++) {
		info->devices[i].segment = pci_domain_nr(set.pdevs[i]->bus);
		info->devices[i].bus = set.pdevs[i]->bus->number;
		info->devices[i].devfn = set.pdevs[i]->devfn;
	}
end:
	vfio_pci_reset_set_end(&set);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_hot_reset_info);

static void vfio_pci_reset_set_sleep(struct vfio_pci_reset_set *set, unsigned int count)
{
	while (count--)
		pm_runtime_put(&set->pdevs[count]->dev);
}

/* Functions that nobody uses may be powered down. */
static int vfio_pci_reset_set_wake(struct vfio_pci_reset_set *set)
{
	unsigned int i;
	int ret;

	for (i = 0; i < set->found; i++) {
		ret = pm_runtime_resume_and_get(&set->pdevs[i]->dev);
		if (ret < 0) {
			vfio_pci_reset_set_sleep(set, i);
			return ret;
		}
	}
	return 0;
}

static bool vfio_pci_reset_set_is_leaving(struct vfio_pci_reset_set *set)
{
	unsigned int i;

	for (i = 0; i < set->nr_vdevs; i++)
		if (READ_ONCE(vfio_pci_core_from(set->vdevs[i])->removing))
			return true;
	return false;
}

static int vfio_pci_reset_set_reset(struct vfio_pci_reset_set *set)
{
	int tries, ret;

	for (tries = 0; tries < VFIO_PCI_RESET_TRIES; tries++) {
		ret = pci_reset_bus(set->cause);
		if (ret != -EAGAIN || vfio_pci_reset_set_is_leaving(set))
			break;
		msleep(VFIO_PCI_RESET_PAUSE_MS);
	}
	return ret;
}

static void vfio_pci_reset_set_lock(struct vfio_pci_reset_set *set)
{
	struct vfio_pci_core_device *core;
	unsigned int i;

	for (i = 0; i < set->nr_vdevs; i++) {
		core = vfio_pci_core_from(set->vdevs[i]);
		if (vfio_device_is_open(&core->vdev))
			mutex_lock_nest_lock(&core->config_lock, &set->freeze);
	}
	for (i = 0; i < set->nr_vdevs; i++) {
		core = vfio_pci_core_from(set->vdevs[i]);
		if (!vfio_device_is_open(&core->vdev))
			continue;
		down_write_nest_lock(&core->mem_lock, &set->freeze);
		vfio_pci_reset_prepare(core);
	}
}

static void vfio_pci_reset_set_unlock(struct vfio_pci_reset_set *set)
{
	struct vfio_pci_core_device *core;
	unsigned int i;

	for (i = 0; i < set->nr_vdevs; i++) {
		core = vfio_pci_core_from(set->vdevs[i]);
		if (!vfio_device_is_open(&core->vdev))
			continue;
		vfio_pci_reset_finish(core);
		up_write(&core->mem_lock);
		mutex_unlock(&core->config_lock);
	}
}

static void vfio_pci_reset_set_tell(struct vfio_pci_reset_set *set)
{
	unsigned int i;

	for (i = 0; i < set->nr_vdevs; i++)
		if (vfio_device_is_open(set->vdevs[i]))
			vfio_device_was_reset(set->vdevs[i]);
}

/**
 * vfio_pci_core_hot_reset() - VFIO_DEVICE_PCI_HOT_RESET
 * @vdev: an open device
 * @proof: groups that the user has shown, or NULL
 *
 * For each device that is open it is as vfio_pci_core_reset().
 *
 * Context: may sleep for seconds.
 * Return: 0; -ENODEV if the slot or bus can't be reset; -EINVAL if part of it is not the user's;
 * -EAGAIN if someone else is working on one of the functions; -ENOMEM; an error of power management
 * or of the reset method.
 */
int vfio_pci_core_hot_reset(struct vfio_device *vdev, const struct vfio_group_proof *proof)
{
	struct vfio_pci_reset_set set;
	int ret;

	ret = vfio_pci_reset_set_begin(&set, vfio_pci_core_from(vdev)->pdev);
	if (ret)
		return ret;
	if (!vfio_pci_reset_set_is_owned(&set, vdev, proof)) {
		ret = -EINVAL;
		goto end;
	}
	ret = vfio_pci_reset_set_wake(&set);
	if (ret)
		goto end;
	vfio_pci_reset_set_lock(&set);
	ret = vfio_pci_reset_set_reset(&set);
	vfio_pci_reset_set_unlock(&set);
	if (!ret)
		vfio_pci_reset_set_tell(&set);
	vfio_pci_reset_set_sleep(&set, set.found);
end:
	vfio_pci_reset_set_end(&set);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_hot_reset);
