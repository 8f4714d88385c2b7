// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way from one migration state to another.
 *
 * arcs[] has all single steps. The way is the shortest one that goes through no saving state
 * (PRE_COPY, PRE_COPY_P2P, STOP_COPY), except that a save in progress goes on if it can: from one
 * saving state to another the way is through saving states only. Hence there is none from STOP_COPY
 * back to the others.
 *
 * A device without P2P, or without PRE_COPY, goes the same ways. The states that it lacks are left
 * out of them: it behaves in RUNNING_P2P as in RUNNING.
 */
#include <linux/bits.h>

#include "migration.h"

#define STATE(name)	BIT(VFIO_DEVICE_STATE_##name)
#define SAVING		(STATE(PRE_COPY) | STATE(PRE_COPY_P2P) | STATE(STOP_COPY))

static const u8 arcs[VFIO_DEVICE_STATE_NR] = {
	[VFIO_DEVICE_STATE_RUNNING] = STATE(RUNNING_P2P) | STATE(PRE_COPY),
	[VFIO_DEVICE_STATE_RUNNING_P2P] = STATE(RUNNING) | STATE(STOP) | STATE(PRE_COPY_P2P),
	[VFIO_DEVICE_STATE_STOP] = STATE(RUNNING_P2P) | STATE(STOP_COPY) | STATE(RESUMING),
	[VFIO_DEVICE_STATE_STOP_COPY] = STATE(STOP),
	[VFIO_DEVICE_STATE_RESUMING] = STATE(STOP),
	[VFIO_DEVICE_STATE_PRE_COPY] = STATE(RUNNING) | STATE(PRE_COPY_P2P),
	[VFIO_DEVICE_STATE_PRE_COPY_P2P] = STATE(RUNNING_P2P) | STATE(PRE_COPY) |
					   STATE(STOP_COPY),
};

/**
 * vfio_migration_has_state() - whether a device can be told to go to a state
 * @flags: VFIO_MIGRATION_*, what the device can
 * @state: the state, or any number
 */
bool vfio_migration_has_state(u64 flags, enum vfio_device_mig_state state)
{
	switch (state) {
	case VFIO_DEVICE_STATE_STOP:
	case VFIO_DEVICE_STATE_RUNNING:
	case VFIO_DEVICE_STATE_STOP_COPY:
	case VFIO_DEVICE_STATE_RESUMING:
		return true;
	case VFIO_DEVICE_STATE_RUNNING_P2P:
		return flags & VFIO_MIGRATION_P2P;
	case VFIO_DEVICE_STATE_PRE_COPY:
		return flags & VFIO_MIGRATION_PRE_COPY;
	case VFIO_DEVICE_STATE_PRE_COPY_P2P:
		return flags & VFIO_MIGRATION_P2P && flags & VFIO_MIGRATION_PRE_COPY;
	default:
		return false;
	}
}

/* The states from which an arc leads into one of @to. */
static u8 states_before(u8 to)
{
	unsigned int state;
	u8 before = 0;

	for (state = 0; state < VFIO_DEVICE_STATE_NR; state++)
		if (arcs[state] & to)
			before |= BIT(state);
	return before;
}

/* The first step from @from on the way to @to, or ERROR if there is no way. */
static enum vfio_device_mig_state path_first(enum vfio_device_mig_state from,
					     enum vfio_device_mig_state to)
{
	const bool saves_on = BIT(from) & SAVING && BIT(to) & SAVING;
	const u8 between = saves_on ? SAVING : U8_MAX & ~SAVING;
	u8 reached = BIT(to), grown;

	/* From the end backwards: @reached are the states with a way of at most n steps. */
	while (!(arcs[from] & reached)) {
		grown = reached | (states_before(reached) & between);
		if (grown == reached)
			return VFIO_DEVICE_STATE_ERROR;
		reached = grown;
	}
	return __ffs(arcs[from] & reached);
}

/**
 * vfio_migration_next() - the next step of a device on its way to a state
 * @flags: VFIO_MIGRATION_*, what the device can
 * @from: where it is
 * @to: another state, that it has
 *
 * Return: a state that it has; VFIO_DEVICE_STATE_ERROR if there is no way.
 */
enum vfio_device_mig_state vfio_migration_next(u64 flags, enum vfio_device_mig_state from,
					       enum vfio_device_mig_state to)
{
	enum vfio_device_mig_state next = from;

	do {
		next = path_first(next, to);
	} while (next != VFIO_DEVICE_STATE_ERROR && !vfio_migration_has_state(flags, next));
	return next;
}
