// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "iommufd_child.h"
#include "test_wait.h"

#define STUCK_AFTER_MS 50

/**
 * iommufd_child_start() - run a function in a child process
 * @child: to be filled; ended with iommufd_child_finish() or iommufd_child_kill()
 * @function: what to run; the child exits when it returns
 * @arg: for @function, in the child's copy of the memory
 *
 * The child inherits every open file, and dies when its parent does.
 */
int iommufd_child_start(struct iommufd_child *child, iommufd_child_fn function, void *arg)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	child->pid = fork();
	if (child->pid < 0)
		return -errno;
	if (!child->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(sockets[0]);
		child->socket = sockets[1];
		iommufd_child_tell(child, function(child, arg));
		_exit(0);
	}
	close(sockets[1]);
	child->socket = sockets[0];
	return 0;
}

/**
 * iommufd_child_tell() - send a number
 * @peer: the other side
 * @number: what to send
 */
int iommufd_child_tell(struct iommufd_child *peer, int number)
{
	ssize_t sent = send(peer->socket, &number, sizeof(number), MSG_NOSIGNAL);

	return sent < 0 ? -errno : 0;
}

static int wait_readable(int socket, int timeout_ms)
{
	struct pollfd pollfd = { .fd = socket, .events = POLLIN };
	int rc = poll(&pollfd, 1, timeout_ms);

	if (rc < 0)
		return -errno;
	return rc ? 0 : -ETIMEDOUT;
}

/**
 * iommufd_child_hear() - wait for the other side's number
 * @peer: the other side
 * @number: what it sent
 *
 * Return: 0, -ETIMEDOUT, or -EPIPE when the other side has died.
 */
int iommufd_child_hear(struct iommufd_child *peer, int *number)
{
	int rc = wait_readable(peer->socket, IOMMUFD_CHILD_TIMEOUT_MS);
	ssize_t size;

	if (rc)
		return rc;
	size = recv(peer->socket, number, sizeof(*number), 0);
	if (size < 0)
		return -errno;
	return size == sizeof(*number) ? 0 : -EPIPE;
}

/**
 * iommufd_child_is_stuck() - whether a child that should be blocked for good is
 * @child: a child whose function is about to return, unless it blocks
 *
 * Return: true if nothing has come from the child for a while.
 */
bool iommufd_child_is_stuck(struct iommufd_child *child)
{
	return wait_readable(child->socket, STUCK_AFTER_MS) == -ETIMEDOUT;
}

/**
 * iommufd_child_send_fd() - give the other side a file descriptor
 * @peer: the other side
 * @fd: the descriptor; stays open here
 */
int iommufd_child_send_fd(struct iommufd_child *peer, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { .iov_base = (char[]){ 0 }, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(peer->socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/**
 * iommufd_child_receive_fd() - wait for a file descriptor
 * @peer: the other side
 *
 * Return: the descriptor here, or a negative errno.
 */
int iommufd_child_receive_fd(struct iommufd_child *peer)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd, rc = wait_readable(peer->socket, IOMMUFD_CHILD_TIMEOUT_MS);

	if (rc)
		return rc;
	if (recvmsg(peer->socket, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
		return -EPIPE;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static bool child_is_dead(void *arg)
{
	struct iommufd_child *child = arg;

	return waitpid(child->pid, NULL, WNOHANG) == child->pid;
}

static int child_reap(struct iommufd_child *child)
{
	if (!test_wait_until(child_is_dead, child, IOMMUFD_CHILD_TIMEOUT_MS))
		return -ETIMEDOUT;
	close(child->socket);
	child->pid = 0;
	return 0;
}

/**
 * iommufd_child_kill() - SIGKILL a child, whatever it is doing, and wait for its end
 * @child: after iommufd_child_start(); a child that has come to its end is left alone
 *
 * Return: 0, or -ETIMEDOUT if it doesn't die.
 */
int iommufd_child_kill(struct iommufd_child *child)
{
	if (!child->pid)
		return 0;
	kill(child->pid, SIGKILL);
	return child_reap(child);
}

/**
 * iommufd_child_finish() - wait for a child's function to return, and for its end
 * @child: after iommufd_child_start()
 *
 * A child that doesn't come to its end is killed.
 *
 * Return: what the function returned, or a negative errno.
 */
int iommufd_child_finish(struct iommufd_child *child)
{
	int number, rc = iommufd_child_hear(child, &number);

	if (rc)
		kill(child->pid, SIGKILL);
	return child_reap(child) ?: rc ?: number;
}
