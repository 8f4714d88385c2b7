// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that counts its pinned memory itself (every user of /dev/vfio/vfio does), and keeps the
 * lock of its own address space, under which that is counted: it has a device and memory in a
 * container, and reads, through /proc, a page of a file that it doesn't serve. Nobody waits for it
 * who takes something away.
 */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "iommufd_child.h"
#include "iommufd_file.h"
#include "iommufd_state.h"
#include "iv.h"
#include "test_device.h"
#include "test_fuse.h"
#include "test_memory.h"
#include "test_process.h"
#include "test_user.h"
#include "test_wait.h"
#include "type1.h"
#include "kselftest_harness.h"

#define PAGE 4096UL
#define PAGES 16UL
#define SIZE (PAGES * PAGE)
#define FILE_IOVA (1UL << 24)
/* So much the process maps, which is as much as it may. */
#define LIMIT (SIZE + PAGE)
#define COUNTED_KIB ((int64_t)(LIMIT / 1024))
#define WAIT_MS 5000

/* What the process is told to do. */
enum order { ORDER_MAP, ORDER_MAP_FILE, ORDER_UNMAP };

/**
 * struct vmm - the process
 * @child: it
 * @container: its container
 * @fuse: what its memory waits for
 * @memfd: two pages of a file
 */
struct vmm {
	struct iommufd_child child;
	int container;
	struct test_fuse *fuse;
	int memfd;
};

FIXTURE(group_memlock)
{
	struct test_device edu;
	struct test_fuse fuse;
	struct vmm vmm;
	int group;
	int64_t pinned;
};

static int map_memory(const struct vmm *vmm, const void *memory)
{
	return type1_map(vmm->container, memory, 0, SIZE, TYPE1_MAP_RW);
}

/* A mapping whose count may be handed to another process, unlike that of the process' memory. */
static int map_file(const struct vmm *vmm, unsigned int page)
{
	int64_t ioas_id = type1_ioas_get(vmm->container);

	if (ioas_id < 0)
		return ioas_id;
	return iv_ioas_map_file(vmm->container, ioas_id, vmm->memfd, page * PAGE, PAGE,
				FILE_IOVA + page * PAGE, IV_DMA_RW);
}

static int obey(const struct vmm *vmm, enum order order, const void *memory)
{
	switch (order) {
	case ORDER_MAP:
		return map_memory(vmm, memory);
	case ORDER_MAP_FILE:
		return map_file(vmm, 1);
	case ORDER_UNMAP:
		return type1_unmap(vmm->container, 0, SIZE, 0) == SIZE ? 0 : -EIO;
	}
	return -EINVAL;
}

static int reduce_privilege(void)
{
	const struct rlimit limit = { LIMIT, LIMIT };

	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : test_drop_capability(CAP_IPC_LOCK);
}

static void *hold_memory(void *mapped)
{
	test_fuse_hold_memory(mapped);
	return NULL;
}

static int vmm_prepare(struct vmm *vmm, void *memory)
{
	void *mapped = test_fuse_map(vmm->fuse);
	pthread_t holder;
	int rc;

	test_fuse_forget(vmm->fuse);
	if (!memory || !mapped)
		return -ENOMEM;
	rc = reduce_privilege() ?: map_memory(vmm, memory) ?: map_file(vmm, 0);
	return rc ?: -pthread_create(&holder, NULL, hold_memory, mapped);
}

/* Does what it is told. From the beginning of that on, its mappings can't change. */
static int vmm_run(struct iommufd_child *parent, void *arg)
{
	void *memory = test_memory_alloc(SIZE, PAGE);
	struct vmm *vmm = arg;
	int order, rc;

	rc = vmm_prepare(vmm, memory);
	while (!iommufd_child_tell(parent, rc)) {
		do
			rc = iommufd_child_hear(parent, &order);
		while (rc == -ETIMEDOUT);
		if (rc)
			break;
		rc = obey(vmm, order, memory);
	}
	return rc;
}

static int hear_result(struct vmm *vmm)
{
	int result, rc = iommufd_child_hear(&vmm->child, &result);

	return rc ?: result;
}

static int tell(struct vmm *vmm, enum order order)
{
	return iommufd_child_tell(&vmm->child, order);
}

static int setup_group(struct _test_data_group_memlock *self)
{
	int rc = test_device_setup(&self->edu, TEST_EDU, TEST_CLAIMED);

	if (rc)
		return rc;
	self->vmm.container = iv_container_open();
	self->group = iv_group_open(self->edu.addr);
	self->vmm.memfd = iommufd_file_memfd(2 * PAGE);
	if (self->vmm.container < 0 || self->group < 0 || self->vmm.memfd < 0)
		return -ENODEV;
	return iv_group_set_container(self->group, self->vmm.container) ?:
	       iv_container_set_type(self->vmm.container, VFIO_TYPE1v2_IOMMU);
}

FIXTURE_SETUP(group_memlock)
{
	int rc;

	if (!test_role_addr(TEST_EDU))
		SKIP(return, "no %s", test_role_name(TEST_EDU));
	if (access("/dev/fuse", F_OK))
		SKIP(return, "this kernel has no FUSE");
	rc = test_fuse_start(&self->fuse);
	self->vmm.fuse = &self->fuse;
	ASSERT_EQ(0, rc);
	self->pinned = test_pinned_pages();
	ASSERT_EQ(0, setup_group(self));
	ASSERT_EQ(0, iommufd_child_start(&self->vmm.child, vmm_run, &self->vmm));
	ASSERT_EQ(0, hear_result(&self->vmm));
	ASSERT_TRUE(test_fuse_is_waited_for(&self->fuse));
}

FIXTURE_TEARDOWN(group_memlock)
{
	test_fuse_stop(&self->fuse);
	EXPECT_EQ(0, iommufd_child_kill(&self->vmm.child));
	close(self->group);
	close(self->vmm.container);
	close(self->vmm.memfd);
	EXPECT_TRUE(iommufd_pinned_becomes(self->pinned));
	test_device_teardown(&self->edu);
}

static int64_t counted_kib(const struct vmm *vmm)
{
	return test_process_kib(vmm->child.pid, "VmLck");
}

static bool nothing_is_counted(void *vmm)
{
	return !counted_kib(vmm);
}

/* In a process of its own, so that one that waits fails the test and doesn't hang it. */
static int unbind(struct iommufd_child *parent, void *addr)
{
	(void)parent;
	return test_unbind_ms(addr);
}

static int64_t unbind_ms(struct _test_data_group_memlock *self)
{
	struct iommufd_child admin;
	int rc = iommufd_child_start(&admin, unbind, self->edu.addr);

	return rc ?: iommufd_child_finish(&admin);
}

TEST_F(group_memlock, unbind_does_not_wait_for_it)
{
	struct vmm *vmm = &self->vmm;

	EXPECT_EQ(COUNTED_KIB, counted_kib(vmm));
	EXPECT_TRUE(test_was_prompt(unbind_ms(self)));
	EXPECT_EQ(self->pinned, test_pinned_pages());
	EXPECT_EQ(0, test_process_kib(vmm->child.pid, "VmPin"));
	/* It is given back when that is possible. */
	EXPECT_EQ(COUNTED_KIB, counted_kib(vmm));
	test_fuse_stop(&self->fuse);
	EXPECT_TRUE(test_wait_until(nothing_is_counted, vmm, WAIT_MS));
}

TEST_F(group_memlock, unbind_does_not_wait_for_a_map_that_waits)
{
	ASSERT_EQ(0, tell(&self->vmm, ORDER_MAP_FILE));
	EXPECT_TRUE(iommufd_child_is_stuck(&self->vmm.child));
	EXPECT_TRUE(test_was_prompt(unbind_ms(self)));
	EXPECT_EQ(self->pinned, test_pinned_pages());
	test_fuse_stop(&self->fuse);
	EXPECT_NE(-ETIMEDOUT, hear_result(&self->vmm));
}

TEST_F(group_memlock, what_is_unmapped_can_be_mapped_again)
{
	struct vmm *vmm = &self->vmm;

	ASSERT_EQ(0, tell(vmm, ORDER_UNMAP));
	EXPECT_EQ(0, hear_result(vmm));
	EXPECT_EQ(COUNTED_KIB, counted_kib(vmm));
	ASSERT_EQ(0, tell(vmm, ORDER_MAP));
	EXPECT_TRUE(iommufd_child_is_stuck(&vmm->child));
	test_fuse_stop(&self->fuse);
	EXPECT_EQ(0, hear_result(vmm));
	EXPECT_EQ(COUNTED_KIB, counted_kib(vmm));
	ASSERT_EQ(0, tell(vmm, ORDER_MAP_FILE));
	EXPECT_EQ(-ENOMEM, hear_result(vmm));
}

static int module_users(void)
{
	char text[16];
	int rc = iv_file_read("/sys/module/iommufd/refcnt", text, sizeof(text));

	return rc < 0 ? rc : atoi(text);
}

static bool module_users_are(void *users)
{
	return module_users() == *(int *)users;
}

TEST_F(group_memlock, module_stays_until_the_process_is_dead)
{
	struct vmm *vmm = &self->vmm;
	int users = module_users();

	ASSERT_LT(0, users);
	ASSERT_EQ(0, tell(vmm, ORDER_UNMAP));
	ASSERT_EQ(0, hear_result(vmm));
	EXPECT_EQ(users + 1, module_users());
	kill(vmm->child.pid, SIGKILL);
	EXPECT_EQ(users + 1, module_users());
	test_fuse_stop(&self->fuse);
	EXPECT_TRUE(test_wait_until(module_users_are, &users, WAIT_MS));
}

TEST_HARNESS_MAIN
