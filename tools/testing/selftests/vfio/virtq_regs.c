// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the regions of vfio-virtq refuse: wrong accesses, wrong values, the wrong order.
 */
#include "kselftest_harness.h"

#include <errno.h>
#include <sys/mman.h>

#include "iv.h"
#include "test_virtq.h"

/* For kernels with all checks, on a busy machine */
#define SLOW_S 100

#define QUEUE_SIZE 16
#define RINGS TEST_VIRTQ_IOVA

FIXTURE(virtq_regs)
{
	struct test_virtq user;
	struct iv_virtq_device dev;
	struct iv_virtq queue;
	int fd;
};

FIXTURE_SETUP(virtq_regs)
{
	if (!test_role_addr(TEST_VIRTIO_BLK))
		SKIP(return, "no device: set %s", test_role_name(TEST_VIRTIO_BLK));
	ASSERT_EQ(0, test_virtq_setup(&self->user, TEST_ATTACHED));
	self->fd = self->user.dev.fd;
	ASSERT_EQ(0, iv_virtq_open(&self->dev, self->fd));
	ASSERT_EQ(0, iv_virtq_queue_alloc(&self->queue, &self->dev, 0, QUEUE_SIZE,
					  self->user.dev.iommufd, self->user.dev.ioas_id, RINGS));
}

FIXTURE_TEARDOWN(virtq_regs)
{
	iv_virtq_reset(&self->dev);
	iv_virtq_queue_free(&self->queue);
	iv_virtq_close(&self->dev);
	test_virtq_teardown(&self->user);
}

static uint32_t get32(struct iv_virtq_device *dev, uint64_t reg)
{
	uint32_t value = 0xdead;

	return iv_virtq_get32(dev, reg, &value) ? 0xdead : value;
}

static uint64_t get64(struct iv_virtq_device *dev, uint64_t reg)
{
	uint64_t value = 0xdead;

	return iv_virtq_get64(dev, reg, &value) ? 0xdead : value;
}

#define QREG(name) IV_VIRTQ_QUEUE_REG(&self->dev, 0, name)

TEST_F(virtq_regs, device_says_what_it_is)
{
	EXPECT_EQ(VFIO_VIRTQ_MAGIC, get32(&self->dev, IV_VIRTQ_REG(magic)));
	EXPECT_EQ(VFIO_VIRTQ_VERSION, get32(&self->dev, IV_VIRTQ_REG(version)));
	EXPECT_EQ(2, get32(&self->dev, IV_VIRTQ_REG(device_id)));
	EXPECT_EQ(0x1af4, get32(&self->dev, IV_VIRTQ_REG(vendor_id)));
	EXPECT_EQ(2, get32(&self->dev, IV_VIRTQ_REG(num_queues)));
	EXPECT_EQ(0, get32(&self->dev, IV_VIRTQ_REG(device_status)));
	EXPECT_EQ(VFIO_VIRTQ_RUN_RESET, get32(&self->dev, IV_VIRTQ_REG(run)));
	EXPECT_EQ(0, get64(&self->dev, IV_VIRTQ_REG(driver_features)));
	EXPECT_LT(0, get32(&self->dev, QREG(size_max)));
	EXPECT_EQ(get32(&self->dev, QREG(size_max)), get32(&self->dev, QREG(size)));
	EXPECT_EQ(0, get32(&self->dev, QREG(enable)));
}

TEST_F(virtq_regs, info_counts_regions_and_interrupts)
{
	struct vfio_device_info info;
	struct vfio_region_info region;
	struct vfio_irq_info irq;

	EXPECT_EQ(0, iv_device_info(self->fd, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_RESET, info.flags);
	EXPECT_EQ(VFIO_VIRTQ_NUM_REGIONS, info.num_regions);
	EXPECT_EQ(VFIO_VIRTQ_NUM_IRQS, info.num_irqs);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ, self->dev.config.flags);
	EXPECT_EQ(VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE,
		  self->dev.control.flags);
	EXPECT_EQ(0, self->dev.notify.flags & VFIO_REGION_INFO_FLAG_READ);
	EXPECT_EQ(-EINVAL, iv_region_info(self->fd, VFIO_VIRTQ_NUM_REGIONS, &region));
	EXPECT_EQ(0, iv_irq_info(self->fd, VFIO_VIRTQ_CONFIG_IRQ_INDEX, &irq));
	EXPECT_EQ(1, irq.count);
	EXPECT_EQ(0, iv_irq_info(self->fd, VFIO_VIRTQ_QUEUE_IRQ_INDEX, &irq));
	EXPECT_EQ(2, irq.count);
	EXPECT_EQ(-EINVAL, iv_irq_info(self->fd, VFIO_VIRTQ_NUM_IRQS, &irq));
}

/* The size of the register at an offset of the control region, 0 if there is none. */
static size_t register_size(struct iv_virtq_device *dev, uint64_t off)
{
	if (off < dev->queue_offset) {
		if (off == IV_VIRTQ_REG(device_features) || off == IV_VIRTQ_REG(driver_features))
			return 8;
		return off % 4 || off >= sizeof(struct vfio_virtq_control) ||
		       off == IV_VIRTQ_REG(device_features) + 4 ||
		       off == IV_VIRTQ_REG(driver_features) + 4 ? 0 : 4;
	}
	off -= dev->queue_offset;
	if (off >= (uint64_t)dev->num_queues * dev->queue_stride)
		return 0;
	off %= dev->queue_stride;
	if (off < offsetof(struct vfio_virtq_queue, size))
		return off % 8 ? 0 : 8;
	return off % 4 ? 0 : 4;
}

TEST_F_TIMEOUT(virtq_regs, only_whole_registers_can_be_read, SLOW_S)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 5, 8, 16, 8192 };
	char buf[8192];

	for (uint64_t off = 0; off < self->dev.control.size + 64; off++)
		for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			ssize_t want = register_size(&self->dev, off) == sizes[i] ?
				       (ssize_t)sizes[i] : -EINVAL;

			ASSERT_EQ(want, iv_region_read(&self->dev.control, off, buf, sizes[i]))
				TH_LOG("offset %lu size %zu", off, sizes[i]);
		}
}

TEST_F_TIMEOUT(virtq_regs, only_whole_registers_can_be_written, SLOW_S)
{
	static const size_t sizes[] = { 1, 2, 3, 5, 12, 16, 8192 };
	static const char zero[8192];

	for (uint64_t off = 0; off < self->dev.control.size + 64; off++)
		for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			ASSERT_EQ(-EINVAL, iv_region_write(&self->dev.control, off, zero,
							   sizes[i]));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, IV_VIRTQ_REG(driver_features), 0));
	EXPECT_EQ(-EINVAL, iv_virtq_set64(&self->dev, IV_VIRTQ_REG(run), 0));
	EXPECT_EQ(-EINVAL, iv_virtq_set64(&self->dev, IV_VIRTQ_REG(num_queues), 0));
}

TEST_F(virtq_regs, constants_cant_be_written)
{
	EXPECT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, IV_VIRTQ_REG(magic), 0));
	EXPECT_EQ(-EINVAL, iv_virtq_set64(&self->dev, IV_VIRTQ_REG(device_features), 0));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, IV_VIRTQ_REG(device_status), 15));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, IV_VIRTQ_REG(num_queues), 1000));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, QREG(size_max), 4));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, QREG(notify_offset), 0));
}

TEST_F(virtq_regs, other_regions_dont_exist)
{
	char byte = 0;

	for (uint64_t index = VFIO_VIRTQ_NUM_REGIONS; index < 12; index++) {
		EXPECT_EQ(-1, pread(self->fd, &byte, 1, index << 40));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, pwrite(self->fd, &byte, 1, index << 40));
		EXPECT_EQ(EINVAL, errno);
	}
	EXPECT_EQ(-1, pread(self->fd, &byte, 1, INT64_MAX));
	EXPECT_EQ(-1, pwrite(self->fd, &byte, 1, INT64_MAX));
}

/* What every virtio disk has; beyond its configuration a device may give anything. */
#define CONFIG_SIZE 32

TEST_F_TIMEOUT(virtq_regs, configuration_can_be_read_in_any_pieces, SLOW_S)
{
	char whole[CONFIG_SIZE], piece[CONFIG_SIZE];

	ASSERT_EQ(CONFIG_SIZE, iv_region_read(&self->dev.config, 0, whole, CONFIG_SIZE));
	for (size_t off = 0; off < CONFIG_SIZE; off++)
		for (size_t count = 1; count <= CONFIG_SIZE - off; count++) {
			ASSERT_EQ((ssize_t)count,
				  iv_region_read(&self->dev.config, off, piece, count));
			ASSERT_EQ(0, memcmp(piece, whole + off, count));
		}
}

TEST_F(virtq_regs, configuration_ends_where_its_region_ends)
{
	size_t size = self->dev.config.size;
	char buf[8];

	EXPECT_EQ(1, iv_region_read(&self->dev.config, size - 1, buf, 8));
	EXPECT_EQ(0, iv_region_read(&self->dev.config, size, buf, 8));
	EXPECT_EQ(0, iv_region_read(&self->dev.config, size + 4096, buf, 8));
}

TEST_F(virtq_regs, configuration_cant_be_written)
{
	char zero[64] = { 0 };

	for (size_t size = 1; size <= sizeof(zero); size++)
		EXPECT_EQ(-EINVAL, iv_region_write(&self->dev.config, 0, zero, size));
}

TEST_F(virtq_regs, features_that_are_not_offered_are_refused)
{
	uint64_t offered = get64(&self->dev, IV_VIRTQ_REG(device_features));

	EXPECT_EQ(IV_VIRTQ_FEATURES, offered & IV_VIRTQ_FEATURES);
	for (unsigned int bit = 0; bit < 64; bit++) {
		if (offered & 1ULL << bit)
			continue;
		EXPECT_EQ(-EINVAL, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES | 1ULL << bit));
	}
	EXPECT_EQ(0, iv_virtq_status(&self->dev));
}

TEST_F(virtq_regs, features_of_the_kernel_are_not_offered)
{
	static const unsigned int bits[] = { VIRTIO_F_RING_PACKED, VIRTIO_F_SR_IOV,
					     38 /* NOTIFICATION_DATA */, 39 /* NOTIF_CONFIG_DATA */,
					     40 /* RING_RESET */, 41 /* ADMIN_VQ */ };
	uint64_t offered = get64(&self->dev, IV_VIRTQ_REG(device_features));

	for (unsigned int i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		EXPECT_EQ(0, offered & 1ULL << bits[i]);
}

TEST_F(virtq_regs, device_that_bypasses_the_iommu_cant_be_negotiated)
{
	EXPECT_EQ(-EINVAL, iv_virtq_negotiate(&self->dev, 0));
	EXPECT_EQ(-EINVAL, iv_virtq_negotiate(&self->dev, 1ULL << VIRTIO_F_VERSION_1));
	EXPECT_EQ(-EINVAL, iv_virtq_negotiate(&self->dev, 1ULL << VIRTIO_F_ACCESS_PLATFORM));
	EXPECT_EQ(0, iv_virtq_status(&self->dev));
	EXPECT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	EXPECT_EQ(VFIO_VIRTQ_RUN_SETUP, get32(&self->dev, IV_VIRTQ_REG(run)));
	EXPECT_EQ(IV_VIRTQ_FEATURES, get64(&self->dev, IV_VIRTQ_REG(driver_features)));
	EXPECT_EQ(VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
		  VIRTIO_CONFIG_S_FEATURES_OK, iv_virtq_status(&self->dev));
}

TEST_F(virtq_regs, features_are_negotiated_once)
{
	EXPECT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	EXPECT_EQ(-EBUSY, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	EXPECT_EQ(0, iv_virtq_reset(&self->dev));
	EXPECT_EQ(0, get64(&self->dev, IV_VIRTQ_REG(driver_features)));
	EXPECT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
}

TEST_F(virtq_regs, queues_cant_be_set_up_before_the_negotiation)
{
	EXPECT_EQ(-EINVAL, iv_virtq_set64(&self->dev, QREG(desc), RINGS));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, QREG(size), 16));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, QREG(enable), 1));
	EXPECT_EQ(-EINVAL, iv_virtq_start(&self->dev));
}

TEST_F(virtq_regs, queue_size_is_a_power_of_two_that_the_device_can)
{
	uint32_t max = get32(&self->dev, QREG(size_max));
	const uint32_t bad[] = { 0, 3, max - 1, max + 1, 2 * max, 0x10000, 0x10010, 0x80000000,
				 UINT32_MAX };

	ASSERT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, QREG(size), bad[i]));
	EXPECT_EQ(max, get32(&self->dev, QREG(size)));
	for (uint32_t size = 1; size <= max; size *= 2) {
		EXPECT_EQ(0, iv_virtq_set32(&self->dev, QREG(size), size));
		EXPECT_EQ(size, get32(&self->dev, QREG(size)));
	}
}

TEST_F(virtq_regs, areas_that_wrap_or_are_misaligned_cant_be_enabled)
{
	const uint64_t end = UINT64_MAX;
	const struct {
		uint64_t desc, driver, device;
	} bad[] = {
		{ RINGS + 8, RINGS + 0x400, RINGS + 0x800 },
		{ RINGS, RINGS + 0x401, RINGS + 0x800 },
		{ RINGS, RINGS + 0x400, RINGS + 0x802 },
		{ end - 15, RINGS, RINGS },
		{ end - 16 * QUEUE_SIZE + 17, RINGS, RINGS },
		{ RINGS, end - 1, RINGS },
		{ RINGS, RINGS, end - 3 },
		{ RINGS, RINGS, end - 8 * QUEUE_SIZE - 3 },
	};

	ASSERT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	EXPECT_EQ(0, iv_virtq_set32(&self->dev, QREG(size), QUEUE_SIZE));
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(0, iv_virtq_set64(&self->dev, QREG(desc), bad[i].desc));
		EXPECT_EQ(0, iv_virtq_set64(&self->dev, QREG(driver), bad[i].driver));
		EXPECT_EQ(0, iv_virtq_set64(&self->dev, QREG(device), bad[i].device));
		EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, QREG(enable), 1));
		EXPECT_EQ(0, get32(&self->dev, QREG(enable)));
	}
}

TEST_F(virtq_regs, queue_is_enabled_once_and_disabled_by_a_reset_only)
{
	ASSERT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, QREG(enable), 2));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, QREG(enable), 0));
	ASSERT_EQ(0, iv_virtq_queue_enable(&self->queue));
	EXPECT_EQ(1, get32(&self->dev, QREG(enable)));
	EXPECT_EQ(-EBUSY, iv_virtq_set32(&self->dev, QREG(enable), 1));
	EXPECT_EQ(-EBUSY, iv_virtq_set32(&self->dev, QREG(enable), 0));
	EXPECT_EQ(0, iv_virtq_reset(&self->dev));
	EXPECT_EQ(0, get32(&self->dev, QREG(enable)));
	EXPECT_EQ(0, get64(&self->dev, QREG(desc)));
}

TEST_F(virtq_regs, enabled_queue_cant_be_changed)
{
	ASSERT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	ASSERT_EQ(0, iv_virtq_queue_enable(&self->queue));
	for (unsigned int live = 0; live < 2; live++) {
		EXPECT_EQ(-EBUSY, iv_virtq_set64(&self->dev, QREG(desc), 0));
		EXPECT_EQ(-EBUSY, iv_virtq_set64(&self->dev, QREG(driver), 0));
		EXPECT_EQ(-EBUSY, iv_virtq_set64(&self->dev, QREG(device), 0));
		EXPECT_EQ(-EBUSY, iv_virtq_set32(&self->dev, QREG(size), 8));
		EXPECT_EQ(RINGS, get64(&self->dev, QREG(desc)));
		EXPECT_EQ(QUEUE_SIZE, get32(&self->dev, QREG(size)));
		EXPECT_EQ(live ? -EBUSY : 0, iv_virtq_start(&self->dev));
	}
}

TEST_F(virtq_regs, no_queue_can_be_enabled_in_a_live_device)
{
	ASSERT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	ASSERT_EQ(0, iv_virtq_start(&self->dev));
	EXPECT_EQ(-EBUSY, iv_virtq_queue_enable(&self->queue));
	EXPECT_EQ(-EBUSY, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, IV_VIRTQ_REG(run), VFIO_VIRTQ_RUN_SETUP));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, IV_VIRTQ_REG(run), 3));
	EXPECT_EQ(-EINVAL, iv_virtq_set32(&self->dev, IV_VIRTQ_REG(run), UINT32_MAX));
}

TEST_F(virtq_regs, doorbells_take_the_number_of_their_enabled_queue_only)
{
	struct iv_region *notify = &self->dev.notify;
	const uint16_t zero = 0, others[] = { 1, 2, 0x100, 0xffff };
	uint32_t off = get32(&self->dev, QREG(notify_offset));
	uint64_t long_zero[2] = { 0 };

	EXPECT_EQ(-EINVAL, iv_region_write(notify, off, &zero, 2));
	ASSERT_EQ(0, iv_virtq_negotiate(&self->dev, IV_VIRTQ_FEATURES));
	EXPECT_EQ(-EINVAL, iv_region_write(notify, off, &zero, 2));
	ASSERT_EQ(0, iv_virtq_queue_enable(&self->queue));
	EXPECT_EQ(2, iv_region_write(notify, off, &zero, 2));

	for (unsigned int i = 0; i < 4; i++)
		EXPECT_EQ(-EINVAL, iv_region_write(notify, off, &others[i], 2));
	for (size_t size = 1; size <= sizeof(long_zero); size++)
		EXPECT_EQ(size == 2 ? 2 : -EINVAL, iv_region_write(notify, off, long_zero, size));
	EXPECT_EQ(-EINVAL, iv_region_write(notify, off + 1, &zero, 2));
	EXPECT_EQ(-EINVAL, iv_region_write(notify, off + 2, &zero, 2));
	EXPECT_EQ(-EINVAL, iv_region_write(notify, notify->size, &zero, 2));
	EXPECT_EQ(-EINVAL, iv_region_write(notify, (1ULL << 32) + off, &zero, 2));
	EXPECT_EQ(-EINVAL, iv_region_read(notify, off, long_zero, 2));
	EXPECT_EQ(0, iv_virtq_reset(&self->dev));
	EXPECT_EQ(-EINVAL, iv_region_write(notify, off, &zero, 2));
}

static int map_errno(int fd, uint64_t offset, size_t size, int flags)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, offset);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, size);
	return 0;
}

TEST_F(virtq_regs, nothing_but_the_doorbells_can_be_mapped)
{
	const struct iv_region *notify = &self->dev.notify;

	EXPECT_EQ(0, map_errno(self->fd, notify->offset, notify->size, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, notify->offset, notify->size, MAP_PRIVATE));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, notify->offset, notify->size + 4096, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, notify->offset + notify->size, 4096, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, self->dev.control.offset, 4096, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, self->dev.config.offset, 4096, MAP_SHARED));
	EXPECT_EQ(-EINVAL, map_errno(self->fd, 3ULL << 40, 4096, MAP_SHARED));
}

TEST_F(virtq_regs, interrupts_have_eventfds_and_nothing_else)
{
	int32_t fds[3] = { iv_eventfd_create(), 12345, -1 };
	const uint32_t index = VFIO_VIRTQ_QUEUE_IRQ_INDEX;

	EXPECT_EQ(-ENOTTY, iv_irq_mask(self->fd, index));
	EXPECT_EQ(-ENOTTY, iv_irq_unmask(self->fd, index));
	EXPECT_EQ(-EINVAL, iv_irq_set_eventfds(self->fd, VFIO_VIRTQ_NUM_IRQS, 0, 1, fds));
	EXPECT_EQ(-EINVAL, iv_irq_set_eventfds(self->fd, index, 0, 3, fds));
	EXPECT_EQ(-EINVAL, iv_irq_set_eventfds(self->fd, index, 2, 1, fds));
	EXPECT_EQ(-EINVAL, iv_irq_set_eventfds(self->fd, index, UINT32_MAX, 2, fds));
	EXPECT_EQ(-EINVAL, iv_irq_set_eventfds(self->fd, VFIO_VIRTQ_CONFIG_IRQ_INDEX, 0, 2, fds));
	/* All or nothing: the first of two is good, and not taken. */
	EXPECT_EQ(-EBADF, iv_irq_set_eventfds(self->fd, index, 0, 2, fds));
	EXPECT_EQ(0, iv_irq_trigger(self->fd, index, 0, 2));
	EXPECT_EQ(0, iv_eventfd_wait(fds[0], 0));

	EXPECT_EQ(0, iv_irq_set_eventfds(self->fd, index, 1, 1, fds));
	EXPECT_EQ(0, iv_irq_trigger(self->fd, index, 0, 1));
	EXPECT_EQ(0, iv_eventfd_wait(fds[0], 0));
	EXPECT_EQ(0, iv_irq_trigger(self->fd, index, 1, 1));
	EXPECT_EQ(1, iv_eventfd_wait(fds[0], 0));
	EXPECT_EQ(0, iv_irq_disable(self->fd, index));
	EXPECT_EQ(0, iv_irq_trigger(self->fd, index, 0, 2));
	EXPECT_EQ(0, iv_eventfd_wait(fds[0], 0));
	close(fds[0]);
}

TEST_HARNESS_MAIN
