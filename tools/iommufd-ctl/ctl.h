/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd-ctl: what its parts share. One file for each kind of object; command.c has the table of
 * commands, from which dispatch, help and completion come.
 */
#ifndef CTL_H
#define CTL_H

#include <stdbool.h>
#include <stdint.h>
#include "iv_netlink.h"

#define CTL_CHOICES_MAX 16

/**
 * enum ctl_exit - what the program ends with; as in the man page, and for ever
 * @CTL_OK: done
 * @CTL_FAILED: another reason than those that follow; an errno in words has been told
 * @CTL_USAGE: the command line is wrong
 * @CTL_NO_MODULE: our iommufd, or vfio-pci, is not loaded
 * @CTL_NO_PERMISSION: EPERM or EACCES
 * @CTL_NO_OBJECT: there is no such object, or more than one of that name
 * @CTL_IN_USE: the device is in use, and it was not forced
 * @CTL_FOUND: doctor has found something
 */
enum ctl_exit {
	CTL_OK,
	CTL_FAILED,
	CTL_USAGE,
	CTL_NO_MODULE,
	CTL_NO_PERMISSION,
	CTL_NO_OBJECT,
	CTL_IN_USE,
	CTL_FOUND,
};

/**
 * struct ctl_option - an option
 * @name: behind two dashes
 * @letter: behind one, or 0
 * @arg: what follows it; "[X]": what may follow it and a "="; NULL: nothing
 * @help: one line
 */
struct ctl_option {
	const char *name;
	char letter;
	const char *arg;
	const char *help;
};

/**
 * struct ctl_choice - an option that was given
 * @option: which
 * @value: what followed it, or ""
 */
struct ctl_choice {
	const struct ctl_option *option;
	const char *value;
};

/**
 * struct ctl - a run of the program
 * @nl: the kernel, if @connected and not @replay
 * @connected: there is a kernel that has the family
 * @replay: answers are read from files
 * @json: as JSON
 * @noheadings: without headings
 * @columns: names of columns, or NULL
 * @choices: all options that were given
 * @nr_choices: how many
 */
struct ctl {
	struct iv_netlink nl;
	bool connected;
	bool replay;
	bool json;
	bool noheadings;
	const char *columns;
	struct ctl_choice choices[CTL_CHOICES_MAX];
	unsigned int nr_choices;
};

/**
 * struct ctl_command - a command
 * @object: its first word
 * @verb: its second word, or NULL
 * @args: what may follow, for help
 * @min: how many words follow at least
 * @max: and at most
 * @help: one line
 * @table: it writes this table, which has columns to choose from; or NULL
 * @options: its own, up to one without name; or NULL
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
	const struct ctl_option *options;
	int (*run)(struct ctl *ctl, const struct ctl_command *command, char **words);
};

/* Commands: one file for each object */
int ctl_ctx_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_ctx_show(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_counter_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_device_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_device_show(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_device_revoke(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_device_bind(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_device_unbind(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_doctor(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_endpoint_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_fault_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_ioas_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_ioas_show(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_hwpt_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_map(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_monitor(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_pasid_list(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_probe(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_status(struct ctl *ctl, const struct ctl_command *command, char **words);
int ctl_top(struct ctl *ctl, const struct ctl_command *command, char **words);

extern const struct ctl_table ctl_ctx_table;
extern const struct ctl_table ctl_counter_table;
extern const struct ctl_table ctl_device_table;
extern const struct ctl_table ctl_endpoint_table;
extern const struct ctl_table ctl_fault_table;
extern const struct ctl_table ctl_ioas_table;
extern const struct ctl_table ctl_area_table;
extern const struct ctl_table ctl_hwpt_table;
extern const struct ctl_table ctl_pasid_table;

/* The table of commands: command.c */
extern const struct ctl_option ctl_common_options[];
const struct ctl_command *ctl_find_command(char ***words);
bool ctl_is_object(const char *word);
void ctl_usage(const struct ctl_command *command);

/* Help: help.c */
void ctl_help(const struct ctl_command *commands, unsigned int count, const char *object);
int ctl_help_command(const struct ctl_command *command);
void ctl_help_json(const struct ctl_command *commands, unsigned int count);
int ctl_help_all(struct ctl *ctl, const struct ctl_command *command, char **words);
void ctl_help_object(const char *object);

/* What commands need */
const char *ctl_option(const struct ctl *ctl, const char *name);
bool ctl_number(const char *word, uint32_t *number);
bool ctl_option_number(const struct ctl *ctl, const char *name, unsigned long least,
		       unsigned long most, unsigned long *number);

/* The kernel: ask.c */
int ctl_connect(struct ctl *ctl);
int ctl_try_connect(struct ctl *ctl);
int ctl_error(struct ctl *ctl, int rc, const char *what);
int ctl_dump(struct ctl *ctl, uint8_t cmd, const struct iv_filter *filters, unsigned int count,
	     iv_netlink_fn fn, void *data);
int ctl_listen(struct ctl *ctl);
int ctl_event(struct ctl *ctl, struct iv_attrs *attrs);
uint64_t ctl_family_commands(struct ctl *ctl);

#endif
