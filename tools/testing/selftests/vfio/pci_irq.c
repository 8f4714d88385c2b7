// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts of a vfio-pci device: VFIO_DEVICE_SET_IRQS and what it does to device and eventfds.
 * Each test holds for each kind of interrupt of each device; interrupts are made by the ioctl.
 */
#include "kselftest_harness.h"

#include <sys/ioctl.h>

#include "iv.h"
#include "test_device.h"
#include "test_hardware.h"
#include "test_wait.h"

#define DATA_NONE VFIO_IRQ_SET_DATA_NONE
#define DATA_BOOL VFIO_IRQ_SET_DATA_BOOL
#define DATA_EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define ACTION_MASK VFIO_IRQ_SET_ACTION_MASK
#define ACTION_UNMASK VFIO_IRQ_SET_ACTION_UNMASK
#define ACTION_TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define MSIX VFIO_PCI_MSIX_IRQ_INDEX

/* How long an interrupt may take, and how long none must come. */
#define SOON_MS 1000
#define QUIET_MS 50

FIXTURE(pci_irq)
{
	struct test_device dev;
	int fd;
	int32_t eventfd;
	int32_t other;
	struct vfio_irq_info info;
};

FIXTURE_VARIANT(pci_irq)
{
	enum test_role role;
	uint32_t index;
};

FIXTURE_VARIANT_ADD(pci_irq, edu_intx) { .role = TEST_EDU, .index = INTX };
FIXTURE_VARIANT_ADD(pci_irq, edu_msi) { .role = TEST_EDU, .index = MSI };
FIXTURE_VARIANT_ADD(pci_irq, nvme_intx) { .role = TEST_NVME, .index = INTX };
FIXTURE_VARIANT_ADD(pci_irq, nvme_msix) { .role = TEST_NVME, .index = MSIX };
FIXTURE_VARIANT_ADD(pci_irq, igb_msi) { .role = TEST_IGB, .index = MSI };
FIXTURE_VARIANT_ADD(pci_irq, igb_msix) { .role = TEST_IGB, .index = MSIX };

FIXTURE_SETUP(pci_irq)
{
	if (!test_role_addr(variant->role))
		SKIP(return, "no device: set %s", test_role_name(variant->role));
	ASSERT_EQ(0, test_device_setup(&self->dev, variant->role, TEST_ATTACHED));
	self->fd = self->dev.fd;
	self->eventfd = iv_eventfd_create();
	self->other = iv_eventfd_create();
	EXPECT_EQ(0, iv_irq_info(self->fd, variant->index, &self->info));
	EXPECT_GE(self->info.count, 1);
}

FIXTURE_TEARDOWN(pci_irq)
{
	test_device_teardown(&self->dev);
	close(self->eventfd);
	close(self->other);
}

static bool hardware_enabled(const char *addr, uint32_t index)
{
	if (index == INTX)
		return !(test_hw_read16(addr, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE);
	return index == MSI ? test_hw_msi_enabled(addr) : test_hw_msix_enabled(addr);
}

/* SET_IRQS with one int of data and an argsz of its own. */
static int set_irqs_raw(int fd, uint32_t argsz, uint32_t flags, uint32_t index, uint32_t start,
			uint32_t count)
{
	struct {
		struct vfio_irq_set set;
		int32_t data[4];
	} arg = {
		.set = {
			.argsz = argsz,
			.flags = flags,
			.index = index,
			.start = start,
			.count = count,
		},
		.data = { -1, -1, -1, -1 },
	};

	return ioctl(fd, VFIO_DEVICE_SET_IRQS, &arg) < 0 ? -errno : 0;
}

static const uint32_t header = sizeof(struct vfio_irq_set);

TEST_F(pci_irq, info_says_what_the_kind_can_do)
{
	uint32_t flags = self->info.flags & ~VFIO_IRQ_INFO_NORESIZE;

	if (variant->index == INTX) {
		EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
			  VFIO_IRQ_INFO_AUTOMASKED, flags);
		EXPECT_EQ(1, self->info.count);
	} else {
		EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD, flags);
	}
	if (variant->index == MSI)
		EXPECT_EQ(VFIO_IRQ_INFO_NORESIZE, self->info.flags & VFIO_IRQ_INFO_NORESIZE);
}

TEST_F(pci_irq, info_of_unknown_index_fails)
{
	struct vfio_irq_info info;

	EXPECT_EQ(-EINVAL, iv_irq_info(self->fd, VFIO_PCI_NUM_IRQS, &info));
	EXPECT_EQ(-EINVAL, iv_irq_info(self->fd, UINT32_MAX, &info));
}

TEST_F(pci_irq, info_with_short_argsz_fails)
{
	struct vfio_irq_info info = { .argsz = sizeof(info) - 1, .index = variant->index };

	EXPECT_EQ(-1, ioctl(self->fd, VFIO_DEVICE_GET_IRQ_INFO, &info));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(pci_irq, trigger_with_data_none_signals)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, 0));
	ASSERT_EQ(0, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_irq, trigger_with_data_bool_signals_if_true)
{
	uint8_t value = 0;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_set(self->fd, DATA_BOOL | ACTION_TRIGGER, variant->index, 0, 1,
				&value, 1));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
	value = 1;
	ASSERT_EQ(0, iv_irq_set(self->fd, DATA_BOOL | ACTION_TRIGGER, variant->index, 0, 1,
				&value, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_irq, trigger_before_enabling_fails)
{
	uint8_t value = 1;

	EXPECT_EQ(-EINVAL, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_EQ(-EINVAL, iv_irq_set(self->fd, DATA_BOOL | ACTION_TRIGGER, variant->index, 0, 1,
				      &value, 1));
}

TEST_F(pci_irq, trigger_after_disabling_fails)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_disable(self->fd, variant->index));
	EXPECT_EQ(-EINVAL, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, 0));
}

TEST_F(pci_irq, disabling_what_is_not_enabled_fails)
{
	EXPECT_EQ(-EINVAL, iv_irq_disable(self->fd, variant->index));
}

TEST_F(pci_irq, deassigned_eventfd_is_not_signalled)
{
	int32_t none = -1;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &none));
	iv_irq_trigger(self->fd, variant->index, 0, 1);
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
}

TEST_F(pci_irq, eventfd_can_be_assigned_again_after_deassigning)
{
	int32_t none = -1;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &none));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_irq, new_eventfd_takes_over)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->other));
	ASSERT_EQ(0, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->other, SOON_MS));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, 0));
}

TEST_F(pci_irq, closed_eventfd_does_no_harm)
{
	int32_t eventfd = iv_eventfd_create();

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &eventfd));
	close(eventfd);
	EXPECT_EQ(0, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_EQ(0, iv_irq_disable(self->fd, variant->index));
}

TEST_F(pci_irq, short_argsz_is_refused)
{
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header - 1, DATA_NONE | ACTION_TRIGGER,
					variant->index, 0, 1));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, 0, DATA_NONE | ACTION_TRIGGER,
					variant->index, 0, 1));
}

TEST_F(pci_irq, data_that_is_too_short_is_refused)
{
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header, DATA_EVENTFD | ACTION_TRIGGER,
					variant->index, 0, 1));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header + 3, DATA_EVENTFD | ACTION_TRIGGER,
					variant->index, 0, 1));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header, DATA_BOOL | ACTION_TRIGGER,
					variant->index, 0, 1));
}

TEST_F(pci_irq, unknown_flags_are_refused)
{
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header + 4,
					DATA_EVENTFD | ACTION_TRIGGER | 1 << 6,
					variant->index, 0, 1));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header + 4,
					DATA_EVENTFD | ACTION_TRIGGER | 1U << 31,
					variant->index, 0, 1));
}

TEST_F(pci_irq, not_exactly_one_data_type_is_refused)
{
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header + 4, ACTION_TRIGGER,
					variant->index, 0, 1));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header + 4,
					DATA_BOOL | DATA_EVENTFD | ACTION_TRIGGER,
					variant->index, 0, 1));
}

TEST_F(pci_irq, not_exactly_one_action_is_refused)
{
	int ret = set_irqs_raw(self->fd, header + 4, DATA_NONE, variant->index, 0, 1);

	EXPECT_TRUE(ret == -EINVAL || ret == -ENOTTY)
		TH_LOG("no action: %d", ret);
	ret = set_irqs_raw(self->fd, header + 4, DATA_NONE | ACTION_MASK | ACTION_TRIGGER,
			   variant->index, 0, 1);
	EXPECT_TRUE(ret == -EINVAL || ret == -ENOTTY)
		TH_LOG("two actions: %d", ret);
}

TEST_F(pci_irq, unknown_index_is_refused)
{
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header + 4, DATA_EVENTFD | ACTION_TRIGGER,
					VFIO_PCI_NUM_IRQS, 0, 1));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header + 4, DATA_EVENTFD | ACTION_TRIGGER,
					UINT32_MAX, 0, 1));
}

TEST_F(pci_irq, vectors_beyond_the_last_are_refused)
{
	uint32_t count = self->info.count, flags = DATA_NONE | ACTION_TRIGGER;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header, flags, variant->index, count, 1));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header, flags, variant->index, 0, count + 1));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header, flags, variant->index, 1, count));
}

TEST_F(pci_irq, count_that_overflows_is_refused)
{
	uint32_t flags = DATA_NONE | ACTION_TRIGGER;

	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header, flags, variant->index, 1, UINT32_MAX));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header, flags, variant->index, UINT32_MAX, 1));
	EXPECT_EQ(-EINVAL, set_irqs_raw(self->fd, header + 4, DATA_EVENTFD | ACTION_TRIGGER,
					variant->index, 0, 0x40000001));
}

TEST_F(pci_irq, bad_user_memory_gives_efault)
{
	EXPECT_EQ(-1, ioctl(self->fd, VFIO_DEVICE_SET_IRQS, (void *)64));
	EXPECT_EQ(EFAULT, errno);
}

TEST_F(pci_irq, closed_fd_is_refused_and_nothing_is_enabled)
{
	int32_t closed = 9999;

	EXPECT_EQ(-EBADF, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &closed));
	EXPECT_EQ(-EINVAL, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_FALSE(hardware_enabled(self->dev.addr, variant->index));
}

TEST_F(pci_irq, fd_that_is_no_eventfd_is_refused_and_nothing_is_enabled)
{
	int32_t iommufd = self->dev.iommufd;

	EXPECT_EQ(-EINVAL, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &iommufd));
	EXPECT_EQ(-EINVAL, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_FALSE(hardware_enabled(self->dev.addr, variant->index));
}

TEST_F(pci_irq, bad_fd_leaves_the_old_eventfd)
{
	int32_t closed = 9999;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	EXPECT_EQ(-EBADF, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &closed));
	ASSERT_EQ(0, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_F(pci_irq, another_kind_is_refused_while_this_one_is_enabled)
{
	uint32_t other = variant->index == INTX ? (variant->role == TEST_NVME ? MSIX : MSI) : INTX;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	EXPECT_EQ(-EINVAL, iv_irq_set_eventfds(self->fd, other, 0, 1, &self->other));
	ASSERT_EQ(0, iv_irq_trigger(self->fd, variant->index, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
	EXPECT_EQ(0, iv_eventfd_wait(self->other, 0));
}

TEST_F(pci_irq, another_kind_is_allowed_after_disabling_this_one)
{
	uint32_t other = variant->index == INTX ? (variant->role == TEST_NVME ? MSIX : MSI) : INTX;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_disable(self->fd, variant->index));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, other, 0, 1, &self->other));
	ASSERT_EQ(0, iv_irq_trigger(self->fd, other, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->other, SOON_MS));
}

TEST_F(pci_irq, only_intx_can_be_masked)
{
	int expected = variant->index == INTX ? 0 : -ENOTTY;

	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	EXPECT_EQ(expected, iv_irq_mask(self->fd, variant->index));
	EXPECT_EQ(expected, iv_irq_unmask(self->fd, variant->index));
}

TEST_F(pci_irq, hardware_enable_bit_follows)
{
	EXPECT_FALSE(hardware_enabled(self->dev.addr, variant->index));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	EXPECT_TRUE(hardware_enabled(self->dev.addr, variant->index));
	ASSERT_EQ(0, iv_irq_disable(self->fd, variant->index));
	EXPECT_FALSE(hardware_enabled(self->dev.addr, variant->index));
}

TEST_F(pci_irq, close_disables_the_interrupt)
{
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	test_device_close(&self->dev);
	if (variant->index != INTX)
		EXPECT_FALSE(hardware_enabled(self->dev.addr, variant->index));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, QUIET_MS));
	ASSERT_EQ(0, test_device_advance(&self->dev, TEST_BOUND));
	EXPECT_EQ(-EINVAL, iv_irq_trigger(self->dev.fd, variant->index, 0, 1));
}

TEST_F(pci_irq, enabling_and_disabling_many_times_works)
{
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
		ASSERT_EQ(0, iv_irq_trigger(self->fd, variant->index, 0, 1));
		ASSERT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
		ASSERT_EQ(0, iv_irq_disable(self->fd, variant->index));
	}
}

TEST_F(pci_irq, request_interrupt_can_be_set_beside)
{
	struct vfio_irq_info info;

	ASSERT_EQ(0, iv_irq_info(self->fd, VFIO_PCI_REQ_IRQ_INDEX, &info));
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE, info.flags);
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, variant->index, 0, 1, &self->eventfd));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, &self->other));
	ASSERT_EQ(0, iv_irq_trigger(self->fd, VFIO_PCI_REQ_IRQ_INDEX, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->other, SOON_MS));
	EXPECT_EQ(0, iv_eventfd_wait(self->eventfd, 0));
}

TEST_F(pci_irq, error_interrupt_is_for_pci_express_only)
{
	struct vfio_irq_info info;

	if (test_hw_find_cap(self->dev.addr, PCI_CAP_ID_EXP) < 0) {
		EXPECT_EQ(-EINVAL, iv_irq_info(self->fd, VFIO_PCI_ERR_IRQ_INDEX, &info));
		return;
	}
	ASSERT_EQ(0, iv_irq_info(self->fd, VFIO_PCI_ERR_IRQ_INDEX, &info));
	EXPECT_EQ(1, info.count);
	EXPECT_EQ(0, iv_irq_set_eventfds(self->fd, VFIO_PCI_ERR_IRQ_INDEX, 0, 1, &self->eventfd));
	EXPECT_EQ(0, iv_irq_trigger(self->fd, VFIO_PCI_ERR_IRQ_INDEX, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(self->eventfd, SOON_MS));
}

TEST_HARNESS_MAIN
