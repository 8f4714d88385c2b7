// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO_DEVICE_FEATURE: probing, and what makes it fail.
 */
#include "kselftest_harness.h"

#include <sys/ioctl.h>

#include "iommufd_ioctl.h"
#include "iv.h"
#include "test_device.h"

#define GET VFIO_DEVICE_FEATURE_GET
#define SET VFIO_DEVICE_FEATURE_SET
#define PROBE VFIO_DEVICE_FEATURE_PROBE

/* With data of 8 bytes, and with none; both can only be set. */
#define WAKEUP VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP
#define EXIT VFIO_DEVICE_FEATURE_LOW_POWER_EXIT

FIXTURE(feature)
{
	struct test_device dev;
	struct iommufd_guard guard;
	int fd;
};

FIXTURE_SETUP(feature)
{
	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no device: set %s", test_role_name(TEST_EDU));
	ASSERT_EQ(0, test_device_setup(&self->dev, TEST_EDU, TEST_BOUND));
	ASSERT_EQ(0, iommufd_guard_setup(&self->guard));
	self->fd = self->dev.fd;
}

FIXTURE_TEARDOWN(feature)
{
	iommufd_guard_teardown(&self->guard);
	test_device_teardown(&self->dev);
}

/* The structure, @argsz bytes long as far as it says so, with nothing behind its @size bytes. */
static int feature_call(struct _test_data_feature *self, uint32_t argsz, uint32_t flags,
			size_t size)
{
	struct {
		struct vfio_device_feature hdr;
		int32_t data[2];
	} arg = { .hdr = { .argsz = argsz, .flags = flags }, .data = { -1, 0 } };

	return iommufd_ioctl(self->fd, VFIO_DEVICE_FEATURE,
			     iommufd_guard_place(&self->guard, &arg, size));
}

TEST_F(feature, unknown_ones_do_not_exist)
{
	const uint16_t features[] = {
		VFIO_DEVICE_FEATURE_PCI_VF_TOKEN,	/* of PFs only */
		VFIO_DEVICE_FEATURE_BUS_MASTER,		/* not of PCI */
		VFIO_DEVICE_FEATURE_DMA_BUF,
		VFIO_DEVICE_FEATURE_ZPCI_ERROR,
		VFIO_DEVICE_FEATURE_MIGRATION,
		VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE,
		VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
		VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2,
		VFIO_DEVICE_FEATURE_DMA_LOGGING_START,
		VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP,
		VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT,
		VFIO_DEVICE_FEATURE_ZPCI_ERROR + 1,
		UINT16_MAX,
	};

	for (unsigned int i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		EXPECT_EQ(-ENOTTY, iv_feature_probe(self->fd, features[i], 0))
			TH_LOG("feature %u", features[i]);
		EXPECT_EQ(-ENOTTY, iv_feature_probe(self->fd, features[i], GET | SET));
		EXPECT_EQ(-ENOTTY, iv_feature_set(self->fd, features[i], NULL, 0));
	}
}

TEST_F(feature, probe_needs_no_data)
{
	EXPECT_EQ(0, feature_call(self, sizeof(struct vfio_device_feature), WAKEUP | PROBE | SET,
				  sizeof(struct vfio_device_feature)));
}

TEST_F(feature, probe_answers_for_the_methods)
{
	EXPECT_EQ(0, iv_feature_probe(self->fd, EXIT, 0));
	EXPECT_EQ(0, iv_feature_probe(self->fd, EXIT, SET));
	EXPECT_EQ(-EINVAL, iv_feature_probe(self->fd, EXIT, GET));
	EXPECT_EQ(-EINVAL, iv_feature_probe(self->fd, EXIT, GET | SET));
}

TEST_F(feature, no_method_fails)
{
	EXPECT_EQ(-EINVAL, feature_call(self, 16, EXIT, 16));
}

TEST_F(feature, both_methods_fail)
{
	EXPECT_EQ(-EINVAL, feature_call(self, 16, EXIT | GET | SET, 16));
}

TEST_F(feature, method_that_it_lacks_fails)
{
	EXPECT_EQ(-EINVAL, feature_call(self, 16, EXIT | GET, 16));
}

TEST_F(feature, every_unknown_flag_fails)
{
	for (unsigned int bit = 19; bit < 32; bit++) {
		EXPECT_EQ(-EINVAL, feature_call(self, 16, EXIT | SET | 1U << bit, 16))
			TH_LOG("bit %u", bit);
		EXPECT_EQ(-EINVAL, feature_call(self, 16, EXIT | PROBE | 1U << bit, 16));
	}
}

TEST_F(feature, every_short_size_fails)
{
	for (uint32_t argsz = 0; argsz < sizeof(struct vfio_device_feature); argsz++)
		EXPECT_EQ(-EINVAL, feature_call(self, argsz, EXIT | SET, 16));
	for (uint32_t argsz = sizeof(struct vfio_device_feature); argsz < 16; argsz++)
		EXPECT_EQ(-EINVAL, feature_call(self, argsz, WAKEUP | SET, 16));
	/* Long enough: now it is about the eventfd. */
	EXPECT_EQ(-EBADF, feature_call(self, 16, WAKEUP | SET, 16));
	EXPECT_EQ(-EBADF, feature_call(self, 4096, WAKEUP | SET, 16));
}

TEST_F(feature, feature_without_data_takes_any_size)
{
	EXPECT_EQ(0, feature_call(self, 8, EXIT | SET, 8));
	EXPECT_EQ(0, feature_call(self, UINT32_MAX, EXIT | SET, 8));
}

TEST_F(feature, unreadable_memory_fails)
{
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->fd, VFIO_DEVICE_FEATURE, NULL));
	EXPECT_EQ(-EFAULT, feature_call(self, 16, WAKEUP | SET, 12));
}

TEST_HARNESS_MAIN
