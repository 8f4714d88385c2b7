/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A child process that a test talks with, in lock-step, and may kill at any moment.
 *
 * Parent and child hold the two ends of a socket. Either side sends numbers or file descriptors,
 * and waits for the other's. No wait is endless: a child that hangs makes the test fail.
 *
 * Functions return 0 (or what they say) on success and a negative errno otherwise.
 */
#ifndef IOMMUFD_CHILD_H
#define IOMMUFD_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#define IOMMUFD_CHILD_TIMEOUT_MS 5000

/**
 * struct iommufd_child - one end of the conversation
 * @pid: the child, for the parent; 0 for the child, and after its end
 * @socket: to the other side
 */
struct iommufd_child {
	pid_t pid;
	int socket;
};

/* What a child runs. What it returns is told to the parent as its last number. */
typedef int (*iommufd_child_fn)(struct iommufd_child *parent, void *arg);

int iommufd_child_start(struct iommufd_child *child, iommufd_child_fn function, void *arg);
int iommufd_child_tell(struct iommufd_child *peer, int number);
int iommufd_child_hear(struct iommufd_child *peer, int *number);
bool iommufd_child_is_stuck(struct iommufd_child *child);
int iommufd_child_send_fd(struct iommufd_child *peer, int fd);
int iommufd_child_receive_fd(struct iommufd_child *peer);
int iommufd_child_kill(struct iommufd_child *child);
int iommufd_child_finish(struct iommufd_child *child);

#endif
