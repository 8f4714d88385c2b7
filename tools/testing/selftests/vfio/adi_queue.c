// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sample driver adi: two users of one device, told apart by PASIDs.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>
#include "adi_device.h"
#include "iommufd_pasid.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_memory.h"
#include "test_process.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define SHARED IOMMU_PASID_SCOPE_SHARED

/* Page N of @memory is what the address space N maps; the first two are @a's, the others @b's. */
FIXTURE(adi_queue)
{
	struct adi_device a;
	struct adi_device b;
	uint32_t ioas_id[4];
	char *memory;
	int64_t pinned;
};

FIXTURE_SETUP(adi_queue)
{
	unsigned int i;

	ASSERT_EQ(0, adi_module_load());
	self->memory = test_memory_alloc(4 * PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, adi_setup(&self->a, 1));
	ASSERT_EQ(0, adi_setup(&self->b, 2));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, adi_ioas(i < 2 ? &self->a : &self->b, self->memory + i * PAGE, PAGE,
				      &self->ioas_id[i]));
}

FIXTURE_TEARDOWN(adi_queue)
{
	adi_teardown(&self->a);
	adi_teardown(&self->b);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_memory_free(self->memory, 4 * PAGE);
	EXPECT_EQ(0, adi_module_unload());
}

/* Whether a descriptor fills one page and touches no other. */
static bool fills_only(struct _test_data_adi_queue *self, const struct adi_device *adi,
		       uint32_t flags, uint32_t pasid, unsigned int nr)
{
	unsigned int i;

	memset(self->memory, 0, 4 * PAGE);
	if (adi_fill(adi, flags, pasid, ADI_IOVA, PAGE, 0x5a))
		return false;
	for (i = 0; i < 4; i++)
		if (!test_memory_is(self->memory + i * PAGE, PAGE, i == nr ? 0x5a : 0))
			return false;
	return true;
}

TEST_F(adi_queue, fills_its_users_memory_only)
{
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id[0]));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->ioas_id[2]));
	EXPECT_TRUE(fills_only(self, &self->a, 0, 0, 0));
	EXPECT_TRUE(fills_only(self, &self->b, 0, 0, 2));
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id[1]));
	EXPECT_TRUE(fills_only(self, &self->a, 0, 0, 1));
	ASSERT_EQ(0, iv_device_detach(self->a.fd));
	EXPECT_EQ(-EPERM, adi_fill(&self->a, 0, 0, ADI_IOVA, 1, 1));
	EXPECT_TRUE(fills_only(self, &self->b, 0, 0, 2));
}

TEST_F(adi_queue, users_have_further_pasids)
{
	struct iv_pasid pasid;

	ASSERT_EQ(0, iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid));
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id[0]));
	ASSERT_EQ(0, iv_device_attach_pasid(self->a.fd, self->ioas_id[1], pasid.pasid));
	EXPECT_TRUE(fills_only(self, &self->a, 0, 0, 0));
	EXPECT_TRUE(fills_only(self, &self->a, 0, pasid.pasid, 1));
}

TEST_F(adi_queue, foreign_pasid_never_reaches_hardware)
{
	struct iv_pasid pasid;
	uint32_t i;

	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->ioas_id[2]));
	ASSERT_EQ(0, iv_pasid_alloc(self->b.iommufd, self->b.devid, SHARED, &pasid));
	ASSERT_EQ(0, iv_device_attach_pasid(self->b.fd, self->ioas_id[3], pasid.pasid));
	memset(self->memory, 0, 4 * PAGE);
	EXPECT_EQ(-EPERM, adi_submit(&self->a, 0, pasid.pasid, ADI_IOVA, PAGE, 1));
	EXPECT_EQ(-EPERM, adi_submit(&self->a, 0, UINT32_MAX, ADI_IOVA, PAGE, 1));
	for (i = 1; i < 16; i++)
		adi_submit(&self->a, 0, i, ADI_IOVA, PAGE, 1);
	EXPECT_EQ(-ENOENT, adi_submit(&self->a, ADI_GUEST_PASID, pasid.pasid, ADI_IOVA, PAGE, 1));
	/* All but its own, which isn't attached, were refused: one descriptor was done. */
	EXPECT_TRUE(adi_wait(&self->a, 1));
	EXPECT_EQ(1, adi_completed(&self->a));
	EXPECT_EQ(-EPERM, adi_result(&self->a));
	EXPECT_TRUE(test_memory_is(self->memory, 4 * PAGE, 0));
}

TEST_F(adi_queue, guests_may_use_the_same_number)
{
	struct iv_pasid a, b;

	ASSERT_EQ(0, iv_pasid_alloc_guest(self->a.iommufd, self->a.devid, SHARED, 7, &a));
	ASSERT_EQ(0, iv_pasid_alloc_guest(self->b.iommufd, self->b.devid, SHARED, 7, &b));
	ASSERT_EQ(0, iv_device_attach_pasid(self->a.fd, self->ioas_id[0], a.pasid));
	ASSERT_EQ(0, iv_device_attach_pasid(self->b.fd, self->ioas_id[2], b.pasid));
	EXPECT_TRUE(fills_only(self, &self->a, ADI_GUEST_PASID, 7, 0));
	EXPECT_TRUE(fills_only(self, &self->b, ADI_GUEST_PASID, 7, 2));
	EXPECT_EQ(-ENOENT, adi_submit(&self->a, ADI_GUEST_PASID, 8, ADI_IOVA, 1, 1));
}

TEST_F(adi_queue, bad_descriptors_fail)
{
	struct adi_descriptor desc = { .length = 1, .iova = ADI_IOVA, .reserved = { 0, 0, 1 } };

	EXPECT_EQ(-EINVAL, adi_submit(&self->a, 2, 0, ADI_IOVA, 1, 1));
	EXPECT_EQ(-EINVAL, adi_submit(&self->a, 0, 0, ADI_IOVA, 0, 1));
	EXPECT_EQ(-EINVAL, adi_submit(&self->a, 0, 0, ADI_IOVA, ADI_LENGTH_MAX + 1, 1));
	EXPECT_EQ(-1, pwrite(self->a.fd, &desc, sizeof(desc), ADI_PORTAL));
	desc.reserved[2] = 0;
	EXPECT_EQ(-1, pwrite(self->a.fd, &desc, sizeof(desc) - 1, ADI_PORTAL));
	EXPECT_EQ(-1, pwrite(self->a.fd, &desc, sizeof(desc), 0));
	EXPECT_EQ(0, adi_completed(&self->a));
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id[0]));
	EXPECT_EQ(-ENXIO, adi_fill(&self->a, 0, 0, ADI_IOVA + PAGE, 1, 1));
	EXPECT_EQ(-EINVAL, adi_fill(&self->a, 0, 0, UINT64_MAX, 2, 1));
}

TEST_F(adi_queue, each_has_its_own_interrupt)
{
	int a = iv_eventfd_create(), b = iv_eventfd_create();
	struct pollfd pollfd = { .fd = a, .events = POLLIN };
	uint64_t count;

	ASSERT_LE(0, a);
	ASSERT_LE(0, b);
	ASSERT_EQ(0, iv_irq_set_eventfds(self->a.fd, ADI_IRQ, 0, 1, &a));
	ASSERT_EQ(0, iv_irq_set_eventfds(self->b.fd, ADI_IRQ, 0, 1, &b));
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id[0]));
	ASSERT_EQ(0, adi_fill(&self->a, 0, 0, ADI_IOVA, 1, 1));
	EXPECT_EQ(1, poll(&pollfd, 1, 5000));
	EXPECT_EQ((ssize_t)sizeof(count), read(a, &count, sizeof(count)));
	EXPECT_EQ(1, count);
	pollfd.fd = b;
	EXPECT_EQ(0, poll(&pollfd, 1, 0));
	close(a);
	close(b);
}

TEST_F(adi_queue, interrupts_without_the_data_that_is_announced_are_refused)
{
	const uint32_t trigger = VFIO_IRQ_SET_ACTION_TRIGGER;
	int eventfd = iv_eventfd_create();

	ASSERT_LE(0, eventfd);
	ASSERT_EQ(0, iv_irq_set_eventfds(self->a.fd, ADI_IRQ, 0, 1, &eventfd));
	EXPECT_EQ(-EINVAL, iv_irq_set(self->a.fd, VFIO_IRQ_SET_DATA_BOOL | trigger, ADI_IRQ, 0, 0,
				      NULL, 0));
	EXPECT_EQ(-EINVAL, iv_irq_set(self->a.fd, VFIO_IRQ_SET_DATA_EVENTFD | trigger, ADI_IRQ, 0,
				      0, NULL, 0));
	EXPECT_EQ(0, iv_irq_trigger(self->a.fd, ADI_IRQ, 0, 1));
	EXPECT_EQ(1, iv_eventfd_wait(eventfd, 0));
	close(eventfd);
}

/* Submits faster than the queue works, then takes the PASID away under what waits. */
TEST_F(adi_queue, pasid_is_free_when_the_queue_is_done_with_it)
{
	struct iv_pasid pasid;
	int64_t accepted = 0;
	unsigned int i;

	ASSERT_EQ(0, iv_pasid_alloc(self->a.iommufd, self->a.devid, SHARED, &pasid));
	ASSERT_EQ(0, iv_device_attach_pasid(self->a.fd, self->ioas_id[0], pasid.pasid));
	for (i = 0; i < 500; i++)
		accepted += !adi_submit(&self->a, 0, pasid.pasid, ADI_IOVA, PAGE, 1);
	ASSERT_EQ(0, iv_device_detach_pasid(self->a.fd, pasid.pasid));
	ASSERT_EQ(0, iv_iommufd_destroy(self->a.iommufd, pasid.id));
	EXPECT_EQ(accepted, adi_completed(&self->a) + adi_dropped(&self->a));
	EXPECT_EQ(-EPERM, adi_submit(&self->a, 0, pasid.pasid, ADI_IOVA, 1, 1));
}

TEST_F(adi_queue, has_no_config_space)
{
	struct vfio_device_info info;

	ASSERT_EQ(0, iv_device_info(self->a.fd, &info));
	EXPECT_EQ(1, info.num_regions);
	EXPECT_EQ(1, info.num_irqs);
	EXPECT_EQ(0, info.flags & VFIO_DEVICE_FLAGS_PCI);
}

TEST_F(adi_queue, instance_is_removed_with_descriptors_waiting)
{
	unsigned int i;

	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id[0]));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->ioas_id[2]));
	for (i = 0; i < 100; i++)
		adi_submit(&self->a, 0, 0, ADI_IOVA, PAGE, 1);
	ASSERT_EQ(0, test_mdev_remove(self->a.uuid));
	memset(self->memory, 0, 4 * PAGE);
	EXPECT_EQ(-ENODEV, adi_submit(&self->a, 0, 0, ADI_IOVA, 1, 1));
	EXPECT_TRUE(test_memory_is(self->memory, 4 * PAGE, 0));
	EXPECT_TRUE(fills_only(self, &self->b, 0, 0, 2));
}

TEST_F(adi_queue, driver_is_unloaded_with_users)
{
	ASSERT_EQ(0, iv_device_attach(self->a.fd, self->ioas_id[0]));
	ASSERT_EQ(0, iv_device_attach(self->b.fd, self->ioas_id[2]));
	ASSERT_EQ(0, test_module_unload("adi"));
	EXPECT_EQ(-ENODEV, adi_submit(&self->a, 0, 0, ADI_IOVA, 1, 1));
	EXPECT_EQ(0, iv_iommufd_destroy(self->b.iommufd, self->ioas_id[2]));
}

TEST_HARNESS_MAIN
