// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioeventfds: a write to a BAR, done whenever the user (or KVM on his behalf) signals an eventfd.
 *
 * The write is done by a work item, under the same rules as one by write(): it wakes a function
 * that is powered down, leaves out the MSI-X table, and is dropped while memory decoding is off.
 * Nobody is there to be told.
 *
 * ioeventfd_lock is held while a watch is stopped, which waits for its work; the work does not take
 * it.
 */
#include <linux/export.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/vfio.h>

#include "priv.h"

/* As many as mainline allows */
#define VFIO_PCI_IOEVENTFD_MAX	1000

/**
 * struct vfio_pci_ioeventfd - one of them
 * @core: the device
 * @link: in core->ioeventfds
 * @watch: of the eventfd
 * @bar: where to write
 * @off: where in @bar
 * @size: bytes: 1, 2, 4 or 8
 * @data: what to write, little endian as the device takes it
 */
struct vfio_pci_ioeventfd {
	struct vfio_pci_core_device *core;
	struct list_head link;
	struct vfio_eventfd_watch *watch;
	unsigned int bar;
	u64 off;
	size_t size;
	u8 data[8];
};

static void vfio_pci_ioeventfd_signalled(void *data)
{
	struct vfio_pci_ioeventfd *ioeventfd = data;
	struct vfio_pci_core_device *core __free(vfio_pci_use) =
		vfio_pci_use(&ioeventfd->core->vdev);

	if (IS_ERR(core))
		return;
	vfio_pci_bar_write(core, ioeventfd->bar, ioeventfd->data, ioeventfd->size, ioeventfd->off);
}

static void vfio_pci_ioeventfd_free(struct vfio_pci_ioeventfd *ioeventfd)
{
	list_del(&ioeventfd->link);
	ioeventfd->core->nr_ioeventfds--;
	vfio_eventfd_watch_stop(ioeventfd->watch);
	kfree(ioeventfd);
}

static struct vfio_pci_ioeventfd *vfio_pci_ioeventfd_find(struct vfio_pci_core_device *core,
							  const struct vfio_pci_ioeventfd *like)
{
	struct vfio_pci_ioeventfd *ioeventfd;

	list_for_each_entry(ioeventfd, &core->ioeventfds, link)
		if (ioeventfd->bar == like->bar && ioeventfd->off == like->off &&
		    ioeventfd->size == like->size &&
		    !memcmp(ioeventfd->data, like->data, sizeof(like->data)))
			return ioeventfd;
	return NULL;
}

static int vfio_pci_ioeventfd_add(struct vfio_pci_core_device *core,
				  const struct vfio_pci_ioeventfd *like, int fd)
{
	struct vfio_pci_ioeventfd *ioeventfd;
	struct vfio_eventfd_watch *watch;

	if (core->nr_ioeventfds >= VFIO_PCI_IOEVENTFD_MAX)
		return -ENOSPC;
	ioeventfd = kmemdup(like, sizeof(*like), GFP_KERNEL_ACCOUNT);
	if (!ioeventfd)
		return -ENOMEM;
	/* May call back at once, for a signal that is there already. */
	watch = vfio_eventfd_watch_start(fd, vfio_pci_ioeventfd_signalled, ioeventfd);
	if (IS_ERR(watch)) {
		kfree(ioeventfd);
		return PTR_ERR(watch);
	}
	ioeventfd->watch = watch;
	list_add(&ioeventfd->link, &core->ioeventfds);
	core->nr_ioeventfds++;
	return 0;
}

/* Only what write() to the BAR would do as one access, and all of it. */
static int vfio_pci_ioeventfd_check(struct vfio_pci_core_device *core,
				    const struct vfio_pci_ioeventfd *like)
{
	u64 end = like->off + like->size;

	if (like->bar >= PCI_STD_NUM_BARS || end > pci_resource_len(core->pdev, like->bar))
		return -EINVAL;
	if (like->size > vfio_pci_bar_widest(core, like->bar) || !IS_ALIGNED(like->off, like->size))
		return -EINVAL;
	if ((int)like->bar == core->msix_bar && end > core->msix_start &&
	    like->off < core->msix_end)
		return -EINVAL;
	return core->bars[like->bar].claimed ? 0 : -EBUSY;
}

/**
 * vfio_pci_core_ioeventfd() - VFIO_DEVICE_IOEVENTFD
 * @vdev: an open device
 * @size: bytes to write: 1, 2, 4 or 8
 * @pos: where, as offset in the file
 * @data: what to write
 * @fd: an eventfd of the calling process, or -1 to end what is the same but for @fd
 *
 * Return: 0; -EINVAL for a place that can't be written so, or if @fd is no eventfd; -EBUSY if the
 * BAR is in use by someone else; -EEXIST if there is the same; -ENODEV if @fd is -1 and there is
 * none; -ENOSPC; -EBADF; -ENOMEM.
 */
int vfio_pci_core_ioeventfd(struct vfio_device *vdev, size_t size, loff_t pos, u64 data, int fd)
{
	struct vfio_pci_core_device *core __free(vfio_pci_use) = vfio_pci_use(vdev);
	struct vfio_pci_ioeventfd *existing;
	struct vfio_pci_ioeventfd like = {
		.bar = (u64)pos >> VFIO_PCI_OFFSET_SHIFT,
		.off = pos & VFIO_PCI_OFFSET_MASK,
		.size = size,
	};
	int ret;

	if (IS_ERR(core))
		return PTR_ERR(core);
	ret = vfio_pci_ioeventfd_check(core, &like);
	if (ret)
		return ret;
	like.core = core;
	if (size < sizeof(data))
		data &= GENMASK_ULL(8 * size - 1, 0);
	put_unaligned_le64(data, like.data);

	guard(mutex)(&core->ioeventfd_lock);
	existing = vfio_pci_ioeventfd_find(core, &like);
	if (fd >= 0)
		return existing ? -EEXIST : vfio_pci_ioeventfd_add(core, &like, fd);
	if (!existing)
		return -ENODEV;
	vfio_pci_ioeventfd_free(existing);
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_pci_core_ioeventfd);

/* From close. */
void vfio_pci_ioeventfds_end(struct vfio_pci_core_device *core)
{
	struct vfio_pci_ioeventfd *ioeventfd, *next;

	guard(mutex)(&core->ioeventfd_lock);
	list_for_each_entry_safe(ioeventfd, next, &core->ioeventfds, link)
		vfio_pci_ioeventfd_free(ioeventfd);
}
