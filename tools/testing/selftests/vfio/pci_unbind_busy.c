// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unbinding the driver of a vfio-pci device while the user is busy with it: in system calls,
 * asleep, in a page fault that nobody serves, stopped, or dead.
 */
#include "kselftest_harness.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "iv.h"
#include "test_device.h"
#include "test_fault.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_thread.h"
#include "test_user.h"
#include "test_wait.h"

#define PAGE 4096
#define JOIN_MS 5000

FIXTURE(pci_unbind_busy)
{
	struct test_user user;
	int fd;
	const char *addr;
};

FIXTURE_SETUP(pci_unbind_busy)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	EXPECT_EQ(0, test_user_setup(&self->user, TEST_EDU, TEST_USER_BAR_MAPPED));
	self->fd = self->user.dev.fd;
	self->addr = self->user.dev.addr;
}

FIXTURE_TEARDOWN(pci_unbind_busy)
{
	test_user_teardown(&self->user);
}

/* Threads run one of these until it gives ENODEV; anything else but success is a failure. */
static int loop_read(struct test_user *user)
{
	uint32_t id;

	return pread(user->dev.fd, &id, 4, user->bar.offset) == 4 ? 0 : -errno;
}

static int loop_write(struct test_user *user)
{
	uint32_t value = 1;

	return pwrite(user->dev.fd, &value, 4, user->bar.offset + IV_EDU_REG_LIVENESS) == 4 ?
	       0 : -errno;
}

static int loop_ioctl(struct test_user *user)
{
	struct vfio_irq_info irq_info;
	struct vfio_device_info info;

	return iv_device_info(user->dev.fd, &info) ?: iv_irq_info(user->dev.fd, 0, &irq_info);
}

static int loop_attach(struct test_user *user)
{
	return iv_device_detach(user->dev.fd) ?: iv_device_attach(user->dev.fd, user->dev.ioas_id);
}

static int loop_interrupts(struct test_user *user)
{
	int32_t eventfd = iv_eventfd_create();
	int ret = iv_irq_set_eventfds(user->dev.fd, VFIO_PCI_MSI_IRQ_INDEX, 0, 1, &eventfd);

	/* The other threads do the same: what one has enabled another may have disabled. */
	if (!ret)
		ret = iv_irq_disable(user->dev.fd, VFIO_PCI_MSI_IRQ_INDEX);
	close(eventfd);
	return ret == -EINVAL ? 0 : ret;
}

static int loop_mmap(struct test_user *user)
{
	void *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, user->dev.fd, user->bar.offset);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, PAGE);
	return 0;
}

static int loop_map_memory(struct test_user *user)
{
	/* Works for ever: the address space belongs to the context, not to the device. */
	uint64_t iova;
	int ret = iv_ioas_map_anywhere(user->dev.iommufd, user->dev.ioas_id, user->dma.va, PAGE,
				       IV_DMA_RW, &iova);

	if (!ret)
		ret = iv_ioas_unmap(user->dev.iommufd, user->dev.ioas_id, iova, PAGE, NULL);
	return ret ? ret : iv_device_poll(user->dev.fd, 0, 0) ? -ENODEV : 0;
}

struct busy {
	struct test_user *user;
	int (*loop)(struct test_user *user);
	atomic_int revoked;
	atomic_int unexpected;
};

static void run_loop(struct test_threads *threads, unsigned int index, void *arg)
{
	struct busy *busy = arg;
	int ret = 0;

	(void)index;
	while (!ret && !test_threads_stopping(threads)) {
		ret = busy->loop(busy->user);
		atomic_fetch_add(&threads->rounds, 1);
	}
	if (ret == -ENODEV)
		atomic_fetch_add(&busy->revoked, 1);
	else
		atomic_store(&busy->unexpected, ret);
}

static bool some_rounds_done(void *arg)
{
	struct test_threads *threads = arg;

	return atomic_load(&threads->rounds) > 20;
}

FIXTURE(pci_unbind_loop)
{
	struct test_user user;
};

FIXTURE_VARIANT(pci_unbind_loop)
{
	int (*loop)(struct test_user *user);
};

FIXTURE_VARIANT_ADD(pci_unbind_loop, read) { .loop = loop_read };
FIXTURE_VARIANT_ADD(pci_unbind_loop, write) { .loop = loop_write };
FIXTURE_VARIANT_ADD(pci_unbind_loop, ioctl) { .loop = loop_ioctl };
FIXTURE_VARIANT_ADD(pci_unbind_loop, attach) { .loop = loop_attach };
FIXTURE_VARIANT_ADD(pci_unbind_loop, interrupts) { .loop = loop_interrupts };
FIXTURE_VARIANT_ADD(pci_unbind_loop, mmap) { .loop = loop_mmap };
FIXTURE_VARIANT_ADD(pci_unbind_loop, map_memory) { .loop = loop_map_memory };

FIXTURE_SETUP(pci_unbind_loop)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	EXPECT_EQ(0, test_user_setup(&self->user, TEST_EDU, TEST_USER_BAR_MAPPED));
}

FIXTURE_TEARDOWN(pci_unbind_loop)
{
	test_user_teardown(&self->user);
}

TEST_F(pci_unbind_loop, threads_in_a_loop_all_get_enodev)
{
	struct busy busy = { .user = &self->user, .loop = variant->loop };
	struct test_threads threads;

	ASSERT_EQ(0, test_threads_start(&threads, 4, run_loop, &busy));
	EXPECT_TRUE(test_wait_until(some_rounds_done, &threads, JOIN_MS));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->user.dev.addr)));
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_EQ(4, atomic_load(&busy.revoked));
	EXPECT_EQ(0, atomic_load(&busy.unexpected));
	EXPECT_EQ(0, test_fd_is_revoked(self->user.dev.fd));
}

static void touch_mapping(struct test_threads *threads, unsigned int index, void *arg)
{
	struct test_user *user = arg;

	(void)index;
	while (!test_load_gives_sigbus(user->bar.map) && !test_threads_stopping(threads))
		atomic_fetch_add(&threads->rounds, 1);
}

TEST_F(pci_unbind_busy, thread_that_touches_the_mapping_gets_sigbus)
{
	struct test_threads threads;

	ASSERT_EQ(0, test_threads_start(&threads, 1, touch_mapping, &self->user));
	EXPECT_TRUE(test_wait_until(some_rounds_done, &threads, JOIN_MS));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(0, test_threads_join(&threads, JOIN_MS));
}

static void sleep_in_poll(struct test_threads *threads, unsigned int index, void *arg)
{
	struct test_user *user = arg;
	struct pollfd pollfd = { .fd = user->dev.fd, .events = POLLIN };

	(void)index;
	poll(&pollfd, 1, -1);
	atomic_store(&threads->rounds, pollfd.revents);
}

TEST_F(pci_unbind_busy, sleeping_poll_wakes_with_hup_and_err)
{
	struct test_threads threads;

	ASSERT_EQ(0, iv_device_poll(self->fd, POLLIN, 0));
	ASSERT_EQ(0, test_threads_start(&threads, 1, sleep_in_poll, &self->user));
	test_sleep_ms(50);
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	ASSERT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_EQ(POLLHUP | POLLERR, atomic_load(&threads.rounds));
}

TEST_F(pci_unbind_busy, epoll_reports_hup_and_err)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->fd, &event));
	ASSERT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	ASSERT_EQ(1, epoll_wait(epoll, &event, 1, JOIN_MS));
	EXPECT_EQ(EPOLLHUP | EPOLLERR, event.events);
	close(epoll);
}

/* System calls that sleep in a page fault which nobody serves. */

struct faulting {
	struct test_user *user;
	void *memory;
	void (*call)(struct test_user *user, void *memory);
};

static void call_read(struct test_user *user, void *memory)
{
	if (pread(user->dev.fd, memory, 4, user->bar.offset) < 0)
		return;
}

static void call_write(struct test_user *user, void *memory)
{
	if (pwrite(user->dev.fd, memory, 4, user->bar.offset + IV_EDU_REG_LIVENESS) < 0)
		return;
}

static void call_get_info(struct test_user *user, void *memory)
{
	ioctl(user->dev.fd, VFIO_DEVICE_GET_INFO, memory);
}

static void call_set_irqs(struct test_user *user, void *memory)
{
	ioctl(user->dev.fd, VFIO_DEVICE_SET_IRQS, memory);
}

static void call_attach(struct test_user *user, void *memory)
{
	ioctl(user->dev.fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, memory);
}

static void call_bind(struct test_user *user, void *memory)
{
	ioctl(user->dev.fd, VFIO_DEVICE_BIND_IOMMUFD, memory);
}

static void run_faulting(struct test_threads *threads, unsigned int index, void *arg)
{
	struct faulting *faulting = arg;

	(void)threads;
	(void)index;
	faulting->call(faulting->user, faulting->memory);
}

FIXTURE(pci_unbind_fault)
{
	struct test_user user;
};

FIXTURE_VARIANT(pci_unbind_fault)
{
	enum test_user_stage stage;
	void (*call)(struct test_user *user, void *memory);
};

FIXTURE_VARIANT_ADD(pci_unbind_fault, read) { TEST_USER_BAR_MAPPED, call_read };
FIXTURE_VARIANT_ADD(pci_unbind_fault, write) { TEST_USER_BAR_MAPPED, call_write };
FIXTURE_VARIANT_ADD(pci_unbind_fault, get_info) { TEST_USER_BOUND, call_get_info };
FIXTURE_VARIANT_ADD(pci_unbind_fault, set_irqs) { TEST_USER_BOUND, call_set_irqs };
FIXTURE_VARIANT_ADD(pci_unbind_fault, attach) { TEST_USER_BOUND, call_attach };
FIXTURE_VARIANT_ADD(pci_unbind_fault, bind) { TEST_USER_PARKED, call_bind };

FIXTURE_SETUP(pci_unbind_fault)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	EXPECT_EQ(0, test_user_setup(&self->user, TEST_EDU, variant->stage));
}

FIXTURE_TEARDOWN(pci_unbind_fault)
{
	test_user_teardown(&self->user);
}

TEST_F(pci_unbind_fault, call_that_sleeps_in_a_page_fault_is_not_waited_for)
{
	struct faulting faulting = { .user = &self->user, .call = variant->call };
	struct test_threads threads;
	int uffd;

	uffd = test_unserved_memory(PAGE, &faulting.memory);
	ASSERT_GE(uffd, 0);
	ASSERT_EQ(0, test_threads_start(&threads, 1, run_faulting, &faulting));
	ASSERT_EQ(POLLIN, iv_device_poll(uffd, POLLIN, JOIN_MS));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->user.dev.addr)));
	EXPECT_EQ(0, test_fd_is_revoked(self->user.dev.fd));
	/* The device is free at once, not only when that thread goes on. */
	EXPECT_EQ(0, iv_pci_bind_driver(self->user.dev.addr, "vfio-pci"));
	EXPECT_EQ(0, test_edu_works(self->user.dev.addr));
	test_unserved_release(uffd, faulting.memory, PAGE);
	EXPECT_EQ(0, test_threads_join(&threads, JOIN_MS));
}

TEST_F(pci_unbind_busy, dma_in_flight_does_not_arrive)
{
	struct iv_dma *dma = &self->user.dma;
	struct iv_edu edu;

	ASSERT_EQ(0, iv_edu_open(&edu, self->fd));
	test_memory_fill(dma->va, PAGE, 1);
	ASSERT_EQ(0, iv_edu_dma_read(&edu, TEST_USER_IOVA, 0, PAGE));
	ASSERT_EQ(0, iv_edu_dma_start_write(&edu, TEST_USER_IOVA, 0, PAGE, 0));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	memset(dma->va, 0x42, dma->size);
	test_sleep_ms(250);
	EXPECT_TRUE(test_memory_is(dma->va, dma->size, 0x42));
	iv_edu_close(&edu);
}

TEST_F(pci_unbind_busy, asserted_interrupt_does_no_harm)
{
	int32_t eventfd = iv_eventfd_create();
	struct iv_edu edu;

	ASSERT_EQ(0, iv_edu_open(&edu, self->fd));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &eventfd));
	iv_edu_irq_raise(&edu, 1);
	EXPECT_EQ(1, iv_eventfd_wait(eventfd, 1000));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	/* Signalled once by the unbind, but not by the device. */
	iv_eventfd_wait(eventfd, 0);
	EXPECT_EQ(0, iv_eventfd_wait(eventfd, 50));
	iv_edu_close(&edu);
	close(eventfd);
	/* Leave the device quiet for whoever comes next. */
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	test_user_close(&self->user);
	ASSERT_EQ(0, test_user_advance(&self->user, TEST_USER_BAR_MAPPED));
	iv_mmio_write32(&self->user.bar, IV_EDU_REG_IRQ_ACK, UINT32_MAX);
}

TEST_F(pci_unbind_busy, whoever_waits_for_intx_is_woken)
{
	ASSERT_EQ(0, test_user_arm(&self->user, VFIO_PCI_INTX_IRQ_INDEX));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(1, iv_eventfd_wait(self->user.eventfd, 1000));
}

TEST_F(pci_unbind_busy, whoever_waits_for_msi_is_woken)
{
	ASSERT_EQ(0, test_user_arm(&self->user, VFIO_PCI_MSI_IRQ_INDEX));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(1, iv_eventfd_wait(self->user.eventfd, 1000));
}

TEST_F(pci_unbind_busy, user_is_told_through_the_request_eventfd)
{
	int32_t eventfd = iv_eventfd_create();

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, &eventfd));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_GE(iv_eventfd_wait(eventfd, 1000), 1);
	close(eventfd);
}

TEST_F(pci_unbind_busy, address_space_is_free_afterwards)
{
	struct test_device *dev = &self->user.dev;
	uint64_t unmapped;

	EXPECT_EQ(-EBUSY, iv_iommufd_destroy(dev->iommufd, dev->ioas_id));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(0, iv_ioas_unmap(dev->iommufd, dev->ioas_id, TEST_USER_IOVA, self->user.dma.size,
				   &unmapped));
	EXPECT_EQ(self->user.dma.size, unmapped);
	EXPECT_EQ(0, iv_iommufd_destroy(dev->iommufd, dev->ioas_id));
}

TEST_F(pci_unbind_busy, memory_is_unpinned_with_its_last_device)
{
	struct test_device *dev = &self->user.dev;
	int64_t pinned = test_pinned_pages();

	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(pinned - 16, test_pinned_pages());
	EXPECT_EQ(0, iv_ioas_unmap(dev->iommufd, dev->ioas_id, TEST_USER_IOVA,
				   self->user.dma.size, NULL));
	EXPECT_EQ(pinned - 16, test_pinned_pages());
}

TEST_F(pci_unbind_busy, old_context_can_take_the_device_again)
{
	struct test_device *dev = &self->user.dev;
	uint32_t devid;
	int fd;

	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	fd = iv_device_open(self->addr);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, iv_device_bind(fd, dev->iommufd, &devid));
	EXPECT_EQ(0, iv_device_attach(fd, dev->ioas_id));
	close(fd);
}

TEST_F(pci_unbind_busy, duplicate_of_the_fd_is_revoked_too)
{
	int copy = dup(self->fd);

	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(0, test_fd_is_revoked(copy));
	close(self->fd);
	self->user.dev.fd = -1;
	EXPECT_EQ(0, test_fd_is_revoked(copy));
	close(copy);
}

TEST_F(pci_unbind_busy, mapping_alone_does_not_hold_the_device)
{
	close(self->fd);
	self->user.dev.fd = -1;
	ASSERT_FALSE(test_load_gives_sigbus(self->user.bar.map));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_TRUE(test_load_gives_sigbus(self->user.bar.map));
}

static pid_t fork_sleeper(void)
{
	pid_t child = fork();

	if (!child) {
		for (;;)
			pause();
	}
	return child;
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

TEST_F(pci_unbind_busy, stopped_process_that_holds_everything_is_not_waited_for)
{
	pid_t child = fork_sleeper();

	ASSERT_GT(child, 0);
	test_user_close(&self->user);
	kill(child, SIGSTOP);
	test_sleep_ms(20);
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	EXPECT_EQ(0, test_edu_works(self->addr));
	end_child(child);
}

static int child_sees_it_revoked(void *arg)
{
	struct test_user *user = arg;

	if (iv_pci_unbind_driver(user->dev.addr))
		return -1;
	return test_fd_is_revoked(user->dev.fd);
}

TEST_F(pci_unbind_busy, fd_inherited_by_a_child_is_revoked_too)
{
	EXPECT_EQ(0, test_run_in_child(child_sees_it_revoked, &self->user, NULL));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
}

TEST_F(pci_unbind_busy, killed_process_leaves_nothing_to_wait_for)
{
	pid_t child = fork_sleeper();

	ASSERT_GT(child, 0);
	test_user_close(&self->user);
	end_child(child);
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	EXPECT_EQ(0, test_edu_works(self->addr));
}

TEST_F(pci_unbind_busy, context_closed_before_the_unbind_does_no_harm)
{
	close(self->user.dev.iommufd);
	self->user.dev.iommufd = -1;
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(0, test_fd_is_revoked(self->fd));
}

static void open_bind_attach_close(struct test_threads *threads, unsigned int index, void *arg)
{
	const char *addr = arg;

	(void)index;
	while (!test_threads_stopping(threads)) {
		uint32_t ioas_id;
		int fd = iv_device_open(addr), iommufd = test_context_open(&ioas_id);

		/* Everything may fail: the device may be another's, or not there. */
		if (fd >= 0 && iommufd >= 0 && !iv_device_bind(fd, iommufd, NULL))
			iv_device_attach(fd, ioas_id);
		if (fd >= 0)
			close(fd);
		if (iommufd >= 0)
			close(iommufd);
		atomic_fetch_add(&threads->rounds, 1);
	}
}

TEST_F(pci_unbind_busy, users_who_come_and_go_do_not_disturb_unbinding_and_binding)
{
	struct test_threads threads;

	test_user_close(&self->user);
	ASSERT_EQ(0, test_threads_start(&threads, 3, open_bind_attach_close, (void *)self->addr));
	for (int i = 0; i < 5; i++) {
		test_sleep_ms(10);
		EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
		EXPECT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	}
	EXPECT_GT(atomic_load(&threads.rounds), 0);
	test_threads_stop(&threads);
	EXPECT_EQ(0, test_threads_join(&threads, JOIN_MS));
	EXPECT_EQ(0, test_edu_works(self->addr));
}

static void close_late(struct test_threads *threads, unsigned int index, void *arg)
{
	(void)threads;
	(void)index;
	close(*(int *)arg);
}

TEST_F(pci_unbind_busy, closing_at_the_same_time_works)
{
	struct test_threads threads;

	iv_region_close(&self->user.bar);
	ASSERT_EQ(0, test_threads_start(&threads, 1, close_late, &self->user.dev.fd));
	EXPECT_TRUE(test_was_prompt(test_unbind_ms(self->addr)));
	EXPECT_EQ(0, test_threads_join(&threads, JOIN_MS));
	self->user.dev.fd = -1;
	ASSERT_EQ(0, iv_pci_bind_driver(self->addr, "vfio-pci"));
	EXPECT_EQ(0, test_edu_works(self->addr));
}

TEST_HARNESS_MAIN
