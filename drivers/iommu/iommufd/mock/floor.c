// SPDX-License-Identifier: GPL-2.0-only
/*
 * iommufd_floor.ko: the least that mapping memory can cost, measured for the benchmark.
 *
 * Does by itself what no engine can do without, with nothing around it: pages are pinned and
 * unpinned by the kernel's own functions, and a page table of the IOMMU's driver, which no device
 * uses, is filled and emptied by the driver's own functions, each run of pages in one call. Huge
 * pages that a pin holds whole are pinned once each. Contiguous pages are found between the timed
 * parts. The module knows nothing of iommufd.
 */
#include <linux/capability.h>
#include <linux/iommu.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "floor.h"

#define PIN_BATCH	512UL
#define MAX_LENGTH	(64UL << 30)

/**
 * struct floor_run - contiguous pages
 * @page: the first
 * @nr: how many
 */
struct floor_run {
	struct page *page;
	unsigned long nr;
};

/**
 * struct floor_job - a measurement in progress
 * @cmd: what was asked for, and the results
 * @domain: the page table
 * @pages: pinned pages, one for each step
 * @nr_pages: how many are pinned
 * @wanted: how many there are in all
 * @runs: the same, without those that follow another
 * @nr_runs: how many
 */
struct floor_job {
	struct iommufd_floor cmd;
	struct iommu_domain *domain;
	struct page **pages;
	unsigned long nr_pages;
	unsigned long wanted;
	struct floor_run *runs;
	unsigned long nr_runs;
};

static int floor_pin(struct floor_job *job)
{
	unsigned long batch = job->cmd.step == PAGE_SIZE ? PIN_BATCH : 1;
	u64 start = ktime_get_ns();

	while (job->nr_pages < job->wanted) {
		long nr = pin_user_pages_fast(job->cmd.va + job->nr_pages * job->cmd.step,
					      min(batch, job->wanted - job->nr_pages),
					      FOLL_WRITE | FOLL_LONGTERM,
					      job->pages + job->nr_pages);

		if (nr <= 0)
			return nr ?: -EFAULT;
		job->nr_pages += nr;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	job->cmd.pin_ns = ktime_get_ns() - start;
	return 0;
}

static void floor_find_runs(struct floor_job *job)
{
	unsigned long step = job->cmd.step >> PAGE_SHIFT, i;
	struct floor_run *run = job->runs - 1;

	for (i = 0; i < job->nr_pages; i++) {
		if (!i || page_to_pfn(job->pages[i]) != page_to_pfn(run->page) + run->nr)
			*++run = (struct floor_run) { .page = job->pages[i] };
		run->nr += step;
	}
	job->nr_runs = run - job->runs + 1;
}

/* Takes out of the page table what was mapped, all in one. */
static void floor_unmap(struct floor_job *job, size_t length)
{
	const struct iommu_domain_ops *ops = job->domain->ops;
	struct iommu_iotlb_gather gather;
	size_t done = 0;

	iommu_iotlb_gather_init(&gather);
	while (done < length) {
		size_t nr = ops->unmap_pages(job->domain, job->cmd.iova + done, PAGE_SIZE,
					     (length - done) >> PAGE_SHIFT, &gather);

		if (WARN_ON_ONCE(!nr))
			break;
		done += nr;
	}
	iommu_iotlb_sync(job->domain, &gather);
}

/* The driver is told PAGE_SIZE, and uses larger pages of its own accord where they fit. */
static int floor_map(struct floor_job *job)
{
	const struct iommu_domain_ops *ops = job->domain->ops;
	unsigned long iova = job->cmd.iova;
	u64 start = ktime_get_ns();
	unsigned long i;
	int rc = 0;

	for (i = 0; i < job->nr_runs && !rc; i++) {
		struct floor_run *run = job->runs + i;
		size_t mapped = 0;

		rc = ops->map_pages(job->domain, iova, page_to_phys(run->page), PAGE_SIZE, run->nr,
				    IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE, GFP_KERNEL, &mapped);
		iova += mapped;
		if (!rc && mapped != run->nr << PAGE_SHIFT)
			rc = -EINVAL;
	}
	job->cmd.map_ns = ktime_get_ns() - start;
	if (rc && iova != job->cmd.iova)
		floor_unmap(job, iova - job->cmd.iova);
	return rc;
}

static void floor_unpin(struct floor_job *job)
{
	unsigned long step = job->cmd.step >> PAGE_SHIFT, i;

	if (step > 1 || !job->nr_runs) {
		unpin_user_pages_dirty_lock(job->pages, job->nr_pages, true);
		return;
	}
	for (i = 0; i < job->nr_runs; i++) {
		unpin_user_page_range_dirty_lock(job->runs[i].page, job->runs[i].nr, true);
		cond_resched();
	}
}

static int floor_measure(struct floor_job *job)
{
	u64 start;
	int rc;

	rc = floor_pin(job);
	if (rc) {
		floor_unpin(job);
		return rc;
	}
	floor_find_runs(job);
	rc = floor_map(job);
	if (!rc) {
		start = ktime_get_ns();
		floor_unmap(job, job->cmd.length);
		job->cmd.unmap_ns = ktime_get_ns() - start;
	}
	start = ktime_get_ns();
	floor_unpin(job);
	job->cmd.unpin_ns = ktime_get_ns() - start;
	return rc;
}

/*
 * A page table as iommufd gets one. What VT-d's driver allocates otherwise fits a device only once
 * it is attached: until then it has small pages only, other levels, and its writes are flushed from
 * caches that the IOMMU may see.
 */
static struct iommu_domain *floor_alloc_domain(struct device *dev)
{
	const struct iommu_ops *ops = dev->iommu->iommu_dev->ops;
	struct iommu_domain *domain;

	if (!ops->domain_alloc_user)
		return iommu_paging_domain_alloc(dev);
	domain = ops->domain_alloc_user(dev, 0, NULL, NULL);
	if (IS_ERR(domain))
		return domain;
	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->owner = ops;
	domain->ops = domain->ops ?: ops->default_domain_ops;
	return domain;
}

/* The page table, for a device that is in an IOMMU group: others have no IOMMU's driver. */
static struct iommu_domain *floor_domain(const char *name)
{
	struct device *dev = bus_find_device_by_name(&pci_bus_type, NULL, name);
	struct iommu_domain *domain = ERR_PTR(-ENODEV);
	struct iommu_group *group;

	if (!dev)
		return domain;
	group = iommu_group_get(dev);
	if (group)
		domain = floor_alloc_domain(dev);
	iommu_group_put(group);
	put_device(dev);
	return domain;
}

static int floor_run_job(struct floor_job *job)
{
	int rc = -ENOMEM;

	job->wanted = job->cmd.length / job->cmd.step;
	job->pages = vmalloc_array(job->wanted, sizeof(*job->pages));
	job->runs = vmalloc_array(job->wanted, sizeof(*job->runs));
	if (!job->pages || !job->runs)
		goto free_arrays;
	job->domain = floor_domain(job->cmd.device);
	rc = PTR_ERR_OR_ZERO(job->domain);
	if (rc)
		goto free_arrays;
	rc = floor_measure(job);
	iommu_domain_free(job->domain);
free_arrays:
	vfree(job->runs);
	vfree(job->pages);
	return rc;
}

static int floor_check(const struct iommufd_floor *cmd)
{
	unsigned long end;

	if (!is_power_of_2(cmd->step) || cmd->step < PAGE_SIZE || !cmd->length ||
	    cmd->length > MAX_LENGTH)
		return -EINVAL;
	if ((cmd->va | cmd->length) & (cmd->step - 1) || cmd->iova & ~PAGE_MASK)
		return -EINVAL;
	if (check_add_overflow(cmd->va, cmd->length, &end) ||
	    check_add_overflow(cmd->iova, cmd->length, &end))
		return -EOVERFLOW;
	return strnlen(cmd->device, sizeof(cmd->device)) == sizeof(cmd->device) ? -EINVAL : 0;
}

static long floor_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct floor_job job = { };
	int rc;

	if (cmd != IOMMUFD_FLOOR_MEASURE)
		return -ENOTTY;
	/* It pins without accounting. */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (copy_from_user(&job.cmd, (void __user *)arg, sizeof(job.cmd)))
		return -EFAULT;
	rc = floor_check(&job.cmd) ?: floor_run_job(&job);
	if (rc)
		return rc;
	return copy_to_user((void __user *)arg, &job.cmd, sizeof(job.cmd)) ? -EFAULT : 0;
}

static const struct file_operations floor_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = floor_ioctl,
};

static struct miscdevice floor_misc_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommufd_floor",
	.fops = &floor_fops,
	.mode = 0600,
};
module_misc_device(floor_misc_dev);

MODULE_DESCRIPTION("What mapping memory for DMA costs at least; for the benchmark");
MODULE_LICENSE("GPL");
