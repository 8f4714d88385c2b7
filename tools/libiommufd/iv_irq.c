// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Interrupts of a vfio device, delivered to eventfds.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "iv_irq.h"
#include "private.h"

static const struct iv_hint set_hints[] = {
	{ EINVAL, "it has no such interrupt or vector, another kind is enabled, or the device is "
	  "not bound yet" },
	{ EBADF, "an eventfd is not open" },
	{ ENOTTY, "this kind of interrupt has no such action" },
	{ ENOSPC, "the machine has not so many vectors left" },
	{}
};

static const struct iv_hint ioeventfd_hints[] = {
	{ EEXIST, "the same write is there already" },
	{ ENODEV, "there is no such write to end, or the device is gone" },
	{ ENOSPC, "the device has as many as it may" },
	{}
};

/**
 * iv_irq_info() - ask about a kind of interrupt
 * @fd: a bound device
 * @index: the kind
 * @info: flags and how many vectors there are
 *
 * Return: 0, or a negative errno.
 */
int iv_irq_info(int fd, uint32_t index, struct vfio_irq_info *info)
{
	*info = (struct vfio_irq_info) { .argsz = sizeof(*info), .index = index };
	return iv_device_ioctl(fd, VFIO_DEVICE_GET_IRQ_INFO, info, NULL, "get interrupt");
}

/**
 * iv_irq_set() - VFIO_DEVICE_SET_IRQS as it is
 * @fd: a bound device
 * @flags: VFIO_IRQ_SET_DATA_* | VFIO_IRQ_SET_ACTION_*
 * @index: the kind
 * @start: first vector
 * @count: how many vectors
 * @data: what follows the header; may be NULL
 * @data_size: its size in bytes
 *
 * Return: 0, or a negative errno.
 */
int iv_irq_set(int fd, uint32_t flags, uint32_t index, uint32_t start, uint32_t count,
	       const void *data, size_t data_size)
{
	struct vfio_irq_set *set = malloc(sizeof(*set) + data_size);
	int ret;

	if (!set)
		return iv_fail(-ENOMEM, NULL, "set interrupt");
	*set = (struct vfio_irq_set) {
		.argsz = sizeof(*set) + data_size,
		.flags = flags,
		.index = index,
		.start = start,
		.count = count,
	};
	if (data_size)
		memcpy(set->data, data, data_size);
	ret = iv_ioctl(fd, VFIO_DEVICE_SET_IRQS, set);
	free(set);
	/* A positive number says how many vectors there would be: nothing has been done. */
	if (ret > 0)
		ret = -ENOSPC;
	return ret ? iv_fail_device(ret, set_hints, fd, "set interrupt") : 0;
}

/**
 * iv_irq_set_eventfds() - choose the eventfds that vectors signal
 * @fd: a bound device
 * @index: the kind
 * @start: first vector
 * @count: how many vectors
 * @eventfds: one for each vector; -1 for none
 *
 * Enables this kind of interrupt if it is not enabled yet.
 *
 * Return: 0; -ENOSPC if the machine has not so many vectors left; or another negative errno. If it
 * fails, nothing has changed.
 */
int iv_irq_set_eventfds(int fd, uint32_t index, uint32_t start, uint32_t count,
			const int32_t *eventfds)
{
	return iv_irq_set(fd, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, index,
			  start, count, eventfds, count * sizeof(*eventfds));
}

/**
 * iv_irq_disable() - disable a kind of interrupt altogether
 * @fd: a bound device
 * @index: the kind
 *
 * Return: 0, or a negative errno.
 */
int iv_irq_disable(int fd, uint32_t index)
{
	return iv_irq_set(fd, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, index, 0, 0,
			  NULL, 0);
}

/**
 * iv_irq_trigger() - make the kernel signal the eventfds, as if the device had
 * @fd: a bound device
 * @index: the kind
 * @start: first vector
 * @count: how many vectors
 *
 * Return: 0, or a negative errno.
 */
int iv_irq_trigger(int fd, uint32_t index, uint32_t start, uint32_t count)
{
	return iv_irq_set(fd, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, index, start,
			  count, NULL, 0);
}

/**
 * iv_irq_mask() - mask vector 0
 * @fd: a bound device
 * @index: the kind; only INTx can be masked
 *
 * Return: 0, or a negative errno.
 */
int iv_irq_mask(int fd, uint32_t index)
{
	return iv_irq_set(fd, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, index, 0, 1,
			  NULL, 0);
}

/**
 * iv_irq_unmask() - unmask vector 0
 * @fd: a bound device
 * @index: the kind; only INTx can be unmasked
 *
 * Return: 0, or a negative errno.
 */
int iv_irq_unmask(int fd, uint32_t index)
{
	return iv_irq_set(fd, VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_UNMASK, index, 0, 1,
			  NULL, 0);
}

/**
 * iv_irq_set_unmask_eventfd() - choose an eventfd that unmasks vector 0 when it is signalled
 * @fd: a bound device
 * @index: the kind; only INTx can be unmasked
 * @eventfd: the eventfd, -1 for none
 *
 * Return: 0, or a negative errno.
 */
int iv_irq_set_unmask_eventfd(int fd, uint32_t index, int32_t eventfd)
{
	return iv_irq_set(fd, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_UNMASK, index, 0, 1,
			  &eventfd, sizeof(eventfd));
}

/**
 * iv_irq_set_mask_eventfd() - choose an eventfd that masks vector 0 when it is signalled
 * @fd: a bound device
 * @index: the kind
 * @eventfd: the eventfd, -1 for none
 *
 * vfio-pci offers this for no interrupt.
 *
 * Return: 0, or a negative errno.
 */
int iv_irq_set_mask_eventfd(int fd, uint32_t index, int32_t eventfd)
{
	return iv_irq_set(fd, VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_MASK, index, 0, 1,
			  &eventfd, sizeof(eventfd));
}

/**
 * iv_ioeventfd() - have the kernel write to the device whenever an eventfd is signalled
 * @fd: a bound device
 * @size: bytes to write: 1, 2, 4 or 8
 * @pos: where, as offset in the device's file
 * @data: what to write
 * @eventfd: the eventfd, or -1 to end this
 *
 * Return: 0; -EEXIST if that is so already; -ENODEV if there is nothing to end; or another negative
 * errno.
 */
int iv_ioeventfd(int fd, size_t size, uint64_t pos, uint64_t data, int32_t eventfd)
{
	struct vfio_device_ioeventfd arg = {
		.argsz = sizeof(arg),
		.flags = size,
		.offset = pos,
		.data = data,
		.fd = eventfd,
	};

	return iv_device_ioctl(fd, VFIO_DEVICE_IOEVENTFD, &arg, ioeventfd_hints, "set ioeventfd");
}

/**
 * iv_eventfd_create() - make an eventfd that never blocks
 *
 * Return: a file descriptor to close(), or a negative errno.
 */
int iv_eventfd_create(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	return fd < 0 ? iv_fail(-errno, NULL, "eventfd: create") : fd;
}

/**
 * iv_eventfd_signal() - add one to an eventfd
 * @eventfd: the eventfd
 *
 * Return: 0, or a negative errno.
 */
int iv_eventfd_signal(int eventfd)
{
	uint64_t one = 1;

	return write(eventfd, &one, sizeof(one)) < 0 ? iv_fail(-errno, NULL, "eventfd: write") : 0;
}

/**
 * iv_eventfd_wait() - wait for an eventfd to be signalled and set it back to 0
 * @eventfd: the eventfd
 * @timeout_ms: how long to wait; 0 only looks, -1 waits for ever
 *
 * Return: how often it was signalled, 0 when the time is up, or a negative errno.
 */
int64_t iv_eventfd_wait(int eventfd, int timeout_ms)
{
	struct pollfd pollfd = { .fd = eventfd, .events = POLLIN };
	uint64_t count;
	int ret = poll(&pollfd, 1, timeout_ms);

	if (ret < 0)
		return iv_fail(-errno, NULL, "eventfd: poll");
	if (!ret)
		return 0;
	if (read(eventfd, &count, sizeof(count)) < 0)
		return iv_fail(-errno, NULL, "eventfd: read");
	return count;
}
