// SPDX-License-Identifier: GPL-2.0-only
/*
 * What devices have written to through a page table that tracks it.
 */
#include "model.h"

/* Not beyond MAX_DIRTY: who makes pages dirty looks after that. */
void hwpt_make_dirty(struct model_hwpt *hwpt, uint64_t iova)
{
	if (!hwpt_is_dirty(hwpt, iova, iova))
		hwpt->dirty[hwpt->nr_dirty++] = iova / IO_PAGE;
}

bool hwpt_is_dirty(const struct model_hwpt *hwpt, uint64_t first, uint64_t last)
{
	unsigned int i;

	for (i = 0; i < hwpt->nr_dirty; i++)
		if (hwpt->dirty[i] >= first / IO_PAGE && hwpt->dirty[i] <= last / IO_PAGE)
			return true;
	return false;
}

void hwpt_clean(struct model_hwpt *hwpt, uint64_t first, uint64_t last)
{
	unsigned int i = 0;

	while (i < hwpt->nr_dirty) {
		if (hwpt->dirty[i] >= first / IO_PAGE && hwpt->dirty[i] <= last / IO_PAGE)
			hwpt->dirty[i] = hwpt->dirty[--hwpt->nr_dirty];
		else
			i++;
	}
}
