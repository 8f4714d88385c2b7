// SPDX-License-Identifier: GPL-2.0-only
/*
 * A parked device: its descriptor is open and not bound. Nothing can be done with it but bind.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include "iommufd_bind.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define CONFIG_OFFSET ((off_t)VFIO_PCI_CONFIG_REGION_INDEX << 40)
#define LAST_VFIO_IOCTL 25
#define BIND_NUMBER (VFIO_BASE + 18)

FIXTURE(parked)
{
	struct test_device dev;
	char *buffer;
};

FIXTURE_SETUP(parked)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s device", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_PARKED));
	self->buffer = calloc(1, PAGE);
	ASSERT_NE(NULL, self->buffer);
}

/* Whatever was tried, the device must still be parked, and bind must still work. */
FIXTURE_TEARDOWN(parked)
{
	EXPECT_TRUE(iommufd_device_is_parked(self->dev.fd));
	EXPECT_EQ(0, iommufd_bind_elsewhere(self->dev.fd));
	EXPECT_TRUE(iommufd_device_is_bound(self->dev.fd));
	test_device_teardown(&self->dev);
	free(self->buffer);
}

static int64_t result(int64_t returned)
{
	return returned < 0 ? -errno : returned;
}

TEST_F(parked, read_fails)
{
	EXPECT_EQ(-EINVAL, result(read(self->dev.fd, self->buffer, 4)));
	EXPECT_EQ(-EINVAL, result(pread(self->dev.fd, self->buffer, 4, 0)));
	EXPECT_EQ(-EINVAL, result(pread(self->dev.fd, self->buffer, 4, CONFIG_OFFSET)));
	EXPECT_EQ(-EINVAL, result(pread(self->dev.fd, self->buffer, PAGE, INT64_MAX - PAGE)));
}

TEST_F(parked, write_fails)
{
	EXPECT_EQ(-EINVAL, result(write(self->dev.fd, self->buffer, 4)));
	EXPECT_EQ(-EINVAL, result(pwrite(self->dev.fd, self->buffer, 4, 0)));
	EXPECT_EQ(-EINVAL, result(pwrite(self->dev.fd, self->buffer, 4, CONFIG_OFFSET)));
}

TEST_F(parked, vectored_io_fails)
{
	struct iovec iov[2] = { { self->buffer, 4 }, { self->buffer + 4, 4 } };

	EXPECT_EQ(-EINVAL, result(readv(self->dev.fd, iov, 2)));
	EXPECT_EQ(-EINVAL, result(writev(self->dev.fd, iov, 2)));
	EXPECT_EQ(-EINVAL, result(preadv(self->dev.fd, iov, 2, CONFIG_OFFSET)));
	EXPECT_EQ(-EINVAL, result(pwritev(self->dev.fd, iov, 2, CONFIG_OFFSET)));
}

TEST_F(parked, read_leaves_the_buffer_alone)
{
	memset(self->buffer, 0x55, PAGE);
	EXPECT_EQ(-EINVAL, result(pread(self->dev.fd, self->buffer, PAGE, CONFIG_OFFSET)));
	EXPECT_EQ(0x55, self->buffer[0]);
	EXPECT_EQ(0x55, self->buffer[PAGE - 1]);
}

TEST_F(parked, mmap_fails)
{
	const int protections[] = { PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(protections); i++) {
		EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, protections[i], MAP_SHARED, self->dev.fd,
					   0));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, protections[i], MAP_PRIVATE, self->dev.fd,
					   CONFIG_OFFSET));
		EXPECT_EQ(EINVAL, errno);
	}
}

TEST_F(parked, poll_gives_an_error)
{
	EXPECT_EQ(POLLERR, iv_device_poll(self->dev.fd, POLLIN | POLLOUT | POLLPRI, 0));
	EXPECT_EQ(POLLERR, iv_device_poll(self->dev.fd, 0, 0));
}

TEST_F(parked, epoll_gives_an_error)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_LE(0, epoll);
	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->dev.fd, &event));
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, 0));
	EXPECT_EQ((uint32_t)EPOLLERR, event.events);
	close(epoll);
}

TEST_F(parked, every_vfio_ioctl_but_bind_fails)
{
	const uint32_t argsz = PAGE;
	unsigned int nr;

	memcpy(self->buffer, &argsz, sizeof(argsz));
	for (nr = VFIO_BASE; nr <= VFIO_BASE + LAST_VFIO_IOCTL; nr++) {
		if (nr == BIND_NUMBER)
			continue;
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->dev.fd, _IO(VFIO_TYPE, nr), self->buffer))
			TH_LOG("VFIO_BASE + %u", nr - VFIO_BASE);
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->dev.fd, _IO(VFIO_TYPE, nr), NULL))
			TH_LOG("VFIO_BASE + %u without argument", nr - VFIO_BASE);
	}
}

TEST_F(parked, unknown_ioctls_fail)
{
	unsigned int nr;

	for (nr = VFIO_BASE + LAST_VFIO_IOCTL + 1; nr < 256; nr++) {
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->dev.fd, _IO(VFIO_TYPE, nr), self->buffer))
			TH_LOG("number %#x", nr);
	}
}

TEST_F(parked, ioctls_of_other_types_fail)
{
	const unsigned int types[] = { 0, ':', '<', 'V', 0x80, 0xff };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->dev.fd, _IO(types[i], BIND_NUMBER),
						 self->buffer))
			TH_LOG("type %#x", types[i]);
	}
}

TEST_F(parked, bind_with_direction_bits_is_no_bind)
{
	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->dev.fd, _IOWR(VFIO_TYPE, BIND_NUMBER, uint32_t),
					 self->buffer));
}

TEST_F(parked, iommufd_ioctls_fail)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };

	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->dev.fd, IOMMU_IOAS_ALLOC, &alloc));
}

TEST_F(parked, generic_ioctls_do_no_harm)
{
	int number = 0;

	EXPECT_EQ(-EINVAL, iommufd_ioctl(self->dev.fd, FIONREAD, &number));
	EXPECT_EQ(0, iommufd_ioctl(self->dev.fd, FIOCLEX, NULL));
	EXPECT_EQ(0, iommufd_ioctl(self->dev.fd, FIONBIO, &number));
	number = 1;
	EXPECT_GT(0, iommufd_ioctl(self->dev.fd, FIOASYNC, &number));
}

TEST_F(parked, splice_fails)
{
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(4, write(pipes[1], "data", 4));
	EXPECT_EQ(-EINVAL, result(splice(pipes[0], NULL, self->dev.fd, NULL, 4, 0)));
	EXPECT_EQ(-EINVAL, result(splice(self->dev.fd, NULL, pipes[1], NULL, 4, 0)));
	EXPECT_EQ(-EINVAL, result(sendfile(pipes[1], self->dev.fd, NULL, 4)));
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(parked, file_management_does_no_harm)
{
	lseek(self->dev.fd, 4, SEEK_SET);
	lseek(self->dev.fd, 0, SEEK_END);
	posix_fadvise(self->dev.fd, 0, 0, POSIX_FADV_DONTNEED);
	EXPECT_GT(0, fallocate(self->dev.fd, 0, 0, PAGE));
	EXPECT_GT(0, ftruncate(self->dev.fd, 0));
	EXPECT_GT(0, fsync(self->dev.fd));
	EXPECT_GT(0, copy_file_range(self->dev.fd, NULL, self->dev.fd, NULL, 4, 0));
}

TEST_F(parked, descriptor_flags_can_be_changed)
{
	EXPECT_EQ(0, fcntl(self->dev.fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EINVAL, result(read(self->dev.fd, self->buffer, 4)));
}

TEST_F(parked, device_can_be_opened_many_times)
{
	int fds[20];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = iv_device_open(self->dev.addr);
		ASSERT_LE(0, fds[i]);
		EXPECT_TRUE(iommufd_device_is_parked(fds[i]));
	}
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

TEST_F(parked, other_descriptor_stays_parked_when_one_is_bound)
{
	int other = iv_device_open(self->dev.addr);

	ASSERT_LE(0, other);
	EXPECT_EQ(0, iommufd_bind_elsewhere(other));
	EXPECT_TRUE(iommufd_device_is_bound(other));
	EXPECT_TRUE(iommufd_device_is_parked(self->dev.fd));
	EXPECT_EQ(-EINVAL, result(pread(self->dev.fd, self->buffer, 4, CONFIG_OFFSET)));
	close(other);
}

TEST_F(parked, readonly_open_is_parked_too)
{
	char path[IV_PATH_SIZE];
	int fd;

	ASSERT_EQ(0, iv_pci_cdev_path(self->dev.addr, path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(iommufd_device_is_parked(fd));
	EXPECT_EQ(-EINVAL, result(read(fd, self->buffer, 4)));
	EXPECT_EQ(-EBADF, result(write(fd, self->buffer, 4)));
	close(fd);
}

TEST_HARNESS_MAIN
