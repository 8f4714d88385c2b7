// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of commands. Dispatch, complaints, help and completion all come from it.
 */
#include <stdio.h>
#include <string.h>

#include "table.h"

const struct ctl_option ctl_common_options[] = {
	{ "json", 'j', NULL, "JSON" },
	{ "noheadings", 'n', NULL, "no headings" },
	{ "output", 'o', "COLUMNS", "these columns, with commas; +COLUMNS: these as well" },
	{ "help", 'h', NULL, "this help, or that of a command" },
	{ "version", 'V', NULL, "the version of this program" },
	{}
};

static const struct ctl_option bind_options[] = {
	{ "driver", 'd', "DRIVER", "another driver than vfio-pci" },
	{ "persist", 'p', NULL, "again whenever the machine starts" },
	{ "force", 'f', NULL, "although it is in use" },
	{ "dry-run", 0, NULL, "tell what would be done, and what it is in use for" },
	{}
};

static const struct ctl_option unbind_options[] = {
	{ "force", 'f', NULL, "although it is in use" },
	{ "dry-run", 0, NULL, "tell what would be done" },
	{}
};

static const struct ctl_option map_options[] = {
	{ "svg", 0, "[FILE]", "as a picture, to FILE or standard output" },
	{ "rows", 'r', "ROWS", "so many rows at most (default: 24)" },
	{ "width", 'w', "COLUMNS", "so wide (default: as the terminal)" },
	{}
};

static const struct ctl_option doctor_options[] = {
	{ "memory", 'm', "GIB", "see if a VM with so many GiB of memory may be started" },
	{}
};

static const struct ctl_option top_options[] = {
	{ "delay", 'd', "SECONDS", "between two looks (default: 2)" },
	{ "iterations", 'n', "COUNT", "end after so many looks" },
	{ "batch", 'b', NULL, "one table below the other, as when it is no terminal" },
	{}
};

static const struct ctl_option probe_options[] = {
	{ "reset", 'r', NULL, "reset it, too" },
	{}
};

static const struct ctl_command commands[] = {
	{ "status", NULL, "", 0, 0, "modules, IOMMU, devices and who holds them",
	  &ctl_device_table, NULL, ctl_status },
	{ "doctor", NULL, "", 0, 0, "why doesn't it work?", NULL, doctor_options, ctl_doctor },
	{ "probe", NULL, "DEVICE", 1, 1, "try all that a program does with a device, and undo it",
	  NULL, probe_options, ctl_probe },
	{ "device", "list", "", 0, 0, "devices that vfio offers", &ctl_device_table, NULL,
	  ctl_device_list },
	{ "device", "show", "DEVICE", 1, 1, "all about one of them", &ctl_device_table, NULL,
	  ctl_device_show },
	{ "device", "bind", "ADDRESS", 1, 1, "give a PCI function to vfio-pci", NULL,
	  bind_options, ctl_device_bind },
	{ "device", "unbind", "ADDRESS", 1, 1, "give it back to its own driver", NULL,
	  unbind_options, ctl_device_unbind },
	{ "device", "revoke", "DEVICE", 1, 1, "take it from all who have it open", NULL, NULL,
	  ctl_device_revoke },
	{ "ctx", "list", "", 0, 0, "contexts: open files of /dev/iommu", &ctl_ctx_table, NULL,
	  ctl_ctx_list },
	{ "ctx", "show", "CONTEXT", 1, 1, "all about one of them, and what it did and what failed",
	  &ctl_ctx_table, NULL, ctl_ctx_show },
	{ "ioas", "list", "[CONTEXT]", 0, 1, "address spaces", &ctl_ioas_table, NULL,
	  ctl_ioas_list },
	{ "ioas", "show", "CONTEXT IOAS", 2, 2, "what is mapped in one of them", &ctl_area_table,
	  NULL, ctl_ioas_show },
	{ "map", NULL, "CONTEXT IOAS", 2, 2, "a picture of an address space", NULL, map_options,
	  ctl_map },
	{ "hwpt", "list", "[CONTEXT]", 0, 1, "page tables", &ctl_hwpt_table, NULL, ctl_hwpt_list },
	{ "endpoint", "list", "[CONTEXT]", 0, 1,
	  "devices of contexts, also those that vfio doesn't offer", &ctl_endpoint_table, NULL,
	  ctl_endpoint_list },
	{ "pasid", "list", "[CONTEXT]", 0, 1, "PASIDs", &ctl_pasid_table, NULL, ctl_pasid_list },
	{ "fault", "list", "[CONTEXT]", 0, 1, "fault queues: page requests that await answers",
	  &ctl_fault_table, NULL, ctl_fault_list },
	{ "counter", "list", "[CONTEXT]", 0, 1, "what contexts did, and what failed, by errno",
	  &ctl_counter_table, NULL, ctl_counter_list },
	{ "monitor", NULL, "", 0, 0, "events as they happen", NULL, NULL, ctl_monitor },
	{ "top", NULL, "", 0, 0, "contexts by what they map, again and again", NULL, top_options,
	  ctl_top },
	{ "help", NULL, "[COMMAND]", 0, 2, "this help, or that of a command", NULL, NULL,
	  ctl_help_all },
};

#define NR_COMMANDS (sizeof(commands) / sizeof(*commands))

/* All first words, or all second words of @object */
static void complain(const char *wrong, const char *object)
{
	const struct ctl_command *command;
	const char *last = "";

	if (wrong)
		fprintf(stderr, "iommufd-ctl: '%s' is not a command%s%s; there are:", wrong,
			object ? " of " : "", object ?: "");
	else
		fprintf(stderr, "iommufd-ctl: %s what? There are:", object);
	for (command = commands; command < commands + NR_COMMANDS; command++) {
		const char *word = object ? command->verb : command->object;

		if ((object && strcmp(command->object, object)) || !word || !strcmp(word, last))
			continue;
		fprintf(stderr, " %s", word);
		last = word;
	}
	fprintf(stderr, "\n");
}

/* Whether it is the first word of a command that has a second one */
bool ctl_is_object(const char *word)
{
	const struct ctl_command *command;

	for (command = commands; command < commands + NR_COMMANDS; command++)
		if (!strcmp(command->object, word))
			return command->verb;
	return false;
}

/**
 * ctl_find_command() - the command that words begin with
 * @words: moved on behind the command
 *
 * Return: it, or NULL if there is none, which the user has been told.
 */
const struct ctl_command *ctl_find_command(char ***words)
{
	const struct ctl_command *command;
	const char *object = **words ?: "status";
	bool known = false;

	for (command = commands; command < commands + NR_COMMANDS; command++) {
		if (strcmp(command->object, object))
			continue;
		known = true;
		if (command->verb && (!(*words)[1] || strcmp(command->verb, (*words)[1])))
			continue;
		*words += !!**words + !!command->verb;
		return command;
	}
	if (known)
		complain((*words)[1], object);
	else
		complain(object, NULL);
	return NULL;
}

void ctl_usage(const struct ctl_command *command)
{
	fprintf(stderr, "usage: iommufd-ctl %s%s%s %s\n", command->object,
		command->verb ? " " : "", command->verb ?: "", command->args);
}

/* Help of all commands, or of those of @object */
void ctl_help_object(const char *object)
{
	ctl_help(commands, NR_COMMANDS, object);
}

int ctl_help_all(struct ctl *ctl, const struct ctl_command *command, char **words)
{
	(void)command;
	if (ctl->json) {
		ctl_help_json(commands, NR_COMMANDS);
		return CTL_OK;
	}
	if (words[0] && !words[1] && ctl_is_object(words[0])) {
		ctl_help_object(words[0]);
		return CTL_OK;
	}
	if (words[0]) {
		command = ctl_find_command(&words);
		return command ? ctl_help_command(command) : CTL_USAGE;
	}
	ctl_help_object(NULL);
	return CTL_OK;
}
