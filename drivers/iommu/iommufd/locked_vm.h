/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __IOMMUFD_LOCKED_VM_H
#define __IOMMUFD_LOCKED_VM_H

struct mm_struct;
struct task_struct;

int iommufd_locked_vm_add(struct mm_struct *mm, struct task_struct *task, unsigned long nr);
int iommufd_locked_vm_try_add(struct mm_struct *mm, struct task_struct *task, unsigned long nr);
int iommufd_locked_vm_wait(struct mm_struct *mm);
void iommufd_locked_vm_sub(struct mm_struct *mm, struct task_struct *task, unsigned long nr);
void iommufd_locked_vm_exit(void);

#endif
