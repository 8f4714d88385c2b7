// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations of threads that share a context. Numbers and IOVAs are few, so that the threads meet.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "shared.h"

/* The first objects of a round are most likely what is meant. */
static uint32_t any_id(struct shared_thread *thread)
{
	return 1 + random_below(&thread->random, 20);
}

static uint64_t any_iova(struct shared_thread *thread)
{
	return MOCK_APERTURE_START + random_below(&thread->random, 32) * PAGE;
}

static uint64_t any_length(struct shared_thread *thread)
{
	return (1 + random_below(&thread->random, 4)) * PAGE;
}

static uint64_t any_va(struct shared_thread *thread)
{
	uint32_t pages = random_one_in(&thread->random, 30) ? ARENA_PAGES : ARENA_PLAIN_PAGES - 4;

	return (uintptr_t)thread->round->arena.base + random_below(&thread->random, pages) * PAGE;
}

static int call_ioctl(struct shared_thread *thread, struct fuzz_call *call, unsigned long request,
		      uint32_t size)
{
	int rc;

	call->arg.size = size;
	rc = ioctl(thread->round->fd, request, &call->arg);
	return rc < 0 ? -errno : rc;
}

static int call_test(struct shared_thread *thread, struct fuzz_call *call, uint32_t op)
{
	call->arg.test.op = op;
	return call_ioctl(thread, call, IOMMU_TEST_CMD, sizeof(call->arg.test));
}

void shared_close(atomic_int *file)
{
	int fd = atomic_exchange(file, -1);

	if (fd >= 0)
		close(fd);
}

/* Puts a new file into a slot; what was there is closed. */
static void keep_file(struct shared_thread *thread, atomic_int *files, int fd)
{
	int old = atomic_exchange(&files[random_below(&thread->random, SHARED_FILES)], fd);

	if (old >= 0)
		close(old);
}

static int alloc(struct shared_thread *thread, struct fuzz_call *call)
{
	return call_ioctl(thread, call, IOMMU_IOAS_ALLOC, sizeof(call->arg.ioas_alloc));
}

static int map(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_ioas_map *map = &call->arg.map;

	map->flags = IOMMU_IOAS_MAP_READABLE;
	if (!random_one_in(&thread->random, 4))
		map->flags |= IOMMU_IOAS_MAP_WRITEABLE;
	if (!random_one_in(&thread->random, 4))
		map->flags |= IOMMU_IOAS_MAP_FIXED_IOVA;
	map->ioas_id = any_id(thread);
	map->iova = any_iova(thread);
	map->length = any_length(thread);
	map->user_va = any_va(thread);
	return call_ioctl(thread, call, IOMMU_IOAS_MAP, sizeof(*map));
}

static int map_file(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_ioas_map_file *map = &call->arg.map_file;

	map->flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE |
		     IOMMU_IOAS_MAP_FIXED_IOVA;
	map->ioas_id = any_id(thread);
	map->iova = any_iova(thread);
	map->length = any_length(thread);
	map->fd = thread->round->arena.file;
	map->start = random_below(&thread->random, ARENA_FILE_PAGES - 4) * PAGE;
	return call_ioctl(thread, call, IOMMU_IOAS_MAP_FILE, sizeof(*map));
}

static int unmap(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_ioas_unmap *unmap = &call->arg.unmap;

	unmap->ioas_id = any_id(thread);
	unmap->iova = any_iova(thread);
	unmap->length = any_length(thread) * (1 + random_below(&thread->random, 3));
	if (random_one_in(&thread->random, 20)) {
		unmap->iova = 0;
		unmap->length = UINT64_MAX;
	}
	return call_ioctl(thread, call, IOMMU_IOAS_UNMAP, sizeof(*unmap));
}

static int copy(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_ioas_copy *copy = &call->arg.copy;

	copy->flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA;
	copy->dst_ioas_id = any_id(thread);
	copy->src_ioas_id = any_id(thread);
	copy->length = PAGE;
	copy->dst_iova = any_iova(thread);
	copy->src_iova = any_iova(thread);
	return call_ioctl(thread, call, IOMMU_IOAS_COPY, sizeof(*copy));
}

static int allow(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_ioas_allow_iovas *allow = &call->arg.allow;
	struct iommu_iova_range range = { .start = any_iova(thread) };

	range.last = range.start + any_length(thread) - 1;
	allow->ioas_id = any_id(thread);
	allow->num_iovas = random_one_in(&thread->random, 4);
	allow->allowed_iovas = (uintptr_t)&range;
	return call_ioctl(thread, call, IOMMU_IOAS_ALLOW_IOVAS, sizeof(*allow));
}

static int ranges(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_ioas_iova_ranges *query = &call->arg.iova_ranges;

	query->ioas_id = any_id(thread);
	query->num_iovas = 8;
	query->allowed_iovas = (uintptr_t)thread->buffer;
	return call_ioctl(thread, call, IOMMU_IOAS_IOVA_RANGES, sizeof(*query));
}

static int option(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_option *option = &call->arg.option;

	option->option_id = IOMMU_OPTION_HUGE_PAGES;
	option->op = random_below(&thread->random, 2);
	option->object_id = any_id(thread);
	option->val64 = random_below(&thread->random, 2);
	return call_ioctl(thread, call, IOMMU_OPTION, sizeof(*option));
}

static int destroy(struct shared_thread *thread, struct fuzz_call *call)
{
	call->arg.destroy.id = any_id(thread);
	return call_ioctl(thread, call, IOMMU_DESTROY, sizeof(call->arg.destroy));
}

static int hwpt_alloc(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_hwpt_alloc *alloc = &call->arg.hwpt_alloc;
	struct iommu_hwpt_selftest data = { .pagetable_type = random_below(&thread->random, 2) };

	alloc->dev_id = any_id(thread);
	alloc->pt_id = any_id(thread);
	alloc->flags = random_below(&thread->random, 4);
	if (random_one_in(&thread->random, 2)) {
		alloc->flags = IOMMU_HWPT_FAULT_ID_VALID;
		alloc->fault_id = any_id(thread);
	}
	if (random_one_in(&thread->random, 2)) {
		alloc->data_type = IOMMU_HWPT_DATA_SELFTEST;
		alloc->data_len = sizeof(data);
		alloc->data_uptr = (uintptr_t)&data;
	}
	return call_ioctl(thread, call, IOMMU_HWPT_ALLOC, sizeof(*alloc));
}

static int device_create(struct shared_thread *thread, struct fuzz_call *call)
{
	/* Devices are dear. */
	if (!random_one_in(&thread->random, 8))
		return 0;
	call->arg.test.id = any_id(thread);
	return call_test(thread, call, IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS);
}

static int device_sibling(struct shared_thread *thread, struct fuzz_call *call)
{
	if (!random_one_in(&thread->random, 8))
		return 0;
	call->arg.test.id = any_id(thread);
	call->arg.test.mock_domain_sibling.sibling_id = any_id(thread);
	return call_test(thread, call, IOMMU_TEST_OP_MOCK_DOMAIN_SIBLING);
}

static int device_replace(struct shared_thread *thread, struct fuzz_call *call)
{
	call->arg.test.id = any_id(thread);
	call->arg.test.mock_domain_replace.pt_id = any_id(thread);
	return call_test(thread, call, IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE);
}

static int dma(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = &call->arg.test;

	cmd->id = any_id(thread);
	cmd->mock_dma.flags = random_below(&thread->random, 2);
	cmd->mock_dma.iova = any_iova(thread);
	cmd->mock_dma.length = 1 + random_below(&thread->random, 2 * PAGE);
	cmd->mock_dma.uptr = (uintptr_t)thread->buffer;
	return call_test(thread, call, IOMMU_TEST_OP_MOCK_DMA);
}

static int dirty_set(struct shared_thread *thread, struct fuzz_call *call)
{
	call->arg.set_dirty.hwpt_id = any_id(thread);
	call->arg.set_dirty.flags = random_below(&thread->random, 2);
	return call_ioctl(thread, call, IOMMU_HWPT_SET_DIRTY_TRACKING,
			  sizeof(call->arg.set_dirty));
}

static int dirty_get(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_hwpt_get_dirty_bitmap *get = &call->arg.get_dirty;

	get->hwpt_id = any_id(thread);
	get->iova = any_iova(thread);
	get->length = any_length(thread);
	get->page_size = PAGE;
	get->data = (uintptr_t)thread->buffer;
	return call_ioctl(thread, call, IOMMU_HWPT_GET_DIRTY_BITMAP, sizeof(*get));
}

static int access_create(struct shared_thread *thread, struct fuzz_call *call)
{
	int rc;

	call->arg.test.id = any_id(thread);
	call->arg.test.create_access.flags = random_below(&thread->random, 2);
	rc = call_test(thread, call, IOMMU_TEST_OP_CREATE_ACCESS);
	if (!rc)
		keep_file(thread, thread->round->accesses,
			  call->arg.test.create_access.out_access_fd);
	return rc;
}

static int any_access(struct shared_thread *thread)
{
	return thread->round->accesses[random_below(&thread->random, SHARED_FILES)];
}

static int access_pin(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = &call->arg.test;

	cmd->id = any_access(thread);
	cmd->access_pages.flags = random_below(&thread->random, 2);
	cmd->access_pages.iova = any_iova(thread);
	cmd->access_pages.length = any_length(thread);
	return call_test(thread, call, IOMMU_TEST_OP_ACCESS_PAGES);
}

static int access_unpin(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = &call->arg.test;

	cmd->id = any_access(thread);
	cmd->destroy_access_pages.access_pages_id = 1 + random_below(&thread->random, 30);
	return call_test(thread, call, IOMMU_TEST_OP_DESTROY_ACCESS_PAGES);
}

static int access_rw(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = &call->arg.test;

	cmd->id = any_access(thread);
	cmd->access_rw.flags = random_below(&thread->random, 2) |
			       random_below(&thread->random, 2) * MOCK_ACCESS_RW_SLOW_PATH;
	cmd->access_rw.iova = any_iova(thread);
	cmd->access_rw.length = 1 + random_below(&thread->random, 2 * PAGE);
	cmd->access_rw.uptr = (uintptr_t)thread->buffer;
	return call_test(thread, call, IOMMU_TEST_OP_ACCESS_RW);
}

static int access_replace(struct shared_thread *thread, struct fuzz_call *call)
{
	call->arg.test.id = any_access(thread);
	call->arg.test.access_replace_ioas.ioas_id = any_id(thread);
	return call_test(thread, call, IOMMU_TEST_OP_ACCESS_REPLACE_IOAS);
}

static int access_close(struct shared_thread *thread, struct fuzz_call *call)
{
	(void)call;
	shared_close(&thread->round->accesses[random_below(&thread->random, SHARED_FILES)]);
	return 0;
}

static int fault_alloc(struct shared_thread *thread, struct fuzz_call *call)
{
	int rc = call_ioctl(thread, call, IOMMU_FAULT_QUEUE_ALLOC, sizeof(call->arg.fault_alloc));

	if (!rc)
		keep_file(thread, thread->round->queues, call->arg.fault_alloc.out_fault_fd);
	return rc;
}

static int fault_trigger(struct shared_thread *thread, struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = &call->arg.test;

	cmd->trigger_iopf.dev_id = any_id(thread);
	cmd->trigger_iopf.grpid = random_below(&thread->random, 100);
	cmd->trigger_iopf.addr = any_iova(thread);
	return call_test(thread, call, IOMMU_TEST_OP_TRIGGER_IOPF);
}

static int fault_close(struct shared_thread *thread, struct fuzz_call *call)
{
	(void)call;
	shared_close(&thread->round->queues[random_below(&thread->random, SHARED_FILES)]);
	return 0;
}

static int type1_ioas(struct shared_thread *thread, struct fuzz_call *call)
{
	call->arg.vfio_ioas.op = IOMMU_VFIO_IOAS_SET;
	call->arg.vfio_ioas.ioas_id = any_id(thread);
	return call_ioctl(thread, call, IOMMU_VFIO_IOAS, sizeof(call->arg.vfio_ioas));
}

static int type1_map(struct shared_thread *thread, struct fuzz_call *call)
{
	struct vfio_iommu_type1_dma_map *map = &call->arg.type1_map;

	map->flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	map->iova = any_iova(thread);
	map->vaddr = any_va(thread);
	map->size = any_length(thread);
	return call_ioctl(thread, call, VFIO_IOMMU_MAP_DMA, sizeof(*map));
}

static int type1_unmap(struct shared_thread *thread, struct fuzz_call *call)
{
	struct vfio_iommu_type1_dma_unmap *unmap = &call->arg.type1_unmap;

	unmap->iova = any_iova(thread);
	unmap->size = any_length(thread);
	return call_ioctl(thread, call, VFIO_IOMMU_UNMAP_DMA, sizeof(*unmap));
}

static int type1_set(struct shared_thread *thread, struct fuzz_call *call)
{
	int rc;

	(void)call;
	rc = ioctl(thread->round->fd, VFIO_SET_IOMMU,
		   1UL + 2 * random_below(&thread->random, 2));
	return rc < 0 ? -errno : rc;
}

static int change_process(struct shared_thread *thread, struct fuzz_call *call)
{
	return call_ioctl(thread, call, IOMMU_IOAS_CHANGE_PROCESS,
			  sizeof(call->arg.change_process));
}

/* What works on a device may find that another thread has just ended it: ENODEV. */
const struct shared_op shared_ops[] = {
	{ "ioas-alloc", alloc, { 0 } },
	{ "map", map, { ENOENT, EINVAL, EEXIST, ENOSPC, EFAULT } },
	{ "map", map, { ENOENT, EINVAL, EEXIST, ENOSPC, EFAULT } },
	{ "map-file", map_file, { ENOENT, EINVAL, EEXIST, ENOSPC, EFAULT } },
	/* Another thread may be mapping there. */
	{ "unmap", unmap, { ENOENT, EBUSY } },
	{ "unmap", unmap, { ENOENT, EBUSY } },
	{ "copy", copy, { ENOENT, EINVAL, EEXIST, ENOSPC, EFAULT, EPERM } },
	{ "ioas-allow", allow, { ENOENT, EADDRINUSE } },
	{ "ioas-ranges", ranges, { ENOENT, EMSGSIZE } },
	{ "option", option, { ENOENT, EINVAL, EADDRINUSE } },
	{ "destroy", destroy, { ENOENT, EBUSY } },
	{ "hwpt-alloc", hwpt_alloc, { ENOENT, EINVAL, EADDRINUSE, EFAULT, EOPNOTSUPP, ENODEV } },
	{ "device-create", device_create,
	  { ENOENT, EINVAL, EADDRINUSE, EFAULT, EOPNOTSUPP, ENODEV } },
	{ "device-sibling", device_sibling,
	  { ENOENT, EINVAL, EADDRINUSE, EFAULT, EOPNOTSUPP, ENODEV } },
	{ "device-attach", device_replace,
	  { ENOENT, EINVAL, EADDRINUSE, EFAULT, EOPNOTSUPP, ENODEV } },
	{ "dma", dma, { ENOENT, ENXIO, EACCES, ENODEV } },
	{ "dma", dma, { ENOENT, ENXIO, EACCES, ENODEV } },
	{ "dirty-set", dirty_set, { ENOENT, EOPNOTSUPP, ENODEV } },
	{ "dirty-get", dirty_get, { ENOENT, EOPNOTSUPP, EINVAL, ENODEV } },
	{ "access-create", access_create, { ENOENT, EINVAL, EADDRINUSE } },
	{ "access-pin", access_pin, { EBADF, EINVAL, ENOENT, EPERM, EFAULT, EBUSY, ENODEV } },
	{ "access-unpin", access_unpin, { EBADF, EINVAL, ENOENT } },
	{ "access-rw", access_rw, { EBADF, EINVAL, ENOENT, EPERM, EFAULT, ENODEV } },
	{ "access-replace", access_replace, { EBADF, EINVAL, ENOENT, EADDRINUSE, ENODEV } },
	{ "access-close", access_close, { 0 } },
	{ "fault-alloc", fault_alloc, { 0 } },
	{ "fault-trigger", fault_trigger, { ENOENT, EINVAL, ENODEV } },
	{ "fault-close", fault_close, { 0 } },
	{ "type1-ioas", type1_ioas, { ENOENT } },
	{ "type1-map", type1_map, { ENODEV, EINVAL, EEXIST, EFAULT } },
	{ "type1-unmap", type1_unmap, { ENODEV, ENOENT, EBUSY } },
	{ "type1-set", type1_set, { ENODEV, EINVAL, EADDRINUSE } },
	{ "change-process", change_process, { EINVAL } },
};

const unsigned int shared_nr_ops = sizeof(shared_ops) / sizeof(*shared_ops);
