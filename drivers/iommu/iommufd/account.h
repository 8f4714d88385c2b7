/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_ACCOUNT_H
#define __IOMMUFD_ACCOUNT_H

#include "iommufd_private.h"

/**
 * struct iommufd_account - who answers for pinned pages
 * @mode: against what they count
 * @task: the process whose RLIMIT_MEMLOCK applies
 * @user: whose pages are counted in IOMMUFD_ACCOUNT_USER mode
 * @mm: the address space they belong to; grabbed, not kept in use
 */
struct iommufd_account {
	enum iommufd_account_mode mode;
	struct task_struct *task;
	struct user_struct *user;
	struct mm_struct *mm;
};

void iommufd_account_init(struct iommufd_account *account, struct iommufd_ctx *ictx);
void iommufd_account_destroy(struct iommufd_account *account);
int iommufd_account_charge(struct iommufd_account *account, unsigned long nr);
void iommufd_account_uncharge(struct iommufd_account *account, unsigned long nr);

#endif
