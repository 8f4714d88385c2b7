// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running things in other processes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test_process.h"

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

/**
 * test_drop_capability() - give up one capability for good
 * @capability: CAP_*
 *
 * Return: 0, or a negative errno.
 */
int test_drop_capability(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
	data[CAP_TO_INDEX(capability)].permitted &= ~CAP_TO_MASK(capability);
	data[CAP_TO_INDEX(capability)].inheritable &= ~CAP_TO_MASK(capability);
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int reduce_privilege(const struct test_privilege *privilege)
{
	struct rlimit limit = { privilege->memlock, privilege->memlock };

	if (privilege->limit_memlock && setrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return -errno;
	if (privilege->uid && setresuid(privilege->uid, privilege->uid, privilege->uid) < 0)
		return -errno;
	/* Without this the child's own /proc files belong to root once it has changed its user. */
	if (privilege->uid)
		prctl(PR_SET_DUMPABLE, 1);
	return privilege->drop_capabilities ? drop_capabilities() : 0;
}

/**
 * test_run_in_child() - run a function in a child process
 * @function: the function
 * @arg: for @function
 * @privilege: what the child may do; NULL for all that the parent may
 *
 * The child has copies of the parent's memory and of its file descriptors.
 *
 * Return: what @function returned; or -ECHILD if the child died; or the negative errno with which
 * its privilege could not be reduced.
 */
int test_run_in_child(int (*function)(void *arg), void *arg,
		      const struct test_privilege *privilege)
{
	int pipes[2], ret = -ECHILD;
	pid_t child;

	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	fflush(stdout);
	child = fork();
	if (child < 0)
		return -errno;
	if (!child) {
		ret = privilege ? reduce_privilege(privilege) : 0;
		if (!ret)
			ret = function(arg);
		fflush(stdout);
		_exit(write(pipes[1], &ret, sizeof(ret)) != sizeof(ret));
	}
	close(pipes[1]);
	if (read(pipes[0], &ret, sizeof(ret)) != sizeof(ret))
		ret = -ECHILD;
	close(pipes[0]);
	waitpid(child, NULL, 0);
	return ret;
}

/**
 * test_run_command() - run a program and wait for it
 * @argv: its name or path and its arguments, ended by NULL
 *
 * Return: its exit status, 128 + the number of the signal that ended it, or a negative errno.
 */
int test_run_command(const char *const argv[])
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -errno;
	if (!child) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/**
 * test_module_unload() - unload a kernel module
 * @name: its name, with underscores
 *
 * Return: 0; -EWOULDBLOCK if it is in use; -ENOENT if it isn't loaded; or another negative errno.
 */
int test_module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) < 0 ? -errno : 0;
}

/**
 * test_module_load() - load a kernel module and what it depends on, with modprobe
 * @name: its name
 *
 * Return: 0, or -ENOEXEC if modprobe failed.
 */
int test_module_load(const char *name)
{
	const char *const argv[] = { "modprobe", name, NULL };

	return test_run_command(argv) ? -ENOEXEC : 0;
}

/**
 * test_module_reload() - load a kernel module anew
 * @name: its name, with underscores
 * @parameter: "NAME=VALUE"; NULL: none
 *
 * Return: 0; -EWOULDBLOCK if it is in use; -ENOEXEC if modprobe failed; or another negative errno.
 */
int test_module_reload(const char *name, const char *parameter)
{
	const char *const argv[] = { "modprobe", name, parameter, NULL };
	int ret = test_module_unload(name);

	if (ret && ret != -ENOENT)
		return ret;
	return test_run_command(argv) ? -ENOEXEC : 0;
}
