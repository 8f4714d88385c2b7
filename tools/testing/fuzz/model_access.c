// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access endpoints and their pins.
 */
#include <stdlib.h>

#include "model.h"

/* What the driver lets go of when it is asked for a range. */
void access_drop_pins(struct model_access *access, uint64_t first, uint64_t last)
{
	unsigned int i = 0;

	while (i < access->nr_pins) {
		if (ranges_meet(first, last, access->pins[i].first, access->pins[i].last))
			access->pins[i] = access->pins[--access->nr_pins];
		else
			i++;
	}
}

/* The file is closed. */
void access_end(struct model *model, struct model_access *access)
{
	access->ioas->accesses--;
	if (access->can_pin)
		ioas_put_pages(access->ioas);
	model_remove(model, access->id);
	free(access);
}
