// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts are set up while memory runs out: they work as before, or not at all.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "fail_nth.h"
#include "iv.h"
#include "test_device.h"
#include "kselftest_harness.h"

#define INTX VFIO_PCI_INTX_IRQ_INDEX
#define MSI VFIO_PCI_MSI_IRQ_INDEX
#define MSIX VFIO_PCI_MSIX_IRQ_INDEX
#define REQ VFIO_PCI_REQ_IRQ_INDEX
#define VECTORS_MAX 4
#define WAIT_MS 2000

/* What the kernel says when there is no memory to allocate a vector in interrupt remapping. */
#define NO_VECTOR (-ENOSPC)

/**
 * struct scene - what the operations work on
 * @dev: a bound device
 * @index: the kind of interrupt
 * @count: how many vectors
 * @first: eventfds
 * @second: other eventfds
 */
struct scene {
	struct test_device dev;
	uint32_t index;
	uint32_t count;
	int32_t first[VECTORS_MAX];
	int32_t second[VECTORS_MAX];
};

FIXTURE(fail_nth_irq)
{
	struct scene scene;
};

FIXTURE_VARIANT(fail_nth_irq)
{
	enum test_role role;
	uint32_t index;
	uint32_t count;
};

FIXTURE_VARIANT_ADD(fail_nth_irq, intx) { TEST_EDU, INTX, 1 };
FIXTURE_VARIANT_ADD(fail_nth_irq, msi) { TEST_EDU, MSI, 1 };
FIXTURE_VARIANT_ADD(fail_nth_irq, msix) { TEST_IGB, MSIX, 3 };
FIXTURE_VARIANT_ADD(fail_nth_irq, request) { TEST_EDU, REQ, 1 };

FIXTURE_SETUP(fail_nth_irq)
{
	struct scene *scene = &self->scene;
	uint32_t i;

	if (fail_nth_missing())
		SKIP(return, "%s", fail_nth_missing());
	if (!test_role_addr(variant->role))
		SKIP(return, "no %s device", test_role_name(variant->role));
	scene->index = variant->index;
	scene->count = variant->count;
	for (i = 0; i < scene->count; i++) {
		scene->first[i] = iv_eventfd_create();
		scene->second[i] = iv_eventfd_create();
	}
	ASSERT_EQ(0, test_device_setup(&scene->dev, variant->role, TEST_BOUND));
}

FIXTURE_TEARDOWN(fail_nth_irq)
{
	struct scene *scene = &self->scene;
	uint32_t i;

	test_device_teardown(&scene->dev);
	for (i = 0; i < scene->count; i++) {
		close(scene->first[i]);
		close(scene->second[i]);
	}
}

static int set_first(void *arg)
{
	struct scene *scene = arg;

	return iv_irq_set_eventfds(scene->dev.fd, scene->index, 0, scene->count, scene->first);
}

static int set_second(void *arg)
{
	struct scene *scene = arg;

	return iv_irq_set_eventfds(scene->dev.fd, scene->index, 0, scene->count, scene->second);
}

static int disable(void *arg)
{
	struct scene *scene = arg;

	return iv_irq_disable(scene->dev.fd, scene->index);
}

/* Whether each vector signals exactly its eventfd, and none of the others. */
static bool vectors_signal(struct scene *scene, const int32_t *these, const int32_t *not_these)
{
	uint32_t i;

	if (iv_irq_trigger(scene->dev.fd, scene->index, 0, scene->count))
		return false;
	for (i = 0; i < scene->count; i++)
		if (iv_eventfd_wait(these[i], WAIT_MS) != 1 ||
		    iv_eventfd_wait(not_these[i], 0))
			return false;
	return true;
}

static bool first_is_signalled(void *arg)
{
	struct scene *scene = arg;

	return vectors_signal(scene, scene->first, scene->second);
}

static bool second_is_signalled(void *arg)
{
	struct scene *scene = arg;

	return vectors_signal(scene, scene->second, scene->first);
}

static bool is_disabled(void *arg)
{
	struct scene *scene = arg;

	return iv_irq_trigger(scene->dev.fd, scene->index, 0, scene->count) == -EINVAL;
}

static bool has_vectors(const struct scene *scene)
{
	return scene->index == MSI || scene->index == MSIX;
}

TEST_F_TIMEOUT(fail_nth_irq, enable, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = set_first, .done = first_is_signalled, .intact = is_disabled,
		.undo = disable,
		.other_errno = has_vectors(&self->scene) ? NO_VECTOR : 0,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_F_TIMEOUT(fail_nth_irq, other_eventfds, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = set_first, .run = set_second, .done = second_is_signalled,
		.intact = first_is_signalled, .undo = disable,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_F_TIMEOUT(fail_nth_irq, disable_works, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = set_first, .run = disable, .done = is_disabled,
		.intact = first_is_signalled, .flags = FAIL_NTH_ALWAYS_WORKS,
	};

	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

/* One vector more than there were, where that is possible; else only another eventfd. */
static int set_more(void *arg)
{
	struct scene *scene = arg;

	return iv_irq_set_eventfds(scene->dev.fd, scene->index, 1, scene->count - 1,
				   scene->first + 1);
}

static int set_one(void *arg)
{
	struct scene *scene = arg;

	return iv_irq_set_eventfds(scene->dev.fd, scene->index, 0, 1, scene->first);
}

static bool only_one_is_signalled(void *arg)
{
	struct scene *scene = arg;
	uint32_t count = scene->count;
	bool alone;

	scene->count = 1;
	alone = vectors_signal(scene, scene->first, scene->second);
	scene->count = count;
	return alone && !iv_eventfd_wait(scene->first[1], 0);
}

TEST_F_TIMEOUT(fail_nth_irq, more_vectors, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.prepare = set_one, .run = set_more, .done = first_is_signalled,
		.intact = only_one_is_signalled, .undo = disable, .other_errno = NO_VECTOR,
	};
	struct vfio_irq_info info;

	if (variant->count == 1)
		SKIP(return, "there is only one vector");
	ASSERT_EQ(0, iv_irq_info(self->scene.dev.fd, variant->index, &info));
	if (info.flags & VFIO_IRQ_INFO_NORESIZE)
		SKIP(return, "vectors can't be added to those that are enabled");
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

static int set_unmask(void *arg)
{
	struct scene *scene = arg;

	return iv_irq_set_unmask_eventfd(scene->dev.fd, INTX, scene->second[0]);
}

static int clear_unmask(void *arg)
{
	struct scene *scene = arg;

	return iv_irq_set_unmask_eventfd(scene->dev.fd, INTX, -1);
}

TEST_F_TIMEOUT(fail_nth_irq, unmask_eventfd, FAIL_NTH_TIMEOUT_S)
{
	const struct fail_nth_case op = {
		.run = set_unmask, .intact = first_is_signalled, .undo = clear_unmask,
	};

	if (variant->index != INTX)
		SKIP(return, "only INTx is unmasked");
	ASSERT_EQ(0, set_first(&self->scene));
	EXPECT_EQ(0, fail_nth(&op, &self->scene));
}

TEST_HARNESS_MAIN
