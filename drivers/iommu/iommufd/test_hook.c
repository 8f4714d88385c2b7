// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hook for the mock IOMMU: an ioctl and a kind of object that another module implements.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "test_hook.h"

static DEFINE_MUTEX(hook_lock);		/* serialises changes of test_hook */
static const struct iommufd_test_hook __rcu *test_hook;

/**
 * iommufd_test_hook_register() - let a module provide an ioctl
 * @hook: describes it; stays until iommufd_test_hook_unregister()
 *
 * Return: 0, or -EBUSY if there is one.
 */
int iommufd_test_hook_register(const struct iommufd_test_hook *hook)
{
	guard(mutex)(&hook_lock);
	if (rcu_access_pointer(test_hook))
		return -EBUSY;
	rcu_assign_pointer(test_hook, hook);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_test_hook_register, IOMMUFD_VFIO_TEST);

/**
 * iommufd_test_hook_unregister() - take the ioctl back
 * @hook: what was registered
 *
 * Called when the module goes, and it can't go during an ioctl, which holds a reference to it. What
 * is left to wait for is those who look the hook up just now.
 */
void iommufd_test_hook_unregister(const struct iommufd_test_hook *hook)
{
	mutex_lock(&hook_lock);
	if (!WARN_ON(rcu_access_pointer(test_hook) != hook))
		RCU_INIT_POINTER(test_hook, NULL);
	mutex_unlock(&hook_lock);
	synchronize_rcu();
}
EXPORT_SYMBOL_NS_GPL(iommufd_test_hook_unregister, IOMMUFD_VFIO_TEST);

/* The hook with a reference to its module, or NULL. */
static const struct iommufd_test_hook *hook_get(unsigned int cmd)
{
	const struct iommufd_test_hook *hook;

	guard(rcu)();
	hook = rcu_dereference(test_hook);
	if (!hook || hook->cmd != cmd || !try_module_get(hook->owner))
		return NULL;
	return hook;
}

static int hook_execute(const struct iommufd_test_hook *hook, struct iommufd_ucmd *ucmd)
{
	int rc;

	if (get_user(ucmd->user_size, (u32 __user *)ucmd->ubuffer))
		return -EFAULT;
	if (ucmd->user_size < hook->min_size)
		return -EINVAL;
	ucmd->cmd = kzalloc(hook->size, GFP_KERNEL_ACCOUNT);
	if (!ucmd->cmd)
		return -ENOMEM;
	rc = copy_struct_from_user(ucmd->cmd, hook->size, ucmd->ubuffer, ucmd->user_size);
	if (!rc)
		rc = hook->execute(ucmd);
	kfree(ucmd->cmd);
	return rc;
}

/**
 * iommufd_test_ioctl() - execute an ioctl that iommufd doesn't know itself
 * @ictx: the context
 * @cmd: its number
 * @ubuffer: the user's structure
 *
 * Return: what the ioctl returns; -ENOTTY if no module provides it.
 */
int iommufd_test_ioctl(struct iommufd_ctx *ictx, unsigned int cmd, void __user *ubuffer)
{
	struct iommufd_ucmd ucmd = { .ictx = ictx, .ubuffer = ubuffer };
	const struct iommufd_test_hook *hook = hook_get(cmd);
	int rc;

	if (!hook)
		return -ENOTTY;
	rc = hook_execute(hook, &ucmd);
	module_put(hook->owner);
	return rc;
}

static void test_object_free(struct iommufd_object *obj)
{
	struct iommufd_test_object *tobj = container_of(obj, struct iommufd_test_object, obj);
	struct module *owner = tobj->owner;

	tobj->free(tobj);
	/* Here rather than in the module, whose code may be gone right after this */
	module_put(owner);
}

/**
 * iommufd_test_object_reserve() - iommufd_object_reserve() for an object of a module's
 * @ictx: the context
 * @tobj: the object's head, inside a zeroed structure of the caller's
 * @owner: the module, to which the caller has a reference; the object takes another
 * @free: frees the caller's structure, when the last reference is put
 *
 * Return: as iommufd_object_reserve().
 */
int iommufd_test_object_reserve(struct iommufd_ctx *ictx, struct iommufd_test_object *tobj,
				struct module *owner,
				void (*free)(struct iommufd_test_object *tobj))
{
	int rc;

	tobj->owner = owner;
	tobj->free = free;
	rc = iommufd_object_reserve(ictx, &tobj->obj, IOMMUFD_OBJ_SELFTEST, test_object_free);
	if (!rc)
		__module_get(owner);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_test_object_reserve, IOMMUFD_VFIO_TEST);
