/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of iommufd.ko share: the context, its objects, and the order of locks.
 *
 * Locks, outermost first; a lock may be taken while those above it are held, never the reverse:
 *
 *  container.setup_lock  of a context: VFIO groups join it, and its type is chosen. Held while
 *                        endpoints are attached, so as auto_lock.
 *  ioas->auto_lock       one automatic page table at a time is made for an IOAS. These two are the
 *                        only locks held while user memory is faulted in; taken killably, and never
 *                        needed to take something away.
 *  container.lock        who is in the container, and its type
 *  group->lock           what a group of endpoints is attached to, and their PASIDs. Held while a
 *                        driver is asked to drain a PASID, for which that takes locks of its own.
 *  access->attach_lock   what an access endpoint is attached to. Held while its driver is asked to
 *                        let go of memory, for which that takes locks of its own.
 *  faults->lock          of a group: where its page requests go. Taken by IOMMU drivers that report
 *                        one, for which they may be waited with group->lock held
 *  queue->lock           page requests that await their answers; the IOMMU core and driver take
 *                        locks of theirs inside to give them
 *  ictx->groups_lock     the list of groups (nests inside group->lock for nobody; leaf)
 *  ioas->domains_sem     which page tables follow the IOAS. Read: change mappings in all of them.
 *                        Write: add or remove one.
 *  ioas->tree_lock       areas, reserved and allowed ranges, attached accesses
 *  access->lock          the pins of an access endpoint
 *  backing->lock         the pages of one backing. Held while they are pinned, but only from zero
 *                        pins to one, when nobody can want to unpin them.
 *  backing->pages_lock   pages of it that are pinned one by one, and what of it is accounted
 *  ictx->account_lock    who answers for pinned pages, and how many there are
 *  ictx->accounts_lock   which accounts there are, for those who only look; inside the last
 *  debts_lock            what processes are counted for too much; locked_vm.c. A leaf
 *  nodes_lock            what the vfio core has told about its devices; node.c. A leaf
 *  jobs_lock             how many look-ups of user memory are in progress; lookup.c. A leaf
 *  xa_lock of objects    the object table; leaf, does not sleep
 *
 * The mmap_lock of a process, which the process can keep, is waited for with none of them held that
 * is needed to take something away, that is, with at most the first two and backing->lock when that
 * has no pins. Others try it.
 *
 * None of them is held while data is copied from or to userspace.
 */
#ifndef __IOMMUFD_PRIVATE_H
#define __IOMMUFD_PRIVATE_H

#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>
#include <uapi/linux/iommufd.h>

struct iommufd_introspection;
struct iommufd_ioas;

/**
 * struct iommufd_container - a context that is used through VFIO groups (container.c)
 * @strict: it was opened as /dev/vfio/vfio
 * @setup_lock: serialises joining and choosing the type
 * @attach_round: counts choices of the type; protected by @setup_lock
 * @lock: protects what follows
 * @members: endpoints that groups have put into it
 * @groups: how many groups are in it
 * @noiommu: they are behind no IOMMU; then it has no members
 * @type: of VFIO_SET_IOMMU; 0: none yet
 * @tracks_dirty: dirty pages may be asked for; read without the lock
 */
struct iommufd_container {
	bool strict;
	struct mutex setup_lock;
	unsigned int attach_round;
	struct mutex lock;
	struct list_head members;
	unsigned int groups;
	bool noiommu;
	unsigned long type;
	bool tracks_dirty;
};

/**
 * enum iommufd_account_mode - how pinned pages count against RLIMIT_MEMLOCK
 * @IOMMUFD_ACCOUNT_USER: together for all processes of the user who mapped them
 * @IOMMUFD_ACCOUNT_MM: for the process that mapped them
 * @IOMMUFD_ACCOUNT_NONE: not at all, since that process had CAP_IPC_LOCK
 */
enum iommufd_account_mode {
	IOMMUFD_ACCOUNT_USER,
	IOMMUFD_ACCOUNT_MM,
	IOMMUFD_ACCOUNT_NONE,
};

/**
 * struct iommufd_ctx - an open /dev/iommu
 * @file: the open file; a reference to the context is a reference to the file
 * @objects: number to object; its xa_lock also makes "unused, so destroy" one step
 * @groups_lock: protects @groups
 * @groups: the IOMMU groups that the context owns, struct iommufd_group
 * @account_mode: for memory mapped from now on; changes only while @objects is empty, under xa_lock
 * @account_lock: protects @accounts and what they hold
 * @accounts: the processes that answer for pinned memory, struct iommufd_account
 * @accounts_lock: enough to look at @accounts; held in addition when that changes
 * @nr_pasids: how many PASIDs the context has, struct iommufd_pasid
 * @vfio_ioas: what the ioctls of a VFIO container act on, or NULL. Not a reference: the end of the
 *             IOAS clears it. Protected by xa_lock of @objects.
 * @container: what VFIO groups know of the context
 * @intro: what only introspection knows (introspect.h)
 */
struct iommufd_ctx {
	struct file *file;
	struct xarray objects;
	struct mutex groups_lock;
	struct list_head groups;
	enum iommufd_account_mode account_mode;
	struct mutex account_lock;
	struct list_head accounts;
	spinlock_t accounts_lock;
	atomic_t nr_pasids;
	struct iommufd_ioas *vfio_ioas;
	struct iommufd_container container;
	struct iommufd_introspection *intro;
};

/* Objects: object.c */

enum iommufd_object_type {
	IOMMUFD_OBJ_ANY,
	IOMMUFD_OBJ_IOAS,
	IOMMUFD_OBJ_HWPT,
	IOMMUFD_OBJ_DEVICE,
	IOMMUFD_OBJ_ACCESS,
	IOMMUFD_OBJ_FAULT_QUEUE,
	IOMMUFD_OBJ_PASID,
	IOMMUFD_OBJ_SELFTEST,
};

/**
 * struct iommufd_object - what a number in a context stands for
 * @ictx: the context; it outlives the object
 * @id: the number, from 1
 * @type: its kind
 * @refs: one for the table while the number is visible, one for each user. Nothing else counts
 *        users, so "only the table has it" is what makes an object destroyable.
 * @views: how many look at it from outside (introspect.h): they keep its memory and nothing else
 * @free: called when the last reference is gone
 */
struct iommufd_object {
	struct iommufd_ctx *ictx;
	u32 id;
	enum iommufd_object_type type;
	refcount_t refs;
	atomic_t views;
	void (*free)(struct iommufd_object *obj);
};

int iommufd_object_reserve(struct iommufd_ctx *ictx, struct iommufd_object *obj,
			   enum iommufd_object_type type, void (*free)(struct iommufd_object *obj));
void iommufd_object_publish(struct iommufd_object *obj);
void iommufd_object_cancel(struct iommufd_object *obj);
struct iommufd_object *iommufd_object_get(struct iommufd_ctx *ictx, u32 id,
					  enum iommufd_object_type type);
void iommufd_object_put(struct iommufd_object *obj);
void iommufd_object_unpublish(struct iommufd_object *obj);
bool iommufd_object_destroy_if_unused(struct iommufd_object *obj);
void iommufd_object_destroy_all(struct iommufd_ctx *ictx);

/* Ioctls: main.c has the table */

/**
 * struct iommufd_ucmd - an ioctl in progress
 * @ictx: the context
 * @ubuffer: the user's structure
 * @user_size: its size in bytes as the user gave it
 * @cmd: its copy, zero-extended to what the kernel knows
 */
struct iommufd_ucmd {
	struct iommufd_ctx *ictx;
	void __user *ubuffer;
	u32 user_size;
	void *cmd;
};

/**
 * iommufd_ucmd_respond() - copy the structure back
 * @ucmd: the ioctl
 * @size: sizeof() the structure
 *
 * Return: 0 or -EFAULT.
 */
static inline int iommufd_ucmd_respond(struct iommufd_ucmd *ucmd, size_t size)
{
	if (copy_to_user(ucmd->ubuffer, ucmd->cmd, min_t(size_t, ucmd->user_size, size)))
		return -EFAULT;
	return 0;
}

int iommufd_destroy(struct iommufd_ucmd *ucmd);
int iommufd_option(struct iommufd_ucmd *ucmd);
int iommufd_get_hw_info(struct iommufd_ucmd *ucmd);

#endif
