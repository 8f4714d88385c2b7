/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the mock IOMMU for tests, a module of its own, hooks into iommufd.
 *
 * Nothing here costs anything while that module isn't loaded: the hook is looked for only after an
 * ioctl number was found to be none of iommufd's own.
 *
 * No code of the module runs without a reference to the module: the ioctl holds one while it
 * executes, and so does each of the module's objects.
 */
#ifndef __IOMMUFD_TEST_HOOK_H
#define __IOMMUFD_TEST_HOOK_H

#include "iommufd_private.h"

/**
 * struct iommufd_test_hook - an ioctl that a module provides
 * @owner: the module
 * @cmd: the ioctl's number
 * @size: sizeof() its structure
 * @min_size: the shortest structure that is accepted
 * @execute: does it; as those in main.c's table
 */
struct iommufd_test_hook {
	struct module *owner;
	unsigned int cmd;
	unsigned int size;
	unsigned int min_size;
	int (*execute)(struct iommufd_ucmd *ucmd);
};

/**
 * struct iommufd_test_object - an object of a module's
 * @obj: its number; of type IOMMUFD_OBJ_SELFTEST
 * @owner: the module; a reference
 * @free: called when the last reference to the object is gone
 */
struct iommufd_test_object {
	struct iommufd_object obj;
	struct module *owner;
	void (*free)(struct iommufd_test_object *tobj);
};

int iommufd_test_hook_register(const struct iommufd_test_hook *hook);
void iommufd_test_hook_unregister(const struct iommufd_test_hook *hook);
int iommufd_test_ioctl(struct iommufd_ctx *ictx, unsigned int cmd, void __user *ubuffer);
int iommufd_test_object_reserve(struct iommufd_ctx *ictx, struct iommufd_test_object *tobj,
				struct module *owner,
				void (*free)(struct iommufd_test_object *tobj));

#endif
