/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interrupts of a vfio device, delivered to eventfds.
 *
 * @index is VFIO_PCI_INTX_IRQ_INDEX, _MSI_, _MSIX_, _ERR_ or _REQ_. Functions return 0 (or what
 * they say) on success and a negative errno otherwise.
 */
#ifndef IV_IRQ_H
#define IV_IRQ_H

#include <stddef.h>
#include <stdint.h>
#include <linux/vfio.h>

#ifdef __cplusplus
extern "C" {
#endif

int iv_irq_info(int fd, uint32_t index, struct vfio_irq_info *info);
int iv_irq_set(int fd, uint32_t flags, uint32_t index, uint32_t start, uint32_t count,
	       const void *data, size_t data_size);
int iv_irq_set_eventfds(int fd, uint32_t index, uint32_t start, uint32_t count,
			const int32_t *eventfds);
int iv_irq_disable(int fd, uint32_t index);
int iv_irq_trigger(int fd, uint32_t index, uint32_t start, uint32_t count);
int iv_irq_mask(int fd, uint32_t index);
int iv_irq_unmask(int fd, uint32_t index);
int iv_irq_set_unmask_eventfd(int fd, uint32_t index, int32_t eventfd);
int iv_irq_set_mask_eventfd(int fd, uint32_t index, int32_t eventfd);

int iv_ioeventfd(int fd, size_t size, uint64_t pos, uint64_t data, int32_t eventfd);

int iv_eventfd_create(void);
int iv_eventfd_signal(int eventfd);
int64_t iv_eventfd_wait(int eventfd, int timeout_ms);

#ifdef __cplusplus
}
#endif

#endif
