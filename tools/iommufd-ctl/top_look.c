// SPDX-License-Identifier: GPL-2.0-only
/*
 * A look at all contexts: four dumps, which are not one moment. A context that comes or goes
 * between them is there with what has been told of it, or not at all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array.h"
#include "attrs.h"
#include "top.h"

/* Of the pages that the kernel counts */
#define PAGE_SHIFT 12

static int by_id(const void *a, const void *b)
{
	const struct top_context *left = a, *right = b;

	return left->id < right->id ? -1 : left->id > right->id;
}

struct top_context *top_find(const struct top_look *look, uint32_t id)
{
	const struct top_context key = { .id = id };

	if (!look->count)
		return NULL;
	return bsearch(&key, look->contexts, look->count, sizeof(key), by_id);
}

static int add_context(const struct iv_attrs *attrs, void *data)
{
	const struct nlattr *comm = iv_attr_find(attrs, IOMMUFD_A_CTX_COMM);
	struct top_look *look = data;
	struct top_context *context;

	context = array_grow(look->contexts, look->count, &look->room, sizeof(*context));
	if (!context)
		return -ENOMEM;
	look->contexts = context;
	context += look->count++;
	*context = (struct top_context){
		.id = iv_attrs_number(attrs, IOMMUFD_A_CTX_ID, 0),
		.pid = iv_attrs_number(attrs, IOMMUFD_A_CTX_PID, 0),
		.pinned = iv_attrs_number(attrs, IOMMUFD_A_CTX_PINNED_PAGES, 0) << PAGE_SHIFT,
		.devices = iv_attrs_number(attrs, IOMMUFD_A_CTX_ENDPOINTS, 0),
	};
	if (comm)
		snprintf(context->comm, sizeof(context->comm), "%s", iv_attr_string(comm, NULL));
	return 0;
}

static int add_ioas(const struct iv_attrs *attrs, void *data)
{
	struct top_context *context = top_find(data, iv_attrs_number(attrs, IOMMUFD_A_IOAS_CTX, 0));

	if (context)
		context->mapped += iv_attrs_number(attrs, IOMMUFD_A_IOAS_BYTES, 0);
	return 0;
}

static int add_queue(const struct iv_attrs *attrs, void *data)
{
	struct top_context *context =
		top_find(data, iv_attrs_number(attrs, IOMMUFD_A_FAULT_QUEUE_CTX, 0));

	if (context)
		context->pending += iv_attrs_number(attrs, IOMMUFD_A_FAULT_QUEUE_PENDING, 0);
	return 0;
}

static int add_counters(const struct iv_attrs *attrs, void *data)
{
	struct top_context *context =
		top_find(data, iv_attrs_number(attrs, IOMMUFD_A_COUNTER_CTX, 0));
	const struct nlattr *attr = NULL;
	struct iv_attrs failure;

	if (!context)
		return 0;
	context->maps = iv_attrs_number(attrs, IOMMUFD_A_COUNTER_MAPS, 0);
	context->unmaps = iv_attrs_number(attrs, IOMMUFD_A_COUNTER_UNMAPS, 0);
	context->faults = iv_attrs_number(attrs, IOMMUFD_A_COUNTER_FAULTS, 0);
	while (attrs_next_nested(attrs, &attr, IOMMUFD_A_COUNTER_FAILURE, &failure))
		context->failures += iv_attrs_number(&failure, IOMMUFD_A_FAILURE_COUNT, 0);
	return 0;
}

static double now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* 0, or a negative errno; what was found is to be freed in any case. */
int top_look(struct ctl *ctl, struct top_look *look)
{
	int rc;

	memset(look, 0, sizeof(*look));
	look->seconds = now();
	rc = ctl_dump(ctl, IOMMUFD_NL_CMD_CTX_GET, NULL, 0, add_context, look);
	if (rc < 0)
		return rc;
	if (look->count)
		qsort(look->contexts, look->count, sizeof(*look->contexts), by_id);
	rc = ctl_dump(ctl, IOMMUFD_NL_CMD_IOAS_GET, NULL, 0, add_ioas, look);
	if (rc >= 0)
		rc = ctl_dump(ctl, IOMMUFD_NL_CMD_COUNTER_GET, NULL, 0, add_counters, look);
	/* An older kernel counts nothing. */
	look->uncounted = rc == -EOPNOTSUPP;
	if (look->uncounted)
		rc = 0;
	if (rc >= 0)
		rc = ctl_dump(ctl, IOMMUFD_NL_CMD_FAULT_QUEUE_GET, NULL, 0, add_queue, look);
	return rc < 0 ? rc : 0;
}

void top_look_free(struct top_look *look)
{
	free(look->contexts);
	memset(look, 0, sizeof(*look));
}
