/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-pci-core: what a vfio driver for a PCI function is made of.
 *
 * A variant driver embeds struct vfio_pci_core_device as the first member of its own structure,
 * allocates that with vfio_alloc_device(type, core.vdev, ...), calls vfio_pci_core_init(), and
 * vfio_pci_core_register_device() last. Its struct vfio_device_ops names the functions below, or
 * functions of its own that call them, and sets takes_token. Its pci_driver sets
 * driver_managed_dma, vfio_pci_core_pm_ops as driver.pm, and vfio_pci_core_err_handlers as
 * err_handler.
 *
 * The vfio device may also be of a mediated device whose parent the function is: the device that
 * vfio_alloc_device() is given says so. The function's driver data is then its driver's own.
 *
 * Model
 * -----
 * The user sees a *virtual* function: its config space is a table that says for each bit whether it
 * is virtual, whether the user may write it, and whether a write reaches hardware. BAR contents are
 * the hardware's; whether they are reachable is decided by the virtual COMMAND and PM registers.
 *
 * Invariants
 * ----------
 * - While no user has the device open, bus mastering is off. After a user's close memory and I/O
 *   decoding are off as well.
 * - The user's mappings and accesses of BARs end before memory decoding is turned off, before the
 *   device leaves D0, and before it is reset: memory that does not answer would give the host
 *   machine checks on some platforms.
 * - BARs, MSI and MSI-X registers in config space are never written on the user's behalf.
 *
 * Locks, in the order in which they are taken
 * -------------------------------------------
 *   vfio core: the guard of callbacks, mmap_lock (only around mmap and fault), freezing; the latter
 *   allows a hot reset to take config_lock and mem_lock of several functions
 *     ioeventfd_lock mutex    writes that eventfds stand for; outside of all below
 *     config_lock    mutex    the virtual config space; resets
 *     irq_lock       mutex    which interrupts are set up; never with config_lock
 *       mem_lock     rwsem    whether BARs may be touched. Read: touching them. Write: changing
 *                             decoding, power state, MSI/MSI-X tables, and resetting
 *         state_lock mutex    the PCI core's saved copy of config space, while it is being made or
 *                             put back; errors. The PCI core's error callbacks take it, with
 *                             pci_bus_sem held, so nothing that may wait for that is done under it
 *         low_power_lock mutex  whether the host may power it down; likewise
 *         intx.lock  spinlock INTx state and every change of hardware's COMMAND; hard interrupts
 *     bar_lock       mutex    creation of BAR mappings; a leaf
 *     vga.lock       spinlock who waits for the VGA arbiter; a leaf. The arbiter is waited for with
 *                             no lock held.
 *     token_lock     mutex    of a PF: VF token and VFs in use; a leaf
 *   Runtime power management is waited for with none of them held: it takes config_lock and
 *   mem_lock to suspend.
 *   The device lock (pdev->dev.mutex) is held by probe and remove, outside of all of these; inside
 *   of them it is only tried.
 */
#ifndef _LINUX_VFIO_PCI_CORE_H
#define _LINUX_VFIO_PCI_CORE_H

#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>
#include <linux/workqueue.h>

struct vfio_pci_config;
struct vfio_pci_vector;

/* Flags of vfio_pci_core_init(). */
#define VFIO_PCI_CORE_NO_INTX_MASK	BIT(0)	/* don't trust COMMAND's INTx disable bit */
#define VFIO_PCI_CORE_NO_IDLE_D3	BIT(1)	/* keep the device awake while nobody uses it */
#define VFIO_PCI_CORE_NO_VGA		BIT(2)	/* don't offer the legacy VGA ranges */

/**
 * struct vfio_pci_bar - the kernel's access to one BAR
 * @io: its mapping, made at the first access; published with release ordering
 * @claim: reserves its address range for us
 * @claimed: whether it does
 */
struct vfio_pci_bar {
	void __iomem *io;
	struct resource claim;
	bool claimed;
};

/**
 * struct vfio_pci_intx - the level-triggered interrupt
 * @lock: protects every member, and each read-modify-write of hardware's COMMAND register
 * @trigger: signalled when the interrupt was taken and masked
 * @unmask: the user's eventfd that unmasks; under irq_lock
 * @name: as in /proc/interrupts; under irq_lock
 * @irq: the interrupt's number; 0 if the function has no usable INTx
 * @maskable: the function can mask INTx by itself; else its interrupt is exclusive
 * @active: the user has enabled the index
 * @masked: masked by an interrupt that came or by the user
 * @disabled: the user set the virtual INTx disable bit
 * @quiet: the function is powered down and must not be asked
 * @hw_masked: what was done to hardware about @masked, @disabled and @quiet
 */
struct vfio_pci_intx {
	spinlock_t lock;	/* see above */
	struct vfio_trigger trigger;
	struct vfio_eventfd_watch *unmask;
	char *name;
	int irq;
	bool maskable;
	bool active;
	bool masked;
	bool disabled;
	bool quiet;
	bool hw_masked;
};

/**
 * struct vfio_pci_msi - message signalled interrupts, MSI or MSI-X; under irq_lock
 * @vectors: one for each that the function has, NULL while neither index is enabled
 * @count: how many the user may use; grows if MSI-X vectors can be added
 * @max: number of elements of @vectors
 */
struct vfio_pci_msi {
	struct vfio_pci_vector *vectors;
	unsigned int count;
	unsigned int max;
};

/* The legacy VGA ranges: two of I/O ports, one of memory */
#define VFIO_PCI_VGA_RANGES	3

/**
 * struct vfio_pci_vga - the legacy VGA ranges of a graphics card (vga.c)
 * @offered: they are a region; set by registration, as @left_out
 * @left_out: the kernel's arbiter doesn't care for them
 * @io: the kernel's mappings, from open to close
 * @lock: protects what follows; a leaf
 * @waiters: callers that may be waiting for the arbiter
 * @cancelled: nobody is to wait any more; until the device is opened again
 */
struct vfio_pci_vga {
	bool offered;
	bool left_out;
	void __iomem *io[VFIO_PCI_VGA_RANGES];
	spinlock_t lock;	/* see above */
	struct list_head waiters;
	bool cancelled;
};

/**
 * enum vfio_pci_error - how far recovery from a fatal error has got
 * @VFIO_PCI_NO_ERROR: there was none, or the function has recovered
 * @VFIO_PCI_FROZEN: the PCI core is seeing to it
 * @VFIO_PCI_RECOVERED: it has; the function is about to be as before
 */
enum vfio_pci_error {
	VFIO_PCI_NO_ERROR,
	VFIO_PCI_FROZEN,
	VFIO_PCI_RECOVERED,
};

/**
 * struct vfio_pci_core_device - a PCI function that is offered to userspace
 * @vdev: the vfio device; must come first
 * @pdev: the function
 */
struct vfio_pci_core_device {
	struct vfio_device vdev;
	struct pci_dev *pdev;
	/* private: */
	unsigned int flags;
	struct list_head registered;	/* registry.c */

	/* Under state_lock; see error.c. */
	struct mutex state_lock;
	enum vfio_pci_error error;		/* read without lock */
	bool state_lost;			/* config space, by an error */
	bool state_restored;			/* then, but other things have not been yet */
	struct pci_saved_state *found_state;	/* config space at registration */
	struct pci_saved_state *error_state;	/* at the last fatal error since open or close */
	struct pci_saved_state *saved_state;	/* at open; until close */
	struct work_struct error_work;

	/* Set by open, constant until close. */
	bool resettable;
	unsigned int msi_max;		/* vectors the function has */
	unsigned int msix_max;
	int msix_bar;			/* where the MSI-X table is, -1 for nowhere */
	u64 msix_start;
	u64 msix_end;
	u32 atomics;			/* VFIO_PCI_ATOMIC_COMP* */

	bool removing;			/* set once, by remove; read without a lock */
	bool needs_reset;		/* close could not reset the function, remove shall */
	u16 decode;			/* COMMAND bits that close has turned off */
	bool was_reset;			/* by a register of config space; under config_lock */
	bool rom_probed;
	bool vpd_dead;			/* its registers don't answer: not asked again */
	size_t rom_size;		/* bytes of the expansion ROM region; 0 for none */

	/* Under mem_lock. */
	struct rw_semaphore mem_lock;
	bool memory_on;			/* virtual COMMAND */
	bool io_on;
	bool asleep;			/* the user has put it into D1, D2 or D3hot */
	bool kept_awake;		/* open, and not so; read without lock: low_power.c */
	bool has_vfs;			/* it is a PF with virtual functions: must be awake */
	struct pci_saved_state *sleep_state;

	/* Under bar_lock. */
	struct mutex bar_lock;
	struct vfio_pci_bar bars[PCI_STD_NUM_BARS];

	/* Under config_lock; NULL while the device is closed. */
	struct mutex config_lock;
	struct vfio_pci_config *config;

	/* Under irq_lock. */
	struct mutex irq_lock;
	unsigned int irq_index;		/* INTX, MSI or MSIX; VFIO_PCI_NUM_IRQS for none */
	struct vfio_pci_intx intx;
	struct vfio_pci_msi msi;
	struct vfio_trigger err_trigger;
	struct vfio_trigger req_trigger;

	/* Under low_power_lock. */
	struct mutex low_power_lock;
	bool low_power;			/* the host may power it down; set under mem_lock */
	struct vfio_trigger wakeup;

	/* Under ioeventfd_lock. */
	struct mutex ioeventfd_lock;
	struct list_head ioeventfds;
	unsigned int nr_ioeventfds;

	struct vfio_pci_vga vga;

	/* sriov.c */
	struct vfio_pci_core_device *pf;	/* of a VF, if a vfio driver has it: a reference */
	struct notifier_block sriov_nb;		/* of a PF, as all that follows */
	struct mutex token_lock;
	uuid_t token;
	unsigned int vfs_open;
};

/* The first member, so that a pointer to one is a pointer to the other. */
static_assert(offsetof(struct vfio_pci_core_device, vdev) == 0);

static inline struct vfio_pci_core_device *vfio_pci_core_from(struct vfio_device *vdev)
{
	return (struct vfio_pci_core_device *)vdev;
}

/* A file offset is a region's index and an offset in it. Userspace learns both from us. */
#define VFIO_PCI_OFFSET_SHIFT	40
#define VFIO_PCI_OFFSET_MASK	((1ULL << VFIO_PCI_OFFSET_SHIFT) - 1)

static inline u64 vfio_pci_region_pos(unsigned int index)
{
	return (u64)index << VFIO_PCI_OFFSET_SHIFT;
}

/*
 * The widest naturally aligned access of at most @max bytes at @off with @left bytes to go. A read
 * or write of a region is made of those, and so a driver that looks into one takes it apart.
 */
static inline size_t vfio_pci_access_size(u64 off, size_t left, size_t max)
{
	size_t size = max;

	while (size > left || (off & (size - 1)))
		size >>= 1;
	return size;
}

/* Whether the vfio device is of a mediated device, the function being that one's parent. */
static inline bool vfio_pci_is_mediated(const struct vfio_pci_core_device *core)
{
	return core->vdev.dev != &core->pdev->dev;
}

/* Registration: from probe and remove. */
int vfio_pci_core_init(struct vfio_pci_core_device *core, struct pci_dev *pdev,
		       unsigned int flags);
int vfio_pci_core_register_device(struct vfio_pci_core_device *core);
void vfio_pci_core_unregister_device(struct vfio_pci_core_device *core);
void vfio_pci_core_reset_at_remove(struct pci_dev *pdev);

/* For struct vfio_device_ops; see there. All but .bind, which is the driver's own. */
int vfio_pci_core_open(struct vfio_device *vdev);
void vfio_pci_core_close(struct vfio_device *vdev);
void vfio_pci_core_cancel(struct vfio_device *vdev);
ssize_t vfio_pci_core_read(struct vfio_device *vdev, void *buf, size_t count, loff_t pos);
ssize_t vfio_pci_core_write(struct vfio_device *vdev, const void *buf, size_t count, loff_t pos);
int vfio_pci_core_mmap(struct vfio_device *vdev, struct vm_area_struct *vma);
vm_fault_t vfio_pci_core_fault(struct vfio_device *vdev, struct vm_fault *vmf);
vm_fault_t vfio_pci_core_huge_fault(struct vfio_device *vdev, struct vm_fault *vmf,
				    unsigned int order);
int vfio_pci_core_find_memory(struct vfio_device *vdev, unsigned long pgoff,
			      unsigned long nr_pages, unsigned long *pfn);
int vfio_pci_core_get_info(struct vfio_device *vdev, struct vfio_device_info *info,
			   struct vfio_info_caps *caps);
int vfio_pci_core_get_region_info(struct vfio_device *vdev, struct vfio_region_info *info,
				  struct vfio_info_caps *caps);
int vfio_pci_core_get_irq_info(struct vfio_device *vdev, struct vfio_irq_info *info);
int vfio_pci_core_set_irqs(struct vfio_device *vdev, const struct vfio_irq_set *hdr,
			   const void *data);
int vfio_pci_core_reset(struct vfio_device *vdev);
int vfio_pci_core_hot_reset_info(struct vfio_device *vdev, struct vfio_hot_reset_info *info);
int vfio_pci_core_hot_reset(struct vfio_device *vdev, const struct vfio_group_proof *proof);
int vfio_pci_core_ioeventfd(struct vfio_device *vdev, size_t size, loff_t pos, u64 data, int fd);
const struct vfio_feature *vfio_pci_core_find_feature(struct vfio_device *vdev, u16 id);

/* For drivers that do something with the device themselves. */
int vfio_pci_core_bar_read(struct vfio_pci_core_device *core, unsigned int bar, u64 off, void *buf,
			   size_t size);
int vfio_pci_core_bar_write(struct vfio_pci_core_device *core, unsigned int bar, u64 off,
			    const void *buf, size_t size);

/* For struct pci_driver; the error handlers not of one whose function is mediated. */
extern const struct dev_pm_ops vfio_pci_core_pm_ops;
extern const struct pci_error_handlers vfio_pci_core_err_handlers;
int vfio_pci_core_sriov_configure(struct vfio_pci_core_device *core, int count);

/* For struct pci_error_handlers of a mediated device's parent. */
pci_ers_result_t vfio_pci_core_error_detected(struct vfio_pci_core_device *core,
					      pci_channel_state_t state);
pci_ers_result_t vfio_pci_core_error_reset(struct vfio_pci_core_device *core);
void vfio_pci_core_error_resume(struct vfio_pci_core_device *core);

#endif
