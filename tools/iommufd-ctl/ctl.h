/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd-ctl: what its parts share. One file for each kind of object; main.c has the table of
 * commands, from which both dispatch and help come.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stdint.h>
#include "iv_netlink.h"

/* What the program ends with; the man page explains them. */
enum ctl_exit {
	CTL_OK,
	CTL_FAILED,
	CTL_USAGE,
	CTL_NO_MODULE,
	CTL_NO_PERMISSION,
	CTL_NO_OBJECT,
};

/**
 * struct ctl - a run of the program
 * @nl: the kernel, if @connected
 * @connected: there is a kernel that has the family
 * @json: as JSON
 * @noheadings: without headings
 * @columns: names of columns, or NULL
 */
struct ctl {
	struct iv_netlink nl;
	bool connected;
	bool json;
	bool noheadings;
	const char *columns;
};

/**
 * struct ctl_command - a command
 * @object: its first word
 * @verb: its second word, or NULL
 * @args: what may follow, for help
 * @min: how many words follow at least
 * @max: and at most
 * @help: one line
 * @table: it writes a table, for which there are options
 * @columns: that of the table, for help
 * @run: does it; returns enum ctl_exit
 */
struct ctl_command {
	const char *object;
	const char *verb;
	const char *args;
	int min;
	int max;
	const char *help;
	const struct ctl_table *table;
	int (*run)(struct ctl *ctl, const struct ctl_command *command, char **words);
};

/* Commands: one file for each object */
int ctl_ctx_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_ctx_show(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_device_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_device_show(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_device_revoke(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_ioas_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_ioas_show(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_hwpt_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_pasid_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_monitor(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_status(struct ctl *ctl, const struct ctl_command *command, char **words);

extern const struct ctl_table ctl_ctx_table;
extern const struct ctl_table ctl_device_table;
extern const struct ctl_table ctl_ioas_table;
extern const struct ctl_table ctl_area_table;
extern const struct ctl_table ctl_hwpt_table;
extern const struct ctl_table ctl_pasid_table;

/* What they need: main.c */
int ctl_connect(struct ctl *ctl);
int ctl_error(struct ctl *ctl, int rc, const char *what);
bool ctl_number(const char *word, uint32_t *number);

#endif
