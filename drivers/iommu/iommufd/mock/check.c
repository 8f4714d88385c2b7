// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking into page tables, and at the pages that they should hold.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "mock.h"

#define IO_PAGE	((size_t)MOCK_PAGE_SIZE)

/**
 * mock_hwpt_get() - look up a page table
 * @ictx: the context
 * @id: its number
 *
 * Return: the page table, whose domain is the mock's, with a reference for iommufd_hwpt_put();
 * ERR_PTR of -ENOENT, or -EINVAL if it is another IOMMU's.
 */
struct iommufd_hwpt *mock_hwpt_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_HWPT);
	struct iommufd_hwpt *hwpt;

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	hwpt = hwpt_from_object(obj);
	if (hwpt->domain->owner != &mock_iommu_ops) {
		iommufd_hwpt_put(hwpt);
		return ERR_PTR(-EINVAL);
	}
	return hwpt;
}

/* Calls @fn with a page table and the operation's structure. */
static int with_paging(struct iommufd_ucmd *ucmd,
		       int (*fn)(struct mock_domain *mock, struct iommu_test_cmd *cmd))
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct iommufd_hwpt *hwpt;
	int rc = -EINVAL;

	hwpt = mock_hwpt_get(ucmd->ictx, cmd->id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	if (hwpt->domain->ops == &mock_paging_ops)
		rc = fn(mock_domain_from(hwpt->domain), cmd);
	iommufd_hwpt_put(hwpt);
	return rc;
}

/**
 * mock_user_page() - the page that the caller has at an address
 * @uptr: the address
 * @page: set to the page, with a reference; faulted in if need be
 *
 * Return: 0, -EFAULT or -EINTR.
 */
int mock_user_page(u64 uptr, struct page **page)
{
	int nr;

	if (fatal_signal_pending(current))
		return -EINTR;
	cond_resched();
	nr = get_user_pages_fast(uptr & PAGE_MASK, 1, 0, page);
	if (nr < 0)
		return nr;
	return nr == 1 ? 0 : -EFAULT;
}

static int check_io_page(struct mock_domain *mock, unsigned long iova, u64 uptr)
{
	struct page *page;
	phys_addr_t phys;
	int rc;

	rc = mock_user_page(uptr, &page);
	if (rc)
		return rc;
	phys = iommu_iova_to_phys(&mock->domain, iova);
	if (phys != page_to_phys(page) + offset_in_page(uptr))
		rc = -EIO;
	put_page(page);
	return rc;
}

static int check_map(struct mock_domain *mock, struct iommu_test_cmd *cmd)
{
	u64 iova = cmd->check_map.iova, uptr = cmd->check_map.uptr, length = cmd->check_map.length;
	u64 done, end;
	int rc = 0;

	if ((iova | uptr | length) % IO_PAGE || check_add_overflow(iova, length, &end) ||
	    check_add_overflow(uptr, length, &end))
		return -EINVAL;
	for (done = 0; done < length && !rc; done += IO_PAGE)
		rc = check_io_page(mock, iova + done, uptr + done);
	return rc;
}

int mock_op_check_map(struct iommufd_ucmd *ucmd)
{
	return with_paging(ucmd, check_map);
}

/* How often a page is pinned; of large folios, only how often all its pages together. */
static unsigned int page_pins(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (folio_test_large(folio))
		return atomic_read(&folio->_pincount);
	return folio_ref_count(folio) / GUP_PIN_COUNTING_BIAS;
}

static int check_page_refs(u64 uptr, u32 refs)
{
	struct page *page;
	unsigned int pins;
	int rc;

	rc = mock_user_page(uptr, &page);
	if (rc)
		return rc;
	pins = page_pins(page);
	put_page(page);
	if (refs ? pins < refs : pins)
		return -EIO;
	return 0;
}

int mock_op_check_refs(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	u64 uptr = cmd->check_refs.uptr, length = cmd->check_refs.length, done, end;
	int rc = 0;

	if ((uptr | length) & ~PAGE_MASK || check_add_overflow(uptr, length, &end))
		return -EINVAL;
	for (done = 0; done < length && !rc; done += PAGE_SIZE)
		rc = check_page_refs(uptr + done, cmd->check_refs.refs);
	return rc;
}

int mock_op_check_iotlb(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct iommufd_hwpt *hwpt;
	int rc = 0;

	if (cmd->check_iotlb.id > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX)
		return -EINVAL;
	hwpt = mock_hwpt_get(ucmd->ictx, cmd->id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	if (hwpt->domain->ops != &mock_nested_ops)
		rc = -EINVAL;
	else if (mock_nested_from(hwpt->domain)->iotlb[cmd->check_iotlb.id] !=
		 cmd->check_iotlb.iotlb)
		rc = -EIO;
	iommufd_hwpt_put(hwpt);
	return rc;
}

struct range_stat {
	unsigned long first;
	unsigned long last;
	u64 mapped;
	u64 entries;
	u64 dirty;
};

static u64 count_entry(u64 pte, unsigned long iova, size_t size, void *arg)
{
	struct range_stat *stat = arg;
	unsigned long first = max(iova, stat->first), last = min(iova + (size - 1), stat->last);
	u64 bytes = (u64)last - first + 1;

	stat->mapped += bytes;
	stat->entries++;
	if (pte & MOCK_PTE_DIRTY)
		stat->dirty += bytes;
	return pte;
}

static int stat(struct mock_domain *mock, struct iommu_test_cmd *cmd)
{
	struct range_stat stat = { .first = cmd->md_stat.iova };

	if (!cmd->md_stat.length ||
	    check_add_overflow(stat.first, cmd->md_stat.length - 1, &stat.last))
		return -EINVAL;
	mock_pt_walk(&mock->pt, stat.first, stat.last, count_entry, &stat);
	cmd->md_stat.out_mapped = stat.mapped;
	cmd->md_stat.out_entries = stat.entries;
	cmd->md_stat.out_dirty = stat.dirty;
	return 0;
}

int mock_op_stat(struct iommufd_ucmd *ucmd)
{
	return with_paging(ucmd, stat) ?:
	       iommufd_ucmd_respond(ucmd, sizeof(struct iommu_test_cmd));
}

static u64 make_dirty(u64 pte, unsigned long iova, size_t size, void *arg)
{
	bool *any = arg;

	*any = true;
	return pte | MOCK_PTE_DIRTY;
}

/* Marks what eight bits of the bitmap stand for. Returns how many of it are mapped. */
static unsigned int dirty_byte(struct mock_domain *mock, const struct iommu_test_cmd *cmd, u64 bit,
			       u8 bits)
{
	u64 iova = cmd->dirty.iova + bit * cmd->dirty.page_size;
	unsigned int nr = 0;

	for (; bits; bits >>= 1, iova += cmd->dirty.page_size) {
		bool any = false;

		if (bits & 1)
			mock_pt_walk(&mock->pt, iova, iova + (cmd->dirty.page_size - 1),
				     make_dirty, &any);
		nr += any;
	}
	return nr;
}

static int dirty(struct mock_domain *mock, struct iommu_test_cmd *cmd)
{
	const u8 __user *bitmap = u64_to_user_ptr(cmd->dirty.uptr);
	u64 bit, nr_bits, last;
	u8 bits;

	if (cmd->dirty.flags || !cmd->dirty.page_size || cmd->dirty.page_size % IO_PAGE ||
	    !cmd->dirty.length || cmd->dirty.length % cmd->dirty.page_size ||
	    check_add_overflow(cmd->dirty.iova, cmd->dirty.length - 1, &last))
		return -EINVAL;
	if (!mock->tracking)
		return -EINVAL;
	nr_bits = div64_u64(cmd->dirty.length, cmd->dirty.page_size);
	cmd->dirty.out_nr_dirty = 0;
	for (bit = 0; bit < nr_bits; bit += 8) {
		if (get_user(bits, bitmap + bit / 8))
			return -EFAULT;
		if (nr_bits - bit < 8)
			bits &= (1 << (nr_bits - bit)) - 1;
		cmd->dirty.out_nr_dirty += dirty_byte(mock, cmd, bit, bits);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

int mock_op_dirty(struct iommufd_ucmd *ucmd)
{
	return with_paging(ucmd, dirty) ?:
	       iommufd_ucmd_respond(ucmd, sizeof(struct iommu_test_cmd));
}
