// SPDX-License-Identifier: GPL-2.0-only
/*
 * The legacy VGA ranges of a graphics card, as one region: memory 0xa0000 to 0xbffff, and I/O ports
 * 0x3b0 to 0x3bb and 0x3c0 to 0x3df, each at its own address.
 *
 * All cards of a machine answer there, so the kernel's VGA arbiter is asked before each access. It
 * routes the ranges to the card, and lets nobody else have them until they are given back. Whoever
 * has them now is waited for: that may be a process (/dev/vga_arbiter), and so take for ever.
 *
 * A revocation waits for calls of the driver, and must not wait for that. The arbiter ends a wait
 * when a signal is pending. So a caller is on a list while it waits, with no lock held, and
 * vfio_pci_core_cancel() makes each of them return as if one were: the flag that it sets is the one
 * by which the kernel makes a task look for work of its own before it returns to userspace. There
 * is none, and the system call is restarted, on a file that is parked. As with any signal, a caller
 * that is killed doesn't wait either.
 *
 * The arbiter turns decoding on and off in hardware's COMMAND by itself, knowing nothing of the
 * user's. So nothing is asked of it for accesses that the user's COMMAND doesn't allow, and COMMAND
 * is put right before the access.
 */
#include <linux/aperture.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/vfio.h>
#include <linux/vgaarb.h>

#include "priv.h"

#define VGA_RSRC_NORMAL		(VGA_RSRC_NORMAL_IO | VGA_RSRC_NORMAL_MEM)
#define VGA_RSRC_ALL		(VGA_RSRC_NORMAL | VGA_RSRC_LEGACY_MASK)

/**
 * struct vga_range - one of the ranges
 * @start: its first address, and offset in the region
 * @size: in bytes
 * @rsrc: what the arbiter calls it
 */
struct vga_range {
	u32 start;
	u32 size;
	unsigned int rsrc;
};

static const struct vga_range vga_ranges[VFIO_PCI_VGA_RANGES] = {
	{ 0x3b0, 0xc, VGA_RSRC_LEGACY_IO },
	{ 0x3c0, 0x20, VGA_RSRC_LEGACY_IO },
	{ 0xa0000, 0x20000, VGA_RSRC_LEGACY_MEM },
};

/**
 * struct vga_waiter - a caller that the arbiter may let wait
 * @link: in core->vga.waiters
 * @task: the caller
 */
struct vga_waiter {
	struct list_head link;
	struct task_struct *task;
};

/* What the arbiter is told that the card decodes, for as long as we have it. */
static unsigned int decode_all(struct pci_dev *pdev, bool state)
{
	return VGA_RSRC_ALL;
}

static unsigned int decode_normal(struct pci_dev *pdev, bool state)
{
	return VGA_RSRC_NORMAL;
}

static bool bus_is_below(const struct pci_bus *bus, const struct pci_bus *top)
{
	for (; bus; bus = bus->parent)
		if (bus == top)
			return true;
	return false;
}

/*
 * Whether there is a bridge that lets legacy accesses through to this card only. Otherwise the card
 * answers them whenever it decodes anything.
 */
static bool vga_is_alone(struct pci_dev *pdev)
{
	struct pci_dev *other = NULL;
	bool alone = !pci_is_root_bus(pdev->bus);

	while ((other = pci_get_class(PCI_CLASS_DISPLAY_VGA << 8, other)))
		if (other != pdev && bus_is_below(other->bus, pdev->bus))
			alone = false;
	return alone;
}

/* A card whose ranges nobody is to have needs no arbitration, if its bridge keeps them away. */
static void vga_leave_out(struct vfio_pci_core_device *core)
{
	if (!vga_is_alone(core->pdev) || vga_client_register(core->pdev, decode_normal))
		return;
	vga_set_legacy_decoding(core->pdev, VGA_RSRC_NORMAL);
	core->vga.left_out = true;
}

/*
 * Takes the card from the firmware's framebuffer, and says to the arbiter that it is ours. Called
 * before the device can be opened.
 *
 * Return: 0, or an error of a framebuffer that can't be removed.
 */
int vfio_pci_vga_init(struct vfio_pci_core_device *core)
{
	struct pci_dev *pdev = core->pdev;
	int ret;

	spin_lock_init(&core->vga.lock);
	INIT_LIST_HEAD(&core->vga.waiters);
	if (pdev->class >> 8 != PCI_CLASS_DISPLAY_VGA || vfio_pci_is_mediated(core))
		return 0;
	ret = aperture_remove_conflicting_pci_devices(pdev, core->vdev.ops->name);
	if (ret || !IS_ENABLED(CONFIG_VGA_ARB))
		return ret;
	/* Without @cancel the wait for the arbiter could not be ended. */
	if (core->flags & VFIO_PCI_CORE_NO_VGA || !core->vdev.ops->cancel)
		vga_leave_out(core);
	else
		core->vga.offered = !vga_client_register(pdev, decode_all);
	return 0;
}

/* Undoes it, but for the framebuffer. */
void vfio_pci_vga_exit(struct vfio_pci_core_device *core)
{
	if (core->vga.offered || core->vga.left_out)
		vga_client_unregister(core->pdev);
	if (core->vga.left_out)
		vga_set_legacy_decoding(core->pdev, VGA_RSRC_ALL);
	core->vga.offered = false;
	core->vga.left_out = false;
}

static void __iomem *vga_map(const struct vga_range *range)
{
	if (range->rsrc == VGA_RSRC_LEGACY_IO)
		return ioport_map(range->start, range->size);
	return ioremap(range->start, range->size);
}

static void vga_unmap(const struct vga_range *range, void __iomem *io)
{
	if (io && range->rsrc == VGA_RSRC_LEGACY_IO)
		ioport_unmap(io);
	else if (io)
		iounmap(io);
}

/* Called by open; vfio_pci_vga_close() undoes it, also after a failure. */
int vfio_pci_vga_open(struct vfio_pci_core_device *core)
{
	unsigned int i;

	scoped_guard(spinlock, &core->vga.lock)
		core->vga.cancelled = false;
	if (!core->vga.offered)
		return 0;
	for (i = 0; i < VFIO_PCI_VGA_RANGES; i++) {
		core->vga.io[i] = vga_map(&vga_ranges[i]);
		if (!core->vga.io[i])
			return -ENOMEM;
	}
	return 0;
}

void vfio_pci_vga_close(struct vfio_pci_core_device *core)
{
	unsigned int i;

	for (i = 0; i < VFIO_PCI_VGA_RANGES; i++) {
		vga_unmap(&vga_ranges[i], core->vga.io[i]);
		core->vga.io[i] = NULL;
	}
}

/**
 * vfio_pci_core_cancel() - have nobody wait for others any more
 * @vdev: a device that is about to be taken from its user
 */
void vfio_pci_core_cancel(struct vfio_device *vdev)
{
	struct vfio_pci_core_device *core = vfio_pci_core_from(vdev);
	struct vga_waiter *waiter;

	spin_lock(&core->vga.lock);
	core->vga.cancelled = true;
	list_for_each_entry(waiter, &core->vga.waiters, link) {
		/* The wake-up orders this before the waiter's look at it. */
		set_tsk_thread_flag(waiter->task, TIF_NOTIFY_SIGNAL);
		wake_up_process(waiter->task);
	}
	spin_unlock(&core->vga.lock);
}
EXPORT_SYMBOL_GPL(vfio_pci_core_cancel);

static const struct vga_range *vga_range_find(u64 addr)
{
	unsigned int i;

	for (i = 0; i < VFIO_PCI_VGA_RANGES; i++)
		if (addr >= vga_ranges[i].start && addr - vga_ranges[i].start < vga_ranges[i].size)
			return &vga_ranges[i];
	return NULL;
}

static bool vga_usable(struct vfio_pci_core_device *core, const struct vga_range *range)
{
	return range->rsrc == VGA_RSRC_LEGACY_IO ? vfio_pci_io_usable(core) :
						   vfio_pci_memory_usable(core);
}

/* Gets a range, for vga_put(). */
static int vga_hold(struct vfio_pci_core_device *core, const struct vga_range *range)
{
	struct vga_waiter waiter = { .task = current };
	int ret;

	scoped_guard(rwsem_read, &core->mem_lock)
		if (!vga_usable(core, range))
			return -EIO;
	scoped_guard(spinlock, &core->vga.lock) {
		if (core->vga.cancelled)
			return -ENODEV;
		list_add(&waiter.link, &core->vga.waiters);
	}
	ret = vga_get_interruptible(core->pdev, range->rsrc);
	scoped_guard(spinlock, &core->vga.lock)
		list_del(&waiter.link);
	return ret;
}

/* Accesses to ports or memory at @addr; the range that it is in is held. */
static int vga_transfer(struct vfio_pci_core_device *core, const struct vga_range *range,
			void *buf, size_t count, u32 addr, bool write)
{
	void __iomem *io = core->vga.io[range - vga_ranges] + (addr - range->start);
	size_t done, size;

	guard(rwsem_write)(&core->mem_lock);
	vfio_pci_command_refresh(core);
	if (!vga_usable(core, range))
		return -EIO;
	for (done = 0; done < count; done += size) {
		size = vfio_pci_access_size(addr + done, count - done, sizeof(u32));
		if (write)
			vfio_pci_io_store(io + done, buf + done, size);
		else
			vfio_pci_io_load(io + done, buf + done, size);
	}
	return count;
}

/* Reads from the region into @buf, or, if @write, the other way. */
ssize_t vfio_pci_vga_access(struct vfio_pci_core_device *core, void *buf, size_t count, u64 off,
			    bool write)
{
	const struct vga_range *range;
	ssize_t ret;

	range = vga_range_find(off);
	if (!core->vga.offered || !range)
		return -EINVAL;
	count = min_t(u64, count, range->start + range->size - off);
	ret = vga_hold(core, range);
	if (ret)
		return ret;
	ret = vga_transfer(core, range, buf, count, off, write);
	vga_put(core->pdev, range->rsrc);
	return ret;
}
