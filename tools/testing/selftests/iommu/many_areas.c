// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOAS with very many areas: nothing may take a time that grows with their number but what has
 * to, and whoever is in the middle of all of them can be killed.
 */
#include <errno.h>
#include <sys/mman.h>
#include "iommufd_child.h"
#include "iommufd_ioctl.h"
#include "iommufd_state.h"
#include "iv.h"
#include "mock_access.h"
#include "mock_device.h"
#include "test_memory.h"
#include "test_timeout.h"
#include "test_wait.h"
#include "kselftest_harness.h"

#define PAGE IOMMUFD_PAGE
#define IOVA ((uint64_t)MOCK_APERTURE_START)
/* What a kill may take, in ms: on an emulated machine, with room to spare. */
#define PROMPT 5000
/* How many times fewer areas on a kernel that looks at each access: still a lot for one. */

FIXTURE(many_areas)
{
	int fd;
	uint32_t ioas_id;
	char *memory;
	unsigned long nr;
	int64_t pinned;
	struct iommufd_child child;
};

FIXTURE_VARIANT(many_areas)
{
	unsigned long nr;
	bool copies;
	bool attached;
};

/* All of one backing */
FIXTURE_VARIANT_ADD(many_areas, million_copies)
{
	.nr = 1UL << 20,
	.copies = true,
};

/* Each with a backing of its own */
FIXTURE_VARIANT_ADD(many_areas, maps)
{
	.nr = 50000,
};

FIXTURE_VARIANT_ADD(many_areas, copies_in_a_page_table)
{
	.nr = 1UL << 16,
	.copies = true,
	.attached = true,
};

FIXTURE_VARIANT_ADD(many_areas, maps_in_a_page_table)
{
	.nr = 10000,
	.attached = true,
};

FIXTURE_SETUP(many_areas)
{
	struct mock_device dev;

	self->nr = test_count(variant->nr);
	if (self->nr < variant->nr)
		TH_LOG("%lu areas, not %lu, as this kernel is slow", self->nr, variant->nr);
	self->pinned = test_pinned_pages();
	self->memory = test_memory_alloc(PAGE, PAGE);
	ASSERT_NE(NULL, self->memory);
	self->fd = iv_iommufd_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, iv_ioas_alloc(self->fd, &self->ioas_id));
	if (variant->attached) {
		ASSERT_EQ(0, mock_module_load());
		ASSERT_EQ(0, mock_device_create(&dev, self->fd, self->ioas_id, 0));
	}
}

FIXTURE_TEARDOWN(many_areas)
{
	if (self->fd >= 0)
		EXPECT_EQ(0, close(self->fd));
	test_memory_free(self->memory, PAGE);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
}

static uint64_t iova_of(unsigned long i)
{
	return IOVA + i * PAGE;
}

static int map_page(const struct _test_data_many_areas *self, unsigned long i)
{
	return iv_ioas_map(self->fd, self->ioas_id, self->memory, PAGE, iova_of(i), IV_DMA_READ);
}

/* Maps a page at each IOVA, with a stride, so that neighbours don't come one after the other. */
static int map_many(const struct _test_data_many_areas *self, unsigned long nr)
{
	int rc = 0;

	for (unsigned long i = 0; i < nr && !rc; i++)
		rc = map_page(self, i * 7919 % nr);
	return rc;
}

/* The same by copying all that there is behind it, again and again. @nr is a power of two. */
static int copy_many(const struct _test_data_many_areas *self, unsigned long nr)
{
	int rc = map_page(self, 0);

	for (unsigned long have = 1; have < nr && !rc; have *= 2)
		rc = iv_ioas_copy(self->fd, self->ioas_id, iova_of(have), self->ioas_id, IOVA,
				  have * PAGE, IV_DMA_READ);
	return rc;
}

static int make_areas(const struct _test_data_many_areas *self,
		      const struct _fixture_variant_many_areas *variant)
{
	return variant->copies ? copy_many(self, self->nr) : map_many(self, self->nr);
}

static int unmap_all(const struct _test_data_many_areas *self, uint64_t *unmapped)
{
	return iv_ioas_unmap(self->fd, self->ioas_id, 0, UINT64_MAX, unmapped);
}

/* Memory of the kernel that is not freed for want of pressure doesn't count. */
static int64_t slab_kib(void)
{
	return test_meminfo_kib("SUnreclaim");
}

static bool slab_is_back(void *before)
{
	return slab_kib() < *(int64_t *)before + 16 * 1024;
}

/* A kernel that looks at each access keeps what was freed for a while, to see who still uses it. */
static bool slab_tells(const struct _test_data_many_areas *self,
		       const struct _fixture_variant_many_areas *variant)
{
	return self->nr == variant->nr;
}

TEST_F_TIMEOUT(many_areas, each_is_found_and_all_go_at_once, 110)
{
	int64_t before = slab_kib();
	uint64_t unmapped;

	ASSERT_EQ(0, make_areas(self, variant));
	if (slab_tells(self, variant))
		EXPECT_LT(before + (int64_t)self->nr / 16, slab_kib());
	for (unsigned long i = 0; i < self->nr; i += self->nr / 97)
		EXPECT_FALSE(iommufd_iova_is_free(self->fd, self->ioas_id, iova_of(i)));
	EXPECT_TRUE(iommufd_iova_is_free(self->fd, self->ioas_id, iova_of(self->nr)));
	ASSERT_EQ(0, unmap_all(self, &unmapped));
	EXPECT_EQ(self->nr * PAGE, unmapped);
	EXPECT_TRUE(iommufd_ioas_is_empty(self->fd, self->ioas_id));
	EXPECT_TRUE(!slab_tells(self, variant) || test_wait_until(slab_is_back, &before, PROMPT))
		TH_LOG("%ld KiB of slab memory before, %ld now", before, slab_kib());
}

TEST_F_TIMEOUT(many_areas, one_in_the_middle_can_be_unmapped_and_mapped, 110)
{
	unsigned long middle = self->nr / 2;

	ASSERT_EQ(0, make_areas(self, variant));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, iova_of(middle), PAGE, NULL));
	EXPECT_EQ(-ENOENT, iv_ioas_unmap(self->fd, self->ioas_id, iova_of(middle), PAGE, NULL));
	/* A copy of all of them now meets a hole. */
	EXPECT_EQ(-ENOENT, iv_ioas_copy(self->fd, self->ioas_id, iova_of(self->nr),
					self->ioas_id, IOVA, self->nr * PAGE, IV_DMA_READ));
	EXPECT_TRUE(iommufd_iova_is_free(self->fd, self->ioas_id, iova_of(self->nr)));
	EXPECT_EQ(0, map_page(self, middle));
	EXPECT_EQ(-EEXIST, map_page(self, middle));
}

TEST_F_TIMEOUT(many_areas, only_hole_is_found, 110)
{
	struct iommu_iova_range allowed = { IOVA, iova_of(self->nr) - 1 };
	uint64_t hole = iova_of(self->nr / 3), iova;

	ASSERT_EQ(0, make_areas(self, variant));
	ASSERT_EQ(0, iv_ioas_allow(self->fd, self->ioas_id, &allowed, 1));
	EXPECT_EQ(-ENOSPC, iv_ioas_map_anywhere(self->fd, self->ioas_id, self->memory, PAGE,
						IV_DMA_READ, &iova));
	ASSERT_EQ(0, iv_ioas_unmap(self->fd, self->ioas_id, hole, PAGE, NULL));
	ASSERT_EQ(0, iv_ioas_map_anywhere(self->fd, self->ioas_id, self->memory, PAGE, IV_DMA_READ,
					  &iova));
	EXPECT_EQ(hole, iova);
}

TEST_F_TIMEOUT(many_areas, one_pin_goes_across_many, 110)
{
	const size_t size = self->nr / 2 * PAGE;
	struct mock_access access;

	ASSERT_EQ(0, mock_module_load());
	ASSERT_EQ(0, make_areas(self, variant));
	ASSERT_EQ(0, mock_access_create(&access, self->fd, self->ioas_id,
					MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES));
	EXPECT_EQ(0, mock_access_pin(&access, IOVA, size, NULL, 0, NULL));
	EXPECT_EQ(0, close(access.fd));
}

/* Says so, and unmaps all at once. */
static int child_unmaps(struct iommufd_child *parent, void *arg)
{
	uint64_t unmapped;

	iommufd_child_tell(parent, 0);
	return unmap_all(arg, &unmapped);
}

TEST_F_TIMEOUT(many_areas, unmap_of_all_can_be_killed, 110)
{
	uint64_t unmapped;
	int64_t start;
	int started;

	ASSERT_EQ(0, make_areas(self, variant));
	ASSERT_EQ(0, iommufd_child_start(&self->child, child_unmaps, self));
	ASSERT_EQ(0, iommufd_child_hear(&self->child, &started));
	test_sleep_ms(20);
	start = test_now_ms();
	ASSERT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_GT(test_timeout(PROMPT), test_now_ms() - start);
	/* What it did not reach is whole, and can go. */
	ASSERT_EQ(0, unmap_all(self, &unmapped));
	EXPECT_EQ(0, unmapped % PAGE);
	EXPECT_TRUE(iommufd_ioas_is_empty(self->fd, self->ioas_id));
}

/* Makes the areas in a context that nobody else has, and waits to be killed. */
struct child_job {
	struct _test_data_many_areas *self;
	const struct _fixture_variant_many_areas *variant;
};

static int child_makes(struct iommufd_child *parent, void *arg)
{
	struct child_job *job = arg;
	int number;

	iommufd_child_tell(parent, make_areas(job->self, job->variant));
	return iommufd_child_hear(parent, &number);
}

TEST_F_TIMEOUT(many_areas, last_holder_killed_frees_them, 110)
{
	struct child_job job = { self, variant };
	int64_t before = slab_kib();
	int made;

	ASSERT_EQ(0, iommufd_child_start(&self->child, child_makes, &job));
	EXPECT_EQ(0, close(self->fd));
	self->fd = -1;
	do {
		made = -EAGAIN;
	} while (iommufd_child_hear(&self->child, &made) == -ETIMEDOUT);
	EXPECT_EQ(0, made);
	ASSERT_EQ(0, iommufd_child_kill(&self->child));
	EXPECT_TRUE(!slab_tells(self, variant) ||
		    test_wait_until(slab_is_back, &before, 2 * PROMPT))
		TH_LOG("%ld KiB of slab memory before, %ld now", before, slab_kib());
}

TEST_HARNESS_MAIN
