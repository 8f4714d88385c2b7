/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio driver API: what a driver that offers a device to userspace includes.
 *
 * Model
 * -----
 * A driver embeds a struct vfio_device in its own structure, allocates that with
 * vfio_alloc_device(), and makes it visible with vfio_register_device(). From then on userspace may
 * open /dev/vfio/devices/vfioN. The file is *parked*: nothing of the driver is reachable through it
 * until the user binds it to an iommufd context. Binding calls the driver's @bind (which asks the
 * core for DMA ownership, one line in an ordinary driver), then @open; only then do the other
 * callbacks run. When the user closes the file, or when the device is taken away, the core waits
 * for the callbacks in flight, removes the mappings, calls @close, and parks the file.
 *
 * Invariants the core guarantees
 * ------------------------------
 * - At most one file is bound to a device; @open and @close come in pairs.
 * - No callback runs before @open has returned 0, after @close has begun, or after
 *   vfio_unregister_device() has returned. So a driver's module may go away while a user still
 *   holds the file, and needs no reference for open files.
 * - A callback never sees a user pointer. Buffers are kernel memory that the core has copied in or
 *   will copy out, with no lock held. A callback must not touch user memory itself (the exception
 *   is eventfd descriptors in @set_irqs and @ioeventfd, which it resolves with the helpers below):
 *   taking a device away waits for callbacks, and must not wait for a user's page fault.
 * - Callbacks other than @bind, @open and @close may run concurrently with each other; the driver
 *   serialises what it must. All run in process context and may sleep.
 */
#ifndef __IOMMUFD_VFIO_LINUX_VFIO_H
#define __IOMMUFD_VFIO_LINUX_VFIO_H

#include <linux/device.h>
#include <linux/lockdep_types.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <uapi/linux/vfio.h>

struct iommufd_access;
struct iommufd_access_ops;
struct iommufd_endpoint;
struct iommufd_pasid_ops;
struct vfio_bind;
struct vfio_core_device;
struct vfio_device_ops;
struct vfio_dma_logging_ops;
struct vfio_group_proof;
struct vfio_migration_ops;

/**
 * struct vfio_device - the part of a driver's device that the core knows
 * @dev: the device that is offered to userspace; vfioN appears below it in sysfs
 * @ops: the driver's callbacks
 * @migration: NULL, or how its state can be saved and loaded (linux/vfio_migration.h)
 * @dma_logging: NULL, or how it knows what memory it writes (likewise)
 *
 * Embedded in the driver's structure, which vfio_alloc_device() allocates and the core frees after
 * the last reference: the registration's, and one for each open file.
 */
struct vfio_device {
	struct device *dev;
	const struct vfio_device_ops *ops;
	const struct vfio_migration_ops *migration;
	const struct vfio_dma_logging_ops *dma_logging;
	/* private: */
	struct vfio_core_device *core;
};

/**
 * struct vfio_info_caps - a capability chain under construction
 * @buf: the chain; offsets in it are relative to its own start until the core moves them
 * @size: bytes used in @buf
 *
 * Filled by @get_info and @get_region_info through vfio_info_add_cap(); owned by the core.
 */
struct vfio_info_caps {
	struct vfio_info_cap_header *buf;
	size_t size;
};

/**
 * struct vfio_feature - an optional ability of a device, for VFIO_DEVICE_FEATURE
 * @id: VFIO_DEVICE_FEATURE_*
 * @size: bytes of its data, may be 0
 * @get: Fill @data, which is zeroed; NULL if the feature has no GET. Return 0 or a negative errno.
 * @set: Take @data as the user gave it; NULL if the feature has no SET. Return likewise.
 */
struct vfio_feature {
	u16 id;
	size_t size;
	int (*get)(struct vfio_device *vdev, void *data);
	int (*set)(struct vfio_device *vdev, void *data);
};

/**
 * struct vfio_hot_reset_info - what a hot reset would reset
 * @devices: one for each device, allocated by the driver with kvmalloc(), freed by the core
 * @count: how many
 * @by_group: set by the core: groups are to be told, not devids
 * @owned: all of them are the user's; not used with @by_group
 */
struct vfio_hot_reset_info {
	struct vfio_pci_dependent_device *devices;
	unsigned int count;
	bool by_group;
	bool owned;
};

/**
 * struct vfio_group_proof - open groups that a user has shown, to prove that they are his
 * @files: open files of groups
 * @count: how many
 */
struct vfio_group_proof {
	struct file **files;
	unsigned int count;
};

/**
 * struct vfio_device_ops - a vfio driver
 * @name: for messages
 * @noiommu: The device is hardware that does DMA by itself, and may be offered where no IOMMU keeps
 *           that apart, if an administrator wants it so (enable_unsafe_noiommu_mode). @bind is not
 *           called then.
 * @own_group: The device is made by a driver, and no IOMMU knows it (a mediated device). It gets an
 *             IOMMU group of its own, for programs that use devices by their groups. Whose DMA it
 *             does @bind says, as for others.
 * @takes_token: @open looks at vfio_device_token(); without it a bind with a token fails (-EINVAL)
 * @bind: Say whose DMA this device does, by calling exactly one of the vfio_bind_* helpers and
 *        returning its result. Called with the device not open.
 * @open: Make the device usable. Called after @bind; DMA is blocked until the user attaches an
 *        address space. A failure leaves the file parked.
 * @close: Undo @open: stop DMA and interrupts, release what the user set up. Must not fail, and
 *         must not assume that the user is alive. No other callback runs during it.
 * @cancel: The device is about to be taken from its user: have callbacks return that wait for
 *          others than the device, and no later one wait before the next @open. Must not wait
 *          itself; runs besides other callbacks, between @open and @close. Optional: of drivers
 *          that wait so, which must end with a fatal signal, too.
 * @read: Read @count bytes (1 to PAGE_SIZE) at file offset @pos into @buf. Return the number of
 *        bytes read (0 at the end of a region) or a negative errno.
 * @write: Write likewise.
 * @mmap: Check that [vm_pgoff, vm_pgoff + pages) of @vma may be mapped and set its vm_page_prot.
 *        The core has set the VM_IO, VM_PFNMAP, VM_DONTEXPAND and VM_DONTDUMP flags and its own
 *        vm_ops. Called with the caller's mmap_lock held for write.
 * @fault: Insert the page for @vmf (vmf_insert_pfn()), or return VM_FAULT_SIGBUS. The same offset
 *         may fault again after vfio_device_zap(). Called with mmap_lock or the VMA lock held.
 * @huge_fault: Insert 2^@order pages at once (vmf_insert_pfn_pmd(), vmf_insert_pfn_pud()), or
 *              return VM_FAULT_FALLBACK, after which @fault is called; optional. Otherwise as
 *              @fault.
 * @find_memory: Tell where in memory the @nr_pages pages at @pgoff are that @mmap let pass, so that
 *               other devices can reach them; -EINVAL if they aren't; optional. They stay there
 *               until the driver is unbound. Must not wait for anybody.
 * @get_info: Fill flags, num_regions and num_irqs of @info; optionally add capabilities.
 * @get_region_info: Fill flags, size and offset for @info->index; -EINVAL for an unknown index.
 * @get_irq_info: Fill flags and count for @info->index; -EINVAL for an unknown index.
 * @set_irqs: Apply @hdr. The core has checked flags, index, start and count against @get_irq_info.
 *            @data holds count elements: u8 for DATA_BOOL, s32 for DATA_EVENTFD, and is NULL for
 *            DATA_NONE, the one kind with which count may be 0.
 * @reset: Reset the device to its initial state; optional (the ioctl gives -ENOTTY without it).
 * @ioeventfd: Write @size bytes (1, 2, 4 or 8) of @data at file offset @pos whenever the eventfd
 *             @fd of the calling process is signalled; if @fd is -1, stop doing so. Optional.
 * @find_feature: Describe a feature, or return NULL if the device does not have it; optional.
 * @hot_reset_info: Name the devices that @hot_reset would reset; optional, of PCI devices.
 * @hot_reset: Reset the slot or bus, which must be the user's as a whole
 *             (vfio_device_peer_is_owned()); optional, likewise.
 *
 * Optional callbacks that are NULL make the operation fail: read and write with -EINVAL, mmap with
 * -EINVAL, ioctls with -ENOTTY.
 */
struct vfio_device_ops {
	const char *name;
	bool noiommu;
	bool own_group;
	bool takes_token;
	int (*bind)(struct vfio_device *vdev, struct vfio_bind *bind);
	int (*open)(struct vfio_device *vdev);
	void (*close)(struct vfio_device *vdev);
	void (*cancel)(struct vfio_device *vdev);
	ssize_t (*read)(struct vfio_device *vdev, void *buf, size_t count, loff_t pos);
	ssize_t (*write)(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos);
	int (*mmap)(struct vfio_device *vdev, struct vm_area_struct *vma);
	vm_fault_t (*fault)(struct vfio_device *vdev, struct vm_fault *vmf);
	vm_fault_t (*huge_fault)(struct vfio_device *vdev, struct vm_fault *vmf,
				 unsigned int order);
	int (*find_memory)(struct vfio_device *vdev, unsigned long pgoff, unsigned long nr_pages,
			   unsigned long *pfn);
	int (*get_info)(struct vfio_device *vdev, struct vfio_device_info *info,
			struct vfio_info_caps *caps);
	int (*get_region_info)(struct vfio_device *vdev, struct vfio_region_info *info,
			       struct vfio_info_caps *caps);
	int (*get_irq_info)(struct vfio_device *vdev, struct vfio_irq_info *info);
	int (*set_irqs)(struct vfio_device *vdev, const struct vfio_irq_set *hdr, const void *data);
	int (*reset)(struct vfio_device *vdev);
	int (*ioeventfd)(struct vfio_device *vdev, size_t size, loff_t pos, u64 data, int fd);
	const struct vfio_feature *(*find_feature)(struct vfio_device *vdev, u16 id);
	int (*hot_reset_info)(struct vfio_device *vdev, struct vfio_hot_reset_info *info);
	int (*hot_reset)(struct vfio_device *vdev, const struct vfio_group_proof *proof);
};

/**
 * vfio_alloc_device() - allocate a driver's device structure
 * @type: the driver's structure
 * @member: its struct vfio_device member, which must come first
 * @parent: the device that is offered to userspace
 * @ops: the driver's callbacks
 *
 * Context: may sleep.
 * Return: the zeroed structure with one reference, or ERR_PTR(-ENOMEM).
 */
#define vfio_alloc_device(type, member, parent, ops)						\
	container_of(__vfio_alloc_device(sizeof(type) +						\
					 BUILD_BUG_ON_ZERO(offsetof(type, member)),		\
					 parent, ops),						\
		     type, member)
struct vfio_device *__vfio_alloc_device(size_t size, struct device *parent,
					const struct vfio_device_ops *ops);

/**
 * vfio_put_device() - drop the reference that vfio_alloc_device() gave
 * @vdev: the device; not to be touched afterwards
 *
 * The core does not touch the device it was made for either, from now on.
 */
void vfio_put_device(struct vfio_device *vdev);

/**
 * vfio_register_device() - make the device visible to userspace
 * @vdev: a device that is ready for its callbacks
 *
 * Context: may sleep.
 * Return: 0 or a negative errno; then nothing is visible.
 */
int vfio_register_device(struct vfio_device *vdev);

/**
 * vfio_unregister_device() - take the device away from userspace
 * @vdev: a registered device
 *
 * Parks every open file for good: waits for callbacks in flight, removes mappings, runs @close if
 * the device was open, and gives back DMA ownership. Never waits for a process to close its file.
 * When it returns, no callback of the driver is running and none will run again.
 *
 * Context: may sleep; usually from the bus driver's remove.
 */
void vfio_unregister_device(struct vfio_device *vdev);

/**
 * vfio_get_device() - keep a device's structure in memory
 * @vdev: a device that is in memory for another reason; vfio_put_device() drops the reference
 */
void vfio_get_device(struct vfio_device *vdev);

/**
 * vfio_device_token() - the token that the user gave when he bound the device
 * @vdev: a device; called from @open
 *
 * Return: the token, until @open returns; NULL if he gave none.
 */
const uuid_t *vfio_device_token(struct vfio_device *vdev);

/**
 * vfio_device_is_revoked() - whether the device is being taken away from its user
 * @vdev: an open device; called from @close
 *
 * Return: true if the user did not ask for this close. He may be asleep, waiting for the device,
 * and the driver should wake him.
 */
bool vfio_device_is_revoked(struct vfio_device *vdev);

/**
 * struct vfio_freeze - devices that stay as they are: registered or not, open or not
 * @vdevs: the devices
 * @count: how many
 */
struct vfio_freeze {
	struct vfio_device **vdevs;
	unsigned int count;
	/* private: */
#ifdef CONFIG_DEBUG_LOCK_ALLOC
	struct lockdep_map dep_map;
#endif
};

/**
 * vfio_freeze_begin() - let no device of a set be opened, closed or taken away
 * @freeze: to be filled
 * @vdevs: the devices, none twice, each kept in memory by the caller; they are sorted
 * @count: how many
 *
 * Callbacks but @bind, @open and @close still run. Those that wait for vfio_freeze_end() include
 * drivers' removes, with the device lock held. Within, locks of one class of several frozen devices
 * may be taken in any order with @freeze as nest lock, if nobody does so without freezing.
 *
 * Context: may sleep; from callbacks but @bind, @open and @close.
 */
void vfio_freeze_begin(struct vfio_freeze *freeze, struct vfio_device **vdevs, unsigned int count);

/**
 * vfio_freeze_end() - undo vfio_freeze_begin()
 * @freeze: the set
 */
void vfio_freeze_end(struct vfio_freeze *freeze);

/**
 * vfio_device_is_open() - whether a device is between @open and @close
 * @vdev: a frozen device
 */
bool vfio_device_is_open(struct vfio_device *vdev);

/**
 * vfio_device_peer_id() - whose is another device, seen from the user of a device
 * @vdev: a device; called from one of its callbacks
 * @peer: another device, or the same; frozen
 *
 * Return: the devid of @peer if it is bound to the same context as @vdev; else 0 if that context
 * owns its DMA; else, or if it is not registered any more, -ENODEV.
 */
int vfio_device_peer_id(struct vfio_device *vdev, struct vfio_device *peer);

/**
 * vfio_device_peer_is_owned() - whether another device belongs to the user of a device
 * @vdev: a device; called from one of its callbacks
 * @peer: another device, or the same; frozen
 * @proof: the groups that the user has shown, of which @peer must belong to one; or NULL, when
 *         vfio_device_peer_id() decides
 */
bool vfio_device_peer_is_owned(struct vfio_device *vdev, struct vfio_device *peer,
			       const struct vfio_group_proof *proof);

/**
 * vfio_bind_device() - the device does DMA under its own requester ID
 * @bind: as given to the driver's @bind
 * @dev: the device whose IOMMU group is claimed; usually vdev->dev
 *
 * Return: 0; -EBUSY if another context or a kernel driver owns the group's DMA; -ENODEV if @dev is
 * behind no IOMMU; -EINVAL if the IOMMU can't keep DMA coherent with CPU caches; -EPERM if
 * interrupts can't be isolated; -ENOMEM.
 */
int vfio_bind_device(struct vfio_bind *bind, struct device *dev);

/**
 * vfio_bind_access() - the device does no DMA: its driver accesses memory by IOVA
 * @bind: as given to the driver's @bind
 * @ops: what the driver does when memory is unmapped that it has pinned; a driver that never pins
 *       has an @unmap that is NULL
 * @data: for @ops
 *
 * The driver gets at the memory by the functions of include/linux/iommufd.h, on what
 * vfio_device_access() returns. @ops and @data stay until vfio_unregister_device() has returned.
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_bind_access(struct vfio_bind *bind, const struct iommufd_access_ops *ops, void *data);

/**
 * vfio_device_access() - what a driver that said vfio_bind_access() reads, writes and pins by
 * @vdev: its device
 *
 * Valid from the moment at which @open begins until @close returns, and in the driver's @unmap. All
 * that the driver does with it must have ended when @close returns; pins that are left are taken
 * away then. When @close begins, and when the device is about to be taken away, reads, writes and
 * pins fail with -ENODEV, those in progress too, so that nobody waits for user memory. Hence a
 * callback may access memory, and @close may wait for a work item that does.
 *
 * Return: the access.
 */
struct iommufd_access *vfio_device_access(struct vfio_device *vdev);

/**
 * vfio_bind_pasid() - the device does DMA under another's requester ID, told apart by PASIDs
 * @bind: as given to the driver's @bind
 * @parent: whose requester ID it is; its driver uses the DMA API, and stays bound until
 *          vfio_unregister_device() has returned
 * @ops: how the driver drains the device of a PASID; NULL: the device can use but one PASID
 * @data: for @ops
 *
 * The device may use the PASIDs that iommufd_pasid_owned() knows for vfio_device_endpoint(), which
 * the driver has to see to. @ops may be called at any time until @close has returned, and a little
 * after; not any more when vfio_unregister_device() has returned. It must not wait for an @open,
 * @close or @bind.
 *
 * Return: 0; -EOPNOTSUPP if @parent has no PASIDs; -EBUSY if its DMA is not its driver's; -ENOSPC
 * if no PASID is free; -EDQUOT if the context has too many; otherwise as vfio_bind_device().
 */
int vfio_bind_pasid(struct vfio_bind *bind, struct device *parent,
		    const struct iommufd_pasid_ops *ops, void *data);

/**
 * vfio_device_endpoint() - the endpoint that the driver's @bind has chosen
 * @vdev: the device
 *
 * For iommufd_endpoint_pasid(), iommufd_pasid_owned() and the like (include/linux/iommufd.h). The
 * driver doesn't attach, detach or release it.
 *
 * Return: the endpoint, from the moment at which @open begins until @close returns.
 */
struct iommufd_endpoint *vfio_device_endpoint(struct vfio_device *vdev);

/**
 * vfio_device_zap() - remove the user's mappings of a device
 * @vdev: the device
 * @pos: the file offset to start from, in bytes, a multiple of PAGE_SIZE
 * @size: the number of bytes; 0 for all to the end of the file
 *
 * Later accesses fault again and reach the driver's @fault.
 *
 * Context: may sleep; takes no mmap_lock, so it may be called with a lock that @fault takes.
 */
void vfio_device_zap(struct vfio_device *vdev, loff_t pos, loff_t size);

/**
 * vfio_info_add_cap() - append a copy of a capability to a chain
 * @caps: the chain
 * @cap: the capability, its id and version set
 * @size: its size in bytes
 *
 * Return: 0 or -ENOMEM.
 */
int vfio_info_add_cap(struct vfio_info_caps *caps, const struct vfio_info_cap_header *cap,
		      size_t size);

/*
 * Eventfds as interrupts.
 *
 * Kernel to user: struct vfio_trigger holds the eventfd that a vector signals.
 * User to kernel: struct vfio_eventfd_watch calls back when the user signals an eventfd, as needed
 * to unmask a level-triggered interrupt without an ioctl.
 */

/**
 * struct vfio_trigger - the eventfd that stands for one interrupt
 *
 * Zero-initialised means none. vfio_trigger_set() calls are serialised by the driver's own lock;
 * vfio_trigger_signal() may run at any time in any context, hard interrupts included.
 */
struct vfio_trigger {
	/* private: */
	struct vfio_trigger_target __rcu *target;
};

/**
 * vfio_trigger_set() - choose the eventfd
 * @trigger: the trigger
 * @fd: an eventfd of the calling process, or -1 for none
 *
 * The old eventfd is let go of after an RCU grace period, without waiting for it; a
 * vfio_trigger_signal() that runs at the same time may still reach it.
 *
 * Context: may sleep.
 * Return: 0; -EBADF if @fd is not open, -EINVAL if it is not an eventfd or below -1, -ENOMEM; after
 * a failure the old eventfd stays.
 */
int vfio_trigger_set(struct vfio_trigger *trigger, int fd);

/**
 * vfio_trigger_move() - hand an eventfd over, so that several triggers can change all or nothing
 * @to: takes over what @from has, even if that is none; its old eventfd is let go of
 * @from: has none afterwards; one that vfio_trigger_set() has prepared
 *
 * Never fails and needs no user context.
 */
void vfio_trigger_move(struct vfio_trigger *to, struct vfio_trigger *from);

/**
 * vfio_trigger_clear() - let go of the eventfd, as vfio_trigger_set() with -1; never fails
 * @trigger: the trigger
 *
 * Needs no user context.
 */
void vfio_trigger_clear(struct vfio_trigger *trigger);

/**
 * vfio_trigger_signal() - add one to the eventfd, if there is one
 * @trigger: the trigger
 *
 * Context: any.
 */
void vfio_trigger_signal(struct vfio_trigger *trigger);

/**
 * vfio_trigger_is_set() - whether there is an eventfd
 * @trigger: the trigger
 */
static inline bool vfio_trigger_is_set(const struct vfio_trigger *trigger)
{
	return rcu_access_pointer(trigger->target);
}

struct vfio_eventfd_watch;

/**
 * vfio_eventfd_watch_start() - call back when the user signals an eventfd
 * @fd: an eventfd of the calling process
 * @signalled: called for each signal, in process context, may sleep. Never runs concurrently with
 *             itself, nor after vfio_eventfd_watch_stop() has returned.
 * @data: for @signalled
 *
 * The watch ends by itself when the user closes the eventfd for good; it is to be stopped all the
 * same.
 *
 * Context: may sleep.
 * Return: the watch; ERR_PTR of -EBADF or -EINVAL for a bad @fd, -ENOMEM.
 */
struct vfio_eventfd_watch *vfio_eventfd_watch_start(int fd, void (*signalled)(void *data),
						    void *data);

/**
 * vfio_eventfd_watch_stop() - end a watch and wait for a callback in flight
 * @watch: the watch, or NULL
 *
 * Context: may sleep; not from @signalled, nor with a lock that it takes.
 */
void vfio_eventfd_watch_stop(struct vfio_eventfd_watch *watch);

#endif
