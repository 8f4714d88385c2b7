// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data files of migrating devices: what goes through them, what ends them, and bad input.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "iommufd_child.h"
#include "iommufd_ioctl.h"
#include "iv.h"
#include "mock_migrate.h"
#include "mock_vfio.h"
#include "test_fault.h"
#include "test_memory.h"
#include "test_race.h"
#include "test_thread.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define RUNNING VFIO_DEVICE_STATE_RUNNING
#define STOP VFIO_DEVICE_STATE_STOP
#define STOP_COPY VFIO_DEVICE_STATE_STOP_COPY
#define RESUMING VFIO_DEVICE_STATE_RESUMING
#define PRE_COPY VFIO_DEVICE_STATE_PRE_COPY
#define PRE_COPY_P2P VFIO_DEVICE_STATE_PRE_COPY_P2P

#define SIZE MOCK_MIGRATE_DATA_SIZE
#define ALL (VFIO_MIGRATION_STOP_COPY | VFIO_MIGRATION_P2P | VFIO_MIGRATION_PRE_COPY)

FIXTURE(mig_stream)
{
	int iommufd;
	int fd;
	int data_fd;
	struct iommufd_guard guard;
	char buf[4 * SIZE];
};

FIXTURE_SETUP(mig_stream)
{
	ASSERT_EQ(0, mock_vfio_load());
	self->iommufd = iv_iommufd_open();
	ASSERT_LE(0, self->iommufd);
	self->fd = mock_migrate_open(ALL, self->iommufd);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	ASSERT_EQ(0, mock_migrate_write_data(self->fd, 7));
	self->data_fd = -1;
}

FIXTURE_TEARDOWN(mig_stream)
{
	iommufd_guard_teardown(&self->guard);
	if (self->data_fd >= 0)
		close(self->data_fd);
	if (self->fd >= 0)
		close(self->fd);
	close(self->iommufd);
	EXPECT_EQ(0, mock_vfio_unload());
}

static int go_to(struct _test_data_mig_stream *self, uint32_t state)
{
	int data_fd, ret = iv_migration_set(self->fd, state, &data_fd);

	if (data_fd < 0)
		return ret;
	if (self->data_fd >= 0)
		close(self->data_fd);
	self->data_fd = data_fd;
	return ret;
}

static long read_some(struct _test_data_mig_stream *self, size_t size)
{
	ssize_t got = read(self->data_fd, self->buf, size);

	return got < 0 ? -errno : got;
}

static long write_some(struct _test_data_mig_stream *self, size_t size)
{
	ssize_t put = write(self->data_fd, self->buf, size);

	return put < 0 ? -errno : put;
}

static long use_one(struct _test_data_mig_stream *self, uint32_t state)
{
	return state == RESUMING ? write_some(self, 1) : read_some(self, 1);
}

static int events(struct _test_data_mig_stream *self)
{
	return iv_device_poll(self->data_fd, POLLIN | POLLOUT, 0);
}

TEST_F(mig_stream, state_arrives)
{
	ssize_t size;
	int other, data_fd;

	ASSERT_EQ(0, go_to(self, STOP_COPY));
	size = iv_migration_read_all(self->data_fd, self->buf, sizeof(self->buf));
	ASSERT_EQ(SIZE, size);
	EXPECT_TRUE(test_memory_matches(self->buf, SIZE, 7));

	other = mock_migrate_open(VFIO_MIGRATION_STOP_COPY, self->iommufd);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, iv_migration_set(other, RESUMING, &data_fd));
	ASSERT_EQ(0, iv_migration_write_all(data_fd, self->buf, size));
	EXPECT_EQ(0, close(data_fd));
	ASSERT_EQ(0, iv_migration_set(other, RUNNING, &data_fd));
	EXPECT_EQ(1, mock_migrate_has_data(other, 7));
	close(other);
}

TEST_F(mig_stream, changes_during_pre_copy_arrive)
{
	size_t done = 0;
	long got;

	ASSERT_EQ(0, go_to(self, PRE_COPY));
	while ((got = read(self->data_fd, self->buf + done, 1234)) > 0)
		done += got;
	EXPECT_EQ(ENOMSG, errno);
	EXPECT_EQ(SIZE, done);
	ASSERT_EQ(0, mock_migrate_write_data(self->fd, 8));
	EXPECT_EQ(100, read(self->data_fd, self->buf + done, 100));
	done += 100;
	ASSERT_EQ(0, go_to(self, STOP_COPY));
	got = iv_migration_read_all(self->data_fd, self->buf + done, sizeof(self->buf) - done);
	ASSERT_LT(0, got);
	done += got;
	EXPECT_EQ(3 * SIZE, done);
	EXPECT_TRUE(test_memory_matches(self->buf + 2 * SIZE, SIZE, 8));
	/* All of it, byte by byte, is as good. */
	ASSERT_EQ(0, mock_migrate_write_data(self->fd, 9));
	ASSERT_EQ(0, go_to(self, RESUMING));
	for (size_t i = 0; i < done; i += 333)
		ASSERT_EQ(0, iv_migration_write_all(self->data_fd, self->buf + i,
						    done - i < 333 ? done - i : 333));
	ASSERT_EQ(0, go_to(self, STOP));
	EXPECT_EQ(1, mock_migrate_has_data(self->fd, 8));
}

TEST_F(mig_stream, precopy_info_tells_what_is_left)
{
	struct vfio_precopy_info info;

	ASSERT_EQ(0, go_to(self, PRE_COPY));
	ASSERT_EQ(0, iv_migration_precopy(self->data_fd, &info));
	EXPECT_EQ(SIZE, info.initial_bytes);
	EXPECT_EQ(0, info.dirty_bytes);
	EXPECT_EQ(POLLIN, events(self));
	EXPECT_EQ(1000, read_some(self, 1000));
	ASSERT_EQ(0, iv_migration_precopy(self->data_fd, &info));
	EXPECT_EQ(SIZE - 1000, info.initial_bytes);
	EXPECT_EQ(SIZE - 1000, read_some(self, sizeof(self->buf)));
	EXPECT_EQ(-ENOMSG, read_some(self, 1));
	EXPECT_EQ(0, events(self));
	ASSERT_EQ(0, iv_migration_precopy(self->data_fd, &info));
	EXPECT_EQ(0, info.initial_bytes);
	EXPECT_EQ(0, info.dirty_bytes);
	ASSERT_EQ(0, go_to(self, PRE_COPY_P2P));
	ASSERT_EQ(0, mock_migrate_write_data(self->fd, 8));
	ASSERT_EQ(0, iv_migration_precopy(self->data_fd, &info));
	EXPECT_EQ(0, info.initial_bytes);
	EXPECT_EQ(SIZE, info.dirty_bytes);
	EXPECT_EQ(POLLIN, events(self));
}

TEST_F(mig_stream, precopy_flags_only_for_who_wants_them)
{
	struct vfio_precopy_info info = { .argsz = sizeof(info), .flags = 0x5a5a };

	ASSERT_EQ(0, go_to(self, PRE_COPY));
	ASSERT_EQ(0, mock_migrate_command(self->fd, MOCK_MIGRATE_REINIT));
	EXPECT_EQ(0, iommufd_ioctl(self->data_fd, VFIO_MIG_GET_PRECOPY_INFO, &info));
	EXPECT_EQ(0x5a5a, info.flags);
	ASSERT_EQ(0, iv_feature_set(self->fd, VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2, NULL, 0));
	EXPECT_EQ(0, iommufd_ioctl(self->data_fd, VFIO_MIG_GET_PRECOPY_INFO, &info));
	EXPECT_EQ(VFIO_PRECOPY_INFO_REINIT, info.flags);
	EXPECT_EQ(SIZE, info.initial_bytes);
	EXPECT_EQ(10, read_some(self, 10));
	info.flags = 0x5a5a;
	EXPECT_EQ(0, iommufd_ioctl(self->data_fd, VFIO_MIG_GET_PRECOPY_INFO, &info));
	EXPECT_EQ(0, info.flags);
}

TEST_F(mig_stream, precopy_info_in_other_states_fails)
{
	struct vfio_precopy_info info;

	ASSERT_EQ(0, go_to(self, STOP_COPY));
	EXPECT_EQ(-EINVAL, iv_migration_precopy(self->data_fd, &info));
	ASSERT_EQ(0, go_to(self, STOP));
	EXPECT_EQ(-EINVAL, iv_migration_precopy(self->data_fd, &info));
	ASSERT_EQ(0, go_to(self, RESUMING));
	EXPECT_EQ(-EINVAL, iv_migration_precopy(self->data_fd, &info));
}

TEST_F(mig_stream, precopy_info_of_another_save_fails)
{
	struct vfio_precopy_info info;
	int data_fd;

	ASSERT_EQ(0, go_to(self, PRE_COPY));
	ASSERT_EQ(0, iv_migration_set(self->fd, RUNNING, &data_fd));
	ASSERT_EQ(0, iv_migration_set(self->fd, PRE_COPY, &data_fd));
	EXPECT_EQ(-ENODEV, iv_migration_precopy(self->data_fd, &info));
	EXPECT_EQ(0, iv_migration_precopy(data_fd, &info));
	close(data_fd);
}

TEST_F(mig_stream, precopy_info_bad_arguments_fail)
{
	struct vfio_precopy_info info = {};

	ASSERT_EQ(0, go_to(self, PRE_COPY));
	for (info.argsz = 0; info.argsz < sizeof(info); info.argsz++)
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->data_fd, VFIO_MIG_GET_PRECOPY_INFO, &info));
	info.argsz = 4096;
	EXPECT_EQ(0, iommufd_ioctl(self->data_fd, VFIO_MIG_GET_PRECOPY_INFO, &info));
	EXPECT_EQ(4096, info.argsz);
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->data_fd, VFIO_MIG_GET_PRECOPY_INFO, NULL));
	info.argsz = sizeof(info);
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->data_fd, VFIO_MIG_GET_PRECOPY_INFO,
					 iommufd_guard_place_part(&self->guard, &info,
								  sizeof(info))));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->data_fd, VFIO_DEVICE_GET_INFO, &info));
}

/* After the end of a save its file fails, and never speaks of the next one. */
TEST_F(mig_stream, ends_with_the_save)
{
	const uint32_t ends[] = { STOP, RUNNING };
	int data_fd;

	for (unsigned int i = 0; i < 2; i++) {
		ASSERT_EQ(0, go_to(self, STOP_COPY));
		EXPECT_EQ(POLLIN, events(self));
		ASSERT_EQ(0, go_to(self, ends[i]));
		EXPECT_EQ(-ENODEV, read_some(self, 1));
		EXPECT_EQ(POLLHUP | POLLERR, events(self));
		ASSERT_EQ(0, iv_migration_set(self->fd, STOP_COPY, &data_fd));
		EXPECT_EQ(-ENODEV, read_some(self, 1));
		close(data_fd);
		ASSERT_EQ(0, iv_migration_set(self->fd, RUNNING, &data_fd));
	}
}

TEST_F(mig_stream, end_of_file_in_stop_copy_is_for_good)
{
	ASSERT_EQ(0, go_to(self, STOP_COPY));
	EXPECT_EQ(SIZE, read_some(self, sizeof(self->buf)));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, read_some(self, 1));
		EXPECT_EQ(POLLIN, events(self));
	}
}

TEST_F(mig_stream, incomplete_load_is_refused_and_can_go_on)
{
	char data[SIZE];

	test_memory_fill(data, SIZE, 3);
	ASSERT_EQ(0, go_to(self, RESUMING));
	EXPECT_EQ(POLLOUT, events(self));
	EXPECT_EQ(-EINVAL, go_to(self, STOP));
	ASSERT_EQ(0, iv_migration_write_all(self->data_fd, data, 5000));
	EXPECT_EQ(-EINVAL, go_to(self, RUNNING));
	EXPECT_EQ(RESUMING, iv_migration_state(self->fd));
	EXPECT_EQ(1, mock_migrate_has_data(self->fd, 7));
	ASSERT_EQ(0, iv_migration_write_all(self->data_fd, data + 5000, SIZE - 5000));
	EXPECT_EQ(0, go_to(self, STOP));
	EXPECT_EQ(-ENODEV, write_some(self, 1));
	EXPECT_EQ(1, mock_migrate_has_data(self->fd, 3));
}

TEST_F(mig_stream, goes_one_way)
{
	ASSERT_EQ(0, go_to(self, STOP_COPY));
	EXPECT_EQ(-EBADF, write_some(self, 1));
	ASSERT_EQ(0, go_to(self, RESUMING));
	EXPECT_EQ(-EBADF, read_some(self, 1));
	EXPECT_EQ(-1, pread(self->data_fd, self->buf, 1, 0));
	EXPECT_EQ(-1, lseek(self->data_fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->data_fd, 0));
	EXPECT_EQ(0, write_some(self, 0));
}

TEST_F(mig_stream, closing_the_file_leaves_the_state)
{
	int data_fd;

	ASSERT_EQ(0, go_to(self, STOP_COPY));
	close(self->data_fd);
	self->data_fd = -1;
	EXPECT_EQ(STOP_COPY, iv_migration_state(self->fd));
	ASSERT_EQ(0, iv_migration_set(self->fd, STOP_COPY, &data_fd));
	EXPECT_EQ(-1, data_fd);
	ASSERT_EQ(0, iv_migration_set(self->fd, STOP, &data_fd));
}

TEST_F(mig_stream, unreadable_memory_loses_nothing)
{
	ASSERT_EQ(0, go_to(self, STOP_COPY));
	EXPECT_EQ(100, read_some(self, 100));
	EXPECT_EQ(-1, read(self->data_fd, self->guard.page + IOMMUFD_PAGE, 3000));
	EXPECT_EQ(EFAULT, errno);
	/* Half of a piece fits. */
	EXPECT_EQ(1000, read(self->data_fd, self->guard.page + IOMMUFD_PAGE - 1000, 2000));
	memcpy(self->buf + 100, self->guard.page + IOMMUFD_PAGE - 1000, 1000);
	EXPECT_EQ(SIZE - 1100, read(self->data_fd, self->buf + 1100, SIZE));
	EXPECT_TRUE(test_memory_matches(self->buf, SIZE, 7));
	EXPECT_EQ(0, read_some(self, 1));
}

TEST_F(mig_stream, unreadable_memory_is_not_loaded)
{
	ASSERT_EQ(0, go_to(self, RESUMING));
	EXPECT_EQ(-1, write(self->data_fd, self->guard.page + IOMMUFD_PAGE, 100));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, mock_migrate_load(self->data_fd, 3));
	EXPECT_EQ(0, go_to(self, STOP));
}

TEST_F(mig_stream, reset_ends_it)
{
	const uint32_t states[] = { PRE_COPY, PRE_COPY_P2P, STOP_COPY, RESUMING };

	for (unsigned int i = 0; i < 4; i++) {
		ASSERT_EQ(0, go_to(self, states[i]));
		ASSERT_EQ(0, i % 2 ? iv_device_reset(self->fd) :
				     mock_migrate_command(self->fd, MOCK_MIGRATE_RESET));
		EXPECT_EQ(-ENODEV, use_one(self, states[i]));
		EXPECT_EQ(POLLHUP | POLLERR, events(self));
	}
}

TEST_F(mig_stream, outlives_the_device_and_fails)
{
	const uint32_t states[] = { PRE_COPY, STOP_COPY, RESUMING };
	struct vfio_precopy_info info;

	for (unsigned int i = 0; i < 3; i++) {
		ASSERT_EQ(0, go_to(self, states[i]));
		close(self->fd);
		EXPECT_EQ(-ENODEV, use_one(self, states[i]));
		EXPECT_EQ(-ENODEV, iv_migration_precopy(self->data_fd, &info));
		EXPECT_EQ(POLLHUP | POLLERR, events(self));
		self->fd = mock_migrate_open(ALL, self->iommufd);
		ASSERT_LE(0, self->fd);
		EXPECT_EQ(-ENODEV, use_one(self, states[i]));
	}
}

TEST_F(mig_stream, device_is_taken_away)
{
	ASSERT_EQ(0, go_to(self, STOP_COPY));
	EXPECT_EQ(10, read_some(self, 10));
	ASSERT_EQ(0, mock_vfio_take_away());
	EXPECT_EQ(-ENODEV, read_some(self, 10));
	EXPECT_EQ(POLLHUP | POLLERR, events(self));
	EXPECT_EQ(-ENODEV, iv_migration_state(self->fd));
}

TEST_F(mig_stream, bad_arguments_of_a_change_fail)
{
	struct {
		struct vfio_device_feature hdr;
		struct vfio_device_feature_mig_state data;
	} arg = {
		.hdr.flags = VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE | VFIO_DEVICE_FEATURE_SET,
		.data.device_state = STOP_COPY,
	};
	char *place;

	for (arg.hdr.argsz = 0; arg.hdr.argsz < sizeof(arg); arg.hdr.argsz++)
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->fd, VFIO_DEVICE_FEATURE, &arg));
	arg.hdr.argsz = sizeof(arg);
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, VFIO_DEVICE_FEATURE,
					 iommufd_guard_place_part(&self->guard, &arg,
								  sizeof(arg))));
	place = iommufd_guard_place(&self->guard, &arg, sizeof(arg));
	ASSERT_EQ(0, iommufd_guard_make_readonly(&self->guard));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, VFIO_DEVICE_FEATURE, place));
	EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
}

TEST_F(mig_stream, full_table_of_descriptors_changes_nothing)
{
	struct rlimit old, none;
	int data_fd;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &old));
	none = old;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	EXPECT_EQ(-EMFILE, iv_migration_set(self->fd, STOP_COPY, &data_fd));
	EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
	EXPECT_EQ(0, iv_migration_set(self->fd, STOP, &data_fd));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &old));
}

/* A reader whose memory nobody serves holds up neither the device nor its state. */
struct slow_reader {
	int data_fd;
	void *memory;
	atomic_int result;
};

static int child_reads_slowly(struct iommufd_child *parent, void *arg)
{
	struct slow_reader *reader = arg;

	iommufd_child_tell(parent, 0);
	return read(reader->data_fd, reader->memory, 4096) < 0 ? -errno : 0;
}

TEST_F(mig_stream, reader_that_waits_for_memory_holds_up_nothing)
{
	struct slow_reader reader = {};
	struct iommufd_child child;
	int number, uffd;

	ASSERT_EQ(0, go_to(self, STOP_COPY));
	uffd = test_unserved_memory(4096, &reader.memory);
	if (uffd < 0)
		SKIP(return, "no userfaultfd");
	reader.data_fd = self->data_fd;
	ASSERT_EQ(0, iommufd_child_start(&child, child_reads_slowly, &reader));
	ASSERT_EQ(0, iommufd_child_hear(&child, &number));
	test_sleep_ms(200);
	ASSERT_EQ(0, go_to(self, STOP));
	ASSERT_EQ(0, iv_device_reset(self->fd));
	close(self->fd);
	self->fd = mock_migrate_open(ALL, self->iommufd);
	EXPECT_LE(0, self->fd);
	EXPECT_EQ(0, iommufd_child_kill(&child));
	test_unserved_release(uffd, reader.memory, 4096);
}

struct race {
	int fd;
	struct test_race results;
};

static void change_states(struct test_threads *threads, unsigned int index, void *arg)
{
	static const uint32_t states[] = { RUNNING, STOP, STOP_COPY, PRE_COPY, RESUMING };
	struct race *race = arg;
	unsigned int i = index;
	char buf[512];
	int data_fd;

	while (!test_threads_stopping(threads)) {
		threads->rounds++;
		i = i * 1103515245 + 12345;
		test_race_expect(&race->results,
				 iv_migration_set(race->fd, states[(i >> 16) % 5], &data_fd),
				 -EINVAL, -EAGAIN);
		if (data_fd >= 0) {
			if (read(data_fd, buf, sizeof(buf)) < 0)
				(void)!write(data_fd, buf, sizeof(buf));
			close(data_fd);
		}
		if (!(i >> 16 & 7))
			iv_device_reset(race->fd);
		if (!(i >> 20 & 7))
			mock_migrate_command(race->fd, MOCK_MIGRATE_RESET);
	}
}

TEST_F(mig_stream, threads_change_read_and_reset)
{
	struct race race = { .fd = self->fd };

	EXPECT_EQ(0, test_race_run(&race.results, 4, change_states, &race, TEST_RACE_MS));
	ASSERT_EQ(0, iv_device_reset(self->fd));
	EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
	ASSERT_EQ(0, go_to(self, STOP_COPY));
	EXPECT_EQ(SIZE, read_some(self, sizeof(self->buf)));
}

static int child_migrates(struct iommufd_child *parent, void *arg)
{
	int iommufd = iv_iommufd_open(), fd, data_fd;
	uint32_t state = *(uint32_t *)arg;
	int rc;

	fd = mock_migrate_open(ALL, iommufd);
	if (fd < 0)
		return fd;
	rc = iv_migration_set(fd, state, &data_fd);
	iommufd_child_tell(parent, rc);
	pause();
	return 0;
}

TEST_F(mig_stream, killed_in_each_state)
{
	uint32_t state;

	close(self->fd);
	for (state = STOP; state < VFIO_DEVICE_STATE_NR; state++) {
		struct iommufd_child child;
		int rc;

		ASSERT_EQ(0, iommufd_child_start(&child, child_migrates, &state));
		ASSERT_EQ(0, iommufd_child_hear(&child, &rc));
		EXPECT_EQ(0, rc);
		ASSERT_EQ(0, iommufd_child_kill(&child));
	}
	self->fd = mock_migrate_open(ALL, self->iommufd);
	ASSERT_LE(0, self->fd);
	EXPECT_EQ(RUNNING, iv_migration_state(self->fd));
}

TEST_HARNESS_MAIN
