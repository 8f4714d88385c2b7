// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of all operations, and the choice of those that take part.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"

const struct fuzz_op *const fuzz_op_tables[] = {
	ops_ioas, ops_map, ops_unmap, ops_type1, ops_hwpt, ops_dirty, ops_device, ops_dma,
	ops_access, ops_fault, ops_context,
	NULL
};

/* The op that is the @index-th of all, or NULL. */
const struct fuzz_op *fuzz_op_at(unsigned int index)
{
	const struct fuzz_op *const *table;
	const struct fuzz_op *op;

	for (table = fuzz_op_tables; *table; table++)
		for (op = *table; op->name; op++)
			if (!index--)
				return op;
	return NULL;
}

/* The reverse */
unsigned int fuzz_op_index(const struct fuzz_op *wanted)
{
	const struct fuzz_op *const *table;
	const struct fuzz_op *op;
	unsigned int index = 0;

	for (table = fuzz_op_tables; *table; table++)
		for (op = *table; op->name; op++, index++)
			if (op == wanted)
				return index;
	return index;
}

/* The position of the operation that has a name */
unsigned int fuzz_op_named(const char *name)
{
	unsigned int index;

	for (index = 0; fuzz_op_at(index); index++)
		if (!strcmp(fuzz_op_at(index)->name, name))
			break;
	return index;
}

void fuzz_ops_list(void)
{
	unsigned int i;

	for (i = 0; fuzz_op_at(i); i++)
		printf("%s\n", fuzz_op_at(i)->name);
}

/* Whether a name is in a list that is separated by commas. A name ending with * stands for many. */
static bool listed(const char *list, const char *name)
{
	while (list) {
		size_t length = strcspn(list, ",");

		if (length && list[length - 1] == '*' && !strncmp(list, name, length - 1))
			return true;
		if (strlen(name) == length && !strncmp(list, name, length))
			return true;
		list = list[length] ? list + length + 1 : NULL;
	}
	return false;
}

/**
 * fuzz_ops_choose() - choose the operations that take part
 * @worker: the worker, whose options are set
 *
 * Return: 0; -EINVAL if there is none; -ENOMEM.
 */
int fuzz_ops_choose(struct fuzz_worker *worker)
{
	const struct fuzz_options *options = worker->options;
	const struct fuzz_op *op;
	unsigned int i;

	worker->ops = calloc(STATS_OPS, sizeof(*worker->ops));
	if (!worker->ops)
		return -ENOMEM;
	for (i = 0; (op = fuzz_op_at(i)); i++) {
		if ((options->only && !listed(options->only, op->name)) ||
		    (options->without && listed(options->without, op->name)))
			continue;
		worker->ops[worker->nr_ops++] = op;
		worker->weight += op->weight;
	}
	return worker->weight ? 0 : -EINVAL;
}
