// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page faults.
 *
 * Touching memory that may raise SIGBUS: a handler jumps back. Memory whose faults nobody serves: a
 * userfaultfd that is never read, so that whoever touches the memory sleeps until it is released.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test_fault.h"

static __thread sigjmp_buf on_sigbus;

static void handle_sigbus(int signal)
{
	(void)signal;
	siglongjmp(on_sigbus, 1);
}

static bool access_gives_sigbus(volatile uint32_t *addr, bool store)
{
	struct sigaction action = { .sa_handler = handle_sigbus }, old;
	volatile bool raised = false;

	sigaction(SIGBUS, &action, &old);
	if (sigsetjmp(on_sigbus, 1))
		raised = true;
	else if (store)
		*addr = 0;
	else
		(void)*addr;
	sigaction(SIGBUS, &old, NULL);
	return raised;
}

/**
 * test_load_gives_sigbus() - load 32 bits from memory that may not be there
 * @addr: where, a multiple of 4
 *
 * Return: true if the load raised SIGBUS.
 */
bool test_load_gives_sigbus(const volatile void *addr)
{
	return access_gives_sigbus((volatile uint32_t *)addr, false);
}

/**
 * test_store_gives_sigbus() - store 32 zero bits to memory that may not be there
 * @addr: where, a multiple of 4
 *
 * Return: true if the store raised SIGBUS.
 */
bool test_store_gives_sigbus(volatile void *addr)
{
	return access_gives_sigbus(addr, true);
}

static int userfaultfd_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, UFFDIO_API, &api) < 0) {
		int err = errno;

		close(fd);
		return -err;
	}
	return fd;
}

/**
 * test_unserved_memory() - memory whose page faults wait until it is released
 * @size: in bytes, a multiple of the page size
 * @memory: the memory; nothing is in it yet
 *
 * Return: a userfaultfd for test_unserved_release(), or a negative errno.
 */
int test_unserved_memory(size_t size, void **memory)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int err, fd = userfaultfd_open();

	if (fd < 0)
		return fd;
	*memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (*memory == MAP_FAILED) {
		err = errno;
		close(fd);
		return -err;
	}
	reg.range.start = (uintptr_t)*memory;
	reg.range.len = size;
	if (ioctl(fd, UFFDIO_REGISTER, &reg) < 0) {
		err = errno;
		test_unserved_release(fd, *memory, size);
		return -err;
	}
	return fd;
}

/**
 * test_unserved_release() - let whoever waits for the memory go on, and free it
 * @uffd: what test_unserved_memory() returned
 * @memory: the memory; threads that wait for it must have been joined, or know that it goes
 * @size: as it was allocated
 */
void test_unserved_release(int uffd, void *memory, size_t size)
{
	close(uffd);
	munmap(memory, size);
}
