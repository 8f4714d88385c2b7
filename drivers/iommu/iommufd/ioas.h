/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The I/O address space: a map from IOVA to memory, which any number of page tables follow.
 *
 * Areas
 * -----
 * An area maps an IOVA range to part of a backing (area.h). An area is *ready* when all
 * page tables that follow the IOAS hold it. While one thread works on an area it is in one of the
 * other states; it stays in the tree, so that its range stays taken, and no lock is held over that
 * work. Others wait until the area is ready or gone, but for an area that is still being mapped,
 * which an unmap refuses with -EBUSY: the user has not been told yet that it exists.
 *
 *   (new) -> MAPPING -> READY <-> BUSY
 *                         \----> REMOVING -> (gone)
 *
 * Very many areas come and go in batches, so that no lock is held for all of them.
 *
 * Pins
 * ----
 * Memory is pinned only while a page table needs it. ioas->pin_users counts the page tables that
 * follow the IOAS or are about to. While it is not zero, every ready area is pinned, or will be
 * before the page table that raised it is filled. When it falls to zero, ready areas are unpinned.
 *
 * Ranges
 * ------
 * Reserved ranges are what the attached devices and page tables can't translate; an area never
 * intersects one. Allowed ranges are what the user wants to be able to rely on; nothing may be
 * reserved inside one.
 */
#ifndef __IOMMUFD_IOAS_H
#define __IOMMUFD_IOAS_H

#include <linux/interval_tree.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/wait.h>

#include "backing.h"
#include "iommufd_private.h"

/**
 * struct iommufd_mapped - how much is mapped
 * @areas: how many areas there are
 * @bytes: their lengths
 * @file_areas: those of them that map memory of files
 * @file_bytes: their lengths
 */
struct iommufd_mapped {
	unsigned long areas;
	unsigned long bytes;
	unsigned long file_areas;
	unsigned long file_bytes;
};

/**
 * struct iommufd_ioas - an I/O address space
 * @obj: its number
 * @auto_lock: serialises the search for, and creation of, automatic page tables
 * @domains_sem: protects @hwpts and @pin_users
 * @hwpts: the page tables that follow, struct iommufd_hwpt
 * @pin_users: see above; raised also under @tree_lock, so that reading needs only one of the two
 * @tree_lock: protects what follows
 * @areas: struct iommufd_area by IOVA
 * @mapped: what @areas add up to
 * @highest_area: the one with the highest IOVAs, or NULL
 * @reserved: struct iommufd_reservation by IOVA
 * @allowed: struct iommufd_allowed by IOVA
 * @alignment: of IOVAs, user addresses and lengths, in bytes; 1 or a power of two up to PAGE_SIZE
 * @next_auto: where the search for a free range starts
 * @of_container: made for a VFIO container, and ends with it
 * @small_pages: page tables hold PAGE_SIZE mappings at most; protected by @domains_sem
 * @accesses: the access endpoints that are attached, struct iommufd_access
 * @leaving: ranges that are being unmapped, struct iommufd_leaving
 * @page_users: how many access endpoints want everything to be aligned to pages
 * @area_changes: counts changes of area states to READY or gone; wakes @area_wait
 * @area_wait: those who wait for an area
 */
struct iommufd_ioas {
	struct iommufd_object obj;
	struct mutex auto_lock;
	struct rw_semaphore domains_sem;
	struct list_head hwpts;
	unsigned int pin_users;
	struct mutex tree_lock;
	struct rb_root_cached areas;
	struct iommufd_mapped mapped;
	struct iommufd_area *highest_area;
	struct rb_root_cached reserved;
	struct rb_root_cached allowed;
	unsigned long alignment;
	unsigned long next_auto;
	bool of_container;
	bool small_pages;
	struct list_head accesses;
	struct list_head leaving;
	unsigned int page_users;
	unsigned int area_changes;
	wait_queue_head_t area_wait;
};

struct iommufd_hwpt;

struct iommufd_ioas *iommufd_ioas_alloc(struct iommufd_ctx *ictx);
struct iommufd_ioas *iommufd_ioas_get(struct iommufd_ctx *ictx, u32 id);
struct iommufd_ioas *iommufd_ioas_next(struct iommufd_ctx *ictx, u32 *id);
int iommufd_ioas_alloc_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_map_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_map_file_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_copy_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_unmap_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_set_small_pages(struct iommufd_ioas *ioas, bool small);
int iommufd_ioas_option_huge_pages(struct iommu_option *cmd, struct iommufd_ctx *ictx);

/* Areas: ioas_area.c */

int iommufd_areas_map(struct iommufd_ioas *ioas, struct list_head *areas, unsigned long iova,
		      u64 __user *uiova, unsigned long length, u32 flags);
void iommufd_areas_end(struct iommufd_ioas *ioas, struct list_head *areas);
int iommufd_areas_copy(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
		       u32 flags, struct list_head *areas);
void iommufd_areas_free(struct list_head *areas);

/* Unmapping: ioas_unmap.c */

int iommufd_ioas_unmap(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
		       unsigned long *unmapped);
void iommufd_ioas_destroy_areas(struct iommufd_ioas *ioas);

/* Cutting areas: ioas_split.c */

int iommufd_ioas_split(struct iommufd_ioas *ioas, unsigned long iova);
int iommufd_ioas_unmap_cutting(struct iommufd_ioas *ioas, unsigned long first, unsigned long last,
			       unsigned long *unmapped);

/* Page tables that follow: ioas_follow.c */

int iommufd_ioas_follow(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt);
void iommufd_ioas_unfollow(struct iommufd_ioas *ioas, struct iommufd_hwpt *hwpt);
int iommufd_ioas_fill_area(struct iommufd_ioas *ioas, struct iommufd_area *area);
void iommufd_ioas_clear_area(struct iommufd_ioas *ioas, struct iommufd_area *area);
int iommufd_ioas_get_page_alignment(struct iommufd_ioas *ioas);
void iommufd_ioas_put_page_alignment(struct iommufd_ioas *ioas);

/* Area states, between ioas_area.c and ioas_follow.c */

int iommufd_area_wait(struct iommufd_ioas *ioas);
void iommufd_area_wait_uninterruptible(struct iommufd_ioas *ioas);
void iommufd_area_set_ready(struct iommufd_ioas *ioas, struct iommufd_area *area);

/* Ranges: ioas_ranges.c */

/**
 * struct iommufd_reservations - the ranges that one device or page table reserved in an IOAS
 * @ioas: where; NULL if none. Not a reference: the owner's page table has one.
 * @list: struct iommufd_reservation
 * @spare: those that are not in use
 */
struct iommufd_reservations {
	struct iommufd_ioas *ioas;
	struct list_head list;
	struct list_head spare;
};

void iommufd_reservations_init(struct iommufd_reservations *resv, struct iommufd_ioas *ioas);
int iommufd_reserve_range(struct iommufd_reservations *resv, unsigned long first,
			  unsigned long last);
int iommufd_reserve_regions(struct iommufd_reservations *resv, struct list_head *regions,
			    phys_addr_t *sw_msi_start);
void iommufd_reservations_drop(struct iommufd_reservations *resv);
void iommufd_reservations_free(struct iommufd_reservations *resv);
void iommufd_reservations_swap(struct iommufd_reservations *a, struct iommufd_reservations *b);
int iommufd_ioas_reserve(struct iommufd_ioas *ioas, unsigned long first, unsigned long last);
void iommufd_ioas_destroy_reserved(struct iommufd_ioas *ioas);
void iommufd_ioas_destroy_allowed(struct iommufd_ioas *ioas);
int iommufd_ioas_check_fixed(struct iommufd_ioas *ioas, unsigned long first, unsigned long last);
int iommufd_ioas_find_free(struct iommufd_ioas *ioas, unsigned long uptr, unsigned long length,
			   unsigned long *iova);
struct iommu_iova_range *iommufd_ioas_usable_ranges(struct iommufd_ioas *ioas, u32 *nr,
						    u64 *alignment);
int iommufd_ioas_iova_ranges_ioctl(struct iommufd_ucmd *ucmd);
int iommufd_ioas_allow_iovas_ioctl(struct iommufd_ucmd *ucmd);

#endif
