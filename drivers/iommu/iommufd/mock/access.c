// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver that accesses memory by IOVA, as far as a test tells it to. Each access is an open file;
 * closing it releases the endpoint.
 *
 * A pin may be asked for before iommufd_access_pin() has returned. So it is on the list before that
 * call, and if it is asked for meanwhile, whoever is making it ends it.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../access.h"
#include "mock.h"

/* The longest copy, in bytes. */
#define RW_MAX		SZ_16M

/* So many pages more than a pin may give have room, and stay as they are. */
#define GUARD_PAGES	8
#define GUARD		((struct page *)ERR_PTR(-EIO))

/**
 * struct mock_access - the driver
 * @access: what iommufd has of it
 * @ictx: its context, which the endpoint keeps
 * @flags: of ``create_access``
 * @lock: protects what follows; leaf
 * @pages: struct mock_access_pages
 * @last_id: the last number that was given to a pin
 */
struct mock_access {
	struct iommufd_access *access;
	struct iommufd_ctx *ictx;
	u32 flags;
	struct mutex lock;
	struct list_head pages;
	u32 last_id;
};

/**
 * struct mock_access_pages - a pin
 * @link: in mock_access->pages
 * @id: its number
 * @iova: the first IOVA
 * @length: in bytes
 * @pinning: it is being made
 * @wanted_back: it was asked for while it was being made
 */
struct mock_access_pages {
	struct list_head link;
	u32 id;
	unsigned long iova;
	unsigned long length;
	bool pinning;
	bool wanted_back;
};

static void pages_unpin(struct mock_access *mock, struct mock_access_pages *pages)
{
	iommufd_access_unpin(mock->access, pages->iova, pages->length);
	kfree(pages);
}

/* A pin that intersects a range, off the list. Those that are being made get to know. */
static struct mock_access_pages *take_pages_in(struct mock_access *mock, unsigned long first,
					       unsigned long last)
{
	struct mock_access_pages *pages;

	guard(mutex)(&mock->lock);
	list_for_each_entry(pages, &mock->pages, link) {
		if (pages->iova > last || pages->iova + (pages->length - 1) < first)
			continue;
		if (pages->pinning) {
			pages->wanted_back = true;
			continue;
		}
		list_del(&pages->link);
		return pages;
	}
	return NULL;
}

static void mock_access_unmap(void *data, unsigned long iova, unsigned long length)
{
	struct mock_access *mock = data;
	struct mock_access_pages *pages;

	if (mock->flags & MOCK_FLAGS_ACCESS_CREATE_STUBBORN)
		return;
	while ((pages = take_pages_in(mock, iova, iova + (length - 1))))
		pages_unpin(mock, pages);
}

static const struct iommufd_access_ops mock_access_pinning = {
	.unmap = mock_access_unmap,
};

static const struct iommufd_access_ops mock_access_copying = {};

static int mock_access_fops_release(struct inode *inode, struct file *file)
{
	struct mock_access *mock = file->private_data;
	struct mock_access_pages *pages, *next;

	iommufd_endpoint_release(iommufd_access_endpoint(mock->access));
	/* What a stubborn one kept has been unpinned without it. */
	list_for_each_entry_safe(pages, next, &mock->pages, link)
		kfree(pages);
	kfree(mock);
	return 0;
}

static const struct file_operations mock_access_fops = {
	.owner = THIS_MODULE,
	.release = mock_access_fops_release,
};

static struct mock_access *mock_access_create(struct iommufd_ctx *ictx, u32 ioas_id, u32 flags)
{
	const bool pins = flags & MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES;
	struct mock_access *mock;
	int rc;

	mock = kzalloc(sizeof(*mock), GFP_KERNEL_ACCOUNT);
	if (!mock)
		return ERR_PTR(-ENOMEM);
	mock->ictx = ictx;
	mock->flags = flags;
	mutex_init(&mock->lock);
	INIT_LIST_HEAD(&mock->pages);
	mock->access = iommufd_access_bind(ictx, pins ? &mock_access_pinning : &mock_access_copying,
					   mock);
	if (IS_ERR(mock->access)) {
		rc = PTR_ERR(mock->access);
		goto free_mock;
	}
	rc = iommufd_endpoint_attach(iommufd_access_endpoint(mock->access), &ioas_id);
	if (rc)
		goto release;
	return mock;

release:
	iommufd_endpoint_release(iommufd_access_endpoint(mock->access));
free_mock:
	kfree(mock);
	return ERR_PTR(rc);
}

static struct file *mock_access_open(struct iommufd_ctx *ictx, u32 ioas_id, u32 flags)
{
	struct mock_access *mock = mock_access_create(ictx, ioas_id, flags);
	struct file *file;

	if (IS_ERR(mock))
		return ERR_CAST(mock);
	file = anon_inode_getfile("[iommufd_mock_access]", &mock_access_fops, mock, O_RDWR);
	if (IS_ERR(file)) {
		iommufd_endpoint_release(iommufd_access_endpoint(mock->access));
		kfree(mock);
	}
	return file;
}

int mock_op_create_access(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct file *file;
	int fd, rc;

	if (cmd->create_access.flags & ~(MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES |
					 MOCK_FLAGS_ACCESS_CREATE_STUBBORN))
		return -EOPNOTSUPP;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = mock_access_open(ucmd->ictx, cmd->id, cmd->create_access.flags);
	if (IS_ERR(file)) {
		rc = PTR_ERR(file);
		goto put_fd;
	}
	cmd->create_access.out_access_fd = fd;
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (rc)
		goto put_file;
	fd_install(fd, file);
	return 0;

put_file:
	fput(file);
put_fd:
	put_unused_fd(fd);
	return rc;
}

/* Calls @fn with the access whose descriptor the operation names. */
static int with_access(struct iommufd_ucmd *ucmd,
		       int (*fn)(struct mock_access *mock, struct iommufd_ucmd *ucmd))
{
	const struct iommu_test_cmd *cmd = ucmd->cmd;
	struct file *file = fget(cmd->id);
	struct mock_access *mock;
	int rc = -EINVAL;

	if (!file)
		return -EBADF;
	if (file->f_op != &mock_access_fops)
		goto put_file;
	mock = file->private_data;
	if (mock->ictx == ucmd->ictx)
		rc = fn(mock, ucmd);
put_file:
	fput(file);
	return rc;
}

static struct mock_access_pages *pages_begin(struct mock_access *mock, unsigned long iova,
					     unsigned long length)
{
	struct mock_access_pages *pages = kzalloc(sizeof(*pages), GFP_KERNEL_ACCOUNT);

	if (!pages)
		return NULL;
	pages->iova = iova;
	pages->length = length;
	pages->pinning = true;
	mutex_lock(&mock->lock);
	pages->id = ++mock->last_id;
	list_add(&pages->link, &mock->pages);
	mutex_unlock(&mock->lock);
	return pages;
}

/* Makes a pin usable if @rc is 0 and nobody wants it back yet; else ends it. */
static int pages_finish(struct mock_access *mock, struct mock_access_pages *pages, int rc)
{
	mutex_lock(&mock->lock);
	pages->pinning = false;
	if (!rc && !pages->wanted_back) {
		mutex_unlock(&mock->lock);
		return 0;
	}
	list_del(&pages->link);
	mutex_unlock(&mock->lock);
	if (rc) {
		kfree(pages);
		return rc;
	}
	pages_unpin(mock, pages);
	return -EBUSY;
}

static int pages_pin(struct mock_access *mock, const struct iommu_test_cmd *cmd,
		     struct page **array, u32 *id)
{
	unsigned int flags = 0;
	struct mock_access_pages *pages;
	int rc;

	if (cmd->access_pages.flags & MOCK_FLAGS_ACCESS_WRITE)
		flags |= IOMMUFD_ACCESS_WRITE;
	pages = pages_begin(mock, cmd->access_pages.iova, cmd->access_pages.length);
	if (!pages)
		return -ENOMEM;
	*id = pages->id;
	rc = iommufd_access_pin(mock->access, pages->iova, pages->length, array, flags);
	return pages_finish(mock, pages, rc);
}

static int pages_end(struct mock_access *mock, u32 id)
{
	struct mock_access_pages *pages;

	mutex_lock(&mock->lock);
	list_for_each_entry(pages, &mock->pages, link) {
		if (pages->id != id || pages->pinning)
			continue;
		list_del(&pages->link);
		mutex_unlock(&mock->lock);
		pages_unpin(mock, pages);
		return 0;
	}
	mutex_unlock(&mock->lock);
	return -ENOENT;
}

/* Whether the pages are those that the caller has. They are compared, not used. */
static int check_pages(struct page **array, unsigned long nr, u64 uptr)
{
	struct page *page;
	unsigned long i;
	int rc;

	for (i = 0; i < nr; i++) {
		rc = mock_user_page(uptr + (i << PAGE_SHIFT), &page);
		if (rc)
			return rc;
		put_page(page);
		if (page != array[i])
			return -EIO;
	}
	return 0;
}

/* Pins, and sees to it that no more pages were given than there is room for. */
static int pin_guarded(struct mock_access *mock, const struct iommu_test_cmd *cmd,
		       struct page **array, unsigned long nr, u32 *id)
{
	unsigned long i;
	int rc;

	for (i = 0; i < GUARD_PAGES; i++)
		array[nr + i] = GUARD;
	rc = pages_pin(mock, cmd, array, id);
	for (i = 0; i < GUARD_PAGES; i++) {
		if (array[nr + i] == GUARD)
			continue;
		if (!rc)
			pages_end(mock, *id);
		return -EIO;
	}
	return rc;
}

static int pin_and_check(struct mock_access *mock, struct iommufd_ucmd *ucmd, unsigned long nr)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct page **array;
	u32 id;
	int rc;

	array = kvcalloc(nr + GUARD_PAGES, sizeof(*array), GFP_KERNEL_ACCOUNT);
	if (!array)
		return -ENOMEM;
	rc = pin_guarded(mock, cmd, array, nr, &id);
	if (rc)
		goto free_array;
	if (cmd->access_pages.uptr)
		rc = check_pages(array, nr, cmd->access_pages.uptr);
	cmd->access_pages.out_access_pages_id = id;
	if (!rc)
		rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (rc)
		pages_end(mock, id);
free_array:
	kvfree(array);
	return rc;
}

static int access_pages(struct mock_access *mock, struct iommufd_ucmd *ucmd)
{
	const struct iommu_test_cmd *cmd = ucmd->cmd;
	u64 iova = cmd->access_pages.iova, last, nr;

	if (cmd->access_pages.flags & ~MOCK_FLAGS_ACCESS_WRITE)
		return -EOPNOTSUPP;
	if (!cmd->access_pages.length)
		return -EINVAL;
	if (check_add_overflow(iova, cmd->access_pages.length - 1, &last))
		return -EOVERFLOW;
	nr = (last >> PAGE_SHIFT) - (iova >> PAGE_SHIFT) + 1;
	if (nr > INT_MAX / sizeof(struct page *) - GUARD_PAGES)
		return -ENOMEM;
	return pin_and_check(mock, ucmd, nr);
}

int mock_op_access_pages(struct iommufd_ucmd *ucmd)
{
	return with_access(ucmd, access_pages);
}

static int destroy_access_pages(struct mock_access *mock, struct iommufd_ucmd *ucmd)
{
	const struct iommu_test_cmd *cmd = ucmd->cmd;

	return pages_end(mock, cmd->destroy_access_pages.access_pages_id);
}

int mock_op_destroy_access_pages(struct iommufd_ucmd *ucmd)
{
	return with_access(ucmd, destroy_access_pages);
}

static int rw(struct mock_access *mock, const struct iommu_test_cmd *cmd, void *data)
{
	void __user *uptr = u64_to_user_ptr(cmd->access_rw.uptr);
	size_t length = cmd->access_rw.length;
	unsigned int flags = 0;
	int rc;

	if (cmd->access_rw.flags & MOCK_ACCESS_RW_SLOW_PATH)
		flags |= IOMMUFD_ACCESS_FRESH;
	if (cmd->access_rw.flags & MOCK_ACCESS_RW_WRITE) {
		flags |= IOMMUFD_ACCESS_WRITE;
		if (copy_from_user(data, uptr, length))
			return -EFAULT;
	}
	rc = iommufd_access_copy(mock->access, cmd->access_rw.iova, data, length, flags);
	if (rc || flags & IOMMUFD_ACCESS_WRITE)
		return rc;
	return copy_to_user(uptr, data, length) ? -EFAULT : 0;
}

static int access_rw(struct mock_access *mock, struct iommufd_ucmd *ucmd)
{
	const struct iommu_test_cmd *cmd = ucmd->cmd;
	void *data;
	int rc;

	if (cmd->access_rw.flags & ~(MOCK_ACCESS_RW_WRITE | MOCK_ACCESS_RW_SLOW_PATH))
		return -EOPNOTSUPP;
	if (!cmd->access_rw.length || cmd->access_rw.length > RW_MAX)
		return -EINVAL;
	data = kvzalloc(cmd->access_rw.length, GFP_KERNEL_ACCOUNT);
	if (!data)
		return -ENOMEM;
	rc = rw(mock, cmd, data);
	kvfree(data);
	return rc;
}

int mock_op_access_rw(struct iommufd_ucmd *ucmd)
{
	return with_access(ucmd, access_rw);
}

static int access_replace(struct mock_access *mock, struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;

	return iommufd_endpoint_attach(iommufd_access_endpoint(mock->access),
				       &cmd->access_replace_ioas.ioas_id);
}

int mock_op_access_replace(struct iommufd_ucmd *ucmd)
{
	return with_access(ucmd, access_replace);
}
